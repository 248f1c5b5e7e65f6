//! Evolution API v2 as its Baileys channel answers: guards, schemas, sends, and what a client asks afterwards.

mod content;
mod lookup;
mod schema;

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use super::answer::{Answer, Shape};
use super::fate::Fault;
use super::journal::Outcome;
use super::provider::{Provider, Request, Sent, hex, journal_is_full, sha256};
use super::{Dialect, meta};

/// The release whose answers these are.
const VERSION: &str = "2.3.6";
/// The longest that a client may have a send held up by `delay`.
const MOST_DELAY: Duration = Duration::from_mins(10);

/// An answer, or the one that stands in its way.
type Checked<T> = Result<T, Answer>;

/// Answers any path that is not Meta's.
pub(super) async fn answer(provider: &Provider, request: &Request) -> Answer {
    // the greeting needs no key, so it knows nothing of a wrong one
    let is_about_keys = |fault: &Fault| matches!(fault, Fault::Unauthorized | Fault::InstanceMissing);
    if let Some(fault) = provider.storm_over_all().filter(|fault| request.path != "/" || !is_about_keys(fault)) {
        return caught(provider, request, fault);
    }
    route(provider, request).await.unwrap_or_else(|refusal| {
        provider.refuse(format!("status {}", refusal.status));
        refusal
    })
}

/// The answer in a storm that leaves nothing untouched. A send is noted as far as it can be read.
fn caught(provider: &Provider, request: &Request, fault: Fault) -> Answer {
    let segments = request.segments();
    let noted = match segments.as_slice() {
        [first, action, _] if first == "message" && request.method == Method::POST => {
            let body = serde_json::from_slice(&request.body).unwrap_or_default();
            provider.turn_away(&sent_of(request, action, &body), fault)
        }
        _ => {
            provider.refuse(fault);
            Ok(())
        }
    };
    noted.map_or_else(|error| journal_is_full(&error), |()| fault_answer(provider, fault, ""))
}

async fn route(provider: &Provider, request: &Request) -> Checked<Answer> {
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if request.method == Method::GET && segments.is_empty() {
        return Ok(welcome(provider));
    }
    let body = body_of(request)?;
    match (&request.method, segments.as_slice()) {
        (&Method::POST, ["message", action, instance]) => {
            let Some(shape) = schema::of_action(action) else { return Err(no_route(request)) };
            guard(provider, request, Some(instance))?;
            valid(shape, &body)?;
            send(provider, request, action, &body).await
        }
        (&Method::GET, ["instance", "fetchInstances"]) => {
            guard(provider, request, None)?;
            lookup::instances(provider, request)
        }
        (&Method::GET, ["instance", "connectionState" | "connect", instance]) => {
            guard(provider, request, Some(instance))?;
            Ok(Answer::json(200, &json!({ "instance": { "instanceName": instance, "state": connection_state(provider) } })))
        }
        (&Method::POST, ["chat", "whatsappNumbers", instance]) => {
            guard(provider, request, Some(instance))?;
            lookup::numbers(provider, &body)
        }
        (&Method::POST, ["chat", "findMessages", instance]) => {
            guard(provider, request, Some(instance))?;
            Ok(lookup::messages(provider, &body))
        }
        (&Method::POST, ["chat", "findStatusMessage", instance]) => {
            guard(provider, request, Some(instance))?;
            Ok(lookup::statuses(provider, &body))
        }
        (&Method::POST, ["webhook", "set", instance]) => {
            guard(provider, request, Some(instance))?;
            provider
                .outbox
                .set(&body, instance_id(provider))
                .map(|settings| Answer::json(201, &settings))
                .map_err(|problem| bad_request(json!([problem])))
        }
        (&Method::GET, ["webhook", "find", instance]) => {
            guard(provider, request, Some(instance))?;
            Ok(Answer::json(200, &provider.outbox.settings()))
        }
        _ => Err(no_route(request)),
    }
}

