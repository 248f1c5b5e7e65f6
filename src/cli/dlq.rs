//! `wq dlq`: this file deals with dead letters: jobs that failed for good, BullMQ's `failed` set.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use super::job_rows::JobRow;
use super::select::{Chosen, Listing};
use super::time::parse_duration;
use super::{Exit, dlq_uncertain, jobs, shell::Shell, tally, watch::Watch, which::Which};
use crate::app::error::{AppError, Kind};
use crate::app::inspector::{self, Cursor, Search};
use crate::core::model::filter::Filter;
use crate::core::model::job::JobRecord;
use crate::core::model::state::JobState;
use crate::core::store::resolve::Knowledge;
use crate::core::store::{Queue, RetryRules};
use crate::output::{FileFormat, Page, Row, human, save};

/// Dead letters: look, retry, clean, export
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wq dlq list --by reason
  wq dlq retry --all --where 'reason~\"timeout\"' --dry-run
  wq dlq retry a1b2c3
  wq dlq list --uncertain
  wq dlq resolve a1b2c3 --not-sent
  wq dlq clean --older-than 30d --yes
  wq dlq export dead.csv")]
pub struct Args {
    #[command(flatten)]
    which: Which,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List dead letters, newest first, or count them by something
    #[command(after_help = "Example:\n  wq dlq list --by reason --where 'age<1d'")]
    List {
        #[command(flatten)]
        listing: Listing,
        /// Count them instead
        #[arg(long, value_name = "WHAT")]
        by: Option<By>,
        /// Those of which nobody knows whether they were sent, oldest first, also when somebody else removed or retried the job
        #[arg(long, conflicts_with_all = ["by", "filter", "cursor"])]
        uncertain: bool,
        #[command(flatten)]
        watch: Watch,
    },
    /// Show one with everything that is known of it
    #[command(after_help = "Example:\n  wq dlq show a1b2c3")]
    Show {
        /// Its id
        id: String,
    },
    /// Put them back in line, with all their attempts
    #[command(after_help = "Example:\n  wq dlq retry --where 'reason~timeout' --dry-run")]
    Retry {
        #[command(flatten)]
        chosen: Chosen,
        /// One more attempt only, as Bull Board gives
        #[arg(long)]
        keep_attempts: bool,
        /// Those too that may have been sent already: they may arrive twice
        #[arg(long)]
        include_uncertain: bool,
    },
    /// Say of one whether it was sent, when nobody knew: then it is completed, or goes back in line
    #[command(after_help = "Examples:
  wq dlq resolve a1b2c3 --sent 3EB0C767D26A8D4E5F
  wq dlq resolve a1b2c3 --not-sent")]
    Resolve {
        /// Its id, as dlq list --uncertain shows it
        id: String,
        #[command(flatten)]
        word: Word,
    },
    /// Remove old ones, but none that may have been sent
    #[command(after_help = "Example:\n  wq dlq clean --older-than 30d --yes")]
    Clean {
        /// Failed at least so long ago
        #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
        older_than: Duration,
        /// The most to remove
        #[arg(long, value_name = "N")]
        limit: Option<u64>,
        /// Say how many there are, and remove none
        #[arg(long)]
        dry_run: bool,
    },
    /// Write them to a file: .csv, or one JSON object a line
    #[command(after_help = "Example:\n  wq dlq export dead.csv --where 'age<7d'")]
    Export {
        /// Where to; personal data, so it is for you alone (0600)
        file: PathBuf,
        /// Only those for which this holds: 'reason~"timeout" age<1d'
        #[arg(long = "where", value_name = "EXPR", default_value = "", hide_default_value = true)]
        filter: Filter,
        /// Replace the file
        #[arg(long)]
        force: bool,
    },
}

/// What a person knows.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Word {
    /// It was sent; the provider's id of the message, if known
    #[arg(long, value_name = "PROVIDER_ID")]
    #[expect(clippy::option_option, reason = "the flag has an optional value")]
    sent: Option<Option<String>>,
    /// It was not sent: it goes back in line, under a new key for the receiver
    #[arg(long)]
    not_sent: bool,
}

/// What dead letters are counted by.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum By {
    /// The first line of the reason
    Reason,
    /// The name of the job
    Name,
    /// The day they failed, UTC
    Day,
}

