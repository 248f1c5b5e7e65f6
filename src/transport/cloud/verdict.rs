//! This file judges what Meta's Cloud API, or whatever stands before it, answered to a send.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::core::dispatch::transport::Outcome;
use crate::core::model::job::Job;
use crate::core::model::outage::{Outage, OutageEnd};
use crate::transport::client::{Answer, Failure};
use crate::transport::meta::{self, error::GraphError};
use crate::transport::{envelope, redact};

/// How many characters of a stranger's answer become part of a reason.
const SAID_CHARS: usize = 120;
/// How long a 429 waits that says neither a code nor a time.
const WAIT_WITHOUT_RETRY_AFTER: Duration = Duration::from_secs(30);
/// The headers in which Graph says when calls are taken again.
const USAGE_HEADERS: [&str; 2] = ["x-business-use-case-usage", "x-app-usage"];
/// The codes that those headers are about.
const USAGE_CODES: [i64; 2] = [4, 80_007];
/// The longest that such a header is believed.
const LONGEST_USAGE_WAIT: Duration = Duration::from_hours(24);
const CHECK_BASE_URL: &str = "correct --base-url";

/// What became of `job`.
pub(super) fn judge(answer: Result<Answer, Failure>, job: &Job) -> Outcome {
    let answer = match answer {
        Ok(answer) => answer,
        Err(Failure::NotSent(reason)) => return Outcome::Retry { reason: format!("unreachable: {reason}") },
        Err(Failure::Unknown(reason)) => return Outcome::Uncertain { reason: format!("no_answer: {reason}") },
    };
    let body = read(&answer);
    if answer.status.is_success()
        && let Some(id) = body.as_ref().and_then(message_id)
    {
        return Outcome::Accepted { reply: envelope::reply(&answer.body, answer.whole), provider_id: Some(id.to_owned()) };
    }
    match body.as_ref().and_then(graph_error) {
        Some(error) => {
            let retry_after = wait_of(error.code, &answer);
            meta::classify(error.code, answer.status.as_u16(), &error.details, job, retry_after)
        }
        None => without_graphs_word(&answer, job),
    }
}

/// The answer as JSON; `None` when it is none, or was cut short.
pub(super) fn read(answer: &Answer) -> Option<Value> {
    if !answer.whole {
        return None;
    }
    serde_json::from_slice(answer.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&answer.body)).ok()
}

/// The error that Graph says.
pub(super) fn graph_error(body: &Value) -> Option<GraphError> {
    GraphError::read(body.get("error")?)
}

fn message_id(body: &Value) -> Option<&str> {
    body.pointer("/messages/0/id")?.as_str().filter(|id| !id.trim().is_empty())
}

/// What the headers ask to wait; those about usage only where the code is about usage.
fn wait_of(code: i64, answer: &Answer) -> Option<Duration> {
    let usage = if USAGE_CODES.contains(&code) { usage_wait(&answer.headers) } else { None };
    answer.retry_after.max(usage)
}

/// `estimated_time_to_regain_access`, minutes, the longest of all that are listed.
fn usage_wait(headers: &HeaderMap) -> Option<Duration> {
    let lists = USAGE_HEADERS.iter().filter_map(|name| serde_json::from_slice::<Value>(headers.get(*name)?.as_bytes()).ok());
    let minutes = lists.filter_map(|list| longest_minutes(&list)).max()?;
    (minutes > 0).then(|| Duration::from_secs(minutes.saturating_mul(60)).min(LONGEST_USAGE_WAIT))
}

/// Business use case usage is an object of lists of objects; the app's own is one object.
fn longest_minutes(list: &Value) -> Option<u64> {
    let here = list.get("estimated_time_to_regain_access").and_then(Value::as_u64);
    let inside = list.as_object().into_iter().flat_map(serde_json::Map::values).filter_map(Value::as_array).flatten();
    let there = inside.filter_map(|usage| usage.get("estimated_time_to_regain_access")?.as_u64()).max();
    here.max(there)
}

/// An answer in which Graph's own word is missing: a gateway's, or a stranger's at a wrong address.
fn without_graphs_word(answer: &Answer, job: &Job) -> Outcome {
    let status = answer.status;
    let reason = |class: &str| format!("{class}:{}", said(answer));
    match (status, answer.retry_after) {
        // nobody knows whether it was Meta who took the message
        _ if status.is_success() => Outcome::Uncertain { reason: reason("unreadable_answer") },
        (StatusCode::TOO_MANY_REQUESTS, after) => {
            Outcome::Wait { reason: reason("rate_limited"), after: after.unwrap_or(WAIT_WITHOUT_RETRY_AFTER), slow_down: true }
        }
        (StatusCode::SERVICE_UNAVAILABLE, Some(after)) => Outcome::Wait { reason: reason("provider_busy"), after, slow_down: false },
        (StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY, _) => Outcome::Retry { reason: reason("provider_busy") },
        (StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNSUPPORTED_MEDIA_TYPE, _) => Outcome::Permanent { reason: reason("invalid_payload") },
        (StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY, _) if job.attempt > 1 => {
            Outcome::Permanent { reason: reason("refused") }
        }
        (StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY, _) => Outcome::Retry { reason: reason("refused") },
        _ if status.is_redirection() || status.is_client_error() => Outcome::PauseQueue(misplaced(answer)),
        _ => Outcome::Uncertain { reason: reason("gateway_error") },
    }
}

/// What a success says that isn't Graph's: whoever took the message, it may not have been Meta, and the next would go there too.
pub(super) fn stranger(answer: &Answer) -> Option<Outage> {
    let body = read(answer);
    let is_graphs = body.as_ref().is_some_and(|body| message_id(body).is_some() || graph_error(body).is_some());
    let has_ended = answer.whole || answer.too_long;
    (answer.status.is_success() && has_ended && !is_graphs).then(|| misplaced(answer))
}

/// Something else answers at this address, or keeps us from what does.
pub(super) fn misplaced(answer: &Answer) -> Outage {
    Outage { class: "config", reason: format!("{}; {CHECK_BASE_URL}", said(answer)), end: OutageEnd::Probe }
}

/// The status and the first words of an answer.
pub(super) fn said(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    if answer.status.is_redirection() {
        return format!("{status} redirects are not followed");
    }
    let text = String::from_utf8_lossy(&answer.body);
    let words = redact::head(meta::error::hide_tokens(&text).as_bytes(), SAID_CHARS);
    let cut = match (answer.too_long, answer.whole) {
        (true, _) => "an endless answer: ",
        (false, false) => "half an answer: ",
        (false, true) => "no answer of the Graph API: ",
    };
    let words = if words.is_empty() { "(nothing)" } else { &words };
    format!("{status} {cut}{words}")
}
