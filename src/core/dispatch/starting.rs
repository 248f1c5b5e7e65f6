//! This file starts sends: under a rate at their moment, and with a fence only while the server says that they may be.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::desk::Ready;
use super::moment::Moment;
use super::worker::{Sent, Worker};
use super::{expiry, verdict};
use crate::core::store::Queue;
use crate::core::store::intent::{Fence, Intent, Permit};
use crate::core::store::take::{Pace, TakenJob};

/// How old the server's word may be that a job is this worker's. Whoever stood still for longer asks again.
const FRESH: Duration = Duration::from_secs(1);

impl Worker {
    /// Starts every job whose moment has come and for which a slot is free.
    pub(super) async fn start_due(&mut self) {
        match self.rules.take.fence {
            None => self.start_unfenced().await,
            Some(fence) => while self.start_fenced(fence).await {},
        }
    }

    async fn start_unfenced(&mut self) {
        while let Some(ready) = self.desk.next_to_start(Instant::now()) {
            match self.missed_start(&ready) {
                None => self.start(ready),
                Some(pace) => self.start_later(ready, pace).await,
            }
        }
    }

    /// Starts those that have their permit and asks for that of the others; returns whether there may be more to start.
    async fn start_fenced(&mut self, fence: Fence) -> bool {
        let (mut starting, mut asking) = (Vec::new(), Vec::new());
        while starting.len() + asking.len() < self.desk.free_slots()
            && let Some(ready) = self.desk.next_to_start(Instant::now())
        {
            let is_suspect = ready.taken.is_suspect;
            if is_suspect && !(starting.is_empty() && asking.is_empty()) {
                self.desk.postpone(ready);
                break;
            }
            let is_permitted = ready.permitted.is_some_and(|moment| moment.elapsed() < FRESH);
            if is_permitted && self.missed_start(&ready).is_none() {
                starting.push(ready);
            } else {
                asking.push(ready);
            }
            if is_suspect {
                break;
            }
        }
        self.start_together(starting).await;
        if asking.is_empty() {
            return false;
        }
        self.ask(asking, fence).await
    }

    /// Tells the server that these are sent next, and starts those that may be.
    async fn ask(&mut self, asking: Vec<Ready>, fence: Fence) -> bool {
        let (asked, moment) = (Instant::now(), Moment::now());
        let intents: Vec<Intent> = asking.iter().map(|ready| intent(&ready.taken)).collect();
        match self.queue.intend(&intents, fence, self.pace).await {
            Ok(permits) => {
                let (doubt, mut starting) = (self.doubt(asked), Vec::new());
                for (mut ready, permit) in asking.into_iter().zip(permits) {
                    match permit {
                        Permit::Granted => {
                            ready.permitted = Some(moment);
                            starting.push(ready);
                        }
                        Permit::Later { after, slot_us } => {
                            (ready.start_at, ready.doubt, ready.permitted) = (Instant::now() + after, doubt, None);
                            ready.taken.slot_us = slot_us;
                            self.desk.postpone(ready);
                        }
                        Permit::Refused => {
                            tracing::warn!(job = %ready.taken.id, "not sent: it is no longer this worker's");
                            self.desk.forget(&ready.taken);
                            self.brakes.not_sent(&ready.taken.id);
                            self.report.lost += 1;
                        }
                    }
                }
                self.start_together(starting).await;
                true
            }
            Err(error) => {
                for ready in asking {
                    self.desk.postpone(ready);
                }
                self.recover(&error).await;
                false
            }
        }
    }

    /// A start used too late would put one too many into a window.
    fn missed_start(&self, ready: &Ready) -> Option<Pace> {
        let late = ready.start_at.elapsed() + ready.doubt;
        self.pace.filter(|pace| late > pace.slack / 2)
    }

    async fn start_later(&mut self, mut ready: Ready, pace: Pace) {
        let asked = Instant::now();
        match self.queue.reserve_slot(pace.gap).await {
            Ok(wait) => {
                ready.start_at = Instant::now() + wait;
                ready.doubt = self.doubt(asked);
                self.desk.postpone(ready);
            }
            Err(error) => {
                self.desk.postpone(ready);
                self.recover(&error).await;
            }
        }
    }

    pub(super) fn start(&mut self, ready: Ready) {
        let Ready { mut taken, permitted, .. } = ready;
        // Unreadable jobs never get this far: `receive` settles them.
        let Ok(content) = std::mem::replace(&mut taken.content, Err(String::new())) else { return };
        if let Some(reason) = expiry::too_late(&content.job.data, self.server_now()) {
            tracing::warn!(job = %taken.id, reason, "dead letter: not sent");
            self.remember(&taken, None);
            self.brakes.not_sent(&taken.id);
            self.desk.settle_unstarted(verdict::fail_unsent(&taken, &content, &reason, self.rules.keep, &self.place));
            return;
        }
        let (transport, job) = (Arc::clone(&self.transport), Arc::clone(&content.job));
        let gate = permitted.zip(self.rules.take.fence).map(|(permitted, fence)| Gate {
            queue: self.current.subscribe(),
            fence,
            intent: intent(&taken),
            permitted,
        });
        let handle = self.sends.spawn(async move {
            match gate {
                Some(gate) if gate.permitted.elapsed() >= FRESH => match gate.ask_again().await {
                    Some(Permit::Granted) => Sent::Outcome(transport.deliver(&job).await),
                    Some(_) => Sent::Refused,
                    None => Sent::Unsent,
                },
                _ => Sent::Outcome(transport.deliver(&job).await),
            }
        });
        self.desk.started(taken.is_suspect);
        self.in_flight.insert(handle.id(), (taken, content));
        self.brakes.started();
    }
}

/// What a send passes just before it begins: this process may have stood still since the server said that it may.
struct Gate {
    queue: watch::Receiver<Queue>,
    fence: Fence,
    intent: Intent,
    permitted: Moment,
}

impl Gate {
    /// Nothing when the server can't be asked.
    async fn ask_again(&self) -> Option<Permit> {
        let queue = self.queue.borrow().clone();
        // Its slot was used in time as far as anybody can know: a pace is not kept by sending nothing.
        let intent = Intent { slot_us: 0, ..self.intent.clone() };
        match queue.intend(std::slice::from_ref(&intent), self.fence, None).await {
            Ok(permits) => permits.into_iter().next(),
            Err(error) => {
                tracing::debug!(%error, job = %intent.id, "not sent: nobody says that it is still this worker's");
                None
            }
        }
    }
}

fn intent(taken: &TakenJob) -> Intent {
    Intent { id: taken.id.clone(), token: Arc::clone(&taken.token), slot_us: taken.slot_us }
}
