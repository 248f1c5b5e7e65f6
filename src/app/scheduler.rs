//! This file keeps schedules: makes and changes them, finds them, removes them, and runs one out of turn.

use std::time::Duration;

use serde_json::{Map, Value};

use super::error::{AppError, Kind};
use super::producer::{self, line};
use crate::core::model::clock::Millis;
use crate::core::model::cron::CronError;
use crate::core::model::job::{JobOptions, NewJob};
use crate::core::model::message::check_data;
use crate::core::model::schedule::{Schedule, ScheduleError, ScheduleRecord, Timing};
use crate::core::store::{Change, Queue, read_keep};

/// Options of a job that say which run of which schedule it is.
const OF_THE_SCHEDULE: [&str; 7] = ["repeat", "jobId", "repeatJobKey", "prevMillis", "delay", "timestamp", "de"];

/// What becomes of a schedule that is put beside what is known.
#[derive(Debug)]
pub struct Plan {
    /// The schedule that has its name already.
    pub known: Option<ScheduleRecord>,
    /// When it will run first.
    pub first: Millis,
    begins_anew: bool,
}

/// Finds out what putting the schedule would come to.
///
/// # Errors
/// When it would never run, or the server can't be asked.
pub async fn plan(queue: &Queue, schedule: &Schedule, now: Millis) -> Result<Plan, AppError> {
    let known = queue.schedule(&schedule.id).await?;
    let begins_anew = known.as_ref().is_some_and(|known| begins_anew(known, schedule, now));
    let kept = known.as_ref().filter(|known| !begins_anew && known.timing.as_ref().is_ok_and(|timing| same_interval(timing, schedule)));
    let first = match kept.and_then(|known| known.next) {
        Some(next) => next,
        None => first_run(schedule, now)?,
    };
    Ok(Plan { known, first, begins_anew })
}

/// Makes the schedule, or changes the one of that name.
///
/// # Errors
/// When it was not stored.
pub async fn put(queue: &Queue, schedule: &Schedule, plan: &Plan) -> Result<(), AppError> {
    if plan.begins_anew {
        queue.begin_schedule_anew(schedule).await?;
    } else {
        queue.upsert_schedule(schedule).await?;
    }
    Ok(())
}

/// Whether it makes no further job.
pub fn is_over(schedule: &ScheduleRecord, now: Millis) -> bool {
    let is_past = schedule.next.is_none_or(|next| next <= now);
    let made_all = schedule.limit.is_some_and(|limit| schedule.iterations >= limit);
    is_past && (made_all || schedule.end.is_some_and(|end| end < now))
}

/// BullMQ leaves the next run of an interval where it is while the interval stays the same, even if that run is past or the
/// start was moved. Whoever says when it is to start, or starts what has ended, means another run.
fn begins_anew(known: &ScheduleRecord, schedule: &Schedule, now: Millis) -> bool {
    let is_same = known.timing.as_ref().is_ok_and(|timing| same_interval(timing, schedule));
    is_same && (is_over(known, now) || (schedule.start.is_some() && schedule.start != known.start))
}

fn same_interval(known: &Timing, schedule: &Schedule) -> bool {
    matches!((known, &schedule.timing), (Timing::Every { ms: known, .. }, Timing::Every { ms, .. }) if known == ms)
}

/// When the schedule would run first.
///
/// # Errors
/// When that is never.
fn first_run(schedule: &Schedule, now: Millis) -> Result<Millis, AppError> {
    let start = schedule.start.filter(|start| *start > now);
    let first = match &schedule.timing {
        Timing::Every { offset: Some(_), .. } if start.is_none() => schedule.timing.next_after(now)?,
        Timing::Every { .. } => Some(start.unwrap_or(now)),
        Timing::Cron { .. } => schedule.timing.next_after(start.unwrap_or(now))?,
    };
    match first {
        None => Err(ScheduleError::Never(pattern_of(&schedule.timing)).into()),
        Some(first) if schedule.end.is_some_and(|end| first > end) => Err(ScheduleError::Ended.into()),
        Some(first) => Ok(first),
    }
}

fn pattern_of(timing: &Timing) -> String {
    match timing {
        Timing::Cron { pattern, .. } => pattern.clone(),
        Timing::Every { ms, .. } => format!("every {ms} ms"),
    }
}

/// Removes the schedules with the runs that are still to come, or says which of them are there.
///
/// # Errors
/// When the server can't be asked.
pub async fn remove(queue: &Queue, names: &[String], is_dry: bool) -> Result<Vec<Change>, AppError> {
    let mut changes = Vec::with_capacity(names.len());
    for name in names {
        let is_there = if is_dry { queue.schedule(name).await?.is_some() } else { queue.remove_schedule(name).await? };
        changes.push(if is_there { Change::Done } else { Change::NotFound });
    }
    Ok(changes)
}

