//! This file stores what became of jobs, many in one script, and takes the next ones in the same call.

use std::sync::Arc;
use std::time::Duration;

use redis::Value;

use super::codec::{array, integer};
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{Arguments, SETTLE_JOBS};
use super::take::{TakeReader, TakeRules, Taken};
use crate::core::model::job::Keep;

/// BullMQ removes at most so many by age in one finish.
const DEFAULT_AGE_LIMIT: u64 = 1000;
/// The most that one call settles: a script of 100 stays in the low milliseconds.
pub const MAX_SETTLE_BATCH: usize = 100;

/// What became of one job that this worker holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Settlement {
    /// The job.
    pub id: String,
    /// Value of its lock.
    pub token: Arc<str>,
    /// Attempts that it is allowed, for the event `retries-exhausted`.
    pub attempts: u32,
    /// What happens to it.
    pub verdict: Verdict,
}

/// What happens to a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Sent.
    Completed {
        /// JSON text.
        return_value: String,
        /// What stays.
        keep: Keep,
    },
    /// A dead letter.
    Failed {
        /// Plain text.
        reason: String,
        /// JSON array of texts, or nothing to leave it as it is.
        stacktrace: Option<String>,
        /// What stays.
        keep: Keep,
    },
    /// A dead letter whose hash can't be read; unreadable fields are moved aside.
    Damaged {
        /// Plain text.
        reason: String,
    },
    /// Tried again: after the delay, or at once from the back of its line.
    Retry {
        /// Plain text.
        reason: String,
        /// JSON array of texts.
        stacktrace: Option<String>,
        /// Zero: at once.
        after: Duration,
        /// Goes to the front.
        lifo: bool,
    },
    /// Comes back later without having used an attempt.
    Wait {
        /// How long.
        after: Duration,
    },
    /// Never started: back to the front of its line.
    Release,
}

/// What storing it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is stored.
    Done,
    /// The job is gone.
    Missing,
    /// The lock expired: somebody else may have the job.
    LockLost,
    /// It is no longer active.
    NotActive,
    /// Its children are not finished.
    ChildrenPending,
    /// A child failed.
    ChildFailed,
    /// An answer that this version doesn't know.
    Unknown(i64),
}

impl Settled {
    fn from_code(code: i64) -> Self {
        match code {
            1 => Self::Done,
            -1 => Self::Missing,
            -2 | -6 => Self::LockLost,
            -3 => Self::NotActive,
            -4 => Self::ChildrenPending,
            -9 => Self::ChildFailed,
            other => Self::Unknown(other),
        }
    }
}

impl Queue {
    /// Stores up to [`MAX_SETTLE_BATCH`] settlements and takes up to `want` jobs under `token`.
    ///
    /// Safe to repeat after a lost answer, with `want` 0: what is stored answers [`Settled::LockLost`].
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn settle(
        &self,
        settlements: &[Settlement],
        want: usize,
        token: &Arc<str>,
        rules: &TakeRules,
        reader: &mut TakeReader,
    ) -> Result<(Vec<Settled>, Taken), StoreError> {
        let arguments = settle_arguments(settlements, want, token, rules);
        let answer = SETTLE_JOBS.run(&self.link, &self.keys, &arguments).await?;
        let shape = || SETTLE_JOBS.unexpected("another shape");
        let [statuses, taken]: [Value; 2] = array(answer).and_then(|parts| parts.try_into().ok()).ok_or_else(shape)?;
        let statuses = array(statuses).ok_or_else(shape)?;
        let settled: Vec<Settled> = statuses.iter().map(|status| Settled::from_code(integer(status).unwrap_or(0))).collect();
        if settled.len() != settlements.len() {
            return Err(SETTLE_JOBS.unexpected(format!("{} statuses for {} jobs", settled.len(), settlements.len())));
        }
        let taken = if want == 0 { Taken::default() } else { reader.read(self.name().as_str(), token, taken).ok_or_else(shape)? };
        Ok((settled, taken))
    }
}

fn settle_arguments(settlements: &[Settlement], want: usize, token: &str, rules: &TakeRules) -> Arguments {
    let mut keeps: Vec<Keep> = Vec::new();
    let mut rule_number = |keep: Keep| {
        if keep.age_s.is_none() && keep.count.is_none() {
            return 0;
        }
        keeps.iter().position(|known| *known == keep).map_or_else(
            || {
                keeps.push(keep);
                keeps.len()
            },
            |index| index + 1,
        )
    };
    let mut jobs = Arguments::default();
    for Settlement { id, token, attempts, verdict } in settlements {
        let (kind, text, stacktrace, ms, rule) = match verdict {
            Verdict::Completed { return_value, keep } => ("completed", return_value.as_str(), None, 0, rule_number(*keep)),
            Verdict::Failed { reason, stacktrace, keep } => ("failed", reason.as_str(), stacktrace.as_deref(), 0, rule_number(*keep)),
            Verdict::Damaged { reason } => ("damaged", reason.as_str(), None, 0, 0),
            Verdict::Retry { reason, stacktrace, after, lifo } => {
                (if *lifo { "retry_lifo" } else { "retry" }, reason.as_str(), stacktrace.as_deref(), after.as_millis(), 0)
            }
            // Zero would be due at once but still pass through the delayed set: one millisecond says the same.
            Verdict::Wait { after } => ("wait", "", None, after.as_millis().max(1), 0),
            Verdict::Release => ("release", "", None, 0, 0),
        };
        jobs.push(id.as_str()).push(&**token).push(kind).push(text).push(stacktrace.unwrap_or_default());
        jobs.number(ms).number(*attempts).number(rule);
    }
    let mut arguments = Arguments::default();
    arguments.number(want);
    rules.write(token, &mut arguments);
    arguments.number(keeps.len());
    for keep in keeps {
        arguments.push(optional(keep.age_s)).push(optional(keep.count)).number(keep.limit.unwrap_or(DEFAULT_AGE_LIMIT));
    }
    arguments.append(jobs);
    arguments
}

/// -1 stands for "any" in the script.
fn optional(number: Option<u64>) -> String {
    number.map_or_else(|| "-1".to_owned(), |number| number.to_string())
}
