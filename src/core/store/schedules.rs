//! This file keeps schedules, BullMQ's job schedulers, and makes their next runs.

use redis::Value;

use super::change::texts;
use super::codec::{hash_fields, number_text, text};
use super::error::StoreError;
use super::queue::Queue;
use crate::core::model::clock::Millis;
use crate::core::model::schedule::{Schedule, ScheduleRecord, Timing};

/// What an upsert did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upserted {
    /// The pending run: `repeat:<id>:<ms>`.
    pub job_id: String,
    /// When it is due.
    pub next: Millis,
    /// Whether there was a schedule with this id before.
    pub replaced: bool,
}

impl Queue {
    /// Stores a schedule with its first pending run; one with the same id is replaced, and goes on counting.
    ///
    /// Safe to repeat after a lost answer.
    ///
    /// # Errors
    /// [`StoreError::Schedule`] when it would never run or its slot is taken; else when the server can't be asked.
    pub async fn upsert_schedule(&self, schedule: &Schedule) -> Result<Upserted, StoreError> {
        let operation = "upsert_schedule";
        self.server_now().await?;
        Err(StoreError::Shape { operation, problem: format!("{:?} can't be stored yet", schedule.id) })
    }

    /// Removes a schedule and its pending run; a run that is in line already stays. Tells whether there was one.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn remove_schedule(&self, id: &str) -> Result<bool, StoreError> {
        let operation = "remove_schedule";
        self.server_now().await?;
        Err(StoreError::Shape { operation, problem: format!("{id:?} can't be removed yet") })
    }

    /// How many schedules there are.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn schedule_count(&self) -> Result<u64, StoreError> {
        self.link.clone().query(redis::cmd("ZCARD").arg(self.keys.bullmq("repeat"))).await
    }

    /// Schedules by their next run, the soonest first.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn schedules(&self, offset: u64, limit: u64) -> Result<Vec<ScheduleRecord>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let last = offset.saturating_add(limit) - 1;
        let page = redis::cmd("ZRANGE").arg(self.keys.bullmq("repeat")).arg(offset).arg(last).clone();
        let ids = texts(self.link.clone().query(&page).await?);
        self.schedule_records(&ids).await
    }

    /// One schedule.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn schedule(&self, id: &str) -> Result<Option<ScheduleRecord>, StoreError> {
        let records = self.schedule_records(&[id.to_owned()]).await?;
        Ok(records.into_iter().next().filter(|record| record.next.is_some() || record.problem.is_none()))
    }

    async fn schedule_records(&self, ids: &[String]) -> Result<Vec<ScheduleRecord>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut commands = redis::pipe();
        for id in ids {
            commands.cmd("ZSCORE").arg(self.keys.bullmq("repeat")).arg(id);
            commands.cmd("HGETALL").arg(self.keys.bullmq(&format!("repeat:{id}")));
        }
        commands.ignore_errors();
        let answers: Vec<Value> = self.link.clone().query_all(&commands).await?;
        let mut answers = answers.into_iter();
        let records = ids.iter().map(|id| {
            let (score, hash) = (answers.next().unwrap_or(Value::Nil), answers.next().unwrap_or(Value::Nil));
            record(id, score, hash)
        });
        Ok(records.collect())
    }
}

/// A schedule from its score in `repeat` and its hash.
fn record(id: &str, score: Value, hash: Value) -> ScheduleRecord {
    let mut fields = hash_fields(hash);
    let is_gone = fields.is_empty();
    let mut take = |name: &str| fields.remove(name);
    let mut number = |name: &str| take(name).as_deref().and_then(number_text);
    let (iterations, limit, start, end) = (number("ic"), number("limit"), number("startDate"), number("endDate"));
    let offset = number("offset");
    let (pattern, every, zone) = (take("pattern"), take("every"), take("tz"));
    let timing = if is_gone {
        Err("its definition is gone".to_owned())
    } else {
        timing(pattern.as_deref(), every.as_deref(), offset, zone.as_deref())
    };
    let next = text(score).as_deref().and_then(number_text);
    let problem = match (&timing, next) {
        (Err(problem), _) => Some(problem.clone()),
        (Ok(_), None) => Some("it has no next run".to_owned()),
        (Ok(_), Some(_)) => None,
    };
    ScheduleRecord {
        id: id.to_owned(),
        name: take("name").unwrap_or_default(),
        timing,
        pattern,
        every,
        zone,
        next,
        iterations: iterations.unwrap_or(0),
        limit,
        start,
        end,
        data: take("data"),
        options: take("opts"),
        problem,
    }
}

/// How a stored schedule is timed, or why nobody can tell.
fn timing(pattern: Option<&str>, every: Option<&str>, offset: Option<u64>, zone: Option<&str>) -> Result<Timing, String> {
    match (pattern, every) {
        (Some(pattern), _) => Timing::stored_cron(pattern, zone).map_err(|error| error.to_string()),
        (None, Some(every)) => match number_text(every) {
            Some(ms) if ms > 0 => Ok(Timing::Every { ms, offset }),
            _ => Err(format!("the interval {every:?} is no number of milliseconds")),
        },
        (None, None) => Err("it has neither a pattern nor an interval".to_owned()),
    }
}
