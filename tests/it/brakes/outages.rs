//! Whole workers with a transport in the test's own process: outages pause the queue, and end it themselves where they can.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wq::core::dispatch::transport::{Answer, Delivery, Health, Outcome, PauseScope, Transport};
use wq::core::dispatch::{End, WorkerRules};
use wq::core::model::job::Job;
use wq::core::model::outage::{Outage, OutageEnd};
use wq::core::store::Queue;
use wq::core::store::intent::{Fence, OnUncertain};
use wq::core::store::standstill::ProbeRules;

use super::{add, job, whatsapp};
use crate::support::in_process::{self, Running};
use crate::support::{Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);

type Play = Box<dyn Fn(&Job) -> Outcome + Send + Sync>;

/// A provider that answers as it was told.
struct Provider {
    play: Play,
    health: Box<dyn Fn() -> Health + Send + Sync>,
    noticed: Mutex<Option<Outage>>,
    sends: Mutex<Vec<String>>,
}

impl Provider {
    fn new(play: impl Fn(&Job) -> Outcome + Send + Sync + 'static, health: impl Fn() -> Health + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { play: Box::new(play), health: Box::new(health), noticed: Mutex::default(), sends: Mutex::default() })
    }

    /// Ids in the order of the requests.
    fn sends(&self) -> Vec<String> {
        self.sends.lock().unwrap().clone()
    }
}

impl Transport for Provider {
    fn name(&self) -> &'static str {
        "test"
    }

    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a> {
        self.sends.lock().unwrap().push(job.id.clone());
        let outcome = (self.play)(job);
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(2)).await;
            outcome
        })
    }

    fn health(&self) -> Answer<'_, Health> {
        Box::pin(std::future::ready((self.health)()))
    }

    fn noticed(&self) -> Option<Outage> {
        self.noticed.lock().unwrap().take()
    }
}

fn accepted() -> Outcome {
    Outcome::Accepted { reply: "null".to_owned(), provider_id: None }
}

fn outage(class: &'static str, end: OutageEnd) -> Outage {
    Outage { class, reason: format!("{class} happened"), end }
}

fn rules(concurrency: usize) -> WorkerRules {
    let probe = ProbeRules {
        first: Duration::from_millis(20),
        longest: Duration::from_millis(100),
        longest_by_message: Duration::from_millis(100),
        turn: Duration::from_secs(10),
        trial: Duration::from_secs(10),
    };
    WorkerRules { probe, ..in_process::rules(concurrency) }
}

/// Looks again and again, for at most [`SOON`].
pub(super) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + SOON;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn fill(queue: &Queue, count: usize) {
    add(queue, &(0..count).map(|n| job(&format!("j{n}"), "{}")).collect::<Vec<_>>()).await;
}

async fn completed(queue: &Queue, count: u64) {
    until(&format!("{count} are completed"), async || (queue.counts().await.unwrap().completed == count).then_some(())).await;
}

