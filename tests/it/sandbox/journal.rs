//! The journal: what is in it, when it is written, and what is counted in it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{PATIENCE, Sandbox};
use crate::support::command::{Finished, Wq};

struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("sent.ndjson")
    }

    fn start(&self) -> Sandbox {
        Sandbox::start(&["--journal", self.journal().to_str().unwrap()])
    }
}

fn lines(journal: &Path) -> Vec<Value> {
    std::fs::read_to_string(journal).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn check(journal: &Path, further: &[&str]) -> Finished {
    Wq::bare().args(["sandbox", "check"]).args([journal]).args(["--json"]).args(further).run()
}

#[test]
fn a_line_says_who_got_what_over_which_way() {
    let folder = Folder::new();
    let sandbox = folder.start();

    let id = sandbox.send_text("+34 600 111 222", "Hola").json()["key"]["id"].clone();
    let wamid = sandbox.meta_text("+34600111333", "Hola", "wq:1").json()["messages"][0]["id"].clone();
    sandbox.send_text("34600999404", "nobody");

    let written = lines(&folder.journal());
    let (first, second) = (&written[0], &written[1]);
    assert_eq!(written.len(), 2);
    assert_eq!(
        [&first["dialect"], &first["route"], &first["to"], &first["key"]],
        [&json!("evolution"), &json!("sendText"), &json!("+34600111222"), &Value::Null]
    );
    assert_eq!(
        [&second["dialect"], &second["route"], &second["to"], &second["key"]],
        [&json!("meta"), &json!("text"), &json!("+34600111333"), &json!("wq:1")]
    );
    assert_eq!((&first["id"], &second["id"], &first["outcome"]), (&id, &wamid, &json!("answered")));
    assert!(first["at_us"].as_u64() < second["at_us"].as_u64());
}

#[test]
fn what_a_fault_kept_from_being_accepted_is_in_a_file_of_its_own() {
    let folder = Folder::new();
    let (journal, refusals) = (folder.journal(), folder.folder.path().join("refused.ndjson"));
    let sandbox = Sandbox::start(&["--journal", journal.to_str().unwrap(), "--refusals", refusals.to_str().unwrap()]);

    sandbox.send_text("34600999404", "nobody");
    sandbox.meta_text("+34600131056", "too often", "wq:1");
    sandbox.turn(&json!({ "storm": { "code": "gateway-502", "for": "1h" } }));
    sandbox.send_text("34600111222", "into a gateway");
    sandbox.meta_text("+34600111333", "into a gateway", "wq:2");
    sandbox.evolution("GET", "/instance/connectionState/main", &json!({}));
    sandbox.turn(&json!({ "reset": true }));
    sandbox.send_text("34600999599", "accepted, not answered");

    let told: Vec<String> = lines(&refusals)
        .iter()
        .map(|line| ["dialect", "route", "to", "key", "code"].map(|name| line[name].as_str().unwrap_or("-")).join(" "))
        .collect();
    assert_eq!(
        told,
        [
            "evolution sendText +34600999404 - not-on-whatsapp",
            "meta text +34600131056 wq:1 131056",
            "evolution sendText +34600111222 - gateway-502",
            "meta text +34600111333 wq:2 gateway-502",
        ]
    );
    assert_eq!(lines(&journal).len(), 1);
    assert_eq!(std::fs::metadata(&refusals).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_journal_is_for_its_owner_alone() {
    let folder = Folder::new();
    let _sandbox = folder.start();

    assert_eq!(std::fs::metadata(folder.journal()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_was_accepted_is_written_before_its_sender_knows_anything() {
    let folder = Folder::new();
    let mut sandbox = folder.start();

    assert_eq!(sandbox.send_text("34600999599", "lost").status, 0);
    sandbox.process.kill();

    let written = lines(&folder.journal());
    assert_eq!((written.len(), &written[0]["to"], &written[0]["outcome"]), (1, &json!("+34600999599"), &json!("dropped")));
}

#[test]
fn a_slow_answer_is_accepted_although_its_client_was_gone() {
    let folder = Folder::new();
    let sandbox = Sandbox::start(&["--journal", folder.journal().to_str().unwrap(), "--latency", "1h"]);
    let body = json!({ "number": "34600111222", "text": "x" }).to_string();
    let request = format!(
        "POST /message/sendText/main HTTP/1.1\r\napikey: sandbox\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", sandbox.port)).unwrap();

    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    crate::support::eventually(PATIENCE, "it is written", || (lines(&folder.journal()).len() == 1).then_some(()));
    drop(stream);

    assert_eq!(sandbox.state()["accepted"], 1);
}

#[test]
fn a_second_run_goes_on_in_the_same_file_with_ids_of_its_own() {
    let folder = Folder::new();
    for _ in 0..2 {
        let sandbox = folder.start();
        (0..20).for_each(|n| assert_eq!(sandbox.send_text("34600111222", &format!("{n}")).status, 201));
    }

    let ids: std::collections::BTreeSet<String> = lines(&folder.journal()).iter().map(|line| line["id"].to_string()).collect();
    assert_eq!(ids.len(), 40);
}

#[test]
fn doubles_are_counted_by_key_and_by_content() {
    let folder = Folder::new();
    let sandbox = folder.start();
    for (text, key) in [("a", "1"), ("b", "2"), ("b", "3")] {
        sandbox.meta_text("+34600111222", text, key);
    }
    sandbox.send_text("34600111222", "a");
    let clean = check(&folder.journal(), &["--expect", "4"]).exits(0).json()["data"].clone();
    assert_eq!([&clean["accepted"], &clean["distinct"], &clean["doubled"], &clean["keyed"]], [4, 4, 0, 3]);
    assert_eq!([&clean["doubled_by_key"], &clean["doubled_by_content"]], [0, 1]);

    sandbox.meta_text("+34600111222", "a", "1");
    sandbox.send_text("34600111222", "a");

    let doubled = check(&folder.journal(), &[]).exits(6).stderr_has("2 messages were accepted more than once").json()["data"].clone();
    assert_eq!([&doubled["accepted"], &doubled["distinct"], &doubled["doubled"]], [6, 4, 2]);
    assert_eq!([&doubled["doubled_by_key"], &doubled["doubled_by_content"]], [1, 3]);
    assert!(doubled["worst_1s_window"].as_u64() >= Some(1));
}

#[test]
fn a_check_says_no_when_messages_are_missing_and_when_there_is_no_journal() {
    let folder = Folder::new();
    let sandbox = folder.start();
    sandbox.send_text("34600111222", "a");

    check(&folder.journal(), &["--expect", "2"]).exits(6).stderr_has("1 messages instead of 2");
    check(&folder.folder.path().join("nothing"), &[]).exits(4).stderr_has("there is no journal");
    std::fs::write(folder.journal(), "{\"id\":1}\n").unwrap();
    check(&folder.journal(), &[]).exits(1).stderr_has("line 1 is no entry of a journal");
}

#[test]
fn the_latest_lines_can_be_asked_for() {
    let sandbox = Sandbox::start(&[]);
    (0..3).for_each(|n| assert_eq!(sandbox.send_text("34600111222", &format!("{n}")).status, 201));

    let all = sandbox.ask("GET", "/sandbox/journal", &[], "").body;
    let last = sandbox.ask("GET", "/sandbox/journal?limit=1", &[], "").body;

    assert_eq!((all.lines().count(), all.lines().last()), (3, last.lines().next()));
}

#[test]
fn a_message_that_cannot_be_written_down_is_not_accepted() {
    let folder = Folder::new();
    // a device that is always full
    let sandbox = Sandbox::start(&["--journal", "/dev/full"]);

    let reply = sandbox.send_text("34600111222", "x");

    assert_eq!((reply.status, &sandbox.state()["accepted"]), (500, &json!(0)));
    drop(folder);
}
