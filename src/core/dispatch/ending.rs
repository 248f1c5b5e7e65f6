//! This file ends a worker: in order within its grace, or at once, when what is being sent may have arrived.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::rules::End;
use super::transport::Outcome;
use super::verdict;
use super::worker::Worker;
use crate::core::store::recover::{Bygone, Sign};
use crate::core::store::settle::MAX_SETTLE_BATCH;

/// How long storing may take after the sends were cut off: nobody waits long for a second signal.
const LAST_WORDS: Duration = Duration::from_millis(700);

impl Worker {
    /// After it was declared dead: what it had not begun to send belongs to others.
    pub(super) fn heed_death(&mut self) {
        if self.incarnations.has_changed().unwrap_or(false) {
            self.incarnations.mark_unchanged();
            let dropped = self.desk.drop_unstarted();
            tracing::warn!(jobs = dropped, "dropped what others have by now");
        }
    }

    /// The orderly end: nothing new, read-ahead goes back, sends in flight end, outcomes are stored; all within the grace. Then,
    /// or when told so before, what is still being sent is cut off.
    pub(super) async fn wind_down(&mut self) {
        self.rules.end = End::Once;
        self.taken = self.taken.max(1);
        self.stop = CancellationToken::new();
        let (grace, at_once) = (self.rules.grace, self.at_once.clone());
        let has_finished = tokio::select! {
            () = at_once.cancelled() => false,
            finished = tokio::time::timeout(grace, self.finish_what_runs()) => finished.is_ok(),
        };
        if !has_finished {
            self.cut_off().await;
        }
        if self.desk.is_empty() {
            self.leave().await;
            self.stop_remembering();
        }
    }

    async fn cut_off(&mut self) {
        self.sends.abort_all();
        while let Some(ended) = self.sends.join_next_with_id().await {
            match ended {
                Err(error) if error.is_cancelled() => {
                    if let Some((taken, content)) = self.in_flight.remove(&error.id()) {
                        self.report.cut_off += 1;
                        self.remember(&taken, Some(&Outcome::Uncertain { reason: "cut off".to_owned() }));
                        self.desk.ended(verdict::cut_off(&taken, &content, self.rules.take.fence, &self.place));
                    }
                }
                ended => self.ended(ended),
            }
        }
        tracing::error!(sends = self.report.cut_off, outcomes = self.desk.unsettled(), "cut off what was being sent");
        if tokio::time::timeout(LAST_WORDS, self.finish_what_runs()).await.is_err() {
            tracing::error!(outcomes = self.desk.unsettled(), "not stored in time: other workers find out what became of them");
        }
    }

    async fn finish_what_runs(&mut self) {
        loop {
            self.desk.give_back(verdict::release);
            if self.brakes.is_pressed() {
                self.brake().await;
            } else if self.desk.unsettled() > 0 && !self.exchange.is_under_way() {
                self.begin_exchange(MAX_SETTLE_BATCH);
            } else if self.exchange.is_under_way() {
                let answer = self.exchange.answer().await;
                self.answered(answer).await;
            } else if let Some(ended) = self.sends.join_next_with_id().await {
                self.ended(ended);
            } else {
                return;
            }
        }
    }

    /// Nobody has to look for what this worker left behind.
    async fn leave(&mut self) {
        let me = self.incarnations.borrow().clone();
        let nothing = Bygone::default();
        match tokio::time::timeout(LAST_WORDS, self.queue.recover_dead(Sign::Leave, &me, "", &nothing)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::debug!(%error, "no farewell: the others will find this worker dead"),
            Err(_) => tracing::debug!("no farewell in time: the others will find this worker dead"),
        }
    }
}
