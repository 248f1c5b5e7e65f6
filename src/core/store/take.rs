//! This file takes jobs for a worker, under all limits of the queue.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::Value;
use serde_json::value::RawValue;

use super::codec::{StoredOptions, array, bytes, integer, json_text, lossy, stored_options, text, unsigned};
use super::error::StoreError;
use super::intent::Fence;
use super::queue::Queue;
use super::scripts::{Arguments, RESERVE_SLOT, TAKE_JOBS, TAKE_TRIAL};
use crate::core::model::clock::Millis;
use crate::core::model::job::Job;
use crate::core::model::rate::{Rate, RateLimit};
use crate::core::model::recipients::RecipientLimits;

/// How a worker takes, and what it counts of what it settles.
#[derive(Clone, Debug)]
pub struct TakeRules {
    /// How long a lock lives without renewal.
    pub lock_ttl: Duration,
    /// The worker's name, for the field `pb`.
    pub worker: Option<String>,
    /// What the worker was told by `--rate`.
    pub rate: RateLimit,
    /// The `limiter` that Node workers on the same queue have: starts count in BullMQ's window too, and keep to it.
    pub node_limiter: Option<Rate>,
    /// Whether every send is announced before it is made, so that none is ever repeated blindly; `None` costs nothing.
    pub fence: Option<Fence>,
    /// What one recipient may get; `None` asks for nobody's recipient.
    pub recipients: Option<RecipientLimits>,
    /// Minutes that BullMQ's metrics of finished jobs go back; 0 counts nothing.
    pub metrics_minutes: u32,
}

impl TakeRules {
    /// Writes the twelve arguments that every taking script shares.
    pub(super) fn write(&self, token: &str, arguments: &mut Arguments) {
        let own = match self.rate {
            RateLimit::Limited(rate) => Some(rate),
            RateLimit::Unset | RateLimit::Unlimited => None,
        };
        let fallback = (self.rate == RateLimit::Unset).then_some(Rate::DEFAULT);
        arguments.push(token).number(self.lock_ttl.as_millis()).push(self.worker.as_deref().unwrap_or_default());
        for rate in [own, fallback, self.node_limiter] {
            arguments.number(rate.map_or(0, |rate| rate.max)).number(rate.map_or(0, Rate::window_ms));
        }
        match self.fence {
            Some(fence) => fence.write(arguments),
            None => {
                arguments.push("").number(0);
            }
        }
        match self.recipients {
            Some(RecipientLimits { interval, burst, daily }) => {
                arguments.push(format!("{},{burst},{}", interval.as_millis(), daily.unwrap_or(0)))
            }
            None => arguments.push(""),
        };
    }
}

/// Why a queue gave no more than it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBack {
    /// Somebody paused it.
    Paused,
    /// As many jobs are active as the queue allows.
    Concurrency,
    /// The rate allows the next start only after this long.
    Rate(Duration),
    /// Nothing waits: what came was the last there is, and the next add rings the bell.
    Empty,
}

/// What a take gave.
#[derive(Debug, Default)]
pub struct Taken {
    /// The server's clock when it answered.
    pub now: Millis,
    /// In the order they are to start.
    pub jobs: Vec<TakenJob>,
    /// Why there are no more.
    pub held_back: Option<HeldBack>,
    /// How long until the first delayed job is due, by the server's clock.
    pub next_due: Option<Duration>,
    /// Ids without a job that were removed.
    pub dropped: u64,
    /// How starts are paced; `None` without a rate.
    pub pace: Option<Pace>,
    /// Jobs that were not given out but held: they waited again although they may have been sent.
    pub held: u64,
}

/// How starts are paced under the rate in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two starts.
    pub gap: Duration,
    /// How much later than granted the starts of a window may be, all together, before one too many falls into it.
    pub slack: Duration,
}

