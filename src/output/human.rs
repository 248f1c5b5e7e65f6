//! This file writes quantities as people read them.

use std::time::Duration;

/// `350 ms`, `2.4 s`, `2m 05s`, `3h 12m`, `4d 02h`.
pub fn duration(duration: Duration) -> String {
    let (ms, s) = (duration.as_millis(), duration.as_secs());
    match s {
        0 => format!("{ms} ms"),
        1..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{s} s"),
        60..3_600 => format!("{}m {:02}s", s / 60, s % 60),
        3_600..86_400 => format!("{}h {:02}m", s / 3_600, s % 3_600 / 60),
        _ => format!("{}d {:02}h", s / 86_400, s % 86_400 / 3_600),
    }
}

/// The time between two moments in ms; empty when either is unknown.
pub fn between(from_ms: Option<u64>, to_ms: Option<u64>) -> String {
    match (from_ms, to_ms) {
        (Some(from), Some(to)) => duration(Duration::from_millis(to.saturating_sub(from))),
        _ => String::new(),
    }
}

/// `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `512 B`, `3.4 KiB`, `2.0 GiB`.
pub fn bytes(number: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
    let mut value = number as f64;
    let mut unit = "B";
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = larger;
    }
    if unit == "B" { format!("{number} B") } else { format!("{value:.1} {unit}") }
}

/// RFC 3339 in UTC with milliseconds, from ms since the epoch; the number itself when it is beyond the calendar.
pub fn moment(ms: u64) -> String {
    let timestamp = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    timestamp.map_or_else(|| ms.to_string(), |timestamp| format!("{timestamp:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_grow_coarser_as_they_grow() {
        for (ms, text) in
            [(350, "350 ms"), (2_400, "2.4 s"), (42_000, "42 s"), (125_000, "2m 05s"), (11_520_000, "3h 12m"), (352_800_000, "4d 02h")]
        {
            assert_eq!(duration(Duration::from_millis(ms)), text);
        }
    }

    #[test]
    fn counts_and_sizes_read_at_a_glance() {
        assert_eq!((count(7), count(1_234), count(1_234_567)), ("7".into(), "1,234".into(), "1,234,567".into()));
        assert_eq!((bytes(512), bytes(3_482), bytes(2 << 30)), ("512 B".into(), "3.4 KiB".into(), "2.0 GiB".into()));
    }

    #[test]
    fn moments_are_rfc_3339_in_utc() {
        assert_eq!(moment(1_795_489_418_213), "2026-11-24T03:03:38.213Z");
    }
}
