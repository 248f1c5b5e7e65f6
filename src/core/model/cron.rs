//! This file reads cron patterns and finds their next moment, as cron-parser does, which BullMQ asks.
//!
//! The rules that are not in every manual, all compared with Node in `tests/it/interop/cron.rs`:
//! - A day matches when its number *or* its weekday does, unless one of the two is `*` or `?`.
//! - An hour that the clock skips runs in the hour after it, at the same minute. An hour that the clock repeats runs once, the
//!   first time, unless the pattern names all 24 hours.
//! - Fields that are missing in front are `*`, the second `0`.

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

use super::clock::Millis;

/// Why a pattern can't be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum CronError {
    /// A field that can't be read.
    #[error("{field} {text:?} of the cron pattern: {problem}")]
    Field {
        /// `second`, `minute`, `hour`, `day of month`, `month` or `day of week`.
        field: &'static str,
        /// As written.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Too many fields, or too few.
    #[error("the cron pattern {0:?} has {1} fields; it needs 5 (from the minute on) or 6 (from the second on)")]
    Fields(String, usize),
    /// A word with `@` that nobody knows.
    #[error("{0:?} is none of @yearly, @monthly, @weekly, @daily, @hourly, @minutely, @secondly, @weekdays, @weekends")]
    Alias(String),
    /// No time zone of that name.
    #[error("no time zone is called {0:?}")]
    Zone(String),
}

/// A pattern in its zone.
#[derive(Clone, Debug)]
pub struct Cron {
    seconds: Values,
    minutes: Values,
    hours: Values,
    days: Values,
    months: Values,
    weekdays: Values,
    zone: TimeZone,
}

/// What a field allows: a bit a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Values {
    bits: u64,
    /// `*` or `?`.
    any: bool,
    /// `L` as a day: not 0 when the last of its month is meant; as a weekday (`5L`) a bit each.
    last: u64,
    /// `1#2`: only that one of the month's weekdays.
    nth: Option<i8>,
}

/// One of the six fields.
struct Field {
    name: &'static str,
    low: u32,
    high: u32,
    words: &'static [&'static str],
    has_last: bool,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const FIELDS: [Field; 6] = [
    Field { name: "second", low: 0, high: 59, words: &[], has_last: false },
    Field { name: "minute", low: 0, high: 59, words: &[], has_last: false },
    Field { name: "hour", low: 0, high: 23, words: &[], has_last: false },
    Field { name: "day of month", low: 1, high: 31, words: &[], has_last: true },
    Field { name: "month", low: 1, high: 12, words: &MONTHS, has_last: false },
    Field { name: "day of week", low: 0, high: 7, words: &WEEKDAYS, has_last: true },
];

/// What the missing fields in front are.
const DEFAULTS: [&str; 6] = ["0", "*", "*", "*", "*", "*"];

/// Steps of a search before the pattern counts as one that never matches: two days a step in the worst case, so about a
/// century of leap days.
const MOST_STEPS: usize = 40_000;

impl Cron {
    /// Reads a pattern; the zone of this machine when `zone` is `None`.
    ///
    /// # Errors
    /// Which field can't be read and why, or that nobody knows the zone.
    pub fn parse(pattern: &str, zone: Option<&str>) -> Result<Self, CronError> {
        let pattern = pattern.trim();
        let spelled_out =
            if pattern.starts_with('@') { alias(pattern).ok_or_else(|| CronError::Alias(pattern.to_owned()))? } else { pattern };
        let given: Vec<&str> = spelled_out.split_whitespace().collect();
        let missing = DEFAULTS.len().checked_sub(given.len()).ok_or_else(|| CronError::Fields(pattern.to_owned(), given.len()))?;
        let texts = DEFAULTS.iter().take(missing).chain(given.iter());
        let mut values = FIELDS.iter().zip(texts).map(|(field, text)| field.read(text));
        let mut next = || values.next().unwrap_or(Ok(Values::default()));
        let (seconds, minutes, hours, days, months, weekdays) = (next()?, next()?, next()?, next()?, next()?, next()?);
        Ok(Self { seconds, minutes, hours, days, months, weekdays, zone: find_zone(zone)? })
    }

