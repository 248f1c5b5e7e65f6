//! `wq jobs`: this file looks at jobs and changes them by hand.

use std::time::Duration;

use clap::Subcommand;
use serde::Serialize;

use super::job_rows::{JobRow, WholeJob, note_held, report_changes, report_foreseen, report_swept};
use super::job_update::{UpdateFlags, update};
use super::select::{Chosen, FORESEEN, Listing};
use super::time::parse_duration;
use super::{Exit, flows, shell::Shell, tally, watch::Watch, which::Which};
use crate::app::error::{AppError, Kind};
use crate::app::inspector;
use crate::core::model::state::JobState;
use crate::core::store::{Change, Queue, RetryRules};
use crate::output::{Page, Row, human};

/// Look at jobs and change them by hand
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wq jobs list --state failed --where 'age>1h reason~\"timeout\"' -o csv
  wq jobs get order-17 --json | jq .data.reason
  wq jobs retry order-17
  wq jobs clean --state completed --older-than 1d --yes")]
pub struct Args {
    #[command(flatten)]
    which: Which,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List jobs, next to run first, finished ones newest first
    #[command(after_help = "Example:\n  wq jobs list --state failed,delayed --where 'age>1h data.to^=+55' -o csv")]
    List {
        /// Only these states [default: all]
        #[arg(long, value_name = "STATE", value_delimiter = ',')]
        state: Vec<JobState>,
        #[command(flatten)]
        listing: Listing,
        #[command(flatten)]
        watch: Watch,
    },
    /// Show one job with everything that is known of it
    #[command(after_help = "Examples:\n  wq jobs get order-17 --json | jq .data.reason\n  wq jobs get order-17 --tree")]
    Get {
        /// Its id
        id: String,
        /// Its log lines too, on stderr
        #[arg(long)]
        logs: bool,
        /// Where it and all its children are, one line each
        #[arg(long, conflicts_with = "logs")]
        tree: bool,
    },
    /// Put finished jobs back in line, with all their attempts
    #[command(after_help = "Example:\n  wq jobs retry order-17 order-18")]
    Retry {
        #[command(flatten)]
        chosen: Chosen,
        /// Of which state
        #[arg(long, value_name = "STATE", default_value = "failed")]
        state: JobState,
        /// One more attempt only, as Bull Board gives
        #[arg(long)]
        keep_attempts: bool,
    },
    /// Let delayed jobs run now
    #[command(after_help = "Example:\n  wq jobs promote --where 'name=reminder' --dry-run")]
    Promote {
        #[command(flatten)]
        chosen: Chosen,
    },
    /// Change what one job says, how urgent it is, or when it is due: everything or nothing
    #[command(after_help = "Example:\n  wq jobs update order-17 --data @order.json --priority high --delay 10m")]
    Update(UpdateFlags),
    /// Remove jobs, parents with all their children; their ids may be added again
    #[command(after_help = "Example:\n  wq jobs remove --where 'state=delayed age>7d' --dry-run")]
    Remove {
        #[command(flatten)]
        chosen: Chosen,
    },
    /// Remove old jobs of one state; a campaign file sent again still adds none of them
    #[command(after_help = "Example:\n  wq jobs clean --state completed --older-than 1d --yes")]
    Clean {
        /// Of which state
        #[arg(long, value_name = "STATE")]
        state: JobState,
        /// Finished (else: added) at least so long ago
        #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
        older_than: Duration,
        /// The most to remove
        #[arg(long, value_name = "N")]
        limit: Option<u64>,
        /// Say how many there are, and remove none
        #[arg(long)]
        dry_run: bool,
    },
    /// Write a line into the log of a job; a command that runs by `--via exec` can, too
    #[command(after_help = "Examples:\n  wq jobs note order-17 'called back, sent again'\n  wq jobs note \"$WQ_JOB_ID\" 'image fetched'")]
    Note {
        /// Its id
        id: String,
        /// The line
        line: String,
    },
    /// Say how far a job is, for boards and programs that listen
    #[command(
        after_help = "Examples:\n  wq jobs progress order-17 40\n  wq jobs progress \"$WQ_JOB_ID\" '{\"step\":\"upload\",\"percent\":40}'"
    )]
    Progress {
        /// Its id
        id: String,
        /// A number, or any other JSON
        #[arg(value_name = "JSON", value_parser = json, allow_hyphen_values = true)]
        progress: serde_json::Value,
    },
    /// Print the log lines of a job
    #[command(after_help = "Example:\n  wq jobs logs order-17")]
    Logs {
        /// Its id
        id: String,
    },
}

fn json(text: &str) -> Result<serde_json::Value, String> {
    serde_json::from_str(text).map_err(|error| format!("no JSON: {error}; text goes in double quotes within single ones"))
}

/// What a worker wrote about a job.
#[derive(Default, Serialize)]
struct LogRow {
    line: String,
}

