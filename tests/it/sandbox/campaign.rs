//! A worker of ours against the sandbox: what it reports and what the journal holds add up.

use serde_json::{Value, json};

use super::Sandbox;
use crate::support::command::Wq;
use crate::support::{Server, wq};

const COUNT: usize = 120;

/// Messages to recipients of their own with texts of their own.
fn add(server: &Server) {
    let line = |n: usize| {
        let data = json!({ "to": format!("+346001{n:05}"), "text": format!("Message {n}") });
        json!({ "data": data, "opts": { "jobId": format!("j{n}"), "attempts": 5, "backoff": { "type": "fixed", "delay": 50 } } })
            .to_string()
            + "\n"
    };
    wq(server).line("enqueue --ndjson -").input((0..COUNT).map(line).collect::<String>()).run().exits(0);
}

fn drain(server: &Server, sandbox: &Sandbox) -> Value {
    let run =
        format!("worker --via evolution --base-url http://127.0.0.1:{} --instance main --until-empty --rate none --json", sandbox.port);
    wq(server).env("WQ_EVOLUTION_KEY", "sandbox").line(&run).run().exits(0).json()["data"].clone()
}

#[test]
fn a_campaign_reaches_everyone_once_who_can_be_reached() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("sent.ndjson");
    let path = journal.to_str().unwrap();
    let faults = ["--error", "http-500=10%", "--error", "not-on-whatsapp=5%", "--seed", "5", "--latency", "1ms..5ms"];
    let sandbox = Sandbox::start(&[["--journal", path].as_slice(), faults.as_slice()].concat());
    let server = Server::start();
    add(&server);

    let report = drain(&server, &sandbox);

    let (state, refused) = (sandbox.state(), sandbox.state()["refused_by_code"].clone());
    let dead = server.ask::<u64>("ZCARD bull:whatsapp:failed");
    let checked = Wq::bare().args(["sandbox", "check", path, "--json"]).run().exits(0).json()["data"].clone();
    assert_eq!((&checked["distinct"], &checked["doubled_by_content"]), (&report["completed"], &json!(0)));
    assert_eq!(report["completed"].as_u64().unwrap() + dead, COUNT as u64, "{state}");
    assert_eq!(refused["not-on-whatsapp"], dead);
    assert!(dead >= 1 && refused["http-500"].as_u64() >= Some(1), "{state}");
}
