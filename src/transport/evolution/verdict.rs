//! This file says what Evolution's answers mean for a message: by what they hold, since their status alone misleads.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use super::words::{Said, hide_key, key_id_of_beginning, line, reply};
use crate::core::dispatch::transport::Outcome;
use crate::core::model::job::Job;
use crate::core::model::outage::{Outage, OutageEnd};
use crate::transport::client::{Answer, Failure};
use crate::transport::meta::{self, error::GraphError};

/// How long a 429 without a readable `Retry-After` waits.
const WAIT_WITHOUT_RETRY_AFTER: Duration = Duration::from_secs(30);
/// How often a file that could not be fetched or converted is tried again.
const MEDIA_RETRIES: u32 = 2;
/// How often a refusal that nobody knows is tried again.
const UNKNOWN_RETRIES: u32 = 1;
/// What Evolution says when it has lost WhatsApp.
const DISCONNECTED: [&str; 4] = ["Connection Closed", "Connection was lost", "Timed Out", "Cannot read properties of undefined"];
/// What it says of a message that can never be right; answers with a list in a list come from its schemas and mean the same.
const INVALID: [&str; 6] = [
    "is required",
    "Owned media must be",
    "reply buttons allowed",
    "cannot be mixed with other button types",
    "PIX button is allowed",
    "file name must be informed",
];

/// What an answer is judged by besides itself.
pub(super) struct Case<'a> {
    pub(super) job: &'a Job,
    /// Whether Evolution had to fetch or convert a file.
    pub(super) carries_media: bool,
    pub(super) instance: &'a str,
    /// Never shown, whatever the answer repeats.
    pub(super) api_key: &'a str,
}

