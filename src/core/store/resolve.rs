//! This file ends the doubt about held messages, and keeps them out of what is done to all dead letters.

use redis::Value;

use super::codec::{array, integer, text};
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{Arguments, RESOLVE_HELD};
use crate::core::model::clock::Millis;

/// What somebody knows about a held message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knowledge<'a> {
    /// It was sent; the provider's id of it, if known.
    Sent(Option<&'a str>),
    /// It was not sent.
    NotSent,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// The doubt is over.
    Done {
        /// The stable key from now on: another one when it is to be sent again.
        key: String,
        /// The job's place when it was found, in BullMQ's words: `failed` unless somebody else moved it; `None` when it was gone.
        found: Option<String>,
    },
    /// The doubt is over, but somebody else had completed the job meanwhile: it stays so.
    HadCompleted,
    /// It was resolved so before; nothing was changed.
    Before,
    /// No message of this id is held.
    NotHeld,
    /// A worker has the job just now, as somebody put it back; nothing was changed.
    Busy,
    /// What was kept of it can't be read; nothing was changed.
    Damaged,
    /// A message of this id is held, but under this other stable key; nothing was changed.
    OtherKey(String),
}

impl Queue {
    /// Ends the doubt about a held message: one that was sent completes, with its parent and its deduplication; one that was not
    /// goes back in line under a new stable key, without having used the attempt. Works without the job itself, too; safe to repeat.
    ///
    /// `key`: only if this is the stable key that is held.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn resolve(&self, id: &str, knowledge: Knowledge<'_>, key: Option<&str>) -> Result<Resolved, StoreError> {
        let (verdict, provider) = match knowledge {
            Knowledge::Sent(provider) => ("sent", provider.unwrap_or_default()),
            Knowledge::NotSent => ("not-sent", ""),
        };
        let mut arguments = Arguments::default();
        arguments.push(id).push(verdict).push(provider).push(key.unwrap_or_default());
        let answer = RESOLVE_HELD.run(&self.link, &self.keys, &arguments).await?;
        let shape = || RESOLVE_HELD.unexpected("another shape");
        let [code, key, place]: [Value; 3] = array(answer).and_then(|parts| parts.try_into().ok()).ok_or_else(shape)?;
        let key = text(key).ok_or_else(shape)?;
        match integer(&code) {
            Some(1) => Ok(Resolved::Done { key, found: text(place).filter(|place| !place.is_empty()) }),
            Some(2) => Ok(Resolved::HadCompleted),
            Some(3) => Ok(Resolved::Before),
            Some(0) => Ok(Resolved::NotHeld),
            Some(-1) => Ok(Resolved::Busy),
            Some(-2) => Ok(Resolved::Damaged),
            Some(-3) => Ok(Resolved::OtherKey(key)),
            _ => Err(shape()),
        }
    }

    /// Which of these jobs are held, in their order.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn which_are_held(&self, ids: &[String]) -> Result<Vec<bool>, StoreError> {
        let mut held = Vec::with_capacity(ids.len());
        for batch in ids.chunks(1000) {
            let mut commands = redis::pipe();
            for id in batch {
                commands.cmd("HEXISTS").arg(self.keys.ours("held")).arg(id);
            }
            held.extend(self.link.clone().query_all::<Vec<bool>>(&commands).await?);
        }
        Ok(held)
    }

    /// How many held messages are dead letters.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn count_held_failed(&self) -> Result<u64, StoreError> {
        self.count_held_failed_until(Millis::MAX).await
    }

    /// How many held messages are dead letters that failed until then.
    pub(super) async fn count_held_failed_until(&self, until: Millis) -> Result<u64, StoreError> {
        let (mut count, mut cursor) = (0, 0);
        loop {
            let page = self.held_jobs(cursor).await?;
            let ids: Vec<&str> = page.jobs.iter().map(|job| job.id.as_str()).chain(page.damaged.iter().map(String::as_str)).collect();
            if !ids.is_empty() {
                let command = redis::cmd("ZMSCORE").arg(self.keys.bullmq("failed")).arg(&ids).clone();
                let scores: Vec<Option<f64>> = self.link.clone().query(&command).await?;
                #[expect(clippy::cast_precision_loss, reason = "moments in ms are exact in a double")]
                let until = until as f64;
                count += scores.into_iter().flatten().filter(|score| *score <= until).count() as u64;
            }
            cursor = page.cursor;
            if cursor == 0 {
                return Ok(count);
            }
        }
    }
}