/// One schedule.
///
/// # Errors
/// When it doesn't exist.
pub async fn find(queue: &Queue, name: &str) -> Result<ScheduleRecord, AppError> {
    queue.schedule(name).await?.ok_or_else(|| {
        AppError::new(Kind::NotFound, format!("no schedule {name:?} in the queue {}", queue.name()))
            .with_hint("list them with: wq schedule list")
    })
}

/// Adds one job as the schedule would, outside its times; the schedule goes on unchanged. Gives the id of the job.
///
/// # Errors
/// When the schedule doesn't exist or holds nothing that can be added.
pub async fn run_now(queue: &Queue, name: &str, is_dry: bool, patience: Duration) -> Result<String, AppError> {
    let job = job_of(&find(queue, name).await?)?;
    let id = job.id.clone();
    if !is_dry {
        producer::add(queue, job, patience).await?;
    }
    Ok(id)
}

/// The job that a run of the schedule is, under an id of its own.
fn job_of(schedule: &ScheduleRecord) -> Result<NewJob, AppError> {
    let damaged = |problem: &str| AppError::new(Kind::Other, format!("the schedule {:?} can't be run: {problem}", schedule.id));
    if let Some(problem) = &schedule.problem {
        return Err(damaged(problem));
    }
    let options = template_options(schedule.options.as_deref().unwrap_or("{}")).map_err(|problem| damaged(&problem))?;
    let data = schedule.data.clone().unwrap_or_else(|| "{}".to_owned());
    check_data(&data).map_err(|problem| damaged(&problem.to_string()))?;
    Ok(NewJob { id: producer::made_id()?, name: schedule.name.clone(), data, options })
}

/// The options that each job of a schedule gets, in BullMQ's stored names. What means nothing to `wq` goes to the job as it
/// is; what would bind the job to the schedule stays behind.
fn template_options(text: &str) -> Result<JobOptions, String> {
    let fields: Map<String, Value> = serde_json::from_str(text).map_err(|error| format!("its options are no JSON object: {error}"))?;
    let mut options = JobOptions::default();
    for (name, value) in fields {
        let is_read = match name.as_str() {
            "attempts" => set(&mut options.attempts, line::whole(&value).and_then(|number| u32::try_from(number).ok())),
            "backoff" => set(&mut options.backoff, line::backoff(&value).map(Some)),
            "priority" => set(&mut options.priority, line::priority(&value).map(Some)),
            "lifo" => set(&mut options.lifo, value.as_bool()),
            "removeOnComplete" => set(&mut options.remove_on_complete, read_keep(&value).map(Some)),
            "removeOnFail" => set(&mut options.remove_on_fail, read_keep(&value).map(Some)),
            _ => OF_THE_SCHEDULE.contains(&name.as_str()),
        };
        if !is_read {
            options.other.insert(name, value);
        }
    }
    Ok(options)
}

/// Takes a value over if there is one.
fn set<T>(place: &mut T, value: Option<T>) -> bool {
    value.map(|value| *place = value).is_some()
}

/// The moments at which a job is made, from the first after `after`; fewer than `count` when there are no more.
///
/// # Errors
/// When they can't be told.
pub fn runs(timing: &Timing, after: Millis, count: usize) -> Result<Vec<Millis>, ScheduleError> {
    let mut runs = Vec::with_capacity(count);
    let mut last = after;
    while runs.len() < count {
        let Some(next) = timing.next_after(last)? else { break };
        runs.push(next);
        last = next;
    }
    Ok(runs)
}

impl From<ScheduleError> for AppError {
    fn from(error: ScheduleError) -> Self {
        let failure = Self::new(Kind::Usage, error.to_string());
        match error {
            // A shell that sees `*` bare makes file names of it.
            ScheduleError::Cron(CronError::Fields(_, 7..)) => failure.with_hint("put the pattern in quotes, for the shell"),
            _ => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_out_of_turn_has_the_options_of_the_template_and_nothing_of_the_schedule() {
        let text =
            r#"{"attempts":5,"backoff":{"type":"own","delay":7},"kl":3,"priority":"odd","delay":9,"jobId":"x","repeat":{"every":5}}"#;

        let options = template_options(text).unwrap();

        assert_eq!((options.attempts, options.backoff.unwrap().kind), (5, "own".to_owned()));
        assert_eq!(options.priority, None);
        assert_eq!(serde_json::to_string(&options.other).unwrap(), r#"{"kl":3,"priority":"odd"}"#);
        assert!(template_options("[]").is_err());
    }
}
