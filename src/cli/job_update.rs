//! This file is `wq jobs update`: what one job says, how urgent it is, when it is due.

use std::time::Duration;

use clap::ArgGroup;

use super::job_flags::future;
use super::job_rows::report_changes;
use super::message_flags::read_data;
use super::time::parse_duration;
use super::{Exit, shell::Shell};
use crate::app::error::{AppError, Kind};
use crate::app::inspector;
use crate::core::model::job::{DEFAULT_JOB_NAME, Start};
use crate::core::model::message::{check_data, check_job};
use crate::core::model::priority::Priority;
use crate::core::store::update::JobUpdate;
use crate::core::store::{Change, Queue};

/// What to change about a job.
#[derive(Debug, clap::Args)]
#[command(override_usage = "wq jobs update [OPTIONS] <ID> <--data …|--priority …|--delay …|--at …>")]
#[command(group = ArgGroup::new("change").required(true).multiple(true).args(["data", "priority", "delay", "at"]))]
pub(super) struct UpdateFlags {
    /// Its id
    id: String,
    /// The new data: JSON, @FILE, or - for standard input; a worker that has the job goes on with the old
    #[arg(long, value_name = "JSON|@FILE|-", allow_hyphen_values = true)]
    data: Option<String>,
    /// urgent, high, normal, low, or a number: lower runs first, 0 before all others
    #[arg(long, value_name = "PRIORITY", allow_hyphen_values = true)]
    priority: Option<Priority>,
    /// To the front of its new line
    #[arg(long, requires = "priority")]
    lifo: bool,
    /// Due so long from now; only while it is delayed
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = parse_duration, conflicts_with = "at")]
    delay: Option<Duration>,
    /// Due at this moment; only while it is delayed
    #[arg(long, value_name = "MOMENT", allow_hyphen_values = true)]
    at: Option<String>,
    /// Check everything, change nothing
    #[arg(long)]
    dry_run: bool,
}

impl UpdateFlags {
    async fn update(&self, shell: &Shell) -> Result<JobUpdate, AppError> {
        let data = self.data.as_deref().map(read_data).transpose()?;
        if let Some(data) = &data {
            check_data(data)?;
        }
        let start = match (self.delay, &self.at) {
            (Some(delay), _) => Some(Start::After(delay)),
            (None, Some(at)) => Some(Start::At(future(shell, "--at", at).await?)),
            (None, None) => None,
        };
        Ok(JobUpdate { data, priority: self.priority, lifo: self.lifo, start })
    }
}

/// Changes the job: everything or nothing.
///
/// # Errors
/// When the job is not there, or is to be due at another time and isn't delayed; nothing was changed then.
pub(super) async fn update(queue: &Queue, flags: &UpdateFlags, shell: &Shell) -> anyhow::Result<Exit> {
    let (id, update) = (&flags.id, flags.update(shell).await?);
    check_message(queue, id, &update).await?;
    match queue.update(id, &update, flags.dry_run).await.map_err(AppError::from)? {
        Change::Done => Ok(report_changes(std::slice::from_ref(id), &[Change::Done], "updated", flags.dry_run, shell)?),
        Change::WrongState => {
            let problem = format!("the job {id:?} isn't delayed, so it can't be due at another time; nothing was changed");
            Err(AppError::new(Kind::Other, problem).with_hint("see where it is with: wq jobs get ID").into())
        }
        _ => Err(inspector::no_job(queue, id).into()),
    }
}

/// Checks that a message stays one that can be sent; under another name a job holds what it likes.
async fn check_message(queue: &Queue, id: &str, update: &JobUpdate) -> Result<(), AppError> {
    let Some(data) = &update.data else { return Ok(()) };
    // Most data is right, and then the name of the job need not be asked for.
    if check_job(DEFAULT_JOB_NAME, data).is_ok() {
        return Ok(());
    }
    let job = inspector::job(queue, id).await?;
    Ok(check_job(&job.name, data)?)
}
