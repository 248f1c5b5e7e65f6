//! Ids that are names of the queue's own keys, or of parts of jobs: nobody adds them, and where a foreign program put them into a
//! line, or a person names them, the queue stays whole.

use wq::core::model::flow::{FlowJob, OnFailure};
use wq::core::model::id::{IdError, RESERVED, check_new_id};
use wq::core::store::repeats::CallName;

use super::*;
use crate::support::wq;

/// A queue with something under every name that it uses by itself.
async fn full(server: &Server) -> Hand {
    let mut hand = Hand::new(server, "none").await;
    let later = job_with("later", JobOptions { start: Start::After(Duration::from_hours(1)), ..JobOptions::default() });
    hand.queue.add(&[job("done"), job("dead"), job("taken"), job("waits"), prioritized("ranked", 3), later], Ledger::Skip).await.unwrap();
    for verdict in [completed(Keep::ALL), Verdict::Failed { reason: "why".to_owned(), trace: None, keep: Keep::ALL }] {
        let taken = hand.take(1).await;
        hand.settle(&taken, verdict).await;
    }
    hand.take(1).await;
    server.ask::<()>("HSET bull:q:metrics:failed count 1");
    server.ask::<()>("SET bull:q:de:failed done");
    hand
}

fn image(server: &Server) -> Vec<(String, Vec<u8>)> {
    let mut keys: Vec<String> = server.ask("KEYS *");
    keys.sort();
    keys.into_iter().filter(|key| key != "bull:q:events").map(|key| (key.clone(), server.ask(&format!("DUMP {key}")))).collect()
}

#[tokio::test]
async fn no_way_of_adding_takes_the_name_of_a_key_as_an_id() {
    let server = Server::start();
    let hand = full(&server).await;
    let before = image(&server);

    for name in RESERVED {
        assert_eq!(check_new_id(name), Err(IdError::Reserved(name.to_owned())));
        let refusal = hand.queue.add(&[job("new"), job(name)], Ledger::Skip).await.unwrap_err().to_string();
        assert!(refusal.contains(&format!("the id {name} is one of the queue's own keys")), "{refusal}");
        let flow = FlowJob { queue: "q".parse().unwrap(), job: job(name), on_failure: OnFailure::FailParent, parent: None };
        hand.queue.add_flow(&CallName::none(), &[flow]).await.unwrap_err();
    }

    assert_eq!(image(&server), before, "nothing was stored");
    wq(&server)
        .args(["enqueue", "--to", "+34600111222", "--text", "Hola", "--id", "wait"])
        .run()
        .exits(2)
        .stderr_has("put something before");
}

#[tokio::test]
async fn such_an_id_in_a_line_is_passed_over_and_counted() {
    let server = Server::start();
    let mut hand = full(&server).await;
    server.ask::<()>("HSET bull:q:taken:processed bull:q:child 1");
    let ids = ["meta", "wait", "events", "metrics", "taken:lock", "taken:processed", "de:failed", "metrics:failed"];
    for id in ids {
        server.ask::<()>(&format!("RPUSH bull:q:wait {id}"));
    }
    let structure = ["meta", "taken:lock", "taken:processed", "de:failed", "metrics:failed"];
    let look = || structure.map(|name| server.ask::<Vec<u8>>(&format!("DUMP bull:q:{name}")));
    let before = look();

    assert_eq!(hand.take_ids(9).await, ["waits", "ranked"]);

    assert_eq!(look(), before);
    assert_eq!(server.ask::<u64>("EXISTS bull:q:meta:lock bull:q:wait:lock"), 0);
    assert_eq!(hand.queue.overview().await.unwrap().missing_hash, ids.len() as u64);
}

#[tokio::test]
async fn naming_such_an_id_changes_nothing_in_the_queue() {
    let server = Server::start();
    let hand = full(&server).await;
    server.ask::<()>("RPUSH bull:q:taken:logs line");
    let mut ids: Vec<String> = RESERVED.map(str::to_owned).to_vec();
    ids.extend(["taken:lock", "taken:logs", "metrics:failed", "de:failed"].map(str::to_owned));
    let before = image(&server);

    for changes in [
        hand.queue.remove(&ids).await.unwrap(),
        hand.queue.promote(&ids).await.unwrap(),
        hand.queue.retry(&ids, JobState::Failed, RetryRules::default()).await.unwrap(),
    ] {
        assert_eq!(changes, vec![Change::NotFound; ids.len()]);
    }
    for id in &ids {
        assert_eq!(hand.queue.log(id, "line").await.unwrap(), Change::NotFound, "{id}");
        assert_eq!(hand.queue.progress(id, &serde_json::json!(1)).await.unwrap(), Change::NotFound, "{id}");
    }

    assert_eq!(image(&server), before);
}

#[tokio::test]
async fn such_an_id_among_the_dead_letters_takes_no_key_of_the_queue_with_it() {
    let server = Server::start();
    let hand = full(&server).await;
    server.ask::<()>("ZADD bull:q:failed 1 meta");
    server.ask::<()>("ZADD bull:q:failed 1 wait");
    server.ask::<()>("ZADD bull:q:failed 1 metrics");
    let structure = ["meta", "wait", "metrics:failed"];
    let look = || structure.map(|name| server.ask::<Vec<u8>>(&format!("DUMP bull:q:{name}")));
    let before = look();

    assert_eq!(hand.queue.clean(JobState::Failed, Duration::ZERO, 9).await.unwrap(), 4);

    assert_eq!(look(), before);
    assert_eq!(server.ask::<u64>("ZCARD bull:q:failed"), 0);
}
