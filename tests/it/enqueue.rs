//! `wq enqueue`: one message or job, or a stream of them, and nothing at all when something is wrong.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::command::Wq;
use crate::support::{Server, wq};

const MESSAGE: [&str; 5] = ["enqueue", "--to", "+34600111222", "--text", "Hola Ana"];

fn field(server: &Server, id: &str, field: &str) -> String {
    server.ask(&format!("HGET bull:whatsapp:{id} {field}"))
}

#[test]
fn a_message_is_stored_and_its_id_is_printed() {
    let server = Server::start();

    let run = wq(&server).args(MESSAGE).line("--priority high --json").run().exits(0);

    let added = run.json();
    assert_eq!((&added["schema"], &added["data"]["status"]), (&json!("wq.enqueue.v1"), &json!("stored")));
    let id = added["data"]["id"].as_str().unwrap();
    assert_eq!(field(&server, id, "data"), r#"{"to":"+34600111222","text":"Hola Ana"}"#);
    assert_eq!((field(&server, id, "name"), field(&server, id, "priority")), ("send".to_owned(), "2".to_owned()));
    assert_eq!(run.stderr, "");
}

#[test]
fn quiet_prints_the_id_alone() {
    let server = Server::start();

    let run = wq(&server).args(MESSAGE).line("-q --id order-17").run().exits(0);

    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("order-17\n", ""));
}

#[test]
fn the_same_id_or_key_adds_once() {
    let server = Server::start();
    for source in ["--id order-17", "--key order-17"] {
        let first = wq(&server).args(MESSAGE).line(source).line("--json").run().exits(0).json();
        let second = wq(&server).args(MESSAGE).line(source).line("--json").run().exits(0).json();

        assert_eq!((&first["data"]["status"], &second["data"]["status"]), (&json!("stored"), &json!("duplicate")));
        assert_eq!(first["data"]["id"], second["data"]["id"]);
    }
    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:prioritized"), 2);
}

#[test]
fn every_option_reaches_the_job() {
    let server = Server::start();
    let line = "--attempts 5 --backoff fixed:1s:0.5 --remove-on-complete 100 --remove-on-fail true --delay 90m --id a --expires 2h";

    wq(&server).args(MESSAGE).line(line).run().exits(0);

    let options: Value = serde_json::from_str(&field(&server, "a", "opts")).unwrap();
    assert_eq!(options["backoff"], json!({"type": "fixed", "delay": 1000, "jitter": 0.5}));
    assert_eq!((&options["attempts"], &options["delay"]), (&json!(5), &json!(5_400_000)));
    assert_eq!((&options["removeOnComplete"], &options["removeOnFail"]), (&json!(100), &json!(true)));
    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:delayed"), 1);
    let data: Value = serde_json::from_str(&field(&server, "a", "data")).unwrap();
    let (now_s, _): (u64, u64) = server.ask("TIME");
    let distance_s = data["expires"].as_u64().unwrap() / 1000 - now_s;
    assert!((7_190..=7_200).contains(&distance_s), "{distance_s}");
}

#[test]
fn a_moment_is_read_in_the_zone_and_said_back() {
    let server = Server::start();

    let run = wq(&server).args(MESSAGE).args(["--at", "2099-12-01 09:00", "--tz", "America/Sao_Paulo", "-q", "--id", "a"]).run().exits(0);
    wq(&server).args(MESSAGE).args(["--at", "2099-12-01T12:00:00Z", "--id", "b"]).run().exits(0).stderr_has("12:00:00 UTC");

    assert_eq!(run.stdout, "a\n");
    let scores: Vec<f64> = ["a", "b"].map(|id| server.ask(&format!("ZSCORE bull:whatsapp:delayed {id}"))).into();
    assert!((scores[0] - scores[1]).abs() < 4096.0, "the same millisecond: {scores:?}");
}

#[test]
fn a_lifo_job_runs_next() {
    let server = Server::start();

    for (id, more) in [("a", ""), ("b", ""), ("c", " --lifo")] {
        wq(&server).args(MESSAGE).line(&format!("--id {id}{}", if more.is_empty() { " --priority 0" } else { more })).run().exits(0);
    }

    let order: Vec<String> = server.ask("LRANGE bull:whatsapp:wait 0 -1");
    assert_eq!(order, ["b", "a", "c"]);
}

