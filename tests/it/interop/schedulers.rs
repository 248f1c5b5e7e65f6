//! Schedules, BullMQ's job schedulers: made by either side, kept alive by either, the same in every field.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use wq::core::model::job::{Backoff, JobOptions, Keep};
use wq::core::model::schedule::{Schedule, Timing};
use wq::core::store::Queue;
use wq::core::store::connect::ServerAddress;

use super::{play, queue};
use crate::support::node::Node;
use crate::support::{Receiver, Server, eventually, wq};

/// Our side of a queue.
async fn ours(server: &Server, name: &str) -> Queue {
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
fn upsert(node: &mut Node, id: &str, rule: Value, job: Value) -> Value {
    queue(node, "upsertJobScheduler", &json!([id, rule, job]))
}

/// A worker of ours that goes on until it is dropped.
fn worker(server: &Server, receiver: &Receiver, more: &str) -> crate::support::command::Background {
    wq(server).line(&format!("worker -Q q --via http --url {} --rate none{more}", receiver.url())).spawn()
}

/// Ids of all jobs of the schedule that are kept, by state.
fn runs(server: &Server, state: &str) -> Vec<String> {
    server.ask(&format!("ZRANGE bull:q:{state} 0 -1"))
}

/// The moments in the ids of runs, in order.
fn slots(ids: &[String]) -> Vec<u64> {
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
    drop((one, two));

    let done = slots(&runs(&server, "completed"));
    assert!((9..=11).contains(&done.len()), "{} runs: {done:?}", done.len());
    assert!(done.windows(2).all(|pair| pair[1] - pair[0] == 1000), "{done:?}");
    assert_eq!(receiver.requests().len(), done.len());
    assert_eq!(slots(&runs(&server, "delayed")), [done.last().unwrap() + 1000]);
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