    /// The first moment after `after` that matches; `None` when there is none within the next decades.
    pub fn next_after(&self, after: Millis) -> Option<Millis> {
        let after = Timestamp::from_second(i64::try_from(after / 1000).ok()?).ok()?;
        let mut walk = Walk { at: ZonedDateTime::new(after, self.zone.clone()), after_gap: None, repeated: None };
        walk.forward(Unit::Second)?;
        for _ in 0..MOST_STEPS {
            match self.mismatch(&walk) {
                None => return u64::try_from(walk.at.timestamp().as_millisecond()).ok(),
                Some(unit) => walk.forward(unit)?,
            }
        }
        None
    }

    /// The largest unit that doesn't match where the walk stands.
    fn mismatch(&self, walk: &Walk) -> Option<Unit> {
        let at = &walk.at;
        let checks = [
            (Unit::Month, self.months.has(at.month())),
            (Unit::Day, self.has_day(at)),
            (Unit::Hour, self.has_hour(walk)),
            (Unit::Minute, self.minutes.has(at.minute())),
            (Unit::Second, self.seconds.has(at.second())),
        ];
        checks.into_iter().find(|(_, matches)| !matches).map(|(unit, _)| unit)
    }

    fn has_day(&self, at: &ZonedDateTime) -> bool {
        let by_number = self.days.has(at.day()) || (self.days.last != 0 && at.day() == at.days_in_month());
        let weekday = at.weekday().to_sunday_zero_offset();
        let by_weekday = match self.weekdays.nth {
            Some(nth) => self.weekdays.has(weekday) && (at.day() - 1) / 7 + 1 == nth,
            None => self.weekdays.has(weekday) || (bit(weekday) & self.weekdays.last != 0 && at.day() + 7 > at.days_in_month()),
        };
        match (self.days.any, self.weekdays.any) {
            (true, _) => by_weekday,
            (_, true) => by_number,
            (false, false) => by_number || by_weekday,
        }
    }

    fn has_hour(&self, walk: &Walk) -> bool {
        let hour = walk.at.hour();
        if self.hours.bits == ALL_HOURS {
            return true;
        }
        let is_here = self.hours.has(hour) && walk.repeated != Some(hour);
        is_here || (!self.hours.has(hour) && walk.after_gap == Some(hour) && self.hours.has(hour - 1))
    }
}

/// What a walk goes forward by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// A moment on its way to the next match, and what the clocks did in the hour it stands in.
struct Walk {
    at: ZonedDateTime,
    /// This hour, when the clock skipped the one before it.
    after_gap: Option<i8>,
    /// This hour, when the clock shows it for the second time.
    repeated: Option<i8>,
}

impl Walk {
    /// To where the next unit begins; `None` at the end of time.
    fn forward(&mut self, unit: Unit) -> Option<()> {
        let at = &self.at;
        let next = match unit {
            Unit::Month => at.last_of_month().ok()?.tomorrow().ok()?.start_of_day().ok()?,
            Unit::Day => at.tomorrow().ok()?.start_of_day().ok()?,
            Unit::Hour => at.checked_add(SignedDuration::from_hours(1)).ok()?.with().minute(0).second(0).build().ok()?,
            Unit::Minute => at.checked_add(SignedDuration::from_mins(1)).ok()?.with().second(0).build().ok()?,
            Unit::Second => at.checked_add(SignedDuration::from_secs(1)).ok()?,
        };
        // Where the clock is set back off the hour, an hour can begin before where the walk stands.
        let next = if next > *at { next } else { next.checked_add(SignedDuration::from_hours(1)).ok().filter(|next| next > at)? };
        let is_whole_hour = next.minute() == 0 && next.second() == 0;
        match (unit, next.hour() - at.hour()) {
            (Unit::Month | Unit::Day, _) => (self.after_gap, self.repeated) = (None, None),
            (_, 2) => (self.after_gap, self.repeated) = (Some(next.hour()), None),
            (_, 0) if is_whole_hour => (self.after_gap, self.repeated) = (None, Some(next.hour())),
            (_, 0) => {}
            _ => (self.after_gap, self.repeated) = (None, None),
        }
        self.at = next;
        Some(())
    }
}

