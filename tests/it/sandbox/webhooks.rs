//! Webhooks: their shapes, their signatures, and what goes wrong with them.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Call, Hooks, PATIENCE, Sandbox, blanked};
use crate::support::command::Wq;
use crate::support::eventually;

/// Everything happens at once, and to every message.
const QUICK: [&str; 10] =
    ["--deliver-after", "40ms", "--read-after", "40ms", "--reply-after", "40ms", "--read-rate", "100%", "--reply-rate", "0%"];

fn start(hooks: &Hooks, further: &[&str]) -> Sandbox {
    Sandbox::start(&[&["--webhook", &hooks.url()], QUICK.as_slice(), further].concat())
}

/// Like [`QUICK`] with further rates: a flag may be given once.
fn start_replying(hooks: &Hooks) -> Sandbox {
    let mut args: Vec<&str> = QUICK.to_vec();
    args[9] = "100%";
    let url = hooks.url();
    args.extend(["--webhook", &url]);
    Sandbox::start(&args)
}

/// HMAC-SHA256 by its definition, not by the library that the sandbox uses.
fn hmac(key: &[u8], text: &[u8]) -> String {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |with: u8| block.map(|byte| byte ^ with).to_vec();
    let inner = Sha256::digest([pad(0x36), text.to_vec()].concat());
    let outer = Sha256::digest([pad(0x5c), inner.to_vec()].concat());
    outer.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn event(call: &Call) -> String {
    call.json()["event"].as_str().unwrap().to_owned()
}

/// `delivered` and the like, in the order of arrival.
fn statuses(calls: &[Call]) -> Vec<String> {
    let words = calls.iter().filter_map(|call| {
        let body = call.json();
        let evolution = body["data"]["status"].as_str().filter(|_| body["event"] == "messages.update").map(str::to_owned);
        evolution.or_else(|| body["entry"][0]["changes"][0]["value"]["statuses"][0]["status"].as_str().map(str::to_owned))
    });
    words.collect()
}

#[test]
fn evolution_tells_the_send_and_then_what_became_of_it() {
    let hooks = Hooks::start(|_| 200);
    let sandbox = start(&hooks, &["--webhook-header", "X-WQ-Token: abc"]);

    let answer = sandbox.send_text("34600111222", "Hola").json();
    let calls = hooks.after(4);

    assert_eq!(calls.iter().map(event).collect::<Vec<_>>(), ["send.message", "messages.update", "messages.update", "messages.update"]);
    assert_eq!(calls[0].json()["data"], answer);
    assert_eq!(statuses(&calls), ["SERVER_ACK", "DELIVERY_ACK", "READ"]);
    let envelope = blanked(calls[2].json(), &["messageId", "instanceId", "date_time", "server_url", "destination"]);
    let expected = json!({
        "event": "messages.update", "instance": "main",
        "data": { "messageId": "…", "keyId": answer["key"]["id"], "remoteJid": "34600111222@s.whatsapp.net", "fromMe": true,
            "participant": null, "status": "DELIVERY_ACK", "instanceId": "…" },
        "destination": "…", "date_time": "…", "sender": "34900111222@s.whatsapp.net", "server_url": "…", "apikey": null,
    });
    assert_eq!(envelope, expected);
    assert!(calls.iter().all(|call| call.path == "/hooks" && call.header("x-wq-token").map(str::trim) == Some("abc")));
}

#[test]
fn meta_tells_each_status_with_the_senders_own_data_and_a_signature() {
    let hooks = Hooks::start(|_| 200);
    let mut args = QUICK.to_vec();
    let url = hooks.url();
    args.extend(["--webhook", &url]);
    let sandbox = Sandbox::of(Wq::bare().env("WQ_SANDBOX_APP_SECRET", "geheim"), &args);

    let id = sandbox.meta_text("+34600111222", "Hola", "wq:promo:48211").json()["messages"][0]["id"].clone();
    let calls = hooks.after(3);

    assert_eq!(statuses(&calls), ["sent", "delivered", "read"]);
    for call in &calls {
        let signature = format!("sha256={}", hmac(b"geheim", &call.body));
        assert_eq!(call.header("x-hub-signature-256").map(str::trim), Some(signature.as_str()));
    }
    let pricing = json!({ "billable": true, "pricing_model": "PMP", "type": "regular", "category": "service" });
    let status = json!({ "id": id, "status": "delivered", "timestamp": "…", "recipient_id": "34600111222",
        "biz_opaque_callback_data": "wq:promo:48211", "pricing": pricing });
    let metadata = json!({ "display_phone_number": "34900111222", "phone_number_id": super::NUMBER_ID });
    let value = json!({ "messaging_product": "whatsapp", "metadata": metadata, "statuses": [status] });
    let expected = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "102290129340398", "changes": [{ "value": value, "field": "messages" }] }] });
    assert_eq!(blanked(calls[1].json(), &["timestamp"]), expected);
    let read = &calls[2].json()["entry"][0]["changes"][0]["value"]["statuses"][0];
    assert!(read["pricing"].is_null() && read["timestamp"].as_str().unwrap().bytes().all(|byte| byte.is_ascii_digit()));
}

