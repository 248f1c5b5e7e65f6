//! This file sees a queue as a whole: counts, ages, rates, what holds it back, who works on it.

use std::time::Duration;

use redis::Value;

use super::change::texts;
use super::codec::{array, hash_fields, text, unsigned};
use super::error::StoreError;
use super::inspect::{Counts, due_of, optional_texts, read_counts};
use super::queue::Queue;
use super::standstill::{STANDSTILL_FIELDS, read_standstill};
use super::tempo::tempo_at;
use super::workers::WorkerInfo;
use crate::core::model::aside::SetAside;
use crate::core::model::clock::Millis;
use crate::core::model::job::JobRecord;
use crate::core::model::outage::Standstill;
use crate::core::model::rate::Rate;
use crate::core::model::state::JobState;

/// Finished jobs that are looked at for latencies and shown.
const LAST_JOBS: usize = 10;
/// Priority levels that are looked at for the oldest job; `wq` itself uses four.
const MOST_LEVELS: usize = 16;
/// What BullMQ's `queue.rateLimit()` writes into `limiter`.
const CLOSED_BY_HAND: u64 = 9_007_199_254_740_991;

/// Fields of `counters`, in the order in which they are read.
const PROBLEMS: [&str; 4] = ["missing_hash", "parents_not_told", "metrics_not_counted", "recipients_damaged"];

/// A queue as a whole, at one moment of the server's clock.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// The server's clock, ms.
    pub now: Millis,
    /// How many jobs are where.
    pub counts: Counts,
    /// How long the oldest job in line has waited since it was added.
    pub oldest_waiting: Option<Duration>,
    /// When the first delayed job is due.
    pub next_due: Option<Millis>,
    /// `meta.max` and `meta.duration`: BullMQ's global rate limit.
    pub global_rate: Option<Rate>,
    /// What `wq queues set --rate` set.
    pub queue_rate: Option<Rate>,
    /// `meta.concurrency`: most active jobs over all workers.
    pub concurrency: Option<u64>,
    /// How long BullMQ's window keeps the queue shut; `None` while it has room.
    pub limiter_shut: Option<Duration>,
    /// How long until the start that was granted last; `None` when it has passed.
    pub next_start: Option<Duration>,
    /// Completed and still kept jobs of the last minute.
    pub completed_last_minute: u64,
    /// Dead letters of the last minute.
    pub failed_last_minute: u64,
    /// The jobs that finished last, newest first.
    pub last_finished: Vec<JobRecord>,
    /// How many schedules it has.
    pub schedules: u64,
    /// Who works on it.
    pub workers: Vec<WorkerInfo>,
    /// Ids that were removed because they had no job, since the queue exists.
    pub missing_hash: u64,
    /// Children that ended without their parent's being told, since the queue exists.
    pub parents_not_told: u64,
    /// Finished jobs that `BullMQ`'s metrics lack because one of their keys is of another type, since the queue exists.
    pub metrics_not_counted: u64,
    /// How often a job was put off because a key of its recipient is of another type, since the queue exists.
    pub recipients_damaged: u64,
    /// What it is paused for, where that is written down.
    pub standstill: Option<Standstill>,
    /// The thousandths of its rate that are in force after the provider asked for less; `None` when all of it is.
    pub tempo: Option<u64>,
    /// Campaigns and templates that stepped aside.
    pub asides: Vec<SetAside>,
}

impl Queue {
    /// The whole queue in three round trips, and one more for each priority level that is in use.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn overview(&self) -> Result<Overview, StoreError> {
        let mut link = self.link.clone();
        let mut commands = self.counting();
        let key = |name: &str| self.keys.bullmq(name);
        commands.cmd("TIME");
        commands.cmd("ZRANGE").arg(key("delayed")).arg(0).arg(0).arg("WITHSCORES");
        commands.cmd("HMGET").arg(key("meta")).arg("max").arg("duration").arg("concurrency");
        commands.cmd("HGETALL").arg(self.keys.ours("rate"));
        commands.cmd("GET").arg(key("limiter"));
        commands.cmd("PTTL").arg(key("limiter"));
        commands.cmd("GET").arg(self.keys.ours("pace"));
        commands.cmd("HMGET").arg(self.keys.ours("counters")).arg(&PROBLEMS);
        commands.cmd("ZCARD").arg(key("repeat"));
        commands.cmd("ZREVRANGE").arg(key("completed")).arg(0).arg(LAST_JOBS - 1);
        commands.cmd("ZREVRANGE").arg(key("failed")).arg(0).arg(LAST_JOBS - 1);
        commands.cmd("HMGET").arg(self.keys.ours("pause")).arg(&STANDSTILL_FIELDS);
        let answers: Vec<Value> = link.query_all(&commands).await?;
        let shape = || StoreError::Shape { operation: "overview", problem: "too few answers".to_owned() };
        let counts = read_counts(&answers).ok_or_else(shape)?;
        let rest: [Value; 12] = answers.into_iter().skip(9).collect::<Vec<_>>().try_into().map_err(|_| shape())?;
        let [time, delayed, meta, rate, limiter, limiter_ttl, pace, counters, schedules, completed, failed, pause] = rest;