impl Case<'_> {
    /// What became of the message.
    pub(super) fn judge(&self, answer: &Answer) -> Outcome {
        if answer.status.is_success() { self.judge_success(answer) } else { self.judge_refusal(answer) }
    }

    /// Only an id of the message is a success: the Cloud channel passes Meta's refusals on as 201.
    fn judge_success(&self, answer: &Answer) -> Outcome {
        let body = if answer.whole { serde_json::from_slice(&answer.body).ok() } else { None };
        let Some(body) = body else { return self.judge_unreadable(answer) };
        if let Some(id) = key_id(&body) {
            let id = id.to_owned();
            return Outcome::Accepted { reply: reply(body, self.api_key), provider_id: Some(id) };
        }
        match GraphError::read(&body).or_else(|| GraphError::read(body.get("error")?)) {
            Some(error) => {
                let details = hide_key(&error.details, self.api_key);
                meta::classify(error.code, answer.status.as_u16(), &details, self.job, answer.retry_after)
            }
            None => self.unreadable(answer, "neither an id nor an error"),
        }
    }

    fn judge_unreadable(&self, answer: &Answer) -> Outcome {
        if answer.too_long {
            // media may come back whole, behind the id
            return match key_id_of_beginning(&answer.body) {
                Some(id) => Outcome::Accepted { reply: serde_json::json!({ "key": { "id": id } }).to_string(), provider_id: Some(id) },
                None => self.unreadable(answer, "too long an answer"),
            };
        }
        self.unreadable(answer, if answer.whole { "not JSON" } else { "an answer that broke off" })
    }

    fn unreadable(&self, answer: &Answer, what: &str) -> Outcome {
        Outcome::Uncertain { reason: format!("unreadable_answer:{} {what}: {}", answer.status.as_u16(), self.said(answer)) }
    }

    fn judge_refusal(&self, answer: &Answer) -> Outcome {
        if let Some(outage) = refused_access(answer, self.instance, self.api_key) {
            return Outcome::PauseQueue(outage);
        }
        let reason = |class: &str| format!("{class}:{} {}", answer.status.as_u16(), self.said(answer));
        match (answer.status, answer.retry_after) {
            (StatusCode::TOO_MANY_REQUESTS, after) => {
                Outcome::Wait { reason: reason("rate_limited"), after: after.unwrap_or(WAIT_WITHOUT_RETRY_AFTER), slow_down: true }
            }
            (StatusCode::SERVICE_UNAVAILABLE, Some(after)) => Outcome::Wait { reason: reason("provider_busy"), after, slow_down: false },
            (StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY, _) => Outcome::Retry { reason: reason("provider_busy") },
            (StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNSUPPORTED_MEDIA_TYPE, _) => {
                Outcome::Permanent { reason: reason("invalid_payload") }
            }
            (status, _) => match Said::read(&answer.body) {
                Some(said) => self.judge_words(status, &said),
                None if status.is_client_error() => self.retry(UNKNOWN_RETRIES, reason("refused")),
                None => Outcome::Uncertain { reason: reason("gateway_error") },
            },
        }
    }

    /// The rows that only Evolution's own words tell apart.
    fn judge_words(&self, status: StatusCode, said: &Said) -> Outcome {
        let is_400 = status == StatusCode::BAD_REQUEST;
        let shown = line(&said.text, self.api_key);
        let reason = |class: &str| format!("{class}:{} {shown}", status.as_u16());
        if said.has_any(&DISCONNECTED) && (is_400 || said.is_evolutions_own) {
            return Outcome::PauseQueue(disconnected(self.instance, &format!("{} {shown}", status.as_u16())));
        }
        if said.is_unknown_number {
            return Outcome::Permanent { reason: format!("not_on_whatsapp:{} the number has no WhatsApp account", status.as_u16()) };
        }
        if is_400 && (said.is_from_schema || said.has_any(&INVALID)) {
            return Outcome::Permanent { reason: reason("invalid_payload") };
        }
        if is_400 && said.text == "[object Object]" {
            return Outcome::Permanent { reason: format!("group_not_found:{} there is no such group", status.as_u16()) };
        }
        if said.has_any(&["Method not available"]) {
            return Outcome::Permanent { reason: reason("unsupported_on_channel") };
        }
        if self.carries_media && (is_400 || said.is_evolutions_own) {
            return self.retry(MEDIA_RETRIES, reason("media"));
        }
        if status.is_client_error() {
            return self.retry(UNKNOWN_RETRIES, reason("refused"));
        }
        if said.is_evolutions_own {
            Outcome::Retry { reason: reason("provider_error") }
        } else {
            Outcome::Uncertain { reason: reason("gateway_error") }
        }
    }

    /// Again so many times, then never.
    fn retry(&self, times: u32, reason: String) -> Outcome {
        if self.job.attempt <= times { Outcome::Retry { reason } } else { Outcome::Permanent { reason } }
    }

    fn said(&self, answer: &Answer) -> String {
        said(answer, self.api_key)
    }
}

/// What became of a message that got no answer.
pub(super) fn unanswered(failure: Failure) -> Outcome {
    match failure {
        Failure::NotSent(why) => Outcome::Retry { reason: format!("unreachable: {why}") },
        Failure::Unknown(why) => Outcome::Uncertain { reason: format!("no_answer: {why}") },
    }
}

/// What an answer says, in one line.
pub(super) fn said(answer: &Answer, api_key: &str) -> String {
    let text = Said::read(&answer.body).map_or_else(|| String::from_utf8_lossy(&answer.body).into_owned(), |said| said.text);
    let shown = line(&text, api_key);
    if shown.is_empty() { answer.status.canonical_reason().unwrap_or("(nothing)").to_owned() } else { shown }
}

/// Why no request at all can work: the address, the key or the instance is wrong.
pub(super) fn refused_access(answer: &Answer, instance: &str, api_key: &str) -> Option<Outage> {
    let status = answer.status.as_u16();
    let outage = |class, reason| Some(Outage { class, reason, end: OutageEnd::Probe });
    match status {
        300..=399 => outage("config", format!("http {status}: redirects are not followed; give --base-url the final address")),
        401 | 403 => outage("auth", format!("Evolution refuses the API key ({status}): give the global key, or that of {instance:?}")),
        404 if names_instance(answer) => {
            outage("instance_missing", format!("Evolution has no instance {instance:?} (404): create it, or correct --instance"))
        }
        404 | 405 => {
            let shown = said(answer, api_key);
            outage("config", format!("nothing of Evolution answers at --base-url ({status} {shown}): correct it"))
        }
        _ => None,
    }
}

