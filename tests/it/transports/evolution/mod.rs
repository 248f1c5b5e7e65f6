//! What `--via evolution` sends, and what it makes of what Evolution answers, or somebody else in its place.

mod health;
mod lookup;
mod paused;
mod requests;
mod rows;
mod strangers;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use wq::core::dispatch::transport::{Outcome, Transport};
use wq::core::model::job::Job;
use wq::core::model::outage::{Outage, OutageEnd};
use wq::transport::{self, Secret, Way, evolution};

use super::peer::{Peer, Reply};
use super::{PATIENCE, deliver, job};

const SOON: Duration = Duration::from_millis(400);
const KEY: &str = "canary-4b1f0c";
const TEXT: &str = r#"{"to":"+34600111222","text":"Hola Ana"}"#;
pub(super) const ACCEPTED: &str = r#"{"key":{"remoteJid":"34600111222@s.whatsapp.net","fromMe":true,"id":"3EB0A1B2C3D4E5F6"},"pushName":"Você","status":"PENDING","message":{"conversation":"Hola Ana"},"contextInfo":{},"messageType":"conversation","messageTimestamp":1795500000,"instanceId":"5b0c","source":"web"}"#;

fn options(base_url: String, timeout: Duration) -> evolution::Options {
    evolution::Options { base_url, instance: "main".to_owned(), api_key: Secret::new(KEY), timeout }
}

pub(super) fn by_evolution(base_url: String, timeout: Duration) -> Arc<dyn Transport> {
    transport::build(Way::Evolution(options(base_url, timeout))).unwrap()
}

/// What Evolution's error handler answers.
pub(super) fn envelope(status: u16, message: serde_json::Value) -> String {
    serde_json::json!({ "status": status, "error": "Error", "response": { "message": message } }).to_string()
}

/// What becomes of a job before such a receiver, and what the transport noticed beside.
async fn met(reply: impl Fn(usize) -> Reply + Send + Sync + 'static, timeout: Duration, job: &Job) -> (Outcome, Option<Outage>) {
    let peer = Peer::start(reply).await;
    let transport = by_evolution(peer.url(""), timeout);
    let outcome = deliver(&*transport, job).await;
    assert!(!format!("{outcome:?}").contains("canary"), "{outcome:?}");
    (outcome, transport.noticed())
}

async fn answered(status: u16, headers: Vec<(&'static str, String)>, body: &str, job: &Job) -> Outcome {
    let body = body.as_bytes().to_vec();
    met(move |_| Reply::Say(status, headers.clone(), body.clone()), PATIENCE, job).await.0
}

/// The n-th attempt to send a text.
fn attempt(n: u32) -> Job {
    Job { attempt: n, ..job("j1", TEXT) }
}

fn retry(reason: &str) -> Outcome {
    Outcome::Retry { reason: reason.to_owned() }
}

fn permanent(reason: &str) -> Outcome {
    Outcome::Permanent { reason: reason.to_owned() }
}

fn uncertain(reason: &str) -> Outcome {
    Outcome::Uncertain { reason: reason.to_owned() }
}

fn wait(reason: &str, seconds: u64, slow_down: bool) -> Outcome {
    Outcome::Wait { reason: reason.to_owned(), after: Duration::from_secs(seconds), slow_down }
}

fn outage(class: &'static str, reason: &str) -> Outage {
    Outage { class, reason: reason.to_owned(), end: OutageEnd::Probe }
}

fn paused(class: &'static str, reason: &str) -> Outcome {
    Outcome::PauseQueue(outage(class, reason))
}
