//! A receiver for `wq worker --via http`, for trying things out: accepts each message once, writes down what came when,
//! and fails or refuses on request. Loopback only.
//!
//! ```text
//! cargo run --example receiver -- --listen 127.0.0.1:0 --log received.ndjson
//! listening on http://127.0.0.1:40123
//! ```
//!
//! Every POST is a message, but for `POST /control/accept-all` (refuse nothing from now on). `GET /summary` answers the
//! tallies as JSON; they are also printed at the end, after SIGTERM or Ctrl-C. One line per message is in the log
//! *before* it is answered: `{"at_us","id","key","to","attempt","verdict","status"}`.

use std::collections::{HashMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Parser;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wq::core::model::clock;

/// A larger message is answered 413.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// How long answers under way may take after SIGTERM.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
const SECOND_US: u64 = 1_000_000;
const MINUTE_US: u64 = 60 * SECOND_US;

/// A receiver for `wq worker --via http` that writes down what came when
#[derive(Parser, Debug)]
struct Args {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0", value_name = "IP:PORT")]
    listen: SocketAddr,
    /// Append one JSON line per message to this file
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Answer 503 to the first try of such messages, such as data.to=+34600111222 (besides data.meta.forced=fail-once)
    #[arg(long, value_name = "PATH=VALUE")]
    fail_once: Vec<Selector>,
    /// Answer 422 to such messages until told to accept all (besides data.meta.forced=reject)
    #[arg(long, value_name = "PATH=VALUE")]
    reject: Vec<Selector>,
    /// Refuse nothing any more once this file exists, as after POST /control/accept-all
    #[arg(long, value_name = "FILE")]
    accept_all_when: Option<PathBuf>,
    /// Answer every message, or the first COUNT, with this status
    #[arg(long, value_name = "CODE[:COUNT]")]
    status: Option<Forced>,
    /// Say so in Retry-After with every 429 and 503
    #[arg(long, value_name = "SECONDS")]
    retry_after: Option<u64>,
    /// Take so long for each answer
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency_ms: u64,
    /// Answer 401 unless X-Wq-Signature was made with this secret
    #[arg(long, value_name = "TEXT", env = "WQ_HTTP_SECRET", hide_env_values = true)]
    secret: Option<String>,
}

/// A field of the job and the text it must have: `data.meta.city=Quito`, `name=send`.
#[derive(Clone, Debug)]
struct Selector {
    path: Vec<String>,
    value: String,
}

impl FromStr for Selector {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (path, value) = text.split_once('=').ok_or("write PATH=VALUE, such as data.to=+34600111222")?;
        Ok(Self { path: path.split('.').map(str::to_owned).collect(), value: value.to_owned() })
    }
}

impl Selector {
    fn matches(&self, job: &Value) -> bool {
        let found = self.path.iter().try_fold(job, |value, key| value.get(key));
        let text = found.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        text.as_ref() == Some(&self.value)
    }
}

/// A status for the first `count` messages.
#[derive(Clone, Copy, Debug)]
struct Forced {
    status: StatusCode,
    count: u64,
}

impl FromStr for Forced {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (code, count) = text.split_once(':').map_or((text, None), |(code, count)| (code, Some(count)));
        let status = code.parse::<StatusCode>().map_err(|_| "the status must be 100 to 999")?;
        let count = count.map_or(Ok(u64::MAX), str::parse).map_err(|_| "the count must be a number")?;
        Ok(Self { status, count })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Accepted,
    Duplicate,
    Failed,
    Rejected,
}

impl Verdict {
    fn of(status: StatusCode) -> Self {
        let may_work_later = status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429);
        if may_work_later { Self::Failed } else { Self::Rejected }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
        }
    }
}

/// What the receiver knows of one key.
#[derive(Clone, Copy, Debug, Default)]
struct History {
    tries: u64,
    accepted: u64,
}

/// The most messages in any window of a fixed length.
#[derive(Debug)]
struct Window {
    span_us: u64,
    recent: VecDeque<u64>,
    worst: usize,
}

impl Window {
    fn new(span_us: u64) -> Self {
        Self { span_us, recent: VecDeque::new(), worst: 0 }
    }

    fn add(&mut self, at_us: u64) {
        while self.recent.front().is_some_and(|&first| at_us.saturating_sub(first) >= self.span_us) {
            self.recent.pop_front();
        }
        self.recent.push_back(at_us);
        self.worst = self.worst.max(self.recent.len());
    }
}

