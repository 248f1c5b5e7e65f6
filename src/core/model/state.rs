//! This file lists the states of a job, in BullMQ's words.

use std::fmt;
use std::str::FromStr;

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobState {
    /// In `wait` (or in the `paused` list that BullMQ 4 and 5 use): runs next.
    Waiting,
    /// In `prioritized`: runs after everything in `wait`, lowest number first.
    Prioritized,
    /// In `delayed`: runs when it is due.
    Delayed,
    /// In `active`: a worker has it.
    Active,
    /// In `completed`.
    Completed,
    /// In `failed`: a dead letter.
    Failed,
    /// In `waiting-children`: the parent of a flow.
    WaitingChildren,
}

impl JobState {
    /// Every state, in the order of a job's life.
    pub const ALL: [Self; 7] =
        [Self::Waiting, Self::Prioritized, Self::Delayed, Self::Active, Self::Completed, Self::Failed, Self::WaitingChildren];

    /// BullMQ's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Prioritized => "prioritized",
            Self::Delayed => "delayed",
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::WaitingChildren => "waiting-children",
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The word names no state.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no state; the states are waiting, prioritized, delayed, active, completed, failed, waiting-children")]
pub struct StateError(String);

impl FromStr for JobState {
    type Err = StateError;

    fn from_str(word: &str) -> Result<Self, StateError> {
        match word {
            "wait" => Ok(Self::Waiting),
            "dead" | "dlq" => Ok(Self::Failed),
            _ => Self::ALL.into_iter().find(|state| state.as_str() == word).ok_or_else(|| StateError(word.to_owned())),
        }
    }
}
