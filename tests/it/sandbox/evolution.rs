//! Evolution's side: the shapes of its answers, its guards and its errors.

use serde_json::{Value, json};

use super::{Sandbox, blanked};

fn told(reply: &super::Reply) -> (u16, Value) {
    (reply.status, reply.json())
}

fn error(status: u16, error: &str, message: Value) -> (u16, Value) {
    (status, json!({ "status": status, "error": error, "response": { "message": message } }))
}

#[test]
fn a_text_is_answered_as_evolution_does() {
    let sandbox = Sandbox::start(&[]);

    let reply = sandbox.evolution("POST", "/message/sendText/main", &json!({ "number": "+34600111222", "text": "Hola Ana" }));

    let answer = reply.json();
    assert!(answer["key"]["id"].as_str().unwrap().starts_with("3EB0") && answer["messageTimestamp"].as_u64().unwrap() > 1_700_000_000);
    let expected = json!({
        "key": { "remoteJid": "34600111222@s.whatsapp.net", "fromMe": true, "id": "…" },
        "pushName": "Você", "status": "PENDING", "message": { "conversation": "Hola Ana" }, "contextInfo": {},
        "messageType": "conversation", "messageTimestamp": "…", "instanceId": "…", "source": "web",
    });
    assert_eq!((reply.status, blanked(answer, &["id", "messageTimestamp", "instanceId"])), (201, expected));
}

#[test]
fn every_kind_of_message_is_accepted() {
    let sandbox = Sandbox::start(&[]);
    let number = "34600111222";
    let media = "https://example.com/a";
    let section = json!({ "title": "Hoy", "rows": [{ "title": "10:30", "description": "libre", "rowId": "a" }] });
    for (action, body, kind) in [
        ("sendMedia", json!({ "number": number, "mediatype": "image", "media": media, "caption": "Hi" }), "imageMessage"),
        ("sendMedia", json!({ "number": number, "mediatype": "document", "media": media, "fileName": "a.pdf" }), "documentMessage"),
        ("sendMedia", json!({ "number": number, "mediatype": "video", "media": media }), "videoMessage"),
        ("sendWhatsAppAudio", json!({ "number": number, "audio": media }), "audioMessage"),
        ("sendSticker", json!({ "number": number, "sticker": media }), "stickerMessage"),
        ("sendPtv", json!({ "number": number, "video": media }), "ptvMessage"),
        ("sendLocation", json!({ "number": number, "latitude": 1.5, "longitude": 2, "name": "x", "address": "y" }), "locationMessage"),
        ("sendContact", json!({ "number": number, "contact": [{ "fullName": "Ana", "phoneNumber": "+34600111333" }] }), "contactMessage"),
        (
            "sendReaction",
            json!({ "key": { "id": "A", "remoteJid": "34600111222@s.whatsapp.net", "fromMe": true }, "reaction": "👍" }),
            "reactionMessage",
        ),
        ("sendPoll", json!({ "number": number, "name": "?", "selectableCount": 1, "values": ["a", "b"] }), "pollCreationMessageV3"),
        (
            "sendButtons",
            json!({ "number": number, "title": "t", "buttons": [{ "type": "reply", "displayText": "Sí", "id": "a" }] }),
            "interactiveMessage",
        ),
        ("sendList", json!({ "number": number, "title": "t", "footerText": "f", "buttonText": "b", "sections": [section] }), "listMessage"),
    ] {
        let reply = sandbox.evolution("POST", &format!("/message/{action}/main"), &body);
        assert_eq!((reply.status, &reply.json()["messageType"]), (201, &json!(kind)), "{action}: {}", reply.body);
    }
}

#[test]
fn an_unknown_instance_is_told_before_a_wrong_key_and_that_before_a_bad_body() {
    let sandbox = Sandbox::start(&[]);
    let ask = |instance: &str, key: &str, body: &str| {
        told(&sandbox.ask("POST", &format!("/message/sendText/{instance}"), &[("apikey", key), ("content-type", "application/json")], body))
    };

    assert_eq!(ask("other", "wrong", "{}"), error(404, "Not Found", json!(["The \"other\" instance does not exist"])));
    assert_eq!(ask("main", "wrong", "{}"), error(401, "Unauthorized", json!("Unauthorized")));
    let missing = json!([["instance requires property \"number\"", "instance requires property \"text\""]]);
    assert_eq!(ask("main", "sandbox", "{}"), error(400, "Bad Request", missing));
    let (status, body) = ask("other", "wrong", "nonsense");
    assert_eq!((status, &body["error"]), (400, &json!("Internal Server Error")));
    assert_eq!(sandbox.state()["accepted"], 0);
}

#[test]
fn the_key_is_the_one_of_the_environment() {
    let wq = crate::support::command::Wq::bare().env("WQ_SANDBOX_KEY", "geheim");
    let sandbox = Sandbox::of(wq, &["--instance", "ventas"]);
    let state = |key: &str| sandbox.ask("GET", "/instance/connectionState/ventas", &[("apikey", key)], "").status;

    assert_eq!((state("sandbox"), state("geheim")), (401, 200));
}