#[derive(Debug)]
struct Tally {
    log: Option<File>,
    histories: HashMap<String, History>,
    accept_all: bool,
    first_us: Option<u64>,
    last_us: u64,
    requests: u64,
    /// When the first minute was over and a message came, and how many came since.
    after_first_minute: Option<(u64, u64)>,
    accepted: u64,
    duplicates: u64,
    failed: u64,
    rejected: u64,
    minute: Window,
    second: Window,
}

impl Tally {
    fn new(log: Option<File>) -> Self {
        Self {
            log,
            histories: HashMap::new(),
            accept_all: false,
            first_us: None,
            last_us: 0,
            requests: 0,
            after_first_minute: None,
            accepted: 0,
            duplicates: 0,
            failed: 0,
            rejected: 0,
            minute: Window::new(MINUTE_US),
            second: Window::new(SECOND_US),
        }
    }

    fn count(&mut self, at_us: u64, key: &str, verdict: Verdict) {
        let first_us = *self.first_us.get_or_insert(at_us);
        self.last_us = at_us;
        self.requests += 1;
        if at_us - first_us >= MINUTE_US {
            let (_, count) = self.after_first_minute.get_or_insert((at_us, 0));
            *count += 1;
        }
        self.minute.add(at_us);
        self.second.add(at_us);
        let history = self.histories.entry(key.to_owned()).or_default();
        history.tries += 1;
        match verdict {
            Verdict::Accepted | Verdict::Duplicate => history.accepted += 1,
            Verdict::Failed => self.failed += 1,
            Verdict::Rejected => self.rejected += 1,
        }
        self.accepted += u64::from(matches!(verdict, Verdict::Accepted | Verdict::Duplicate));
        self.duplicates += u64::from(verdict == Verdict::Duplicate);
    }

    /// `accepted` counts every acceptance, `distinct` every key once: the difference is `duplicates`.
    fn summary(&self) -> Value {
        json!({
            "requests": self.requests,
            "accepted": self.accepted,
            "distinct": self.histories.values().filter(|history| history.accepted > 0).count(),
            "duplicates": self.duplicates,
            "failed": self.failed,
            "rejected": self.rejected,
            "worst_60s_window": self.minute.worst,
            "worst_1s_window": self.second.worst,
            "rate_per_minute_after_first_minute": self.rate_after_first_minute(),
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 53 bits")]
    fn rate_after_first_minute(&self) -> Option<f64> {
        let (since_us, count) = self.after_first_minute?;
        let span_us = self.last_us.checked_sub(since_us).filter(|&span| span >= SECOND_US)?;
        // n messages have n - 1 gaps
        let per_minute = (count - 1) as f64 * MINUTE_US as f64 / span_us as f64;
        Some((per_minute * 100.0).round() / 100.0)
    }
}

struct Receiver {
    args: Args,
    fail_once: Vec<Selector>,
    reject: Vec<Selector>,
    started: Instant,
    started_us: u64,
    tally: Mutex<Tally>,
}

type Answer = Response<Full<Bytes>>;

impl Receiver {
    fn new(args: Args) -> anyhow::Result<Self> {
        let open =
            |path: &PathBuf| OpenOptions::new().create(true).append(true).open(path).with_context(|| format!("open {}", path.display()));
        let log = args.log.as_ref().map(open).transpose()?;
        let forced = |word: &str| Selector { path: ["data", "meta", "forced"].map(str::to_owned).to_vec(), value: word.to_owned() };
        let fail_once = [args.fail_once.clone(), vec![forced("fail-once")]].concat();
        let reject = [args.reject.clone(), vec![forced("reject")]].concat();
        let started_us = clock::now_ms() * 1000;
        Ok(Self { args, fail_once, reject, started: Instant::now(), started_us, tally: Mutex::new(Tally::new(log)) })
    }

    /// Microseconds since the epoch that never go back, whatever happens to the wall clock.
    fn now_us(&self) -> u64 {
        self.started_us + u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn tally(&self) -> std::sync::MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/summary") => respond(StatusCode::OK, &self.tally().summary()),
            (&Method::POST, "/control/accept-all") => {
                self.tally().accept_all = true;
                respond(StatusCode::OK, &json!({ "accept_all": true }))
            }
            (&Method::POST, _) => self.receive(request).await,
            _ => respond(StatusCode::METHOD_NOT_ALLOWED, &json!({ "error": "POST a message, or GET /summary" })),
        }
    }

    async fn receive(&self, request: Request<Incoming>) -> Answer {
        let (head, body) = request.into_parts();
        let body = match Limited::new(body, MAX_BODY_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return respond(StatusCode::PAYLOAD_TOO_LARGE, &json!({ "error": error.to_string() })),
        };
        let outcome = self.record(&head.headers, &body);
        if self.args.latency_ms > 0 {
            tokio::time::sleep(Duration::from_millis(self.args.latency_ms)).await;
        }
        match outcome {
            Ok(answer) => answer,
            // what is not in the log was not accepted
            Err(error) => respond(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "error": format!("can't write the log: {error}") })),
        }
    }