        let now_us = array(time).map_or(0, |parts| parts.iter().map(unsigned).fold(0, |sum, part| sum * 1_000_000 + part));
        let now = now_us / 1000;
        let meta: Vec<Option<u64>> = optional_texts(meta).into_iter().map(|text| text.and_then(|t| t.parse().ok())).collect();
        let [max, duration, concurrency] = [0, 1, 2].map(|index| meta.get(index).copied().flatten());
        let counters = array(counters).unwrap_or_default();
        let problem = |at| counters.get(at).map_or(0, unsigned);
        let [missing_hash, parents_not_told, metrics_not_counted, recipients_damaged] = [0, 1, 2, 3].map(problem);
        let own = hash_fields(rate);
        let own = |name: &str| own.get(name).and_then(|text| text.parse().ok());
        let asides = if own("asides").is_some_and(|count| count > 0) { self.list_aside().await? } else { Vec::new() };
        let (last_minute, last_finished) = self.last_finished(now, texts(completed), texts(failed)).await?;
        Ok(Overview {
            now,
            counts,
            oldest_waiting: self.oldest_waiting(now).await?,
            next_due: array(delayed).and_then(|pair| due_of(pair.get(1)?)),
            global_rate: rate_of(max, duration),
            queue_rate: rate_of(own("max"), own("duration_ms")),
            concurrency,
            limiter_shut: limiter_shut(unsigned(&limiter), unsigned(&limiter_ttl), max),
            next_start: unsigned(&pace).checked_sub(now_us).filter(|us| *us > 0).map(Duration::from_micros),
            completed_last_minute: last_minute.0,
            failed_last_minute: last_minute.1,
            last_finished,
            schedules: unsigned(&schedules),
            workers: self.workers().await?,
            missing_hash,
            parents_not_told,
            metrics_not_counted,
            recipients_damaged,
            standstill: read_standstill(array(pause).unwrap_or_default()).filter(|_| counts.paused),
            tempo: tempo_at(now, own("tempo"), own("tempo_since")),
            asides,
        })
    }

    async fn last_finished(
        &self,
        now: Millis,
        completed: Vec<String>,
        failed: Vec<String>,
    ) -> Result<((u64, u64), Vec<JobRecord>), StoreError> {
        let mut commands = redis::pipe();
        for set in ["completed", "failed"] {
            commands.cmd("ZCOUNT").arg(self.keys.bullmq(set)).arg(now.saturating_sub(60_000)).arg("+inf");
        }
        let counts: (u64, u64) = self.link.clone().query_all(&commands).await?;
        let mut records = self.records(&completed, Some(JobState::Completed)).await?;
        records.extend(self.records(&failed, Some(JobState::Failed)).await?);
        records.sort_by_key(|record| std::cmp::Reverse(record.finished_on));
        records.truncate(LAST_JOBS);
        Ok((counts, records))
    }

    /// Lines are first in, first out within `wait` and within each priority: only their heads need a look.
    async fn oldest_waiting(&self, now: Millis) -> Result<Option<Duration>, StoreError> {
        let mut link = self.link.clone();
        let mut heads = Vec::new();
        for list in ["wait", "paused"] {
            heads.extend(text(link.query(redis::cmd("LINDEX").arg(self.keys.bullmq(list)).arg(-1)).await?));
        }
        let mut level = 0.0_f64;
        for _ in 0..MOST_LEVELS {
            let command = redis::cmd("ZRANGEBYSCORE")
                .arg(self.keys.bullmq("prioritized"))
                .arg(level)
                .arg("+inf")
                .arg("WITHSCORES")
                .arg("LIMIT")
                .arg(0)
                .arg(1)
                .clone();
            let mut head = texts(link.query(&command).await?).into_iter();
            let (Some(id), Some(score)) = (head.next(), head.next()) else { break };
            level = (score.parse::<f64>().unwrap_or(f64::MAX) / 4_294_967_296.0).floor().mul_add(4_294_967_296.0, 4_294_967_296.0);
            heads.push(id);
        }
        let records = self.records(&heads, None).await?;
        let oldest = records.iter().filter_map(|record| record.timestamp).min();
        Ok(oldest.map(|added| Duration::from_millis(now.saturating_sub(added))))
    }
}

fn rate_of(max: Option<u64>, window_ms: Option<u64>) -> Option<Rate> {
    Some(Rate { max: max.filter(|max| *max > 0)?, window: Duration::from_millis(window_ms.filter(|ms| *ms > 0)?) })
}

fn limiter_shut(started: u64, ttl_ms: u64, max: Option<u64>) -> Option<Duration> {
    let is_shut = started >= CLOSED_BY_HAND || max.is_some_and(|max| started >= max);
    (is_shut && ttl_ms > 0).then(|| Duration::from_millis(ttl_ms))
}
