//! This file reads rows on a thread of its own and hands them over in chunks that one call of the store can add.

use tokio::sync::mpsc;

use super::{Bulk, MaxErrors};
use crate::campaign::error::CampaignError;
use crate::campaign::planner::{Duplicates, Planned, Planner};
use crate::campaign::reader::{ContactFile, Row};
use crate::campaign::rejects::RejectsFile;
use crate::campaign::repeats::{Counts, Repeats, Superseded};
use crate::campaign::results::columns_json;
use crate::core::model::job::{DEFAULT_JOB_NAME, JobOptions, NewJob};

/// A chunk is closed early when its messages reach this size, so that large texts don't pile up in memory.
const MAX_CHUNK_BYTES: usize = 512 * 1024;
/// A share of wrong rows is not judged by fewer rows than this.
const MIN_ROWS_FOR_SHARE: u64 = 100;

/// Rows in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) rows: Vec<ChunkRow>,
    bytes: usize,
}

/// One row on its way.
#[derive(Debug)]
pub(super) struct ChunkRow {
    pub(super) line: u64,
    /// The row's own columns, when somebody wants to see them.
    pub(super) columns: Option<String>,
    pub(super) fate: Fate,
}

/// What the reader knows about a row.
#[derive(Debug)]
pub(super) enum Fate {
    /// To be added.
    Add(Box<NewJob>),
    /// Its job has gone to the store; its place among the chunk's jobs is its place among such rows.
    Adding,
    /// Another row of the file stands for it.
    Superseded { id: String },
    /// Wrong.
    Rejected { code: &'static str, reason: String },
}

/// Why reading ended.
#[derive(Debug)]
pub(super) enum End {
    /// Nothing is left, or `--limit` is reached.
    Finished,
    /// `--max-errors`.
    TooManyErrors { line: u64, rejected: u64 },
    /// The file can't be read any further, or the rejects can't be written.
    Failed(CampaignError),
}

/// What is left to say when all rows are read.
#[derive(Debug)]
pub(super) struct ReadingReport {
    pub(super) end: End,
    /// Rows of a dry run on a pipe that were handed over as good before their repeats were known.
    pub(super) late_repeats: u64,
}

/// The reader's side of a bulk.
pub(super) struct Reading {
    file: ContactFile,
    sorter: Sorter,
    batch: usize,
    limit: u64,
    max_errors: Option<MaxErrors>,
}

/// Decides what happens to each row.
struct Sorter {
    planner: Planner,
    options: JobOptions,
    rejects: Option<RejectsFile>,
    superseded: Option<Superseded>,
    repeats: Option<Repeats>,
    wants_results: bool,
    text: String,
    rows: u64,
    rejected: u64,
    last_line: u64,
}

impl Reading {
    /// Takes over a prepared bulk; reads the file once more when the last row of several counts.
    pub(super) fn new(bulk: Bulk) -> Result<Self, CampaignError> {
        let Bulk { request, file, planner, .. } = bulk;
        let counts = match planner.duplicates {
            Duplicates::Last => Some(Counts::Last),
            Duplicates::First if request.dry_run => Some(Counts::First),
            Duplicates::First | Duplicates::Keep => None,
        };
        let limit = request.limit.unwrap_or(u64::MAX);
        let superseded = match counts.filter(|_| request.source.is_file()) {
            Some(counts) => Some(find_repeats(request.source.open()?, &planner, limit, counts)?),
            None => None,
        };
        let repeats = (counts.is_some() && superseded.is_none()).then(Repeats::default);
        let rejects = match &request.rejects {
            Some(path) => Some(RejectsFile::create(path, file.header(), file.delimiter())?),
            None => None,
        };
        let (options, wants_results) = (request.options, request.wants_results);
        let (text, rows, rejected, last_line) = (String::new(), 0, 0, 1);
        let sorter = Sorter { planner, options, rejects, superseded, repeats, wants_results, text, rows, rejected, last_line };
        Ok(Self { file, sorter, batch: request.batch, limit, max_errors: request.max_errors })
    }

    /// Reads to the end. Blocks.
    pub(super) fn run(mut self, chunks: &mpsc::Sender<Chunk>) -> ReadingReport {
        let mut end = self.read_all(chunks);
        let late_repeats = match self.sorter.repeats.take().map(|repeats| repeats.finish(Counts::First)).transpose() {
            Ok(repeats) => repeats.map_or(0, |repeats| repeats.count()),
            Err(error) => {
                end = End::Failed(temporary(error));
                0
            }
        };
        if let Some(Err(error)) = self.sorter.rejects.take().map(RejectsFile::finish) {
            end = End::Failed(error);
        }
        ReadingReport { end, late_repeats }
    }

