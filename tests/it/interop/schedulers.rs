//! Schedules, BullMQ's job schedulers: made by either side, kept alive by either, the same in every field.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use wq::core::model::job::{Backoff, JobOptions, Keep};
use wq::core::model::schedule::{Schedule, Timing};
use wq::core::store::Queue;
use wq::core::store::connect::ServerAddress;

use super::{SOON, play, queue};
use crate::support::node::Node;
use crate::support::{Receiver, Server, eventually, wq};

/// Our side of a queue.
pub(super) async fn ours(server: &Server, name: &str) -> Queue {
    let link = ServerAddress::parse(&server.url()).unwrap().connect_once().await.unwrap();
    Queue::open(&link, &"bull".parse().unwrap(), &name.parse().unwrap()).unwrap()
}

fn schedule(id: &str, timing: Timing) -> Schedule {
    let (name, options) = (id.to_owned(), JobOptions::default());
    Schedule { id: id.to_owned(), timing, limit: None, start: None, end: None, name, data: None, options }
}

fn cron(pattern: &str, zone: &str) -> Timing {
    Timing::cron(pattern, Some(zone)).unwrap()
}

/// Everything that is stored of a queue's schedulers, as far as two runs can be equal: no moments of the clock.
fn stored(server: &Server, name: &str) -> BTreeMap<String, Value> {
    let prefix = format!("bull:{name}:");
    let keys: Vec<String> = server.ask(&format!("KEYS {prefix}*"));
    let mut found = BTreeMap::new();
    for key in keys {
        let content = match (key[prefix.len()..].to_owned(), server.ask::<String>(&format!("TYPE {key}"))) {
            (name, _) if ["meta", "events", "stalled-check"].contains(&name.as_str()) => continue,
            (_, kind) if kind == "hash" => hash(server, &key),
            (_, kind) if kind == "zset" => json!(server.ask::<Vec<String>>(&format!("ZRANGE {key} 0 -1 WITHSCORES"))),
            (_, kind) if kind == "list" => json!(server.ask::<Vec<String>>(&format!("LRANGE {key} 0 -1"))),
            _ => json!(server.ask::<String>(&format!("GET {key}"))),
        };
        found.insert(key[prefix.len()..].to_owned(), content);
    }
    found
}

