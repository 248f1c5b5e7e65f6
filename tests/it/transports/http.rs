//! What `--via http` sends, and what it makes of answers good, bad, half and none.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use wq::core::dispatch::transport::{Outcome, Transport};
use wq::core::model::job::Job;
use wq::transport::{self, Way, http};

use crate::support::{Server, wq};

use super::{PATIENCE, Peer, Reply, deliver, job};

const SOON: Duration = Duration::from_millis(400);

pub(super) fn by_http(url: &str, timeout: Duration) -> Arc<dyn Transport> {
    transport::build(Way::Http(http::Options { url: url.to_owned(), timeout, secret: None })).unwrap()
}

async fn outcome_of(reply: impl Fn(usize) -> Reply + Send + Sync + 'static, timeout: Duration) -> Outcome {
    let peer = Peer::start(reply).await;
    deliver(&*by_http(&peer.url("/hook"), timeout), &job("j1", "{\"to\":\"+34600111222\"}")).await
}

fn accepted(reply: &str) -> Outcome {
    Outcome::Accepted { reply: reply.to_owned(), provider_id: None }
}

fn retry(reason: &str) -> Outcome {
    Outcome::Retry { reason: reason.to_owned() }
}

fn uncertain(reason: &str) -> Outcome {
    Outcome::Uncertain { reason: reason.to_owned() }
}

fn permanent(reason: &str) -> Outcome {
    Outcome::Permanent { reason: reason.to_owned() }
}

fn wait(reason: &str, seconds: u64) -> Outcome {
    // Only a 429 says that there were too many.
    let slow_down = reason.starts_with("http 429");
    Outcome::Wait { reason: reason.to_owned(), after: Duration::from_secs(seconds), slow_down }
}

#[tokio::test]
async fn each_answer_has_its_outcome() {
    let retry_after = |value: &str| vec![("Retry-After", value.to_owned())];
    let in_a_minute =
        || vec![("Date", "Sun, 06 Nov 1994 08:49:37 GMT".to_owned()), ("Retry-After", "Sun, 06 Nov 1994 08:50:37 GMT".to_owned())];
    let elsewhere = vec![("Location", "/elsewhere".to_owned())];
    let moved = |status| permanent(&format!("http {status}: redirects are not followed; give --url the final address"));
    for (status, headers, body, expected) in [
        (200, vec![], "{ \"id\": \"m1\", \"n\": 1.00 }", accepted("{\"id\":\"m1\",\"n\":1.00}")),
        (201, vec![], "queued\n", accepted("\"queued\"")),
        (200, vec![], "<html>all good</html>", accepted("\"<html>all good</html>\"")),
        (202, vec![], "", accepted("null")),
        (204, vec![], "", accepted("null")),
        (301, elsewhere.clone(), "", moved(301)),
        (307, elsewhere, "", moved(307)),
        (400, vec![], "<html>\n<h1>Bad</h1></html>", permanent("http 400: <html> <h1>Bad</h1></html>")),
        (401, vec![], "", permanent("http 401: Unauthorized")),
        (404, vec![], "{\"error\":\"no +5511999990000\"}", permanent("http 404: {\"error\":\"no +55…0000\"}")),
        (408, vec![], "", retry("http 408: Request Timeout")),
        (425, vec![], "", retry("http 425: Too Early")),
        (429, vec![], "slow down", wait("http 429: slow down", 5)),
        (429, retry_after("7"), "", wait("http 429: Too Many Requests", 7)),
        (429, in_a_minute(), "", wait("http 429: Too Many Requests", 60)),
        (429, retry_after("whenever"), "", wait("http 429: Too Many Requests", 5)),
        (429, retry_after("999999999"), "", wait("http 429: Too Many Requests", 86_400)),
        (500, vec![], "boom", retry("http 500: boom")),
        (502, vec![], "", uncertain("http 502: Bad Gateway")),
        (503, vec![], "", retry("http 503: Service Unavailable")),
        (503, retry_after("0"), "", wait("http 503: Service Unavailable", 1)),
        (503, retry_after("12"), "", wait("http 503: Service Unavailable", 12)),
        (501, vec![], "", retry("http 501: Not Implemented")),
        (504, retry_after("12"), "", uncertain("http 504: Gateway Timeout")),
        (524, vec![], "", uncertain("http 524: no reason given")),
    ] {
        let outcome = outcome_of(move |_| Reply::Say(status, headers.clone(), body.as_bytes().to_vec()), PATIENCE).await;

        assert_eq!(outcome, expected, "{status} {body}");
    }
}

