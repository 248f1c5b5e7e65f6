//! Keys of our own that hold something else: whoever needs one says so with the cure, before anything is written, and the same
//! call works once it was put right.

use std::fmt::Debug;

use wq::core::model::aside::Aside;
use wq::core::model::outage::{Outage, OutageEnd};
use wq::core::model::recipients::RecipientLimits;
use wq::core::store::barrier::{TellRules, Testimony, Told};
use wq::core::store::error::StoreError;
use wq::core::store::intent::OnUncertain;
use wq::core::store::resolve::Knowledge;
use wq::core::store::standstill::Paused;

use super::fence::held;
use super::*;

/// Every key and what it holds. Of a ledger's bytes, a shard that is not born may be written in two ways.
fn image(server: &Server) -> Vec<(String, Vec<u8>)> {
    let mut keys: Vec<String> = server.ask("KEYS *");
    keys.sort();
    keys.into_iter().filter(|key| !key.ends_with(":born")).map(|key| (key.clone(), server.ask(&format!("DUMP {key}")))).collect()
}

/// While a set stands in the place of this key the operation is refused and changes nothing; then the key is what it was.
async fn is_refused<T: Debug>(server: &Server, key: &str, mut operation: impl AsyncFnMut() -> Result<T, StoreError>) {
    let was_there = server.ask::<u64>(&format!("EXISTS {key}")) == 1;
    if was_there {
        server.ask::<()>(&format!("RENAME {key} aside"));
    }
    server.ask::<()>(&format!("SADD {key} foreign"));
    let before = image(server);

    let refusal = operation().await.unwrap_err();

    let told = refusal.to_string();
    assert!(told.contains(&format!("{key} is no ")) && told.contains("remove it, then try again"), "{key}: {told}");
    assert!(!refusal.is_connection_lost(), "{told}");
    assert_eq!(image(server), before, "{key}: nothing was changed");
    server.ask::<()>(&format!("DEL {key}"));
    if was_there {
        server.ask::<()>(&format!("RENAME aside {key}"));
    }
}

#[tokio::test]
async fn rows_are_not_added_beside_a_damaged_ledger_and_not_lost_either() {
    let server = Server::start();
    let queue = queue(&server).await;
    queue.add(&[job("RowOne00000000")], Ledger::Record).await.unwrap();
    // Rows of the same shard and of others, before and behind it.
    let rows = ["Aaaaaaaaaaaaaa", "RowTwo00000000", "Zzzzzzzzzzzzzz"].map(job);
    let keys: Vec<String> = server.ask("KEYS wq:bull:q:ledger:*");
    assert_eq!(keys.len(), 2);

    for key in &keys {
        is_refused(&server, key, async || queue.add(&rows, Ledger::Record).await).await;
    }
    server.ask::<()>("RENAME bull:q:id aside");
    server.ask::<()>("SET bull:q:id 99999999999999999999");
    queue.add(&rows, Ledger::Record).await.unwrap_err();
    server.ask::<()>("RENAME aside bull:q:id");

    assert_eq!(queue.add(&rows, Ledger::Record).await.unwrap(), [const { AddStatus::Stored }; 3], "none counts as known");
    assert_eq!(queue.add(&rows, Ledger::Record).await.unwrap(), [const { AddStatus::Duplicate }; 3]);
}

#[tokio::test]
async fn a_row_is_removed_beside_a_damaged_ledger() {
    let server = Server::start();
    let queue = queue(&server).await;
    queue.add(&[job("RowOne00000000")], Ledger::Record).await.unwrap();
    for key in server.ask::<Vec<String>>("KEYS wq:bull:q:ledger:*") {
        server.ask::<()>(&format!("DEL {key}"));
        server.ask::<()>(&format!("SADD {key} foreign"));
    }

    assert_eq!(queue.remove(&["RowOne00000000".to_owned()]).await.unwrap(), [Change::Done]);
}

