//! `wq metrics`: this file shows how a queue does, once or every few seconds.

use std::time::Duration;

use serde::Serialize;

use super::{Exit, asides::AsideRow, pauses::PauseRow, shell::Shell, watch::Watch, which::Which};
use crate::app::health::{self, Health};
use crate::core::model::queue::QueueName;
use crate::output::{Page, Row, human};

/// Show how a queue does: what waits and why, how fast it goes, what came last
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  wq metrics --watch\n  wq metrics -Q whatsapp --json | jq .data.failed")]
pub struct Args {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    watch: Watch,
}

#[derive(Serialize)]
struct Metrics {
    queue: String,
    waiting: u64,
    prioritized: u64,
    delayed: u64,
    active: u64,
    completed: u64,
    failed: u64,
    waiting_children: u64,
    paused: bool,
    pause: Option<PauseRow>,
    oldest_waiting_ms: Option<u64>,
    next_due_ms: Option<u64>,
    waits_for: Option<String>,
    rate: Option<String>,
    tempo_percent: Option<u64>,
    concurrency: Option<u64>,
    completed_last_minute: u64,
    failed_last_minute: u64,
    waited_median_ms: Option<u64>,
    waited_worst_ms: Option<u64>,
    took_median_ms: Option<u64>,
    took_worst_ms: Option<u64>,
    workers: u64,
    schedules: u64,
    removed_without_job: u64,
    parents_not_told: u64,
    finished_not_counted: u64,
    recipients_damaged: u64,
    asides: Vec<AsideRow>,
    last_jobs: Vec<LastJob>,
}

#[derive(Serialize)]
struct LastJob {
    id: String,
    state: Option<&'static str>,
    finished_at: String,
    took_ms: Option<u64>,
    reason: Option<String>,
}

impl Metrics {
    fn new(queue: &QueueName, health: &Health) -> Self {
        let overview = &health.overview;
        let counts = overview.counts;
        let ms = |duration: Option<Duration>| duration.map(|d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX));
        let last_jobs = overview.last_finished.iter().map(|job| LastJob {
            id: job.id.clone(),
            state: job.state.map(crate::core::model::state::JobState::as_str),
            finished_at: job.finished_on.map(human::moment).unwrap_or_default(),
            took_ms: job.finished_on.zip(job.processed_on).map(|(end, start)| end.saturating_sub(start)),
            reason: job.failed_reason.clone().filter(|_| job.state == Some(crate::core::model::state::JobState::Failed)),
        });
        Self {
            queue: queue.to_string(),
            waiting: counts.waiting,
            prioritized: counts.prioritized,
            delayed: counts.delayed,
            active: counts.active,
            completed: counts.completed,
            failed: counts.failed,
            waiting_children: counts.waiting_children,
            paused: counts.paused,
            pause: overview.standstill.clone().map(PauseRow::from),
            oldest_waiting_ms: ms(overview.oldest_waiting),
            next_due_ms: overview.next_due.map(|due| due.saturating_sub(overview.now)),
            waits_for: health.waits_for.clone(),
            rate: health::known_rate(overview).map(|rate| rate.to_string()),
            tempo_percent: overview.tempo.map(|thousandths| thousandths / 10),
            concurrency: overview.concurrency,
            completed_last_minute: overview.completed_last_minute,
            failed_last_minute: overview.failed_last_minute,
            waited_median_ms: ms(health.waited.median),
            waited_worst_ms: ms(health.waited.worst),
            took_median_ms: ms(health.took.median),
            took_worst_ms: ms(health.took.worst),
            workers: overview.workers.len() as u64,
            schedules: overview.schedules,
            removed_without_job: overview.missing_hash,
            parents_not_told: overview.parents_not_told,
            finished_not_counted: overview.metrics_not_counted,
            recipients_damaged: overview.recipients_damaged,
            asides: overview.asides.iter().map(AsideRow::from).collect(),
            last_jobs: last_jobs.collect(),
        }
    }
}

