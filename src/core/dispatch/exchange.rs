//! This file keeps the call under way that stores outcomes and takes jobs, while the worker looks after its sends.

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

type Call = Pin<Box<dyn Future<Output = (Answer, TakeReader)> + Send>>;

/// At most one call: a second one beside it made the server answer two small ones instead of a big one.
#[derive(Default)]
pub(super) struct Exchange {
    call: Option<Call>,
    /// The answer, when it came before anybody asked: the connection was broken already.
    early: Option<Answer>,
    /// What it knows of the jobs' options, while no call is under way.
    reader: TakeReader,
}

impl Exchange {
    pub(super) fn is_under_way(&self) -> bool {
        self.call.is_some() || self.early.is_some()
    }

    /// Begins a call, when none is under way; it goes on while [`Self::answer`] is awaited.
    pub(super) fn begin(&mut self, queue: Queue, rules: Arc<TakeRules>, order: Order) {
        let mut reader = std::mem::take(&mut self.reader);
        self.call = Some(Box::pin(async move {
            let Order { batch, want, token } = order;
            let asked = Instant::now();
            let result = if batch.outcomes.is_empty() {
                queue.take(want, &token, &rules, &mut reader).await.map(|taken| (Vec::new(), taken))
            } else {
                queue.settle(&batch.outcomes, want, &token, &rules, &mut reader).await
            };
            (Answer { batch, want, asked, result }, reader)
        }));
    }

    /// Lets the call that was just begun reach the server before the worker goes on.
    pub(super) async fn send_off(&mut self) {
        let first = std::future::poll_fn(|context| Poll::Ready(self.call.as_mut().map(|call| call.as_mut().poll(context)))).await;
        if let Some(Poll::Ready((answer, reader))) = first {
            (self.call, self.early, self.reader) = (None, Some(answer), reader);
        }
        // The connection's task writes what it was given.
        task::yield_now().await;
    }

    /// The answer; never, while no call is under way. Cancel-safe.
    pub(super) async fn answer(&mut self) -> Answer {
        if let Some(answer) = self.early.take() {
            return answer;
        }
        match &mut self.call {
            Some(call) => {
                let (answer, reader) = call.await;
                (self.call, self.reader) = (None, reader);
                answer
            }
            None => std::future::pending().await,
        }
    }
}
