//! What `wq` says of a job while it runs, and counts when it is done, Node reads.

use std::time::Duration;

use serde_json::{Value, json};

use super::{add, look, play};
use crate::support::node::Node;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);

/// What `QueueEvents` heard of progress, once there is so much.
fn progress_heard(node: &mut Node, count: usize) -> Vec<Value> {
    eventually(SOON, "QueueEvents hears of the progress", || {
        let heard = node.call("heard", json!({ "queue": "q" }));
        let events = heard.as_array().unwrap().iter();
        assert!(events.clone().all(|event| event[0] != "error"), "{heard}");
        let said: Vec<Value> = events.filter(|event| event[0] == "progress").map(|event| event[1].clone()).collect();
        (said.len() >= count).then_some(said)
    })
}

#[test]
fn s33_progress_and_logs_by_wq_are_heard_and_read_by_node() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    node.call("listen", json!({ "queue": "q" }));
    add(&server, &[json!({ "opts": { "jobId": "order-17", "keepLogs": 2 } }), json!({ "opts": { "jobId": "order-18" } })]);

    let step = json!({ "step": "upload \"x\"", "percent": 40, "none": null });
    wq(&server).args(["jobs", "progress", "-Q", "q", "order-17", &step.to_string()]).run().exits(0);
    wq(&server).line("jobs progress -Q q order-17 100").run().exits(0);
    for line in ["first", "second 👋", "third"] {
        wq(&server).args(["jobs", "note", "-Q", "q", "order-17", line]).run().exits(0);
        wq(&server).args(["jobs", "note", "-Q", "q", "order-18", line]).run().exits(0);
    }
    wq(&server).line("jobs progress -Q q nobody 1").run().exits(4);
    wq(&server).line("jobs note -Q q nobody x").run().exits(4);
    wq(&server).line("jobs progress -Q q order-17 half").run().exits(2).stderr_has("no JSON");

    let expected = [json!({ "jobId": "order-17", "data": step }), json!({ "jobId": "order-17", "data": 100 })];
    assert_eq!(progress_heard(&mut node, 2), expected);
    assert_eq!([&look(&mut node, "order-17")["progress"], &look(&mut node, "order-18")["progress"]], [100, 0]);
    assert_eq!(look(&mut node, "order-17")["logs"], json!(["second 👋", "third"]));
    assert_eq!(look(&mut node, "order-18")["logs"], json!(["first", "second 👋", "third"]));
    assert_eq!(server.ask::<u64>("EXISTS bull:q:nobody bull:q:nobody:logs"), 0);
}

#[test]
fn s33_a_command_that_a_worker_runs_says_how_far_it_is() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    node.call("listen", json!({ "queue": "q" }));
    add(&server, &[json!({ "opts": { "jobId": "order-17" } })]);

    let script = r#""$0" jobs progress "$WQ_JOB_ID" '{"percent":50}' && "$0" jobs note "$WQ_JOB_ID" "attempt $WQ_ATTEMPT""#;
    let words = ["worker", "-Q", "q", "--rate", "none", "--once", "--via", "exec", "--", "sh", "-c", script, env!("CARGO_BIN_EXE_wq")];
    wq(&server).args(words).run().exits(0);

    assert_eq!(progress_heard(&mut node, 1), [json!({ "jobId": "order-17", "data": { "percent": 50 } })]);
    let seen = look(&mut node, "order-17");
    assert_eq!([&seen["state"], &seen["logs"]], [&json!("completed"), &json!(["attempt 1"])]);
}

#[test]
fn s32_node_reads_the_metrics_that_our_worker_counts() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let sent = json!({ "name": "sent", "data": {} });
    let refused = json!({ "name": "refused", "data": { "refuse": "no" } });
    let counts = |server: &Server, queue: &str| {
        server.ask::<u64>(&format!("ZCARD bull:{queue}:completed")) + server.ask::<u64>(&format!("ZCARD bull:{queue}:failed"))
    };
    // So many of each, then how many minutes pass.
    let rounds = [(3, 1, 2), (2, 2, 1), (4, 1, 7), (1, 1, 0)];
    let mut metrics = Vec::new();
    for queue in ["nodes", "ours"] {
        let mut total = 0;
        for (good, bad, minutes) in rounds {
            let jobs: Vec<&Value> = std::iter::repeat_n(&sent, good).chain(std::iter::repeat_n(&refused, bad)).collect();
            node.call("queue", json!({ "queue": queue, "method": "addBulk", "args": [jobs] }));
            total += u64::try_from(good + bad).unwrap();
            if queue == "nodes" {
                let options = json!({ "concurrency": 1, "metrics": { "maxDataPoints": 5 } });
                node.call("work", json!({ "queue": queue, "options": options }));
                eventually(SOON, "Node finishes them", || (counts(&server, queue) == total).then_some(()));
                node.call("stop", json!({ "queue": queue }));
            } else {
                let line = format!("worker -Q ours --via http --url {} --until-empty --rate none --concurrency 1", receiver.url());
                wq(&server).line(&line).line("--metrics 5").run().exits(0);
            }
            for kind in ["completed", "failed"] {
                let key = format!("bull:{queue}:metrics:{kind}");
                let then: u64 = server.ask(&format!("HGET {key} prevTS"));
                server.ask::<u64>(&format!("HSET {key} prevTS {}", then / 60_000 * 60_000 - minutes * 60_000));
            }
        }
        for kind in ["completed", "failed"] {
            let mut seen = node.call("queue", json!({ "queue": queue, "method": "getMetrics", "args": [kind] }));
            assert!(seen["meta"].as_object_mut().unwrap().remove("prevTS").is_some(), "{seen}");
            metrics.push(seen);
        }
    }

    assert_eq!([&metrics[0]["meta"]["count"], &metrics[1]["meta"]["count"]], [10, 5]);
    assert_eq!(metrics[0]["data"].as_array().unwrap().len(), 5);
    assert_eq!(metrics[2..], metrics[..2]);
}
