//! This file reads durations and moments as people write them.

use std::time::Duration;

use jiff::civil::{DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp, ToSpan, ZonedDateTime};

use super::clocks::near_zone;
use crate::core::model::clock::Millis;

/// Reads `500ms`, `10s`, `1h30m`, `2 days`, `PT10M`.
///
/// # Errors
/// When it is no duration, or a negative one. The message begins with the text itself.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let refuse = || format!("{text:?} is no duration; write 500ms, 10s, 1h30m or 2d");
    let span: Span = text.trim().parse().map_err(|_| refuse())?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| refuse())?;
    Duration::try_from(duration).map_err(|_| format!("{text:?} is negative; the earliest is 0s"))
}

/// The zone of that name, or the system's.
///
/// # Errors
/// When there is no such zone.
pub fn zone(name: Option<&str>) -> Result<TimeZone, String> {
    match name {
        None => Ok(TimeZone::system()),
        Some(name) => TimeZone::get(name).map_err(|_| match near_zone(name) {
            Some(near) => format!("{name:?} is no time zone; did you mean {near}?"),
            None => format!("{name:?} is no time zone; write one such as America/Sao_Paulo or UTC"),
        }),
    }
}

/// A moment to come, and what was odd about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// In ms since the epoch.
    pub ms: Millis,
    /// In the zone it was read in.
    pub zoned: ZonedDateTime,
    /// Set when that local time doesn't exist or exists twice on that day: which one was taken.
    pub warning: Option<String>,
}

impl Moment {
    /// `2026-12-01 09:00 -03 (12:00 UTC, in 3h 12m)`.
    pub fn echo(&self, now: &ZonedDateTime) -> String {
        let utc = self.zoned.timestamp().to_zoned_datetime(TimeZone::UTC);
        let distance = Duration::from_millis(self.ms.saturating_sub(millis(now.timestamp())));
        let local = self.zoned.strftime("%Y-%m-%d %H:%M:%S %:z");
        format!("{local} ({} UTC, in {})", utc.strftime("%H:%M:%S"), crate::output::human::duration(distance))
    }
}

/// Reads a moment after `now`, in the zone of `now`: RFC 3339, `2026-12-01 09:00`, `in 2h`, `+90m`, `today 18:00`,
/// `tomorrow 09:00`, `mon 09:00`, or milliseconds since the epoch.
///
/// # Errors
/// When it is no moment or lies in the past.
pub fn parse_moment(text: &str, now: &ZonedDateTime) -> Result<Moment, String> {
    let moment = read_moment(text.trim(), now).ok_or_else(|| {
        format!(
            "{text:?} is no time; write 2026-12-01T09:00:00Z, \"2026-12-01 09:00\", \"in 2h\", +90m, \"tomorrow 09:00\" or \"mon 09:00\""
        )
    })??;
    if moment.zoned.timestamp() < now.timestamp() {
        return Err(format!("{text:?} is {}, which is past", moment.zoned.strftime("%Y-%m-%d %H:%M:%S %:z")));
    }
    Ok(moment)
}

fn read_moment(text: &str, now: &ZonedDateTime) -> Option<Result<Moment, String>> {
    if let Some(distance) = text.strip_prefix("in ").or_else(|| text.strip_prefix('+')) {
        return Some(parse_duration(distance.trim()).and_then(|distance| {
            let later = now.checked_add(distance).map_err(|error| error.to_string())?;
            Ok(moment(later, None))
        }));
    }
    if text.len() >= 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let timestamp = Timestamp::from_millisecond(text.parse().ok()?).ok()?;
        return Some(Ok(moment(timestamp.to_zoned_datetime(now.time_zone().clone()), None)));
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(Ok(moment(timestamp.to_zoned_datetime(now.time_zone().clone()), None)));
    }
    if let Ok(zoned) = text.parse::<ZonedDateTime>() {
        return Some(Ok(moment(zoned, None)));
    }
    named_day(text, now).or_else(|| text.parse::<DateTime>().ok().filter(|_| text.len() > 10)).map(|civil| in_zone(civil, now.time_zone()))
}

