//! One test for each row of Evolution's error table.

use serde_json::json;
use wq::core::dispatch::transport::Outcome;
use wq::core::model::outage::OutageEnd;

use super::{ACCEPTED, TEXT, answered, attempt, envelope, paused, permanent, retry, uncertain, wait};
use crate::transports::{Job, job};

const IMAGE: &str = r#"{"to":"+34600111222","type":"media","media":{"kind":"image","url":"https://example.com/a.png"}}"#;

async fn said(status: u16, message: serde_json::Value) -> Outcome {
    answered(status, vec![], &envelope(status, message), &attempt(1)).await
}

async fn said_at(attempt_number: u32, status: u16, message: serde_json::Value) -> Outcome {
    answered(status, vec![], &envelope(status, message), &attempt(attempt_number)).await
}

async fn said_of_an_image(attempt: u32, status: u16, message: serde_json::Value) -> Outcome {
    answered(status, vec![], &envelope(status, message), &Job { attempt, ..job("j1", IMAGE) }).await
}

#[tokio::test]
async fn an_answer_with_the_id_of_the_message_is_a_success() {
    let outcome = answered(201, vec![], ACCEPTED, &attempt(1)).await;

    let provider_id = Some("3EB0A1B2C3D4E5F6".to_owned());
    assert_eq!(outcome, Outcome::Accepted { reply: ACCEPTED.to_owned(), provider_id });
}

#[tokio::test]
async fn the_channel_without_a_status_is_a_success_too() {
    let body = r#"{"key":{"fromMe":true,"id":"b6a1","remoteJid":"34600111222"},"message":{"conversation":"Hi"}}"#;

    let outcome = answered(201, vec![], body, &attempt(1)).await;

    assert_eq!(outcome, Outcome::Accepted { reply: body.to_owned(), provider_id: Some("b6a1".to_owned()) });
}

#[tokio::test]
async fn a_refusal_of_metas_behind_a_201_is_judged_by_metas_table() {
    let meta =
        |code: i64| json!({"message": format!("(#{code}) said"), "type": "OAuthException", "code": code, "fbtrace_id": "A"}).to_string();

    let pair_limit = answered(201, vec![], &meta(131_056), &Job { waits: 2, ..attempt(1) }).await;
    let undeliverable = answered(201, vec![], &meta(131_026), &attempt(1)).await;
    let token = answered(201, vec![], &meta(190), &attempt(1)).await;
    let wrapped = answered(200, vec![], &format!("{{\"error\":{}}}", meta(131_026)), &attempt(1)).await;

    let Outcome::Defer { reason, after } = pair_limit else { panic!("{pair_limit:?}") };
    assert_eq!((reason.as_str(), after.as_secs()), ("recipient_rate:131056 (#131056) said", 16));
    assert_eq!(undeliverable, permanent("undeliverable:131026 (#131026) said"));
    assert_eq!(wrapped, undeliverable);
    let Outcome::PauseQueue(outage) = token else { panic!("{token:?}") };
    assert_eq!(outage.class, "auth");
}

#[tokio::test]
async fn a_wrong_key_pauses_the_queue_until_the_key_is_right() {
    let outcome = said(401, json!("Unauthorized")).await;

    assert_eq!(outcome, paused("auth", "Evolution refuses the API key (401): give the global key, or that of \"main\""));
}

#[tokio::test]
async fn an_unknown_instance_pauses_the_queue() {
    let outcome = said(404, json!(["The \"main\" instance does not exist"])).await;

    assert_eq!(outcome, paused("instance_missing", "Evolution has no instance \"main\" (404): create it, or correct --instance"));
}

#[tokio::test]
async fn a_wrong_base_url_pauses_the_queue() {
    let outcome = said(404, json!(["Cannot POST /v1/message/sendText/main"])).await;

    let reason = "nothing of Evolution answers at --base-url (404 Cannot POST /v1/message/sendText/main): correct it";
    assert_eq!(outcome, paused("config", reason));
}

#[tokio::test]
async fn a_lost_connection_to_whatsapp_pauses_the_queue_until_the_instance_is_open() {
    for (status, message, shown) in [
        (500, json!("Connection Closed"), "Connection Closed"),
        (400, json!(["Error: Connection Closed"]), "Error: Connection Closed"),
        (500, json!(["Connection was lost"]), "Connection was lost"),
        (400, json!(["Error: Timed Out"]), "Error: Timed Out"),
        (
            500,
            json!("Cannot read properties of undefined (reading 'textMessage')"),
            "Cannot read properties of undefined (reading 'textMessage')",
        ),
        (
            400,
            json!(["TypeError: Cannot read properties of undefined (reading 'data')"]),
            "TypeError: Cannot read properties of undefined (reading 'data')",
        ),
    ] {
        let outcome = said(status, message).await;

        let reason = format!("the instance \"main\" is not connected to WhatsApp ({status} {shown}): connect or restart it in Evolution");
        let Outcome::PauseQueue(outage) = &outcome else { panic!("{outcome:?}") };
        assert_eq!((outage.class, outage.reason.as_str(), outage.end), ("instance_disconnected", reason.as_str(), OutageEnd::Probe));
    }
}

#[tokio::test]
async fn a_number_without_whatsapp_is_a_dead_letter_at_once() {
    let outcome = said(400, json!([{"jid": "34600111222@s.whatsapp.net", "exists": false, "number": "34600111222"}])).await;

    assert_eq!(outcome, permanent("not_on_whatsapp:400 the number has no WhatsApp account"));
}