#[tokio::test]
async fn nobody_writes_past_a_damaged_list_of_held_messages() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    let (first, second) = (hand.begin(&["held"]).await, hand.begin(&["sent"]).await);
    hand.settle(&first, Verdict::Held { reason: "uncertain: no answer".to_owned(), trace: None }).await;
    hand.queue.add(&[job("waits")], Ledger::Skip).await.unwrap();
    let (queue, rules) = (hand.queue.clone(), hand.rules.clone());
    let key = "wq:bull:q:held";
    let id = ["held".to_owned()];
    let told = Told {
        id: "waits".to_owned(),
        token: "wq.test.1".to_owned(),
        attempt: 1,
        digest: sha1_smol::Sha1::from("{}\0waits").digest().bytes(),
        at: 1,
        testimony: Testimony::Unknown { reason: "uncertain: gone".to_owned() },
    };
    let tell_rules = TellRules {
        lock_ttl: rules.lock_ttl,
        fence: rules.fence.unwrap(),
        has_forgotten: true,
        keep_completed: Keep::ALL,
        metrics_minutes: 0,
    };

    is_refused(&server, key, async || queue.add(&[job("new")], Ledger::Skip).await).await;
    is_refused(&server, key, async || queue.take(9, &"wq.test.8".into(), &rules, &TakeReader::default()).await).await;
    is_refused(&server, key, async || queue.retry(&id, JobState::Failed, RetryRules::default()).await).await;
    is_refused(&server, key, async || queue.clean(JobState::Failed, Duration::ZERO, 9).await).await;
    is_refused(&server, key, async || queue.resolve("held", Knowledge::NotSent, None).await).await;
    is_refused(&server, key, async || queue.tell(std::slice::from_ref(&told), &tell_rules).await).await;
    let outcome = Settlement {
        id: "sent".to_owned(),
        token: Arc::clone(&second.jobs[0].token),
        attempts: 1,
        plain: None,
        verdict: Verdict::Held { reason: "uncertain: no answer".to_owned(), trace: None },
    };
    let settle = async || queue.settle(std::slice::from_ref(&outcome), 0, &"wq.test.9".into(), &rules, &TakeReader::default()).await;
    is_refused(&server, key, settle).await;

    assert_eq!(hand.settle(&second, outcome.verdict.clone()).await, [Settled::Done]);
    assert_eq!(held(&server), ["held", "sent"]);
}

#[tokio::test]
async fn a_worker_neither_begins_nor_judges_beside_damaged_signs_of_life() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    hand.begin(&["a"]).await;

    for key in ["wq:bull:q:beat", "wq:bull:q:watch"] {
        is_refused(&server, key, async || hand.queue.reclaim("test", &hand.bygone(&[])).await).await;
    }
    for key in ["wq:bull:q:epoch", "wq:bull:q:barrier:e1", "wq:bull:q:beat"] {
        is_refused(&server, key, async || hand.queue.barrier("e1", "test", true, false).await).await;
    }

    assert_eq!(hand.reclaim(&[]).await, ["a"]);
}

#[tokio::test]
async fn a_queue_neither_pauses_nor_goes_on_beside_a_damaged_reason() {
    let server = Server::start();
    let queue = queue(&server).await;
    let outage = Outage { class: "unreachable", reason: "no answer".to_owned(), end: OutageEnd::Probe };
    let pause_for = async || queue.pause_for(&outage, "w1", Duration::ZERO, None).await;

    for key in ["wq:bull:q:pause", "wq:bull:q:relapses", "bull:q:events"] {
        is_refused(&server, key, async || queue.pause().await).await;
        is_refused(&server, key, pause_for).await;
        pause_for().await.unwrap();
        is_refused(&server, key, async || queue.pause().await).await;
        is_refused(&server, key, async || queue.claim_probe("p", Duration::ZERO).await).await;
        queue.claim_probe("p", Duration::ZERO).await.unwrap();
        is_refused(&server, key, async || queue.probe_passed("p", false).await).await;
        is_refused(&server, key, async || queue.resume().await).await;
        assert!(queue.resume().await.unwrap().was_paused, "{key}");
    }
    for key in ["bull:q:wait", "bull:q:paused", "bull:q:delayed"] {
        assert_eq!(queue.pause().await.unwrap(), Paused::Now);
        is_refused(&server, key, async || queue.resume().await).await;
        assert!(queue.resume().await.unwrap().was_paused, "{key}");
    }
}

