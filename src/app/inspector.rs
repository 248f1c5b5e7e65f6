//! This file finds jobs: listings with a filter, cursors that a person can pass on, and honest bounds.

use std::collections::HashSet;

use crate::core::model::filter::Filter;
use crate::core::model::job::JobRecord;
use crate::core::model::state::JobState;
use crate::core::store::{Change, Queue};

use super::error::{AppError, Kind};

/// Jobs that one round trip looks at.
const BATCH: u64 = 500;
/// Jobs of which one round trip brings what a filter asks for.
const JUDGED_BATCH: u64 = 2000;
/// Ids that one round trip brings, where nothing but ids is wanted.
const ID_BATCH: u64 = 5000;

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

/// How far a look went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// How many were found.
    pub found: u64,
    /// How many were looked at.
    pub scanned: u64,
    /// How many there are in those states.
    pub total: u64,
    /// Where the next page begins; `None` when everything was looked at.
    pub next: Option<Cursor>,
}

/// Looks for jobs, a batch at a time, and hands over each that is found: in the order of the states, and within each as
/// [`Queue::page`] orders them. A job that moves while this goes on is handed over once; it may be missed.
///
/// # Errors
/// When the server can't be asked, the cursor belongs to another listing, or `act` fails.
pub async fn scan(queue: &Queue, search: &Search, mut act: impl FnMut(JobRecord) -> Result<(), AppError>) -> Result<Scan, AppError> {
    let now = queue.server_now().await?;
    let mut seen = HashSet::new();
    walk(
        queue,
        search,
        BATCH,
        async |state, offset, count| Ok(queue.page(state, offset, count).await?),
        |job| {
            let is_found = search.filter.matches(&job, now) && seen.insert(job.id.clone());
            if is_found {
                act(job)?;
            }
            Ok(is_found)
        },
    )
    .await
}

/// Looks for jobs and keeps their ids alone, those of one state together. Without a filter nothing else is even fetched.
///
/// # Errors
/// As [`scan`].
pub async fn ids(queue: &Queue, search: &Search) -> Result<(Vec<(JobState, Vec<String>)>, Scan), AppError> {
    let mut groups: Vec<(JobState, Vec<String>)> = Vec::new();
    let mut keep = |state: JobState, id: String| match groups.last_mut() {
        Some((last, ids)) if *last == state => ids.push(id),
        _ => groups.push((state, vec![id])),
    };
    if search.filter != Filter::default() {
        let (now, parts) = (queue.server_now().await?, search.filter.parts());
        let mut seen = HashSet::new();
        let fetch = async |state, offset, count| Ok(queue.page_of(state, offset, count, &parts).await?);
        let scan = walk(queue, search, JUDGED_BATCH, fetch, |job| {
            let is_found = search.filter.matches(&job, now) && seen.insert(job.id.clone());
            if is_found {
                job.state.into_iter().for_each(|state| keep(state, job.id.clone()));
            }
            Ok(is_found)
        });
        let scan = scan.await?;
        return Ok((groups, scan));
    }
    let mut seen = HashSet::new();
    let fetch = async |state, offset, count| {
        let ids = queue.page_ids(state, offset, count).await?;
        Ok(ids.into_iter().map(|id| (state, id)).collect::<Vec<_>>())
    };
    let scan = walk(queue, search, ID_BATCH, fetch, |(state, id)| {
        let is_new = seen.insert(id.clone());
        if is_new {
            keep(state, id);
        }
        Ok(is_new)
    });
    let scan = scan.await?;
    Ok((groups, scan))
}

/// Goes through the states a batch at a time, within the bounds of the search; `judge` says whether one counts as found.
async fn walk<T>(
    queue: &Queue,
    search: &Search,
    batch: u64,
    fetch: impl AsyncFn(JobState, u64, u64) -> Result<Vec<T>, AppError>,
    mut judge: impl FnMut(T) -> Result<bool, AppError>,
) -> Result<Scan, AppError> {
    let (counts, possible) = (queue.counts().await?, search.filter.states());
    let states: Vec<JobState> = search.states.iter().copied().filter(|state| possible.contains(state)).collect();
    let begin = match search.from.state {
        None => 0,
        Some(state) => states.iter().position(|other| *other == state).ok_or_else(|| foreign_cursor(search.from))?,
    };
    // Without a filter no more is fetched than is found.
    let is_filtered = search.filter != Filter::default();
    let mut scan = Scan { total: states.iter().map(|state| counts.of(*state)).sum(), ..Scan::default() };
    for (index, state) in states.iter().copied().enumerate().skip(begin) {
        let mut offset = if index == begin { search.from.offset } else { 0 };
        loop {
            let room = search.limit.saturating_sub(scan.found);
            let sight = search.scan_limit.saturating_sub(scan.scanned);
            if room == 0 || sight == 0 {
                let later: u64 = states.iter().skip(index + 1).map(|state| counts.of(*state)).sum();
                let has_more = counts.of(state).saturating_sub(offset) + later > 0;
                scan.next = has_more.then_some(Cursor { state: Some(state), offset });
                return Ok(scan);
            }
            let page = fetch(state, offset, batch.min(sight).min(if is_filtered { batch } else { room })).await?;
            if page.is_empty() {
                break;
            }
            for item in page {
                if scan.found == search.limit {
                    break;
                }
                offset += 1;
                scan.scanned += 1;
                scan.found += u64::from(judge(item)?);
            }
        }
    }
    Ok(scan)
}

fn foreign_cursor(cursor: Cursor) -> AppError {
    AppError::new(Kind::Usage, format!("the cursor {cursor} belongs to a listing of other states"))
        .with_hint("give the same --state and --where as for the page before")
}

/// One job.
///
/// # Errors
/// When it doesn't exist.
pub async fn job(queue: &Queue, id: &str) -> Result<JobRecord, AppError> {
    queue.job(id).await?.ok_or_else(|| no_job(queue, id))
}

/// Says that there is no such job.
pub fn no_job(queue: &Queue, id: &str) -> AppError {
    AppError::new(Kind::NotFound, format!("no job {id:?} in the queue {}", queue.name())).with_hint("list them with: wq jobs list")
}

/// What a change of these jobs, named one by one, would come to; those in `movable` states would be changed.
///
/// # Errors
/// When the server can't be asked.
pub async fn foresee(queue: &Queue, ids: &[String], movable: &[JobState]) -> Result<Vec<Change>, AppError> {
    let mut changes = Vec::with_capacity(ids.len());
    for id in ids {
        changes.push(match queue.job(id).await?.map(|job| job.state) {
            None => Change::NotFound,
            Some(Some(state)) if movable.contains(&state) => Change::Done,
            Some(Some(JobState::Active)) => Change::Locked,
            Some(_) => Change::WrongState,
        });
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_as_it_is_written_and_nothing_else_does() {
        for text in ["failed:50", "waiting-children:0"] {
            assert_eq!(text.parse::<Cursor>().unwrap().to_string(), text);
        }
        for text in ["", "50", "failed:", "failed:-1", "done:3", "failed:50:1"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
