//! Node adds, `wq worker` works, Node reads what became of it.

use std::time::Duration;

use serde_json::json;

use wq::core::model::job::Keep;
use wq::core::store::Queue;
use wq::core::store::connect::ServerAddress;
use wq::core::store::settle::{Settled, Settlement, Verdict};
use wq::core::store::take::{TakeReader, TakeRules};

use super::{look, play, queue};
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

#[test]
fn a_job_added_by_node_with_a_delay_starts_when_it_is_due() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let worker = wq(&server).line(&format!("worker -Q q --via http --url {} --rate none", receiver.url())).spawn();
    let id = queue(&mut node, "add", &json!(["later", {}, { "delay": 600 }]))["id"].as_str().unwrap().to_owned();

    let value = node.call("finish", json!({ "queue": "q", "id": id }));

    let seen = look(&mut node, &id);
    assert_eq!(value, json!({ "ok": "later" }));
    let late = seen["processedOn"].as_i64().unwrap() - seen["timestamp"].as_i64().unwrap() - 600;
    assert!((0..150).contains(&late), "{late} ms after it was due\n{}", worker.stderr());
}

#[test]
fn a_failing_job_is_retried_with_its_own_back_off_and_exhausted_like_nodes() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let options = json!({ "attempts": 3, "backoff": { "type": "exponential", "delay": 100 } });
    let id = queue(&mut node, "add", &json!(["stubborn", { "fail": 9 }, options]))["id"].as_str().unwrap().to_owned();

    work(&server, &receiver);

    let seen = look(&mut node, &id);
    assert_eq!(seen["state"], "failed");
    assert_eq!([&seen["attemptsMade"], &seen["attemptsStarted"], &seen["delay"]], [3, 3, 0]);
    assert_eq!(seen["failedReason"], "http 500: not yet");
    assert_eq!(seen["stacktrace"].as_array().unwrap().len(), 3);
    let times: Vec<_> = receiver.requests().iter().map(|request| request.at).collect();
    for (pair, delay) in times.windows(2).zip([100, 200]) {
        let waited = (pair[1] - pair[0]).as_millis();
        assert!((delay..delay + 150).contains(&waited), "waited {waited} ms instead of {delay}");
    }
}

#[test]
fn a_retry_without_back_off_goes_to_the_back_of_the_line() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    queue(&mut node, "add", &json!(["again", { "fail": 1 }, { "attempts": 2 }]));
    queue(&mut node, "add", &json!(["next", {}]));

    work(&server, &receiver);

    let sent: Vec<_> = receiver.requests().iter().map(|request| request.body["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(sent, ["again", "next", "again"]);
}

#[test]
fn a_refusal_is_final_and_wait_until_finished_throws_its_reason() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let id = queue(&mut node, "add", &json!(["bad", { "refuse": "no such number" }, { "attempts": 5 }]))["id"].as_str().unwrap().to_owned();

    work(&server, &receiver);

    assert_eq!(node.failure("finish", json!({ "queue": "q", "id": id })), "http 422: no such number");
    let seen = look(&mut node, &id);
    assert_eq!([&seen["state"], &seen["attemptsMade"]], [&json!("failed"), &json!(1)]);
    assert_eq!(receiver.requests().len(), 1);
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
fn an_unknown_back_off_fails_the_job_and_says_so() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let options = json!({ "attempts": 3, "backoff": { "type": "own-strategy" } });
    let id = queue(&mut node, "add", &json!(["odd", { "fail": 9 }, options]))["id"].as_str().unwrap().to_owned();

    work(&server, &receiver);

    let reason = look(&mut node, &id)["failedReason"].as_str().unwrap().to_owned();
    assert!(reason.contains("not yet") && reason.contains("own-strategy"), "{reason}");
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
fn a_marker_left_in_wait_by_an_old_producer_is_dropped() {
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
    wq(&server).line("enqueue -Q q --data {} --key two --delay 1h").run().exits(0);
    let keys = |server: &Server| {
        let mut keys: Vec<String> = server.ask("KEYS *");
        keys.sort();
        keys
    };
    let before = keys(&server);

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
    let queue = Queue::open(link, &"bull".parse().unwrap(), &"q".parse().unwrap());
    let verdict = Verdict::Completed { return_value: "\"stolen\"".to_owned(), keep: Keep::ALL };
    let settlement = Settlement { id: id.to_owned(), token: token.into(), attempts: 1, plain: None, verdict };
    let rules = TakeRules { lock_ttl: Duration::from_secs(30), worker: None, rate: "none".parse().unwrap(), metrics_minutes: 0 };
    queue.settle(&[settlement], 0, &"unused".into(), &rules, &mut TakeReader::default()).await.unwrap().0
}
