//! This file finds out whether a provider is back whose queue was paused for it: by asking it, or with one message.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::service::Tick;
use super::transport::{Health, Transport};
use crate::core::model::id::random_name;
use crate::core::store::Queue;
use crate::core::store::error::StoreError;
use crate::core::store::standstill::{ProbeRules, Turn};

/// How soon a turn is asked for again that could not be used.
const NEXT_TRY: Duration = Duration::from_secs(1);

/// One message is to be let through although the queue is paused.
#[derive(Debug)]
pub(super) struct Trial {
    /// Whose turn it is.
    pub(super) prober: String,
    /// Told what became of it; dropped when nothing could be tried.
    pub(super) verdict: oneshot::Sender<TrialVerdict>,
}

/// What a message that was let through showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TrialVerdict {
    /// The provider answered.
    Answered,
    /// It didn't.
    Unanswered,
    /// Nothing waits that could be tried.
    NothingWaits,
}

/// Sleeps until its worker finds the queue paused; then it asks until the queue goes on, or until only a person can help.
pub(super) struct Prober {
    pub(super) queue: watch::Receiver<Queue>,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) rules: ProbeRules,
    /// Rung by the worker whenever it finds the queue paused.
    pub(super) paused: Arc<Notify>,
    /// To the worker.
    pub(super) trials: mpsc::Sender<Trial>,
    pub(super) is_watching: bool,
}

impl Tick for Prober {
    const NAME: &'static str = "prober";

    async fn tick(&mut self) -> Result<Duration, StoreError> {
        if !self.is_watching {
            self.paused.notified().await;
            self.is_watching = true;
        }
        let Ok(prober) = random_name() else { return Ok(NEXT_TRY) };
        let queue = self.queue.borrow().clone();
        let turn = match queue.claim_probe(&prober, self.rules.turn).await? {
            Turn::Yours { class, probes } => self.find_out(&queue, &prober, &class, probes + 1).await?,
            other => other,
        };
        Ok(self.act_on(&turn))
    }
}

impl Prober {
    fn act_on(&mut self, turn: &Turn) -> Duration {
        match turn {
            Turn::Later(wait) => (*wait).min(self.rules.longest),
            Turn::Yours { .. } | Turn::Lost => NEXT_TRY.min(self.rules.longest),
            Turn::Running | Turn::ByHand | Turn::Resumed => {
                self.is_watching = false;
                Duration::ZERO
            }
        }
    }

    /// Uses the turn, for the `asked`-th question.
    async fn find_out(&self, queue: &Queue, prober: &str, class: &str, asked: u64) -> Result<Turn, StoreError> {
        let pause = self.rules.pause_after(asked, false);
        let health = tokio::time::timeout(self.rules.turn, self.transport.health()).await;
        match health {
            Ok(Health::Up) => {
                tracing::info!(class, "the provider says that it is back: the queue goes on");
                queue.probe_passed(prober, false).await
            }
            Ok(Health::Down(outage)) => {
                tracing::warn!(class = outage.class, reason = outage.reason, "the provider is not back yet");
                queue.probe_failed(prober, pause, Some(&outage)).await
            }
            Ok(Health::Unknown) => self.try_one(queue, prober, class, asked).await,
            Err(_) => queue.probe_failed(prober, pause, None).await,
        }
    }

    async fn try_one(&self, queue: &Queue, prober: &str, class: &str, asked: u64) -> Result<Turn, StoreError> {
        // A send may take longer than a question.
        let extended = queue.claim_probe(prober, self.rules.trial).await?;
        if !matches!(extended, Turn::Yours { .. }) {
            return Ok(extended);
        }
        let (verdict, answer) = oneshot::channel();
        // The worker is ending: the next one takes over.
        if self.trials.send(Trial { prober: prober.to_owned(), verdict }).await.is_err() {
            return Ok(Turn::Lost);
        }
        let answer = tokio::time::timeout(self.rules.trial, answer).await;
        match answer {
            Ok(Ok(TrialVerdict::Answered)) => {
                tracing::info!(class, "a message went through: the queue goes on");
                queue.probe_passed(prober, true).await
            }
            Ok(Ok(TrialVerdict::NothingWaits)) => queue.probe_passed(prober, true).await,
            Ok(Ok(TrialVerdict::Unanswered) | Err(_)) | Err(_) => {
                queue.probe_failed(prober, self.rules.pause_after(asked, true), None).await
            }
        }
    }
}
