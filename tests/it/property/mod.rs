//! Whatever is done to a queue, in whatever order: the server holds what a small model in memory says.

mod model;
mod steps;
mod structure;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use wq::core::model::job::{AddStatus, JobOptions, Keep, NewJob, Start};
use wq::core::model::state::JobState;
use wq::core::store::connect::ServerAddress;
use wq::core::store::recover::Bygone;
use wq::core::store::settle::{self, Settled, Settlement, Trace, Verdict};
use wq::core::store::standstill::Paused;
use wq::core::store::take::{TakeReader, TakeRules};
use wq::core::store::update::JobUpdate;
use wq::core::store::{Change, Ledger, Queue, RetryRules};

use self::model::Model;
use self::steps::{Ending, Entry, Kind, Room, Step, name, steps};
use self::structure::Plain;
use crate::support::Server;

/// How many sequences of steps; `PROPTEST_CASES` and `PROPTEST_RNG_SEED` choose others.
const CASES: u32 = 60;
/// Later than any test ends.
const FAR: Duration = Duration::from_hours(2);

#[test]
fn whatever_is_done_to_a_queue_it_holds_what_the_model_says() {
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let from_environment = Config::default();
    let seed = match from_environment.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => u64::from(std::process::id()) ^ u64::from(std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos()) << 20,
    };
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { from_environment.cases } else { CASES };
    let config = Config { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, max_shrink_iters: 3000, ..from_environment };

    let outcome = TestRunner::new(config).run(&steps(), |steps| runtime.block_on(play(&server, &steps)).map_err(TestCaseError::fail));

    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, steps)) => {
            let steps: Vec<String> = steps.iter().map(|step| format!("  {step:?}")).collect();
            panic!("PROPTEST_RNG_SEED={seed}: {reason}\nin\n{}", steps.join("\n"))
        }
        Err(TestError::Abort(reason)) => panic!("PROPTEST_RNG_SEED={seed}: gave up: {reason}"),
    }
}

/// Does the steps one after the other and compares after each.
async fn play(server: &Server, steps: &[Step]) -> Result<(), String> {
    let mut player = Player::new(server).await;
    for (number, step) in steps.iter().enumerate() {
        let played = player.play(step).await;
        let compared = played.and_then(|()| structure::compare(&mut player.plain, &player.model, player.is_limited));
        compared.map_err(|problem| format!("step {} of {}, {step:?}: {problem}", number + 1, steps.len()))?;
    }
    Ok(())
}

/// A job that a worker has, or believes it has.
struct Held {
    id: String,
    token: Arc<str>,
    short_way: settle::Plain,
    doomed: bool,
}

/// Does each step on the server and in the model.
struct Player {
    plain: Plain,
    queue: Queue,
    rules: TakeRules,
    reader: TakeReader,
    model: Model,
    held: Vec<Held>,
    calls: u32,
    /// A global concurrency was set at some time: a slot that is free again wakes nobody, in BullMQ either.
    is_limited: bool,
}

impl Player {
    async fn new(server: &Server) -> Self {
        let mut plain = Plain(server.connection());
        plain.ask::<()>("FLUSHALL");
        // As Node's Queue says it; without, jobs may be parked for BullMQ 4, which the model knows nothing of.
        plain.ask::<()>("HSET bull:q:meta version bullmq:6.7.0");
        let link = ServerAddress::parse(&server.url()).unwrap().connect_once().await.unwrap();
        Self {
            plain,
            queue: Queue::open(&link, &"bull".parse().unwrap(), &"q".parse().unwrap()).unwrap(),
            rules: TakeRules {
                lock_ttl: Duration::from_mins(10),
                worker: None,
                rate: "none".parse().unwrap(),
                node_limiter: None,
                fence: None,
                recipients: None,
                metrics_minutes: 0,
            },
            reader: TakeReader::default(),
            model: Model::default(),
            held: Vec::new(),
            calls: 0,
            is_limited: false,
        }
    }