#[derive(Default, Serialize)]
struct Group {
    group: String,
    count: u64,
}

impl Row for Group {
    const SCHEMA: &'static str = "wq.groups.v1";
    const COLUMNS: &'static [&'static str] = &["COUNT", "GROUP"];

    fn cells(&self) -> Vec<String> {
        vec![human::count(self.count), self.group.clone()]
    }

    fn id(&self) -> &str {
        &self.group
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }
}

/// Runs a verb.
///
/// # Errors
/// As the verb's use case.
pub async fn run(args: Args, shell: &Shell) -> anyhow::Result<Exit> {
    let queue = args.which.open(shell).await?;
    match args.verb {
        Verb::List { uncertain: true, watch, listing, .. } => {
            watch.every(shell, async || dlq_uncertain::list(&queue, listing.limit, shell).await).await
        }
        Verb::List { by: Some(by), watch, listing, .. } => {
            watch.every(shell, async || list_groups(&queue, by, &listing, shell).await).await
        }
        Verb::List { listing, watch, .. } => {
            watch.every(shell, async || jobs::list(&queue, vec![JobState::Failed], &listing, shell).await).await
        }
        Verb::Show { id } => jobs::get(&queue, &id, false, shell).await,
        Verb::Retry { chosen, keep_attempts, include_uncertain } => {
            let rules = RetryRules { keep_attempts, uncertain: include_uncertain };
            jobs::retry(&queue, &chosen, JobState::Failed, rules, shell).await
        }
        Verb::Resolve { id, word } => {
            let knowledge = match &word.sent {
                Some(provider_id) => Knowledge::Sent(provider_id.as_deref()),
                None => Knowledge::NotSent,
            };
            dlq_uncertain::resolve(&queue, &id, knowledge, shell).await
        }
        Verb::Clean { older_than, limit, dry_run } => jobs::clean(&queue, JobState::Failed, older_than, limit, dry_run, shell).await,
        Verb::Export { file, filter, force } => export(&queue, file, &filter, force, shell).await,
    }
}

async fn list_groups(queue: &Queue, by: By, listing: &Listing, shell: &Shell) -> anyhow::Result<()> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let count = |job: JobRecord| {
        *counts.entry(group_of(&job, by)).or_default() += 1;
        Ok(())
    };
    let scan = listing.each(queue, vec![JobState::Failed], count, shell).await?;
    let mut groups: Vec<Group> = counts.into_iter().map(|(group, count)| Group { group, count }).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    let page = Page { total: Some(groups.len() as u64), scanned: Some(scan.scanned), ..Page::default() };
    shell.printer.rows(&groups, &page)?;
    Ok(())
}

fn group_of(job: &JobRecord, by: By) -> String {
    match by {
        By::Reason => job.failed_reason.as_deref().and_then(|reason| reason.lines().next()).unwrap_or("(none)").to_owned(),
        By::Name => job.name.clone(),
        By::Day => job.finished_on.map(human::moment).map_or_else(|| "(unknown)".to_owned(), |moment| moment.chars().take(10).collect()),
    }
}

async fn export(queue: &Queue, file: PathBuf, filter: &Filter, force: bool, shell: &Shell) -> anyhow::Result<Exit> {
    if !force && file.symlink_metadata().is_ok() {
        return Err(exists(&file).into());
    }
    let is_csv = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let format = if is_csv { FileFormat::Csv } else { FileFormat::Ndjson };
    let doing = || format!("exporting to {}", file.display());
    let mut sink = save::<JobRow>(&file, format, shell.settings.raw_csv).with_context(doing)?;
    let states = vec![JobState::Failed];
    let search = Search { states, filter: filter.clone(), limit: u64::MAX, scan_limit: u64::MAX, from: Cursor::default() };
    let scan = inspector::scan(queue, &search, |job| Ok(sink.write(&job.into())?)).await.with_context(doing)?;
    match sink.finish(force) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(exists(&file).into()),
        ended => ended.with_context(doing)?,
    }
    tally::report(queue.name(), "exported", scan.found, false, shell)?;
    Ok(Exit::Done)
}

fn exists(file: &Path) -> AppError {
    AppError::new(Kind::Conflict, format!("{} exists", file.display())).with_hint("name another file, or add --force")
}
