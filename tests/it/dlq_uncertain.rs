//! `wq dlq list --uncertain` and `wq dlq resolve`: messages of which nobody knows whether they were sent are shown, never sent again
//! by mistake, and end by a person's word or a provider's proof.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use wq::app::tracker::{Proof, Proven, settle_by_proof};
use wq::core::store::Queue;
use wq::core::store::connect::ServerAddress;
use wq::core::store::intent::{Fence, OnUncertain};
use wq::core::store::settle::{Settlement, Verdict};
use wq::core::store::take::{TakeReader, TakeRules};

use crate::support::{Server, eventually, wq};

async fn queue(server: &Server, name: &str) -> Queue {
    let link = ServerAddress::parse(&server.url()).unwrap().connect_once().await.unwrap();
    Queue::open(&link, &"bull".parse().unwrap(), &name.parse().unwrap()).unwrap()
}

/// Takes all that waits as a worker `dead` would, and lets it be unknown whether it was sent.
pub(crate) async fn hold_all_of(server: &Server, name: &str) {
    let queue = queue(server, name).await;
    let rules = TakeRules {
        lock_ttl: Duration::from_secs(30),
        worker: None,
        rate: "none".parse().unwrap(),
        node_limiter: None,
        fence: Some(Fence { policy: OnUncertain::Hold, send_timeout: Duration::from_secs(30) }),
        recipients: None,
        metrics_minutes: 0,
    };
    let (token, reader): (Arc<str>, _) = ("wq.dead.1".into(), TakeReader::default());
    let taken = queue.take(100, &token, &rules, &reader).await.unwrap();
    let verdict = Verdict::Held { reason: "uncertain: the answer was lost".to_owned(), trace: None };
    let settlement =
        |id: &String| Settlement { id: id.clone(), token: Arc::clone(&token), attempts: 3, plain: None, verdict: verdict.clone() };
    let ids: Vec<String> = taken.jobs.iter().map(|job| job.id.clone()).collect();
    let settlements: Vec<Settlement> = ids.iter().map(settlement).collect();
    queue.settle(&settlements, 0, &token, &rules, &reader).await.unwrap();
}

async fn hold_all(server: &Server) {
    hold_all_of(server, "whatsapp").await;
}

fn add(server: &Server, id: &str, more: &str) {
    wq(server).line(&format!("enqueue --data {{\"n\":1}} --id {id} --priority 0{more}")).run().exits(0);
}

async fn held(server: &Server, ids: &[&str]) {
    for id in ids {
        add(server, id, "");
    }
    hold_all(server).await;
}

fn listed(server: &Server) -> Vec<Value> {
    let shown = wq(server).line("dlq list --uncertain --json").run().exits(0).json();
    shown["data"].as_array().unwrap().clone()
}