const ALL_HOURS: u64 = 0xff_ffff;

fn bit(value: i8) -> u64 {
    u32::try_from(value).ok().and_then(|value| 1_u64.checked_shl(value)).unwrap_or(0)
}

impl Values {
    fn has(self, value: i8) -> bool {
        self.bits & bit(value) != 0
    }
}

impl Field {
    fn read(&self, text: &str) -> Result<Values, CronError> {
        self.values(text).map_err(|problem| CronError::Field { field: self.name, text: text.to_owned(), problem })
    }

    fn values(&self, text: &str) -> Result<Values, String> {
        if let Some((weekday, nth)) = text.split_once('#').filter(|_| self.high == 7) {
            let nth = nth.parse().ok().filter(|nth| (1..=5).contains(nth)).ok_or("after # comes a number from 1 to 5")?;
            let weekday = self.number(weekday).map_err(|problem| format!("{problem}; # stands behind one weekday"))?;
            return Ok(Values { bits: self.span(weekday, weekday, 1), nth: Some(nth), ..Values::default() });
        }
        let mut values = Values { any: matches!(text, "*" | "?"), ..Values::default() };
        for part in text.split(',') {
            let (bits, last) = self.part(part)?;
            if values.bits & bits != 0 || values.last & last != 0 {
                return Err("a value is named twice, which Node refuses".to_owned());
            }
            values.bits |= bits;
            values.last |= last;
        }
        Ok(values)
    }

    /// One of the things between the commas: its values, and the `L` ones among them.
    fn part(&self, part: &str) -> Result<(u64, u64), String> {
        if let Some(before) = part.strip_suffix('L').filter(|_| self.has_last) {
            return match (self.high, before) {
                (7, "") => Err("L needs a weekday before it, such as 5L".to_owned()),
                (7, weekday) => self.number(weekday).map(|weekday| (0, self.span(weekday, weekday, 1))),
                (_, "") => Ok((0, 1)),
                _ => Err("L stands alone".to_owned()),
            };
        }
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => {
                let step = step.parse().ok().filter(|step| *step > 0).ok_or("after / comes a number from 1 on")?;
                (range, Some(step))
            }
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if matches!(range, "*" | "?") => (self.low, self.high),
            Some((from, to)) => (self.number(from)?, self.number(to)?),
            None if step.is_some() => (self.number(range)?, self.high),
            None => (self.number(range)?, self.number(range)?),
        };
        if from > to {
            return Err(format!("{from} is after {to}"));
        }
        Ok((self.span(from, to, step.unwrap_or(1)), 0))
    }

    fn number(&self, text: &str) -> Result<u32, String> {
        let word = self.words.iter().position(|word| word.eq_ignore_ascii_case(text)).and_then(|at| u32::try_from(at).ok());
        let digits = || text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let number = match word {
            // January is 1, Sunday is 0.
            Some(at) => Some(at + u32::from(self.low == 1)),
            None => digits(),
        };
        let allowed = || format!("it goes from {} to {}", self.low, self.high);
        number.filter(|number| (self.low..=self.high).contains(number)).ok_or_else(allowed)
    }

    /// Every so many values; Sunday is 0 as well as 7.
    fn span(&self, from: u32, to: u32, step: usize) -> u64 {
        let bits = (from..=to).step_by(step).fold(0, |bits, value| bits | 1_u64 << value);
        if self.high == 7 { (bits | bits >> 7) & 0x7f } else { bits }
    }
}

