//! What the store promises its callers, on a real server: order, limits, pace, damage, retention.

mod death;
mod dedup;
mod families;
mod fence;
mod foreign;
mod own_keys;
mod repeats;
mod reserved;
mod rollback;
mod settling;
mod sweep;
mod upkeep;

use std::sync::Arc;
use std::time::Duration;

use wq::core::model::job::{AddStatus, JobOptions, Keep, NewJob, Start};
use wq::core::model::rate::RateLimit;
use wq::core::model::state::JobState;
use wq::core::store::connect::ServerAddress;
use wq::core::store::settle::{Settled, Settlement, Trace, Verdict};
use wq::core::store::standstill::Paused;
use wq::core::store::take::{HeldBack, TakeReader, TakeRules, Taken};
use wq::core::store::{Change, Ledger, Obliterated, Queue, RetryRules};

use crate::support::Server;

async fn queue(server: &Server) -> Queue {
    let link = ServerAddress::parse(&server.url()).unwrap().connect_once().await.unwrap();
    Queue::open(&link, &"bull".parse().unwrap(), &"q".parse().unwrap()).unwrap()
}

fn job(id: &str) -> NewJob {
    NewJob { id: id.to_owned(), name: "send".to_owned(), data: "{}".to_owned(), options: JobOptions::default() }
}

fn job_with(id: &str, options: JobOptions) -> NewJob {
    NewJob { options, ..job(id) }
}

fn prioritized(id: &str, priority: u64) -> NewJob {
    job_with(id, JobOptions { priority: priority.try_into().ok(), ..JobOptions::default() })
}

/// A worker's hand: takes and settles under tokens of its own.
struct Hand {
    queue: Queue,
    rules: TakeRules,
    reader: TakeReader,
    calls: u32,
}

impl Hand {
    async fn new(server: &Server, rate: &str) -> Self {
        let rules = TakeRules {
            lock_ttl: Duration::from_secs(30),
            worker: None,
            rate: rate.parse().unwrap(),
            node_limiter: None,
            fence: None,
            recipients: None,
            metrics_minutes: 0,
        };
        Self { queue: queue(server).await, rules, reader: TakeReader::default(), calls: 0 }
    }

    fn token(&mut self) -> Arc<str> {
        self.calls += 1;
        format!("wq.test.{}", self.calls).into()
    }

    async fn take(&mut self, want: usize) -> Taken {
        let token = self.token();
        self.queue.take(want, &token, &self.rules, &self.reader).await.unwrap()
    }

    async fn take_ids(&mut self, want: usize) -> Vec<String> {
        self.take(want).await.jobs.into_iter().map(|job| job.id).collect()
    }

    async fn settle(&mut self, taken: &Taken, verdict: Verdict) -> Vec<Settled> {
        let settlement = |job: &wq::core::store::take::TakenJob| Settlement {
            id: job.id.clone(),
            token: Arc::clone(&job.token),
            attempts: 1,
            plain: job.content.as_ref().ok().map(Into::into),
            verdict: verdict.clone(),
        };
        let settlements: Vec<Settlement> = taken.jobs.iter().map(settlement).collect();
        let token = self.token();
        self.queue.settle(&settlements, 0, &token, &self.rules, &self.reader).await.unwrap().0
    }
}

fn completed(keep: Keep) -> Verdict {
    Verdict::Completed { return_value: "null".to_owned(), provider_id: None, keep }
}

#[tokio::test]
async fn a_repeated_add_stores_nothing_and_says_so() {
    let server = Server::start();
    let queue = queue(&server).await;
    let jobs = [job("a"), job("b"), job("a")];

    let first = queue.add(&jobs, Ledger::Skip).await.unwrap();
    let second = queue.add(&jobs, Ledger::Skip).await.unwrap();

    assert_eq!(first, [AddStatus::Stored, AddStatus::Stored, AddStatus::Duplicate]);
    assert_eq!(second, [const { AddStatus::Duplicate }; 3]);
    assert_eq!(queue.counts().await.unwrap().waiting, 2);
}

