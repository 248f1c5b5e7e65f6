//! The route and the body of each kind of message.

use serde_json::{Value, json};
use wq::core::dispatch::transport::Outcome;
use wq::transport::{self, Way, evolution};

use super::{ACCEPTED, KEY, PATIENCE, Peer, by_evolution, deliver, job, options};

/// The action in the path and the body of what was posted for this data.
async fn posted(data: &Value) -> (String, Value) {
    let peer = Peer::saying(201, ACCEPTED).await;
    let outcome = deliver(&*by_evolution(peer.url(""), PATIENCE), &job("j1", &data.to_string())).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{data}: {outcome:?}");
    let seen = peer.seen();
    assert_eq!(seen.len(), 1);
    let path = seen[0].head.split(' ').nth(1).unwrap();
    let action = path.strip_prefix("/message/").and_then(|rest| rest.strip_suffix("/main")).unwrap().to_owned();
    assert_eq!((seen[0].header("apikey"), seen[0].header("content-type")), (Some(KEY), Some("application/json")));
    assert_eq!((seen[0].header("authorization"), seen[0].header("idempotency-key")), (None, None));
    (action, serde_json::from_slice(&seen[0].body).unwrap())
}

/// Why nothing was posted for this data.
async fn refused(data: &str) -> String {
    let peer = Peer::saying(201, ACCEPTED).await;
    let outcome = deliver(&*by_evolution(peer.url(""), PATIENCE), &job("j1", data)).await;
    assert_eq!(peer.seen().len(), 0, "{data}");
    match outcome {
        Outcome::Permanent { reason } => reason,
        _ => panic!("{data}: {outcome:?}"),
    }
}

#[tokio::test]
async fn a_text_goes_to_the_digits_of_the_number() {
    for to in ["to", "phone", "number"] {
        let sent = posted(&json!({ to: "+34 600 11 12 22", "text": "Hola Ana", "campaign": "bf26", "own": 1 })).await;

        assert_eq!(sent, ("sendText".to_owned(), json!({"number": "34600111222", "text": "Hola Ana"})));
    }
}

#[tokio::test]
async fn typing_and_quoting_and_previews_come_along() {
    let data = json!({"to": "+34600111222", "text": "see https://example.com", "delay": 1200, "reply_to": "3EB0", "preview_url": false});

    let (_, body) = posted(&data).await;

    let rest = json!({"number": "34600111222", "delay": 1200, "quoted": {"key": {"id": "3EB0"}}, "text": "see https://example.com",
        "linkPreview": false});
    assert_eq!(body, rest);
}

#[tokio::test]
async fn media_go_by_their_kind() {
    for kind in ["image", "video"] {
        let data = json!({"to": "+34600111222", "type": "media", "media": {"kind": kind, "url": "https://example.com/a", "caption": "Hi"}});

        let expected = json!({"number": "34600111222", "mediatype": kind, "media": "https://example.com/a", "caption": "Hi"});
        assert_eq!(posted(&data).await, ("sendMedia".to_owned(), expected));
    }
    let document = json!({"kind": "document", "base64": "aGk=", "file_name": "a.pdf", "mime": "application/pdf"});
    let expected =
        json!({"number": "34600111222", "mediatype": "document", "media": "aGk=", "mimetype": "application/pdf", "fileName": "a.pdf"});
    assert_eq!(posted(&json!({"to": "+34600111222", "media": document})).await, ("sendMedia".to_owned(), expected));
}

#[tokio::test]
async fn audio_goes_as_a_voice_note() {
    let data = json!({"to": "+34600111222", "media": {"kind": "audio", "url": "https://example.com/a.ogg"}});

    assert_eq!(
        posted(&data).await,
        ("sendWhatsAppAudio".to_owned(), json!({"number": "34600111222", "audio": "https://example.com/a.ogg"}))
    );
}

