//! This file adds the chunks, several at a time, and reports on the rows in the order of the file.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::reading::{Chunk, ChunkRow, End, Fate, Reading, ReadingReport};
use super::{AppError, Bulk, Kind};
use crate::app::error::cure;
use crate::app::feed::{Convoy, Feed, Landed, shortfall};
use crate::campaign::error::CampaignError;
use crate::campaign::planner::Duplicates;
use crate::campaign::results::{RowResult, RowStatus, Tally};
use crate::core::model::job::AddStatus;
use crate::core::store::Queue;
use crate::core::store::error::StoreError;

/// Chunks that the reader may be ahead.
const READ_AHEAD: usize = 2;
/// How many messages a dry run shows.
const PREVIEW_ROWS: usize = 3;

/// Who wants to hear about a bulk while it runs.
#[derive(Default)]
pub struct Hooks<'a> {
    /// Told after every chunk.
    pub progress: Option<&'a mut (dyn FnMut(&Tally) + Send)>,
    /// Gets one line of JSON per row, after the row's chunk was acknowledged.
    pub results: Option<&'a mut (dyn Write + Send)>,
}

/// How a bulk ended.
#[derive(Debug)]
pub struct Report {
    /// What became of the rows that were read.
    pub tally: Tally,
    /// Why the rest was not read or not stored, if so; an exit code of its own.
    pub failure: Option<AppError>,
    /// The first messages as JSON, of a dry run.
    pub preview: Vec<String>,
}

/// The rows that wait for the answer to one call.
#[derive(Debug)]
struct Waiting {
    rows: Vec<ChunkRow>,
    ids: HashSet<String>,
}

struct Sending<'a> {
    feed: Option<Arc<Feed>>,
    hooks: Hooks<'a>,
    convoy: Convoy<Waiting>,
    first_counts: bool,
    tally: Tally,
    preview: Vec<String>,
    results_failed: Option<io::Error>,
}

impl Bulk {
    /// Adds the rows to `queue`, or to nothing when it is `None` (a dry run); `patience` is how long Redis may stay away.
    ///
    /// # Errors
    /// When it can't begin. Whatever happens later is in the [`Report`], whose tally adds up.
    pub async fn run(self, queue: Option<Queue>, patience: Duration, hooks: Hooks<'_>) -> Result<Report, AppError> {
        let ledger = self.request.ledger;
        // A dry run has found the repeats by itself.
        let first_counts = self.planner.duplicates == Duplicates::First && queue.is_some();
        let feed = queue.map(|queue| Feed::new(queue, ledger, patience)).transpose()?.map(Arc::new);
        let mut sending = Sending {
            convoy: Convoy::new(feed.clone()),
            feed,
            hooks,
            first_counts,
            tally: Tally::default(),
            preview: Vec::new(),
            results_failed: None,
        };
        let (sender, mut chunks) = mpsc::channel(READ_AHEAD);
        let reading = tokio::task::spawn_blocking(move || Reading::new(self).map(|reading| reading.run(&sender)));
        sending.send_all(&mut chunks).await;
        let read = reading.await.map_err(|error| AppError::new(Kind::Other, format!("the reader broke down: {error}")))?;
        Ok(sending.report(read?))
    }
}

