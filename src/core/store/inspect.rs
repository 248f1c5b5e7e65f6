//! This file looks at queues and jobs without changing them.

use std::collections::BTreeSet;

use redis::Value;

use super::change::{escape_glob, texts};
use super::codec::{array, fields_of, integer, job_record, text, unsigned};
use super::connect::Link;
use super::error::StoreError;
use super::queue::Queue;
use crate::core::model::clock::Millis;
use crate::core::model::filter::JobPart;
use crate::core::model::job::JobRecord;
use crate::core::model::queue::{Prefix, QueueName};
use crate::core::model::state::JobState;

/// Keys that one call of SCAN passes: about a millisecond of the server. More in a call are no faster in all.
const SCAN_BATCH: u64 = 1_000;

/// How many jobs are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// In `wait`, and in the list where BullMQ 4 and 5 park jobs while paused.
    pub waiting: u64,
    /// In `active`.
    pub active: u64,
    /// In `completed`.
    pub completed: u64,
    /// In `failed`: the dead letters.
    pub failed: u64,
    /// In `delayed`.
    pub delayed: u64,
    /// In `prioritized`.
    pub prioritized: u64,
    /// In `waiting-children`.
    pub waiting_children: u64,
    /// Whether the queue is paused.
    pub paused: bool,
}

impl Counts {
    /// How many are in one state.
    pub fn of(&self, state: JobState) -> u64 {
        match state {
            JobState::Waiting => self.waiting,
            JobState::Prioritized => self.prioritized,
            JobState::Delayed => self.delayed,
            JobState::Active => self.active,
            JobState::Completed => self.completed,
            JobState::Failed => self.failed,
            JobState::WaitingChildren => self.waiting_children,
        }
    }

    /// How many are to be run once nothing holds them back: waiting and prioritised.
    pub fn ready(&self) -> u64 {
        self.waiting + self.prioritized
    }
}

/// The queues with that prefix, by name; of all nodes of a cluster.
///
/// # Errors
/// When the server can't be asked.
pub async fn list_queues(link: &Link, prefix: &Prefix) -> Result<Vec<QueueName>, StoreError> {
    let mut names = BTreeSet::new();
    for node in link.masters().await? {
        list_queues_of(node, prefix, &mut names).await?;
    }
    Ok(names.into_iter().collect())
}

async fn list_queues_of(mut node: Link, prefix: &Prefix, names: &mut BTreeSet<QueueName>) -> Result<(), StoreError> {
    let (head, tail) = (format!("{prefix}:"), ":meta");
    let pattern = format!("{}*{tail}", escape_glob(&head));
    let mut cursor = 0_u64;
    loop {
        let scan = redis::cmd("SCAN").arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(SCAN_BATCH).arg("TYPE").arg("hash").clone();
        let (next, keys): (u64, Value) = node.query(&scan).await?;
        let found = texts(keys).into_iter();
        names.extend(found.filter_map(|key| key.strip_prefix(&head)?.strip_suffix(tail)?.parse::<QueueName>().ok()));
        if next == 0 {
            return Ok(());
        }
        cursor = next;
    }
}

