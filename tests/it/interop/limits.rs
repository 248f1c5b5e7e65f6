//! Limits and locks that Node and `wq` share.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{add, look, play, queue};
use crate::support::node::Node;
use crate::support::receiver::accept;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);

fn worker_line(receiver: &Receiver, more: &str) -> String {
    format!("worker -Q q --via http --url {} --rate none{more}", receiver.url())
}

fn plain(count: usize) -> Vec<Value> {
    (0..count).map(|n| json!({ "opts": { "jobId": format!("j{n}") } })).collect()
}

#[test]
fn s44_a_rate_limit_that_node_sets_by_hand_holds_our_worker_back() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let _worker = wq(&server).line(&worker_line(&receiver, "")).spawn();
    add(&server, &plain(1));
    eventually(SOON, "the worker works", || (receiver.requests().len() == 1).then_some(()));

    queue(&mut node, "setGlobalRateLimit", &json!([1000, 1000]));
    queue(&mut node, "rateLimit", &json!([800]));
    let closed = Instant::now();
    queue(&mut node, "add", &json!(["held", {}]));

    let requests = eventually(SOON, "the worker goes on", || Some(receiver.requests()).filter(|requests| requests.len() == 2));
    let waited = requests[1].at - closed;
    assert!(waited > Duration::from_millis(750) && waited < Duration::from_millis(1500), "{waited:?}");
}

#[test]
fn our_worker_keeps_nodes_global_rate_and_counts_in_its_window() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    queue(&mut node, "setGlobalRateLimit", &json!([4, 1000]));
    add(&server, &plain(14));

    let _worker = wq(&server).line(&worker_line(&receiver, "")).spawn();

    eventually(SOON, "Node sees starts in its window", || {
        let count: Option<u64> = server.ask("GET bull:q:limiter");
        let ttl = queue(&mut node, "getRateLimitTtl", &json!([1])).as_i64().unwrap();
        (count.is_some_and(|count| (1..=4).contains(&count)) && (1..=1000).contains(&ttl)).then_some(())
    });
    eventually(SOON, "all are sent", || (receiver.requests().len() == 14).then_some(()));
    let busiest = receiver.busiest(Duration::from_secs(1));
    assert!(busiest <= 4, "{busiest} in some second");
}

/// The most jobs that were active at the same time, by the order of the events.
fn most_active(server: &Server) -> usize {
    let entries: Vec<(String, Vec<String>)> = server.ask("XRANGE bull:q:events - +");
    let (mut active, mut most) = (0, 0);
    for (_, fields) in entries {
        match fields[1].as_str() {
            "active" => active += 1,
            "completed" | "failed" => active -= 1,
            "waiting" if fields.chunks(2).any(|pair| pair == ["prev", "active"]) => active -= 1,
            _ => {}
        }
        most = most.max(active);
    }
    most
}

#[test]
fn s45_the_global_concurrency_of_a_queue_holds_for_node_and_wq_together() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::from_millis(10), accept));
    let mut node = Node::start(&server);
    queue(&mut node, "setGlobalConcurrency", &json!([3]));
    // Whoever has a slot keeps it while there are jobs: Node has one when wq comes, which would take ten at once.
    node.call("work", json!({ "queue": "q", "options": { "concurrency": 1 } }));
    add(&server, &[json!({ "data": { "ms": 1000 } })]);
    eventually(SOON, "Node works", || (server.ask::<u64>("LLEN bull:q:active") == 1).then_some(()));
    let jobs: Vec<Value> = (0..200).map(|_| json!({ "data": { "ms": 10 } })).collect();
    add(&server, &jobs);
    let _worker = wq(&server).line(&worker_line(&receiver, " --concurrency 5")).spawn();

    eventually(SOON, "all are completed", || {
        let active: u64 = server.ask("LLEN bull:q:active");
        assert!(active <= 3, "{active} at a time");
        (server.ask::<u64>("ZCARD bull:q:completed") == 201).then_some(())
    });
    let ours = receiver.requests().len();
    assert!((1..200).contains(&ours), "wq sent {ours} of 201");
    let most = most_active(&server);
    assert!(most <= 3, "{most} at a time");
}

#[test]
fn a_job_added_while_all_slots_are_taken_runs_when_one_is_free() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    wq(&server).line("queues set q --concurrency 1").run().exits(0);
    assert_eq!(queue(&mut node, "getGlobalConcurrency", &json!([])), 1);
    add(&server, &[json!({ "name": "long", "data": { "ms": 400 } })]);
    let _worker = wq(&server).line(&worker_line(&receiver, "")).spawn();
    eventually(SOON, "the slot is taken", || (server.ask::<u64>("LLEN bull:q:active") == 1).then_some(()));

    // Taking a job leaves a marker, as Node's worker does.
    server.ask::<u64>("DEL bull:q:marker");
    add(&server, &[json!({ "name": "next" })]);

    assert_eq!(server.ask::<Option<u64>>("ZSCORE bull:q:marker 0"), None);
    let requests = eventually(SOON, "the next is sent", || Some(receiver.requests()).filter(|requests| requests.len() == 2));
    assert_eq!([&requests[0].body["name"], &requests[1].body["name"]], ["long", "next"]);
}