#[tokio::test]
async fn an_acceptance_counts_even_if_its_body_breaks_off() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":";
    for reply in [|bytes| Reply::Close(bytes), |bytes| Reply::Reset(bytes), |bytes| Reply::Stall(bytes)] {
        let outcome = outcome_of(move |_| reply(half.to_vec()), SOON).await;

        // a reset may throw away what was received before it
        assert!(outcome == accepted("\"{\\\"id\\\":\"") || outcome == accepted("null"), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_refusal_counts_even_if_its_body_breaks_off() {
    let half = |_| Reply::Close(b"HTTP/1.1 422 \r\ncontent-length: 100\r\n\r\nno such".to_vec());

    assert_eq!(outcome_of(half, PATIENCE).await, permanent("http 422: no such"));
}

#[tokio::test]
async fn an_answer_without_a_status_is_no_answer() {
    for bytes in [&b""[..], b"HTTP/1.1", b"HTTP/1.1 200", b"220 mail.example ESMTP\r\n", b"\x15\x03\x01\x00\x02\x02\x46"] {
        for reply in [|bytes| Reply::Close(bytes), |bytes| Reply::Reset(bytes)] {
            let outcome = outcome_of(move |_| reply(bytes.to_vec()), PATIENCE).await;

            let Outcome::Uncertain { reason } = outcome else { panic!("{bytes:?}: {outcome:?}") };
            assert!(reason.starts_with("lost the connection to 127.0.0.1:"), "{reason}");
        }
    }
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_given_up() {
    for bytes in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-"] {
        let started = Instant::now();

        let outcome = outcome_of(move |_| Reply::Stall(bytes.to_vec()), SOON).await;

        let Outcome::Uncertain { reason } = outcome else { panic!("{outcome:?}") };
        assert!(reason.starts_with("no answer from 127.0.0.1:") && reason.ends_with(" within 400ms"), "{reason}");
        assert!(started.elapsed() >= SOON, "{:?}", started.elapsed());
    }
}

#[tokio::test]
async fn nobody_listening_is_told_apart_from_no_answer() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();

    let outcome = deliver(&*by_http(&format!("http://127.0.0.1:{port}/"), PATIENCE), &job("j1", "{}")).await;

    assert_eq!(outcome, retry(&format!("unreachable: can't connect to 127.0.0.1:{port}: Connection refused (os error 111)")));
}

#[tokio::test]
async fn a_huge_answer_is_neither_kept_nor_waited_for() {
    let huge = || b"x".repeat(2 * 1024 * 1024);

    let Outcome::Accepted { reply, .. } = outcome_of(move |_| Reply::Say(200, vec![], huge()), PATIENCE).await else { panic!() };
    assert_eq!(reply.len(), 64 * 1024 + 2);

    let Outcome::Retry { reason } = outcome_of(move |_| Reply::Say(500, vec![], huge()), PATIENCE).await else { panic!() };
    assert_eq!(reason, format!("http 500: {}…", "x".repeat(200)));

    let endless = [b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n".to_vec(), huge()].concat();
    let started = Instant::now();
    let Outcome::Accepted { .. } = outcome_of(move |_| Reply::Stall(endless.clone()), PATIENCE).await else { panic!() };
    assert!(started.elapsed() < PATIENCE / 2);
}

#[tokio::test]
async fn a_json_answer_of_half_a_megabyte_is_kept_whole() {
    let answer = serde_json::json!({ "log": "x".repeat(500_000) }).to_string();
    let sent = answer.clone();

    let outcome = outcome_of(move |_| Reply::Say(200, vec![], sent.clone().into_bytes()), PATIENCE).await;

    assert_eq!(outcome, accepted(&answer));
}

#[tokio::test]
async fn the_receiver_gets_the_whole_job_and_the_same_key_each_time() {
    let peer = Peer::saying(500, "").await;
    let transport = by_http(&peer.url("/hook?token=t"), PATIENCE);
    let data = "{ \"to\":\"+34600111222\", \"n\": 1.0, \"big\":12345678901234567890123 }";
    let first = Job { stable_key: "Ab12.2".to_owned(), ..job("Ab12", data) };

    deliver(&*transport, &first).await;
    deliver(&*transport, &Job { attempt: 2, ..first.clone() }).await;

    let seen = peer.seen();
    assert_eq!(seen.len(), 2);
    for (request, attempt) in seen.iter().zip(1..) {
        assert!(request.head.starts_with("POST /hook?token=t HTTP/1.1\r\n"), "{}", request.head);
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("idempotency-key"), Some("Ab12.2"));
        assert_eq!(request.header("x-request-id"), Some("Ab12.2"));
        assert_eq!(request.header("user-agent"), Some(concat!("wq/", env!("CARGO_PKG_VERSION"))));
        assert_eq!(request.header("x-wq-signature"), None);
        let body = format!("{{\"id\":\"Ab12\",\"name\":\"send\",\"data\":{data},\"attempt\":{attempt},\"queue\":\"whatsapp\"}}");
        assert_eq!(String::from_utf8_lossy(&request.body), body);
    }
}

#[tokio::test]
async fn a_receiver_can_check_who_sent_it() {
    let peer = Peer::saying(200, "").await;
    let secret = Some(http::Secret::new("geheim"));
    let transport = transport::build(Way::Http(http::Options { url: peer.url("/"), timeout: PATIENCE, secret })).unwrap();

    deliver(&*transport, &job("j1", "{\"text\":\"é\"}")).await;

    let request = &peer.seen()[0];
    assert_eq!(request.header("x-wq-signature"), Some(format!("sha256={}", hmac_by_hand(b"geheim", &request.body)).as_str()));
}

#[tokio::test]
async fn a_worker_signs_with_the_secret_of_its_environment() {
    let peer = Peer::saying(200, "").await;
    let run = format!("worker --via http --url {} --until-empty", peer.url("/"));

    tokio::task::spawn_blocking(move || {
        let server = Server::start();
        wq(&server).line("enqueue --data {}").run().exits(0);
        wq(&server).env("WQ_HTTP_SECRET", "geheim").line(&run).run().exits(0).stderr_has("1 completed");
    })
    .await
    .unwrap();

    let request = &peer.seen()[0];
    assert_eq!(request.header("x-wq-signature"), Some(format!("sha256={}", hmac_by_hand(b"geheim", &request.body)).as_str()));
}

/// RFC 2104, step by step.
fn hmac_by_hand(key: &[u8], message: &[u8]) -> String {
    let padded = |pad: u8| (0..64).map(|n| key.get(n).unwrap_or(&0) ^ pad).collect::<Vec<u8>>();
    let inner = Sha256::digest([padded(0x36), message.to_vec()].concat());
    let outer = Sha256::digest([padded(0x5c), inner.to_vec()].concat());
    outer.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

#[tokio::test]
async fn a_login_in_the_url_is_sent_and_never_shown() {
    let peer = Peer::saying(200, "").await;
    let transport = by_http(&format!("http://ana:geheim@127.0.0.1:{}/", peer.port()), PATIENCE);
    deliver(&*transport, &job("j1", "{}")).await;
    assert_eq!(peer.seen()[0].header("authorization"), Some("Basic YW5hOmdlaGVpbQ=="));

    drop(peer);
    let outcome = deliver(&*by_http("http://ana:geheim@127.0.0.1:1/?token=t", PATIENCE), &job("j1", "{}")).await;

    assert!(!format!("{outcome:?}").contains("geheim") && !format!("{outcome:?}").contains("token"), "{outcome:?}");
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let peer = Peer::saying(200, "ok").await;
    let transport = by_http(&peer.url("/"), PATIENCE);

    for n in 0..5 {
        deliver(&*transport, &job(&format!("j{n}"), "{}")).await;
    }

    assert_eq!(peer.seen().iter().map(|request| request.connection).collect::<Vec<_>>(), [0; 5]);
}

#[tokio::test]
async fn a_connection_that_the_receiver_closes_after_each_answer_costs_no_message() {
    let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let peer = Peer::start(move |_| Reply::Close(whole.to_vec())).await;
    let transport = by_http(&peer.url("/"), PATIENCE);

    for n in 0..20 {
        let before = peer.seen().len();
        let outcome = deliver(&*transport, &job(&format!("j{n}"), "{}")).await;

        // a close that crosses the request leaves open whether it arrived; what must never happen is a silent repeat
        assert!(matches!(outcome, Outcome::Accepted { .. } | Outcome::Uncertain { .. }), "{outcome:?}");
        assert!(peer.seen().len() <= before + 1);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let peer = Peer::start(|_| Reply::Say(307, vec![("Location", "/elsewhere".to_owned())], vec![])).await;

    deliver(&*by_http(&peer.url("/hook"), PATIENCE), &job("j1", "{}")).await;

    assert_eq!(peer.seen().len(), 1);
}

#[test]
fn a_bad_url_fails_before_anything_is_sent() {
    for (url, problem) in [
        ("nonsense", "relative URL without a base; write http://HOST/PATH or https://HOST/PATH"),
        ("ftp://host/", "it must begin with http:// or https://"),
        ("localhost:3000/hook", "it must begin with http:// or https://"),
        ("http://", "empty host; write http://HOST/PATH or https://HOST/PATH"),
    ] {
        let way = Way::Http(http::Options { url: url.to_owned(), timeout: PATIENCE, secret: None });

        let error = transport::build(way).err().map(|error| error.to_string());

        assert_eq!(error, Some(format!("the URL to send to is of no use: {problem}")), "{url}");
    }
}
