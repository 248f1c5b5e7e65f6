//! `--watch`: this file repeats a look every so often, until it is interrupted.

use std::time::Duration;

use clap::Args;

use super::time::parse_duration;
use super::{Exit, shell::Shell};

/// The shortest pause between two looks.
const SHORTEST: Duration = Duration::from_millis(100);

/// Whether a command that looks at something looks once.
#[derive(Args, Clone, Copy, Debug)]
pub struct Watch {
    /// Look again every so often
    #[arg(long = "watch", value_name = "TIME", num_args = 0..=1, default_missing_value = "5s", value_parser = parse_duration)]
    pause: Option<Duration>,
}

impl Watch {
    /// Whether there will be more than one look.
    pub fn is_on(self) -> bool {
        self.pause.is_some()
    }

    /// Looks once, or again and again with a pause between. An interrupt ends it as success.
    ///
    /// # Errors
    /// When a look fails.
    pub async fn every(self, shell: &Shell, mut look: impl AsyncFnMut() -> anyhow::Result<()>) -> anyhow::Result<Exit> {
        let Some(pause) = self.pause else {
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
                () = tokio::time::sleep(pause.max(SHORTEST)) => {}
            }
        }
    }
}
