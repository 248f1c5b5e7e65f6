//! This file describes a sending rate: so many messages in so much time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// At most `max` starts in every sliding window of `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// 1 to 1,000,000,000 starts.
    pub max: u64,
    /// 1 ms to 24 h.
    pub window: Duration,
}

impl Rate {
    /// What every worker keeps when nobody set a rate: 80 messages a minute.
    pub const DEFAULT: Self = Self { max: 80, window: Duration::from_mins(1) };

    /// The window in whole milliseconds.
    pub fn window_ms(self) -> u64 {
        u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX)
    }
}

/// What a worker was told by `--rate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RateLimit {
    /// Nothing: 80 a minute, unless the queue itself has a rate.
    #[default]
    Unset,
    /// `none`: this worker adds no limit; the queue's own still holds.
    Unlimited,
    /// An own limit; the slowest of all that are set is in force.
    Limited(Rate),
}

/// The text is no rate.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no rate; write COUNT/TIME such as 80/m, 100/s or 2/500ms")]
pub struct RateError(String);

const MAX_COUNT: u64 = 1_000_000_000;
const MAX_WINDOW_MS: u64 = 24 * 60 * 60 * 1000;

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let refuse = || RateError(text.to_owned());
        let (count, window) = text.trim().split_once('/').ok_or_else(refuse)?;
        let max: u64 = count.trim().parse().map_err(|_| refuse())?;
        let window = window.trim();
        let digits = window.len() - window.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = window.split_at(digits);
        let number: u64 = if number.is_empty() { 1 } else { number.parse().map_err(|_| refuse())? };
        let unit_ms = match unit.trim() {
            "ms" => 1,
            "s" | "sec" | "second" => 1_000,
            "m" | "min" | "minute" => 60_000,
            "h" | "hour" => 3_600_000,
            _ => return Err(refuse()),
        };
        let window_ms = number.checked_mul(unit_ms).ok_or_else(refuse)?;
        if max == 0 || max > MAX_COUNT || window_ms == 0 || window_ms > MAX_WINDOW_MS {
            return Err(refuse());
        }
        Ok(Self { max, window: Duration::from_millis(window_ms) })
    }
}

impl FromStr for RateLimit {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        if text.trim().eq_ignore_ascii_case("none") {
            return Ok(Self::Unlimited);
        }
        text.parse().map(Self::Limited)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.window_ms() {
            1_000 => write!(f, "{}/s", self.max),
            60_000 => write!(f, "{}/m", self.max),
            3_600_000 => write!(f, "{}/h", self.max),
            ms if ms.is_multiple_of(1_000) => write!(f, "{}/{}s", self.max, ms / 1_000),
            ms => write!(f, "{}/{ms}ms", self.max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_people_write_them() {
        for (text, max, ms) in [("80/m", 80, 60_000), ("100/s", 100, 1_000), ("2/500ms", 2, 500), ("9/2 min", 9, 120_000)] {
            assert_eq!(text.parse(), Ok(Rate { max, window: Duration::from_millis(ms) }), "{text}");
        }
    }

    #[test]
    fn a_rate_that_would_never_send_is_refused() {
        for text in ["0/m", "80", "/m", "80/", "80/0s", "-1/s", "80/fortnight", "99999999999/s", "1/25h"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn none_means_no_limit_of_the_workers_own() {
        assert_eq!("none".parse(), Ok(RateLimit::Unlimited));
    }

    #[test]
    fn a_rate_prints_as_it_is_typed() {
        for text in ["80/m", "100/s", "2/500ms", "9/120s"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
    }
}
