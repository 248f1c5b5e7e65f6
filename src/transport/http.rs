//! This file posts jobs to any URL as signed JSON and reads the receiver's status as the outcome.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;

use super::client::{Answer, Client, Failure, header_text};
pub use super::secret::Secret;
use super::{TransportError, envelope, redact};
use crate::core::dispatch::transport::{Delivery, Outcome, Transport};
use crate::core::model::job::Job;

/// How long a 429 without a readable `Retry-After` waits.
const WAIT_WITHOUT_RETRY_AFTER: Duration = Duration::from_secs(5);
/// How many characters of an answer become part of a reason.
const REASON_CHARS: usize = 200;
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const SIGNATURE: HeaderName = HeaderName::from_static("x-wq-signature");

/// Where and how to post.
#[derive(Debug)]
pub struct Options {
    /// `http://…` or `https://…`; a login in it becomes Basic authentication.
    pub url: String,
    /// How long one send may take, from the name look-up to the last byte of the answer.
    pub timeout: Duration,
    /// The key of the signature; none leaves the header out.
    pub secret: Option<Secret>,
}

/// Sends by HTTP POST. Any 2xx is an acceptance: the receiver's word counts, whatever its body says.
pub struct Http {
    client: Client,
    signer: Option<Hmac<Sha256>>,
}

impl Http {
    /// Checks the URL and sets up the connection pool; connects to nobody yet.
    ///
    /// # Errors
    /// When the URL is no `http(s)://HOST…`, or the system has no certificates for `https`.
    pub fn new(options: Options) -> Result<Self, TransportError> {
        let client = Client::new(&options.url, options.timeout)?;
        let signer = options.secret.map(|secret| Hmac::new_from_slice(secret.bytes())).transpose();
        let signer = signer.map_err(|error| TransportError::Client { problem: error.to_string() })?;
        Ok(Self { client, signer })
    }

    async fn send(&self, job: &Job) -> Outcome {
        let body = match envelope::encode(job) {
            Ok(body) => body,
            Err(error) => return Outcome::Permanent { reason: format!("the job can't be written as JSON: {error}") },
        };
        match self.client.post(self.headers(job, &body), body).await {
            Ok(answer) => judge(&answer),
            Err(failure @ Failure::NotSent(_)) => Outcome::Retry { reason: format!("unreachable: {}", failure.into_reason()) },
            Err(failure @ Failure::Unknown(_)) => Outcome::Uncertain { reason: failure.into_reason() },
        }
    }

    fn headers(&self, job: &Job, body: &[u8]) -> HeaderMap {
        let key = header_text(&job.stable_key);
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(IDEMPOTENCY_KEY, key.clone());
        headers.insert(REQUEST_ID, key);
        if let Some(signer) = &self.signer {
            headers.insert(SIGNATURE, header_text(&signature(signer.clone(), body)));
        }
        headers
    }
}

impl Transport for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a> {
        Box::pin(self.send(job))
    }
}

fn signature(mut signer: Hmac<Sha256>, body: &[u8]) -> String {
    signer.update(body);
    let digest = signer.finalize().into_bytes();
    digest.iter().fold("sha256=".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// What a status means. Answers that the receiver itself calls temporary are repeated; the rest of 4xx never is. A gateway's word
/// that it got no answer says nothing about the receiver behind it.
fn judge(answer: &Answer) -> Outcome {
    let status = answer.status;
    if status.is_success() {
        return Outcome::Accepted { reply: envelope::reply(&answer.body, answer.whole), provider_id: None };
    }
    match (status, answer.retry_after) {
        (StatusCode::TOO_MANY_REQUESTS, after) => {
            Outcome::Wait { reason: reason(answer), after: after.unwrap_or(WAIT_WITHOUT_RETRY_AFTER), slow_down: true }
        }
        (StatusCode::SERVICE_UNAVAILABLE, Some(after)) => Outcome::Wait { reason: reason(answer), after, slow_down: false },
        (StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY, _) => Outcome::Retry { reason: reason(answer) },
        (StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT, _) => Outcome::Uncertain { reason: reason(answer) },
        // no standard knows them; content networks say with them that the receiver behind them did not answer
        _ if (520..600).contains(&status.as_u16()) => Outcome::Uncertain { reason: reason(answer) },
        _ if status.is_server_error() => Outcome::Retry { reason: reason(answer) },
        _ if status.is_redirection() => {
            Outcome::Permanent { reason: format!("http {}: redirects are not followed; give --url the final address", status.as_u16()) }
        }
        _ => Outcome::Permanent { reason: reason(answer) },
    }
}

fn reason(answer: &Answer) -> String {
    let body = redact::head(&answer.body, REASON_CHARS);
    let said = if body.is_empty() { answer.status.canonical_reason().unwrap_or("no reason given") } else { &body };
    format!("http {}: {said}", answer.status.as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, retry_after: Option<u64>, body: &str) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer {
            status,
            retry_after: retry_after.map(Duration::from_secs),
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
            whole: true,
            too_long: false,
        }
    }

    fn kind(outcome: &Outcome) -> &'static str {
        match outcome {
            Outcome::Accepted { .. } => "accepted",
            Outcome::Retry { .. } => "retry",
            Outcome::Wait { .. } => "wait",
            Outcome::Permanent { .. } => "permanent",
            Outcome::Uncertain { .. } => "uncertain",
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_status_has_one_outcome() {
        for (statuses, expected) in [
            (vec![200, 201, 202, 204, 299], "accepted"),
            (vec![301, 302, 304, 307, 308], "permanent"),
            (vec![400, 401, 403, 404, 409, 410, 413, 415, 418, 422, 499], "permanent"),
            (vec![408, 425, 500, 501, 503, 505, 519], "retry"),
            (vec![502, 504, 520, 524, 599], "uncertain"),
            (vec![429], "wait"),
            (vec![600, 999], "permanent"),
        ] {
            for status in statuses {
                assert_eq!(kind(&judge(&answer(status, None, ""))), expected, "{status}");
            }
        }
    }

    #[test]
    fn a_receiver_that_says_when_to_come_back_is_waited_for() {
        for status in [429, 503] {
            let Outcome::Wait { after, .. } = judge(&answer(status, Some(12), "")) else { panic!("{status} must wait") };

            assert_eq!(after, Duration::from_secs(12));
        }
        assert_eq!(kind(&judge(&answer(500, Some(12), ""))), "retry");
        assert_eq!(kind(&judge(&answer(400, Some(12), ""))), "permanent");
    }

    #[test]
    fn a_429_that_does_not_say_waits_five_seconds() {
        assert_eq!(
            judge(&answer(429, None, "")),
            Outcome::Wait { reason: "http 429: Too Many Requests".to_owned(), after: Duration::from_secs(5), slow_down: true }
        );
    }

    #[test]
    fn a_reason_is_what_the_receiver_said_without_phone_numbers() {
        let Outcome::Permanent { reason } = judge(&answer(422, None, "{\"error\":\n\"no such number +5511999990000\"}")) else { panic!() };

        assert_eq!(reason, "http 422: {\"error\": \"no such number +55…0000\"}");
    }

    #[test]
    fn the_signature_is_the_hmac_of_the_body() {
        // RFC 4231, test case 2
        let signer = Hmac::new_from_slice(b"Jefe").unwrap();

        assert_eq!(
            signature(signer, b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
