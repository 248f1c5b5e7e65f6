//! A worker whose settings are wrong: nothing is sent, nothing is used up, and the right ones let the queue go on by themselves.

use std::time::Duration;

use serde_json::Value;

use crate::sandbox::Sandbox;
use crate::support::{Server, eventually, wq};

/// Longer than the first questions after an outage take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

fn worker(url: &str, instance: &str) -> String {
    format!("worker --via evolution --rate none --base-url {url} --instance {instance}")
}

fn metrics(server: &Server) -> Value {
    wq(server).line("metrics --json").run().exits(0).json()["data"].clone()
}

#[test]
fn wrong_settings_pause_the_queue_and_the_right_ones_let_it_go_on() {
    let sandbox = Sandbox::start(&[]);
    let url = format!("http://127.0.0.1:{}", sandbox.port);
    for (line, key, class) in [
        (worker(&url, "main"), "wrong-key", "auth"),
        (worker(&url, "nobody"), "sandbox", "instance_missing"),
        (worker(&format!("{url}/v9"), "main"), "sandbox", "config"),
    ] {
        let server = Server::start();
        for id in ["m1", "m2"] {
            wq(&server).args(["enqueue", "--to", "+34600111222", "--text", "Hola", "--id", id]).run().exits(0);
        }

        let mut wrong = wq(&server).line(&line).env("WQ_EVOLUTION_KEY", key).spawn();
        let paused = eventually(PATIENCE, "the queue is paused", || Some(metrics(&server)).filter(|metrics| metrics["paused"] == true));
        wrong.signal("TERM");
        assert!(wrong.ends(PATIENCE).success());

        assert_eq!((&paused["paused"], &paused["pause"]["class"]), (&Value::Bool(true), &Value::from(class)), "{paused}");
        for id in ["m1", "m2"] {
            let job = wq(&server).args(["jobs", "get", id, "--json"]).run().exits(0).json();
            assert_eq!(job["data"]["attempts_made"], 0, "{class}: {job}");
        }

        let mut right = wq(&server).line(&worker(&url, "main")).env("WQ_EVOLUTION_KEY", "sandbox").spawn();
        eventually(PATIENCE, "both are sent", || (server.ask::<u64>("ZCARD bull:whatsapp:completed") == 2).then_some(()));
        assert_eq!(metrics(&server)["paused"], false);
        right.signal("TERM");
        assert!(right.ends(PATIENCE).success());
    }
}