#[tokio::test]
async fn jobs_run_by_priority_and_in_their_order_within_it() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    let lifo = job_with("next", JobOptions { lifo: true, ..JobOptions::default() });
    let jobs = [prioritized("low", 4), prioritized("high 1", 2), job("plain"), prioritized("high 2", 2), lifo];

    hand.queue.add(&jobs, Ledger::Skip).await.unwrap();

    assert_eq!(hand.take_ids(10).await, ["next", "plain", "high 1", "high 2", "low"]);
}

#[tokio::test]
async fn delayed_jobs_of_one_moment_keep_their_order() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    let at = hand.queue.server_now().await.unwrap() + 150;
    let jobs: Vec<NewJob> =
        (0..10).map(|n| job_with(&format!("d{n}"), JobOptions { start: Start::At(at), ..JobOptions::default() })).collect();
    hand.queue.add(&jobs, Ledger::Skip).await.unwrap();

    let taken = hand.take(10).await;
    tokio::time::sleep(taken.next_due.unwrap() + Duration::from_millis(1)).await;

    assert!(taken.jobs.is_empty());
    assert_eq!(hand.take_ids(10).await, (0..10).map(|n| format!("d{n}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_verdict_puts_the_job_where_it_belongs() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    let retry = |after| Verdict::Retry { reason: "why".to_owned(), trace: None, after, lifo: false };
    let failed = Verdict::Failed { reason: "why".to_owned(), trace: Some(Trace { text: "t".to_owned(), kept: None }), keep: Keep::ALL };
    for (verdict, state, attempts) in [
        (completed(Keep::ALL), Some(JobState::Completed), 1),
        (completed(Keep::NONE), None, 0),
        (failed, Some(JobState::Failed), 1),
        (retry(Duration::ZERO), Some(JobState::Waiting), 1),
        (retry(Duration::from_hours(1)), Some(JobState::Delayed), 1),
        (Verdict::Wait { after: Duration::from_hours(1) }, Some(JobState::Delayed), 0),
        (Verdict::Release, Some(JobState::Waiting), 0),
    ] {
        hand.queue.add(&[job("a")], Ledger::Skip).await.unwrap();
        let taken = hand.take(1).await;

        assert_eq!(hand.settle(&taken, verdict.clone()).await, [Settled::Done], "{verdict:?}");

        let found = hand.queue.job("a").await.unwrap();
        assert_eq!(found.as_ref().and_then(|job| job.state), state, "{verdict:?}");
        assert_eq!(found.map_or(0, |job| job.attempts_made), attempts, "{verdict:?}");
        assert_eq!(server.ask::<u64>("EXISTS bull:q:a:lock bull:q:active"), 0, "{verdict:?}");
        hand.queue.remove(&["a".to_owned()]).await.unwrap();
    }
}

#[tokio::test]
async fn released_jobs_stand_where_they_stood() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    let jobs = [job("a"), job("b"), prioritized("p", 2), prioritized("q", 2)];
    hand.queue.add(&jobs, Ledger::Skip).await.unwrap();
    let mut taken = hand.take(3).await;

    taken.jobs.reverse();
    hand.settle(&taken, Verdict::Release).await;

    assert_eq!(hand.take_ids(10).await, ["a", "b", "p", "q"]);
}

#[tokio::test]
async fn prioritised_jobs_that_go_back_keep_their_order_before_those_that_stayed() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    let jobs = ["d", "c", "b", "a"].map(|id| prioritized(id, 3));

    for taken_first in [3, 4] {
        hand.queue.add(&jobs, Ledger::Skip).await.unwrap();
        let mut taken = hand.take(taken_first).await;
        taken.jobs.reverse();
        hand.settle(&taken, Verdict::Release).await;
        hand.take(taken_first).await;
        hand.reclaim(&[]).await;
        hand.queue.add(&[prioritized("after", 3)], Ledger::Skip).await.unwrap();

        assert_eq!(hand.take_ids(9).await, ["d", "c", "b", "a", "after"], "{taken_first} of 4 went back");
        server.ask::<()>("FLUSHALL");
    }
}

