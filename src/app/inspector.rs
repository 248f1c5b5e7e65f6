//! This file finds jobs: listings with a filter, cursors that a person can pass on, and honest bounds.

use crate::core::model::filter::Filter;
use crate::core::model::job::JobRecord;
use crate::core::model::state::JobState;
use crate::core::store::Queue;
use crate::core::store::error::StoreError;

use super::error::{AppError, Kind};

/// Jobs that one round trip looks at.
const BATCH: u64 = 500;

/// What to look for.
#[derive(Clone, Debug)]
pub struct Search {
    /// Where; in this order.
    pub states: Vec<JobState>,
    /// What must hold.
    pub filter: Filter,
    /// Most that are found.
    pub limit: u64,
    /// Most that are looked at.
    pub scan_limit: u64,
    /// Where to go on.
    pub from: Cursor,
}

/// A place in a listing: a state and how many of it were passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Cursor {
    state: Option<JobState>,
    offset: u64,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.state.map_or("", JobState::as_str), self.offset)
    }
}

impl std::str::FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("{text:?} is no cursor; pass on what the last page said");
        let (state, offset) = text.split_once(':').ok_or_else(refuse)?;
        Ok(Self { state: Some(state.parse().map_err(|_| refuse())?), offset: offset.parse().map_err(|_| refuse())? })
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// In the order of the states, and within each as [`Queue::page`] orders them.
    pub jobs: Vec<JobRecord>,
    /// How many were looked at.
    pub scanned: u64,
    /// How many there are in those states.
    pub total: u64,
    /// Where the next page begins; `None` when everything was looked at.
    pub next: Option<Cursor>,
}

/// Looks for jobs, a batch at a time.
///
/// # Errors
/// When the server can't be asked.
pub async fn search(queue: &Queue, search: &Search) -> Result<Found, StoreError> {
    let (counts, now) = (queue.counts().await?, queue.server_now().await?);
    let possible = search.filter.states();
    let states: Vec<JobState> = search.states.iter().copied().filter(|state| possible.contains(state)).collect();
    let mut found = Found { total: states.iter().map(|state| counts.of(*state)).sum(), ..Found::default() };
    let begin = search.from.state.and_then(|state| states.iter().position(|other| *other == state)).unwrap_or(0);
    for (index, state) in states.iter().copied().enumerate().skip(begin) {
        let mut offset = if index == begin { search.from.offset } else { 0 };
        loop {
            let room = search.limit - found.jobs.len() as u64;
            if room == 0 || found.scanned >= search.scan_limit {
                found.next = Some(Cursor { state: Some(state), offset });
                return Ok(found);
            }
            // Without a filter no more is fetched than shown.
            let batch = BATCH.min(search.scan_limit - found.scanned).min(if search.filter == Filter::default() { room } else { BATCH });
            let page = queue.page(state, offset, batch).await?;
            if page.is_empty() {
                break;
            }
            for job in page {
                if found.jobs.len() as u64 == search.limit {
                    break;
                }
                offset += 1;
                found.scanned += 1;
                if search.filter.matches(&job, now) {
                    found.jobs.push(job);
                }
            }
        }
    }
    Ok(found)
}

/// One job.
///
/// # Errors
/// When it doesn't exist.
pub async fn job(queue: &Queue, id: &str) -> Result<JobRecord, AppError> {
    queue.job(id).await?.ok_or_else(|| {
        AppError::new(Kind::NotFound, format!("no job {id:?} in the queue {}", queue.name())).with_hint("list them with: wq jobs list")
    })
}