/// A job that this worker holds the lock of.
#[derive(Debug)]
pub struct TakenJob {
    /// Its id.
    pub id: String,
    /// Value of its lock, shared by the jobs of one take.
    pub token: Arc<str>,
    /// How long after the answer it may start: its place in the pace.
    pub start_after: Duration,
    /// The same in microseconds of the server's clock; 0 without a rate.
    pub slot_us: u64,
    /// How often it was started, with this time; 0 when nobody counts, without a fence.
    pub starts: u32,
    /// Whether the server knows already that this worker is about to send it.
    pub is_intended: bool,
    /// Whether it was being sent when a process died: it has to run alone, so that nothing else is suspected the next time.
    pub is_suspect: bool,
    /// The job, or why it can't be read.
    pub content: Result<Content, String>,
}

/// A job that could be read.
#[derive(Debug)]
pub struct Content {
    /// What the transport gets; shared with the send.
    pub job: Arc<Job>,
    /// What the worker acts on.
    pub options: Arc<StoredOptions>,
    /// Attempts that ended before.
    pub attempts_made: u32,
    /// Whether it has all fields that BullMQ makes a job with.
    pub is_whole: bool,
    /// Whether BullMQ 4 counted attempts of it, in a field that has to be kept up.
    pub counts_for_v4: bool,
    /// A reason to fail the job without sending it (it stalled too often, or a child failed).
    pub deferred_failure: Option<String>,
}

/// Reads answers of take; jobs of a campaign share their options, so the last ones are kept parsed.
#[derive(Debug, Default)]
pub struct TakeReader {
    last_options: Mutex<Option<(Vec<u8>, Arc<StoredOptions>)>>,
}

impl Queue {
    /// Takes up to `want` jobs under one token, which must never be used for another call.
    ///
    /// # Errors
    /// When the server can't be asked. If the connection was lost, jobs may have been taken that nobody knows of;
    /// they run again when their lock has expired.
    pub async fn take(&self, want: usize, token: &Arc<str>, rules: &TakeRules, reader: &TakeReader) -> Result<Taken, StoreError> {
        let mut arguments = Arguments::default();
        arguments.number(want);
        rules.write(token, &mut arguments);
        let answer = TAKE_JOBS.run(&self.link, &self.keys, &arguments).await?;
        reader.read(self.name().as_str(), token, answer).ok_or_else(|| TAKE_JOBS.unexpected("another shape"))
    }

    /// Takes one job although the queue is paused, if it is `prober`'s turn to find out whether the provider is back.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub async fn take_trial(&self, token: &Arc<str>, rules: &TakeRules, reader: &TakeReader, prober: &str) -> Result<Taken, StoreError> {
        let mut arguments = Arguments::default();
        arguments.number(1);
        rules.write(token, &mut arguments);
        arguments.push(prober);
        let answer = TAKE_TRIAL.run(&self.link, &self.keys, &arguments).await?;
        reader.read(self.name().as_str(), token, answer).ok_or_else(|| TAKE_TRIAL.unexpected("another shape"))
    }

    /// Reserves a new start for a job that missed its own; returns how long until then.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn reserve_slot(&self, gap: Duration) -> Result<Duration, StoreError> {
        let mut arguments = Arguments::default();
        arguments.number(gap.as_micros());
        let answer = RESERVE_SLOT.run(&self.link, &self.keys, &arguments).await?;
        Ok(Duration::from_micros(unsigned(&answer)))
    }
}

impl TakeReader {
    /// Reads what `take` in `lua/lib/take.lua` returns; `None` when it has another shape.
    pub(super) fn read(&self, queue: &str, token: &Arc<str>, answer: Value) -> Option<Taken> {
        let [now, why, wait_us, due_us, dropped, jobs, gap_us, slack_us, held]: [Value; 9] = array(answer)?.try_into().ok()?;
        let now = unsigned(&now);
        let held_back = match text(why)?.as_str() {
            "paused" => Some(HeldBack::Paused),
            "concurrency" => Some(HeldBack::Concurrency),
            "empty" => Some(HeldBack::Empty),
            "rate" => Some(HeldBack::Rate(Duration::from_micros(unsigned(&wait_us)))),
            _ => None,
        };
        let gap = unsigned(&gap_us);
        let jobs = array(jobs)?.into_iter().map(|job| self.job(queue, token, (gap > 0).then_some(now), job)).collect::<Option<Vec<_>>>()?;
        Some(Taken {
            now,
            jobs,
            held_back,
            next_due: Some(unsigned(&due_us)).filter(|us| *us > 0).map(Duration::from_micros),
            dropped: unsigned(&dropped),
            pace: (gap > 0).then(|| Pace { gap: Duration::from_micros(gap), slack: Duration::from_micros(unsigned(&slack_us)) }),
            held: unsigned(&held),
        })
    }

