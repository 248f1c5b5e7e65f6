//! A change by hand is the same change whether Node makes it or `wq`.

use std::time::Duration;

use serde_json::{Value, json};

use super::leftovers::leftovers;
use super::{add, job, look, play, queue};
use crate::support::node::Node;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);

/// Two failed jobs, two completed ones, and some of each kind that waits.
fn fill(node: &mut Node, queue: &str) {
    let with_id = |id: &str, data: Value, more: Value| {
        let mut options = more;
        options["jobId"] = json!(id);
        json!({ "name": id, "data": data, "opts": options })
    };
    let worked = json!([[
        with_id("failed-1", json!({ "refuse": "no" }), json!({})),
        with_id("failed-2", json!({ "refuse": "no" }), json!({ "priority": 3 })),
        with_id("failed-3", json!({ "refuse": "no" }), json!({})),
        with_id("completed-1", json!({}), json!({})),
        with_id("completed-2", json!({}), json!({})),
    ]]);
    node.call("queue", json!({ "queue": queue, "method": "addBulk", "args": worked }));
    node.call("work", json!({ "queue": queue, "options": { "concurrency": 1 } }));
    let counts = json!({ "queue": queue, "method": "getJobCounts", "args": ["completed", "failed"] });
    eventually(SOON, "Node finishes them", || (node.call("queue", counts.clone()) == json!({ "completed": 2, "failed": 3 })).then_some(()));
    node.call("stop", json!({ "queue": queue }));
    let waits = json!([[
        with_id("waiting-1", json!({}), json!({})),
        with_id("waiting-2", json!({}), json!({})),
        with_id("ranked-1", json!({}), json!({ "priority": 2 })),
        with_id("ranked-2", json!({}), json!({ "priority": 2 })),
        with_id("delayed-1", json!({}), json!({ "delay": 3_600_000 })),
        with_id("delayed-2", json!({}), json!({ "delay": 3_600_000, "priority": 4 })),
        with_id("delayed-3", json!({}), json!({ "delay": 3_600_000 })),
    ]]);
    node.call("queue", json!({ "queue": queue, "method": "addBulk", "args": waits }));
}

/// What `QueueEvents` has heard since the jobs were there, moments left out; once it heard the last event.
fn heard(node: &mut Node, queue: &str, last: &str) -> Vec<Value> {
    let heard = eventually(SOON, "QueueEvents hears the last change", || {
        let heard = node.call("heard", json!({ "queue": queue }));
        heard.as_array().unwrap().iter().any(|event| event[0] == last).then_some(heard)
    });
    let mut events = heard.as_array().unwrap().clone();
    let begin = 1 + events.iter().rposition(|event| event[0] == "added").unwrap();
    for event in &mut events {
        assert_ne!(event[0], "error", "{event}");
        if let Some(fields) = event[1].as_object_mut() {
            fields.remove("delay");
        }
    }
    events.split_off(begin)
}

#[test]
fn s46_changes_by_wq_leave_the_keys_and_events_of_changes_by_node() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    for queue in ["nodes", "ours"] {
        node.call("listen", json!({ "queue": queue }));
        fill(&mut node, queue);
    }

    let mut change = |id: &str, method: &str, args: Value| {
        node.call("job", json!({ "queue": "nodes", "id": id, "method": method, "args": args }));
    };
    change("failed-1", "retry", json!(["failed", { "resetAttemptsMade": true }]));
    change("failed-2", "retry", json!(["failed", { "resetAttemptsMade": true }]));
    change("completed-1", "retry", json!(["completed", { "resetAttemptsMade": true }]));
    change("delayed-1", "promote", json!([]));
    change("delayed-2", "promote", json!([]));
    for id in ["waiting-1", "ranked-1", "delayed-3", "completed-2"] {
        change(id, "remove", json!([]));
    }
    for (method, args) in [("pause", json!([])), ("resume", json!([])), ("clean", json!([0, 100, "failed"]))] {
        node.call("queue", json!({ "queue": "nodes", "method": method, "args": args }));
    }
    for line in [
        "jobs retry -Q ours failed-1 failed-2",
        "jobs retry -Q ours completed-1 --state completed",
        "jobs promote -Q ours delayed-1 delayed-2",
        "jobs remove -Q ours waiting-1 ranked-1 delayed-3 completed-2 --yes",
        "pause -Q ours",
        "resume -Q ours",
        "jobs clean -Q ours --state failed --yes",
    ] {
        wq(&server).line(line).run().exits(0);
    }

    let of_node = heard(&mut node, "nodes", "cleaned");
    assert_eq!(of_node.len(), 13, "{of_node:?}");
    assert_eq!(heard(&mut node, "ours", "cleaned"), of_node);
    assert_eq!(leftovers(&server, "ours"), leftovers(&server, "nodes"));
    node.call("queue", json!({ "queue": "nodes", "method": "drain", "args": [] }));
    wq(&server).line("queues drain ours --yes").run().exits(0);
    assert_eq!(leftovers(&server, "ours"), leftovers(&server, "nodes"));
}

