//! What a worker holds beyond what it sends: much while sends are quick, little once others could have it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use wq::core::dispatch::transport::{Delivery, Outcome, Transport};
use wq::core::model::job::{Job, JobOptions, NewJob};
use wq::core::store::Ledger;

use crate::support::in_process::{Running, rules, whatsapp};
use crate::support::{Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);

/// Sends that take no time at first; those after the first `quick` end when they are let.
struct Turning {
    quick: usize,
    begun: AtomicUsize,
    may_end: Semaphore,
}

impl Turning {
    fn after(quick: usize) -> Arc<Self> {
        Arc::new(Self { quick, begun: AtomicUsize::new(0), may_end: Semaphore::new(0) })
    }
}

impl Transport for Turning {
    fn name(&self) -> &'static str {
        "test"
    }

    fn deliver<'a>(&'a self, _: &'a Job) -> Delivery<'a> {
        let is_quick = self.begun.fetch_add(1, Ordering::Relaxed) < self.quick;
        Box::pin(async move {
            if !is_quick {
                self.may_end.acquire().await.unwrap().forget();
            }
            Outcome::Accepted { reply: "null".to_owned(), provider_id: None }
        })
    }
}

async fn add(server: &Server, count: usize) {
    let job = |n| NewJob { id: format!("j{n}"), name: "send".to_owned(), data: "{}".to_owned(), options: JobOptions::default() };
    let jobs: Vec<NewJob> = (0..count).map(job).collect();
    whatsapp(server).await.add(&jobs, Ledger::Skip).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_far_ahead_goes_to_others_when_sends_turn_out_to_be_slow() {
    const JOBS: usize = 900;
    let server = Server::start();
    add(&server, JOBS).await;
    let (turning, quick) = (Turning::after(600), Turning::after(usize::MAX));

    let slow = Running::start(&server, &turning, rules(5)).await;
    eventually(SOON, "its sends have become slow", || (turning.begun.load(Ordering::Relaxed) == 605).then_some(()));
    let other = Running::start(&server, &quick, rules(5)).await;
    let done = || server.ask::<usize>("ZCARD bull:whatsapp:completed");
    // Five are being sent, and a round of five may wait behind them.
    eventually(SOON, "the other one has sent what the first one had read ahead", || (done() >= JOBS - 10).then_some(()));
    turning.may_end.add_permits(JOBS);
    eventually(SOON, "all are sent", || (done() == JOBS).then_some(()));

    let (first, second) = (slow.end().await, other.end().await);
    assert_eq!(first.completed + second.completed, JOBS as u64);
    assert_eq!(turning.begun.load(Ordering::Relaxed) + quick.begun.load(Ordering::Relaxed), JOBS, "each was sent once");
}

#[test]
fn a_worker_that_was_given_a_number_of_jobs_ends_after_these() {
    let server = Server::start();
    let lines = "{\"data\":{}}\n".repeat(300);
    wq(&server).line("enqueue --ndjson -").input(lines).run().exits(0);
    let left = || server.ask::<u64>("ZCARD bull:whatsapp:prioritized") + server.ask::<u64>("LLEN bull:whatsapp:active");

    wq(&server).line("worker --via log --rate none --max-jobs 120").run().exits(0).stderr_has("120 completed");
    assert_eq!(left(), 180);
    // With a fence, and when the attempts fail.
    wq(&server).line("worker --via exec --rate none --max-jobs 7 --concurrency 3 -- false").run().exits(0).stderr_has("7 given up");
    assert_eq!(left(), 173);
    wq(&server).line("worker --via log --rate none --until-empty --max-jobs 500").run().exits(0).stderr_has("173 completed");
    assert_eq!(left(), 0);
}
