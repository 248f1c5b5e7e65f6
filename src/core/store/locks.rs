//! This file keeps the locks of running jobs alive and brings jobs back whose worker is gone.

use std::sync::Arc;
use std::time::Duration;

use super::codec::{array, text};
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{Arguments, EXTEND_LOCKS, RECOVER_STALLED};

/// BullMQ's `maxStalledCount`: a job that stalls once more is failed.
const MAX_STALLED: u32 = 1;

impl Queue {
    /// Renews the locks of these jobs (id and token); returns the ids that are no longer this worker's.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn extend_locks(&self, jobs: &[(String, Arc<str>)], lock_ttl: Duration) -> Result<Vec<String>, StoreError> {
        let mut arguments = Arguments::default();
        arguments.number(lock_ttl.as_millis());
        for (id, token) in jobs {
            arguments.push(id.as_str()).push(&**token);
        }
        let answer = EXTEND_LOCKS.run(&self.link, &self.keys, &arguments).await?;
        let lost = array(answer).ok_or_else(|| EXTEND_LOCKS.unexpected("no array"))?;
        Ok(lost.into_iter().filter_map(text).collect())
    }

    /// One stalled pass by BullMQ's rules, at most one per interval over all workers; returns the ids that went back.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn recover_stalled(&self, interval: Duration) -> Result<Vec<String>, StoreError> {
        let mut arguments = Arguments::default();
        arguments.number(interval.as_millis()).number(MAX_STALLED);
        let answer = RECOVER_STALLED.run(&self.link, &self.keys, &arguments).await?;
        let recovered = array(answer).ok_or_else(|| RECOVER_STALLED.unexpected("no array"))?;
        Ok(recovered.into_iter().filter_map(text).collect())
    }
}
