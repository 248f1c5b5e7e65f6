//! Looking at queues: metrics, workers, events.

use crate::support::command::Wq;
use crate::support::{Server, wq};

#[test]
fn metrics_of_an_empty_queue_are_all_zero_and_nothing_is_written() {
    let server = Server::start();

    let metrics = wq(&server).line("metrics --json").run().exits(0).json();

    assert_eq!(metrics["schema"], "wq.metrics.v1");
    assert_eq!(metrics["data"]["waiting"], 0);
    assert_eq!(server.ask::<u64>("DBSIZE"), 0);
}

#[test]
fn a_listing_without_rows_still_has_its_header() {
    let server = Server::start();

    for line in ["jobs list", "queues list", "workers list", "dlq list --by reason", "schedule list"] {
        let csv = wq(&server).line(&format!("{line} -o csv")).run().exits(0).stdout;
        let tsv = wq(&server).line(line).run().exits(0).stdout;
        assert_eq!((csv.lines().count(), tsv.lines().count()), (1, 1), "{line}: {csv}{tsv}");
        assert_eq!(csv.trim().replace(',', "\t"), tsv.trim(), "{line}");
        assert_eq!(wq(&server).line(&format!("{line} -o json")).run().exits(0).json()["data"], serde_json::json!([]), "{line}");
    }
}

#[test]
fn without_a_server_a_command_says_so_and_how_to_start_one() {
    let finished = Wq::bare().line("--redis redis://127.0.0.1:1 --timeout 1s metrics").run().exits(3);

    finished.stderr_has("can't reach Redis at 127.0.0.1:1/0").stderr_has("hint: start one with: wq redis start");
}

#[test]
fn a_wrong_password_is_said_and_never_shown() {
    let server = Server::with(&["--requirepass", "right"]);
    let url = server.url().replace("redis://", "redis://:canary-secret@");

    let finished = Wq::bare().env("WQ_REDIS_URL", url).line("metrics -vvv").run().exits(3).stderr_has("refused the login");

    assert!(!finished.stderr.contains("canary-secret") && !finished.stdout.contains("canary-secret"));
}
