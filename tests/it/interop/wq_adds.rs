//! `wq` adds, a Node worker works.

use std::time::Duration;

use serde_json::{Value, json};

use super::{add, look, queue};
use crate::support::node::Node;
use crate::support::{Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);

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

/// A worker that has nothing to do and waits for a marker.
fn idle_worker(server: &Server, node: &mut Node) {
    node.call("work", json!({ "queue": "q" }));
    eventually(SOON, "Node's worker waits", || server.ask::<String>("CLIENT LIST").contains("cmd=bzpopmin").then_some(()));
}

#[test]
fn a_job_added_by_wq_is_nodes_own_in_every_field() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let data = json!({ "text": "Olá 👋 \u{2028} \"q\" \\ / é", "long": "x".repeat(1_000_000), "nested": [null, { "none": null, "empty": [] }], "number": "9007199254740993" });
    let options = json!({ "jobId": "order-17", "attempts": 4, "backoff": { "type": "exponential", "delay": 300 }, "removeOnComplete": { "age": 60, "count": 7 }, "removeOnFail": 3 });

    add(&server, &[json!({ "name": "greet", "data": data, "opts": options })]);

    let seen = look(&mut node, "order-17");
    assert_eq!(
        [&seen["name"], &seen["state"], &seen["delay"], &seen["priority"]],
        [&json!("greet"), &json!("waiting"), &json!(0), &json!(0)]
    );
    assert_eq!(seen["data"], data);
    for field in ["attempts", "backoff", "removeOnComplete", "removeOnFail"] {
        assert_eq!(seen["opts"][field], options[field], "{field}");
    }
    let now: Vec<String> = server.ask("TIME");
    let age = now[0].parse::<u64>().unwrap() * 1000 - seen["timestamp"].as_u64().unwrap() / 1000 * 1000;
    assert!(age < 60_000 && seen["processedOn"].is_null() && seen["finishedOn"].is_null(), "{age}");
}

#[test]
fn an_idle_node_worker_starts_a_job_of_ours_at_once() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    idle_worker(&server, &mut node);

    add(
        &server,
        &[
            json!({ "name": "now" }),
            json!({ "name": "prioritised", "opts": { "priority": 2 } }),
            json!({ "name": "later", "opts": { "delay": 400 } }),
        ],
    );

    assert_eq!(names(&mut node, 3), ["now", "prioritised", "later"]);
    for (start, most) in starts(&mut node)[0].iter().zip([100, 100, 150]) {
        let late = start["at"].as_i64().unwrap() - start["due"].as_i64().unwrap();
        assert!((0..most).contains(&late), "{late} ms late: {start}");
    }
}

#[test]
fn node_runs_our_jobs_in_the_order_of_lifo_wait_and_priority() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let mut jobs: Vec<Value> = Vec::new();
    for round in 1..=3 {
        for (word, priority) in [("low", 4), ("high", 2), ("urgent", 1)] {
            jobs.push(json!({ "name": format!("{word}-{round}"), "opts": { "priority": priority } }));
        }
    }
    jobs.extend([json!({ "name": "plain-1" }), json!({ "name": "plain-2" }), json!({ "name": "next", "opts": { "lifo": true } })]);
    add(&server, &jobs);

    node.call("work", json!({ "queue": "q" }));

    let expected =
        ["next", "plain-1", "plain-2", "urgent-1", "urgent-2", "urgent-3", "high-1", "high-2", "high-3", "low-1", "low-2", "low-3"];
    assert_eq!(names(&mut node, 12), expected);
}

#[test]
fn delayed_jobs_of_the_same_millisecond_keep_their_order() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let jobs: Vec<Value> = (0..10).map(|n| json!({ "name": format!("d{n}"), "opts": { "delay": 300 } })).collect();
    add(&server, &jobs);
    let scores: Vec<f64> =
        server.ask::<Vec<String>>("ZRANGE bull:q:delayed 0 -1 WITHSCORES").chunks(2).map(|pair| pair[1].parse().unwrap()).collect();

    node.call("work", json!({ "queue": "q" }));

    assert_eq!(scores, (0..10).map(|n| scores[0] + f64::from(n)).collect::<Vec<_>>());
    assert_eq!(names(&mut node, 10), (0..10).map(|n| format!("d{n}")).collect::<Vec<_>>());
}

#[test]
fn the_same_id_twice_is_one_job_and_a_duplicated_event() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    node.call("listen", json!({ "queue": "q" }));

    for _ in 0..2 {
        wq(&server).line("enqueue -Q q --data {} --id order-17").run().exits(0).stdout_has("order-17");
    }

    eventually(SOON, "QueueEvents hears of the duplicate", || {
        let heard = node.call("heard", json!({ "queue": "q" }));
        heard.as_array().unwrap().iter().any(|event| event[0] == "duplicated" && event[1]["jobId"] == "order-17").then_some(())
    });
    assert_eq!(queue(&mut node, "count", &json!([])), 1);
}

