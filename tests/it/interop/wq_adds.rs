//! `wq` adds, Node reads and works: fields, ids, order.

use serde_json::{Value, json};

use super::{SOON, add, idle_workers, lines, look, names, queue, starts};
use crate::support::node::Node;
use crate::support::{Server, eventually, wq};

fn a_job_of_ours_is_nodes_own_in_every_field(library: &str) {
    let server = Server::tcp();
    let mut node = Node::start_with(&server, library);
    let data = json!({ "to": "+34600111222", "text": "Hola", "nested": [1, 2.5, null, { "deep": true }] });
    let options = json!({ "jobId": "order-17", "attempts": 4, "backoff": { "type": "exponential", "delay": 300 }, "removeOnComplete": { "age": 60, "count": 7 }, "removeOnFail": 3 });
    let before = server.ask::<Vec<u64>>("TIME")[0] * 1000;

    add(&server, &[json!({ "name": "greet", "data": data, "opts": options })]);

    let seen = look(&mut node, "order-17");
    assert_eq!([&seen["id"], &seen["name"], &seen["state"]], ["order-17", "greet", "waiting"]);
    assert_eq!((&seen["data"], &seen["delay"], &seen["priority"]), (&data, &json!(0), &json!(0)));
    for field in ["attempts", "backoff", "removeOnComplete", "removeOnFail"] {
        assert_eq!(seen["opts"][field], options[field], "{field}");
    }
    let after = (server.ask::<Vec<u64>>("TIME")[0] + 1) * 1000;
    assert!((before..=after).contains(&seen["timestamp"].as_u64().unwrap()), "{seen}");
    assert_eq!([&seen["attemptsMade"], &seen["attemptsStarted"], &seen["stalledCounter"]], [0, 0, 0]);
    assert!(seen["processedOn"].is_null() && seen["finishedOn"].is_null() && seen["failedReason"].is_null(), "{seen}");
}

#[test]
fn s01_a_job_of_ours_is_nodes_own_in_every_field() {
    a_job_of_ours_is_nodes_own_in_every_field("bullmq");
}

#[test]
fn s01_v5_a_job_of_ours_is_nodes_own_in_every_field() {
    a_job_of_ours_is_nodes_own_in_every_field("bullmq5");
}

fn node_runs_three_levels_of_priority_in_order(library: &str) {
    let server = Server::tcp();
    let mut node = Node::start_with(&server, library);
    idle_workers(&server, &mut node, 1);
    let mut jobs: Vec<Value> = Vec::new();
    for round in 1..=3 {
        for (word, priority) in [("low", 4), ("high", 2), ("urgent", 1)] {
            jobs.push(json!({ "name": format!("{word}-{round}"), "opts": { "priority": priority } }));
        }
    }

    add(&server, &jobs);

    let expected = ["urgent-1", "urgent-2", "urgent-3", "high-1", "high-2", "high-3", "low-1", "low-2", "low-3"];
    assert_eq!(names(&mut node, 9), expected);
}

#[test]
fn s03_node_runs_three_levels_of_priority_in_order() {
    node_runs_three_levels_of_priority_in_order("bullmq");
}

#[test]
fn s03_v5_node_runs_three_levels_of_priority_in_order() {
    node_runs_three_levels_of_priority_in_order("bullmq5");
}

#[test]
fn s04_jobs_without_a_priority_run_before_all_that_have_one() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let urgent = |n: u8| json!({ "name": format!("urgent-{n}"), "opts": { "priority": 1 } });
    add(&server, &[urgent(1), json!({ "name": "plain-1" }), urgent(2), json!({ "name": "plain-2" })]);

    node.call("work", json!({ "queue": "q" }));

    assert_eq!(names(&mut node, 4), ["plain-1", "plain-2", "urgent-1", "urgent-2"]);
}

fn delayed_jobs_of_the_same_millisecond_keep_their_order(library: &str) {
    let server = Server::tcp();
    let mut node = Node::start_with(&server, library);
    idle_workers(&server, &mut node, 1);
    let jobs: Vec<Value> = (0..10).map(|n| json!({ "name": format!("d{n}"), "opts": { "delay": 1500 } })).collect();

    add(&server, &jobs);

    let delayed: Vec<String> = server.ask("ZRANGE bull:q:delayed 0 -1 WITHSCORES");
    let scores: Vec<u64> = delayed.chunks(2).map(|pair| pair[1].parse().unwrap()).collect();
    assert_eq!(scores, (0..10).map(|n| scores[0] + n).collect::<Vec<_>>());
    let due = look(&mut node, &delayed[0])["timestamp"].as_u64().unwrap() + 1500;
    assert_eq!((scores[0] / 4096, scores[0] % 4096), (due, 0));
    assert_eq!(names(&mut node, 10), (0..10).map(|n| format!("d{n}")).collect::<Vec<_>>());
}