#[test]
fn every_error_has_the_shape_that_evolution_gives_it() {
    let sandbox = Sandbox::start(&[]);
    let text = |number: &str, text: &str| told(&sandbox.send_text(number, text));
    let absent = |number: &str| json!([{ "jid": format!("{number}@s.whatsapp.net"), "exists": false, "number": number }]);

    assert_eq!(text("34600999404", "x"), error(400, "Bad Request", absent("34600999404")));
    assert_eq!(text("abc", "x"), error(400, "Bad Request", absent("abc")));
    assert_eq!(text("34600111222", " "), error(400, "Bad Request", json!(["Text is required"])));
    assert_eq!(text("34600999501", "x"), error(500, "Internal Server Error", json!("Connection Closed")));
    assert_eq!(text("34600999500", "x"), error(500, "Internal Server Error", json!("Internal server error")));
    assert_eq!(text("34600999401", "x"), error(401, "Unauthorized", json!("Unauthorized")));
    assert_eq!(text("34600999400", "x"), error(400, "Bad Request", json!([["instance requires property \"number\""]])));
    assert_eq!(text("120363041234567890", "x"), error(400, "Bad Request", json!(["[object Object]"])));
    let template = sandbox.evolution("POST", "/message/sendTemplate/main", &json!({ "number": "1", "name": "a", "language": "es" }));
    assert_eq!(told(&template), error(500, "Internal Server Error", json!("Method not available in the Baileys service")));
    let unknown = sandbox.evolution("POST", "/message/sendNothing/main", &json!({}));
    assert_eq!(told(&unknown), error(404, "Not Found", json!(["Cannot POST /message/sendNothing/main"])));
}

#[test]
fn a_refusal_of_meta_comes_with_201_and_without_a_key() {
    let sandbox = Sandbox::start(&[]);

    let reply = sandbox.send_text("34600131056", "x");

    let expected = json!({
        "message": "(#131056) (Business Account, Consumer Account) pair rate limit hit", "type": "OAuthException", "code": 131_056,
        "error_data": { "messaging_product": "whatsapp", "details": "Too many messages to the same recipient in a short period of time." },
        "fbtrace_id": "…",
    });
    assert_eq!((reply.status, blanked(reply.json(), &["fbtrace_id"])), (201, expected));
}

#[test]
fn gateways_answer_pages_and_say_when_to_come_again() {
    let sandbox = Sandbox::start(&["--retry-after", "7s"]);

    for (number, status, wait) in
        [("34600999502", 502, None), ("34600999504", 504, None), ("34600999503", 503, Some("7")), ("34600999429", 429, Some("7"))]
    {
        let reply = sandbox.send_text(number, "x");
        assert_eq!((reply.status, reply.header("retry-after")), (status, wait), "{number}");
        assert!(reply.body.starts_with("<html>") && reply.header("content-type").unwrap().starts_with("text/html"), "{reply:?}");
    }
}

#[test]
fn the_instance_is_open_and_known() {
    let sandbox = Sandbox::start(&[]);

    let state = sandbox.evolution("GET", "/instance/connectionState/main", &json!({}));
    assert_eq!(told(&state), (200, json!({ "instance": { "instanceName": "main", "state": "open" } })));
    let instances = sandbox.evolution("GET", "/instance/fetchInstances", &json!({})).json();
    assert_eq!((&instances[0]["name"], &instances[0]["connectionStatus"]), (&json!("main"), &json!("open")));
    let welcome = sandbox.ask("GET", "/", &[], "");
    assert_eq!((welcome.status, &welcome.json()["version"]), (200, &json!("2.3.6")));
}

#[test]
fn numbers_are_looked_up_in_their_order() {
    let sandbox = Sandbox::start(&["--error-for", "+34600111333=not-on-whatsapp"]);

    let body = json!({ "numbers": ["34600111222", "34600999404", "34600111333", "5531987654321"] });
    let found = sandbox.evolution("POST", "/chat/whatsappNumbers/main", &body).json();

    let exists: Vec<bool> = found.as_array().unwrap().iter().map(|row| row["exists"].as_bool().unwrap()).collect();
    assert_eq!(exists, [true, false, false, true]);
    assert_eq!((&found[3]["jid"], &found[3]["number"]), (&json!("553187654321@s.whatsapp.net"), &json!("5531987654321")));
}

#[test]
fn a_message_whose_answer_was_lost_is_found_by_its_recipient() {
    let sandbox = Sandbox::start(&[]);
    assert_eq!(sandbox.send_text("34600999599", "lost").status, 0);
    sandbox.send_text("34600111222", "other");

    let find =
        |key: Value| sandbox.evolution("POST", "/chat/findMessages/main", &json!({ "where": { "key": key } })).json()["messages"].clone();

    let found = find(json!({ "remoteJid": "34600999599@s.whatsapp.net" }));
    assert_eq!((&found["total"], &found["pages"], &found["currentPage"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(found["records"][0]["message"], json!({ "conversation": "lost" }));
    let id = found["records"][0]["key"]["id"].clone();
    assert_eq!(find(json!({ "id": id }))["records"][0]["key"]["remoteJid"], "34600999599@s.whatsapp.net");
    assert_eq!(find(json!({ "remoteJid": "34600111333@s.whatsapp.net" }))["total"], 0);
    assert_eq!(find(json!({}))["records"][0]["message"]["conversation"], "other");
}

#[test]
fn pages_of_messages_go_from_the_newest_to_the_oldest() {
    let sandbox = Sandbox::start(&[]);
    for n in 0..5 {
        sandbox.send_text("34600111222", &format!("message {n}"));
    }

    let page = |page: u32| {
        let found = sandbox.evolution("POST", "/chat/findMessages/main", &json!({ "where": {}, "page": page, "offset": 2 })).json();
        let records = found["messages"]["records"].as_array().unwrap().clone();
        records.iter().map(|record| record["message"]["conversation"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };

    assert_eq!((page(1), page(3)), (vec!["message 4".to_owned(), "message 3".to_owned()], vec!["message 0".to_owned()]));
}

#[test]
fn typing_is_waited_for_before_the_answer() {
    let sandbox = Sandbox::start(&[]);
    let before = std::time::Instant::now();

    sandbox.evolution("POST", "/message/sendText/main", &json!({ "number": "34600111222", "text": "x", "delay": 300 }));

    assert!(before.elapsed() >= std::time::Duration::from_millis(300));
}
