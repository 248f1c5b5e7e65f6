//! Answers that are none: pages, halves, floods, silence, and nobody there.

use std::time::Instant;

use wq::core::dispatch::transport::Outcome;
use wq::transport::{self, Secret, TransportError, Way, evolution};

use super::{ACCEPTED, KEY, PATIENCE, Peer, Reply, SOON, attempt, by_evolution, deliver, job, met, options, outage, retry, uncertain};

#[tokio::test]
async fn a_page_instead_of_an_answer_is_uncertain_and_the_first_one_pauses_the_queue() {
    let page = "<html><h1>Welcome</h1></html>";
    let peer = Peer::saying(200, page).await;
    let transport = by_evolution(peer.url(""), PATIENCE);

    let first = deliver(&*transport, &attempt(1)).await;
    let noticed = transport.noticed();
    let second = deliver(&*transport, &attempt(1)).await;

    assert_eq!(first, uncertain(&format!("unreadable_answer:200 not JSON: {page}")));
    assert_eq!(noticed, Some(outage("config", &format!("what answers at --base-url is not Evolution (200 {page}): correct it"))));
    assert_eq!((second, transport.noticed()), (first, None));
}

#[tokio::test]
async fn a_success_that_says_neither_id_nor_error_is_uncertain() {
    for body in ["{}", "[]", "null", "7", "{\"key\":{\"id\":\"\"}}", "{\"key\":{\"id\":7}}", "{\"error\":true}", "{\"code\":null}"] {
        let (outcome, noticed) = met(move |_| Reply::Say(201, vec![], body.as_bytes().to_vec()), PATIENCE, &attempt(1)).await;

        assert_eq!(outcome, uncertain(&format!("unreadable_answer:201 neither an id nor an error: {body}")));
        assert!(noticed.is_some());
    }
    let (outcome, _) = met(|_| Reply::Say(204, vec![], vec![]), PATIENCE, &attempt(1)).await;
    assert_eq!(outcome, uncertain("unreadable_answer:204 not JSON: No Content"));
}

#[tokio::test]
async fn half_an_answer_is_uncertain_even_if_the_id_is_in_it() {
    let head = format!("HTTP/1.1 201 Created\r\ncontent-length: {}\r\n\r\n", ACCEPTED.len());
    let half = format!("{head}{}", &ACCEPTED[..120]);

    let (outcome, noticed) = met(move |_| Reply::Close(half.clone().into_bytes()), PATIENCE, &attempt(1)).await;

    assert_eq!(noticed, None);
    let Outcome::Uncertain { reason } = outcome else { panic!("{outcome:?}") };
    assert!(
        reason.starts_with("unreadable_answer:201 an answer that broke off: {\"key\":{\"remoteJid\":\"34…1222@s.whatsapp.net\""),
        "{reason}"
    );
}

#[tokio::test]
async fn a_hundred_megabytes_are_neither_kept_nor_waited_for() {
    let head = |status| format!("HTTP/1.1 {status} \r\ncontent-length: 104857600\r\n\r\n").into_bytes();
    let flood = move |status| [head(status), b"x".repeat(4 * 1024 * 1024)].concat();
    let started = Instant::now();

    let (accepted, _) = met(move |_| Reply::Stall(flood(201)), PATIENCE, &attempt(1)).await;
    let (refused, _) = met(move |_| Reply::Stall(flood(502)), PATIENCE, &attempt(1)).await;

    assert_eq!(accepted, uncertain(&format!("unreadable_answer:201 too long an answer: {}…", "x".repeat(200))));
    assert_eq!(refused, uncertain(&format!("gateway_error:502 {}…", "x".repeat(200))));
    assert!(started.elapsed() < PATIENCE / 2);
}

