//! Real Node BullMQ and `wq` on the same queues.

mod board;
mod broken_schedulers;
mod changes;
mod cluster;
mod cron;
mod dedup;
mod endurance;
mod events;
mod failures;
mod fence;
mod flows;
mod golden;
mod held;
mod leftovers;
mod limits;
mod locks;
mod node_adds;
mod notes;
mod options;
mod pauses;
mod schedule_face;
mod schedulers;
mod together;
mod versions;
mod wake_ups;
mod wq_adds;

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::node::Node;
use crate::support::receiver::{Answer, Request};
use crate::support::{Server, eventually, wq};

/// Long enough for anything that is not wrong, on a busy machine too.
const SOON: Duration = Duration::from_secs(20);

/// Calls a method of Node's `Queue`.
#[track_caller]
fn queue(node: &mut Node, method: &str, args: &Value) -> Value {
    node.call("queue", json!({ "queue": "q", "method": method, "args": args }))
}

/// Calls a method of one job.
#[track_caller]
fn job(node: &mut Node, id: &str, method: &str, args: &Value) -> Value {
    node.call("job", json!({ "queue": "q", "id": id, "method": method, "args": args }))
}

/// All that Node knows of a job.
#[track_caller]
fn look(node: &mut Node, id: &str) -> Value {
    node.call("look", json!({ "queue": "q", "id": id }))
}

/// `wq enqueue --ndjson` with these jobs.
fn add(server: &Server, jobs: &[Value]) {
    wq(server).line("enqueue -Q q --ndjson -").input(lines(jobs)).run().exits(0);
}

/// Jobs as lines; without a priority unless they have one, as Node would add them: `wq` says `normal`.
fn lines(jobs: &[Value]) -> String {
    let mut lines = String::new();
    for job in jobs {
        let mut job = job.clone();
        job.as_object_mut()
            .unwrap()
            .entry("opts")
            .or_insert_with(|| json!({}))
            .as_object_mut()
            .unwrap()
            .entry("priority")
            .or_insert(json!(0));
        lines += &job.to_string();
        lines.push('\n');
    }
    lines
}

/// Answers as Node's worker in `peer.mjs` plays: `refuse` fails for good, `fail` fails so many attempts.
fn play(request: &Request) -> Answer {
    let data = &request.body["data"];
    if let Some(ms) = data["ms"].as_u64() {
        std::thread::sleep(Duration::from_millis(ms));
    }
    if let Some(reason) = data["refuse"].as_str() {
        return (422, "", reason.to_owned());
    }
    if request.body["attempt"].as_u64().unwrap() <= data["fail"].as_u64().unwrap_or(0) {
        return (500, "", "not yet".to_owned());
    }
    (200, "", json!({ "ok": request.body["name"] }).to_string())
}

/// Starts of Node's workers on `q` so far, those of each worker in order.
fn starts(node: &mut Node) -> Vec<Vec<Value>> {
    let worked = node.call("worked", json!({ "queue": "q" }));
    for worker in worked.as_array().unwrap() {
        assert_eq!(worker["errors"], json!([]));
    }
    worked.as_array().unwrap().iter().map(|worker| worker["starts"].as_array().unwrap().clone()).collect()
}

/// Names in the order in which the only worker started them, once there are so many.
fn names(node: &mut Node, count: usize) -> Vec<String> {
    let started = eventually(SOON, "Node starts all jobs", || Some(starts(node).remove(0)).filter(|starts| starts.len() >= count));
    started.iter().map(|start| start["name"].as_str().unwrap().to_owned()).collect()
}

/// Node's workers on `q` that have nothing to do and wait for a marker; without one, for longer than any test.
fn idle_workers(server: &Server, node: &mut Node, count: usize) {
    for _ in 0..count {
        node.call("work", json!({ "queue": "q", "options": { "drainDelay": 60 } }));
    }
    await_idle(server, count);
}

/// Waits until so many workers of any kind wait for a marker.
fn await_idle(server: &Server, count: usize) {
    let waiting = || server.ask::<String>("CLIENT LIST").matches("cmd=bzpopmin").count();
    eventually(SOON, "the workers wait", || (waiting() == count).then_some(()));
}

/// Measures again until it was quick enough once: a busy machine delays this one or that, what is wrong delays them all.
fn once_within(most_ms: i64, mut measure_ms: impl FnMut() -> i64) {
    let mut measured = Vec::new();
    while measured.len() < 10 {
        measured.push(measure_ms());
        if measured.last().is_some_and(|ms| *ms < most_ms) {
            return;
        }
    }
    panic!("never within {most_ms} ms: {measured:?}");
}

/// How long after its time a start was, ms; never before it.
fn lateness(start: &Value) -> i64 {
    let late = start["at"].as_i64().unwrap() - start["due"].as_i64().unwrap();
    assert!(late >= 0, "{start}");
    late
}
