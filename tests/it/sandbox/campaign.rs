//! A worker of ours against the sandbox: message by message, where its job ends follows from what the provider's books say of it.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::{NUMBER_ID, Sandbox};
use crate::support::command::Wq;
use crate::support::{Server, wq};

const COUNT: usize = 300;
/// Attempts of each message.
const ATTEMPTS: usize = 3;

type Numbers = BTreeSet<String>;

fn number(n: usize) -> String {
    format!("+346001{n:05}")
}

/// Messages to recipients of their own with texts of their own.
fn add(server: &Server) {
    let line = |n: usize| {
        let data = json!({ "to": number(n), "text": format!("Message {n}") });
        let options = json!({ "jobId": format!("j{n}"), "attempts": ATTEMPTS, "backoff": { "type": "fixed", "delay": 50 } });
        json!({ "data": data, "opts": options }).to_string() + "\n"
    };
    wq(server).line("enqueue --ndjson -").input((0..COUNT).map(line).collect::<String>()).run().exits(0);
}

fn drain(server: &Server, way: &str) {
    let run = format!("worker {way} --until-empty --rate none");
    wq(server).env("WQ_EVOLUTION_KEY", "sandbox").env("WQ_CLOUD_TOKEN", "sandbox").line(&run).run().exits(0);
}

/// The lines of a file of the sandbox's for which something holds: their numbers, as often as they are there.
fn told(file: &Path, is_meant: impl Fn(&Value) -> bool) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.filter(|line: &Value| is_meant(line)).map(|line| line["to"].as_str().unwrap().to_owned()).collect()
}

fn set(numbers: &[String]) -> Numbers {
    numbers.iter().cloned().collect()
}

/// The numbers of what a command lists.
fn listed(server: &Server, line: &str) -> Numbers {
    let rows = wq(server).line(&format!("{line} --limit 1000 --json")).run().exits(0).json();
    rows["data"].as_array().unwrap().iter().map(|row| row["data"]["to"].as_str().unwrap().to_owned()).collect()
}

/// Sends to a provider that fails, refuses and loses answers; `way` are the worker's flags but for the address.
fn a_campaign_adds_up(way: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (journal, refusals) = (folder.path().join("sent.ndjson"), folder.path().join("refused.ndjson"));
    let mut args = vec!["--journal", journal.to_str().unwrap(), "--refusals", refusals.to_str().unwrap()];
    args.extend(["--seed", "5", "--latency", "1ms..5ms", "--drop-answers", "6%", "--error", "not-on-whatsapp=4%"]);
    args.extend(["--error", "http-500=20%", "--error", "gateway-502=4%"]);
    let sandbox = Sandbox::start(&args);
    let server = Server::start();
    add(&server);

    drain(&server, &format!("{way} --base-url http://127.0.0.1:{}", sandbox.port));

    let accepted = told(&journal, |_| true);
    let (answered, dropped) = (told(&journal, |line| line["outcome"] == "answered"), told(&journal, |line| line["outcome"] == "dropped"));
    let refused = |code: &str| told(&refusals, |line| line["code"] == code);
    let (pages, absent, broken) = (refused("gateway-502"), refused("not-on-whatsapp"), refused("http-500"));
    let used_up = set(&broken).into_iter().filter(|to| broken.iter().filter(|other| *other == to).count() == ATTEMPTS).collect();
    let dead = listed(&server, "dlq list");
    let held = listed(&server, "dlq list --uncertain");
    assert!([&dropped, &pages, &absent, &broken].iter().all(|numbers| !numbers.is_empty()), "{}", sandbox.state());
    assert_eq!(accepted.len(), set(&accepted).len(), "none is accepted twice");
    assert_eq!(listed(&server, "jobs list --state completed"), set(&answered));
    assert_eq!(held, &set(&dropped) | &set(&pages));
    assert_eq!(&dead - &held, &set(&absent) | &used_up);
    assert_eq!(&set(&answered) | &dead, (0..COUNT).map(number).collect(), "none is lost");
    Wq::bare().args(["sandbox", "check", journal.to_str().unwrap(), "--expect", &accepted.len().to_string()]).run().exits(0);
}

#[test]
fn a_campaign_by_evolution_reaches_everyone_once_and_what_is_unknown_is_held() {
    a_campaign_adds_up("--via evolution --instance main");
}

#[test]
fn a_campaign_by_the_cloud_api_reaches_everyone_once_and_what_is_unknown_is_held() {
    a_campaign_adds_up(&format!("--via cloud --phone-number-id {NUMBER_ID}"));
}
