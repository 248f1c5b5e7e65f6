//! This file keeps schedules, BullMQ's job schedulers, and makes their next runs.

use redis::Value;
use serde_json::{Map, Value as Json, json};

use super::add::LIBRARY;
use super::change::texts;
use super::codec::{ScheduledRun, array, hash_fields, integer, number, number_text, options_json, text, unsigned};
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{Arguments, NEXT_RUN, REMOVE_SCHEDULER, UPSERT_SCHEDULER};
use crate::core::model::clock::Millis;
use crate::core::model::job::{JobOptions, Start};
use crate::core::model::priority::Priority;
use crate::core::model::schedule::{Schedule, ScheduleError, ScheduleRecord, Timing, check_schedule_id};

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
    /// Stores a schedule with its first pending run; one with the same id is replaced. It goes on counting and, with the same
    /// interval, keeps the moment of its next run.
    ///
    /// Safe to repeat after a lost answer.
    ///
    /// # Errors
    /// [`StoreError::Schedule`] when it would never run or its slot is taken; else when the server can't be asked.
    pub async fn upsert_schedule(&self, schedule: &Schedule) -> Result<Upserted, StoreError> {
        self.put_schedule(schedule, false).await
    }

    /// Likewise, but what the one with the same id has counted, and when it was to run next, is forgotten. A run of it that is in
    /// line already stays.
    ///
    /// # Errors
    /// As [`Queue::upsert_schedule`].
    pub async fn begin_schedule_anew(&self, schedule: &Schedule) -> Result<Upserted, StoreError> {
        self.put_schedule(schedule, true).await
    }

    async fn put_schedule(&self, schedule: &Schedule, begins_anew: bool) -> Result<Upserted, StoreError> {
        check_schedule_id(&schedule.id)?;
        let slot = match &schedule.timing {
            Timing::Every { ms: 0, .. } => return Err(ScheduleError::NoInterval.into()),
            Timing::Every { .. } => None,
            Timing::Cron { pattern, .. } => {
                let from = self.server_now().await?.max(schedule.start.unwrap_or(0));
                Some(schedule.timing.next_after(from)?.ok_or_else(|| ScheduleError::Never(pattern.clone()))?)
            }
        };
        if schedule.limit == Some(0) || slot.zip(schedule.end).is_some_and(|(slot, end)| slot > end) {
            return Err(ScheduleError::Ended.into());
        }
        let mut arguments = upsert_arguments(schedule, slot);
        arguments.push(if begins_anew { "1" } else { "" });
        let answer = self.run_on_terms(&UPSERT_SCHEDULER, &arguments).await?;
        let shape = || UPSERT_SCHEDULER.unexpected("another shape");
        let [code, job_id, next, replaced]: [Value; 4] = array(answer).and_then(|parts| parts.try_into().ok()).ok_or_else(shape)?;
        match integer(&code) {
            Some(1) => {
                Ok(Upserted { job_id: text(job_id).ok_or_else(shape)?, next: unsigned(&next), replaced: integer(&replaced) == Some(1) })
            }
            Some(-1) => Err(ScheduleError::Ended.into()),
            Some(-10 | -11) => Err(ScheduleError::SlotTaken(unsigned(&next)).into()),
            _ => Err(shape()),
        }
    }

    /// Removes a schedule and its pending run; a run that is in line already stays. Tells whether there was one.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn remove_schedule(&self, id: &str) -> Result<bool, StoreError> {
        let mut arguments = Arguments::default();
        arguments.push(id);
        let answer = REMOVE_SCHEDULER.run(&self.link, &self.keys, &arguments).await?;
        Ok(integer(&answer) == Some(1))
    }

    /// Makes the run after this one, which a worker has just taken; `now` is the server's clock. Safe to repeat, and from
    /// every attempt: only the pending run of a schedule makes another.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn plan_next_run(&self, job_id: &str, run: &ScheduledRun, now: Millis) -> Result<NextRun, StoreError> {
        let Some(schedule) = &run.schedule else {
            let advice = "upsertJobScheduler, or wq schedule add, makes one that any worker keeps alive";
            return Ok(NextRun::Broken(format!("it is a repeatable job of BullMQ 4 or 5, kept alive by their workers alone; {advice}")));
        };
        let plan = match NextOptions::of(job_id, schedule, &run.options, now) {
            Ok(plan) => plan,
            Err(no_more) => return Ok(no_more),
        };
        let mut arguments = Arguments::default();
        arguments.push(schedule).push(job_id).push(open(&plan.options)).number(plan.priority).push(if plan.lifo { "1" } else { "" });
        arguments.push(shown(plan.slot)).push(shown(plan.end));
        let answer = NEXT_RUN.run(&self.link, &self.keys, &arguments).await?;
        let [code, next]: [Value; 2] =
            array(answer).and_then(|parts| parts.try_into().ok()).ok_or_else(|| NEXT_RUN.unexpected("another shape"))?;
        Ok(match integer(&code) {
            Some(1) => NextRun::Planned(unsigned(&next)),
            Some(0) => NextRun::NotPending,
            Some(2) => NextRun::Broken(format!("the job {}{} is there already", prefix(schedule), unsigned(&next))),
            Some(-1) => NextRun::Broken("its definition is gone".to_owned()),
            Some(-2) => NextRun::Broken("its interval can't be read".to_owned()),
            Some(-3) => NextRun::Ended,
            _ => return Err(NEXT_RUN.unexpected("another code")),
        })
    }

    /// What the next run is made from where the one with this id can't be read: what its schedule says. `None` for a job that is
    /// not the pending run of a sound schedule.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn run_from_schedule(&self, job_id: &str) -> Result<Option<ScheduledRun>, StoreError> {
        let place = job_id.strip_prefix("repeat:").and_then(|rest| rest.rsplit_once(':'));
        let Some((id, slot)) = place.and_then(|(id, slot)| Some((id, slot.parse::<Millis>().ok()?))) else { return Ok(None) };
        let record = self.schedule(id).await?.filter(|record| record.next == Some(slot) && record.timing.is_ok());
        Ok(record.map(|record| {
            let options = record.options.as_deref().and_then(|text| serde_json::from_str(text).ok());
            let mut options: Map<String, Json> = options.unwrap_or_default();
            let offset = record.timing.as_ref().ok().and_then(|timing| match timing {
                Timing::Every { offset, .. } => *offset,
                Timing::Cron { .. } => None,
            });
            let every = record.every.as_deref().and_then(number_text);
            let texts =
                [("pattern", &record.pattern), ("tz", &record.zone)].map(|(name, text)| (name, text.as_ref().map(|text| json!(text))));
            let numbers =
                [("every", every), ("offset", offset), ("limit", record.limit), ("startDate", record.start), ("endDate", record.end)];
            let numbers = numbers.map(|(name, number)| (name, number.map(|number| json!(number))));
            let repeat = texts.into_iter().chain(numbers).chain([("count", Some(json!(record.iterations)))]);
            let repeat: Map<String, Json> = repeat.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
            options.insert("repeat".to_owned(), repeat.into());
            options.insert("repeatJobKey".to_owned(), json!(id));
            ScheduledRun { schedule: Some(id.to_owned()), options }
        }))
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
        let mut records: Vec<ScheduleRecord> = records.collect();
        self.find_stopped(&mut records).await?;
        Ok(records)
    }

    /// Finds the schedules that should go on and don't: their pending run is gone, or finished without making another.
    async fn find_stopped(&self, records: &mut [ScheduleRecord]) -> Result<(), StoreError> {
        let mut going: Vec<(&mut ScheduleRecord, Millis)> = records
            .iter_mut()
            .filter(|record| record.problem.is_none())
            .filter_map(|record| record.next.map(|next| (record, next)))
            .collect();
        if going.is_empty() {
            return Ok(());
        }
        let mut commands = redis::pipe();
        for (record, next) in &going {
            let run = self.keys.bullmq(&format!("{}{next}", prefix(&record.id)));
            commands.cmd("HMGET").arg(run).arg("name").arg("finishedOn");
        }
        commands.ignore_errors();
        let runs: Vec<Value> = self.link.clone().query_all(&commands).await?;
        for ((record, next), run) in going.iter_mut().zip(runs) {
            let is_pending = matches!(array(run).as_deref(), Some([name, Value::Nil]) if *name != Value::Nil);
            if !is_pending && !is_over(record, *next) {
                record.problem = Some("no run is pending, and none will be made; add the schedule again to go on".to_owned());
            }
        }
        Ok(())
    }
}

