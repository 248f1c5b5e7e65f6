//! This file adds jobs: many in one script, all or nothing, safe to repeat.

use std::collections::HashSet;

use redis::Value;

use super::codec::{array, is_number_of_all, options_before_deduplication_id, options_json, text, unsigned};
use super::error::StoreError;
use super::queue::Queue;
use super::repeats::CallName;
use super::scripts::{ADD_JOBS, Arguments};
use super::terms::Room;
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
    /// As [`Self::add_as`], for a call that is not repeated.
    ///
    /// # Errors
    /// As [`Self::add_as`].
    pub async fn add(&self, jobs: &[NewJob], ledger: Ledger) -> Result<Vec<AddStatus>, StoreError> {
        self.add_as(&CallName::none(), jobs, ledger).await
    }

    /// Adds up to [`MAX_ADD_BATCH`] jobs; the answer tells for each whether it was stored or was there before.
    ///
    /// All or nothing, and safe to repeat under the same name after a lost answer: then the answer is that of the first call.
    ///
    /// # Errors
    /// When the server can't be reached or refuses to store, or the queue is full by its [`Terms`](super::Terms); then nothing of
    /// this call was stored, unless the connection was lost, when it may have been. [`StoreError::Unconfirmed`]: all of it was.
    pub async fn add_as(&self, call: &CallName, jobs: &[NewJob], ledger: Ledger) -> Result<Vec<AddStatus>, StoreError> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let answer = self.run_on_terms(&ADD_JOBS, &add_arguments(call, jobs, ledger, self.room)).await?;
        if is_number_of_all(&answer, jobs.len()) {
            return Ok(vec![AddStatus::Stored; jobs.len()]);
        }
        let mut statuses = array(answer).ok_or_else(|| ADD_JOBS.unexpected("neither an array nor the number of jobs"))?;
        if let Some(refusal) = statuses.pop_if(|answer| matches!(answer, Value::Array(_))) {
            return Err(full(refusal, self.room).unwrap_or_else(|| ADD_JOBS.unexpected("another shape")));
        }
        if statuses.len() != jobs.len() {
            return Err(ADD_JOBS.unexpected(format!("{} statuses for {} jobs", statuses.len(), jobs.len())));
        }
        statuses.into_iter().map(add_status).collect()
    }
}

/// The script stored nothing because of { what, room, amount }.
fn full(refusal: Value, limits: Room) -> Option<StoreError> {
    let [what, room, amount]: [Value; 3] = array(refusal)?.try_into().ok()?;
    let (room, amount) = (usize::try_from(unsigned(&room)).ok()?, unsigned(&amount));
    let problem = match text(what)?.as_str() {
        "bytes" => format!("Redis uses {amount} bytes of memory, more than the {} allowed", limits.max_bytes?),
        _ => format!("{amount} jobs wait, and no more than {} may", limits.max_waiting?),
    };
    Some(StoreError::Full { problem, room })
}

fn add_status(answer: Value) -> Result<AddStatus, StoreError> {
    match answer {
        Value::Int(1) => Ok(AddStatus::Stored),
        Value::Int(0) => Ok(AddStatus::Duplicate),
        owner => text(owner).map(|by| AddStatus::Deduplicated { by }).ok_or_else(|| ADD_JOBS.unexpected("no status")),
    }
}

/// Whether two jobs differ in nothing but id, data and deduplication id, all of which are sent with each job.
fn are_alike(one: &JobOptions, other: &JobOptions) -> bool {
    match (&one.deduplication, &other.deduplication) {
        (None, None) => one == other,
        (Some(rules), Some(others)) if rules.rules == others.rules => {
            rules.id == others.id && one == other || {
                let without_id = |options: &JobOptions| JobOptions { deduplication: None, ..options.clone() };
                without_id(one) == without_id(other)
            }
        }
        _ => false,
    }
}

/// Name and options of most jobs in a batch are the same: each distinct pair is sent once, as a shape.
fn add_arguments(call: &CallName, jobs: &[NewJob], ledger: Ledger, room: Room) -> Arguments {
    let mut shapes: Vec<(&str, &JobOptions)> = Vec::new();
    let numbers: Vec<usize> = jobs
        .iter()
        .map(|job| {
            // The last shapes are the likeliest; a batch of all different ones must not become quadratic.
            let is_same = |other: &&(&str, &JobOptions)| other.0 == job.name && are_alike(other.1, &job.options);
            if let Some(from_end) = shapes.iter().rev().take(8).position(|other| is_same(&other)) {
                return shapes.len() - from_end;
            }
            shapes.push((job.name.as_str(), &job.options));
            shapes.len()
        })
        .collect();

    let mut arguments = Arguments::default();
    let deduplicated = || jobs.iter().enumerate().filter_map(|(place, job)| Some((place + 1, job.options.deduplication.as_ref()?)));
    arguments.push(LIBRARY).push(if ledger == Ledger::Record { "1" } else { "0" }).number(shapes.len());
    arguments.push(if ids_repeat(jobs) { "1" } else { "0" }).number(deduplicated().count());
    arguments.number(room.max_waiting.unwrap_or(0)).number(room.max_bytes.unwrap_or(0));
    call.write(&mut arguments);
    let is_uniform = shapes.len() == 1;
    for (name, options) in shapes {
        let (start, ms) = how_it_starts(options);
        let rules = options.deduplication.as_ref().map(|deduplication| deduplication.rules);
        arguments
            .push(name)
            .push(if rules.is_some() { options_before_deduplication_id(options) } else { options_json(options) })
            .number(options.priority.map_or(0, super::super::model::priority::Priority::number));
        arguments.push(if options.lifo { "1" } else { "0" }).push(start).number(ms);
        let rules = rules.unwrap_or_default();
        arguments.push(rules.words().collect::<Vec<_>>().join(" ")).number(rules.ttl_ms());
    }
    for (place, deduplication) in deduplicated() {
        arguments.number(place).push(deduplication.id.as_str());
    }
    for (job, number) in jobs.iter().zip(numbers) {
        arguments.push(job.id.as_str()).push(job.data.as_str());
        if !is_uniform {
            arguments.number(number);
        }
    }
    arguments
}

fn ids_repeat(jobs: &[NewJob]) -> bool {
    let mut seen = HashSet::with_capacity(jobs.len());
    !jobs.iter().all(|job| seen.insert(job.id.as_str()))
}

/// When a new job may run, as the scripts that add read it.
pub(super) fn how_it_starts(options: &JobOptions) -> (&'static str, u64) {
    match options.start {
        Start::Now => ("now", 0),
        Start::After(delay) => ("after", u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
        Start::At(ms) => ("at", ms),
    }
}
