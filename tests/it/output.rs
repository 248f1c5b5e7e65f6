//! What every command keeps: formats, streams, exit codes, questions.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::support::command::Wq;
use crate::support::{Server, wq};

/// Three jobs: one waits, one is delayed, one is a dead letter with a hostile reason.
fn seeded() -> Server {
    let server = Server::start();
    let jobs = r#"{"name":"send","data":{"to":"+34600111222","text":"=1+1"},"opts":{"jobId":"dead","attempts":1}}
"#;
    wq(&server).line("enqueue --ndjson -").input(jobs).run().exits(0);
    let failing = ["worker", "--via", "exec", "--rate", "none", "--until-empty", "--", "sh", "-c", "echo no such number >&2; exit 1"];
    wq(&server).args(failing).run().exits(0);
    wq(&server).line("enqueue --data {} --id waits").run().exits(0);
    wq(&server).line("enqueue --data {} --id later --delay 1h").run().exits(0);
    server
}

#[test]
fn every_format_holds_the_same_records() {
    let server = seeded();
    let list = |format: &str| wq(&server).line(&format!("jobs list -o {format}")).run().exits(0);

    let json = list("json").json();
    assert_eq!((&json["schema"], &json["page"]["total"]), (&"wq.jobs.v1".into(), &3.into()));
    let records: Vec<serde_json::Value> = list("ndjson").stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json["data"], serde_json::Value::Array(records.clone()));

    let keys: Vec<&str> = records[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(list("csv").stdout.lines().next(), Some(keys.join(",").as_str()));
    assert_eq!(list("tsv").stdout.lines().next(), Some(keys.join("\t").as_str()));
    for format in ["table", "wide", "yaml"] {
        list(format).stdout_has("waits").stdout_has("later").stdout_has("dead");
    }
}

#[test]
fn in_a_pipe_a_listing_is_tsv_and_quiet_is_ids_alone() {
    let server = seeded();

    wq(&server).line("jobs list").run().exits(0).stdout_has("id\tstate\tname");
    let quiet = wq(&server).line("jobs list -q").run().exits(0);

    let mut ids: Vec<&str> = quiet.stdout.lines().collect();
    ids.sort_unstable();
    assert_eq!((ids.as_slice(), quiet.stderr.as_str()), (["dead", "later", "waits"].as_slice(), ""));
}

#[test]
fn a_filter_says_what_it_looked_at_and_a_page_goes_on_where_the_last_ended() {
    let server = seeded();

    let failed = wq(&server).args(["jobs", "list", "--where", "state=failed reason~\"NO SUCH\"", "-q", "-o", "ndjson"]).run().exits(0);
    assert_eq!(failed.stdout.lines().count(), 1);
    wq(&server).args(["jobs", "list", "--where", "name=other"]).run().exits(0).stderr_has("scanned 3 of 3, found 0");

    let first = wq(&server).line("jobs list --limit 2 --json").run().exits(0).json();
    let next = first["page"]["next"].as_str().unwrap();
    let second = wq(&server).line(&format!("jobs list --limit 2 --json --cursor {next}")).run().exits(0).json();
    let ids = [&first["data"][0]["id"], &first["data"][1]["id"], &second["data"][0]["id"]];
    assert_eq!(second["data"].as_array().unwrap().len(), 1);
    assert!(["dead", "later", "waits"].iter().all(|id| ids.iter().any(|found| *found == id)), "{ids:?}");
}

#[test]
fn what_does_not_exist_is_4_and_what_is_done_in_part_5() {
    let server = seeded();

    wq(&server).line("jobs get nobody").run().exits(4).stderr_has("hint: list them with: wq jobs list");
    wq(&server).line("queues show nothing").run().exits(4);
    wq(&server).line("dlq retry nobody").run().exits(4);
    wq(&server).line("dlq retry dead nobody").run().exits(5).stdout_has("dead\tretried").stdout_has("nobody\tnot found");
}

#[test]
fn an_error_under_json_is_an_object_on_stderr() {
    let server = seeded();

    let missing = wq(&server).line("jobs get nobody --json").run().exits(4);
    let usage = wq(&server).line("jobs lst --json").run().exits(2);

    for (finished, code) in [(missing, 4), (usage, 2)] {
        let error: serde_json::Value = serde_json::from_str(&finished.stderr).unwrap();
        assert_eq!((&error["error"]["code"], finished.stdout.as_str()), (&code.into(), ""));
        assert!(error["error"]["message"].is_string());
    }
}

#[test]
fn what_destroys_is_refused_where_nobody_can_be_asked() {
    let server = seeded();

    for line in ["queues drain whatsapp", "dlq clean", "jobs clean --state failed", "jobs remove --all"] {
        wq(&server).line(line).run().exits(9).stderr_has("needs a confirmation").stderr_has("--yes");
    }
    wq(&server).line("pause").run().exits(0);
    wq(&server).line("queues obliterate whatsapp").run().exits(9);

    assert_eq!(wq(&server).line("jobs list -q").run().exits(0).stdout.lines().count(), 3);
}