/// Whether the run at `next` is the last one by the limit or the end.
fn is_over(record: &ScheduleRecord, next: Millis) -> bool {
    let after = record.timing.as_ref().ok().and_then(|timing| timing.next_after(next).ok().flatten());
    record.limit.is_some_and(|limit| record.iterations >= limit) || after.is_none_or(|after| record.end.is_some_and(|end| after > end))
}

/// What became of the run after the one that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextRun {
    /// It is due then.
    Planned(Millis),
    /// The job is not the pending run: an attempt before this one has made the next, or the schedule was removed.
    NotPending,
    /// Its limit or its end is reached.
    Ended,
    /// The schedule ends here, for a reason that a person can read.
    Broken(String),
}

/// What the next run of a schedule gets from the one that was taken.
struct NextOptions {
    options: Map<String, Json>,
    priority: u64,
    lifo: bool,
    /// When a pattern matches next; an interval is looked up where the schedule is.
    slot: Option<Millis>,
    end: Option<Millis>,
}

impl NextOptions {
    fn of(job_id: &str, schedule: &str, options: &Map<String, Json>, now: Millis) -> Result<Self, NextRun> {
        let own_slot = job_id.strip_prefix(&prefix(schedule)).and_then(|slot| slot.parse::<Millis>().ok());
        let own_slot = own_slot.ok_or(NextRun::NotPending)?;
        let mut options = options.clone();
        for name in ["jobId", "delay", "timestamp", "prevMillis"] {
            options.remove(name);
        }
        let repeat = options.get_mut("repeat").and_then(Json::as_object_mut);
        let repeat = repeat.ok_or_else(|| NextRun::Broken("its run doesn't say how it repeats".to_owned()))?;
        let field = |name: &str| repeat.get(name).and_then(number);
        let (count, limit, start, end) = (field("count").unwrap_or(0) + 1, field("limit"), field("startDate"), field("endDate"));
        if limit.is_some_and(|limit| count > limit) || end.is_some_and(|end| now > end) {
            return Err(NextRun::Ended);
        }
        let slot = match repeat.get("pattern").and_then(Json::as_str) {
            None => None,
            Some(pattern) => {
                let from = now.max(own_slot).max(start.unwrap_or(0));
                let zone = repeat.get("tz").and_then(Json::as_str);
                let next = Timing::stored_cron(pattern, zone).and_then(|timing| timing.next_after(from));
                Some(next.map_err(|error| NextRun::Broken(error.to_string()))?.ok_or(NextRun::Ended)?)
            }
        };
        repeat.insert("count".to_owned(), json!(count));
        let priority = options.get("priority").and_then(number).unwrap_or(0);
        let lifo = options.get("lifo").and_then(Json::as_bool).unwrap_or(false);
        Ok(Self { options, priority, lifo, slot, end })
    }
}

