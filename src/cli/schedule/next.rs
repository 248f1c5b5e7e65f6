//! `wq schedule next`: this file tells when a cron expression would run, and what clocks do in between.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::super::clocks::{named_zone, oddity};
use super::super::job_flags::future_from;
use super::super::{Exit, shell::Shell};
use super::rows::When;
use crate::app::error::AppError;
use crate::app::scheduler;
use crate::core::model::clock::{Millis, now_ms};
use crate::core::model::schedule::Timing;
use crate::output::{Page, Row, human};

/// Print when a cron expression would run; needs no Redis
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  wq schedule next '0 9 * * 1-5' -n 10 --tz America/Sao_Paulo")]
pub(super) struct Args {
    /// Minute, hour, day of the month, month and weekday, with seconds in front of them if there are six; or @daily
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    cron: String,
    /// How many runs
    #[arg(short = 'n', long = "runs", value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: u16,
    /// Those after this moment, rather than after now
    #[arg(long, value_name = "MOMENT", allow_hyphen_values = true)]
    after: Option<String>,
}

/// One run to come.
#[derive(Default, Serialize)]
struct RunRow {
    at: String,
    local: String,
    zone: String,
    in_ms: u64,
    note: Option<String>,
    #[serde(skip)]
    when: When,
}

impl RunRow {
    fn new(at: Millis, before: Millis, zone: &TimeZone, name: &str, now: Millis) -> Self {
        let when = When::new(at, zone, now);
        let note = oddity(zone, before, at);
        Self { at: human::moment(at), local: when.local.clone(), zone: name.to_owned(), in_ms: at.saturating_sub(now), note, when }
    }
}

impl Row for RunRow {
    const SCHEMA: &'static str = "wq.schedule_runs.v1";
    const COLUMNS: &'static [&'static str] = &["NEXT", "ZONE", "UTC", "DISTANCE", "NOTE"];

    fn cells(&self) -> Vec<String> {
        let When { local, utc, distance } = self.when.clone();
        vec![local, self.zone.clone(), utc, distance, self.note.clone().unwrap_or_default()]
    }

    fn id(&self) -> &str {
        &self.at
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }
}

/// Prints them.
///
/// # Errors
/// When the expression or the zone is none.
pub(super) fn run(args: &Args, shell: &Shell) -> anyhow::Result<Exit> {
    let (zone, name) = named_zone(shell)?;
    let timing = Timing::cron(&args.cron, Some(&name)).map_err(AppError::from)?;
    let now = now_ms();
    let mut before = match &args.after {
        Some(moment) => future_from(now, shell, "--after", moment)?,
        None => now,
    };
    let mut rows = Vec::new();
    for at in scheduler::runs(&timing, before, usize::from(args.count)).map_err(AppError::from)? {
        rows.push(RunRow::new(at, before, &zone, &name, now));
        before = at;
    }
    shell.printer.rows(&rows, &Page::default())?;
    if rows.len() < usize::from(args.count) {
        shell.printer.note("no further run");
    }
    Ok(Exit::Done)
}
