//! This file shows that a worker lives, and lets the jobs of dead ones go on: within about two seconds, by whoever lives.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::desk::HeldLocks;
use super::service::Tick;
use crate::core::model::id::random_name;
use crate::core::store::Queue;
use crate::core::store::alive::AliveSubscription;
use crate::core::store::error::StoreError;
use crate::core::store::recover::{Bygone, Recovered, Sign};

/// Between two signs of life.
const BEAT: Duration = Duration::from_millis(500);
/// How often the silent connection of the subscription is used.
const RENEWAL: Duration = Duration::from_secs(20);
/// How long a take over a connection that was lost may still arrive: what lies in the buffers of a host that vanished is sent
/// again for minutes.
const LATE_TAKES: Duration = Duration::from_secs(150);

/// What a worker and its signs of life tell each other.
#[derive(Clone, Debug)]
pub(super) struct Lifeline {
    incarnation: watch::Sender<Arc<str>>,
    /// Number of the first take over the present connection, and since when it is there.
    reconnected: Arc<Mutex<Option<(u64, Instant)>>>,
}

impl Lifeline {
    /// A new incarnation.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        Ok(Self { incarnation: watch::Sender::new(random_name()?.into()), reconnected: Arc::default() })
    }

    /// Hears of every new incarnation: what the one before has not started is no longer the worker's.
    pub(super) fn incarnations(&self) -> watch::Receiver<Arc<str>> {
        self.incarnation.subscribe()
    }

    /// Takes before this one went over a connection that is lost: they may be carried out late, and nobody hears of them.
    pub(super) fn note_reconnect(&self, first_take: u64) {
        *self.reconnected.lock().unwrap_or_else(PoisonError::into_inner) = Some((first_take, Instant::now()));
    }

    /// What is to be looked for: takes over connections that were lost, but for the jobs that are known.
    pub(super) fn bygone(&self, locks: &HeldLocks) -> Bygone {
        let reconnected = *self.reconnected.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((first_take, since)) = reconnected else { return Bygone::default() };
        if since.elapsed() > LATE_TAKES {
            return Bygone::default();
        }
        let is_bygone = |token: &str| take_number(token).is_none_or(|number| number < first_take);
        let known = locks.list().into_iter().filter(|(_, token)| is_bygone(token)).collect();
        Bygone { first_take, known }
    }
}

fn take_number(token: &str) -> Option<u64> {
    token.rsplit_once('.').and_then(|(_, number)| number.parse().ok())
}

/// Gives a sign of life every half second.
pub(super) struct Liveness {
    queue: watch::Receiver<Queue>,
    locks: HeldLocks,
    lifeline: Lifeline,
    subscription: Option<AliveSubscription>,
    renewed: Instant,
    run_id: Option<String>,
    has_entered: bool,
}

impl Liveness {
    pub(super) fn new(queue: watch::Receiver<Queue>, locks: HeldLocks, lifeline: Lifeline) -> Self {
        Self { queue, locks, lifeline, subscription: None, renewed: Instant::now(), run_id: None, has_entered: false }
    }

    async fn beat(&mut self, queue: &Queue) -> Result<Recovered, StoreError> {
        let run_id = match &self.run_id {
            Some(run_id) => run_id.clone(),
            None => self.run_id.insert(queue.run_id().await?).clone(),
        };
        let sign = if self.has_entered { Sign::Beat } else { Sign::Enter };
        let me = Arc::clone(&self.lifeline.incarnation.borrow());
        let recovered = queue.recover_dead(sign, &me, &run_id, &self.lifeline.bygone(&self.locks)).await?;
        self.has_entered = true;
        Ok(recovered)
    }

    async fn subscribe(&mut self, queue: &Queue) -> Result<(), StoreError> {
        if let Some(subscription) = &mut self.subscription
            && !subscription.has_ended()
        {
            if self.renewed.elapsed() > RENEWAL {
                self.renewed = Instant::now();
                if let Err(error) = subscription.renew().await {
                    tracing::debug!(%error, "the subscription broke");
                    self.subscription = None;
                }
            }
            if self.subscription.is_some() {
                return Ok(());
            }
        }
        let me = Arc::clone(&self.lifeline.incarnation.borrow());
        self.subscription = Some(queue.subscribe_alive(&me).await?);
        self.renewed = Instant::now();
        Ok(())
    }

    /// Under a new name: the one before was declared dead, and its jobs were given to others or held.
    fn start_anew(&mut self) {
        match random_name() {
            Ok(name) => {
                tracing::warn!("this worker was silent for so long that it counted as dead: what it had not started was given away");
                self.lifeline.incarnation.send_replace(name.into());
                (self.subscription, self.has_entered) = (None, false);
            }
            Err(error) => tracing::error!(%error, "no random bytes for a new incarnation; trying again"),
        }
    }
}

impl Tick for Liveness {
    const NAME: &'static str = "liveness";

    async fn tick(&mut self) -> Result<Duration, StoreError> {
        if self.queue.has_changed().unwrap_or(false) {
            // Perhaps another process, and on a cluster another node: the subscription goes where the queue is.
            (self.run_id, self.subscription) = (None, None);
        }
        let queue = self.queue.borrow_and_update().clone();
        if !self.has_entered {
            // Who is not subscribed yet and takes could be found dead.
            self.subscribe(&queue).await?;
        }
        let recovered = self.beat(&queue).await?;
        log(&recovered);
        if recovered.was_declared_dead {
            self.start_anew();
            return Ok(Duration::ZERO);
        }
        self.subscribe(&queue).await?;
        Ok(BEAT)
    }
}

fn log(recovered: &Recovered) {
    let Recovered { dead, returned, held, completed, poisonous, .. } = recovered;
    let counts = (returned.len(), held.len(), completed.len());
    if *dead > 0 {
        let (returned, held, completed) = counts;
        tracing::warn!(dead, returned, held, completed, "workers died: jobs that they had not begun to send go on");
    } else if counts.0 > 0 {
        tracing::info!(jobs = counts.0, "went back to the front of their lines: nobody had begun to send them");
    }
    for job in held {
        tracing::error!(%job, "held: nobody knows whether it was sent");
    }
    for job in poisonous {
        tracing::error!(%job, "dead letter: every process that sent it died");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_takes_over_earlier_connections_are_looked_for() {
        let lifeline = Lifeline::new().unwrap();
        assert_eq!(lifeline.bygone(&HeldLocks::default()).first_take, 0);

        lifeline.note_reconnect(7);

        assert_eq!(lifeline.bygone(&HeldLocks::default()).first_take, 7);
        assert_eq!((take_number("wq.abc.12"), take_number("theirs")), (Some(12), None));
    }
}
