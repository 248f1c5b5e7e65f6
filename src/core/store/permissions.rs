//! This file asks what the user of a connection may not do, of all that `wq` does to a queue.

use super::change::texts;
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{Arguments, CHECK_USER};

/// What a worker needs beside a queue, so that its death is noticed within seconds.
const LIVENESS: [&str; 2] = ["+ssubscribe", "+pubsub|shardnumsub"];

/// Rules of `ACL SETUSER` that a user lacks; none when it may do everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing(pub Vec<String>);

impl Missing {
    /// Whether queues work without them: only a dead worker is noticed later.
    pub fn is_bearable(&self) -> bool {
        self.0.iter().all(|rule| rule.starts_with('&') || LIVENESS.contains(&rule.as_str()))
    }
}

impl Queue {
    /// What the user of this connection lacks. Nothing is tried, so that the server's log stays empty.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn missing_permissions(&self) -> Result<Missing, StoreError> {
        Ok(Missing(texts(CHECK_USER.run(&self.link, &self.keys, &Arguments::default()).await?)))
    }
}
