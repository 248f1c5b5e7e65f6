//! This file holds the flags by which jobs are chosen, the same for every command.

use super::shell::Shell;
use crate::app::error::{AppError, Kind};
use crate::app::inspector::{Cursor, Found, Search, search};
use crate::core::model::filter::Filter;
use crate::core::model::state::JobState;
use crate::core::store::Queue;
use crate::output::human;

/// How a listing is narrowed.
#[derive(Debug, clap::Args)]
pub(super) struct Listing {
    /// Only jobs for which this holds: 'age>1h reason~"timeout" data.to^=+55'
    #[arg(long = "where", value_name = "EXPR", default_value = "", hide_default_value = true)]
    filter: Filter,
    /// The most to show
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u64,
    /// Go on where the last page ended
    #[arg(long, value_name = "CURSOR", default_value = ":0", hide_default_value = true, value_parser = cursor)]
    cursor: Cursor,
    /// The most to look at for a filter
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    scan_limit: u64,
}

fn cursor(text: &str) -> Result<Cursor, String> {
    if text == ":0" { Ok(Cursor::default()) } else { text.parse() }
}

impl Listing {
    /// What must hold.
    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Finds the jobs of these states.
    pub(super) async fn find(&self, queue: &Queue, states: Vec<JobState>, shell: &Shell) -> Result<Found, AppError> {
        let (filter, from) = (self.filter.clone(), self.cursor);
        let found = search(queue, &Search { states, filter, limit: self.limit, scan_limit: self.scan_limit, from }).await?;
        note_scan(&found, self.filter != Filter::default(), shell);
        Ok(found)
    }
}

/// Which jobs a change is for.
#[derive(Debug, clap::Args)]
pub(super) struct Chosen {
    /// Ids of jobs
    #[arg(value_name = "ID", conflicts_with_all = ["filter", "all"])]
    ids: Vec<String>,
    /// Those for which this holds: 'reason~"timeout" age<1d'
    #[arg(long = "where", value_name = "EXPR")]
    filter: Option<Filter>,
    /// All of them
    #[arg(long)]
    all: bool,
    /// The most to look at for a filter
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    scan_limit: u64,
    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl Chosen {
    /// Whether they were named one by one: then nobody needs to be asked.
    pub(super) fn by_name(&self) -> bool {
        !self.ids.is_empty()
    }

    /// Their ids; of those not named one by one only what is in `states`.
    pub(super) async fn ids(&self, queue: &Queue, states: &[JobState], shell: &Shell) -> Result<Vec<String>, AppError> {
        if self.by_name() {
            return Ok(self.ids.clone());
        }
        let Some(filter) = self.filter.clone().or_else(|| self.all.then(Filter::default)) else {
            return Err(AppError::new(Kind::Usage, "which jobs?").with_hint("name ids, or use --where EXPR, or --all"));
        };
        let is_filtered = filter != Filter::default();
        let plan = Search { states: states.to_vec(), filter, limit: u64::MAX, scan_limit: self.scan_limit, from: Cursor::default() };
        let found = search(queue, &plan).await?;
        note_scan(&found, is_filtered, shell);
        Ok(found.jobs.into_iter().map(|job| job.id).collect())
    }
}

/// A filter that did not see everything says so.
fn note_scan(found: &Found, is_filtered: bool, shell: &Shell) {
    if is_filtered {
        shell.printer.note(&format!(
            "scanned {} of {}, found {}",
            human::count(found.scanned),
            human::count(found.total),
            found.jobs.len()
        ));
    }
}
