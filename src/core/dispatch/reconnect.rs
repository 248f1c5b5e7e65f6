//! This file comes back to a server that went away.

use std::time::Duration;

use tokio::time::Instant;

use super::worker::Worker;
use crate::core::store::Queue;
use crate::core::store::error::StoreError;

/// Pauses between tries: at most 200 ms apart for the first ten seconds, then one second.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    since: Option<Instant>,
    last: Duration,
}

const SHORTEST: Duration = Duration::from_millis(20);
const LONGEST_AT_FIRST: Duration = Duration::from_millis(200);
const AT_FIRST: Duration = Duration::from_secs(10);
const LATER: Duration = Duration::from_secs(1);

impl Backoff {
    /// How long to stay away before the next try.
    pub(super) fn next_pause(&mut self) -> Duration {
        let since = *self.since.get_or_insert_with(Instant::now);
        let longest = if since.elapsed() < AT_FIRST { LONGEST_AT_FIRST } else { LATER };
        self.last = (self.last * 2).clamp(SHORTEST, longest);
        self.last.mul_f64(0.75 + super::random() / 4.0)
    }

    /// It worked.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

impl Worker {
    /// Comes back if its own connection is gone, too. While every slot sends it asks nothing by itself.
    pub(super) async fn try_connection(&mut self) {
        let (queue, stop) = (self.queue.clone(), self.stop.clone());
        let answer = tokio::select! {
            () = stop.cancelled() => return,
            answer = queue.touch() => answer,
        };
        if let Err(error) = answer {
            self.recover(&error).await;
        }
    }
}

/// Connects until it works; the first failure and the success are logged.
pub(super) async fn reconnect(queue: &Queue) -> Queue {
    let server = queue.link().server().clone();
    let (mut backoff, started) = (Backoff::default(), Instant::now());
    loop {
        match server.connect_once().await {
            Ok(link) => {
                tracing::info!(%server, after_ms = started.elapsed().as_millis(), "connected again");
                return queue.over(link);
            }
            Err(error) => log_failure(&error, backoff.since.is_none()),
        }
        tokio::time::sleep(backoff.next_pause()).await;
    }
}

fn log_failure(error: &StoreError, is_first: bool) {
    if is_first {
        tracing::warn!(%error, "the connection is gone; trying to come back");
    } else {
        tracing::debug!(%error, "still no connection");
    }
}