impl Row for LogRow {
    const SCHEMA: &'static str = "wq.job_logs.v1";
    const COLUMNS: &'static [&'static str] = &["LINE"];

    fn cells(&self) -> Vec<String> {
        vec![self.line.clone()]
    }

    fn id(&self) -> &str {
        &self.line
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }
}

/// States in which a job can be removed.
const REMOVABLE: [JobState; 6] =
    [JobState::Waiting, JobState::Prioritized, JobState::Delayed, JobState::Completed, JobState::Failed, JobState::WaitingChildren];

/// Runs a verb.
///
/// # Errors
/// As the verb's use case.
pub async fn run(args: Args, shell: &Shell) -> anyhow::Result<Exit> {
    let queue = args.which.open(shell).await?;
    match args.verb {
        Verb::List { state, listing, watch } => {
            let states = if state.is_empty() { JobState::ALL.to_vec() } else { state };
            watch.every(shell, async || list(&queue, states.clone(), &listing, shell).await).await
        }
        Verb::Get { id, tree: true, .. } => flows::show(&queue, &id, shell).await,
        Verb::Get { id, logs, tree: false } => get(&queue, &id, logs, shell).await,
        Verb::Retry { chosen, state, keep_attempts } => {
            retry(&queue, &chosen, state, RetryRules { keep_attempts, uncertain: false }, shell).await
        }
        Verb::Promote { chosen } => promote(&queue, &chosen, shell).await,
        Verb::Update(flags) => update(&queue, &flags, shell).await,
        Verb::Remove { chosen } => remove(&queue, &chosen, shell).await,
        Verb::Clean { state, older_than, limit, dry_run } => clean(&queue, state, older_than, limit, dry_run, shell).await,
        Verb::Note { id, line } => {
            let change = queue.log(&id, &line).await.map_err(AppError::from)?;
            Ok(report_changes(&[id], &[change], "noted", false, shell)?)
        }
        Verb::Progress { id, progress } => {
            let change = queue.progress(&id, &progress).await.map_err(AppError::from)?;
            Ok(report_changes(&[id], &[change], "noted", false, shell)?)
        }
        Verb::Logs { id } => {
            inspector::job(&queue, &id).await?;
            print_logs(&queue, &id, shell).await
        }
    }
}

pub(super) async fn list(queue: &Queue, states: Vec<JobState>, listing: &Listing, shell: &Shell) -> anyhow::Result<()> {
    let (jobs, scan) = listing.find(queue, states, shell).await?;
    let rows: Vec<JobRow> = jobs.into_iter().map(JobRow::from).collect();
    let next = scan.next.map(|cursor| cursor.to_string());
    shell.printer.rows(&rows, &Page { next, total: Some(scan.total), scanned: Some(scan.scanned), dry_run: false })?;
    Ok(())
}

pub(super) async fn get(queue: &Queue, id: &str, logs: bool, shell: &Shell) -> anyhow::Result<Exit> {
    let job = inspector::job(queue, id).await?;
    shell.printer.record(&WholeJob(job.into()))?;
    if logs {
        for line in queue.logs(id, 0, u64::from(u32::MAX)).await.map_err(AppError::from)? {
            shell.printer.note(&line);
        }
    }
    Ok(Exit::Done)
}

async fn print_logs(queue: &Queue, id: &str, shell: &Shell) -> anyhow::Result<Exit> {
    let lines = queue.logs(id, 0, u64::from(u32::MAX)).await.map_err(AppError::from)?;
    if shell.printer.format.is_none() {
        shell.printer.lines(lines.iter().map(String::as_str))?;
        return Ok(Exit::Done);
    }
    let rows: Vec<LogRow> = lines.into_iter().map(|line| LogRow { line }).collect();
    shell.printer.rows(&rows, &Page { total: Some(rows.len() as u64), ..Page::default() })?;
    Ok(Exit::Done)
}

/// Says what a change would come to, and changes nothing.
async fn foresee(queue: &Queue, chosen: &Chosen, states: &[JobState], done: &str, shell: &Shell) -> anyhow::Result<Exit> {
    if let Some((ids, total)) = chosen.foresee_all(queue, states, shell).await? {
        return Ok(report_foreseen(&ids, total, done, shell)?);
    }
    let ids = chosen.pick(queue, states, shell).await?.ids();
    let changes = chosen.foresee(queue, &ids, states).await?;
    Ok(report_changes(&ids, &changes, done, true, shell)?)
}

/// Without those that may have been sent, unless they were named one by one or asked for: they stay as they are.
async fn without_held(queue: &Queue, ids: Vec<String>, shell: &Shell) -> Result<Vec<String>, AppError> {
    let held = queue.which_are_held(&ids).await?;
    let before = ids.len();
    let ids: Vec<String> = ids.into_iter().zip(held).filter(|(_, is_held)| !is_held).map(|(id, _)| id).collect();
    note_held((before - ids.len()) as u64, shell);
    Ok(ids)
}

