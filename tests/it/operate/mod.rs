//! `wq jobs`, `wq dlq`, `wq queues`: what an operator sees and changes by hand.

mod dlq;
mod jobs;
mod queues;

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::command::Finished;
use crate::support::receiver::accept;
use crate::support::{Receiver, Server, wq};

/// Adds jobs with these ids; `opts` are BullMQ's.
fn add(server: &Server, ids: &[&str], opts: &Value) {
    let line = |id: &&str| {
        let mut opts = opts.clone();
        opts["jobId"] = json!(id);
        let digits = id.bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 1000);
        format!("{}\n", json!({ "name": "send", "data": { "to": format!("+34600111{digits:03}"), "text": "Hola" }, "opts": opts }))
    };
    wq(server).line("enqueue --ndjson -").input(ids.iter().map(line).collect::<String>()).run().exits(0);
}

/// Adds jobs and works on them: `t…` die of a timeout, `r…` of a refusal, the others are completed.
fn finish(server: &Server, ids: &[&str]) {
    add(server, ids, &json!({}));
    let receiver = Receiver::start(Duration::ZERO, |request| match request.id().chars().next() {
        Some('t') => (422, "", "timeout of the gateway".to_owned()),
        Some('r') => (422, "", "refused by the owner".to_owned()),
        _ => accept(request),
    });
    wq(server).line(&format!("worker --via http --url {} --until-empty --rate none", receiver.url())).run().exits(0);
}

/// The ids of a listing, sorted.
fn ids(finished: &Finished) -> Vec<String> {
    let mut ids = column(finished, "id");
    ids.sort();
    ids
}

/// One field of each row.
fn column(finished: &Finished, name: &str) -> Vec<String> {
    let listing = finished.json();
    listing["data"].as_array().unwrap().iter().map(|row| row[name].as_str().unwrap_or_default().to_owned()).collect()
}

/// The ids in a state, as Redis has them, sorted.
fn stored(server: &Server, state: &str) -> Vec<String> {
    let mut ids: Vec<String> = match state {
        "wait" | "active" => server.ask(&format!("LRANGE bull:whatsapp:{state} 0 -1")),
        _ => server.ask(&format!("ZRANGE bull:whatsapp:{state} 0 -1")),
    };
    ids.sort();
    ids
}

/// Everything that the server holds: a dry run must not change it.
fn content(server: &Server) -> Vec<(String, String)> {
    let mut keys: Vec<String> = server.ask("KEYS *");
    keys.sort();
    let dump = |key: &String| -> Vec<u8> { redis::cmd("DUMP").arg(key).query(&mut server.connection()).unwrap() };
    keys.iter().map(|key| (key.clone(), String::from_utf8_lossy(&dump(key)).into_owned())).collect()
}

fn exists(server: &Server, id: &str) -> bool {
    server.ask(&format!("EXISTS bull:whatsapp:{id}"))
}
