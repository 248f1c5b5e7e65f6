//! `wq schedule` beside Node: each lists and runs what the other made, and what is damaged is told.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::queue;
use crate::support::node::Node;
use crate::support::receiver::accept;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(30);

/// `wq schedule add NAME` on the queue `q`, with `{"n":1}` as the data of its jobs.
fn add(server: &Server, name: &str, flags: &[&str]) {
    wq(server).args(["schedule", "add", name, "-Q", "q", "--data", r#"{"n":1}"#]).args(flags).run().exits(0);
}

/// `wq schedule list`, by name.
fn listed(server: &Server) -> BTreeMap<String, Value> {
    let listing = wq(server).line("schedule list -Q q --json").run().exits(0).json();
    listing["data"].as_array().unwrap().iter().map(|row| (row["name"].as_str().unwrap().to_owned(), row.clone())).collect()
}

/// What Node's `getJobSchedulers` says, by key.
fn listed_by_node(node: &mut Node) -> BTreeMap<String, Value> {
    let schedulers = queue(node, "getJobSchedulers", &json!([0, -1, true]));
    schedulers.as_array().unwrap().iter().map(|row| (row["key"].as_str().unwrap().to_owned(), row.clone())).collect()
}

#[test]
fn node_lists_what_the_command_schedules() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let zone = "America/Sao_Paulo";
    add(&server, "daily", &["--cron", "0 9 * * 1-5", "--tz", zone, "--limit", "7", "--until", "2099-01-01 00:00", "--name", "greet"]);
    add(&server, "hourly", &["--every", "1h", "--from", "2098-01-01 00:30", "--attempts", "5", "--priority", "high"]);
    add(&server, "once", &["--at", "2098-06-01T12:00:00Z"]);

    let (ours, nodes) = (listed(&server), listed_by_node(&mut node));

    assert_eq!(nodes.len(), 3, "{nodes:?}");
    let (daily, hourly, once) = (&nodes["daily"], &nodes["hourly"], &nodes["once"]);
    assert_eq!((&daily["pattern"], &daily["tz"], &daily["limit"]), (&json!("0 9 * * 1-5"), &json!(zone), &json!(7)), "{daily}");
    assert_eq!((&daily["name"], &daily["endDate"]), (&json!("greet"), &json!(4_070_919_600_000_u64)), "{daily}");
    assert_eq!(daily["template"]["data"], json!({ "n": 1 }), "{daily}");
    assert_eq!((&hourly["every"], &hourly["next"]), (&json!(3_600_000), &json!(4_039_374_600_000_u64)), "{hourly}");
    assert_eq!((&hourly["template"]["opts"]["attempts"], &hourly["template"]["opts"]["priority"]), (&json!(5), &json!(2)), "{hourly}");
    assert_eq!((&once["limit"], &once["next"]), (&json!(1), &json!(4_052_462_400_000_u64)), "{once}");
    assert_eq!(ours["once"]["next_at"], "2098-06-01T12:00:00.000Z");
    assert_eq!(ours["hourly"]["next_at"], "2098-01-01T00:30:00.000Z");
}

#[test]
fn a_node_worker_runs_what_the_command_schedules_as_often_as_it_was_told() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    add(&server, "pulse", &["--every", "200ms", "--limit", "3"]);
    add(&server, "once", &["--at", "in 1s", "--name", "party"]);

    node.call("work", json!({ "queue": "q" }));

    let completed = |server: &Server| server.ask::<u64>("ZCARD bull:q:completed");
    eventually(SOON, "all four ran", || (completed(&server) == 4).then_some(()));
    let worked = node.call("worked", json!({ "queue": "q" }));
    let names: Vec<_> = worked[0]["starts"].as_array().unwrap().iter().map(|start| start["name"].as_str().unwrap()).collect();
    assert_eq!(names.iter().filter(|name| **name == "party").count(), 1, "{names:?}");
    assert_eq!(worked[0]["errors"], json!([]));
    let ours = listed(&server);
    assert_eq!((&ours["pulse"]["status"], &ours["pulse"]["runs"], &ours["once"]["status"]), (&json!("over"), &json!(3), &json!("over")));
}

