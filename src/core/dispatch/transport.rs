//! This file says what a way to send must do; the ways themselves live in [`crate::transport`].

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::core::model::job::Job;

/// A delivery under way.
pub type Delivery<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// A way to send a message.
pub trait Transport: Send + Sync {
    /// The word after `--via`.
    fn name(&self) -> &'static str;

    /// Sends one job and says what became of it. Never panics, always ends (every way has a time-out).
    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a>;
}

/// What became of one attempt to send. Reasons are one line, safe to show: no secret, no phone number, no message text
/// beyond the tail of what the receiver itself answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it. `reply` is JSON text and becomes the job's return value (`null` when there is none).
    Accepted {
        /// Valid JSON text.
        reply: String,
    },
    /// It failed and may work later: counts as an attempt and waits for the job's back-off.
    Retry {
        /// Why.
        reason: String,
    },
    /// The receiver said when to come back: waits that long and burns no attempt.
    Wait {
        /// Why.
        reason: String,
        /// How long, up to 24 h.
        after: Duration,
    },
    /// It can never work: dead letter at once, whatever attempts are left.
    Permanent {
        /// Why.
        reason: String,
    },
}
