//! This file says why a queue stands still although nobody paused it by hand, and what may end that.

use super::clock::Millis;

/// Why nothing can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// A stable word: `auth`, `config`, `instance_missing`, `instance_disconnected`, `logged_out`, `banned`, `account_restricted`,
    /// `billing`, `number_not_ready`, `spam_restricted`, `unreachable` (the circuit breaker's).
    pub class: &'static str,
    /// One line for people: what happened and the cure. No secret, no phone number.
    pub reason: String,
    /// What ends it.
    pub end: OutageEnd,
}

/// What ends an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutageEnd {
    /// A person, by `wq resume`.
    ByHand,
    /// The provider's health, asked again and again.
    Probe,
}

impl OutageEnd {
    /// The word in Redis and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ByHand => "by_hand",
            Self::Probe => "probe",
        }
    }
}

/// The class of a pause by a person, when there was no outage.
pub const BY_HAND: &str = "hand";

/// A pause as it is written down beside BullMQ's flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standstill {
    /// The class of the [`Outage`]; [`BY_HAND`] when a person paused.
    pub class: String,
    /// One line for people; may be empty.
    pub reason: String,
    /// Since when, ms of the server's clock.
    pub since: Millis,
    /// What ends it.
    pub end: OutageEnd,
    /// The worker that met it; [`BY_HAND`] for a person.
    pub by: String,
    /// How often the provider was asked since whether it is back.
    pub probes: u64,
    /// When it is asked next, ms of the server's clock.
    pub next_probe: Option<Millis>,
    /// Since when a person has paused it on top of the outage, whose end doesn't end this, ms of the server's clock.
    pub by_hand_since: Option<Millis>,
}

impl Standstill {
    /// Whether a person paused a queue that was all right.
    pub fn is_by_person(&self) -> bool {
        self.class == BY_HAND
    }
}
