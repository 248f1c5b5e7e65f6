//! Node and `wq` side by side: pauses, worker lists, mixed workers, management of each other's jobs.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{add, job, lines, look, play, queue};
use crate::support::node::Node;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);

fn worker_line(receiver: &Receiver, more: &str) -> String {
    format!("worker -Q q --via http --url {} --rate none{more}", receiver.url())
}

/// Wakes the idle worker and waits until it has asked the queue: one that ignores a pause has a job then.
fn let_it_ask(server: &Server) {
    let before = server.calls("evalsha");
    server.ask::<u64>("ZADD bull:q:marker 0 0");
    eventually(SOON, "the worker asks", || (server.calls("evalsha") > before).then_some(()));
}

/// The ids that Node's workers started.
fn started_by_node(node: &mut Node) -> Vec<String> {
    let worked = node.call("worked", json!({ "queue": "q" }));
    let starts = worked.as_array().unwrap().iter().flat_map(|worker| worker["starts"].as_array().unwrap().clone());
    starts.map(|start| start["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_pause_by_node_stops_our_worker_until_it_is_resumed() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let worker = wq(&server).line(&worker_line(&receiver, " --concurrency 1")).spawn();
    add(&server, &[json!({ "name": "before" })]);
    eventually(SOON, "the worker works", || (receiver.requests().len() == 1).then_some(()));

    queue(&mut node, "pause", &json!([]));
    queue(&mut node, "add", &json!(["by-node", {}]));
    add(&server, &[json!({ "name": "by-wq" })]);
    let_it_ask(&server);

    assert_eq!(server.ask::<u64>("EXISTS bull:q:active"), 0, "{}", worker.stderr());
    assert_eq!(receiver.requests().len(), 1, "{}", worker.stderr());
    let resumed = Instant::now();
    queue(&mut node, "resume", &json!([]));
    let requests = eventually(SOON, "our worker goes on", || Some(receiver.requests()).filter(|requests| requests.len() == 3));
    assert!(requests[1].at - resumed < Duration::from_millis(100), "{:?} after the resume", requests[1].at - resumed);
    assert_eq!([&requests[1].body["name"], &requests[2].body["name"]], ["by-node", "by-wq"]);
    wq(&server).line("pause -Q q").run().exits(0);
    assert_eq!(queue(&mut node, "isPaused", &json!([])), true);
    wq(&server).line("resume -Q q").run().exits(0);
    assert_eq!(queue(&mut node, "isPaused", &json!([])), false);
}

#[test]
fn node_sees_our_worker_and_wq_sees_nodes() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    node.call("work", json!({ "queue": "q", "options": { "name": "theirs" } }));
    let _worker = wq(&server).line(&worker_line(&receiver, " --name our-1")).spawn();

    let names = eventually(SOON, "Node sees both workers", || {
        let workers = queue(&mut node, "getWorkers", &json!([]));
        let names: BTreeSet<String> =
            workers.as_array().unwrap().iter().map(|worker| worker["rawname"].as_str().unwrap().to_owned()).collect();
        (names.len() == 2).then_some(names)
    });

    assert_eq!(names, BTreeSet::from(["bull:cQ==:w:our-1".to_owned(), "bull:cQ==:w:theirs".to_owned()]));
    let expected = BTreeSet::from([("our-1".to_owned(), "wq".to_owned()), ("theirs".to_owned(), "other".to_owned())]);
    for line in ["workers list -Q q --json", "workers list --json"] {
        let listed = wq(&server).line(line).run().exits(0).json();
        let listed: BTreeSet<(String, String)> = listed["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|worker| (worker["name"].as_str().unwrap().to_owned(), worker["kind"].as_str().unwrap().to_owned()))
            .collect();
        assert_eq!(listed, expected, "{line}");
    }
}

#[test]
fn s41_two_workers_of_each_kind_send_five_thousand_jobs_once_each() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    node.call("listen", json!({ "queue": "q" }));
    let jobs: Vec<Value> = (0..5000).map(|n| json!({ "data": { "ms": 1 }, "opts": { "jobId": format!("j{n}") } })).collect();
    for _ in 0..2 {
        node.call("work", json!({ "queue": "q", "options": { "concurrency": 5 } }));
    }
    let _workers: Vec<_> = (0..2).map(|_| wq(&server).line(&worker_line(&receiver, "")).spawn()).collect();

    add(&server, &jobs);

    eventually(Duration::from_mins(1), "all jobs are completed", || (server.ask::<u64>("ZCARD bull:q:completed") == 5000).then_some(()));
    let (theirs, ours) = (started_by_node(&mut node), receiver.accepted());
    assert!(theirs.len() > 100 && ours.len() > 100, "Node sent {}, wq {}", theirs.len(), ours.len());
    assert_eq!(theirs.len() + ours.len(), 5000);
    assert_eq!(theirs.into_iter().chain(ours).collect::<BTreeSet<_>>().len(), 5000);
    eventually(SOON, "the last that QueueEvents hears is that the queue is drained", || {
        let heard = node.call("heard", json!({ "queue": "q" }));
        assert!(heard.as_array().unwrap().iter().all(|event| event[0] != "error"));
        (heard.as_array().unwrap().last().unwrap()[0] == "drained").then_some(())
    });
}

#[test]
fn s38_a_long_job_keeps_its_lock_beside_a_node_worker_that_looks_for_stalled_ones() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::from_millis(3200), play));
    let mut node = Node::start(&server);
    add(&server, &[json!({ "opts": { "jobId": "long" } })]);
    let _worker = wq(&server).line(&worker_line(&receiver, " --lock-ttl 1s --stalled-interval 1s")).spawn();
    eventually(SOON, "our worker sends", || (receiver.requests().len() == 1).then_some(()));

    node.call("work", json!({ "queue": "q", "options": { "stalledInterval": 300 } }));

    eventually(SOON, "the job is completed", || (look(&mut node, "long")["state"] == "completed").then_some(()));
    assert_eq!([&look(&mut node, "long")["stalledCounter"], &look(&mut node, "long")["attemptsStarted"]], [0, 1]);
    assert_eq!((receiver.requests().len(), started_by_node(&mut node).len()), (1, 0));
}

