//! This file reads the values that only a worker's flags have: latencies, shares, and how many finished jobs are kept.

use std::time::Duration;

use crate::cli::time::parse_duration;
use crate::core::model::job::Keep;

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_hours(24);

/// A time that something is repeated after: 100 ms to 24 h.
pub(super) fn interval(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text)?;
    if (SHORTEST..=LONGEST).contains(&duration) { Ok(duration) } else { Err(format!("{text:?} is not between 100ms and 24h")) }
}

/// A time that is waited: 0 to 24 h.
pub(super) fn patience(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text)?;
    if duration <= LONGEST { Ok(duration) } else { Err(format!("{text:?} is over 24h")) }
}

/// `20ms`, or `10ms..50ms` for anything between.
pub(super) fn latency(text: &str) -> Result<(Duration, Duration), String> {
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    let (least, most) = (patience(least)?, patience(most)?);
    if least <= most { Ok((least, most)) } else { Err(format!("{text:?} runs backwards; write 10ms..50ms")) }
}

/// `5%` or `0.1%`: a share of 0 to 1.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let percent = text.trim().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    match percent {
        Some(percent) if (0.0..=100.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err(format!("{text:?} is no share; write 0% to 100%")),
    }
}

/// `24h,10000`, one of the two, `all` or `none`.
pub(super) fn keep(text: &str) -> Result<Keep, String> {
    match text.trim() {
        "all" => return Ok(Keep::ALL),
        "none" => return Ok(Keep::NONE),
        _ => {}
    }
    let mut keep = Keep::ALL;
    for part in text.split(',').map(str::trim) {
        let is_count = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let refuse = || format!("{text:?} is not how many to keep; write 24h,10000 or all or none");
        let twice = if is_count { keep.count.is_some() } else { keep.age_s.is_some() };
        if twice {
            return Err(refuse());
        }
        if is_count {
            keep.count = Some(part.parse().map_err(|_| refuse())?);
        } else {
            let age = parse_duration(part).map_err(|_| refuse())?;
            if age.is_zero() || age.subsec_nanos() > 0 {
                return Err(format!("{text:?}: the age must be whole seconds, at least 1s"));
            }
            keep.age_s = Some(age.as_secs());
        }
    }
    Ok(keep)
}

/// A worker's name: 1 to 128 bytes, no control character.
pub(super) fn name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > 128 {
        return Err("a name has 1 to 128 bytes".to_owned());
    }
    if text.contains(char::is_control) {
        return Err("a name has no control characters".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn intervals_neither_spin_nor_sleep_for_ever() {
        assert_eq!(interval("30s"), Ok(MS(30_000)));
        for text in ["0s", "99ms", "25h", "-1s", "30", "soon"] {
            assert!(interval(text).is_err(), "{text}");
        }
        assert_eq!(patience("0s"), Ok(Duration::ZERO));
        assert!(patience("25h").is_err());
    }

    #[test]
    fn a_latency_is_one_time_or_two() {
        assert_eq!(latency("20ms"), Ok((MS(20), MS(20))));
        assert_eq!(latency("10ms..50ms"), Ok((MS(10), MS(50))));
        for text in ["50ms..10ms", "..", "10ms..", "20"] {
            assert!(latency(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_share_is_a_percentage() {
        assert_eq!((share("5%"), share("0.1 %"), share("100%")), (Ok(0.05), Ok(0.001), Ok(1.0)));
        for text in ["5", "0.05", "-1%", "101%", "NaN%", "%"] {
            assert!(share(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_to_keep_is_an_age_a_count_or_both() {
        let some = |age_s, count| Ok(Keep { age_s, count, limit: None });
        assert_eq!(keep("24h,10000"), some(Some(86_400), Some(10_000)));
        assert_eq!(keep("10000, 24h"), some(Some(86_400), Some(10_000)));
        assert_eq!(keep("7d"), some(Some(604_800), None));
        assert_eq!(keep("500"), some(None, Some(500)));
        assert_eq!((keep("all"), keep("none")), (Ok(Keep::ALL), Ok(Keep::NONE)));
        for text in ["", ",", "24h,24h", "1,2", "500ms", "-1", "some", "99999999999999999999"] {
            assert!(keep(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_fits_in_a_client_name() {
        assert_eq!(name("office 2 ñ"), Ok("office 2 ñ".to_owned()));
        for text in ["", "a\nb", &"x".repeat(129)] {
            assert!(name(text).is_err(), "{text:?}");
        }
    }
}
