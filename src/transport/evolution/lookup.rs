//! This file looks for proof that an uncertain message was sent, among those that Evolution has stored.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::core::model::clock::{Millis, rfc3339};
use crate::core::model::message::{Body, Message};
use crate::core::model::phone::Phone;

/// How much the clocks of Redis and of Evolution may differ, whose timestamps are whole seconds.
const CLOCK_SLACK: Duration = Duration::from_secs(5);
/// How long after the send's own time-out Evolution may still have sent it.
const LATE_SEND: Duration = Duration::from_mins(1);
/// Records that are asked for at a time.
const PER_PAGE: usize = 50;
/// So many pages for one recipient in about two minutes are no search any more, and nothing in them is proof.
pub(super) const MOST_PAGES: usize = 4;

/// What proof would look like.
pub(super) struct Wanted<'a> {
    message: &'a Message,
    from: Millis,
    until: Millis,
}

impl<'a> Wanted<'a> {
    /// The message whose `intent` was written then, and which was given up after `timeout`.
    pub(super) fn new(message: &'a Message, intent: Millis, timeout: Duration) -> Self {
        let ms = |duration: Duration| Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX);
        Self { message, from: intent.saturating_sub(ms(CLOCK_SLACK)), until: intent.saturating_add(ms(timeout + LATE_SEND)) }
    }

    /// The addresses under which Evolution may have stored the recipient: with or without the digit that BR, MX and AR numbers
    /// carry for other networks, and bare on the channel without WhatsApp.
    pub(super) fn addresses(&self) -> Vec<String> {
        let digits = digits_of(&self.message.to);
        let canonical = self.message.to.canonical();
        let mut addresses = vec![format!("{digits}@s.whatsapp.net")];
        if canonical != digits {
            addresses.push(format!("{canonical}@s.whatsapp.net"));
        }
        addresses.push(digits);
        addresses
    }

    /// The body of one question. What an older Evolution doesn't filter by is checked again in the answer.
    pub(super) fn question(&self, address: &str, page: usize) -> Value {
        json!({
            "where": {
                "key": { "remoteJid": address, "remoteJidAlt": address, "fromMe": true },
                "messageTimestamp": { "gte": rfc3339(self.from), "lte": rfc3339(self.until) },
            },
            "page": page,
            "offset": PER_PAGE,
        })
    }

    /// Adds the ids of the records that could be our message; says whether older ones may follow on another page.
    pub(super) fn collect(&self, answer: &Value, ids: &mut BTreeSet<String>) -> bool {
        let records = answer.pointer("/messages/records").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for record in records.iter().filter(|record| self.is_proof(record)) {
            ids.extend(record.pointer("/key/id").and_then(Value::as_str).filter(|id| !id.is_empty()).map(str::to_owned));
        }
        // the newest come first
        let is_older = |record: &Value| sent_at(record).is_some_and(|at| at < self.from / 1000);
        records.len() >= PER_PAGE && !records.last().is_some_and(is_older)
    }

    fn is_proof(&self, record: &Value) -> bool {
        let is_ours = record.pointer("/key/fromMe") == Some(&Value::Bool(true));
        let is_in_time = sent_at(record).is_some_and(|at| (self.from / 1000..=self.until / 1000).contains(&at));
        is_ours && is_in_time && !has_failed(record) && self.is_to_recipient(record) && says(&self.message.body, record)
    }

    fn is_to_recipient(&self, record: &Value) -> bool {
        let addresses =
            ["/key/remoteJid", "/key/remoteJidAlt"].map(|path| record.pointer(path).and_then(Value::as_str).unwrap_or_default());
        addresses.into_iter().any(|address| {
            let digits = address.split(['@', ':']).next().unwrap_or_default();
            !address.ends_with("@lid")
                && !digits.is_empty()
                && (digits == digits_of(&self.message.to) || digits == self.message.to.canonical())
        })
    }
}

fn digits_of(phone: &Phone) -> String {
    phone.e164().trim_start_matches('+').to_owned()
}

/// Seconds since 1970; they come as a number or as its digits.
fn sent_at(record: &Value) -> Option<u64> {
    let at = record.get("messageTimestamp")?;
    at.as_u64().or_else(|| at.as_str()?.parse().ok())
}

fn has_failed(record: &Value) -> bool {
    let updates = record.get("MessageUpdate").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    updates.iter().any(|update| update.get("status").and_then(Value::as_str) == Some("ERROR"))
}

/// Whether the record is of the same kind and says the same.
fn says(body: &Body, record: &Value) -> bool {
    let Some(message) = record.get("message") else { return false };
    let kind = record.get("messageType").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    match body {
        Body::Text(text) => {
            let said = message.get("conversation").or_else(|| message.pointer("/extendedTextMessage/text"));
            said.and_then(Value::as_str) == Some(&text.text)
        }
        Body::Media(media) => is(&[media.kind.as_str()]) && media.caption.as_deref().is_none_or(|caption| holds(message, caption)),
        Body::Template(template) => is(&["template"]) && holds(message, &template.name),
        Body::Location(place) => {
            let has = |name: &str, degrees: f64| {
                message.pointer(&format!("/locationMessage/{name}")).and_then(Value::as_f64).is_some_and(|it| (it - degrees).abs() < 1e-6)
            };
            has("degreesLatitude", place.latitude) && has("degreesLongitude", place.longitude)
        }
        Body::Contacts(cards) => is(&["contact"]) && cards.iter().all(|card| holds(message, &card.name)),
        Body::Reaction(reaction) => is(&["reaction"]) && holds(message, &reaction.message_id) && holds(message, &reaction.emoji),
        Body::Poll(poll) => is(&["poll"]) && holds(message, &poll.name),
        Body::Buttons(buttons) => is(&["interactive", "buttons", "viewonce"]) && holds(message, &buttons.text),
        Body::List(list) => is(&["list"]) && holds(message, &list.text),
    }
}

/// Whether some text in the message contains this one.
fn holds(message: &Value, wanted: &str) -> bool {
    match message {
        Value::String(text) => text.contains(wanted),
        Value::Array(parts) => parts.iter().any(|part| holds(part, wanted)),
        Value::Object(fields) => fields.values().any(|field| holds(field, wanted)),
        _ => false,
    }
}
