//! This file gets jobs into the queue however often Redis goes away in between, and gives up when it stays away.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::error::{AppError, Kind};
use crate::core::model::job::{AddStatus, NewJob};
use crate::core::store::error::StoreError;
use crate::core::store::repeats::CallNames;
use crate::core::store::{Ledger, Queue};

/// The pause after the first failed try; doubled up to [`MAX_PAUSE`].
const MIN_PAUSE: Duration = Duration::from_millis(50);
/// Short, because messages wait for it.
const MAX_PAUSE: Duration = Duration::from_millis(500);
/// Calls that are under way at the same time: one runs in the server, one is on each way, one is being made.
const IN_FLIGHT: usize = 4;

/// Adds jobs to one queue. Calls are repeatable by their names, so a lost answer costs a repeated call and nothing else.
#[derive(Debug)]
pub(super) struct Feed {
    queue: Queue,
    ledger: Ledger,
    patience: Duration,
    calls: CallNames,
    last_answer: Mutex<Instant>,
    given_up: OnceLock<StoreError>,
}

impl Feed {
    /// A feed that gives up when there was no success for `patience`.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(super) fn new(queue: Queue, ledger: Ledger, patience: Duration) -> Result<Self, AppError> {
        let calls = call_names(patience)?;
        Ok(Self { queue, ledger, patience, calls, last_answer: Mutex::new(Instant::now()), given_up: OnceLock::new() })
    }

    /// Adds up to [`crate::core::store::MAX_ADD_BATCH`] jobs; fewer answers than jobs when the rest was not stored and the feed has
    /// given up.
    pub(super) async fn add(&self, jobs: &[NewJob]) -> Vec<AddStatus> {
        let started = Instant::now();
        let (mut statuses, mut rest, mut share) = (Vec::with_capacity(jobs.len()), jobs, jobs.len());
        let (mut pause, mut call) = (MIN_PAUSE, self.calls.next());
        while self.given_up.get().is_none() && !rest.is_empty() {
            let (batch, later) = rest.split_at(share.min(rest.len()));
            match self.queue.add_as(&call, batch, self.ledger).await {
                Ok(answers) => {
                    *self.last_answer.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
                    statuses.extend(answers);
                    (rest, share, call) = (later, later.len(), self.calls.next());
                    continue;
                }
                // What still has room goes in, so that a full queue is as full as it may be.
                Err(StoreError::Full { room, .. }) if room > 0 => {
                    (share, call) = (room, self.calls.next());
                    continue;
                }
                Err(error) if self.may_pass(&error, started, pause) => tracing::debug!(%error, "an add failed and is tried again"),
                Err(error) => {
                    self.give_up(error);
                    break;
                }
            }
            tokio::time::sleep(pause).await;
            pause = MAX_PAUSE.min(pause * 2);
        }
        statuses
    }

    /// Why it gave up; from then on nothing is tried any more.
    pub(super) fn given_up(&self) -> Option<&StoreError> {
        self.given_up.get()
    }

    /// Why it gave up, for good.
    pub(super) fn into_error(self) -> Option<StoreError> {
        self.given_up.into_inner()
    }

    /// Whether another try, after `pause`, may help and comes in time.
    fn may_pass(&self, error: &StoreError, started: Instant, pause: Duration) -> bool {
        let last_answer = *self.last_answer.lock().unwrap_or_else(PoisonError::into_inner);
        error.is_passing() && last_answer.max(started).elapsed() + pause < self.patience
    }

    fn give_up(&self, error: StoreError) {
        if let Err(later) = self.given_up.set(error) {
            tracing::debug!(error = %later, "another add had given up already");
        }
    }
}

/// How a run ends that could not get everything into the queue: of which kind that failure is, and what is true of the jobs
/// that were not acknowledged.
pub(super) fn shortfall(error: &StoreError) -> (Kind, &'static str) {
    match error {
        StoreError::Full { .. } => (Kind::Full, "were not stored"),
        error if error.leaves_doubt() => (Kind::Partial, "are not confirmed"),
        _ => (Kind::Partial, "were not stored"),
    }
}

/// Asks until there is an answer, for questions that can be asked twice; gives up after `patience`.
///
/// # Errors
/// The last one, when it lasts, or won't pass.
pub(super) async fn ask_patiently<T>(patience: Duration, mut ask: impl AsyncFnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let (started, mut pause) = (Instant::now(), MIN_PAUSE);
    loop {
        match ask().await {
            Err(error) if error.is_passing() && started.elapsed() + pause < patience => {
                tracing::debug!(%error, "a call failed and is tried again");
                tokio::time::sleep(pause).await;
                pause = MAX_PAUSE.min(pause * 2);
            }
            result => return result,
        }
    }
}

/// Names for the calls of one producer.
pub(super) fn call_names(patience: Duration) -> Result<CallNames, AppError> {
    CallNames::new(patience).map_err(|error| AppError::new(Kind::Other, format!("the system gives no random bytes: {error}")))
}

/// Several calls under way, each with what waits for its answer; they land in the order of their launch.
#[derive(Debug)]
pub(super) struct Convoy<T> {
    feed: Option<Arc<Feed>>,
    flights: VecDeque<Flight<T>>,
    has_landed: bool,
}

#[derive(Debug)]
struct Flight<T> {
    cargo: T,
    adding: JoinHandle<(Vec<NewJob>, Vec<AddStatus>)>,
}

/// A call that has been answered, or given up.
#[derive(Debug)]
pub(super) struct Landed<T> {
    /// What waited for it.
    pub(super) cargo: T,
    /// The jobs of the call, in order.
    pub(super) jobs: Vec<NewJob>,
    /// One answer a job; fewer when the feed has given up.
    pub(super) statuses: Vec<AddStatus>,
}

impl<T> Convoy<T> {
    /// A convoy for a feed; without one, every job counts as stored (a dry run).
    pub(super) fn new(feed: Option<Arc<Feed>>) -> Self {
        Self { feed, flights: VecDeque::new(), has_landed: false }
    }

    /// Whether one more call may be launched. The first flies alone: a server that doesn't know the script yet would answer
    /// several calls out of their order, and jobs would run out of the order of their rows.
    pub(super) fn has_room(&self) -> bool {
        self.flights.len() < if self.has_landed { IN_FLIGHT } else { 1 }
    }

    /// Whether nothing is under way.
    pub(super) fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    /// What waits for the calls that are under way.
    pub(super) fn cargoes(&self) -> impl Iterator<Item = &T> {
        self.flights.iter().map(|flight| &flight.cargo)
    }

    /// Starts a call.
    pub(super) fn launch(&mut self, jobs: Vec<NewJob>, cargo: T) {
        let feed = self.feed.clone();
        let adding = tokio::spawn(async move {
            let statuses = match feed {
                Some(feed) if !jobs.is_empty() => feed.add(&jobs).await,
                _ => vec![AddStatus::Stored; jobs.len()],
            };
            (jobs, statuses)
        });
        self.flights.push_back(Flight { cargo, adding });
    }

    /// Waits for the call that was launched first. Can be dropped and called again.
    pub(super) async fn land(&mut self) -> Option<Landed<T>> {
        let answer = (&mut self.flights.front_mut()?.adding).await;
        let cargo = self.flights.pop_front()?.cargo;
        self.has_landed = true;
        // When the task broke down, whether its jobs were stored is not known: they count as not stored.
        let (jobs, statuses) = answer.unwrap_or_default();
        Some(Landed { cargo, jobs, statuses })
    }
}