#[test]
fn s46_node_manages_jobs_that_wq_made() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let jobs: Vec<Value> = (0..4).map(|n| json!({ "data": { "refuse": "no" }, "opts": { "jobId": format!("bad{n}") } })).collect();
    add(&server, &jobs);
    wq(&server).line(&worker_line(&receiver, " --until-empty")).run().exits(0);

    job(&mut node, "bad0", "retry", &json!([]));
    assert_eq!(job(&mut node, "bad0", "getState", &json!([])), "waiting");
    queue(&mut node, "retryJobs", &json!([]));
    assert_eq!(queue(&mut node, "getWaitingCount", &json!([])), 4);
    let later: Vec<Value> = (0..3).map(|n| json!({ "opts": { "jobId": format!("later{n}"), "delay": 3_600_000 } })).collect();
    add(&server, &later);
    job(&mut node, "later0", "promote", &json!([]));
    queue(&mut node, "promoteJobs", &json!([]));
    assert_eq!(queue(&mut node, "getWaitingCount", &json!([])), 7);
    assert_eq!(queue(&mut node, "remove", &json!(["later1"])), 1);
    wq(&server).line(&worker_line(&receiver, " --until-empty")).run().exits(0);
    assert_eq!(queue(&mut node, "getJobCounts", &json!(["completed", "failed"])), json!({ "completed": 2, "failed": 4 }));
    assert_eq!(queue(&mut node, "clean", &json!([0, 100, "failed"])).as_array().unwrap().len(), 4);
    add(&server, &[json!({}), json!({ "opts": { "priority": 3 } })]);
    queue(&mut node, "drain", &json!([]));
    assert_eq!(queue(&mut node, "count", &json!([])), 0);
    add(&server, &[json!({})]);
    queue(&mut node, "obliterate", &json!([]));
    assert_eq!(server.ask::<Vec<String>>("KEYS bull:q:*"), Vec::<String>::new());
}

