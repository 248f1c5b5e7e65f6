//! Options and leftovers: what Node's own worker would do with a job, `wq worker` does too.

use std::time::Duration;

use serde_json::{Value, json};

use super::leftovers::leftovers;
use super::{look, play, queue};
use crate::support::node::Node;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);

/// `wq worker` on this queue until nothing is left.
fn work(server: &Server, receiver: &Receiver, queue: &str) {
    let line = format!("worker -Q {queue} --via http --url {} --until-empty --rate none --concurrency 1 --name w", receiver.url());
    wq(server).line(&line).run().exits(0);
}

/// Node's worker on this queue until nothing is left.
fn let_node_work(node: &mut Node, queue: &str) {
    node.call("work", json!({ "queue": queue, "options": { "name": "w" } }));
    // One script: a job on its way from one state to the next is counted.
    let counts = json!({ "queue": queue, "method": "getJobCounts", "args": ["waiting", "active", "prioritized", "delayed"] });
    eventually(SOON, "Node has nothing left", || {
        let counts = node.call("queue", counts.clone());
        counts.as_object().unwrap().values().all(|count| count == 0).then_some(())
    });
    node.call("stop", json!({ "queue": queue }));
}

/// Adds with Node: name, data and options of each.
fn add(node: &mut Node, queue: &str, jobs: &Value) {
    node.call("queue", json!({ "queue": queue, "method": "addBulk", "args": [jobs] }));
}

#[test]
fn wq_leaves_the_keys_and_fields_that_node_leaves() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let jobs = json!([
        { "name": "sent", "data": {}, "opts": { "jobId": "sent" } },
        { "name": "later", "data": {}, "opts": { "jobId": "later", "delay": 50, "priority": 3 } },
        { "name": "retried", "data": { "fail": 2 }, "opts": { "jobId": "retried", "attempts": 3, "backoff": { "type": "fixed", "delay": 20 } } },
        { "name": "at-once", "data": { "fail": 1 }, "opts": { "jobId": "at-once", "attempts": 2 } },
        { "name": "exhausted", "data": { "fail": 9 }, "opts": { "jobId": "exhausted", "attempts": 2, "backoff": 20 } },
        { "name": "refused", "data": { "refuse": "no" }, "opts": { "jobId": "refused", "attempts": 4 } },
        { "name": "traces", "data": { "fail": 9 }, "opts": { "jobId": "traces", "attempts": 3, "stackTraceLimit": 1 } },
        { "name": "no-traces", "data": { "fail": 9 }, "opts": { "jobId": "no-traces", "attempts": 2, "stackTraceLimit": 0 } },
        { "name": "gone", "data": {}, "opts": { "jobId": "gone", "removeOnComplete": true } },
        { "name": "gone-too", "data": { "fail": 9 }, "opts": { "jobId": "gone-too", "removeOnFail": true } },
    ]);
    for queue in ["nodes", "ours"] {
        add(&mut node, queue, &jobs);
    }

    let_node_work(&mut node, "nodes");
    work(&server, &receiver, "ours");

    let mut of_node = leftovers(&server, "nodes");
    let mut of_ours = leftovers(&server, "ours");
    for found in [&mut of_node, &mut of_ours] {
        for set in ["completed", "failed"] {
            found.get_mut(set).unwrap().sort();
        }
    }
    assert_eq!(of_node.len(), 11, "{of_node:?}");
    assert_eq!(of_ours, of_node);
}

