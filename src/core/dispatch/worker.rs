//! This file is the heart: the loop of one worker on one queue.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::bell::Bell;
use super::brakes::Brakes;
use super::desk::Desk;
use super::exchange::{Exchange, Order};
use super::heartbeat::Heartbeat;
use super::liveness::{Lifeline, Liveness};
use super::lookup::Lookup;
use super::rescuer::Rescuer;
use super::rules::{End, Report, WorkerRules};
use super::service::Tick as _;
use super::slots::Slots;
use super::transport::{Outcome, Transport};
use super::witness::Witness;
use super::{random, service, verdict};
use crate::core::model::clock::Millis;
use crate::core::store::Queue;
use crate::core::store::error::StoreError;
use crate::core::store::intent::OnUncertain;
use crate::core::store::settle::MAX_SETTLE_BATCH;
use crate::core::store::take::{Content, Pace, TakeRules, TakenJob};

/// So many outcomes are worth a call of their own; with fewer it pays to wait for those that are about to end.
const WORTH_A_CALL: usize = 32;
/// So many are enough for each of two calls that stand one behind the other.
const WORTH_TWO_CALLS: usize = 24;
/// How soon `End::UntilEmpty` looks again while somebody else's jobs run.
const EMPTY_PAUSE: Duration = Duration::from_millis(200);
/// How soon a call is tried again that the server refused.
const REFUSED_PAUSE: Duration = Duration::from_millis(500);

/// A worker on one queue.
pub struct Worker {
    pub(super) queue: Queue,
    pub(super) rules: WorkerRules,
    take_rules: Arc<TakeRules>,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) desk: Desk,
    pub(super) brakes: Brakes,
    pub(super) sends: JoinSet<Sent>,
    pub(super) in_flight: HashMap<task::Id, (TakenJob, Content)>,
    pub(super) exchange: Exchange,
    pub(super) report: Report,
    lifeline: Lifeline,
    /// Hears of new incarnations; its present one.
    pub(super) incarnations: watch::Receiver<Arc<str>>,
    /// Where a failure happens, for its trace.
    pub(super) place: String,
    pub(super) takes: u64,
    pub(super) taken: u64,
    pub(super) pace: Option<Pace>,
    pub(super) quickest_answer: Duration,
    pub(super) server_clock: (Millis, Instant),
    pub(super) may_have_work: bool,
    pub(super) next_look: Instant,
    pub(super) next_due: Option<Instant>,
    pub(super) current: watch::Sender<Queue>,
    pub(super) stop: CancellationToken,
    pub(super) at_once: CancellationToken,
    /// What it remembers of its sends, with a fence.
    pub(super) witness: Option<Witness>,
    /// Until when its journal can't be written.
    pub(super) full_until: Option<Instant>,
}

/// What came of a start.
#[derive(Debug)]
pub(super) enum Sent {
    /// The transport's word.
    Outcome(Outcome),
    /// Not begun: the job is no longer this worker's.
    Refused,
    /// Not begun: the server could not be asked whether it may be.
    Unsent,
}

impl Worker {
    /// A worker that has not connected its own lines yet. `queue` is over a connection that stays broken once broken
    /// ([`crate::core::store::connect::ServerAddress::connect_once`]): the worker has to notice.
    ///
    /// # Errors
    /// When the system gives no random bytes for the worker's tokens.
    pub fn new(queue: Queue, rules: WorkerRules, transport: Arc<dyn Transport>) -> Result<Self, getrandom::Error> {
        let lifeline = Lifeline::new()?;
        let slots = if rules.take.fence.is_some() { Slots::FreeOnceStored } else { Slots::FreeOnceEnded };
        Ok(Self {
            desk: Desk::new(rules.concurrency.max(1), slots),
            brakes: Brakes::default(),
            sends: JoinSet::new(),
            in_flight: HashMap::new(),
            exchange: Exchange::default(),
            report: Report::default(),
            incarnations: lifeline.incarnations(),
            lifeline,
            place: format!("wq worker {} via {}", rules.take.worker.as_deref().unwrap_or("(unnamed)"), transport.name()),
            takes: 0,
            taken: 0,
            pace: None,
            quickest_answer: Duration::MAX,
            server_clock: (0, Instant::now()),
            may_have_work: true,
            next_look: Instant::now(),
            next_due: None,
            current: watch::Sender::new(queue.clone()),
            stop: CancellationToken::new(),
            at_once: CancellationToken::new(),
            witness: None,
            full_until: None,
            queue,
            take_rules: Arc::new(rules.take.clone()),
            rules,
            transport,
        })
    }