/// What happened to a job, in order, each with the state before it.
fn story(server: &Server, id: &str) -> Vec<String> {
    let entries: Vec<(String, Vec<String>)> = server.ask("XRANGE bull:q:events - +");
    let told = entries.iter().filter_map(|(_, fields)| {
        let field = |name: &str| fields.chunks(2).find(|pair| pair[0] == name).map_or("", |pair| &pair[1]);
        (field("jobId") == id).then(|| format!("{} {}", field("event"), field("prev")).trim_end().to_owned())
    });
    told.collect()
}

/// What must happen to a job whose worker died `deaths` times before another ended it so.
fn recovered_story(deaths: usize, end: &str) -> Vec<String> {
    let mut told = vec!["added", "waiting", "active waiting"];
    for _ in 0..deaths {
        told.extend(["waiting active", "stalled", "active waiting"]);
    }
    told.push(end);
    told.into_iter().map(str::to_owned).collect()
}

#[test]
fn s34_the_job_of_a_killed_worker_of_ours_is_finished_by_node() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::from_mins(2), accept));
    let mut node = Node::start(&server);
    add(&server, &[json!({ "name": "orphan", "opts": { "jobId": "orphan" } })]);
    let mut worker = wq(&server).line(&worker_line(&receiver, " --on-uncertain retry --lock-ttl 500ms --stalled-interval 300ms")).spawn();
    eventually(SOON, "our worker sends", || (receiver.requests().len() == 1).then_some(()));

    worker.kill();
    node.call("work", json!({ "queue": "q", "options": { "stalledInterval": 300 } }));

    let seen = eventually(SOON, "Node finishes it", || Some(look(&mut node, "orphan")).filter(|seen| seen["state"] == "completed"));
    assert_eq!([&seen["stalledCounter"], &seen["attemptsStarted"], &seen["attemptsMade"]], [1, 2, 1]);
    assert_eq!(seen["returnvalue"], json!({ "ok": "orphan" }));
    assert_eq!(story(&server, "orphan"), recovered_story(1, "completed active"));
}

#[test]
fn s35_the_job_of_a_killed_node_worker_is_finished_by_wq() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, |request| (200, "", request.body["name"].to_string())));
    let mut node = Node::start(&server);
    let mut doomed = Node::start(&server);
    add(&server, &[json!({ "name": "orphan", "data": { "ms": 60_000 }, "opts": { "jobId": "orphan" } })]);
    doomed.call("work", json!({ "queue": "q", "options": { "lockDuration": 1000, "stalledInterval": 500 } }));
    eventually(SOON, "Node holds the job", || (server.ask::<u64>("LLEN bull:q:active") == 1).then_some(()));

    drop(doomed);
    let _worker = wq(&server).line(&worker_line(&receiver, " --stalled-interval 500ms")).spawn();

    let seen = eventually(SOON, "wq finishes it", || Some(look(&mut node, "orphan")).filter(|seen| seen["state"] == "completed"));
    assert_eq!([&seen["stalledCounter"], &seen["attemptsStarted"], &seen["attemptsMade"]], [1, 2, 1]);
    assert_eq!(seen["returnvalue"], "orphan");
    assert_eq!(story(&server, "orphan"), recovered_story(1, "completed active"));
}

#[test]
fn s34_a_job_that_killed_two_workers_of_ours_is_given_up_by_node() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::from_mins(2), accept));
    let mut node = Node::start(&server);
    add(&server, &[json!({ "opts": { "jobId": "deadly" } })]);
    let line = worker_line(&receiver, " --on-uncertain retry --lock-ttl 500ms --stalled-interval 300ms");
    let checks = json!({ "queue": "q", "options": { "stalledInterval": 300 } });
    for times in 1..=2 {
        let mut worker = wq(&server).line(&line).spawn();
        eventually(SOON, "our worker sends", || (receiver.requests().len() == times).then_some(()));
        // Node looks for stalled jobs in a paused queue too, and leaves the job to our next worker.
        wq(&server).line("pause -Q q").run().exits(0);
        worker.kill();
        let mut checker = Node::start(&server);
        checker.call("work", checks.clone());
        eventually(SOON, "Node finds it stalled", || (server.ask::<u64>("LLEN bull:q:active") == 0).then_some(()));
        drop(checker);
        wq(&server).line("resume -Q q").run().exits(0);
    }

    node.call("work", checks);

    let seen = eventually(SOON, "Node gives it up", || Some(look(&mut node, "deadly")).filter(|seen| seen["state"] == "failed"));
    assert_eq!(seen["failedReason"], "job stalled more than allowable limit");
    assert_eq!([&seen["stalledCounter"], &seen["attemptsStarted"]], [2, 3]);
    assert_eq!(story(&server, "deadly")[..10], recovered_story(2, "failed active"));
    assert_eq!(receiver.requests().len(), 2);
}

