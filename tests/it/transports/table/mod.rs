//! The table of outcomes, row by row and for both providers, through a real worker: where each message ended, which attempts it
//! cost, what became of its queue, and what the reason says. `docs/providers.md` has the same rows.

mod both;
mod evolution;
mod given_up;
mod meta;
mod unsent;

use std::time::Duration;

use wq::core::model::clock;
use wq::core::model::job::{Backoff, JobOptions, JobRecord, NewJob};
use wq::core::model::priority::Priority;
use wq::core::model::state::JobState;
use wq::core::store::connect::ServerAddress;
use wq::core::store::{Ledger, Overview, Queue};

use crate::support::command::Finished;
use crate::support::{Server, wq};
use crate::transports::peer::{Peer, Reply, Seen};

/// Never shown by anything.
const SECRET: &str = "EAAGm0PX4ZCpsBAx7-canary";
/// What a worker says of the clock beside ours.
const SLACK_MS: u64 = 2_000;

/// By whom it is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    Cloud,
    Evolution,
}

const BOTH: [By; 2] = [By::Cloud, By::Evolution];

/// What is to be seen after one attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// Completed with the provider's id; one attempt.
    Sent,
    /// A dead letter; one attempt.
    Dead,
    /// Waits for its back-off; one attempt.
    Again,
    /// Waits for so many seconds, as the provider or the table says; no attempt.
    Later(u64),
    /// The queue is paused and the job back in line; no attempt.
    Paused(&'static str),
    /// The template stepped aside, and the job with it; no attempt.
    Aside,
    /// Held as uncertain; one attempt.
    Held,
    /// Held as uncertain, one attempt; and the queue is paused, so that the next is not held too.
    HeldAndPaused(&'static str),
}

/// One answer of a provider, and what is to become of the message.
struct Row {
    answer: Box<dyn Fn() -> Reply + Send + Sync>,
    end: End,
    /// How the reason begins: of the job, of the pause, of what stepped aside, or in the log.
    reason: String,
}

impl Row {
    fn new(answer: impl Fn() -> Reply + Send + Sync + 'static, end: End, reason: impl Into<String>) -> Self {
        Self { answer: Box::new(answer), end, reason: reason.into() }
    }

    /// A whole answer.
    fn said(status: u16, body: impl Into<String>, end: End, reason: impl Into<String>) -> Self {
        let body = body.into().into_bytes();
        Self::new(move || Reply::Say(status, vec![], body.clone()), end, reason)
    }

    /// A whole answer that says when to come back.
    fn said_to_wait(status: u16, seconds: u64, end: End, reason: &str) -> Self {
        Self::new(move || Reply::Say(status, vec![("Retry-After", seconds.to_string())], b"busy".to_vec()), end, reason)
    }
}

/// What every message here is: to a recipient of its own, by which the answer is chosen.
#[derive(Clone, Copy)]
enum Kind {
    Template,
    Image,
}

impl Kind {
    fn data(self, number: usize) -> String {
        let to = recipient(number);
        match self {
            Self::Template => {
                format!(r#"{{"to":"+{to}","template":{{"name":"cita{number}","language":"es"}},"campaign":"bf26"}}"#)
            }
            Self::Image => {
                format!(r#"{{"to":"+{to}","type":"media","media":{{"kind":"image","url":"https://example.com/a.png"}}}}"#)
            }
        }
    }
}

fn recipient(number: usize) -> String {
    format!("346001112{number:02}")
}

fn asks_for(seen: &Seen, number: usize) -> bool {
    String::from_utf8_lossy(&seen.body).contains(&recipient(number))
}

fn worker_line(by: By, url: &str) -> String {
    match by {
        By::Cloud => format!("worker --via cloud --base-url {url} --phone-number-id 106540352242922 --rate none -v"),
        By::Evolution => format!("worker --via evolution --base-url {url} --instance main --rate none -v"),
    }
}

/// Runs what needs no runtime, while receivers go on answering.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// Where the rows are sent: one queue for each, one worker for all.
struct Scene {
    server: Server,
    queues: Vec<Queue>,
}

impl Scene {
    async fn with(rows: usize, kind: Kind, options: JobOptions) -> Self {
        let server = Server::start();
        let link = ServerAddress::parse(&server.url()).unwrap().connect_once().await.unwrap();
        let mut queues = Vec::new();
        for number in 0..rows {
            let queue = Queue::open(&link, &"bull".parse().unwrap(), &format!("q{number}").parse().unwrap()).unwrap();
            let new = NewJob { id: "m1".to_owned(), name: "send".to_owned(), data: kind.data(number), options: options.clone() };
            queue.add(&[new], Ledger::Skip).await.unwrap();
            queues.push(queue);
        }
        Self { server, queues }
    }

    async fn work(&self, line: String) -> Finished {
        let queues = self.queues.iter().flat_map(|queue| ["-Q".to_owned(), queue.name().to_string()]);
        let worker = wq(&self.server).env("WQ_CLOUD_TOKEN", SECRET).env("WQ_EVOLUTION_KEY", SECRET).line(&line).args(queues);
        let finished = beside(move || worker.run().exits(0)).await;
        assert!(!finished.stderr.contains("canary") && !finished.stderr.contains("346001112"), "{}", finished.stderr);
        finished
    }

    async fn found(&self, number: usize) -> (JobRecord, Overview) {
        let queue = &self.queues[number];
        (queue.job("m1").await.unwrap().unwrap(), queue.overview().await.unwrap())
    }
}

/// Five attempts, an hour apart: what is tried again is not tried again here.
fn patient() -> JobOptions {
    let backoff = Backoff { kind: "fixed".to_owned(), delay: 3_600_000.0, jitter: None };
    JobOptions { attempts: 5, backoff: Some(backoff), priority: Some(Priority::NORMAL), ..JobOptions::default() }
}

/// Lets one worker send a message for each row, and looks at each.
async fn check(by: By, kind: Kind, rows: Vec<Row>) {
    check_within(by, kind, rows, "").await;
}

async fn check_within(by: By, kind: Kind, rows: Vec<Row>, flags: &str) {
    let expected: Vec<(End, String)> = rows.iter().map(|row| (row.end, row.reason.clone())).collect();
    let peer = Peer::answering(move |seen, _| {
        let row = rows.iter().enumerate().find(|(number, _)| asks_for(seen, *number));
        row.map_or_else(|| Reply::Say(503, vec![], Vec::new()), |(_, row)| (row.answer)())
    })
    .await;
    check_at(by, kind, expected, &peer.url(""), flags).await;
    let sends = peer.seen();
    let sent = |number| sends.iter().filter(|seen| asks_for(seen, number)).count();
    assert!((0..rows_of(&sends)).all(|number| sent(number) == 1), "each was sent once");
}

fn rows_of(sends: &[Seen]) -> usize {
    (0..100).filter(|number| sends.iter().any(|seen| asks_for(seen, *number))).count()
}

/// The same at an address where perhaps nobody is.
async fn check_at(by: By, kind: Kind, expected: Vec<(End, String)>, url: &str, flags: &str) {
    let scene = Scene::with(expected.len(), kind, patient()).await;
    let line = worker_line(by, url);
    let before = clock::now_ms();
    let finished = scene.work(format!("{line} --once{flags}")).await;
    let after = clock::now_ms();
    if expected.iter().any(|(end, _)| *end == End::Aside) {
        // it steps aside when it is taken the next time
        scene.work(format!("{line} --until-empty")).await;
    }
    for (number, (end, reason)) in expected.iter().enumerate() {
        let (job, overview) = scene.found(number).await;
        let context = format!("{by:?} {end:?} {reason}\n{job:?}\n{:?} {:?}\n{}", overview.standstill, overview.asides, finished.stderr);
        assert_eq!((job.state, job.attempts_made), state_after(*end), "{context}");
        let held = scene.queues[number].count_held().await.unwrap();
        assert_eq!(held, u64::from(matches!(end, End::Held | End::HeldAndPaused(_))), "{context}");
        check_pause(*end, reason, &overview, &context);
        match end {
            End::Sent => assert!(job.return_value.as_deref().unwrap_or_default().contains(reason.as_str()), "{context}"),
            End::Later(seconds) => {
                let due = job.due.expect(&context);
                let (earliest, latest) = (before + seconds * 1000 - SLACK_MS, after + seconds * 1000 + SLACK_MS);
                assert!((earliest..=latest).contains(&due), "{} s\n{context}", due.saturating_sub(before) / 1000);
                assert!(finished.stderr.contains(reason.as_str()), "{context}");
            }
            End::Paused(_) => {}
            End::Aside => {
                let aside = overview.asides.first().expect(&context);
                assert!(aside.reason.starts_with(reason.as_str()) && aside.jobs == 1, "{context}");
            }
            End::Dead | End::Again | End::Held | End::HeldAndPaused(_) => {
                let told = job.failed_reason.as_deref().unwrap_or_default();
                assert!(told.starts_with(reason.as_str()) && !told.contains('\n'), "{told:?}\n{context}");
            }
        }
    }
}

fn state_after(end: End) -> (Option<JobState>, u32) {
    let (state, attempts) = match end {
        End::Sent => (JobState::Completed, 1),
        End::Dead | End::Held | End::HeldAndPaused(_) => (JobState::Failed, 1),
        End::Again => (JobState::Delayed, 1),
        End::Later(_) | End::Aside => (JobState::Delayed, 0),
        End::Paused(_) => (JobState::Prioritized, 0),
    };
    (Some(state), attempts)
}

fn check_pause(end: End, reason: &str, overview: &Overview, context: &str) {
    let (End::Paused(class) | End::HeldAndPaused(class)) = end else {
        assert!(!overview.counts.paused && overview.standstill.is_none(), "{context}");
        return;
    };
    let standstill = overview.standstill.as_ref().expect(context);
    assert!(overview.counts.paused, "{context}");
    assert_eq!(standstill.class, class, "{context}");
    assert!(!standstill.reason.contains('\n'), "{context}");
    if matches!(end, End::Paused(_)) {
        assert!(standstill.reason.contains(reason), "{context}");
    }
}

/// How often a message is sent that gets the same answer each time, before it is given up as a dead letter with that reason.
async fn check_given_up(by: By, kind: Kind, rows: Vec<(Row, usize)>) {
    let expected: Vec<(String, usize)> = rows.iter().map(|(row, sends)| (row.reason.clone(), *sends)).collect();
    let peer = Peer::answering(move |seen, _| {
        let row = rows.iter().enumerate().find(|(number, _)| asks_for(seen, *number));
        row.map_or_else(|| Reply::Say(503, vec![], Vec::new()), |(_, (row, _))| (row.answer)())
    })
    .await;
    let backoff = Backoff { kind: "fixed".to_owned(), delay: 1.0, jitter: None };
    let scene = Scene::with(expected.len(), kind, JobOptions { attempts: 9, backoff: Some(backoff), ..JobOptions::default() }).await;
    scene.work(format!("{} --per-recipient none --until-empty", worker_line(by, &peer.url("")))).await;
    let seen = peer.seen();
    for (number, (reason, sends)) in expected.iter().enumerate() {
        let (job, _) = scene.found(number).await;
        assert_eq!(seen.iter().filter(|seen| asks_for(seen, number)).count(), *sends, "{by:?} {reason}: {job:?}");
        assert_eq!((job.state, job.attempts_made), (Some(JobState::Failed), u32::try_from(*sends).unwrap()), "{by:?} {job:?}");
        assert!(job.failed_reason.as_deref().unwrap_or_default().starts_with(reason.as_str()), "{by:?} {job:?}");
    }
}

/// Longer than a send of a test may take, when the provider is silent.
const SILENCE: Duration = Duration::from_secs(1);
