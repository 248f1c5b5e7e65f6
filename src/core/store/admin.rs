//! This file sets the limits of a queue: rate, global concurrency.

use super::error::StoreError;
use super::queue::Queue;
use crate::core::model::rate::Rate;

impl Queue {
    /// Sets the queue's own rate, which every `wq` worker keeps; `None` takes it away.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn set_rate(&self, rate: Option<Rate>) -> Result<(), StoreError> {
        let key = self.keys.ours("rate");
        let command = match rate {
            Some(rate) => redis::cmd("HSET").arg(key).arg("max").arg(rate.max).arg("duration_ms").arg(rate.window_ms()).clone(),
            // The tempo, and what stepped aside, are fields of the same hash.
            None => redis::cmd("HDEL").arg(key).arg("max").arg("duration_ms").clone(),
        };
        self.link.clone().query(&command).await
    }

    /// Sets how many jobs may be active over all workers, Node's too; `None` takes the limit away.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn set_concurrency(&self, most: Option<u32>) -> Result<(), StoreError> {
        let key = self.keys.bullmq("meta");
        let command = match most {
            Some(most) => redis::cmd("HSET").arg(key).arg("concurrency").arg(most).clone(),
            None => redis::cmd("HDEL").arg(key).arg("concurrency").clone(),
        };
        self.link.clone().query(&command).await
    }
}
