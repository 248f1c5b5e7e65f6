//! This file answers what a client of Evolution asks besides sending: instances, numbers, and messages sent before.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::Dialect;
use super::super::answer::Answer;
use super::super::fate::Fault;
use super::super::provider::{Accepted, Provider, Request};
use super::super::webhooks::Milestone;
use super::{Checked, bad_request, connection_state, content, instance_id, own_address, uuid_of};

/// Records on a page unless told otherwise.
const PER_PAGE: usize = 50;

pub(super) fn instances(provider: &Provider, request: &Request) -> Checked<Answer> {
    let options = &provider.options;
    if request.parameter("instanceName").is_some_and(|name| name != options.instance) {
        let name = request.parameter("instanceName").unwrap_or_default();
        return Err(super::error_answer(404, "Not Found", json!([format!("Instance \"{name}\" not found")])));
    }
    let instance = json!({
        "id": instance_id(provider),
        "name": options.instance,
        "connectionStatus": connection_state(provider),
        "ownerJid": own_address(provider),
        "profileName": "Sandbox",
        "integration": "WHATSAPP-BAILEYS",
        "number": options.own_number,
        "token": options.key,
        "clientName": "wq_sandbox",
        "_count": { "Message": sent_here(provider, |_| true).len(), "Contact": 0, "Chat": 0 },
    });
    Ok(Answer::json(200, &json!([instance])))
}

/// Whether numbers are on WhatsApp.
pub(super) fn numbers(provider: &Provider, body: &Value) -> Checked<Answer> {
    let Some(numbers) = body.get("numbers").and_then(Value::as_array) else {
        return Err(bad_request(json!([["instance requires property \"numbers\""]])));
    };
    if provider.is_disconnected() {
        // this route passes on whatever was thrown, without the usual envelope
        return Ok(Answer::json(400, &json!({ "status": 400, "error": "Bad Request", "message": ["Error: Connection Closed"] })));
    }
    let answers: Vec<Value> = numbers.iter().filter_map(Value::as_str).map(|number| one_number(provider, number)).collect();
    Ok(Answer::json(200, &json!(answers)))
}

fn one_number(provider: &Provider, number: &str) -> Value {
    let (address, digits) = (content::address(number), content::digits(number));
    let is_named = |fault: Fault| matches!(fault, Fault::NotOnWhatsApp | Fault::Meta(131_026));
    let desk = provider.desk();
    let own = desk.knobs.error_for.iter().any(|own| own.number == digits && is_named(own.fault) && own.count != Some(0));
    let by_number = !desk.knobs.plain_numbers && Fault::of_number(&digits).is_some_and(is_named);
    drop(desk);
    let exists = content::can_exist(&address) && !own && !by_number;
    if exists {
        json!({ "jid": address, "exists": true, "number": number, "name": format!("Contact {}", digits.chars().rev().take(4).collect::<String>()), "lid": null })
    } else {
        json!({ "jid": address, "exists": false, "number": number })
    }
}

/// Messages that fit `where`, the newest first, a page at a time.
pub(super) fn messages(provider: &Provider, body: &Value) -> Answer {
    let wanted = body.get("where").cloned().unwrap_or_default();
    let key = wanted.get("key").cloned().unwrap_or_default();
    let is = |wanted: Option<&Value>, found: &str| wanted.is_none_or(|wanted| wanted.as_str() == Some(found));
    let fits = |accepted: &Accepted| {
        // what needs no reading first: there may be many messages
        is(key.get("id"), &accepted.entry.id)
            && is(key.get("remoteJid"), &content::address(&accepted.to))
            && key.get("fromMe").is_none_or(|wanted| *wanted == json!(true))
            && is_within(accepted, wanted.get("messageTimestamp"))
            && is(wanted.get("source"), "web")
            && wanted.get("messageType").is_none_or(|kind| accepted.content().get("messageType") == Some(kind))
    };
    let found = sent_here(provider, fits);
    let number = |name: &str, otherwise: usize| {
        body.get(name)
            .and_then(Value::as_u64)
            .and_then(|number| usize::try_from(number).ok())
            .filter(|number| *number > 0)
            .unwrap_or(otherwise)
    };
    let (page, per_page) = (number("page", 1), number("offset", PER_PAGE));
    let records: Vec<Value> =
        found.iter().skip(per_page.saturating_mul(page - 1)).take(per_page).map(|accepted| record(provider, accepted)).collect();
    Answer::json(
        200,
        &json!({ "messages": { "total": found.len(), "pages": found.len().div_ceil(per_page), "currentPage": page, "records": records } }),
    )
}

/// `{"gte":"2026-11-24T10:00:00Z","lte":"…"}`: moments as Evolution reads them, or whole seconds.
fn is_within(accepted: &Accepted, range: Option<&Value>) -> bool {
    let Some(range) = range else { return true };
    let at = i64::try_from(accepted.entry.at_us / 1_000_000).unwrap_or(i64::MAX);
    let edge = |name: &str| match range.get(name)? {
        Value::String(moment) => moment.parse::<Timestamp>().ok().map(Timestamp::as_second),
        seconds => seconds.as_i64(),
    };
    edge("gte").is_none_or(|from| at >= from) && edge("lte").is_none_or(|to| at <= to)
}

fn record(provider: &Provider, accepted: &Arc<Accepted>) -> Value {
    let content = accepted.content();
    let field = |name: &str| content.get(name).cloned().unwrap_or_default();
    let updates: Vec<Value> =
        Milestone::passed(accepted, provider).into_iter().map(|milestone| json!({ "status": milestone.evolution_word() })).collect();
    json!({
        "id": uuid_of(&accepted.entry.id),
        "key": field("key"),
        "pushName": field("pushName"),
        "messageType": field("messageType"),
        "message": field("message"),
        "messageTimestamp": field("messageTimestamp"),
        "instanceId": field("instanceId"),
        "source": field("source"),
        "contextInfo": field("contextInfo"),
        "MessageUpdate": updates,
    })
}

/// What became of messages: one row for each milestone.
pub(super) fn statuses(provider: &Provider, body: &Value) -> Answer {
    let wanted = body.get("where").cloned().unwrap_or_default();
    let text = |name: &str| wanted.get(name).and_then(Value::as_str);
    let (id, address) = (text("id"), text("remoteJid"));
    let fits = |accepted: &Accepted| {
        id.is_none_or(|id| accepted.entry.id == id)
            && address.is_none_or(|address| content::address(&accepted.to) == content::address(address))
    };
    let rows = sent_here(provider, fits)
        .iter()
        .flat_map(|accepted| {
            Milestone::passed(accepted, provider)
                .into_iter()
                .map(|milestone| {
                    json!({
                        "id": uuid_of(&format!("{}{}", accepted.entry.id, milestone.evolution_word())),
                        "keyId": accepted.entry.id,
                        "remoteJid": content::address(&accepted.to),
                        "fromMe": true,
                        "participant": null,
                        "pollUpdates": null,
                        "status": milestone.evolution_word(),
                        "messageId": uuid_of(&accepted.entry.id),
                        "instanceId": instance_id(provider),
                    })
                })
                .collect::<Vec<Value>>()
        })
        .collect::<Vec<Value>>();
    Answer::json(200, &json!(rows))
}

fn sent_here(provider: &Provider, wanted: impl Fn(&Accepted) -> bool) -> Vec<Arc<Accepted>> {
    provider.kept(|accepted| accepted.entry.dialect == Dialect::Evolution && wanted(accepted))
}
