//! How many messages one recipient gets, and that the others never wait for that.

use std::time::Duration;

use wq::core::model::recipients::RecipientLimits;
use wq::core::model::state::JobState;
use wq::core::store::settle::Verdict;

use super::{Hand, add, ids, job, take_rules};
use crate::support::{Receiver, Server, receiver, wq};

const ANA: &str = r#"{"to":"+5511987650000","text":"Hola"}"#;
const BEA: &str = r#"{"to":"+34600111222","text":"Hola"}"#;

fn limits(interval_ms: u64, burst: u32, daily: Option<u32>) -> RecipientLimits {
    RecipientLimits { interval: Duration::from_millis(interval_ms), burst, daily }
}

async fn hand(server: &Server, limits: impl Into<Option<RecipientLimits>>) -> Hand {
    Hand::new(server, take_rules("none", limits.into())).await
}

#[tokio::test]
async fn a_recipient_with_too_many_messages_does_not_hold_up_the_others() {
    let server = Server::start();
    let mut hand = hand(&server, Some(RecipientLimits::WHATSAPP)).await;
    let mut jobs: Vec<_> = (0..500).map(|n| job(&format!("ana{n}"), ANA)).collect();
    jobs.push(job("bea", BEA));
    add(&hand.queue, &jobs).await;

    let taken = hand.take(10).await;

    assert_eq!(ids(&taken), ["ana0", "ana1", "ana2", "ana3", "ana4", "bea"]);
    assert_eq!(hand.queue.counts().await.unwrap().delayed, 495);
    let parked = hand.queue.page(JobState::Delayed, 0, 500).await.unwrap();
    let dues: Vec<u64> = parked.iter().filter_map(|job| job.due).collect();
    assert_eq!(parked.iter().map(|job| job.id.as_str()).take(3).collect::<Vec<_>>(), ["ana5", "ana6", "ana7"]);
    assert!(dues.windows(2).all(|pair| pair[1] - pair[0] == 6000), "one every six seconds");
    assert!(parked.iter().all(|job| job.attempts_made == 0 && job.attempts_started == 0), "none was an attempt");
    assert!(taken.next_due.unwrap() <= Duration::from_secs(6));
}

#[tokio::test]
async fn the_limit_holds_over_all_workers() {
    let server = Server::start();
    let (mut one, mut two) = (hand(&server, limits(60_000, 2, None)).await, hand(&server, limits(60_000, 2, None)).await);
    add(&one.queue, &[job("a", ANA), job("b", ANA), job("c", ANA), job("d", BEA)]).await;

    let first = one.ids(1).await;
    let second = two.ids(9).await;

    assert_eq!((first, second), (vec!["a".to_owned()], vec!["b".to_owned(), "d".to_owned()]));
}

