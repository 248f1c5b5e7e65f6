//! This file turns jobs into BullMQ's fields and back.

use std::collections::HashMap;

use redis::Value;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, json};

use crate::core::model::filter::JobPart;
use crate::core::model::job::{Backoff, JobOptions, JobRecord, Keep, SendIntent, Start};

/// The options of a stored job that a worker acts on; unknown ones are ignored, absent ones are BullMQ's defaults.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StoredOptions {
    /// How often the job may be tried; BullMQ writes 0 for once.
    #[serde(deserialize_with = "whole_number")]
    pub attempts: u32,
    /// What a failed attempt waits for.
    #[serde(deserialize_with = "backoff")]
    pub backoff: Option<Backoff>,
    /// Retried jobs go to the front.
    pub lifo: bool,
    /// What is kept once completed.
    #[serde(deserialize_with = "keep")]
    pub remove_on_complete: Option<Keep>,
    /// What is kept once failed.
    #[serde(deserialize_with = "keep")]
    pub remove_on_fail: Option<Keep>,
    /// Most traces that are kept; all when absent.
    #[serde(deserialize_with = "optional_number")]
    pub stack_trace_limit: Option<u64>,
    /// Whether it was added as a child of another job.
    #[serde(deserialize_with = "is_there", rename = "parent")]
    pub has_parent: bool,
    /// Whether it was added under a deduplication.
    #[serde(deserialize_with = "is_there", rename = "de")]
    pub is_deduplicated: bool,
    /// The schedule whose run it is.
    #[serde(skip)]
    pub run: Option<ScheduledRun>,
}

/// What the next run of a schedule is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduledRun {
    /// BullMQ's `repeatJobKey`; `None` for a repeatable job of BullMQ 4 or 5, which came before schedulers.
    pub schedule: Option<String>,
    /// All options of this run; the next one has the same.
    pub options: Map<String, serde_json::Value>,
}

/// Whatever it is, it is not `null`.
fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<serde::de::IgnoredAny>::deserialize(deserializer)?.is_some())
}

/// A JSON number that may be written as a float.
pub(super) fn number(value: &serde_json::Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().filter(|n| *n >= 0.0).map(truncate))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the float is not negative, and `as` saturates")]
fn truncate(number: f64) -> u64 {
    number as u64
}

fn whole_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(number(&value).map_or(0, |n| u32::try_from(n).unwrap_or(u32::MAX)))
}

fn optional_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(number(&serde_json::Value::deserialize(deserializer)?))
}

/// `{type, delay, jitter}`, or a number of milliseconds, which BullMQ reads as fixed.
fn backoff<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Backoff>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(match value.as_f64() {
        Some(delay) => (delay > 0.0).then(|| Backoff { kind: "fixed".to_owned(), delay, jitter: None }),
        None => serde_json::from_value(value).ok(),
    })
}

/// `true`, `false`, a count, or `{age, count, limit}`.
fn keep<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Keep>, D::Error> {
    Ok(read_keep(&serde_json::Value::deserialize(deserializer)?))
}

/// Reads BullMQ's `removeOnComplete` / `removeOnFail`; `None` when it is none.
pub fn read_keep(value: &serde_json::Value) -> Option<Keep> {
    match value {
        serde_json::Value::Bool(true) => Some(Keep::NONE),
        serde_json::Value::Bool(false) => Some(Keep::ALL),
        // BullMQ reads a negative count as "all".
        serde_json::Value::Number(_) => Some(Keep { count: number(value), ..Keep::ALL }),
        serde_json::Value::Object(rule) => {
            let field = |name: &str| rule.get(name).and_then(number);
            Some(Keep { age_s: field("age"), count: field("count"), limit: field("limit") })
        }
        _ => None,
    }
}

