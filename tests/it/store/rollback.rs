//! A server that forgot its last seconds: workers tell it what they sent, and none works before all have done so.

use sha1_smol::Sha1;
use wq::core::store::barrier::{Barrier, TellRules, Testimony, Told};
use wq::core::store::intent::OnUncertain;

use super::fence::{field, held, ids};
use super::*;

const ME: &str = "test";

fn told(id: &str, token: &str, testimony: Testimony) -> Told {
    let digest = Sha1::from(format!("{{}}\0{id}")).digest().bytes();
    Told { id: id.to_owned(), token: token.to_owned(), attempt: 1, digest, at: 1_000, testimony }
}

fn sent() -> Testimony {
    Testimony::Sent { provider_id: Some("m1".to_owned()), reply: r#"{"ok":1}"#.to_owned() }
}

fn unknown() -> Testimony {
    Testimony::Unknown { reason: "uncertain: its worker died".to_owned() }
}

async fn hand(server: &Server) -> Hand {
    Hand::fenced(server, OnUncertain::Hold).await
}

async fn tell(hand: &Hand, sends: &[Told], has_forgotten: bool) -> [u64; 3] {
    let rules = TellRules {
        lock_ttl: hand.rules.lock_ttl,
        fence: hand.rules.fence.unwrap(),
        has_forgotten,
        keep_completed: Keep::ALL,
        metrics_minutes: 0,
    };
    hand.queue.tell(sends, &rules).await.unwrap()
}

#[tokio::test]
async fn what_was_sent_and_waits_again_is_completed_wherever_it_waits() {
    let server = Server::start();
    let hand = hand(&server).await;
    let delayed = job_with("late", JobOptions { start: Start::After(Duration::from_hours(1)), ..JobOptions::default() });
    hand.queue.add(&[job("plain"), prioritized("ranked", 3), delayed, job("other")], Ledger::Skip).await.unwrap();
    let sends = ["plain", "ranked", "late"].map(|id| told(id, "wq.test.1", sent()));

    assert_eq!(tell(&hand, &sends, true).await, [3, 0, 0]);
    assert_eq!(tell(&hand, &sends, true).await, [0, 0, 0]);

    let mut completed = ids(&server, "completed");
    completed.sort();
    assert_eq!(completed, ["late", "plain", "ranked"]);
    assert_eq!((ids(&server, "wait"), hand.queue.counts().await.unwrap().ready()), (vec!["other".to_owned()], 1));
    assert_eq!(field(&server, "plain", "wqs").unwrap(), "wq.test.1:0:m1");
    assert_eq!(field(&server, "plain", "returnvalue").unwrap(), r#"{"ok":1}"#);
    assert_eq!(field(&server, "plain", "atm").unwrap(), "1");
}

#[tokio::test]
async fn what_was_taken_and_sent_and_is_still_active_is_completed() {
    let server = Server::start();
    let mut hand = hand(&server).await;
    hand.begin(&["a", "b"]).await;

    assert_eq!(tell(&hand, &[told("a", "wq.test.1", sent())], true).await, [1, 0, 0]);

    assert_eq!((ids(&server, "active"), ids(&server, "completed")), (vec!["b".to_owned()], vec!["a".to_owned()]));
    assert_eq!((field(&server, "a", "wqi"), server.ask::<u64>("EXISTS bull:q:a:lock")), (None, 0));
}

#[tokio::test]
async fn a_message_that_has_changed_or_is_done_or_gone_is_left_alone() {
    let server = Server::start();
    let mut hand = hand(&server).await;
    let taken = hand.begin(&["done"]).await;
    hand.settle(&taken, completed(Keep::ALL)).await;
    hand.queue.add(&[job("changed"), job("rekeyed")], Ledger::Skip).await.unwrap();
    server.ask::<()>(r#"HSET bull:q:changed data {"text":"other"}"#);
    server.ask::<()>("HSET bull:q:rekeyed wqk rekeyed.2");
    let sends = ["done", "changed", "rekeyed", "gone"].map(|id| told(id, "wq.test.1", sent()));

    assert_eq!(tell(&hand, &sends, true).await, [0, 0, 0]);

    assert_eq!(ids(&server, "wait"), ["rekeyed", "changed"]);
    assert_eq!(server.ask::<u64>("EXISTS bull:q:gone"), 0);
}

#[tokio::test]
async fn a_job_that_the_server_knows_was_sent_waits_again_on_purpose() {
    let server = Server::start();
    let mut hand = hand(&server).await;
    let taken = hand.begin(&["a"]).await;
    hand.settle(&taken, Verdict::Completed { return_value: "null".to_owned(), provider_id: None, keep: Keep::ALL }).await;
    server.ask::<()>("ZREM bull:q:completed a");
    server.ask::<()>("LPUSH bull:q:wait a");

    assert_eq!(tell(&hand, &[told("a", &taken.jobs[0].token, sent())], true).await, [0, 0, 0]);
    assert_eq!(ids(&server, "wait"), ["a"]);
}

#[tokio::test]
async fn a_job_that_somebody_is_sending_since_is_left_to_them() {
    let server = Server::start();
    let mut hand = hand(&server).await;
    hand.begin(&["a"]).await;
    server.ask::<()>("HSET bull:q:a wqi wq.theirs.7:1:2000:90000:h");
    server.ask::<()>("SET bull:q:a:lock wq.theirs.7");

    for testimony in [sent(), Testimony::Mine, unknown()] {
        assert_eq!(tell(&hand, &[told("a", "wq.test.1", testimony)], true).await, [0, 0, 0]);
    }
    assert_eq!(ids(&server, "active"), ["a"]);
    assert_eq!(server.ask::<String>("GET bull:q:a:lock"), "wq.theirs.7");
}

#[tokio::test]
async fn what_a_worker_is_sending_is_its_own_again_and_can_be_settled() {
    let server = Server::start();
    let mut hand = hand(&server).await;
    let taken = hand.begin(&["a"]).await;
    // As before the take.
    for command in ["DEL bull:q:a:lock bull:q:active", "HDEL bull:q:a wqi ats processedOn", "LPUSH bull:q:wait a"] {
        server.ask::<()>(command);
    }

    assert_eq!(tell(&hand, &[told("a", &taken.jobs[0].token, Testimony::Mine)], true).await, [0, 1, 0]);

    assert_eq!((ids(&server, "wait"), ids(&server, "active")), (vec![], vec!["a".to_owned()]));
    assert!(field(&server, "a", "wqi").unwrap().starts_with("wq.test.1:1:1000:"));
    assert!(server.ask::<u64>("PTTL bull:q:a:lock") > 23 * 60 * 60 * 1000);
    assert_eq!(tell(&hand, &[told("a", &taken.jobs[0].token, Testimony::Mine)], true).await, [0, 1, 0]);
    assert_eq!(hand.settle(&taken, completed(Keep::ALL)).await, [Settled::Done]);
    assert_eq!(ids(&server, "completed"), ["a"]);
}

#[tokio::test]
async fn what_nobody_knows_is_held_when_its_intent_is_forgotten_too() {
    let server = Server::start();
    let mut hand = hand(&server).await;
    hand.begin(&["known"]).await;
    hand.queue.add(&[job("forgotten")], Ledger::Skip).await.unwrap();
    let sends = ["known", "forgotten"].map(|id| told(id, "wq.test.1", unknown()));

    assert_eq!(tell(&hand, &sends, true).await, [0, 0, 1]);

    assert_eq!((held(&server), ids(&server, "failed")), (vec!["forgotten".to_owned()], vec!["forgotten".to_owned()]));
    assert_eq!(ids(&server, "active"), ["known"], "recovery judges it with its worker");
    assert!(field(&server, "forgotten", "failedReason").unwrap().starts_with("uncertain: "));
}

#[tokio::test]
async fn a_server_that_forgot_nothing_hears_only_of_jobs_that_carry_the_intent() {
    let server = Server::start();
    let mut hand = hand(&server).await;
    let first = hand.begin(&["begun"]).await;
    let second = hand.begin(&["held"]).await;
    hand.settle(&second, Verdict::Held { reason: "uncertain: no answer".to_owned(), trace: None }).await;
    hand.queue.add(&[job("released")], Ledger::Skip).await.unwrap();
    let tokens = [&first.jobs[0].token, &second.jobs[0].token, &first.jobs[0].token];
    let sends: Vec<Told> = ["begun", "held", "released"].iter().zip(tokens).map(|(id, token)| told(id, token, sent())).collect();

    assert_eq!(tell(&hand, &sends, false).await, [2, 0, 0]);

    assert_eq!(ids(&server, "completed"), ["begun", "held"]);
    assert_eq!((held(&server), ids(&server, "failed"), ids(&server, "wait")), (vec![], vec![], vec!["released".to_owned()]));
    assert_eq!(field(&server, "held", "atm").unwrap(), "1");
    assert_eq!(field(&server, "held", "failedReason"), None);
}

#[tokio::test]
async fn a_job_that_is_not_to_be_kept_goes_when_it_is_told_of() {
    let server = Server::start();
    let hand = hand(&server).await;
    let options = JobOptions { remove_on_complete: Some(Keep::NONE), ..JobOptions::default() };
    hand.queue.add(&[job_with("a", options)], Ledger::Skip).await.unwrap();

    assert_eq!(tell(&hand, &[told("a", "wq.test.1", sent())], true).await, [1, 0, 0]);

    assert_eq!((server.ask::<u64>("EXISTS bull:q:a"), ids(&server, "completed")), (0, vec![]));
}

async fn barrier(queue: &Queue, epoch: &str, incarnation: &str, has_forgotten: bool) -> Barrier {
    queue.barrier(epoch, incarnation, has_forgotten, true).await.unwrap()
}

/// As if that had passed since the barrier went down.
fn pass(server: &Server, epoch: &str, ms: u64) {
    server.ask::<i64>(&format!("HINCRBY wq:bull:q:barrier:{epoch} began -{ms}"));
}

const OPEN: Barrier = Barrier::Open { missing: 0 };

#[tokio::test]
async fn a_queue_that_nobody_has_worked_on_is_open_and_stays_so() {
    let server = Server::start();
    let queue = queue(&server).await;

    assert_eq!(barrier(&queue, "run1", ME, false).await, OPEN);
    assert_eq!(barrier(&queue, "run1", "other", false).await, OPEN);
    assert_eq!(server.ask::<u64>("EXISTS wq:bull:q:barrier:run1"), 0);
}

#[tokio::test]
async fn nobody_passes_before_all_who_lived_have_told_what_they_sent() {
    let server = Server::start();
    let queue = queue(&server).await;
    barrier(&queue, "run1", ME, false).await;
    server.ask::<()>("HSET wq:bull:q:beat test 100000 other 95000 longgone 80000");

    assert_eq!(barrier(&queue, "run2", ME, true).await, Barrier::Shut);
    assert_eq!(barrier(&queue, "run2", "fresh", false).await, Barrier::Shut, "a new worker waits too");
    pass(&server, "run2", 5_000);
    assert_eq!(barrier(&queue, "run2", ME, true).await, Barrier::Shut);
    assert_eq!(queue.barrier("run2", "other", true, false).await.unwrap(), Barrier::Shut, "it is there, but has not told yet");

    assert_eq!(barrier(&queue, "run2", "other", true).await, OPEN);
    assert_eq!(barrier(&queue, "run2", ME, true).await, OPEN);
    assert_eq!(barrier(&queue, "run2", "fresh", false).await, OPEN);
    assert_ne!(server.ask::<u64>("HGET wq:bull:q:beat test"), 100_000, "waiting is a sign of life");
    assert_eq!(server.ask::<u64>("HEXISTS wq:bull:q:beat fresh"), 0);
}

#[tokio::test]
async fn a_worker_that_never_comes_back_holds_up_the_others_for_ten_seconds() {
    let server = Server::start();
    let queue = queue(&server).await;
    barrier(&queue, "run1", ME, false).await;
    server.ask::<()>("HSET wq:bull:q:beat test 100000 dead 99000");

    assert_eq!(barrier(&queue, "run2", ME, true).await, Barrier::Shut);
    pass(&server, "run2", 9_000);
    assert_eq!(barrier(&queue, "run2", ME, true).await, Barrier::Shut);
    pass(&server, "run2", 1_000);
    assert_eq!(barrier(&queue, "run2", ME, true).await, Barrier::Open { missing: 1 });
    assert_eq!(barrier(&queue, "run2", "other", true).await, OPEN);
}

#[tokio::test]
async fn a_server_that_forgot_everything_is_noticed_by_who_knew_it() {
    let server = Server::start();
    let queue = queue(&server).await;

    assert_eq!(barrier(&queue, "run2", ME, true).await, Barrier::Shut);
    pass(&server, "run2", 300);
    assert_eq!(barrier(&queue, "run2", ME, true).await, OPEN);
}

#[tokio::test]
async fn the_history_of_a_server_is_that_of_its_process() {
    let mut server = Server::durable();
    let first = queue(&server).await;
    let before = first.history().await.unwrap();
    assert_eq!(before.run_id.len(), 40);
    assert!(!first.history().await.unwrap().may_lack(&before));

    server.restart();

    assert!(queue(&server).await.history().await.unwrap().may_lack(&before));
}