fn welcome(provider: &Provider) -> Answer {
    Answer::json(
        200,
        &json!({
            "status": 200,
            "message": "Welcome to the Evolution API, it is working!",
            "version": VERSION,
            "clientName": "wq_sandbox",
            "manager": format!("{}/manager", provider.outbox.server_url()),
            "documentation": "https://doc.evolution-api.com",
            "whatsappWebVersion": "2.3000.1027934701",
        }),
    )
}

/// The body; nothing but JSON is read, before any guard.
fn body_of(request: &Request) -> Checked<Value> {
    let is_json = request.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("json"));
    if request.body.is_empty() || !is_json {
        return Ok(json!({}));
    }
    serde_json::from_slice(&request.body).map_err(|error| {
        let text = String::from_utf8_lossy(&request.body);
        let first = text.trim_start().chars().next().unwrap_or_default();
        let told = if error.is_eof() {
            "Unexpected end of JSON input".to_owned()
        } else {
            format!("Unexpected token '{first}', \"{}\" is not valid JSON", text.chars().take(20).collect::<String>())
        };
        error_answer(400, "Internal Server Error", json!(told))
    })
}

/// First the instance, then the key: whoever asks for an unknown instance learns that, with whatever key.
fn guard(provider: &Provider, request: &Request, instance: Option<&str>) -> Checked<()> {
    if let Some(instance) = instance
        && instance != provider.options.instance
    {
        return Err(error_answer(404, "Not Found", json!([format!("The \"{instance}\" instance does not exist")])));
    }
    if request.header("apikey") != Some(provider.options.key.as_str()) {
        return Err(unauthorized());
    }
    Ok(())
}

fn valid(shape: &schema::Shape, body: &Value) -> Checked<()> {
    let faults = schema::faults(shape, body);
    if faults.is_empty() { Ok(()) } else { Err(bad_request(json!([faults]))) }
}

async fn send(provider: &Provider, request: &Request, action: &str, body: &Value) -> Checked<Answer> {
    if action == "sendTemplate" {
        return Err(error_answer(500, "Internal Server Error", json!("Method not available in the Baileys service")));
    }
    if let Some(objection) = content::objection(action, body) {
        return Err(bad_request(json!([objection])));
    }
    let number = recipient(action, body);
    let sent = sent_of(request, action, body);
    let fate = provider.decide(&sent);
    let absent = (!content::can_exist(&content::address(number))).then_some(Fault::NotOnWhatsApp);
    let fault = fate.fault.or(absent);
    let refusal = fault.filter(|fault| !fault.accepts());
    let answer = match refusal {
        Some(fault) => {
            provider.turn_away(&sent, fault).map_err(|error| journal_is_full(&error))?;
            fault_answer(provider, fault, number)
        }
        None => accept(provider, &sent, body, number, fault)?,
    };
    let delay = body.get("delay").and_then(Value::as_u64).map(Duration::from_millis).filter(|_| refusal.is_none()).unwrap_or_default();
    tokio::time::sleep(fate.latency + delay.min(MOST_DELAY)).await;
    Ok(answer)
}

fn sent_of(request: &Request, action: &str, body: &Value) -> Sent {
    Sent {
        dialect: Dialect::Evolution,
        route: action.to_owned(),
        to: content::digits(recipient(action, body)),
        key: request.header("idempotency-key").map(str::to_owned),
        sha256: sha256(body.to_string().as_bytes()),
        at_us: request.at_us,
    }
}

fn recipient<'a>(action: &str, body: &'a Value) -> &'a str {
    let number = match action {
        "sendReaction" => body.get("key").and_then(|key| key.get("remoteJid")),
        "sendStatus" => return "status@broadcast",
        _ => body.get("number"),
    };
    number.and_then(Value::as_str).unwrap_or_default()
}

