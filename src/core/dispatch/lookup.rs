//! This file asks the provider for proof that held messages were sent, for as long as the worker was told to.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio::time::Instant;

use super::service::Tick;
use super::transport::Transport;
use crate::core::model::id::random_name;
use crate::core::model::job::{Job, Keep};
use crate::core::store::Queue;
use crate::core::store::error::StoreError;
use crate::core::store::held::{HeldJob, LookupTurn};
use crate::core::store::settle::{Settlement, Verdict};
use crate::core::store::take::{TakeReader, TakeRules};

/// Between two looks at what is held.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a message is not asked for again after the first time; then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The longest of these pauses.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// How long one question may take.
const QUESTION: Duration = Duration::from_secs(30);
/// When another worker asks in place of one that died while asking: later than any question can still be under way.
const TURN: Duration = Duration::from_secs(45);

/// Asks for every message that a worker with `lookup` held, whichever worker that was.
pub(super) struct Lookup {
    pub(super) queue: watch::Receiver<Queue>,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) rules: Arc<TakeRules>,
    /// What stays of completed jobs.
    pub(super) keep: Keep,
    /// How long after it was held a message is asked for.
    pub(super) wait: Duration,
    /// When it may be asked next for a message, by this worker or another one.
    pub(super) asked: HashMap<String, Instant>,
}

impl Tick for Lookup {
    const NAME: &'static str = "lookup";

    async fn tick(&mut self) -> Result<Duration, StoreError> {
        let queue = self.queue.borrow().clone();
        if queue.count_held().await? == 0 {
            self.asked.clear();
            return Ok(PAUSE);
        }
        let (now, mut cursor, mut seen) = (queue.server_now().await?, 0, HashMap::new());
        loop {
            let page = queue.held_jobs(cursor).await?;
            for held in page.jobs {
                let is_open = held.policy() == "l" && now.saturating_sub(held.when) <= millis(self.wait);
                if is_open && let Some(turn) = self.ask(&queue, &held).await? {
                    seen.insert(held.id, turn);
                }
            }
            cursor = page.cursor;
            if cursor == 0 {
                break;
            }
        }
        // What is held no longer, or for too long, is forgotten here.
        self.asked = seen;
        Ok(PAUSE)
    }
}

impl Lookup {
    /// Asks when its turn has come; returns when that is next, nothing when it is proved or over.
    async fn ask(&mut self, queue: &Queue, held: &HeldJob) -> Result<Option<Instant>, StoreError> {
        let now = Instant::now();
        if let Some(turn) = self.asked.get(&held.id).filter(|turn| **turn > now) {
            return Ok(Some(*turn));
        }
        let (Some((job, intent)), Ok(claimant)) = (job_of(queue, held), random_name()) else { return Ok(Some(now + PAUSE)) };
        match queue.claim_lookup(&held.id, &claimant, TURN).await? {
            LookupTurn::Yours => {}
            LookupTurn::Later(wait) => return Ok(Some(now + wait)),
            LookupTurn::Over => return Ok(None),
        }
        let Ok(Some(provider_id)) = tokio::time::timeout(QUESTION, self.transport.look_up(&job, intent.at)).await else {
            return Ok(match queue.looked_up_in_vain(&held.id, &claimant, FIRST_PAUSE, LONGEST_PAUSE).await? {
                LookupTurn::Later(wait) => Some(Instant::now() + wait),
                LookupTurn::Yours | LookupTurn::Over => None,
            });
        };
        let verdict = Verdict::Completed { return_value: "null".to_owned(), provider_id: Some(provider_id), keep: self.keep };
        let settlement = Settlement { id: held.id.clone(), token: intent.token.into(), attempts: 0, plain: None, verdict };
        let token: Arc<str> = Arc::clone(&settlement.token);
        let settled = queue.settle(&[settlement], 0, &token, &self.rules, &TakeReader::default()).await?;
        tracing::info!(job = %held.id, settled = ?settled.0, "the provider has it: it was sent");
        Ok(None)
    }
}

struct Sent<'a> {
    token: &'a str,
    at: u64,
}

/// The message and the send that is asked for; nothing for an entry that can't be read.
fn job_of<'a>(queue: &Queue, held: &'a HeldJob) -> Option<(Job, Sent<'a>)> {
    let mut parts = held.intent.split(':');
    let (token, starts, at) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let job = Job {
        queue: queue.name().as_str().to_owned(),
        id: held.id.clone(),
        name: held.name.clone(),
        data: RawValue::from_string(held.data.clone()).ok()?,
        attempt: starts,
        attempts: starts,
        stable_key: held.key.clone(),
        waits: 0,
        timestamp: held.timestamp.parse().unwrap_or(0),
    };
    Some((job, Sent { token, at }))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