#[tokio::test]
async fn nothing_is_taken_past_a_damaged_pace_or_a_damaged_list_of_what_steps_aside() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "1000/s").await;
    let aside: Aside = Aside::campaign_of(r#"{"campaign":"bf26"}"#).unwrap();
    hand.queue.set_aside(&aside, "refused", "w1").await.unwrap();
    let bf26 = NewJob { data: r#"{"campaign":"bf26"}"#.to_owned(), ..job("aside") };
    hand.queue.add(&[bf26, job("a")], Ledger::Skip).await.unwrap();
    let (queue, rules) = (hand.queue.clone(), hand.rules.clone());
    let take = async || queue.take(9, &"wq.test.9".into(), &rules, &TakeReader::default()).await;

    for key in ["wq:bull:q:pace", "wq:bull:q:rate", "wq:bull:q:aside", "wq:bull:q:aside:campaign:bf26"] {
        is_refused(&server, key, take).await;
    }
    for key in ["wq:bull:q:rate", "wq:bull:q:aside"] {
        is_refused(&server, key, async || queue.set_aside(&aside, "refused", "w1").await).await;
    }
    for key in ["wq:bull:q:rate", "wq:bull:q:aside", "wq:bull:q:aside:campaign:bf26"] {
        is_refused(&server, key, async || queue.return_aside(&aside).await).await;
    }
    is_refused(&server, "wq:bull:q:rate", async || queue.slow_down(3, Duration::from_secs(1)).await).await;
    is_refused(&server, "wq:bull:q:pace", async || queue.reserve_slot(Duration::from_millis(1)).await).await;

    assert_eq!(hand.take_ids(9).await, ["a"]);
    assert_eq!(queue.return_aside(&aside).await.unwrap().unwrap().jobs, 1);
}

#[tokio::test]
async fn a_recipient_whose_key_is_damaged_holds_up_nobody_else_and_is_told() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.rules.recipients = Some(RecipientLimits { interval: Duration::from_millis(1), burst: 1, daily: Some(9) });
    let to = |id: &str, number: &str| NewJob { data: format!(r#"{{"to":"{number}"}}"#), ..job(id) };
    hand.queue.add(&[to("first", "+34600111222")], Ledger::Skip).await.unwrap();
    hand.take(1).await;
    let keys: Vec<String> = server.ask("KEYS wq:bull:q:recipient:*");
    assert_eq!(keys.len(), 2);

    for key in keys {
        server.ask::<()>(&format!("RENAME {key} aside"));
        server.ask::<()>(&format!("SET {key} text"));
        hand.queue.add(&[to("late", "+34600111222"), to("other", "+34600333444")], Ledger::Skip).await.unwrap();
        assert_eq!(hand.take_ids(9).await, ["other"], "{key}");
        let parked = hand.queue.page(JobState::Delayed, 0, 9).await.unwrap();
        assert_eq!(parked.iter().map(|job| job.id.as_str()).collect::<Vec<_>>(), ["late"]);
        server.ask::<()>(&format!("RENAME aside {key}"));
        server.ask::<()>("DEL bull:q:delayed");
        server.ask::<u64>("DEL bull:q:other bull:q:other:lock bull:q:late bull:q:active");
    }

    assert_eq!(hand.queue.overview().await.unwrap().recipients_damaged, 2);
}