#[tokio::test]
async fn messages_that_waited_come_one_by_one_in_their_order_before_later_ones() {
    let server = Server::start();
    let mut hand = hand(&server, limits(40, 1, None)).await;
    add(&hand.queue, &[job("a", ANA), job("b", ANA), job("c", ANA)]).await;

    let mut got = hand.ids(9).await;
    add(&hand.queue, &[job("d", ANA)]).await;
    got.extend(hand.collect(3).await);

    assert_eq!(got, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn all_spellings_of_a_number_are_one_recipient() {
    let server = Server::start();
    let mut hand = hand(&server, limits(60_000, 1, None)).await;
    let spellings = [
        (r#"{"to":"+5511987650000"}"#, true),
        (r#"{"to":"+551187650000"}"#, false),
        (r#"{"phone":"0055 (11) 98765-0000"}"#, false),
        (r#"{"number":5511987650000}"#, false),
        (r#"{"to":"+5215512345678"}"#, true),
        (r#"{"to":"+525512345678"}"#, false),
        (r#"{"to":"+5491123456789"}"#, true),
        (r#"{"to":"+541123456789"}"#, false),
        (r#"{"to":"120363041234567890@g.us"}"#, true),
        (r#"{"to":"+34600111222"}"#, true),
        (r#"{"text":"to nobody"}"#, true),
        (r#"{"text":"to nobody"}"#, true),
    ];
    let jobs: Vec<_> = spellings.iter().enumerate().map(|(n, (data, _))| job(&format!("j{n}"), data)).collect();
    add(&hand.queue, &jobs).await;

    let taken = hand.ids(20).await;

    let expected: Vec<String> = (0..).zip(spellings).filter(|(_, (_, goes))| *goes).map(|(n, _)| format!("j{n}")).collect();
    assert_eq!(taken, expected);
    let keys = server.ask::<Vec<String>>("KEYS wq:*");
    assert!(keys.iter().any(|key| key.contains(":recipient:")), "{keys:?}");
    assert!(!keys.iter().any(|key| key.contains("1187650000") || key.contains("600111222")), "{keys:?}");
}

#[tokio::test]
async fn nobody_gets_more_than_the_daily_number() {
    let server = Server::start();
    let mut hand = hand(&server, limits(0, 1, Some(2))).await;
    add(&hand.queue, &[job("a", ANA), job("b", ANA), job("c", ANA), job("d", BEA)]).await;

    assert_eq!(hand.ids(9).await, ["a", "b", "d"]);
    let due = hand.queue.job("c").await.unwrap().unwrap().due.unwrap() - hand.queue.server_now().await.unwrap();
    assert!(due > 23 * 3_600_000 && due <= 24 * 3_600_000, "{due} ms");
}

#[tokio::test]
async fn a_recipient_that_the_provider_defers_gets_nothing_until_then_and_then_in_order() {
    let server = Server::start();
    let mut hand = hand(&server, Some(RecipientLimits::NONE)).await;
    add(&hand.queue, &[job("a", ANA), job("b", ANA), job("c", BEA), job("d", ANA)]).await;
    let first = hand.take(1).await;

    hand.settle(&first.jobs[0], Verdict::Defer { after: Duration::from_millis(300) }).await;
    let meanwhile = hand.ids(9).await;
    let deferred = hand.queue.job("a").await.unwrap().unwrap();
    let later = hand.collect(3).await;

    assert_eq!(meanwhile, ["c"]);
    assert_eq!((deferred.state, deferred.attempts_made), (Some(JobState::Delayed), 0));
    assert_eq!(later, ["a", "b", "d"]);
}

#[tokio::test]
async fn a_job_knows_how_often_it_was_told_to_wait_until_a_person_retries_it() {
    let server = Server::start();
    let mut hand = hand(&server, Some(RecipientLimits::NONE)).await;
    add(&hand.queue, &[job("a", ANA)]).await;
    let wait = Verdict::Wait { after: Duration::from_millis(1) };
    let mut waits = Vec::new();

    for verdict in [wait.clone(), wait, Verdict::Defer { after: Duration::from_millis(1) }] {
        let taken = loop {
            let taken = hand.take(1).await;
            if !taken.jobs.is_empty() {
                break taken;
            }
        };
        waits.push(taken.jobs[0].content.as_ref().unwrap().job.waits);
        hand.settle(&taken.jobs[0], verdict).await;
    }
    server.ask::<()>("ZREM bull:whatsapp:delayed a");
    server.ask::<()>("ZADD bull:whatsapp:failed 1 a");
    hand.queue.retry(&["a".to_owned()], JobState::Failed, wq::core::store::RetryRules::default()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;

    assert_eq!(waits, [0, 1, 2]);
    assert_eq!(hand.take(1).await.jobs[0].content.as_ref().unwrap().job.waits, 0);
}

#[test]
fn a_worker_that_ends_when_empty_waits_for_those_who_wait_for_their_recipient() {
    let (server, receiver) = (Server::start(), Receiver::start(Duration::ZERO, receiver::accept));
    let input = ["a", "b", "c"].map(|id| format!("{{\"data\":{ANA},\"opts\":{{\"jobId\":\"{id}\"}}}}\n")).concat();
    wq(&server).line("enqueue --ndjson -").input(input).run().exits(0);

    let run = format!("worker --via http --url {} --until-empty --rate none --per-recipient 2/s --per-recipient-burst 1", receiver.url());
    wq(&server).line(&run).run().exits(0).stderr_has("3 completed");

    let order: Vec<String> = receiver.requests().iter().map(|request| request.key.clone()).collect();
    assert_eq!(order, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_worker_that_was_told_no_limit_asks_for_nobodys_recipient() {
    let server = Server::start();
    let mut hand = hand(&server, None).await;
    add(&hand.queue, &(0..20).map(|n| job(&format!("j{n}"), ANA)).collect::<Vec<_>>()).await;

    assert_eq!(hand.ids(20).await.len(), 20);
    assert!(!server.ask::<Vec<String>>("KEYS wq:*").iter().any(|key| key.contains("recipient")));
}
