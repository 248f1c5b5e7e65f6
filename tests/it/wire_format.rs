//! The bytes in Redis: what Node wrote is read, what `wq` writes is what Node would have written.
//!
//! `tests/data/bullmq-6.7.0.json` was written by real BullMQ: `tests/interop/golden.mjs` says how.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::{Server, wq};

type Hash = BTreeMap<String, String>;

/// All keys of a queue that Node filled.
fn golden() -> Value {
    serde_json::from_str(include_str!("../data/bullmq-6.7.0.json")).unwrap()
}

fn golden_hash(golden: &Value, id: &str) -> Hash {
    serde_json::from_value(golden[format!("bull:golden:{id}")]["value"].clone()).unwrap()
}

/// A server with exactly those keys.
fn golden_server() -> Server {
    let server = Server::start();
    let mut connection = server.connection();
    for (key, content) in golden().as_object().unwrap() {
        let value = &content["value"];
        let words: Vec<String> = match value {
            Value::Object(fields) => fields.iter().flat_map(|(name, value)| [name.clone(), value.as_str().unwrap().to_owned()]).collect(),
            Value::Array(items) => items.iter().map(|item| item.as_str().unwrap().to_owned()).collect(),
            other => vec![other.as_str().unwrap().to_owned()],
        };
        let verb = match content["type"].as_str().unwrap() {
            "hash" => "HSET",
            "list" => "RPUSH",
            "zset" => "ZADD",
            "set" => "SADD",
            _ => "SET",
        };
        let mut command = redis::cmd(verb);
        command.arg(key);
        if verb == "ZADD" {
            for pair in words.chunks(2) {
                command.arg(&pair[1]).arg(&pair[0]);
            }
        } else {
            command.arg(words);
        }
        command.query::<()>(&mut connection).unwrap();
    }
    server
}

/// A field that holds JSON, `null` when it is absent.
fn parsed(hash: &Hash, field: &str) -> Value {
    hash.get(field).map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
}

#[test]
fn every_field_of_nodes_jobs_is_read() {
    let (server, golden) = (golden_server(), golden());

    for (id, state) in [
        ("7", "waiting"),
        ("once", "waiting"),
        ("heir", "prioritized"),
        ("mother", "waiting-children"),
        ("father", "completed"),
        ("daughter", "completed"),
        ("repeat:yearly:2145945600000", "delayed"),
        ("odd-data", "waiting"),
        ("lifo", "waiting"),
        ("kept", "waiting"),
        ("number-back-off", "waiting"),
        ("important", "prioritized"),
        ("later", "delayed"),
        ("sent", "completed"),
        ("refused", "failed"),
        ("exhausted", "failed"),
    ] {
        let hash = golden_hash(&golden, id);
        let answer = wq(&server).line(&format!("jobs get -Q golden {id} --json")).run().exits(0).json();
        let seen = &answer["data"];

        assert_eq!([&seen["id"], &seen["state"], &seen["name"]], [id, state, hash["name"].as_str()]);
        assert_eq!((&seen["data"], &seen["options"]), (&parsed(&hash, "data"), &parsed(&hash, "opts")), "{id}");
        assert_eq!((&seen["progress"], &seen["return_value"]), (&parsed(&hash, "progress"), &parsed(&hash, "returnvalue")), "{id}");
        assert_eq!(seen["stacktrace"], hash.get("stacktrace").map_or(json!([]), |_| parsed(&hash, "stacktrace")), "{id}");
        assert_eq!(seen["reason"].as_str(), hash.get("failedReason").map(String::as_str), "{id}");
        assert_eq!(seen["worker"].as_str(), hash.get("pb").map(String::as_str), "{id}");
        for (field, key) in [("attempts_made", "atm"), ("attempts_started", "ats"), ("priority", "priority"), ("delay_ms", "delay")] {
            assert_eq!(seen[field].to_string(), hash.get(key).map_or("0", String::as_str), "{id} {field}");
        }
    }
}

