//! `--via cloud` before `wq sandbox`, which checks bodies as Meta documents them.

use std::sync::Arc;

use serde_json::{Value, json};
use wq::core::dispatch::transport::{Health, Outcome, Transport};
use wq::core::model::job::Job;
use wq::transport::{self, Secret, Way, cloud};

use super::{PATIENCE, TEXT, deliver, job};
use crate::sandbox::{NUMBER_ID, Sandbox};
use crate::support::{Server, wq};

fn by_sandbox(sandbox: &Sandbox, token: &str, phone_number_id: &str) -> Arc<dyn Transport> {
    let base_url = format!("http://127.0.0.1:{}", sandbox.port);
    let (token, phone_number_id) = (Secret::new(token), phone_number_id.to_owned());
    transport::build(Way::Cloud(cloud::Options { base_url, graph_version: 25, phone_number_id, token, timeout: PATIENCE })).unwrap()
}

/// One message of each kind that the Cloud API carries.
fn every_kind() -> Vec<Job> {
    let reply = |id: &str, title: &str| json!({"type": "reply", "id": id, "title": title});
    let body = json!([{"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}]);
    let kinds = [
        json!({"text": "Hola Ana"}),
        json!({"text": "Sí", "reply_to": "wamid.X", "preview_url": true}),
        json!({"template": {"name": "cita", "language": "es", "components": body}}),
        json!({"media": {"kind": "image", "url": "https://example.com/a.png", "caption": "A picture"}}),
        json!({"media": {"kind": "video", "url": "https://example.com/a.mp4"}}),
        json!({"media": {"kind": "document", "id": "1013", "file_name": "a.pdf", "caption": "A file"}}),
        json!({"media": {"kind": "audio", "url": "https://example.com/a.ogg"}}),
        json!({"location": {"latitude": 40.4168, "longitude": -3.7038, "name": "Sol"}}),
        json!({"contact": [{"name": "Eva", "phone": "+34600111333"}, {"name": "Leo", "phone": "+34600111444"}]}),
        json!({"reaction": {"message_id": "wamid.X", "emoji": "👍"}}),
        json!({"type": "buttons", "title": "Party", "text": "Will you come?", "buttons": [reply("y", "Yes"), reply("n", "No")]}),
        json!({"type": "buttons", "text": "Look", "buttons": [{"type": "url", "title": "Open", "url": "https://example.com"}]}),
        json!({"type": "list", "text": "Choose one", "list": {"button": "Menu", "sections": [{"rows": [{"id": "r1", "title": "One"}]}]}}),
    ];
    let with_number = |(n, mut data): (usize, Value)| {
        data["to"] = json!(format!("+3460011{:04}", 1200 + n));
        job(&format!("k{n}"), &data.to_string())
    };
    kinds.into_iter().enumerate().map(with_number).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_message_is_accepted() {
    let sandbox = Sandbox::start(&["--plain-numbers"]);
    let cloud = by_sandbox(&sandbox, "sandbox", NUMBER_ID);
    assert_eq!(cloud.health().await, Health::Up);

    for job in every_kind() {
        let outcome = deliver(&*cloud, &job).await;

        let Outcome::Accepted { provider_id: Some(id), .. } = outcome else { panic!("{}: {outcome:?}", job.data) };
        assert!(id.starts_with("wamid."), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_and_a_wrong_number_pause_the_queue() {
    let sandbox = Sandbox::start(&[]);
    for (token, number, class) in [("wrong", NUMBER_ID, "auth"), ("sandbox", "123456789012345", "number_not_ready")] {
        let cloud = by_sandbox(&sandbox, token, number);

        let sent = deliver(&*cloud, &job("j1", TEXT)).await;
        let health = cloud.health().await;

        let (Outcome::PauseQueue(outage), Health::Down(state)) = (&sent, &health) else { panic!("{sent:?} {health:?}") };
        assert_eq!((outage.class, state.class), (class, class));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accepted_message_whose_answer_was_lost_is_uncertain() {
    let sandbox = Sandbox::start(&["--drop-answers", "100%"]);

    let outcome = deliver(&*by_sandbox(&sandbox, "sandbox", NUMBER_ID), &job("j1", TEXT)).await;

    let Outcome::Uncertain { reason } = outcome else { panic!("{outcome:?}") };
    assert!(reason.starts_with("no_answer: "), "{reason}");
}

#[test]
fn a_queue_is_drained_and_each_message_arrives_once() {
    const MESSAGES: u32 = 40;
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let journal = folder.path().join("sent.ndjson");
    let sandbox =
        Sandbox::start(&["--plain-numbers", "--journal", journal.to_str().unwrap(), "--error-for", "34600999404=not-on-whatsapp"]);
    let line = |n: u32| json!({"name": "send", "data": {"to": format!("+3460022{n:04}"), "text": format!("Hola {n}")}}).to_string() + "\n";
    let unknown = json!({"name": "send", "data": {"to": "+34600999404", "text": "Hola"}, "opts": {"jobId": "unknown"}}).to_string();
    wq(&server).line("enqueue --ndjson -").input((0..MESSAGES).map(line).collect::<String>() + &unknown).run().exits(0);

    let worker =
        format!("worker --via cloud --base-url http://127.0.0.1:{} --phone-number-id {NUMBER_ID} --rate none --until-empty", sandbox.port);
    wq(&server).line(&worker).env("WQ_CLOUD_TOKEN", "sandbox").run().exits(0).stderr_has("40 completed");

    wq(&server).args(["sandbox", "check", journal.to_str().unwrap(), "--expect", "40"]).run().exits(0);
    let letters = wq(&server).line("dlq list --json").run().exits(0).json();
    assert_eq!(letters["data"][0]["id"], "unknown");
    assert!(letters["data"][0]["reason"].as_str().unwrap().starts_with("undeliverable:131026 "), "{letters}");
}