fn keep_json(keep: Keep) -> serde_json::Value {
    match keep {
        Keep::ALL => json!(false),
        Keep::NONE => json!(true),
        Keep { age_s: None, count: Some(count), .. } => json!(count),
        Keep { age_s, count, limit } => {
            let fields = [("age", age_s), ("count", count), ("limit", limit)];
            fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))).collect::<Map<_, _>>().into()
        }
    }
}

/// The `opts` field of a new job: JSON in BullMQ's names, only what is set.
pub fn options_json(options: &JobOptions) -> String {
    let mut json = options_before_deduplication_id(options);
    if let Some(deduplication) = &options.deduplication {
        json += &json!(deduplication.id).to_string();
        json += "}}";
    }
    json
}

/// The same; with a deduplication it ends where that one's id is to stand, which is followed by two closing braces.
pub(super) fn options_before_deduplication_id(options: &JobOptions) -> String {
    let mut json = serde_json::Value::Object(other_options(options)).to_string();
    if let Some(deduplication) = &options.deduplication {
        json.pop();
        json += if json.len() > 1 { r#","de":"# } else { r#""de":"# };
        json += &serde_json::Value::Object(deduplication.rules.to_json()).to_string();
        json.pop();
        json += if json.ends_with('{') { r#""id":"# } else { r#","id":"# };
    }
    json
}

fn other_options(options: &JobOptions) -> Map<String, serde_json::Value> {
    let mut json = Map::new();
    if options.attempts > 0 {
        json.insert("attempts".to_owned(), json!(options.attempts));
    }
    if let Some(backoff) = &options.backoff {
        let mut fields = Map::new();
        fields.insert("type".to_owned(), json!(backoff.kind));
        fields.insert("delay".to_owned(), plain_number(backoff.delay));
        if let Some(jitter) = backoff.jitter {
            fields.insert("jitter".to_owned(), json!(jitter));
        }
        json.insert("backoff".to_owned(), fields.into());
    }
    if let Start::After(delay) = options.start {
        json.insert("delay".to_owned(), json!(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)));
    }
    if let Some(priority) = options.priority.filter(|priority| priority.number() > 0) {
        json.insert("priority".to_owned(), json!(priority.number()));
    }
    if options.lifo {
        json.insert("lifo".to_owned(), json!(true));
    }
    if let Some(keep) = options.remove_on_complete {
        json.insert("removeOnComplete".to_owned(), keep_json(keep));
    }
    if let Some(keep) = options.remove_on_fail {
        json.insert("removeOnFail".to_owned(), keep_json(keep));
    }
    for (name, value) in &options.other {
        json.entry(name.clone()).or_insert_with(|| value.clone());
    }
    json
}

/// 2000 rather than 2000.0.
fn plain_number(number: f64) -> serde_json::Value {
    if number.fract() == 0.0 && (0.0..9.0e15).contains(&number) { json!(truncate(number)) } else { json!(number) }
}

/// Text that must be JSON, kept as it is.
///
/// # Errors
/// What is wrong with it, for the dead letter's reason.
pub(super) fn json_text(field: &str, bytes: Vec<u8>) -> Result<Box<RawValue>, String> {
    let text = String::from_utf8(bytes).map_err(|error| format!("{field} is no UTF-8: {error}"))?;
    serde_json::from_str::<serde::de::IgnoredAny>(&text).map_err(|error| format!("{field} is no JSON: {error}"))?;
    RawValue::from_string(text).map_err(|error| format!("{field} is no JSON: {error}"))
}

/// The options of a stored job.
///
/// # Errors
/// What is wrong with them, for the dead letter's reason.
pub(super) fn stored_options(text: &[u8]) -> Result<StoredOptions, String> {
    let value: serde_json::Value = serde_json::from_slice(text).map_err(|error| format!("opts is no JSON: {error}"))?;
    let serde_json::Value::Object(fields) = &value else { return Err("opts is no JSON object".to_owned()) };
    let text = |name: &str| fields.get(name).and_then(serde_json::Value::as_str);
    let schedule = text("repeatJobKey").map(str::to_owned);
    let is_repeatable =
        fields.get("repeat").is_some_and(serde_json::Value::is_object) && text("jobId").is_some_and(|id| id.starts_with("repeat:"));
    let run = (schedule.is_some() || is_repeatable).then(|| ScheduledRun { schedule, options: fields.clone() });
    let options: StoredOptions = serde_json::from_value(value).map_err(|error| format!("opts can't be read: {error}"))?;
    Ok(StoredOptions { run, ..options })
}

/// Bytes of a bulk or simple string; `None` for nil and anything else.
pub(super) fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text.into_bytes()),
        Value::Int(number) => Some(number.to_string().into_bytes()),
        _ => None,
    }
}

