//! This file reads the held messages: those of which nobody knows whether they were sent.

use serde::Deserialize;

use super::codec::{bytes, lossy, send_intent};
use super::error::StoreError;
use super::queue::Queue;
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

impl Queue {
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