#[tokio::test]
async fn a_template_keeps_its_components_as_they_are() {
    let components = json!([{"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}]);
    let data = json!({"to": "+34600111222", "type": "template", "template": {"name": "cita", "language": "es", "components": components}});

    let expected = json!({"number": "34600111222", "name": "cita", "language": "es", "components": components});
    assert_eq!(posted(&data).await, ("sendTemplate".to_owned(), expected));
}

#[tokio::test]
async fn a_location_has_a_name_and_an_address_even_if_empty() {
    let data = json!({"to": "+34600111222", "location": {"latitude": 40.5, "longitude": -3.25, "name": "Office"}});

    let expected = json!({"number": "34600111222", "latitude": 40.5, "longitude": -3.25, "name": "Office", "address": ""});
    assert_eq!(posted(&data).await, ("sendLocation".to_owned(), expected));
}

#[tokio::test]
async fn a_contact_is_a_card_with_its_number_in_both_forms() {
    let data =
        json!({"to": "+34600111222", "type": "contact", "contact": [{"name": "Ana", "phone": "+34600111333", "email": "ana@example.com"}]});

    let card = json!({"fullName": "Ana", "phoneNumber": "+34600111333", "wuid": "34600111333", "email": "ana@example.com"});
    assert_eq!(posted(&data).await, ("sendContact".to_owned(), json!({"number": "34600111222", "contact": [card]})));
}

#[tokio::test]
async fn a_reaction_names_the_message_that_it_is_on() {
    let data = json!({"to": "+34600111222", "reaction": {"message_id": "3EB0", "emoji": "👍"}});

    let (action, body) = posted(&data).await;

    assert_eq!(action, "sendReaction");
    assert_eq!(body["reaction"], "👍");
    assert_eq!((&body["key"]["id"], &body["key"]["remoteJid"]), (&json!("3EB0"), &json!("34600111222@s.whatsapp.net")));
    assert!(body["key"]["fromMe"].is_boolean() && body["number"].is_null());
}

#[tokio::test]
async fn a_poll_has_its_answers_and_how_many_may_be_chosen() {
    let data = json!({"to": "+34600111222", "poll": {"name": "When?", "options": ["Mon", "Tue"], "selectable": 1}});

    let expected = json!({"number": "34600111222", "name": "When?", "selectableCount": 1, "values": ["Mon", "Tue"]});
    assert_eq!(posted(&data).await, ("sendPoll".to_owned(), expected));
}

#[tokio::test]
async fn buttons_have_a_title_even_if_only_a_text_was_given() {
    let buttons = json!([{"type": "reply", "id": "yes", "title": "Yes"}]);
    let sent = json!([{"type": "reply", "displayText": "Yes", "id": "yes"}]);

    let short = posted(&json!({"to": "+34600111222", "type": "buttons", "text": "Come?", "buttons": buttons})).await;
    let long = json!({"to": "+34600111222", "type": "buttons", "text": "Come?", "title": "Party", "footer": "Bye", "buttons": buttons});

    assert_eq!(short, ("sendButtons".to_owned(), json!({"number": "34600111222", "title": "Come?", "buttons": sent})));
    let expected = json!({"number": "34600111222", "title": "Party", "description": "Come?", "footer": "Bye", "buttons": sent});
    assert_eq!(posted(&long).await.1, expected);
}

#[tokio::test]
async fn a_list_has_all_that_evolution_asks_for() {
    let list = json!({"button": "Menu", "sections": [{"rows": [{"id": "r1", "title": "One"}]}]});
    let data = json!({"to": "+34600111222", "type": "list", "text": "Choose", "list": list});

    let sections = json!([{"title": "Menu", "rows": [{"title": "One", "rowId": "r1"}]}]);
    let expected = json!({"number": "34600111222", "title": "", "description": "Choose", "footerText": "", "buttonText": "Menu",
        "sections": sections});
    assert_eq!(posted(&data).await, ("sendList".to_owned(), expected));
}

#[tokio::test]
async fn what_can_not_be_read_is_a_dead_letter_that_names_the_field_and_nothing_is_sent() {
    for (data, start) in [
        ("[]", "invalid_payload: data: "),
        ("{}", "invalid_payload: to: "),
        (r#"{"to":"nonsense","text":"Hi"}"#, "invalid_payload: to: "),
        (r#"{"to":"+34600111222"}"#, "invalid_payload: "),
        (r#"{"to":"+34600111222","text":" "}"#, "invalid_payload: text: "),
        (r#"{"to":"+34600111222","type":"fax"}"#, "invalid_payload: type: "),
        (r#"{"to":"+34600111222","media":{"kind":"image","url":"file:///etc/passwd"}}"#, "invalid_payload: media.url: "),
        (r#"{"to":"+34600111222","media":{"kind":"image","url":"https://127.0.0.1/a.png"}}"#, "invalid_payload: media.url: "),
        (r#"{"to":"+34600111222","media":{"kind":"image","id":"1013"}}"#, "invalid_payload: media.id: "),
        (r#"{"to":"+34600111222","media":{"kind":"document","base64":"aGk="}}"#, "invalid_payload: media.file_name: "),
        (r#"{"to":"+34600111222","text":"Hi","delay":-1}"#, "invalid_payload: delay: "),
        (r#"{"to":"+34600111222","text":"Hi","delay":30001}"#, "invalid_payload: delay: "),
    ] {
        let reason = refused(data).await;

        assert!(reason.starts_with(start), "{data}: {reason}");
        assert!(!reason.contains("0011"), "{reason}");
    }
    let options: Vec<String> = (0..11).map(|n| n.to_string()).collect();
    let poll = json!({"to": "+34600111222", "poll": {"name": "When?", "options": options, "selectable": 1}});
    assert_eq!(refused(&poll.to_string()).await, "invalid_payload: poll.options: 11 answers; Evolution takes at most 10");
    let long = json!({"to": "+34600111222", "text": "x".repeat(4097)});
    assert!(refused(&long.to_string()).await.starts_with("invalid_payload: text: "));
}

#[tokio::test]
async fn the_name_of_an_instance_stays_one_part_of_the_path() {
    let peer = Peer::saying(201, ACCEPTED).await;
    let odd = evolution::Options { instance: "Sales/ES & Ñ?".to_owned(), ..options(peer.url("/evo/"), PATIENCE) };

    deliver(&*transport::build(Way::Evolution(odd)).unwrap(), &job("j1", super::TEXT)).await;

    let path = peer.seen()[0].head.split(' ').nth(1).unwrap().to_owned();
    assert_eq!(path, "/evo/message/sendText/Sales%2FES%20&%20%C3%91%3F");
}
