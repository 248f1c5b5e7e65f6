//! Node adds, `wq worker` works, Node reads what became of it.

use std::time::Duration;

use serde_json::json;

use wq::core::model::job::Keep;
use wq::core::store::Queue;
use wq::core::store::connect::ServerAddress;
use wq::core::store::settle::{Settled, Settlement, Verdict};
use wq::core::store::take::{TakeReader, TakeRules};

use super::{await_idle, look, play, queue};
use crate::support::node::Node;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);

/// A worker that ends when there is nothing left.
fn work(server: &Server, receiver: &Receiver) {
    let line = format!("worker -Q q --via http --url {} --until-empty --rate none --concurrency 1 --name our-1", receiver.url());
    wq(server).line(&line).run().exits(0);
}

#[test]
fn every_kind_of_job_is_completed_in_bullmqs_order_and_readable_in_node() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    queue(&mut node, "add", &json!(["low", {}, { "priority": 9 }]));
    queue(&mut node, "add", &json!(["high", {}, { "priority": 1 }]));
    queue(&mut node, "add", &json!(["standard", { "deep": { "text": "Olá 👋", "none": null } }]));
    queue(&mut node, "add", &json!(["own-id", {}, { "jobId": "order-17" }]));
    queue(&mut node, "addBulk", &json!([[{ "name": "bulk-1", "data": {} }, { "name": "bulk-2", "data": {} }]]));
    queue(&mut node, "add", &json!(["first", {}, { "lifo": true }]));

    work(&server, &receiver);

    let sent: Vec<_> = receiver.requests().iter().map(|request| request.body["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(sent, ["first", "standard", "own-id", "bulk-1", "bulk-2", "high", "low"]);
    assert_eq!(receiver.requests()[1].body["data"], json!({ "deep": { "text": "Olá 👋", "none": null } }));
    let seen = look(&mut node, "order-17");
    assert_eq!(seen["state"], "completed");
    assert_eq!(seen["returnvalue"], json!({ "ok": "own-id" }));
    assert_eq!([&seen["attemptsMade"], &seen["attemptsStarted"], &seen["delay"], &seen["priority"]], [1, 1, 0, 0]);
    assert_eq!(seen["processedBy"], "our-1");
    assert!(seen["failedReason"].is_null() && seen["stacktrace"] == json!([]), "{seen}");
    let [added, started, finished] = ["timestamp", "processedOn", "finishedOn"].map(|field| seen[field].as_u64().unwrap());
    assert!(added <= started && started <= finished && finished - added < 60_000, "{seen}");
    let counts = json!({ "active": 0, "completed": 7, "delayed": 0, "failed": 0, "prioritized": 0, "waiting": 0, "waiting-children": 0 });
    assert_eq!(queue(&mut node, "getJobCounts", &json!([])), counts);
}

fn what_node_adds_is_sent_by_us_and_wait_until_finished_brings_the_answer(library: &str) {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start_with(&server, library);
    let worker = wq(&server).line(&format!("worker -Q q --via http --url {} --rate none", receiver.url())).spawn();
    await_idle(&server, 1);

    let mut added = Vec::new();
    for (name, options) in [("standard", json!({})), ("ranked", json!({ "priority": 4 })), ("delayed", json!({ "delay": 600 }))] {
        let job = queue(&mut node, "add", &json!([name, { "to": "+34600111222" }, options]));
        added.push((name, job["id"].as_str().unwrap().to_owned()));
    }

    for (name, id) in &added {
        assert_eq!(node.call("finish", json!({ "queue": "q", "id": id })), json!({ "ok": name }), "{}", worker.stderr());
        assert_eq!([&look(&mut node, id)["state"], &look(&mut node, id)["returnvalue"]["ok"]], [&json!("completed"), &json!(name)]);
    }
    let seen = look(&mut node, &added[2].1);
    assert!(seen["processedOn"].as_i64().unwrap() - seen["timestamp"].as_i64().unwrap() >= 600, "{seen}");
}

#[test]
fn s19_what_node_adds_is_sent_by_us_and_wait_until_finished_brings_the_answer() {
    what_node_adds_is_sent_by_us_and_wait_until_finished_brings_the_answer("bullmq");
}

#[test]
fn s19_v5_what_node_adds_is_sent_by_us_and_wait_until_finished_brings_the_answer() {
    what_node_adds_is_sent_by_us_and_wait_until_finished_brings_the_answer("bullmq5");
}

#[test]
fn a_job_that_must_fail_is_failed_without_being_sent() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let id = queue(&mut node, "add", &json!(["child-failed", {}, { "attempts": 3 }]))["id"].as_str().unwrap().to_owned();
    server.ask::<u64>(&format!("HSET bull:q:{id} defa child-failed-before"));

    work(&server, &receiver);

    assert_eq!(look(&mut node, &id)["failedReason"], "child-failed-before");
    assert_eq!(receiver.requests().len(), 0);
}

