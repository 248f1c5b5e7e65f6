//! This file is `wq bulk`: a contact file becomes messages in a queue.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args as ClapArgs, ValueEnum};
use serde::Serialize;

use super::Exit;
use super::job_flags::{JobFlags, country};
use super::shell::Shell;
use super::terms_flags::TermsFlags;
use crate::app::bulk::{Bulk, Hooks, MaxErrors, Report, Request, Source};
use crate::app::error::AppError;
use crate::campaign::mapping::parse_map;
use crate::campaign::planner;
use crate::campaign::rejects::create_private;
use crate::campaign::results::Tally;
use crate::core::model::phone::{Country, Phone};
use crate::core::model::queue::QueueName;
use crate::core::store::{Ledger, MAX_ADD_BATCH, Queue};
use crate::output::{Row, human};

/// Add a CSV of contacts, each message exactly once
#[derive(ClapArgs, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The contact file: CSV with a header, in UTF-8 or UTF-16; - is standard input
    file: PathBuf,
    /// The queue [default: whatsapp]
    #[arg(short = 'Q', long, value_name = "QUEUE")]
    queue: Option<QueueName>,
    /// Which column fills which field: to=phone,text=body. Fields: to, text, expires, category, conversation
    #[arg(long, value_name = "FIELD=COLUMN,…")]
    map: Vec<String>,
    /// The text of every message; {{column}} is filled from the row
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Where numbers without + belong, such as BR
    #[arg(long, value_name = "COUNTRY")]
    default_country: Option<Country>,
    /// Which of several rows for one contact counts: the first, the last (reads the file twice), or all of them (none)
    #[arg(long, value_enum, default_value_t = Duplicates::First)]
    duplicates: Duplicates,
    /// A name for this campaign: the same name never sends twice to one contact [default: a digest of file and text]
    #[arg(long, value_name = "NAME")]
    campaign: Option<String>,
    /// A column that tells several messages to one contact apart, such as an order number
    #[arg(long, value_name = "COLUMN")]
    row_key: Option<String>,
    /// Don't remember the rows after their jobs are removed: a later run may send them again
    #[arg(long)]
    no_ledger: bool,
    /// Write the rejected rows there, with their reasons; can be corrected and read again
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Rejected rows are no failure
    #[arg(long)]
    allow_rejects: bool,
    /// Stop when more rows than this are rejected, or a larger share (looked at from 100 rows on)
    #[arg(long, value_name = "N|P%", value_parser = max_errors)]
    max_errors: Option<MaxErrors>,
    /// Write one line of JSON per row there, after it was stored; - is standard output
    #[arg(long, value_name = "FILE")]
    row_results: Option<PathBuf>,
    /// Rows per call of Redis
    #[arg(long, value_name = "N", default_value_t = MAX_ADD_BATCH as u64, value_parser = clap::value_parser!(u64).range(1..=MAX_ADD_BATCH as u64))]
    batch: u64,
    /// Only the first N rows
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Check everything, show the first messages and the tally, add nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    terms: TermsFlags,
    #[command(flatten)]
    job: JobFlags,
}

const EXAMPLES: &str = "\
Examples:
  wq bulk leads.csv --text 'Hola {{name}}' --default-country BR --dry-run
  wq bulk leads.csv --campaign bf26 --map to=mobile,text=body --rejects rejects.csv
  zcat leads.csv.gz | wq bulk - --campaign bf26 --row-results results.ndjson

A run that was killed is simply run again: what was added is not added twice.";

/// Which of several rows for one contact counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Duplicates {
    // Without doc comments, so that `--help` stays on one page.
    First,
    Last,
    None,
}

impl From<Duplicates> for planner::Duplicates {
    fn from(duplicates: Duplicates) -> Self {
        match duplicates {
            Duplicates::First => Self::First,
            Duplicates::Last => Self::Last,
            Duplicates::None => Self::Keep,
        }
    }
}

