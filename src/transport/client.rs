//! This file is the HTTP client that every way to send over HTTP shares: one pool to one receiver, its limits, and what went wrong in
//! words.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, RequestBuilder, Response, StatusCode, Url};

use super::{TransportError, redact};
use crate::core::model::clock;

/// Servers close idle connections after 5 s as a rule, and a reset on reuse leaves open whether the message arrived.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long name look-up, TCP and TLS may take together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What is read of an answer, in bytes; the rest is left unread and the connection is closed.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// The smallest part of an instance's or a number's name that a path can't hold: a URL throws `.` and `..` away.
const NO_SEGMENTS: [&str; 3] = ["", ".", ".."];
/// The longest that a receiver may ask us to wait.
const MAX_WAIT: Duration = Duration::from_hours(24);
/// The shortest: a wait burns no attempt, so "retry after 0" must not become a busy loop.
const MIN_WAIT: Duration = Duration::from_secs(1);
/// How many characters of a failure's cause are shown.
const CAUSE_CHARS: usize = 200;
const USER_AGENT: &str = concat!("wq/", env!("CARGO_PKG_VERSION"));

/// A pool of connections to one receiver.
#[derive(Debug)]
pub(super) struct Client {
    pool: reqwest::Client,
    url: Url,
    /// `host:port`, for reasons: neither login nor query, where tokens live.
    shown: String,
    timeout: Duration,
}

/// What a receiver answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// What `Retry-After` asks for, from 1 s to 24 h.
    pub(super) retry_after: Option<Duration>,
    /// All headers.
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// False if the body broke off or was too long to be read to its end.
    pub(super) whole: bool,
    /// True if it was too long: `body` is its beginning, and nothing went wrong with the connection.
    pub(super) too_long: bool,
}

/// Why there is no answer. The two are told apart because only one of them is safe to repeat.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// No byte of the request was handed to a connection.
    NotSent(String),
    /// It may have reached the receiver.
    Unknown(String),
}

impl Client {
    /// A client that posts to `url`, each request within `timeout` from the name look-up to the answer's last byte.
    pub(super) fn new(url: &str, timeout: Duration) -> Result<Self, TransportError> {
        Self::build(url, timeout, reqwest::Client::builder())
    }

    /// A client for the addresses below `base`. It speaks HTTP/1.1 alone: with one message on each connection, a reset leaves one
    /// message in doubt and never all that are under way.
    pub(super) fn below(base: &str, timeout: Duration) -> Result<Self, TransportError> {
        Self::build(base, timeout, reqwest::Client::builder().http1_only())
    }

    fn build(url: &str, timeout: Duration, builder: ClientBuilder) -> Result<Self, TransportError> {
        let url = parse_target(url)?;
        install_crypto();
        let mut builder = builder
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            // strictly less than the whole, so that "never connected" is told apart from "no answer"
            .connect_timeout(CONNECT_TIMEOUT.min(timeout / 2))
            .timeout(timeout)
            // the library would read HTTP_PROXY by itself; only cli::settings reads the environment
            .no_proxy();
        if url.scheme() == "http" {
            // no trust store for plain HTTP: a container without CA certificates can still send, and starts faster
            builder = builder.tls_certs_only(std::iter::empty());
        }
        let pool = builder.build().map_err(|error| TransportError::Client { problem: cause(&error) })?;
        let shown = shown(&url);
        Ok(Self { pool, url, shown, timeout })
    }

    /// Posts `body` to the client's own address and reads the answer.
    pub(super) async fn post(&self, headers: HeaderMap, body: Vec<u8>) -> Result<Answer, Failure> {
        self.post_to(self.url.clone(), headers, body, self.timeout).await
    }

    /// Posts `body` to an address [below](Self::address) the client's own and reads the answer, within `timeout`.
    pub(super) async fn post_to(&self, url: Url, headers: HeaderMap, body: Vec<u8>, timeout: Duration) -> Result<Answer, Failure> {
        self.exchange(self.pool.post(url).headers(headers).body(body), timeout).await
    }

    /// Gets what is at an address [below](Self::address) the client's own, within the client's time-out.
    pub(super) async fn get(&self, url: Url, headers: HeaderMap) -> Result<Answer, Failure> {
        self.exchange(self.pool.get(url).headers(headers), self.timeout).await
    }