/// Says what putting jobs back in line would come to.
async fn foresee_retry(queue: &Queue, chosen: &Chosen, state: JobState, rules: RetryRules, shell: &Shell) -> anyhow::Result<Exit> {
    if rules.uncertain || state != JobState::Failed {
        return foresee(queue, chosen, &[state], "retried", shell).await;
    }
    if let Some((ids, total)) = chosen.foresee_all(queue, &[state], shell).await? {
        let held = queue.count_held_failed().await.map_err(AppError::from)?.min(total);
        note_held(held, shell);
        let is_held = queue.which_are_held(&ids).await.map_err(AppError::from)?;
        let ids: Vec<String> = ids.into_iter().zip(is_held).filter(|(_, is_held)| !is_held).map(|(id, _)| id).collect();
        return Ok(report_foreseen(&ids, total - held, "retried", shell)?);
    }
    let ids = chosen.pick(queue, &[state], shell).await?.ids();
    let ids = if chosen.by_name() { ids } else { without_held(queue, ids, shell).await? };
    let mut changes = chosen.foresee(queue, &ids, &[state]).await?;
    for (change, is_held) in changes.iter_mut().zip(queue.which_are_held(&ids).await.map_err(AppError::from)?) {
        if is_held && *change == Change::Done {
            *change = Change::Held;
        }
    }
    Ok(report_changes(&ids, &changes, "retried", true, shell)?)
}

pub(super) async fn retry(queue: &Queue, chosen: &Chosen, state: JobState, rules: RetryRules, shell: &Shell) -> anyhow::Result<Exit> {
    if !matches!(state, JobState::Failed | JobState::Completed) {
        return Err(AppError::new(Kind::Usage, format!("{state} jobs can't be retried; failed and completed ones can")).into());
    }
    if chosen.dry_run {
        return foresee_retry(queue, chosen, state, rules, shell).await;
    }
    if let Some(total) = chosen.count_all(queue, state, shell).await? {
        let swept = queue.retry_all(state, rules, total, FORESEEN).await.map_err(AppError::from)?;
        return Ok(report_swept(&swept, total, "retried", shell)?);
    }
    let ids = chosen.pick(queue, &[state], shell).await?.ids();
    let ids = if chosen.by_name() || rules.uncertain { ids } else { without_held(queue, ids, shell).await? };
    let changes = queue.retry(&ids, state, rules).await.map_err(AppError::from)?;
    Ok(report_changes(&ids, &changes, "retried", false, shell)?)
}

async fn promote(queue: &Queue, chosen: &Chosen, shell: &Shell) -> anyhow::Result<Exit> {
    if chosen.dry_run {
        return foresee(queue, chosen, &[JobState::Delayed], "promoted", shell).await;
    }
    if let Some(total) = chosen.count_all(queue, JobState::Delayed, shell).await? {
        let swept = queue.promote_all(total, FORESEEN).await.map_err(AppError::from)?;
        return Ok(report_swept(&swept, total, "promoted", shell)?);
    }
    let ids = chosen.pick(queue, &[JobState::Delayed], shell).await?.ids();
    let changes = queue.promote(&ids).await.map_err(AppError::from)?;
    Ok(report_changes(&ids, &changes, "promoted", false, shell)?)
}

async fn remove(queue: &Queue, chosen: &Chosen, shell: &Shell) -> anyhow::Result<Exit> {
    if chosen.dry_run {
        return foresee(queue, chosen, &REMOVABLE, "removed", shell).await;
    }
    let picked = chosen.pick(queue, &REMOVABLE, shell).await?;
    let ids = picked.ids();
    if !chosen.by_name() && !ids.is_empty() {
        let what = format!("{} jobs from {} at {}", human::count(ids.len() as u64), queue.name(), shell.settings.redis);
        shell.confirm(&format!("Removing {what} can't be undone."), None)?;
    }
    let mut changes = Vec::with_capacity(ids.len());
    for (state, ids) in &picked.groups {
        let group = match state {
            // While somebody was asked, a job may have gone on: then it is another one than was shown.
            Some(state) => queue.remove_from(*state, ids).await,
            None => queue.remove(ids).await,
        };
        changes.extend(group.map_err(AppError::from)?);
    }
    Ok(report_changes(&ids, &changes, "removed", false, shell)?)
}

pub(super) async fn clean(
    queue: &Queue,
    state: JobState,
    older_than: Duration,
    limit: Option<u64>,
    dry_run: bool,
    shell: &Shell,
) -> anyhow::Result<Exit> {
    let limit = limit.unwrap_or(u64::MAX);
    let mut count = queue.count_older_than(state, older_than, limit).await.map_err(AppError::from)?;
    if !dry_run && count > 0 {
        let what = format!("{} {state} jobs from {} at {}", human::count(count), queue.name(), shell.settings.redis);
        shell.confirm(&format!("Removing {what} can't be undone."), None)?;
        count = queue.clean(state, older_than, limit).await.map_err(AppError::from)?;
    }
    tally::report(queue.name(), "removed", count, dry_run, shell)?;
    Ok(Exit::Done)
}
