//! This file holds the flags by which jobs are chosen, the same for every command.

use super::shell::Shell;
use crate::app::error::{AppError, Kind};
use crate::app::inspector::{self, Cursor, Scan, Search};
use crate::core::model::filter::Filter;
use crate::core::model::job::JobRecord;
use crate::core::model::state::JobState;
use crate::core::store::{Change, Queue};
use crate::output::human;

/// How many jobs a dry run shows where all are meant.
pub(super) const FORESEEN: usize = 50;

/// How a listing is narrowed.
#[derive(Debug, clap::Args)]
pub(super) struct Listing {
    /// Only jobs for which this holds: 'age>1h reason~"timeout" data.to^=+55'
    #[arg(long = "where", value_name = "EXPR", default_value = "", hide_default_value = true)]
    filter: Filter,
    /// The most to show
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(super) limit: u64,
    /// Go on where the last page ended
    #[arg(long, value_name = "CURSOR", default_value = ":0", hide_default_value = true, value_parser = cursor)]
    cursor: Cursor,
    /// The most to look at for a filter
    #[arg(long, value_name = "N", default_value = "100000", value_parser = amount)]
    scan_limit: u64,
}

fn cursor(text: &str) -> Result<Cursor, String> {
    if text == ":0" { Ok(Cursor::default()) } else { text.parse() }
}

/// `5000`, `100k` or `2m`.
fn amount(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (text.get(..text.len() - 1), 1_000),
        Some(b'm' | b'M') => (text.get(..text.len() - 1), 1_000_000),
        _ => (Some(text), 1),
    };
    let number = digits.and_then(|digits| digits.parse::<u64>().ok());
    number.and_then(|number| number.checked_mul(factor)).ok_or_else(|| "write a number such as 5000, 100k or 2m".to_owned())
}

impl Listing {
    /// Finds the jobs of these states.
    pub(super) async fn find(&self, queue: &Queue, states: Vec<JobState>, shell: &Shell) -> Result<(Vec<JobRecord>, Scan), AppError> {
        let mut jobs = Vec::new();
        let search = Search { limit: self.limit, from: self.cursor, ..self.search(states) };
        let scan = inspector::scan(queue, &search, |job| {
            jobs.push(job);
            Ok(())
        })
        .await?;
        note_scan(&scan, &search, shell);
        Ok((jobs, scan))
    }

    /// Hands over every job of these states, however many.
    pub(super) async fn each(
        &self,
        queue: &Queue,
        states: Vec<JobState>,
        act: impl FnMut(JobRecord) -> Result<(), AppError>,
        shell: &Shell,
    ) -> Result<Scan, AppError> {
        let search = self.search(states);
        let scan = inspector::scan(queue, &search, act).await?;
        note_scan(&scan, &search, shell);
        Ok(scan)
    }

    fn search(&self, states: Vec<JobState>) -> Search {
        Search { states, filter: self.filter.clone(), limit: u64::MAX, scan_limit: self.scan_limit, from: Cursor::default() }
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
    /// The most to look at for --where and --all
    #[arg(long, value_name = "N", default_value = "1000000", value_parser = amount)]
    scan_limit: u64,
    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// The jobs that a change is for.
pub(super) struct Picked {
    /// By state; those named one by one may be in any.
    pub(super) groups: Vec<(Option<JobState>, Vec<String>)>,
}

impl Picked {
    /// Their ids, in the order of the groups.
    pub(super) fn ids(&self) -> Vec<String> {
        self.groups.iter().flat_map(|(_, ids)| ids.iter().cloned()).collect()
    }
}

impl Chosen {
    /// What a change of all jobs of these states would come to, shown by the first of them: there may be millions. `None` when
    /// only some of them are meant.
    pub(super) async fn foresee_all(
        &self,
        queue: &Queue,
        states: &[JobState],
        shell: &Shell,
    ) -> Result<Option<(Vec<String>, u64)>, AppError> {
        if !self.all || self.filter.is_some() {
            return Ok(None);
        }
        let (filter, from) = (Filter::default(), Cursor::default());
        let search = Search { states: states.to_vec(), filter, limit: FORESEEN as u64, scan_limit: self.scan_limit, from };
        let (groups, scan) = inspector::ids(queue, &search).await?;
        Ok(Some((groups.into_iter().flat_map(|(_, ids)| ids).collect(), self.bounded(scan.total, shell))))
    }

    /// How many jobs of that state a change is for when it is for all of them; `None` when only some are meant.
    pub(super) async fn count_all(&self, queue: &Queue, state: JobState, shell: &Shell) -> Result<Option<u64>, AppError> {
        if !self.all || self.filter.is_some() {
            return Ok(None);
        }
        Ok(Some(self.bounded(queue.counts().await?.of(state), shell)))
    }

    fn bounded(&self, total: u64, shell: &Shell) -> u64 {
        if total > self.scan_limit {
            let [most, total] = [self.scan_limit, total].map(human::count);
            shell.printer.warn(&format!("only {most} of {total}; a larger --scan-limit takes more"));
        }
        total.min(self.scan_limit)
    }

    /// Whether they were named one by one: then nobody needs to be asked.
    pub(super) fn by_name(&self) -> bool {
        !self.ids.is_empty()
    }

    /// The jobs themselves; of those not named one by one only what is in `states`.
    pub(super) async fn pick(&self, queue: &Queue, states: &[JobState], shell: &Shell) -> Result<Picked, AppError> {
        if self.by_name() {
            return Ok(Picked { groups: vec![(None, self.ids.clone())] });
        }
        let Some(filter) = self.filter.clone().or_else(|| self.all.then(Filter::default)) else {
            return Err(AppError::new(Kind::Usage, "which jobs?").with_hint("name ids, or use --where EXPR, or --all"));
        };
        let search = Search { states: states.to_vec(), filter, limit: u64::MAX, scan_limit: self.scan_limit, from: Cursor::default() };
        let (groups, scan) = inspector::ids(queue, &search).await?;
        note_scan(&scan, &search, shell);
        Ok(Picked { groups: groups.into_iter().map(|(state, ids)| (Some(state), ids)).collect() })
    }

    /// What the change would come to, if jobs of these states can be changed.
    pub(super) async fn foresee(&self, queue: &Queue, ids: &[String], states: &[JobState]) -> Result<Vec<Change>, AppError> {
        if self.by_name() { inspector::foresee(queue, ids, states).await } else { Ok(vec![Change::Done; ids.len()]) }
    }
}

/// A filter says how much it saw; what was not looked at is said even with `-q`.
fn note_scan(scan: &Scan, search: &Search, shell: &Shell) {
    let seen = format!("scanned {} of {}", human::count(scan.scanned), human::count(scan.total));
    if scan.next.is_some() && scan.scanned >= search.scan_limit {
        shell.printer.warn(&format!("{seen}, found {}; a larger --scan-limit sees more", human::count(scan.found)));
    } else if search.filter != Filter::default() {
        shell.printer.note(&format!("{seen}, found {}", human::count(scan.found)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_may_be_written_short() {
        for (text, number) in [("0", 0), ("5000", 5000), ("100k", 100_000), ("2M", 2_000_000)] {
            assert_eq!(amount(text), Ok(number), "{text}");
        }
        for text in ["", "k", "-1", "1.5k", "9é", "99999999999999999999", "99999999999999999k"] {
            assert!(amount(text).is_err(), "{text}");
        }
    }
}
