//! What counts as proof that an uncertain message was sent.

use serde_json::{Value, json};
use wq::core::model::job::Job;

use super::{PATIENCE, Peer, Reply, TEXT, by_evolution, envelope, job};

/// When the intent of the message was written.
const INTENT: u64 = 1_795_500_000_500;
const AT: u64 = 1_795_500_001;

fn record(id: &str, at: u64, text: &str) -> Value {
    json!({
        "id": "row", "key": {"id": id, "fromMe": true, "remoteJid": "34600111222@s.whatsapp.net"}, "pushName": "", "messageType": "conversation",
        "message": {"conversation": text}, "messageTimestamp": at, "instanceId": "5b0c", "source": "web", "MessageUpdate": []
    })
}

fn with(mut record: Value, path: &str, value: Value) -> Value {
    *record.pointer_mut(path).unwrap() = value;
    record
}

/// What is found when the first question is answered with these records and the others with none.
async fn found(job: &Job, records: Vec<Value>) -> Option<String> {
    let peer = Peer::start(move |n| {
        let records = if n == 0 { records.clone() } else { vec![] };
        let body = json!({"messages": {"total": records.len(), "pages": 1, "currentPage": 1, "records": records}});
        Reply::Say(200, vec![], body.to_string().into_bytes())
    })
    .await;
    let proof = by_evolution(peer.url(""), PATIENCE).look_up(job, INTENT).await;
    for request in peer.seen() {
        assert!(request.head.starts_with("POST /chat/findMessages/main HTTP/1.1\r\n"), "{}", request.head);
    }
    proof
}

async fn proof_of_text(records: Vec<Value>) -> Option<String> {
    found(&job("j1", TEXT), records).await
}

#[tokio::test]
async fn the_only_message_to_that_number_with_that_text_is_proof() {
    let others = [record("B2", AT, "Hola Eva"), with(record("C3", AT, "Hola Ana"), "/key/remoteJid", json!("34600111333@s.whatsapp.net"))];

    let proof = proof_of_text([vec![record("A1", AT, "Hola Ana")], others.to_vec()].concat()).await;

    assert_eq!(proof.as_deref(), Some("A1"));
}

#[tokio::test]
async fn what_is_not_our_message_in_our_time_is_no_proof() {
    let ours = || record("A1", AT, "Hola Ana");
    for other in [
        record("A1", AT - 60, "Hola Ana"),
        record("A1", AT + 600, "Hola Ana"),
        record("A1", AT, "Hola Ana!"),
        with(ours(), "/key/fromMe", json!(false)),
        with(ours(), "/key/id", json!("")),
        with(ours(), "/key/remoteJid", json!("34600111222@lid")),
        with(ours(), "/MessageUpdate", json!([{"status": "ERROR"}])),
        with(ours(), "/messageTimestamp", json!(null)),
        with(ours(), "/message", json!(null)),
        json!(null),
        json!("nonsense"),
    ] {
        assert_eq!(proof_of_text(vec![other.clone()]).await, None, "{other}");
    }
    assert_eq!(proof_of_text(vec![]).await, None);
}

#[tokio::test]
async fn two_that_could_be_it_prove_nothing() {
    assert_eq!(proof_of_text(vec![record("A1", AT, "Hola Ana"), record("B2", AT + 3, "Hola Ana")]).await, None);
    // the same record twice is one message
    assert_eq!(proof_of_text(vec![record("A1", AT, "Hola Ana"), record("A1", AT, "Hola Ana")]).await.as_deref(), Some("A1"));
}

#[tokio::test]
async fn the_shapes_of_other_versions_and_channels_are_understood() {
    for record in [
        with(record("A1", AT, "Hola Ana"), "/messageTimestamp", json!(AT.to_string())),
        with(record("A1", AT, ""), "/message", json!({"extendedTextMessage": {"text": "Hola Ana"}})),
        with(record("A1", AT, "Hola Ana"), "/key/remoteJid", json!("34600111222")),
        with(
            record("A1", AT, "Hola Ana"),
            "/key",
            json!({"id": "A1", "fromMe": true, "remoteJid": "99@lid", "remoteJidAlt": "34600111222@s.whatsapp.net"}),
        ),
    ] {
        assert_eq!(proof_of_text(vec![record.clone()]).await.as_deref(), Some("A1"), "{record}");
    }
}

#[tokio::test]
async fn a_number_that_evolution_shortens_is_found_under_both_forms() {
    let ana = job("j1", r#"{"to":"+5531987650000","text":"Oi"}"#);
    let short = with(record("A1", AT, "Oi"), "/key/remoteJid", json!("553187650000@s.whatsapp.net"));

    assert_eq!(found(&ana, vec![short]).await.as_deref(), Some("A1"));
}

#[tokio::test]
async fn media_are_known_by_their_kind_and_caption() {
    let image = job("j1", r#"{"to":"+34600111222","media":{"kind":"image","url":"https://example.com/a.png","caption":"Hi"}}"#);
    let stored = |kind: &str, caption: &str| {
        let record = with(record("A1", AT, ""), "/message", json!({ kind: {"caption": caption, "url": "https://mmg.whatsapp.net/x"} }));
        with(record, "/messageType", json!(kind))
    };

    assert_eq!(found(&image, vec![stored("imageMessage", "Hi")]).await.as_deref(), Some("A1"));
    assert_eq!(found(&image, vec![stored("videoMessage", "Hi")]).await, None);
    assert_eq!(found(&image, vec![stored("imageMessage", "Ho")]).await, None);
}

#[tokio::test]
async fn an_answer_that_is_none_is_no_proof() {
    for (status, body) in [(200, "<h1>Hi</h1>".to_owned()), (401, envelope(401, json!("Unauthorized"))), (500, String::new())] {
        let peer = Peer::saying(status, &body).await;

        assert_eq!(by_evolution(peer.url(""), PATIENCE).look_up(&job("j1", TEXT), INTENT).await, None, "{status}");
    }
}

#[tokio::test]
async fn a_recipient_with_too_many_messages_proves_nothing() {
    let page: Vec<Value> = (0..50).map(|n| record(&format!("X{n}"), AT, "other")).collect();
    let body = json!({"messages": {"records": page}}).to_string();
    let peer = Peer::saying(200, &body).await;

    assert_eq!(by_evolution(peer.url(""), PATIENCE).look_up(&job("j1", TEXT), INTENT).await, None);
    assert_eq!(peer.seen().len(), 4);
}