#[test]
fn what_remains_of_completed_jobs_is_what_the_job_says() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let add = |node: &mut Node, name: &str, keep: serde_json::Value| {
        let jobs: Vec<_> = (0..8).map(|_| json!({ "name": name, "data": {}, "opts": { "removeOnComplete": keep } })).collect();
        queue(node, "addBulk", &json!([jobs]));
    };
    add(&mut node, "all", json!(true));

    work(&server, &receiver);
    let after_true = queue(&mut node, "getCompletedCount", &json!([]));
    add(&mut node, "newest", json!({ "count": 5 }));
    work(&server, &receiver);
    let after_count = queue(&mut node, "getCompletedCount", &json!([]));
    add(&mut node, "young", json!({ "age": 3600 }));
    work(&server, &receiver);

    assert_eq!([after_true, after_count, queue(&mut node, "getCompletedCount", &json!([]))], [0, 5, 13]);
    assert_eq!(server.ask::<Vec<String>>("KEYS bull:q:[0-9]*").len(), 13);
}

#[test]
fn s39_a_marker_left_in_wait_by_an_old_producer_is_dropped() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    server.ask::<u64>("RPUSH bull:q:wait 0:0");
    queue(&mut node, "add", &json!(["real", {}]));
    server.ask::<u64>("RPUSH bull:q:wait 0:1795489418213");

    work(&server, &receiver);

    assert_eq!(receiver.requests().len(), 1);
    assert_eq!([server.ask::<u64>("LLEN bull:q:wait"), server.ask::<u64>("LLEN bull:q:active")], [0, 0]);
}

#[test]
fn s53_a_scan_for_orphans_by_node_takes_nothing_of_ours() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    wq(&server).line("enqueue -Q q --data {} --key one").run().exits(0);
    queue(&mut node, "add", &json!(["fails", { "refuse": "no" }]));
    work(&server, &receiver);
    for line in [
        "enqueue -Q q --data {} --key two --delay 1h",
        "enqueue -Q q --data {} --id three --dedupe once",
        "enqueue -Q q --data {} --id four --dedupe for-a-while:1h --priority urgent",
        "schedule add pulse -Q q --every 1h --data {}",
        "jobs note -Q q three waits",
        "queues set q --rate 100/s --concurrency 5",
        "pause -Q q",
    ] {
        wq(&server).line(line).run().exits(0);
    }
    wq(&server).args(["bulk", "-", "-Q", "q", "--text", "Hola"]).input("phone\n+34600111222\n+34600111223\n").run().exits(0);
    let keys = |server: &Server| {
        let mut keys: Vec<String> = server.ask("KEYS *");
        keys.sort();
        keys
    };
    let before = keys(&server);
    assert!(before.len() > 20, "{before:?}");

    queue(&mut node, "removeOrphanedJobs", &json!([]));

    assert_eq!(keys(&server), before);
}

#[tokio::test]
async fn s37_node_and_wq_refuse_each_others_locks() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::from_millis(1500), play));
    let mut node = Node::start(&server);
    let by_ours = queue(&mut node, "add", &json!(["held", {}]))["id"].as_str().unwrap().to_owned();
    let worker = wq(&server).line(&format!("worker -Q q --via http --url {} --rate none --concurrency 1", receiver.url())).spawn();
    eventually(SOON, "the job is being sent", || (receiver.requests().len() == 1).then_some(()));
    node.call("work", json!({ "queue": "q" }));
    let by_node = queue(&mut node, "add", &json!(["held-too", { "ms": 1500 }]))["id"].as_str().unwrap().to_owned();
    let token = |id: &str| server.ask::<Option<String>>(&format!("GET bull:q:{id}:lock"));
    let of_node = eventually(SOON, "Node has the other", || token(&by_node).filter(|token| !token.starts_with("wq.")));

    let steal = json!({ "queue": "q", "id": by_ours, "method": "moveToCompleted", "args": ["stolen", of_node, false] });
    let refusal = node.failure("job", steal);
    let refused = settle_with(&server, &by_node, &token(&by_ours).unwrap()).await;

    assert!(refusal.contains("Lock mismatch"), "{refusal}");
    assert_eq!(refused, [Settled::LockLost]);
    assert_eq!(node.call("finish", json!({ "queue": "q", "id": by_ours })), json!({ "ok": "held" }));
    assert_eq!(node.call("finish", json!({ "queue": "q", "id": by_node })), json!({ "ok": "held-too" }));
    drop(worker);
}

/// What our store answers to an outcome that is brought with this token.
async fn settle_with(server: &Server, id: &str, token: &str) -> Vec<Settled> {
    let link = ServerAddress::parse(&server.url()).unwrap().connect_once().await.unwrap();
    let queue = Queue::open(&link, &"bull".parse().unwrap(), &"q".parse().unwrap()).unwrap();
    let verdict = Verdict::Completed { return_value: "\"stolen\"".to_owned(), provider_id: None, keep: Keep::ALL };
    let settlement = Settlement { id: id.to_owned(), token: token.into(), attempts: 1, plain: None, verdict };
    let rules = TakeRules {
        lock_ttl: Duration::from_secs(30),
        worker: None,
        rate: "none".parse().unwrap(),
        node_limiter: None,
        fence: None,
        recipients: None,
        metrics_minutes: 0,
    };
    queue.settle(&[settlement], 0, &"unused".into(), &rules, &TakeReader::default()).await.unwrap().0
}
