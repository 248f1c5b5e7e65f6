//! This file shows schedules: when they run, in their own zone and in UTC, and how far that is.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;

use super::super::time;
use crate::app::scheduler;
use crate::core::model::clock::Millis;
use crate::core::model::schedule::{ScheduleRecord, Timing};
use crate::output::{Row, human};

/// From where a schedule is looked at.
pub(super) struct Viewpoint {
    /// The zone of the reader, for schedules that have none.
    pub(super) zone: TimeZone,
    /// The server's clock.
    pub(super) now: Millis,
}

/// One moment as it is always told: on the clock of its zone, in UTC, and how far away it is.
#[derive(Clone, Debug, Default)]
pub(super) struct When {
    pub(super) local: String,
    pub(super) utc: String,
    pub(super) distance: String,
}

impl When {
    pub(super) fn new(ms: Millis, zone: &TimeZone, now: Millis) -> Self {
        let shown = |zone: &TimeZone, form: &str| {
            let timestamp = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
            timestamp.map_or_else(|| ms.to_string(), |moment| moment.to_zoned_datetime(zone.clone()).strftime(form).to_string())
        };
        let length = human::duration(Duration::from_millis(ms.abs_diff(now)));
        Self {
            local: shown(zone, "%Y-%m-%d %H:%M:%S %:z"),
            utc: shown(&TimeZone::UTC, "%Y-%m-%d %H:%M:%S"),
            distance: if ms < now { format!("{length} late") } else { format!("in {length}") },
        }
    }
}

/// A schedule with all that is known of it.
#[derive(Debug, Default, Serialize)]
pub(super) struct ScheduleRow {
    name: String,
    status: &'static str,
    cron: Option<String>,
    every_ms: Option<u64>,
    offset_ms: Option<u64>,
    zone: Option<String>,
    next_at: Option<String>,
    next_local: Option<String>,
    next_in_ms: Option<i64>,
    runs: u64,
    limit: Option<u64>,
    from: Option<String>,
    until: Option<String>,
    job_name: String,
    data: Value,
    options: Value,
    problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<&'static str>,
    #[serde(skip)]
    next: Option<When>,
}

impl ScheduleRow {
    pub(super) fn new(schedule: ScheduleRecord, from: &Viewpoint) -> Self {
        let is_over = scheduler::is_over(&schedule, from.now);
        let next = schedule.next.filter(|_| !is_over);
        let (timing, problem) = match schedule.timing {
            Ok(timing) => (Some(timing), schedule.problem),
            Err(problem) => (None, schedule.problem.or(Some(problem))),
        };
        // What can't be read is shown as it is stored.
        let (cron, every_ms, offset_ms, zone) = match timing {
            Some(Timing::Cron { pattern, zone }) => (Some(pattern), None, None, zone),
            Some(Timing::Every { ms, offset }) => (None, Some(ms), offset, None),
            None => (schedule.pattern, None, None, schedule.zone),
        };
        let status = match problem {
            Some(_) => "damaged",
            None if is_over => "over",
            None => "on",
        };
        // The job of a run is made when the one before starts: the last one that was made has not run.
        let pending = u64::from(next.is_some_and(|next| next > from.now));
        let clock = zone.as_deref().and_then(|name| time::zone(Some(name)).ok()).unwrap_or_else(|| from.zone.clone());
        let when = next.map(|next| When::new(next, &clock, from.now));
        Self {
            name: schedule.id,
            status,
            cron,
            every_ms,
            offset_ms,
            zone,
            next_at: next.map(human::moment),
            next_local: when.as_ref().map(|when| when.local.clone()),
            next_in_ms: next.map(|next| signed(next).saturating_sub(signed(from.now))),
            runs: schedule.iterations.saturating_sub(pending),
            limit: schedule.limit,
            from: schedule.start.map(human::moment),
            until: schedule.end.map(human::moment),
            job_name: schedule.name,
            data: json(schedule.data.as_deref()),
            options: json(schedule.options.as_deref()),
            problem,
            change: None,
            next: when,
        }
    }

    /// The zone that its times are in; none where they are the same everywhere.
    pub(super) fn zone(&self) -> Option<TimeZone> {
        self.zone.as_deref().and_then(|name| time::zone(Some(name)).ok())
    }

    pub(super) fn with_change(self, change: &'static str) -> Self {
        Self { change: Some(change), ..self }
    }

