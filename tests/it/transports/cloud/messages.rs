//! The body that each kind of message becomes, to the byte, and what Meta's Cloud API can't carry.

use sha2::{Digest, Sha256};
use wq::core::dispatch::transport::Outcome;
use wq::core::model::job::Job;

use super::{ACCEPTED, by_cloud};
use crate::transports::peer::Peer;
use crate::transports::{PATIENCE, deliver, job};

/// The body that is posted for a job with this data.
async fn posted(data: &str) -> String {
    let peer = Peer::saying(200, ACCEPTED).await;
    let outcome = deliver(&*by_cloud(peer.url(""), PATIENCE), &job("j1", data)).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{data}: {outcome:?}");
    String::from_utf8(peer.seen()[0].body.clone()).unwrap()
}

/// A body as Meta documents it: `fields` are what differs by type.
fn documented(fields: &str) -> String {
    format!(
        r#"{{"messaging_product":"whatsapp","recipient_type":"individual","to":"+34600111222",{fields},"biz_opaque_callback_data":"j1"}}"#
    )
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Why a job with this data is refused, and that nothing was posted.
async fn refused(data: &str) -> String {
    let peer = Peer::saying(200, ACCEPTED).await;
    let outcome = deliver(&*by_cloud(peer.url(""), PATIENCE), &job("j1", data)).await;
    let Outcome::Permanent { reason } = outcome else { panic!("{data}: {outcome:?}") };
    assert!(peer.seen().is_empty(), "{data}");
    reason
}

#[tokio::test]
async fn a_text() {
    let body = posted(r#"{"to":"+34600111222","text":"Hola \"Ana\"\n🎉"}"#).await;

    assert_eq!(body, documented(r#""type":"text","text":{"preview_url":false,"body":"Hola \"Ana\"\n🎉"}"#));
}

#[tokio::test]
async fn a_text_with_a_preview_that_answers_another_message() {
    let body = posted(r#"{"phone":"34600111222","text":"see https://a.example","preview_url":true,"reply_to":"wamid.X"}"#).await;

    assert_eq!(
        body,
        documented(r#""context":{"message_id":"wamid.X"},"type":"text","text":{"preview_url":true,"body":"see https://a.example"}"#)
    );
}

#[tokio::test]
async fn a_template_keeps_its_components_byte_for_byte() {
    let components = r#"[{"type":"header","parameters":[{"type":"image","image":{"id":"1013"}}]}, {"type":"body","parameters":[{"type":"text","parameter_name":"nombre","text":"Ana"}]},{"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"CONFIRM:48211"}]}]"#;
    let body = posted(&format!(
        r#"{{"to":"+34600111222","type":"template","template":{{"name":"cita_aviso","language":"es","components":{components}}},"campaign":"bf26"}}"#
    ))
    .await;

    assert_eq!(
        body,
        documented(&format!(
            r#""type":"template","template":{{"name":"cita_aviso","language":{{"code":"es"}},"components":{components}}}"#
        ))
    );
}

#[tokio::test]
async fn a_template_without_parameters_has_no_components() {
    for components in ["", r#","components":[]"#, r#","components":[ ]"#] {
        let template = format!(r#"{{"name":"aviso","language":{{"code":"pt_BR"}}{components}}}"#);

        let body = posted(&format!(r#"{{"to":"+34600111222","template":{template}}}"#)).await;

        assert_eq!(body, documented(r#""type":"template","template":{"name":"aviso","language":{"code":"pt_BR"}}"#));
    }
}

#[tokio::test]
async fn media_by_link_and_by_id() {
    for (media, fields) in [
        (
            r#"{"kind":"image","url":"https://cdn.example.com/a.png","caption":"Oferta"}"#,
            r#""type":"image","image":{"link":"https://cdn.example.com/a.png","caption":"Oferta"}"#,
        ),
        (
            r#"{"kind":"document","id":"1013","file_name":"factura.pdf","caption":"Factura"}"#,
            r#""type":"document","document":{"id":"1013","caption":"Factura","filename":"factura.pdf"}"#,
        ),
        (r#"{"kind":"video","url":"https://cdn.example.com/a.mp4"}"#, r#""type":"video","video":{"link":"https://cdn.example.com/a.mp4"}"#),
        (r#"{"kind":"audio","id":"77"}"#, r#""type":"audio","audio":{"id":"77"}"#),
    ] {
        let body = posted(&format!(r#"{{"to":"+34600111222","type":"media","media":{media}}}"#)).await;

        assert_eq!(body, documented(fields));
    }
}

#[tokio::test]
async fn a_location() {
    let body =
        posted(r#"{"to":"+34600111222","location":{"latitude":-23.5505,"longitude":-46.6333,"name":"Loja","address":"Av. Paulista 1"}}"#)
            .await;

    assert_eq!(
        body,
        documented(r#""type":"location","location":{"latitude":-23.5505,"longitude":-46.6333,"name":"Loja","address":"Av. Paulista 1"}"#)
    );
}

#[tokio::test]
async fn contacts() {
    let body = posted(
        r#"{"to":"+34600111222","contact":[{"name":"Ana Ruiz","phone":"+34600333444","organization":"ACME","email":"ana@example.com","url":"https://example.com"},{"name":"Leo","phone":"+34600333445"}]}"#,
    )
    .await;

    assert_eq!(
        body,
        documented(concat!(
            r#""type":"contacts","contacts":[{"name":{"formatted_name":"Ana Ruiz","first_name":"Ana Ruiz"},"#,
            r#""phones":[{"phone":"+34600333444","wa_id":"34600333444"}],"org":{"company":"ACME"},"#,
            r#""emails":[{"email":"ana@example.com"}],"urls":[{"url":"https://example.com"}]},"#,
            r#"{"name":{"formatted_name":"Leo","first_name":"Leo"},"phones":[{"phone":"+34600333445","wa_id":"34600333445"}]}]"#
        ))
    );
}

#[tokio::test]
async fn a_reaction_and_its_withdrawal() {
    for emoji in ["👍", ""] {
        let body =
            posted(&format!(r#"{{"to":"+34600111222","type":"reaction","reaction":{{"message_id":"wamid.X","emoji":"{emoji}"}}}}"#)).await;

        assert_eq!(body, documented(&format!(r#""type":"reaction","reaction":{{"message_id":"wamid.X","emoji":"{emoji}"}}"#)));
    }
}

#[tokio::test]
async fn buttons_that_answer() {
    let body = posted(
        r#"{"to":"+34600111222","text":"¿Vienes?","title":"Cita","footer":"ACME","buttons":[{"type":"reply","id":"y","title":"Sí"},{"type":"reply","id":"n","title":"No"}]}"#,
    )
    .await;

    assert_eq!(
        body,
        documented(concat!(
            r#""type":"interactive","interactive":{"type":"button","header":{"type":"text","text":"Cita"},"body":{"text":"¿Vienes?"},"#,
            r#""footer":{"text":"ACME"},"action":{"buttons":[{"type":"reply","reply":{"id":"y","title":"Sí"}},"#,
            r#"{"type":"reply","reply":{"id":"n","title":"No"}}]}}"#
        ))
    );
}

#[tokio::test]
async fn a_button_that_opens_a_page() {
    let body =
        posted(r#"{"to":"+34600111222","text":"Tu pedido","buttons":[{"type":"url","title":"Ver","url":"https://example.com/p/1"}]}"#)
            .await;

    assert_eq!(
        body,
        documented(concat!(
            r#""type":"interactive","interactive":{"type":"cta_url","body":{"text":"Tu pedido"},"#,
            r#""action":{"name":"cta_url","parameters":{"display_text":"Ver","url":"https://example.com/p/1"}}}"#
        ))
    );
}

#[tokio::test]
async fn a_list() {
    let body = posted(
        r#"{"to":"+34600111222","text":"Elige","list":{"button":"Horas","sections":[{"title":"Hoy","rows":[{"id":"a","title":"10:30","description":"con Eva"}]},{"title":"Mañana","rows":[{"id":"b","title":"9:00"}]}]}}"#,
    )
    .await;

    assert_eq!(
        body,
        documented(concat!(
            r#""type":"interactive","interactive":{"type":"list","body":{"text":"Elige"},"action":{"button":"Horas","sections":["#,
            r#"{"title":"Hoy","rows":[{"id":"a","title":"10:30","description":"con Eva"}]},"#,
            r#"{"title":"Mañana","rows":[{"id":"b","title":"9:00"}]}]}}"#
        ))
    );
}

#[tokio::test]
async fn the_callback_data_is_the_stable_key_or_its_digest() {
    let long = "k".repeat(513);
    for (key, callback_data) in
        [("Ab12.2", "Ab12.2".to_owned()), (&long[1..], "k".repeat(512)), (&long, format!("sha256:{}", sha256(&long)))]
    {
        let peer = Peer::saying(200, ACCEPTED).await;
        let job = Job { stable_key: key.to_owned(), ..job("Ab12", r#"{"to":"+34600111222","text":"Hola"}"#) };

        deliver(&*by_cloud(peer.url(""), PATIENCE), &job).await;

        let body: serde_json::Value = serde_json::from_slice(&peer.seen()[0].body).unwrap();
        assert_eq!(body["biz_opaque_callback_data"], callback_data);
    }
}

#[tokio::test]
async fn what_the_channel_cannot_carry_is_refused_before_it_is_sent() {
    for (data, why) in [
        (r#""poll":{"name":"¿Sí?","options":["a","b"]}"#, "Meta's Cloud API has no polls; send a list"),
        (
            r#""media":{"kind":"image","base64":"aGVsbG8="}"#,
            "Meta's Cloud API takes no media as base64; give a url, or the id of an upload",
        ),
        (
            r#""text":"x","buttons":[{"type":"url","title":"a","url":"https://a.example"},{"type":"url","title":"b","url":"https://b.example"}]"#,
            "outside a template Meta's Cloud API takes one url button, alone",
        ),
        (
            r#""text":"x","buttons":[{"type":"call","title":"a","phone":"+34600333444"}]"#,
            "outside a template Meta's Cloud API has no buttons that call or copy",
        ),
    ] {
        assert_eq!(refused(&format!(r#"{{"to":"+34600111222",{data}}}"#)).await, format!("unsupported_on_channel: {why}"));
    }
}

#[tokio::test]
async fn what_is_no_message_is_refused_before_it_is_sent() {
    let long = format!(r#"{{"to":"+34600111222","text":"{}"}}"#, "x".repeat(4097));
    for (data, field) in [
        ("{}", "to"),
        ("[]", "data"),
        ("null", "data"),
        ("7", "data"),
        (r#"{"to":"+34600111222"}"#, "text"),
        (r#"{"to":"+34600111222","text":""}"#, "text"),
        (r#"{"to":"12","text":"Hola"}"#, "to"),
        (long.as_str(), "text"),
        (r#"{"to":"+34600111222","media":{"kind":"image","url":"file:///etc/passwd"}}"#, "media.url"),
        (r#"{"to":"+34600111222","media":{"kind":"image","url":"https://169.254.169.254/a.png"}}"#, "media.url"),
        (
            r#"{"to":"+34600111222","template":{"name":"a","language":"es","components":[{"type":"body","parameters":[{"type":"text"}]}]}}"#,
            "template.components[0].parameters[0].text",
        ),
        (r#"{"to":"+34600111222","type":"fax","text":"x"}"#, "type"),
    ] {
        let reason = refused(data).await;

        assert!(reason.starts_with(&format!("invalid_payload: {field}")), "{reason}");
        assert!(!reason.contains("600111222"), "{reason}");
    }
}
