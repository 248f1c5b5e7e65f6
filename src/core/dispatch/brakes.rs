//! This file is the worker's foot on the brakes: what outcomes mean for the whole queue is gathered here, and done before
//! the outcomes themselves are stored, so that nobody takes the next job into the same trouble.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::breaker::{self, Breaker, Trip};
use super::prober::{Prober, Trial, TrialVerdict};
use super::tempo::Meter;
use super::transport::{Outcome, Transport};
use crate::core::model::aside::Aside;
use crate::core::model::outage::Outage;
use crate::core::store::Queue;
use crate::core::store::error::StoreError;
use crate::core::store::standstill::{Paused, ProbeRules};

/// Something to be done to the queue.
#[derive(Debug)]
enum Measure {
    Pause(Outage),
    SlowDown(String),
    SetAside(Aside, String),
}

/// What a worker knows of its provider, and what is to be done about it.
#[derive(Debug, Default)]
pub(super) struct Brakes {
    breaker: Breaker,
    meter: Meter,
    last_success: Option<Instant>,
    paused_at: Option<Instant>,
    measures: Vec<Measure>,
    paused: Arc<Notify>,
    trials: Option<mpsc::Receiver<Trial>>,
    trial: Option<(String, oneshot::Sender<TrialVerdict>)>,
}

impl Brakes {
    /// The loop that finds out whether the provider is back.
    pub(super) fn prober(&mut self, queue: watch::Receiver<Queue>, transport: Arc<dyn Transport>, rules: ProbeRules) -> Prober {
        let (sender, trials) = mpsc::channel(1);
        self.trials = Some(trials);
        Prober { queue, transport, rules, paused: Arc::clone(&self.paused), trials: sender, is_watching: false }
    }

    /// A message is about to be sent.
    pub(super) fn started(&mut self) {
        self.meter.started(Instant::now());
    }

    /// The queue was found paused.
    pub(super) fn saw_pause(&self) {
        self.paused.notify_one();
    }

    /// Whether what a call asked for at that moment was taken before this worker paused the queue: it would meet the same
    /// trouble.
    pub(super) fn came_before_pause(&self, asked: Instant) -> bool {
        self.paused_at.is_some_and(|paused_at| asked < paused_at)
    }

    /// The next message that is to be let through a paused queue.
    pub(super) async fn next_trial(&mut self) -> Option<Trial> {
        match &mut self.trials {
            Some(trials) => trials.recv().await,
            None => std::future::pending().await,
        }
    }

    /// This job is the message that is let through.
    pub(super) fn try_with(&mut self, id: String, verdict: oneshot::Sender<TrialVerdict>) {
        self.trial = Some((id, verdict));
    }

    /// This job was not sent at all: if it was to be let through, the turn is over.
    pub(super) fn not_sent(&mut self, id: &str) {
        if self.trial.as_ref().is_some_and(|(trial, _)| trial == id) {
            self.trial = None;
        }
    }

    /// A send ended. Whether the queue is to be paused: then what was not started goes back.
    pub(super) fn observe(&mut self, id: &str, data: &str, outcome: &Outcome) -> bool {
        self.conclude_trial(id, outcome);
        match outcome {
            Outcome::Accepted { .. } => self.last_success = Some(Instant::now()),
            Outcome::Wait { reason, slow_down: true, .. } => self.measures.push(Measure::SlowDown(reason.clone())),
            _ => {}
        }
        match self.breaker.count(outcome, data) {
            None => false,
            Some(Trip::Queue(outage)) => {
                self.measures.push(Measure::Pause(outage));
                true
            }
            Some(Trip::Aside(aside, reason)) => {
                self.measures.push(Measure::SetAside(aside, reason));
                false
            }
        }
    }

    /// The transport noticed something beside the outcome of a message: the queue is to be paused for it.
    pub(super) fn notice(&mut self, outage: Outage) {
        self.measures.push(Measure::Pause(outage));
    }

