//! What a worker does when sending stops working: pauses with a reason, probes, paces, steps aside.

mod asides;
mod outages;
mod recipients;
mod standstill;
mod tempo;

use std::sync::Arc;
use std::time::Duration;

use wq::core::model::job::{JobOptions, NewJob};
use wq::core::model::recipients::RecipientLimits;
use wq::core::store::connect::ServerAddress;
use wq::core::store::settle::{Settlement, Verdict};
use wq::core::store::take::{TakeReader, TakeRules, Taken, TakenJob};
use wq::core::store::{Ledger, Queue};

use crate::support::Server;

/// The queue `whatsapp` of the default prefix, over a connection of its own.
async fn whatsapp(server: &Server) -> Queue {
    let link = ServerAddress::parse(&server.url()).unwrap().connect_once().await.unwrap();
    Queue::open(&link, &"bull".parse().unwrap(), &"whatsapp".parse().unwrap()).unwrap()
}

/// A job with an id and data, three attempts and no back-off.
fn job(id: &str, data: &str) -> NewJob {
    let options = JobOptions { attempts: 3, ..JobOptions::default() };
    NewJob { id: id.to_owned(), name: "send".to_owned(), data: data.to_owned(), options }
}

async fn add(queue: &Queue, jobs: &[NewJob]) {
    queue.add(jobs, Ledger::Skip).await.unwrap();
}

fn take_rules(rate: &str, recipients: Option<RecipientLimits>) -> TakeRules {
    TakeRules {
        lock_ttl: Duration::from_secs(30),
        worker: Some("w1".to_owned()),
        rate: rate.parse().unwrap(),
        node_limiter: None,
        fence: None,
        recipients,
        metrics_minutes: 0,
    }
}

/// A worker's hand: takes and settles under tokens of its own.
struct Hand {
    queue: Queue,
    rules: TakeRules,
    reader: TakeReader,
    calls: u32,
}

impl Hand {
    async fn new(server: &Server, rules: TakeRules) -> Self {
        Self { queue: whatsapp(server).await, rules, reader: TakeReader::default(), calls: 0 }
    }

    async fn take(&mut self, want: usize) -> Taken {
        self.calls += 1;
        let token: Arc<str> = format!("wq.test.{}", self.calls).into();
        self.queue.take(want, &token, &self.rules, &self.reader).await.unwrap()
    }

    async fn ids(&mut self, want: usize) -> Vec<String> {
        ids(&self.take(want).await)
    }

    /// Takes again and again until so many came, for at most ten seconds.
    async fn collect(&mut self, count: usize) -> Vec<String> {
        let mut all = Vec::new();
        for _ in 0..2_000 {
            all.extend(self.ids(count - all.len()).await);
            if all.len() == count {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("only {all:?} of {count} came");
    }

    async fn settle(&mut self, job: &TakenJob, verdict: Verdict) {
        let settlement = Settlement { id: job.id.clone(), token: Arc::clone(&job.token), attempts: 3, plain: None, verdict };
        self.calls += 1;
        let token: Arc<str> = format!("wq.test.{}", self.calls).into();
        self.queue.settle(&[settlement], 0, &token, &self.rules, &self.reader).await.unwrap();
    }
}

fn ids(taken: &Taken) -> Vec<String> {
    taken.jobs.iter().map(|job| job.id.clone()).collect()
}
