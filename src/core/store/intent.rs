//! This file announces sends before they are made: the fence that keeps a message from being sent twice.

use std::sync::Arc;
use std::time::Duration;

use redis::Value;

use super::codec::{array, integer, unsigned};
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{Arguments, SEND_INTENTS};
use super::take::Pace;

/// How much longer than its time-out a send may take to end: after that nobody may still be sending.
const MARGIN: Duration = Duration::from_mins(1);

/// What a worker does with a send of which nobody knows whether it was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUncertain {
    /// Keeps it apart, for a person to decide.
    Hold,
    /// Sends it again: BullMQ's own way, for receivers that know a message by its key.
    Retry,
    /// Keeps it apart and asks the provider for proof that it was sent.
    Lookup,
}

impl OnUncertain {
    /// Its letter in an intent.
    fn letter(self) -> &'static str {
        match self {
            Self::Hold => "h",
            Self::Retry => "r",
            Self::Lookup => "l",
        }
    }
}

/// How sends are announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    /// What becomes of those whose outcome is unknown.
    pub policy: OnUncertain,
    /// The longest that one send takes.
    pub send_timeout: Duration,
}

impl Fence {
    /// Whether what may have been sent is kept apart instead of being sent again.
    pub fn holds(self) -> bool {
        self.policy != OnUncertain::Retry
    }

    /// Writes the two arguments that say how.
    pub(super) fn write(self, arguments: &mut Arguments) {
        arguments.push(self.policy.letter()).number((self.send_timeout + MARGIN).as_millis());
    }
}

/// A job that is about to be sent.
#[derive(Clone, Debug)]
pub struct Intent {
    /// The job.
    pub id: String,
    /// Value of its lock.
    pub token: Arc<str>,
    /// The start that it was granted under a rate, microseconds of the server's clock; 0 for none.
    pub slot_us: u64,
}

/// What the server says to an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// It may be sent, now.
    Granted,
    /// Its start has passed: there is a new one, and it has to be asked for again then.
    Later {
        /// How long until then.
        after: Duration,
        /// The same in microseconds of the server's clock.
        slot_us: u64,
    },
    /// It is no longer this worker's: it must not be sent.
    Refused,
}

impl Queue {
    /// Says that these jobs are sent next; one permit each.
    ///
    /// # Errors
    /// When the server can't be asked: then none of them may be sent, whatever it stored.
    pub async fn intend(&self, intents: &[Intent], fence: Fence, pace: Option<Pace>) -> Result<Vec<Permit>, StoreError> {
        let mut arguments = Arguments::default();
        fence.write(&mut arguments);
        arguments.number(pace.map_or(0, |pace| pace.gap.as_micros())).number(pace.map_or(0, |pace| pace.slack.as_micros()));
        for Intent { id, token, slot_us } in intents {
            arguments.push(id.as_str()).push(&**token).number(slot_us);
        }
        let answer = SEND_INTENTS.run(&self.link, &self.keys, &arguments).await?;
        let shape = || SEND_INTENTS.unexpected("another shape");
        let [now_us, answers]: [Value; 2] = array(answer).and_then(|pair| pair.try_into().ok()).ok_or_else(shape)?;
        let (now_us, answers) = (unsigned(&now_us), array(answers).ok_or_else(shape)?);
        if answers.len() != intents.len() {
            return Err(SEND_INTENTS.unexpected(format!("{} answers for {} jobs", answers.len(), intents.len())));
        }
        Ok(answers
            .iter()
            .map(|answer| match integer(answer) {
                Some(0) => Permit::Granted,
                Some(us) if us > 0 => {
                    let us = us.unsigned_abs();
                    Permit::Later { after: Duration::from_micros(us), slot_us: now_us + us }
                }
                _ => Permit::Refused,
            })
            .collect())
    }
}