fn alias(word: &str) -> Option<&'static str> {
    Some(match word {
        "@yearly" | "@annually" => "0 0 0 1 1 *",
        "@monthly" => "0 0 0 1 * *",
        "@weekly" => "0 0 0 * * 0",
        "@daily" => "0 0 0 * * *",
        "@hourly" => "0 0 * * * *",
        "@minutely" => "0 * * * * *",
        "@secondly" => "* * * * * *",
        "@weekdays" => "0 0 0 * * 1-5",
        "@weekends" => "0 0 0 * * 0,6",
        _ => return None,
    })
}

/// An IANA name in any case, or `UTC+3` as Node reads it.
fn find_zone(name: Option<&str>) -> Result<TimeZone, CronError> {
    let Some(name) = name else { return Ok(TimeZone::system()) };
    let fixed = || {
        let (sign, rest) = match name.get(3..)?.split_at_checked(1)? {
            _ if !name.get(..3)?.eq_ignore_ascii_case("utc") => return None,
            ("+", rest) => (1, rest),
            ("-", rest) => (-1, rest),
            _ => return None,
        };
        let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
        let seconds = hours.parse::<u8>().ok().map(i32::from)? * 3600 + minutes.parse::<u8>().ok().map(i32::from)? * 60;
        Some(TimeZone::fixed(Offset::from_seconds(sign * seconds).ok()?))
    };
    TimeZone::get(name).ok().or_else(fixed).ok_or_else(|| CronError::Zone(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next moments in UTC.
    fn next(pattern: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let cron = Cron::parse(pattern, Some(zone)).unwrap();
        let mut last = u64::try_from(after.parse::<Timestamp>().unwrap().as_millisecond()).unwrap();
        let mut moments = Vec::new();
        while moments.len() < count {
            last = cron.next_after(last).unwrap();
            moments.push(Timestamp::from_millisecond(i64::try_from(last).unwrap()).unwrap().to_string());
        }
        moments
    }

    #[test]
    fn an_hour_that_the_clock_skips_runs_in_the_next() {
        let moments = next("30 2 * * *", "Europe/Madrid", "2026-03-28T12:00:00Z", 2);

        assert_eq!(moments, ["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]);
    }

    #[test]
    fn an_hour_that_the_clock_repeats_runs_once_unless_every_hour_does() {
        let once = next("30 2 * * *", "Europe/Madrid", "2026-10-24T12:00:00Z", 2);
        let always = next("30 * * * *", "Europe/Madrid", "2026-10-25T00:00:00Z", 2);

        assert_eq!(once, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
        assert_eq!(always, ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]);
    }

    #[test]
    fn number_and_weekday_are_either_or_unless_one_is_any() {
        let both = next("0 0 13 * 5", "UTC", "2026-04-01T00:00:00Z", 3);
        let weekday = next("0 0 ? * 5", "UTC", "2026-04-01T00:00:00Z", 2);

        assert_eq!(both, ["2026-04-03T00:00:00Z", "2026-04-10T00:00:00Z", "2026-04-13T00:00:00Z"]);
        assert_eq!(weekday, ["2026-04-03T00:00:00Z", "2026-04-10T00:00:00Z"]);
    }

    #[test]
    fn a_day_that_never_comes_ends_the_search() {
        assert_eq!(Cron::parse("0 0 30 2 *", Some("UTC")).unwrap().next_after(0), None);
        assert_eq!(Cron::parse("* * * * *", Some("UTC")).unwrap().next_after(u64::MAX), None);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_field() {
        let error = Cron::parse("0 25 * * *", Some("UTC")).unwrap_err();

        assert_eq!(error.to_string(), "hour \"25\" of the cron pattern: it goes from 0 to 23");
        assert_eq!(Cron::parse("* * * * *", Some("Mars/Olympus")).unwrap_err(), CronError::Zone("Mars/Olympus".to_owned()));
    }
}
