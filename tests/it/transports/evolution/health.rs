//! What `connectionState` says of the instance.

use serde_json::json;
use wq::core::dispatch::transport::Health;

use super::{KEY, PATIENCE, Peer, by_evolution, envelope, outage};

async fn asked(status: u16, body: &str) -> Health {
    let peer = Peer::saying(status, body).await;
    let health = by_evolution(peer.url("/evo"), PATIENCE).health().await;
    let seen = peer.seen();
    assert_eq!(seen.len(), 1);
    assert!(seen[0].head.starts_with("GET /evo/instance/connectionState/main HTTP/1.1\r\n"), "{}", seen[0].head);
    assert_eq!(seen[0].header("apikey"), Some(KEY));
    health
}

fn down(class: &'static str, reason: &str) -> Health {
    Health::Down(outage(class, reason))
}

#[tokio::test]
async fn an_open_instance_takes_messages() {
    assert_eq!(asked(200, r#"{"instance":{"instanceName":"main","state":"open"}}"#).await, Health::Up);
}

#[tokio::test]
async fn an_instance_in_any_other_state_is_disconnected() {
    for (state, shown) in [
        (r#","state":"connecting""#, "\"connecting\""),
        (r#","state":"close""#, "\"close\""),
        (r#","state":"refused""#, "\"refused\""),
        ("", "unknown"),
    ] {
        let health = asked(200, &format!(r#"{{"instance":{{"instanceName":"main"{state}}}}}"#)).await;

        let reason =
            format!("the instance \"main\" is not connected to WhatsApp (its state is {shown}): connect or restart it in Evolution");
        assert_eq!(health, down("instance_disconnected", &reason));
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_settings_is_named() {
    assert_eq!(
        asked(401, &envelope(401, json!("Unauthorized"))).await,
        down("auth", "Evolution refuses the API key (401): give the global key, or that of \"main\"")
    );
    assert_eq!(
        asked(404, &envelope(404, json!(["The \"main\" instance does not exist"]))).await,
        down("instance_missing", "Evolution has no instance \"main\" (404): create it, or correct --instance")
    );
    let lost = "Cannot GET /evo/instance/connectionState/main";
    assert_eq!(
        asked(404, &envelope(404, json!([lost]))).await,
        down("config", &format!("nothing of Evolution answers at --base-url (404 {lost}): correct it"))
    );
    assert_eq!(asked(302, "").await, down("config", "http 302: redirects are not followed; give --base-url the final address"));
    for page in ["<h1>Welcome</h1>", "{}", "null", r#"{"instance":7}"#] {
        assert_eq!(
            asked(200, page).await,
            down("config", &format!("what answers at --base-url is not Evolution (200 {page}): correct it"))
        );
    }
}

#[tokio::test]
async fn a_server_that_can_not_tell_is_asked_again() {
    let reason = "Evolution doesn't tell the state of the instance \"main\": 502 Bad Gateway";
    assert_eq!(asked(502, "").await, down("unreachable", reason));
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();

    let health = by_evolution(format!("http://127.0.0.1:{port}"), PATIENCE).health().await;

    assert_eq!(health, down("unreachable", &format!("can't connect to 127.0.0.1:{port}: Connection refused (os error 111)")));
}