#[test]
fn a_dry_run_says_the_same_and_changes_nothing() {
    let server = seeded();
    wq(&server).line("pause").run().exits(0);
    let before = server.ask::<u64>("DBSIZE");

    for (line, count) in [("queues drain whatsapp --delayed", 2), ("dlq clean", 1), ("queues obliterate whatsapp", 3)] {
        let said = wq(&server).line(&format!("{line} --dry-run --json")).run().exits(0).json();
        assert_eq!([&said["data"]["count"], &said["data"]["dry_run"]], [&serde_json::json!(count), &true.into()], "{line}");
    }
    for line in ["dlq retry --all", "jobs promote --all", "jobs remove --all", "resume"] {
        let said = wq(&server).line(&format!("{line} --dry-run --json")).run().exits(0).json();
        assert_eq!(said["page"]["dry_run"], true, "{line}");
    }
    wq(&server).line("queues set whatsapp --rate 7/m --dry-run").run().exits(0).stdout_has("7/m");

    assert_eq!(server.ask::<u64>("DBSIZE"), before);
    let queue = wq(&server).line("queues show whatsapp --json").run().exits(0).json();
    assert_eq!((&queue["data"]["paused"], &queue["data"]["failed"]), (&true.into(), &1.into()));
    assert!(queue["data"]["rate"].is_null(), "{queue}");
}

#[test]
fn what_is_done_is_counted_and_then_gone() {
    let server = seeded();

    let cleaned = wq(&server).line("dlq clean --yes --json").run().exits(0).json();
    let drained = wq(&server).line("queues drain whatsapp --yes -q").run().exits(0);
    wq(&server).line("queues obliterate whatsapp --yes").run().exits(8).stderr_has("hint: pause it first");
    wq(&server).line("pause").run().exits(0);
    wq(&server).line("queues obliterate whatsapp --yes").run().exits(0);

    assert_eq!((&cleaned["data"]["count"], drained.stdout.as_str()), (&1.into(), "1\n"));
    assert_eq!(server.ask::<u64>("DBSIZE"), 0);
}

#[test]
fn an_export_is_for_its_owner_alone_guarded_and_never_written_over() {
    let server = seeded();
    let folder = tempfile::tempdir().unwrap();
    let export = |more: &str| wq(&server).folder(folder.path()).line(&format!("dlq export dead.csv{more}")).run();

    export("").exits(0);
    export("").exits(8).stderr_has("--force");
    export(" --force").exits(0);

    let file = folder.path().join("dead.csv");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(text.starts_with("id,state,name") && text.contains("no such number"), "{text}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
}

#[test]
fn text_from_strangers_gives_the_terminal_no_orders() {
    let server = Server::start();
    let evil = r#"{"name":"x\u001b[2J","data":{"t":"\u009b6n\u202e\u001b]52;c;x\u0007"},"opts":{"jobId":"evil"}}"#;
    wq(&server).line("enqueue --ndjson -").input(format!("{evil}\n")).run().exits(0);

    for format in ["table", "wide", "tsv", "json", "ndjson", "yaml"] {
        let shown = wq(&server).line(&format!("jobs list -o {format}")).run().exits(0).stdout;
        let orders = |c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}';
        assert!(shown.contains("evil") && !shown.chars().any(orders), "{format}: {shown:?}");
    }
}

#[test]
fn colours_come_when_asked_for_and_states_stay_words() {
    let server = seeded();

    let plain = wq(&server).line("dlq list -o table").run().exits(0).stdout;
    let coloured = wq(&server).line("dlq list -o table --color always").run().exits(0).stdout;
    let forced = wq(&server).env("CLICOLOR_FORCE", "1").line("dlq list -o table").run().exits(0).stdout;
    let refused = wq(&server).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").line("dlq list -o table").run().exits(0).stdout;

    assert!(coloured.contains('\u{1b}') && forced.contains('\u{1b}'));
    assert!(!plain.contains('\u{1b}') && !refused.contains('\u{1b}'));
    assert!(plain.contains("failed") && coloured.contains("failed"));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let server = seeded();
    let mut child = Command::new(env!("CARGO_BIN_EXE_wq"))
        .args(["jobs", "list", "--watch", "100ms", "-o", "ndjson"])
        .env("WQ_REDIS_URL", server.url())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();

    child.stdout.take().unwrap().read_exact(&mut [0; 16]).unwrap();

    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn a_password_on_the_command_line_is_warned_of_and_shown_nowhere() {
    let warned = Wq::bare().line("--redis redis://:canary-secret@127.0.0.1:1 --timeout 1s metrics -vvv").run().exits(3);

    assert!(!warned.stderr.contains("canary-secret"), "{}", warned.stderr);
    warned.stderr_has("use WQ_REDIS_URL");
}
