//! A Redis user of its own for `wq`: what docs/security.md gives it is enough for everything, and what is missing is named.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::support::command::{Background, Wq};
use crate::support::receiver::{Answer, Request, accept};
use crate::support::{Receiver, Server, eventually};

const SOON: Duration = Duration::from_secs(30);

/// The rules of the line in docs/security.md, from `on` on.
fn documented() -> String {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/security.md")).unwrap();
    let line = page.lines().find_map(|line| line.strip_prefix("ACL SETUSER wq ")).expect("an ACL SETUSER line");
    line.replace("PASSWORD", "pw")
}

/// A server, and the address of a user with these rules on it.
struct Field {
    server: Server,
    url: String,
}

impl Field {
    fn new(rules: &str) -> Self {
        let server = Server::durable();
        server.ask::<()>(&format!("ACL SETUSER wq {rules}"));
        let url = server.url().replace("redis://", "redis://wq:pw@");
        Self { server, url }
    }

    fn wq(&self, line: &str) -> Wq {
        Wq::bare().env("WQ_REDIS_URL", &self.url).line(line)
    }

    fn worker(&self, receiver: &Receiver, more: &[&str]) -> Background {
        self.wq(&format!("worker -v --via http --url {} --rate none", receiver.url())).args(more).spawn()
    }

    fn count(&self, command: &str) -> u64 {
        self.server.ask(command)
    }

    /// The commands that anybody called.
    fn used(&self) -> Vec<String> {
        let statistics: String = self.server.ask("INFO commandstats");
        let mut names: Vec<String> =
            statistics.lines().filter_map(|line| line.strip_prefix("cmdstat_")?.split(':').next().map(str::to_owned)).collect();
        names.sort();
        names
    }

    /// What the server refused, in its own words.
    fn refused(&self) -> Vec<String> {
        let log: Vec<redis::Value> = self.server.ask("ACL LOG 100");
        log.iter().map(|entry| format!("{entry:?}")).collect()
    }
}

/// Refuses for good what says so, never answers what says `slow`, accepts the rest.
fn answer(request: &Request) -> Answer {
    match request.body["data"]["play"].as_str() {
        Some("refuse") => (422, "", "no such number".to_owned()),
        Some("slow") => {
            std::thread::sleep(SOON);
            accept(request)
        }
        _ => accept(request),
    }
}

