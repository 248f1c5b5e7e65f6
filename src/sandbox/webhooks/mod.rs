//! This file fires the webhooks: when each is due, in whose words, and again when nobody took it.

mod evolution;
mod meta;
mod target;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::HeaderMap;
use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::fate::{self, Purpose};
use super::provider::{Accepted, Provider};
use super::{Dialect, Options, SandboxError};
use target::Target;

/// Posts on the way at a time. Those of one message go one after the other, so that only the knobs change their order.
const LANES: usize = 64;
/// Announcements that are put in order at a time.
const AT_A_TIME: usize = 256;
/// Posts that wait for the one before them, in each lane.
const LANE_LENGTH: usize = 256;
/// Events that may wait; further ones are lost, and counted.
const MOST_PENDING: usize = 500_000;
/// Events that may wait to be put in order.
const MOST_ANNOUNCED: usize = 50_000;
/// From the acceptance to `sent`, at most.
const SENT_AFTER: Duration = Duration::from_millis(100);
/// From an event to its double.
const DOUBLE_AFTER: Duration = Duration::from_millis(50);

/// What happens to an accepted message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Milestone {
    Sent,
    Delivered,
    Read,
    Failed,
}

impl Milestone {
    /// Those that a message has passed by now, in their order.
    pub(super) fn passed(accepted: &Arc<Accepted>, provider: &Provider) -> Vec<Self> {
        let age = Duration::from_micros(provider.now_us().saturating_sub(accepted.entry.at_us));
        let mut passed: Vec<Self> = plan(accepted, provider)
            .into_iter()
            .filter_map(|(after, event)| match event {
                Event::Update(_, milestone, _) if after <= age => Some(milestone),
                _ => None,
            })
            .collect();
        passed.sort_unstable();
        passed.dedup();
        passed
    }

    pub(super) fn evolution_word(self) -> &'static str {
        match self {
            Self::Sent => "SERVER_ACK",
            Self::Delivered => "DELIVERY_ACK",
            Self::Read => "READ",
            Self::Failed => "ERROR",
        }
    }
}

/// What a webhook tells.
#[derive(Clone, Debug)]
enum Event {
    /// Evolution repeats each send over its API.
    SendMessage(Arc<Accepted>),
    Update(Arc<Accepted>, Milestone, u32),
    Reply(Arc<Accepted>),
    Connection(&'static str),
}

/// One request that is due, or comes again.
#[derive(Debug)]
enum Errand {
    Tell(Dialect, Event),
    Again(Letter),
}

impl Errand {
    fn lane(&self) -> usize {
        let message = match self {
            Self::Again(letter) => letter.message,
            Self::Tell(_, event) => event.message(),
        };
        usize::try_from(message % LANES as u64).unwrap_or_default()
    }
}

impl Event {
    /// The message that it is about.
    fn message(&self) -> u64 {
        match self {
            Self::SendMessage(accepted) | Self::Update(accepted, ..) | Self::Reply(accepted) => accepted.lot().message,
            Self::Connection(_) => 0,
        }
    }
}

/// A request as it goes out, each time with the same bytes.
#[derive(Clone, Debug)]
struct Letter {
    dialect: Dialect,
    message: u64,
    target: Arc<Target>,
    url: String,
    headers: HeaderMap,
    body: Bytes,
    tries: u32,
}

/// An errand and when it is due; those of one moment in the order of their numbers.
#[derive(Debug)]
pub(super) struct Post {
    due: Instant,
    number: u64,
    errand: Errand,
}

impl Ord for Post {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

impl PartialOrd for Post {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Post {
    fn eq(&self, other: &Self) -> bool {
        (self.due, self.number) == (other.due, other.number)
    }
}

impl Eq for Post {}

/// Where errands arrive.
pub(super) type Posts = mpsc::Receiver<Post>;

/// Where events are announced, and what became of them.
#[derive(Debug)]
pub(super) struct Outbox {
    sender: mpsc::Sender<Post>,
    numbers: AtomicU64,
    server_url: String,
    /// Evolution's can be set while the sandbox runs.
    evolution: Mutex<Option<Arc<Target>>>,
    meta: Option<Arc<Target>>,
    pending: AtomicU64,
    delivered: AtomicU64,
    repeated: AtomicU64,
    given_up: AtomicU64,
    lost: AtomicU64,
}

impl Outbox {
    pub(super) fn new(options: &Options, address: SocketAddr) -> Result<(Self, Posts), SandboxError> {
        let (sender, posts) = mpsc::channel(MOST_ANNOUNCED);
        let target = options.webhook.as_ref().map(Target::of_command_line).transpose().map_err(SandboxError::Webhook)?.map(Arc::new);
        let outbox = Self {
            sender,
            numbers: AtomicU64::new(0),
            server_url: format!("http://{address}"),
            evolution: Mutex::new(target.clone()),
            meta: target,
            pending: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            repeated: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        };
        Ok((outbox, posts))
    }

