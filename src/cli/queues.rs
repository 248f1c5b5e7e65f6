//! `wq queues`, `wq pause`, `wq resume`: this file looks at whole queues and steers them.

use std::collections::HashSet;

use clap::Subcommand;
use serde::Serialize;

use super::pauses::{PauseRow, Turn, steer};
use super::{Exit, shell::Shell, tally, watch::Watch};
use crate::app::error::{AppError, Kind};
use crate::app::health::{self, Health};
use crate::core::model::queue::QueueName;
use crate::core::model::rate::RateLimit;
use crate::core::store::connect::Link;
use crate::core::store::{Obliterated, Queue, list_queues};
use crate::output::{Page, Row, human};

/// Look at whole queues and steer them
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  wq queues list --watch
  wq queues pause 'wa-*'
  wq queues set whatsapp --rate 60/m --concurrency 5
  wq queues drain whatsapp --yes")]
pub enum Args {
    /// List the queues with their counts
    #[command(after_help = "Example:\n  wq queues list --watch")]
    List {
        /// Only these; * and ? stand for others
        queues: Vec<String>,
        /// Once or again and again.
        #[command(flatten)]
        watch: Watch,
    },
    /// Show one queue
    #[command(after_help = "Example:\n  wq queues show whatsapp --json")]
    Show {
        /// Its name
        queue: QueueName,
        /// Once or again and again.
        #[command(flatten)]
        watch: Watch,
    },
    /// Nobody takes from these queues any more, Node's workers neither; what runs goes on
    #[command(after_help = "Example:\n  wq queues pause 'wa-*'")]
    Pause {
        /// Names; * and ? stand for others
        #[arg(required = true)]
        queues: Vec<String>,
        /// Say what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Let them go on
    #[command(after_help = "Example:\n  wq queues resume 'wa-*'")]
    Resume {
        /// Names; * and ? stand for others
        #[arg(required = true)]
        queues: Vec<String>,
        /// Say what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove everything that waits
    #[command(after_help = "Example:\n  wq queues drain whatsapp --delayed --dry-run")]
    Drain {
        /// Its name
        queue: QueueName,
        /// And what is delayed
        #[arg(long)]
        delayed: bool,
        /// Say how much there is, and remove nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Set limits that every worker keeps
    #[command(after_help = "Example:\n  wq queues set whatsapp --rate 60/m --concurrency 5")]
    Set {
        /// Its name
        queue: QueueName,
        /// The most in a time: 80/m, 100/s, 2/500ms, or none; kept by wq workers
        #[arg(long, value_name = "RATE")]
        rate: Option<RateLimit>,
        /// The most that run at once over all workers, or none; kept by Node's workers too
        #[arg(long, value_name = "N", value_parser = concurrency)]
        concurrency: Option<Concurrency>,
        /// Show how the queue would be, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Destroy a paused queue with everything in it
    #[command(after_help = "Example:\n  wq queues obliterate test --dry-run")]
    Obliterate {
        /// Its name
        queue: QueueName,
        /// Even while workers have jobs
        #[arg(long)]
        force: bool,
        /// Say how much there is, and destroy nothing
        #[arg(long)]
        dry_run: bool,
    },
}

/// A limit, or none.
#[derive(Clone, Copy, Debug)]
pub struct Concurrency(Option<u32>);

fn concurrency(text: &str) -> Result<Concurrency, String> {
    match text.parse() {
        _ if text == "none" => Ok(Concurrency(None)),
        Ok(most) if most > 0 => Ok(Concurrency(Some(most))),
        _ => Err("write a number from 1, or none".to_owned()),
    }
}

#[derive(Default, Serialize)]
struct QueueRow {
    queue: String,
    paused: bool,
    pause: Option<PauseRow>,
    waiting: u64,
    prioritized: u64,
    delayed: u64,
    active: u64,
    completed: u64,
    failed: u64,
    workers: u64,
    rate: Option<String>,
    concurrency: Option<u64>,
    waits_for: Option<String>,
}

impl QueueRow {
    async fn look(queue: &Queue) -> Result<Self, AppError> {
        Ok(Self::new(queue.name(), health::look(queue).await?))
    }

    fn new(queue: &QueueName, health: Health) -> Self {
        let (overview, counts) = (&health.overview, health.overview.counts);
        Self {
            queue: queue.to_string(),
            paused: counts.paused,
            pause: overview.standstill.clone().map(PauseRow::from),
            waiting: counts.waiting,
            prioritized: counts.prioritized,
            delayed: counts.delayed,
            active: counts.active,
            completed: counts.completed,
            failed: counts.failed,
            workers: overview.workers.len() as u64,
            rate: health::known_rate(overview).map(|rate| rate.to_string()),
            concurrency: overview.concurrency,
            waits_for: health.waits_for,
        }
    }
}

impl Row for QueueRow {
    const SCHEMA: &'static str = "wq.queues.v1";
    const COLUMNS: &'static [&'static str] =
        &["QUEUE", "WAITING", "PRIORITIZED", "DELAYED", "ACTIVE", "COMPLETED", "FAILED", "WORKERS", "RATE", "WAITS FOR"];

    fn cells(&self) -> Vec<String> {
        let numbers = [self.waiting, self.prioritized, self.delayed, self.active, self.completed, self.failed, self.workers];
        let mut cells = vec![self.queue.clone()];
        cells.extend(numbers.map(human::count));
        cells.push(self.rate.clone().unwrap_or_else(|| "-".to_owned()));
        cells.push(self.waits_for.clone().unwrap_or_else(|| "-".to_owned()));
        cells
    }

    fn id(&self) -> &str {
        &self.queue
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }
}

/// Runs a verb.
///
/// # Errors
/// As the verb's use case.
pub async fn run(args: Args, shell: &Shell) -> anyhow::Result<Exit> {
    let link = shell.link().await?;
    match args {
        Args::List { queues, watch } => watch.every(shell, async || list(&link, &queues, shell).await).await,
        Args::Show { queue, watch } => {
            let queue = existing(&link, &queue, shell).await?;
            watch.every(shell, async || Ok(shell.printer.record(&QueueRow::look(&queue).await?)?)).await
        }
        Args::Pause { queues, dry_run } => steer(&link, &matching(&link, &queues, shell).await?, Turn::Pause, dry_run, shell).await,
        Args::Resume { queues, dry_run } => steer(&link, &matching(&link, &queues, shell).await?, Turn::Resume, dry_run, shell).await,
        Args::Drain { queue, delayed, dry_run } => drain(&existing(&link, &queue, shell).await?, delayed, dry_run, shell).await,
        Args::Set { queue, rate, concurrency, dry_run } => set(&shell.open(&link, Some(&queue))?, rate, concurrency, dry_run, shell).await,
        Args::Obliterate { queue, force, dry_run } => obliterate(&existing(&link, &queue, shell).await?, force, dry_run, shell).await,
    }
}

async fn list(link: &Link, patterns: &[String], shell: &Shell) -> anyhow::Result<()> {
    let mut names = list_queues(link, &shell.settings.prefix).await.map_err(AppError::from)?;
    if !patterns.is_empty() {
        names.retain(|name| patterns.iter().any(|pattern| glob(pattern, name.as_str())));
        if names.is_empty() {
            return Err(AppError::new(Kind::NotFound, format!("no queue matches {}", patterns.join(" "))).into());
        }
    }
    let mut rows = Vec::new();
    for queue in shell.open_each(link, &names) {
        rows.push(QueueRow::look(&queue).await?);
    }
    shell.printer.rows(&rows, &Page { total: Some(rows.len() as u64), ..Page::default() })?;
    Ok(())
}

async fn existing(link: &Link, name: &QueueName, shell: &Shell) -> Result<Queue, AppError> {
    let queue = shell.open(link, Some(name))?;
    if queue.exists().await? {
        return Ok(queue);
    }
    Err(AppError::new(Kind::NotFound, format!("there is no queue {:?}", name.as_str())).with_hint("list them with: wq queues list"))
}

/// Names as they are; patterns stand for the queues that exist.
async fn matching(link: &Link, patterns: &[String], shell: &Shell) -> Result<Vec<QueueName>, AppError> {
    let mut names = Vec::new();
    for pattern in patterns {
        if !pattern.contains(['*', '?']) {
            names.push(pattern.parse().map_err(|error| AppError::new(Kind::Usage, format!("the queue {pattern:?}: {error}")))?);
            continue;
        }
        let before = names.len();
        names.extend(list_queues(link, &shell.settings.prefix).await?.into_iter().filter(|name| glob(pattern, name.as_str())));
        if names.len() == before {
            return Err(AppError::new(Kind::NotFound, format!("no queue matches {pattern:?}")));
        }
    }
    let mut seen = HashSet::new();
    names.retain(|name: &QueueName| seen.insert(name.clone()));
    Ok(names)
}

/// `*` stands for any characters, `?` for one.
fn glob(pattern: &str, name: &str) -> bool {
    match pattern.chars().next() {
        None => name.is_empty(),
        Some('*') => {
            let rest = pattern.get(1..).unwrap_or_default();
            name.char_indices().map(|(at, _)| at).chain([name.len()]).any(|at| glob(rest, name.get(at..).unwrap_or_default()))
        }
        Some(first) => {
            let mut characters = name.chars();
            characters.next().is_some_and(|c| {
                (first == '?' || first == c) && glob(pattern.get(first.len_utf8()..).unwrap_or_default(), characters.as_str())
            })
        }
    }
}

async fn drain(queue: &Queue, delayed: bool, dry_run: bool, shell: &Shell) -> anyhow::Result<Exit> {
    let counts = queue.counts().await.map_err(AppError::from)?;
    let count = counts.ready() + if delayed { counts.delayed } else { 0 };
    if dry_run {
        tally::report(queue.name(), "removed", count, true, shell)?;
        return Ok(Exit::Done);
    }
    if count > 0 {
        let what = format!("{} jobs from {} at {}", human::count(count), queue.name(), shell.settings.redis);
        shell.confirm(&format!("Removing {what} can't be undone."), None)?;
    }
    let removed = queue.drain(delayed).await.map_err(AppError::from)?;
    tally::report(queue.name(), "removed", removed, false, shell)?;
    Ok(Exit::Done)
}

async fn set(
    queue: &Queue,
    rate: Option<RateLimit>,
    concurrency: Option<Concurrency>,
    dry_run: bool,
    shell: &Shell,
) -> anyhow::Result<Exit> {
    if rate.is_none() && concurrency.is_none() {
        return Err(AppError::new(Kind::Usage, "set what?").with_hint("use --rate or --concurrency").into());
    }
    let limit = rate.map(|rate| match rate {
        RateLimit::Limited(rate) => Some(rate),
        RateLimit::Unset | RateLimit::Unlimited => None,
    });
    if dry_run {
        let mut health = health::look(queue).await.map_err(AppError::from)?;
        let overview = &mut health.overview;
        overview.queue_rate = limit.unwrap_or(overview.queue_rate);
        overview.concurrency = concurrency.map_or(overview.concurrency, |Concurrency(most)| most.map(u64::from));
        shell.printer.record_on(&QueueRow::new(queue.name(), health), &Page { dry_run, ..Page::default() })?;
        shell.printer.note("nothing was changed (dry run)");
        return Ok(Exit::Done);
    }
    if let Some(limit) = limit {
        queue.set_rate(limit).await.map_err(AppError::from)?;
    }
    if let Some(Concurrency(most)) = concurrency {
        queue.set_concurrency(most).await.map_err(AppError::from)?;
    }
    shell.printer.record(&QueueRow::look(queue).await?)?;
    Ok(Exit::Done)
}

async fn obliterate(queue: &Queue, force: bool, dry_run: bool, shell: &Shell) -> anyhow::Result<Exit> {
    let counts = queue.counts().await.map_err(AppError::from)?;
    let all = counts.ready() + counts.delayed + counts.active + counts.completed + counts.failed + counts.waiting_children;
    if !counts.paused {
        return Err(not_paused(queue).into());
    }
    if counts.active > 0 && !force {
        return Err(busy().into());
    }
    if dry_run {
        tally::report(queue.name(), "destroyed", all, true, shell)?;
        return Ok(Exit::Done);
    }
    let what = format!("the queue {} at {} with {} jobs", queue.name(), shell.settings.redis, human::count(all));
    shell.confirm(&format!("Destroying {what} can't be undone."), Some(queue.name().as_str()))?;
    match queue.obliterate(force).await.map_err(AppError::from)? {
        Obliterated::Gone(count) => {
            tally::report(queue.name(), "destroyed", count, false, shell)?;
            Ok(Exit::Done)
        }
        Obliterated::NotPaused => Err(not_paused(queue).into()),
        Obliterated::Busy => Err(busy().into()),
    }
}

fn not_paused(queue: &Queue) -> AppError {
    AppError::new(Kind::Conflict, "the queue is not paused").with_hint(format!("pause it first: wq queues pause {}", queue.name()))
}

fn busy() -> AppError {
    AppError::new(Kind::Conflict, "workers have jobs of it").with_hint("wait for them, or add --force")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_names() {
        for (pattern, name, answer) in
            [("wa-*", "wa-main", true), ("*", "x", true), ("wa-?", "wa-12", false), ("*-br", "wa-br", true), ("a", "b", false)]
        {
            assert_eq!(glob(pattern, name), answer, "{pattern} {name}");
        }
    }
}
