//! This file renews the locks of the jobs that a worker holds.

use std::time::Duration;

use tokio::sync::watch;

use super::held_locks::HeldLocks;
use super::service::Tick;
use crate::core::store::Queue;
use crate::core::store::error::StoreError;

/// Renews all locks four times within their life.
pub(super) struct Heartbeat {
    pub(super) queue: watch::Receiver<Queue>,
    pub(super) locks: HeldLocks,
    pub(super) lock_ttl: Duration,
}

impl Tick for Heartbeat {
    const NAME: &'static str = "heartbeat";

    async fn tick(&mut self) -> Result<Duration, StoreError> {
        let held = self.locks.list();
        if !held.is_empty() {
            let queue = self.queue.borrow().clone();
            let lost = queue.extend_locks(&held, self.lock_ttl).await?;
            // Jobs that were settled while the call was under way are no longer ours and not lost.
            let still_held = self.locks.list();
            for id in lost.iter().filter(|id| still_held.iter().any(|(held, _)| held == *id)) {
                tracing::warn!(job = %id, "its lock is gone: another worker may have it; what becomes of it here is dropped");
            }
        }
        Ok(self.lock_ttl / 4)
    }
}
