//! This file says what a way to send must do; the ways themselves live in [`crate::transport`].

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::core::model::clock::Millis;
use crate::core::model::job::Job;
use crate::core::model::outage::Outage;

/// Something a transport is asked, under way.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// A delivery under way.
pub type Delivery<'a> = Answer<'a, Outcome>;

/// A way to send a message.
pub trait Transport: Send + Sync {
    /// The word after `--via`.
    fn name(&self) -> &'static str;

    /// Sends one job and says what became of it. Never panics, always ends (every way has a time-out).
    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a>;

    /// Whether sends can work at all: asked before a queue that was paused for its provider goes on.
    fn health(&self) -> Answer<'_, Health> {
        Box::pin(std::future::ready(Health::Unknown))
    }

    /// Looks for proof that a job whose outcome is unknown was sent: the provider's id of the message. `intent` is when its worker was
    /// about to write the request, by Redis' clock; what was sent before is no proof.
    fn look_up<'a>(&'a self, _job: &'a Job, _intent: Millis) -> Answer<'a, Option<String>> {
        Box::pin(std::future::ready(None))
    }

    /// What a delivery noticed about the provider beside its own outcome, told once: asked after each outcome, and a queue with an outage
    /// is paused for it. (A page instead of an answer leaves its message uncertain, and says that the base URL may be wrong.)
    fn noticed(&self) -> Option<Outage> {
        None
    }
}

/// What a provider says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It takes messages.
    Up,
    /// It doesn't, and why.
    Down(Outage),
    /// This way to send can't be asked: one message is let through instead.
    Unknown,
}

/// What became of one attempt to send: the classes of `whatsapp-domain.md`, section 8. Reasons are one line of the form
/// `class:code details` where a provider said a code, safe to show: no secret, no phone number, no message text beyond
/// the tail of what the receiver itself answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it. `reply` is JSON text and becomes the job's return value (`null` when there is none).
    Accepted {
        /// Valid JSON text.
        reply: String,
        /// The provider's id of the message, by which webhooks name it.
        provider_id: Option<String>,
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
        /// The receiver gets too many messages: the pace is halved and recovers slowly.
        slow_down: bool,
    },
    /// This recipient gets too many messages: all that go to it wait that long, others go on. Burns no attempt.
    Defer {
        /// Why.
        reason: String,
        /// How long, up to 7 days.
        after: Duration,
    },
    /// It can never work: dead letter at once, whatever attempts are left.
    Permanent {
        /// Why.
        reason: String,
    },
    /// Nothing can be sent until something is put right: the queue is paused, the job goes back unharmed.
    PauseQueue(Outage),
    /// Nothing of this job's campaign, or of its template, can be sent: those step aside, others go on.
    PauseCampaign {
        /// Why.
        reason: String,
        /// What steps aside.
        scope: PauseScope,
    },
    /// It may have been sent or not: never repeated blindly.
    Uncertain {
        /// Why nobody knows.
        reason: String,
    },
}

/// What steps aside while the rest of a queue goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseScope {
    /// All jobs with the same `campaign`.
    Campaign,
    /// All jobs with the same template name and language.
    Template,
}