/// The same as text; bytes that are no UTF-8 are shown as U+FFFD.
pub(super) fn text(value: Value) -> Option<String> {
    bytes(value).map(lossy)
}

/// Bytes that are no UTF-8 are shown as U+FFFD.
pub(super) fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// A whole number, also when it is written as text.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok(),
        _ => None,
    }
}

/// Whether a script answered with the number of the call's jobs, instead of one answer each: all of them went well.
pub(super) fn is_number_of_all(answer: &Value, jobs: usize) -> bool {
    matches!(answer, Value::Int(number) if usize::try_from(*number) == Ok(jobs))
}

/// Not negative, 0 when absent.
pub(super) fn unsigned(value: &Value) -> u64 {
    integer(value).and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
}

/// The values of an array; `None` for anything else.
pub(super) fn array(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(values) | Value::Set(values) => Some(values),
        _ => None,
    }
}

/// A flat or map-shaped reply of `HGETALL` as a record, damaged fields shown as they are.
pub(super) fn job_record(id: &str, reply: Value) -> Option<JobRecord> {
    let mut fields = hash_fields(reply);
    if fields.is_empty() {
        return None;
    }
    let mut take = |name: &str| fields.remove(name);
    let number = |text: Option<String>| text.and_then(|text| text.parse::<f64>().ok()).map(truncate);
    let small = |text: Option<String>| number(text).map_or(0, |n| u32::try_from(n).unwrap_or(u32::MAX));
    let options = take("opts").unwrap_or_default();
    let stacktrace = take("stacktrace").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let ended = small(take("attemptsMade")).max(small(take("atm")));
    Some(JobRecord {
        id: id.to_owned(),
        state: None,
        name: take("name").unwrap_or_default(),
        data: take("data").unwrap_or_default(),
        attempts_allowed: stored_options(options.as_bytes()).map_or(1, |options| options.attempts.max(1)),
        options,
        timestamp: number(take("timestamp")),
        delay_ms: number(take("delay")).unwrap_or(0),
        due: None,
        priority: small(take("priority")),
        attempts_made: ended,
        attempts_started: small(take("ats")),
        stalled: small(take("stc")),
        processed_on: number(take("processedOn")),
        finished_on: number(take("finishedOn")),
        worker: take("pb"),
        failed_reason: take("failedReason"),
        return_value: take("returnvalue"),
        progress: take("progress"),
        stacktrace,
        deduplication_id: take("deid"),
        parent: take("parentKey"),
        parent_problem: take("wqparent"),
        stable_key: take("wqk"),
        intent: take("wqi").as_deref().and_then(send_intent),
        sent_as: take("wqs").as_deref().and_then(|text| text.splitn(3, ':').nth(2)).map(str::to_owned),
    })
}

/// The field `wqi`; see `lua/lib/fence.lua`.
pub(super) fn send_intent(text: &str) -> Option<SendIntent> {
    let mut parts = text.split(':');
    let (token, _, at, until, policy) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (incarnation, _) = token.strip_prefix("wq.")?.rsplit_once('.')?;
    let policy = match policy {
        "h" => "hold",
        "r" => "retry",
        "l" => "lookup",
        _ => return None,
    };
    Some(SendIntent { incarnation: incarnation.to_owned(), at: at.parse().ok()?, until: until.parse().ok()?, policy })
}

