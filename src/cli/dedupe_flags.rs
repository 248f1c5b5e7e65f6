//! This file reads the flags that say which new jobs mean the same as one that is there.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::time::parse_duration;
use crate::app::error::{AppError, Kind};
use crate::core::model::deduplication::{Deduplication, DeduplicationRules, MAX_TTL_MS};

/// Which jobs mean the same.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Jobs that mean the same")]
pub(super) struct DedupeFlags {
    /// Add nothing while a job with this key is there, or for so long: order-17, or order-17:5m
    /// (slot:5m: is the key slot:5m)
    #[arg(long, value_name = "KEY[:TIME]", allow_hyphen_values = true, conflicts_with = "ndjson", value_parser = key)]
    dedupe: Option<Key>,
    /// What the new job does then: nothing (first), renew the time (extend), take the place of a delayed one (replace), put a
    /// delayed one off (reschedule), or be added once a running one has ended (keep-last)
    #[arg(long, value_name = "MODE", value_delimiter = ',', default_value = "first", hide_possible_values = true, requires = "dedupe")]
    dedupe_mode: Vec<Mode>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    First,
    Extend,
    Replace,
    Reschedule,
    KeepLast,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    text: String,
    ttl: Option<Duration>,
}

fn key(text: &str) -> Result<Key, String> {
    let (text, ttl) = match text.rsplit_once(':') {
        Some((text, "")) => (text, None),
        Some((before, after)) => match parse_duration(after) {
            Ok(ttl) => (before, Some(ttl)),
            Err(_) => (text, None),
        },
        None => (text, None),
    };
    if text.is_empty() {
        return Err("the key can't be empty".to_owned());
    }
    if ttl.is_some_and(|ttl| ttl.as_millis() == 0 || ttl.as_millis() > u128::from(MAX_TTL_MS)) {
        return Err("the time after the colon is from 1ms to 142,000 years; without it the key lasts until its job ends".to_owned());
    }
    Ok(Key { text: text.to_owned(), ttl })
}

impl DedupeFlags {
    /// What the flags say, if anything.
    ///
    /// # Errors
    /// When the modes contradict each other or the key.
    pub(super) fn deduplication(&self) -> Result<Option<Deduplication>, AppError> {
        let Some(Key { text, ttl }) = self.dedupe.clone() else { return Ok(None) };
        let has = |mode| self.dedupe_mode.contains(&mode);
        let refuse = |problem: &str| Err(AppError::new(Kind::Usage, format!("--dedupe-mode {problem}")));
        if has(Mode::Extend) && ttl.is_none() {
            return refuse("extend renews a time: write --dedupe KEY:5m");
        }
        if has(Mode::KeepLast) && ttl.is_some() {
            return refuse("keep-last knows no time: its key lasts until the last job ends");
        }
        if has(Mode::Replace) && has(Mode::Reschedule) {
            return refuse("is replace or reschedule, not both");
        }
        let rules = DeduplicationRules {
            ttl,
            extend: has(Mode::Extend),
            replace: has(Mode::Replace),
            reschedule: has(Mode::Reschedule),
            keep_last_if_active: has(Mode::KeepLast),
        };
        Ok(Some(Deduplication { id: text, rules }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_hold_colons_and_end_in_a_time() {
        let read = |text| key(text).map(|key| (key.text, key.ttl.map(|ttl| ttl.as_millis())));

        assert_eq!(read("order-17"), Ok(("order-17".to_owned(), None)));
        assert_eq!(read("order-17:5m"), Ok(("order-17".to_owned(), Some(300_000))));
        assert_eq!(read("mail:order:17"), Ok(("mail:order:17".to_owned(), None)));
        assert_eq!(read("mail:order:30s"), Ok(("mail:order".to_owned(), Some(30_000))));
        assert_eq!(read("slot:5m:"), Ok(("slot:5m".to_owned(), None)));
        for text in ["", ":", ":5m", "a:0s"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn modes_that_contradict_the_key_or_each_other_are_refused() {
        let rules = |text: &str, modes: &[Mode]| {
            let flags = DedupeFlags { dedupe: Some(key(text).unwrap()), dedupe_mode: modes.to_vec() };
            flags.deduplication().map(|found| found.unwrap().rules)
        };

        assert!(rules("a:5m", &[Mode::Extend, Mode::Replace]).is_ok());
        assert_eq!(rules("a", &[Mode::First]).unwrap(), DeduplicationRules::default());
        assert!(rules("a", &[Mode::Extend]).is_err());
        assert!(rules("a:5m", &[Mode::KeepLast]).is_err());
        assert!(rules("a", &[Mode::Replace, Mode::Reschedule]).is_err());
    }
}
