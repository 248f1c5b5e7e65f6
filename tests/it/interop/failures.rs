//! Attempts, back-offs and what is kept, whoever added the job and whoever works on it.

use std::time::Duration;

use serde_json::{Value, json};

use super::events::sequences;
use super::{SOON, add, look, play, starts};
use crate::support::node::Node;
use crate::support::{Receiver, Server, eventually, wq};

fn worker_line(receiver: &Receiver, more: &str) -> String {
    format!("worker -Q q --via http --url {} --rate none --concurrency 1{more}", receiver.url())
}

/// A worker that ends when there is nothing left.
fn work(server: &Server, receiver: &Receiver) {
    wq(server).line(&worker_line(receiver, " --until-empty")).run().exits(0);
}

/// Node adds one job; its id.
fn node_adds(node: &mut Node, queue: &str, job: Value) -> String {
    node.call("queue", json!({ "queue": queue, "method": "add", "args": job }))["id"].as_str().unwrap().to_owned()
}

/// All events of `q` so far: their kinds and fields.
fn heard(node: &mut Node, queue: &str) -> Vec<Value> {
    node.call("heard", json!({ "queue": queue })).as_array().unwrap().clone()
}

#[test]
fn s13_node_obeys_the_attempts_back_off_retention_and_log_length_that_wq_wrote() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let line = "enqueue -Q q --name stubborn --data {\"fail\":9} --id stubborn --attempts 3 --backoff exponential:100ms";
    wq(&server).line(line).run().exits(0);
    wq(&server).line("enqueue -Q q --name gone --data {} --id gone --remove-on-complete true").run().exits(0);
    wq(&server).line("enqueue -Q q --name unlucky --data {\"fail\":9} --id unlucky --attempts 1 --remove-on-fail true").run().exits(0);
    for n in 1..=4 {
        wq(&server).line(&format!("enqueue -Q q --name kept --data {{}} --id kept-{n} --remove-on-complete 2")).run().exits(0);
    }
    add(&server, &[json!({ "name": "wordy", "data": { "log": 5 }, "opts": { "jobId": "wordy", "keepLogs": 2, "priority": 2_000_000 } })]);

    node.call("work", json!({ "queue": "q" }));

    eventually(SOON, "the last attempt fails", || (look(&mut node, "stubborn")["state"] == "failed").then_some(()));
    let seen = look(&mut node, "stubborn");
    assert_eq!([&seen["attemptsMade"], &seen["attemptsStarted"]], [3, 3]);
    let begins = starts(&mut node).remove(0).into_iter().filter(|start| start["name"] == "stubborn");
    let begins: Vec<i64> = begins.map(|start| start["at"].as_i64().unwrap()).collect();
    assert!(begins[1] - begins[0] >= 100 && begins[2] - begins[1] >= 200, "{begins:?}");
    assert_eq!(server.ask::<u64>("EXISTS bull:q:gone bull:q:unlucky bull:q:kept-1 bull:q:kept-2"), 0);
    assert_eq!(server.ask::<u64>("EXISTS bull:q:kept-3 bull:q:kept-4"), 2);
    assert_eq!(look(&mut node, "wordy")["logs"], json!(["line 4", "line 5"]));
}

#[test]
fn s21_a_failing_job_is_retried_with_its_own_back_off_and_exhausted_like_nodes() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let job = json!(["stubborn", { "fail": 9 }, { "attempts": 3, "backoff": { "type": "exponential", "delay": 100 } }]);
    node_adds(&mut node, "nodes", job.clone());
    node.call("work", json!({ "queue": "nodes" }));
    let id = node_adds(&mut node, "q", job);

    for (attempt, delay) in [(1, 100), (2, 200)] {
        wq(&server).line(&worker_line(&receiver, " --once")).run().exits(0);

        let seen = look(&mut node, &id);
        assert_eq!([&seen["state"], &seen["delay"], &seen["attemptsMade"]], [&json!("delayed"), &json!(delay), &json!(attempt)]);
        let due = server.ask::<u64>(&format!("ZSCORE bull:q:delayed {id}")) / 4096;
        let told = eventually(SOON, "QueueEvents hears of the delay", || {
            heard(&mut node, "q").into_iter().filter(|event| event[0] == "delayed").nth(attempt - 1)
        });
        assert_eq!(told[1]["delay"], json!(due));
        eventually(SOON, "it is due", || {
            let now: Vec<u64> = server.ask("TIME");
            (now[0] * 1000 + now[1] / 1000 > due).then_some(())
        });
    }
    wq(&server).line(&worker_line(&receiver, " --once")).run().exits(0);

    let seen = look(&mut node, &id);
    assert_eq!([&seen["state"], &seen["attemptsMade"], &seen["attemptsStarted"]], [&json!("failed"), &json!(3), &json!(3)]);
    assert_eq!((&seen["failedReason"], seen["stacktrace"].as_array().unwrap().len()), (&json!("http 500: not yet"), 3));
    let ended = |node: &mut Node, queue: &str| {
        eventually(SOON, "QueueEvents hears the end", || {
            let heard = heard(node, queue);
            heard.iter().any(|event| event[0] == "retries-exhausted").then(|| sequences(&json!(heard)))
        })
    };
    assert_eq!(ended(&mut node, "q"), ended(&mut node, "nodes"));
}