fn max_errors(text: &str) -> Result<MaxErrors, String> {
    let wrong = || format!("{text:?} is neither a number of rows, such as 50, nor a share, such as 5%");
    match text.strip_suffix('%') {
        Some(percent) => {
            let percent: f64 = percent.trim().parse().map_err(|_| wrong())?;
            if (0.0..=100.0).contains(&percent) { Ok(MaxErrors::Percent(percent)) } else { Err(wrong()) }
        }
        None => text.parse().map(MaxErrors::Rows).map_err(|_| wrong()),
    }
}

impl Args {
    async fn request(&self, shell: &Shell) -> Result<Request, AppError> {
        let mut map = Vec::new();
        for text in &self.map {
            map.extend(parse_map(text)?);
        }
        Ok(Request {
            source: Source::named(&self.file),
            map,
            text: self.text.clone(),
            country: country(self.default_country, shell)?,
            row_key: self.row_key.clone(),
            duplicates: self.duplicates.into(),
            campaign: self.campaign.clone(),
            rejects: self.rejects.clone(),
            other_outputs: self.row_results.iter().filter(|path| !is_stdout(path)).cloned().collect(),
            wants_results: self.row_results.is_some(),
            batch: usize::try_from(self.batch).unwrap_or(MAX_ADD_BATCH),
            limit: self.limit,
            max_errors: self.max_errors,
            options: self.job.options(shell).await?,
            ledger: if self.no_ledger { Ledger::Skip } else { Ledger::Record },
            dry_run: self.dry_run,
            wants_count: io::stderr().is_terminal() && !shell.printer.quiet,
        })
    }

    /// Where the lines about rows go.
    fn results(&self) -> anyhow::Result<Option<Box<dyn Write + Send>>> {
        match &self.row_results {
            None => Ok(None),
            Some(path) if is_stdout(path) => Ok(Some(Box::new(io::stdout()))),
            Some(path) => {
                let file = create_private(path).with_context(|| format!("can't write {}", path.display()))?;
                Ok(Some(Box::new(BufWriter::new(file))))
            }
        }
    }
}

/// Adds the file and prints the closing tally.
///
/// # Errors
/// When nothing could be added, or not everything was.
pub async fn run(args: Args, shell: &Shell) -> anyhow::Result<Exit> {
    let doing = format!("bulk {}", args.file.display());
    shell.check_name(args.queue.as_ref()).with_context(|| doing.clone())?;
    let request = args.request(shell).await?;
    let bulk = tokio::task::spawn_blocking(move || Bulk::prepare(request)).await?.with_context(|| doing.clone())?;
    let queue = if args.dry_run {
        None
    } else {
        let queue = shell.queue(args.queue.as_ref()).await?;
        Some(args.terms.apply(&queue, shell.settings.timeout).await.with_context(|| doing.clone())?)
    };
    announce(&bulk, queue.as_ref(), &args, shell);
    if let Some(queue) = &queue {
        bulk.claim(queue, shell.settings.timeout).await.with_context(|| doing.clone())?;
    }

    let (campaign, is_repeatable) = (bulk.campaign().to_owned(), bulk.is_repeatable());
    let mut results = args.results()?;
    let mut bar = shell.printer.progress(bulk.about_rows(), "rows");
    let mut seen = 0;
    let mut progress = |tally: &Tally| {
        bar.add(tally.total - seen);
        seen = tally.total;
    };
    let hooks = Hooks { progress: Some(&mut progress), results: results.as_mut().map(|results| results.as_mut() as _) };
    let report = bulk.run(queue, shell.settings.timeout, hooks).await;
    bar.finish();
    let report = report.with_context(|| doing.clone())?;

    show_preview(&report, shell);
    let closing = Closing { campaign: &campaign, dry_run: args.dry_run, repeatable: is_repeatable, tally: report.tally };
    let Tally { rejected, refused, .. } = report.tally;
    let is_partial = refused > 0 || (rejected > 0 && !args.allow_rejects);
    close(&closing, is_partial || report.failure.is_some(), &args, shell)?;
    match report.failure {
        Some(failure) => Err(anyhow::Error::new(failure).context(doing)),
        None if is_partial => Ok(Exit::Partial),
        None => Ok(Exit::Done),
    }
}

