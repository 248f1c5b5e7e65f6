//! This file reads the held messages: those of which nobody knows whether they were sent.

use std::time::Duration;

use serde::Deserialize;

use super::codec::{bytes, integer, lossy, send_intent};
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{Arguments, CLAIM_LOOKUP};
use crate::core::model::clock::Millis;
use crate::core::model::job::SendIntent;

/// A held message, as it was when it was held. Foreign programs may have removed the job itself since.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct HeldJob {
    /// The job's id.
    #[serde(skip)]
    pub id: String,
    /// What is sent: JSON text.
    #[serde(default)]
    pub data: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// When it was added, as text.
    #[serde(default)]
    pub timestamp: String,
    /// The stable key by which a receiver knows the message.
    pub key: String,
    /// The intent of the send, as in the field `wqi`.
    #[serde(default)]
    pub intent: String,
    /// When it was held, by the server's clock.
    pub when: Millis,
    /// Why nobody knows.
    pub why: String,
}

impl HeldJob {
    /// The worker's own rule for it: `h`, `r` or `l`; empty when the intent can't be read.
    pub fn policy(&self) -> &str {
        self.intent.rsplit_once(':').map_or("", |(_, letter)| letter)
    }

    /// The incarnation of the worker that was about to send it.
    pub fn incarnation(&self) -> Option<&str> {
        let token = self.intent.split_once(':')?.0;
        token.strip_prefix("wq.")?.rsplit_once('.').map(|(incarnation, _)| incarnation)
    }

    /// The intent of the send, if it can be read.
    pub fn send_intent(&self) -> Option<SendIntent> {
        send_intent(&self.intent)
    }
}

/// One page of the held messages.
#[derive(Debug, Default)]
pub struct HeldPage {
    /// In no order.
    pub jobs: Vec<HeldJob>,
    /// Ids whose entries can't be read.
    pub damaged: Vec<String>,
    /// Where to go on; 0 at the end.
    pub cursor: u64,
}

/// The answer about a turn to ask the provider for proof of a held message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupTurn {
    /// It is the caller's.
    Yours,
    /// Somebody else has it, or the next question is due after this long.
    Later(Duration),
    /// The message is held no longer.
    Over,
}

impl Queue {
    /// Asks for the turn to ask the provider about a held message, for so long; `claimant` is another name for every turn.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn claim_lookup(&self, id: &str, claimant: &str, turn: Duration) -> Result<LookupTurn, StoreError> {
        let mut arguments = Arguments::default();
        arguments.push("claim").push(claimant).push(id).number(turn.as_millis());
        self.look_up_turn(&arguments).await
    }

    /// The provider had no proof: the next question waits for `first`, twice as long each time, at most `longest`.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn looked_up_in_vain(&self, id: &str, claimant: &str, first: Duration, longest: Duration) -> Result<LookupTurn, StoreError> {
        let mut arguments = Arguments::default();
        arguments.push("vain").push(claimant).push(id).number(first.as_millis()).number(longest.as_millis());
        self.look_up_turn(&arguments).await
    }

    async fn look_up_turn(&self, arguments: &Arguments) -> Result<LookupTurn, StoreError> {
        let answer = CLAIM_LOOKUP.run(&self.link, &self.keys, arguments).await?;
        Ok(match integer(&answer).ok_or_else(|| CLAIM_LOOKUP.unexpected("no number"))? {
            0 => LookupTurn::Yours,
            wait => u64::try_from(wait).map_or(LookupTurn::Over, |ms| LookupTurn::Later(Duration::from_millis(ms))),
        })
    }

    /// How many messages are held.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn count_held(&self) -> Result<u64, StoreError> {
        self.link.clone().query(redis::cmd("HLEN").arg(self.keys.ours("held"))).await
    }

    /// One held message.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn held_job(&self, id: &str) -> Result<Option<HeldJob>, StoreError> {
        let text: Option<Vec<u8>> = self.link.clone().query(redis::cmd("HGET").arg(self.keys.ours("held")).arg(id)).await?;
        Ok(text.and_then(|text| parse(id, &text)))
    }

    /// About 100 held messages from a cursor on, 0 at the beginning; one may come twice while others are added.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn held_jobs(&self, cursor: u64) -> Result<HeldPage, StoreError> {
        let command = redis::cmd("HSCAN").arg(self.keys.ours("held")).arg(cursor).arg("COUNT").arg(100).clone();
        let (cursor, flat): (u64, Vec<redis::Value>) = self.link.clone().query(&command).await?;
        let mut page = HeldPage { cursor, ..HeldPage::default() };
        let mut values = flat.into_iter().filter_map(bytes);
        while let (Some(id), Some(text)) = (values.next(), values.next()) {
            let id = lossy(id);
            match parse(&id, &text) {
                Some(job) => page.jobs.push(job),
                None => page.damaged.push(id),
            }
        }
        Ok(page)
    }
}

fn parse(id: &str, text: &[u8]) -> Option<HeldJob> {
    let mut job: HeldJob = serde_json::from_str(&String::from_utf8_lossy(text)).ok()?;
    id.clone_into(&mut job.id);
    Some(job)
}