fn state(server: &Server, id: &str) -> Value {
    wq(server).line(&format!("jobs get {id} --json")).run().exits(0).json()["data"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn held_messages_are_listed_with_what_a_person_needs_to_decide() {
    let server = Server::start();
    held(&server, &["a", "b"]).await;

    let rows = listed(&server);

    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0]["id"], &rows[0]["stable_key"], &rows[0]["worker_process"]), (&json!("a"), &json!("a"), &json!("dead")));
    assert_eq!((&rows[0]["reason"], &rows[0]["state"]), (&json!("uncertain: the answer was lost"), &json!("failed")));
    assert_eq!((&rows[0]["data"], &rows[0]["intervention"]), (&json!({ "n": 1 }), &Value::Null));
    let job = state(&server, "a");
    assert_eq!((&job["intent"]["incarnation"], &job["intent"]["on_uncertain"]), (&json!("dead"), &json!("hold")), "{job}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_did_to_a_held_job_is_told() {
    let server = Server::start();
    held(&server, &["gone", "back", "done"]).await;
    server.ask::<()>("ZREM bull:whatsapp:failed gone");
    server.ask::<()>("DEL bull:whatsapp:gone");
    server.ask::<()>("ZREM bull:whatsapp:failed back done");
    server.ask::<()>("LPUSH bull:whatsapp:wait back");
    server.ask::<()>("ZADD bull:whatsapp:completed 1 done");

    let mut notes: Vec<(Value, Value)> = listed(&server).iter().map(|row| (row["id"].clone(), row["intervention"].clone())).collect();
    notes.sort_by_key(|(id, _)| id.to_string());

    let told = [
        (json!("back"), json!("somebody else put it back in line")),
        (json!("done"), json!("somebody else completed the job")),
        (json!("gone"), json!("somebody else removed the job")),
    ];
    assert_eq!(notes, told);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_sent_completes_and_saying_so_again_changes_nothing() {
    let server = Server::start();
    held(&server, &["a"]).await;

    wq(&server).line("dlq resolve a --sent 3EB0C7").run().exits(0).stdout_has("completed");

    let job = state(&server, "a");
    assert_eq!((&job["state"], &job["sent_as"], &job["attempts_made"]), (&json!("completed"), &json!("3EB0C7"), &json!(1)), "{job}");
    assert_eq!((&job["intent"], &job["reason"]), (&Value::Null, &Value::Null));
    assert!(listed(&server).is_empty());
    wq(&server).line("dlq resolve a --sent").run().exits(0).stdout_has("was resolved before");
    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:completed"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_not_sent_goes_back_in_line_under_a_new_key_and_has_lost_no_attempt() {
    let server = Server::start();
    held(&server, &["a"]).await;

    wq(&server).line("dlq resolve a --not-sent").run().exits(0).stdout_has("a.2");

    let job = state(&server, "a");
    assert_eq!((&job["state"], &job["stable_key"], &job["attempts_made"]), (&json!("waiting"), &json!("a.2"), &json!(0)), "{job}");
    wq(&server).line("dlq resolve a --not-sent").run().exits(0).stdout_has("was resolved before");
    assert_eq!(server.ask::<Vec<String>>("LRANGE bull:whatsapp:wait 0 -1"), ["a"]);
    hold_all(&server).await;
    wq(&server).line("dlq resolve a --not-sent --json").run().exits(0).stdout_has("a.3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_message_whose_job_is_gone_can_still_be_decided() {
    let server = Server::start();
    held(&server, &["sent", "unsent"]).await;
    for id in ["sent", "unsent"] {
        server.ask::<()>(&format!("DEL bull:whatsapp:{id}"));
        server.ask::<()>(&format!("ZREM bull:whatsapp:failed {id}"));
    }

    wq(&server).line("dlq resolve sent --sent").run().exits(0).stderr_has("somebody else had removed the job");
    wq(&server).line("dlq resolve unsent --not-sent").run().exits(0).stdout_has("unsent.2");

    assert_eq!(server.ask::<u64>("EXISTS bull:whatsapp:sent"), 0);
    let job = state(&server, "unsent");
    assert_eq!((&job["state"], &job["data"], &job["attempts_allowed"]), (&json!("waiting"), &json!({ "n": 1 }), &json!(3)), "{job}");
    wq(&server).line("worker --via log --rate none --until-empty").run().exits(0);
    assert_eq!(state(&server, "unsent")["state"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parent_of_a_held_child_goes_on_when_it_is_known_to_be_sent() {
    for is_gone in [false, true] {
        let server = Server::start();
        wq(&server).line("enqueue --tree -").input(r#"{"id":"p","children":[{"id":"c"}]}"#).run().exits(0);
        hold_all(&server).await;
        assert_eq!(state(&server, "p")["state"], "waiting-children");
        if is_gone {
            server.ask::<()>("DEL bull:whatsapp:c");
            server.ask::<()>("ZREM bull:whatsapp:failed c");
        }

        wq(&server).line("dlq resolve c --sent").run().exits(0);

        assert_ne!(state(&server, "p")["state"], "waiting-children", "the child is gone: {is_gone}");
        assert_eq!(server.ask::<u64>("HEXISTS bull:whatsapp:p:processed bull:whatsapp:c"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deduplication_stays_while_its_owner_is_held_and_ends_with_the_word_that_it_was_sent() {
    let server = Server::start();
    add(&server, "a", " --dedupe order");
    hold_all(&server).await;
    assert_eq!(server.ask::<String>("GET bull:whatsapp:de:order"), "a");

    wq(&server).line("dlq resolve a --sent").run().exits(0);

    assert_eq!(server.ask::<u64>("EXISTS bull:whatsapp:de:order"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_of_all_and_a_clean_leave_held_messages_alone() {
    let server = Server::start();
    held(&server, &["h1", "h2"]).await;
    for id in ["f1", "f2"] {
        add(&server, id, "");
    }
    wq(&server).line("worker --via exec --rate none --until-empty -- false").run().exits(0);
    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:failed"), 4);

    let foreseen = wq(&server).line("dlq retry --all --dry-run").run().exits(0);
    foreseen.stderr_has("2 that may have been sent stay").stderr_has("2 of 2 would be retried");
    wq(&server).line("dlq retry h1").run().exits(5).stdout_has("may have been sent");
    wq(&server).line("dlq clean --dry-run --json").run().exits(0).stdout_has("\"count\":2");
    wq(&server).line("dlq retry --where name=send").run().exits(0).stderr_has("2 of 2 retried");
    wq(&server).line("worker --via exec --rate none --until-empty -- false").run().exits(0);
    wq(&server).line("dlq retry --all").run().exits(0).stderr_has("2 of 2 retried");
    wq(&server).line("dlq clean --yes").run().exits(0);
    wq(&server).line("jobs retry --all").run().exits(0);

    let mut left: Vec<String> = server.ask("ZRANGE bull:whatsapp:failed 0 -1");
    left.sort();
    assert_eq!(left, ["h1", "h2"]);
    assert_eq!(listed(&server).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn held_messages_are_retried_when_somebody_asks_for_just_that() {
    let server = Server::start();
    held(&server, &["h1", "h2"]).await;

    wq(&server).line("dlq retry --all --include-uncertain").run().exits(0).stderr_has("2 of 2 retried");

    assert!(listed(&server).is_empty());
    assert_eq!(state(&server, "h1")["intent"], Value::Null, "nobody holds it again when it is taken");
    wq(&server).line("worker --via log --rate none --until-empty").run().exits(0);
    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:completed"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_resolved_says_why() {
    let server = Server::start();
    held(&server, &["a"]).await;
    server.ask::<()>("HSET wq:bull:whatsapp:held broken text");

    wq(&server).line("dlq resolve nobody --sent").run().exits(4).stderr_has("wq dlq list --uncertain");
    wq(&server).line("dlq resolve broken --sent").run().exits(1).stderr_has("can't be read");
    wq(&server).line("dlq resolve a").run().exits(2);
    wq(&server).line("dlq resolve a --not-sent --sent").run().exits(2);
    wq(&server).line("dlq list --uncertain").run().exits(0).stderr_has("broken");
    server.ask::<()>("ZREM bull:whatsapp:failed a");
    server.ask::<()>("LPUSH bull:whatsapp:active a");
    server.ask::<()>("SET bull:whatsapp:a:lock node");
    wq(&server).line("dlq resolve a --not-sent").run().exits(8).stderr_has("a worker has");
    assert_eq!(server.ask::<u64>("HEXISTS wq:bull:whatsapp:held a"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn saying_not_sent_while_the_worker_lives_is_warned_of() {
    let server = Server::start();
    held(&server, &["a", "b"]).await;
    let subscription = queue(&server, "whatsapp").await.subscribe_alive("dead").await.unwrap();

    wq(&server).line("dlq resolve a --not-sent").run().exits(0).stderr_has("still lives");

    drop(subscription);
    eventually(Duration::from_secs(10), "the server notices", || {
        (server.ask::<(String, u64)>("PUBSUB SHARDNUMSUB wq:bull:whatsapp:alive:dead").1 == 0).then_some(())
    });
    let quiet = wq(&server).line("dlq resolve b --not-sent").run().exits(0);
    assert!(!quiet.stderr.contains("still lives"), "{}", quiet.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_providers_proof_settles_what_is_held_under_its_key_and_nothing_else() {
    let server = Server::start();
    held(&server, &["a", "b"]).await;
    let queue = queue(&server, "whatsapp").await;
    let prove = async |key| settle_by_proof(&queue, Proof { key, provider_id: Some("wamid.1") }).await.unwrap();

    assert_eq!(prove("a").await, Proven::Settled);
    assert_eq!(prove("a").await, Proven::NothingHeld, "providers tell everything twice");
    assert_eq!(prove("nobody").await, Proven::NothingHeld);
    assert_eq!(state(&server, "a")["sent_as"], "wamid.1");
    wq(&server).line("dlq resolve b --not-sent").run().exits(0);
    hold_all(&server).await;
    assert_eq!(prove("b").await, Proven::Superseded, "the first send of it arrived after all");
    assert_eq!(prove("b.2").await, Proven::Settled);
    assert_eq!(state(&server, "b")["state"], "completed");
}
