//! This file is where the worker brakes: it pauses, slows down and lets one message through, as its [`Brakes`] say.
//!
//! [`Brakes`]: super::brakes::Brakes

use std::sync::Arc;

use tokio::time::Instant;

use super::prober::{Trial, TrialVerdict};
use super::transport::Outcome;
use super::verdict;
use super::worker::Worker;
use crate::core::store::take::{HeldBack, TakeReader, TakenJob};

/// What is written down of a worker without a name.
const UNNAMED: &str = "a worker without a name";

impl Worker {
    /// Another one for every call that takes.
    pub(super) fn next_token(&mut self) -> Arc<str> {
        self.takes += 1;
        format!("wq.{}.{}", &**self.incarnations.borrow(), self.takes).into()
    }

    /// Does to the queue what outcomes have shown, before they are stored.
    pub(super) async fn brake(&mut self) {
        let worker = self.rules.take.worker.as_deref().unwrap_or(UNNAMED);
        if let Err(error) = self.brakes.apply(&self.queue, worker, self.rules.probe.first).await {
            self.recover(&error).await;
        }
    }

    /// What an outcome, and whatever else the transport noticed, mean for the whole queue.
    pub(super) fn look_beyond(&mut self, id: &str, data: &str, outcome: &Outcome) {
        let mut is_outage = self.brakes.observe(id, data, outcome);
        if let Some(outage) = self.transport.noticed() {
            self.brakes.notice(outage);
            is_outage = true;
        }
        if is_outage {
            // They would meet the same; they go back first, so that this one comes to stand before them.
            self.desk.give_back(verdict::release);
        }
    }

    /// Takes one job although the queue is paused, to find out whether its provider is back.
    pub(super) async fn let_one_through(&mut self, trial: Trial) {
        let (asked, token) = (Instant::now(), self.next_token());
        let answer = self.queue.take_trial(&token, &self.rules.take, &TakeReader::default(), &trial.prober).await;
        match answer {
            Ok(taken) => {
                let can_be_sent = |job: &&TakenJob| job.content.as_ref().is_ok_and(|content| content.deferred_failure.is_none());
                if let Some(job) = taken.jobs.first().filter(can_be_sent) {
                    self.brakes.try_with(job.id.clone(), trial.verdict);
                } else if taken.jobs.is_empty() && taken.held_back == Some(HeldBack::Empty) {
                    // The prober may have given up waiting.
                    trial.verdict.send(TrialVerdict::NothingWaits).ok();
                }
                self.receive(taken, asked).await;
            }
            Err(error) => self.recover(&error).await,
        }
    }
}
