//! `wq schedule add`: this file makes a schedule, or changes the one of that name.

use std::time::Duration;

use anyhow::Context;
use clap::ArgGroup;

use super::super::clocks::{named_zone, oddity, reader_zone};
use super::super::job_flags::{RunFlags, future};
use super::super::message_flags::MessageFlags;
use super::super::terms_flags::durability;
use super::super::time::parse_duration;
use super::super::which::Which;
use super::super::{Exit, shell::Shell};
use super::rows::{ScheduleRow, Viewpoint};
use crate::app::error::{AppError, Kind};
use crate::app::scheduler::{self, Plan};
use crate::core::model::schedule::{Schedule, ScheduleRecord, Timing, check_schedule_id};
use crate::core::store::{Durability, Terms, options_json};
use crate::output::Page;

/// What a schedule that runs once is in BullMQ's terms: every so often from its moment on, with a limit of one.
const ONCE_EVERY_MS: u64 = 86_400_000;

/// Make a schedule, or change the one of that name
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wq schedule add daily --cron '0 9 * * 1-5' --tz America/Sao_Paulo --to +5511999990000 --text Oi
  wq schedule add pulse --every 15m --until 'tomorrow 18:00' --data '{\"ping\":true}' --name ping
  wq schedule add party --at '2026-12-31 23:59' --to +5511999990000 --text 'Happy new year'")]
#[command(override_usage = "wq schedule add <NAME> <--cron|--every|--at …> <--to …|--data …> [OPTIONS]")]
#[command(group = ArgGroup::new("when").required(true).args(["cron", "every", "at"]))]
#[command(group = ArgGroup::new("what").required(true).args(["to", "data"]))]
pub(super) struct Args {
    /// Its name; the same name again changes it
    #[arg(value_name = "NAME")]
    schedule: String,
    #[command(flatten)]
    message: MessageFlags,
    /// Check everything, change nothing
    #[arg(long)]
    dry_run: bool,
    /// When it counts: fast, replicated[:N] or fsync
    #[arg(long, value_name = "HOW", default_value = "fast", value_parser = durability)]
    durability: Durability,
    #[command(flatten)]
    timing: TimingFlags,
    #[command(flatten)]
    run: RunFlags,
}

/// When a job is made.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "When it runs")]
struct TimingFlags {
    /// Minute, hour, day of the month, month and weekday, with seconds in front of them if there are six; or @daily
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    cron: Option<String>,
    /// Every so often, from now on: 15m, 1h, 1d
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = parse_duration)]
    every: Option<Duration>,
    /// Once: 2026-12-01T09:00:00Z, '2026-12-01 09:00', 'tomorrow 09:00', 'in 2h'
    #[arg(long, value_name = "MOMENT", allow_hyphen_values = true, conflicts_with_all = ["from", "until", "limit"])]
    at: Option<String>,
    /// With --every: so long after each multiple of it, counted in UTC, instead of from now on
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = parse_duration, conflicts_with_all = ["cron", "at"])]
    offset: Option<Duration>,
    /// Not before this moment
    #[arg(long, value_name = "MOMENT", allow_hyphen_values = true)]
    from: Option<String>,
    /// Not after this moment
    #[arg(long, value_name = "MOMENT", allow_hyphen_values = true)]
    until: Option<String>,
    /// So many times in all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

/// What the flags of a schedule without its job come to.
struct When {
    timing: Timing,
    limit: Option<u64>,
    start: Option<u64>,
    end: Option<u64>,
}

impl TimingFlags {
    async fn read(&self, shell: &Shell) -> Result<When, AppError> {
        let moment = async |flag: &str, text: &Option<String>| match text {
            Some(text) => future(shell, flag, text).await.map(Some),
            None => Ok(None),
        };
        if self.at.is_some() {
            let start = moment("--at", &self.at).await?;
            return Ok(When { timing: Timing::Every { ms: ONCE_EVERY_MS, offset: None }, limit: Some(1), start, end: None });
        }
        let timing = match (&self.cron, self.every) {
            (Some(pattern), _) => {
                let (_, zone) = named_zone(shell)?;
                Timing::cron(pattern, Some(&zone)).map_err(|error| AppError::new(Kind::Usage, format!("--cron: {error}")))?
            }
            (None, every) => every_so_often(every.unwrap_or_default(), self.offset)?,
        };
        let (start, end) = (moment("--from", &self.from).await?, moment("--until", &self.until).await?);
        Ok(When { timing, limit: self.limit, start, end })
    }
}