#[test]
fn s35_a_job_that_killed_two_node_workers_is_given_up_by_wq() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, accept));
    let mut node = Node::start(&server);
    add(&server, &[json!({ "data": { "ms": 60_000 }, "opts": { "jobId": "deadly" } })]);
    for times in 1..=2 {
        let mut doomed = Node::start(&server);
        doomed.call("work", json!({ "queue": "q", "options": { "lockDuration": 500, "stalledInterval": 300 } }));
        let starts = || server.ask::<Option<u64>>("HGET bull:q:deadly ats");
        eventually(SOON, "Node holds the job", || (starts() == Some(times)).then_some(()));
    }

    let _worker = wq(&server).line(&worker_line(&receiver, " --stalled-interval 300ms")).spawn();

    let seen = eventually(SOON, "wq gives it up", || Some(look(&mut node, "deadly")).filter(|seen| seen["state"] == "failed"));
    assert_eq!(seen["failedReason"], "job stalled more than allowable limit");
    assert_eq!([&seen["stalledCounter"], &seen["attemptsStarted"]], [2, 3]);
    assert_eq!(story(&server, "deadly")[..10], recovered_story(2, "failed active"));
    assert_eq!(receiver.requests().len(), 0);
}

/// Writes down what is done to BullMQ's limiter key of `q`, in the server's own order.
struct Windows(Arc<Mutex<Vec<String>>>);

impl Windows {
    fn watch(server: &Server) -> Self {
        let mut connection = server.connection();
        connection.send_packed_command(&redis::cmd("MONITOR").get_packed_command()).unwrap();
        connection.recv_response().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        // Ends with the server.
        std::thread::spawn(move || {
            while let Ok(redis::Value::SimpleString(line)) = connection.recv_response() {
                if line.contains("\"bull:q:limiter\"") {
                    sink.lock().unwrap().push(line);
                }
            }
        });
        Self(seen)
    }

    /// How many starts each life of the key has seen; a life begins when a start sets the key's time.
    fn sizes(&self) -> Vec<u64> {
        let (mut sizes, mut last) = (Vec::new(), 0);
        for line in self.0.lock().unwrap().iter() {
            let words: Vec<String> = line.split('"').skip(1).step_by(2).map(str::to_lowercase).collect();
            match words[0].as_str() {
                "incr" => last = 1,
                "incrby" => last = words[2].parse().unwrap(),
                "pexpire" => {
                    *sizes.last_mut().unwrap_or(&mut 0) -= if sizes.is_empty() { 0 } else { last };
                    sizes.push(last);
                    continue;
                }
                _ => continue,
            }
            if let Some(size) = sizes.last_mut() {
                *size += last;
            }
        }
        sizes
    }
}

/// Node and `wq` work off 60 jobs together, never more than 10 in one life of the key.
fn share(server: &Server, node: &mut Node, receiver: &Receiver, our_rate: &str, their_options: &Value) {
    let windows = Windows::watch(server);
    let line = format!("worker -Q q --via http --url {} --rate {our_rate}", receiver.url());
    let _worker = wq(server).line(&line).spawn();
    node.call("work", json!({ "queue": "q", "options": their_options }));
    eventually(SOON, "both wait", || (server.ask::<String>("CLIENT LIST").matches("cmd=bzpopmin").count() == 2).then_some(()));

    add(server, &plain(60));

    eventually(Duration::from_secs(40), "all are completed", || (server.ask::<u64>("ZCARD bull:q:completed") == 60).then_some(()));
    let sizes = windows.sizes();
    assert!(sizes.iter().all(|size| *size <= 10) && sizes.iter().sum::<u64>() == 60, "{sizes:?}");
    let ours = receiver.requests().len();
    assert!((1..60).contains(&ours), "wq sent {ours} of 60");
}

#[test]
fn s42_node_and_wq_together_keep_the_global_rate_of_the_queue() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    queue(&mut node, "setGlobalRateLimit", &json!([10, 500]));

    share(&server, &mut node, &receiver, "none", &json!({ "concurrency": 5 }));
}

#[test]
fn s43_node_and_wq_together_keep_a_rate_that_both_workers_were_given() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);

    share(
        &server,
        &mut node,
        &receiver,
        "10/500ms --node-limiter 10/500ms",
        &json!({ "concurrency": 5, "limiter": { "max": 10, "duration": 500 } }),
    );
}

#[test]
fn s44_our_worker_goes_on_by_itself_after_node_lifted_a_limit_set_by_hand() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    queue(&mut node, "rateLimit", &json!([3_600_000]));
    add(&server, &plain(1));
    let _worker = wq(&server).line(&format!("worker -Q q --via http --url {} --rate 100/s", receiver.url())).spawn();
    // It looks how long the limit holds.
    eventually(SOON, "our worker asks in vain", || (server.calls("pttl") > 0).then_some(()));
    assert_eq!((receiver.requests().len(), server.ask::<u64>("LLEN bull:q:wait")), (0, 1));

    queue(&mut node, "removeRateLimitKey", &json!([]));
    let lifted = Instant::now();

    let requests = eventually(SOON, "the job is sent", || Some(receiver.requests()).filter(|requests| requests.len() == 1));
    assert!(requests[0].at - lifted < Duration::from_secs(6), "{:?}", requests[0].at - lifted);
}
