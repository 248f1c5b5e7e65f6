//! This file is `wq enqueue`: one message or job into a queue, or a stream of them.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{ArgGroup, Args as ClapArgs};
use serde::Serialize;

use super::body_flags::{BODY, DETAILS};
use super::dedupe_flags::DedupeFlags;
use super::job_flags::{JobFlags, future};
use super::message_flags::MessageFlags;
use super::shell::Shell;
use super::terms_flags::TermsFlags;
use super::time::parse_duration;
use super::{Exit, flows};
use crate::app::error::{AppError, Kind};
use crate::app::producer::{self, IdSource, Line, StreamReport, TreeDefaults};
use crate::core::model::clock::Millis;
use crate::core::model::job::{AddStatus, JobOptions, NewJob};
use crate::core::model::priority::Priority;
use crate::core::model::queue::QueueName;
use crate::core::store::Queue;
use crate::output::{Format, Row};

/// Add one message or job to a queue, or a stream of them
#[derive(ClapArgs, Debug)]
#[command(after_help = EXAMPLES)]
#[command(group = ArgGroup::new("what").required(true).args(["to", "data", "ndjson", "tree"]))]
pub struct Args {
    /// The queue [default: whatsapp]
    #[arg(short = 'Q', long, value_name = "QUEUE")]
    queue: Option<QueueName>,
    #[command(flatten)]
    message: MessageFlags,
    /// Lines of {"name","data","opts"}, with BullMQ's option names
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["id", "key", "expires", BODY, DETAILS, "job_name"])]
    ndjson: Option<PathBuf>,
    /// A parent with its children, all or nothing: a job as in --ndjson with "children", and its own "queue" if it has one
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["id", "key", "expires", BODY, DETAILS, "job_name", "lifo", "delay", "at", "dedupe", "max_waiting", "max_bytes"])]
    tree: Option<PathBuf>,
    /// The id of the job; an id that is there already adds nothing
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    id: Option<String>,
    /// Any text that the id is made from: the same key twice adds once
    #[arg(long, value_name = "KEY", conflicts_with = "id")]
    key: Option<String>,
    /// Don't send it after this time from now (30m) or this moment
    #[arg(long, value_name = "TIME|MOMENT", allow_hyphen_values = true)]
    expires: Option<String>,
    /// Run it next, before all that waits; without priority and delay
    #[arg(long, conflicts_with_all = ["priority", "delay", "at"])]
    lifo: bool,
    /// Check everything, add nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    terms: TermsFlags,
    #[command(flatten)]
    dedupe: DedupeFlags,
    #[command(flatten)]
    job: JobFlags,
}

const EXAMPLES: &str = "\
Examples:
  wq enqueue --to +5511999990000 --text 'Hi' --priority high
  wq enqueue --to 600111222 --default-country ES --text 'Hola' --at 'tomorrow 09:00' --key order-17
  wq enqueue --to +34600111222 --media https://example.com/menu.pdf --caption 'The menu'
  wq enqueue --to +34600111222 --template-name cita --language es --param Ana --param 10:30
  wq enqueue --data '{\"to\":\"+34600111222\",\"poll\":{\"name\":\"When?\",\"options\":[\"Mon\",\"Tue\"]}}'
  wq enqueue --data @cart.json --delay 30m --dedupe cart-17 --dedupe-mode replace
  producer | wq enqueue --ndjson -
  wq enqueue --tree order.json --dry-run";

/// What became of a job.
#[derive(Debug, Serialize)]
pub(super) struct Added {
    id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deduplicated_by: Option<String>,
    queue: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

impl Added {
    /// One job that is in the queue now, or would be.
    pub(super) fn stored(id: &str, queue: &QueueName, dry_run: bool) -> Self {
        added(id, &AddStatus::Stored, queue.as_str(), None, dry_run)
    }
}

impl Row for Added {
    const SCHEMA: &'static str = "wq.enqueue.v1";
    const COLUMNS: &'static [&'static str] = &["ID", "STATUS", "QUEUE"];