#[test]
fn our_worker_sends_what_node_made_of_our_jobs() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    add(
        &server,
        &[
            json!({ "name": "edited", "data": { "text": "old" }, "opts": { "jobId": "edited", "priority": 5 } }),
            json!({ "name": "raised", "opts": { "jobId": "raised", "priority": 9 } }),
            json!({ "name": "sooner", "opts": { "jobId": "sooner", "delay": 3_600_000 } }),
        ],
    );

    job(&mut node, "edited", "updateData", &json!([{ "text": "new" }]));
    job(&mut node, "edited", "log", &json!(["edited by hand"]));
    job(&mut node, "edited", "updateProgress", &json!([{ "percent": 10 }]));
    job(&mut node, "raised", "changePriority", &json!([{ "priority": 1 }]));
    job(&mut node, "sooner", "changeDelay", &json!([100]));
    let line = format!("worker -Q q --via http --url {} --rate none --concurrency 1", receiver.url());
    let _worker = wq(&server).line(&line).spawn();

    let requests = eventually(SOON, "all are sent", || Some(receiver.requests()).filter(|requests| requests.len() == 3));
    // The delayed one comes wherever its moment falls.
    let (sooner, ranked): (Vec<_>, Vec<_>) = requests.iter().partition(|request| request.body["name"] == "sooner");
    assert_eq!([&ranked[0].body["name"], &ranked[1].body["name"]], ["raised", "edited"]);
    assert_eq!((sooner.len(), &ranked[1].body["data"]), (1, &json!({ "text": "new" })));
    eventually(SOON, "all are completed", || (queue(&mut node, "getCompletedCount", &json!([])) == 3).then_some(()));
    let seen = look(&mut node, "edited");
    assert_eq!([&seen["logs"], &seen["progress"]], [&json!(["edited by hand"]), &json!({ "percent": 10 })]);
}

#[test]
fn s46_change_of_data_priority_and_delay_by_wq_leaves_what_node_leaves() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    for queue in ["nodes", "ours"] {
        node.call("listen", json!({ "queue": queue }));
        fill(&mut node, queue);
    }

    let mut change = |id: &str, method: &str, args: Value| {
        node.call("job", json!({ "queue": "nodes", "id": id, "method": method, "args": args }));
    };
    change("ranked-1", "changePriority", json!([{ "priority": 5 }]));
    change("ranked-2", "changePriority", json!([{ "priority": 0 }]));
    change("waiting-1", "changePriority", json!([{ "priority": 5 }]));
    change("waiting-2", "changePriority", json!([{ "priority": 5, "lifo": true }]));
    change("ranked-2", "changePriority", json!([{ "priority": 0, "lifo": true }]));
    change("delayed-1", "changePriority", json!([{ "priority": 4 }]));
    change("failed-1", "changePriority", json!([{ "priority": 9 }]));
    change("delayed-1", "changeDelay", json!([7_200_000]));
    change("delayed-3", "changeDelay", json!([60_000]));
    change("delayed-3", "updateData", json!([{ "text": "Olá" }]));
    change("completed-1", "updateData", json!(["seen"]));
    for line in [
        "ranked-1 --priority 5",
        "ranked-2 --priority 0",
        "waiting-1 --priority 5",
        "waiting-2 --priority 5 --lifo",
        "ranked-2 --priority 0 --lifo",
        "delayed-1 --priority 4 --delay 2h",
        "failed-1 --priority 9",
        "delayed-3 --delay 1m --data {\"text\":\"Olá\"}",
        "completed-1 --data \"seen\"",
    ] {
        wq(&server).line(&format!("jobs update -Q ours {line}")).run().exits(0).stdout_has("updated");
    }
    for queue in ["nodes", "ours"] {
        node.call("queue", json!({ "queue": queue, "method": "clean", "args": [0, 100, "failed"] }));
    }

    let of_node = heard(&mut node, "nodes", "cleaned");
    assert_eq!(of_node.len(), 4, "{of_node:?}");
    assert_eq!(heard(&mut node, "ours", "cleaned"), of_node);
    let left = leftovers(&server, "ours");
    assert_eq!(left, leftovers(&server, "nodes"));
    assert_eq!(left["prioritized"], ["waiting-2", "ranked-1", "waiting-1"]);
    assert_eq!(left["delayed"], ["delayed-3", "delayed-2", "delayed-1"]);
}

#[test]
fn an_update_that_can_not_be_made_whole_changes_nothing() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    fill(&mut node, "q");
    let before = leftovers(&server, "q");
    let refused = node.failure("job", json!({ "queue": "q", "id": "waiting-1", "method": "changeDelay", "args": [1000] }));
    let update = |line: &str| wq(&server).line(&format!("jobs update -Q q {line}")).run();

    update("waiting-1 --data {} --priority 7 --delay 5m").exits(1).stderr_has("isn't delayed");
    update("nobody --priority 7").exits(4).stderr_has("no job \"nobody\"");
    update("waiting-1 --data {nope --priority 7").exits(2);
    update("waiting-1").exits(2);
    update("delayed-1 --delay 1m --priority 7 --dry-run").exits(0).stdout_has("would be updated");
    update("waiting-1 --delay 1m --dry-run").exits(1);

    assert!(refused.contains("not in the delayed state"), "{refused}");
    assert_eq!(leftovers(&server, "q"), before);
}
