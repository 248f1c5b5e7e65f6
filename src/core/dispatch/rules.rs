//! This file says how a worker works and what it did.

use std::ops::AddAssign;
use std::path::PathBuf;
use std::time::Duration;

use super::journal::JournalSync;
use super::verdict::KeepRules;
use crate::core::store::settle::Verdict;
use crate::core::store::standstill::ProbeRules;
use crate::core::store::take::TakeRules;

/// When a worker ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Never.
    Never,
    /// When nothing waits, nothing runs and no retry is due; or when the queue is paused.
    UntilEmpty,
    /// After one job, or at once when there is none.
    Once,
}

/// Where a worker keeps its journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRules {
    /// A folder for journals alone.
    pub folder: PathBuf,
    /// What has to be true of an intent before the send begins.
    pub sync: JournalSync,
}

/// How a worker works.
#[derive(Clone, Debug)]
pub struct WorkerRules {
    /// Sends at a time, at least 1.
    pub concurrency: usize,
    /// Lock, name and rate.
    pub take: TakeRules,
    /// How often jobs of dead workers are looked for.
    pub stalled_interval: Duration,
    /// How long the provider is asked for proof of a send whose outcome is unknown, under the fence's `lookup`.
    pub uncertain_wait: Duration,
    /// How long sends in flight may go on after the worker was told to stop.
    pub grace: Duration,
    /// What stays of finished jobs.
    pub keep: KeepRules,
    /// When it ends by itself.
    pub end: End,
    /// It ends after so many jobs at the latest, whatever becomes of them; what it gives back untried doesn't count.
    pub most_jobs: Option<u64>,
    /// What it writes down of its sends, for a server that forgets; nothing for one that only seems to send.
    pub journal: Option<JournalRules>,
    /// How often a provider is asked whether it is back.
    pub probe: ProbeRules,
}

/// What a worker did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Sent and stored as completed.
    pub completed: u64,
    /// Dead letters, damaged jobs among them.
    pub dead: u64,
    /// Failed attempts that will be tried again.
    pub retried: u64,
    /// Jobs that were told to come back later.
    pub postponed: u64,
    /// Jobs that were taken, not started, and given back.
    pub given_back: u64,
    /// Outcomes that nobody wanted: the job was somebody else's by then.
    pub lost: u64,
    /// Sends that were cut off at the end of the grace time; their outcome is unknown.
    pub cut_off: u64,
    /// Ids that had no job and were removed.
    pub dropped: u64,
    /// Messages of which nobody knows whether they were sent: kept apart.
    pub held: u64,
}

impl AddAssign for Report {
    fn add_assign(&mut self, other: Self) {
        self.completed += other.completed;
        self.dead += other.dead;
        self.retried += other.retried;
        self.postponed += other.postponed;
        self.given_back += other.given_back;
        self.lost += other.lost;
        self.cut_off += other.cut_off;
        self.dropped += other.dropped;
        self.held += other.held;
    }
}

impl Report {
    /// Jobs that were tried.
    pub(super) fn tried(&self) -> u64 {
        self.completed + self.dead + self.retried + self.postponed + self.held + self.lost
    }

    /// Counts one stored outcome.
    pub(super) fn count(&mut self, verdict: &Verdict) {
        let counter = match verdict {
            Verdict::Completed { .. } => &mut self.completed,
            Verdict::Failed { .. } | Verdict::Damaged { .. } => &mut self.dead,
            Verdict::Held { .. } => &mut self.held,
            Verdict::Retry { .. } => &mut self.retried,
            Verdict::Wait { .. } | Verdict::Defer { .. } => &mut self.postponed,
            Verdict::Release => &mut self.given_back,
        };
        *counter += 1;
    }
}
