//! This file is the heart: the loop of one worker on one queue.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::bell::Bell;
use super::desk::{Desk, Ready};
use super::expiry;
use super::heartbeat::Heartbeat;
use super::reconnect::reconnect;
use super::rescuer::Rescuer;
use super::rules::{End, Report, WorkerRules};
use super::transport::{Outcome, Transport};
use super::{random, service, verdict};
use crate::core::model::clock::Millis;
use crate::core::model::id::random_name;
use crate::core::store::Queue;
use crate::core::store::error::StoreError;
use crate::core::store::settle::{MAX_SETTLE_BATCH, Settled};
use crate::core::store::take::{Content, HeldBack, Pace, TakeReader, Taken, TakenJob};

/// How soon a queue is asked again whose global concurrency is used up.
const CONCURRENCY_PAUSE: Duration = Duration::from_millis(50);
/// The longest that a rate keeps a worker from asking again: somebody may have lifted it meanwhile.
const LONGEST_RATE_PAUSE: Duration = Duration::from_secs(5);
/// How soon `End::UntilEmpty` looks again while somebody else's jobs run.
const EMPTY_PAUSE: Duration = Duration::from_millis(200);
/// How soon a call is tried again that the server refused.
const REFUSED_PAUSE: Duration = Duration::from_millis(500);

/// A worker on one queue.
pub struct Worker {
    pub(super) queue: Queue,
    rules: WorkerRules,
    transport: Arc<dyn Transport>,
    desk: Desk,
    sends: JoinSet<Outcome>,
    in_flight: HashMap<task::Id, (TakenJob, Content)>,
    reader: TakeReader,
    report: Report,
    incarnation: String,
    /// Where a failure happens, for its trace.
    place: String,
    takes: u64,
    taken: u64,
    pace: Option<Pace>,
    quickest_answer: Duration,
    server_clock: (Millis, Instant),
    may_have_work: bool,
    next_look: Instant,
    next_due: Option<Instant>,
    repeating: usize,
    current: watch::Sender<Queue>,
    stop: CancellationToken,
}

impl Worker {
    /// A worker that has not connected its own lines yet. `queue` is over a connection that stays broken once broken
    /// ([`crate::core::store::connect::ServerAddress::connect_once`]): the worker has to notice.
    ///
    /// # Errors
    /// When the system gives no random bytes for the worker's tokens.
    pub fn new(queue: Queue, rules: WorkerRules, transport: Arc<dyn Transport>) -> Result<Self, getrandom::Error> {
        Ok(Self {
            desk: Desk::new(rules.concurrency.max(1)),
            sends: JoinSet::new(),
            in_flight: HashMap::new(),
            reader: TakeReader::default(),
            report: Report::default(),
            incarnation: random_name()?,
            place: format!("wq worker {} via {}", rules.take.worker.as_deref().unwrap_or("(unnamed)"), transport.name()),
            takes: 0,
            taken: 0,
            pace: None,
            quickest_answer: Duration::MAX,
            server_clock: (0, Instant::now()),
            may_have_work: true,
            next_look: Instant::now(),
            next_due: None,
            repeating: 0,
            current: watch::Sender::new(queue.clone()),
            stop: CancellationToken::new(),
            queue,
            rules,
            transport,
        })
    }

    /// Works until told to stop, or until its [`End`]. Then what was not started goes back, what is in flight ends, and
    /// every outcome is stored. Dropping the future instead cuts everything off.
    pub async fn run(mut self, stop: CancellationToken) -> Report {
        self.stop = stop;
        let services = CancellationToken::new();
        let _guard = services.clone().drop_guard();
        let heartbeat = Heartbeat { queue: self.current.subscribe(), locks: self.desk.locks.clone(), lock_ttl: self.rules.take.lock_ttl };
        let rescuer = Rescuer { queue: self.current.subscribe(), interval: self.rules.stalled_interval };
        let heartbeat = tokio::spawn(service::run(heartbeat, services.clone()));
        let rescuer = tokio::spawn(service::run(rescuer, services.clone()));
        let listening = services.child_token();
        let mut bell = Bell::hang(self.queue.clone(), self.rules.take.worker.clone(), listening.clone());

        while !self.stop.is_cancelled() {
            self.start_due().await;
            if self.has_business() {
                self.exchange().await;
            } else if self.is_at_its_end().await {
                break;
            } else {
                self.wait(&mut bell).await;
            }
        }
        // From now on a marker that wakes this worker would wake nobody.
        listening.cancel();
        bell.take_down().await;
        self.wind_down().await;
        services.cancel();
        // Both end by their token; a panic in them was logged by the runtime.
        heartbeat.await.ok();
        rescuer.await.ok();
        self.report
    }

