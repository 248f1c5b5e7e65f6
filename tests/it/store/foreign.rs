//! Foreign and damaged data in every place: adds are all or nothing and can be repeated once the place was put right, takes and
//! settlements lose nothing, workers survive, and each ends as a reason that a person can read.

use wq::core::model::deduplication::{Deduplication, DeduplicationRules};
use wq::core::store::error::StoreError;
use wq::core::store::take::TakenJob;

use super::*;

/// Puts something of another type in the place of a key of the queue `q`, with what was there aside.
fn spoil(server: &Server, name: &str) {
    if server.ask::<u64>(&format!("EXISTS bull:q:{name}")) == 1 {
        server.ask::<()>(&format!("RENAME bull:q:{name} aside"));
    }
    let foreign = if name == "stalled" { "SET bull:q:stalled text".to_owned() } else { format!("SADD bull:q:{name} foreign") };
    server.ask::<()>(&foreign);
}

fn put_right(server: &Server, name: &str) {
    server.ask::<()>(&format!("DEL bull:q:{name}"));
    if server.ask::<u64>("EXISTS aside") == 1 {
        server.ask::<()>(&format!("RENAME aside bull:q:{name}"));
    }
}

fn later(id: &str) -> NewJob {
    job_with(id, JobOptions { start: Start::After(Duration::from_hours(1)), ..JobOptions::default() })
}

/// What a refusal says; it is no reason to connect again.
fn told(error: &StoreError) -> String {
    assert!(!error.is_connection_lost(), "{error}");
    error.to_string()
}

#[tokio::test]
async fn an_add_that_meets_a_key_of_another_type_stores_nothing_and_can_be_repeated() {
    for name in ["wait", "prioritized", "pc", "delayed", "events", "meta", "id", "marker"] {
        let server = Server::start();
        let queue = queue(&server).await;
        let jobs = [job("a"), prioritized("b", 3), later("c")];
        spoil(&server, name);

        let refusal = told(&queue.add(&jobs, Ledger::Skip).await.unwrap_err());

        let key = format!("bull:q:{name}");
        assert!(refusal.contains(&format!("{key} is no ")) && refusal.contains("remove it, then try again"), "{refusal}");
        assert_eq!(server.ask::<Vec<String>>("KEYS *"), [key], "nothing was stored");
        put_right(&server, name);
        assert_eq!(queue.add(&jobs, Ledger::Skip).await.unwrap(), [const { AddStatus::Stored }; 3], "{name}");
        assert_eq!(queue.counts().await.unwrap().waiting, 1);
    }
}

#[tokio::test]
async fn an_add_asks_only_for_the_keys_that_it_uses() {
    let server = Server::start();
    let queue = queue(&server).await;
    for name in ["prioritized", "pc", "delayed", "active", "completed", "failed", "waiting-children"] {
        spoil(&server, name);
        assert_eq!(queue.add(&[job(&format!("beside {name}"))], Ledger::Skip).await.unwrap(), [AddStatus::Stored], "{name}");
    }
}

#[tokio::test]
async fn numbers_that_are_none_are_named_before_anything_is_stored() {
    for (command, place) in [
        ("SET bull:q:id many", "bull:q:id"),
        ("SET bull:q:pc 1.5", "bull:q:pc"),
        ("HSET bull:q:meta concurrency lots", "concurrency in bull:q:meta"),
    ] {
        let server = Server::start();
        let queue = queue(&server).await;
        server.ask::<()>(command);

        let refusal = told(&queue.add(&[job("a"), prioritized("b", 3)], Ledger::Skip).await.unwrap_err());

        assert!(refusal.contains(&format!("{place} holds no whole number")), "{refusal}");
        assert_eq!(server.ask::<u64>("EXISTS bull:q:a bull:q:b bull:q:wait bull:q:events"), 0, "{command}");
    }
}

#[tokio::test]
async fn a_length_of_the_event_stream_that_is_no_number_keeps_nothing_from_being_stored() {
    for length in ["endless", "-1", "99999999999999999999", "1e3"] {
        let server = Server::start();
        let mut hand = Hand::new(&server, "none").await;
        server.ask::<()>(&format!("HSET bull:q:meta opts.maxLenEvents {length}"));

        hand.queue.add(&[job("a")], Ledger::Skip).await.unwrap();
        let taken = hand.take(1).await;

        assert_eq!(hand.settle(&taken, completed(Keep::ALL)).await, [Settled::Done], "{length}");
        assert_eq!(server.ask::<String>("HGET bull:q:meta opts.maxLenEvents"), length, "it is left to whoever wrote it");
    }
}

