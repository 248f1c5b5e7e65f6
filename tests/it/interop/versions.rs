//! BullMQ 4 on the same queue: what it leaves for others, and what it counts in its own way.

use std::time::Duration;

use serde_json::{Value, json};

use super::{SOON, await_idle, job, look, play, queue};
use crate::support::node::Node;
use crate::support::{Receiver, Server, eventually, wq};

fn worker_line(receiver: &Receiver) -> String {
    format!("worker -Q q --via http --url {} --rate none --concurrency 1", receiver.url())
}

#[test]
fn s39_v4_our_worker_drops_the_marks_in_wait_and_sends_all_that_bullmq_4_adds() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut four = Node::start_with(&server, "bullmq4");
    let add = |four: &mut Node, name: &str, options: Value| {
        queue(four, "add", &json!([name, { "by": 4 }, options]))["id"].as_str().unwrap().to_owned()
    };
    let marks = || server.ask::<Vec<String>>("LRANGE bull:q:wait 0 -1");
    let ranked = add(&mut four, "ranked", json!({ "priority": 3 }));
    assert_eq!(marks(), ["0:0"]);
    server.ask::<u64>("DEL bull:q:wait");
    let delayed = add(&mut four, "delayed", json!({ "delay": 1000 }));
    assert!(marks().len() == 1 && marks()[0].starts_with("0:1"), "{:?}", marks());
    server.ask::<u64>("RPUSH bull:q:wait 0:0");
    let before = [(add(&mut four, "standard", json!({})), "standard"), (ranked, "ranked"), (delayed, "delayed")];

    let worker = wq(&server).line(&worker_line(&receiver)).spawn();
    let finish = |four: &mut Node, id: &str| four.call("finish", json!({ "queue": "q", "id": id }));
    for (id, name) in before {
        assert_eq!(finish(&mut four, &id), json!({ "ok": name }), "{}", worker.stderr());
    }
    await_idle(&server, 1);
    for (name, options) in [("delayed", json!({ "delay": 100 })), ("ranked", json!({ "priority": 3 })), ("standard", json!({}))] {
        let id = add(&mut four, name, options);
        assert_eq!(finish(&mut four, &id), json!({ "ok": name }), "{}", worker.stderr());
    }

    assert_eq!(receiver.requests().len(), 6);
    // A mark that came with nothing behind it goes with the next look.
    eventually(SOON, "nothing is left", || {
        (server.ask::<u64>("EXISTS bull:q:wait bull:q:active bull:q:prioritized bull:q:delayed") == 0).then_some(())
    });
    assert_eq!(server.ask::<u64>("ZCARD bull:q:completed"), 6);
}

#[test]
fn s40_v4_attempts_that_a_worker_of_bullmq_4_used_up_count() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut four = Node::start_with(&server, "bullmq4");
    let options = json!({ "jobId": "stubborn", "attempts": 4, "backoff": { "type": "fixed", "delay": 3_600_000 } });
    queue(&mut four, "add", &json!(["stubborn", { "fail": 9 }, options]));
    four.call("work", json!({ "queue": "q" }));
    let made = |four: &mut Node, attempts: usize| {
        eventually(SOON, "the attempt failed", || {
            let seen = look(four, "stubborn");
            (seen["attemptsMade"] == attempts && seen["state"] == "delayed").then_some(())
        });
    };
    made(&mut four, 1);
    job(&mut four, "stubborn", "promote", &json!([]));
    made(&mut four, 2);
    four.call("stop", json!({ "queue": "q" }));
    assert_eq!(server.ask::<u64>("HGET bull:q:stubborn attemptsMade"), 2);

    let _worker = wq(&server).line(&worker_line(&receiver)).spawn();
    job(&mut four, "stubborn", "promote", &json!([]));
    eventually(SOON, "our first attempt failed", || {
        (receiver.requests().len() == 1 && server.ask::<u64>("ZCARD bull:q:delayed") == 1).then_some(())
    });
    job(&mut four, "stubborn", "promote", &json!([]));
    eventually(SOON, "the last attempt failed", || (look(&mut four, "stubborn")["state"] == "failed").then_some(()));

    let attempts: Vec<_> = receiver.requests().iter().map(|request| request.body["attempt"].clone()).collect();
    assert_eq!(attempts, [3, 4]);
    let mut six = Node::start(&server);
    assert_eq!([&look(&mut four, "stubborn")["attemptsMade"], &look(&mut six, "stubborn")["attemptsMade"]], [4, 4]);
}