    fn read_all(&mut self, chunks: &mpsc::Sender<Chunk>) -> End {
        let mut chunk = Chunk::default();
        let end = loop {
            if self.sorter.rows >= self.limit {
                break self.too_many_errors(true).unwrap_or(End::Finished);
            }
            if let Some(end) = self.too_many_errors(false) {
                break end;
            }
            let row = match self.file.next_row() {
                Ok(Some(row)) => row,
                Ok(None) => break self.too_many_errors(true).unwrap_or(End::Finished),
                Err(error) => break End::Failed(error),
            };
            let (row, written) = self.sorter.sort(&row);
            chunk.push(row);
            if let Err(error) = written {
                break End::Failed(error);
            }
            // Nobody receives any more only when the program is on its way out.
            if chunk.is_full(self.batch) && chunks.blocking_send(std::mem::take(&mut chunk)).is_err() {
                return End::Finished;
            }
        };
        if !chunk.rows.is_empty() && chunks.blocking_send(chunk).is_err() {
            return End::Finished;
        }
        end
    }

    fn too_many_errors(&self, at_end: bool) -> Option<End> {
        let Sorter { rows, rejected, last_line, .. } = self.sorter;
        let too_many = match self.max_errors? {
            MaxErrors::Rows(most) => rejected > most,
            MaxErrors::Percent(most) => (at_end || rows >= MIN_ROWS_FOR_SHARE) && share(rejected, rows) > most,
        };
        too_many.then_some(End::TooManyErrors { line: last_line, rejected })
    }
}

impl Chunk {
    fn push(&mut self, row: ChunkRow) {
        self.bytes += row.columns.as_ref().map_or(0, String::len);
        self.bytes += if let Fate::Add(job) = &row.fate { job.data.len() } else { 0 };
        self.rows.push(row);
    }

    fn is_full(&self, batch: usize) -> bool {
        self.rows.len() >= batch || self.bytes >= MAX_CHUNK_BYTES
    }
}

impl Sorter {
    /// What happens to a row, and whether its reject could be written.
    fn sort(&mut self, row: &Row<'_>) -> (ChunkRow, Result<(), CampaignError>) {
        self.rows += 1;
        self.last_line = row.last_line;
        let columns = self.wants_results.then(|| columns_json(&self.planner.header, row.bytes));
        let mut written = Ok(());
        let fate = match self.planner.plan(row, &mut self.text) {
            Ok(planned) if self.superseded.as_ref().is_some_and(|rows| rows.contains(row.number)) => Fate::Superseded { id: planned.id },
            Ok(Planned { id, data }) => {
                if let Some(repeats) = &mut self.repeats {
                    written = repeats.note(&id, row.number).map_err(temporary);
                }
                let (name, options) = (DEFAULT_JOB_NAME.to_owned(), self.options.clone());
                Fate::Add(Box::new(NewJob { id, name, data, options }))
            }
            Err(reject) => {
                self.rejected += 1;
                if let Some(rejects) = &mut self.rejects {
                    written = rejects.write(row.bytes, row.line, &reject, &self.planner.header);
                }
                Fate::Rejected { code: reject.code, reason: reject.reason }
            }
        };
        (ChunkRow { line: row.line, columns, fate }, written)
    }
}

/// Reads the whole file once to find the rows that another one stands for.
fn find_repeats(mut file: ContactFile, planner: &Planner, limit: u64, counts: Counts) -> Result<Superseded, CampaignError> {
    let mut repeats = Repeats::default();
    let mut text = String::new();
    while let Some(row) = file.next_row()?.filter(|row| row.number <= limit) {
        if let Ok(planned) = planner.plan(&row, &mut text) {
            repeats.note(&planned.id, row.number).map_err(temporary)?;
        }
    }
    repeats.finish(counts).map_err(temporary)
}

fn temporary(source: std::io::Error) -> CampaignError {
    CampaignError::Io { doing: "use", what: "a temporary file".to_owned(), source }
}

#[expect(clippy::cast_precision_loss, reason = "a percentage of rows needs no more than 52 bits")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}
