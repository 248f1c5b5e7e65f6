//! This file runs the small loops beside the worker: timing, error logging and shutdown, written once.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::core::store::error::StoreError;

/// A loop that does one pass and says when to come again. Tests call `tick`; nobody sleeps.
pub(super) trait Tick: Send {
    /// Its role, for the log.
    const NAME: &'static str;

    /// One pass.
    fn tick(&mut self) -> impl Future<Output = Result<Duration, StoreError>> + Send;
}

/// How long a loop stays away after an error.
const AFTER_ERROR: Duration = Duration::from_millis(200);

/// Runs a loop until it is told to stop.
pub(super) async fn run<T: Tick>(mut service: T, stop: CancellationToken) {
    loop {
        let pause = tokio::select! {
            () = stop.cancelled() => return,
            result = service.tick() => result.unwrap_or_else(|error| {
                tracing::debug!(service = T::NAME, %error, "pass failed, coming again");
                AFTER_ERROR
            }),
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}
