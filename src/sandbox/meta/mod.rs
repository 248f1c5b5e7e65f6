//! Meta's Cloud API: sends of one business number, and what can be asked of that number.

mod checks;
pub(super) mod errors;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use serde_json::{Map, Value, json};

use super::Dialect;
use super::answer::{Answer, Shape};
use super::fate::Fault;
use super::journal::Outcome;
use super::provider::{Provider, Request, Sent, hex, journal_is_full, sha256};
use checks::Refusal;

/// Whether a path begins with a version of Graph's: `/v25.0/`.
pub(super) fn is_path(path: &str) -> bool {
    let version = path.strip_prefix("/v").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    version.split_once('.').is_some_and(|(major, minor)| {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number(major) && is_number(minor)
    })
}

/// Answers a path of Graph's.
pub(super) async fn answer(provider: &Provider, request: &Request) -> Answer {
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
    if let Some(fault) = provider.storm_over_all() {
        return caught(provider, request, &segments, fault);
    }
    if let Err(refusal) = authorised(provider, request) {
        provider.refuse(format!("status {}", refusal.status));
        return refusal;
    }
    match (&request.method, segments.as_slice()) {
        (&Method::POST, [id, "messages"]) if *id == provider.options.phone_number_id => send(provider, request).await,
        (&Method::GET, [id]) if *id == provider.options.phone_number_id => number(provider, request),
        (method, [id] | [id, "messages"]) => unknown_object(provider, method, id),
        (_, rest) => {
            let message = format!("Unknown path components: /{}", rest.get(1..).unwrap_or_default().join("/"));
            graph_error(provider, 400, 2_500, message, None, "OAuthException")
        }
    }
}

/// The answer in a storm that leaves nothing untouched. A send is noted as far as it can be read.
fn caught(provider: &Provider, request: &Request, segments: &[&str], fault: Fault) -> Answer {
    let noted = if let (&Method::POST, [_, "messages"]) = (&request.method, segments) {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let kind = body.get("type").and_then(Value::as_str).unwrap_or("text").to_owned();
        provider.turn_away(&sent_of(request, kind, body).0, fault)
    } else {
        provider.refuse(fault);
        Ok(())
    };
    noted.map_or_else(|error| journal_is_full(&error), |()| fault_answer(provider, fault))
}

fn authorised(provider: &Provider, request: &Request) -> Result<(), Answer> {
    let header = request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    match header.or_else(|| request.parameter("access_token")) {
        Some(token) if token == provider.options.key => Ok(()),
        Some(_) => Err(wrong_token(provider)),
        None => {
            let message = "An access token is required to request this resource.".to_owned();
            Err(graph_error(provider, 400, 104, message, None, "OAuthException"))
        }
    }
}

fn wrong_token(provider: &Provider) -> Answer {
    let message = "Invalid OAuth access token - Cannot parse access token".to_owned();
    let challenge = "OAuth \"Facebook Platform\" \"invalid_token\" \"Invalid OAuth access token - Cannot parse access token\"";
    graph_error(provider, 401, 190, message, None, "OAuthException").with("www-authenticate", challenge)
}

fn unknown_object(provider: &Provider, method: &Method, id: &str) -> Answer {
    let message = format!(
        "Unsupported {} request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support \
         this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api",
        method.as_str().to_lowercase()
    );
    graph_error(provider, 400, 100, message, Some(33), "GraphMethodException")
}

/// An error of Graph itself, before WhatsApp is asked.
fn graph_error(provider: &Provider, status: u16, code: u32, message: String, subcode: Option<u32>, kind: &str) -> Answer {
    let mut error = json!({ "message": message, "type": kind, "code": code });
    if let (Some(subcode), Some(error)) = (subcode, error.as_object_mut()) {
        error.insert("error_subcode".to_owned(), json!(subcode));
    }
    error.as_object_mut().map(|error| error.insert("fbtrace_id".to_owned(), json!(errors::trace_id(provider))));
    Answer::json(status, &json!({ "error": error }))
}

fn refused(provider: &Provider, code: u32, details: Option<&str>) -> Answer {
    Answer::json(errors::status(code), &json!({ "error": errors::body_with(provider, code, details) }))
}

async fn send(provider: &Provider, request: &Request) -> Answer {
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        let message = "(#100) The parameter messaging_product is required.".to_owned();
        return graph_error(provider, 400, 100, message, None, "OAuthException");
    };
    let kind = match checks::check(&body, &provider.options.own_number, &provider.options.templates) {
        Ok(kind) => kind,
        Err(refusal) => {
            provider.refuse(refusal.code);
            return explain(provider, refusal);
        }
    };
    let (sent, input) = sent_of(request, kind, body);
    let fate = provider.decide(&sent);
    let answer = match fate.fault.filter(|fault| !fault.accepts()) {
        Some(fault) => match provider.turn_away(&sent, fault) {
            Ok(()) => fault_answer(provider, fault),
            Err(error) => journal_is_full(&error),
        },
        None => accept(provider, &sent, &input, fate.fault),
    };
    tokio::time::sleep(fate.latency).await;
    answer
}

/// A send, and its recipient as the sender wrote it.
fn sent_of(request: &Request, kind: String, mut body: Value) -> (Sent, String) {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let (input, opaque) = (text("to").unwrap_or_default(), text("biz_opaque_callback_data"));
    // what the recipient would see is the same whatever the sender calls it
    body.as_object_mut().map(|body| body.shift_remove("biz_opaque_callback_data"));
    let sent = Sent {
        dialect: Dialect::Meta,
        route: kind,
        to: checks::digits(&input),
        key: opaque.or_else(|| request.header("idempotency-key").map(str::to_owned)),
        sha256: sha256(body.to_string().as_bytes()),
        at_us: request.at_us,
    };
    (sent, input)
}