#[test]
fn the_documented_user_may_do_everything_and_is_refused_nothing() {
    let (field, receiver) = (Field::new(&documented()), Receiver::start(Duration::ZERO, answer));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("contacts.csv"), "phone\n+34600111222\n+34600111223\n").unwrap();

    // Adds of every kind.
    field.wq("enqueue --to +34600111222 --text Hola").run().exits(0);
    for id in ["later", "far"] {
        field.wq(&format!("enqueue --id {id} --delay 1h --data {{}}")).run().exits(0);
    }
    field.wq("enqueue --id once --dedupe a --data {}").run().exits(0);
    let lines =
        concat!(r#"{"data":{"play":"refuse"},"opts":{"jobId":"bad"}}"#, "\n", r#"{"data":{"play":"slow"},"opts":{"jobId":"slow"}}"#);
    field.wq("enqueue --ndjson -").input(lines).run().exits(0);
    field.wq("enqueue --tree -").input(r#"{"id":"top","data":{},"children":[{"id":"one","data":{}}]}"#).run().exits(0);
    for _ in 0..2 {
        field.wq("bulk contacts.csv --text Hola").folder(folder.path()).run().exits(0);
    }
    field.wq("schedule add tick --every 1s --data {}").run().exits(0);
    for line in ["schedule list", "schedule show tick", "schedule run-now tick"] {
        field.wq(line).run().exits(0);
    }

    // A worker with the fence, which dies while it sends; another one, which recovers.
    let mut doomed = field.worker(&receiver, &[]);
    eventually(SOON, "it sends", || (field.count("HEXISTS bull:whatsapp:slow wqi") == 1).then_some(()));
    let other = field.worker(&receiver, &["--lock-ttl", "1s", "--stalled-interval", "500ms"]);
    eventually(SOON, "both live", || (field.count("HLEN wq:bull:whatsapp:beat") == 2).then_some(()));
    doomed.kill();
    eventually(Duration::from_secs(14), &format!("what it sent is held; {}", other.stderr()), || {
        (field.count("HEXISTS wq:bull:whatsapp:held slow") == 1).then_some(())
    });
    let answered = |id: &str| receiver.requests().iter().any(|request| request.body["id"] == id);
    eventually(SOON, "the rest is sent", || (answered("top") && answered("bad")).then_some(()));

    // What people ask and do.
    let lines = [
        "metrics",
        "queues list",
        "workers list",
        "events --no-follow",
        "dlq list",
        "dlq list --by reason",
        "dlq list --uncertain",
        "dlq show bad",
        "dlq retry bad",
        "dlq resolve slow --not-sent",
        "jobs list",
        "jobs list --state completed",
        "jobs get bad --logs",
        "jobs get top --tree",
        "jobs promote later",
        "pause",
        "resume",
        "queues set whatsapp --rate 100/s",
        "queues pause whatsapp",
        "queues resume whatsapp",
        "schedule remove tick",
        "jobs clean --state completed --yes",
        "jobs remove far --yes",
        "dlq clean --yes",
        "queues drain whatsapp --yes",
        "queues pause whatsapp",
        "queues obliterate whatsapp --force --yes",
    ];
    // What was used until here, workers and adds need.
    println!("workers and adds: {:?}", field.used());
    for line in lines {
        field.wq(line).run().exits(0);
    }
    println!("people, too: {:?}", field.used());
    drop(other);

    assert_eq!(field.refused(), [""; 0]);
    assert_eq!(field.server.ask::<String>("ACL WHOAMI"), "default", "and this was somebody else");
}

fn check(field: &Field) -> Value {
    let found = field.wq("doctor --json").run().json();
    found["data"].as_array().unwrap().iter().find(|check| check["check"] == "permissions").unwrap().clone()
}

#[test]
fn the_doctor_finds_nothing_missing_with_the_documented_user_and_names_what_another_lacks() {
    let rules = documented();
    let field = Field::new(&rules);
    let lacks = |change: &str| {
        field.server.ask::<()>(&format!("ACL SETUSER wq reset {rules} {change}"));
        let check = check(&field);
        (check["finding"].as_str().unwrap().to_owned(), check["detail"].as_str().unwrap().to_owned(), check["cure"].clone())
    };

    assert_eq!(lacks("").0, "ok");
    let (finding, detail, cure) = lacks("resetchannels");
    assert_eq!(finding, "warning", "{detail}");
    assert!(detail.contains("15 s instead of 2 s") && cure.as_str().unwrap().contains("&wq:bull:*"), "{detail} {cure}");
    let (finding, detail, _) = lacks("-zadd -xadd");
    assert_eq!((finding.as_str(), detail.as_str()), ("failed", "its user lacks +xadd +zadd"));
}

#[test]
fn without_the_channel_a_worker_works_and_says_once_what_is_missing() {
    let rules = documented().replace("&wq:bull:*", "");
    let (field, receiver) = (Field::new(&rules.replace("  ", " ")), Receiver::start(Duration::ZERO, accept));
    field.wq("enqueue --to +34600111222 --text Hola").run().exits(0);

    let worker = field.worker(&receiver, &[]);

    eventually(SOON, "it is completed", || (field.count("ZCARD bull:whatsapp:completed") == 1).then_some(()));
    let beats = || field.server.ask::<Vec<u64>>("HVALS wq:bull:whatsapp:beat");
    let first = beats();
    eventually(SOON, "it has given some signs of life", || (beats()[0] > first[0] + 1500).then_some(()));
    let said = worker.stderr();
    assert_eq!(said.matches("&wq:PREFIX:*").count(), 1, "{said}");
    let deaf = field.server.ask::<Vec<String>>("HKEYS wq:bull:whatsapp:watch");
    assert_eq!(deaf.iter().filter(|name| name.starts_with("deaf.")).count(), 1, "{deaf:?}");
}

#[test]
fn a_command_that_the_user_may_not_call_is_named_with_where_the_rules_are() {
    let field = Field::new(&documented().replace(" +evalsha", ""));

    field.wq("enqueue --to +34600111222 --text Hola").run().exits(3).stderr_has("evalsha").stderr_has("docs/security.md");
}

/// Words in capitals right behind one of these openings, in lower case.
fn called(text: &str) -> impl Iterator<Item = String> {
    ["call('", "insist('", "cmd(\""].into_iter().flat_map(move |opening| {
        text.split(opening).skip(1).filter_map(|rest| {
            let word: String = rest.chars().take_while(char::is_ascii_uppercase).collect();
            (!word.is_empty()).then(|| word.to_ascii_lowercase())
        })
    })
}

fn texts_below(folder: &Path, texts: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts_below(&path, texts);
        } else {
            texts.push(std::fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn the_documented_user_has_every_command_that_the_sources_call_and_the_doctor_looks_for_the_same() {
    // Of an administrator, of a cluster, and of --durability.
    const BESIDES: [&str; 8] = ["bgsave", "config", "flushdb", "shutdown", "asking", "cluster", "wait", "waitaof"];
    let rules = documented();
    let given: BTreeSet<&str> = rules.split(' ').filter_map(|rule| rule.strip_prefix('+')).collect();
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core/store");
    let mut texts = Vec::new();
    texts_below(&store, &mut texts);

    let whole: BTreeSet<&str> = given.iter().map(|name| name.split('|').next().unwrap()).collect();
    let called: BTreeSet<String> = texts.iter().flat_map(|text| called(text)).collect();
    let lacking: Vec<&String> = called.iter().filter(|name| !whole.contains(name.as_str()) && !BESIDES.contains(&name.as_str())).collect();
    assert!(called.len() > 40 && lacking.is_empty(), "{lacking:?}");

    let script = std::fs::read_to_string(store.join("lua/check_user.lua")).unwrap();
    let (_, list) = script.split_once("local CALLS = {").unwrap();
    let list = list.split_once("\n}").unwrap().0;
    let looked_for: BTreeSet<&str> = list.split('\'').skip(1).step_by(2).filter_map(|sample| sample.split(' ').next()).collect();
    assert_eq!(looked_for, given);
}
