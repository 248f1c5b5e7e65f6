//! This file writes webhooks as Evolution does.

use hyper::HeaderMap;
use hyper::body::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::evolution::{instance_id, own_address, uuid_of};
use super::super::provider::{Accepted, Provider};
use super::{Event, Milestone, Target};
use crate::core::model::clock;

/// A request, unless the receiver doesn't want to hear it.
pub(super) fn request(provider: &Provider, target: &Target, event: &Event) -> Option<(String, HeaderMap, Bytes)> {
    let (name, data) = match event {
        Event::SendMessage(accepted) => ("send.message", accepted.content()),
        Event::Update(accepted, milestone, _) => ("messages.update", update(provider, accepted, *milestone)),
        Event::Reply(accepted) => ("messages.upsert", reply(provider, accepted)),
        Event::Connection(state) => {
            let reason = if *state == "open" { 200 } else { 428 };
            ("connection.update", json!({ "instance": provider.options.instance, "state": state, "statusReason": reason }))
        }
    };
    if !target.wants(&name.replace('.', "_").to_uppercase()) {
        return None;
    }
    let url =
        if target.by_events { format!("{}/{}", target.url.trim_end_matches('/'), name.replace('.', "-")) } else { target.url.clone() };
    let body = json!({
        "event": name,
        "instance": provider.options.instance,
        "data": data,
        "destination": url,
        "date_time": wall_time(),
        "sender": own_address(provider),
        "server_url": provider.outbox.server_url(),
        "apikey": null,
    });
    Some((url, target.headers(), body.to_string().into()))
}

fn update(provider: &Provider, accepted: &Accepted, milestone: Milestone) -> Value {
    json!({
        "messageId": uuid_of(&accepted.entry.id),
        "keyId": accepted.entry.id,
        "remoteJid": remote_address(accepted),
        "fromMe": true,
        "participant": null,
        "status": milestone.evolution_word(),
        "instanceId": instance_id(provider),
    })
}

fn reply(provider: &Provider, accepted: &Accepted) -> Value {
    json!({
        "key": { "remoteJid": remote_address(accepted), "fromMe": false, "id": super::super::evolution::message_id(provider) },
        "pushName": "Ana",
        "message": { "conversation": "Sí, quiero" },
        "contextInfo": {
            "stanzaId": accepted.entry.id,
            "participant": own_address(provider),
            "quotedMessage": accepted.content().get("message"),
        },
        "messageType": "conversation",
        "messageTimestamp": provider.now_s(),
        "instanceId": instance_id(provider),
        "source": "android",
    })
}

fn remote_address(accepted: &Accepted) -> Value {
    accepted.content().get("key").and_then(|key| key.get("remoteJid")).cloned().unwrap_or_default()
}

/// The time on this machine's wall, with the false `Z` that Evolution puts behind it.
fn wall_time() -> String {
    let now = i64::try_from(clock::now_ms()).ok().and_then(|now| Timestamp::from_millisecond(now).ok()).unwrap_or(Timestamp::UNIX_EPOCH);
    now.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
