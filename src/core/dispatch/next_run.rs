//! This file keeps schedules alive: a run that was taken makes the next one before it starts.

use crate::core::model::clock::Millis;
use crate::core::store::error::StoreError;
use crate::core::store::take::TakenJob;
use crate::core::store::{NextRun, Queue, ScheduledRun};

/// Makes the next run of each schedule that one of these jobs is a run of.
///
/// # Errors
/// When the server can't be asked now: then no job may start, since its schedule would end with it. All of them go back,
/// and whoever takes them tries again; a run that has made the next one already makes no other.
pub(super) async fn plan_next_runs(queue: &Queue, jobs: &[TakenJob], now: Millis) -> Result<(), StoreError> {
    for job in jobs {
        match &job.content {
            Ok(content) => {
                if let Some(run) = &content.options.run {
                    plan_next_run(queue, &job.id, run, now).await?;
                }
            }
            // The dead letter that it becomes must not take its schedule along.
            Err(_) => {
                if let Some(run) = queue.run_from_schedule(&job.id).await? {
                    plan_next_run(queue, &job.id, &run, now).await?;
                }
            }
        }
    }
    Ok(())
}

async fn plan_next_run(queue: &Queue, job: &str, run: &ScheduledRun, now: Millis) -> Result<(), StoreError> {
    match queue.plan_next_run(job, run, now).await {
        Ok(next) => tell(job, run, &next),
        // A server that answers so to a script will answer so again: the job must not wait for that.
        Err(error @ (StoreError::Server { .. } | StoreError::Shape { .. })) => {
            tell(job, run, &NextRun::Broken(error.to_string()));
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

fn tell(job: &str, run: &ScheduledRun, next: &NextRun) {
    let schedule = run.schedule.as_deref().unwrap_or_default();
    match next {
        NextRun::Planned(due) => tracing::debug!(job, schedule, due, "the next run is planned"),
        NextRun::NotPending => tracing::debug!(job, schedule, "not the pending run: it makes no other"),
        NextRun::Ended => tracing::info!(job, schedule, "the last run of this schedule"),
        NextRun::Broken(reason) => tracing::warn!(job, schedule, reason, "the schedule ends here: it makes no further run"),
    }
}
