//! `--watch`: this file repeats a look every so often, until it is interrupted.

use std::time::Duration;

use super::{Exit, shell::Shell};

/// Looks once, or again and again with a pause between. An interrupt ends it as success.
///
/// # Errors
/// When a look fails.
pub async fn every(pause: Option<Duration>, shell: &Shell, mut look: impl AsyncFnMut() -> anyhow::Result<()>) -> anyhow::Result<Exit> {
    let Some(pause) = pause else {
        look().await?;
        return Ok(Exit::Done);
    };
    // One listener for all rounds: an interrupt during a look ends it after that look.
    let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        shell.printer.next_round()?;
        look().await?;
        tokio::select! {
            _ = &mut interrupted => return Ok(Exit::Done),
            () = tokio::time::sleep(pause.max(Duration::from_millis(100))) => {}
        }
    }
}