#[test]
fn s46_wq_manages_jobs_that_node_made() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let jobs: Vec<Value> =
        (0..4).map(|n| json!({ "name": "bad", "data": { "refuse": "no" }, "opts": { "jobId": format!("bad{n}") } })).collect();
    queue(&mut node, "addBulk", &json!([jobs]));
    wq(&server).line(&worker_line(&receiver, " --until-empty")).run().exits(0);

    wq(&server).line("jobs retry -Q q bad0").run().exits(0);
    assert_eq!([&look(&mut node, "bad0")["state"], &look(&mut node, "bad0")["attemptsMade"]], [&json!("waiting"), &json!(0)]);
    wq(&server).line("dlq retry -Q q --all --yes").run().exits(0);
    assert_eq!(queue(&mut node, "getWaitingCount", &json!([])), 4);
    for n in 0..3 {
        queue(&mut node, "add", &json!(["later", {}, { "jobId": format!("later{n}"), "delay": 3_600_000 }]));
    }
    wq(&server).line("jobs promote -Q q later0 later1 later2").run().exits(0);
    assert_eq!(queue(&mut node, "getWaitingCount", &json!([])), 7);
    wq(&server).line("jobs remove -Q q later1 --yes").run().exits(0);
    wq(&server).line(&worker_line(&receiver, " --until-empty")).run().exits(0);
    assert_eq!(queue(&mut node, "getJobCounts", &json!(["completed", "failed"])), json!({ "completed": 2, "failed": 4 }));
    wq(&server).line("jobs clean -Q q --state failed --yes").run().exits(0);
    assert_eq!(queue(&mut node, "getFailedCount", &json!([])), 0);
    queue(&mut node, "addBulk", &json!([[{ "name": "a", "data": {} }, { "name": "b", "data": {}, "opts": { "priority": 3 } }]]));
    wq(&server).line("queues drain q --yes").run().exits(0);
    assert_eq!(queue(&mut node, "count", &json!([])), 0);
    wq(&server).line("pause -Q q").run().exits(0);
    wq(&server).line("queues obliterate q --yes").run().exits(0);
    assert_eq!(server.ask::<Vec<String>>("KEYS bull:q:*"), Vec::<String>::new());
}

#[test]
fn s52_a_server_that_forgets_its_scripts_all_the_time_loses_nothing() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let _worker = wq(&server).line(&worker_line(&receiver, "")).spawn();
    let jobs: Vec<Value> = (0..1500).map(|n| json!({ "data": { "ms": 1 }, "opts": { "jobId": format!("j{n:04}") } })).collect();
    let producer = std::thread::scope(|scope| {
        let producer = scope.spawn(|| wq(&server).line("enqueue -Q q --ndjson -").input(lines(&jobs)).run());
        eventually(Duration::from_secs(40), "all jobs are completed", || {
            server.ask::<()>("SCRIPT FLUSH");
            (server.ask::<u64>("ZCARD bull:q:completed") == 1500).then_some(())
        });
        producer.join().unwrap()
    });

    producer.exits(0);
    assert_eq!(receiver.accepted(), (0..1500).map(|n| format!("j{n:04}")).collect::<Vec<_>>());
}