#[test]
fn the_command_lists_what_node_schedules_and_says_what_is_damaged() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let template = json!({ "name": "greet", "data": { "to": "+34600111222" }, "opts": { "attempts": 2, "keepLogs": 4 } });
    for (id, repeat) in [
        ("cron", json!({ "pattern": "0 0 9 * * *", "tz": "Europe/Madrid" })),
        ("every", json!({ "every": 60_000, "limit": 9 })),
        ("garbled", json!({ "pattern": "0 10 * * *" })),
        ("headless", json!({ "every": 90_000 })),
    ] {
        queue(&mut node, "upsertJobScheduler", &json!([id, repeat, template]));
    }
    server.ask::<u64>("HSET bull:q:repeat:garbled pattern 0x9");
    server.ask::<u64>("DEL bull:q:repeat:headless");

    let ours = listed(&server);
    let shown = wq(&server).line("schedule show every -Q q --json").run().exits(0).json();
    let id = wq(&server).line("schedule run-now cron -Q q -q").run().exits(0).stdout.trim().to_owned();

    assert_eq!(
        (&ours["cron"]["cron"], &ours["cron"]["zone"], &ours["cron"]["status"]),
        (&json!("0 0 9 * * *"), &json!("Europe/Madrid"), &json!("on"))
    );
    assert_eq!(
        (&ours["every"]["every_ms"], &ours["every"]["limit"], &ours["every"]["job_name"]),
        (&json!(60_000), &json!(9), &json!("greet"))
    );
    assert_eq!((&ours["garbled"]["status"], &ours["headless"]["status"]), (&json!("damaged"), &json!("damaged")));
    assert!(ours["garbled"]["problem"].as_str().is_some_and(|problem| problem.contains("0x9")), "{}", ours["garbled"]);
    assert!(ours["headless"]["problem"].is_string(), "{}", ours["headless"]);
    assert_eq!(shown["data"]["data"], json!({ "to": "+34600111222" }));
    let job = super::look(&mut node, &id);
    assert_eq!((&job["name"], &job["opts"]["attempts"], &job["opts"]["keepLogs"]), (&json!("greet"), &json!(2), &json!(4)), "{job}");
    wq(&server).line("schedule run-now headless -Q q").run().exits(1).stderr_has("can't be run");
    wq(&server).line("schedule remove garbled headless cron every -Q q").run().exits(0);
    assert_eq!(queue(&mut node, "getJobSchedulersCount", &json!([])), 0);
}

/// The slots at which jobs of a schedule arrived, in ms since the epoch, in the order of their arrival.
fn slots(receiver: &Receiver, name: &str) -> Vec<u64> {
    let prefix = format!("repeat:{name}:");
    receiver.requests().iter().filter_map(|request| request.id().strip_prefix(&prefix)?.parse().ok()).collect()
}

fn assert_each_once(slots: &[u64], every_ms: u64) {
    assert!(slots.windows(2).all(|pair| pair[1] == pair[0] + every_ms), "every {every_ms} ms: {slots:?}");
}

#[test]
fn no_slot_is_missed_or_doubled_by_two_workers_of_which_one_is_killed() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let receiver = Receiver::start(Duration::ZERO, accept);
    add(&server, "tick", &["--every", "2s"]);
    add(&server, "cron", &["--cron", "*/3 * * * * *", "--tz", "America/Sao_Paulo"]);
    let work = || wq(&server).line(&format!("worker -Q q --via http --url {} --rate none", receiver.url())).spawn();
    let (mut first, mut second) = (work(), work());
    let all_ran = |count: usize| slots(&receiver, "tick").len() >= count && slots(&receiver, "cron").len() >= count;

    eventually(SOON, "both ran three times", || all_ran(3).then_some(()));
    // Between two sends: one that is killed in the middle of a send would rightly send again.
    eventually(SOON, "nothing is being sent", || (server.ask::<u64>("LLEN bull:q:active") == 0).then_some(()));
    first.kill();
    eventually(SOON, "the other one goes on", || all_ran(6).then_some(()));
    let nodes = listed_by_node(&mut node);
    second.signal("TERM");
    assert_eq!(second.ends(SOON).code(), Some(0));

    assert_each_once(&slots(&receiver, "tick"), 2000);
    assert_each_once(&slots(&receiver, "cron"), 3000);
    assert!(slots(&receiver, "cron").iter().all(|slot| slot % 3000 == 0));
    assert_eq!((&nodes["tick"]["every"], &nodes["cron"]["tz"]), (&json!(2000), &json!("America/Sao_Paulo")));
    assert!(nodes["tick"]["iterationCount"].as_u64() >= Some(6), "{nodes:?}");
}