#[tokio::test]
async fn a_deduplication_key_of_another_type_stores_nothing_and_is_named() {
    let server = Server::start();
    let queue = queue(&server).await;
    let deduplication = Some(Deduplication { id: "once".to_owned(), rules: DeduplicationRules::default() });
    let jobs = [job("a"), job_with("b", JobOptions { deduplication, ..JobOptions::default() })];
    spoil(&server, "de:once");

    let refusal = told(&queue.add(&jobs, Ledger::Skip).await.unwrap_err());

    assert!(refusal.contains("bull:q:de:once"), "{refusal}");
    put_right(&server, "de:once");
    assert_eq!(queue.add(&jobs, Ledger::Skip).await.unwrap(), [const { AddStatus::Stored }; 2]);
}

#[tokio::test]
async fn a_take_that_meets_a_key_of_another_type_takes_nothing_and_loses_nothing() {
    for name in ["wait", "active", "prioritized", "delayed", "events", "meta", "limiter"] {
        let server = Server::start();
        let mut hand = Hand::new(&server, "none").await;
        hand.queue.set_rate("1000/s".parse().ok()).await.unwrap();
        let due = job_with("d", JobOptions { start: Start::After(Duration::from_millis(1)), ..JobOptions::default() });
        hand.queue.add(&[prioritized("b", 3), due], Ledger::Skip).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        spoil(&server, name);

        let token = hand.token();
        let refusal = told(&hand.queue.take(9, &token, &hand.rules, &hand.reader).await.unwrap_err());

        assert!(refusal.contains(&format!("bull:q:{name} is no ")), "{refusal}");
        put_right(&server, name);
        let mut ids = Vec::new();
        while ids.len() < 2 {
            ids.extend(hand.take_ids(9).await);
        }
        assert_eq!(ids, ["d", "b"], "{name}");
    }
}

#[tokio::test]
async fn jobs_in_wait_run_beside_a_line_of_priorities_that_is_none() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&[job("a")], Ledger::Skip).await.unwrap();
    spoil(&server, "prioritized");

    assert_eq!(hand.take_ids(9).await, ["a"]);

    let token = hand.token();
    let refusal = told(&hand.queue.take(9, &token, &hand.rules, &hand.reader).await.unwrap_err());
    assert!(refusal.contains("bull:q:prioritized is no sorted set"), "{refusal}");
}

#[tokio::test]
async fn a_marker_of_another_type_keeps_no_job_from_being_taken_and_settled() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&["a", "b"].map(job), Ledger::Skip).await.unwrap();
    spoil(&server, "marker");

    let taken = hand.take(1).await;

    let retry = Verdict::Retry { reason: "why".to_owned(), trace: None, after: Duration::from_hours(1), lifo: false };
    assert_eq!(hand.settle(&taken, retry).await, [Settled::Done]);
    assert_eq!(hand.take_ids(1).await, ["b"]);
}

fn settlement(job: &TakenJob, verdict: &Verdict) -> Settlement {
    let plain = job.content.as_ref().ok().map(Into::into);
    Settlement { id: job.id.clone(), token: Arc::clone(&job.token), attempts: 1, plain, verdict: verdict.clone() }
}

