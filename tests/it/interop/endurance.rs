//! Many jobs, and a server that goes away in the middle.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{add, lines, play, queue};
use crate::support::node::Node;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);

#[test]
fn s51_the_event_stream_stays_within_bounds_over_fifty_thousand_jobs() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let jobs: Vec<Value> = (0..10_000).map(|_| json!({})).collect();
    let jobs = lines(&jobs);
    let mut longest = 0;

    // In rounds, so that it is looked at while jobs are added and while they are worked.
    for round in 1..=5 {
        wq(&server).line("enqueue -Q q --ndjson -").input(jobs.clone()).run().exits(0);
        longest = longest.max(server.ask::<u64>("XLEN bull:q:events"));
        let words = "worker -Q q --via log --rate none --until-empty --concurrency 50 --keep-completed all";
        wq(&server).line(words).run().exits(0);
        longest = longest.max(server.ask::<u64>("XLEN bull:q:events"));
        assert_eq!(server.ask::<u64>("ZCARD bull:q:completed"), round * 10_000);
    }

    let limit: u64 = server.ask("HGET bull:q:meta opts.maxLenEvents");
    assert_eq!(limit, 10_000);
    assert!((limit - 100..=limit + 100).contains(&longest), "{longest}");
    assert_eq!(queue(&mut node, "getCompletedCount", &json!([])), 50_000);
}

#[test]
fn s52_a_server_that_is_killed_and_comes_back_loses_no_job_of_either_side() {
    let (mut server, receiver) = (Server::durable(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let ids: BTreeSet<String> = (0..600).map(|n| format!("j{n:03}")).collect();
    let of_node: Vec<Value> = ids.iter().take(300).map(|id| json!({ "name": "n", "data": { "ms": 5 }, "opts": { "jobId": id } })).collect();
    let of_ours: Vec<Value> = ids.iter().skip(300).map(|id| json!({ "data": { "ms": 5 }, "opts": { "jobId": id } })).collect();
    queue(&mut node, "addBulk", &json!([of_node]));
    add(&server, &of_ours);
    let line = format!("worker -Q q --via http --url {} --rate none --lock-ttl 2s --stalled-interval 1s", receiver.url());
    let worker = wq(&server).line(&line).spawn();
    let options = json!({ "concurrency": 5, "lockDuration": 2000, "stalledInterval": 1000 });
    node.call("work", json!({ "queue": "q", "options": options }));

    for kills in 1..=2 {
        let done = || server.ask::<u64>("ZCARD bull:q:completed");
        eventually(SOON, "it is in the middle", || (done() >= kills * 150).then_some(()));
        server.restart();
    }

    let seen = eventually(Duration::from_mins(1), "all are completed", || {
        let done: Vec<String> = server.ask("ZRANGE bull:q:completed 0 -1");
        (done.len() == 600).then_some(done)
    });
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), ids);
    assert!(!receiver.requests().is_empty(), "{}", worker.stderr());
    assert_eq!(server.ask::<u64>("EXISTS bull:q:wait bull:q:failed bull:q:delayed"), 0);
    eventually(SOON, "nobody has a job any more", || (server.ask::<u64>("EXISTS bull:q:active") == 0).then_some(()));
    // Its QueueEvents lost their connection, as they had to.
    node.kill();
}
