//! What Node's `QueueEvents` sees of `wq` is what it sees of Node.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::{add, lines, play};
use crate::support::node::Node;
use crate::support::{Receiver, Server, eventually, wq};

/// Every way a job can go.
fn jobs() -> Value {
    json!([
        { "name": "standard", "data": {} },
        { "name": "prioritised", "data": {}, "opts": { "priority": 3 } },
        { "name": "delayed", "data": {}, "opts": { "delay": 150 } },
        { "name": "delayed-prioritised", "data": {}, "opts": { "delay": 100, "priority": 2 } },
        { "name": "retried", "data": { "fail": 1 }, "opts": { "attempts": 3, "backoff": { "type": "fixed", "delay": 80 } } },
        { "name": "retried-at-once", "data": { "fail": 2 }, "opts": { "attempts": 3 } },
        { "name": "exhausted", "data": { "fail": 9 }, "opts": { "attempts": 3, "backoff": { "type": "exponential", "delay": 50 } } },
        { "name": "one-attempt", "data": { "fail": 9 } },
        { "name": "refused", "data": { "refuse": "no" }, "opts": { "attempts": 3 } },
        { "name": "removed", "data": {}, "opts": { "removeOnComplete": true } },
        { "name": "own-id", "data": {}, "opts": { "jobId": "own-id" } },
        { "name": "own-id", "data": {}, "opts": { "jobId": "own-id" } },
    ])
}

const LAST: [&str; 10] = [
    "standard",
    "prioritised",
    "delayed",
    "delayed-prioritised",
    "retried",
    "retried-at-once",
    "exhausted",
    "one-attempt",
    "refused",
    "own-id",
];

/// The events of each job in order; times, reasons and ids left out.
pub(super) fn sequences(heard: &Value) -> BTreeMap<String, Vec<String>> {
    let mut names = BTreeMap::new();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in heard.as_array().unwrap() {
        let (kind, fields) = (event[0].as_str().unwrap(), &event[1]);
        assert_ne!(kind, "error", "{fields}");
        let Some(id) = fields["jobId"].as_str() else { continue };
        if let Some(name) = fields["name"].as_str() {
            names.insert(id.to_owned(), name.to_owned());
        }
        let shown: Vec<String> = ["prev", "attemptsMade", "returnvalue"]
            .iter()
            .filter(|field| !fields[**field].is_null())
            .map(|field| format!(" {field}={}", fields[*field]))
            .collect();
        let name = names.get(id).cloned().unwrap_or_else(|| id.to_owned());
        found.entry(name).or_default().push(format!("{kind}{}", shown.concat()));
    }
    found
}

/// What `QueueEvents` heard once every job has ended.
fn heard_to_the_end(node: &mut Node, queue: &str) -> Value {
    eventually(Duration::from_secs(20), "QueueEvents hears the end of every job", || {
        let heard = node.call("heard", json!({ "queue": queue }));
        let ends = heard.as_array().unwrap().iter().filter(|event| event[0] == "completed" || event[0] == "failed").count();
        (ends > LAST.len()).then_some(heard)
    })
}

#[test]
fn s49_each_job_leaves_the_same_events_whether_node_or_wq_works() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    for queue in ["nodes", "ours"] {
        node.call("listen", json!({ "queue": queue }));
        node.call("queue", json!({ "queue": queue, "method": "addBulk", "args": [jobs()] }));
    }

    node.call("work", json!({ "queue": "nodes" }));
    let of_node = sequences(&heard_to_the_end(&mut node, "nodes"));
    wq(&server).line(&format!("worker -Q ours --via http --url {} --rate none --until-empty", receiver.url())).run().exits(0);
    let worker = wq(&server).line(&format!("worker -Q ours --via http --url {} --rate none", receiver.url())).spawn();
    let of_ours = sequences(&heard_to_the_end(&mut node, "ours"));

    drop(worker);
    let golden = ["added", "waiting", "active prev=\"waiting\"", "delayed", "waiting prev=\"delayed\"", "active prev=\"waiting\""];
    assert_eq!(of_node["retried"][..6], golden);
    assert_eq!(of_ours, of_node);
}

#[test]
fn s49_jobs_added_by_wq_leave_the_events_of_jobs_added_by_node() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    for queue in ["nodes", "ours"] {
        node.call("listen", json!({ "queue": queue }));
        node.call("work", json!({ "queue": queue }));
    }
    let jobs_of_ours: Vec<Value> = jobs().as_array().unwrap().iter().map(with_nodes_defaults).collect();

    node.call("queue", json!({ "queue": "nodes", "method": "addBulk", "args": [jobs()] }));
    wq(&server).line("enqueue -Q ours --ndjson -").input(lines(&jobs_of_ours)).run().exits(0);

    let (of_node, of_ours) = (heard_to_the_end(&mut node, "nodes"), heard_to_the_end(&mut node, "ours"));
    assert_eq!(sequences(&of_ours), sequences(&of_node));
}

/// `wq enqueue` gives three attempts where Node gives one.
fn with_nodes_defaults(job: &Value) -> Value {
    let mut job = job.clone();
    let options = job.as_object_mut().unwrap().entry("opts").or_insert_with(|| json!({})).as_object_mut().unwrap();
    if !options.contains_key("attempts") {
        options.insert("attempts".to_owned(), json!(1));
    }
    if !options.contains_key("backoff") {
        options.insert("backoff".to_owned(), json!({ "type": "fixed", "delay": 0 }));
    }
    job
}

#[test]
fn the_event_stream_stays_as_short_as_node_made_it() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    node.call("queue", json!({ "queue": "q", "method": "count", "args": [] }));
    eventually(Duration::from_secs(5), "Node has described the queue", || server.ask::<bool>("HEXISTS bull:q:meta version").then_some(()));
    server.ask::<u64>("HSET bull:q:meta opts.maxLenEvents 200");
    let jobs: Vec<Value> = (0..2000).map(|_| json!({})).collect();
    let length = || server.ask::<u64>("XLEN bull:q:events");

    add(&server, &jobs);
    let after_adding = length();
    wq(&server).line(&format!("worker -Q q --via http --url {} --rate none --until-empty", receiver.url())).run().exits(0);

    assert_eq!(server.ask::<u64>("ZCARD bull:q:completed"), 2000);
    assert!(after_adding <= 300 && length() <= 300, "{after_adding}, then {}", length());
    assert_eq!(server.ask::<u64>("HGET bull:q:meta opts.maxLenEvents"), 200);
}

/// Every test that starts Node ends with this question: see `support::node`.
#[test]
#[should_panic(expected = "QueueEvents of q")]
fn a_return_value_that_is_no_json_fails_the_test_whose_queue_events_meets_it() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    node.call("listen", json!({ "queue": "q" }));

    server.ask::<String>("XADD bull:q:events * event completed jobId 1 returnvalue {broken");
    server.ask::<String>("XADD bull:q:events * event drained");
}
