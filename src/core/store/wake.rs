//! This file waits for work: the one blocking connection of a worker, by whose name BullMQ finds it.

use std::time::Duration;

use redis::Value;

use super::codec::{array, text};
use super::connect::{Link, ServerAddress};
use super::error::StoreError;
use super::queue::Queue;
use crate::core::model::clock::Millis;

/// How much longer than asked a blocking call may take before its connection counts as dead.
const GRACE: Duration = Duration::from_secs(2);

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Something may be ready.
    Ready,
    /// A delayed job is due at this moment of the server's clock.
    DueAt(Millis),
    /// Nothing for as long as asked.
    TimedOut,
}

/// A worker's own blocking connection.
#[derive(Debug)]
pub struct Waker {
    link: Link,
    marker: String,
}

impl Waker {
    /// Connects and makes the worker known by its name.
    ///
    /// # Errors
    /// When the server can't be reached.
    pub async fn connect(server: &ServerAddress, queue: &Queue, worker: Option<&str>) -> Result<Self, StoreError> {
        let mut link = server.connect_blocking().await?;
        let name = queue.client_name(worker);
        link.query::<()>(redis::cmd("CLIENT").arg("SETNAME").arg(name)).await?;
        Ok(Self { link, marker: queue.keys.bullmq("marker") })
    }

    /// Waits up to `most` for the marker.
    ///
    /// # Errors
    /// When the connection broke, or gave no answer within two seconds more than asked.
    pub async fn wait(&mut self, most: Duration) -> Result<Wake, StoreError> {
        let command = redis::cmd("BZPOPMIN").arg(&self.marker).arg(most.as_secs_f64()).clone();
        let server = self.link.server().to_string();
        let Ok(answer) = tokio::time::timeout(most + GRACE, self.link.query::<Value>(&command)).await else {
            return Err(StoreError::TimedOut { server });
        };
        let mut parts = array(answer?).unwrap_or_default().into_iter().skip(2).filter_map(text);
        let Some(score) = parts.next().and_then(|score| score.parse::<f64>().ok()) else { return Ok(Wake::TimedOut) };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a moment in ms, checked to be positive")]
        Ok(if score > 0.0 { Wake::DueAt(score as Millis) } else { Wake::Ready })
    }
}
