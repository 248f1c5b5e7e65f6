//! This file describes a job: as it is added, as a worker gets it, and as it is looked at.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::clock::Millis;
use super::deduplication::Deduplication;
use super::priority::Priority;
use super::state::JobState;

/// The name of a job unless told otherwise.
pub const DEFAULT_JOB_NAME: &str = "send";
/// The largest `data` that an add accepts, in bytes of JSON text.
pub const MAX_DATA_BYTES: usize = 1024 * 1024;

/// When a new job may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Start {
    /// As soon as a worker is free.
    #[default]
    Now,
    /// So long after the server's clock reads the add.
    After(Duration),
    /// At this moment of the server's clock.
    At(Millis),
}

/// How long a failed attempt waits for the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backoff {
    /// `fixed` or `exponential`; any other word is a strategy that only its own worker knows.
    #[serde(rename = "type")]
    pub kind: String,
    /// The base in milliseconds; fractions are allowed by BullMQ.
    #[serde(default)]
    pub delay: f64,
    /// 0 (none) to 1 (anything from 0 to the full delay).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<f64>,
}

/// How many finished jobs are kept: BullMQ's `removeOnComplete` and `removeOnFail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Keep {
    /// Remove those that finished longer ago than this many seconds.
    pub age_s: Option<u64>,
    /// Keep at most this many; 0 removes the job at once.
    pub count: Option<u64>,
    /// At most so many are removed by age in one finish (BullMQ: 1,000).
    pub limit: Option<u64>,
}

impl Keep {
    /// Everything is kept.
    pub const ALL: Self = Self { age_s: None, count: None, limit: None };
    /// Nothing is kept.
    pub const NONE: Self = Self { age_s: None, count: Some(0), limit: None };
}

/// The options of a new job, in BullMQ's long names when written.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct JobOptions {
    /// How often the job may be tried; 0 and 1 both mean once.
    pub attempts: u32,
    /// What a failed attempt waits for; none means that it runs again at once.
    pub backoff: Option<Backoff>,
    /// 0 goes to `wait`.
    pub priority: Option<Priority>,
    /// When it may run.
    pub start: Start,
    /// Last in, first out; only for jobs without delay and priority.
    pub lifo: bool,
    /// What is kept once completed; the worker's rule when `None`.
    pub remove_on_complete: Option<Keep>,
    /// What is kept once failed; everything when `None`.
    pub remove_on_fail: Option<Keep>,
    /// Only one of the jobs that mean the same is stored.
    pub deduplication: Option<Deduplication>,
    /// Options that `wq` itself has no use for, passed through to Node (`keepLogs`, `stackTraceLimit`, …).
    pub other: serde_json::Map<String, serde_json::Value>,
}

impl JobOptions {
    /// What `enqueue`, `bulk` and `schedule` write unless told otherwise: three attempts, exponential from 2 s.
    pub fn standard() -> Self {
        Self {
            attempts: 3,
            backoff: Some(Backoff { kind: "exponential".to_owned(), delay: 2000.0, jitter: None }),
            priority: Some(Priority::NORMAL),
            ..Self::default()
        }
    }
}

/// A job that is about to be added. Its id exists before the first try, so a repeated add stores it once.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// Made by [`super::id::IdMaker`], by [`super::id::digest_id`], or checked by [`super::id::check_new_id`].
    pub id: String,
    /// `send` by default.
    pub name: String,
    /// JSON text, stored byte for byte.
    pub data: String,
    /// How it runs.
    pub options: JobOptions,
}

/// What an add did with one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddStatus {
    /// The job is in the queue and was not before.
    Stored,
    /// Its id is, or was, already there: nothing changed.
    Duplicate,
    /// Another job owns its deduplication id, so this one was not stored; it may have put that one off, or wait for its end.
    Deduplicated {
        /// The id of the owner.
        by: String,
    },
}

/// A job in a worker's hands.
#[derive(Clone, Debug)]
pub struct Job {
    /// The queue it came from.
    pub queue: String,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// JSON text as stored; never parsed on the way from Redis to the wire.
    pub data: Box<RawValue>,
    /// The attempt that is about to be made, from 1.
    pub attempt: u32,
    /// How often it may be tried, at least 1.
    pub attempts: u32,
    /// Sent as `Idempotency-Key`; the same for every attempt of the same message.
    pub stable_key: String,
    /// How often it was told to wait so far ([`wait` and `defer`](crate::core::dispatch::transport::Outcome)); growing waits grow by it.
    pub waits: u32,
    /// When it was added.
    pub timestamp: Millis,
}

/// A job as a reader sees it: all of its hash, nothing checked.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct JobRecord {
    /// Its id, any bytes shown as UTF-8.
    pub id: String,
    /// Where it was found.
    pub state: Option<JobState>,
    /// Its name.
    pub name: String,
    /// JSON text as stored (possibly damaged).
    pub data: String,
    /// JSON text of its options as stored (possibly damaged).
    pub options: String,
    /// When it was added.
    pub timestamp: Option<Millis>,
    /// The delay in milliseconds that it is in, or was added with.
    pub delay_ms: u64,
    /// When it is due; only for delayed jobs.
    pub due: Option<Millis>,
    /// BullMQ's number.
    pub priority: u32,
    /// Attempts that ended.
    pub attempts_made: u32,
    /// Attempts that started.
    pub attempts_started: u32,
    /// Attempts that are allowed (at least 1).
    pub attempts_allowed: u32,
    /// How often it stalled.
    pub stalled: u32,
    /// When its last attempt started.
    pub processed_on: Option<Millis>,
    /// When it completed or failed.
    pub finished_on: Option<Millis>,
    /// The worker that had it last.
    pub worker: Option<String>,
    /// Why it failed, plain text.
    pub failed_reason: Option<String>,
    /// JSON text.
    pub return_value: Option<String>,
    /// JSON text.
    pub progress: Option<String>,
    /// One text per failed attempt, oldest first.
    pub stacktrace: Vec<String>,
    /// The deduplication id that it was added with.
    pub deduplication_id: Option<String>,
    /// `<prefix>:<queue>:<id>` of its parent in a flow.
    pub parent: Option<String>,
    /// Why its parent was not told how it ended, plain text.
    pub parent_problem: Option<String>,
    /// The stable key by which the receiver knows it, where it isn't the id.
    pub stable_key: Option<String>,
    /// Who was about to send it, while nobody knows how that ended.
    pub intent: Option<SendIntent>,
    /// The provider's id of the message that it was sent as; `?` where the provider gave none.
    pub sent_as: Option<String>,
}

/// A worker's word that the next thing it does is to send a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendIntent {
    /// The start of a worker process, by its random name.
    pub incarnation: String,
    /// When it said so, by the server's clock.
    pub at: Millis,
    /// From when on nobody may still be sending it.
    pub until: Millis,
    /// What the worker does when nobody knows the outcome: `hold`, `retry` or `lookup`.
    pub policy: &'static str,
}