/// The fields that hold this part of a job.
pub(super) fn fields_of(part: JobPart) -> &'static [&'static str] {
    match part {
        JobPart::Name => &["name"],
        JobPart::Priority => &["priority"],
        JobPart::Added => &["timestamp"],
        JobPart::Delay => &["delay"],
        // BullMQ 4 counts in a field of its own.
        JobPart::Attempts => &["atm", "attemptsMade"],
        JobPart::Reason => &["failedReason"],
        JobPart::Worker => &["pb"],
        JobPart::Data => &["data"],
    }
}

/// A whole number that may be written as a float; `None` for anything else.
pub(super) fn number_text(text: &str) -> Option<u64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0).map(truncate)
}

/// The fields of a hash.
pub(super) fn hash_fields(reply: Value) -> HashMap<String, String> {
    let pairs: Vec<(Value, Value)> = match reply {
        Value::Map(pairs) => pairs,
        Value::Array(values) => {
            let mut values = values.into_iter();
            std::iter::from_fn(|| Some((values.next()?, values.next()?))).collect()
        }
        _ => Vec::new(),
    };
    pairs.into_iter().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::deduplication::{Deduplication, DeduplicationRules};

    #[test]
    fn standard_options_are_written_in_bullmqs_names() {
        let json = options_json(&JobOptions::standard());

        assert_eq!(json, r#"{"attempts":3,"backoff":{"type":"exponential","delay":2000},"priority":3}"#);
    }

    #[test]
    fn a_deduplication_is_written_last_and_its_id_closes_it() {
        let rules = DeduplicationRules { replace: true, ..DeduplicationRules::default() };
        let deduplication = Some(Deduplication { id: "a\"b".to_owned(), rules });

        let alone = options_json(&JobOptions { deduplication: deduplication.clone(), ..JobOptions::default() });
        let behind = options_json(&JobOptions { deduplication, attempts: 2, ..JobOptions::default() });
        let simple = Some(Deduplication { id: "k".to_owned(), ..Deduplication::default() });

        assert_eq!(alone, r#"{"de":{"replace":true,"id":"a\"b"}}"#);
        assert_eq!(behind, r#"{"attempts":2,"de":{"replace":true,"id":"a\"b"}}"#);
        assert_eq!(options_json(&JobOptions { deduplication: simple, ..JobOptions::default() }), r#"{"de":{"id":"k"}}"#);
    }

    #[test]
    fn keep_rules_are_read_and_written_in_all_of_bullmqs_forms() {
        for (json, keep) in [
            ("true", Keep::NONE),
            ("false", Keep::ALL),
            ("5", Keep { count: Some(5), ..Keep::ALL }),
            (r#"{"age":3600,"count":7}"#, Keep { age_s: Some(3600), count: Some(7), limit: None }),
        ] {
            let value = serde_json::from_str(json).unwrap();
            assert_eq!(read_keep(&value), Some(keep), "{json}");
            assert_eq!(keep_json(keep), value, "{json}");
        }
    }

    #[test]
    fn options_as_lua_writes_them_are_read() {
        let options = stored_options(br#"{"backoff":100,"attempts":3.0,"removeOnFail":{},"x":{"y":[]}}"#).unwrap();

        assert_eq!(options.attempts, 3);
        assert_eq!(options.backoff, Some(Backoff { kind: "fixed".to_owned(), delay: 100.0, jitter: None }));
        assert_eq!(options.remove_on_fail, Some(Keep::ALL));
    }

    #[test]
    fn damaged_json_is_named_and_not_parsed() {
        assert!(json_text("data", b"{\"a\":".to_vec()).unwrap_err().starts_with("data is no JSON"));
        assert!(json_text("data", vec![b'"', 0xff, b'"']).unwrap_err().starts_with("data is no UTF-8"));
        assert!(json_text("data", "[".repeat(20_000).into_bytes()).is_err());
        assert!(stored_options(b"[]").is_err());
    }
}