    fn conclude_trial(&mut self, id: &str, outcome: &Outcome) {
        let Some((_, verdict)) = self.trial.take_if(|(trial, _)| trial == id) else { return };
        let is_answered = breaker::unanswered(outcome).is_none() && !matches!(outcome, Outcome::PauseQueue(_));
        // The prober may have given up waiting.
        verdict.send(if is_answered { TrialVerdict::Answered } else { TrialVerdict::Unanswered }).ok();
    }

    /// Whether something is to be done before outcomes are stored.
    pub(super) fn is_pressed(&self) -> bool {
        !self.measures.is_empty()
    }

    /// Does what is to be done, in the name of this worker. What was not done is done by the next call.
    pub(super) async fn apply(&mut self, queue: &Queue, worker: &str, first_probe: Duration) -> Result<(), StoreError> {
        while let Some(measure) = self.measures.first() {
            match measure {
                Measure::Pause(outage) => {
                    let last_success = self.last_success.map(|at| at.elapsed());
                    let paused = queue.pause_for(outage, worker, first_probe, last_success).await?;
                    if paused != Paused::Before {
                        tracing::error!(class = outage.class, reason = outage.reason, "the queue is paused");
                    }
                    self.paused_at = Some(Instant::now());
                    self.paused.notify_one();
                }
                Measure::SlowDown(reason) => {
                    let (seen, window) = self.meter.seen(Instant::now());
                    let thousandths = queue.slow_down(seen, window).await?;
                    tracing::warn!(reason, percent_of_rate = thousandths / 10, "the provider asks for less");
                }
                Measure::SetAside(aside, reason) => {
                    if queue.set_aside(aside, reason, worker).await? {
                        tracing::error!(what = %aside, reason, "its messages step aside until: wq resume");
                    }
                }
            }
            self.measures.remove(0);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::outage::OutageEnd;

    fn outage() -> Outcome {
        Outcome::PauseQueue(Outage { class: "auth", reason: "refused".to_owned(), end: OutageEnd::ByHand })
    }

    fn trial_shows(outcome: &Outcome) -> Option<TrialVerdict> {
        let (verdict, mut answer) = oneshot::channel();
        let mut brakes = Brakes::default();
        brakes.try_with("a".to_owned(), verdict);
        brakes.observe("another", "{}", &Outcome::Uncertain { reason: String::new() });
        brakes.observe("a", "{}", outcome);
        answer.try_recv().ok()
    }

    #[test]
    fn a_message_that_was_let_through_shows_whether_the_provider_answers() {
        let refused = Outcome::Permanent { reason: "not_on_whatsapp:400".to_owned() };

        assert_eq!(trial_shows(&refused), Some(TrialVerdict::Answered));
        assert_eq!(trial_shows(&Outcome::Uncertain { reason: String::new() }), Some(TrialVerdict::Unanswered));
        assert_eq!(trial_shows(&outage()), Some(TrialVerdict::Unanswered));
    }

    #[test]
    fn a_turn_ends_when_its_message_is_not_sent_at_all() {
        let (verdict, mut answer) = oneshot::channel::<TrialVerdict>();
        let mut brakes = Brakes::default();
        brakes.try_with("a".to_owned(), verdict);

        brakes.not_sent("b");
        assert_eq!(answer.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        brakes.not_sent("a");

        assert_eq!(answer.try_recv(), Err(oneshot::error::TryRecvError::Closed));
    }

    #[test]
    fn only_an_outage_takes_the_started_jobs_back() {
        let mut brakes = Brakes::default();
        let slow = Outcome::Wait { reason: "429".to_owned(), after: Duration::from_secs(1), slow_down: true };

        assert!(!brakes.is_pressed());
        assert!(!brakes.observe("a", "{}", &slow));
        assert!(brakes.is_pressed());
        assert!(brakes.observe("b", "{}", &outage()));
    }
}
