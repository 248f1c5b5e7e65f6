//! Jobs of ours and Node's workers that have nothing to do: when they start, and when they must not.

use serde_json::{Value, json};

use super::{SOON, add, await_idle, idle_workers, job, lateness, look, once_within, queue, starts};
use crate::support::node::Node;
use crate::support::{Server, eventually, wq};

/// The start of the job of this name, by any of Node's workers.
fn start_of(node: &mut Node, name: &str) -> Value {
    eventually(SOON, "Node starts the job", || starts(node).concat().into_iter().find(|start| start["name"] == name))
}

fn an_idle_node_worker_starts_a_job_of_ours_at_once(library: &str) {
    let server = Server::tcp();
    let mut node = Node::start_with(&server, library);
    idle_workers(&server, &mut node, 1);
    for (kind, priority) in [("plain", 0), ("ranked", 2)] {
        let mut round = 0;
        once_within(100, || {
            round += 1;
            await_idle(&server, 1);
            let name = format!("{kind}-{round}");
            add(&server, &[json!({ "name": name, "opts": { "priority": priority } })]);
            lateness(&start_of(&mut node, &name))
        });
    }
}

#[test]
fn s02_an_idle_node_worker_starts_a_job_of_ours_at_once() {
    an_idle_node_worker_starts_a_job_of_ours_at_once("bullmq");
}

#[test]
fn s02_v5_an_idle_node_worker_starts_a_job_of_ours_at_once() {
    an_idle_node_worker_starts_a_job_of_ours_at_once("bullmq5");
}

#[test]
fn s06_an_idle_node_worker_starts_a_delayed_job_of_ours_when_it_is_due() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    idle_workers(&server, &mut node, 1);
    let mut round = 0;
    once_within(150, || {
        round += 1;
        await_idle(&server, 1);
        let name = format!("later-{round}");
        add(&server, &[json!({ "name": name, "opts": { "delay": 500 } })]);
        lateness(&start_of(&mut node, &name))
    });
}

#[test]
fn s10_one_batch_of_ours_wakes_all_idle_node_workers() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    idle_workers(&server, &mut node, 4);
    // As many as one script adds: there is one marker for all of them.
    let jobs: Vec<Value> = (0..500).map(|_| json!({ "data": { "ms": 3 } })).collect();
    let mut done = 0;

    once_within(200, || {
        await_idle(&server, 4);
        let before: Vec<usize> = starts(&mut node).iter().map(Vec::len).collect();
        add(&server, &jobs);
        done += 500;
        eventually(SOON, "all jobs are done", || (server.ask::<u64>("ZCARD bull:q:completed") == done).then_some(()));
        let firsts = starts(&mut node).into_iter().zip(before).map(|(starts, before)| lateness(&starts[before]));
        firsts.max().unwrap()
    });
}

#[test]
fn s10_a_thousand_jobs_of_ours_are_taken_in_order_by_four_node_workers() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    idle_workers(&server, &mut node, 4);
    let jobs: Vec<Value> = (0..1000).map(|n| json!({ "data": { "ms": 1 }, "opts": { "jobId": format!("j{n}") } })).collect();

    add(&server, &jobs);

    let heard = eventually(SOON, "all jobs are done", || {
        let heard = node.call("heard", json!({ "queue": "q" }));
        (heard.as_array().unwrap().iter().filter(|event| event[0] == "completed").count() == 1000).then_some(heard)
    });
    let taken: Vec<_> = heard.as_array().unwrap().iter().filter(|event| event[0] == "active").map(|event| &event[1]["jobId"]).collect();
    assert!(taken.iter().enumerate().all(|(n, id)| **id == format!("j{n}")) && taken.len() == 1000, "{taken:?}");
    assert!(starts(&mut node).iter().all(|starts| !starts.is_empty()));
}

#[test]
fn s14_a_job_of_ours_waits_while_the_queue_is_paused_and_starts_when_node_resumes() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    node.call("work", json!({ "queue": "q", "options": { "drainDelay": 1 } }));
    let polls = |server: &Server| {
        let stats: String = server.ask("INFO commandstats");
        let line = stats.lines().find_map(|line| line.strip_prefix("cmdstat_bzpopmin:calls="));
        line.map_or(0, |line| line.split(',').next().unwrap().parse::<u64>().unwrap())
    };
    let mut round = 0;
    once_within(100, || {
        round += 1;
        let id = format!("held-{round}");
        wq(&server).line("pause -Q q").run().exits(0);

        add(&server, &[json!({ "name": id, "opts": { "jobId": id } })]);
        let before = polls(&server);
        eventually(SOON, "Node's worker has looked twice", || (polls(&server) >= before + 3).then_some(()));
        assert_eq!(job(&mut node, &id, "getState", &json!([])), "waiting");
        assert_eq!([queue(&mut node, "isPaused", &json!([])), json!(starts(&mut node)[0].len())], [json!(true), json!(round - 1)]);
        // The moment on Node's clock, by which it says when it started the job.
        let resumed = node.call("resume", json!({ "queue": "q" }));

        start_of(&mut node, &id)["at"].as_i64().unwrap() - resumed.as_i64().unwrap()
    });
    let kinds: Vec<Value> = node.call("heard", json!({ "queue": "q" })).as_array().unwrap().iter().map(|event| event[0].clone()).collect();
    assert_eq!(kinds[..5], ["paused", "added", "waiting", "resumed", "active"]);
}

#[test]
fn s16_a_job_of_ours_leaves_no_marker_while_all_slots_are_taken_and_runs_when_one_is_free() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    wq(&server).line("queues set q --concurrency 1").run().exits(0);
    assert_eq!(queue(&mut node, "getGlobalConcurrency", &json!([])), 1);
    node.call("work", json!({ "queue": "q", "options": { "concurrency": 2, "drainDelay": 60 } }));
    add(&server, &[json!({ "name": "long", "data": { "ms": 2000 }, "opts": { "jobId": "long" } })]);
    start_of(&mut node, "long");

    // Taking a job leaves a marker, which the worker's other hand takes away.
    eventually(SOON, "Node waits for a marker", || (server.ask::<Option<f64>>("ZSCORE bull:q:marker 0").is_none()).then_some(()));
    add(&server, &[json!({ "name": "next" }), json!({ "name": "ranked", "opts": { "priority": 1 } })]);
    let marker: Option<f64> = server.ask("ZSCORE bull:q:marker 0");

    assert_eq!((marker, &look(&mut node, "long")["state"]), (None, &json!("active")));
    for name in ["next", "ranked"] {
        start_of(&mut node, name);
    }
    let order: Vec<_> = starts(&mut node)[0].iter().map(|start| start["name"].clone()).collect();
    assert_eq!(order, ["long", "next", "ranked"]);
}