fn explain(provider: &Provider, refusal: Refusal) -> Answer {
    match refusal.message {
        Some(message) => graph_error(provider, errors::status(refusal.code), refusal.code, message, None, "OAuthException"),
        None => refused(provider, refusal.code, refusal.details.as_deref()),
    }
}

fn accept(provider: &Provider, sent: &Sent, input: &str, fault: Option<Fault>) -> Answer {
    let id = message_id(provider, &sent.to);
    let mut message = json!({ "id": id });
    if let ("template", Some(message)) = (sent.route.as_str(), message.as_object_mut()) {
        message.insert("message_status".to_owned(), json!("accepted"));
    }
    let answer = Answer::json(
        200,
        &json!({ "messaging_product": "whatsapp", "contacts": [{ "input": input, "wa_id": sent.to }], "messages": [message] }),
    );
    let category = if sent.route == "template" { "marketing" } else { "service" };
    let outcome = if fault.is_some() { Outcome::Dropped } else { Outcome::Answered };
    if let Err(error) = provider.accept(sent, &id, json!(category).to_string(), outcome) {
        return journal_is_full(&error);
    }
    match fault {
        Some(Fault::CutShort) => answer.shaped(Shape::Torn),
        Some(_) => answer.shaped(Shape::Closed),
        None => answer,
    }
}

/// `wamid.` and what Meta wraps in base64: the recipient's digits and 18 digits of its own.
pub(super) fn message_id(provider: &Provider, to: &str) -> String {
    let own = format!("{}00", hex(&provider.unique().to_be_bytes()).to_uppercase());
    let length = u8::try_from(to.len()).unwrap_or(u8::MAX);
    let bytes = [&[0x1c, 0x18, length], to.as_bytes(), &[0x15, 0x02, 0x00, 0x11, 0x18, 0x12], own.as_bytes(), &[0]].concat();
    format!("wamid.{}", STANDARD.encode(bytes))
}

/// The business number itself: the fields that were asked for, and its id.
fn number(provider: &Provider, request: &Request) -> Answer {
    let known = number_fields(provider);
    let asked = request.parameter("fields").unwrap_or_else(|| "verified_name,display_phone_number,quality_rating".to_owned());
    let mut answer = Map::new();
    for field in asked.split(',').map(str::trim).filter(|field| !field.is_empty() && *field != "id") {
        let name = field.split(['{', '.']).next().unwrap_or_default();
        let Some(value) = known.get(name) else {
            let message = format!("(#100) Tried accessing nonexisting field ({name}) on node type (WhatsAppBusinessPhoneNumber)");
            return graph_error(provider, 400, 100, message, None, "OAuthException");
        };
        answer.insert(name.to_owned(), value.clone());
    }
    answer.insert("id".to_owned(), json!(provider.options.phone_number_id));
    Answer::json(200, &Value::Object(answer))
}

fn number_fields(provider: &Provider) -> Value {
    json!({
        "verified_name": "Sandbox",
        "display_phone_number": format!("+{}", provider.options.own_number),
        "quality_rating": "GREEN",
        "quality_score": { "score": "GREEN" },
        "status": "CONNECTED",
        "name_status": "APPROVED",
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API",
        "account_mode": "SANDBOX",
        "throughput": { "level": "STANDARD" },
        "messaging_limit_tier": "TIER_2K",
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
        "health_status": { "can_send_message": "AVAILABLE" },
    })
}

/// What Meta says when this goes wrong.
fn fault_answer(provider: &Provider, fault: Fault) -> Answer {
    let wait = || provider.desk().knobs.retry_after.as_secs().to_string();
    match fault {
        Fault::NotOnWhatsApp => refused(provider, 131_026, None),
        Fault::ConnectionClosed | Fault::ConnectionClosedCached | Fault::NotLoaded => refused(provider, 131_016, None),
        Fault::Unauthorized => wrong_token(provider),
        Fault::InstanceMissing => unknown_object(provider, &Method::POST, &provider.options.phone_number_id),
        Fault::Invalid => refused(provider, 131_009, None),
        Fault::MediaFailed => refused(provider, 131_053, None),
        Fault::OwnError => refused(provider, 131_000, None),
        Fault::Gateway(status) => Answer::page(status),
        Fault::TooMany => {
            let body = json!({ "error": errors::body(provider, 130_429) });
            Answer::json(429, &body).with("retry-after", wait())
        }
        Fault::Unavailable => Answer::page(503).with("retry-after", wait()),
        Fault::Page => Answer::page(200),
        Fault::Empty => Answer::empty(200),
        Fault::Huge => Answer::nothing(Shape::Huge),
        Fault::Moved => Answer::empty(302).with("location", "/login"),
        Fault::Silent => Answer::nothing(Shape::Silent),
        Fault::Dropped | Fault::CutShort => Answer::nothing(Shape::Closed),
        Fault::Meta(code) => refused(provider, code, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_graph_are_recognised_by_their_form() {
        assert!(is_path("/v25.0/1065/messages") && is_path("/v9.0/x"));
        assert!(!is_path("/message/sendText/v25.0") && !is_path("/v25/x") && !is_path("/") && !is_path("/v.0/x"));
    }
}
