//! This file writes down what is said of a job while it runs: its log and its progress.

use super::change::Change;
use super::codec::integer;
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{Arguments, NOTE_JOB};

impl Queue {
    /// Adds a line to the log of a job: [`Change::Done`] or [`Change::NotFound`]. A job that says how many lines it keeps
    /// (`keepLogs`) loses the oldest ones beyond that.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn log(&self, id: &str, line: &str) -> Result<Change, StoreError> {
        self.note("log", id, line).await
    }

    /// Says how far a job is; `progress` is JSON of any kind, which `QueueEvents` hears. As [`Self::log`].
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn progress(&self, id: &str, progress: &serde_json::Value) -> Result<Change, StoreError> {
        self.note("progress", id, &progress.to_string()).await
    }

    async fn note(&self, kind: &str, id: &str, text: &str) -> Result<Change, StoreError> {
        let mut arguments = Arguments::default();
        arguments.push(kind).push(id).push(text);
        let answer = NOTE_JOB.run(&self.link, &self.keys, &arguments).await?;
        Ok(if integer(&answer) == Some(1) { Change::Done } else { Change::NotFound })
    }
}