    /// Where this sandbox listens.
    pub(super) fn server_url(&self) -> &str {
        &self.server_url
    }

    /// What is on the way and what became of the rest.
    pub(super) fn counts(&self) -> Value {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        json!({
            "pending": count(&self.pending),
            "delivered": count(&self.delivered),
            "repeated": count(&self.repeated),
            "given_up": count(&self.given_up),
            "lost": count(&self.lost),
        })
    }

    /// Sets Evolution's receiver, as its `webhook/set` does.
    pub(super) fn set(&self, body: &Value, instance_id: String) -> Result<Value, String> {
        let target = Target::of_evolution(body, instance_id)?;
        let settings = target.settings.clone();
        *self.evolution.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(target));
        Ok(settings)
    }

    /// Asks Meta's receiver whether it wants webhooks.
    pub(super) async fn challenge(&self, token: &str, challenge: &str) -> Result<(), String> {
        let target = self.meta.as_ref().ok_or("there is no receiver of webhooks")?;
        target.challenge(token, challenge).await
    }

    /// Evolution's receiver as `webhook/find` shows it.
    pub(super) fn settings(&self) -> Value {
        self.target(Dialect::Evolution).map(|target| target.settings.clone()).unwrap_or_default()
    }

    fn target(&self, dialect: Dialect) -> Option<Arc<Target>> {
        match dialect {
            Dialect::Evolution => self.evolution.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Dialect::Meta => self.meta.clone(),
        }
    }

    /// Plans everything that will be told of a message, if anybody listens.
    pub(super) fn announce(&self, accepted: &Arc<Accepted>, provider: &Provider) {
        let dialect = accepted.entry.dialect;
        if self.target(dialect).is_none() {
            return;
        }
        let now = Instant::now();
        for (after, event) in plan(accepted, provider) {
            self.post(now + after, Errand::Tell(dialect, event));
        }
    }

    /// Tells that the instance has lost WhatsApp, and later that it is back.
    pub(super) fn announce_disconnect(&self, until: Instant) {
        self.post(Instant::now(), Errand::Tell(Dialect::Evolution, Event::Connection("close")));
        self.post(until, Errand::Tell(Dialect::Evolution, Event::Connection("open")));
    }

