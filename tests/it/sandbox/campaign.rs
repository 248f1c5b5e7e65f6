//! A worker of ours against the sandbox: what it reports, what it holds and what the journal has add up.

use serde_json::{Value, json};

use super::{NUMBER_ID, Sandbox};
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

fn drain(server: &Server, way: &str) -> Value {
    let run = format!("worker {way} --until-empty --rate none --json");
    let worker = wq(server).env("WQ_EVOLUTION_KEY", "sandbox").env("WQ_CLOUD_TOKEN", "sandbox").line(&run);
    worker.run().exits(0).json()["data"].clone()
}

/// Sends to a provider that fails, refuses and loses answers; `way` are the worker's flags but for the address.
fn a_campaign_adds_up(way: &str) {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("sent.ndjson");
    let path = journal.to_str().unwrap();
    let mut args = vec!["--journal", path, "--seed", "5", "--latency", "1ms..5ms", "--drop-answers", "6%"];
    args.extend(["--error", "http-500=5%", "--error", "not-on-whatsapp=4%", "--error", "gateway-502=4%"]);
    let sandbox = Sandbox::start(&args);
    let server = Server::start();
    add(&server);

    let report = drain(&server, &format!("{way} --base-url http://127.0.0.1:{}", sandbox.port));

    let state = sandbox.state();
    let count = |value: &Value| value.as_u64().unwrap_or_default();
    let (lost, pages) = (count(&state["dropped"]), count(&state["refused_by_code"]["gateway-502"]));
    let (absent, broken) = (count(&state["refused_by_code"]["not-on-whatsapp"]), count(&state["refused_by_code"]["http-500"]));
    let checked = Wq::bare().args(["sandbox", "check", path, "--json"]).run().exits(0).json()["data"].clone();
    let held = wq(&server).line("dlq list --uncertain --limit 500 --json").run().exits(0).json()["data"].as_array().unwrap().len() as u64;
    assert!(lost > 0 && pages > 0 && absent > 0 && broken > 0, "{state}");
    assert_eq!((count(&checked["doubled"]), count(&checked["doubled_by_content"])), (0, 0));
    assert_eq!(count(&checked["distinct"]), count(&report["completed"]) + lost, "{report} {state}");
    assert_eq!(held, lost + pages, "{report} {state}");
    assert_eq!(count(&report["completed"]) + absent + held, COUNT as u64, "{report} {state}");
}

#[test]
fn a_campaign_by_evolution_reaches_everyone_once_and_what_is_unknown_is_held() {
    a_campaign_adds_up("--via evolution --instance main");
}

#[test]
fn a_campaign_by_the_cloud_api_reaches_everyone_once_and_what_is_unknown_is_held() {
    a_campaign_adds_up(&format!("--via cloud --phone-number-id {NUMBER_ID}"));
}