    fn cells(&self) -> Vec<String> {
        let status = self.deduplicated_by.as_ref().map_or_else(|| self.status.to_owned(), |owner| format!("{} by {owner}", self.status));
        vec![self.id.clone(), status, self.queue.clone()]
    }

    fn id(&self) -> &str {
        &self.id
    }
}

/// Adds the job and prints its id.
///
/// # Errors
/// When it was not added.
pub async fn run(args: Args, shell: &Shell) -> anyhow::Result<Exit> {
    if let Some(path) = &args.ndjson {
        shell.check_name(args.queue.as_ref()).context("enqueue")?;
        return stream(&args, path, shell).await;
    }
    let name = args.queue.clone().unwrap_or_else(|| shell.settings.queue.clone());
    if let Some(path) = &args.tree {
        let (options, country) =
            (args.options(shell).await.context("enqueue --tree")?, args.message.country(shell).context("enqueue --tree")?);
        let how = flows::How { durability: args.terms.durability(), dry_run: args.dry_run };
        return flows::enqueue(path, TreeDefaults { queue: name, options, country }, how, shell).await;
    }
    shell.check_name(Some(&name)).context("enqueue")?;
    let (job, doing) = args.new_job(&name, shell).await.context("enqueue")?;
    let id = job.id.clone();
    let status = if args.dry_run {
        AddStatus::Stored
    } else {
        let queue = args.open(args.queue.as_ref(), shell).await.with_context(|| doing.clone())?;
        producer::add(&queue, job, shell.settings.timeout).await.with_context(|| doing)?
    };
    shell.printer.record(&added(&id, &status, name.as_str(), None, args.dry_run))?;
    Ok(Exit::Done)
}

impl Args {
    /// The job, and what is being done in words that name no whole number.
    async fn new_job(&self, queue: &QueueName, shell: &Shell) -> Result<(NewJob, String), AppError> {
        let id_source = match (&self.id, &self.key) {
            (Some(id), _) => IdSource::Given(id.clone()),
            (None, Some(key)) => IdSource::Key(key.clone()),
            (None, None) => IdSource::Made,
        };
        let id = producer::new_id(&id_source, queue)?;
        let options = self.options(shell).await?;
        let expires = match &self.expires {
            Some(text) => Some(expiry(text, shell).await?),
            None => None,
        };
        let (data, what) = self.message.data(expires, shell)?;
        Ok((NewJob { id, name: self.message.name.clone(), data, options }, format!("enqueue {what}")))
    }

    /// The queue, on the terms of the flags.
    async fn open(&self, name: Option<&QueueName>, shell: &Shell) -> Result<Queue, AppError> {
        self.terms.apply(&shell.queue(name).await?, shell.settings.timeout).await
    }

    async fn options(&self, shell: &Shell) -> Result<JobOptions, AppError> {
        let mut options = self.job.options(shell).await?;
        options.deduplication = self.dedupe.deduplication()?;
        if self.lifo {
            options.lifo = true;
            options.priority = Some(Priority::NONE);
        }
        producer::check_options(&options)?;
        Ok(options)
    }
}

async fn expiry(text: &str, shell: &Shell) -> Result<Millis, AppError> {
    match parse_duration(text) {
        Ok(duration) => Ok(shell.now().await.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))),
        Err(problem) if problem.contains("negative") => Err(AppError::new(Kind::Usage, format!("--expires: {problem}"))),
        Err(_) => future(shell, "--expires", text).await,
    }
}

fn added(id: &str, status: &AddStatus, queue: &str, line: Option<u64>, dry_run: bool) -> Added {
    let (status, deduplicated_by) = match status {
        AddStatus::Stored => ("stored", None),
        AddStatus::Duplicate => ("duplicate", None),
        AddStatus::Deduplicated { by } => ("deduplicated", Some(by.clone())),
    };
    Added { id: id.to_owned(), status, deduplicated_by, queue: queue.to_owned(), line, dry_run }
}

