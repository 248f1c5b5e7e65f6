//! Meta's side: the shapes of its answers and errors.

use serde_json::{Value, json};

use super::{NUMBER_ID, Sandbox, blanked};

#[test]
fn a_text_is_answered_as_meta_does() {
    let sandbox = Sandbox::start(&[]);

    let reply = sandbox.meta_text("+34600111222", "Hola Ana", "wq:promo:48211");

    let id = reply.json()["messages"][0]["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("wamid.HBgLMzQ2MDAxMTEyMjI"), "{id}");
    let expected = json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": "+34600111222", "wa_id": "34600111222" }],
        "messages": [{ "id": id }],
    });
    assert_eq!((reply.status, reply.json()), (200, expected));
}

#[test]
fn every_kind_of_message_is_accepted() {
    let sandbox = Sandbox::start(&[]);
    let link = json!({ "link": "https://example.com/a" });
    let buttons = json!({ "type": "button", "body": { "text": "?" }, "action": { "buttons": [{ "type": "reply", "reply": { "id": "a", "title": "Sí" } }] } });
    let list = json!({ "type": "list", "body": { "text": "?" }, "action": { "button": "b", "sections": [{ "rows": [{ "id": "a", "title": "t" }] }] } });
    for (kind, inner) in [
        ("image", link.clone()),
        ("video", link.clone()),
        ("audio", json!({ "id": "1013" })),
        ("document", link.clone()),
        ("sticker", link),
        ("location", json!({ "latitude": 1.5, "longitude": 2 })),
        ("contacts", json!([{ "name": { "formatted_name": "Ana" } }])),
        ("reaction", json!({ "message_id": "wamid.x", "emoji": "👍" })),
        ("interactive", buttons),
        ("interactive", list),
    ] {
        let reply = sandbox.meta(&json!({ "to": "+34600111222", "type": kind, kind: inner }));
        assert_eq!(reply.status, 200, "{kind}: {}", reply.body);
    }
}

#[test]
fn a_template_is_accepted_with_its_status_and_checked_when_it_is_known() {
    let sandbox = Sandbox::start(&["--template", "cita=2", "--template", "promo=132015"]);
    let send = |name: &str, count: usize| {
        let parameters: Vec<Value> = (0..count).map(|n| json!({ "type": "text", "text": n.to_string() })).collect();
        let components = json!([{ "type": "body", "parameters": parameters }]);
        sandbox.meta(&json!({
            "to": "+34600111222", "type": "template",
            "template": { "name": name, "language": { "code": "es" }, "components": components },
        }))
    };

    assert_eq!(send("cita", 2).json()["messages"][0]["message_status"], "accepted");
    for (name, count, status, code) in [("cita", 1, 400, 132_000), ("promo", 0, 400, 132_015), ("other", 0, 404, 132_001)] {
        let reply = send(name, count);
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (status, &json!(code)), "{}", reply.body);
    }
}

#[test]
fn errors_have_a_code_details_and_a_trace() {
    let sandbox = Sandbox::start(&[]);

    let reply = sandbox.meta_text("+34600130429", "x", "a");

    let expected = json!({ "error": {
        "message": "(#130429) Rate limit hit", "type": "OAuthException", "code": 130_429,
        "error_data": { "messaging_product": "whatsapp", "details": "Cloud API message throughput has been reached." },
        "fbtrace_id": "…",
    } });
    assert_eq!((reply.status, blanked(reply.json(), &["fbtrace_id"])), (400, expected));
    assert_eq!(reply.json()["error"]["fbtrace_id"].as_str().unwrap().len(), 23);
}

#[test]
fn codes_come_with_their_status() {
    let sandbox = Sandbox::start(&[]);

    for (number, status, code) in [
        ("+34600131026", 400, 131_026),
        ("+34600131056", 400, 131_056),
        ("+34600131016", 503, 131_016),
        ("+34600131031", 403, 131_031),
        ("+34600999404", 400, 131_026),
        ("+34600999401", 401, 190),
        ("+34600999429", 429, 130_429),
        ("+34600999500", 500, 131_000),
    ] {
        let reply = sandbox.meta_text(number, "x", "a");
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (status, &json!(code)), "{number}: {}", reply.body);
    }
}

#[test]
fn a_parameter_that_is_missing_is_named() {
    let sandbox = Sandbox::start(&[]);
    let message = |message: Value| sandbox.meta(&message).json()["error"]["message"].clone();

    assert_eq!(message(json!({ "type": "text", "text": { "body": "x" } })), "(#100) The parameter to is required.");
    assert_eq!(message(json!({ "to": "+34600111222", "type": "text", "text": {} })), "(#100) The parameter text['body'] is required.");
    assert_eq!(sandbox.state()["accepted"], 0);
}

#[test]
fn a_wrong_token_a_missing_one_and_an_unknown_number_are_told_apart() {
    let sandbox = Sandbox::start(&[]);
    let ask = |id: &str, headers: &[(&str, &str)]| {
        let reply = sandbox.ask("POST", &format!("/v25.0/{id}/messages"), headers, "{}");
        (reply.status, reply.json()["error"]["code"].clone(), reply.json()["error"]["error_subcode"].clone())
    };

    assert_eq!(ask(NUMBER_ID, &[]), (400, json!(104), Value::Null));
    assert_eq!(ask(NUMBER_ID, &[("authorization", "Bearer wrong")]), (401, json!(190), Value::Null));
    assert_eq!(ask("999", &[("authorization", "Bearer sandbox")]), (400, json!(100), json!(33)));
}

#[test]
fn the_number_shows_the_fields_that_were_asked_for() {
    let sandbox = Sandbox::start(&[]);
    let get = |fields: &str| sandbox.ask("GET", &format!("/v21.0/{NUMBER_ID}?fields={fields}"), &[("authorization", "Bearer sandbox")], "");

    let expected = json!({ "throughput": { "level": "STANDARD" }, "quality_score": { "score": "GREEN" }, "id": NUMBER_ID });
    assert_eq!(get("throughput,quality_score").json(), expected);
    assert_eq!(get("verified_name%2Cstatus").json()["status"], "CONNECTED");
    let unknown = get("nonsense");
    assert_eq!((unknown.status, &unknown.json()["error"]["code"]), (400, &json!(100)));
}