#[test]
fn s05_delayed_jobs_of_the_same_millisecond_keep_their_order() {
    delayed_jobs_of_the_same_millisecond_keep_their_order("bullmq");
}

#[test]
fn s05_v5_delayed_jobs_of_the_same_millisecond_keep_their_order() {
    delayed_jobs_of_the_same_millisecond_keep_their_order("bullmq5");
}

#[test]
fn s07_a_job_that_is_to_run_next_runs_first() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    add(&server, &[json!({ "name": "first" }), json!({ "name": "second" })]);
    wq(&server).line("enqueue -Q q --name next --data {} --lifo").run().exits(0);

    node.call("work", json!({ "queue": "q" }));

    assert_eq!(names(&mut node, 3), ["next", "first", "second"]);
}

#[test]
fn s08_the_same_id_twice_is_one_job_and_a_duplicated_event() {
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
fn s11_a_thousand_jobs_are_events_counts_and_ids_to_node() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    node.call("listen", json!({ "queue": "q" }));
    let jobs: Vec<Value> = (0..1000).map(|n| json!({ "data": { "n": n } })).collect();

    let told = wq(&server).line("enqueue -Q q -q --ndjson -").input(lines(&jobs)).run().exits(0).stdout;

    let ids: Vec<&str> = told.lines().collect();
    let heard = eventually(SOON, "QueueEvents hears it all", || {
        Some(node.call("heard", json!({ "queue": "q" }))).filter(|heard| heard.as_array().unwrap().len() >= 2000)
    });
    for kind in ["added", "waiting"] {
        let of_kind = heard.as_array().unwrap().iter().filter(|event| event[0] == kind);
        assert_eq!(of_kind.map(|event| event[1]["jobId"].as_str().unwrap()).collect::<Vec<_>>(), ids, "{kind}");
    }
    assert_eq!((heard.as_array().unwrap().len(), ids.len(), server.ask::<u64>("GET bull:q:id")), (2000, 1000, 1000));
    assert_eq!(look(&mut node, ids[499])["data"], json!({ "n": 499 }));
    let counts = queue(&mut node, "getJobCounts", &json!(["waiting", "active", "prioritized", "delayed"]));
    assert_eq!(counts, json!({ "waiting": 1000, "active": 0, "prioritized": 0, "delayed": 0 }));
}

#[test]
fn s12_data_of_any_kind_is_the_same_to_node() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let kinds = [
        json!({ "text": "Olá 👋 \u{2028} \"q\" \\ / é", "right to left": "שלום", "joined": "👨\u{200d}👩\u{200d}👧", "controls": "\u{0}\u{1f}\u{7f}" }),
        json!({ "long": "x".repeat(1_000_000) }),
        json!({ "nested": [null, { "none": null, "empty": [], "fields": {} }, [[null]]] }),
        json!({ "big": "9007199254740993", "bigger": "340282366920938463463374607431768211456", "safe": 9_007_199_254_740_991_u64, "fraction": 3.142_592_653_589_793 }),
        json!([1, "two", null, { "three": 3 }]),
        json!("only a text"),
    ];
    let jobs: Vec<Value> =
        kinds.iter().enumerate().map(|(n, data)| json!({ "data": data, "opts": { "jobId": format!("j{n}") } })).collect();

    add(&server, &jobs);

    for (n, data) in kinds.iter().enumerate() {
        assert_eq!(look(&mut node, &format!("j{n}"))["data"], *data, "{n}");
    }
}

#[test]
fn s18_ids_that_node_refuses_are_refused_and_leave_nothing() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    for id in ["1", "0", "17", "0:5", "0:0", "a:b", "a:b:c:d"] {
        let options = json!({ "queue": "q", "method": "add", "args": ["odd", {}, { "jobId": id }] });

        let refusal = node.failure("queue", options);
        let ours = wq(&server).args(["enqueue", "-Q", "q", "--data", "{}", "--id", id]).run();

        assert!(refusal.contains("cannot"), "{id}: {refusal}");
        assert_eq!((ours.exits(2).stdout.as_str(), server.ask::<u64>("EXISTS bull:q:id bull:q:wait bull:q:events")), ("", 0), "{id}");
    }
    for id in ["order-17", "a", "1a", "1.5", "0x1"] {
        let ours = format!("enqueue -Q q --data {{}} --id={id}");
        wq(&server).line(&ours).run().exits(0);
        assert_eq!(queue(&mut node, "add", &json!(["again", {}, { "jobId": id }]))["id"], id);
    }
    assert_eq!(queue(&mut node, "count", &json!([])), 5);
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
