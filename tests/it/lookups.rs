//! Proof of held messages: workers share the questions, one asks at a time, and one that dies while asking holds nobody up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;
use wq::core::dispatch::transport::{Answer, Delivery, Outcome, Transport};
use wq::core::model::clock::Millis;
use wq::core::model::job::{Job, JobOptions, NewJob};
use wq::core::store::Ledger;
use wq::core::store::held::LookupTurn;
use wq::core::store::intent::{Fence, OnUncertain};

use crate::support::in_process::{Running, rules, whatsapp};
use crate::support::{Server, eventually};

const SOON: Duration = Duration::from_secs(20);
const TURN: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_held_message_is_asked_for_by_one_at_a_time_and_less_and_less_often() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    server.ask::<()>("HSET wq:bull:whatsapp:held a {} b {}");
    let (first, longest) = (Duration::from_secs(2), Duration::from_secs(5));
    let is_later = |turn: LookupTurn, least: u64, most: u64| match turn {
        LookupTurn::Later(wait) => (Duration::from_secs(least)..=Duration::from_secs(most)).contains(&wait),
        _ => false,
    };
    let in_vain = async |claimant: &str| queue.looked_up_in_vain("a", claimant, first, longest).await.unwrap();
    // As if the pause were over.
    let pass = |asked: u64| server.ask::<()>(&format!("HSET wq:bull:whatsapp:lookups a {asked}:1:"));

    for (asked, wait) in [(0, 2), (1, 4), (2, 5), (3, 5)] {
        pass(asked);
        assert_eq!(queue.claim_lookup("a", "one", TURN).await.unwrap(), LookupTurn::Yours);
        assert!(is_later(queue.claim_lookup("a", "two", TURN).await.unwrap(), 20, 30));
        assert!(is_later(in_vain("two").await, 20, 30), "only who asks may say that it was in vain");
        assert_eq!(in_vain("one").await, LookupTurn::Later(Duration::from_secs(wait)));
        assert!(is_later(queue.claim_lookup("a", "two", TURN).await.unwrap(), 0, wait));
    }
    assert_eq!(queue.claim_lookup("b", "two", TURN).await.unwrap(), LookupTurn::Yours, "other messages are asked for meanwhile");
    server.ask::<()>("HDEL wq:bull:whatsapp:held a");
    assert_eq!(queue.claim_lookup("a", "one", TURN).await.unwrap(), LookupTurn::Over);
    assert_eq!(server.ask::<Vec<String>>("HKEYS wq:bull:whatsapp:lookups"), ["b"]);
    assert!(server.ask::<i64>("PTTL wq:bull:whatsapp:lookups") > 0);
}

#[tokio::test]
async fn who_dies_while_asking_is_followed_by_another_and_a_clock_that_went_back_stops_nobody() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    server.ask::<()>("HSET wq:bull:whatsapp:held a {}");
    assert_eq!(queue.claim_lookup("a", "dies", Duration::from_millis(1)).await.unwrap(), LookupTurn::Yours);

    let taken_over = async || queue.claim_lookup("a", "lives", TURN).await.unwrap() == LookupTurn::Yours;
    while !taken_over().await {}
    assert!(matches!(queue.looked_up_in_vain("a", "dies", TURN, TURN).await.unwrap(), LookupTurn::Later(_)));
    assert!(server.ask::<String>("HGET wq:bull:whatsapp:lookups a").ends_with(":lives"));

    server.ask::<()>("HSET wq:bull:whatsapp:lookups a 0:99999999999999:gone");
    assert_eq!(queue.claim_lookup("a", "lives", TURN).await.unwrap(), LookupTurn::Yours);
}

/// A provider that answers no send, and questions only when it is let.
struct Provider {
    asked: Mutex<HashMap<String, u32>>,
    may_answer: Semaphore,
}

impl Transport for Provider {
    fn name(&self) -> &'static str {
        "test"
    }

    fn deliver<'a>(&'a self, _: &'a Job) -> Delivery<'a> {
        Box::pin(std::future::ready(Outcome::Uncertain { reason: "no answer".to_owned() }))
    }

    fn look_up<'a>(&'a self, job: &'a Job, _: Millis) -> Answer<'a, Option<String>> {
        *self.asked.lock().unwrap().entry(job.id.clone()).or_default() += 1;
        Box::pin(async {
            self.may_answer.acquire().await.unwrap().forget();
            Some("m1".to_owned())
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_ask_for_a_message_once() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    let job = NewJob { id: "m1".to_owned(), name: "send".to_owned(), data: "{}".to_owned(), options: JobOptions::default() };
    queue.add(&[job], Ledger::Skip).await.unwrap();
    let provider = Arc::new(Provider { asked: Mutex::default(), may_answer: Semaphore::new(0) });
    let mut workers = Vec::new();
    for _ in 0..2 {
        let mut rules = rules(2);
        rules.take.fence = Some(Fence { policy: OnUncertain::Lookup, send_timeout: SOON });
        workers.push(Running::start(&server, &provider, rules).await);
    }
    let asked = || provider.asked.lock().unwrap().get("m1").copied();

    eventually(SOON, "one of them asks", asked);
    // That one looks at nothing else meanwhile.
    let looks = server.calls("hscan");
    eventually(SOON, "the other one has looked three times", || (server.calls("hscan") >= looks + 3).then_some(()));
    assert_eq!(asked(), Some(1));
    provider.may_answer.add_permits(9);
    eventually(SOON, "it is proved", || (server.ask::<u64>("ZCARD bull:whatsapp:completed") == 1).then_some(()));
    for worker in workers {
        worker.end().await;
    }

    assert_eq!(asked(), Some(1));
}
