//! This file changes all jobs of a state, a bounded number at a time and without bringing them here.

use super::change::{MAX_CHANGE_BATCH, RetryRules, texts};
use super::codec::{array, unsigned};
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{Arguments, PROMOTE_JOBS, RETRY_JOBS, Script};
use crate::core::model::state::JobState;

/// What was changed of all that there was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many jobs were changed.
    pub changed: u64,
    /// Ids that stay where they are: there is no job for them.
    pub left: u64,
    /// Held messages that stay where they are: they may have been sent.
    pub held: u64,
    /// Ids of the first ones that were changed, as many as were asked for.
    pub first: Vec<String>,
}

impl Queue {
    /// Puts up to `limit` completed or failed jobs back in line, oldest first; not those that finish while this goes on.
    ///
    /// # Errors
    /// When the server can't be asked; batches before that are done.
    pub async fn retry_all(&self, from: JobState, rules: RetryRules, limit: u64, names: usize) -> Result<Swept, StoreError> {
        let until = self.server_now().await?.to_string();
        self.sweep(&RETRY_JOBS, limit, names, |most, skip, arguments| {
            arguments.push(from.as_str()).push(rules.attempts()).number(most).push(until.as_str()).number(skip);
            arguments.push(rules.uncertain());
        })
        .await
    }

    /// Lets up to `limit` delayed jobs run now, those that are due first before the others.
    ///
    /// # Errors
    /// When the server can't be asked; batches before that are done.
    pub async fn promote_all(&self, limit: u64, names: usize) -> Result<Swept, StoreError> {
        self.sweep(&PROMOTE_JOBS, limit, names, |most, skip, arguments| {
            arguments.number(most).number(skip);
        })
        .await
    }

    async fn sweep(
        &self,
        script: &Script,
        limit: u64,
        names: usize,
        write: impl Fn(u64, u64, &mut Arguments),
    ) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        loop {
            let most = (limit.saturating_sub(swept.changed + swept.left + swept.held)).min(MAX_CHANGE_BATCH as u64);
            if most == 0 {
                return Ok(swept);
            }
            let mut arguments = Arguments::default();
            write(most, swept.left + swept.held, &mut arguments);
            let answer = script.run(&self.link, &self.keys, &arguments).await?;
            let mut parts = array(answer).unwrap_or_default().into_iter();
            let (Some(looked_at), Some(changed)) = (parts.next(), parts.next()) else { return Err(script.unexpected("no pair")) };
            let (looked_at, mut changed, held) = (unsigned(&looked_at), texts(changed), parts.next().map_or(0, |held| unsigned(&held)));
            if looked_at == 0 {
                return Ok(swept);
            }
            swept.changed += changed.len() as u64;
            swept.held += held;
            swept.left += looked_at.saturating_sub(changed.len() as u64 + held);
            changed.truncate(names.saturating_sub(swept.first.len()));
            swept.first.append(&mut changed);
        }
    }
}