#[tokio::test]
async fn an_id_before_media_that_come_back_whole_is_a_success() {
    let body = ACCEPTED.replace("\"Hola Ana\"", &format!("\"{}\"", "A".repeat(3 * 1024 * 1024)));

    let (outcome, noticed) = met(move |_| Reply::Say(201, vec![], body.clone().into_bytes()), PATIENCE, &attempt(1)).await;

    let Outcome::Accepted { reply, provider_id } = outcome else { panic!("{outcome:?}") };
    assert_eq!((reply.as_str(), provider_id.as_deref()), (r#"{"key":{"id":"3EB0A1B2C3D4E5F6"}}"#, Some("3EB0A1B2C3D4E5F6")));
    assert_eq!(noticed, None);
}

#[tokio::test]
async fn of_a_long_answer_the_main_fields_are_kept() {
    let body = ACCEPTED.replace("\"Hola Ana\"", &format!("\"{}\"", "A".repeat(100_000)));

    let (outcome, _) = met(move |_| Reply::Say(201, vec![], body.clone().into_bytes()), PATIENCE, &attempt(1)).await;

    let Outcome::Accepted { reply, .. } = outcome else { panic!("{outcome:?}") };
    let key = r#"{"remoteJid":"34600111222@s.whatsapp.net","fromMe":true,"id":"3EB0A1B2C3D4E5F6"}"#;
    let rest = r#""status":"PENDING","messageType":"conversation","messageTimestamp":1795500000,"instanceId":"5b0c","source":"web""#;
    assert_eq!(reply, format!("{{\"key\":{key},{rest}}}"));
}

#[tokio::test]
async fn no_answer_leaves_open_whether_the_message_was_sent() {
    for reply in [Reply::Close, Reply::Reset] {
        let (outcome, _) = met(move |_| reply(vec![]), PATIENCE, &attempt(1)).await;

        let Outcome::Uncertain { reason } = outcome else { panic!("{outcome:?}") };
        assert!(reason.starts_with("no_answer: lost the connection to 127.0.0.1:"), "{reason}");
    }
}

#[tokio::test]
async fn silence_is_uncertain_when_the_time_is_over_and_the_typing_comes_on_top() {
    let typing = job("j1", r#"{"to":"+34600111222","text":"Hi","delay":300}"#);
    let started = Instant::now();

    let (outcome, noticed) = met(|_| Reply::Stall(vec![]), SOON, &typing).await;

    let Outcome::Uncertain { reason } = outcome else { panic!("{outcome:?}") };
    assert!(reason.starts_with("no_answer: no answer from 127.0.0.1:") && reason.ends_with(" within 700ms"), "{reason}");
    assert!(started.elapsed().as_millis() >= 700, "{:?}", started.elapsed());
    assert_eq!(noticed, None);
}

#[tokio::test]
async fn nobody_listening_is_safe_to_repeat() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();

    let outcome = deliver(&*by_evolution(format!("http://127.0.0.1:{port}"), PATIENCE), &attempt(1)).await;

    assert_eq!(outcome, retry(&format!("unreachable: can't connect to 127.0.0.1:{port}: Connection refused (os error 111)")));
}

#[tokio::test]
async fn a_page_that_repeats_the_key_does_not_give_it_away() {
    for status in [200, 400, 404, 500, 502] {
        let echo = format!("<pre>apikey: {KEY}\n{{}}</pre>");

        // `met` looks for the key in the outcome
        let (_, noticed) = met(move |_| Reply::Say(status, vec![], echo.clone().into_bytes()), PATIENCE, &attempt(1)).await;

        assert!(!format!("{noticed:?}").contains(KEY), "{noticed:?}");
    }
    let reply = format!(r#"{{"key":{{"id":"A1"}},"apikey":"{KEY}","sub":[{{"apikey":"x","note":"key {KEY}"}}]}}"#);
    let (outcome, _) = met(move |_| Reply::Say(201, vec![], reply.clone().into_bytes()), PATIENCE, &attempt(1)).await;
    let expected = r#"{"key":{"id":"A1"},"sub":[{"note":"key ***"}]}"#.to_owned();
    assert_eq!(outcome, Outcome::Accepted { reply: expected, provider_id: Some("A1".to_owned()) });
}

#[test]
fn settings_that_can_not_work_are_refused_before_a_job_is_taken() {
    let refused = |options: evolution::Options| -> String {
        let error: TransportError = transport::build(Way::Evolution(options)).err().expect("refused");
        error.to_string()
    };
    let good = || options("http://h".to_owned(), PATIENCE);

    assert_eq!(
        refused(evolution::Options { base_url: "localhost:8080".to_owned(), ..good() }),
        "the URL to send to is of no use: it must begin with http:// or https://"
    );
    for instance in ["", ".", ".."] {
        let error = refused(evolution::Options { instance: instance.to_owned(), ..good() });
        assert_eq!(error, "the instance is of no use: it is empty, \".\" or \"..\"");
    }
    for (key, problem) in [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("geheim geheim", "it holds a blank or a sign that no key has"),
        ("geheim\nX-Other: 1", "it holds a blank or a sign that no key has"),
    ] {
        let error = refused(evolution::Options { api_key: Secret::new(key), ..good() });
        assert_eq!(error, format!("the API key is of no use: {problem}"));
    }
    assert!(!format!("{:?}", good()).contains(KEY));
}