#[tokio::test]
async fn prioritised_jobs_go_back_before_one_that_came_when_their_line_was_empty() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&["d", "c", "b", "a"].map(|id| prioritized(id, 3)), Ledger::Skip).await.unwrap();
    let mut taken = hand.take(9).await;
    hand.queue.add(&[prioritized("after", 3)], Ledger::Skip).await.unwrap();

    taken.jobs.reverse();
    hand.settle(&taken, Verdict::Release).await;

    assert_eq!(hand.take_ids(9).await, ["d", "c", "b", "a", "after"]);
}

#[tokio::test]
async fn starts_are_spaced_by_the_slowest_rate_that_is_set() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "100/s").await;
    let jobs: Vec<NewJob> = (0..9).map(|n| job(&format!("j{n}"))).collect();
    hand.queue.add(&jobs, Ledger::Skip).await.unwrap();
    hand.queue.set_rate("10/s".parse().ok()).await.unwrap();

    let first = hand.take(5).await;
    let second = hand.take(5).await;

    assert_eq!((first.jobs.len(), second.jobs.len()), (1, 1), "a rate gives one start at a time");
    let gap = first.pace.unwrap().gap;
    assert_eq!(gap, Duration::from_millis(102), "(1 s + 20 ms of slack) / 10");
    assert!(first.jobs[0].start_after.is_zero());
    assert!(second.jobs[0].start_after > gap / 2 && second.jobs[0].start_after <= gap);
}

#[tokio::test]
async fn without_any_rate_eighty_a_minute_hold() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.rules.rate = RateLimit::Unset;
    hand.queue.add(&[job("a")], Ledger::Skip).await.unwrap();

    let pace = hand.take(1).await.pace.unwrap();

    assert_eq!(pace.gap, Duration::from_micros(754_500));
}

#[tokio::test]
async fn nobody_reserves_starts_far_ahead() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "10/s").await;
    let jobs: Vec<NewJob> = (0..9).map(|n| job(&format!("j{n}"))).collect();
    hand.queue.add(&jobs, Ledger::Skip).await.unwrap();

    let mut taken = 0;
    let held_back = loop {
        let answer = hand.take(1).await;
        taken += answer.jobs.len();
        if answer.jobs.is_empty() {
            break answer.held_back;
        }
    };

    assert!((2..=5).contains(&taken), "{taken} jobs wait for a start");
    assert!(matches!(held_back, Some(HeldBack::Rate(wait)) if wait <= Duration::from_millis(400)), "{held_back:?}");
}

#[tokio::test]
async fn bullmqs_own_window_is_obeyed_and_fed() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    server.ask::<()>("HSET bull:q:meta max 2 duration 5000");
    hand.queue.add(&[job("a"), job("b"), job("c")], Ledger::Skip).await.unwrap();

    hand.take(1).await;
    assert_eq!(server.ask::<String>("GET bull:q:limiter"), "1");
    server.ask::<()>("SET bull:q:limiter 2 PX 60000");
    let full = hand.take(1).await;

    assert!(matches!(full.held_back, Some(HeldBack::Rate(wait)) if wait > Duration::from_secs(50)), "{full:?}");
}

#[tokio::test]
async fn nobody_starts_while_node_told_the_queue_to_rest() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "1000/s").await;
    hand.queue.add(&[job("a")], Ledger::Skip).await.unwrap();
    server.ask::<()>("SET bull:q:limiter 9007199254740991 PX 60000");

    assert!(matches!(hand.take(1).await.held_back, Some(HeldBack::Rate(_))));
}

#[tokio::test]
async fn the_global_concurrency_counts_everybodys_jobs() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.set_concurrency(Some(3)).await.unwrap();
    let jobs: Vec<NewJob> = (0..9).map(|n| job(&format!("j{n}"))).collect();
    hand.queue.add(&jobs, Ledger::Skip).await.unwrap();

    let first = hand.take(9).await;

    assert_eq!(first.jobs.len(), 3);
    assert_eq!(hand.take(9).await.held_back, Some(HeldBack::Concurrency));
    hand.settle(&first, completed(Keep::ALL)).await;
    assert_eq!(hand.take(9).await.jobs.len(), 3);
}