#[test]
fn national_numbers_need_a_country() {
    let server = Server::start();
    let to = |number: &str, more: &[&str]| wq(&server).args(["enqueue", "--to", number, "--text", "Oi", "--id", "a"]).args(more).run();

    to("11 98765-4321", &[]).exits(2).stderr_has("--default-country");
    to("11 8765-4321", &["--default-country", "BR"]).exits(0);

    assert_eq!(field(&server, "a", "data"), r#"{"to":"+5511987654321","text":"Oi"}"#);
}

#[test]
fn data_is_stored_byte_for_byte_from_wherever_it_comes() {
    let server = Server::start();
    let data = r#"{"z":1, "a":[1.50,"ñ"]}"#;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("job.json"), data).unwrap();

    wq(&server).args(["enqueue", "--id", "a", "--name", "mail", "--data", data]).run().exits(0);
    wq(&server).line("enqueue --id b --data -").input(data).run().exits(0);
    wq(&server).folder(folder.path()).line("enqueue --id c --data @job.json").run().exits(0);

    for id in ["a", "b", "c"] {
        assert_eq!(field(&server, id, "data"), data, "{id}");
    }
    assert_eq!(field(&server, "a", "name"), "mail");
}

#[test]
fn whatever_is_wrong_gets_one_clear_error_and_adds_nothing() {
    let server = Server::start();
    let cases: [(&[&str], &str); 16] = [
        (&["--delay", "-5m"], "negative"),
        (&["--delay", "soon"], "no duration"),
        (&["--at", "2020-01-01 09:00"], "past"),
        (&["--at", "yesterdayish"], "no time"),
        (&["--expires", "2020-01-01T09:00:00Z"], "past"),
        (&["--expires", "-5m"], "negative"),
        (&["--priority", "asap"], "is no priority"),
        (&["--priority", "-1"], "is no priority"),
        (&["--attempts", "0"], "attempts"),
        (&["--backoff", "linear:2s"], "exponential"),
        (&["--id", "17"], "reads as an integer"),
        (&["--id", "a:b"], "not allowed"),
        (&["--key", ""], "empty"),
        (&["--lifo", "--priority", "high"], "cannot be used with"),
        (&["--remove-on-complete", "some"], "a number of jobs"),
        (&["--data", "{}"], "cannot be used with"),
    ];

    for (more, problem) in cases {
        wq(&server).args(MESSAGE).args(more).run().exits(2).stderr_has(problem);
    }
    let long = "x".repeat(4097);
    wq(&server).args(["enqueue", "--to", "+34600111222", "--text", &long]).run().exits(2).stderr_has("4097 characters");
    wq(&server).args(["enqueue", "--to", "+34600", "--text", "Hi"]).run().exits(2).stderr_has("numbering plan");
    wq(&server).args(["enqueue", "--data", "{\"a\":\n nope}"]).run().exits(2).stderr_has("line 2, column 3");
    wq(&server).args(["enqueue", "--data", "[1]", "--expires", "1h"]).run().exits(2).stderr_has("JSON object");
    wq(&server).line("enqueue --data @nowhere.json").run().exits(4).stderr_has("nowhere.json");
    wq(&server).line("enqueue").run().exits(2);
    let huge = format!("\"{}\"", "x".repeat(5_000_000));
    wq(&server).line("enqueue --data -").input(huge).run().exits(2).stderr_has("longer than 1048576 bytes");
    assert_eq!(server.ask::<u64>("DBSIZE"), 0);
}

#[test]
fn a_dry_run_checks_everything_and_needs_no_server() {
    let nobody = || Wq::bare().env("WQ_REDIS_URL", "redis://127.0.0.1:1").args(MESSAGE);

    let run = nobody().line("--dry-run --json").run().exits(0);

    assert_eq!(run.json()["data"]["dry_run"], true);
    nobody().line("--dry-run --priority asap").run().exits(2);
    let started = Instant::now();
    nobody().line("--timeout 2s").run().exits(3).stderr_has("can't reach Redis").stderr_has("hint: ");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_stream_of_jobs_is_added_in_order_and_each_id_is_printed() {
    let server = Server::start();
    let mut lines: Vec<String> = (0..1200).map(|n| format!(r#"{{"data":{{"n":{n}}},"opts":{{"jobId":"job{n}"}}}}"#)).collect();
    lines.insert(3, String::new());

    let run = wq(&server).line("enqueue --ndjson - -q --priority 0").input(lines.join("\n")).run().exits(0);

    let expected: Vec<String> = (0..1200).map(|n| format!("job{n}")).collect();
    assert_eq!(run.stdout.lines().collect::<Vec<_>>(), expected);
    let mut stored: Vec<String> = server.ask("LRANGE bull:whatsapp:wait 0 -1");
    stored.sort_by_key(|id| id.trim_start_matches("job").parse::<u32>().unwrap());
    assert_eq!(stored, expected);
    let again = wq(&server).line("enqueue --ndjson - --json").input(lines.join("\n")).run().exits(0).json();
    assert_eq!((&again["data"]["stored"], &again["data"]["duplicate"]), (&json!(0), &json!(1200)));
}

#[test]
fn a_wrong_line_is_named_and_a_file_with_one_adds_nothing() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let good = r#"{"name":"mail","data":{"a":1}}"#;
    let lines = format!("{good}\n{good}\n{{\"opts\":{{\"delay\":-5}}}}\n{good}\n");
    std::fs::write(folder.path().join("jobs.ndjson"), &lines).unwrap();

    wq(&server).folder(folder.path()).line("enqueue --ndjson jobs.ndjson").run().exits(2).stderr_has("line 3 of jobs.ndjson: opts.delay");
    assert_eq!(server.ask::<u64>("DBSIZE"), 0);
    wq(&server).line("enqueue --ndjson -").input(lines).run().exits(5).stderr_has("line 3 of standard input").stderr_has("stored 2 ");
    wq(&server).line("enqueue --ndjson -").input("nope\n").run().exits(2).stderr_has("line 1");
    let long = format!("{{\"data\":\"{}\"}}\n", "x".repeat(5_000_000));
    wq(&server).line("enqueue --ndjson -").input(long).run().exits(2).stderr_has("line 1").stderr_has("longer than");

    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:prioritized"), 2);
}

#[test]
fn a_deduplicated_job_says_by_which_and_streams_count_them() {
    let server = Server::start();
    let add = |more: &str| wq(&server).line(&format!("enqueue --data {{}} --json {more}")).run().exits(0).json();

    assert_eq!(add("--id cart-1 --delay 1h --dedupe cart:17:1h --dedupe-mode extend")["data"]["status"], "stored");
    let second = add("--id cart-2 --dedupe cart:17:5m");
    let third = add("--id cart-3 --dedupe cart:17 --dedupe-mode replace");

    assert_eq!([&second["data"]["status"], &second["data"]["deduplicated_by"]], ["deduplicated", "cart-1"]);
    assert_eq!(third["data"]["status"], "stored");
    assert_eq!(server.ask::<String>("HGET bull:whatsapp:cart-3 deid"), "cart:17");
    assert_eq!(server.ask::<u64>("EXISTS bull:whatsapp:cart-1 bull:whatsapp:cart-2"), 0);
    wq(&server).line("jobs get cart-3").run().exits(0).stdout_has("cart:17");
    let lines =
        "{\"opts\":{\"jobId\":\"x\",\"deduplication\":{\"id\":\"n\"}}}\n{\"opts\":{\"jobId\":\"y\",\"deduplication\":{\"id\":\"n\"}}}\n";
    let run = wq(&server).line("enqueue --ndjson - -o ndjson").input(lines).run().exits(0);
    run.stdout_has("\"deduplicated_by\":\"x\"").stderr_has("stored 1 + duplicate 0 + deduplicated 1 + refused 0");
    wq(&server).line("enqueue --data {} --dedupe k --dedupe-mode extend").run().exits(2).stderr_has("KEY:5m");
}
