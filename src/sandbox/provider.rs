//! This file is what both dialects share: the knobs, the books of accepted messages, and the counts.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use hyper::{HeaderMap, Method};
use serde_json::{Value, json};

use super::answer::Answer;
use super::fate::{Fault, mix};
use super::journal::{Entry, Journal, Outcome, Refusal};
use super::knobs::{Desk, Fate, Lot};
use super::webhooks::Outbox;
use super::{Dialect, Options};
use crate::core::model::clock;

/// So many accepted messages can be asked for.
const MOST_KEPT: usize = 50_000;
/// And no more than so many bytes of their contents.
const MOST_KEPT_BYTES: usize = 64 * 1024 * 1024;

/// A request as the dialects see it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Microseconds since the epoch.
    pub(super) at_us: u64,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The value of a parameter in the query, decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| percent_decode(value))
    }

    /// The parts of the path between its slashes, decoded.
    pub(super) fn segments(&self) -> Vec<String> {
        self.path.split('/').filter(|part| !part.is_empty()).map(percent_decode).collect()
    }
}

fn percent_decode(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let hex = || {
            let mut ahead = bytes.clone();
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            u8::try_from(digit(ahead.next())? * 16 + digit(ahead.next())?).ok()
        };
        match (byte, hex()) {
            (b'%', Some(value)) => {
                decoded.push(value);
                bytes.nth(1);
            }
            (b'+', _) => decoded.push(b' '),
            _ => decoded.push(byte),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// A send that broke no rule of its dialect.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) dialect: Dialect,
    pub(super) route: String,
    /// Digits of the recipient, or the id of a group.
    pub(super) to: String,
    pub(super) key: Option<String>,
    /// SHA-256 of the message, in hex.
    pub(super) sha256: String,
    pub(super) at_us: u64,
}

impl Sent {
    pub(super) fn lot(&self) -> Lot<'_> {
        Lot { to: &self.to, message: message_number(&self.sha256) }
    }

    fn entry(&self, id: &str, outcome: Outcome) -> Entry {
        Entry {
            at_us: self.at_us,
            dialect: self.dialect,
            route: self.route.clone(),
            to: self.shown_to(),
            id: id.to_owned(),
            key: self.key.clone(),
            sha256: self.sha256.clone(),
            outcome,
        }
    }

    fn refusal(&self, fault: Fault) -> Refusal<'_> {
        Refusal {
            at_us: self.at_us,
            dialect: self.dialect,
            route: &self.route,
            to: self.shown_to(),
            key: self.key.as_deref(),
            sha256: &self.sha256,
            code: fault.to_string(),
        }
    }

    fn shown_to(&self) -> String {
        let is_number = self.to.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { format!("+{}", self.to) } else { self.to.clone() }
    }
}

fn message_number(sha256: &str) -> u64 {
    sha256.get(..16).and_then(|head| u64::from_str_radix(head, 16).ok()).unwrap_or_default()
}

/// A message that was accepted.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) entry: Entry,
    /// Digits of the recipient, or the id of a group.
    pub(super) to: String,
    /// What its dialect wants to remember, as JSON: Evolution's answer, Meta's category. As text it is a fifth of the size.
    content: Box<str>,
}

impl Accepted {
    pub(super) fn lot(&self) -> Lot<'_> {
        Lot { to: &self.to, message: message_number(&self.entry.sha256) }
    }

    /// What its dialect remembered.
    pub(super) fn content(&self) -> Value {
        serde_json::from_str(&self.content).unwrap_or_default()
    }
}

/// Counts since the start, by dialect and by what happened.
#[derive(Debug, Default)]
pub(super) struct Counts {
    accepted: BTreeMap<&'static str, u64>,
    dropped: BTreeMap<&'static str, u64>,
    refused: BTreeMap<String, u64>,
}

/// Everything that is written down.
#[derive(Debug)]
struct Books {
    journal: Journal,
    refusals: Journal,
    kept: VecDeque<Arc<Accepted>>,
    kept_bytes: usize,
    counts: Counts,
}

/// The provider behind both dialects.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) options: Options,
    pub(super) outbox: Outbox,
    desk: Mutex<Desk>,
    books: Mutex<Books>,
    started: Instant,
    started_us: u64,
    numbers: AtomicU64,
    requests: AtomicU64,
}

impl Provider {
    pub(super) fn new(options: Options, outbox: Outbox, journal: Journal, refusals: Journal) -> Self {
        let desk = Desk::new(options.seed, options.knobs.clone());
        Self {
            outbox,
            desk: Mutex::new(desk),
            books: Mutex::new(Books { journal, refusals, kept: VecDeque::new(), kept_bytes: 0, counts: Counts::default() }),
            started: Instant::now(),
            started_us: clock::now_ms() * 1_000,
            numbers: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            options,
        }
    }

