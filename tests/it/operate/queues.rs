//! `wq queues`, `wq pause`, `wq resume`.

use std::time::Duration;

use serde_json::json;

use super::{add, column, finish, stored};
use crate::support::{Server, eventually, wq};

/// Adds one job to a queue of that name.
fn add_to(server: &Server, queue: &str) {
    wq(server).line(&format!("enqueue -Q {queue} --data {{}}")).run().exits(0);
}

fn is_paused(server: &Server, queue: &str) -> bool {
    server.ask(&format!("HEXISTS bull:{queue}:meta paused"))
}

#[test]
fn queues_are_found_without_knowing_their_names() {
    let server = Server::start();
    for queue in ["wa-main", "wa-br", "mail"] {
        add_to(&server, queue);
    }

    let all = wq(&server).line("queues list --json").run().exits(0);
    let some = wq(&server).line("queues list wa-* --json").run().exits(0);
    let shown = wq(&server).line("queues show mail --json").run().exits(0).json();

    assert_eq!(all.json()["schema"], "wq.queues.v1");
    assert_eq!(column(&all, "queue"), ["mail", "wa-br", "wa-main"]);
    assert_eq!(column(&some, "queue"), ["wa-br", "wa-main"]);
    assert_eq!((&shown["data"]["queue"], &shown["data"]["prioritized"]), (&json!("mail"), &json!(1)));
}

#[test]
fn a_queue_that_does_not_exist_is_not_found_and_not_made() {
    let server = Server::start();

    for line in ["queues show x", "queues list x*", "queues pause x*", "queues drain x --yes", "queues obliterate x --yes"] {
        wq(&server).line(line).run().exits(4);
    }
    assert_eq!(server.ask::<u64>("DBSIZE"), 0);
}

#[test]
fn a_paused_queue_gives_out_nothing_until_it_is_resumed() {
    let server = Server::start();
    add(&server, &["w1"], &json!({}));

    let paused = wq(&server).line("pause --json").run().exits(0);
    let again = wq(&server).line("pause --json").run().exits(0);
    wq(&server).line("worker --via log --until-empty").run().exits(0);
    assert_eq!(stored(&server, "prioritized"), ["w1"]);
    let resumed = wq(&server).line("resume --json").run().exits(0);
    wq(&server).line("worker --via log --until-empty").run().exits(0);

    assert_eq!(column(&paused, "change"), ["paused"]);
    assert_eq!(column(&again, "change"), ["was paused already"]);
    assert_eq!(column(&resumed, "change"), ["resumed"]);
    assert_eq!(stored(&server, "completed"), ["w1"]);
}

#[test]
fn a_pattern_steers_every_queue_that_it_stands_for_once() {
    let server = Server::start();
    for queue in ["wa-main", "wa-br", "mail"] {
        add_to(&server, queue);
    }

    let dry = wq(&server).line("queues pause wa-* wa-br --dry-run --json").run().exits(0);
    assert!(!is_paused(&server, "wa-br"));
    let paused = wq(&server).line("queues pause wa-* wa-br --json").run().exits(0);

    assert_eq!(column(&dry, "change"), ["would be paused"; 2]);
    assert_eq!(column(&paused, "queue"), ["wa-br", "wa-main"]);
    assert_eq!(["wa-main", "wa-br", "mail"].map(|queue| is_paused(&server, queue)), [true, true, false]);
    wq(&server).line("queues resume wa-*").run().exits(0);
    assert!(!is_paused(&server, "wa-main"));
}

#[test]
fn drain_empties_the_line_and_leaves_what_is_delayed_unless_told() {
    let server = Server::start();
    finish(&server, &["t1"]);
    add(&server, &["w1", "w2"], &json!({}));
    add(&server, &["later"], &json!({ "delay": 3_600_000 }));

    wq(&server).line("queues drain whatsapp").run().exits(9).stderr_has("2 jobs from whatsapp at ");
    assert_eq!(stored(&server, "prioritized").len(), 2);
    let drained = wq(&server).line("queues drain whatsapp --yes --json").run().exits(0).json();
    assert_eq!((&drained["data"]["count"], stored(&server, "delayed").len()), (&json!(2), 1));
    wq(&server).line("queues drain whatsapp --delayed --yes").run().exits(0);

    assert_eq!((stored(&server, "prioritized").len(), stored(&server, "delayed").len()), (0, 0));
    assert_eq!(stored(&server, "failed"), ["t1"]);
}

#[test]
fn limits_are_set_shown_and_taken_away() {
    let server = Server::start();
    add(&server, &["w1"], &json!({}));

    let dry = wq(&server).line("queues set whatsapp --rate 9/m --concurrency 3 --dry-run --json").run().exits(0).json();
    assert_eq!((&dry["data"]["rate"], &dry["page"]["dry_run"]), (&json!("9/m"), &json!(true)));
    let set = wq(&server).line("queues set whatsapp --rate 60/m --concurrency 5 --json").run().exits(0).json();
    let shown = wq(&server).line("queues show whatsapp --json").run().exits(0).json();
    let unset = wq(&server).line("queues set whatsapp --rate none --concurrency none --json").run().exits(0).json();

    assert_eq!((&set["data"]["rate"], &set["data"]["concurrency"]), (&json!("60/m"), &json!(5)));
    assert_eq!(shown["data"]["rate"], "60/m");
    assert!(unset["data"]["rate"].is_null() && unset["data"]["concurrency"].is_null(), "{unset}");
    for wrong in ["", " --rate 0/m", " --concurrency 0"] {
        wq(&server).line(&format!("queues set whatsapp{wrong}")).run().exits(2);
    }
}

#[test]
fn only_a_paused_and_idle_queue_is_destroyed() {
    let server = Server::start();
    add(&server, &["busy"], &json!({}));
    wq(&server).line("queues obliterate whatsapp --yes").run().exits(8).stderr_has("wq queues pause whatsapp");
    let mut worker = wq(&server).line("worker --via exec --once -- sleep 30").spawn();
    eventually(Duration::from_secs(20), "the worker has it", || (stored(&server, "active") == ["busy"]).then_some(()));
    wq(&server).line("pause").run().exits(0);

    wq(&server).line("queues obliterate whatsapp --yes").run().exits(8).stderr_has("--force");
    wq(&server).line("queues obliterate whatsapp --force").run().exits(9).stderr_has("--yes");
    assert_eq!(stored(&server, "active"), ["busy"]);

    worker.kill();
}

#[test]
fn a_destroyed_queue_leaves_nothing_and_touches_no_other() {
    let server = Server::start();
    finish(&server, &["t1", "c1"]);
    add(&server, &["w1"], &json!({}));
    add_to(&server, "whatsapp2");
    wq(&server).line("pause").run().exits(0);

    let dry = wq(&server).line("queues obliterate whatsapp --dry-run --json").run().exits(0).json();
    let gone = wq(&server).line("queues obliterate whatsapp --yes --json").run().exits(0).json();

    assert_eq!([&dry["data"]["count"], &gone["data"]["count"]], [3, 3]);
    let left: Vec<String> = server.ask("KEYS *");
    assert!(left.iter().all(|key| key.contains("whatsapp2")) && !left.is_empty(), "{left:?}");
}
