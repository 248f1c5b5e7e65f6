//! This file measures workers that work off what waits.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::field::{Field, Manner, must_be};
use super::meter::Meter;
use super::probe::{Last, Probe};
use super::{AppError, Figures};
use crate::app::worker::run_workers;
use crate::core::dispatch::End;
use crate::core::dispatch::transport::Transport;
use crate::core::model::job::Keep;
use crate::core::model::rate::RateLimit;
use crate::transport::log;

/// How long a send of [`handler`] takes.
const LATENCY: Duration = Duration::from_millis(20);

/// Jobs to work off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drain {
    pub(super) jobs: usize,
    /// So many more wait behind them, and stay.
    pub(super) waiting: usize,
    pub(super) concurrency: usize,
    /// Whether completed jobs are kept.
    pub(super) keeps: bool,
}

/// Works off jobs that take no time, as `wq worker --via log --rate none` does.
pub(super) async fn drain(field: &Field, drain: Drain) -> Result<Figures, AppError> {
    let Drain { jobs, waiting, concurrency, keeps } = drain;
    field.fill(jobs + waiting).await?;
    if waiting > 0 {
        // How many wait is asked about, not what it costs that they just came.
        field.queue().link().clone().wait_for_key_table().await?;
    }
    let (stop, _guard) = Field::stop();
    let transport: Arc<dyn Transport> = match waiting {
        0 => Arc::new(log::Log::new(log::Options::default())),
        _ => Arc::new(Probe { last: Some(Last { left: AtomicUsize::new(jobs), stop: stop.clone() }), ..Probe::default() }),
    };
    let keep = if keeps { Keep::ALL } else { Keep::NONE };
    let plan = field.worker(Manner { concurrency, end: End::UntilEmpty, rate: RateLimit::Unlimited, keep });
    let meter = Meter::start(field.queue().link()).await?;
    let report = run_workers(plan, transport, stop, CancellationToken::new()).await?;
    let cost = meter.stop().await?;
    field.clear().await?;
    let completed = usize::try_from(report.completed).unwrap_or(usize::MAX);
    if waiting == 0 {
        must_be("jobs completed", jobs, completed)?;
    }
    let kept = if keeps { "kept" } else { "removed" };
    Ok(cost.figures(format!("drain, {concurrency} at a time, {kept}"), completed.max(1)).with_speed())
}

/// Sends that take 20 ms, beside as many tasks that only sleep.
pub(super) async fn handler(field: &Field, jobs: usize, concurrency: usize) -> Result<Figures, AppError> {
    let rounds = (jobs / concurrency).max(1);
    let jobs = rounds * concurrency;
    let ideal = sleep_only(rounds, concurrency).await;
    field.fill(jobs).await?;
    let (stop, _guard) = Field::stop();
    let plan = field.worker(Manner { concurrency, end: End::UntilEmpty, rate: RateLimit::Unlimited, keep: Keep::NONE });
    let probe = Arc::new(Probe { latency: LATENCY, ..Probe::default() });
    let meter = Meter::start(field.queue().link()).await?;
    let report = run_workers(plan, probe, stop, CancellationToken::new()).await?;
    let cost = meter.stop().await?;
    field.clear().await?;
    must_be("jobs completed", jobs, usize::try_from(report.completed).unwrap_or(usize::MAX))?;
    let share_of_ideal = Some(ideal.as_secs_f64() / cost.elapsed.as_secs_f64().max(f64::MIN_POSITIVE));
    let name = format!("send of 20 ms, {concurrency} at a time");
    Ok(Figures { share_of_ideal, ..cost.figures(name, jobs).with_speed() })
}

/// What this process reaches without a queue.
async fn sleep_only(rounds: usize, concurrency: usize) -> Duration {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..concurrency {
        tasks.spawn(async move {
            for _ in 0..rounds {
                tokio::time::sleep(LATENCY).await;
            }
        });
    }
    tasks.join_all().await;
    begun.elapsed()
}
