//! What Meta says of the sending number, and whether the queue may go on then.

use wq::core::dispatch::transport::Health;
use wq::core::model::outage::{Outage, OutageEnd};

use super::{SOON, TOKEN, by_cloud, misplaced, outage, refusal};
use crate::transports::peer::{Peer, Reply};

async fn health_of(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Health {
    let peer = Peer::start(reply).await;
    let health = by_cloud(peer.url(""), SOON * 10).health().await;
    assert!(!format!("{health:?}").contains("canary"), "{health:?}");
    health
}

async fn health_by(status: u16, body: &str) -> Health {
    let body = body.as_bytes().to_vec();
    health_of(move |_| Reply::Say(status, vec![], body.clone())).await
}

fn number(status: &str) -> String {
    format!(r#"{{"id":"106540352242922","status":"{status}","health_status":{{"can_send_message":"LIMITED","entities":[]}}}}"#)
}

async fn down(status: u16, body: &str) -> Outage {
    match health_by(status, body).await {
        Health::Down(outage) => outage,
        other => panic!("{status} {body}: {other:?}"),
    }
}

#[tokio::test]
async fn a_number_that_sends_is_up() {
    for body in [number("CONNECTED"), number("FLAGGED"), number("NEW_WORD"), r#"{"id":"106540352242922"}"#.to_owned()] {
        assert_eq!(health_by(200, &body).await, Health::Up, "{body}");
    }
}

#[tokio::test]
async fn a_number_that_does_not_send_is_down() {
    for (status, class, end) in [
        ("RESTRICTED", "account_restricted", OutageEnd::Probe),
        ("RATE_LIMITED", "account_restricted", OutageEnd::Probe),
        ("BANNED", "banned", OutageEnd::ByHand),
        ("PENDING", "number_not_ready", OutageEnd::Probe),
        ("DISCONNECTED", "number_not_ready", OutageEnd::Probe),
        ("DELETED", "number_not_ready", OutageEnd::Probe),
        ("MIGRATED", "number_not_ready", OutageEnd::Probe),
        ("UNVERIFIED", "number_not_ready", OutageEnd::Probe),
    ] {
        let outage = down(200, &number(status)).await;

        assert_eq!((outage.class, outage.end), (class, end), "{status}");
    }
    let said = down(200, &number("RATE_LIMITED")).await.reason;
    assert_eq!(said, "Meta says that the number is rate limited; see WhatsApp Manager");
}

#[tokio::test]
async fn a_number_whose_account_is_blocked_is_down() {
    let blocked = |errors: &str| {
        let entities = format!(
            r#"[{{"entity_type":"PHONE_NUMBER","can_send_message":"AVAILABLE"}},{{"entity_type":"WABA","can_send_message":"BLOCKED"{errors}}}]"#
        );
        format!(r#"{{"id":"1","status":"CONNECTED","health_status":{{"can_send_message":"BLOCKED","entities":{entities}}}}}"#)
    };
    let unpaid = r#","errors":[{"error_code":131042,"error_description":"no payment method","possible_solution":"add one"}]"#;
    let other = r#","errors":[{"error_code":141006,"error_description":"There is an error.","possible_solution":"Solve it."}]"#;

    assert_eq!(down(200, &blocked(unpaid)).await.class, "billing");
    assert_eq!(down(200, &blocked(other)).await, outage("account_restricted", "Meta says: There is an error. Solve it.", OutageEnd::Probe));
    assert_eq!(
        down(200, &blocked("")).await,
        outage("account_restricted", "Meta says that it can't send; see WhatsApp Manager", OutageEnd::Probe)
    );
}

#[tokio::test]
async fn an_error_of_graph_says_why() {
    for (status, code, class) in
        [(401, 190, "auth"), (403, 10, "auth"), (400, 368, "account_restricted"), (400, 133_010, "number_not_ready")]
    {
        assert_eq!(down(status, &refusal(code)).await.class, class, "{code}");
    }
    let missing = r#"{"error":{"message":"Object with ID '1' does not exist","code":100,"error_subcode":33}}"#;
    assert_eq!(down(400, missing).await.class, "number_not_ready");
}

#[tokio::test]
async fn an_error_that_is_not_about_the_number_leaves_it_open() {
    assert_eq!(health_by(400, &refusal(100)).await, Health::Unknown);
}

#[tokio::test]
async fn a_provider_that_is_busy_or_gone_is_asked_again() {
    for (status, body) in [(500, refusal(2)), (429, refusal(4)), (502, "<html>".to_owned()), (503, String::new()), (429, String::new())] {
        let outage = down(status, &body).await;

        assert_eq!((outage.class, outage.end), ("unreachable", OutageEnd::Probe), "{status} {body}");
    }
    for reply in [|| Reply::Close(Vec::new()), || Reply::Stall(Vec::new())] {
        let Health::Down(outage) = health_of(move |_| reply()).await else { panic!() };

        assert_eq!((outage.class, outage.end), ("unreachable", OutageEnd::Probe));
    }
}

#[tokio::test]
async fn a_page_in_its_place_is_a_wrong_address() {
    assert_eq!(down(200, "<html>").await, misplaced("200 no answer of the Graph API: <html>"));
    assert_eq!(down(404, "").await, misplaced("404 no answer of the Graph API: (nothing)"));
    assert_eq!(down(302, "").await, misplaced("302 redirects are not followed"));
}

#[tokio::test]
async fn the_number_is_asked_with_the_token() {
    let peer = Peer::saying(200, &number("CONNECTED")).await;

    by_cloud(peer.url(""), SOON * 10).health().await;

    let seen = peer.seen();
    assert!(seen[0].head.starts_with("GET /v25.0/106540352242922?fields=id%2Cstatus%2Chealth_status HTTP/1.1\r\n"), "{}", seen[0].head);
    assert_eq!(seen[0].header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
}

#[tokio::test]
async fn the_token_is_in_no_health_report() {
    let echo = format!(r#"{{"error":{{"message":"Malformed access token {TOKEN}","code":190}}}}"#);

    assert_eq!(
        down(401, &echo).await,
        outage("auth", "190 Malformed access token ***; put a valid access token in place", OutageEnd::Probe)
    );
}
