//! This file keeps the calls under way that store outcomes and take jobs, while the worker looks after its sends.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::task;
use tokio::time::Instant;

use crate::core::store::Queue;
use crate::core::store::error::StoreError;
use crate::core::store::settle::{Settled, Settlement};
use crate::core::store::take::{TakeReader, TakeRules, Taken};

/// A call that stores outcomes and takes jobs.
#[derive(Debug)]
pub(super) struct Order {
    /// What is stored; may be empty.
    pub(super) batch: Batch,
    /// How many jobs to take at most.
    pub(super) want: usize,
    /// The token they are taken under.
    pub(super) token: Arc<str>,
}

/// Outcomes that are stored in one call.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) outcomes: Vec<Settlement>,
    /// So many of the first were sent before and not answered: they may be stored already.
    pub(super) repeated: usize,
}

/// What came of an order.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) batch: Batch,
    pub(super) want: usize,
    /// When it was sent.
    pub(super) asked: Instant,
    pub(super) result: Result<(Vec<Settled>, Taken), StoreError>,
}

/// A call that was begun.
enum Call {
    UnderWay(Pin<Box<dyn Future<Output = Answer> + Send>>),
    /// The answer came before anybody asked: the connection was broken already.
    Answered(Box<Answer>),
}

/// The calls under way, oldest first: the server answers them in that order.
#[derive(Default)]
pub(super) struct Exchange {
    calls: VecDeque<Call>,
    /// What it knows of the jobs' options.
    reader: Arc<TakeReader>,
}

impl Exchange {
    pub(super) fn is_under_way(&self) -> bool {
        !self.calls.is_empty()
    }

    /// How many calls are under way.
    pub(super) fn under_way(&self) -> usize {
        self.calls.len()
    }

    /// Begins a call; it goes on while [`Self::answer`] is awaited.
    pub(super) fn begin(&mut self, queue: Queue, rules: Arc<TakeRules>, order: Order) {
        let reader = Arc::clone(&self.reader);
        self.calls.push_back(Call::UnderWay(Box::pin(async move {
            let Order { batch, want, token } = order;
            let asked = Instant::now();
            let result = if batch.outcomes.is_empty() {
                queue.take(want, &token, &rules, &reader).await.map(|taken| (Vec::new(), taken))
            } else {
                queue.settle(&batch.outcomes, want, &token, &rules, &reader).await
            };
            Answer { batch, want, asked, result }
        })));
    }

    /// Lets the call that was just begun reach the server before the worker goes on.
    pub(super) async fn send_off(&mut self) {
        if let Some(last) = self.calls.back_mut()
            && let Call::UnderWay(call) = last
            && let Poll::Ready(answer) = std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await
        {
            *last = Call::Answered(Box::new(answer));
        }
        // The connection's task writes what it was given.
        task::yield_now().await;
    }

    /// The answer to the oldest call; never, while none is under way. Cancel-safe.
    pub(super) async fn answer(&mut self) -> Answer {
        match self.calls.front_mut() {
            None => std::future::pending().await,
            Some(Call::UnderWay(call)) => {
                let answer = call.await;
                self.calls.pop_front();
                answer
            }
            Some(Call::Answered(_)) => match self.calls.pop_front() {
                Some(Call::Answered(answer)) => *answer,
                _ => std::future::pending().await,
            },
        }
    }
}
