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
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| if name == "stacktrace" { (name, Value::Null) } else { (name, timeless(value)) })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(timeless).collect(),
        Value::String(text) if text.len() >= 13 && text.bytes().all(|byte| byte.is_ascii_digit()) => "a moment".into(),
        other => other,
    }
}
