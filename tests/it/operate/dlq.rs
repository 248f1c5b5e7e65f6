//! `wq dlq`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::{add, column, finish, ids, stored};
use crate::support::{Server, wq};

#[test]
fn dead_letters_are_listed_and_counted_by_reason_name_and_day() {
    let server = Server::start();
    finish(&server, &["t1", "t2", "r1", "c1"]);

    let all = wq(&server).line("dlq list --json").run().exits(0);
    let reasons = wq(&server).line("dlq list --by reason --json").run().exits(0).json();
    let names = wq(&server).line("dlq list --by name --json").run().exits(0).json();
    let days = wq(&server).args(["dlq", "list", "--by", "day", "--where", "reason~timeout", "--json"]).run().exits(0);

    assert_eq!(ids(&all), ["r1", "t1", "t2"]);
    let expected = json!([
        { "group": "http 422: timeout of the gateway", "count": 2 },
        { "group": "http 422: refused by the owner", "count": 1 },
    ]);
    assert_eq!(reasons["data"], expected);
    assert_eq!(names["data"], json!([{ "group": "send", "count": 3 }]));
    assert_eq!(days.json()["data"][0]["count"], 2);
    days.stderr_has("scanned 3 of 3, found 2");
}

#[test]
fn only_the_dead_letters_for_which_the_filter_holds_are_retried() {
    let server = Server::start();
    finish(&server, &["t1", "t2", "r1"]);

    let dry = wq(&server).args(["dlq", "retry", "--all", "--where", "reason~timeout", "--dry-run", "--json"]).run().exits(0);
    assert_eq!(ids(&dry), ["t1", "t2"]);
    assert_eq!(stored(&server, "failed").len(), 3);
    wq(&server).args(["dlq", "retry", "--all", "--where", "reason~timeout"]).run().exits(0).stderr_has("2 of 2 retried");

    assert_eq!(
        (stored(&server, "failed"), stored(&server, "prioritized")),
        (vec!["r1".to_owned()], vec!["t1".to_owned(), "t2".to_owned()])
    );
}

#[test]
fn all_dead_letters_are_retried_over_many_batches_each_once() {
    let server = Server::start();
    let names: Vec<String> = (0..1234).map(|number| format!("t{number}")).collect();
    finish(&server, &names.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(stored(&server, "failed").len(), 1234);

    let foreseen = wq(&server).line("dlq retry --all --dry-run --json").run().exits(0);
    assert_eq!((column(&foreseen, "change").len(), &foreseen.json()["page"]["total"]), (50, &json!(1234)));
    foreseen.stderr_has("the first 50 are listed").stderr_has("1234 of 1234 would be retried");
    let retried = wq(&server).line("dlq retry --all --json").run().exits(0);

    assert!(column(&retried, "change").iter().all(|change| change == "retried"));
    assert_eq!((column(&retried, "change").len(), &retried.json()["page"]["total"]), (50, &json!(1234)));
    retried.stderr_has("1234 of 1234 retried");
    assert_eq!((stored(&server, "failed").len(), stored(&server, "prioritized").len()), (0, 1234));
}

#[test]
fn clean_takes_only_the_dead_and_only_the_old() {
    let server = Server::start();
    finish(&server, &["t1", "t2", "c1"]);

    wq(&server).line("dlq clean --older-than 30d --yes").run().exits(0);
    assert_eq!(stored(&server, "failed").len(), 2);
    wq(&server).line("dlq clean").run().exits(9);
    assert_eq!(stored(&server, "failed").len(), 2);
    wq(&server).line("dlq clean --yes").run().exits(0);

    assert_eq!((stored(&server, "failed").len(), stored(&server, "completed").len()), (0, 1));
}

#[test]
fn show_gives_one_dead_letter_whole() {
    let server = Server::start();
    finish(&server, &["r1"]);

    let shown = wq(&server).line("dlq show r1 --json").run().exits(0).json();

    assert_eq!(shown["data"]["reason"], "http 422: refused by the owner");
    assert_eq!(shown["data"]["data"]["text"], "Hola");
}

#[test]
fn an_export_is_whole_private_and_replaces_nothing_unless_told() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    finish(&server, &["t1", "t2", "r1"]);
    let (csv, ndjson) = (folder.path().join("dead.csv"), folder.path().join("dead.ndjson"));
    let export = |file: &std::path::Path, more: &[&str]| wq(&server).args(["dlq", "export"]).args([file]).args(more.iter().copied()).run();

    export(&csv, &[]).exits(0).stdout_has("3");
    export(&ndjson, &["--where", "reason~timeout"]).exits(0);
    fs::write(&csv, "mine").unwrap();
    export(&csv, &[]).exits(8).stderr_has("--force");
    assert_eq!(fs::read_to_string(&csv).unwrap(), "mine");
    export(&csv, &["--force"]).exits(0);

    let table = fs::read_to_string(&csv).unwrap();
    assert_eq!((table.lines().count(), table.starts_with("id,state,name,")), (4, true), "{table}");
    let lines: Vec<Value> = fs::read_to_string(&ndjson).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|line| line["data"]["text"] == "Hola" && line["reason"].as_str().unwrap().contains("timeout")));
    for file in [&csv, &ndjson] {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file stays");
}

#[test]
fn an_export_where_nothing_can_be_written_fails_and_leaves_nothing() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    finish(&server, &["t1"]);
    let file = folder.path().join("no").join("dead.csv");

    wq(&server).args(["dlq", "export"]).args([&file]).run().exits(1).stderr_has("dead.csv");

    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn another_queue_has_dead_letters_of_its_own() {
    let server = Server::start();
    finish(&server, &["t1"]);
    add(&server, &["w1"], &json!({}));

    let other = wq(&server).line("dlq list -Q other --json").run().exits(0);

    assert!(ids(&other).is_empty());
}
