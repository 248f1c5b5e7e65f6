//! This file is the queue that a bench happens in: filled, worked on, and erased.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::adding;
use super::{AppError, Kind};
use crate::app::worker::WorkerPlan;
use crate::core::dispatch::{End, KeepRules, WorkerRules};
use crate::core::model::id::random_name;
use crate::core::model::job::Keep;
use crate::core::model::queue::Prefix;
use crate::core::model::rate::RateLimit;
use crate::core::store::connect::ServerAddress;
use crate::core::store::standstill::ProbeRules;
use crate::core::store::take::TakeRules;
use crate::core::store::{Obliterated, Queue};

/// As `wq worker` has it.
const LOCK_TTL: Duration = Duration::from_secs(30);
/// As `wq worker` has it.
const STALLED_INTERVAL: Duration = Duration::from_secs(30);

/// A queue of the bench's own.
#[derive(Debug)]
pub(super) struct Field {
    queue: Queue,
    server: ServerAddress,
    pub(super) patience: Duration,
}

/// How a worker of a bench differs from the others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) concurrency: usize,
    pub(super) end: End,
    pub(super) rate: RateLimit,
    pub(super) keep: Keep,
}

impl Field {
    /// A queue of a new name, so that two benches on a server don't meet.
    pub(super) async fn open(server: &ServerAddress, prefix: &Prefix, patience: Duration) -> Result<Self, AppError> {
        let name = random_name().map_err(|error| AppError::new(Kind::Other, format!("no random bytes from the system: {error}")))?;
        // A hash tag, so that all its keys are in one place of a cluster.
        let name = format!("{{{name}}}").parse().map_err(|error| AppError::new(Kind::Other, format!("the queue's name: {error}")))?;
        let queue = Queue::open(&server.connect(patience).await?, prefix, &name)?;
        Ok(Self { queue, server: server.clone(), patience })
    }

    pub(super) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Adds jobs to work off.
    pub(super) async fn fill(&self, jobs: usize) -> Result<(), AppError> {
        adding::add(self, jobs, adding::Kind::Plain).await
    }

    /// A worker as the command starts it.
    pub(super) fn worker(&self, manner: Manner) -> WorkerPlan {
        let Manner { concurrency, end, rate, keep } = manner;
        let rules = WorkerRules {
            journal: None,
            concurrency,
            take: TakeRules {
                lock_ttl: LOCK_TTL,
                worker: None,
                rate,
                node_limiter: None,
                fence: None,
                recipients: None,
                metrics_minutes: 0,
            },
            stalled_interval: STALLED_INTERVAL,
            uncertain_wait: Duration::ZERO,
            grace: self.patience,
            keep: KeepRules { completed: keep, ..KeepRules::default() },
            end,
            most_jobs: None,
            probe: ProbeRules::default(),
        };
        let queue = &self.queue;
        let queues = vec![queue.name().clone()];
        WorkerPlan { server: self.server.clone(), prefix: queue.prefix().clone(), queues, rules, patience: self.patience }
    }

    /// Empties the queue between two workloads.
    pub(super) async fn clear(&self) -> Result<(), AppError> {
        self.queue.pause().await?;
        match self.queue.obliterate(true).await? {
            Obliterated::Gone(_) => Ok(()),
            Obliterated::NotPaused | Obliterated::Busy => {
                let message = format!("somebody else works on the queue {} of this bench", self.queue.name());
                Err(AppError::new(Kind::Conflict, message))
            }
        }
    }

    /// Removes every key of the queue, also those that outlive its jobs.
    pub(super) async fn erase(&self) -> Result<(), AppError> {
        self.clear().await?;
        let erased = self.queue.erase().await?;
        tracing::debug!(keys = erased, "erased what outlived the queue");
        Ok(())
    }

    /// The token that ends a worker, cancelled also when the workload breaks off.
    pub(super) fn stop() -> (CancellationToken, tokio_util::sync::DropGuard) {
        let stop = CancellationToken::new();
        (stop.clone(), stop.drop_guard())
    }
}

/// A workload that did not do what it had to is worth no figure.
pub(super) fn must_be(what: &str, expected: usize, found: usize) -> Result<(), AppError> {
    if expected == found {
        return Ok(());
    }
    Err(AppError::new(Kind::CheckFailed, format!("{what}: {found} instead of {expected}")))
}
