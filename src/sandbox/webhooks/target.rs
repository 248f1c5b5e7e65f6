//! This file is a receiver of webhooks: its URL, what it wants to hear, and a client that reaches it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Url, redirect::Policy};
use serde_json::{Value, json};

use super::super::Webhook;
use crate::core::model::clock;

/// How long a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long a token of Evolution's is good, in seconds.
const TOKEN_S: u64 = 600;

/// A receiver.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    /// Names of Evolution's events; all when there is none.
    events: Vec<String>,
    /// The event's name is added to the path.
    pub(super) by_events: bool,
    enabled: bool,
    /// As Evolution shows it.
    pub(super) settings: Value,
    client: reqwest::Client,
}

impl Target {
    pub(super) fn of_command_line(webhook: &Webhook) -> Result<Self, String> {
        let settings = json!({ "url": webhook.url, "enabled": true, "events": [], "webhookByEvents": false, "webhookBase64": false });
        Self::new(webhook.url.clone(), webhook.headers.clone(), settings)
    }

    /// What `webhook/set` says.
    pub(super) fn of_evolution(body: &Value, instance_id: String) -> Result<Self, String> {
        let webhook = body.get("webhook").cloned().unwrap_or_default();
        let text = |name: &str| webhook.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let flag = |name: &str| webhook.get(name).and_then(Value::as_bool).unwrap_or_default();
        let headers = webhook.get("headers").and_then(Value::as_object).into_iter().flatten();
        let headers = headers.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect();
        let events = webhook.get("events").cloned().unwrap_or_default();
        let settings = json!({
            "id": instance_id, "url": text("url"), "headers": webhook.get("headers"), "enabled": flag("enabled"), "events": events,
            "webhookByEvents": flag("byEvents"), "webhookBase64": flag("base64"), "instanceId": instance_id,
        });
        let target = Self::new(text("url"), headers, settings).map_err(|_| "Invalid \"url\" property".to_owned())?;
        let names = events.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        Ok(Self { events: names, by_events: flag("byEvents"), enabled: flag("enabled"), ..target })
    }

    fn new(url: String, headers: Vec<(String, String)>, settings: Value) -> Result<Self, String> {
        let parsed = Url::parse(&url).map_err(|error| error.to_string())?;
        if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
            return Err("it must begin with http:// or https://".to_owned());
        }
        for (name, value) in headers.iter().filter(|(name, _)| name != "jwt_key") {
            header(name, value)?;
        }
        let client = client(parsed.scheme() == "http")?;
        Ok(Self { url, headers, events: Vec::new(), by_events: false, enabled: true, settings, client })
    }

    /// Whether an event of Evolution's, such as `MESSAGES_UPDATE`, is wanted.
    pub(super) fn wants(&self, event: &str) -> bool {
        self.enabled && (self.events.is_empty() || self.events.iter().any(|wanted| wanted == event))
    }

    /// Further headers of a request. The key of a token is replaced by a token.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &self.headers {
            let read = if name == "jwt_key" {
                HeaderValue::from_str(&format!("Bearer {}", token(value)))
                    .map(|value| (AUTHORIZATION, value))
                    .map_err(|error| error.to_string())
            } else {
                header(name, value)
            };
            if let Ok((name, value)) = read {
                headers.insert(name, value);
            }
        }
        headers
    }

    /// Asks as Meta does before it sends webhooks anywhere: the receiver must know the token and give the challenge back.
    pub(super) async fn challenge(&self, token: &str, challenge: &str) -> Result<(), String> {
        let mut url = Url::parse(&self.url).map_err(|error| error.to_string())?;
        let asked = [("hub.mode", "subscribe"), ("hub.challenge", challenge), ("hub.verify_token", token)];
        url.query_pairs_mut().extend_pairs(asked);
        let answer = self.client.get(url).send().await.map_err(|error| error.without_url().to_string())?;
        let status = answer.status();
        let body = answer.text().await.map_err(|error| error.without_url().to_string())?;
        match (status.as_u16(), body.trim() == challenge) {
            (200, true) => Ok(()),
            (200, false) => Err("the answer is not the challenge".to_owned()),
            _ => Err(format!("the answer is {status}")),
        }
    }

    /// The status of the answer, or `None` without one.
    pub(super) async fn post(&self, url: &str, headers: HeaderMap, body: Bytes) -> Option<u16> {
        match self.client.post(url).headers(headers).body(body).send().await {
            Ok(response) => Some(response.status().as_u16()),
            Err(error) => {
                tracing::debug!(error = %error.without_url(), "a webhook was not taken");
                None
            }
        }
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is no name of a header"))?;
    let value = HeaderValue::from_str(value).map_err(|_| format!("the value of {name} can't be sent in a header"))?;
    Ok((name, value))
}

fn client(is_plain: bool) -> Result<reqwest::Client, String> {
    if rustls::crypto::CryptoProvider::get_default().is_none() && rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("somebody else installed a crypto provider at the same moment");
    }
    let mut builder = reqwest::Client::builder().redirect(Policy::none()).timeout(TIMEOUT).no_proxy();
    if is_plain {
        builder = builder.tls_certs_only(std::iter::empty());
    }
    builder.build().map_err(|error| error.to_string())
}

/// A token as Evolution makes it: HS256, good for ten minutes.
fn token(key: &str) -> String {
    let now = clock::now_ms() / 1_000;
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(json!({ "alg": "HS256", "typ": "JWT" }));
    let claims = part(json!({ "iat": now, "exp": now + TOKEN_S, "app": "evolution", "action": "webhook" }));
    let signed = format!("{head}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(hmac_sha256(key.as_bytes(), signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// HMAC-SHA256.
pub(super) fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length, the empty one too")]
    let mut hmac = Hmac::<sha2::Sha256>::new_from_slice(key).expect("a key of any length");
    hmac.update(text);
    hmac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::super::super::provider::hex;
    use super::*;

    #[test]
    fn the_signature_is_that_of_meta() {
        assert_eq!(hex(&hmac_sha256(b"secret", b"test")), "0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914");
    }

    #[test]
    fn a_url_that_nothing_can_be_posted_to_is_refused() {
        for url in ["", "nonsense", "ftp://host/", "http://"] {
            assert!(Target::of_command_line(&Webhook { url: url.to_owned(), headers: Vec::new() }).is_err(), "{url}");
        }
    }

    #[test]
    fn a_receiver_hears_what_it_asked_for() {
        let set = json!({ "webhook": { "enabled": true, "url": "http://127.0.0.1:9/", "events": ["MESSAGES_UPDATE"] } });
        let target = Target::of_evolution(&set, "id".to_owned()).unwrap();

        assert!(target.wants("MESSAGES_UPDATE") && !target.wants("SEND_MESSAGE"));
    }

    #[test]
    fn the_key_of_a_token_is_never_sent() {
        let webhook = Webhook { url: "http://127.0.0.1:9/".to_owned(), headers: vec![("jwt_key".to_owned(), "geheim".to_owned())] };
        let headers = Target::of_command_line(&webhook).unwrap().headers();

        assert!(headers["authorization"].to_str().unwrap().starts_with("Bearer eyJ"));
        assert!(!format!("{headers:?}").contains("geheim"));
    }
}
