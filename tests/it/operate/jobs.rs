//! `wq jobs`.

use std::time::Duration;

use serde_json::json;

use super::{add, column, content, exists, finish, ids, stored};
use crate::support::{Server, eventually, wq};

#[test]
fn a_listing_is_narrowed_by_state_and_filter_and_says_how_much_it_saw() {
    let server = Server::start();
    finish(&server, &["t1", "r1", "c1"]);
    add(&server, &["w1"], &json!({}));

    let failed = wq(&server).line("jobs list --state failed --json").run().exits(0);
    let timeouts = wq(&server).args(["jobs", "list", "--where", "reason~\"TIMEOUT of\" age<1h", "--json"]).run().exits(0);
    let waiting = wq(&server).args(["jobs", "list", "--where", "state=prioritized data.to^=+346", "-q"]).run().exits(0);

    assert_eq!(ids(&failed), ["r1", "t1"]);
    assert_eq!(failed.json()["schema"], "wq.jobs.v1");
    assert_eq!(ids(&timeouts), ["t1"]);
    timeouts.stderr_has("scanned 4 of 4, found 1");
    assert_eq!(waiting.stdout, "w1\n");
}

#[test]
fn a_filter_that_makes_no_sense_is_usage_and_names_place_and_fields() {
    let finished = wq(&Server::start()).args(["jobs", "list", "--where", "state=failed colour=red"]).run().exits(2);

    finished.stderr_has("at character 14").stderr_has("id, name, state, priority, age");
}

