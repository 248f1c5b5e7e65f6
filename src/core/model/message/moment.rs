//! This file reads moments as messages carry them, for `expires`.

use super::super::clock::Millis;
use super::error::MessageError;

/// Reads a moment as messages carry it: milliseconds since 1970, or RFC 3339 such as `2026-12-01T09:00:00-03:00`.
///
/// # Errors
/// [`MessageError::Expiry`].
pub fn parse_expires(text: &str) -> Result<Millis, MessageError> {
    let text = text.trim();
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let moment = if is_number { text.parse().ok() } else { rfc3339(text) };
    moment.ok_or(MessageError::Expiry)
}

fn rfc3339(text: &str) -> Option<Millis> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok().filter(|number| *number >= 0);
    let sign = |at: usize, allowed: &[u8]| text.as_bytes().get(at).filter(|byte| allowed.contains(byte)).copied();
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    sign(4, b"-").and(sign(7, b"-")).and(sign(10, b"Tt ")).and(sign(13, b":")).and(sign(16, b":"))?;
    let is_date = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let rest = text.get(19..)?;
    let zone_at = rest.find(['Z', 'z', '+', '-'])?;
    let (fraction, zone) = rest.split_at(zone_at);
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - zone_seconds(zone)?;
    Millis::try_from(seconds * 1_000 + fraction_ms(fraction)?).ok()
}

fn fraction_ms(fraction: &str) -> Option<i64> {
    if fraction.is_empty() {
        return Some(0);
    }
    let digits = fraction.strip_prefix('.').filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    format!("{digits:0<3}").get(..3)?.parse().ok()
}

fn zone_seconds(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let digits = |text: &str| Some(text).filter(|text| text.len() == 2)?.parse::<i64>().ok();
    let seconds = digits(hours).filter(|hours| *hours < 24)? * 3_600 + digits(minutes).filter(|minutes| *minutes < 60)? * 60;
    if zone.starts_with('-') { Some(-seconds) } else { Some(seconds) }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar, counted in years that begin in March.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_read_as_rfc_3339_or_as_milliseconds() {
        for (text, ms) in [
            ("1795489418213", 1_795_489_418_213),
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-24T10:00:00Z", 1_795_514_400_000),
            ("2026-11-24T10:00:00.5-03:00", 1_795_525_200_500),
            ("2024-02-29 23:59:59.1239+00:00", 1_709_251_199_123),
        ] {
            assert_eq!(parse_expires(text), Ok(ms), "{text}");
        }
    }

    #[test]
    fn a_moment_that_does_not_exist_is_no_expiry() {
        for text in
            ["", "soon", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-24T10:00:00", "2026-11-24", "-5", "2026-11-24T10:00:00+3"]
        {
            assert_eq!(parse_expires(text), Err(MessageError::Expiry), "{text}");
        }
    }
}