    fn post(&self, due: Instant, errand: Errand) {
        let post = Post { due, number: self.numbers.fetch_add(1, Ordering::Relaxed), errand };
        if self.pending.load(Ordering::Relaxed) >= MOST_PENDING as u64 || self.sender.try_send(post).is_err() {
            if self.lost.fetch_add(1, Ordering::Relaxed) == 0 {
                tracing::warn!("webhooks come faster than they are taken, some are lost; GET /sandbox/state counts them");
            }
            return;
        }
        self.pending.fetch_add(1, Ordering::Relaxed);
    }
}

/// What will happen to a message, and how long after its acceptance.
fn plan(accepted: &Arc<Accepted>, provider: &Provider) -> Vec<(Duration, Event)> {
    let desk = provider.desk();
    let knobs = desk.knobs.webhooks;
    let lot = accepted.lot();
    let update = |milestone: Milestone, code: u32| Event::Update(Arc::clone(accepted), milestone, code);
    let mut plan = Vec::with_capacity(5);
    if accepted.entry.dialect == Dialect::Evolution {
        plan.push((Duration::ZERO, Event::SendMessage(Arc::clone(accepted))));
    }
    plan.push((SENT_AFTER.min(knobs.deliver_after / 2), update(Milestone::Sent, 0)));
    if let Some(code) = desk.later_failure(lot) {
        plan.push((knobs.deliver_after, update(Milestone::Failed, code)));
    } else {
        plan.push((knobs.deliver_after, update(Milestone::Delivered, 0)));
        let replies = desk.takes(knobs.reply_rate, lot.message, Purpose::Reply, 0);
        // who answers has read
        if replies || desk.takes(knobs.read_rate, lot.message, Purpose::Read, 0) {
            plan.push((knobs.deliver_after + knobs.read_after, update(Milestone::Read, 0)));
        }
        if replies {
            plan.push((knobs.deliver_after + knobs.read_after + knobs.reply_after, Event::Reply(Arc::clone(accepted))));
        }
    }
    let takes = |share, purpose, turn: usize| desk.takes(share, lot.message, purpose, u32::try_from(turn).unwrap_or_default());
    for at in 1..plan.len() {
        if takes(knobs.swap_rate, Purpose::Swap, at)
            && let Some([(first, _), (second, _)]) = plan.get_mut(at - 1..=at)
        {
            std::mem::swap(first, second);
        }
    }
    let doubles: Vec<(Duration, Event)> = plan
        .iter()
        .enumerate()
        .filter(|(at, _)| takes(knobs.double_rate, Purpose::Double, *at))
        .map(|(_, (after, event))| (*after + DOUBLE_AFTER, event.clone()))
        .collect();
    plan.extend(doubles);
    plan
}

/// Sends what is due until `stop`.
pub(super) async fn run(provider: Arc<Provider>, mut posts: Posts, stop: CancellationToken) {
    let (mut waiting, mut arrived) = (BinaryHeap::new(), Vec::with_capacity(AT_A_TIME));
    let mut workers = JoinSet::new();
    let lanes: Vec<mpsc::Sender<Errand>> = (0..LANES)
        .map(|_| {
            let (lane, errands) = mpsc::channel(LANE_LENGTH);
            workers.spawn(work(Arc::clone(&provider), errands));
            lane
        })
        .collect();
    // dropping the workers ends them: whoever ends the sandbox does not want to wait for a receiver that hangs
    stop.run_until_cancelled(async {
        loop {
            let due = waiting.peek().map(|Reverse(post): &Reverse<Post>| post.due);
            let is_due = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = posts.recv_many(&mut arrived, AT_A_TIME) => waiting.extend(arrived.drain(..).map(Reverse)),
                () = is_due => {
                    let Some(Reverse(post)) = waiting.pop() else { continue };
                    provider.outbox.pending.fetch_sub(1, Ordering::Relaxed);
                    let Some(lane) = lanes.get(post.errand.lane()) else { continue };
                    if lane.send(post.errand).await.is_err() {
                        provider.outbox.lost.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
    })
    .await;
}

/// Runs the errands of one lane.
async fn work(provider: Arc<Provider>, mut errands: mpsc::Receiver<Errand>) {
    while let Some(errand) = errands.recv().await {
        if let Some(letter) = letter(&provider, errand) {
            deliver(&provider, letter).await;
        }
    }
}

/// What an errand says, and to whom.
fn letter(provider: &Provider, errand: Errand) -> Option<Letter> {
    let (dialect, event) = match errand {
        Errand::Again(letter) => return Some(letter),
        Errand::Tell(dialect, event) => (dialect, event),
    };
    let target = provider.outbox.target(dialect)?;
    let (url, headers, body) = match dialect {
        Dialect::Evolution => evolution::request(provider, &target, &event)?,
        Dialect::Meta => meta::request(provider, &target, &event)?,
    };
    Some(Letter { dialect, message: event.message(), target, url, headers, body, tries: 0 })
}

async fn deliver(provider: &Provider, letter: Letter) {
    let outbox = &provider.outbox;
    let status = letter.target.post(&letter.url, letter.headers.clone(), letter.body.clone()).await;
    let taken = match letter.dialect {
        Dialect::Evolution => status.is_some_and(|status| (200..300).contains(&status)),
        Dialect::Meta => status == Some(200),
    };
    if taken {
        outbox.delivered.fetch_add(1, Ordering::Relaxed);
        return;
    }
    let tries = letter.tries + 1;
    match pause_before(letter.dialect, status, tries, provider) {
        Some(pause) => {
            outbox.repeated.fetch_add(1, Ordering::Relaxed);
            outbox.post(Instant::now() + pause, Errand::Again(Letter { tries, ..letter }));
        }
        None => {
            outbox.given_up.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// How long to wait after so many tries; `None` when that was the last one.
fn pause_before(dialect: Dialect, status: Option<u16>, tries: u32, provider: &Provider) -> Option<Duration> {
    let (most, longest) = match dialect {
        Dialect::Evolution if matches!(status, Some(400 | 401 | 403 | 404 | 422)) => return None,
        Dialect::Evolution => (10, Duration::from_mins(5)),
        // Meta goes on for seven days; this is a sandbox
        Dialect::Meta => (12, Duration::from_hours(1)),
    };
    if tries >= most {
        return None;
    }
    let first = provider.desk().knobs.webhooks.retry_after;
    let pause = first.saturating_mul(1 << (tries - 1)).min(longest);
    let jitter = 0.8 + 0.4 * fate::draw(provider.options.seed, provider.unique(), Purpose::Jitter, tries);
    Some(pause.mul_f64(jitter))
}
