//! This file stores what became of jobs, many in one script, and takes the next ones in the same call.

use std::sync::Arc;
use std::time::Duration;

use redis::Value;

use super::codec::{array, integer, is_number_of_all};
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{Arguments, SETTLE_JOBS, SETTLE_SENT, Script};
use super::take::{Content, TakeReader, TakeRules, Taken};
use crate::core::model::job::Keep;

/// BullMQ removes at most so many by age in one finish.
pub(super) const DEFAULT_AGE_LIMIT: u64 = 1000;
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
    /// What is known of the job when nothing else is to be looked after once it was sent (no parent, no deduplication, no count of
    /// BullMQ 4): many such jobs are completed in few commands. What is no longer so by then is noticed.
    pub plain: Option<Plain>,
    /// What happens to it.
    pub verdict: Verdict,
}

/// What the short way has to know of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plain {
    /// Attempts that ended before this one.
    pub attempts_made: u32,
    /// [`Content::is_whole`].
    pub is_whole: bool,
}

impl From<&Content> for Plain {
    fn from(content: &Content) -> Self {
        Self { attempts_made: content.attempts_made, is_whole: content.is_whole }
    }
}

impl Settlement {
    /// Whether the short way may do.
    fn is_plain(&self) -> bool {
        self.plain.is_some() && matches!(self.verdict, Verdict::Completed { .. })
    }
}

/// How an attempt failed, for those who look for the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Added behind the traces of earlier attempts.
    pub text: String,
    /// The last so many are kept; all when `None`.
    pub kept: Option<u64>,
}

