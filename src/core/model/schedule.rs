//! This file describes a schedule: BullMQ calls it a job scheduler, which makes one job after the other.

use super::clock::Millis;
use super::cron::{Cron, CronError};
use super::job::JobOptions;

/// The longest id of a schedule that `wq` makes, in bytes.
pub const MAX_SCHEDULE_ID_BYTES: usize = 128;

/// When a schedule makes its jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Timing {
    /// One job each so many milliseconds.
    Every {
        /// At least 1.
        ms: u64,
        /// Where in the interval, counted from the epoch; the first run is at once, or at the start, when `None`.
        offset: Option<u64>,
    },
    /// One job at each moment that matches a cron pattern, read as BullMQ reads it.
    Cron {
        /// Five or six fields, or one of `@yearly` … `@secondly`.
        pattern: String,
        /// An IANA zone; the zone of the machine that works when `None`, as in Node.
        zone: Option<String>,
    },
}

/// Why a schedule can't be made, or makes no further job.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ScheduleError {
    /// The pattern or the zone can't be read.
    #[error(transparent)]
    Cron(#[from] CronError),
    /// An interval of nothing.
    #[error("the interval is 0 ms; it must be at least 1 ms")]
    NoInterval,
    /// The id can't be a part of a key.
    #[error("the schedule id {0:?} is not allowed; use 1 to 128 of A-Z a-z 0-9 _ . -")]
    Id(String),
    /// The end lies before the first run.
    #[error("the schedule would end before its first run")]
    Ended,
    /// The pattern matches no day that ever comes, such as 30 February.
    #[error("the pattern {0:?} never matches")]
    Never(String),
    /// The job of the next slot is there already, finished or running: only BullMQ's own rule is to give up then.
    #[error("the slot at {0} has its job already, and it is not waiting; remove that job first")]
    SlotTaken(Millis),
}

impl Timing {
    /// A cron pattern of a new schedule with an IANA zone, checked.
    ///
    /// # Errors
    /// Which field can't be read and why, or that nobody knows the zone.
    pub fn cron(pattern: &str, zone: Option<&str>) -> Result<Self, ScheduleError> {
        match pattern.split_whitespace().count() {
            count if !pattern.trim_start().starts_with('@') && !(5..=6).contains(&count) => {
                Err(CronError::Fields(pattern.to_owned(), count).into())
            }
            _ => Self::stored_cron(pattern, zone),
        }
    }

    /// A cron pattern that somebody stored: Node takes fewer fields, too.
    ///
    /// # Errors
    /// Which field can't be read and why, or that nobody knows the zone.
    pub fn stored_cron(pattern: &str, zone: Option<&str>) -> Result<Self, ScheduleError> {
        Cron::parse(pattern, zone)?;
        Ok(Self::Cron { pattern: pattern.to_owned(), zone: zone.map(str::to_owned) })
    }

    /// The first moment after `after`; `None` when there is none. An interval without offset counts from `after`.
    ///
    /// # Errors
    /// When the pattern or the zone can't be read.
    pub fn next_after(&self, after: Millis) -> Result<Option<Millis>, ScheduleError> {
        match self {
            Self::Every { ms: 0, .. } => Err(ScheduleError::NoInterval),
            Self::Every { ms, offset: None } => Ok(after.checked_add(*ms)),
            Self::Every { ms, offset: Some(offset) } => Ok(slot_after(after, *ms, *offset)),
            Self::Cron { pattern, zone } => Ok(Cron::parse(pattern, zone.as_deref())?.next_after(after)),
        }
    }
}

/// The first multiple of `every` plus `offset` after that moment.
fn slot_after(after: Millis, every: u64, offset: u64) -> Option<Millis> {
    let slot = (after / every * every).checked_add(offset)?;
    if slot > after { Some(slot) } else { slot.checked_add(every) }
}

/// A schedule that is about to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Unique in its queue; a schedule with the same id is replaced.
    pub id: String,
    /// When it makes its jobs.
    pub timing: Timing,
    /// How many jobs it makes in its life; any number when `None`.
    pub limit: Option<u64>,
    /// No run before this.
    pub start: Option<Millis>,
    /// No run after this.
    pub end: Option<Millis>,
    /// Name of its jobs.
    pub name: String,
    /// Data of its jobs, JSON text; `{}` when `None`.
    pub data: Option<String>,
    /// Options of its jobs; `start` is not looked at, since the timing says when they run.
    pub options: JobOptions,
}

/// A schedule as a reader sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleRecord {
    /// Its id, any bytes shown as UTF-8.
    pub id: String,
    /// Name of its jobs.
    pub name: String,
    /// When it makes its jobs, or why that can't be read.
    pub timing: Result<Timing, String>,
    /// The cron pattern as stored.
    pub pattern: Option<String>,
    /// The interval in milliseconds as stored.
    pub every: Option<String>,
    /// The zone as stored.
    pub zone: Option<String>,
    /// When the pending run is due; in the past when nobody works or the schedule has ended.
    pub next: Option<Millis>,
    /// How many jobs it has made.
    pub iterations: u64,
    /// How many it makes in its life.
    pub limit: Option<u64>,
    /// No run before this.
    pub start: Option<Millis>,
    /// No run after this.
    pub end: Option<Millis>,
    /// Data of its jobs, JSON text as stored.
    pub data: Option<String>,
    /// Options of its jobs, JSON text as stored.
    pub options: Option<String>,
    /// Why it makes no further jobs although it should: its hash is gone, its pattern can't be read, its run is gone.
    pub problem: Option<String>,
}

/// Checks an id that a user gave for a new schedule (ids of existing ones may be any bytes).
///
/// # Errors
/// [`ScheduleError::Id`] with the rule it breaks.
pub fn check_schedule_id(id: &str) -> Result<(), ScheduleError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if id.is_empty() || id.len() > MAX_SCHEDULE_ID_BYTES || !id.bytes().all(allowed) {
        return Err(ScheduleError::Id(id.chars().take(140).collect()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_with_an_offset_has_its_slots_from_the_epoch_on() {
        let every = |offset| Timing::Every { ms: 60_000, offset };

        assert_eq!(every(Some(5000)).next_after(1_795_533_119_000), Ok(Some(1_795_533_125_000)));
        assert_eq!(every(Some(5000)).next_after(1_795_533_125_000), Ok(Some(1_795_533_185_000)));
        assert_eq!(every(None).next_after(7), Ok(Some(60_007)));
        assert_eq!(Timing::Every { ms: 0, offset: None }.next_after(7), Err(ScheduleError::NoInterval));
    }

    #[test]
    fn a_new_pattern_has_five_or_six_fields_and_a_stored_one_may_have_fewer() {
        assert!(Timing::cron("0 9 * * 1-5", None).is_ok() && Timing::cron("@daily", None).is_ok());
        assert_eq!(Timing::cron("1 2 3", None), Err(CronError::Fields("1 2 3".to_owned(), 3).into()));
        assert!(Timing::stored_cron("1 2 3", None).is_ok());
    }

    #[test]
    fn ids_that_would_not_fit_into_a_key_are_refused() {
        assert!(check_schedule_id("daily-9.am").is_ok());
        for id in ["", "a:b", "a b", "é"] {
            assert_eq!(check_schedule_id(id), Err(ScheduleError::Id(id.to_owned())));
        }
    }
}
