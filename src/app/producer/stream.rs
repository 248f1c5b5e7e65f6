//! This file adds the lines of an NDJSON stream, many in one call and several calls at a time.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::{AppError, Kind, id_maker, line};
use crate::app::feed::{Convoy, Feed, Landed, shortfall};
use crate::core::model::id::IdMaker;
use crate::core::model::job::{AddStatus, JobOptions, MAX_DATA_BYTES, NewJob};
use crate::core::store::{Ledger, MAX_ADD_BATCH, Queue};

/// The longest line: the largest data, and what stands around it.
const MAX_LINE_BYTES: usize = MAX_DATA_BYTES + 64 * 1024;
/// A chunk is closed early when its data reaches this size.
const MAX_CHUNK_BYTES: usize = 512 * 1024;
/// What is read at a time.
const BUFFER_BYTES: usize = 256 * 1024;
/// Chunks that the reader may be ahead.
const READ_AHEAD: usize = 2;

/// What became of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: u64,
    /// The id of its job.
    pub id: String,
    /// Whether it is new.
    pub status: AddStatus,
}

/// Told after every chunk, in the order of the lines.
pub type OnAdded<'a> = &'a mut (dyn FnMut(&[Line]) + Send);

/// How a stream ended.
#[derive(Debug, Default)]
pub struct StreamReport {
    /// Jobs that were stored.
    pub stored: u64,
    /// Jobs whose id was there before.
    pub duplicate: u64,
    /// Jobs that another one stands for, by their deduplication id.
    pub deduplicated: u64,
    /// Jobs that the server would not store.
    pub refused: u64,
    /// Why it ended before the last line.
    pub failure: Option<AppError>,
}

/// Lines on their way, and why there are no more.
type Chunk = Result<Vec<(u64, NewJob)>, AppError>;

/// Adds all lines of `path` (`None`: standard input) to `queue`; to nothing when it is `None` (a dry run).
///
/// A file is read twice: when any of its lines is wrong, nothing is added. A pipe can be read only once, so it is added
/// up to the wrong line, which the failure names.
///
/// # Errors
/// When nothing was added: the file can't be read or has a wrong line.
pub async fn add_stream(
    queue: Option<Queue>,
    path: Option<PathBuf>,
    defaults: JobOptions,
    patience: Duration,
    on_added: OnAdded<'_>,
) -> Result<StreamReport, AppError> {
    if let Some(path) = path.clone().filter(|path| path.is_file()) {
        let defaults = defaults.clone();
        tokio::task::spawn_blocking(move || check_all(&path, &defaults)).await.map_err(|error| broke_down(&error))??;
    }
    let feed = queue.map(|queue| Feed::new(queue, Ledger::Skip, patience)).transpose()?.map(Arc::new);
    let mut convoy = Convoy::new(feed.clone());
    let mut report = StreamReport::default();
    let (sender, mut chunks) = mpsc::channel::<Chunk>(READ_AHEAD);
    let reading = tokio::task::spawn_blocking(move || read_all(path.as_ref(), &defaults, &sender));

    let mut is_open = true;
    while is_open || !convoy.is_empty() {
        let has_room = is_open && convoy.has_room();
        tokio::select! {
            Some(landed) = convoy.land() => settle(&landed, &mut report, on_added),
            chunk = chunks.recv(), if has_room => match chunk {
                Some(Ok(lines)) => {
                    let (numbers, jobs): (Vec<u64>, Vec<NewJob>) = lines.into_iter().unzip();
                    if jobs.iter().any(follows_others) {
                        while let Some(landed) = convoy.land().await {
                            settle(&landed, &mut report, on_added);
                        }
                    }
                    convoy.launch(jobs, numbers);
                }
                Some(Err(error)) => report.failure = Some(error),
                None => is_open = false,
            },
            else => break,
        }
    }
    reading.await.map_err(|error| broke_down(&error))?;
    drop(convoy);
    if let Some(error) = feed.and_then(Arc::into_inner).and_then(Feed::into_error) {
        let StreamReport { stored, duplicate, deduplicated, refused, .. } = report;
        let (kind, what) = shortfall(&error);
        let message = format!("{refused} jobs {what} after {} that were: {error}", stored + duplicate + deduplicated);
        let failure = AppError::new(kind, message);
        report.failure = Some(match AppError::from(error).hint() {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        });
    }
    Ok(report)
}

fn settle(landed: &Landed<Vec<u64>>, report: &mut StreamReport, on_added: OnAdded<'_>) {
    report.refused += landed.cargo.len().saturating_sub(landed.statuses.len()) as u64;
    if landed.statuses.is_empty() {
        return;
    }
    let all = landed.cargo.iter().zip(&landed.jobs).zip(&landed.statuses);
    let line =
        |((number, job), status): ((&u64, &NewJob), &AddStatus)| Line { number: *number, id: job.id.clone(), status: status.clone() };
    let lines: Vec<Line> = all.map(line).collect();
    for line in &lines {
        *match line.status {
            AddStatus::Stored => &mut report.stored,
            AddStatus::Duplicate => &mut report.duplicate,
            AddStatus::Deduplicated { .. } => &mut report.deduplicated,
        } += 1;
    }
    on_added(&lines);
}

