//! What `--via cloud` sends, and what it makes of what Meta answers, or somebody else in its place.

mod health;
mod messages;
mod paused;
mod worker;

use std::sync::Arc;
use std::time::{Duration, Instant};

use wq::core::dispatch::transport::{Outcome, PauseScope, Transport};
use wq::core::model::job::Job;
use wq::core::model::outage::{Outage, OutageEnd};
use wq::transport::{self, Secret, TransportError, Way, cloud};

use super::peer::{Peer, Reply};
use super::{PATIENCE, deliver, job};

const SOON: Duration = Duration::from_millis(400);
const TOKEN: &str = "EAAGm0PX4ZCpsBAx7-canary";
const TEXT: &str = r#"{"to":"+34600111222","text":"Hola Ana"}"#;
pub(super) const ACCEPTED: &str =
    r#"{"messaging_product":"whatsapp","contacts":[{"input":"+34600111222","wa_id":"34600111222"}],"messages":[{"id":"wamid.HBgL"}]}"#;

fn options(base_url: String, timeout: Duration) -> cloud::Options {
    cloud::Options { base_url, graph_version: 25, phone_number_id: "106540352242922".to_owned(), token: Secret::new(TOKEN), timeout }
}

pub(super) fn by_cloud(base_url: String, timeout: Duration) -> Arc<dyn Transport> {
    transport::build(Way::Cloud(options(base_url, timeout))).unwrap()
}

/// What Graph answers when it refuses.
fn refusal(code: i64) -> String {
    let said = format!("(#{code}) refused +5511999990000");
    serde_json::json!({"error": {"message": said, "type": "OAuthException", "code": code, "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam"}})
        .to_string()
}

/// What becomes of a job before such a receiver, and what the transport noticed beside.
async fn met(reply: impl Fn(usize) -> Reply + Send + Sync + 'static, timeout: Duration, job: &Job) -> (Outcome, Option<Outage>) {
    let peer = Peer::start(reply).await;
    let transport = by_cloud(peer.url(""), timeout);
    let outcome = deliver(&*transport, job).await;
    assert!(!format!("{outcome:?}").contains("canary"), "{outcome:?}");
    (outcome, transport.noticed())
}