/// What happens to a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Sent.
    Completed {
        /// JSON text.
        return_value: String,
        /// The provider's id of the message; kept under a fence.
        provider_id: Option<String>,
        /// What stays.
        keep: Keep,
    },
    /// It may have been sent or not: a dead letter that is kept apart and never sent again without being asked.
    Held {
        /// Plain text, beginning with `uncertain:`.
        reason: String,
        /// Nothing leaves the traces as they are.
        trace: Option<Trace>,
    },
    /// A dead letter.
    Failed {
        /// Plain text.
        reason: String,
        /// Nothing leaves the traces as they are.
        trace: Option<Trace>,
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
        /// Nothing leaves the traces as they are.
        trace: Option<Trace>,
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
    /// The same, and until then nothing starts for its recipient either.
    Defer {
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
    /// It was sent, but somebody else has the job by now and probably sends it once more.
    Doubled,
    /// A parent was sent, and is a dead letter: its children are not finished.
    ChildrenPending,
    /// A parent was sent, and is a dead letter: a child failed meanwhile.
    ChildFailed,
    /// An answer that this version doesn't know.
    Unknown(i64),
}

impl Settled {
    fn from_code(code: i64) -> Self {
        match code {
            1 => Self::Done,
            2 => Self::Doubled,
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
        reader: &TakeReader,
    ) -> Result<(Vec<Settled>, Taken), StoreError> {
        if !settlements.is_empty() && settlements.iter().all(Settlement::is_plain) {
            let arguments = sent_arguments(settlements, want, token, rules);
            let answer = SETTLE_SENT.run(&self.link, &self.keys, &arguments).await?;
            if let Some(settled) = self.read_settled(&SETTLE_SENT, settlements, want, token, reader, answer)? {
                return Ok(settled);
            }
            // One of them needs more than that, so nothing was done.
        }
        let arguments = settle_arguments(settlements, want, token, rules);
        let answer = SETTLE_JOBS.run(&self.link, &self.keys, &arguments).await?;
        self.read_settled(&SETTLE_JOBS, settlements, want, token, reader, answer)?
            .ok_or_else(|| SETTLE_JOBS.unexpected("nothing was settled"))
    }

    /// What both scripts answer; `None` when the script did nothing.
    fn read_settled(
        &self,
        script: &Script,
        settlements: &[Settlement],
        want: usize,
        token: &Arc<str>,
        reader: &TakeReader,
        answer: Value,
    ) -> Result<Option<(Vec<Settled>, Taken)>, StoreError> {
        let shape = || script.unexpected("another shape");
        let parts = array(answer).ok_or_else(shape)?;
        if parts.is_empty() {
            return Ok(None);
        }
        let [statuses, taken]: [Value; 2] = parts.try_into().map_err(|_| shape())?;
        let settled = if is_number_of_all(&statuses, settlements.len()) {
            vec![Settled::Done; settlements.len()]
        } else {
            let statuses = array(statuses).ok_or_else(shape)?;
            if statuses.len() != settlements.len() {
                return Err(script.unexpected(format!("{} statuses for {} jobs", statuses.len(), settlements.len())));
            }
            statuses.iter().map(|status| Settled::from_code(integer(status).unwrap_or(0))).collect()
        };
        let taken = if want == 0 { Taken::default() } else { reader.read(self.name().as_str(), token, taken).ok_or_else(shape)? };
        Ok(Some((settled, taken)))
    }
}

/// Collects the distinct keep rules and classes of a call, which its jobs then name by number.
#[derive(Default)]
struct Numbered<T>(Vec<T>);

impl<T: PartialEq> Numbered<T> {
    /// From 1.
    fn number(&mut self, one: T) -> usize {
        // The last ones are the likeliest.
        if let Some(from_end) = self.0.iter().rev().position(|known| *known == one) {
            return self.0.len() - from_end;
        }
        self.0.push(one);
        self.0.len()
    }
}

impl Numbered<Keep> {
    /// 0 keeps everything.
    fn rule(&mut self, keep: Keep) -> usize {
        if keep.age_s.is_none() && keep.count.is_none() { 0 } else { self.number(keep) }
    }
}

/// What both scripts begin with: how to take, the keep rules, the minutes of metrics.
fn head(want: usize, token: &str, rules: &TakeRules, keeps: Numbered<Keep>) -> Arguments {
    let mut arguments = Arguments::default();
    arguments.number(want);
    rules.write(token, &mut arguments);
    arguments.number(keeps.0.len());
    for keep in keeps.0 {
        arguments.push(optional(keep.age_s)).push(optional(keep.count)).number(keep.limit.unwrap_or(DEFAULT_AGE_LIMIT));
    }
    arguments.number(rules.metrics_minutes);
    arguments
}

fn sent_arguments(sent: &[Settlement], want: usize, token: &str, rules: &TakeRules) -> Arguments {
    let (mut keeps, mut classes) = (Numbered::<Keep>::default(), Numbered::<(&str, Plain, usize)>::default());
    let mut jobs = Arguments::default();
    for settlement in sent {
        if let (Verdict::Completed { return_value, provider_id, keep }, Some(plain)) = (&settlement.verdict, settlement.plain) {
            let class = classes.number((&settlement.token, plain, keeps.rule(*keep)));
            jobs.push(settlement.id.as_str()).push(return_value.as_str()).number(class);
            if rules.fence.is_some() {
                jobs.push(provider_id.as_deref().unwrap_or_default());
            }
        }
    }
    let mut arguments = head(want, token, rules, keeps);
    arguments.number(classes.0.len());
    for (token, Plain { attempts_made, is_whole }, rule) in classes.0 {
        arguments.push(token).number(attempts_made.saturating_add(1)).number(rule).push(if is_whole { "1" } else { "0" });
    }
    arguments.append(&jobs);
    arguments
}

fn settle_arguments(settlements: &[Settlement], want: usize, token: &str, rules: &TakeRules) -> Arguments {
    let (mut keeps, mut jobs) = (Numbered::<Keep>::default(), Arguments::default());
    for settlement in settlements {
        write_job(settlement, &mut keeps, &mut jobs);
    }
    let mut arguments = head(want, token, rules, keeps);
    arguments.append(&jobs);
    arguments
}

/// The ten arguments of a job.
fn write_job(settlement: &Settlement, keeps: &mut Numbered<Keep>, jobs: &mut Arguments) {
    let (kind, text, trace, ms, rule) = match &settlement.verdict {
        Verdict::Completed { return_value, keep, .. } => ("completed", return_value.as_str(), None, 0, keeps.rule(*keep)),
        Verdict::Held { reason, trace } => ("hold", reason.as_str(), trace.as_ref(), 0, 0),
        Verdict::Failed { reason, trace, keep } => ("failed", reason.as_str(), trace.as_ref(), 0, keeps.rule(*keep)),
        Verdict::Damaged { reason } => ("damaged", reason.as_str(), None, 0, 0),
        Verdict::Retry { reason, trace, after, lifo } => {
            (if *lifo { "retry_lifo" } else { "retry" }, reason.as_str(), trace.as_ref(), after.as_millis(), 0)
        }
        // Zero would be due at once but still pass through the delayed set: one millisecond says the same.
        Verdict::Wait { after } => ("wait", "", None, after.as_millis().max(1), 0),
        Verdict::Defer { after } => ("defer", "", None, after.as_millis().max(1), 0),
        Verdict::Release => ("release", "", None, 0, 0),
    };
    jobs.push(settlement.id.as_str()).push(&*settlement.token).push(kind).push(text);
    jobs.push(trace.map_or("", |trace| &trace.text)).push(optional(trace.and_then(|trace| trace.kept)));
    let provider_id = match &settlement.verdict {
        Verdict::Completed { provider_id: Some(id), .. } => id.as_str(),
        _ => "",
    };
    jobs.number(ms).number(settlement.attempts).number(rule).push(provider_id);
}

/// -1 stands for "any" in the script.
fn optional(number: Option<u64>) -> String {
    number.map_or_else(|| "-1".to_owned(), |number| number.to_string())
}
