//! What every way to send promises, and what each of them makes of its receiver's answers.

mod cloud;
mod evolution;
mod exec;
mod http;
mod peer;
mod sandbox;
mod table;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use wq::core::dispatch::transport::{Outcome, Transport};
use wq::core::model::job::Job;
use wq::transport::{self, Way, log};

use peer::{Peer, Reply};

/// Longer than any of these tests may take, and far shorter than a hang.
const PATIENCE: Duration = Duration::from_secs(20);

const MESSAGE: &str = r#"{"to":"+34600111222","text":"Hola"}"#;

fn job(id: &str, data: &str) -> Job {
    Job {
        queue: "whatsapp".to_owned(),
        id: id.to_owned(),
        name: "send".to_owned(),
        data: RawValue::from_string(data.to_owned()).unwrap(),
        attempt: 1,
        attempts: 3,
        stable_key: id.to_owned(),
        waits: 0,
        timestamp: 1,
    }
}

async fn deliver(transport: &dyn Transport, job: &Job) -> Outcome {
    tokio::time::timeout(PATIENCE, transport.deliver(job)).await.expect("every delivery ends")
}

/// One way to send, before three receivers.
struct Subject {
    accepting: Arc<dyn Transport>,
    failing: Arc<dyn Transport>,
    refusing: Arc<dyn Transport>,
    /// Whether it takes any JSON, or messages alone.
    takes: Takes,
}

#[derive(Clone, Copy, PartialEq)]
enum Takes {
    AnyJson,
    Messages,
}

impl Subject {
    fn new([accepting, failing, refusing]: [Arc<dyn Transport>; 3], takes: Takes) -> Self {
        Self { accepting, failing, refusing, takes }
    }

    /// Data that it takes.
    fn data(&self) -> &'static str {
        if self.takes == Takes::AnyJson { "{}" } else { MESSAGE }
    }
}

fn by_log(fail: f64, fail_permanent: f64) -> Arc<dyn Transport> {
    transport::build(Way::Log(log::Options { fail, fail_permanent, ..log::Options::default() })).unwrap()
}

fn by_http(peer: &Peer) -> Arc<dyn Transport> {
    http::by_http(&peer.url("/hook"), PATIENCE)
}

async fn every_way(check: impl AsyncFn(Subject)) {
    let complaint = "call +5511999990000\n\u{1b}[31mnow";
    let peers = [Peer::saying(200, "{ \"id\": 1 }").await, Peer::saying(500, complaint).await, Peer::saying(400, complaint).await];
    check(Subject::new(peers.each_ref().map(by_http), Takes::AnyJson)).await;

    let complain = "printf 'call +5511999990000\\n\\033[31mnow' >&2";
    let scripts = ["cat > /dev/null; echo '{ \"id\": 1 }'", &format!("{complain}; exit 75"), &format!("{complain}; exit 1")];
    check(Subject::new(scripts.map(|script| exec::by_shell(script, PATIENCE)), Takes::AnyJson)).await;

    check(Subject::new([by_log(0.0, 0.0), by_log(1.0, 0.0), by_log(0.0, 1.0)], Takes::AnyJson)).await;

    let (failed, refused) = (evolution::envelope(500, complaint.into()), evolution::envelope(400, serde_json::json!([[complaint]])));
    let peers = [Peer::saying(201, evolution::ACCEPTED).await, Peer::saying(500, &failed).await, Peer::saying(400, &refused).await];
    let by_evolution = |peer: &Peer| evolution::by_evolution(peer.url(""), PATIENCE);
    check(Subject::new(peers.each_ref().map(by_evolution), Takes::Messages)).await;

    let refusal = |code: i64| serde_json::json!({ "error": { "message": complaint, "code": code } }).to_string();
    let (failed, refused) = (refusal(131_000), refusal(131_026));
    let peers = [Peer::saying(200, cloud::ACCEPTED).await, Peer::saying(500, &failed).await, Peer::saying(400, &refused).await];
    let by_cloud = |peer: &Peer| cloud::by_cloud(peer.url(""), PATIENCE);
    check(Subject::new(peers.each_ref().map(by_cloud), Takes::Messages)).await;
}

