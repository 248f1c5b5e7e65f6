//! What is in a queue, in a form in which two queues can be compared.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::Server;

/// Every key of the queue with what is in it, as far as two runs can be equal: no moments, no reasons, no traces but their number.
pub(super) fn leftovers(server: &Server, queue: &str) -> BTreeMap<String, Vec<String>> {
    let prefix = format!("bull:{queue}:");
    let keys: Vec<String> = server.ask(&format!("KEYS {prefix}*"));
    let mut found = BTreeMap::new();
    for key in keys {
        let content = match server.ask::<String>(&format!("TYPE {key}")).as_str() {
            "hash" => fields(server, &key),
            "list" => server.ask(&format!("LRANGE {key} 0 -1")),
            "zset" => server.ask(&format!("ZRANGE {key} 0 -1")),
            "set" => server.ask(&format!("SMEMBERS {key}")),
            "string" if key[prefix.len()..].starts_with("de:") => owner(server, &key),
            "string" if key == format!("{prefix}id") => vec![server.ask(&format!("GET {key}"))],
            _ => Vec::new(),
        };
        let name = key[prefix.len()..].to_owned();
        // Who looked for stalled jobs, and which library made the queue, is no matter of the jobs.
        if !name.starts_with("stalled") && !["meta", "events", "marker"].contains(&name.as_str()) {
            found.insert(name, content);
        }
    }
    found
}

/// Who owns a deduplication id, and whether for a time or until it ends.
fn owner(server: &Server, key: &str) -> Vec<String> {
    let expires = if server.ask::<i64>(&format!("PTTL {key}")) < 0 { "stays" } else { "expires" };
    vec![server.ask(&format!("GET {key}")), expires.to_owned()]
}

fn fields(server: &Server, key: &str) -> Vec<String> {
    let shown = |name: &str, text: &str| match name {
        "timestamp" | "processedOn" | "finishedOn" | "failedReason" => name.to_owned(),
        "stacktrace" => format!("stacktrace: {}", serde_json::from_str::<Vec<String>>(text).unwrap().len()),
        _ => format!("{name}: {}", serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))),
    };
    let hash: BTreeMap<String, String> = server.ask(&format!("HGETALL {key}"));
    // What wq writes down for itself is no matter of BullMQ's.
    hash.iter().filter(|(name, _)| !name.starts_with("wq")).map(|(name, text)| shown(name, text)).collect()
}
