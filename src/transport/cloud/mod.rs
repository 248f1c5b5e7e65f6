//! This file sends messages by Meta's WhatsApp Cloud API.

mod health;
mod request;
mod verdict;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::client::{Answer as Reply, Client};
use super::{Secret, TransportError, redact};
use crate::core::dispatch::transport::{Answer, Delivery, Health, Outcome, Transport};
use crate::core::model::job::Job;
use crate::core::model::message::Message;
use crate::core::model::outage::Outage;

/// Where Meta's Graph API is.
pub const DEFAULT_BASE_URL: &str = "https://graph.facebook.com";
/// The version of the Graph API unless told otherwise.
pub const DEFAULT_GRAPH_VERSION: u16 = 25;
/// The longest phone number id, in digits.
const MAX_ID_DIGITS: usize = 32;
/// A shorter token is a word of a test's, which would turn up by chance; Meta's have a hundred characters and more.
const SHORTEST_HIDDEN_TOKEN: usize = 8;
/// How many characters of a problem with a message are shown.
const PROBLEM_CHARS: usize = 200;

/// Which number sends, and by whose leave.
#[derive(Debug)]
pub struct Options {
    /// `https://…`, without the version; [`DEFAULT_BASE_URL`] but for a sandbox or a proxy.
    pub base_url: String,
    /// Of the Graph API, such as 25 for v25.0.
    pub graph_version: u16,
    /// Meta's id of the sending number: digits, and not the number itself.
    pub phone_number_id: String,
    /// The access token.
    pub token: Secret,
    /// How long one send may take, from the name look-up to the last byte of the answer.
    pub timeout: Duration,
}

/// Sends by the Cloud API: accepted is what has a message id.
pub struct Cloud {
    client: Client,
    timeout: Duration,
    messages: Url,
    number: Url,
    authorization: HeaderValue,
    token: String,
    /// What the queue is to be paused for, besides the outcome that showed it.
    noticed: Mutex<Option<Outage>>,
}

impl Cloud {
    /// Checks the settings and sets up the connection pool; connects to nobody yet.
    ///
    /// # Errors
    /// When a setting is of no use.
    pub fn new(options: Options) -> Result<Self, TransportError> {
        let id = phone_number_id(&options.phone_number_id)?;
        let (token, authorization) = authorization(&options.token)?;
        let client = Client::below(&options.base_url, options.timeout)?;
        let version = format!("v{}.0", options.graph_version);
        let messages = client.address(&[&version, id, "messages"])?;
        let mut number = client.address(&[&version, id])?;
        number.query_pairs_mut().append_pair("fields", health::FIELDS);
        Ok(Self { client, timeout: options.timeout, messages, number, authorization, token, noticed: Mutex::new(None) })
    }

    async fn send(&self, job: &Job) -> Outcome {
        let message = match Message::read(job.data.get()) {
            Ok(message) => message,
            Err(error) => {
                let problem = redact::head(error.to_string().as_bytes(), PROBLEM_CHARS);
                return Outcome::Permanent { reason: format!("invalid_payload: {problem}") };
            }
        };
        let body = match request::encode(&message, &job.stable_key) {
            Ok(body) => body,
            Err(request::Unsupported(why)) => return Outcome::Permanent { reason: format!("unsupported_on_channel: {why}") },
        };
        let mut headers = self.headers();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let answer = self.client.post_to(self.messages.clone(), headers, body, self.timeout).await;
        let answer = answer.map(|answer| self.without_token(answer));
        if let Some(outage) = answer.as_ref().ok().and_then(verdict::stranger) {
            *self.noticed.lock().unwrap_or_else(PoisonError::into_inner) = Some(outage);
        }
        verdict::judge(answer, job)
    }

    async fn ask(&self) -> Health {
        let answer = self.client.get(self.number.clone(), self.headers()).await;
        health::judge(answer.map(|answer| self.without_token(answer)))
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(2);
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers
    }

    /// The answer with our token taken out: Graph, and proxies that echo requests, repeat it where something is wrong with it.
    fn without_token(&self, mut answer: Reply) -> Reply {
        let can_be_hidden = self.token.len() >= SHORTEST_HIDDEN_TOKEN;
        let holds_token = can_be_hidden && answer.body.windows(self.token.len()).any(|part| part == self.token.as_bytes());
        if holds_token {
            answer.body = String::from_utf8_lossy(&answer.body).replace(&self.token, "***").into_bytes();
        }
        answer
    }
}

impl Transport for Cloud {
    fn name(&self) -> &'static str {
        "cloud"
    }

    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a> {
        Box::pin(self.send(job))
    }

    fn health(&self) -> Answer<'_, Health> {
        Box::pin(self.ask())
    }

    fn noticed(&self) -> Option<Outage> {
        self.noticed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

fn phone_number_id(text: &str) -> Result<&str, TransportError> {
    let id = text.trim();
    let is_id = (1..=MAX_ID_DIGITS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    if is_id {
        return Ok(id);
    }
    let problem = "it is digits alone: not the phone number, but Meta's id of it (WhatsApp Manager, API set-up)".to_owned();
    Err(TransportError::Setting { name: "phone number id", problem })
}

fn authorization(token: &Secret) -> Result<(String, HeaderValue), TransportError> {
    let refuse = |problem: &str| TransportError::Setting { name: "access token", problem: problem.to_owned() };
    let token = std::str::from_utf8(token.bytes()).map_err(|_| refuse("it is no text"))?.trim();
    if token.is_empty() {
        return Err(refuse("it is empty"));
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(refuse("it holds blanks or characters that no token has"));
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| refuse("it doesn't fit into a header"))?;
    value.set_sensitive(true);
    Ok((token.to_owned(), value))
}
