//! `wq schedule`: what it makes, what it says about it, and what it refuses.

use crate::support::command::{Finished, Wq};
use crate::support::{Server, wq};

const MESSAGE: [&str; 4] = ["--to", "+34600111222", "--text", "Hola Ana"];

/// `wq schedule add NAME` with these flags and a message.
fn add(server: &Server, name: &str, flags: &[&str]) -> Finished {
    wq(server).args(["schedule", "add", name]).args(flags).args(MESSAGE).args(["--json"]).run()
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
