//! This file shows that a worker lives, and lets the jobs of dead ones go on: within about two seconds, by whoever lives.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::held_locks::HeldLocks;
use super::service::Tick;
use crate::core::model::id::random_name;
use crate::core::store::Queue;
use crate::core::store::alive::AliveSubscription;
use crate::core::store::error::StoreError;
use crate::core::store::recover::{Bygone, Recovered, Sign, Subscribed};

/// Between two signs of life.
const BEAT: Duration = Duration::from_millis(500);
/// How often the silent connection of the subscription is used, and how soon a subscription is asked for again that was refused.
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
    /// Signs of life don't come through.
    is_lost: Arc<Notify>,
}

impl Lifeline {
    /// A new incarnation.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        Ok(Self { incarnation: watch::Sender::new(random_name()?.into()), reconnected: Arc::default(), is_lost: Arc::default() })
    }

    /// Hears of every new incarnation: what the one before has not started is no longer the worker's.
    pub(super) fn incarnations(&self) -> watch::Receiver<Arc<str>> {
        self.incarnation.subscribe()
    }

    /// Takes before this one went over a connection that is lost: they may be carried out late, and nobody hears of them.
    pub(super) fn note_reconnect(&self, first_take: u64) {
        *self.reconnected.lock().unwrap_or_else(PoisonError::into_inner) = Some((first_take, Instant::now()));
    }

    /// When a sign of life did not come through. A worker whose slots are all sending would not notice otherwise.
    pub(super) async fn lost(&self) {
        self.is_lost.notified().await;
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
    /// When to look after the subscription again.
    next_look: Instant,
    is_refusal_told: bool,
    run_id: Option<String>,
    has_entered: bool,
}

impl Liveness {
    pub(super) fn new(queue: watch::Receiver<Queue>, locks: HeldLocks, lifeline: Lifeline) -> Self {
        let (subscription, next_look) = (None, Instant::now());
        Self { queue, locks, lifeline, subscription, next_look, is_refusal_told: false, run_id: None, has_entered: false }
    }

    async fn beat(&mut self, queue: &Queue) -> Result<Recovered, StoreError> {
        let run_id = match &self.run_id {
            Some(run_id) => run_id.clone(),
            None => self.run_id.insert(queue.run_id().await?).clone(),
        };
        let is_subscribed = self.subscription.as_ref().is_some_and(|subscription| !subscription.has_ended());
        let subscribed = if is_subscribed { Subscribed::Yes } else { Subscribed::No };
        let sign = if self.has_entered { Sign::Beat(subscribed) } else { Sign::Enter(subscribed) };
        let me = Arc::clone(&self.lifeline.incarnation.borrow());
        let recovered = queue.recover_dead(sign, &me, &run_id, &self.lifeline.bygone(&self.locks)).await?;
        self.has_entered = true;
        Ok(recovered)
    }

    /// Subscribes where the queue is now, or sees to it that the subscription lasts. A worker that may not subscribe goes on.
    ///
    /// # Errors
    /// When it may work in a moment.
    async fn subscribe(&mut self, queue: &Queue) -> Result<(), StoreError> {
        if self.subscription.as_ref().is_some_and(AliveSubscription::has_ended) {
            (self.subscription, self.next_look) = (None, Instant::now());
        }
        if Instant::now() < self.next_look {
            return Ok(());
        }
        let me = Arc::clone(&self.lifeline.incarnation.borrow());
        let result = match self.subscription.take() {
            Some(mut subscription) => subscription.renew(queue).await.map(|()| subscription),
            None => queue.subscribe_alive(&me).await,
        };
        match result {
            Ok(subscription) => (self.subscription, self.is_refusal_told) = (Some(subscription), false),
            Err(error) if error.is_passing() => return Err(error),
            Err(error) => self.tell_refusal(&error),
        }
        self.next_look = Instant::now() + RENEWAL;
        Ok(())
    }

    /// Once, until it works.
    fn tell_refusal(&mut self, error: &StoreError) {
        if std::mem::replace(&mut self.is_refusal_told, true) {
            return;
        }
        let cure = match error {
            StoreError::Forbidden { .. } => "; its user needs &wq:PREFIX:* +ssubscribe +pubsub|shardnumsub (docs/security.md)",
            _ => "",
        };
        tracing::warn!(%error, "no subscription: if this worker dies, its jobs go on after 15 s instead of 2 s{cure}");
    }

    /// Under a new name: the one before was declared dead, and its jobs were given to others or held.
    fn start_anew(&mut self) {
        match random_name() {
            Ok(name) => {
                tracing::warn!("this worker was silent for so long that it counted as dead: what it had not started was given away");
                self.lifeline.incarnation.send_replace(name.into());
                (self.subscription, self.next_look, self.has_entered) = (None, Instant::now(), false);
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
            (self.run_id, self.subscription, self.next_look) = (None, None, Instant::now());
        }
        let queue = self.queue.borrow_and_update().clone();
        if !self.has_entered {
            // Who is not subscribed yet and takes could be found dead.
            self.subscribe(&queue).await?;
        }
        let recovered = self.beat(&queue).await.inspect_err(|error| {
            if error.is_connection_lost() {
                self.lifeline.is_lost.notify_one();
            }
        })?;
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
