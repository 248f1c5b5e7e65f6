//! This file changes jobs by hand: remove, promote, retry, clean, drain, obliterate.

use std::time::Duration;

use redis::Value;

use super::codec::{array, integer, text, unsigned};
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{Arguments, OBLITERATE_QUEUE, PROMOTE_JOBS, REMOVE_JOBS, RETRY_JOBS, Script};
use crate::core::model::state::JobState;

/// The most ids that one script changes: about 10 ms of the server.
pub const MAX_CHANGE_BATCH: usize = 1000;

/// What a change did with one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Done.
    Done,
    /// No such job.
    NotFound,
    /// It is in another state.
    WrongState,
    /// A worker has it.
    Locked,
    /// It is the pending run of a scheduler and lives and dies with it.
    SchedulerOwned,
    /// It is held: nobody knows whether it was sent.
    Held,
}

impl Change {
    pub(super) fn from_code(code: Option<i64>) -> Self {
        match code {
            Some(1) => Self::Done,
            Some(-1) => Self::WrongState,
            Some(-2) => Self::Locked,
            Some(-5) => Self::Held,
            Some(-8) => Self::SchedulerOwned,
            _ => Self::NotFound,
        }
    }
}

/// How jobs go back in line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetryRules {
    /// One more attempt only, as Bull Board gives, instead of as many as a new job has.
    pub keep_attempts: bool,
    /// Held messages too, although they may have been sent.
    pub uncertain: bool,
}

impl RetryRules {
    pub(super) fn attempts(self) -> &'static str {
        if self.keep_attempts { "keep" } else { "reset" }
    }

    pub(super) fn uncertain(self) -> &'static str {
        if self.uncertain { "1" } else { "0" }
    }
}

/// Why a queue was not destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obliterated {
    /// So many jobs are gone, and the queue with them.
    Gone(u64),
    /// It must be paused first.
    NotPaused,
    /// Workers have jobs, and `force` was not given.
    Busy,
}

/// Which way jobs leave: decides about events and the ledger.
#[derive(Clone, Copy)]
enum Leave {
    Remove,
    Clean,
    Drain,
}

impl Leave {
    fn as_str(self) -> &'static str {
        match self {
            Self::Remove => "remove",
            Self::Clean => "clean",
            Self::Drain => "drain",
        }
    }
}

impl Queue {
    /// Removes jobs wherever they are; their ids may be added again, row ids too.
    ///
    /// # Errors
    /// When the server can't be asked; batches before that are done.
    pub async fn remove(&self, ids: &[String]) -> Result<Vec<Change>, StoreError> {
        self.leave(Leave::Remove, None, ids).await
    }

    /// Like [`Self::remove`], but only from where they were seen: what has gone on since then stays.
    ///
    /// # Errors
    /// When the server can't be asked; batches before that are done.
    pub async fn remove_from(&self, state: JobState, ids: &[String]) -> Result<Vec<Change>, StoreError> {
        self.leave(Leave::Remove, Some(state), ids).await
    }

    /// Lets delayed jobs run now.
    ///
    /// # Errors
    /// When the server can't be asked; batches before that are done.
    pub async fn promote(&self, ids: &[String]) -> Result<Vec<Change>, StoreError> {
        self.change(&PROMOTE_JOBS, &["0", "0"], ids).await
    }

    /// Puts completed or failed jobs back in line.
    ///
    /// # Errors
    /// When the server can't be asked; batches before that are done.
    pub async fn retry(&self, ids: &[String], from: JobState, rules: RetryRules) -> Result<Vec<Change>, StoreError> {
        self.change(&RETRY_JOBS, &[from.as_str(), rules.attempts(), "0", "0", "0", rules.uncertain()], ids).await
    }

    /// Removes up to `limit` jobs of one state that finished (else: were added) at least `older_than` ago.
    /// Row ids stay in the ledger: a campaign file sent again adds nothing.
    ///
    /// # Errors
    /// When the server can't be asked; batches before that are done.
    pub async fn clean(&self, state: JobState, older_than: Duration, limit: u64) -> Result<u64, StoreError> {
        let (mut cleaned, mut skipped) = (0, 0);
        loop {
            let room = usize::try_from(limit - cleaned).unwrap_or(usize::MAX).min(MAX_CHANGE_BATCH);
            if room == 0 {
                return Ok(cleaned);
            }
            let page = self.ids_older_than(state, older_than, skipped, room).await?;
            if page.looked_at == 0 {
                return Ok(cleaned);
            }
            let changes = self.leave(Leave::Clean, Some(state), &page.ids).await?;
            let gone = done(&changes);
            cleaned += gone;
            skipped += page.looked_at - gone;
        }
    }

