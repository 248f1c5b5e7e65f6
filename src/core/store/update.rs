//! This file changes what one job says, how urgent it is and when it is due.

use super::change::Change;
use super::codec::integer;
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{Arguments, UPDATE_JOB};
use crate::core::model::job::Start;
use crate::core::model::priority::Priority;

/// What is changed about a job; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobUpdate {
    /// JSON text. A worker that has the job already goes on with what it read.
    pub data: Option<String>,
    /// A job that waits moves to its new line; any other has it for when it waits again.
    pub priority: Option<Priority>,
    /// With a priority: to the front of the new line.
    pub lifo: bool,
    /// When a delayed job is due, from now ([`Start::Now`] too) or at a moment.
    pub start: Option<Start>,
}

impl Queue {
    /// Changes a job, all that `update` says or nothing; `dry_run` only says what would come of it.
    /// [`Change::WrongState`] when it is not delayed and is to be due at another time.
    ///
    /// Safe to repeat after a lost answer.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn update(&self, id: &str, update: &JobUpdate, dry_run: bool) -> Result<Change, StoreError> {
        let (start, ms) = match update.start {
            None => ("", 0),
            Some(Start::Now) => ("after", 0),
            Some(Start::After(delay)) => ("after", u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
            Some(Start::At(ms)) => ("at", ms),
        };
        let mut arguments = Arguments::default();
        arguments.push(id).push(update.data.as_deref().unwrap_or_default());
        arguments.push(update.priority.map_or_else(String::new, |priority| priority.number().to_string()));
        arguments.push(if update.lifo { "1" } else { "0" }).push(start).number(ms).push(if dry_run { "1" } else { "0" });
        let answer = UPDATE_JOB.run(&self.link, &self.keys, &arguments).await?;
        Ok(Change::from_code(integer(&answer)))
    }
}
