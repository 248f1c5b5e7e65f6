//! `wq doctor`: what it finds on real servers, and when it fails.

use serde_json::Value;

use crate::support::command::Finished;
use crate::support::{Server, wq};

/// The finding of one check, and its detail.
fn found(finished: &Finished, name: &str) -> (String, String) {
    let json = finished.json();
    let check = json["data"].as_array().unwrap().iter().find(|check| check["check"] == name).unwrap_or_else(|| panic!("no {name}: {json}"));
    let text = |field: &str| check[field].as_str().unwrap_or_default().to_owned();
    (text("finding"), text("detail"))
}

fn finding(finished: &Finished, name: &str) -> String {
    found(finished, name).0
}

#[test]
fn a_durable_server_with_a_limit_is_all_well() {
    let server = Server::durable();
    server.ask::<()>("CONFIG SET maxmemory 200mb");

    let finished = wq(&server).line("doctor --json").run().exits(0);

    assert_eq!(finished.json()["schema"], "wq.doctor.v1");
    let (durability, detail) = found(&finished, "durability");
    assert_eq!((durability.as_str(), detail.as_str()), ("ok", "always: what was acknowledged is on disk"));
    for name in ["version", "replicas", "eviction", "memory", "clock", "paused", "active", "uncertain"] {
        assert_eq!(finding(&finished, name), "ok", "{name}: {}", finished.stdout);
    }
    assert_eq!(server.ask::<u64>("DBSIZE"), 0);
}

#[test]
fn a_server_that_keeps_nothing_fails() {
    let server = Server::start();

    let finished = wq(&server).line("doctor --json").run().exits(6);

    assert_eq!(found(&finished, "durability"), ("failed".to_owned(), "none: a restart takes every message".to_owned()));
}

#[test]
fn a_server_that_evicts_fails_and_one_with_snapshots_alone_warns() {
    let server = Server::with(&["--maxmemory-policy", "allkeys-lru", "--maxmemory", "100mb", "--save", "3600 1"]);

    let finished = wq(&server).line("doctor --json").run().exits(6);

    assert_eq!(finding(&finished, "eviction"), "failed");
    assert_eq!(finding(&finished, "durability"), "warning");
}

#[test]
fn memory_that_runs_out_is_told_before_it_has() {
    let server = Server::durable();
    let used: u64 = info(&server, "used_memory").parse().unwrap();
    server.ask::<()>(&format!("CONFIG SET maxmemory {}", used * 100 / 80));

    let finished = wq(&server).line("doctor --json").run().exits(0);

    assert_eq!(finding(&finished, "memory"), "warning", "{}", finished.stdout);
}

#[test]
fn a_login_that_may_not_ask_for_settings_is_enough() {
    let server = Server::durable();
    server.ask::<()>("ACL SETUSER narrow on >pw ~* &* +@all -config");
    let url = server.url().replace("redis://", "redis://narrow:pw@");

    let finished = wq(&server).env("WQ_REDIS_URL", url).line("doctor --json").run().exits(0);

    let (durability, detail) = found(&finished, "durability");
    assert_eq!((durability.as_str(), detail.as_str()), ("ok", "append-only file; it doesn't tell how often it is written to disk"));
}

#[test]
fn messages_that_wait_without_a_worker_fail() {
    let server = Server::durable();
    wq(&server).line("enqueue --to +34600111222 --text Hola").run().exits(0);

    let finished = wq(&server).line("doctor --json").run().exits(6);

    assert_eq!(found(&finished, "workers"), ("failed".to_owned(), "none is connected, and 1 messages wait".to_owned()));
}

#[test]
fn an_active_job_in_nobodys_hands_is_named() {
    let server = Server::durable();
    server.ask::<()>("HSET bull:whatsapp:lost-1 data {} name send");
    server.ask::<()>("LPUSH bull:whatsapp:active lost-1");

    let finished = wq(&server).line("doctor --json").run().exits(6);

    assert_eq!(found(&finished, "active"), ("failed".to_owned(), "1 of 1 are in nobody's hands: lost-1".to_owned()));
}

#[test]
fn a_pause_by_hand_is_a_warning() {
    let server = Server::durable();
    wq(&server).line("pause").run().exits(0);

    let finished = wq(&server).line("doctor --json").run().exits(0);

    assert_eq!(found(&finished, "paused"), ("warning".to_owned(), "by hand".to_owned()));
}

#[test]
fn the_table_says_what_to_do() {
    let server = Server::start();

    let finished = wq(&server).line("doctor -o wide").run().exits(6);

    finished.stdout_has("SUBJECT").stdout_has("durability").stdout_has("set appendonly yes");
}

fn info(server: &Server, name: &str) -> String {
    let info: String = server.ask("INFO");
    info.lines().find_map(|line| line.strip_prefix(&format!("{name}:"))).unwrap().to_owned()
}

#[test]
fn the_json_has_one_object_a_check() {
    let server = Server::durable();

    let json = wq(&server).line("doctor --json").run().json();

    for check in json["data"].as_array().unwrap() {
        let keys: Vec<&String> = check.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["subject", "check", "finding", "detail", "cure"]);
        assert_eq!(check["cure"] == Value::Null, check["finding"] == "ok", "{check}");
    }
}
