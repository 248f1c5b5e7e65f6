//! This file brings back jobs whose worker is gone, by BullMQ's rules.

use std::time::Duration;

use tokio::sync::watch;

use super::service::Tick;
use crate::core::store::Queue;
use crate::core::store::error::StoreError;

/// Makes a stalled pass every interval; over all workers of the queue only one of them counts.
pub(super) struct Rescuer {
    pub(super) queue: watch::Receiver<Queue>,
    pub(super) interval: Duration,
}

impl Tick for Rescuer {
    const NAME: &'static str = "rescuer";

    async fn tick(&mut self) -> Result<Duration, StoreError> {
        let queue = self.queue.borrow().clone();
        let recovered = queue.recover_stalled(self.interval).await?;
        if !recovered.is_empty() {
            tracing::warn!(jobs = recovered.len(), "stalled jobs went back to wait: their worker is gone");
        }
        Ok(self.interval)
    }
}