#[test]
fn pages_show_each_job_once_and_the_last_one_says_that_it_is_the_last() {
    let server = Server::start();
    finish(&server, &["t1", "t2", "c1"]);
    add(&server, &["w1", "w2"], &json!({}));

    let (mut seen, mut cursor, mut pages) = (Vec::new(), ":0".to_owned(), 0);
    loop {
        let page = wq(&server).line(&format!("jobs list --limit 2 --cursor {cursor} --json")).run().exits(0);
        seen.extend(column(&page, "id"));
        pages += 1;
        match page.json()["page"]["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }

    seen.sort();
    assert_eq!((seen, pages), (["c1", "t1", "t2", "w1", "w2"].map(str::to_owned).to_vec(), 3));
}

#[test]
fn a_cursor_of_another_listing_is_refused() {
    let server = Server::start();

    let finished = wq(&server).line("jobs list --state waiting --cursor failed:50").run().exits(2);

    finished.stderr_has("belongs to a listing of other states");
}

#[test]
fn a_scan_that_stops_early_says_so_even_when_quiet() {
    let server = Server::start();
    add(&server, &["a", "b", "c"], &json!({}));

    let finished = wq(&server).args(["jobs", "list", "--where", "name=send", "--scan-limit", "2", "-q"]).run().exits(0);

    assert_eq!(finished.stdout.lines().count(), 2);
    finished.stderr_has("scanned 2 of 3").stderr_has("--scan-limit");
}

#[test]
fn get_shows_one_job_whole_and_its_log() {
    let server = Server::start();
    finish(&server, &["t1"]);
    server.ask::<u64>("RPUSH bull:whatsapp:t1:logs first second");

    let job = wq(&server).line("jobs get t1 --logs --json").run().exits(0);
    let logs = wq(&server).line("jobs logs t1").run().exits(0);

    let data = &job.json()["data"];
    assert_eq!((&data["state"], &data["data"]["text"]), (&json!("failed"), &json!("Hola")));
    assert_eq!(data["reason"], "http 422: timeout of the gateway");
    assert_eq!(logs.stdout, "first\nsecond\n");
    job.stderr_has("first\nsecond");
}

#[test]
fn what_is_not_there_is_not_found() {
    let server = Server::start();

    for line in ["jobs get x", "jobs logs x", "jobs retry x", "jobs promote x", "jobs remove x", "jobs remove x --dry-run", "dlq show x"] {
        wq(&server).line(line).run().exits(4);
    }
    let error = wq(&server).line("jobs get x --json").run().exits(4).stderr;
    let error: serde_json::Value = serde_json::from_str(&error).unwrap();
    assert_eq!(error["error"]["code"], 4);
}

#[test]
fn retry_gives_all_attempts_back_unless_they_are_kept() {
    let server = Server::start();
    finish(&server, &["t1", "t2"]);

    let retried = wq(&server).line("jobs retry t1 --json").run().exits(0);
    wq(&server).line("jobs retry t2 --keep-attempts").run().exits(0);

    assert_eq!(retried.json()["schema"], "wq.changes.v1");
    assert_eq!(column(&retried, "change"), ["retried"]);
    assert_eq!(stored(&server, "prioritized"), ["t1", "t2"]);
    let attempts = |id: &str| wq(&server).line(&format!("jobs get {id} --json")).run().exits(0).json()["data"]["attempts_made"].clone();
    assert_eq!((attempts("t1"), attempts("t2")), (json!(0), json!(1)));
}

#[test]
fn a_change_of_some_is_partial_and_says_what_became_of_each() {
    let server = Server::start();
    finish(&server, &["t1", "c1"]);

    let foreseen = wq(&server).line("jobs retry t1 c1 nobody --dry-run --json").run().exits(5);
    assert_eq!(stored(&server, "failed"), ["t1"]);
    let retried = wq(&server).line("jobs retry t1 c1 nobody --json").run().exits(5);

    assert_eq!(column(&foreseen, "change"), ["would be retried", "in another state", "not found"]);
    assert_eq!(column(&retried, "change"), ["retried", "in another state", "not found"]);
    retried.stderr_has("1 of 3 retried");
}

#[test]
fn promote_lets_a_delayed_job_run_now() {
    let server = Server::start();
    add(&server, &["later", "muchlater"], &json!({ "delay": 3_600_000 }));

    wq(&server).args(["jobs", "promote", "--where", "id=later delay>=1h"]).run().exits(0).stderr_has("1 of 1 promoted");

    assert_eq!(stored(&server, "delayed"), ["muchlater"]);
    let waiting = wq(&server).line("jobs list --state waiting,prioritized -q").run().exits(0);
    assert_eq!(waiting.stdout, "later\n");
}

#[test]
fn removing_by_filter_asks_and_without_anybody_to_ask_is_refused() {
    let server = Server::start();
    finish(&server, &["t1", "r1", "c1"]);

    let refused = wq(&server).args(["jobs", "remove", "--where", "state=failed"]).run().exits(9);
    refused.stderr_has("removing 2 jobs from whatsapp at ").stderr_has("--yes");
    assert_eq!(stored(&server, "failed"), ["r1", "t1"]);
    wq(&server).args(["jobs", "remove", "--where", "state=failed", "--yes"]).run().exits(0);

    assert_eq!((stored(&server, "failed").len(), exists(&server, "t1")), (0, false));
    assert_eq!(stored(&server, "completed"), ["c1"]);
}

#[test]
fn no_change_is_for_all_unless_that_is_said() {
    let server = Server::start();
    finish(&server, &["t1"]);

    for verb in ["retry", "promote", "remove"] {
        wq(&server).line(&format!("jobs {verb} --yes")).run().exits(2).stderr_has("--all");
    }
    assert_eq!(stored(&server, "failed"), ["t1"]);
}

#[test]
fn a_job_that_a_worker_has_is_not_removed() {
    let server = Server::start();
    add(&server, &["busy"], &json!({}));
    let mut worker = wq(&server).line("worker --via exec --once -- sleep 30").spawn();
    eventually(Duration::from_secs(20), "the worker has it", || (stored(&server, "active") == ["busy"]).then_some(()));

    let foreseen = wq(&server).line("jobs remove busy --dry-run --json").run().exits(5);
    let refused = wq(&server).line("jobs remove busy --json").run().exits(5);

    assert_eq!(
        (column(&foreseen, "change"), column(&refused, "change")),
        (vec!["a worker has it".to_owned()], vec!["a worker has it".to_owned()])
    );
    assert!(exists(&server, "busy"));
    worker.kill();
}

#[test]
fn clean_removes_the_old_of_one_state_up_to_a_limit() {
    let server = Server::start();
    finish(&server, &["t1", "t2", "t3", "c1"]);

    let young = wq(&server).line("jobs clean --state failed --older-than 1h --yes --json").run().exits(0).json();
    let dry = wq(&server).line("jobs clean --state failed --limit 2 --dry-run --json").run().exits(0).json();
    wq(&server).line("jobs clean --state failed --limit 2").run().exits(9).stderr_has("2 failed jobs from whatsapp at ");
    assert_eq!(stored(&server, "failed").len(), 3);
    let cleaned = wq(&server).line("jobs clean --state failed --limit 2 --yes --json").run().exits(0).json();

    assert_eq!([&young["data"]["count"], &dry["data"]["count"], &cleaned["data"]["count"]], [0, 2, 2]);
    assert_eq!((&dry["page"]["dry_run"], &cleaned["page"]), (&json!(true), &json!(null)));
    assert_eq!((stored(&server, "failed").len(), stored(&server, "completed").len()), (1, 1));
}

#[test]
fn no_dry_run_changes_anything() {
    let server = Server::start();
    finish(&server, &["t1", "c1"]);
    add(&server, &["later"], &json!({ "delay": 3_600_000 }));
    add(&server, &["w1"], &json!({}));
    let before = content(&server);

    for line in [
        "jobs retry --all",
        "jobs promote --all",
        "jobs remove --all",
        "jobs remove w1",
        "jobs clean --state completed",
        "dlq retry --all",
        "dlq clean",
        "queues pause whatsapp",
        "queues drain whatsapp --delayed",
        "queues set whatsapp --rate 9/m --concurrency 3",
        "pause",
    ] {
        let dry = wq(&server).line(&format!("{line} --dry-run --json")).run().exits(0);
        assert_eq!(dry.json()["page"]["dry_run"], true, "{line}");
        dry.stderr_has("nothing was changed (dry run)");
        assert_eq!(content(&server), before, "{line}");
    }
}

#[test]
fn data_of_a_job_cannot_steer_the_terminal() {
    let server = Server::start();
    let line = json!({ "name": "\u{1b}[2Jsend", "data": { "text": "\u{1b}]0;owned\u{7}" }, "opts": { "jobId": "evil" } });
    wq(&server).line("enqueue --ndjson -").input(format!("{line}\n")).run().exits(0);

    for format in ["table", "wide", "json", "ndjson", "tsv", "yaml"] {
        for verb in ["list", "get evil"] {
            let shown = wq(&server).line(&format!("jobs {verb} -o {format}")).run().exits(0);
            assert!(!shown.stdout.contains(['\u{1b}', '\u{7}']), "{verb} {format}: {:?}", shown.stdout);
        }
    }
}

#[test]
fn watching_looks_again_until_it_is_interrupted() {
    let server = Server::start();
    let mut watching = wq(&server).line("jobs list --watch 100ms -o ndjson").spawn();

    add(&server, &["new"], &json!({}));
    eventually(Duration::from_secs(20), "the new job is seen", || watching.stdout().contains("\"new\"").then_some(()));
    watching.signal("INT");

    assert_eq!(watching.ends(Duration::from_secs(10)).code(), Some(0));
}

#[test]
fn a_change_is_for_the_same_jobs_that_a_listing_shows() {
    let server = Server::start();
    finish(&server, &["t1", "t2", "r1", "c1"]);
    add(&server, &["p1"], &json!({ "priority": 7 }));
    add(&server, &["d1"], &json!({ "delay": 3_600_000, "attempts": 9 }));
    server.ask::<u64>("HSET bull:whatsapp:d1 attemptsMade 4 name mail");
    server.ask::<u64>("DEL bull:whatsapp:c1");

    let mut found = 0;
    for filter in [
        "id^=t",
        "state=failed",
        "name=mail",
        "priority=7",
        "age<1h",
        "age>1h",
        "delay>0ms",
        "attempts>=4",
        "attempts=1 reason~timeout",
        "reason~REFUSED",
        "worker=nobody",
        "data~hola",
        "data.to^=+346 state!=failed",
        "data.nothing=1",
    ] {
        let listed = ids(&wq(&server).args(["jobs", "list", "--where", filter, "--json"]).run().exits(0));
        let changed = ids(&wq(&server).args(["jobs", "remove", "--where", filter, "--dry-run", "--json"]).run().exits(0));
        assert_eq!(changed, listed, "{filter}");
        found += listed.len();
    }
    assert!(found > 15, "{found}");
}