    /// Starts every job whose moment has come and for which a slot is free.
    async fn start_due(&mut self) {
        while let Some(ready) = self.desk.next_to_start(Instant::now()) {
            match self.missed_start(&ready) {
                None => self.start(ready.taken),
                Some(pace) => self.start_later(ready, pace).await,
            }
        }
    }

    /// A start used too late would put one too many into a window.
    fn missed_start(&self, ready: &Ready) -> Option<Pace> {
        let late = ready.start_at.elapsed() + ready.doubt;
        self.pace.filter(|pace| late > pace.slack / 2)
    }

    async fn start_later(&mut self, mut ready: Ready, pace: Pace) {
        let asked = Instant::now();
        match self.queue.reserve_slot(pace.gap).await {
            Ok(wait) => {
                ready.start_at = Instant::now() + wait;
                ready.doubt = self.doubt(asked);
                self.desk.postpone(ready);
            }
            Err(error) => {
                self.desk.postpone(ready);
                self.recover(&error).await;
            }
        }
    }

    fn start(&mut self, mut taken: TakenJob) {
        // Unreadable jobs never get this far: `receive` settles them.
        let Ok(content) = std::mem::replace(&mut taken.content, Err(String::new())) else { return };
        if let Some(reason) = expiry::too_late(&content.job.data, self.server_now()) {
            tracing::warn!(job = %taken.id, reason, "dead letter: not sent");
            self.desk.settle_unstarted(verdict::fail_unsent(&taken, &content, &reason, self.rules.keep, &self.place));
            return;
        }
        let (transport, job) = (Arc::clone(&self.transport), Arc::clone(&content.job));
        let handle = self.sends.spawn(async move { transport.deliver(&job).await });
        self.in_flight.insert(handle.id(), (taken, content));
        self.desk.started();
    }