/// The fields of a hash, its options as JSON, moments of the clock as whether they are there.
fn hash(server: &Server, key: &str) -> Value {
    let mut fields: BTreeMap<String, String> = server.ask(&format!("HGETALL {key}"));
    let mut options: Value = serde_json::from_str(&fields.remove("opts").unwrap_or_default()).unwrap_or(Value::Null);
    for moment in ["timestamp", "delay"] {
        if let Some(value) = options.get_mut(moment) {
            *value = json!("some ms");
        }
        fields.entry(moment.to_owned()).and_modify(|value| "some ms".clone_into(value));
    }
    json!({ "fields": fields, "opts": options })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_of_wq_is_stored_field_by_field_as_node_stores_it() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let queue = ours(&server, "w").await;
    let start = queue.server_now().await.unwrap() + 3_600_000;
    let mut theirs = |id: &str, rule: Value, job: Value| {
        node.call("queue", json!({ "queue": "n", "method": "upsertJobScheduler", "args": [id, rule, job] }));
    };
    let options = JobOptions {
        attempts: 3,
        backoff: Some(Backoff { kind: "exponential".to_owned(), delay: 2000.0, jitter: None }),
        priority: Some("5".parse().unwrap()),
        remove_on_complete: Some(Keep { count: Some(9), ..Keep::ALL }),
        ..JobOptions::default()
    };
    let template = json!({ "attempts": 3, "backoff": { "type": "exponential", "delay": 2000 }, "priority": 5, "removeOnComplete": 9 });
    let data = Some(r#"{"to":"+34600111222","n":[1,2]}"#.to_owned());

    theirs("plain", json!({ "pattern": "0 0 1 1 *" , "tz": "UTC" }), json!({}));
    queue.upsert_schedule(&schedule("plain", cron("0 0 1 1 *", "UTC"))).await.unwrap();
    theirs(
        "all",
        json!({ "pattern": "30 15 10 24 12 *", "tz": "America/Sao_Paulo", "limit": 7, "startDate": start, "endDate": 1_924_992_000_000_u64 }),
        json!({ "name": "send", "data": { "to": "+34600111222", "n": [1, 2] }, "opts": template }),
    );
    let mut all = schedule("all", cron("30 15 10 24 12 *", "America/Sao_Paulo"));
    (all.limit, all.start, all.end) = (Some(7), Some(start), Some(1_924_992_000_000));
    (all.name, all.data, all.options) = ("send".to_owned(), data.clone(), options.clone());
    queue.upsert_schedule(&all).await.unwrap();
    theirs("starts", json!({ "every": 60000, "startDate": start, "limit": 4 }), json!({ "opts": template }));
    let starts = Schedule { start: Some(start), limit: Some(4), options, ..schedule("starts", Timing::Every { ms: 60_000, offset: None }) };
    queue.upsert_schedule(&starts).await.unwrap();
    theirs("slots", json!({ "every": 604_800_000, "offset": 5000 }), json!({}));
    queue.upsert_schedule(&schedule("slots", Timing::Every { ms: 604_800_000, offset: Some(5000) })).await.unwrap();

    let (ours, theirs) = (stored(&server, "w"), stored(&server, "n"));
    assert_eq!(ours.len(), 4 * 2 + 4, "{ours:?}");
    for (key, content) in &theirs {
        assert_eq!(ours.get(key), Some(content), "{key}");
    }
    assert_eq!(ours.len(), theirs.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interval_without_a_start_runs_at_once_and_looks_as_nodes() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let queue = ours(&server, "w").await;
    node.call("queue", json!({ "queue": "n", "method": "upsertJobScheduler", "args": ["tick", { "every": 60000 }] }));

    let made = queue.upsert_schedule(&schedule("tick", Timing::Every { ms: 60_000, offset: None })).await.unwrap();

    assert_eq!(server.ask::<Vec<String>>("LRANGE bull:w:wait 0 -1").join(" "), made.job_id);
    assert_eq!(server.ask::<Vec<String>>("ZRANGE bull:w:repeat 0 -1 WITHSCORES"), ["tick".to_owned(), made.next.to_string()]);
    let (ours, theirs) = (stored(&server, "w"), stored(&server, "n"));
    let shape = |stored: &BTreeMap<String, Value>| {
        let text = serde_json::to_string(&stored.values().collect::<Vec<_>>()).unwrap();
        text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>()
    };
    assert_eq!(shape(&ours).len(), shape(&theirs).len(), "{ours:?}\n{theirs:?}");
    assert_eq!(ours[&format!("repeat:tick:{}", made.next)]["opts"]["repeat"], json!({ "count": 1, "every": 60000 }));
    assert_eq!(ours["repeat:tick"]["fields"]["offset"], json!((made.next % 60_000).to_string()));
}

/// Node's upsert of a scheduler in the queue `q`.
#[track_caller]
pub(super) fn upsert(node: &mut Node, id: &str, rule: Value, job: Value) -> Value {
    queue(node, "upsertJobScheduler", &json!([id, rule, job]))
}

/// A worker of ours that goes on until it is dropped.
pub(super) fn worker(server: &Server, receiver: &Receiver, more: &str) -> crate::support::command::Background {
    wq(server).line(&format!("worker -Q q --via http --url {} --rate none{more}", receiver.url())).spawn()
}

/// Ids of all jobs of the schedule that are kept, by state.
pub(super) fn runs(server: &Server, state: &str) -> Vec<String> {
    server.ask(&format!("ZRANGE bull:q:{state} 0 -1"))
}

/// The moments in the ids of runs, in order.
pub(super) fn slots(ids: &[String]) -> Vec<u64> {
    let mut slots: Vec<u64> = ids.iter().map(|id| id.rsplit(':').next().unwrap().parse().unwrap()).collect();
    slots.sort_unstable();
    slots
}

#[test]
fn s28_a_scheduler_of_node_is_kept_alive_by_our_workers_alone() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    upsert(&mut node, "tick", json!({ "every": 1000 }), json!({ "name": "tick", "data": { "a": 1 }, "opts": { "attempts": 2 } }));
    let (one, two) = (worker(&server, &receiver, " --name one"), worker(&server, &receiver, " --name two"));

    std::thread::sleep(Duration::from_secs(10));
    eventually(SOON, "a moment between two runs", || {
        let now: Vec<u64> = server.ask("TIME");
        let next = slots(&runs(&server, "delayed")).first().copied()?;
        let is_quiet = server.ask::<u64>("EXISTS bull:q:active bull:q:wait") == 0;
        (is_quiet && next > now[0] * 1000 + now[1] / 1000 + 300).then_some(())
    });
    drop((one, two));

    let done = slots(&runs(&server, "completed"));
    // Ten seconds, and what it takes to the quiet moment.
    assert!((9..=12).contains(&done.len()), "{} runs: {done:?}", done.len());
    assert!(done.iter().all(|slot| slot % 1000 == done[0] % 1000), "{done:?}");
    assert_eq!(receiver.requests().len(), done.len());
    assert_eq!(runs(&server, "delayed").len(), 1);
    assert_eq!(server.ask::<u64>("HGET bull:q:repeat:tick ic"), done.len() as u64 + 1);
    assert_eq!(server.ask::<u64>("GET bull:q:id"), done.len() as u64 + 1);
}

#[test]
fn s29_a_cron_of_node_with_seconds_and_a_zone_runs_on_the_same_moments_until_limit_and_end() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let now = queue(&mut node, "add", &json!(["first", {}]))["timestamp"].as_u64().unwrap();
    let cron = |pattern: &str, more: Value| {
        let mut rule = json!({ "pattern": pattern, "tz": "America/Sao_Paulo" });
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule
    };
    upsert(&mut node, "limited", cron("*/2 * * * * *", json!({ "limit": 3 })), json!({}));
    upsert(&mut node, "ending", cron("* * * * * *", json!({ "endDate": now + 4000 })), json!({}));
    upsert(&mut node, "free", cron("*/3 * * * * *", json!({})), json!({}));
    let worker = worker(&server, &receiver, "");
    let of = |server: &Server, name: &str, state: &str| {
        slots(&runs(server, state).into_iter().filter(|id| id.starts_with(&format!("repeat:{name}:"))).collect::<Vec<_>>())
    };

    eventually(Duration::from_secs(30), "three runs of each, and both ends", || {
        let done = [of(&server, "limited", "completed"), of(&server, "free", "completed")];
        (done[0].len() == 3 && done[1].len() >= 3 && of(&server, "ending", "delayed").is_empty()).then_some(())
    });
    drop(worker);

    for (name, pattern) in [("limited", "*/2 * * * * *"), ("ending", "* * * * * *"), ("free", "*/3 * * * * *")] {
        let ran = of(&server, name, "completed");
        let case = json!({ "pattern": pattern, "tz": "America/Sao_Paulo", "from": ran[0] - 1, "count": ran.len() });
        assert_eq!(node.call("cron", json!({ "cases": [case] }))[0]["moments"], json!(ran), "{name}");
    }
    assert_eq!(of(&server, "limited", "delayed"), Vec::<u64>::new());
    assert!(of(&server, "ending", "completed").iter().all(|slot| *slot <= now + 4000));
    assert_eq!(of(&server, "free", "delayed").len(), 1);
    let next = queue(&mut node, "getJobScheduler", &json!(["free"]))["next"].as_u64().unwrap();
    assert_eq!(of(&server, "free", "delayed"), [next]);
}