#[test]
fn nodes_jobs_are_listed_in_the_order_in_which_they_run() {
    let server = golden_server();

    let listed = |state: &str| wq(&server).line(&format!("jobs list -Q golden --state {state} -q")).run().exits(0).stdout;

    assert_eq!(listed("waiting"), "lifo\n7\nodd-data\nkept\nnumber-back-off\nonce\n");
    assert_eq!([listed("prioritized"), listed("waiting-children")], ["important\nheir\n", "mother\n"]);
    assert_eq!(listed("delayed"), "later\nrepeat:yearly:2145945600000\n");
    assert_eq!(listed("completed"), "father\ndaughter\nson\nsent\n");
    assert_eq!(listed("failed"), "exhausted\nrefused\n");
    assert_eq!(wq(&server).line("jobs logs -Q golden exhausted").run().exits(0).stdout, "attempt 1\nattempt 2\n");
}

/// What Node completed is as old as the golden file: the worker's own `--keep-completed` would remove it after a day.
fn work_off(server: &Server) {
    wq(server).line("worker -Q golden --via log --rate none --until-empty --keep-completed all").run().exits(0);
}

#[test]
fn a_worker_sends_all_that_node_left_waiting() {
    let server = golden_server();

    work_off(&server);

    // The delayed job was due long ago, whenever this runs; the schedule's in 2038.
    let left: Vec<u64> = ["wait", "active"].iter().map(|list| server.ask(&format!("LLEN bull:golden:{list}"))).collect();
    let scored: Vec<u64> =
        ["prioritized", "delayed", "completed", "failed"].iter().map(|set| server.ask(&format!("ZCARD bull:golden:{set}"))).collect();
    assert_eq!((left, scored), (vec![0, 0], vec![0, 1, 14, 2]));
}

/// Every key that is no index of the queue with what is in it: jobs, logs, what belongs to parents.
fn contents(server: &Server, golden: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for (key, content) in golden.as_object().unwrap() {
        let value = match content["type"].as_str().unwrap() {
            "hash" => json!(server.ask::<Hash>(&format!("HGETALL {key}"))),
            "list" => json!(server.ask::<Vec<String>>(&format!("LRANGE {key} 0 -1"))),
            "set" => json!(server.ask::<Vec<String>>(&format!("SMEMBERS {key}"))),
            "zset" => json!(server.ask::<Vec<String>>(&format!("ZRANGE {key} 0 -1 WITHSCORES"))),
            _ => json!(server.ask::<String>(&format!("GET {key}"))),
        };
        found.insert(key.clone(), value);
    }
    found
}

#[test]
fn looking_at_nodes_jobs_changes_no_byte_of_them() {
    let (server, golden) = (golden_server(), golden());
    let before = contents(&server, &golden);
    let stored: BTreeMap<String, Value> =
        golden.as_object().unwrap().iter().map(|(key, content)| (key.clone(), content["value"].clone())).collect();
    assert_eq!(before, stored);

    for state in ["waiting", "active", "prioritized", "delayed", "waiting-children", "completed", "failed"] {
        wq(&server).line(&format!("jobs list -Q golden --state {state} --json")).run().exits(0);
    }
    for key in stored.keys().filter(|key| stored[*key]["timestamp"].is_string()) {
        wq(&server).line(&format!("jobs get -Q golden {} --json", &key["bull:golden:".len()..])).run().exits(0);
    }
    wq(&server).line("queues list --json").run().exits(0);
    wq(&server).line("dlq list -Q golden --json").run().exits(0);

    assert_eq!(contents(&server, &golden), stored);
    assert_eq!(server.ask::<Vec<String>>("KEYS *").len(), stored.len());
}

#[test]
fn what_node_wrote_of_a_job_stays_byte_for_byte_through_all_that_wq_does_with_it() {
    let (server, golden) = (golden_server(), golden());

    wq(&server).line("jobs retry -Q golden refused exhausted").run().exits(0);
    wq(&server).line("jobs retry -Q golden sent father --state completed").run().exits(0);
    wq(&server).line("jobs promote -Q golden later repeat:yearly:2145945600000").run().exits(0);
    work_off(&server);

    let written_once = ["name", "data", "opts", "timestamp", "priority", "parent", "parentKey", "deid", "rjk", "stacktrace", "progress"];
    let mut seen = 0;
    for (key, content) in golden.as_object().unwrap().iter().filter(|(_, content)| content["value"]["timestamp"].is_string()) {
        let (theirs, ours): (Hash, Hash) =
            (serde_json::from_value(content["value"].clone()).unwrap(), server.ask(&format!("HGETALL {key}")));
        for field in written_once {
            assert_eq!(ours.get(field), theirs.get(field), "{key} {field}");
        }
        assert!(ours.contains_key("returnvalue") && ours.contains_key("finishedOn"), "{key} {ours:?}");
        seen += 1;
    }
    assert_eq!(seen, 17);
    for logs in ["exhausted:logs", "refused:logs", "sent:logs"] {
        let key = format!("bull:golden:{logs}");
        assert_eq!(json!(server.ask::<Vec<String>>(&format!("LRANGE {key} 0 -1"))), golden[&key]["value"], "{logs}");
    }
}

