//! This file says why a queue stands still although nobody paused it by hand, and what may end that.

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