impl Queue {
    /// Whether anybody has ever used a queue of that name.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn exists(&self) -> Result<bool, StoreError> {
        self.link.clone().query(redis::cmd("EXISTS").arg(self.keys.bullmq("meta"))).await
    }

    /// How many jobs are where.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        let answers: Vec<Value> = self.link.clone().query_all(&self.counting()).await?;
        read_counts(&answers).ok_or(StoreError::Shape { operation: "counts", problem: "too few answers".to_owned() })
    }

    /// The nine commands behind [`read_counts`].
    pub(super) fn counting(&self) -> redis::Pipeline {
        let mut commands = redis::pipe();
        for list in ["wait", "paused", "active"] {
            commands.cmd("LLEN").arg(self.keys.bullmq(list));
        }
        for set in ["completed", "failed", "delayed", "prioritized", "waiting-children"] {
            commands.cmd("ZCARD").arg(self.keys.bullmq(set));
        }
        commands.cmd("HEXISTS").arg(self.keys.bullmq("meta")).arg("paused");
        commands
    }

    /// The clock of the server, in ms.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn server_now(&self) -> Result<Millis, StoreError> {
        self.link.clone().now().await
    }

    /// Jobs of one state, whole. Waiting, prioritised and delayed: next to run first; active: oldest first; completed
    /// and failed: newest first. Ids whose job is gone come without data, so that they are seen.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn page(&self, state: JobState, offset: u64, limit: u64) -> Result<Vec<JobRecord>, StoreError> {
        let ids = self.page_ids(state, offset, limit).await?;
        self.records(&ids, Some(state)).await
    }

    /// The same jobs with only these parts of them: a fraction of the cost where many are judged and few are shown.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn page_of(&self, state: JobState, offset: u64, limit: u64, parts: &[JobPart]) -> Result<Vec<JobRecord>, StoreError> {
        let ids = self.page_ids(state, offset, limit).await?;
        let fields: Vec<&str> = parts.iter().flat_map(|part| fields_of(*part)).copied().collect();
        let answers: Vec<Value> = if fields.is_empty() || ids.is_empty() {
            Vec::new()
        } else {
            let mut commands = redis::pipe();
            for id in &ids {
                commands.cmd("HMGET").arg(self.keys.bullmq(id)).arg(&fields);
            }
            commands.ignore_errors();
            self.link.clone().query_all(&commands).await?
        };
        let mut answers = answers.into_iter();
        let records = ids.into_iter().map(|id| {
            let values = answers.next().and_then(array).unwrap_or_default();
            let named = fields.iter().map(|field| Value::SimpleString((*field).to_owned())).zip(values);
            let hash = Value::Array(named.flat_map(|(name, value)| [name, value]).collect());
            let record = job_record(&id, hash).unwrap_or_else(|| JobRecord { id, ..JobRecord::default() });
            JobRecord { state: Some(state), ..record }
        });
        Ok(records.collect())
    }

    /// One job with its state.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn job(&self, id: &str) -> Result<Option<JobRecord>, StoreError> {
        let mut commands = redis::pipe();
        commands.cmd("HGETALL").arg(self.keys.bullmq(id));
        for set in ["completed", "failed", "delayed", "prioritized", "waiting-children"] {
            commands.cmd("ZSCORE").arg(self.keys.bullmq(set)).arg(id);
        }
        for list in ["active", "wait", "paused"] {
            commands.cmd("LPOS").arg(self.keys.bullmq(list)).arg(id);
        }
        commands.ignore_errors();
        let mut answers: Vec<Value> = self.link.clone().query_all(&commands).await?;
        let places = answers.split_off(1);
        let Some(mut record) = answers.pop().and_then(|hash| job_record(id, hash)) else { return Ok(None) };
        let states = [
            JobState::Completed,
            JobState::Failed,
            JobState::Delayed,
            JobState::Prioritized,
            JobState::WaitingChildren,
            JobState::Active,
            JobState::Waiting,
            JobState::Waiting,
        ];
        let found = states.into_iter().zip(places).find(|(_, place)| is_found(place));
        if let Some((state, place)) = found {
            record.state = Some(state);
            record.due = (state == JobState::Delayed).then(|| due_of(&place)).flatten();
        }
        Ok(Some(record))
    }

    /// Whether anything is left that runs by itself: jobs in line, running jobs, retries that will come due, jobs that wait
    /// for their recipient. Jobs that their sender delayed don't count, nor those that stepped aside; a paused queue has
    /// nothing that runs, unless its workers end the pause themselves.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn has_work_left(&self) -> Result<bool, StoreError> {
        let counts = self.counts().await?;
        if counts.paused && !self.is_paused_for_probe().await? {
            return Ok(false);
        }
        if counts.ready() + counts.active > 0 {
            return Ok(true);
        }
        let mut offset = 0;
        loop {
            let ids = self.page_ids(JobState::Delayed, offset, 1000).await?;
            if ids.is_empty() {
                return Ok(false);
            }
            offset += ids.len() as u64;
            let mut commands = redis::pipe();
            for id in &ids {
                commands.cmd("HMGET").arg(self.keys.bullmq(id)).arg("ats").arg("wqp").arg("wqa");
            }
            let known: Vec<Value> = self.link.clone().query_all(&commands).await?;
            let comes_by_itself = |known: Value| match optional_texts(known).as_slice() {
                [started, waits_for_recipient, None] => started.is_some() || waits_for_recipient.is_some(),
                _ => false,
            };
            if known.into_iter().any(comes_by_itself) {
                return Ok(true);
            }
        }
    }

    /// The log lines of a job, oldest first.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn logs(&self, id: &str, offset: u64, limit: u64) -> Result<Vec<String>, StoreError> {
        let key = self.keys.bullmq(&format!("{id}:logs"));
        let last = offset.saturating_add(limit).saturating_sub(1);
        Ok(texts(self.link.clone().query(redis::cmd("LRANGE").arg(key).arg(offset).arg(last)).await?))
    }

    /// Ids of one state, in the order of [`Self::page`].
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn page_ids(&self, state: JobState, offset: u64, limit: u64) -> Result<Vec<String>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let last = offset.saturating_add(limit) - 1;
        let mut link = self.link.clone();
        let zset = |command: &str| redis::cmd(command).arg(self.keys.bullmq(state.as_str())).arg(offset).arg(last).clone();
        match state {
            JobState::Waiting => {
                let mut ids = self.oldest_of_list("wait", offset, limit).await?;
                if (ids.len() as u64) < limit {
                    let in_wait: u64 = link.query(redis::cmd("LLEN").arg(self.keys.bullmq("wait"))).await?;
                    let rest = limit - ids.len() as u64;
                    ids.extend(self.oldest_of_list("paused", offset.saturating_sub(in_wait), rest).await?);
                }
                Ok(ids)
            }
            JobState::Active => self.oldest_of_list("active", offset, limit).await,
            JobState::Completed | JobState::Failed => Ok(texts(link.query(&zset("ZREVRANGE")).await?)),
            JobState::Delayed | JobState::Prioritized | JobState::WaitingChildren => Ok(texts(link.query(&zset("ZRANGE")).await?)),
        }
    }

    /// Lists are pushed at the left and taken at the right: the right end is the oldest.
    async fn oldest_of_list(&self, list: &str, offset: u64, limit: u64) -> Result<Vec<String>, StoreError> {
        let (offset, limit) = (i64::try_from(offset).unwrap_or(i64::MAX - 1), i64::try_from(limit).unwrap_or(i64::MAX));
        let command = redis::cmd("LRANGE").arg(self.keys.bullmq(list)).arg((-offset).saturating_sub(limit)).arg(-offset - 1).clone();
        let mut ids = texts(self.link.clone().query(&command).await?);
        ids.reverse();
        Ok(ids)
    }

    /// The records of these ids, in one round trip.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn records(&self, ids: &[String], state: Option<JobState>) -> Result<Vec<JobRecord>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let may_be_due = matches!(state, None | Some(JobState::Delayed));
        let mut commands = redis::pipe();
        for id in ids {
            commands.cmd("HGETALL").arg(self.keys.bullmq(id));
            if may_be_due {
                commands.cmd("ZSCORE").arg(self.keys.bullmq("delayed")).arg(id);
            }
        }
        commands.ignore_errors();
        let answers: Vec<Value> = self.link.clone().query_all(&commands).await?;
        let mut answers = answers.into_iter();
        let mut next = |is_asked: bool| is_asked.then(|| answers.next()).flatten().unwrap_or(Value::Nil);
        let records = ids.iter().map(|id| {
            let (hash, due) = (next(true), next(may_be_due));
            let mut record = job_record(id, hash).unwrap_or_else(|| JobRecord { id: id.clone(), ..JobRecord::default() });
            record.state = state;
            record.due = due_of(&due);
            record
        });
        Ok(records.collect())
    }
}

fn is_found(place: &Value) -> bool {
    !matches!(place, Value::Nil | Value::ServerError(_))
}

/// The due moment in a score of the delayed set.
pub(super) fn due_of(score: &Value) -> Option<Millis> {
    let score: f64 = match score {
        Value::Double(score) => *score,
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok()?,
        _ => return None,
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "scores are positive and far below 2^63")]
    Some((score / 4096.0) as Millis)
}

/// Reads the answers of [`Queue::counting`].
pub(super) fn read_counts(answers: &[Value]) -> Option<Counts> {
    let [wait, paused_list, active, completed, failed, delayed, prioritized, children, paused] = answers.first_chunk::<9>()?;
    Some(Counts {
        waiting: unsigned(wait) + unsigned(paused_list),
        active: unsigned(active),
        completed: unsigned(completed),
        failed: unsigned(failed),
        delayed: unsigned(delayed),
        prioritized: unsigned(prioritized),
        waiting_children: unsigned(children),
        paused: integer(paused) == Some(1),
    })
}

/// The values of an array reply as texts, absent ones kept.
pub(super) fn optional_texts(reply: Value) -> Vec<Option<String>> {
    array(reply).unwrap_or_default().into_iter().map(text).collect()
}