    /// Judges a message and writes it down; only then does it count.
    fn record(&self, headers: &HeaderMap, body: &[u8]) -> io::Result<Answer> {
        let job: Value = serde_json::from_slice(body).unwrap_or_default();
        let id = job.get("id").and_then(Value::as_str).unwrap_or_default();
        let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or(id);
        let genuine = self.args.secret.as_ref().is_none_or(|secret| is_genuine(secret.as_bytes(), headers, body));
        let mut tally = self.tally();
        let at_us = self.now_us();
        let (status, verdict) = self.judge(&tally, &job, key, genuine);
        if let Some(log) = &mut tally.log {
            let to = ["to", "phone", "number"].iter().find_map(|name| job.get("data")?.get(name));
            let attempt = job.get("attempt");
            let line = json!({
                "at_us": at_us, "id": id, "key": key, "to": to, "attempt": attempt, "verdict": verdict.word(), "status": status.as_u16(),
            });
            log.write_all(format!("{line}\n").as_bytes())?;
        }
        tally.count(at_us, key, verdict);
        let number = tally.requests;
        drop(tally);
        Ok(self.say(status, verdict, number))
    }

    fn judge(&self, tally: &Tally, job: &Value, key: &str, genuine: bool) -> (StatusCode, Verdict) {
        let history = tally.histories.get(key).copied().unwrap_or_default();
        let selected = |selectors: &[Selector]| selectors.iter().any(|selector| selector.matches(job));
        let accepts_all = || tally.accept_all || self.args.accept_all_when.as_ref().is_some_and(|file| file.exists());
        let refusal = if !genuine {
            Some(StatusCode::UNAUTHORIZED)
        } else if key.is_empty() || job.get("data").is_none() {
            Some(StatusCode::BAD_REQUEST)
        } else if let Some(forced) = self.args.status.filter(|forced| tally.requests < forced.count) {
            Some(forced.status).filter(|status| !status.is_success())
        } else if selected(&self.reject) && !accepts_all() {
            Some(StatusCode::UNPROCESSABLE_ENTITY)
        } else if selected(&self.fail_once) && history.tries == 0 {
            Some(StatusCode::SERVICE_UNAVAILABLE)
        } else {
            None
        };
        match refusal {
            Some(status) => (status, Verdict::of(status)),
            None if history.accepted > 0 => (StatusCode::OK, Verdict::Duplicate),
            None => (StatusCode::OK, Verdict::Accepted),
        }
    }

    fn say(&self, status: StatusCode, verdict: Verdict, number: u64) -> Answer {
        let mut answer = respond(status, &json!({ "receipt": number, "verdict": verdict.word() }));
        let waits = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        if let Some(seconds) = self.args.retry_after.filter(|_| waits) {
            answer.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        answer
    }
}

fn respond(status: StatusCode, body: &Value) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(format!("{body}\n"))));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    answer
}

/// How a receiver checks that a message comes from the worker that shares its secret.
fn is_genuine(secret: &[u8], headers: &HeaderMap, body: &[u8]) -> bool {
    let digest = || {
        let hex = headers.get("x-wq-signature")?.to_str().ok()?.strip_prefix("sha256=")?;
        let pairs: Option<Vec<&str>> = (0..hex.len()).step_by(2).map(|at| hex.get(at..at + 2)).collect();
        pairs?.into_iter().map(|pair| u8::from_str_radix(pair, 16).ok()).collect::<Option<Vec<u8>>>()
    };
    let Ok(mut hmac) = Hmac::<sha2::Sha256>::new_from_slice(secret) else { return false };
    hmac.update(body);
    digest().is_some_and(|digest| hmac.verify_slice(&digest).is_ok())
}

async fn serve(receiver: Arc<Receiver>, listener: TcpListener, stop: CancellationToken) {
    let connections = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(converse(Arc::clone(&receiver), stream, stop.clone()));
            }
            Err(error) => {
                complain(&format!("can't accept a connection: {error}"));
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    connections.close();
    if tokio::time::timeout(LAST_ANSWERS, connections.wait()).await.is_err() {
        complain("some answers were cut off");
    }
}

