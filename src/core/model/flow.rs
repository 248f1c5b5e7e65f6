//! This file describes a flow: a parent with its children, each of which may be a parent itself.

use super::job::NewJob;
use super::queue::QueueName;

/// The most jobs of one flow: it is added by one script, which holds up the server for a few milliseconds.
pub const MAX_FLOW_JOBS: usize = 1000;
/// The most data of one flow, in bytes of JSON text.
pub const MAX_FLOW_BYTES: usize = 16 * 1024 * 1024;

/// What a child that failed for good does to its parent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// Nothing: the parent waits until somebody retries or removes the child.
    #[default]
    Wait,
    /// The parent fails too, without being sent.
    FailParent,
    /// The parent runs at once, even when other children are not finished.
    ContinueParent,
    /// The parent runs without it, and is told the reason.
    Ignore,
    /// The parent runs without it, as if it had never been.
    Remove,
}

impl OnFailure {
    /// BullMQ's name for it in the options of a job, and the short one that it stores; `None` for [`Self::Wait`].
    pub fn option_names(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Wait => None,
            Self::FailParent => Some(("failParentOnFailure", "fpof")),
            Self::ContinueParent => Some(("continueParentOnFailure", "cpof")),
            Self::Ignore => Some(("ignoreDependencyOnFailure", "idof")),
            Self::Remove => Some(("removeDependencyOnFailure", "rdof")),
        }
    }

    /// Every one but [`Self::Wait`].
    pub const ALL: [Self; 4] = [Self::FailParent, Self::ContinueParent, Self::Ignore, Self::Remove];
}

impl std::str::FromStr for OnFailure {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "wait" => Ok(Self::Wait),
            "fail-parent" => Ok(Self::FailParent),
            "continue-parent" => Ok(Self::ContinueParent),
            "ignore" => Ok(Self::Ignore),
            "remove" => Ok(Self::Remove),
            _ => {
                Err(format!("{word:?} is no word for what a failure does; there are fail-parent, continue-parent, ignore, remove and wait"))
            }
        }
    }
}

/// A job of a flow that is about to be added.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowJob {
    /// Its queue; all queues of a flow have one prefix.
    pub queue: QueueName,
    /// The job.
    pub job: NewJob,
    /// What its failure does to its parent.
    pub on_failure: OnFailure,
    /// Its parent's place in the list, which is before its own; `None` for the one at the top.
    pub parent: Option<usize>,
}

/// What adding a flow did with one of its jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowStatus {
    /// It is in its queue and was not before.
    Stored,
    /// It was there before, or had been when its parent still waited for it; it is its parent's child now.
    Duplicate,
    /// It is not there: its parent was there before, and no longer waits for children.
    Skipped,
}

/// How adding a flow ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowAdded {
    /// All of it is stored; one answer a job.
    Done(Vec<FlowStatus>),
    /// Nothing was stored: a job is the child of another parent already.
    Taken {
        /// The job's place in the list.
        index: usize,
        /// The key of its parent.
        parent: String,
    },
}

/// How a parent stands to one of its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits for it.
    Pending,
    /// It has its return value.
    Completed,
    /// The child failed, and the parent may do without it.
    Ignored,
    /// The child failed, and the parent fails with it.
    FailedParent,
}

impl Standing {
    /// One word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Ignored => "ignored",
            Self::FailedParent => "failed-parent",
        }
    }
}
