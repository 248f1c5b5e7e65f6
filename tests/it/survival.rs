//! A worker among foreign and damaged data: it lives, says what is wrong, and sends everything once that was put right.

use std::time::Duration;

use crate::support::command::Background;
use crate::support::receiver::accept;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(30);

fn worker(server: &Server, receiver: &Receiver) -> Background {
    wq(server).line(&format!("worker --via http --url {} --rate 1000/s --lock-ttl 5s", receiver.url())).spawn()
}

fn add(server: &Server, id: &str, more: &str) {
    wq(server).line(&format!("enqueue --data {{}} --id {id}{more}")).run().exits(0);
}

/// Adds a job, puts a set in the place of the key, lets a worker run until it said so, puts the key right, adds another job, and
/// sees both completed by the same worker, each sent once.
fn survives(name: &str) {
    let (server, receiver) = (Server::start(), Receiver::start(Duration::ZERO, accept));
    let key = format!("bull:whatsapp:{name}");
    add(&server, "plain", " --priority 0");
    add(&server, "ranked", " --priority 5");
    if server.ask::<u64>(&format!("EXISTS {key}")) == 1 {
        server.ask::<()>(&format!("RENAME {key} aside"));
    }
    server.ask::<()>(&format!("SADD {key} foreign"));
    let mut worker = worker(&server, &receiver);

    eventually(SOON, &format!("{name}: it sends, or says why not"), || {
        let sent = receiver.accepted().len() == 2;
        (sent || worker.stderr().contains(&key)).then_some(())
    });
    server.ask::<()>(&format!("DEL {key}"));
    if server.ask::<u64>("EXISTS aside") == 1 {
        server.ask::<()>(&format!("RENAME aside {key}"));
    }
    add(&server, "after", " --dedupe x");

    let state = || server.ask::<Vec<String>>("ZRANGE bull:whatsapp:completed 0 -1").len();
    eventually(SOON, &format!("{name}: all are completed; the worker: {}", worker.stderr()), || (state() == 3).then_some(()));
    assert_eq!(receiver.accepted(), ["after", "plain", "ranked"], "{name}: each is sent once");
    worker.signal("TERM");
    assert_eq!(worker.ends(SOON).code(), Some(0), "{name}: {}", worker.stderr());
}

#[test]
fn a_worker_survives_a_key_of_another_type_where_it_takes() {
    for name in ["wait", "prioritized", "delayed", "limiter", "marker", "meta"] {
        survives(name);
    }
}

#[test]
fn a_worker_survives_a_key_of_another_type_where_it_stores() {
    for name in ["active", "completed", "failed", "events", "metrics:completed"] {
        survives(name);
    }
}

#[test]
fn a_worker_survives_a_key_of_another_type_beside_its_way() {
    for name in ["pc", "id", "waiting-children", "paused", "de:x", "repeat", "repeat:x"] {
        survives(name);
    }
}

#[test]
fn a_key_of_another_type_is_named_to_whoever_adds() {
    let server = Server::start();
    server.ask::<()>("SADD bull:whatsapp:wait foreign");

    for _ in 0..2 {
        let run = wq(&server).line("enqueue --data {} --id a --priority 0").run();
        run.exits(1).stderr_has("bull:whatsapp:wait is no list: rename or remove it, then try again");
    }

    server.ask::<()>("DEL bull:whatsapp:wait");
    wq(&server).line("enqueue --data {} --id a --priority 0").run().exits(0).stdout_has("a");
    assert_eq!(server.ask::<Vec<String>>("LRANGE bull:whatsapp:wait 0 -1"), ["a"]);
}