#[tokio::test]
async fn an_outcome_that_meets_a_key_of_another_type_is_stored_once_that_was_put_right() {
    let failed = Verdict::Failed { reason: "why".to_owned(), trace: None, keep: Keep::ALL };
    let again = |after| Verdict::Retry { reason: "why".to_owned(), trace: None, after, lifo: false };
    for (name, verdict, state) in [
        ("active", completed(Keep::ALL), JobState::Completed),
        ("events", completed(Keep::ALL), JobState::Completed),
        ("completed", completed(Keep::ALL), JobState::Completed),
        ("stalled", completed(Keep::ALL), JobState::Completed),
        ("active", failed.clone(), JobState::Failed),
        ("failed", failed.clone(), JobState::Failed),
        ("stalled", failed.clone(), JobState::Failed),
        ("events", failed, JobState::Failed),
        ("wait", again(Duration::ZERO), JobState::Waiting),
        ("wait", Verdict::Release, JobState::Waiting),
        ("delayed", again(Duration::from_hours(1)), JobState::Delayed),
        ("meta", again(Duration::from_hours(1)), JobState::Delayed),
    ] {
        let server = Server::start();
        let mut hand = Hand::new(&server, "none").await;
        hand.queue.add(&[job("a")], Ledger::Skip).await.unwrap();
        let taken = hand.take(1).await;
        let outcome = [settlement(&taken.jobs[0], &verdict)];
        spoil(&server, name);

        let token = hand.token();
        let refusal = told(&hand.queue.settle(&outcome, 0, &token, &hand.rules, &hand.reader).await.unwrap_err());

        assert!(refusal.contains(&format!("bull:q:{name} is no ")), "{verdict:?}: {refusal}");
        put_right(&server, name);
        let settled = hand.queue.settle(&outcome, 0, &token, &hand.rules, &hand.reader).await.unwrap().0;
        assert_eq!(settled, [Settled::Done], "{name} {verdict:?}");
        assert_eq!(hand.queue.job("a").await.unwrap().unwrap().state, Some(state), "{name} {verdict:?}");
        assert_eq!(server.ask::<u64>("EXISTS bull:q:a:lock bull:q:active"), 0);
    }
}

#[tokio::test]
async fn metrics_of_another_type_keep_no_outcome_from_being_stored() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.rules.metrics_minutes = 5;
    hand.queue.add(&[job("a")], Ledger::Skip).await.unwrap();
    let taken = hand.take(1).await;
    spoil(&server, "metrics:completed");

    assert_eq!(hand.settle(&taken, completed(Keep::ALL)).await, [Settled::Done]);
    assert_eq!(server.ask::<Vec<String>>("ZRANGE bull:q:completed 0 -1"), ["a"]);
    assert_eq!(hand.queue.overview().await.unwrap().metrics_not_counted, 1, "what is missing there is counted here");
}

#[tokio::test]
async fn counters_of_another_type_keep_no_id_without_a_job_from_being_passed_over() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&["gone", "a", "lost"].map(job), Ledger::Skip).await.unwrap();
    server.ask::<()>("DEL bull:q:gone");
    server.ask::<()>("SET wq:bull:q:counters text");

    assert_eq!(hand.take_ids(9).await, ["a", "lost"]);

    hand.queue.recover_stalled(Duration::from_millis(1)).await.unwrap();
    server.ask::<()>("DEL bull:q:a:lock bull:q:lost bull:q:lost:lock bull:q:stalled-check");
    assert_eq!(hand.queue.recover_stalled(Duration::from_millis(1)).await.unwrap(), ["a"]);
}

#[tokio::test]
async fn stalled_promoted_and_retried_jobs_stay_where_they_are_while_their_line_is_none() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&[job("s"), job("f"), later("l")], Ledger::Skip).await.unwrap();
    let mut taken = hand.take(2).await;
    taken.jobs.remove(0);
    hand.settle(&taken, Verdict::Failed { reason: "why".to_owned(), trace: None, keep: Keep::ALL }).await;
    hand.queue.recover_stalled(Duration::from_millis(1)).await.unwrap();
    server.ask::<()>("DEL bull:q:s:lock");
    let id = |id: &str| [id.to_owned()];
    spoil(&server, "wait");

    tokio::time::sleep(Duration::from_millis(5)).await;
    for refusal in [
        hand.queue.recover_stalled(Duration::from_millis(1)).await.unwrap_err(),
        hand.queue.promote(&id("l")).await.unwrap_err(),
        hand.queue.retry(&id("f"), JobState::Failed, RetryRules::default()).await.unwrap_err(),
    ] {
        assert!(told(&refusal).contains("bull:q:wait is no list"), "{refusal}");
    }

    put_right(&server, "wait");
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(hand.queue.recover_stalled(Duration::from_millis(1)).await.unwrap(), ["s"]);
    assert_eq!(hand.queue.promote(&id("l")).await.unwrap(), [Change::Done]);
    assert_eq!(hand.queue.retry(&id("f"), JobState::Failed, RetryRules::default()).await.unwrap(), [Change::Done]);
}