#[test]
fn jobs_of_ours_are_stored_as_node_stores_them() {
    let (server, golden) = (Server::start(), golden());
    let once = json!({ "attempts": 1, "backoff": 0, "priority": 0 });
    let with = |more: &[(&str, Value)]| {
        let mut options = once.clone();
        options.as_object_mut().unwrap().extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        options
    };
    let jobs = [
        ("odd-data", with(&[])),
        ("lifo", with(&[("lifo", json!(true))])),
        ("important", with(&[("priority", json!(5))])),
        (
            "later",
            with(&[
                ("delay", json!(10_000)),
                ("attempts", json!(3)),
                ("backoff", json!({ "type": "exponential", "delay": 2000, "jitter": 0.5 })),
            ]),
        ),
        (
            "kept",
            with(&[("removeOnComplete", json!(100)), ("removeOnFail", json!(true)), ("keepLogs", json!(3)), ("stackTraceLimit", json!(2))]),
        ),
        ("number-back-off", with(&[("attempts", json!(3)), ("backoff", json!(1500))])),
    ];
    let lines: Vec<String> = jobs
        .iter()
        .map(|(id, options)| {
            let (mut options, hash) = (options.clone(), golden_hash(&golden, id));
            options["jobId"] = json!(id);
            ["{\"name\":", &json!(hash["name"]).to_string(), ",\"data\":", &hash["data"], ",\"opts\":", &options.to_string(), "}\n"]
                .concat()
        })
        .collect();

    wq(&server).line("enqueue -Q golden --ndjson -").input(lines.concat()).run().exits(0);

    for (id, _) in &jobs {
        let (theirs, ours) = (golden_hash(&golden, id), server.ask::<Hash>(&format!("HGETALL bull:golden:{id}")));
        assert_eq!(ours.keys().collect::<BTreeSet<_>>(), theirs.keys().collect::<BTreeSet<_>>(), "{id}");
        for field in ["name", "data", "delay", "priority"] {
            assert_eq!(ours[field], theirs[field], "{id} {field}");
        }
        assert_eq!(options_as_meant(&ours), options_as_meant(&theirs), "{id}");
    }
    assert_eq!(server.ask::<Vec<String>>("LRANGE bull:golden:wait 0 -1"), ["number-back-off", "kept", "odd-data", "lifo"]);
    assert_eq!(server.ask::<Vec<String>>("ZRANGE bull:golden:prioritized 0 -1 WITHSCORES"), ["important", "21474836481"]);
    let due: Vec<String> = server.ask("ZRANGE bull:golden:delayed 0 -1 WITHSCORES");
    let stored: Hash = server.ask("HGETALL bull:golden:later");
    assert_eq!(due[1].parse::<u64>().unwrap(), (stored["timestamp"].parse::<u64>().unwrap() + 10_000) * 4096);
    assert_eq!(server.ask::<String>("GET bull:golden:id"), "6");
}

/// Node writes the id once more, 0 attempts for one, and no back-off for none.
fn options_as_meant(hash: &Hash) -> Value {
    let mut options = parsed(hash, "opts");
    let fields = options.as_object_mut().unwrap();
    fields.remove("jobId");
    if fields.get("attempts").is_some_and(|attempts| *attempts == 0 || *attempts == 1) {
        fields.remove("attempts");
    }
    if fields.get("backoff").is_some_and(|backoff| backoff["delay"] == 0) {
        fields.remove("backoff");
    }
    options
}

#[test]
fn an_id_that_is_a_key_of_the_queue_is_refused_and_nothing_is_written() {
    let server = Server::start();

    for id in ["wait", "meta", "completed", "stalled-check"] {
        wq(&server).line(&format!("enqueue --data {{}} --id {id}")).run().exits(2).stderr_has("one of the queue's own keys");
    }

    assert_eq!(server.ask::<u64>("DBSIZE"), 0);
}