/// Every job was sent as its first attempt.
async fn no_attempt_was_burnt(queue: &Queue, count: usize) {
    let ids: Vec<String> = (0..count).map(|n| format!("j{n}")).collect();
    let records = queue.records(&ids, None).await.unwrap();
    assert!(records.iter().all(|record| record.attempts_made == 1), "{:?}", records.iter().map(|r| r.attempts_made).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnected_instance_pauses_the_queue_which_goes_on_by_itself_in_its_order() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    fill(&queue, 20).await;
    let (is_open, sent) = (Arc::new(AtomicBool::new(true)), AtomicUsize::new(0));
    let provider = {
        let (sends_work, open) = (Arc::clone(&is_open), Arc::clone(&is_open));
        Provider::new(
            move |_| {
                if sent.fetch_add(1, Ordering::SeqCst) == 5 {
                    sends_work.store(false, Ordering::SeqCst);
                }
                let disconnected = || Outcome::PauseQueue(outage("instance_disconnected", OutageEnd::Probe));
                if sends_work.load(Ordering::SeqCst) { accepted() } else { disconnected() }
            },
            move || if open.load(Ordering::SeqCst) { Health::Up } else { Health::Down(outage("instance_disconnected", OutageEnd::Probe)) },
        )
    };

    let worker = Running::start(&server, &provider, rules(1)).await;
    let standstill = until("it is paused", async || queue.overview().await.unwrap().standstill).await;
    let probed = async || queue.overview().await.unwrap().standstill.filter(|standstill| standstill.probes >= 2);
    until("it was asked twice", probed).await;
    assert_eq!(queue.counts().await.unwrap().active, 0, "what met the outage went back");
    is_open.store(true, Ordering::SeqCst);
    completed(&queue, 20).await;
    let report = worker.end().await;

    assert_eq!((standstill.class.as_str(), standstill.by.as_str()), ("instance_disconnected", "w1"));
    let mut order = provider.sends();
    order.dedup();
    assert_eq!(order, (0..20).map(|n| format!("j{n}")).collect::<Vec<_>>());
    assert_eq!((report.completed, report.dead, report.retried), (20, 0, 0));
    no_attempt_was_burnt(&queue, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_that_needs_a_person_waits_for_wq_resume() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    fill(&queue, 10).await;
    let key_is_wrong = Arc::new(AtomicBool::new(true));
    let provider = {
        let wrong = Arc::clone(&key_is_wrong);
        let auth = || Outcome::PauseQueue(outage("auth", OutageEnd::ByHand));
        Provider::new(move |_| if wrong.load(Ordering::SeqCst) { auth() } else { accepted() }, || Health::Up)
    };
    let worker = Running::start(&server, &provider, rules(3)).await;
    until("it is paused", async || queue.overview().await.unwrap().standstill).await;

    // Two further signs of life are far longer than the pauses between two questions.
    let last_beat = async || server.ask::<Vec<u64>>("HVALS wq:bull:whatsapp:beat").into_iter().max();
    for _ in 0..2 {
        let before = last_beat().await;
        until("the worker lives on", async || (last_beat().await > before).then_some(())).await;
    }
    assert!(queue.counts().await.unwrap().paused);
    assert!(provider.sends().len() <= 6, "{:?}", provider.sends());
    key_is_wrong.store(false, Ordering::SeqCst);
    wq(&server).line("resume").run().exits(0).stdout_has("resumed; it was auth: auth happened");
    completed(&queue, 10).await;
    worker.end().await;

    no_attempt_was_burnt(&queue, 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_without_answers_costs_a_handful_and_one_message_at_a_time_finds_out_when_it_is_back() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    fill(&queue, 60).await;
    let is_broken = Arc::new(AtomicBool::new(true));
    let provider = {
        let broken = Arc::clone(&is_broken);
        let uncertain = || Outcome::Uncertain { reason: "502 from a gateway".to_owned() };
        Provider::new(move |_| if broken.load(Ordering::SeqCst) { uncertain() } else { accepted() }, || Health::Unknown)
    };
    let mut fenced = rules(4);
    fenced.take.fence = Some(Fence { policy: OnUncertain::Hold, send_timeout: SOON });
    let worker = Running::start(&server, &provider, fenced).await;
    let probed = async || queue.overview().await.unwrap().standstill.filter(|standstill| standstill.probes >= 2);

    let standstill = until("it was tried twice", probed).await;
    let at_most = 5 + 4 + usize::try_from(standstill.probes).unwrap() + 1;
    assert!(provider.sends().len() <= at_most, "{} sends, {} of them on trial", provider.sends().len(), standstill.probes);
    assert_eq!((standstill.class.as_str(), standstill.end), ("unreachable", OutageEnd::Probe));
    is_broken.store(false, Ordering::SeqCst);
    let finished = async || {
        let counts = queue.counts().await.unwrap();
        (counts.completed + counts.failed == 60).then_some(counts.completed)
    };
    let sent = until("all have ended", finished).await;
    let report = worker.end().await;

    assert_eq!(report.completed, sent);
    assert!(!queue.counts().await.unwrap().paused);
    let mut times: HashMap<String, u32> = HashMap::new();
    provider.sends().into_iter().for_each(|id| *times.entry(id).or_default() += 1);
    assert!(times.len() == 60 && times.values().all(|count| *count == 1), "nothing was sent twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_transport_notices_beside_an_outcome_pauses_the_queue_too() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    fill(&queue, 10).await;
    let provider = Provider::new(|_| accepted(), || Health::Up);
    *provider.noticed.lock().unwrap() = Some(outage("config", OutageEnd::ByHand));

    let worker = Running::start(&server, &provider, rules(1)).await;
    let standstill = until("it is paused", async || queue.overview().await.unwrap().standstill).await;
    let report = worker.end().await;

    assert_eq!(standstill.class, "config");
    assert_eq!((report.completed, provider.sends().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_starts_during_an_outage_goes_on_asking() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    fill(&queue, 3).await;
    queue.pause_for(&outage("unreachable", OutageEnd::Probe), "gone", Duration::ZERO, None).await.unwrap();
    let provider = Provider::new(|_| accepted(), || Health::Up);

    let worker = Running::start(&server, &provider, WorkerRules { end: End::UntilEmpty, ..rules(2) }).await;
    let report = worker.ended().await;

    assert_eq!(report.completed, 3, "it ends when the queue is empty, not when it is paused");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_says_it_is_connected_and_is_not_is_left_to_a_person() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    fill(&queue, 5).await;
    let provider = Provider::new(|_| Outcome::PauseQueue(outage("instance_disconnected", OutageEnd::Probe)), || Health::Up);

    let worker = Running::start(&server, &provider, rules(1)).await;
    let by_hand = async || queue.overview().await.unwrap().standstill.filter(|standstill| standstill.end == OutageEnd::ByHand);
    let stuck = until("a person is asked for", by_hand).await;
    worker.end().await;

    assert!(stuck.reason.contains("stuck instance, restart it"), "{}", stuck.reason);
    assert_eq!(provider.sends().len(), 4, "the first one and three that believed it");
    assert_eq!(queue.counts().await.unwrap().waiting, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_of_too_many_slows_all_down_and_burns_no_attempt() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    // Half of what little was seen by then is one in two seconds.
    fill(&queue, 4).await;
    let asked = AtomicBool::new(false);
    let provider = Provider::new(
        move |_| {
            let too_many = || Outcome::Wait { reason: "429".to_owned(), after: Duration::from_millis(50), slow_down: true };
            if asked.swap(true, Ordering::SeqCst) { accepted() } else { too_many() }
        },
        || Health::Up,
    );

    let worker = Running::start(&server, &provider, rules(1)).await;
    completed(&queue, 4).await;
    worker.end().await;

    let tempo = queue.overview().await.unwrap().tempo.unwrap();
    assert!((500..550).contains(&tempo), "{tempo}");
    no_attempt_was_burnt(&queue, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_is_refused_steps_aside_while_the_rest_goes_on() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    let data = |n: usize| if n.is_multiple_of(2) { r#"{"to":"+34600111222","campaign":"bf26"}"# } else { "{}" };
    add(&queue, &(0..40).map(|n| job(&format!("j{n}"), data(n))).collect::<Vec<_>>()).await;
    let is_paused = Arc::new(AtomicBool::new(true));
    let provider = {
        let paused = Arc::clone(&is_paused);
        Provider::new(
            move |job| {
                let refused = || Outcome::PauseCampaign { reason: "template_paused:132015".to_owned(), scope: PauseScope::Campaign };
                if paused.load(Ordering::SeqCst) && job.data.get().contains("bf26") { refused() } else { accepted() }
            },
            || Health::Up,
        )
    };

    let worker = Running::start(&server, &provider, rules(3)).await;
    completed(&queue, 20).await;
    until("all of it stepped aside", async || (queue.counts().await.unwrap().delayed == 20).then_some(())).await;
    let refused = provider.sends().len() - 20;
    is_paused.store(false, Ordering::SeqCst);
    let back = wq(&server).line("resume --campaign bf26 --json").run().exits(0).json();
    completed(&queue, 40).await;
    worker.end().await;

    assert!(refused <= 2 * 3, "{refused} were refused before it stepped aside");
    assert_eq!(back["data"][0]["jobs"], 20);
    no_attempt_was_burnt(&queue, 40).await;
    eventually(SOON, "nothing is aside", || (server.ask::<u64>("HLEN wq:bull:whatsapp:aside") == 0).then_some(()));
}