#[tokio::test]
async fn a_paused_queue_gives_nothing_until_it_is_resumed() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    assert_eq!([hand.queue.pause().await.unwrap(), hand.queue.pause().await.unwrap()], [Paused::Now, Paused::Before]);
    hand.queue.add(&[job("a")], Ledger::Skip).await.unwrap();

    assert_eq!(hand.take(1).await.held_back, Some(HeldBack::Paused));
    assert!(hand.queue.resume().await.unwrap().was_paused);
    assert_eq!(hand.take_ids(1).await, ["a"]);
}

#[tokio::test]
async fn jobs_that_an_old_node_parked_run_first_after_a_resume() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&[job("a"), job("b")], Ledger::Skip).await.unwrap();
    server.ask::<()>("RENAME bull:q:wait bull:q:paused");
    server.ask::<()>("HSET bull:q:meta paused 1 version bullmq:5.81.5");

    hand.queue.add(&[job("c")], Ledger::Skip).await.unwrap();
    assert_eq!(server.ask::<u64>("LLEN bull:q:paused"), 3, "an old client's resume would drop what is in wait");
    hand.queue.resume().await.unwrap();

    assert_eq!(hand.take_ids(9).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn damaged_jobs_are_told_apart_and_their_bytes_are_kept() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    server.ask::<()>("HSET bull:q:broken name send data {\"a\": opts {} timestamp 1");
    server.ask::<()>("HSET bull:q:half name send");
    server.ask::<()>("LPUSH bull:q:wait broken half");
    hand.queue.add(&[job("good")], Ledger::Skip).await.unwrap();

    let taken = hand.take(9).await;
    let problems: Vec<bool> = taken.jobs.iter().map(|job| job.content.is_err()).collect();
    hand.settle(&taken, Verdict::Damaged { reason: "damaged: why".to_owned() }).await;

    assert_eq!(problems, [true, true, false]);
    assert_eq!(server.ask::<String>("HGET bull:q:broken wqraw"), "data={\"a\":");
    assert_eq!(server.ask::<String>("HGET bull:q:broken data"), "{}");
    assert_eq!(server.ask::<String>("HGET bull:q:half opts"), "{}");
    assert_eq!(hand.queue.counts().await.unwrap().active, 0);
}

#[tokio::test]
async fn ids_without_a_job_are_removed_and_counted() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    server.ask::<()>("LPUSH bull:q:wait ghost 0:0 stranger");
    server.ask::<()>("SET bull:q:stranger text");
    server.ask::<()>("ZADD bull:q:delayed 1 gone");
    hand.queue.add(&[job("good")], Ledger::Skip).await.unwrap();

    let taken = hand.take(9).await;

    assert_eq!(taken.jobs.iter().map(|job| job.id.as_str()).collect::<Vec<_>>(), ["good"]);
    assert_eq!(taken.dropped, 3, "ghost, stranger, gone; old markers are no loss");
    assert_eq!(hand.queue.overview().await.unwrap().missing_hash, 3);
    assert_eq!(server.ask::<u64>("EXISTS bull:q:ghost bull:q:gone"), 0);
}

#[tokio::test]
async fn a_job_whose_worker_is_gone_comes_back_after_two_passes_and_fails_the_second_time() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&[job("a")], Ledger::Skip).await.unwrap();
    let pass = async |queue: &Queue| {
        server.ask::<()>("DEL bull:q:stalled-check");
        queue.recover_stalled(Duration::from_secs(30)).await.unwrap()
    };

    for stalls in 1..=2 {
        let taken = hand.take(1).await;
        assert!(taken.jobs[0].content.as_ref().unwrap().deferred_failure.is_none());
        server.ask::<()>("DEL bull:q:a:lock");
        assert!(pass(&hand.queue).await.is_empty());
        assert_eq!(pass(&hand.queue).await, ["a"], "stall {stalls}");
    }

    let last = hand.take(1).await;
    let reason = last.jobs[0].content.as_ref().unwrap().deferred_failure.clone();
    assert_eq!(reason.as_deref(), Some("job stalled more than allowable limit"));
}

