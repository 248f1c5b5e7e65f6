//! Deduplicated adds: many at once, repeated after a lost answer, over damaged keys.

use std::sync::Arc;
use std::time::Duration;

use wq::core::model::deduplication::{Deduplication, DeduplicationRules};
use wq::core::model::job::{AddStatus, JobOptions, Keep, NewJob, Start};
use wq::core::store::Ledger;
use wq::core::store::settle::{Settled, Settlement, Verdict};

use super::{Hand, job_with, queue};
use crate::support::Server;

fn under(id: &str, key: &str, rules: DeduplicationRules) -> NewJob {
    let deduplication = Some(Deduplication { id: key.to_owned(), rules });
    job_with(id, JobOptions { deduplication, ..JobOptions::default() })
}

fn simple(id: &str, key: &str) -> NewJob {
    under(id, key, DeduplicationRules::default())
}

fn by(owner: &str) -> AddStatus {
    AddStatus::Deduplicated { by: owner.to_owned() }
}

#[tokio::test]
async fn a_repeated_add_is_never_deduplicated_by_itself() {
    let server = Server::start();
    let queue = queue(&server).await;
    let jobs = [simple("a", "k"), simple("b", "k"), simple("c", "other"), simple("d", "k")];

    let first = queue.add(&jobs, Ledger::Skip).await.unwrap();
    let repeated = queue.add(&jobs, Ledger::Skip).await.unwrap();

    assert_eq!(first, [AddStatus::Stored, by("a"), AddStatus::Stored, by("a")]);
    assert_eq!(repeated, [AddStatus::Duplicate, by("a"), AddStatus::Duplicate, by("a")]);
    assert_eq!(server.ask::<u64>("LLEN bull:q:wait"), 2);
}

#[tokio::test]
async fn a_repeated_add_whose_job_is_done_and_gone_is_a_duplicate_while_its_time_runs() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    let rules = DeduplicationRules { ttl: Some(Duration::from_mins(1)), ..DeduplicationRules::default() };
    hand.queue.add(&[under("a", "k", rules)], Ledger::Skip).await.unwrap();
    let taken = hand.take(1).await;
    assert_eq!(taken.jobs.len(), 1);
    server.ask::<()>("DEL bull:q:active");
    server.ask::<()>("DEL bull:q:a");

    let repeated = hand.queue.add(&[under("a", "k", rules)], Ledger::Skip).await.unwrap();

    assert_eq!(repeated, [AddStatus::Duplicate]);
    assert_eq!(server.ask::<u64>("EXISTS bull:q:a bull:q:wait"), 0);
}

#[tokio::test]
async fn the_last_of_many_that_replace_each_other_is_left_however_often_they_are_added() {
    let server = Server::start();
    let queue = queue(&server).await;
    let rules = DeduplicationRules { replace: true, ..DeduplicationRules::default() };
    let jobs: Vec<NewJob> = (0..5)
        .map(|n| {
            let mut job = under(&format!("j{n}"), "k", rules);
            job.options.start = Start::After(Duration::from_hours(1));
            job
        })
        .collect();

    for _ in 0..2 {
        queue.add(&jobs, Ledger::Skip).await.unwrap();

        assert_eq!(server.ask::<Vec<String>>("ZRANGE bull:q:delayed 0 -1"), ["j4"]);
        assert_eq!(server.ask::<Vec<String>>("KEYS bull:q:j*"), ["bull:q:j4"]);
        assert_eq!(server.ask::<String>("GET bull:q:de:k"), "j4");
    }
}

#[tokio::test]
async fn a_key_that_holds_no_owner_is_named_and_nothing_is_stored() {
    let server = Server::start();
    let queue = queue(&server).await;
    server.ask::<()>("HSET bull:q:de:k a b");

    let problem = queue.add(&[simple("a", "fine"), simple("b", "k")], Ledger::Skip).await.unwrap_err().to_string();

    assert!(problem.contains("bull:q:de:k") && problem.contains("remove it"), "{problem}");
    assert_eq!(server.ask::<Vec<String>>("KEYS *"), ["bull:q:de:k"]);
}

