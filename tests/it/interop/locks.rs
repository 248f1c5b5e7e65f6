//! A worker that wakes up after its job was given to another changes nothing any more, whichever of the two it is.

use std::time::Duration;

use serde_json::{Value, json};

use super::{add, look, queue};
use crate::support::node::Node;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);

/// Events of this kind about this job.
fn events(server: &Server, kind: &str, id: &str) -> usize {
    let entries: Vec<(String, Vec<String>)> = server.ask("XRANGE bull:q:events - +");
    let is_one = |fields: &[String]| fields[1] == kind && fields.chunks(2).any(|pair| pair[0] == "jobId" && pair[1] == id);
    entries.iter().filter(|(_, fields)| is_one(fields)).count()
}

fn completed(server: &Server) -> u64 {
    server.ask("ZCARD bull:q:completed")
}

#[test]
fn s36_what_a_worker_of_ours_brings_after_node_took_its_job_is_refused() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::from_secs(1), |_| (200, "", json!("by wq").to_string())));
    let mut node = Node::start(&server);
    add(&server, &[json!({ "name": "held", "opts": { "jobId": "held" } })]);
    let line =
        format!("worker -Q q --via http --url {} --rate none --concurrency 1 --lock-ttl 500ms --stalled-interval 200ms", receiver.url());
    // The rule of BullMQ itself; otherwise Node leaves the message alone.
    let line = line + " --on-uncertain retry";
    let worker = wq(&server).line(&line).spawn();
    eventually(SOON, "our worker sends", || (receiver.requests().len() == 1).then_some(()));

    worker.signal("STOP");
    node.call("work", json!({ "queue": "q", "options": { "stalledInterval": 200 } }));
    eventually(SOON, "Node completes it", || (completed(&server) == 1).then_some(()));
    node.call("stop", json!({ "queue": "q" }));
    worker.signal("CONT");
    add(&server, &[json!({ "name": "next", "opts": { "jobId": "next" } })]);
    eventually(SOON, "our worker goes on with the next", || (completed(&server) == 2).then_some(()));

    let seen = look(&mut node, "held");
    assert_eq!(seen["returnvalue"], json!({ "ok": "held" }));
    assert_eq!([&seen["attemptsMade"], &seen["attemptsStarted"], &seen["stalledCounter"]], [1, 2, 1]);
    assert_eq!(look(&mut node, "next")["returnvalue"], "by wq");
    assert_eq!([events(&server, "completed", "held"), events(&server, "completed", "next")], [1, 1]);
    assert_eq!(
        queue(&mut node, "getJobCounts", &json!(["waiting", "active", "failed"])),
        json!({ "waiting": 0, "active": 0, "failed": 0 })
    );
}

#[test]
fn what_a_node_worker_brings_after_wq_took_its_job_is_refused() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, |_| (200, "", json!("by wq").to_string())));
    let (mut node, mut sleeper) = (Node::start(&server), Node::start(&server));
    // Long enough to be seen and stopped in the middle, on a busy machine too.
    add(&server, &[json!({ "name": "held", "data": { "ms": 3000 }, "opts": { "jobId": "held" } })]);
    sleeper.call("work", json!({ "queue": "q", "options": { "lockDuration": 500, "stalledInterval": 200 } }));
    eventually(SOON, "Node works", || (server.ask::<u64>("LLEN bull:q:active") == 1).then_some(()));

    sleeper.signal("STOP");
    let line = format!("worker -Q q --via http --url {} --rate none --stalled-interval 200ms", receiver.url());
    let _worker = wq(&server).line(&line).spawn();
    eventually(SOON, "wq completes it", || (completed(&server) == 1).then_some(()));
    sleeper.signal("CONT");

    let worked = eventually(SOON, "Node hears that the job is not its own", || {
        Some(sleeper.call("worked", json!({ "queue": "q" }))).filter(|worked| worked[0]["errors"] != json!([]))
    });
    assert_eq!(worked[0]["starts"].as_array().map(Vec::len), Some(1), "{worked}");
    let seen = look(&mut node, "held");
    assert_eq!([&seen["state"], &seen["returnvalue"]], [&Value::from("completed"), &Value::from("by wq")]);
    assert_eq!([&seen["attemptsMade"], &seen["attemptsStarted"], &seen["stalledCounter"]], [1, 2, 1]);
    assert_eq!((events(&server, "completed", "held"), receiver.requests().len()), (1, 1));
}
