//! This file has a worker remember what it sends, and tell it to a server that forgot.

use std::pin::pin;
use std::time::Duration;

use super::desk::Ready;
use super::reconnect::reconnect;
use super::transport::Outcome;
use super::verdict;
use super::witness::{FULL_PAUSE, Witness};
use super::worker::Worker;
use crate::core::store::Queue;
use crate::core::store::barrier::TellRules;
use crate::core::store::error::StoreError;
use crate::core::store::take::TakenJob;

/// How soon a server is asked again that can't say yet what it knows.
const LOADING_PAUSE: Duration = Duration::from_millis(100);

impl Worker {
    /// Before the first sign of life. Without a fence nothing is remembered.
    pub(super) async fn begin_to_remember(&mut self) {
        if self.rules.take.fence.is_some() {
            let stop = self.stop.clone();
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.remember_from_now_on() => {}
            }
        }
    }

    async fn remember_from_now_on(&mut self) {
        let me = self.incarnations.borrow().clone();
        while self.witness.is_none() {
            let begun = match &self.rules.journal {
                None => Ok(Witness::without_journal()),
                Some(rules) => Witness::begin(rules, &self.queue, &me),
            };
            match begun {
                Ok(witness) => self.witness = Some(witness),
                Err(error) => {
                    tracing::error!(%error, "nothing is sent until it can be written");
                    tokio::time::sleep(FULL_PAUSE).await;
                }
            }
        }
        while let Err(error) = self.cross_barrier(&self.queue.clone()).await {
            self.come_back(&error).await;
        }
    }

    /// Comes back to the server; what ends meanwhile is written down, since this process may not live to store it.
    pub(super) async fn reconnect(&mut self) -> Queue {
        self.write_outcomes();
        let lost = self.queue.clone();
        let mut reconnecting = pin!(reconnect(&lost));
        loop {
            tokio::select! {
                queue = &mut reconnecting => return queue,
                Some(ended) = self.sends.join_next_with_id() => {
                    self.ended(ended);
                    self.write_outcomes();
                }
            }
        }
    }

    /// The first thing over a new connection: nothing is taken, stored or recovered before.
    ///
    /// # Errors
    /// When the server can't be asked: then another connection has to cross it.
    pub(super) async fn cross_barrier(&mut self, queue: &Queue) -> Result<(), StoreError> {
        let (Some(witness), Some(fence)) = (&mut self.witness, self.rules.take.fence) else { return Ok(()) };
        let rules = TellRules {
            lock_ttl: self.rules.take.lock_ttl,
            fence,
            has_forgotten: true,
            keep_completed: self.rules.keep.completed,
            metrics_minutes: self.rules.take.metrics_minutes,
        };
        let me = self.incarnations.borrow().clone();
        let crossed = witness.cross(queue, &me, &self.desk.locks.list(), &rules).await;
        if crossed.is_err() {
            tokio::time::sleep(LOADING_PAUSE).await;
        }
        crossed
    }

    /// Starts these after they were written down; gives them back when they can't be.
    pub(super) async fn start_together(&mut self, ready: Vec<Ready>) {
        let at = self.server_now();
        if let Some(witness) = self.witness.as_mut().filter(|witness| !ready.is_empty() && witness.keeps_journal()) {
            let intents = ready.iter().filter_map(|ready| Witness::intent(&ready.taken, at)).collect();
            if !witness.intend(intents).await {
                for ready in ready.iter().rev() {
                    self.desk.settle_unstarted(verdict::release(&ready.taken));
                }
                return;
            }
        }
        for ready in ready {
            self.start(ready);
        }
    }

    /// Remembers what became of a send; nothing: it was none in the end.
    pub(super) fn remember(&mut self, taken: &TakenJob, outcome: Option<&Outcome>) {
        if let Some(witness) = &mut self.witness {
            witness.note(taken, outcome);
        }
    }

    /// Before outcomes are stored.
    pub(super) fn write_outcomes(&mut self) {
        let at = self.server_now();
        if let Some(witness) = &mut self.witness {
            witness.write_outcomes(at);
        }
    }

    /// While the journal can't be written nothing is taken, and what was read ahead goes back.
    pub(super) fn look_after_journal(&mut self) {
        self.full_until = self.witness.as_mut().and_then(Witness::full_until);
        if self.full_until.is_some() {
            self.desk.give_back(verdict::release);
        }
    }

    /// Everything is stored.
    pub(super) fn stop_remembering(&mut self) {
        self.write_outcomes();
        if let Some(witness) = self.witness.take() {
            witness.finish();
        }
    }
}