#[tokio::test]
async fn a_row_that_was_deduplicated_may_come_again() {
    let server = Server::start();
    let queue = queue(&server).await;
    let (one, two) = (simple("aaaaaaaaaaaaaaaaaaaaaa", "k"), simple("bbbbbbbbbbbbbbbbbbbbbb", "k"));

    let first = queue.add(&[one.clone(), two.clone()], Ledger::Record).await.unwrap();
    queue.remove(std::slice::from_ref(&one.id)).await.unwrap();
    let second = queue.add(std::slice::from_ref(&two), Ledger::Record).await.unwrap();
    let third = queue.add(&[two], Ledger::Record).await.unwrap();

    assert_eq!(first, [AddStatus::Stored, by(&one.id)]);
    assert_eq!((second, third), (vec![AddStatus::Stored], vec![AddStatus::Duplicate]));
}

#[tokio::test]
async fn deduplication_costs_others_nothing_and_itself_little() {
    let server = Server::start();
    let queue = queue(&server).await;
    let plain: Vec<NewJob> = (0..500).map(|n| job_with(&format!("p{n}"), JobOptions::default())).collect();
    let keyed: Vec<NewJob> = (0..500).map(|n| simple(&format!("k{n}"), &format!("key-{n}"))).collect();

    queue.add(&plain, Ledger::Skip).await.unwrap();
    assert_eq!([server.calls("get"), server.calls("set"), server.calls("hset")], [0, 0, 500 + 1]);
    queue.add(&keyed, Ledger::Skip).await.unwrap();

    assert_eq!([server.calls("get"), server.calls("set"), server.calls("hset")], [500, 500, 1000 + 1]);
}

/// Has the owner of `k` taken, another job kept for later, and the keys damaged; then the owner is completed.
async fn complete_owner(server: &Server, damage: &[&str]) -> Hand {
    let mut hand = Hand::new(server, "none").await;
    let rules = DeduplicationRules { keep_last_if_active: true, ..DeduplicationRules::default() };
    hand.queue.add(&[under("a", "k", rules)], Ledger::Skip).await.unwrap();
    let taken = hand.take(1).await;
    let kept = hand.queue.add(&[under("b", "k", rules)], Ledger::Skip).await.unwrap();
    assert_eq!(kept, [by("a")]);
    for command in damage {
        server.ask::<()>(command);
    }
    let job = &taken.jobs[0];
    assert!(job.content.as_ref().is_ok_and(|content| content.options.is_deduplicated));
    let verdict = Verdict::Completed { return_value: "null".to_owned(), provider_id: None, keep: Keep::ALL };
    let settlement = Settlement { id: job.id.clone(), token: Arc::clone(&job.token), attempts: 1, plain: None, verdict };
    let token = hand.token();
    let settled = hand.queue.settle(&[settlement], 0, &token, &hand.rules, &hand.reader).await.unwrap().0;
    assert_eq!(settled, [Settled::Done]);
    hand
}

#[tokio::test]
async fn a_kept_job_with_damaged_options_is_added_and_fails_where_it_can_be_seen() {
    let server = Server::start();

    let mut hand = complete_owner(&server, &["HSET bull:q:dn:k opts {"]).await;

    assert_eq!(server.ask::<u64>("ZCARD bull:q:completed"), 1);
    assert_eq!(server.ask::<String>("GET bull:q:de:k"), "b");
    let taken = hand.take(1).await;
    let problem = taken.jobs[0].content.as_ref().unwrap_err();
    assert!(taken.jobs[0].id == "b" && problem.contains("opts is no JSON"), "{problem}");
}

#[tokio::test]
async fn an_owner_ends_whatever_its_deduplication_keys_have_become() {
    let server = Server::start();

    complete_owner(&server, &["DEL bull:q:de:k", "HSET bull:q:de:k a b", "DEL bull:q:dn:k", "SET bull:q:dn:k text"]).await;

    assert_eq!(server.ask::<u64>("ZCARD bull:q:completed"), 1);
    assert_eq!(server.ask::<u64>("EXISTS bull:q:de:k bull:q:dn:k"), 2);
}
