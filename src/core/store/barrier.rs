//! This file finds out whether a server has forgotten something, tells it what a worker knows, and waits for the other workers.

use std::time::Duration;

use redis::Value;

use super::codec::{array, integer, unsigned};
use super::connect::info_field;
use super::error::StoreError;
use super::intent::Fence;
use super::queue::Queue;
use super::scripts::{Arguments, BARRIER, SETTLE_FORGOTTEN};
use super::settle::DEFAULT_AGE_LIMIT;
use crate::core::model::clock::Millis;
use crate::core::model::job::Keep;

/// The most sends that one call tells: each is some ten commands.
const MAX_TOLD: usize = 200;

/// Which process serves a queue, and how far its history goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// A new one at every start of a server; that of another server after a fail-over.
    pub run_id: String,
    /// A new one when a server takes over the history of another.
    pub replication_id: String,
    /// Bytes of that history.
    pub offset: u64,
}

impl History {
    /// Whether a server that is here now may lack something of what it had `before`.
    pub fn may_lack(&self, before: &Self) -> bool {
        self.run_id != before.run_id || self.offset < before.offset
    }

    /// What all workers call this part of the server's history.
    pub fn epoch(&self, before: Option<&Self>) -> String {
        match before {
            // One process went back in time: it was made a replica, and has the history of another now.
            Some(before) if before.run_id == self.run_id && self.offset < before.offset => {
                format!("{}.{}", self.run_id, self.replication_id)
            }
            _ => self.run_id.clone(),
        }
    }
}

/// Whether the queue may be worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// It may. So many workers never said what they had sent; their time was over.
    Open {
        /// How many.
        missing: u64,
    },
    /// Others have not told yet what they sent.
    Shut,
}

/// What a worker can tell of a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Testimony {
    /// It was accepted.
    Sent {
        /// The provider's id of the message.
        provider_id: Option<String>,
        /// JSON text.
        reply: String,
    },
    /// It is under way, or its outcome is about to be stored.
    Mine,
    /// It may have been sent or not.
    Unknown {
        /// Why nobody knows, beginning with `uncertain:`.
        reason: String,
    },
}

/// A send that the server may know nothing of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The job.
    pub id: String,
    /// Its lock then.
    pub token: String,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// SHA-1 of its data, a zero byte and its stable key.
    pub digest: [u8; 20],
    /// When its intent was written, by the server's clock.
    pub at: Millis,
    /// What is known of it.
    pub testimony: Testimony,
}

/// How sends are told.
#[derive(Clone, Copy, Debug)]
pub struct TellRules {
    /// Of jobs that are still being sent.
    pub lock_ttl: Duration,
    /// How they were announced.
    pub fence: Fence,
    /// Whether the server may have forgotten their intents; else only jobs that carry theirs are settled.
    pub has_forgotten: bool,
    /// What stays of completed jobs that say nothing themselves.
    pub keep_completed: Keep,
    /// Minutes of BullMQ's metrics that are kept.
    pub metrics_minutes: u32,
}

impl Queue {
    /// Which process serves this queue now; asked first on every new connection.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn history(&self) -> Result<History, StoreError> {
        let mut link = self.link.clone();
        let (server, replication) = (link.info("server").await?, link.info("replication").await?);
        let field = |info: &str, name: &str| info_field(info, name).unwrap_or_default().to_owned();
        Ok(History {
            run_id: field(&server, "run_id"),
            replication_id: field(&replication, "master_replid"),
            offset: field(&replication, "master_repl_offset").parse().unwrap_or(0),
        })
    }

    /// Whether work may begin in this part of the server's history. Called again and again while it is shut; `is_settled` says
    /// that this worker has told what it sent.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn barrier(&self, epoch: &str, incarnation: &str, has_forgotten: bool, is_settled: bool) -> Result<Barrier, StoreError> {
        let flag = |is_set: bool| if is_set { "1" } else { "0" };
        let mut arguments = Arguments::default();
        arguments.push(epoch).push(incarnation).push(flag(has_forgotten)).push(flag(is_settled));
        let answer = BARRIER.run(&self.link, &self.keys, &arguments).await?;
        let [open, awaited, _]: [Value; 3] =
            array(answer).and_then(|parts| parts.try_into().ok()).ok_or_else(|| BARRIER.unexpected("another shape"))?;
        Ok(if integer(&open) == Some(1) { Barrier::Open { missing: unsigned(&awaited) } } else { Barrier::Shut })
    }

    /// Tells the server what it may have forgotten; returns how many jobs that changed, in each kind: sent, mine, unknown.
    /// Safe to repeat.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn tell(&self, sends: &[Told], rules: &TellRules) -> Result<[u64; 3], StoreError> {
        let mut changed = [0; 3];
        for batch in sends.chunks(MAX_TOLD) {
            let answer = SETTLE_FORGOTTEN.run(&self.link, &self.keys, &arguments(batch, rules)).await?;
            let statuses = array(answer).ok_or_else(|| SETTLE_FORGOTTEN.unexpected("no array"))?;
            for (told, status) in batch.iter().zip(statuses) {
                let [sent, mine, unknown] = &mut changed;
                *match told.testimony {
                    Testimony::Sent { .. } => sent,
                    Testimony::Mine => mine,
                    Testimony::Unknown { .. } => unknown,
                } += unsigned(&status);
            }
        }
        Ok(changed)
    }
}

fn arguments(sends: &[Told], rules: &TellRules) -> Arguments {
    let mut arguments = Arguments::default();
    arguments.number(rules.lock_ttl.as_millis());
    rules.fence.write(&mut arguments);
    let keep = rules.keep_completed;
    let any = |number: Option<u64>| number.map_or_else(|| "-1".to_owned(), |number| number.to_string());
    arguments.push(if rules.has_forgotten { "1" } else { "0" }).number(1);
    arguments.push(any(keep.age_s)).push(any(keep.count)).number(keep.limit.unwrap_or(DEFAULT_AGE_LIMIT));
    arguments.number(rules.metrics_minutes);
    for send in sends {
        let digest = hex(&send.digest);
        let (kind, provider_id, text) = match &send.testimony {
            Testimony::Sent { provider_id, reply } => ("sent", provider_id.as_deref().unwrap_or_default(), reply.as_str()),
            Testimony::Mine => ("mine", "", ""),
            Testimony::Unknown { reason } => ("unknown", "", reason.as_str()),
        };
        arguments.push(send.id.as_str()).push(send.token.as_str()).number(send.attempt).push(digest).push(kind);
        arguments.number(send.at).push(provider_id).push(text);
    }
    arguments
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(run_id: &str, replication_id: &str, offset: u64) -> History {
        History { run_id: run_id.to_owned(), replication_id: replication_id.to_owned(), offset }
    }

    #[test]
    fn another_process_or_a_shorter_history_may_lack_something() {
        let before = history("a", "x", 100);

        assert!(!history("a", "x", 100).may_lack(&before) && !history("a", "y", 150).may_lack(&before));
        assert!(history("b", "x", 500).may_lack(&before));
        assert!(history("a", "y", 99).may_lack(&before));
    }

    #[test]
    fn digests_are_written_as_the_scripts_write_them() {
        assert_eq!(hex(&[0, 0x0f, 0xa9, 0xff]), "000fa9ff");
    }

    #[test]
    fn each_step_back_has_a_name_of_its_own() {
        let before = history("a", "x", 100);

        assert_eq!(history("b", "y", 0).epoch(Some(&before)), "b");
        assert_eq!(history("a", "y", 99).epoch(Some(&before)), "a.y");
        assert_eq!(history("a", "x", 100).epoch(None), "a");
    }
}
