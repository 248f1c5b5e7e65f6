//! Schedules that are damaged, or whose server fails: the job itself runs, nothing is made twice, and a person can read why.

use std::time::Duration;

use serde_json::json;

use super::schedulers::{ours, runs, slots, upsert, worker};
use super::{play, queue};
use crate::support::node::Node;
use crate::support::{Receiver, Server, eventually};

/// Makes a run of a schedule ready, damages the schedule by these commands, lets a worker of ours run it, and gives its log
/// and what is said of the schedule then.
async fn run_damaged(rule: serde_json::Value, damage: &[&str]) -> (String, Option<String>) {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    upsert(&mut node, "odd", rule, json!({}));
    let run = server
        .ask::<Vec<String>>("ZRANGE bull:q:delayed 0 -1")
        .into_iter()
        .chain(server.ask::<Vec<String>>("LRANGE bull:q:wait 0 -1"))
        .next();
    let run = run.unwrap();
    for command in damage {
        server.ask::<redis::Value>(&command.replace("RUN", &run));
    }
    if server.ask::<u64>("ZCARD bull:q:delayed") == 1 {
        queue(&mut node, "promoteJobs", &json!([]));
    }
    let worker = worker(&server, &receiver, "");

    eventually(Duration::from_secs(20), "the job runs all the same", || (runs(&server, "completed") == [run.clone()]).then_some(()));

    let queue = ours(&server, "q").await;
    assert_eq!((receiver.requests().len(), runs(&server, "delayed").len()), (1, 0));
    (worker.stderr(), queue.schedules(0, 10).await.unwrap().pop().and_then(|record| record.problem))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_run_of_a_damaged_schedule_runs_and_the_reason_can_be_read() {
    let yearly = || json!({ "pattern": "0 0 1 1 *" });
    let damaged_run = |repeat: &str| format!(r#"HSET bull:q:RUN opts {{"repeatJobKey":"odd","repeat":{repeat}}}"#);
    let cases = [
        (yearly(), vec!["DEL bull:q:repeat:odd".to_owned()], "its definition is gone", "its definition is gone"),
        (
            json!({ "every": 60000 }),
            vec!["DEL bull:q:repeat:odd".to_owned(), "SET bull:q:repeat:odd foreign".to_owned()],
            "its definition is gone",
            "its definition is gone",
        ),
        (
            json!({ "every": 60000 }),
            vec!["HSET bull:q:repeat:odd every often".to_owned()],
            "its interval can't be read",
            "the interval \"often\" is no number",
        ),
        (
            yearly(),
            vec!["HSET bull:q:repeat:odd pattern nonsense".to_owned(), damaged_run(r#"{"pattern":"nonsense","count":1}"#)],
            "nonsense",
            "day of week \"nonsense\"",
        ),
        (
            yearly(),
            vec!["HSET bull:q:repeat:odd tz Mars/Olympus".to_owned(), damaged_run(r#"{"pattern":"@yearly","tz":"Mars/Olympus"}"#)],
            "Mars/Olympus",
            "Mars/Olympus",
        ),
        (yearly(), vec![damaged_run("null")], "doesn't say how it repeats", "no run is pending"),
    ];
    for (rule, damage, logged, told) in cases {
        let damage: Vec<&str> = damage.iter().map(String::as_str).collect();
        let (log, problem) = run_damaged(rule, &damage).await;

        assert!(log.contains("the schedule ends here") && log.contains(logged), "{damage:?}: {log}");
        assert!(problem.as_deref().is_some_and(|problem| problem.contains(told)), "{damage:?}: {problem:?}");
    }
}

#[test]
fn a_job_that_names_a_schedule_that_never_was_is_an_ordinary_job() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let id = queue(&mut node, "add", &json!(["foreign", {}]))["id"].as_str().unwrap().to_owned();
    server.ask::<u64>(&format!(r#"HSET bull:q:{id} rjk ghost opts {{"repeatJobKey":"ghost","repeat":{{"every":5}}}}"#));
    let worker = worker(&server, &receiver, "");

    eventually(Duration::from_secs(20), "it completes", || (runs(&server, "completed") == [id.clone()]).then_some(()));

    assert_eq!(server.ask::<u64>("EXISTS bull:q:repeat bull:q:repeat:ghost"), 0);
    assert!(!worker.stderr().contains("WARN"), "{}", worker.stderr());
}

#[test]
fn a_full_server_does_not_end_a_schedule() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    upsert(&mut node, "tick", json!({ "every": 300 }), json!({ "opts": { "removeOnComplete": true } }));
    server.ask::<String>("CONFIG SET maxmemory 1");

    let worker = worker(&server, &receiver, "");

    eventually(Duration::from_secs(20), "it goes on", || (receiver.requests().len() >= 4).then_some(()));
    drop(worker);
}

#[test]
fn a_server_that_dies_again_and_again_neither_ends_nor_doubles_a_schedule() {
    let (mut server, receiver) = (Server::durable(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    upsert(&mut node, "tick", json!({ "every": 50 }), json!({}));
    drop(node);
    let worker = worker(&server, &receiver, " --lock-ttl 2s --stalled-interval 1s");

    for round in 1..=6 {
        let before = receiver.requests().len();
        eventually(Duration::from_secs(30), "runs go on", || (receiver.requests().len() > before + 3).then_some(()));
        std::thread::sleep(Duration::from_millis(7 * round));
        server.restart();
    }

    let before = runs(&server, "completed").len();
    eventually(Duration::from_secs(30), "it is still alive", || (runs(&server, "completed").len() > before + 3).then_some(()));
    drop(worker);
    let done = slots(&runs(&server, "completed"));
    let made: usize = server.ask("HGET bull:q:repeat:tick ic");
    let pending: usize = server.ask::<Vec<String>>("KEYS bull:q:repeat:tick:*[0-9]").len() - done.len();
    assert_eq!(made, done.len() + pending, "{made} made, {} ran, {pending} to run", done.len());
    assert!(pending <= 3, "{pending} at once");
}

#[test]
fn a_repeatable_job_of_an_old_bullmq_runs_and_says_that_it_ends_here() {
    for library in ["bullmq4", "bullmq5"] {
        let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
        let mut node = Node::start_with(&server, library);
        queue(&mut node, "add", &json!(["legacy", {}, { "repeat": { "every": 500 } }]));
        let worker = worker(&server, &receiver, "");

        eventually(Duration::from_secs(20), "it runs", || (runs(&server, "completed").len() == 1).then_some(()));

        assert!(worker.stderr().contains("repeatable job of BullMQ 4 or 5"), "{library}: {}", worker.stderr());
    }
}