async fn outcome_of(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Outcome {
    met(reply, PATIENCE, &job("j1", TEXT)).await.0
}

async fn answered(status: u16, headers: Vec<(&'static str, String)>, body: &str) -> Outcome {
    let body = body.as_bytes().to_vec();
    outcome_of(move |_| Reply::Say(status, headers.clone(), body.clone())).await
}

fn retry(reason: &str) -> Outcome {
    Outcome::Retry { reason: reason.to_owned() }
}

fn permanent(reason: &str) -> Outcome {
    Outcome::Permanent { reason: reason.to_owned() }
}

fn uncertain(reason: &str) -> Outcome {
    Outcome::Uncertain { reason: reason.to_owned() }
}

fn wait(reason: &str, seconds: u64, slow_down: bool) -> Outcome {
    Outcome::Wait { reason: reason.to_owned(), after: Duration::from_secs(seconds), slow_down }
}

fn outage(class: &'static str, reason: &str, end: OutageEnd) -> Outage {
    Outage { class, reason: reason.to_owned(), end }
}

fn misplaced(said: &str) -> Outage {
    outage("config", &format!("{said}; correct --base-url"), OutageEnd::Probe)
}

#[tokio::test]
async fn a_message_id_is_an_acceptance() {
    for (status, body, id) in [
        (200, ACCEPTED.to_owned(), "wamid.HBgL"),
        (201, format!("\u{feff} {ACCEPTED}\n"), "wamid.HBgL"),
        (200, r#"{"messages":[{"id":"wamid.T","message_status":"held_for_quality_assessment"}]}"#.to_owned(), "wamid.T"),
        (200, r#"{"messages":[{"id":"wamid.T","message_status":"paused"}]}"#.to_owned(), "wamid.T"),
    ] {
        let outcome = answered(status, vec![], &body).await;

        let reply = body.trim_start_matches('\u{feff}').trim().to_owned();
        assert_eq!(outcome, Outcome::Accepted { reply, provider_id: Some(id.to_owned()) });
    }
}

#[tokio::test]
async fn each_class_of_metas_errors_has_its_outcome() {
    let pause = |class, said: &str, end| Outcome::PauseQueue(outage(class, said, end));
    for (status, code, expected) in [
        (401, 190, pause("auth", "190 (#190) refused +55…0000; put a valid access token in place", OutageEnd::Probe)),
        (
            403,
            10,
            pause(
                "auth",
                "10 (#10) refused +55…0000; give the token's app and user the permission to send, then: wq resume",
                OutageEnd::ByHand,
            ),
        ),
        (
            400,
            368,
            pause(
                "account_restricted",
                "368 (#368) refused +55…0000; see the account's notices in WhatsApp Manager, then: wq resume",
                OutageEnd::ByHand,
            ),
        ),
        (500, 131_000, retry("provider_error:131000 (#131000) refused +55…0000")),
        (400, 131_026, permanent("undeliverable:131026 (#131026) refused +55…0000")),
        (400, 131_999, retry("unknown_error:131999 (#131999) refused +55…0000")),
        (429, 130_429, wait("rate_limited:130429 (#130429) refused +55…0000", 1, true)),
        (503, 131_016, wait("provider_busy:131016 (#131016) refused +55…0000", 60, false)),
        (503, 777, retry("provider_error:777 (#777) refused +55…0000")),
        (
            400,
            131_056,
            Outcome::Defer { reason: "recipient_rate:131056 (#131056) refused +55…0000".to_owned(), after: Duration::from_secs(1) },
        ),
        (
            404,
            132_001,
            Outcome::PauseCampaign {
                reason: "template_unusable:132001 (#132001) refused +55…0000".to_owned(),
                scope: PauseScope::Template,
            },
        ),
        // an error is an error whatever the status says
        (200, 131_047, permanent("window_closed:131047 (#131047) refused +55…0000")),
    ] {
        assert_eq!(answered(status, vec![], &refusal(code)).await, expected, "{status} {code}");
    }
}

#[tokio::test]
async fn a_wrong_phone_number_id_pauses_the_queue() {
    let body = r#"{"error":{"message":"Unsupported post request. Object with ID '1' does not exist","code":100,"error_subcode":33}}"#;

    let Outcome::PauseQueue(outage) = answered(400, vec![], body).await else { panic!() };

    assert_eq!((outage.class, outage.end), ("number_not_ready", OutageEnd::ByHand));
    assert!(outage.reason.contains("check the phone number id"), "{}", outage.reason);
}

#[tokio::test]
async fn the_limit_of_calls_waits_as_long_as_the_usage_header_says() {
    let usage =
        r#"{"1029":[{"type":"messaging","call_count":100,"estimated_time_to_regain_access":7},{"estimated_time_to_regain_access":19}]}"#;
    for (code, header, value, seconds) in [
        (80_007, "X-Business-Use-Case-Usage", usage, 19 * 60),
        (4, "X-App-Usage", r#"{"call_count":104,"estimated_time_to_regain_access":3}"#, 3 * 60),
        (4, "X-App-Usage", r#"{"call_count":104}"#, 5 * 60),
        (4, "X-Business-Use-Case-Usage", "{\"1\":[{\"estimated_time_to_regain_access\":0}]}", 5 * 60),
        (4, "X-Business-Use-Case-Usage", "{\"1\":[{\"estimated_time_to_regain_access\":18446744073709551615}]}", 86_400),
        (4, "X-Business-Use-Case-Usage", "oops", 5 * 60),
        (4, "Retry-After", "40", 40),
        // another limit: that header is not about it
        (130_429, "X-Business-Use-Case-Usage", usage, 1),
    ] {
        let outcome = answered(400, vec![(header, value.to_owned())], &refusal(code)).await;

        let Outcome::Wait { after, slow_down: true, .. } = outcome else { panic!("{code} {header}: {outcome:?}") };
        assert_eq!(after, Duration::from_secs(seconds), "{code} {header} {value}");
    }
}

#[tokio::test]
async fn what_only_a_gateway_said_is_judged_by_its_status() {
    let retry_after = || vec![("Retry-After", "12".to_owned())];
    let page = "<html>Bad\n+5511999990000</html>";
    for (status, headers, body, expected) in [
        (429, vec![], "", wait("rate_limited:429 no answer of the Graph API: (nothing)", 30, true)),
        (429, retry_after(), "slow", wait("rate_limited:429 no answer of the Graph API: slow", 12, true)),
        (503, retry_after(), "", wait("provider_busy:503 no answer of the Graph API: (nothing)", 12, false)),
        (408, vec![], "", retry("provider_busy:408 no answer of the Graph API: (nothing)")),
        (425, vec![], "", retry("provider_busy:425 no answer of the Graph API: (nothing)")),
        (413, vec![], "", permanent("invalid_payload:413 no answer of the Graph API: (nothing)")),
        (415, vec![], "", permanent("invalid_payload:415 no answer of the Graph API: (nothing)")),
        (400, vec![], page, retry("refused:400 no answer of the Graph API: <html>Bad +55…0000</html>")),
        (500, vec![], page, uncertain("gateway_error:500 no answer of the Graph API: <html>Bad +55…0000</html>")),
        (502, vec![], "", uncertain("gateway_error:502 no answer of the Graph API: (nothing)")),
        (503, vec![], "", uncertain("gateway_error:503 no answer of the Graph API: (nothing)")),
        (504, retry_after(), "", uncertain("gateway_error:504 no answer of the Graph API: (nothing)")),
        (500, vec![], "{\"error\":\"boom\"}", uncertain("gateway_error:500 no answer of the Graph API: {\"error\":\"boom\"}")),
        (301, vec![("Location", "/x".to_owned())], "", Outcome::PauseQueue(misplaced("301 redirects are not followed"))),
        (307, vec![("Location", "/x".to_owned())], "", Outcome::PauseQueue(misplaced("307 redirects are not followed"))),
        (404, vec![], page, Outcome::PauseQueue(misplaced("404 no answer of the Graph API: <html>Bad +55…0000</html>"))),
        (403, vec![], "", Outcome::PauseQueue(misplaced("403 no answer of the Graph API: (nothing)"))),
    ] {
        assert_eq!(answered(status, headers, body).await, expected, "{status} {body}");
    }
}

#[tokio::test]
async fn a_refusal_that_nobody_explains_is_tried_once_more() {
    let second = Job { attempt: 2, ..job("j1", TEXT) };

    let (outcome, _) = met(|_| Reply::Say(400, vec![], b"no".to_vec()), PATIENCE, &second).await;

    assert_eq!(outcome, permanent("refused:400 no answer of the Graph API: no"));
}

#[tokio::test]
async fn a_success_that_is_not_metas_is_uncertain_and_pauses_the_queue() {
    for (body, said) in [
        ("<html>Welcome</html>", "200 no answer of the Graph API: <html>Welcome</html>"),
        ("", "200 no answer of the Graph API: (nothing)"),
        ("{}", "200 no answer of the Graph API: {}"),
        ("{\"messages\":[]}", "200 no answer of the Graph API: {\"messages\":[]}"),
        ("{\"messages\":[{\"id\":\" \"}]}", "200 no answer of the Graph API: {\"messages\":[{\"id\":\" \"}]}"),
        ("{\"messages\":[{\"id\":7}]}", "200 no answer of the Graph API: {\"messages\":[{\"id\":7}]}"),
        ("{\"error\":{}}", "200 no answer of the Graph API: {\"error\":{}}"),
    ] {
        let body = body.as_bytes().to_vec();

        let (outcome, noticed) = met(move |_| Reply::Say(200, vec![], body.clone()), PATIENCE, &job("j1", TEXT)).await;

        assert_eq!((outcome, noticed), (uncertain(&format!("unreadable_answer:{said}")), Some(misplaced(said))));
    }
}

#[tokio::test]
async fn an_outage_is_noticed_once() {
    let peer = Peer::saying(200, "<html>").await;
    let transport = by_cloud(peer.url(""), PATIENCE);

    deliver(&*transport, &job("j1", TEXT)).await;

    assert!(transport.noticed().is_some());
    assert!(transport.noticed().is_none());
}

#[tokio::test]
async fn half_an_answer_is_uncertain_and_pauses_nothing() {
    let half = [b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n".to_vec(), ACCEPTED.as_bytes().to_vec()].concat();
    for reply in [|bytes| Reply::Close(bytes), |bytes| Reply::Stall(bytes)] {
        let bytes = half.clone();

        let (outcome, noticed) = met(move |_| reply(bytes.clone()), SOON, &job("j1", TEXT)).await;

        let Outcome::Uncertain { reason } = outcome else { panic!("{outcome:?}") };
        assert!(reason.starts_with("unreadable_answer:200 half an answer: {\"messaging_product\""), "{reason}");
        assert_eq!(noticed, None);
    }
}

#[tokio::test]
async fn an_endless_answer_is_uncertain_and_not_read_to_its_end() {
    let endless = [b"HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n".to_vec(), b"x".repeat(2 * 1024 * 1024)].concat();
    let started = Instant::now();

    let (outcome, noticed) = met(move |_| Reply::Stall(endless.clone()), PATIENCE, &job("j1", TEXT)).await;

    let Outcome::Uncertain { reason } = outcome else { panic!("{outcome:?}") };
    assert_eq!(reason, format!("unreadable_answer:200 an endless answer: {}…", "x".repeat(120)));
    assert!(noticed.is_some());
    assert!(started.elapsed() < PATIENCE / 2);
}

#[tokio::test]
async fn no_answer_is_uncertain_once_the_request_left() {
    for bytes in [&b""[..], b"HTTP/1.1 200", b"220 mail.example ESMTP\r\n"] {
        for reply in [|bytes| Reply::Close(bytes), |bytes| Reply::Reset(bytes)] {
            let outcome = outcome_of(move |_| reply(bytes.to_vec())).await;

            let Outcome::Uncertain { reason } = outcome else { panic!("{bytes:?}: {outcome:?}") };
            assert!(reason.starts_with("no_answer: lost the connection to 127.0.0.1:"), "{reason}");
        }
    }
    let (outcome, _) = met(|_| Reply::Stall(Vec::new()), SOON, &job("j1", TEXT)).await;

    let Outcome::Uncertain { reason } = outcome else { panic!("{outcome:?}") };
    assert!(reason.starts_with("no_answer: no answer from 127.0.0.1:") && reason.ends_with(" within 400ms"), "{reason}");
}

#[tokio::test]
async fn what_never_left_is_tried_again() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();

    let outcome = deliver(&*by_cloud(format!("http://127.0.0.1:{port}"), PATIENCE), &job("j1", TEXT)).await;

    assert_eq!(outcome, retry(&format!("unreachable: can't connect to 127.0.0.1:{port}: Connection refused (os error 111)")));
}

#[tokio::test]
async fn a_send_is_addressed_as_meta_documents_it() {
    let peer = Peer::saying(200, ACCEPTED).await;
    for base_url in ["", "/", "/proxy/"] {
        deliver(&*by_cloud(peer.url(base_url), PATIENCE), &job("j1", TEXT)).await;
    }

    let seen = peer.seen();
    for (request, path) in seen.iter().zip(["", "", "/proxy"]) {
        assert!(request.head.starts_with(&format!("POST {path}/v25.0/106540352242922/messages HTTP/1.1\r\n")), "{}", request.head);
        assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        assert_eq!(request.header("content-type"), Some("application/json"));
    }
    assert_eq!(seen.len(), 3);
}

#[tokio::test]
async fn a_token_from_a_file_may_end_in_a_line_break() {
    let peer = Peer::saying(200, ACCEPTED).await;
    let token = Secret::new(format!("{TOKEN}\n"));
    let transport = transport::build(Way::Cloud(cloud::Options { token, ..options(peer.url(""), PATIENCE) })).unwrap();

    deliver(&*transport, &job("j1", TEXT)).await;

    assert_eq!(peer.seen()[0].header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
}

#[tokio::test]
async fn the_token_is_in_no_reason_and_no_return_value() {
    let echo = format!(r#"{{"error":{{"message":"Malformed access token {TOKEN}","code":190}}}}"#);
    let Outcome::PauseQueue(outage) = answered(401, vec![], &echo).await else { panic!() };
    assert_eq!(outage.reason, "190 Malformed access token ***; put a valid access token in place");

    let page = format!("<pre>POST /v25.0 authorization: Bearer {TOKEN}</pre>");
    let (outcome, noticed) = met(move |_| Reply::Say(200, vec![], page.clone().into_bytes()), PATIENCE, &job("j1", TEXT)).await;
    assert!(!format!("{outcome:?} {noticed:?}").contains("canary"), "{outcome:?} {noticed:?}");

    let accepted = format!(r#"{{"messages":[{{"id":"wamid.1"}}],"debug":"{TOKEN}"}}"#);
    let outcome = answered(200, vec![], &accepted).await;
    assert_eq!(
        outcome,
        Outcome::Accepted { reply: r#"{"messages":[{"id":"wamid.1"}],"debug":"***"}"#.to_owned(), provider_id: Some("wamid.1".to_owned()) }
    );

    assert!(!format!("{:?}", options("http://h".to_owned(), SOON)).contains("canary"));
}

#[test]
fn settings_of_no_use_are_told_before_a_job_is_taken() {
    let refused = |options: cloud::Options| transport::build(Way::Cloud(options)).err().map(|error| error.to_string()).unwrap();
    let good = || options("https://graph.facebook.com".to_owned(), SOON);
    for id in ["", "+34600111222", "34 600", "106540352242922/messages", "..", &"1".repeat(33)] {
        let said = refused(cloud::Options { phone_number_id: id.to_owned(), ..good() });
        assert!(said.starts_with("the phone number id is of no use: it is digits alone"), "{id}: {said}");
    }
    for (token, said) in [
        (&b""[..], "the access token is of no use: it is empty"),
        (b" \n", "the access token is of no use: it is empty"),
        (b"EAA canary", "the access token is of no use: it holds blanks or characters that no token has"),
        (b"EAA\r\nX-Evil: canary", "the access token is of no use: it holds blanks or characters that no token has"),
        (b"\xff\xfe", "the access token is of no use: it is no text"),
    ] {
        assert_eq!(refused(cloud::Options { token: Secret::new(token), ..good() }), said);
    }
    for url in ["graph.facebook.com", "ftp://graph.facebook.com", "https://"] {
        let error = transport::build(Way::Cloud(cloud::Options { base_url: url.to_owned(), ..good() })).err();
        assert!(matches!(error, Some(TransportError::Address { .. })), "{url}: {error:?}");
    }
}