/// `--ndjson`: ids with `-q`, one object a line with `-o ndjson`, else only the tally.
async fn stream(args: &Args, path: &Path, shell: &Shell) -> anyhow::Result<Exit> {
    let doing = format!("enqueue --ndjson {}", path.display());
    let options = args.options(shell).await.with_context(|| doing.clone())?;
    let queue = if args.dry_run { None } else { Some(args.open(args.queue.as_ref(), shell).await.with_context(|| doing.clone())?) };
    let name = args.queue.clone().unwrap_or_else(|| shell.settings.queue.clone()).to_string();
    let file = (path.as_os_str() != "-").then(|| path.to_owned());
    let lists_lines = matches!(shell.settings.format, Some(Format::Ndjson));
    let mut bar = shell.printer.progress(None, "jobs");
    let mut failed = None;
    let mut on_added = |lines: &[Line]| {
        bar.add(lines.len() as u64);
        let printed = match (lists_lines, shell.printer.quiet) {
            (true, _) => shell.printer.rows(&rows(lines, &name, args.dry_run), &crate::output::Page::default()),
            (false, true) => shell.printer.lines(lines.iter().map(|line| line.id.as_str())),
            (false, false) => Ok(()),
        };
        // Jobs matter more than the lines about them: the rest is still added, the failure is told at the end.
        if let Err(error) = printed {
            failed.get_or_insert(error);
        }
    };
    let report = producer::add_stream(queue, file, options, shell.settings.timeout, &mut on_added).await;
    bar.finish();
    let StreamReport { stored, duplicate, deduplicated, refused, failure } = report.with_context(|| doing.clone())?;

    let (dry_run, total) = (args.dry_run, stored + duplicate + deduplicated + refused);
    let closing = StreamClosing { queue: name, dry_run, total, stored, duplicate, deduplicated, refused };
    shell.printer.note(&closing.line());
    if matches!(shell.settings.format, Some(format) if format != Format::Ndjson) {
        shell.printer.record(&closing)?;
    }
    match (failure, failed) {
        (Some(failure), _) if total > refused && failure.kind() != Kind::Full => {
            Err(anyhow::Error::new(failure.of_kind(Kind::Partial)).context(doing))
        }
        (Some(failure), _) => Err(anyhow::Error::new(failure).context(doing)),
        (None, Some(error)) => Err(error.into()),
        (None, None) => Ok(Exit::Done),
    }
}

fn rows(lines: &[Line], queue: &str, dry_run: bool) -> Vec<Added> {
    lines.iter().map(|line| added(&line.id, &line.status, queue, Some(line.number), dry_run)).collect()
}

/// What a stream has done.
#[derive(Debug, Serialize)]
struct StreamClosing {
    queue: String,
    dry_run: bool,
    total: u64,
    stored: u64,
    duplicate: u64,
    deduplicated: u64,
    refused: u64,
}

impl StreamClosing {
    fn line(&self) -> String {
        let Self { total, stored, duplicate, deduplicated, refused, .. } = self;
        format!("total {total} = stored {stored} + duplicate {duplicate} + deduplicated {deduplicated} + refused {refused}")
    }
}

impl Row for StreamClosing {
    const SCHEMA: &'static str = "wq.enqueue_stream.v1";
    const COLUMNS: &'static [&'static str] = &["QUEUE", "DRY RUN", "TOTAL", "STORED", "DUPLICATE", "DEDUPLICATED", "REFUSED"];

    fn cells(&self) -> Vec<String> {
        let counts = [self.total, self.stored, self.duplicate, self.deduplicated, self.refused].map(|count| count.to_string());
        [self.queue.clone(), self.dry_run.to_string()].into_iter().chain(counts).collect()
    }

    fn id(&self) -> &str {
        &self.queue
    }
}