    /// How many jobs [`Self::clean`] would look at with these bounds, but for the held ones; a worker may still have some of them.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn count_older_than(&self, state: JobState, older_than: Duration, limit: u64) -> Result<u64, StoreError> {
        if matches!(state, JobState::Completed | JobState::Failed) {
            let cutoff = self.server_now().await?.saturating_sub(u64::try_from(older_than.as_millis()).unwrap_or(u64::MAX));
            let command = redis::cmd("ZCOUNT").arg(self.keys.bullmq(state.as_str())).arg("-inf").arg(cutoff).clone();
            let old = self.link.clone().query::<u64>(&command).await?;
            let held = if state == JobState::Failed { self.count_held_failed_until(cutoff).await? } else { 0 };
            return Ok(old.saturating_sub(held).min(limit));
        }
        let (mut found, mut offset) = (0, 0);
        while found < limit {
            let page = self.ids_older_than(state, older_than, offset, MAX_CHANGE_BATCH).await?;
            if page.looked_at == 0 {
                break;
            }
            found += page.ids.len() as u64;
            offset += page.looked_at;
        }
        Ok(found.min(limit))
    }

    /// Removes everything that waits (`delayed`: and what is delayed); the pending runs of schedulers stay.
    /// Row ids leave the ledger.
    ///
    /// # Errors
    /// When the server can't be asked; batches before that are done.
    pub async fn drain(&self, delayed: bool) -> Result<u64, StoreError> {
        let mut removed = 0;
        let states = [JobState::Waiting, JobState::Prioritized].into_iter().chain(delayed.then_some(JobState::Delayed));
        for state in states {
            let mut skipped = 0;
            loop {
                let page = self.ids_older_than(state, Duration::ZERO, skipped, MAX_CHANGE_BATCH).await?;
                if page.looked_at == 0 {
                    break;
                }
                let gone = done(&self.leave(Leave::Drain, Some(state), &page.ids).await?);
                removed += gone;
                skipped += page.looked_at - gone;
            }
        }
        Ok(removed)
    }

    /// Destroys a paused queue with everything in it, its ledger and its own settings.
    ///
    /// # Errors
    /// When the server can't be asked; batches before that are done.
    pub async fn obliterate(&self, force: bool) -> Result<Obliterated, StoreError> {
        let mut arguments = Arguments::default();
        arguments.push(if force { "1" } else { "0" }).number(MAX_CHANGE_BATCH);
        let mut destroyed = 0;
        loop {
            let answer = OBLITERATE_QUEUE.run(&self.link, &self.keys, &arguments).await?;
            let [code, count]: [Value; 2] =
                array(answer).and_then(|parts| parts.try_into().ok()).ok_or_else(|| OBLITERATE_QUEUE.unexpected("no pair"))?;
            destroyed += unsigned(&count);
            match integer(&code) {
                Some(1) => break,
                Some(-1) => return Ok(Obliterated::NotPaused),
                Some(-2) => return Ok(Obliterated::Busy),
                _ => {}
            }
        }
        self.forget_own_keys().await?;
        Ok(Obliterated::Gone(destroyed))
    }

    /// Removes what is left under the queue's own root: the ledger, for the most part.
    async fn forget_own_keys(&self) -> Result<(), StoreError> {
        let pattern = format!("{}*", escape_glob(self.keys.own()));
        let mut cursor = 0_u64;
        loop {
            let scan = redis::cmd("SCAN").arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(1000).clone();
            let (next, found): (u64, Vec<Vec<u8>>) = self.link.clone().query(&scan).await?;
            if !found.is_empty() {
                let _: u64 = self.link.clone().query(redis::cmd("UNLINK").arg(found)).await?;
            }
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }

    async fn leave(&self, how: Leave, state: Option<JobState>, ids: &[String]) -> Result<Vec<Change>, StoreError> {
        let state = state.map_or("", JobState::as_str);
        self.change(&REMOVE_JOBS, &[how.as_str(), state], ids).await
    }

    async fn change(&self, script: &Script, leading: &[&str], ids: &[String]) -> Result<Vec<Change>, StoreError> {
        let mut changes = Vec::with_capacity(ids.len());
        for batch in ids.chunks(MAX_CHANGE_BATCH) {
            let mut arguments = Arguments::default();
            for argument in leading {
                arguments.push(*argument);
            }
            for id in batch {
                arguments.push(id.as_str());
            }
            let answer = script.run(&self.link, &self.keys, &arguments).await?;
            let codes = array(answer).ok_or_else(|| script.unexpected("no array"))?;
            changes.extend(codes.iter().map(|code| Change::from_code(integer(code))));
        }
        Ok(changes)
    }

    /// A page of ids of one state, those that are younger left out.
    async fn ids_older_than(&self, state: JobState, older_than: Duration, offset: u64, limit: usize) -> Result<Page, StoreError> {
        let now = self.server_now().await?;
        let cutoff = now.saturating_sub(u64::try_from(older_than.as_millis()).unwrap_or(u64::MAX));
        let mut link = self.link.clone();
        if matches!(state, JobState::Completed | JobState::Failed) {
            let key = self.keys.bullmq(state.as_str());
            let command = redis::cmd("ZRANGEBYSCORE").arg(key).arg("-inf").arg(cutoff).arg("LIMIT").arg(offset).arg(limit).clone();
            let ids = texts(link.query(&command).await?);
            return Ok(Page { looked_at: ids.len() as u64, ids });
        }
        let ids = self.page_ids(state, offset, limit as u64).await?;
        let looked_at = ids.len() as u64;
        if older_than.is_zero() {
            return Ok(Page { ids, looked_at });
        }
        let mut added = redis::pipe();
        for id in &ids {
            added.cmd("HGET").arg(self.keys.bullmq(id)).arg("timestamp");
        }
        let added: Vec<Value> = if ids.is_empty() { Vec::new() } else { link.query_all(&added).await? };
        let ids = ids.into_iter().zip(added).filter(|(_, timestamp)| unsigned(timestamp) <= cutoff).map(|(id, _)| id).collect();
        Ok(Page { ids, looked_at })
    }
}

struct Page {
    ids: Vec<String>,
    looked_at: u64,
}

fn done(changes: &[Change]) -> u64 {
    changes.iter().filter(|change| **change == Change::Done).count() as u64
}

pub(super) fn texts(values: Value) -> Vec<String> {
    array(values).unwrap_or_default().into_iter().filter_map(text).collect()
}

/// Makes a text mean itself in a MATCH pattern.
pub(super) fn escape_glob(text: &str) -> String {
    text.chars().flat_map(|c| matches!(c, '*' | '?' | '[' | ']' | '\\' | '^').then_some('\\').into_iter().chain([c])).collect()
}