#[tokio::test(flavor = "multi_thread")]
async fn node_lists_our_schedules_runs_them_and_takes_them_over() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let ours = ours(&server, "q").await;
    let soon = Schedule {
        data: Some(r#"{"a":1}"#.to_owned()),
        limit: Some(3),
        name: "ours".to_owned(),
        ..schedule("tick", cron("* * * * * *", "America/Sao_Paulo"))
    };
    let made = ours.upsert_schedule(&soon).await.unwrap();

    let listed = queue(&mut node, "getJobSchedulers", &json!([]));
    let [listed] = listed.as_array().unwrap().as_slice() else { panic!("{listed}") };
    let expected = json!({
        "key": "tick", "name": "ours", "next": made.next, "pattern": "* * * * * *", "tz": "America/Sao_Paulo",
        "limit": 3, "iterationCount": 1, "template": { "data": { "a": 1 } }, "offset": 0,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&listed[field], value, "{field} of {listed}");
    }

    node.call("work", json!({ "queue": "q" }));
    let done = eventually(Duration::from_secs(30), "three runs by Node", || {
        let done = runs(&server, "completed");
        (done.len() == 3).then_some(done)
    });
    node.call("stop", json!({ "queue": "q" }));
    let done = slots(&done);
    assert_eq!(done[0], made.next);
    // Node, too, goes on from now when it is late.
    assert!(done.windows(2).all(|pair| pair[1] > pair[0] && pair[1] % 1000 == 0), "{done:?}");
    let record = ours.schedule("tick").await.unwrap().unwrap();
    assert_eq!((record.iterations, record.problem), (3, None));

    upsert(&mut node, "tick", json!({ "every": 3_600_000, "startDate": done[2] + 7_200_000 }), json!({ "name": "theirs" }));
    let record = ours.schedule("tick").await.unwrap().unwrap();
    assert_eq!((record.name.as_str(), record.iterations, record.next), ("theirs", 3, Some(done[2] + 7_200_000)));
    let again = ours.upsert_schedule(&Schedule { end: None, ..schedule("tick", cron("0 0 1 1 *", "UTC")) }).await.unwrap();
    assert!(again.replaced);
    assert_eq!(runs(&server, "delayed"), [again.job_id]);
    assert_eq!(queue(&mut node, "getJobScheduler", &json!(["tick"]))["iterationCount"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_side_removes_the_others_schedules_with_their_pending_run() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let ours = ours(&server, "q").await;
    upsert(&mut node, "theirs", json!({ "pattern": "0 0 1 1 *" }), json!({}));
    ours.upsert_schedule(&schedule("ours", cron("0 0 1 1 *", "UTC"))).await.unwrap();
    upsert(&mut node, "in-line", json!({ "every": 60000 }), json!({}));

    assert_eq!(queue(&mut node, "removeJobScheduler", &json!(["ours"])), true);
    assert!(ours.remove_schedule("theirs").await.unwrap());
    assert!(ours.remove_schedule("in-line").await.unwrap());
    assert!(!ours.remove_schedule("theirs").await.unwrap());

    assert_eq!((ours.schedule_count().await.unwrap(), runs(&server, "delayed").len()), (0, 0));
    // A run that is in line stays, as with Node.
    let left: Vec<String> = server.ask("KEYS bull:q:repeat*");
    assert!(left.len() == 1 && left[0].starts_with("bull:q:repeat:in-line:"), "{left:?}");
    let heard = eventually(Duration::from_secs(10), "both removals are heard", || {
        let heard = node.call("heard", json!({ "queue": "q" }));
        let removed: Vec<Value> = heard.as_array().unwrap().iter().filter(|event| event[0] == "removed").cloned().collect();
        (removed.len() == 2).then_some(removed)
    });
    assert!(heard.iter().all(|event| event[1]["prev"] == "delayed"), "{heard:?}");
}

#[test]
fn a_run_that_is_tried_again_makes_no_second_successor() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let job = json!({ "name": "stubborn", "data": { "fail": 2 }, "opts": { "attempts": 3, "backoff": { "type": "fixed", "delay": 50 } } });
    upsert(&mut node, "hourly", json!({ "every": 3_600_000 }), job);
    let worker = worker(&server, &receiver, "");

    eventually(Duration::from_secs(20), "the third attempt succeeds", || (runs(&server, "completed").len() == 1).then_some(()));
    drop(worker);

    assert_eq!(receiver.requests().len(), 3);
    assert_eq!(runs(&server, "delayed").len(), 1);
    assert_eq!(server.ask::<u64>("HGET bull:q:repeat:hourly ic"), 2);
}

#[test]
fn of_two_workers_one_is_killed_and_no_slot_is_missed_or_doubled() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::from_millis(300), play));
    let mut node = Node::start(&server);
    wq(&server).line("schedule add tick -Q q --every 2s --data {}").run().exits(0);
    let cron = ["schedule", "add", "cron", "-Q", "q", "--cron", "*/2 * * * * *", "--tz", "America/Sao_Paulo", "--data", "{}"];
    wq(&server).args(cron).run().exits(0);
    let listed = queue(&mut node, "getJobSchedulers", &json!([]));
    let mut listed: Vec<&str> = listed.as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    listed.sort_unstable();
    assert_eq!(listed, ["cron", "tick"]);
    // What the killed one was sending is sent again.
    let short = " --lock-ttl 2s --stalled-interval 1s --on-uncertain retry";
    let mut first = worker(&server, &receiver, short);
    eventually(Duration::from_secs(20), "the first worker sends", || (receiver.requests().len() >= 3).then_some(()));
    let second = worker(&server, &receiver, short);
    eventually(Duration::from_secs(20), "both have had the time", || (receiver.requests().len() >= 7).then_some(()));

    first.kill();

    let of = |name: &str| {
        slots(&runs(&server, "completed").into_iter().filter(|id| id.starts_with(&format!("repeat:{name}:"))).collect::<Vec<_>>())
    };
    let whole = |slots: &[u64]| slots.len() >= 7 && slots.windows(2).all(|pair| pair[1] - pair[0] == 2000);
    eventually(Duration::from_mins(1), "seven slots of each, without a gap", || (whole(&of("tick")) && whole(&of("cron"))).then_some(()));
    drop(second);
    for name in ["tick", "cron"] {
        let ran = of(name).len() as u64;
        let made: u64 = server.ask(&format!("HGET bull:q:repeat:{name} ic"));
        // What is running, and what is pending.
        assert!((ran + 1..=ran + 3).contains(&made), "{name}: {made} made, {ran} ran");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upsert_replaces_the_run_that_waits_wherever_it_waits() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let ours = ours(&server, "w").await;
    let every = |hours: u64| Timing::Every { ms: hours * 3_600_000, offset: None };
    // What both are told, one after the other: hours and priority; the same hours keep the moment, others begin at once.
    for (hours, priority) in [(1, 0), (2, 3), (3, 4), (3, 0), (4, 5), (4, 5)] {
        let options = JobOptions { priority: Some(priority.to_string().parse().unwrap()), ..JobOptions::default() };
        let template = if priority > 0 { json!({ "opts": { "priority": priority } }) } else { json!({}) };
        node.call(
            "queue",
            json!({ "queue": "n", "method": "upsertJobScheduler", "args": ["s", { "every": hours * 3_600_000 }, template] }),
        );
        ours.upsert_schedule(&Schedule { options, ..schedule("s", every(hours)) }).await.unwrap();

        let counts = |name: &str| {
            let lists = server.ask::<u64>(&format!("LLEN bull:{name}:wait"));
            let sets = ["prioritized", "delayed", "repeat"].map(|set| server.ask::<u64>(&format!("ZCARD bull:{name}:{set}")));
            (lists, sets, server.ask::<Vec<String>>(&format!("KEYS bull:{name}:repeat:s:*")).len())
        };
        assert_eq!(counts("w"), counts("n"), "every {hours} h, priority {priority}");
        assert_eq!(counts("w").2, 1);
    }
    assert_eq!(server.ask::<String>("HGET bull:w:repeat:s ic"), server.ask::<String>("HGET bull:n:repeat:s ic"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_has_its_job_already_is_passed_over_or_refused_as_by_node() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let ours = ours(&server, "q").await;
    let hour = 3_600_000;
    let slot = (ours.server_now().await.unwrap() / hour + 2) * hour;
    for taken in [format!("repeat:tick:{slot}"), format!("repeat:tick:{}", slot + hour), "repeat:new-year:1924992000000".to_owned()] {
        server.ask::<u64>(&format!("HSET bull:q:{taken} name finished"));
    }

    let tick = Schedule { start: Some(slot), ..schedule("tick", Timing::Every { ms: hour, offset: None }) };
    assert_eq!(ours.upsert_schedule(&tick).await.unwrap().next, slot + 2 * hour);
    let new_year = Schedule { start: Some(1_924_900_000_000), ..schedule("new-year", cron("0 0 1 1 *", "UTC")) };
    let refused = ours.upsert_schedule(&new_year).await.unwrap_err();

    assert_eq!(refused.to_string(), "the slot at 1924992000000 has its job already, and it is not waiting; remove that job first");
    let rule = json!({ "pattern": "0 0 1 1 *", "tz": "UTC", "startDate": 1_924_900_000_000_u64 });
    let theirs = node.failure("queue", json!({ "queue": "q", "method": "upsertJobScheduler", "args": ["new-year", rule] }));
    assert!(theirs.contains("already exists"), "{theirs}");
    assert_eq!(ours.schedule_count().await.unwrap(), 1);
}

#[test]
fn an_interval_of_node_ends_with_its_end() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let now = queue(&mut node, "add", &json!(["first", {}]))["timestamp"].as_u64().unwrap();
    upsert(&mut node, "tick", json!({ "every": 400, "endDate": now + 3000 }), json!({}));
    let worker = worker(&server, &receiver, "");

    eventually(Duration::from_secs(20), "nothing is left to run", || {
        (receiver.requests().len() > 2 && runs(&server, "delayed").is_empty() && server.ask::<u64>("LLEN bull:q:active") == 0).then_some(())
    });
    drop(worker);

    let ran = runs(&server, "completed").into_iter().filter(|id| id.starts_with("repeat:")).collect::<Vec<_>>();
    assert!(slots(&ran).iter().all(|slot| *slot <= now + 3000), "{ran:?} until {}", now + 3000);
}