/// Whether the job changes what jobs before it did: then no call before its own may come late.
fn follows_others(job: &NewJob) -> bool {
    let rules = job.options.deduplication.as_ref().map(|deduplication| deduplication.rules).unwrap_or_default();
    rules.replace || rules.reschedule || rules.keep_last_if_active
}

/// Reads all lines once, so that a wrong one is found before the first is added.
fn check_all(path: &PathBuf, defaults: &JobOptions) -> Result<(), AppError> {
    let mut lines = Lines::open(Some(path))?;
    let mut ids = id_maker()?;
    while lines.next_job(defaults, &mut ids)?.is_some() {}
    Ok(())
}

fn read_all(path: Option<&PathBuf>, defaults: &JobOptions, chunks: &mpsc::Sender<Chunk>) {
    let mut chunk = Vec::new();
    let outcome = fill(path, defaults, &mut chunk, chunks);
    // Nobody receives any more only when the program is on its way out.
    if !chunk.is_empty() && chunks.blocking_send(Ok(chunk)).is_err() {
        return;
    }
    if let Err(error) = outcome {
        chunks.blocking_send(Err(error)).unwrap_or_default();
    }
}

fn fill(
    path: Option<&PathBuf>,
    defaults: &JobOptions,
    chunk: &mut Vec<(u64, NewJob)>,
    chunks: &mpsc::Sender<Chunk>,
) -> Result<(), AppError> {
    let mut lines = Lines::open(path)?;
    let mut ids = id_maker()?;
    let mut bytes = 0;
    while let Some((number, job)) = lines.next_job(defaults, &mut ids)? {
        bytes += job.data.len();
        chunk.push((number, job));
        if chunk.len() == MAX_ADD_BATCH || bytes >= MAX_CHUNK_BYTES || !lines.has_more_at_hand() {
            bytes = 0;
            if chunks.blocking_send(Ok(std::mem::take(chunk))).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The lines of a stream, one at a time.
struct Lines {
    input: BufReader<Box<dyn Read>>,
    shown: String,
    line: Vec<u8>,
    number: u64,
}

impl Lines {
    fn open(path: Option<&PathBuf>) -> Result<Self, AppError> {
        let (input, shown): (Box<dyn Read>, String) = match path {
            None => (Box::new(io::stdin()), "standard input".to_owned()),
            Some(path) => {
                let shown = path.display().to_string();
                let file = File::open(path).map_err(|error| cannot("open", &shown, &error))?;
                (Box::new(file), shown)
            }
        };
        let input = BufReader::with_capacity(BUFFER_BYTES, input);
        Ok(Self { input, shown, line: Vec::new(), number: 0 })
    }

    /// The next job and the number of its line; empty lines are passed over.
    fn next_job(&mut self, defaults: &JobOptions, ids: &mut IdMaker) -> Result<Option<(u64, NewJob)>, AppError> {
        loop {
            self.line.clear();
            let mut limited = (&mut self.input).take(MAX_LINE_BYTES as u64 + 1);
            let count = limited.read_until(b'\n', &mut self.line).map_err(|error| cannot("read", &self.shown, &error))?;
            if count == 0 {
                return Ok(None);
            }
            self.number += 1;
            if count > MAX_LINE_BYTES {
                return Err(self.wrong(&format!("it is longer than {MAX_LINE_BYTES} bytes")));
            }
            let text = std::str::from_utf8(&self.line).map_err(|_| self.wrong("it is not valid UTF-8"))?;
            let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim();
            if text.is_empty() {
                continue;
            }
            let job = line::parse(text, defaults, ids).map_err(|problem| self.wrong(&problem))?;
            return Ok(Some((self.number, job)));
        }
    }

    /// Whether the next line is here already; if not, waiting for it must not hold back the lines before it.
    fn has_more_at_hand(&self) -> bool {
        self.input.buffer().contains(&b'\n')
    }

    fn wrong(&self, problem: &str) -> AppError {
        AppError::new(Kind::Usage, format!("line {} of {}: {problem}", self.number, self.shown))
    }
}

fn cannot(verb: &str, what: &str, error: &io::Error) -> AppError {
    let kind = if error.kind() == io::ErrorKind::NotFound { Kind::NotFound } else { Kind::Other };
    AppError::new(kind, format!("can't {verb} {what}: {error}"))
}

fn broke_down(error: &tokio::task::JoinError) -> AppError {
    AppError::new(Kind::Other, format!("the reader broke down: {error}"))
}