fn accept(provider: &Provider, sent: &Sent, body: &Value, number: &str, fault: Option<Fault>) -> Checked<Answer> {
    let id = message_id(provider);
    let (kind, message) = content::message(&sent.route, body);
    let address = content::address(number);
    let quoted = body.get("quoted").and_then(|quoted| quoted.get("key")?.get("id")).cloned();
    let context = quoted.map_or_else(|| json!({}), |id| json!({ "stanzaId": id, "participant": own_address(provider) }));
    let content = json!({
        "key": { "remoteJid": address, "fromMe": true, "id": id },
        "pushName": "Você",
        "status": "PENDING",
        "message": message,
        "contextInfo": context,
        "messageType": kind,
        "messageTimestamp": sent.at_us / 1_000_000,
        "instanceId": instance_id(provider),
        "source": "web",
    });
    let outcome = if fault.is_some() { Outcome::Dropped } else { Outcome::Answered };
    let content = content.to_string();
    let answer = Answer::json_text(201, content.clone());
    provider.accept(sent, &id, content, outcome).map_err(|error| journal_is_full(&error))?;
    Ok(match fault {
        Some(Fault::CutShort) => answer.shaped(Shape::Torn),
        Some(_) => answer.shaped(Shape::Closed),
        None => answer,
    })
}

/// `3EB0` and 18 digits, as WhatsApp Web makes them.
pub(super) fn message_id(provider: &Provider) -> String {
    format!("3EB0{}00", hex(&provider.unique().to_be_bytes()).to_uppercase())
}

/// What Evolution says when this goes wrong.
fn fault_answer(provider: &Provider, fault: Fault, number: &str) -> Answer {
    let down = |message: Value| error_answer(500, "Internal Server Error", message);
    let wait = || provider.desk().knobs.retry_after.as_secs().to_string();
    match fault {
        Fault::NotOnWhatsApp => {
            let address = content::address(number);
            let told = if address.ends_with("@g.us") {
                json!("[object Object]")
            } else {
                json!({ "jid": address, "exists": false, "number": number })
            };
            bad_request(json!([told]))
        }
        Fault::ConnectionClosed => down(json!("Connection Closed")),
        Fault::ConnectionClosedCached => bad_request(json!(["Error: Connection Closed"])),
        Fault::NotLoaded => down(json!("Cannot read properties of undefined (reading 'sendMessage')")),
        Fault::Unauthorized => unauthorized(),
        Fault::InstanceMissing => {
            error_answer(404, "Not Found", json!([format!("The \"{}\" instance does not exist", provider.options.instance)]))
        }
        Fault::Invalid => bad_request(json!([["instance requires property \"number\""]])),
        Fault::MediaFailed => down(json!(["Error: Request failed with status code 404"])),
        Fault::OwnError => down(json!("Internal server error")),
        Fault::Gateway(status) => Answer::page(status),
        Fault::TooMany => Answer::page(429).with("retry-after", wait()),
        Fault::Unavailable => Answer::page(503).with("retry-after", wait()),
        Fault::Page => Answer::page(200),
        Fault::Empty => Answer::empty(200),
        Fault::Huge => Answer::nothing(Shape::Huge),
        Fault::Moved => Answer::empty(302).with("location", "/login"),
        Fault::Silent => Answer::nothing(Shape::Silent),
        Fault::Dropped | Fault::CutShort => Answer::nothing(Shape::Closed),
        // the channel of Meta's passes the refusal on as if it were a success
        Fault::Meta(code) => Answer::json(201, &meta::errors::body(provider, code)),
    }
}

fn no_route(request: &Request) -> Answer {
    error_answer(404, "Not Found", json!([format!("Cannot {} {}", request.method, request.path)]))
}

fn bad_request(message: Value) -> Answer {
    error_answer(400, "Bad Request", message)
}

fn unauthorized() -> Answer {
    error_answer(401, "Unauthorized", json!("Unauthorized"))
}

fn error_answer(status: u16, error: &str, message: Value) -> Answer {
    Answer::json(status, &json!({ "status": status, "error": error, "response": { "message": message } }))
}

fn connection_state(provider: &Provider) -> &'static str {
    if provider.is_disconnected() { "close" } else { "open" }
}

/// The address that messages come from.
pub(super) fn own_address(provider: &Provider) -> String {
    format!("{}@s.whatsapp.net", provider.options.own_number)
}

/// A UUID that stays the same for one name.
pub(super) fn instance_id(provider: &Provider) -> String {
    uuid_of(&provider.options.instance)
}

pub(super) fn uuid_of(name: &str) -> String {
    let digest = sha256(name.as_bytes());
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}
