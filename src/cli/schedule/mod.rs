//! `wq schedule`: this file lists schedules, removes them and runs one out of turn; BullMQ's job schedulers.

mod add;
mod next;
mod rows;

use clap::Subcommand;

use super::clocks::reader_zone;
use super::enqueue::Added;
use super::job_rows::report_changes;
use super::watch::Watch;
use super::which::Which;
use super::{Exit, shell::Shell};
use crate::app::error::AppError;
use crate::app::scheduler;
use crate::core::store::Queue;
use crate::output::Page;
use rows::{ScheduleRow, Viewpoint, WholeSchedule};

/// Add the same message again and again, or once at a time to come
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wq schedule add daily --cron '0 9 * * 1-5' --tz America/Sao_Paulo --to +5511999990000 --text Oi
  wq schedule add party --at 'in 2h' --to +5511999990000 --text 'It begins'
  wq schedule list --watch
  wq schedule next '0 9 * * 1-5' --tz Europe/Madrid
  wq schedule remove daily")]
pub struct Args {
    #[command(flatten)]
    which: Which,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a schedule, or change the one of that name
    Add(Box<add::Args>),
    /// List the schedules, the next to run first
    #[command(after_help = "Example:\n  wq schedule list --json | jq -r '.data[] | select(.problem) | .name'")]
    List {
        /// The most to show
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u64,
        /// Go on where the last page ended
        #[arg(long, value_name = "CURSOR", default_value_t = 0, hide_default_value = true)]
        cursor: u64,
        #[command(flatten)]
        watch: Watch,
    },
    /// Show one with everything that is known of it
    #[command(after_help = "Example:\n  wq schedule show daily")]
    Show {
        /// Its name
        name: String,
    },
    /// Remove schedules with the runs that are still to come
    #[command(after_help = "Example:\n  wq schedule remove daily weekly")]
    Remove {
        /// Their names
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        /// Say what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Add its job once, now; the schedule goes on unchanged
    #[command(after_help = "Example:\n  wq schedule run-now daily")]
    RunNow {
        /// Its name
        name: String,
        /// Check everything, add nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Print when a cron expression would run; needs no Redis
    Next(next::Args),
}

/// Runs a verb.
///
/// # Errors
/// As the verb's use case.
pub async fn run(args: Args, shell: &Shell) -> anyhow::Result<Exit> {
    let Args { which, verb } = args;
    match verb {
        Verb::Add(args) => add::run(*args, &which, shell).await,
        Verb::List { limit, cursor, watch } => {
            let queue = which.open(shell).await?;
            watch.every(shell, async || list(&queue, cursor, limit, shell).await).await
        }
        Verb::Show { name } => {
            let queue = which.open(shell).await?;
            let schedule = scheduler::find(&queue, &name).await?;
            shell.printer.record(&WholeSchedule(ScheduleRow::new(schedule, &viewpoint(&queue, shell).await?)))?;
            Ok(Exit::Done)
        }
        Verb::Remove { names, dry_run } => remove(&which.open(shell).await?, &names, dry_run, shell).await,
        Verb::RunNow { name, dry_run } => {
            let queue = which.open(shell).await?;
            let id = scheduler::run_now(&queue, &name, dry_run, shell.settings.timeout).await?;
            shell.printer.record_on(&Added::stored(&id, queue.name(), dry_run), &Page { dry_run, ..Page::default() })?;
            if dry_run {
                shell.printer.note("nothing was changed (dry run)");
            }
            Ok(Exit::Done)
        }
        Verb::Next(args) => next::run(&args, shell),
    }
}

async fn viewpoint(queue: &Queue, shell: &Shell) -> Result<Viewpoint, AppError> {
    Ok(Viewpoint { zone: reader_zone(shell)?, now: queue.server_now().await? })
}

async fn list(queue: &Queue, offset: u64, limit: u64, shell: &Shell) -> anyhow::Result<()> {
    let total = queue.schedule_count().await.map_err(AppError::from)?;
    let found = queue.schedules(offset, limit).await.map_err(AppError::from)?;
    let from = viewpoint(queue, shell).await?;
    let end = offset.saturating_add(found.len() as u64);
    let rows: Vec<ScheduleRow> = found.into_iter().map(|schedule| ScheduleRow::new(schedule, &from)).collect();
    let next = (!rows.is_empty() && end < total).then(|| end.to_string());
    shell.printer.rows(&rows, &Page { next, total: Some(total), ..Page::default() })?;
    Ok(())
}

async fn remove(queue: &Queue, names: &[String], dry_run: bool, shell: &Shell) -> anyhow::Result<Exit> {
    let changes = scheduler::remove(queue, names, dry_run).await?;
    Ok(report_changes(names, &changes, "removed", dry_run, shell)?)
}