    /// The next run in one line for people, or that there is none.
    pub(super) fn next_line(&self) -> String {
        let Some(When { local, utc, distance }) = &self.next else { return "no further run".to_owned() };
        let zone = self.zone.as_ref().map(|zone| format!(" {zone}")).unwrap_or_default();
        format!("next run: {local}{zone} ({utc} UTC, {distance})")
    }

    fn timing(&self) -> String {
        let every = |ms| format!("every {}", interval(ms));
        match (&self.cron, self.every_ms) {
            (Some(cron), _) => format!("cron {cron}"),
            (None, Some(_)) if self.limit == Some(1) => "once".to_owned(),
            (None, Some(ms)) => self
                .offset_ms
                .filter(|offset| *offset > 0)
                .map_or_else(|| every(ms), |offset| format!("{} + {}", every(ms), interval(offset))),
            (None, None) => "-".to_owned(),
        }
    }

    fn runs(&self) -> String {
        let of = self.limit.map(|limit| format!(" of {}", human::count(limit))).unwrap_or_default();
        format!("{}{of}", human::count(self.runs))
    }

    fn next_cells(&self) -> [String; 3] {
        self.next.clone().map_or_else(|| ["-", "-", "-"].map(str::to_owned), |when| [when.local, when.utc, when.distance])
    }
}

/// `15m`, `1h 30m`, `200ms`: exact, unlike a distance.
fn interval(ms: u64) -> String {
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    let mut rest = ms;
    let mut parts = Vec::new();
    for (unit, length) in units {
        if rest >= length {
            parts.push(format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    if parts.is_empty() { "0ms".to_owned() } else { parts.join(" ") }
}

fn signed(ms: Millis) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

/// JSON as such, what is none as a text, `{}` for nothing.
fn json(text: Option<&str>) -> Value {
    text.map_or_else(|| Value::Object(serde_json::Map::new()), |text| serde_json::from_str(text).unwrap_or_else(|_| text.into()))
}

fn or_dash(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "-".to_owned())
}

impl Row for ScheduleRow {
    const SCHEMA: &'static str = "wq.schedules.v1";
    const COLUMNS: &'static [&'static str] = &["NAME", "STATUS", "TIMING", "ZONE", "NEXT", "UTC", "DISTANCE", "SO FAR", "PROBLEM"];

    fn cells(&self) -> Vec<String> {
        let mut cells = vec![self.name.clone(), self.status.to_owned(), self.timing(), or_dash(self.zone.as_ref())];
        cells.extend(self.next_cells());
        cells.extend([self.runs(), self.problem.clone().unwrap_or_default()]);
        cells
    }

    fn id(&self) -> &str {
        &self.name
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }
}

/// One schedule, field by field.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct WholeSchedule(pub(super) ScheduleRow);

impl Row for WholeSchedule {
    const SCHEMA: &'static str = ScheduleRow::SCHEMA;
    const COLUMNS: &'static [&'static str] =
        &["NAME", "STATUS", "TIMING", "ZONE", "NEXT", "UTC", "DISTANCE", "SO FAR", "FROM", "UNTIL", "JOB", "DATA", "OPTIONS", "PROBLEM"];

    fn cells(&self) -> Vec<String> {
        let schedule = &self.0;
        let mut cells = vec![schedule.name.clone(), schedule.status.to_owned(), schedule.timing(), or_dash(schedule.zone.as_ref())];
        cells.extend(schedule.next_cells());
        cells.extend([
            schedule.runs(),
            or_dash(schedule.from.as_ref()),
            or_dash(schedule.until.as_ref()),
            schedule.job_name.clone(),
            schedule.data.to_string(),
            schedule.options.to_string(),
            or_dash(schedule.problem.as_ref()),
        ]);
        cells
    }

    fn id(&self) -> &str {
        &self.0.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_written_exactly() {
        for (ms, text) in [(0, "0ms"), (200, "200ms"), (900_000, "15m"), (5_400_000, "1h 30m"), (86_401_500, "1d 1s 500ms")] {
            assert_eq!(interval(ms), text);
        }
    }

    #[test]
    fn a_moment_is_told_in_its_zone_in_utc_and_as_a_distance() {
        let zone = TimeZone::get("America/Sao_Paulo").unwrap();

        let [soon, late] = [1_000, 1_795_489_500_000].map(|now| When::new(1_795_489_418_213, &zone, now).distance);
        let When { local, utc, .. } = When::new(1_795_489_418_213, &zone, 0);

        assert_eq!((local.as_str(), utc.as_str()), ("2026-11-24 00:03:38 -03:00", "2026-11-24 03:03:38"));
        assert!(soon.starts_with("in ") && late == "1m 21s late", "{soon} {late}");
    }
}
