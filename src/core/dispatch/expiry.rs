//! This file keeps a message from being sent after the moment that its sender set with `expires`.

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::core::model::clock::Millis;
use crate::core::model::message::parse_expires;

/// Why a job may no longer be sent at `now`, the server's clock; `None` while it may.
///
/// An `expires` that is no moment belongs to somebody else's data and says nothing.
pub(super) fn too_late(data: &RawValue, now: Millis) -> Option<String> {
    let expires = expires_of(data.get())?;
    (expires <= now).then(|| format!("expired: {} ms too late to be sent", now - expires))
}

fn expires_of(data: &str) -> Option<Millis> {
    if !data.contains("\"expires\"") {
        return None;
    }
    let fields: HashMap<String, &RawValue> = serde_json::from_str(data).ok()?;
    match serde_json::from_str(fields.get("expires")?.get()).ok()? {
        Value::String(text) => parse_expires(&text).ok(),
        Value::Number(number) => number.as_u64(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_700_000_000_000;

    fn verdict(data: &str) -> Option<String> {
        too_late(&RawValue::from_string(data.to_owned()).unwrap(), NOW)
    }

    #[test]
    fn a_message_is_too_late_from_its_moment_on() {
        assert_eq!(verdict("{\"expires\":1700000000001}"), None);
        assert_eq!(verdict("{\"expires\":1700000000000}").as_deref(), Some("expired: 0 ms too late to be sent"));
        assert_eq!(verdict("{\"to\":\"+34\",\"expires\":\"1699999999000\"}").as_deref(), Some("expired: 1000 ms too late to be sent"));
        assert!(verdict("{ \"expires\" : \"2023-11-14T22:13:19Z\" }").is_some());
        assert_eq!(verdict("{\"expires\":\"2023-11-14T22:13:21Z\"}"), None);
        assert!(verdict("{\"expires\":9999999999999,\"expires\":1}").is_some());
    }

    #[test]
    fn what_is_no_moment_says_nothing() {
        for data in [
            "{}",
            "null",
            "\"expires\"",
            "[\"expires\"]",
            "{\"text\":\"\\\"expires\\\":1\"}",
            "{\"meta\":{\"expires\":1}}",
            "{\"expires\":null}",
            "{\"expires\":true}",
            "{\"expires\":-1}",
            "{\"expires\":1.5}",
            "{\"expires\":\"soon\"}",
            "{\"expires\":{\"at\":1}}",
        ] {
            assert_eq!(verdict(data), None, "{data}");
        }
    }
}