#[test]
fn a_reply_quotes_the_message_in_both_dialects() {
    let hooks = Hooks::start(|_| 200);
    let sandbox = start_replying(&hooks);

    let id = sandbox.send_text("34600111222", "Hola").json()["key"]["id"].clone();
    let evolution = hooks.after(5)[4].json()["data"].clone();
    let wamid = sandbox.meta_text("+34600111222", "Hola", "a").json()["messages"][0]["id"].clone();
    let meta = hooks.after(9)[8].json()["entry"][0]["changes"][0]["value"].clone();

    assert_eq!(
        (&evolution["contextInfo"]["stanzaId"], &evolution["contextInfo"]["quotedMessage"]),
        (&id, &json!({ "conversation": "Hola" }))
    );
    assert_eq!((&evolution["key"]["fromMe"], &evolution["key"]["remoteJid"]), (&json!(false), &json!("34600111222@s.whatsapp.net")));
    assert_eq!(meta["messages"][0]["context"], json!({ "from": "34900111222", "id": wamid }));
    assert_eq!((&meta["messages"][0]["from"], &meta["contacts"][0]["wa_id"]), (&json!("34600111222"), &json!("34600111222")));
}

#[test]
fn a_message_may_fail_after_it_was_accepted() {
    let hooks = Hooks::start(|_| 200);
    let sandbox = start(&hooks, &[]);

    assert_eq!(sandbox.meta_text("+34600931026", "x", "a").status, 200);
    let failed = hooks.after(2)[1].json()["entry"][0]["changes"][0]["value"]["statuses"][0].clone();
    assert_eq!(
        (&failed["status"], &failed["errors"][0]["code"], &failed["biz_opaque_callback_data"]),
        (&json!("failed"), &json!(131_026), &json!("a"))
    );
    assert_eq!(failed["errors"][0]["error_data"], json!({ "details": "Unable to deliver message." }));

    assert_eq!(sandbox.send_text("34600931026", "x").status, 201);
    assert_eq!(statuses(&hooks.after(5)[2..]), ["SERVER_ACK", "ERROR"]);
}

#[test]
fn webhooks_come_twice_and_before_their_turn_when_told_to() {
    let hooks = Hooks::start(|_| 200);
    let sandbox = start(&hooks, &["--double-webhooks", "100%", "--swap-webhooks", "100%"]);

    sandbox.meta_text("+34600111222", "x", "a");
    let mut all = statuses(&hooks.after(6));

    assert_ne!(all[0], "sent", "{all:?}");
    all.sort();
    assert_eq!(all, ["delivered", "delivered", "read", "read", "sent", "sent"]);
}

#[test]
fn a_webhook_that_nobody_took_comes_again_with_the_same_bytes() {
    let hooks = Hooks::start(|number| if number < 2 { 503 } else { 200 });
    let sandbox = Sandbox::start(&["--webhook", &hooks.url(), "--webhook-retry-after", "10ms", "--deliver-after", "1h"]);
    sandbox.meta_text("+34600111222", "x", "a");

    let calls = hooks.after(3);

    assert!(calls[0].body == calls[1].body && calls[1].body == calls[2].body);
    eventually(PATIENCE, "it is counted", || (sandbox.state()["webhooks"]["delivered"] == 1).then_some(()));
    assert_eq!(sandbox.state()["webhooks"]["repeated"], 2);
}

