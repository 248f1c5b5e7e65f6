//! `--via evolution` before `wq sandbox`, which checks bodies by Evolution's own schemas.

use std::sync::Arc;

use serde_json::{Value, json};
use wq::core::dispatch::transport::{Health, Outcome, Transport};
use wq::core::model::clock::now_ms;
use wq::core::model::job::Job;
use wq::transport::{self, Secret, Way, evolution};

use super::{PATIENCE, deliver, job};
use crate::sandbox::Sandbox;
use crate::support::{Server, eventually, wq};

fn by_sandbox(sandbox: &Sandbox) -> Arc<dyn Transport> {
    let base_url = format!("http://127.0.0.1:{}", sandbox.port);
    let api_key = Secret::new("sandbox");
    transport::build(Way::Evolution(evolution::Options { base_url, instance: "main".to_owned(), api_key, timeout: PATIENCE })).unwrap()
}

/// One message of each kind that Evolution can send without a Meta account.
fn every_kind() -> Vec<Job> {
    let reply = |id: &str, title: &str| json!({"type": "reply", "id": id, "title": title});
    let kinds = [
        json!({"text": "Hola Ana", "delay": 1}),
        json!({"text": "Sí", "reply_to": "3EB0A1B2C3D4E5F6", "preview_url": true}),
        json!({"media": {"kind": "image", "url": "https://example.com/a.png", "caption": "A picture"}}),
        json!({"media": {"kind": "video", "url": "https://example.com/a.mp4"}}),
        json!({"media": {"kind": "document", "base64": "aGk=", "file_name": "a.pdf", "caption": "A file"}}),
        json!({"media": {"kind": "audio", "url": "https://example.com/a.ogg"}}),
        json!({"location": {"latitude": 40.4168, "longitude": -3.7038, "name": "Sol"}}),
        json!({"contact": [{"name": "Eva", "phone": "+34600111333"}, {"name": "Leo", "phone": "+34600111444"}]}),
        json!({"reaction": {"message_id": "3EB0A1B2C3D4E5F6", "emoji": "👍"}}),
        json!({"poll": {"name": "When?", "options": ["Mon", "Tue"], "selectable": 1}}),
        json!({"type": "buttons", "title": "Party", "text": "Will you come?", "buttons": [reply("y", "Yes"), reply("n", "No")]}),
        json!({"type": "buttons", "text": "Is it late?", "buttons": [reply("y", "Yes")]}),
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
    let sandbox = Sandbox::start(&[]);
    let evolution = by_sandbox(&sandbox);

    for job in every_kind() {
        let outcome = deliver(&*evolution, &job).await;

        let Outcome::Accepted { provider_id: Some(id), .. } = outcome else { panic!("{}: {outcome:?}", job.data) };
        assert!(id.starts_with("3EB0"), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_whose_answer_was_lost_is_found_again() {
    let sandbox = Sandbox::start(&["--drop-answers", "100%"]);
    let evolution = by_sandbox(&sandbox);

    for job in every_kind() {
        let intent = now_ms();

        let outcome = deliver(&*evolution, &job).await;

        let Outcome::Uncertain { reason } = outcome else { panic!("{}: {outcome:?}", job.data) };
        assert!(reason.starts_with("no_answer: "), "{reason}");
        let proof = evolution.look_up(&job, intent).await;
        assert!(proof.as_deref().is_some_and(|id| id.starts_with("3EB0")), "{}: {proof:?}", job.data);
    }
    // nothing like it was ever sent
    let other = job("other", r#"{"to":"+34600111200","text":"Adiós"}"#);
    assert_eq!(evolution.look_up(&other, now_ms()).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_loses_its_connection_is_down_until_it_is_open_again() {
    let sandbox = Sandbox::start(&[]);
    let evolution = by_sandbox(&sandbox);
    let text = job("j1", super::TEXT);
    assert_eq!(evolution.health().await, Health::Up);

    assert_eq!(sandbox.ask("POST", "/sandbox/faults", &[("content-type", "application/json")], r#"{"disconnect":"2s"}"#).status, 200);
    let sent = deliver(&*evolution, &text).await;
    let health = evolution.health().await;

    let (Outcome::PauseQueue(outage), Health::Down(state)) = (&sent, &health) else { panic!("{sent:?} {health:?}") };
    assert_eq!((outage.class, state.class), ("instance_disconnected", "instance_disconnected"));
    let started = std::time::Instant::now();
    while evolution.health().await != Health::Up {
        assert!(started.elapsed() < PATIENCE, "it never comes back");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(matches!(deliver(&*evolution, &text).await, Outcome::Accepted { .. }));
}

#[test]
fn a_queue_is_drained_and_each_message_arrives_once() {
    const MESSAGES: u32 = 40;
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let journal = folder.path().join("sent.ndjson");
    let sandbox = Sandbox::start(&["--journal", journal.to_str().unwrap()]);
    let line = |n: u32| json!({"name": "send", "data": {"to": format!("+3460022{n:04}"), "text": format!("Hola {n}")}}).to_string() + "\n";
    let unknown = json!({"name": "send", "data": {"to": "+34600999404", "text": "Hola"}, "opts": {"jobId": "unknown"}}).to_string();
    wq(&server).line("enqueue --ndjson -").input((0..MESSAGES).map(line).collect::<String>() + &unknown).run().exits(0);

    let worker = format!("worker --via evolution --base-url http://127.0.0.1:{} --instance main --rate none --until-empty", sandbox.port);
    wq(&server).line(&worker).env("WQ_EVOLUTION_KEY", "sandbox").run().exits(0).stderr_has("40 completed");

    let check = ["sandbox", "check", journal.to_str().unwrap(), "--expect", "40"];
    wq(&server).args(check).run().exits(0);
    let letters = wq(&server).line("dlq list --json").run().exits(0).json();
    assert_eq!(letters["data"][0]["id"], "unknown");
    assert_eq!(letters["data"][0]["reason"], "not_on_whatsapp:400 the number has no WhatsApp account");
}

#[test]
fn a_worker_that_looks_up_what_it_lost_completes_it_without_sending_it_again() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let journal = folder.path().join("sent.ndjson");
    let sandbox = Sandbox::start(&["--journal", journal.to_str().unwrap(), "--drop-answers", "100%"]);
    for (id, to) in [("m1", "+34600220001"), ("m2", "+34600220002")] {
        wq(&server).args(["enqueue", "--to", to, "--text", "Hola", "--id", id]).run().exits(0);
    }

    let line =
        format!("worker --via evolution --base-url http://127.0.0.1:{} --instance main --rate none --on-uncertain lookup", sandbox.port);
    let mut worker = wq(&server).line(&line).env("WQ_EVOLUTION_KEY", "sandbox").spawn();
    eventually(PATIENCE, "both are proved", || (server.ask::<u64>("ZCARD bull:whatsapp:completed") == 2).then_some(()));
    worker.signal("TERM");
    assert!(worker.ends(PATIENCE).success());

    wq(&server).args(["sandbox", "check", journal.to_str().unwrap(), "--expect", "2"]).run().exits(0);
    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:failed"), 0);
}
