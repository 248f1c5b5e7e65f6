//! Real Node BullMQ and `wq` on the same queues.

mod changes;
mod events;
mod golden;
mod leftovers;
mod limits;
mod locks;
mod node_adds;
mod options;
mod together;
mod wq_adds;

use serde_json::{Value, json};

use crate::support::node::Node;
use crate::support::receiver::{Answer, Request};
use crate::support::{Server, wq};

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
        std::thread::sleep(std::time::Duration::from_millis(ms));
    }
    if let Some(reason) = data["refuse"].as_str() {
        return (422, "", reason.to_owned());
    }
    if request.body["attempt"].as_u64().unwrap() <= data["fail"].as_u64().unwrap_or(0) {
        return (500, "", "not yet".to_owned());
    }
    (200, "", json!({ "ok": request.body["name"] }).to_string())
}