impl Metrics {
    /// The rate, and how much of it is in force.
    fn rate_cell(&self) -> String {
        let rate = self.rate.clone().unwrap_or_else(|| "each worker's own".to_owned());
        match self.tempo_percent {
            Some(percent) => format!("{rate}, at {percent} % since the provider asked for less"),
            None => rate,
        }
    }

    /// What went wrong since the queue exists without stopping anything, a line each.
    fn problems(&self) -> Vec<String> {
        [
            (self.removed_without_job, "ids were removed because they had no job"),
            (self.parents_not_told, "children ended without their parent's being told: see wq jobs get ID"),
            (self.finished_not_counted, "finished jobs are missing in BullMQ's metrics: a key …:metrics:… is of another type, remove it"),
            (self.recipients_damaged, "times a job was put off: a key wq:…:recipient:… is of another type, remove it"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", human::count(count)))
        .collect()
    }
}

/// A cell of several lines.
fn lines(lines: Vec<String>) -> String {
    if lines.is_empty() { "-".to_owned() } else { lines.join("\n") }
}

impl Row for Metrics {
    const SCHEMA: &'static str = "wq.metrics.v1";
    const COLUMNS: &'static [&'static str] = &[
        "QUEUE",
        "WAITING",
        "PRIORITIZED",
        "DELAYED",
        "ACTIVE",
        "COMPLETED",
        "FAILED",
        "PAUSED",
        "OLDEST WAITING",
        "WAITS FOR",
        "RATE",
        "LAST MINUTE",
        "LATENCY",
        "WORKERS",
        "SCHEDULES",
        "STEPPED ASIDE",
        "PROBLEMS",
        "LAST JOBS",
    ];

    fn cells(&self) -> Vec<String> {
        let time = |ms: Option<u64>| ms.map_or_else(|| "-".to_owned(), |ms| human::duration(Duration::from_millis(ms)));
        let last_jobs: Vec<String> = self
            .last_jobs
            .iter()
            .map(|job| {
                let reason = job.reason.as_deref().map(|reason| format!("  {}", reason.lines().next().unwrap_or_default()));
                format!(
                    "{}  {:9}  {}  {}{}",
                    job.finished_at,
                    job.state.unwrap_or("-"),
                    job.id,
                    time(job.took_ms),
                    reason.unwrap_or_default()
                )
            })
            .collect();
        vec![
            self.queue.clone(),
            human::count(self.waiting),
            human::count(self.prioritized),
            human::count(self.delayed),
            human::count(self.active),
            human::count(self.completed),
            human::count(self.failed),
            match &self.pause {
                Some(pause) => pause.since(),
                None if self.paused => "yes".to_owned(),
                None => "no".to_owned(),
            },
            time(self.oldest_waiting_ms),
            self.waits_for.clone().unwrap_or_else(|| "-".to_owned()),
            self.rate_cell(),
            format!("{} completed, {} failed", human::count(self.completed_last_minute), human::count(self.failed_last_minute)),
            format!(
                "waited {} (worst {}), took {} (worst {})",
                time(self.waited_median_ms),
                time(self.waited_worst_ms),
                time(self.took_median_ms),
                time(self.took_worst_ms)
            ),
            human::count(self.workers),
            human::count(self.schedules),
            lines(self.asides.iter().map(AsideRow::line).collect()),
            lines(self.problems()),
            lines(last_jobs),
        ]
    }

    fn id(&self) -> &str {
        &self.queue
    }
}

/// Shows it.
///
/// # Errors
/// When the server can't be asked or stdout can't be written.
pub async fn run(args: Args, shell: &Shell) -> anyhow::Result<Exit> {
    let queue = args.which.open(shell).await?;
    args.watch
        .every(shell, async || {
            let health = health::look(&queue).await.map_err(crate::app::error::AppError::from)?;
            let metrics = Metrics::new(queue.name(), &health);
            if args.watch.is_on() && shell.printer.format() == crate::output::Format::Ndjson {
                shell.printer.rows(&[metrics], &Page::default())?;
            } else {
                shell.printer.record(&metrics)?;
            }
            Ok(())
        })
        .await
}
