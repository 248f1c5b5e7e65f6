//! This file is the receiver of a bench: sends nothing, takes as long as it was told, notes the starts, ends the work in time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::core::dispatch::transport::{Delivery, Outcome, Transport};
use crate::core::model::job::Job;

/// A job that was handed over for sending.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) id: String,
    pub(super) at: Instant,
}

/// Accepts everything.
#[derive(Debug, Default)]
pub(super) struct Probe {
    /// How long a send seems to take.
    pub(super) latency: Duration,
    /// Gets every start; must have room for all of them.
    pub(super) starts: Option<mpsc::Sender<Start>>,
    /// Ends the work after so many starts.
    pub(super) last: Option<Last>,
}

/// The start after which nothing more is to be taken.
#[derive(Debug)]
pub(super) struct Last {
    pub(super) left: AtomicUsize,
    pub(super) stop: CancellationToken,
}

impl Probe {
    fn note(&self, job: &Job) {
        if let Some(starts) = &self.starts
            && let Err(error) = starts.try_send(Start { id: job.id.clone(), at: Instant::now() })
        {
            tracing::debug!(%error, "a start was not noted");
        }
        if let Some(last) = &self.last
            && last.left.fetch_sub(1, Ordering::Relaxed) == 1
        {
            last.stop.cancel();
        }
    }
}

impl Transport for Probe {
    fn name(&self) -> &'static str {
        "bench"
    }

    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a> {
        self.note(job);
        Box::pin(async {
            if !self.latency.is_zero() {
                tokio::time::sleep(self.latency).await;
            }
            Outcome::Accepted { reply: "null".to_owned(), provider_id: None }
        })
    }
}