    /// One job, as the header of `take` in `lua/lib/take.lua` says.
    fn job(&self, queue: &str, token: &Arc<str>, paced_from: Option<Millis>, job: Value) -> Option<TakenJob> {
        let mut parts = array(job)?;
        let more = parts.split_off(9.min(parts.len()));
        let [fields @ .., id, is_whole]: [Value; 9] = parts.try_into().ok()?;
        let nothing = Value::Nil;
        let (start_us, fenced, waits) = match more.as_slice() {
            [] => (0, None, &nothing),
            [start] => (unsigned(start), None, &nothing),
            [start, waits] => (unsigned(start), None, waits),
            [start, ats, flag] => (unsigned(start), Some((ats, flag)), &nothing),
            [start, ats, flag, waits, ..] => (unsigned(start), Some((ats, flag)), waits),
        };
        let (starts, flag) = fenced.map_or((0, 0), |(ats, flag)| (u32::try_from(unsigned(ats)).unwrap_or(u32::MAX), unsigned(flag)));
        let id = bytes(id)?;
        let is_addressable = std::str::from_utf8(&id).is_ok();
        let id = lossy(id);
        // No outcome could ever be stored under such an id: sent once, it would be sent again and again.
        let content = if is_addressable {
            self.content(queue, &id, fields, is_whole == Value::Int(1), waits)
        } else {
            Err("the id is no UTF-8".to_owned())
        };
        let slot_us = paced_from.map_or(0, |now| now * 1000 + start_us);
        let (token, start_after) = (Arc::clone(token), Duration::from_micros(start_us));
        Some(TakenJob { id, token, start_after, slot_us, starts, is_intended: flag == 1, is_suspect: flag == 2, content })
    }

    fn content(&self, queue: &str, id: &str, fields: [Value; 7], is_whole: bool, waits: &Value) -> Result<Content, String> {
        let [name, data, opts, timestamp, atm, v4_attempts, deferred] = fields;
        let counter = |value: &Value| u32::try_from(unsigned(value)).unwrap_or(u32::MAX);
        let name = bytes(name).ok_or("the job has no name")?;
        let name = String::from_utf8(name).map_err(|_| "the name is no UTF-8")?;
        let data: Box<RawValue> = json_text("data", bytes(data).ok_or("the job has no data")?)?;
        let options = self.options(bytes(opts).ok_or("the job has no opts")?)?;
        // BullMQ 4 counts in a field of its own; the larger is the truth.
        let attempts_made = counter(&atm).max(counter(&v4_attempts));
        let job = Job {
            queue: queue.to_owned(),
            id: id.to_owned(),
            name,
            data,
            attempt: attempts_made.saturating_add(1),
            attempts: options.attempts.max(1),
            stable_key: id.to_owned(),
            waits: counter(waits),
            timestamp: integer(&timestamp).and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0),
        };
        let counts_for_v4 = !matches!(v4_attempts, Value::Nil);
        Ok(Content { job: Arc::new(job), options, attempts_made, is_whole, counts_for_v4, deferred_failure: text(deferred) })
    }

    fn options(&self, bytes: Vec<u8>) -> Result<Arc<StoredOptions>, String> {
        let mut last = self.last_options.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, parsed)) = &*last
            && *known == bytes
        {
            return Ok(Arc::clone(parsed));
        }
        let parsed = Arc::new(stored_options(&bytes)?);
        *last = Some((bytes, Arc::clone(&parsed)));
        Ok(parsed)
    }
}