#[test]
fn s31_what_a_job_says_of_the_finished_ones_before_it_is_done_as_node_does_it() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let old = |n: usize| {
        let data = if n.is_multiple_of(2) { json!({}) } else { json!({ "refuse": "no" }) };
        json!({ "name": "old", "data": data, "opts": { "jobId": format!("old{n:02}") } })
    };
    let hour_old: Vec<Value> = (0..16).map(old).collect();
    let last = json!([
        { "name": "young", "data": {}, "opts": { "jobId": "young", "removeOnComplete": { "age": 1800, "limit": 3 } } },
        { "name": "young-too", "data": { "refuse": "no" }, "opts": { "jobId": "young-too", "removeOnFail": { "age": 1800 } } },
        { "name": "count", "data": {}, "opts": { "jobId": "count", "removeOnComplete": { "count": 4 } } },
        { "name": "gone", "data": {}, "opts": { "jobId": "gone", "removeOnComplete": true } },
        { "name": "kept", "data": {}, "opts": { "jobId": "kept", "removeOnComplete": false } },
        { "name": "number", "data": {}, "opts": { "jobId": "number", "removeOnComplete": 5 } },
    ]);
    for queue in ["nodes", "ours"] {
        add(&mut node, queue, &json!(hour_old));
        if queue == "nodes" {
            let_node_work(&mut node, queue);
        } else {
            work(&server, &receiver, queue);
        }
        let hour_ago = server.ask::<Vec<u64>>("TIME")[0] * 1000 - 3_600_000;
        for n in 0..16 {
            let set = if n % 2 == 0 { "completed" } else { "failed" };
            assert_eq!(server.ask::<u64>(&format!("ZADD bull:{queue}:{set} CH {} old{n:02}", hour_ago + n)), 1);
        }
        for job in last.as_array().unwrap() {
            add(&mut node, queue, &json!([job]));
            if queue == "nodes" {
                let_node_work(&mut node, queue);
            } else {
                work(&server, &receiver, queue);
            }
        }
    }

    let (of_node, of_ours) = (leftovers(&server, "nodes"), leftovers(&server, "ours"));
    assert_eq!(of_node["completed"], ["old08", "young", "count", "kept", "number"].map(String::from));
    assert_eq!(of_node["failed"], ["young-too"].map(String::from));
    assert_eq!(of_ours, of_node);
}

#[test]
fn a_deduplication_by_node_ends_with_its_job_unless_it_has_a_time_of_its_own() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let mut add = |data: Value, deduplication: Value| {
        queue(&mut node, "add", &json!(["once", data, { "deduplication": deduplication }]))["id"].as_str().unwrap().to_owned()
    };
    let (simple, refused, timed) = (json!({ "id": "simple" }), json!({ "id": "refused" }), json!({ "id": "timed", "ttl": 60_000 }));
    let first = [add(json!({}), simple.clone()), add(json!({ "refuse": "no" }), refused.clone()), add(json!({}), timed.clone())];
    let while_waiting = [add(json!({}), simple.clone()), add(json!({}), refused.clone()), add(json!({}), timed.clone())];

    work(&server, &receiver, "q");

    let afterwards = [add(json!({}), simple), add(json!({}), refused), add(json!({}), timed)];
    assert_eq!(while_waiting, first);
    assert!(afterwards[0] != first[0] && afterwards[1] != first[1], "still owned by {first:?}: {afterwards:?}");
    assert_eq!(afterwards[2], first[2]);
}

#[test]
fn an_exhausted_job_retried_by_node_gets_one_more_attempt_and_by_wq_all_of_them() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    queue(&mut node, "add", &json!(["stubborn", { "fail": 9 }, { "jobId": "stubborn", "attempts": 3 }]));
    work(&server, &receiver, "q");
    assert_eq!(receiver.requests().len(), 3);

    super::job(&mut node, "stubborn", "retry", &json!(["failed"]));
    work(&server, &receiver, "q");
    assert_eq!(receiver.requests().len(), 4);
    wq(&server).line("jobs retry -Q q stubborn").run().exits(0);
    let_node_work(&mut node, "q");

    let seen = look(&mut node, "stubborn");
    assert_eq!([&seen["state"], &seen["attemptsMade"], &seen["attemptsStarted"]], [&json!("failed"), &json!(3), &json!(7)]);
}

#[test]
fn s40_attempts_that_a_worker_of_bullmq_4_used_up_count() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    queue(&mut node, "add", &json!(["stubborn", { "fail": 9 }, { "jobId": "stubborn", "attempts": 4 }]));
    server.ask::<u64>("HSET bull:q:stubborn attemptsMade 2");

    work(&server, &receiver, "q");

    let attempts: Vec<_> = receiver.requests().iter().map(|request| request.body["attempt"].clone()).collect();
    assert_eq!(attempts, [3, 4]);
    let seen = look(&mut node, "stubborn");
    assert_eq!([&seen["state"], &seen["attemptsMade"]], [&json!("failed"), &json!(4)]);
}
