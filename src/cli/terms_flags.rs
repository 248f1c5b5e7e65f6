//! This file reads the flags that say when an add counts and when it is refused, for every command that adds jobs.

use std::time::Duration;

use clap::Args;

use crate::app::error::AppError;
use crate::core::store::{Durability, Queue, Room, Terms};

/// On which terms jobs are added.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct TermsFlags {
    /// When an add counts: fast, replicated[:N] or fsync
    #[arg(long, value_name = "HOW", default_value = "fast", value_parser = durability)]
    durability: Durability,
    /// Exit 75 rather than let more jobs wait than that
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_waiting: Option<u64>,
    /// Exit 75 rather than add while Redis uses more: 512mb, 2gb
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_bytes: Option<u64>,
}

impl TermsFlags {
    /// The queue on these terms.
    ///
    /// # Errors
    /// When the server can't give what was asked for, or can't be asked.
    pub(super) async fn apply(self, queue: &Queue, patience: Duration) -> Result<Queue, AppError> {
        let room = Room { max_waiting: self.max_waiting, max_bytes: self.max_bytes };
        Ok(queue.on_terms(Terms { durability: self.durability, room }, patience).await?)
    }

    /// When an add counts.
    pub(super) fn durability(self) -> Durability {
        self.durability
    }
}

/// `fast`, `replicated`, `replicated:2` or `fsync`.
pub(super) fn durability(text: &str) -> Result<Durability, String> {
    match text.split_once(':') {
        None if text == "fast" => Ok(Durability::Fast),
        None if text == "fsync" => Ok(Durability::Fsync),
        None if text == "replicated" => Ok(Durability::Replicated { replicas: 1 }),
        Some(("replicated", count)) => match count.parse() {
            Ok(replicas @ 1..) => Ok(Durability::Replicated { replicas }),
            _ => Err("replicated:N needs a number of replicas, at least 1".to_owned()),
        },
        _ => Err("write fast (the server has it), replicated[:N] (so many replicas have it) or fsync (its disk has it)".to_owned()),
    }
}

/// Bytes, as the server spells sizes.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || "write a size such as 512mb or 2gb".to_owned();
    let lower = text.to_ascii_lowercase();
    let (digits, unit) = lower.split_at(lower.find(|c: char| !c.is_ascii_digit()).unwrap_or(lower.len()));
    let factor: u64 = match unit {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1024,
        "m" => 1_000_000,
        "mb" => 1024 * 1024,
        "g" => 1_000_000_000,
        "gb" => 1024 * 1024 * 1024,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(factor).filter(|bytes| *bytes > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_add_counts_when_the_server_its_replicas_or_its_disk_has_it() {
        assert_eq!((durability("fast"), durability("fsync")), (Ok(Durability::Fast), Ok(Durability::Fsync)));
        assert_eq!(durability("replicated"), Ok(Durability::Replicated { replicas: 1 }));
        assert_eq!(durability("replicated:2"), Ok(Durability::Replicated { replicas: 2 }));
        for text in ["", "safe", "replicated:0", "replicated:", "fsync:1", "fast:1"] {
            assert!(durability(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_read_as_the_server_reads_them() {
        assert_eq!(size("512mb"), Ok(512 * 1024 * 1024));
        assert_eq!(size("2GB"), Ok(2 * 1024 * 1024 * 1024));
        assert_eq!((size("1k"), size("7"), size("7b")), (Ok(1000), Ok(7), Ok(7)));
        for text in ["", "mb", "-1", "1tb", "0", "99999999999999gb", "1.5gb"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