    /// The address whose path goes on with these segments, each percent-encoded whole: `/` in a name stays part of the name.
    pub(super) fn address(&self, segments: &[&str]) -> Result<Url, TransportError> {
        let refuse = || TransportError::Address { problem: "a part of its path is empty, \".\" or \"..\"".to_owned() };
        let mut url = self.url.clone();
        if segments.iter().any(|segment| NO_SEGMENTS.contains(segment)) {
            return Err(refuse());
        }
        url.path_segments_mut().map_err(|()| refuse())?.pop_if_empty().extend(segments);
        Ok(url)
    }

    async fn exchange(&self, request: RequestBuilder, timeout: Duration) -> Result<Answer, Failure> {
        match request.timeout(timeout).send().await {
            Ok(response) => Ok(read(response).await),
            Err(error) => Err(self.failure(&error, timeout)),
        }
    }

    fn failure(&self, error: &reqwest::Error, timeout: Duration) -> Failure {
        if error.is_builder() {
            return Failure::NotSent(format!("can't make the request: {}", cause(error)));
        }
        if error.is_connect() {
            let problem = if error.is_timeout() { "no connection in time".to_owned() } else { cause(error) };
            return Failure::NotSent(format!("can't connect to {}: {problem}", self.shown));
        }
        if error.is_timeout() {
            return Failure::Unknown(format!("no answer from {} within {timeout:?}", self.shown));
        }
        Failure::Unknown(format!("lost the connection to {}: {}", self.shown, cause(error)))
    }
}

impl Failure {
    /// Why, in one line.
    pub(super) fn into_reason(self) -> String {
        match self {
            Self::NotSent(reason) | Self::Unknown(reason) => reason,
        }
    }
}

/// Reads an answer up to the limit. A body that breaks off changes nothing about the status that was already received.
async fn read(mut response: Response) -> Answer {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let retry_after = retry_after(&headers, clock::now_ms());
    let (mut body, mut too_long) = (Vec::new(), false);
    let whole = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = MAX_ANSWER_BYTES - body.len();
                body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                if chunk.len() > room {
                    too_long = true;
                    break false;
                }
            }
            Ok(None) => break true,
            Err(error) => {
                tracing::debug!(cause = cause(&error), "the answer broke off");
                break false;
            }
        }
    };
    Answer { status, retry_after, headers, body, whole, too_long }
}

/// How long `Retry-After` asks to wait: seconds, or a date measured from the receiver's own clock where it tells it.
fn retry_after(headers: &HeaderMap, now_ms: u64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if text.starts_with(|c: char| c.is_ascii_digit()) { wait_of_seconds(text)? } else { wait_until(text, headers, now_ms)? };
    Some(wait.clamp(MIN_WAIT, MAX_WAIT))
}

fn wait_of_seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    if !is_number {
        return None;
    }
    let seconds = whole.parse::<u64>().unwrap_or(u64::MAX);
    let up = u64::from(fraction.bytes().any(|b| b != b'0'));
    Some(Duration::from_secs(seconds.saturating_add(up)))
}

fn wait_until(text: &str, headers: &HeaderMap, now_ms: u64) -> Option<Duration> {
    let due = httpdate::parse_http_date(text).ok()?;
    let receivers_clock = headers.get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    let now = receivers_clock.unwrap_or(std::time::UNIX_EPOCH + Duration::from_millis(now_ms));
    Some(due.duration_since(now).unwrap_or_default())
}

fn parse_target(text: &str) -> Result<Url, TransportError> {
    let refuse = |problem: String| TransportError::Address { problem };
    let url = Url::parse(text.trim()).map_err(|error| refuse(format!("{error}; write http://HOST/PATH or https://HOST/PATH")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refuse("it must begin with http:// or https://".to_owned()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(refuse("it names no host".to_owned()));
    }
    if url.port() == Some(0) {
        return Err(refuse("port 0 can't be connected to".to_owned()));
    }
    Ok(url)
}

fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The innermost cause: the outer ones only say "error sending request" and repeat the URL.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = if error.source().is_none() { "the request failed".to_owned() } else { innermost.to_string() };
    redact::head(text.as_bytes(), CAUSE_CHARS)
}

/// Makes ring the process's crypto provider unless there is one already; both the HTTP client and Redis over TLS need one.
fn install_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() && rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("somebody else installed a crypto provider at the same moment");
    }
}

