//! This file follows up what became of messages: it lists those of which nobody knows whether they were sent, and settles them by a
//! person's word or a provider's proof.

use super::error::{AppError, Kind};
use crate::core::model::state::JobState;
use crate::core::store::Queue;
use crate::core::store::held::HeldJob;
use crate::core::store::resolve::{Knowledge, Resolved};

/// A held message, and where the job itself is by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncertain {
    /// What was kept of it.
    pub held: HeldJob,
    /// The job's state; `None` when somebody removed it. Anything but `failed` is somebody else's doing.
    pub state: Option<JobState>,
}

impl Uncertain {
    /// What somebody else did to the job since it was held, for people.
    pub fn intervention(&self) -> Option<&'static str> {
        match self.state {
            Some(JobState::Failed) => None,
            None => Some("somebody else removed the job"),
            Some(JobState::Completed) => Some("somebody else completed the job"),
            Some(JobState::Active) => Some("somebody else put it back, and a worker has it"),
            Some(_) => Some("somebody else put it back in line"),
        }
    }
}

/// The held messages, oldest first, up to `limit`; how many there are in all; ids whose entries can't be read.
#[derive(Debug, Default)]
pub struct Doubts {
    /// Those that are shown.
    pub messages: Vec<Uncertain>,
    /// How many are held.
    pub total: u64,
    /// Ids of entries that nobody can read.
    pub damaged: Vec<String>,
}

/// Lists the held messages.
///
/// # Errors
/// When the server can't be asked.
pub async fn doubts(queue: &Queue, limit: usize) -> Result<Doubts, AppError> {
    let (mut held, mut damaged, mut cursor) = (Vec::new(), Vec::new(), 0);
    loop {
        let page = queue.held_jobs(cursor).await?;
        held.extend(page.jobs);
        damaged.extend(page.damaged);
        cursor = page.cursor;
        if cursor == 0 {
            break;
        }
    }
    held.sort_unstable_by(|one, other| (one.when, &one.id).cmp(&(other.when, &other.id)));
    // While others are added, one may come twice.
    held.dedup_by(|one, other| one.id == other.id);
    damaged.sort_unstable();
    damaged.dedup();
    let total = (held.len() + damaged.len()) as u64;
    held.truncate(limit);
    let mut messages = Vec::with_capacity(held.len());
    for held in held {
        let state = queue.job(&held.id).await?.map(|job| job.state);
        // A hash without a place is as good as gone: nobody will ever run it.
        messages.push(Uncertain { held, state: state.flatten() });
    }
    Ok(Doubts { messages, total, damaged })
}

/// The incarnation of the worker that was about to send the message, if it still lives: it may be sending it now.
///
/// # Errors
/// When the server can't be asked.
pub async fn living_owner(queue: &Queue, id: &str) -> Result<Option<String>, AppError> {
    let Some(held) = queue.held_job(id).await? else { return Ok(None) };
    let Some(incarnation) = held.incarnation() else { return Ok(None) };
    Ok(queue.is_alive(incarnation).await?.then(|| incarnation.to_owned()))
}

/// What a person knows about a held message: see [`Queue::resolve`].
///
/// # Errors
/// When nothing of that id is held, a worker has the job, or the server can't be asked.
pub async fn resolve(queue: &Queue, id: &str, knowledge: Knowledge<'_>) -> Result<Resolved, AppError> {
    let resolved = queue.resolve(id, knowledge, None).await?;
    match resolved {
        Resolved::NotHeld => Err(AppError::new(Kind::NotFound, format!("no message {id:?} is held in the queue {}", queue.name()))
            .with_hint("list them with: wq dlq list --uncertain")),
        Resolved::Busy => Err(AppError::new(Kind::Conflict, format!("a worker has {id:?} just now: somebody put it back in line"))
            .with_hint("wait until it has ended, then look at it with: wq jobs get")),
        Resolved::Damaged => Err(AppError::new(Kind::Other, format!("what was kept of {id:?} can't be read"))),
        resolved => Ok(resolved),
    }
}

/// A provider's own word that it accepted a message: a status webhook, or the answer to a question about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof<'a> {
    /// The stable key that the message was sent with, as callback data or idempotency key gave it back.
    pub key: &'a str,
    /// The provider's id of the message.
    pub provider_id: Option<&'a str>,
}

/// What a proof did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proven {
    /// The message was held, and is completed now.
    Settled,
    /// Nothing is held under that key: its outcome was known, or it is no message of this queue.
    NothingHeld,
    /// It is about an earlier send: the message has another key by now, since a person said that it was not sent. It probably was
    /// sent twice.
    Superseded,
    /// Somebody put the job back and a worker has it just now: the proof has to be brought again.
    Busy,
}

/// Settles a held message by a provider's proof. Safe to repeat: providers tell everything twice.
///
/// # Errors
/// When the server can't be asked, or what was kept of the message can't be read.
pub async fn settle_by_proof(queue: &Queue, proof: Proof<'_>) -> Result<Proven, AppError> {
    for id in ids_of(proof.key) {
        let known = Knowledge::Sent(proof.provider_id);
        match queue.resolve(id, known, Some(proof.key)).await? {
            Resolved::Done { .. } | Resolved::HadCompleted => return Ok(Proven::Settled),
            Resolved::OtherKey(_) => return Ok(Proven::Superseded),
            Resolved::Busy => return Ok(Proven::Busy),
            Resolved::Damaged => return Err(AppError::new(Kind::Other, format!("what was kept of {id:?} can't be read"))),
            Resolved::NotHeld | Resolved::Before => {}
        }
    }
    Ok(Proven::NothingHeld)
}

/// The ids of jobs that a stable key may belong to: itself, and what stands before the number of a later send.
fn ids_of(key: &str) -> impl Iterator<Item = &str> {
    let numbered = key.rsplit_once('.').filter(|(_, number)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
    [Some(key), numbered.map(|(id, _)| id)].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_job_and_the_one_that_was_sent_again_under_a_number() {
        for (key, ids) in [("order-1", vec!["order-1"]), ("order-1.2", vec!["order-1.2", "order-1"]), ("v1.x", vec!["v1.x"])] {
            assert_eq!(ids_of(key).collect::<Vec<_>>(), ids);
        }
    }
}