#[test]
fn evolution_gives_up_where_the_receiver_says_no_and_meta_does_not() {
    let hooks = Hooks::start(|_| 404);
    let sandbox = Sandbox::start(&["--webhook", &hooks.url(), "--webhook-retry-after", "10ms", "--deliver-after", "1h"]);

    sandbox.send_text("34600111222", "x");
    eventually(PATIENCE, "one is given up", || (sandbox.state()["webhooks"]["given_up"] == 1).then_some(()));
    assert_eq!(hooks.calls().len(), 1);

    sandbox.meta_text("+34600111222", "x", "a");
    eventually(PATIENCE, "one comes again", || (sandbox.state()["webhooks"]["repeated"].as_u64() >= Some(1)).then_some(()));
}

#[test]
fn evolutions_receiver_is_set_and_found_and_hears_what_it_asked_for() {
    let hooks = Hooks::start(|_| 200);
    let sandbox = Sandbox::start(&QUICK);
    assert_eq!(sandbox.evolution("GET", "/webhook/find/main", &json!({})).json(), Value::Null);

    let webhook = json!({ "enabled": true, "url": hooks.url(), "byEvents": true, "base64": false,
        "headers": { "jwt_key": "geheim" }, "events": ["MESSAGES_UPDATE"] });
    let set = sandbox.evolution("POST", "/webhook/set/main", &json!({ "webhook": webhook }));
    sandbox.send_text("34600111222", "x");
    let calls = hooks.after(3);

    assert_eq!((set.status, &sandbox.evolution("GET", "/webhook/find/main", &json!({})).json()["webhookByEvents"]), (201, &json!(true)));
    assert_eq!(statuses(&calls), ["SERVER_ACK", "DELIVERY_ACK", "READ"]);
    for call in &calls {
        assert_eq!(call.path, "/hooks/messages-update");
        assert!(call.header("authorization").unwrap().starts_with("Bearer ey") && !call.head.contains("geheim"));
    }
}

#[test]
fn the_status_of_a_message_can_be_asked_for() {
    let sandbox = Sandbox::start(&QUICK);
    let id = sandbox.send_text("34600111222", "x").json()["key"]["id"].clone();

    let found = eventually(PATIENCE, "it is read", || {
        let found = sandbox.evolution("POST", "/chat/findStatusMessage/main", &json!({ "where": { "id": id } })).json();
        found.as_array().unwrap().iter().any(|row| row["status"] == "READ").then_some(found)
    });

    let words: Vec<&str> = found.as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert_eq!(words, ["SERVER_ACK", "DELIVERY_ACK", "READ"]);
    assert!(found.as_array().unwrap().iter().all(|row| row["keyId"] == id));
}

#[test]
fn a_lost_connection_is_announced_and_so_is_its_return() {
    let hooks = Hooks::start(|_| 200);
    let sandbox = start(&hooks, &[]);

    sandbox.turn(&json!({ "disconnect": "50ms" }));
    let calls = hooks.after(2);

    let states: Vec<Value> = calls.iter().map(|call| call.json()["data"]["state"].clone()).collect();
    assert_eq!((event(&calls[0]).as_str(), states), ("connection.update", vec![json!("close"), json!("open")]));
}

#[test]
fn a_receiver_is_asked_for_metas_challenge_when_there_is_a_token() {
    let hooks = Hooks::start(|_| 200);
    let url = hooks.url();
    let sandbox = Sandbox::of(Wq::bare().env("WQ_SANDBOX_VERIFY_TOKEN", "abc"), &["--webhook", &url]);

    let asked = hooks.after(1)[0].clone();
    let query = asked.path.split_once('?').unwrap().1.to_owned();
    assert!(query.starts_with("hub.mode=subscribe&hub.challenge=") && query.ends_with("&hub.verify_token=abc"), "{query}");
    eventually(PATIENCE, "the answer is told", || sandbox.process.stderr().contains("the answer is not the challenge").then_some(()));
}