#[tokio::test]
async fn what_evolution_calls_invalid_is_a_dead_letter_at_once() {
    for (message, shown) in [
        (json!([["instance requires property \"number\""]]), "instance requires property \"number\""),
        (json!([["a", "b"], ["c"]]), "a; b; c"),
        (json!(["Text is required"]), "Text is required"),
        (json!(["At least one button is required"]), "At least one button is required"),
        (json!(["Owned media must be a url or base64"]), "Owned media must be a url or base64"),
        (json!(["Maximum of 3 reply buttons allowed"]), "Maximum of 3 reply buttons allowed"),
        (json!(["Reply buttons cannot be mixed with other button types"]), "Reply buttons cannot be mixed with other button types"),
        (json!(["Only one PIX button is allowed"]), "Only one PIX button is allowed"),
    ] {
        assert_eq!(said(400, message).await, permanent(&format!("invalid_payload:400 {shown}")));
    }
}

#[tokio::test]
async fn a_group_that_is_not_there_is_a_dead_letter_at_once() {
    assert_eq!(said(400, json!(["[object Object]"])).await, permanent("group_not_found:400 there is no such group"));
}

#[tokio::test]
async fn what_the_channel_can_not_do_is_a_dead_letter_at_once() {
    let outcome = said(500, json!("Method not available in the Baileys service")).await;

    assert_eq!(outcome, permanent("unsupported_on_channel:500 Method not available in the Baileys service"));
}

#[tokio::test]
async fn a_file_that_can_not_be_fetched_is_tried_twice_more() {
    let message = || json!(["Error: Request failed with status code 404"]);
    let reason = |status| format!("media:{status} Error: Request failed with status code 404");

    for status in [400, 500] {
        assert_eq!(said_of_an_image(1, status, message()).await, retry(&reason(status)));
        assert_eq!(said_of_an_image(2, status, message()).await, retry(&reason(status)));
        assert_eq!(said_of_an_image(3, status, message()).await, permanent(&reason(status)));
    }
}

#[tokio::test]
async fn any_other_400_is_tried_once_more() {
    assert_eq!(said_at(1, 400, json!(["Whatever"])).await, retry("refused:400 Whatever"));
    assert_eq!(said_at(2, 400, json!(["Whatever"])).await, permanent("refused:400 Whatever"));
    assert_eq!(answered(422, vec![], "<p>no</p>", &attempt(1)).await, retry("refused:422 <p>no</p>"));
    assert_eq!(answered(410, vec![], "", &attempt(2)).await, permanent("refused:410 Gone"));
}

#[tokio::test]
async fn any_other_500_of_evolutions_own_is_retried_by_the_jobs_back_off() {
    for n in [1, 7] {
        assert_eq!(said_at(n, 500, json!("Internal Server Error")).await, retry("provider_error:500 Internal Server Error"));
        assert_eq!(said_at(n, 503, json!(["db down"])).await, retry("provider_error:503 db down"));
    }
}

#[tokio::test]
async fn a_gateways_error_leaves_open_whether_the_message_was_sent() {
    for (status, body, shown) in [
        (500, "<h1>Oops</h1>", "<h1>Oops</h1>"),
        (502, "", "Bad Gateway"),
        (503, "no server", "no server"),
        (504, r#"{"message":"Timed Out"}"#, "Timed Out"),
        (502, r#"{"status":502,"error":"Bad Gateway","path":"/message"}"#, r#"{"status":502,"error":"Bad Gateway","path":"/message"}"#),
        (599, "", "(nothing)"),
    ] {
        assert_eq!(answered(status, vec![], body, &attempt(1)).await, uncertain(&format!("gateway_error:{status} {shown}")));
    }
}

#[tokio::test]
async fn a_server_that_says_when_to_come_back_is_waited_for() {
    let after = |seconds: &str| vec![("Retry-After", seconds.to_owned())];

    assert_eq!(answered(503, after("12"), "busy", &attempt(1)).await, wait("provider_busy:503 busy", 12, false));
    assert_eq!(answered(408, vec![], "", &attempt(1)).await, retry("provider_busy:408 Request Timeout"));
    assert_eq!(answered(425, vec![], "", &attempt(1)).await, retry("provider_busy:425 Too Early"));
}

#[tokio::test]
async fn a_429_waits_and_slows_the_pace_down() {
    let after = vec![("Retry-After", "7".to_owned())];

    assert_eq!(answered(429, after, "slow", &attempt(1)).await, wait("rate_limited:429 slow", 7, true));
    assert_eq!(answered(429, vec![], "", &attempt(1)).await, wait("rate_limited:429 Too Many Requests", 30, true));
}

#[tokio::test]
async fn what_is_too_large_or_of_the_wrong_kind_is_a_dead_letter_at_once() {
    assert_eq!(answered(413, vec![], "", &attempt(1)).await, permanent("invalid_payload:413 Payload Too Large"));
    assert_eq!(answered(415, vec![], "", &attempt(1)).await, permanent("invalid_payload:415 Unsupported Media Type"));
}

#[tokio::test]
async fn a_redirect_pauses_the_queue_and_is_not_followed() {
    let elsewhere = vec![("Location", "/elsewhere".to_owned())];

    let outcome = answered(301, elsewhere, "", &job("j1", TEXT)).await;

    assert_eq!(outcome, paused("config", "http 301: redirects are not followed; give --base-url the final address"));
}