fn prefix(schedule: &str) -> String {
    format!("repeat:{schedule}:")
}

/// A JSON object without its closing brace: the script adds what it alone knows.
fn open(options: &Map<String, Json>) -> String {
    let mut text = Json::Object(options.clone()).to_string();
    text.pop();
    text
}

/// Absent ones are empty.
fn shown(number: Option<u64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

fn upsert_arguments(schedule: &Schedule, slot: Option<Millis>) -> Arguments {
    let Schedule { id, timing, limit, start, end, name, data, options } = schedule;
    let (pattern, zone, every, offset) = match timing {
        Timing::Every { ms, offset } => (None, None, Some(*ms), *offset),
        Timing::Cron { pattern, zone } => (Some(pattern.as_str()), zone.as_deref(), None, None),
    };
    let options = JobOptions { start: Start::Now, ..options.clone() };
    let template = options_json(&options);
    let fields = [("count", Some(json!(1))), ("pattern", pattern.map(Into::into)), ("tz", zone.map(Into::into))];
    let moments = [("every", every), ("offset", offset), ("limit", *limit), ("startDate", *start), ("endDate", *end)];
    let moments = moments.map(|(name, number)| (name, number.map(|number| json!(number))));
    let repeat = fields.into_iter().chain(moments).filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Map<_, _>>();
    let mut run: Map<String, Json> = serde_json::from_str(&template).unwrap_or_default();
    run.insert("repeat".to_owned(), repeat.into());
    run.insert("repeatJobKey".to_owned(), json!(id));

    let mut arguments = Arguments::default();
    let data = data.as_deref().filter(|data| *data != "{}").unwrap_or_default();
    arguments.push(LIBRARY).push(id).push(name).push(data).push(if template == "{}" { "" } else { &template }).push(open(&run));
    arguments.number(options.priority.map_or(0, Priority::number)).push(if options.lifo { "1" } else { "" });
    arguments.push(pattern.unwrap_or_default()).push(zone.unwrap_or_default());
    for number in [slot, every, offset, *limit, *start, *end] {
        arguments.push(shown(number));
    }
    arguments
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
        Err("its definition is gone, or something else stands in its place".to_owned())
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
