//! A worker that sends by the Cloud API: where it takes its settings and its token from, and what it never shows.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{ACCEPTED, TOKEN, refusal};
use crate::support::command::{Finished, Wq};
use crate::support::{Server, wq};
use crate::transports::peer::Peer;

const ID: &str = "106540352242922";

/// Runs what needs no runtime, while `peer` goes on answering.
pub(super) async fn beside<T: Send + 'static>(_peer: &Peer, work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

fn enqueue(server: &Server) {
    wq(server).args(["enqueue", "--to", "+34600111222", "--text", "Hola Ana", "--id", "m1"]).run().exits(0);
}

fn drain(worker: Wq) -> Finished {
    let finished = worker.run();
    assert!(!finished.stdout.contains("canary") && !finished.stderr.contains("canary"), "{}{}", finished.stdout, finished.stderr);
    finished
}

fn token_file(folder: &Path) {
    let path = folder.join("cloud.token");
    fs::write(&path, format!("{TOKEN}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn a_message_goes_out_with_the_token_of_the_environment_and_its_answer_is_the_return_value() {
    let peer = Peer::saying(200, ACCEPTED).await;
    let url = peer.url("");

    let job = beside(&peer, move || {
        let server = Server::start();
        enqueue(&server);
        let worker = wq(&server).line(&format!("worker --via cloud --base-url {url} --phone-number-id {ID} --until-empty -vvv"));
        drain(worker.env("WQ_CLOUD_TOKEN", TOKEN)).exits(0).stderr_has("1 completed");
        wq(&server).line("jobs get m1 --json").run().exits(0).json()
    })
    .await;

    let seen = peer.seen();
    assert_eq!((seen.len(), seen[0].header("authorization")), (1, Some(format!("Bearer {TOKEN}").as_str())));
    let body: serde_json::Value = serde_json::from_slice(&seen[0].body).unwrap();
    assert_eq!(body["biz_opaque_callback_data"], "m1");
    assert_eq!(job["data"]["state"], "completed");
    assert!(job.to_string().contains("wamid.HBgL"), "{job}");
}

#[tokio::test]
async fn everything_can_stand_in_the_settings_file_but_the_token_itself() {
    let peer = Peer::saying(200, ACCEPTED).await;
    let url = peer.url("/graph");

    beside(&peer, move || {
        let server = Server::start();
        let folder = tempfile::tempdir().unwrap();
        token_file(folder.path());
        let settings = folder.path().join("wq.toml");
        let section = format!(
            "[cloud]\nbase_url = \"{url}\"\nphone_number_id = {ID}\ngraph_version = 24\ntoken_file = \"cloud.token\"\ntimeout = \"5s\"\n"
        );
        fs::write(&settings, section).unwrap();
        enqueue(&server);

        drain(wq(&server).line("worker --via cloud --until-empty").env("WQ_CONFIG", &settings)).exits(0).stderr_has("1 completed");
    })
    .await;

    let head = peer.seen()[0].head.clone();
    assert!(head.starts_with(&format!("POST /graph/v24.0/{ID}/messages HTTP/1.1\r\n")), "{head}");
}

#[tokio::test]
async fn a_dead_letter_says_why_in_one_line() {
    let peer = Peer::saying(400, &refusal(131_026)).await;
    let url = peer.url("");

    let letters = beside(&peer, move || {
        let server = Server::start();
        enqueue(&server);
        let worker = wq(&server).line(&format!("worker --via cloud --base-url {url} --phone-number-id {ID} --until-empty"));
        drain(worker.env("WQ_CLOUD_TOKEN", TOKEN)).exits(0);
        wq(&server).line("dlq list --json").run().exits(0).json()
    })
    .await;

    assert_eq!(peer.seen().len(), 1);
    assert_eq!(letters["data"][0]["reason"], "undeliverable:131026 (#131026) refused +55…0000");
}

#[tokio::test]
async fn the_doctor_asks_the_provider_that_is_configured() {
    let peers = [Peer::saying(200, &format!(r#"{{"id":"{ID}","status":"CONNECTED"}}"#)).await, Peer::saying(401, &refusal(190)).await];
    let urls = peers.each_ref().map(|peer| peer.url(""));

    let [well, ill] = beside(&peers[0], move || {
        let server = Server::durable();
        urls.map(|url| {
            let doctor = wq(&server).line("doctor --json").env("WQ_CLOUD_PHONE_NUMBER_ID", ID).env("WQ_CLOUD_URL", url);
            drain(doctor.env("WQ_CLOUD_TOKEN", TOKEN))
        })
    })
    .await;

    let provider = |finished: &Finished| finished.json()["data"].as_array().unwrap().last().unwrap().clone();
    let (well, ill) = (provider(&well.exits(0)), provider(&ill.exits(6)));
    assert_eq!((&well["subject"], &well["check"], &well["finding"]), (&"cloud".into(), &"provider".into(), &"ok".into()));
    assert_eq!(ill["detail"], "auth: 190 (#190) refused +55…0000; put a valid access token in place");
}

#[test]
fn a_provider_without_a_token_is_told_by_the_doctor() {
    let server = Server::durable();

    let finished = wq(&server).line("doctor --json").env("WQ_CLOUD_PHONE_NUMBER_ID", ID).run().exits(6);

    assert_eq!(finished.json()["data"].as_array().unwrap().last().unwrap()["detail"], "the access token of Meta is missing");
}

#[test]
fn a_worker_that_lacks_a_setting_says_which_and_takes_no_job() {
    let line = |words: &str| Wq::bare().line(&format!("worker --via cloud {words}"));

    line("--base-url http://127.0.0.1:1").run().exits(2).stderr_has("--via cloud needs --phone-number-id").stderr_has("hint: ");
    line(&format!("--phone-number-id {ID}"))
        .run()
        .exits(2)
        .stderr_has("the access token of Meta is missing")
        .stderr_has("set WQ_CLOUD_TOKEN or give --token-file");
    line("--phone-number-id +34600111222")
        .env("WQ_CLOUD_TOKEN", TOKEN)
        .run()
        .exits(2)
        .stderr_has("not the phone number, but Meta's id of it");
    line(&format!("--phone-number-id {ID} --graph-version 0")).run().exits(2).stderr_has("--graph-version");
}

#[test]
fn a_token_over_plain_http_to_another_machine_is_warned_of() {
    let warned = |url: &str| {
        let line =
            format!("worker --via cloud --base-url {url} --phone-number-id {ID} --until-empty --redis redis://127.0.0.1:1 --timeout 1s");
        drain(Wq::bare().line(&line).env("WQ_CLOUD_TOKEN", TOKEN)).exits(3).stderr.contains("in clear text")
    };

    assert!(warned("http://graph.example.com"));
    assert!(warned("http://127.0.0.1@graph.example.com/x"));
    for safe in ["https://graph.example.com", "http://127.0.0.1:8080", "http://localhost:8080/x", "http://[::1]:8080"] {
        assert!(!warned(safe), "{safe}");
    }
}

#[test]
fn a_token_in_a_settings_file_is_refused_without_being_shown() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("wq.toml");
    fs::write(&settings, format!("[cloud]\ntoken = \"{TOKEN}\"\n")).unwrap();

    drain(Wq::bare().line("worker --via cloud").env("WQ_CONFIG", &settings))
        .exits(2)
        .stderr_has("line 2: token holds a secret")
        .stderr_has("token_file");
}
