//! This file measures moments: how soon, how late and how evenly jobs start.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::adding::Maker;
use super::field::{Field, Manner, must_be};
use super::meter::{Meter, as_f64};
use super::probe::{Probe, Start};
use super::{AppError, CONCURRENCY, Figures, Kind};
use crate::app::worker::run_workers;
use crate::core::dispatch::{End, Report};
use crate::core::model::job::{self, JobOptions, Keep};
use crate::core::model::rate::{Rate, RateLimit};
use crate::core::store::Ledger;

/// Jobs of [`pickup`] and [`delayed`].
pub(super) const SAMPLES: usize = 200;
/// Jobs of [`limiter`]: five seconds' worth.
pub(super) const LIMITED: usize = 500;
/// How long the queue is left alone before each job of [`pickup`].
const IDLE: Duration = Duration::from_millis(10);
/// The shortest delay of [`delayed`], and how much longer the longest is.
const DELAY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(4));
/// The limit of [`limiter`], and the window that it is looked at through.
const RATE: Rate = Rate { max: 100, window: Duration::from_secs(1) };

/// One job at a time into an idle queue.
pub(super) async fn pickup(field: &Field, samples: usize) -> Result<Figures, AppError> {
    let mut maker = Maker::new(JobOptions::default())?;
    let meter = Meter::start(field.queue().link()).await?;
    let waited = beside_a_worker(field, samples + 1, async |mut starts: mpsc::Receiver<Start>| {
        let mut waited = Vec::with_capacity(samples);
        for sample in 0..=samples {
            tokio::time::sleep(IDLE).await;
            let asked = Instant::now();
            field.queue().add(&[maker.job()], Ledger::Skip).await?;
            let start = next(field, &mut starts, Duration::ZERO).await?;
            // The first one waits for the worker to connect.
            if sample > 0 {
                waited.push(start.at.saturating_duration_since(asked));
            }
        }
        Ok(waited)
    })
    .await?;
    let cost = meter.stop().await?;
    field.clear().await?;
    Ok(cost.figures("pick-up from idle", samples).with_spread(waited))
}

/// Jobs that are due one after the other, between 1 and 5 seconds from their add.
pub(super) async fn delayed(field: &Field, samples: usize) -> Result<Figures, AppError> {
    let mut maker = Maker::new(JobOptions::default())?;
    let meter = Meter::start(field.queue().link()).await?;
    let late = beside_a_worker(field, samples, async |mut starts: mpsc::Receiver<Start>| {
        let mut due = HashMap::new();
        for sample in 0..samples {
            let delay = DELAY.0 + DELAY.1.mul_f64(as_f64(sample) / as_f64(samples));
            let mut job = maker.job();
            job.options.start = job::Start::After(delay);
            due.insert(job.id.clone(), Instant::now() + delay);
            field.queue().add(&[job], Ledger::Skip).await?;
        }
        let mut late = Vec::with_capacity(samples);
        while late.len() < samples {
            let start = next(field, &mut starts, DELAY.0 + DELAY.1).await?;
            let due =
                due.get(&start.id).ok_or_else(|| AppError::new(Kind::CheckFailed, format!("started {}, which is no job", start.id)))?;
            late.push(start.at.saturating_duration_since(*due));
        }
        Ok(late)
    })
    .await?;
    let cost = meter.stop().await?;
    field.clear().await?;
    Ok(cost.figures("lateness of delayed jobs", samples).with_spread(late))
}

/// Jobs under a rate.
pub(super) async fn limiter(field: &Field, jobs: usize) -> Result<Figures, AppError> {
    field.fill(jobs).await?;
    let (sender, mut starts) = mpsc::channel(jobs);
    let probe = Arc::new(Probe { starts: Some(sender), ..Probe::default() });
    let (stop, _guard) = Field::stop();
    let manner = Manner { concurrency: CONCURRENCY, end: End::UntilEmpty, rate: RateLimit::Limited(RATE), keep: Keep::NONE };
    let meter = Meter::start(field.queue().link()).await?;
    let report = run_workers(field.worker(manner), probe, stop, CancellationToken::new()).await?;
    let cost = meter.stop().await?;
    field.clear().await?;
    must_be("jobs completed", jobs, usize::try_from(report.completed).unwrap_or(usize::MAX))?;
    let mut moments = Vec::with_capacity(jobs);
    while let Some(start) = starts.recv().await {
        moments.push(start.at);
    }
    moments.sort_unstable();
    let span = moments.first().zip(moments.last()).map_or(Duration::ZERO, |(first, last)| *last - *first);
    let per_second = (!span.is_zero()).then(|| as_f64(jobs.saturating_sub(1)) / span.as_secs_f64());
    let most_in_a_second = Some(busiest(&moments, RATE.window));
    Ok(Figures { per_second, most_in_a_second, ..cost.figures("limit of 100 a second", jobs) })
}

/// Runs something beside a worker that waits for jobs, then stops the worker.
async fn beside_a_worker<T>(
    field: &Field,
    room: usize,
    work: impl AsyncFnOnce(mpsc::Receiver<Start>) -> Result<T, AppError>,
) -> Result<T, AppError> {
    let (sender, starts) = mpsc::channel(room);
    let probe = Arc::new(Probe { starts: Some(sender), ..Probe::default() });
    let manner = Manner { concurrency: CONCURRENCY, end: End::Never, rate: RateLimit::Unlimited, keep: Keep::NONE };
    let (stop, guard) = Field::stop();
    let working = run_workers(field.worker(manner), probe, stop, CancellationToken::new());
    let working_beside = async {
        let result = work(starts).await;
        drop(guard);
        result
    };
    let (report, result): (Result<Report, AppError>, Result<T, AppError>) = tokio::join!(working, working_beside);
    let result = result?;
    report.map(|_| result)
}

async fn next(field: &Field, starts: &mut mpsc::Receiver<Start>, besides: Duration) -> Result<Start, AppError> {
    let waited = tokio::time::timeout(field.patience + besides, starts.recv()).await;
    waited.ok().flatten().ok_or_else(|| AppError::new(Kind::TimedOut, "a job did not start"))
}

/// The most moments in any sliding window; the moments are sorted.
fn busiest(moments: &[Instant], window: Duration) -> usize {
    let ends = moments.iter().map(|first| moments.partition_point(|moment| moment.saturating_duration_since(*first) < window));
    ends.enumerate().map(|(first, end)| end - first).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_window_begins_at_any_start_and_ends_before_its_length() {
        let origin = Instant::now();
        let moments: Vec<Instant> = [0, 900, 950, 1000, 1899, 1900].map(|ms| origin + Duration::from_millis(ms)).to_vec();

        assert_eq!(busiest(&moments, RATE.window), 4);
        assert_eq!(busiest(&[], RATE.window), 0);
    }
}