/// Answers one connection until its peer or `stop` ends it.
async fn converse(receiver: Arc<Receiver>, stream: TcpStream, stop: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        complain(&format!("can't set TCP_NODELAY: {error}"));
    }
    let service = service_fn(|request| {
        let receiver = Arc::clone(&receiver);
        async move { Ok::<_, std::convert::Infallible>(receiver.answer(request).await) }
    });
    let mut connection = std::pin::pin!(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = stop.cancelled() => None,
    };
    let ended = if let Some(ended) = ended {
        ended
    } else {
        connection.as_mut().graceful_shutdown();
        connection.await
    };
    if let Err(error) = ended.as_ref()
        && !error.is_incomplete_message()
    {
        complain(&format!("a connection broke: {error}"));
    }
}

fn complain(what: &str) {
    // with standard error gone there is nobody left to tell
    writeln!(io::stderr(), "receiver: {what}").ok();
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let args = Args::parse();
    if !args.listen.ip().is_loopback() {
        bail!("{} is no loopback address", args.listen.ip());
    }
    let listener = TcpListener::bind(args.listen).await.with_context(|| format!("listen on {}", args.listen))?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let address = listener.local_addr()?;
    let receiver = Arc::new(Receiver::new(args)?);
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve(Arc::clone(&receiver), listener, stop.clone()));
    writeln!(io::stdout(), "listening on http://{address}")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    stop.cancel();
    serving.await?;
    let summary = receiver.tally().summary();
    writeln!(io::stdout(), "{summary}")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(span_us: u64, moments: &[u64]) -> usize {
        let mut window = Window::new(span_us);
        for &at_us in moments {
            window.add(at_us);
        }
        window.worst
    }

    #[test]
    fn the_worst_window_slides() {
        assert_eq!(worst(100, &[]), 0);
        assert_eq!(worst(100, &[0, 99]), 2);
        assert_eq!(worst(100, &[0, 100]), 1);
        assert_eq!(worst(100, &[0, 90, 95, 110, 189, 300]), 4);
    }

    #[test]
    fn eighty_in_a_minute_exactly_is_eighty_in_every_window() {
        let moments: Vec<u64> = (0..240).map(|n| n * MINUTE_US / 80).collect();

        assert_eq!(worst(MINUTE_US, &moments), 80);
    }

    #[test]
    fn the_rate_leaves_the_first_minute_out() {
        let mut tally = Tally::new(None);
        tally.count(0, "a", Verdict::Accepted);
        (0..500).for_each(|n| tally.count(n, "b", Verdict::Failed));
        assert_eq!(tally.rate_after_first_minute(), None);

        (0..=160).for_each(|n| tally.count(MINUTE_US + n * MINUTE_US / 80, "c", Verdict::Failed));

        assert_eq!(tally.rate_after_first_minute(), Some(80.0));
    }

    #[test]
    fn a_key_accepted_twice_is_a_duplicate() {
        let receiver = Receiver::new(Args::parse_from(["receiver"])).unwrap();
        let job = br#"{"id":"a","name":"send","data":{"to":"+34600111222"},"attempt":1,"queue":"q"}"#;

        for _ in 0..3 {
            receiver.record(&HeaderMap::new(), job).unwrap();
        }

        let summary = receiver.tally().summary();
        assert_eq!([&summary["accepted"], &summary["distinct"], &summary["duplicates"]], [3, 1, 2]);
    }

    fn verdicts(arguments: &[&str], jobs: &[&str]) -> Vec<u16> {
        let receiver = Receiver::new(Args::parse_from([&["receiver"], arguments].concat())).unwrap();
        jobs.iter().map(|job| receiver.record(&HeaderMap::new(), job.as_bytes()).unwrap().status().as_u16()).collect()
    }

    #[test]
    fn a_message_fails_or_is_refused_as_it_asks_for() {
        let fails_once = r#"{"id":"a","data":{"meta":{"forced":"fail-once"}}}"#;
        let refused = r#"{"id":"b","data":{"meta":{"forced":"reject"}}}"#;
        assert_eq!(verdicts(&[], &[fails_once, fails_once, refused, refused, "nonsense", "{}"]), [503, 200, 422, 422, 400, 400]);

        let (seven, eight) = (r#"{"id":"c","data":{"n":7}}"#, r#"{"id":"d","data":{"n":8}}"#);
        assert_eq!(verdicts(&["--fail-once", "data.n=7", "--reject", "id=d"], &[seven, eight, seven]), [503, 422, 200]);
        assert_eq!(verdicts(&["--status", "429:2"], &[seven, eight, seven]), [429, 429, 200]);
    }

    #[test]
    fn an_unsigned_message_is_refused_when_there_is_a_secret() {
        assert_eq!(verdicts(&["--secret", "geheim"], &[r#"{"id":"a","data":{}}"#]), [401]);
    }
}