impl Sending<'_> {
    async fn send_all(&mut self, chunks: &mut mpsc::Receiver<Chunk>) {
        let mut is_open = true;
        while is_open || !self.convoy.is_empty() {
            let has_room = is_open && self.convoy.has_room();
            tokio::select! {
                Some(landed) = self.convoy.land() => self.settle(&landed),
                chunk = chunks.recv(), if has_room => match chunk {
                    Some(chunk) => self.launch(chunk),
                    None => is_open = false,
                },
                else => break,
            }
        }
    }

    fn launch(&mut self, chunk: Chunk) {
        let mut rows = chunk.rows;
        let mut jobs = Vec::with_capacity(rows.len());
        let mut ids = HashSet::new();
        for row in &mut rows {
            let Fate::Add(job) = &mut row.fate else { continue };
            if self.first_counts && self.convoy.cargoes().any(|waiting| waiting.ids.contains(&job.id)) {
                // A call that is under way may be overtaken by this one: the first row must not lose to that.
                row.fate = Fate::Superseded { id: std::mem::take(&mut job.id) };
                continue;
            }
            if self.first_counts {
                ids.insert(job.id.clone());
            }
            let Fate::Add(job) = std::mem::replace(&mut row.fate, Fate::Adding) else { continue };
            jobs.push(*job);
        }
        self.convoy.launch(jobs, Waiting { rows, ids });
    }

    fn settle(&mut self, landed: &Landed<Waiting>) {
        let refusal = self.feed.as_ref().and_then(|feed| feed.given_up()).map(ToString::to_string).unwrap_or_default();
        let had_refused = self.tally.refused > 0;
        let mut answers = answers(landed);
        let mut lines = String::new();
        for row in &landed.cargo.rows {
            let mut result = judge(row, &mut answers, had_refused);
            if result.status == RowStatus::Refused {
                (result.code, result.reason) = (Some("refused"), Some(refusal.as_str()));
            }
            self.tally.count(result.status);
            if row.columns.is_some() {
                result.push_to(&mut lines);
            }
        }
        self.write_results(&lines);
        if self.feed.is_none() {
            let more = PREVIEW_ROWS.saturating_sub(self.preview.len());
            self.preview.extend(landed.jobs.iter().take(more).map(|job| job.data.clone()));
        }
        if let Some(progress) = &mut self.hooks.progress {
            progress(&self.tally);
        }
    }

    fn write_results(&mut self, lines: &str) {
        let Some(results) = &mut self.hooks.results else { return };
        // The messages matter more than the lines about them: the rest is still added.
        if let Err(error) = results.write_all(lines.as_bytes()).and_then(|()| results.flush()) {
            self.results_failed = Some(error);
            self.hooks.results = None;
        }
    }

    fn report(mut self, read: ReadingReport) -> Report {
        self.tally.stored = self.tally.stored.saturating_sub(read.late_repeats);
        self.tally.duplicate += read.late_repeats;
        let failure = self.refusal().or_else(|| end_failure(read.end)).or_else(|| self.results_failed.and_then(|e| results_failure(&e)));
        Report { tally: self.tally, failure, preview: self.preview }
    }

    fn refusal(&self) -> Option<AppError> {
        let refused = Some(self.tally.refused).filter(|refused| *refused > 0)?;
        let reason = self.feed.as_ref()?.given_up();
        let (kind, what) = reason.map_or((Kind::Partial, "were not stored"), shortfall);
        let first = match reason {
            Some(StoreError::Refused { problem, .. }) => format!("{}; then ", cure(problem)),
            _ => String::new(),
        };
        let reason = reason.map_or("a call broke down".to_owned(), ToString::to_string);
        let failure = AppError::new(kind, format!("{refused} rows {what}: {reason}"));
        Some(failure.with_hint(format!("{first}run the same command again: rows that were stored are not stored twice")))
    }
}

/// The id and status of every row that was to be added, in order.
fn answers(landed: &Landed<Waiting>) -> impl Iterator<Item = (&str, RowStatus)> {
    landed.jobs.iter().enumerate().map(|(place, job)| {
        let status = match landed.statuses.get(place) {
            Some(AddStatus::Stored) => RowStatus::Stored,
            Some(AddStatus::Duplicate | AddStatus::Deduplicated { .. }) => RowStatus::Duplicate,
            None => RowStatus::Refused,
        };
        (job.id.as_str(), status)
    })
}

/// What became of a row; `had_refused` says whether a chunk before this one was refused.
fn judge<'a>(row: &'a ChunkRow, answers: &mut impl Iterator<Item = (&'a str, RowStatus)>, had_refused: bool) -> RowResult<'a> {
    let columns = row.columns.as_deref().unwrap_or_default();
    let result = RowResult { line: row.line, id: None, status: RowStatus::Refused, code: None, reason: None, columns };
    match &row.fate {
        Fate::Rejected { code, reason } => RowResult { status: RowStatus::Rejected, code: Some(code), reason: Some(reason), ..result },
        // The row that stands for this one was not stored either.
        Fate::Superseded { id } if had_refused => RowResult { id: Some(id), ..result },
        Fate::Superseded { id } => RowResult { id: Some(id), status: RowStatus::Duplicate, ..result },
        Fate::Add(_) | Fate::Adding => match answers.next() {
            Some((id, status)) => RowResult { id: Some(id), status, ..result },
            None => result,
        },
    }
}

fn end_failure(end: End) -> Option<AppError> {
    match end {
        End::Finished => None,
        End::TooManyErrors { line, rejected } => {
            let message = format!("stopped after line {line}: {rejected} rows were rejected, more than --max-errors allows");
            Some(AppError::new(Kind::Partial, message).with_hint("--rejects FILE shows them with their reasons"))
        }
        End::Failed(error) => Some(error.into()),
    }
}

fn results_failure(error: &io::Error) -> Option<AppError> {
    let is_closed_pipe = error.kind() == io::ErrorKind::BrokenPipe;
    (!is_closed_pipe).then(|| {
        AppError::from(CampaignError::Io { doing: "write", what: "the row results".to_owned(), source: io::Error::from(error.kind()) })
    })
}