    /// Works until told to stop, or until its [`End`]. Then what was not started goes back, what is in flight ends, and
    /// every outcome is stored. `at_once` ends the waiting for what is in flight: it is cut off, and with a fence held.
    pub async fn run(mut self, stop: CancellationToken, at_once: CancellationToken) -> Report {
        (self.stop, self.at_once) = (stop, at_once);
        let services = CancellationToken::new();
        let _guard = services.clone().drop_guard();
        self.begin_to_remember().await;
        let heartbeat = Heartbeat { queue: self.current.subscribe(), locks: self.desk.locks.clone(), lock_ttl: self.rules.take.lock_ttl };
        let rescuer = Rescuer { queue: self.current.subscribe(), interval: self.rules.stalled_interval };
        let heartbeat = tokio::spawn(service::run(heartbeat, services.clone()));
        let rescuer = tokio::spawn(service::run(rescuer, services.clone()));
        let liveness = self.begin_to_live().await;
        let liveness = tokio::spawn(service::run(liveness, services.clone()));
        let lookup = self.lookup().map(|lookup| tokio::spawn(service::run(lookup, services.clone())));
        let prober = self.brakes.prober(self.current.subscribe(), Arc::clone(&self.transport), self.rules.probe);
        let prober = tokio::spawn(service::run(prober, services.clone()));
        let listening = services.child_token();
        let mut bell = Bell::hang(self.queue.clone(), self.rules.take.worker.clone(), listening.clone());

        while !self.stop.is_cancelled() {
            self.heed_death();
            self.look_after_journal();
            self.desk.return_surplus(Instant::now(), verdict::release);
            while self.is_worth_a_call() {
                self.begin_exchange(if self.may_call_twice() { self.desk.most_of_one() } else { MAX_SETTLE_BATCH });
                self.exchange.send_off().await;
            }
            self.start_due().await;
            if self.brakes.is_pressed() {
                self.brake().await;
            } else if self.some_ended_at_once().await {
                // They made room.
            } else if self.has_business() {
                self.begin_exchange(MAX_SETTLE_BATCH);
                self.exchange.send_off().await;
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
        // All end by their token; a panic in them was logged by the runtime.
        heartbeat.await.ok();
        rescuer.await.ok();
        liveness.await.ok();
        if let Some(lookup) = lookup {
            lookup.await.ok();
        }
        prober.await.ok();
        self.report
    }

    /// Subscribed and with its first sign of life: only then may it take.
    async fn begin_to_live(&mut self) -> Liveness {
        let mut liveness = Liveness::new(self.current.subscribe(), self.desk.locks.clone(), self.lifeline.clone());
        while !self.stop.is_cancelled() {
            match liveness.tick().await {
                Ok(_) => break,
                Err(error) => self.recover(&error).await,
            }
        }
        liveness
    }

    /// Only a worker that was told to looks for proof.
    fn lookup(&self) -> Option<Lookup> {
        self.rules.take.fence.filter(|fence| fence.policy == OnUncertain::Lookup)?;
        Some(Lookup {
            queue: self.current.subscribe(),
            transport: Arc::clone(&self.transport),
            rules: Arc::clone(&self.take_rules),
            keep: self.rules.keep.completed,
            wait: self.rules.uncertain_wait,
            asked: HashMap::new(),
        })
    }

    /// The server's clock, from its last answer on.
    pub(super) fn server_now(&self) -> Millis {
        let (then, answered) = self.server_clock;
        then.saturating_add(u64::try_from(answered.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// Whether so many outcomes wait that the server may as well work at them while others start.
    fn is_worth_a_call(&self) -> bool {
        let most_calls = if self.may_call_twice() { 2 } else { 1 };
        let worth = if self.exchange.is_under_way() { self.desk.half() } else { WORTH_A_CALL };
        self.exchange.under_way() < most_calls && !self.brakes.is_pressed() && self.desk.unsettled() >= worth
    }

    /// A second call stands behind the one under way, so that the server has it before the worker has read the answer to the
    /// first; where both have enough to do. Under a rate an answer says when its jobs may start, and is to be had soon.
    fn may_call_twice(&self) -> bool {
        self.pace.is_none() && self.desk.half() >= WORTH_TWO_CALLS
    }

    /// Lets sends that take no time end, so that they make room for others, and one call stores them all.
    async fn some_ended_at_once(&mut self) -> bool {
        let running = self.desk.running();
        if running == 0 || self.exchange.is_under_way() {
            return false;
        }
        task::yield_now().await;
        self.collect_ended();
        self.desk.running() < running
    }

    fn has_business(&self) -> bool {
        let has_outcomes = self.desk.unsettled() > 0;
        !self.exchange.is_under_way() && (has_outcomes || (self.may_have_work && self.is_hungry() && self.next_look <= Instant::now()))
    }

    /// Whether a job could start at once.
    fn is_hungry(&self) -> bool {
        self.appetite(MAX_SETTLE_BATCH) > 0 && self.desk.idle_slots() > 0
    }

    fn appetite(&self, most: usize) -> usize {
        match self.rules.end {
            _ if self.full_until.is_some() => 0,
            End::Once => usize::from(self.taken == 0 && !self.exchange.is_under_way()),
            End::Never | End::UntilEmpty => self.desk.appetite(self.pace.is_some(), most).min(MAX_SETTLE_BATCH).min(self.jobs_left()),
        }
    }

    /// How many more jobs it may take before it ends.
    fn jobs_left(&self) -> usize {
        let on_desk = self.desk.jobs();
        let left = |most: u64| usize::try_from(most.saturating_sub(self.report.tried())).unwrap_or(usize::MAX).saturating_sub(on_desk);
        self.rules.most_jobs.map_or(usize::MAX, left)
    }

    /// Begins to store up to `most` outcomes and to take the next jobs, in one call.
    pub(super) fn begin_exchange(&mut self, most: usize) {
        self.write_outcomes();
        let most = most.min(MAX_SETTLE_BATCH);
        let (appetite, unsettled) = (self.appetite(most), self.desk.unsettled());
        let want = match appetite {
            _ if self.next_look > Instant::now() => 0,
            appetite if unsettled == 0 => appetite.min(self.desk.idle_slots()),
            appetite => appetite,
        };
        let token = self.next_token();
        let batch = self.desk.hand_over(most, want);
        self.exchange.begin(self.queue.clone(), Arc::clone(&self.take_rules), Order { batch, want, token });
    }

    /// After a failed call: waits, or comes back over a new connection. What was taken and not started goes back, since
    /// its locks may have run out meanwhile; takes that were answered into the broken connection are undone. The word to
    /// stop ends it.
    pub(super) async fn recover(&mut self, error: &StoreError) {
        self.end_exchange().await;
        let stop = self.stop.clone();
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.come_back(error) => {}
        }
    }

    pub(super) async fn come_back(&mut self, error: &StoreError) {
        if !error.is_connection_lost() {
            tracing::error!(%error, "the server refuses; trying again");
            tokio::time::sleep(REFUSED_PAUSE).await;
            return;
        }
        self.desk.give_back(verdict::release);
        loop {
            let queue = self.reconnect().await;
            if let Err(error) = self.cross_barrier(&queue).await {
                tracing::debug!(%error, "lost the connection again");
                continue;
            }
            self.queue = queue;
            self.lifeline.note_reconnect(self.takes + 1);
            self.current.send_replace(self.queue.clone());
            let (me, bygone) = (Arc::clone(&self.incarnations.borrow()), self.lifeline.bygone(&self.desk.locks));
            match self.queue.reclaim(&me, &bygone).await {
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
        // What a call under way brings is not known yet: nobody is hungry meanwhile.
        let is_hungry = !self.exchange.is_under_way() && self.is_hungry();
        if is_hungry && !self.may_have_work {
            bell.arm();
        }
        let look = (is_hungry && self.may_have_work).then_some(self.next_look);
        let due = self.next_due.filter(|_| is_hungry);
        let poll = (self.rules.end != End::Never).then(|| Instant::now() + EMPTY_PAUSE);
        let until = [self.desk.next_start(), self.desk.surplus_until(), look, due, poll, self.full_until].into_iter().flatten().min();
        let alarm = async {
            match until {
                Some(moment) => tokio::time::sleep_until(moment).await,
                None => std::future::pending().await,
            }
        };
        let mut trial = None;
        tokio::select! {
            () = self.stop.cancelled() => {}
            Some(next) = self.brakes.next_trial() => trial = Some(next),
            Some(ended) = self.sends.join_next_with_id() => {
                self.ended(ended);
                self.collect_ended();
            }
            // The loop looks after it.
            _ = self.incarnations.changed() => self.incarnations.mark_changed(),
            answer = self.exchange.answer() => self.answered(answer).await,
            () = self.lifeline.lost() => self.try_connection().await,
            _wake = bell.ring() => self.may_have_work = true,
            () = alarm => {
                if self.next_due.is_some_and(|due| due <= Instant::now()) {
                    self.next_due = None;
                    self.may_have_work = true;
                }
            }
        }
        if let Some(trial) = trial {
            self.let_one_through(trial).await;
        }
    }

    fn house(&self) -> verdict::House<'_> {
        verdict::House { keep: self.rules.keep, fence: self.rules.take.fence, place: &self.place }
    }

    pub(super) fn collect_ended(&mut self) {
        while let Some(ended) = self.sends.try_join_next_with_id() {
            self.ended(ended);
        }
    }

    /// A send ended: its outcome passes the verdict and waits to be stored.
    pub(super) fn ended(&mut self, ended: Result<(task::Id, Sent), JoinError>) {
        let (id, sent) = match ended {
            Ok(ended) => ended,
            Err(error) => (error.id(), Sent::Outcome(Outcome::Uncertain { reason: "the transport failed unexpectedly".to_owned() })),
        };
        let Some((taken, content)) = self.in_flight.remove(&id) else { return };
        let outcome = match sent {
            Sent::Outcome(outcome) => outcome,
            Sent::Unsent => {
                self.remember(&taken, None);
                self.brakes.not_sent(&taken.id);
                return self.desk.ended(verdict::release(&taken));
            }
            Sent::Refused => {
                self.remember(&taken, None);
                tracing::warn!(job = %taken.id, "not sent: it is no longer this worker's");
                self.report.lost += 1;
                self.brakes.not_sent(&taken.id);
                return self.desk.lost(&taken);
            }
        };
        verdict::log_outcome(&taken.id, &outcome);
        self.remember(&taken, Some(&outcome));
        self.look_beyond(&taken.id, content.job.data.get(), &outcome);
        let settlement = verdict::judge(&taken, &content, outcome, self.house(), random);
        self.desk.ended(settlement);
    }

    async fn is_at_its_end(&mut self) -> bool {
        if self.jobs_left() == 0 && self.desk.is_empty() {
            return true;
        }
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
}
