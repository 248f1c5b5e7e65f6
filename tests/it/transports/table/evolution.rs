//! What Evolution itself says, in the words of its version 2.3.6.

use serde_json::{Value, json};

use super::{By, End, Kind, Row, check};

/// What Evolution's error handler answers.
pub(super) fn envelope(status: u16, message: Value) -> String {
    json!({ "status": status, "error": "Error", "response": { "message": message } }).to_string()
}

fn row(status: u16, message: Value, end: End, reason: &str) -> Row {
    Row::said(status, envelope(status, message), end, reason)
}

async fn check_texts(rows: Vec<Row>) {
    check(By::Evolution, Kind::Template, rows).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key() {
    let refused = |status| row(status, json!("Unauthorized"), End::Paused("auth"), "Evolution refuses the API key");

    check_texts(vec![refused(401), refused(403)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_does_not_exist() {
    let message = json!(["The \"main\" instance does not exist"]);

    check_texts(vec![row(404, message, End::Paused("instance_missing"), "Evolution has no instance \"main\"")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_base_url() {
    let message = json!(["Cannot POST /v1/message/sendTemplate/main"]);

    check_texts(vec![row(404, message, End::Paused("config"), "nothing of Evolution answers at --base-url (404 Cannot POST")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_without_its_connection() {
    let lost = |status, message| row(status, message, End::Paused("instance_disconnected"), "the instance \"main\" is not connected");

    check_texts(vec![
        lost(500, json!("Connection Closed")),
        lost(400, json!(["Error: Connection Closed"])),
        lost(500, json!(["Connection was lost"])),
        lost(400, json!(["Connection was lost"])),
        lost(500, json!("Timed Out")),
        lost(400, json!(["Error: Timed Out"])),
        lost(500, json!("Cannot read properties of undefined (reading 'textMessage')")),
        lost(400, json!(["TypeError: Cannot read properties of undefined (reading 'data')"])),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_without_whatsapp() {
    let message = json!([{ "jid": "34600999888@s.whatsapp.net", "exists": false, "number": "34600999888" }]);

    check_texts(vec![row(400, message, End::Dead, "not_on_whatsapp:400 the number has no WhatsApp account")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_evolution_calls_wrong() {
    let wrong = |message: Value, said: &str| row(400, message, End::Dead, &format!("invalid_payload:400 {said}"));

    check_texts(vec![
        wrong(json!([["instance requires property \"number\""]]), "instance requires property \"number\""),
        wrong(json!(["Text is required"]), "Text is required"),
        wrong(json!(["At least one button is required"]), "At least one button is required"),
        wrong(json!(["Owned media must be a url or base64"]), "Owned media must be a url or base64"),
        wrong(json!(["Maximum of 3 reply buttons allowed"]), "Maximum of 3 reply buttons allowed"),
        wrong(json!(["Reply buttons cannot be mixed with other button types"]), "Reply buttons cannot be mixed"),
        wrong(json!(["Only one PIX button is allowed"]), "Only one PIX button is allowed"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_is_not_there() {
    check_texts(vec![row(400, json!(["[object Object]"]), End::Dead, "group_not_found:400 there is no such group")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_channel_cannot_do() {
    let message = json!("Method not available in the Baileys service");

    check_texts(vec![row(500, message, End::Dead, "unsupported_on_channel:500 Method not available")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn media_that_cannot_be_fetched() {
    let failed = "Error: Request failed with status code 404";
    let again = |status| row(status, json!([failed]), End::Again, &format!("media:{status} {failed}"));

    check(By::Evolution, Kind::Image, vec![again(400), again(500)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_other_refusal() {
    let again = |status| row(status, json!(["Whatever"]), End::Again, &format!("refused:{status} Whatever"));

    check_texts(vec![again(400), again(409), again(422)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_other_5xx_of_evolutions_own() {
    let again = |status| row(status, json!("db down"), End::Again, &format!("provider_error:{status} db down"));

    check_texts(vec![again(500), again(502), again(503), again(504)]).await;
}
