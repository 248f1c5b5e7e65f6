//! Both providers before `wq sandbox`, which checks bodies by Evolution's own schemas and as Meta documents them.

use std::sync::Arc;

use serde_json::{Value, json};
use wq::core::dispatch::transport::{Health, Outcome, Transport};
use wq::core::model::clock::now_ms;
use wq::core::model::job::Job;
use wq::transport::{self, Secret, Way, cloud, evolution};

use super::{MESSAGE, PATIENCE, deliver, job};
use crate::sandbox::{NUMBER_ID, Sandbox};
use crate::support::command::Wq;
use crate::support::{Server, eventually, wq};

/// A provider as the sandbox plays it.
struct Provider {
    /// What makes the sandbox take every number but one.
    flags: &'static [&'static str],
    /// How the provider's ids of messages begin.
    id_begin: &'static str,
    /// Of a message that is replied to.
    other_message: &'static str,
    /// Messages that it alone takes.
    own_kinds: fn() -> Vec<Value>,
    connect: fn(&Sandbox) -> Arc<dyn Transport>,
    /// What its worker is told beside the base URL, and in which variable the secret is.
    worker: &'static str,
    secret: &'static str,
    /// Why a number without an account is a dead letter.
    unknown_number: &'static str,
    has_proof: bool,
}

const EVOLUTION: Provider = Provider {
    flags: &[],
    id_begin: "3EB0",
    other_message: "3EB0A1B2C3D4E5F6",
    own_kinds: || {
        vec![
            json!({"text": "Hola Ana", "delay": 1}),
            json!({"media": {"kind": "document", "base64": "aGk=", "file_name": "a.pdf", "caption": "A file"}}),
            json!({"poll": {"name": "When?", "options": ["Mon", "Tue"], "selectable": 1}}),
        ]
    },
    connect: by_evolution,
    worker: "worker --via evolution --instance main",
    secret: "WQ_EVOLUTION_KEY",
    unknown_number: "not_on_whatsapp:400 the number has no WhatsApp account",
    has_proof: true,
};