#[test]
fn s54_node_never_lists_an_id_without_a_job_while_wq_works_in_batches() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let _worker = wq(&server).line(&worker_line(&receiver, " --concurrency 20")).spawn();
    let jobs: Vec<Value> = (0..1000)
        .map(|n| {
            let data = if n % 5 == 0 { json!({ "refuse": "no" }) } else { json!({ "ms": 1 }) };
            json!({ "data": data, "opts": { "delay": n % 3 * 20, "priority": n % 2 } })
        })
        .collect();
    let states = json!([["waiting", "active", "delayed", "prioritized", "waiting-children", "completed", "failed"], 0, -1]);

    std::thread::scope(|scope| {
        scope.spawn(|| add(&server, &jobs));
        eventually(Duration::from_secs(40), "all jobs have ended", || {
            let listed = queue(&mut node, "getJobs", &states);
            assert!(listed.as_array().unwrap().iter().all(|job| job["timestamp"].is_u64()), "an id without a job");
            (server.ask::<u64>("ZCARD bull:q:completed") == 800 && server.ask::<u64>("ZCARD bull:q:failed") == 200).then_some(())
        });
    });
}

#[test]
fn a_worker_of_ours_leaves_to_an_idle_node_worker_what_it_cannot_start() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::from_secs(3), play));
    let mut node = Node::start(&server);
    let _worker = wq(&server).line(&worker_line(&receiver, " --concurrency 1")).spawn();
    eventually(SOON, "our worker waits", || server.ask::<String>("CLIENT LIST").contains("cmd=bzpopmin").then_some(()));
    node.call("work", json!({ "queue": "q" }));
    eventually(SOON, "both wait", || (server.ask::<String>("CLIENT LIST").matches("cmd=bzpopmin").count() == 2).then_some(()));

    // Ours waits longest and is woken first; it can start one of the two.
    add(&server, &[json!({ "name": "first" }), json!({ "name": "second" })]);
    eventually(Duration::from_secs(2), "Node starts the second", || (started_by_node(&mut node).len() == 1).then_some(()));
    add(&server, &[json!({ "name": "third" })]);
    eventually(Duration::from_secs(2), "Node starts the third", || (started_by_node(&mut node).len() == 2).then_some(()));

    assert_eq!(receiver.requests().len(), 1);
}

#[test]
fn what_a_worker_of_ours_gives_back_when_it_is_told_to_stop_node_starts_at_once() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    add(&server, &[json!({ "name": "first" }), json!({ "name": "second" }), json!({ "name": "third" })]);
    let mut worker = wq(&server).line("worker -Q q --via log --latency 2s --rate none --concurrency 1").spawn();
    let completed = || server.ask::<u64>("ZCARD bull:q:completed");
    eventually(SOON, "it sends the second and has the third", || {
        (completed() == 1 && server.ask::<u64>("LLEN bull:q:active") == 2).then_some(())
    });
    node.call("work", json!({ "queue": "q" }));
    assert_eq!(started_by_node(&mut node).len(), 0);

    worker.signal("TERM");

    eventually(Duration::from_millis(1800), "Node starts the third", || (started_by_node(&mut node).len() == 1).then_some(()));
    assert_eq!(worker.ends(SOON).code(), Some(0), "{}", worker.stderr());
    assert_eq!(completed(), 3);
}

#[test]
fn a_worker_of_ours_that_is_stopping_takes_no_wake_up_from_others() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::from_millis(2500), play));
    let mut node = Node::start(&server);
    add(&server, &[json!({ "name": "long" })]);
    let mut worker = wq(&server).line(&worker_line(&receiver, " --concurrency 5")).spawn();
    eventually(SOON, "it sends one and waits for more", || {
        (receiver.requests().len() == 1 && server.ask::<String>("CLIENT LIST").contains("cmd=bzpopmin")).then_some(())
    });
    node.call("work", json!({ "queue": "q" }));
    eventually(SOON, "both wait", || (server.ask::<String>("CLIENT LIST").matches("cmd=bzpopmin").count() == 2).then_some(()));

    worker.signal("TERM");
    eventually(SOON, "it heard", || worker.stderr().contains("stopping").then_some(()));
    add(&server, &[json!({ "name": "next" })]);

    eventually(Duration::from_secs(2), "Node starts the next", || (started_by_node(&mut node).len() == 1).then_some(()));
    assert_eq!(worker.ends(SOON).code(), Some(0), "{}", worker.stderr());
}