    async fn play(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Add(entries) => self.add(entries).await,
            Step::Take(want) => self.take(*want).await,
            Step::Settle { which, want, plain } => self.settle_some(which, *want, *plain).await,
            Step::GiveBack => {
                let batch = std::mem::take(&mut self.held).into_iter().rev().map(|held| (held, Ending::Release)).collect();
                self.settle(batch, 0, false).await
            }
            Step::LoseLock(index) => {
                self.lose_lock(*index);
                Ok(())
            }
            Step::StalledPass => self.stalled_pass().await,
            Step::Reclaim(remainder) => self.reclaim(*remainder).await,
            Step::FallDue(index) => {
                self.fall_due(*index);
                Ok(())
            }
            Step::Promote(ids) => {
                let ids = names(ids);
                let changes = self.queue.promote(&ids).await.unwrap();
                same("promoted", &changes, &each(&ids, |id| self.model.promote(id), Change::WrongState))
            }
            Step::Retry { ids, from_failed, keep_attempts } => {
                let (ids, from) = (names(ids), if *from_failed { JobState::Failed } else { JobState::Completed });
                let changes = self.queue.retry(&ids, from, RetryRules { keep_attempts: *keep_attempts, uncertain: false }).await.unwrap();
                same("retried", &changes, &each(&ids, |id| self.model.retry(id, *from_failed, *keep_attempts), Change::WrongState))
            }
            Step::Update { index, priority, first, later } => self.update(&name(*index), *priority, *first, *later).await,
            Step::Remove(ids) => {
                let ids = names(ids);
                let changes = self.queue.remove(&ids).await.unwrap();
                same("removed", &changes, &each(&ids, |id| self.model.remove(id), Change::Locked))
            }
            Step::Clean(room) => self.clean(*room).await,
            Step::Drain { delayed } => self.drain(*delayed).await,
            Step::Pause => {
                same("paused", &(self.queue.pause().await.unwrap() == Paused::Now), &!std::mem::replace(&mut self.model.paused, true))
            }
            Step::Resume => {
                same("resumed", &self.queue.resume().await.unwrap().was_paused, &std::mem::replace(&mut self.model.paused, false))
            }
            Step::LimitActive(most) => {
                self.is_limited = true;
                self.model.most_active = most.map(|most| usize::try_from(most).unwrap());
                self.queue.set_concurrency(*most).await.unwrap();
                Ok(())
            }
        }
    }

    async fn add(&mut self, entries: &[Entry]) -> Result<(), String> {
        let jobs: Vec<NewJob> = entries.iter().map(new_job).collect();
        let stored = self.queue.add(&jobs, Ledger::Skip).await.unwrap();
        let stored: Vec<bool> = stored.iter().map(|status| *status == AddStatus::Stored).collect();
        same("stored", &stored, &self.model.add(entries))
    }

    fn token(&mut self) -> Arc<str> {
        self.calls += 1;
        format!("wq.test.{}", self.calls).into()
    }

    /// As a worker that was woken: the marker is gone when it asks.
    async fn take(&mut self, want: usize) -> Result<(), String> {
        self.plain.ask::<u64>("ZREM bull:q:marker 0");
        let token = self.token();
        let taken = self.queue.take(want, &token, &self.rules, &self.reader).await.unwrap();
        self.receive(taken, want, &token)
    }

    fn receive(&mut self, taken: wq::core::store::take::Taken, want: usize, token: &Arc<str>) -> Result<(), String> {
        let ids: Vec<String> = taken.jobs.iter().map(|job| job.id.clone()).collect();
        same("taken", &ids, &self.model.take(want, token))?;
        for job in taken.jobs {
            let content = job.content.map_err(|problem| format!("{} can't be read: {problem}", job.id))?;
            let known = &self.model.jobs[&job.id];
            same("attempts made as the worker sees them", &u64::from(content.attempts_made), &known.attempts_made)?;
            same("doomed as the worker sees it", &content.deferred_failure.is_some(), &known.doomed)?;
            self.held.push(Held { id: job.id, token: job.token, short_way: (&content).into(), doomed: known.doomed });
        }
        Ok(())
    }

    async fn settle_some(&mut self, which: &[(usize, Ending)], want: usize, plain: bool) -> Result<(), String> {
        let mut batch = Vec::new();
        for (index, ending) in which {
            if self.held.is_empty() {
                break;
            }
            let held = self.held.remove(index % self.held.len());
            // A worker fails such a job whatever else it would do, and may give it back.
            let ending = if held.doomed && !matches!(ending, Ending::Release) { Ending::Fail } else { *ending };
            batch.push((held, ending));
        }
        self.settle(batch, want, plain).await
    }

    async fn settle(&mut self, batch: Vec<(Held, Ending)>, want: usize, plain: bool) -> Result<(), String> {
        let settlements: Vec<Settlement> = batch.iter().map(|(held, ending)| settlement(held, *ending, plain)).collect();
        let token = self.token();
        let (settled, taken) = self.queue.settle(&settlements, want, &token, &self.rules, &self.reader).await.unwrap();
        let stored: Vec<bool> = settled.iter().map(|settled| *settled == Settled::Done).collect();
        let expected: Vec<bool> = batch.iter().map(|(held, ending)| self.model.settle(&held.id, &held.token, *ending)).collect();
        same("settled", &stored, &expected)?;
        if want > 0 { self.receive(taken, want, &token) } else { Ok(()) }
    }

    /// As when it ran out; the worker doesn't know.
    fn lose_lock(&mut self, index: usize) {
        if let Some(held) = self.held.get(index % self.held.len().max(1)) {
            self.plain.ask::<u64>(&format!("DEL bull:q:{}:lock", held.id));
            self.model.lose_lock(&held.id);
        }
    }

    async fn stalled_pass(&mut self) -> Result<(), String> {
        self.plain.ask::<u64>("DEL bull:q:stalled-check");
        let recovered = self.queue.recover_stalled(Duration::from_mins(1)).await.unwrap();
        same("recovered", &recovered.iter().cloned().collect::<BTreeSet<_>>(), &self.model.stalled())?;
        self.model.recover(&recovered);
        Ok(())
    }

    async fn reclaim(&mut self, remainder: usize) -> Result<(), String> {
        let kept = self.held.iter().enumerate().filter(|(index, _)| index % 3 != remainder);
        let known: Vec<_> = kept.map(|(_, held)| (held.id.clone(), Arc::clone(&held.token))).collect();
        let reclaimed = self.queue.reclaim("test", &Bygone { first_take: u64::MAX, known: known.clone() }).await.unwrap();
        same("reclaimed", &reclaimed, &self.model.reclaim("wq.test.", &known))
    }

    /// Time passes for one job.
    fn fall_due(&mut self, index: usize) {
        let far = self.model.far();
        if let Some(id) = far.get(index % far.len().max(1)) {
            self.calls += 1;
            self.plain.ask::<u64>(&format!("ZADD bull:q:delayed {} {id}", self.calls));
            self.model.fall_due(id);
        }
    }

    async fn update(&mut self, id: &str, priority: Option<u8>, first: bool, later: bool) -> Result<(), String> {
        let priority = priority.map(u64::from);
        let update = JobUpdate {
            priority: priority.map(|priority| priority.try_into().unwrap()),
            lifo: first,
            start: later.then_some(Start::After(FAR)),
            ..JobUpdate::default()
        };
        let change = self.queue.update(id, &update, false).await.unwrap();
        let expected = each(&[id.to_owned()], |id| self.model.update(id, priority, first, later), Change::WrongState);
        same("updated", &[change], &[expected[0]])
    }

    async fn clean(&mut self, room: Room) -> Result<(), String> {
        let (state, ids): (JobState, Vec<String>) = match room {
            Room::Waiting => (JobState::Waiting, self.model.waiting.iter().cloned().collect()),
            Room::Prioritized => (JobState::Prioritized, self.model.prioritized()),
            Room::Delayed => (JobState::Delayed, self.model.delayed().into_iter().collect()),
            Room::Active => (JobState::Active, self.model.active.clone()),
            Room::Completed => (JobState::Completed, self.model.completed.iter().cloned().collect()),
            Room::Failed => (JobState::Failed, self.model.failed.iter().cloned().collect()),
        };
        same("cleaned", &self.queue.clean(state, Duration::ZERO, u64::MAX).await.unwrap(), &self.model.remove_all(ids))
    }

    async fn drain(&mut self, delayed: bool) -> Result<(), String> {
        let mut ids: Vec<String> = self.model.waiting.iter().cloned().chain(self.model.prioritized()).collect();
        if delayed {
            ids.extend(self.model.delayed());
        }
        same("drained", &self.queue.drain(delayed).await.unwrap(), &self.model.remove_all(ids))
    }
}

