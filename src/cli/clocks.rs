//! This file knows what clocks do: the zone that is meant, near names for one that doesn't exist, and changes of the clock.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::shell::Shell;
use super::time::zone;
use crate::app::error::{AppError, Kind};
use crate::core::model::clock::Millis;

/// The zone of `--tz`, the settings or the system, by its name: another machine must come to the same times.
///
/// # Errors
/// When there is no such zone, or the system's has no name.
pub(super) fn named_zone(shell: &Shell) -> Result<(TimeZone, String), AppError> {
    let zone = reader_zone(shell)?;
    // A system without a zone is at UTC.
    let name = zone.iana_name().map(|name| if name == "Etc/Unknown" { "UTC" } else { name }.to_owned());
    match name {
        Some(name) => Ok((zone, name)),
        None => Err(AppError::new(Kind::Usage, "the zone of this system has no name").with_hint("name one: --tz America/Sao_Paulo")),
    }
}

/// The zone of the reader, named or not.
///
/// # Errors
/// When there is no such zone.
pub(super) fn reader_zone(shell: &Shell) -> Result<TimeZone, AppError> {
    zone(shell.settings.tz.as_deref()).map_err(|problem| AppError::new(Kind::Usage, format!("--tz: {problem}")))
}

/// What clocks in `zone` did between two runs, or what is odd about the second on a day when they change.
pub(super) fn oddity(zone: &TimeZone, before: Millis, run: Millis) -> Option<String> {
    let (before, run) = (timestamp(before)?, timestamp(run)?);
    let local = run.to_zoned_datetime(zone.clone());
    let ambiguous = zone.to_ambiguous_timestamp(local.datetime());
    if ambiguous.is_ambiguous() {
        let first = ambiguous.earlier().ok()?;
        let which = if first == run { "first" } else { "second" };
        return Some(format!("clocks go back: {} comes twice, this is the {which}", local.strftime("%H:%M:%S")));
    }
    let change = zone.following(before).take_while(|change| change.timestamp() <= run).last()?;
    let moment = change.timestamp();
    let earlier = moment.checked_sub(SignedDuration::from_nanos(1)).ok()?.to_zoned_datetime(zone.clone());
    let (old, new) = (earlier.offset(), change.offset());
    let from = old.to_datetime(moment);
    let to = new.to_datetime(moment);
    let words = if new.seconds() > old.seconds() { "forward" } else { "back" };
    (new != old)
        .then(|| format!("clocks go {words} on {}: {} becomes {}", from.strftime("%Y-%m-%d"), from.strftime("%H:%M"), to.strftime("%H:%M")))
}

fn timestamp(ms: Millis) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok()
}

/// The zone that was probably meant, such as `America/Sao_Paulo` for `sao paolo`.
pub(super) fn near_zone(name: &str) -> Option<String> {
    let wanted = city(name);
    let is_near = |known: &String| {
        let known = city(known);
        let allowed = known.len() / 3;
        known.len().abs_diff(wanted.len()) <= allowed && steps(&known, &wanted) <= allowed
    };
    let known = jiff::tz::db().available().map(|name| name.as_str().to_owned());
    // Names with an area first: the others are kept for old programs.
    known.filter(is_near).min_by_key(|known| (steps(&city(known), &wanted), !known.contains('/'), steps(known, name)))
}

/// The last part of a zone's name, letters alone.
fn city(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or_default();
    last.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// How many letters must be put in, left out or changed to make one text from the other.
fn steps(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(row.first_mut().unwrap_or(&mut 0), at + 1);
        let mut left = at + 1;
        for (known, cell) in other.chars().zip(row.iter_mut().skip(1)) {
            let cost = (diagonal + usize::from(letter != known)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, cost);
            left = cost;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_that_is_nearly_right_is_recognised() {
        for (wrong, right) in [
            ("America/Sao_Paolo", Some("America/Sao_Paulo")),
            ("sao paulo", Some("America/Sao_Paulo")),
            ("Europe/Madird", Some("Europe/Madrid")),
            ("Madrid", Some("Europe/Madrid")),
            ("Narnia", None),
            ("", None),
        ] {
            assert_eq!(near_zone(wrong).as_deref(), right, "{wrong}");
        }
    }
}
