//! The rows that are the same for both providers: nobody there, no answer, answers that are none, and what a status alone says.

use super::{BOTH, By, End, Kind, Row, SILENCE, check, check_at, check_within};
use crate::transports::peer::{Peer, Reply};
use crate::transports::{cloud, evolution};

fn accepted(by: By) -> (u16, &'static str) {
    match by {
        By::Cloud => (200, cloud::ACCEPTED),
        By::Evolution => (201, evolution::ACCEPTED),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_with_an_id() {
    for (by, id) in [(By::Cloud, "wamid.HBgL"), (By::Evolution, "3EB0A1B2C3D4E5F6")] {
        let (status, body) = accepted(by);
        check(by, Kind::Template, vec![Row::said(status, body, End::Sent, id)]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_there() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // a label longer than any name may have: no server of names is asked
    let no_name = format!("http://{}.invalid", "a".repeat(64));
    let plain = Peer::start(|_| Reply::Close(Vec::new())).await;
    let no_tls = format!("https://127.0.0.1:{}", plain.port());

    for by in BOTH {
        for url in [&format!("http://127.0.0.1:{port}"), &no_name, &no_tls] {
            check_at(by, Kind::Template, vec![(End::Again, "unreachable: ".to_owned())], url, "").await;
        }
    }
    assert!(plain.seen().is_empty(), "nothing left without TLS");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_after_the_request_left() {
    for by in BOTH {
        let held = |answer: fn() -> Reply, reason: &str| Row::new(answer, End::Held, format!("uncertain: no_answer: {reason}"));
        let rows = vec![
            held(|| Reply::Stall(Vec::new()), "no answer from 127.0.0.1:"),
            held(|| Reply::Close(Vec::new()), "lost the connection to 127.0.0.1:"),
            held(|| Reply::Reset(Vec::new()), "lost the connection to 127.0.0.1:"),
            held(|| Reply::Close(b"HTTP/1.1 200".to_vec()), "lost the connection to 127.0.0.1:"),
        ];
        check_within(by, Kind::Template, rows, &format!(" --send-timeout {}ms", SILENCE.as_millis())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_an_answer() {
    for by in BOTH {
        let (status, body) = accepted(by);
        let half = format!("HTTP/1.1 {status} \r\ncontent-length: {}\r\n\r\n{}", body.len(), &body[..60]);
        let row = Row::new(move || Reply::Close(half.clone().into_bytes()), End::Held, format!("uncertain: unreadable_answer:{status} "));
        check(by, Kind::Template, vec![row]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_that_is_none_of_the_providers() {
    for by in BOTH {
        for body in ["<html><h1>Welcome</h1></html>", "", "{}", "[]"] {
            let row = Row::said(200, body, End::HeldAndPaused("config"), "uncertain: unreadable_answer:200 ");
            check(by, Kind::Template, vec![row]).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_megabytes() {
    for by in BOTH {
        let flood = || [b"HTTP/1.1 200 \r\ncontent-length: 104857600\r\n\r\n".to_vec(), b"x".repeat(4 * 1024 * 1024)].concat();
        let row = Row::new(move || Reply::Stall(flood()), End::HeldAndPaused("config"), "uncertain: unreadable_answer:200 ");
        check(by, Kind::Template, vec![row]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect() {
    for by in BOTH {
        let row = |status| {
            let answer = move || Reply::Say(status, vec![("Location", "http://127.0.0.1:1/".to_owned())], Vec::new());
            Row::new(answer, End::Paused("config"), "redirects are not followed")
        };
        check(by, Kind::Template, vec![row(301), row(302), row(307), row(308)]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateways_page() {
    for by in BOTH {
        let row = |status| Row::said(status, "<html>Oops</html>", End::Held, format!("uncertain: gateway_error:{status} "));
        let empty = |status| Row::said(status, "", End::Held, format!("uncertain: gateway_error:{status} "));
        check(by, Kind::Template, vec![row(500), row(502), row(503), row(504)]).await;
        check(by, Kind::Template, vec![empty(500), empty(502), empty(503), empty(504)]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_that_it_did_not_take_it() {
    for by in BOTH {
        let rows = vec![
            Row::said_to_wait(503, 12, End::Later(12), "provider_busy:503 "),
            Row::said(408, "", End::Again, "provider_busy:408 "),
            Row::said(425, "", End::Again, "provider_busy:425 "),
        ];
        check(by, Kind::Template, rows).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_429() {
    for by in BOTH {
        let rows =
            vec![Row::said(429, "", End::Later(30), "rate_limited:429 "), Row::said_to_wait(429, 7, End::Later(7), "rate_limited:429 ")];
        check(by, Kind::Template, rows).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_or_of_the_wrong_kind() {
    for by in BOTH {
        let row = |status| Row::said(status, "", End::Dead, format!("invalid_payload:{status} "));
        check(by, Kind::Template, vec![row(413), row(415)]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn something_before_meta_that_refuses() {
    let refused = |status| Row::said(status, "<html>", End::Paused("config"), format!("{status} no answer of the Graph API"));
    let again = |status| Row::said(status, "no", End::Again, format!("refused:{status} "));

    check(By::Cloud, Kind::Template, vec![refused(401), refused(403), refused(404), again(400), again(422)]).await;
}
