//! A worker whose profile is wrong: nothing is sent, nothing is used up, and the right profile lets the queue go on.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::Value;

use crate::sandbox::{NUMBER_ID, Sandbox};
use crate::support::{Server, eventually, wq};

/// Longer than the first questions after an outage take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

fn metrics(server: &Server) -> Value {
    wq(server).line("metrics --json").run().exits(0).json()["data"].clone()
}

#[test]
fn a_wrong_profile_pauses_the_queue_and_the_right_one_lets_it_go_on() {
    let sandbox = Sandbox::start(&[]);
    let url = format!("http://127.0.0.1:{}", sandbox.port);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wq.toml");
    let section = |name: &str, url: &str, number: &str, token: &str| {
        format!("[profiles.{name}.cloud]\nbase_url = \"{url}\"\nphone_number_id = \"{number}\"\ntoken_env = \"{token}\"\n")
    };
    let text = [
        section("right", &url, NUMBER_ID, "GOOD_TOKEN"),
        section("expired", &url, NUMBER_ID, "OLD_TOKEN"),
        section("misplaced", &format!("{url}/nowhere"), NUMBER_ID, "GOOD_TOKEN"),
        section("stranger", &url, "123456789012345", "GOOD_TOKEN"),
    ];
    fs::write(&file, text.concat()).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    for (profile, class, ends_by_itself) in
        [("expired", "auth", true), ("misplaced", "config", true), ("stranger", "number_not_ready", false)]
    {
        let server = Server::start();
        let worker = |profile: &str| {
            let worker = wq(&server).folder(folder.path()).env("GOOD_TOKEN", "sandbox").env("OLD_TOKEN", "EAAexpired-canary");
            worker.args(["worker", "--via", "cloud", "--rate", "none", "--profile", profile]).spawn()
        };
        for id in ["m1", "m2"] {
            wq(&server).args(["enqueue", "--to", "+34600111222", "--text", "Hola", "--id", id]).run().exits(0);
        }

        let mut wrong = worker(profile);
        let paused = eventually(PATIENCE, "the queue is paused", || Some(metrics(&server)).filter(|metrics| metrics["paused"] == true));
        wrong.signal("TERM");
        assert!(wrong.ends(PATIENCE).success());
        assert_eq!(paused["pause"]["class"], class, "{paused}");
        assert!(!wrong.stderr().contains("canary") && !paused.to_string().contains("canary"), "{paused} {}", wrong.stderr());
        for id in ["m1", "m2"] {
            let job = wq(&server).args(["jobs", "get", id, "--json"]).run().exits(0).json();
            assert_eq!(job["data"]["attempts_made"], 0, "{class}: {job}");
        }

        let mut right = worker("right");
        if !ends_by_itself {
            wq(&server).line("resume").run().exits(0);
        }
        eventually(PATIENCE, "both are sent", || (server.ask::<u64>("ZCARD bull:whatsapp:completed") == 2).then_some(()));
        assert_eq!(metrics(&server)["paused"], false);
        right.signal("TERM");
        assert!(right.ends(PATIENCE).success());
    }
}
