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
    loop {
        shell.printer.next_round()?;
        look().await?;
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(Exit::Done),
            () = tokio::time::sleep(pause.max(Duration::from_millis(100))) => {}
        }
    }
}