fn names_instance(answer: &Answer) -> bool {
    Said::read(&answer.body).is_some_and(|said| said.text.contains("instance does not exist"))
}

/// The instance has no connection to WhatsApp.
pub(super) fn disconnected(instance: &str, why: &str) -> Outage {
    let reason = format!("the instance {instance:?} is not connected to WhatsApp ({why}): connect or restart it in Evolution");
    Outage { class: "instance_disconnected", reason, end: OutageEnd::Probe }
}

/// The provider's id of the message in a success.
pub(super) fn key_id(body: &Value) -> Option<&str> {
    body.pointer("/key/id")?.as_str().filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::HeaderMap;

    use super::*;
    use crate::transport::envelope::sample_job;

    const API_KEY: &str = "canary-4b1f0c";

    /// Bodies that come near to Evolution's, and bytes that don't.
    fn bodies() -> impl Strategy<Value = Vec<u8>> {
        let words = prop::sample::select(vec![
            "Connection Closed",
            "Timed Out",
            "[object Object]",
            "Text is required",
            "Method not available",
            "call +5511999990000\n\u{1b}[31m",
            API_KEY,
            "",
        ]);
        let message = words.prop_flat_map(|word| {
            prop::sample::select(vec![
                serde_json::json!(word),
                serde_json::json!([word]),
                serde_json::json!([[word, null], 7]),
                serde_json::json!([{ "exists": false, "note": word }]),
                serde_json::json!({ "exists": word }),
            ])
        });
        let whole = message.prop_flat_map(|message| {
            prop::sample::select(vec![
                serde_json::json!({ "response": { "message": message } }),
                serde_json::json!({ "message": message, "code": 131_056 }),
                serde_json::json!({ "key": { "id": message } }),
                serde_json::json!([message]),
            ])
        });
        prop_oneof![whole.prop_map(|body| body.to_string().into_bytes()), any::<Vec<u8>>()]
    }

    fn reason_of(outcome: &Outcome) -> &str {
        match outcome {
            Outcome::Accepted { reply, .. } => reply,
            Outcome::PauseQueue(outage) => &outage.reason,
            Outcome::Retry { reason }
            | Outcome::Wait { reason, .. }
            | Outcome::Defer { reason, .. }
            | Outcome::Permanent { reason }
            | Outcome::PauseCampaign { reason, .. }
            | Outcome::Uncertain { reason } => reason,
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_judged_in_one_line_without_key_and_number(
            status in 100_u16..1000, body in bodies(), whole: bool, too_long: bool, attempt in 1_u32..5, carries_media: bool,
        ) {
            let mut job = sample_job("{}");
            job.attempt = attempt;
            let status = StatusCode::from_u16(status).unwrap();
            let answer = Answer { status, retry_after: None, headers: HeaderMap::new(), body, whole, too_long };

            let outcome = Case { job: &job, carries_media, instance: "main", api_key: API_KEY }.judge(&answer);

            let reason = reason_of(&outcome);
            prop_assert!(!reason.is_empty() && !reason.contains(char::is_control), "{reason:?}");
            let is_accepted = matches!(outcome, Outcome::Accepted { .. });
            prop_assert!(!reason.contains(API_KEY) && (is_accepted || !reason.contains("99999")), "{reason:?}");
            prop_assert!(!is_accepted || status.is_success(), "{status} {outcome:?}");
            prop_assert!(!matches!(outcome, Outcome::Permanent { .. } | Outcome::Retry { .. }) || !status.is_success() || whole, "{outcome:?}");
        }
    }
}