fn names(ids: &[usize]) -> Vec<String> {
    ids.iter().map(|index| name(*index)).collect()
}

/// What the model does with each id, in the store's words.
fn each(ids: &[String], mut change: impl FnMut(&str) -> Option<bool>, refusal: Change) -> Vec<Change> {
    let word = |done: Option<bool>| done.map_or(Change::NotFound, |done| if done { Change::Done } else { refusal });
    ids.iter().map(|id| word(change(id))).collect()
}

fn new_job(entry: &Entry) -> NewJob {
    let (priority, start) = match entry.kind {
        Kind::Plain | Kind::Lifo => (0, Start::Now),
        Kind::Prioritized(priority) => (priority, Start::Now),
        Kind::Delayed => (0, Start::After(FAR)),
        Kind::DelayedPrioritized(priority) => (priority, Start::After(FAR)),
    };
    let lifo = matches!(entry.kind, Kind::Lifo);
    let options = JobOptions { priority: u64::from(priority).try_into().ok(), start, lifo, ..JobOptions::default() };
    NewJob { id: entry.id(), name: "send".to_owned(), data: "{}".to_owned(), options }
}

fn settlement(held: &Held, ending: Ending, plain: bool) -> Settlement {
    let reason = || "why".to_owned();
    let completed = |keep| Verdict::Completed { return_value: "null".to_owned(), provider_id: None, keep };
    let failed = |keep| Verdict::Failed { reason: reason(), trace: Some(Trace { text: "where".to_owned(), kept: Some(2) }), keep };
    let retry = |after, lifo| Verdict::Retry { reason: reason(), trace: None, after, lifo };
    let verdict = match ending {
        Ending::Complete => completed(Keep::ALL),
        Ending::CompleteAndForget => completed(Keep::NONE),
        Ending::Fail => failed(Keep::ALL),
        Ending::FailAndForget => failed(Keep::NONE),
        Ending::Retry => retry(Duration::ZERO, false),
        Ending::RetryFirst => retry(Duration::ZERO, true),
        Ending::RetryLater => retry(FAR, false),
        Ending::Wait => Verdict::Wait { after: FAR },
        Ending::Release => Verdict::Release,
    };
    Settlement { id: held.id.clone(), token: Arc::clone(&held.token), attempts: 3, plain: plain.then_some(held.short_way), verdict }
}

/// Says what differs.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?} on the server, {expected:?} in the model")) }
}