    /// The server's clock, from its last answer on.
    fn server_now(&self) -> Millis {
        let (then, answered) = self.server_clock;
        then.saturating_add(u64::try_from(answered.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    fn has_business(&self) -> bool {
        self.desk.unsettled() > 0 || (self.may_have_work && self.is_hungry() && self.next_look <= Instant::now())
    }

    /// Whether a job could start at once.
    fn is_hungry(&self) -> bool {
        self.appetite() > 0 && self.desk.idle_slots() > 0
    }

    fn appetite(&self) -> usize {
        match self.rules.end {
            End::Once => usize::from(self.taken == 0),
            End::Never | End::UntilEmpty => self.desk.appetite(self.pace.is_some()).min(MAX_SETTLE_BATCH),
        }
    }

    /// Stores outcomes and takes the next jobs in one call.
    async fn exchange(&mut self) {
        let batch = self.desk.to_settle(MAX_SETTLE_BATCH);
        let want = match self.appetite() {
            _ if self.next_look > Instant::now() => 0,
            appetite if batch.is_empty() => appetite.min(self.desk.idle_slots()),
            appetite => appetite,
        };
        let asked = Instant::now();
        self.takes += 1;
        let token: Arc<str> = format!("wq.{}.{}", self.incarnation, self.takes).into();
        let (queue, rules) = (&self.queue, &self.rules.take);
        let answer = if batch.is_empty() {
            queue.take(want, &token, rules, &mut self.reader).await.map(|taken| (Vec::new(), taken))
        } else {
            queue.settle(batch, want, &token, rules, &mut self.reader).await
        };
        match answer {
            Ok((settled, taken)) => {
                self.count(&settled);
                self.repeating = 0;
                if want > 0 {
                    self.receive(taken, asked).await;
                }
            }
            Err(error) => {
                self.repeating = self.desk.to_settle(MAX_SETTLE_BATCH).len();
                self.recover(&error).await;
            }
        }
    }

    /// Puts what was taken on the desk and remembers what the answer says about the time to come.
    async fn receive(&mut self, taken: Taken, asked: Instant) {
        let (answered, doubt) = (Instant::now(), self.doubt(asked));
        self.server_clock = (taken.now, answered);
        self.pace = taken.pace;
        self.report.dropped += taken.dropped;
        self.taken += taken.jobs.len() as u64;
        self.may_have_work = !taken.jobs.is_empty() || taken.dropped > 0;
        self.next_due = taken.next_due.map(|wait| answered + wait);
        match taken.held_back {
            Some(HeldBack::Rate(wait)) => {
                (self.may_have_work, self.next_look) = (true, answered + wait.min(LONGEST_RATE_PAUSE));
            }
            Some(HeldBack::Concurrency) => (self.may_have_work, self.next_look) = (true, answered + CONCURRENCY_PAUSE),
            Some(HeldBack::Empty) => self.may_have_work = false,
            Some(HeldBack::Paused) | None => {}
        }
        if let Err(error) = self.plan_next_runs(&taken.jobs, taken.now).await {
            self.taken -= taken.jobs.len() as u64;
            taken.jobs.into_iter().for_each(|job| self.desk.receive(job, answered, doubt));
            self.desk.give_back(verdict::release);
            return self.recover(&error).await;
        }
        for job in taken.jobs {
            match &job.content {
                Err(problem) => {
                    tracing::warn!(job = %job.id, problem, "dead letter: the job can't be read");
                    self.desk.settle_unstarted(verdict::damaged(&job, problem));
                }
                Ok(content) => {
                    if let Some(reason) = &content.deferred_failure {
                        let settlement = verdict::fail_unsent(&job, content, reason, self.rules.keep, &self.place);
                        self.desk.settle_unstarted(settlement);
                    } else {
                        let start_at = answered + job.start_after;
                        self.desk.receive(job, start_at, doubt);
                    }
                }
            }
        }
    }

    /// How much longer than the quickest one an answer took: so much is uncertain about when its slots begin.
    fn doubt(&mut self, asked: Instant) -> Duration {
        let took = asked.elapsed();
        self.quickest_answer = self.quickest_answer.min(took);
        took.saturating_sub(self.quickest_answer)
    }

    /// These outcomes are off the desk.
    fn count(&mut self, settled: &[Settled]) {
        let batch = self.desk.settled(settled.len());
        for (index, (settlement, settled)) in batch.iter().zip(settled).enumerate() {
            if matches!(settled, Settled::ChildrenPending | Settled::ChildFailed) {
                tracing::warn!(job = %settlement.id, ?settled, "dead letter: the job was sent, but its children don't let it complete");
                self.report.dead += 1;
                continue;
            }
            // A repeated call finds the locks gone of what the first one stored before its answer was lost.
            let was_stored = *settled == Settled::Done || index < self.repeating;
            if !was_stored {
                tracing::warn!(job = %settlement.id, ?settled, "the outcome was not stored: the job is no longer this worker's");
                self.report.lost += 1;
                continue;
            }
            self.report.count(&settlement.verdict);
        }
    }

    /// After a failed call: waits, or comes back over a new connection. What was taken and not started goes back, since
    /// its locks may have run out meanwhile; takes that were answered into the broken connection are undone. The word to
    /// stop ends it.
    async fn recover(&mut self, error: &StoreError) {
        let stop = self.stop.clone();
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.come_back(error) => {}
        }
    }

    async fn come_back(&mut self, error: &StoreError) {
        if !error.is_connection_lost() {
            tracing::error!(%error, "the server refuses; trying again");
            tokio::time::sleep(REFUSED_PAUSE).await;
            return;
        }
        self.desk.give_back(verdict::release);
        loop {
            self.queue = reconnect(&self.queue).await;
            self.current.send_replace(self.queue.clone());
            let owner = format!("wq.{}.", self.incarnation);
            let known = self.desk.locks.list();
            match self.queue.reclaim(&owner, &known).await {
                Ok(reclaimed) if reclaimed.is_empty() => break,
                Ok(reclaimed) => {
                    tracing::info!(jobs = reclaimed.len(), "gave back jobs whose take was lost with the connection");
                    break;
                }
                Err(error) => tracing::debug!(%error, "lost the connection again"),
            }
        }
        self.may_have_work = true;
        self.next_look = Instant::now();
    }

    /// Waits for whatever comes first: the end of a send, a start, a due job, the bell, or the word to stop.
    async fn wait(&mut self, bell: &mut Bell) {
        let is_hungry = self.is_hungry();
        if is_hungry && !self.may_have_work {
            bell.arm();
        }
        let look = (is_hungry && self.may_have_work).then_some(self.next_look);
        let due = self.next_due.filter(|_| is_hungry);
        let poll = (self.rules.end != End::Never).then(|| Instant::now() + EMPTY_PAUSE);
        let until = [self.desk.next_start(), look, due, poll].into_iter().flatten().min();
        let alarm = async {
            match until {
                Some(moment) => tokio::time::sleep_until(moment).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.stop.cancelled() => {}
            Some(ended) = self.sends.join_next_with_id() => {
                self.ended(ended);
                while let Some(ended) = self.sends.try_join_next_with_id() {
                    self.ended(ended);
                }
            }
            _wake = bell.ring() => self.may_have_work = true,
            () = alarm => {
                if self.next_due.is_some_and(|due| due <= Instant::now()) {
                    self.next_due = None;
                    self.may_have_work = true;
                }
            }
        }
    }

    fn house(&self) -> verdict::House<'_> {
        verdict::House { keep: self.rules.keep, fence: self.rules.take.fence, place: &self.place }
    }

    /// A send ended: its outcome passes the verdict and waits to be stored.
    fn ended(&mut self, ended: Result<(task::Id, Outcome), JoinError>) {
        let (id, outcome) = match ended {
            Ok(ended) => ended,
            Err(error) => (error.id(), Outcome::Retry { reason: "the transport failed unexpectedly".to_owned() }),
        };
        let Some((taken, content)) = self.in_flight.remove(&id) else { return };
        verdict::log_outcome(&taken.id, &outcome);
        let settlement = verdict::judge(&taken, &content, outcome, self.house(), random);
        self.desk.ended(settlement);
    }

    async fn is_at_its_end(&mut self) -> bool {
        match self.rules.end {
            End::Never => false,
            End::Once => self.desk.is_empty() && (self.taken > 0 || !self.may_have_work),
            End::UntilEmpty if !self.desk.is_empty() || self.may_have_work => false,
            End::UntilEmpty => match self.queue.has_work_left().await {
                Ok(has_work_left) => !has_work_left,
                Err(error) => {
                    self.recover(&error).await;
                    false
                }
            },
        }
    }

    /// The orderly end: nothing new, read-ahead goes back, sends in flight end, outcomes are stored; all within the grace.
    async fn wind_down(&mut self) {
        self.rules.end = End::Once;
        self.taken = self.taken.max(1);
        self.stop = CancellationToken::new();
        let grace = self.rules.grace;
        if tokio::time::timeout(grace, self.finish_what_runs()).await.is_err() {
            self.report.cut_off = self.desk.running() as u64;
            tracing::error!(sends = self.report.cut_off, outcomes = self.desk.unsettled(), "the grace time is over; cut off");
            self.sends.abort_all();
        }
    }

    async fn finish_what_runs(&mut self) {
        loop {
            self.desk.give_back(verdict::release);
            if self.desk.unsettled() > 0 {
                self.exchange().await;
            } else if let Some(ended) = self.sends.join_next_with_id().await {
                self.ended(ended);
            } else {
                return;
            }
        }
    }
}