#[tokio::test]
async fn every_way_that_takes_messages_says_which_id_the_provider_gave() {
    every_way(async |subject| {
        if subject.takes == Takes::Messages {
            let outcome = deliver(&*subject.accepting, &job("j1", MESSAGE)).await;

            let Outcome::Accepted { reply, provider_id: Some(id) } = outcome else { panic!("{}: {outcome:?}", subject.accepting.name()) };
            assert!(reply.contains(&id) && serde_json::from_str::<serde_json::Value>(&reply).is_ok(), "{reply}");
        }
    })
    .await;
}

#[tokio::test]
async fn every_way_accepts_any_data_and_returns_json() {
    let large = serde_json::json!({ "text": "x".repeat(900_000) }).to_string();
    let data = ["{\"to\":\"+34600111222\",\"text\":\"Hola\"}", "{}", "[]", "null", "7", "\"\\u0000 é\"", "1.00", " { } ", large.as_str()];

    every_way(async |subject| {
        for data in data.into_iter().filter(|_| subject.takes == Takes::AnyJson) {
            let outcome = deliver(&*subject.accepting, &job("j1", data)).await;

            let Outcome::Accepted { reply, .. } = outcome else { panic!("{}: {outcome:?}", subject.accepting.name()) };
            assert!(matches!(reply.as_str(), "{\"id\":1}" | "null"), "{}: {reply}", subject.accepting.name());
        }
    })
    .await;
}

#[tokio::test]
async fn every_way_accepts_ids_that_only_others_would_make() {
    every_way(async |subject| {
        for id in ["1", "repeat:abc:1764000000000", "a b", "line\nbreak", "nul\0", "ação", "%", &"x".repeat(1024)] {
            let outcome = deliver(&*subject.accepting, &job(id, subject.data())).await;

            assert!(matches!(outcome, Outcome::Accepted { .. }), "{} {id:?}: {outcome:?}", subject.accepting.name());
        }
    })
    .await;
}

#[tokio::test]
async fn every_way_tells_a_failure_that_may_pass_from_one_that_will_not() {
    every_way(async |subject| {
        let failed = deliver(&*subject.failing, &job("j1", subject.data())).await;
        let refused = deliver(&*subject.refusing, &job("j1", subject.data())).await;

        assert!(matches!(failed, Outcome::Retry { .. }), "{}: {failed:?}", subject.failing.name());
        assert!(matches!(refused, Outcome::Permanent { .. }), "{}: {refused:?}", subject.refusing.name());
    })
    .await;
}

#[tokio::test]
async fn every_way_gives_reasons_of_one_line_without_phone_numbers() {
    every_way(async |subject| {
        for transport in [&subject.failing, &subject.refusing] {
            let (Outcome::Retry { reason } | Outcome::Permanent { reason }) = deliver(&**transport, &job("j1", subject.data())).await
            else {
                panic!()
            };

            assert!(!reason.is_empty() && !reason.contains(char::is_control), "{reason:?}");
            assert!(!reason.contains("99999"), "{reason:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn every_way_delivers_many_at_once() {
    every_way(async |subject| {
        let mut deliveries = tokio::task::JoinSet::new();
        for n in 0..40 {
            let (transport, data) = (Arc::clone(&subject.accepting), subject.data());
            deliveries.spawn(async move { deliver(&*transport, &job(&format!("j{n}"), data)).await });
        }

        let outcomes = deliveries.join_all().await;

        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Accepted { .. })), "{outcomes:?}");
    })
    .await;
}

#[tokio::test]
async fn every_way_bears_a_delivery_that_is_given_up_half_way() {
    every_way(async |subject| {
        let (transport, work) = (Arc::clone(&subject.accepting), job("j1", subject.data()));
        let abandoned = tokio::time::timeout(Duration::from_millis(1), transport.deliver(&work)).await;
        drop(abandoned);

        let outcome = deliver(&*subject.accepting, &job("j2", subject.data())).await;

        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    })
    .await;
}

#[tokio::test]
async fn the_log_way_takes_as_long_as_it_was_told() {
    let latency = Duration::from_millis(40);
    let slow = transport::build(Way::Log(log::Options { latency: (latency, latency), ..log::Options::default() })).unwrap();

    let started = Instant::now();
    deliver(&*slow, &job("j1", "{}")).await;

    assert!(started.elapsed() >= latency);
}