#[test]
fn s22_a_retry_without_back_off_goes_to_the_back_of_the_line() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let id = node_adds(&mut node, "q", json!(["again", { "fail": 1 }, { "attempts": 2 }]));
    node_adds(&mut node, "q", json!(["next", {}]));

    work(&server, &receiver);

    let sent: Vec<_> = receiver.requests().iter().map(|request| request.body["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(sent, ["again", "next", "again"]);
    let again = eventually(SOON, "QueueEvents hears the end", || {
        let heard = heard(&mut node, "q");
        heard.iter().any(|event| event[0] == "drained").then_some(heard)
    });
    let again: Vec<_> = again.iter().filter(|event| event[1]["jobId"] == json!(id) && event[0] == "waiting").collect();
    assert_eq!([&again[0][1]["prev"], &again[1][1]["prev"]], [&Value::Null, &json!("active")]);
}

#[test]
fn s23_a_refusal_is_final_and_wait_until_finished_throws_its_reason() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let id = node_adds(&mut node, "q", json!(["bad", { "refuse": "no such number" }, { "attempts": 5 }]));

    work(&server, &receiver);

    assert_eq!(node.failure("finish", json!({ "queue": "q", "id": id })), "http 422: no such number");
    let seen = look(&mut node, &id);
    assert_eq!([&seen["state"], &seen["attemptsMade"]], [&json!("failed"), &json!(1)]);
    assert_eq!(receiver.requests().len(), 1);
    let kinds = eventually(SOON, "QueueEvents hears the end", || {
        let kinds: Vec<Value> = heard(&mut node, "q").iter().map(|event| event[0].clone()).collect();
        kinds.contains(&json!("drained")).then_some(kinds)
    });
    assert_eq!(kinds, ["added", "waiting", "active", "failed", "drained"]);
}

#[test]
fn s24_a_back_off_with_a_random_part_stays_within_its_bounds() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let kinds = [("fixed", 0, 60_000), ("exponential", 2, 240_000)];
    for (kind, made, _) in kinds {
        for n in 0..20 {
            let id = format!("{kind}-{n}");
            let options = json!({ "jobId": id, "attempts": 5, "backoff": { "type": kind, "delay": 60_000, "jitter": 0.25 } });
            node_adds(&mut node, "q", json!(["shaky", { "fail": 9 }, options]));
            server.ask::<u64>(&format!("HSET bull:q:{id} atm {made}"));
        }
    }

    let _worker = wq(&server).line(&worker_line(&receiver, "")).spawn();
    eventually(SOON, "all have failed once", || (server.ask::<u64>("ZCARD bull:q:delayed") == 40).then_some(()));

    for (kind, made, most) in kinds {
        let delays: Vec<u64> = (0..20).map(|n| server.ask(&format!("HGET bull:q:{kind}-{n} delay"))).collect();
        assert!(delays.iter().all(|delay| (most * 3 / 4..=most).contains(delay)), "{kind}: {delays:?}");
        assert!(delays.iter().any(|delay| *delay != delays[0]), "{kind}: {delays:?}");
        assert_eq!(look(&mut node, &format!("{kind}-0"))["attemptsMade"], made + 1);
    }
}

#[test]
fn s24_an_unknown_back_off_fails_the_job_and_says_so() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let id = node_adds(&mut node, "q", json!(["odd", { "fail": 9 }, { "attempts": 3, "backoff": { "type": "own-strategy" } }]));

    work(&server, &receiver);

    let seen = look(&mut node, &id);
    let reason = seen["failedReason"].as_str().unwrap();
    assert!(reason.contains("not yet") && reason.contains("own-strategy"), "{reason}");
    assert_eq!([&seen["state"], &json!(server.ask::<u64>("LLEN bull:q:active"))], [&json!("failed"), &json!(0)]);
}
