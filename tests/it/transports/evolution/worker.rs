//! A worker that sends by Evolution: where it takes its settings and its key from, and what it never shows.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;

use super::{ACCEPTED, KEY, Peer, envelope};
use crate::support::command::{Finished, Wq};
use crate::support::{Server, wq};

/// Runs what needs no runtime, while `peer` goes on answering.
async fn beside<T: Send + 'static>(_peer: &Peer, work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

fn key_file(folder: &Path, mode: u32) -> String {
    let path = folder.join("evolution.key");
    fs::write(&path, format!("{KEY}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path.display().to_string()
}

fn enqueue(server: &Server) {
    wq(server).args(["enqueue", "--to", "+34600111222", "--text", "Hola Ana", "--id", "m1"]).run().exits(0);
}

fn drain(worker: Wq) -> Finished {
    let finished = worker.run();
    assert!(!finished.stdout.contains(KEY) && !finished.stderr.contains(KEY), "{}{}", finished.stdout, finished.stderr);
    finished
}

#[tokio::test]
async fn a_message_goes_out_with_the_key_of_the_environment_and_its_answer_is_the_return_value() {
    let peer = Peer::saying(201, ACCEPTED).await;
    let url = peer.url("");

    let job = beside(&peer, move || {
        let server = Server::start();
        enqueue(&server);
        let worker = wq(&server).line(&format!("worker --via evolution --base-url {url} --instance main --until-empty -vvv"));
        drain(worker.env("WQ_EVOLUTION_KEY", KEY)).exits(0).stderr_has("1 completed");
        wq(&server).line("jobs get m1 --json").run().exits(0).json()
    })
    .await;

    let seen = peer.seen();
    assert_eq!((seen.len(), seen[0].header("apikey")), (1, Some(KEY)));
    assert_eq!(job["data"]["state"], "completed");
    assert!(job.to_string().contains("3EB0A1B2C3D4E5F6"), "{job}");
}

#[tokio::test]
async fn everything_can_stand_in_the_settings_file_but_the_key_itself() {
    let peer = Peer::saying(201, ACCEPTED).await;
    let url = peer.url("/evo");

    beside(&peer, move || {
        let server = Server::start();
        let folder = tempfile::tempdir().unwrap();
        key_file(folder.path(), 0o600);
        let section =
            format!("[evolution]\nbase_url = \"{url}\"\ninstance = \"Sales ES\"\nkey_file = \"evolution.key\"\ntimeout = \"5s\"\n");
        let settings = folder.path().join("wq.toml");
        fs::write(&settings, section).unwrap();
        enqueue(&server);

        let worker = wq(&server).line("worker --via evolution --until-empty").env("WQ_CONFIG", &settings);

        drain(worker).exits(0).stderr_has("1 completed");
    })
    .await;

    let seen = peer.seen();
    assert!(seen[0].head.starts_with("POST /evo/message/sendText/Sales%20ES HTTP/1.1\r\n"), "{}", seen[0].head);
    assert_eq!(seen[0].header("apikey"), Some(KEY));
}

#[tokio::test]
async fn a_dead_letter_says_why_in_one_line() {
    let peer =
        Peer::saying(400, &envelope(400, json!([{"jid": "34600111222@s.whatsapp.net", "exists": false, "number": "34600111222"}]))).await;
    let url = peer.url("");

    let letters = beside(&peer, move || {
        let server = Server::start();
        enqueue(&server);
        let worker = wq(&server).line(&format!("worker --via evolution --base-url {url} --instance main --until-empty"));
        drain(worker.env("WQ_EVOLUTION_KEY", KEY)).exits(0);
        wq(&server).line("dlq list --json").run().exits(0).json()
    })
    .await;

    assert_eq!(peer.seen().len(), 1);
    assert_eq!(letters["data"][0]["reason"], "not_on_whatsapp:400 the number has no WhatsApp account");
}

#[test]
fn a_worker_that_lacks_a_setting_says_which_and_takes_no_job() {
    let line = |words: &str| Wq::bare().line(&format!("worker --via evolution {words}"));

    line("--instance main").run().exits(2).stderr_has("--via evolution needs --base-url").stderr_has("hint: ");
    line("--base-url http://127.0.0.1:1").run().exits(2).stderr_has("--via evolution needs --instance");
    line("--base-url http://127.0.0.1:1 --instance main")
        .run()
        .exits(2)
        .stderr_has("the API key of Evolution is missing")
        .stderr_has("set WQ_EVOLUTION_KEY or give --key-file");
    line("--base-url 127.0.0.1:1 --instance main")
        .env("WQ_EVOLUTION_KEY", KEY)
        .run()
        .exits(2)
        .stderr_has("the URL to send to is of no use");
}

#[test]
fn a_key_file_that_others_may_write_to_is_refused_and_one_that_all_can_read_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let worker = |path: &str| {
        let line =
            "worker --via evolution --base-url http://127.0.0.1:1 --instance main --until-empty --redis redis://127.0.0.1:1 --timeout 1s";
        drain(Wq::bare().line(line).args(["--key-file", path]))
    };

    worker(&key_file(folder.path(), 0o620)).exits(2).stderr_has("others may write to it").stderr_has("chmod 600 ");
    // nobody is at that address: the key was taken
    worker(&key_file(folder.path(), 0o644)).exits(3).stderr_has("every user of this machine can read ");
    let kept = worker(&key_file(folder.path(), 0o640)).exits(3);
    assert!(!kept.stderr.contains("warning"), "{}", kept.stderr);
}

#[test]
fn a_key_file_without_a_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path, problem: &str| {
        let line = "worker --via evolution --base-url http://127.0.0.1:1 --instance main";
        Wq::bare().line(line).args(["--key-file".as_ref(), path.as_os_str()]).run().exits(2).stderr_has(problem);
    };
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };

    refused(&folder.path().join("nowhere"), "No such file or directory");
    refused(folder.path(), "it is a folder");
    refused(&write("empty", b" \n"), "it is empty");
    refused(&write("long", &[b'x'; 5000]), "it is longer than 4096 bytes, so it is no key");
    refused(&write("binary", b"\xff\xfe\xfd"), "the API key is of no use: it is no text");
    refused(&write("page", b"<html> no key </html>"), "the API key is of no use: it holds a blank or a sign that no key has");
}

#[test]
fn two_keys_in_one_section_are_one_too_many() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("wq.toml");
    fs::write(&settings, "[evolution]\nkey_file = \"a\"\nkey_env = \"B\"\n").unwrap();

    Wq::bare().line("metrics").env("WQ_CONFIG", &settings).run().exits(2).stderr_has("[evolution] has key_file and key_env");
}

#[test]
fn a_variable_that_the_settings_name_and_nobody_set_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("wq.toml");
    fs::write(&settings, "[evolution]\nbase_url = \"http://127.0.0.1:1\"\ninstance = \"main\"\nkey_env = \"EVOLUTION_KEY\"\n").unwrap();
    let worker = || Wq::bare().line("worker --via evolution --redis redis://127.0.0.1:1 --timeout 1s").env("WQ_CONFIG", &settings);

    worker().run().exits(2).stderr_has("the API key of Evolution is to be in the variable EVOLUTION_KEY, which is not set");
    worker().env("EVOLUTION_KEY", KEY).run().exits(3);
}