/// Says what is about to happen: a terminal sees the count and the target before the first row.
fn announce(bulk: &Bulk, queue: Option<&Queue>, args: &Args, shell: &Shell) {
    let rows = bulk.about_rows().map(|rows| format!("about {} rows of ", human::count(rows))).unwrap_or_default();
    let target = match queue {
        Some(queue) => format!("to {} on {}", queue.name(), queue.link().server()),
        None => "to nowhere: a dry run".to_owned(),
    };
    shell.printer.note(&format!("{rows}{} {target}; campaign {}", args.file.display(), bulk.campaign()));
}

/// The first messages of a dry run; the numbers stay masked.
fn show_preview(report: &Report, shell: &Shell) {
    for data in &report.preview {
        let message: serde_json::Value = serde_json::from_str(data).unwrap_or_default();
        let field = |name: &str| message.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        if let Ok(phone) = Phone::parse(field("to"), None) {
            shell.printer.note(&format!("{phone}  {}", field("text")));
        }
    }
}

/// What a bulk has done: the object of `--json`.
#[derive(Debug, Serialize)]
struct Closing<'a> {
    campaign: &'a str,
    dry_run: bool,
    /// Whether the same command can be run again without adding anybody twice.
    repeatable: bool,
    #[serde(flatten)]
    tally: Tally,
}

impl Row for Closing<'_> {
    const SCHEMA: &'static str = "wq.bulk.v1";
    const COLUMNS: &'static [&'static str] =
        &["CAMPAIGN", "DRY RUN", "REPEATABLE", "TOTAL", "STORED", "DUPLICATE", "SUPPRESSED", "REJECTED", "REFUSED"];

    fn cells(&self) -> Vec<String> {
        let Tally { total, stored, duplicate, suppressed, rejected, refused } = self.tally;
        let counts = [total, stored, duplicate, suppressed, rejected, refused].map(|count| count.to_string());
        [self.campaign.to_owned(), self.dry_run.to_string(), self.repeatable.to_string()].into_iter().chain(counts).collect()
    }

    fn id(&self) -> &str {
        self.campaign
    }
}

/// The tally goes to stderr; an asked-for format to stdout, unless the row results are there.
fn close(closing: &Closing<'_>, has_failed: bool, args: &Args, shell: &Shell) -> io::Result<()> {
    let once = if closing.repeatable || closing.dry_run { "" } else { " (from a pipe without --campaign: it can't be repeated)" };
    let closing_line = format!("{}{once}", closing.tally);
    if has_failed {
        shell.printer.say(&closing_line);
    } else {
        shell.printer.note(&closing_line);
    }
    if let Some(rejects) = args.rejects.as_ref().filter(|_| closing.tally.rejected > 0) {
        let (rejects, campaign) = (rejects.display(), closing.campaign);
        shell.printer.note(&format!("correct the rows in {rejects}, then add them: wq bulk {rejects} --campaign {campaign} …"));
    }
    if shell.settings.format.is_none() {
        return Ok(());
    }
    if args.row_results.as_deref().is_some_and(is_stdout) {
        return shell.printer.record_to_stderr(closing);
    }
    shell.printer.record(closing)
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_errors_are_a_number_or_a_share() {
        assert_eq!(max_errors("50"), Ok(MaxErrors::Rows(50)));
        assert_eq!(max_errors("2.5%"), Ok(MaxErrors::Percent(2.5)));
        for text in ["", "-1", "101%", "-1%", "many", "5 rows"] {
            assert!(max_errors(text).is_err(), "{text}");
        }
    }
}
