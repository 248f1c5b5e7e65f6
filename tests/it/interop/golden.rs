//! The committed golden bytes are what real BullMQ writes.

use std::process::Command;

use serde_json::Value;

use crate::support::Server;
use crate::support::node::interop;

#[test]
fn node_still_writes_the_golden_file() {
    let server = Server::tcp();

    let written = Command::new("node").arg("golden.mjs").arg(server.port().to_string()).current_dir(interop()).output().unwrap();

    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let fresh = serde_json::from_slice(&written.stdout).unwrap();
    let committed = serde_json::from_str(include_str!("../../data/bullmq-6.7.0.json")).unwrap();
    assert_eq!(timeless(fresh), timeless(committed));
}

/// Without moments, and without traces, which differ from one Node to the next.
fn timeless(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let shown = |(name, value): (String, Value)| match name.as_str() {
                "stacktrace" => (name, Value::Null),
                "data" => (name, value),
                _ => (name, timeless(value)),
            };
            fields.into_iter().map(shown).collect::<serde_json::Map<_, _>>().into()
        }
        Value::Array(items) => items.into_iter().map(timeless).collect(),
        Value::String(text) => without_moments(&text).into(),
        other => other,
    }
}

/// The text with `#` for each number of 12 digits or more: no other is as long, and the time to a moment far away has 12.
fn without_moments(text: &str) -> String {
    let mut shown = String::new();
    // Digits and the one sign after them.
    for part in text.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        if digits >= 12 {
            shown.push('#');
            shown.push_str(&part[digits..]);
        } else {
            shown.push_str(part);
        }
    }
    shown
}
