//! This file reads where a worker keeps its journal of sends, and what it waits for before each.

use std::path::PathBuf;

use clap::ValueEnum;
use etcetera::BaseStrategy;

use super::super::settings::environment;
use crate::app::error::{AppError, Kind};
use crate::core::dispatch::JournalRules;
use crate::core::dispatch::journal::JournalSync;

/// The words after `--durability`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum How {
    #[default]
    Fast,
    Fsync,
}

/// The flags.
#[derive(Debug, clap::Args)]
pub(super) struct JournalFlags {
    /// Where its journal is [default: ~/.local/state/wq]
    #[arg(long, value_name = "DIR", env = "WQ_STATE_DIR", hide_env = true)]
    state_dir: Option<PathBuf>,
    /// fast, or fsync: a send waits for the disk
    #[arg(long, value_name = "HOW", default_value = "fast", hide_possible_values = true)]
    durability: How,
}

impl JournalFlags {
    /// Where and how a journal is kept; nothing for a worker that sends nothing.
    ///
    /// # Errors
    /// When the user has no home folder and none was named.
    pub(super) fn rules(&self, sends_nothing: bool) -> Result<Option<JournalRules>, AppError> {
        if sends_nothing {
            return Ok(None);
        }
        let state = match &self.state_dir {
            Some(folder) => std::path::absolute(folder).map_err(|error| no_folder(&error))?,
            None => default_state_dir()?,
        };
        let sync = match self.durability {
            How::Fast => JournalSync::System,
            How::Fsync => JournalSync::Disk,
        };
        Ok(Some(JournalRules { folder: state.join("journal"), sync }))
    }
}

/// The user's own; root's is the machine's.
fn default_state_dir() -> Result<PathBuf, AppError> {
    if rustix::process::geteuid().is_root() && environment("XDG_STATE_HOME").is_none() {
        return Ok(PathBuf::from("/var/lib/wq"));
    }
    let user = etcetera::base_strategy::Xdg::new().map_err(|error| no_folder(&error))?;
    Ok(user.state_dir().unwrap_or_else(|| user.data_dir()).join("wq"))
}

fn no_folder(error: &dyn std::fmt::Display) -> AppError {
    AppError::new(Kind::Usage, format!("no place for the journal: {error}")).with_hint("--state-dir DIR names one")
}