const CLOUD: Provider = Provider {
    flags: &["--plain-numbers", "--error-for", "34600999404=not-on-whatsapp"],
    id_begin: "wamid.",
    other_message: "wamid.X",
    own_kinds: || {
        let body = json!([{"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}]);
        vec![
            json!({"template": {"name": "cita", "language": "es", "components": body}}),
            json!({"media": {"kind": "document", "id": "1013", "file_name": "a.pdf", "caption": "A file"}}),
            json!({"type": "buttons", "text": "Look", "buttons": [{"type": "url", "title": "Open", "url": "https://example.com"}]}),
        ]
    },
    connect: |sandbox| by_cloud(sandbox, "sandbox", NUMBER_ID),
    worker: "worker --via cloud --phone-number-id 106540352242922",
    secret: "WQ_CLOUD_TOKEN",
    unknown_number: "undeliverable:131026 ",
    has_proof: false,
};

fn by_evolution(sandbox: &Sandbox) -> Arc<dyn Transport> {
    let base_url = format!("http://127.0.0.1:{}", sandbox.port);
    let api_key = Secret::new("sandbox");
    transport::build(Way::Evolution(evolution::Options { base_url, instance: "main".to_owned(), api_key, timeout: PATIENCE })).unwrap()
}

fn by_cloud(sandbox: &Sandbox, token: &str, phone_number_id: &str) -> Arc<dyn Transport> {
    let base_url = format!("http://127.0.0.1:{}", sandbox.port);
    let (token, phone_number_id) = (Secret::new(token), phone_number_id.to_owned());
    transport::build(Way::Cloud(cloud::Options { base_url, graph_version: 25, phone_number_id, token, timeout: PATIENCE })).unwrap()
}

impl Provider {
    fn sandbox(&self, more: &[&str]) -> Sandbox {
        Sandbox::start(&[self.flags, more].concat())
    }

    /// One message of each kind that it carries, each to a number of its own.
    fn every_kind(&self) -> Vec<Job> {
        let reply = |id: &str, title: &str| json!({"type": "reply", "id": id, "title": title});
        let mut kinds = vec![
            json!({"text": "Hola Ana"}),
            json!({"text": "Sí", "reply_to": self.other_message, "preview_url": true}),
            json!({"media": {"kind": "image", "url": "https://example.com/a.png", "caption": "A picture"}}),
            json!({"media": {"kind": "video", "url": "https://example.com/a.mp4"}}),
            json!({"media": {"kind": "audio", "url": "https://example.com/a.ogg"}}),
            json!({"location": {"latitude": 40.4168, "longitude": -3.7038, "name": "Sol"}}),
            json!({"contact": [{"name": "Eva", "phone": "+34600111333"}, {"name": "Leo", "phone": "+34600111444"}]}),
            json!({"reaction": {"message_id": self.other_message, "emoji": "👍"}}),
            json!({"type": "buttons", "title": "Party", "text": "Will you come?", "buttons": [reply("y", "Yes"), reply("n", "No")]}),
            json!({"type": "buttons", "text": "Is it late?", "buttons": [reply("y", "Yes")]}),
            json!({"type": "list", "text": "Choose one", "list": {"button": "Menu", "sections": [{"rows": [{"id": "r1", "title": "One"}]}]}}),
        ];
        kinds.extend((self.own_kinds)());
        let with_number = |(n, mut data): (usize, Value)| {
            data["to"] = json!(format!("+3460011{:04}", 1200 + n));
            job(&format!("k{n}"), &data.to_string())
        };
        kinds.into_iter().enumerate().map(with_number).collect()
    }

    fn worker(&self, server: &Server, sandbox: &Sandbox, more: &str) -> Wq {
        let line = format!("{} --base-url http://127.0.0.1:{} --rate none {more}", self.worker, sandbox.port);
        wq(server).line(&line).env(self.secret, "sandbox")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_message_is_accepted() {
    for provider in [EVOLUTION, CLOUD] {
        let sandbox = provider.sandbox(&[]);
        let transport = (provider.connect)(&sandbox);
        assert_eq!(transport.health().await, Health::Up);

        for job in provider.every_kind() {
            let outcome = deliver(&*transport, &job).await;

            let Outcome::Accepted { provider_id: Some(id), .. } = outcome else { panic!("{}: {outcome:?}", job.data) };
            assert!(id.starts_with(provider.id_begin), "{id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_whose_answer_was_lost_is_uncertain_and_found_again_where_there_is_proof() {
    for provider in [EVOLUTION, CLOUD] {
        let sandbox = provider.sandbox(&["--drop-answers", "100%"]);
        let transport = (provider.connect)(&sandbox);

        for job in provider.every_kind() {
            let intent = now_ms();

            let outcome = deliver(&*transport, &job).await;

            let Outcome::Uncertain { reason } = outcome else { panic!("{}: {outcome:?}", job.data) };
            assert!(reason.starts_with("no_answer: "), "{reason}");
            let proof = transport.look_up(&job, intent).await;
            let is_found = proof.as_deref().is_some_and(|id| id.starts_with(provider.id_begin));
            assert_eq!(is_found, provider.has_proof, "{}: {proof:?}", job.data);
        }
        // nothing like it was ever sent
        let other = job("other", r#"{"to":"+34600111200","text":"Adiós"}"#);
        assert_eq!(transport.look_up(&other, now_ms()).await, None);
    }
}

#[test]
fn a_queue_is_drained_and_each_message_arrives_once() {
    const MESSAGES: u32 = 40;
    for provider in [EVOLUTION, CLOUD] {
        let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
        let journal = folder.path().join("sent.ndjson");
        let sandbox = provider.sandbox(&["--journal", journal.to_str().unwrap()]);
        let line =
            |n: u32| json!({"name": "send", "data": {"to": format!("+3460022{n:04}"), "text": format!("Hola {n}")}}).to_string() + "\n";
        let unknown = json!({"name": "send", "data": {"to": "+34600999404", "text": "Hola"}, "opts": {"jobId": "unknown"}}).to_string();
        wq(&server).line("enqueue --ndjson -").input((0..MESSAGES).map(line).collect::<String>() + &unknown).run().exits(0);

        provider.worker(&server, &sandbox, "--until-empty").run().exits(0).stderr_has("40 completed");

        wq(&server).args(["sandbox", "check", journal.to_str().unwrap(), "--expect", "40"]).run().exits(0);
        let letters = wq(&server).line("dlq list --json").run().exits(0).json();
        assert_eq!(letters["data"][0]["id"], "unknown");
        assert!(letters["data"][0]["reason"].as_str().unwrap().starts_with(provider.unknown_number), "{letters}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_loses_its_connection_is_down_until_it_is_open_again() {
    let sandbox = EVOLUTION.sandbox(&[]);
    let evolution = by_evolution(&sandbox);
    let text = job("j1", MESSAGE);
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
fn a_worker_that_looks_up_what_it_lost_completes_it_without_sending_it_again() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let journal = folder.path().join("sent.ndjson");
    let sandbox = EVOLUTION.sandbox(&["--journal", journal.to_str().unwrap(), "--drop-answers", "100%"]);
    for (id, to) in [("m1", "+34600220001"), ("m2", "+34600220002")] {
        wq(&server).args(["enqueue", "--to", to, "--text", "Hola", "--id", id]).run().exits(0);
    }

    let mut worker = EVOLUTION.worker(&server, &sandbox, "--on-uncertain lookup").spawn();
    eventually(PATIENCE, "both are proved", || (server.ask::<u64>("ZCARD bull:whatsapp:completed") == 2).then_some(()));
    worker.signal("TERM");
    assert!(worker.ends(PATIENCE).success());

    wq(&server).args(["sandbox", "check", journal.to_str().unwrap(), "--expect", "2"]).run().exits(0);
    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:failed"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_and_a_wrong_number_pause_the_queue() {
    let sandbox = CLOUD.sandbox(&[]);
    for (token, number, class) in [("wrong", NUMBER_ID, "auth"), ("sandbox", "123456789012345", "number_not_ready")] {
        let cloud = by_cloud(&sandbox, token, number);

        let sent = deliver(&*cloud, &job("j1", MESSAGE)).await;
        let health = cloud.health().await;

        let (Outcome::PauseQueue(outage), Health::Down(state)) = (&sent, &health) else { panic!("{sent:?} {health:?}") };
        assert_eq!((outage.class, state.class), (class, class));
    }
}