/// A header value from any text: what headers can't carry, and `%` itself, is percent-encoded, so that two different
/// texts never become the same value.
pub(super) fn header_text(text: &str) -> HeaderValue {
    let fits = |byte: u8| byte.is_ascii_graphic() && byte != b'%';
    let encode = |byte: u8| if fits(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let encoded: String = text.bytes().map(encode).collect();
    HeaderValue::from_str(&encoded).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(value: &str, date: Option<&str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        if let Some(date) = date {
            headers.insert(DATE, date.parse().unwrap());
        }
        retry_after(&headers, 784_111_777_000).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_read_in_all_its_forms() {
        assert_eq!(asks("120", None), Some(120));
        assert_eq!(asks("1.5", None), Some(2));
        assert_eq!(asks("Sun, 06 Nov 1994 08:50:07 GMT", None), Some(30));
        assert_eq!(asks("Sunday, 06-Nov-94 08:50:07 GMT", None), Some(30));
        assert_eq!(asks("Sun Nov  6 08:50:07 1994", None), Some(30));
    }

    #[test]
    fn a_date_is_measured_from_the_receivers_clock() {
        assert_eq!(asks("Sun, 06 Nov 1994 08:50:07 GMT", Some("Sun, 06 Nov 1994 08:50:02 GMT")), Some(5));
    }

    #[test]
    fn a_wait_is_never_under_a_second_nor_over_a_day() {
        assert_eq!(asks("0", None), Some(1));
        assert_eq!(asks("Tue, 06 Nov 1990 08:50:07 GMT", None), Some(1));
        assert_eq!(asks("86401", None), Some(86_400));
        assert_eq!(asks("99999999999999999999999", None), Some(86_400));
    }

    #[test]
    fn what_is_no_retry_after_asks_for_nothing() {
        for value in ["", "soon", "-5", "5s", "1.", "5 minutes"] {
            assert_eq!(asks(value, None), None, "{value:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), 0), None);
    }

    #[test]
    fn a_url_that_nothing_can_be_posted_to_is_refused_without_showing_its_login() {
        for url in [
            "",
            "nonsense",
            "localhost:3000/hook",
            "ftp://ana:geheim@host/",
            "http://",
            "http://ana:geheim@",
            "http://h:99999/",
            "http://h:0/",
        ] {
            let error = Client::new(url, Duration::from_secs(1)).unwrap_err().to_string();

            assert!(error.starts_with("the URL to send to is of no use: "), "{url}: {error}");
            assert!(!error.contains("geheim") && !error.contains("ana"), "{error}");
        }
    }

    #[test]
    fn a_client_for_plain_http_needs_no_certificates() {
        let client = Client::new("http://ana:geheim@127.0.0.1:9/hook?token=x", Duration::from_secs(1)).unwrap();

        assert_eq!(client.shown, "127.0.0.1:9");
    }

    #[test]
    fn a_path_goes_on_from_the_base_with_every_segment_whole() {
        for (base, whole) in [
            ("http://h", "http://h/message/sendText/a%2Fb%20%C3%A9%3Fx%25"),
            ("http://h/", "http://h/message/sendText/a%2Fb%20%C3%A9%3Fx%25"),
            ("https://h:8443/evo/v2/?k=1", "https://h:8443/evo/v2/message/sendText/a%2Fb%20%C3%A9%3Fx%25?k=1"),
        ] {
            let client = Client::below(base, Duration::from_secs(1)).unwrap();

            assert_eq!(client.address(&["message", "sendText", "a/b \u{e9}?x%"]).unwrap().as_str(), whole, "{base}");
        }
    }

    #[test]
    fn a_segment_that_a_path_would_swallow_is_refused() {
        let client = Client::below("http://h/", Duration::from_secs(1)).unwrap();

        for segment in NO_SEGMENTS {
            assert!(client.address(&["message", segment]).is_err(), "{segment:?}");
        }
    }

    #[test]
    fn any_id_fits_in_a_header_and_no_two_collide() {
        assert_eq!(header_text("Ab12.-_:x"), "Ab12.-_:x");
        assert_eq!(header_text("a b\n%é"), "a%20b%0A%25%C3%A9");
        assert_ne!(header_text("a b"), header_text("a%20b"));
    }
}