#[test]
fn options_and_back_offs_that_nobody_knows_go_through_byte_for_byte() {
    let (server, receiver) = (Server::start(), Receiver::start(Duration::ZERO, |_| (500, "", "no".to_owned())));
    let opts = r#"{"attempts":2,"backoff":{"type":"lunar","delay":40,"phase":0.25},"kl":1,"x-theirs":{"b":[1,2.50],"a":null}}"#;
    let mut connection = server.connection();
    let fields = [("name", "send"), ("data", r#"{ "a" : 1.50 }"#), ("opts", opts), ("timestamp", "1"), ("delay", "0"), ("priority", "0")];
    redis::cmd("HSET").arg("bull:whatsapp:odd").arg(&fields).exec(&mut connection).unwrap();
    server.ask::<()>("LPUSH bull:whatsapp:wait odd");
    let _worker = worker(&server, &receiver);

    eventually(SOON, "it is a dead letter", || (server.ask::<u64>("ZCARD bull:whatsapp:failed") == 1).then_some(()));

    assert_eq!(server.ask::<String>("HGET bull:whatsapp:odd opts"), opts);
    assert_eq!(server.ask::<String>("HGET bull:whatsapp:odd data"), r#"{ "a" : 1.50 }"#);
    let reason: String = server.ask("HGET bull:whatsapp:odd failedReason");
    println!("the reason: {reason}");
    assert!(!reason.is_empty());
}

#[test]
fn a_run_that_cannot_be_read_is_a_dead_letter_and_its_schedule_goes_on() {
    let rows = [("--every 150ms", "data {broken"), ("--every 150ms", "opts {broken"), ("--cron */1|*|*|*|*|*", "opts []")];
    for (timing, damage) in rows {
        let (server, receiver) = (Server::start(), Receiver::start(Duration::ZERO, accept));
        let words = format!("schedule add tick {timing} --data {{\"n\":1}} --attempts 7 --limit 4");
        wq(&server).args(words.split(' ').map(|word| word.replace('|', " "))).run().exits(0);
        let run: Vec<String> = eventually(SOON, "it has a run", || {
            let keys: Vec<String> = server.ask("KEYS bull:whatsapp:repeat:tick:*");
            (!keys.is_empty()).then_some(keys)
        });
        server.ask::<()>(&format!("HSET {} {damage}", run[0]));
        let worker = worker(&server, &receiver);

        eventually(SOON, &format!("{damage}: three runs; {}", worker.stderr()), || (receiver.accepted().len() == 3).then_some(()));

        let dead: Vec<String> = server.ask("ZRANGE bull:whatsapp:failed 0 -1");
        assert_eq!(dead, [run[0].trim_start_matches("bull:whatsapp:")], "{damage}");
        assert!(server.ask::<String>(&format!("HGET {} failedReason", run[0])).starts_with("damaged: "), "{damage}");
        let last = receiver.requests()[2].body.clone();
        assert_eq!(last["data"], serde_json::json!({ "n": 1 }), "{damage}: {last}");
        let opts: String = server.ask(&format!("HGET bull:whatsapp:{} opts", receiver.accepted()[2]));
        assert!(opts.contains(r#""attempts":7"#) && opts.contains(r#""count":4"#), "{damage}: {opts}");
        let shown = wq(&server).line("schedule show tick --json").run().exits(0).json();
        assert_eq!(shown["data"]["runs"], 4, "{damage}: it counts all and keeps to its limit: {shown}");
    }
}

#[test]
fn an_event_stream_that_is_trimmed_under_us_is_told_and_followed() {
    let (server, receiver) = (Server::start(), Receiver::start(Duration::ZERO, accept));
    let _worker = worker(&server, &receiver);
    let mut events = wq(&server).line("events --json").spawn();
    for round in 0..5 {
        add(&server, &format!("e{round}"), "");
        eventually(SOON, "it runs", || (receiver.accepted().len() == round + 1).then_some(()));
        if round == 2 {
            server.ask::<()>("XTRIM bull:whatsapp:events MAXLEN 0");
        } else if round == 3 {
            server.ask::<()>("DEL bull:whatsapp:events");
        }
    }

    eventually(SOON, "the last one is shown", || events.stdout().contains(r#""e4""#).then_some(()));
    events.signal("INT");
    events.ends(SOON);
    assert!(!events.stderr().contains("ERROR"), "{}", events.stderr());
}
