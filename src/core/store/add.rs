//! This file adds jobs: many in one script, all or nothing, safe to repeat.

use super::codec::{array, integer, options_json};
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{ADD_JOBS, Arguments};
use crate::core::model::job::{AddStatus, JobOptions, NewJob, Start};

/// The most jobs that one call adds. A script of 500 takes 2 to 4 ms of the server; beyond 100 nothing more is won.
pub const MAX_ADD_BATCH: usize = 500;

/// What `meta.library` says where no other program wrote it.
pub(super) const LIBRARY: &str = concat!("wq:", env!("CARGO_PKG_VERSION"));

/// Whether the ids are row ids that are never to be added again, even when their jobs are long gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ledger {
    /// Look the ids up in the ledger and write them down.
    Record,
    /// Only the jobs that exist now count.
    Skip,
}

impl Queue {
    /// Adds up to [`MAX_ADD_BATCH`] jobs; the answer tells for each whether it was stored or was there before.
    ///
    /// All or nothing, and safe to repeat after a lost answer: ids that are stored are found again as duplicates.
    ///
    /// # Errors
    /// When the server can't be reached or refuses to store; then nothing of this call was stored, unless the
    /// connection was lost, when it may have been.
    pub async fn add(&self, jobs: &[NewJob], ledger: Ledger) -> Result<Vec<AddStatus>, StoreError> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let answer = ADD_JOBS.run(&self.link, &self.keys, &add_arguments(jobs, ledger)).await?;
        let statuses = array(answer).ok_or_else(|| ADD_JOBS.unexpected("no array"))?;
        if statuses.len() != jobs.len() {
            return Err(ADD_JOBS.unexpected(format!("{} statuses for {} jobs", statuses.len(), jobs.len())));
        }
        Ok(statuses.iter().map(|status| if integer(status) == Some(1) { AddStatus::Stored } else { AddStatus::Duplicate }).collect())
    }
}

/// Name and options of most jobs in a batch are the same: each distinct pair is sent once, as a shape.
fn add_arguments(jobs: &[NewJob], ledger: Ledger) -> Arguments {
    let mut shapes: Vec<(&str, &JobOptions)> = Vec::new();
    let numbers: Vec<usize> = jobs
        .iter()
        .map(|job| {
            let shape = (job.name.as_str(), &job.options);
            // The last shapes are the likeliest; a batch of all different ones must not become quadratic.
            if let Some(from_end) = shapes.iter().rev().take(8).position(|other| *other == shape) {
                return shapes.len() - from_end;
            }
            shapes.push(shape);
            shapes.len()
        })
        .collect();

    let mut arguments = Arguments::default();
    arguments.push(LIBRARY).push(if ledger == Ledger::Record { "1" } else { "0" }).number(shapes.len());
    for (name, options) in shapes {
        let (start, ms) = match options.start {
            Start::Now => ("now", 0),
            Start::After(delay) => ("after", u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
            Start::At(ms) => ("at", ms),
        };
        arguments
            .push(name)
            .push(options_json(options))
            .number(options.priority.map_or(0, super::super::model::priority::Priority::number));
        arguments.push(if options.lifo { "1" } else { "0" }).push(start).number(ms);
    }
    for (job, number) in jobs.iter().zip(numbers) {
        arguments.push(job.id.as_str()).push(job.data.as_str()).number(number);
    }
    arguments
}
