//! This file writes webhooks as Meta does, and signs them.

use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::super::meta::{errors, message_id};
use super::super::provider::{Accepted, Provider, hex};
use super::target::hmac_sha256;
use super::{Event, Milestone, Target};

/// The WhatsApp Business Account of the sandbox.
const ACCOUNT: &str = "102290129340398";
const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");

/// A request, or nothing of what only Evolution tells.
pub(super) fn request(provider: &Provider, target: &Target, event: &Event) -> Option<(String, HeaderMap, Bytes)> {
    let told = match event {
        Event::SendMessage(_) | Event::Connection(_) => return None,
        Event::Update(accepted, milestone, code) => json!({ "statuses": [status(provider, accepted, *milestone, *code)] }),
        Event::Reply(accepted) => reply(provider, accepted),
    };
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": provider.options.own_number, "phone_number_id": provider.options.phone_number_id },
    });
    if let (Some(value), Value::Object(told)) = (value.as_object_mut(), told) {
        value.extend(told);
    }
    let entry = json!({ "id": ACCOUNT, "changes": [{ "value": value, "field": "messages" }] });
    let body = json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string();
    let mut headers = target.headers();
    let signature = format!("sha256={}", hex(&hmac_sha256(provider.options.app_secret.as_bytes(), body.as_bytes())));
    headers.insert(SIGNATURE, HeaderValue::from_str(&signature).ok()?);
    Some((target.url.clone(), headers, body.into()))
}

fn status(provider: &Provider, accepted: &Accepted, milestone: Milestone, code: u32) -> Value {
    let word = match milestone {
        Milestone::Sent => "sent",
        Milestone::Delivered => "delivered",
        Milestone::Read => "read",
        Milestone::Failed => "failed",
    };
    let mut status = json!({
        "id": accepted.entry.id,
        "status": word,
        "timestamp": provider.now_s().to_string(),
        "recipient_id": accepted.to,
    });
    let Some(fields) = status.as_object_mut() else { return status };
    if let Some(key) = &accepted.entry.key {
        fields.insert("biz_opaque_callback_data".to_owned(), json!(key));
    }
    match milestone {
        Milestone::Sent | Milestone::Delivered => {
            let pricing = json!({ "billable": true, "pricing_model": "PMP", "type": "regular", "category": accepted.content() });
            fields.insert("pricing".to_owned(), pricing);
        }
        Milestone::Failed => {
            fields.insert("errors".to_owned(), json!([errors::report(code)]));
        }
        Milestone::Read => {}
    }
    status
}

fn reply(provider: &Provider, accepted: &Accepted) -> Value {
    let message = json!({
        "context": { "from": provider.options.own_number, "id": accepted.entry.id },
        "from": accepted.to,
        "id": message_id(provider, &accepted.to),
        "timestamp": provider.now_s().to_string(),
        "text": { "body": "Sí, quiero" },
        "type": "text",
    });
    json!({ "contacts": [{ "profile": { "name": "Ana" }, "wa_id": accepted.to }], "messages": [message] })
}
