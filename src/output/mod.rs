//! Everything a person or a program reads: tables, JSON, CSV, progress bars, and foreign text made safe.

mod clean;
mod formats;
pub mod human;
mod progress;
mod save;
mod table;

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

pub use clean::clean;
pub use progress::Progress;
pub use save::{FileFormat, FileSink, save};

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people, cut to the width of the terminal
    Table,
    /// For people, nothing cut
    Wide,
    /// One object: schema, data, page
    Json,
    /// One object a line
    Ndjson,
    /// With a header; cells that a spreadsheet would run are guarded
    Csv,
    /// With a header; tabs and line ends are escaped
    Tsv,
    /// Like json, for people
    Yaml,
}

/// One line of a result. Its serialised fields are the keys of JSON and the header of CSV: a public promise.
pub trait Row: Serialize {
    /// Name and version of the shape, `wq.jobs.v1`. Adding a field is allowed, changing one makes a new version.
    const SCHEMA: &'static str;
    /// Headings of the table.
    const COLUMNS: &'static [&'static str];

    /// One text a column, for people.
    fn cells(&self) -> Vec<String>;

    /// What `-q` prints.
    fn id(&self) -> &str;

    /// A row with nothing in it, whose fields head a listing without rows; `None` for what is never listed.
    fn empty() -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
}

/// Where a listing stands in the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Page {
    /// Pass it to `--cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// How many there are in all, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// How many were looked at for a filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanned: Option<u64>,
    /// Nothing was changed.
    #[serde(skip_serializing_if = "is_false")]
    pub dry_run: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// The only way to stdout and stderr.
#[derive(Clone, Debug)]
pub struct Printer {
    /// What was asked for; else a table on a terminal and TSV in a pipe.
    pub format: Option<Format>,
    /// Ids alone, no notes, no progress.
    pub quiet: bool,
    /// CSV cells as they are.
    pub raw_csv: bool,
    /// Whether stdout may have colours.
    pub stdout_colours: bool,
    /// Whether stderr may have colours.
    pub stderr_colours: bool,
}

impl Printer {
    /// The format in force.
    pub fn format(&self) -> Format {
        let default = || if io::stdout().is_terminal() { Format::Table } else { Format::Tsv };
        self.format.unwrap_or_else(default)
    }

    /// Prints a listing.
    ///
    /// # Errors
    /// When stdout can't be written.
    pub fn rows<R: Row>(&self, rows: &[R], page: &Page) -> io::Result<()> {
        if self.quiet && self.format.is_none() {
            return self.lines(rows.iter().map(Row::id));
        }
        let mut text = Vec::new();
        match self.format() {
            Format::Table => table::write(&mut text, rows, table::width(), self.stdout_colours)?,
            Format::Wide => table::write(&mut text, rows, None, self.stdout_colours)?,
            Format::Json => formats::json(&mut text, R::SCHEMA, rows, page)?,
            Format::Ndjson => formats::ndjson(&mut text, rows)?,
            Format::Csv => {
                formats::csv(&mut text, rows, self.raw_csv)?;
                if io::stdout().is_terminal() {
                    text = clean_lines(&text);
                }
            }
            Format::Tsv => formats::tsv(&mut text, rows)?,
            Format::Yaml => formats::yaml(&mut text, rows)?,
        }
        self.raw(&text)?;
        if let Some(next) = &page.next
            && matches!(self.format(), Format::Table | Format::Wide)
        {
            self.note(&format!("more with: --cursor {next}"));
        }
        Ok(())
    }

    /// Prints one thing; JSON has it as an object under `data`, a table one field a line.
    ///
    /// # Errors
    /// When stdout can't be written.
    pub fn record<R: Row>(&self, row: &R) -> io::Result<()> {
        self.record_on(row, &Page::default())
    }

    /// Prints one thing of which a page says more: that nothing was changed.
    ///
    /// # Errors
    /// When stdout can't be written.
    pub fn record_on<R: Row>(&self, row: &R, page: &Page) -> io::Result<()> {
        if self.quiet && self.format.is_none() {
            return self.lines(std::iter::once(row.id()));
        }
        let mut text = Vec::new();
        match self.format() {
            Format::Table | Format::Wide => table::write_record(&mut text, row)?,
            Format::Json => formats::json(&mut text, R::SCHEMA, row, page)?,
            _ => return self.rows(std::slice::from_ref(row), page),
        }
        self.raw(&text)
    }

    /// Prints one thing as JSON to stderr, where stdout carries something else.
    ///
    /// # Errors
    /// When stderr can't be written.
    pub fn record_to_stderr<R: Row>(&self, row: &R) -> io::Result<()> {
        let mut text = Vec::new();
        formats::json(&mut text, R::SCHEMA, row, &Page::default())?;
        io::stderr().lock().write_all(&text)
    }

    /// Writes bytes to stdout as they are.
    ///
    /// # Errors
    /// When stdout can't be written.
    pub fn raw(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()
    }

    /// Writes lines to stdout.
    ///
    /// # Errors
    /// When stdout can't be written.
    pub fn lines<'a>(&self, lines: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
        let mut text = String::new();
        for line in lines {
            text.push_str(&clean(line));
            text.push('\n');
        }
        self.raw(text.as_bytes())
    }

    /// A remark on stderr; none with `-q`.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            to_stderr(&format!("{}\n", clean(text)));
        }
    }

    /// A line on stderr that `-q` does not silence.
    pub fn say(&self, text: &str) {
        to_stderr(&format!("{}\n", clean(text)));
    }

    /// A warning on stderr, also with `-q`.
    pub fn warn(&self, text: &str) {
        to_stderr(&format!("warning: {}\n", clean(text)));
    }

    /// A question on stderr, without a line end.
    ///
    /// # Errors
    /// When stderr can't be written: then nobody can answer.
    pub fn ask(&self, question: &str) -> io::Result<()> {
        let mut stderr = io::stderr().lock();
        stderr.write_all(clean(question).as_bytes())?;
        stderr.flush()
    }

    /// A progress bar (with a total) or counter on stderr: on a terminal live, else a line every ten seconds; none with `-q`.
    pub fn progress(&self, total: Option<u64>, what: &'static str) -> Progress {
        Progress::start(total, what, self.quiet)
    }

    /// Clears the terminal before the next round of `--watch`.
    ///
    /// # Errors
    /// When stdout can't be written.
    pub fn next_round(&self) -> io::Result<()> {
        if io::stdout().is_terminal() && matches!(self.format(), Format::Table | Format::Wide) {
            self.raw(b"\x1b[H\x1b[2J")?;
        }
        Ok(())
    }
}

/// Each line made safe for a terminal.
fn clean_lines(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    text.split_inclusive('\n').flat_map(|line| format!("{}\n", clean(line.trim_end_matches('\n'))).into_bytes()).collect()
}

fn to_stderr(text: &str) {
    // A remark that nobody can read is no reason to stop.
    io::stderr().lock().write_all(text.as_bytes()).ok();
}

impl From<io::Error> for crate::app::error::AppError {
    fn from(error: io::Error) -> Self {
        Self::new(crate::app::error::Kind::Other, error.to_string())
    }
}