fn every_so_often(every: Duration, offset: Option<Duration>) -> Result<Timing, AppError> {
    let usage = |problem: &str| AppError::new(Kind::Usage, problem);
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).map_err(|_| usage("--every: that is too long"));
    let (every, offset) = (ms(every)?, offset.map(ms).transpose()?);
    if every == 0 {
        return Err(usage("--every: the shortest is 1ms"));
    }
    if offset.is_some_and(|offset| offset >= every) {
        return Err(usage("--offset: it must be shorter than --every"));
    }
    Ok(Timing::Every { ms: every, offset })
}

/// Makes it and tells the next run.
///
/// # Errors
/// When it can't run, or was not stored.
pub(super) async fn run(args: Args, which: &Which, shell: &Shell) -> anyhow::Result<Exit> {
    let (schedule, what) = args.schedule(shell).await.context("schedule add")?;
    let doing = || format!("schedule {what}");
    let queue = which.open(shell).await.with_context(doing)?;
    let terms = Terms { durability: args.durability, ..Terms::default() };
    let queue = queue.on_terms(terms, shell.settings.timeout).await.map_err(AppError::from).with_context(doing)?;
    let now = queue.server_now().await.map_err(AppError::from).with_context(doing)?;
    let plan = scheduler::plan(&queue, &schedule, now).await.with_context(doing)?;
    let change = match plan.known {
        Some(_) if args.dry_run => "would be updated",
        None if args.dry_run => "would be created",
        Some(_) => "updated",
        None => "created",
    };
    let stored = if args.dry_run {
        foreseen(schedule, &plan)
    } else {
        scheduler::put(&queue, &schedule, &plan).await.with_context(doing)?;
        scheduler::find(&queue, &schedule.id).await.with_context(doing)?
    };
    let next = stored.next;
    let row = ScheduleRow::new(stored, &Viewpoint { zone: reader_zone(shell)?, now }).with_change(change);
    shell.printer.note(&row.next_line());
    if let Some(oddity) = next.and_then(|next| row.zone().and_then(|zone| oddity(&zone, now, next))) {
        shell.printer.warn(&oddity);
    }
    shell.printer.record_on(&row, &Page { dry_run: args.dry_run, ..Page::default() })?;
    if args.dry_run {
        shell.printer.note("nothing was changed (dry run)");
    }
    Ok(Exit::Done)
}

impl Args {
    /// The schedule, and what it adds in words that name no whole number.
    async fn schedule(&self, shell: &Shell) -> Result<(Schedule, String), AppError> {
        check_schedule_id(&self.schedule).map_err(AppError::from)?;
        let When { timing, limit, start, end } = self.timing.read(shell).await?;
        let (data, what) = self.message.data(None, shell)?;
        let (id, name, options) = (self.schedule.clone(), self.message.name.clone(), self.run.options());
        Ok((Schedule { id, timing, limit, start, end, name, data: Some(data), options }, what))
    }
}

/// How the schedule would be stored.
fn foreseen(schedule: Schedule, plan: &Plan) -> ScheduleRecord {
    let iterations = plan.known.as_ref().map_or(1, |known| known.iterations);
    let next = Some(plan.first);
    let Schedule { id, timing, limit, start, end, name, data, options } = schedule;
    let (timing, options) = (Ok(timing), Some(options_json(&options)));
    let (pattern, every, zone, problem) = (None, None, None, None);
    ScheduleRecord { id, name, timing, pattern, every, zone, next, iterations, limit, start, end, data, options, problem }
}
