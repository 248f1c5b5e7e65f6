//! This file sends messages by an instance of the Evolution API.

mod health;
mod lookup;
mod request;
mod verdict;
mod words;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::client::{Answer as Reply, Client, Failure};
use super::{Secret, TransportError};
use crate::core::dispatch::transport::{Answer, Delivery, Health, Outcome, Transport};
use crate::core::model::clock::Millis;
use crate::core::model::job::Job;
use crate::core::model::outage::Outage;
use lookup::Wanted;
use request::Request;
use verdict::Case;

const API_KEY: HeaderName = HeaderName::from_static("apikey");

/// Which instance sends, and by whose leave.
#[derive(Debug)]
pub struct Options {
    /// `http(s)://HOST[:PORT][/PATH]`: what stands before `/message/sendText/…`.
    pub base_url: String,
    /// The instance's name in Evolution.
    pub instance: String,
    /// The global key or the instance's token.
    pub api_key: Secret,
    /// How long one send may take, from the name look-up to the last byte of the answer; a message's `delay` comes on top.
    pub timeout: Duration,
}

/// Sends by Evolution: accepted is what has an id of the message.
pub struct Evolution {
    client: Client,
    instance: String,
    api_key: String,
    headers: HeaderMap,
    timeout: Duration,
    noticed: Mutex<Noticed>,
}

/// Whether the first answer of this process that nobody can read has been told.
enum Noticed {
    Nothing,
    Page(Outage),
    Told,
}

impl Evolution {
    /// Checks the settings and sets up the connection pool; connects to nobody yet.
    ///
    /// # Errors
    /// When the URL is no `http(s)://HOST…`, the instance has no name that fits in a path, the key is none that fits in a header, or
    /// the system has no certificates for `https`.
    pub fn new(options: Options) -> Result<Self, TransportError> {
        let client = Client::below(&options.base_url, options.timeout)?;
        if client.address(&["instance", "connectionState", &options.instance]).is_err() {
            let problem = "it is empty, \".\" or \"..\"".to_owned();
            return Err(TransportError::Setting { name: "instance", problem });
        }
        let (api_key, header) = header_of(&options.api_key)?;
        let headers = HeaderMap::from_iter([(API_KEY, header), (CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Ok(Self { client, instance: options.instance, api_key, headers, timeout: options.timeout, noticed: Mutex::new(Noticed::Nothing) })
    }

    async fn send(&self, job: &Job) -> Outcome {
        let request = match Request::of(job.data.get()) {
            Ok(request) => request,
            Err(problem) => return Outcome::Permanent { reason: format!("invalid_payload: {}", words::line(&problem, &self.api_key)) },
        };
        let Request { action, body, typing, carries_media } = request;
        let answer = match self.post(["message", action], body, self.timeout + typing).await {
            Ok(answer) => answer,
            Err(failure) => return verdict::unanswered(failure),
        };
        let case = Case { job, carries_media, instance: &self.instance, api_key: &self.api_key };
        let outcome = case.judge(&answer);
        // Half an answer says nothing of who gave it.
        let has_ended = answer.whole || answer.too_long;
        if answer.status.is_success() && has_ended && matches!(outcome, Outcome::Uncertain { .. }) {
            self.notice(health::no_evolution(&answer, &self.api_key));
        }
        outcome
    }

    async fn post(&self, [group, action]: [&str; 2], body: Vec<u8>, timeout: Duration) -> Result<Reply, Failure> {
        match self.client.address(&[group, action, &self.instance]) {
            Ok(url) => self.client.post_to(url, self.headers.clone(), body, timeout).await,
            Err(error) => Err(Failure::NotSent(error.to_string())),
        }
    }

    /// The first of its kind pauses the queue; later ones are the circuit breaker's to judge.
    fn notice(&self, page: Outage) {
        let mut noticed = self.noticed.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*noticed, Noticed::Nothing) {
            *noticed = Noticed::Page(page);
        }
    }

    async fn ask(&self) -> Health {
        let answer = match self.client.address(&["instance", "connectionState", &self.instance]) {
            Ok(url) => self.client.get(url, self.headers.clone()).await,
            Err(error) => Err(Failure::NotSent(error.to_string())),
        };
        health::judge(answer, &self.instance, &self.api_key)
    }

    /// The one message that can only be this one; two that could be it prove nothing.
    async fn find(&self, job: &Job, intent: Millis) -> Option<String> {
        let message = request::read(job.data.get()).ok()?;
        let wanted = Wanted::new(&message, intent, self.timeout);
        let mut ids = BTreeSet::new();
        for address in wanted.addresses() {
            let mut page = 1;
            while wanted.collect(&self.find_messages(&wanted.question(&address, page)).await?, &mut ids) {
                page += 1;
                if page > lookup::MOST_PAGES {
                    return None;
                }
            }
        }
        if ids.len() == 1 { ids.pop_first() } else { None }
    }

    async fn find_messages(&self, question: &Value) -> Option<Value> {
        let answer = self.post(["chat", "findMessages"], question.to_string().into_bytes(), self.timeout).await.ok()?;
        if !(answer.status.is_success() && answer.whole) {
            tracing::debug!(status = answer.status.as_u16(), "findMessages answers nothing that proves anything");
            return None;
        }
        serde_json::from_slice(&answer.body).ok()
    }
}

impl Transport for Evolution {
    fn name(&self) -> &'static str {
        "evolution"
    }

    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a> {
        Box::pin(self.send(job))
    }

    fn health(&self) -> Answer<'_, Health> {
        Box::pin(self.ask())
    }

    fn look_up<'a>(&'a self, job: &'a Job, intent: Millis) -> Answer<'a, Option<String>> {
        Box::pin(self.find(job, intent))
    }

    fn noticed(&self) -> Option<Outage> {
        let mut noticed = self.noticed.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *noticed, Noticed::Told) {
            Noticed::Page(outage) => Some(outage),
            before => {
                *noticed = before;
                None
            }
        }
    }
}

/// The key as text and as a header that nothing prints.
fn header_of(secret: &Secret) -> Result<(String, HeaderValue), TransportError> {
    let refuse = |problem: &str| TransportError::Setting { name: "API key", problem: problem.to_owned() };
    let text = std::str::from_utf8(secret.bytes()).map_err(|_| refuse("it is no text"))?.trim();
    if text.is_empty() {
        return Err(refuse("it is empty"));
    }
    let is_one_word = text.bytes().all(|byte| byte.is_ascii_graphic());
    let header = HeaderValue::from_str(text).ok().filter(|_| is_one_word);
    let mut header = header.ok_or_else(|| refuse("it holds a blank or a sign that no key has"))?;
    header.set_sensitive(true);
    Ok((text.to_owned(), header))
}