#[test]
fn a_thousand_jobs_are_events_counts_and_ids_to_node() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    node.call("listen", json!({ "queue": "q" }));
    let jobs: Vec<Value> = (0..1000).map(|n| json!({ "data": { "n": n }, "opts": { "jobId": format!("j{n}") } })).collect();

    add(&server, &jobs);

    let heard = eventually(SOON, "QueueEvents hears it all", || {
        Some(node.call("heard", json!({ "queue": "q" }))).filter(|heard| heard.as_array().unwrap().len() >= 2000)
    });
    for kind in ["added", "waiting"] {
        let ids: Vec<_> = heard.as_array().unwrap().iter().filter(|event| event[0] == kind).map(|event| &event[1]["jobId"]).collect();
        assert!(ids.iter().enumerate().all(|(n, id)| **id == format!("j{n}")) && ids.len() == 1000, "{kind}");
    }
    assert_eq!(server.ask::<u64>("GET bull:q:id"), 1000);
    assert_eq!(
        queue(&mut node, "getJobCounts", &json!(["waiting", "active", "prioritized"])),
        json!({ "waiting": 1000, "active": 0, "prioritized": 0 })
    );
}

#[test]
fn one_batch_of_ours_wakes_all_idle_node_workers_and_is_taken_in_order() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    for _ in 0..4 {
        node.call("work", json!({ "queue": "q" }));
    }
    eventually(SOON, "four workers wait", || (server.ask::<String>("CLIENT LIST").matches("cmd=bzpopmin").count() == 4).then_some(()));
    node.call("listen", json!({ "queue": "q" }));
    let jobs: Vec<Value> = (0..400).map(|n| json!({ "data": { "ms": 2 }, "opts": { "jobId": format!("j{n}") } })).collect();

    add(&server, &jobs);

    let heard = eventually(SOON, "all jobs are done", || {
        let heard = node.call("heard", json!({ "queue": "q" }));
        (heard.as_array().unwrap().iter().filter(|event| event[0] == "completed").count() == 400).then_some(heard)
    });
    let taken: Vec<_> =
        heard.as_array().unwrap().iter().filter(|event| event[0] == "active").map(|event| event[1]["jobId"].clone()).collect();
    assert_eq!(taken, (0..400).map(|n| json!(format!("j{n}"))).collect::<Vec<_>>());
    for starts in starts(&mut node) {
        let late = starts[0]["at"].as_i64().unwrap() - starts[0]["due"].as_i64().unwrap();
        assert!((0..200).contains(&late), "a worker started after {late} ms");
    }
}

#[test]
fn node_obeys_the_attempts_back_off_and_retention_that_wq_wrote() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    wq(&server)
        .line("enqueue -Q q --name stubborn --data {\"fail\":9} --id stubborn --attempts 3 --backoff exponential:100ms")
        .run()
        .exits(0);
    wq(&server).line("enqueue -Q q --name gone --data {} --id gone --remove-on-complete true").run().exits(0);
    wq(&server).line("enqueue -Q q --name unlucky --data {\"fail\":9} --id unlucky --attempts 1 --remove-on-fail true").run().exits(0);

    node.call("work", json!({ "queue": "q" }));

    let starts = eventually(SOON, "five starts", || Some(starts(&mut node).remove(0)).filter(|starts| starts.len() == 5));
    eventually(SOON, "the last attempt fails", || (look(&mut node, "stubborn")["state"] == "failed").then_some(()));
    let times: Vec<i64> = starts.iter().filter(|start| start["name"] == "stubborn").map(|start| start["at"].as_i64().unwrap()).collect();
    assert!(times[1] - times[0] >= 100 && times[2] - times[1] >= 200, "{times:?}");
    assert_eq!([server.ask::<u64>("EXISTS bull:q:gone"), server.ask::<u64>("EXISTS bull:q:unlucky")], [0, 0]);
}

#[test]
fn a_campaign_from_a_csv_file_is_worked_by_node_in_the_order_of_its_rows() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let csv = "phone,name\n+34600111222,Ana\n+34600111223,Luis\n+34600111224,Eva\n";
    wq(&server).args(["bulk", "-", "-Q", "q", "--priority", "0", "--text", "Hola {{name}}"]).input(csv).run().exits(0);
    let ids: Vec<String> = server.ask("LRANGE bull:q:wait 0 -1");

    node.call("work", json!({ "queue": "q" }));

    assert_eq!(names(&mut node, 3), ["send", "send", "send"]);
    let started: Vec<String> = starts(&mut node)[0].iter().map(|start| start["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(started, ids.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(look(&mut node, &started[1])["data"]["to"], "+34600111223");
    assert_eq!(look(&mut node, &started[1])["data"]["text"], "Hola Luis");
}
