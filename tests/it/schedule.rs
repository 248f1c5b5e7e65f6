//! `wq schedule`: what it makes, what it says about it, and what it refuses.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::command::{Finished, Wq};
use crate::support::{Server, eventually, wq};

const MESSAGE: [&str; 4] = ["--to", "+34600111222", "--text", "Hola Ana"];

/// `wq schedule add NAME` with these flags and a message.
fn add(server: &Server, name: &str, flags: &[&str]) -> Finished {
    wq(server).args(["schedule", "add", name]).args(flags).args(MESSAGE).args(["--json"]).run()
}

fn field(server: &Server, name: &str, field: &str) -> String {
    server.ask::<Option<String>>(&format!("HGET bull:whatsapp:repeat:{name} {field}")).unwrap_or_default()
}

fn keys(server: &Server) -> Vec<String> {
    let mut keys: Vec<String> = server.ask("KEYS *");
    keys.sort();
    keys
}

/// The names in a listing, in its order.
fn names(listing: &Value) -> Vec<&str> {
    listing["data"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
}

#[test]
fn a_schedule_says_when_it_runs_on_its_clock_in_utc_and_how_far_away() {
    let server = Server::start();

    let made = add(&server, "daily", &["--cron", "30 9 * * *", "--tz", "America/Sao_Paulo"]).exits(0);

    let row = made.json();
    assert_eq!(
        (&row["schema"], &row["data"]["change"], &row["data"]["status"]),
        (&json!("wq.schedules.v1"), &json!("created"), &json!("on"))
    );
    assert_eq!((&row["data"]["cron"], &row["data"]["zone"]), (&json!("30 9 * * *"), &json!("America/Sao_Paulo")));
    assert!(row["data"]["next_at"].as_str().unwrap().ends_with("T12:30:00.000Z"), "{row}");
    assert!(row["data"]["next_local"].as_str().unwrap().ends_with(" 09:30:00 -03:00"), "{row}");
    made.stderr_has("next run: ").stderr_has(" 09:30:00 -03:00 America/Sao_Paulo (").stderr_has(" 12:30:00 UTC, in ");
    assert_eq!([field(&server, "daily", "pattern"), field(&server, "daily", "tz")], ["30 9 * * *", "America/Sao_Paulo"]);
    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:delayed"), 1);
}

#[test]
fn the_zone_is_always_written_down_since_another_machine_may_run_it() {
    let server = Server::start();

    add(&server, "a", &["--cron", "0 9 * * *"]).exits(0);
    wq(&server).args(["schedule", "add", "b", "--cron", "0 9 * * *", "-q"]).args(MESSAGE).env("WQ_TZ", "Europe/Madrid").run().exits(0);

    assert_eq!([field(&server, "a", "tz"), field(&server, "b", "tz")], ["UTC", "Europe/Madrid"]);
}

#[test]
fn the_same_name_changes_the_schedule_and_leaves_one_run_to_come() {
    let server = Server::start();
    add(&server, "daily", &["--cron", "0 9 * * *"]).exits(0);

    let changed = add(&server, "daily", &["--cron", "0 10 * * *", "--limit", "5"]).exits(0).json();

    assert_eq!((&changed["data"]["change"], &changed["data"]["limit"]), (&json!("updated"), &json!(5)));
    assert!(changed["data"]["next_at"].as_str().unwrap().ends_with("T10:00:00.000Z"));
    assert_eq!([server.ask::<u64>("ZCARD bull:whatsapp:repeat"), server.ask::<u64>("ZCARD bull:whatsapp:delayed")], [1, 1]);
}

#[test]
fn each_job_of_a_schedule_has_the_message_and_its_options() {
    let server = Server::start();
    let flags = ["--every", "1h", "--from", "in 1h", "--priority", "high", "--attempts", "5", "--backoff", "fixed:1s", "--name", "greet"];

    add(&server, "hourly", &flags).exits(0);

    let options: Value = serde_json::from_str(&field(&server, "hourly", "opts")).unwrap();
    assert_eq!((&options["attempts"], &options["priority"]), (&json!(5), &json!(2)));
    assert_eq!(options["backoff"], json!({ "type": "fixed", "delay": 1000 }));
    assert_eq!(field(&server, "hourly", "data"), r#"{"to":"+34600111222","text":"Hola Ana"}"#);
    let pending: Vec<String> = server.ask("ZRANGE bull:whatsapp:delayed 0 -1");
    let job = |name: &str| server.ask::<String>(&format!("HGET bull:whatsapp:{} {name}", pending[0]));
    assert_eq!([job("name"), job("data")], ["greet", r#"{"to":"+34600111222","text":"Hola Ana"}"#]);
    assert_eq!(job("priority"), "2");
}

#[test]
fn a_message_for_one_moment_to_come_runs_once_then() {
    let server = Server::start();

    let made = add(&server, "party", &["--at", "in 2h"]).exits(0).json();
    let moved = add(&server, "party", &["--at", "in 3h"]).exits(0).json();

    let hours = |row: &Value| row["data"]["next_in_ms"].as_f64().unwrap() / 3_600_000.0;
    assert!((hours(&made) - 2.0).abs() < 0.1 && (hours(&moved) - 3.0).abs() < 0.1, "{made} {moved}");
    assert_eq!((&moved["data"]["limit"], &moved["data"]["change"]), (&json!(1), &json!("updated")));
    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:delayed"), 1);
}

#[test]
fn an_interval_keeps_its_next_run_unless_its_start_is_moved() {
    let server = Server::start();
    let next = |row: Finished| row.exits(0).json()["data"]["next_at"].as_str().unwrap().to_owned();

    let first = next(add(&server, "hourly", &["--every", "1h", "--from", "2098-01-01 12:00"]));
    let foreseen = next(add(&server, "hourly", &["--every", "1h", "--attempts", "9", "--dry-run"]));
    let kept = next(add(&server, "hourly", &["--every", "1h", "--attempts", "9"]));
    let moved = next(add(&server, "hourly", &["--every", "1h", "--from", "2098-01-01 18:00"]));

    assert_eq!([foreseen, kept], [first.as_str(), first.as_str()]);
    assert_eq!(moved, "2098-01-01T18:00:00.000Z");
    assert_eq!([server.ask::<u64>("ZCARD bull:whatsapp:repeat"), server.ask::<u64>("ZCARD bull:whatsapp:delayed")], [1, 1]);
}

#[test]
fn a_schedule_that_is_refused_a_new_start_stays_as_it_was() {
    let server = Server::start();
    add(&server, "hourly", &["--every", "1h", "--from", "2098-01-01 12:00"]).exits(0);
    let start: u64 = 4_039_437_600_000;
    for hour in 0..32 {
        server.ask::<()>(&format!("HSET bull:whatsapp:repeat:hourly:{} name taken", start + hour * 3_600_000));
    }

    add(&server, "hourly", &["--every", "1h", "--from", "2098-01-01 18:00"]).exits(8).stderr_has("has its job already");

    let shown = wq(&server).line("schedule show hourly --json").run().exits(0).json();
    assert_eq!(shown["data"]["next_at"], "2098-01-01T12:00:00.000Z");
    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:delayed"), 1);
}

#[test]
fn a_run_in_line_is_not_lost_when_its_schedule_begins_anew() {
    let server = Server::start();
    add(&server, "now", &["--every", "1h"]).exits(0);
    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:prioritized"), 1);

    add(&server, "now", &["--every", "1h", "--from", "2098-01-01 18:00"]).exits(0);

    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:prioritized"), 1);
    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:delayed"), 1);
}

#[test]
fn a_schedule_that_has_ended_can_be_started_again() {
    let server = Server::start();
    for rounds in 1..=2 {
        add(&server, "twice", &["--every", "100ms", "--limit", "2"]).exits(0);
        let mut worker = wq(&server).line("worker --via log --rate none -q").spawn();
        let completed = || server.ask::<u64>("ZCARD bull:whatsapp:completed");
        eventually(Duration::from_secs(20), "it ran", || (completed() == 2 * rounds).then_some(()));
        worker.signal("TERM");
        worker.ends(Duration::from_secs(20));

        let ended = wq(&server).line("schedule show twice --json").run().exits(0).json();
        assert_eq!(
            (&ended["data"]["status"], &ended["data"]["runs"], &ended["data"]["next_at"]),
            (&json!("over"), &json!(2), &json!(null))
        );
    }
}

#[test]
fn schedules_are_listed_the_next_one_first_a_page_at_a_time() {
    let server = Server::start();
    for (name, at) in [("late", "in 3h"), ("soon", "in 1h"), ("later", "in 4h")] {
        add(&server, name, &["--at", at]).exits(0);
    }

    let all = wq(&server).line("schedule list --json").run().exits(0).json();
    let first = wq(&server).line("schedule list --json --limit 2").run().exits(0).json();
    let second = wq(&server).line("schedule list --json --limit 2 --cursor 2").run().exits(0).json();

    assert_eq!(names(&all), ["soon", "late", "later"]);
    assert_eq!(wq(&server).line("metrics --json").run().exits(0).json()["data"]["schedules"], 3);
    assert_eq!((&all["page"]["total"], &all["page"]["next"]), (&json!(3), &json!(null)));
    assert_eq!((names(&first), &first["page"]["next"]), (vec!["soon", "late"], &json!("2")));
    assert_eq!((names(&second), &second["page"]["next"]), (vec!["later"], &json!(null)));
    assert_eq!(wq(&server).line("schedule list -q").run().exits(0).stdout, "soon\nlate\nlater\n");
    wq(&server).line("schedule list -o wide").run().exits(0).stdout_has("NAME").stdout_has("once").stdout_has("0 of 1");
}

#[test]
fn one_schedule_is_shown_whole() {
    let server = Server::start();
    add(&server, "daily", &["--cron", "0 9 * * *", "--until", "2099-01-01 00:00"]).exits(0);

    let shown = wq(&server).line("schedule show daily --json").run().exits(0).json();

    assert_eq!((&shown["data"]["name"], &shown["data"]["until"]), (&json!("daily"), &json!("2099-01-01T00:00:00.000Z")));
    assert_eq!(shown["data"]["data"], json!({ "to": "+34600111222", "text": "Hola Ana" }));
    wq(&server).line("schedule show daily -o table").run().exits(0).stdout_has("cron 0 9 * * *");
    wq(&server).line("schedule show nobody").run().exits(4).stderr_has("no schedule \"nobody\"");
}

#[test]
fn a_removed_schedule_leaves_no_run_behind() {
    let server = Server::start();
    let before = {
        add(&server, "first", &["--every", "1h", "--from", "in 1h"]).exits(0);
        add(&server, "second", &["--cron", "0 9 * * *"]).exits(0);
        wq(&server).line("schedule remove first second --dry-run --json").run().exits(0);
        server.ask::<u64>("ZCARD bull:whatsapp:delayed")
    };

    let partly = wq(&server).line("schedule remove first nobody --json").run().exits(5).json();
    wq(&server).line("schedule remove second").run().exits(0);
    wq(&server).line("schedule remove second").run().exits(4);

    assert_eq!(before, 2);
    assert_eq!((&partly["data"][0]["change"], &partly["data"][1]["change"]), (&json!("removed"), &json!("not found")));
    let left: Vec<String> = keys(&server).into_iter().filter(|key| key.contains(":repeat")).collect();
    assert_eq!((left, server.ask::<u64>("ZCARD bull:whatsapp:delayed")), (Vec::<String>::new(), 0));
}

#[test]
fn a_run_out_of_turn_is_one_ordinary_job_and_changes_no_schedule() {
    let server = Server::start();
    add(&server, "daily", &["--cron", "0 9 * * *", "--priority", "high", "--attempts", "7"]).exits(0);
    let known = || (server.ask::<Vec<String>>("ZRANGE bull:whatsapp:repeat 0 -1 WITHSCORES"), field(&server, "daily", "ic"));
    let before = known();

    wq(&server).line("schedule run-now daily --dry-run").run().exits(0);
    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:prioritized"), 0);
    let id = wq(&server).line("schedule run-now daily -q").run().exits(0).stdout.trim().to_owned();
    wq(&server).line("schedule run-now nobody").run().exits(4);

    assert_eq!(server.ask::<Vec<String>>("ZRANGE bull:whatsapp:prioritized 0 -1"), [id.as_str()]);
    let job = |name: &str| server.ask::<Option<String>>(&format!("HGET bull:whatsapp:{id} {name}")).unwrap_or_default();
    assert_eq!((job("data").as_str(), job("rjk").as_str()), (r#"{"to":"+34600111222","text":"Hola Ana"}"#, ""));
    let options: Value = serde_json::from_str(&job("opts")).unwrap();
    assert_eq!((&options["attempts"], &options["priority"], &options["repeat"]), (&json!(7), &json!(2), &json!(null)));
    assert_eq!(known(), before);
}

#[test]
fn a_dry_run_says_what_would_be_and_changes_nothing() {
    let server = Server::start();

    let fresh = add(&server, "daily", &["--cron", "0 9 * * *", "--dry-run"]).exits(0).json();
    assert_eq!(server.ask::<u64>("DBSIZE"), 0);
    add(&server, "daily", &["--cron", "0 9 * * *"]).exits(0);
    let known = add(&server, "daily", &["--every", "1h", "--attempts", "9", "--dry-run"]).exits(0);
    let known = known.stderr_has("nothing was changed (dry run)").json();

    assert_eq!((&fresh["data"]["change"], &fresh["page"]["dry_run"]), (&json!("would be created"), &json!(true)));
    assert_eq!((&known["data"]["change"], &known["data"]["options"]["attempts"]), (&json!("would be updated"), &json!(9)));
    assert_eq!(field(&server, "daily", "pattern"), "0 9 * * *");
}

#[test]
fn whatever_is_wrong_gets_one_clear_error_and_makes_nothing() {
    let server = Server::start();
    let cases: [(&[&str], &str); 19] = [
        (&[], "--cron"),
        (&["--cron", "61 * * * *"], "of the cron pattern: it goes from 0 to 59"),
        (&["--cron", "* * * *"], "--cron: "),
        (&["--cron", "0 0 30 2 *"], "never matches"),
        (&["--cron", ""], "--cron: "),
        (&["--cron", "0 9 * * *", "--tz", "America/Sao_Paolo"], "did you mean America/Sao_Paulo"),
        (&["--cron", "0 9 * * *", "--tz", "Narnia"], "is no time zone"),
        (&["--cron", "0 9 * * *", "--every", "1h"], "cannot be used with"),
        (&["--every", "0s"], "--every: "),
        (&["--every", "-5m"], "negative"),
        (&["--every", "soon"], "no duration"),
        (&["--every", "1h", "--offset", "2h"], "--offset: "),
        (&["--cron", "0 9 * * *", "--offset", "2h"], "cannot be used with"),
        (&["--at", "2020-01-01 09:00"], "past"),
        (&["--at", "in 2h", "--limit", "3"], "cannot be used with"),
        (&["--every", "1h", "--limit", "0"], "--limit"),
        (&["--every", "1h", "--until", "2020-01-01 09:00"], "past"),
        (&["--cron", "0 0 1 1 *", "--until", "in 1s"], "before its first run"),
        (&["--every", "1h", "--priority", "asap"], "is no priority"),
    ];

    for (flags, problem) in cases {
        add(&server, "x", flags).exits(2).stderr_has(problem);
    }
    for name in ["", "a:b", "a b", &"x".repeat(129)] {
        add(&server, name, &["--every", "1h"]).exits(2);
    }
    let bare = |more: &[&str]| wq(&server).args(["schedule", "add", "x", "--every", "1h"]).args(more).run();
    bare(&[]).exits(2).stderr_has("--to");
    bare(&["--data", "nope"]).exits(2).stderr_has("the data is no JSON");
    bare(&["--to", "+34600", "--text", "Hi"]).exits(2).stderr_has("numbering plan");
    bare(&["--data", "@nowhere.json"]).exits(4).stderr_has("nowhere.json");
    assert_eq!(server.ask::<u64>("DBSIZE"), 0);
}

#[test]
fn the_next_runs_are_told_without_a_server() {
    let nobody = || Wq::bare().env("WQ_REDIS_URL", "redis://127.0.0.1:1");
    let next = |expression: &str, flags: &[&str]| {
        let told = nobody().args(["schedule", "next", expression, "--json"]).args(flags).run().exits(0).json();
        told["data"].as_array().unwrap().iter().map(|run| run["at"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };

    let daily = next("0 9 * * 1-5", &["-n", "3", "--tz", "America/Sao_Paulo", "--after", "2099-11-27 10:00"]);
    let seconds = next("*/20 * * * * *", &["-n", "4", "--after", "2099-12-31T23:59:30Z"]);

    assert_eq!(daily, ["2099-11-30T12:00:00.000Z", "2099-12-01T12:00:00.000Z", "2099-12-02T12:00:00.000Z"]);
    let expected = ["2099-12-31T23:59:40.000Z", "2100-01-01T00:00:00.000Z", "2100-01-01T00:00:20.000Z", "2100-01-01T00:00:40.000Z"];
    assert_eq!(seconds, expected);
    assert_eq!(next("@daily", &[]).len(), 5);
    nobody().args(["schedule", "next", "0 25 * * *"]).run().exits(2).stderr_has("hour \"25\"");
}

#[test]
fn a_time_that_clocks_skip_or_repeat_is_pointed_out() {
    let next = |after: &str, count: &str| {
        let args = ["schedule", "next", "30 1,2 * * *", "-n", count, "--tz", "America/New_York", "--after", after, "--json"];
        let told = Wq::bare().args(args).run().exits(0).json();
        told["data"].as_array().unwrap().iter().map(|run| run["note"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };

    let spring = next("2027-03-13 12:00", "3");
    let autumn = next("2027-11-06 12:00", "3");

    assert!(spring.iter().any(|note| note == "clocks go forward on 2027-03-14: 02:00 becomes 03:00"), "{spring:?}");
    assert!(autumn.iter().any(|note| note.contains("clocks go back: 01:30:00 comes twice")), "{autumn:?}");
    assert_eq!(next("2027-06-01 12:00", "3"), ["", "", ""]);
}