    /// Microseconds since the epoch that never go back.
    pub(super) fn now_us(&self) -> u64 {
        self.started_us + u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Whole seconds since the epoch.
    pub(super) fn now_s(&self) -> u64 {
        self.now_us() / 1_000_000
    }

    /// 64 bits that no other call has given, in this run or another one.
    pub(super) fn unique(&self) -> u64 {
        mix(self.started_us.wrapping_add(self.numbers.fetch_add(1, Ordering::Relaxed)))
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// The storm that every route feels, if one rages: not the trouble of single messages.
    pub(super) fn storm_over_all(&self) -> Option<Fault> {
        let over_all = |fault: Fault| {
            matches!(
                fault,
                Fault::Unauthorized | Fault::InstanceMissing | Fault::Gateway(_) | Fault::Page | Fault::Moved | Fault::Silent | Fault::Huge
            )
        };
        self.desk().storms(Instant::now()).iter().rev().map(|storm| storm.fault).find(|fault| over_all(*fault))
    }

    /// Whether the instance has lost WhatsApp.
    pub(super) fn is_disconnected(&self) -> bool {
        let lost = |fault: Fault| matches!(fault, Fault::ConnectionClosed | Fault::ConnectionClosedCached | Fault::NotLoaded);
        self.desk().storms(Instant::now()).iter().any(|storm| lost(storm.fault))
    }

    pub(super) fn decide(&self, sent: &Sent) -> Fate {
        self.desk().decide(sent.lot(), Instant::now())
    }

    /// Counts a request that was refused.
    pub(super) fn refuse(&self, reason: impl ToString) {
        *self.books().counts.refused.entry(reason.to_string()).or_default() += 1;
    }

    /// Notes a send that a fault keeps from being accepted: it is among the refusals when this returns.
    ///
    /// # Errors
    /// When they can't be written; then the fault must not be answered.
    pub(super) fn turn_away(&self, sent: &Sent, fault: Fault) -> io::Result<()> {
        let mut books = self.books();
        books.refusals.write(&sent.refusal(fault))?;
        *books.counts.refused.entry(fault.to_string()).or_default() += 1;
        Ok(())
    }

    /// Accepts a message: it is in the journal when this returns, and its webhooks are on their way.
    ///
    /// # Errors
    /// When the journal can't be written; then nothing was accepted.
    pub(super) fn accept(&self, sent: &Sent, id: &str, content: String, outcome: Outcome) -> io::Result<()> {
        let entry = sent.entry(id, outcome);
        let accepted = Arc::new(Accepted { entry, to: sent.to.clone(), content: content.into_boxed_str() });
        let mut books = self.books();
        books.journal.write(&accepted.entry)?;
        let dialect = sent.dialect.name();
        *books.counts.accepted.entry(dialect).or_default() += 1;
        *books.counts.dropped.entry(dialect).or_default() += u64::from(outcome == Outcome::Dropped);
        books.kept.push_back(Arc::clone(&accepted));
        books.kept_bytes += accepted.content.len();
        while books.kept.len() > MOST_KEPT || books.kept_bytes > MOST_KEPT_BYTES {
            let Some(oldest) = books.kept.pop_front() else { break };
            books.kept_bytes = books.kept_bytes.saturating_sub(oldest.content.len());
        }
        drop(books);
        self.outbox.announce(&accepted, self);
        Ok(())
    }

    /// The latest accepted messages, the newest first.
    pub(super) fn kept(&self, wanted: impl Fn(&Accepted) -> bool) -> Vec<Arc<Accepted>> {
        self.books().kept.iter().rev().filter(|accepted| wanted(accepted)).map(Arc::clone).collect()
    }

    /// Counts, knobs that are in force for a while, and webhooks.
    pub(super) fn state(&self) -> Value {
        let now = Instant::now();
        let storms: Vec<Value> = self
            .desk()
            .storms(now)
            .iter()
            .map(|storm| json!({ "code": storm.fault.to_string(), "ends_in_ms": millis(storm.until.saturating_duration_since(now)) }))
            .collect();
        let books = self.books();
        let sum = |counts: &BTreeMap<&'static str, u64>| counts.values().sum::<u64>();
        json!({
            "requests": self.requests.load(Ordering::Relaxed),
            "accepted": sum(&books.counts.accepted),
            "dropped": sum(&books.counts.dropped),
            "refused": books.counts.refused.values().sum::<u64>(),
            "accepted_by_dialect": books.counts.accepted,
            "refused_by_code": books.counts.refused,
            "kept": books.kept.len(),
            "webhooks": self.outbox.counts(),
            "storms": storms,
        })
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What can't be written down was not accepted.
pub(super) fn journal_is_full(error: &io::Error) -> Answer {
    tracing::warn!(%error, "can't write a journal, so a message was not accepted");
    Answer::json(
        500,
        &json!({ "status": 500, "error": "Internal Server Error", "response": { "message": format!("the sandbox's journal: {error}") } }),
    )
}

/// SHA-256 in hex.
pub(super) fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex(&sha2::Sha256::digest(bytes))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // writing into a String can't fail
        write!(text, "{byte:02x}").ok();
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_path_are_decoded() {
        assert_eq!(percent_decode("mi%20instancia+%C3%B1%zz%"), "mi instancia ñ%zz%");
    }

    #[test]
    fn bytes_are_shown_in_hex() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
        assert_eq!(message_number(&sha256(b"test")), 0x9f86_d081_884c_7d65);
    }
}
