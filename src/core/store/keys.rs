//! This file names the keys of a queue; `lua/lib/keys.lua` says what each holds.

use crate::core::model::queue::{Prefix, QueueName};

/// BullMQ's keys, in the order of `lua/lib/keys.lua`.
const BULLMQ: [&str; 17] = [
    "wait",
    "active",
    "prioritized",
    "pc",
    "delayed",
    "completed",
    "failed",
    "waiting-children",
    "paused",
    "marker",
    "meta",
    "events",
    "id",
    "limiter",
    "stalled",
    "stalled-check",
    "repeat",
];

/// Our own keys, after BullMQ's. Their root is apart because BullMQ's housekeeping deletes strangers under its own.
const OWN: [&str; 3] = ["rate", "pace", "counters"];

/// The keys of one queue.
#[derive(Debug)]
pub(super) struct Keys {
    base: String,
    own: String,
    scripts: Vec<String>,
}

impl Keys {
    pub(super) fn new(prefix: &Prefix, queue: &QueueName) -> Self {
        let base = format!("{prefix}:{queue}:");
        let own = format!("wq:{prefix}:{queue}:");
        let bullmq = BULLMQ.iter().map(|name| format!("{base}{name}"));
        let ours = OWN.iter().map(|name| format!("{own}{name}"));
        let scripts = bullmq.chain(ours).collect();
        Self { base, own, scripts }
    }

    /// What every script gets as KEYS.
    pub(super) fn for_scripts(&self) -> &[String] {
        &self.scripts
    }

    /// `<prefix>:<queue>:`.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// `wq:<prefix>:<queue>:`.
    pub(super) fn own(&self) -> &str {
        &self.own
    }

    /// One of BullMQ's keys, or a job's hash.
    pub(super) fn bullmq(&self, name: &str) -> String {
        format!("{}{name}", self.base)
    }

    /// One of our own keys.
    pub(super) fn ours(&self, name: &str) -> String {
        format!("{}{name}", self.own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_keys_carry_the_same_hash_tag_as_bullmqs() {
        let keys = Keys::new(&"bull".parse().unwrap(), &"{wa-main}".parse().unwrap());

        assert_eq!(keys.bullmq("wait"), "bull:{wa-main}:wait");
        assert_eq!(keys.ours("pace"), "wq:bull:{wa-main}:pace");
    }

    #[test]
    fn the_documented_order_of_keys_is_the_order_that_scripts_get() {
        let documented: Vec<String> = include_str!("lua/lib/keys.lua")
            .lines()
            .filter_map(|line| line.strip_prefix("-- ")?.trim_start().split_once(' '))
            .filter(|(number, rest)| {
                number.parse::<u32>().is_ok()
                    && rest.split_whitespace().nth(1).is_some_and(|word| word.len() >= 3 && word.chars().all(|c| c.is_ascii_uppercase()))
            })
            .map(|(_, rest)| rest.split_whitespace().next().unwrap().to_owned())
            .collect();

        let given: Vec<&str> = BULLMQ.iter().chain(OWN.iter()).copied().collect();
        assert_eq!(documented, given);
    }
}
