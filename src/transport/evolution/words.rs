//! This file reads the bodies of Evolution's answers, which come in four shapes, and makes them fit to be shown and kept.

use std::borrow::Cow;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::transport::redact;

/// How many characters of an answer become part of a reason.
const REASON_CHARS: usize = 200;
/// The longest answer, in bytes of JSON, that is kept whole as a job's return value.
const MAX_REPLY_BYTES: usize = 16 * 1024;
/// What is kept of a longer one.
const REPLY_FIELDS: [&str; 6] = ["key", "status", "messageType", "messageTimestamp", "instanceId", "source"];
/// A shorter key is hidden by nothing: it would turn up by chance.
const SHORTEST_HIDDEN_KEY: usize = 6;

/// What an error of Evolution's says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// All its messages, parted by `; `.
    pub(super) text: String,
    /// A list in a list: the body didn't fit Evolution's schema.
    pub(super) is_from_schema: bool,
    /// The number check found no account.
    pub(super) is_unknown_number: bool,
    /// Whether it has the envelope of Evolution's error handler; a gateway's JSON has not.
    pub(super) is_evolutions_own: bool,
}

impl Said {
    /// Reads an error; `None` when the body is no JSON with a message in it.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let wrapped = body.pointer("/response/message");
        let message = wrapped.or_else(|| body.get("message"))?;
        let parts: &[Value] = message.as_array().map_or(std::slice::from_ref(message), Vec::as_slice);
        let mut texts = Vec::new();
        for part in parts {
            collect(part, &mut texts);
        }
        Some(Self {
            text: texts.join("; "),
            is_from_schema: message.is_array() && parts.iter().any(Value::is_array),
            is_unknown_number: parts.iter().any(|part| part.get("exists") == Some(&Value::Bool(false))),
            is_evolutions_own: wrapped.is_some(),
        })
    }

    pub(super) fn has_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.text.contains(phrase))
    }
}

fn collect(part: &Value, texts: &mut Vec<String>) {
    match part {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(parts) => parts.iter().for_each(|part| collect(part, texts)),
        Value::Null => {}
        other => texts.push(other.to_string()),
    }
}

/// Foreign words as part of a reason: one line without phone numbers and without our key.
pub(super) fn line(text: &str, api_key: &str) -> String {
    redact::head(hide_key(text, api_key).as_bytes(), REASON_CHARS)
}

/// The text without our key, which pages that echo a request repeat.
pub(super) fn hide_key<'a>(text: &'a str, api_key: &str) -> Cow<'a, str> {
    let holds_key = api_key.len() >= SHORTEST_HIDDEN_KEY && text.contains(api_key);
    if holds_key { Cow::Owned(text.replace(api_key, "***")) } else { Cow::Borrowed(text) }
}

/// A success as the job's return value: as Evolution gave it but for keys, and only the main fields when it is long.
pub(super) fn reply(mut body: Value, api_key: &str) -> String {
    hide_keys(&mut body, api_key);
    let whole = body.to_string();
    if whole.len() <= MAX_REPLY_BYTES {
        return whole;
    }
    let Value::Object(fields) = body else { return whole };
    let main: serde_json::Map<String, Value> = fields.into_iter().filter(|(name, _)| REPLY_FIELDS.contains(&name.as_str())).collect();
    let main = Value::Object(main).to_string();
    if main.len() <= MAX_REPLY_BYTES { main } else { "null".to_owned() }
}

fn hide_keys(value: &mut Value, api_key: &str) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.eq_ignore_ascii_case("apikey"));
            fields.values_mut().for_each(|field| hide_keys(field, api_key));
        }
        Value::Array(parts) => parts.iter_mut().for_each(|part| hide_keys(part, api_key)),
        Value::String(text) => {
            if let Cow::Owned(hidden) = hide_key(text, api_key) {
                *text = hidden;
            }
        }
        _ => {}
    }
}

/// The message id of an answer of which only the beginning was read, if `key` stands whole in it.
pub(super) fn key_id_of_beginning(beginning: &[u8]) -> Option<String> {
    let mut id = None;
    let mut reader = serde_json::Deserializer::from_slice(beginning);
    // it always ends in an error, since the rest is missing
    Deserializer::deserialize_map(&mut reader, KeyFinder(&mut id)).ok();
    id
}

struct KeyFinder<'a>(&'a mut Option<String>);

impl<'de> Visitor<'de> for KeyFinder<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object with a key")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            if name == "key" {
                let key: Value = fields.next_value()?;
                *self.0 = key.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()).map(str::to_owned);
                return Ok(());
            }
            fields.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}