#[tokio::test]
async fn a_job_with_a_living_lock_is_left_alone() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&[job("a")], Ledger::Skip).await.unwrap();
    let taken = hand.take(1).await;

    for _ in 0..3 {
        server.ask::<()>("DEL bull:q:stalled-check");
        assert!(hand.queue.recover_stalled(Duration::from_secs(30)).await.unwrap().is_empty());
    }
    let locks = [("a".to_owned(), Arc::clone(&taken.jobs[0].token)), ("b".to_owned(), Arc::clone(&taken.jobs[0].token))];
    let lost = hand.queue.extend_locks(&locks, Duration::from_mins(2)).await.unwrap();

    assert_eq!(lost, ["b"]);
    assert!(server.ask::<i64>("PTTL bull:q:a:lock") > 100_000);
}

#[tokio::test]
async fn jobs_whose_take_was_never_heard_of_go_back_in_their_order() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&[job("a"), job("b"), job("c"), job("d")], Ledger::Skip).await.unwrap();
    let taken = hand.take(3).await;

    let reclaimed = hand.reclaim(&[("b".to_owned(), Arc::clone(&taken.jobs[1].token))]).await;

    assert_eq!(reclaimed.len(), 2);
    assert_eq!(hand.take_ids(9).await, ["a", "c", "d"]);
}

#[tokio::test]
async fn finished_jobs_are_kept_by_count_and_by_age() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    let jobs: Vec<NewJob> = (0..8).map(|n| job(&format!("j{n}"))).collect();
    hand.queue.add(&jobs, Ledger::Skip).await.unwrap();

    for _ in 0..8 {
        let taken = hand.take(1).await;
        hand.settle(&taken, completed(Keep { count: Some(3), ..Keep::ALL })).await;
    }
    assert_eq!(server.ask::<Vec<String>>("ZRANGE bull:q:completed 0 -1").len(), 3);
    assert_eq!(server.ask::<u64>("EXISTS bull:q:j0 bull:q:j4 bull:q:j7"), 1);

    server.ask::<()>("ZADD bull:q:completed 1000 j7");
    hand.queue.add(&[job("last")], Ledger::Skip).await.unwrap();
    let taken = hand.take(1).await;
    hand.settle(&taken, completed(Keep { age_s: Some(60), ..Keep::ALL })).await;
    assert_eq!(server.ask::<u64>("EXISTS bull:q:j7"), 0);
}

#[tokio::test]
async fn rows_in_the_ledger_stay_known_when_their_jobs_go_but_not_when_they_are_removed() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    let rows = [job("RowOne00000000"), job("RowTwo00000000")];
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    hand.queue.add(&rows, Ledger::Record).await.unwrap();
    let taken = hand.take(1).await;
    hand.settle(&taken, completed(Keep::NONE)).await;

    assert_eq!(hand.queue.add(&rows, Ledger::Record).await.unwrap(), [const { AddStatus::Duplicate }; 2]);
    hand.queue.remove(&ids).await.unwrap();

    assert_eq!(hand.queue.add(&rows, Ledger::Record).await.unwrap(), [AddStatus::Duplicate, AddStatus::Stored]);
}

#[tokio::test]
async fn what_a_worker_has_is_not_removed() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&[job("a"), job("b")], Ledger::Skip).await.unwrap();
    hand.take(1).await;

    let changes = hand.queue.remove(&["a".to_owned(), "b".to_owned(), "c".to_owned()]).await.unwrap();

    assert_eq!(changes, [Change::Locked, Change::Done, Change::NotFound]);
}

#[tokio::test]
async fn an_obliterated_queue_leaves_nothing_behind() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&[job("a"), prioritized("b", 1)], Ledger::Skip).await.unwrap();
    hand.queue.add(&[job("RowOne00000000")], Ledger::Record).await.unwrap();
    hand.queue.set_rate("80/m".parse().ok()).await.unwrap();
    hand.take(1).await;

    assert_eq!(hand.queue.obliterate(false).await.unwrap(), Obliterated::NotPaused);
    hand.queue.pause().await.unwrap();
    assert_eq!(hand.queue.obliterate(false).await.unwrap(), Obliterated::Busy);
    assert_eq!(hand.queue.obliterate(true).await.unwrap(), Obliterated::Gone(3));

    assert_eq!(server.ask::<Vec<String>>("KEYS *"), Vec::<String>::new());
}