/// `today 18:00`, `tomorrow 09:00`, `mon 09:00` (the next Monday, today only when the time is still to come).
fn named_day(text: &str, now: &ZonedDateTime) -> Option<DateTime> {
    let (day, time) = text.split_once(' ')?;
    let time: Time = time.trim().parse().ok()?;
    let date = match day.to_ascii_lowercase().as_str() {
        "today" => now.date(),
        "tomorrow" => now.date().checked_add(1.day()).ok()?,
        name => {
            let weekday = weekday(name)?;
            let today = now.date();
            let is_later_today = today.weekday() == weekday && time > now.time();
            if is_later_today { today } else { today.nth_weekday(1, weekday).ok()? }
        }
    };
    Some(date.to_datetime(time))
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "mon" | "monday" => Weekday::Monday,
        "tue" | "tuesday" => Weekday::Tuesday,
        "wed" | "wednesday" => Weekday::Wednesday,
        "thu" | "thursday" => Weekday::Thursday,
        "fri" | "friday" => Weekday::Friday,
        "sat" | "saturday" => Weekday::Saturday,
        "sun" | "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

/// When clocks go forward the missing time means as much later; when they go back, the first of the two.
fn in_zone(civil: DateTime, zone: &TimeZone) -> Result<Moment, String> {
    let ambiguous = zone.to_ambiguous_zoned_datetime(civil);
    let is_ambiguous = ambiguous.is_ambiguous();
    let zoned = ambiguous.compatible().map_err(|error| error.to_string())?;
    let warning = is_ambiguous.then(|| {
        let taken = zoned.strftime("%Y-%m-%d %H:%M:%S %:z");
        if zoned.datetime() == civil {
            format!("{civil} exists twice that day; the first one, {taken}, is taken")
        } else {
            format!("{civil} does not exist that day; {taken} is taken")
        }
    });
    Ok(moment(zoned, warning))
}

fn moment(zoned: ZonedDateTime, warning: Option<String>) -> Moment {
    Moment { ms: millis(zoned.timestamp()), zoned, warning }
}

fn millis(timestamp: Timestamp) -> Millis {
    u64::try_from(timestamp.as_millisecond()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> ZonedDateTime {
        "2026-11-24T12:00:00-03:00[America/Sao_Paulo]".parse().unwrap()
    }

    fn read(text: &str) -> String {
        parse_moment(text, &now()).unwrap().zoned.strftime("%Y-%m-%d %H:%M %:z").to_string()
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, ms) in [("500ms", 500), ("10s", 10_000), ("1h30m", 5_400_000), ("2d", 172_800_000), ("PT10M", 600_000), ("0s", 0)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn a_negative_duration_and_nonsense_are_refused() {
        assert!(parse_duration("-5m").unwrap_err().contains("negative"));
        for text in ["", "10", "soon", "5 parsecs"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments_are_read_in_the_zone_of_the_reader() {
        assert_eq!(read("2026-12-01 09:00"), "2026-12-01 09:00 -03:00");
        assert_eq!(read("2026-12-01T09:00:00Z"), "2026-12-01 06:00 -03:00");
        assert_eq!(read("in 2h"), "2026-11-24 14:00 -03:00");
        assert_eq!(read("+90m"), "2026-11-24 13:30 -03:00");
        assert_eq!(read("tomorrow 09:00"), "2026-11-25 09:00 -03:00");
        assert_eq!(read("mon 09:00"), "2026-11-30 09:00 -03:00");
        assert_eq!(read("tue 18:00"), "2026-11-24 18:00 -03:00");
        assert_eq!(read("1795600000000"), "2026-11-25 06:46 -03:00");
    }

    #[test]
    fn a_moment_that_is_past_is_refused_with_what_it_was_read_as() {
        let error = parse_moment("2026-11-24 11:59", &now()).unwrap_err();

        assert!(error.contains("2026-11-24 11:59:00 -03:00"), "{error}");
    }

    #[test]
    fn a_time_that_clocks_skip_or_repeat_is_taken_with_a_warning() {
        let winter: ZonedDateTime = "2027-03-01T12:00:00-05:00[America/New_York]".parse().unwrap();
        let skipped = parse_moment("2027-03-14 02:30", &winter).unwrap();
        let doubled = parse_moment("2027-11-07 01:30", &winter).unwrap();

        assert!(skipped.warning.unwrap().contains("does not exist"));
        assert!(doubled.warning.unwrap().contains("exists twice"));
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in ["", "2026-12-01", "noon", "mon", "25:00", "2026-13-01 09:00"] {
            assert!(parse_moment(text, &now()).is_err(), "{text}");
        }
    }
}
