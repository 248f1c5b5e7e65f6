//! This file kills workers with `kill -9` at random moments while they send a campaign.
//!
//! Afterwards no message may be lost, none accepted twice, and no more uncertain than kills x concurrency. Measures how long a
//! dead worker's jobs stayed with it: the median and the worst.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;
use tokio::task::JoinSet;
use wq::core::model::state::JobState;
use wq::core::store::Queue;

use crate::books::{self, Numbers, ProvidersBook, QueuesBook};
use crate::finding::Findings;
use crate::stage::{PATIENCE, Provider, Setting, Stage, Via, number};

#[derive(Debug, clap::Args)]
pub(crate) struct KillArgs {
    #[command(flatten)]
    setting: Setting,
    /// Messages of the campaign
    #[arg(long, default_value_t = 20_000)]
    messages: u32,
    /// Workers at a time
    #[arg(long, default_value_t = 3)]
    workers: usize,
    /// The way to send
    #[arg(long, default_value = "evolution")]
    via: Via,
    /// The shortest and the longest time between two kills, in milliseconds
    #[arg(long, default_value = "300,1500", value_delimiter = ',', num_args = 1)]
    between_kills: Vec<u64>,
}

/// How often the jobs of a dead worker are looked for.
const LOOK: Duration = Duration::from_millis(25);

/// Even bits from a seed (splitmix64): which worker dies when has to be the same in every run.
struct Lots(u64);

impl Lots {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % bound.max(1)
    }
}

/// How long the jobs of a dead worker stay in its name.
async fn watch(queue: Queue, worker: String, died: Instant) -> Result<Duration> {
    loop {
        let active = queue.page(JobState::Active, 0, 10_000).await?;
        if !active.iter().any(|job| job.worker.as_deref() == Some(worker.as_str())) {
            return Ok(died.elapsed());
        }
        if died.elapsed() > PATIENCE {
            bail!("the jobs of {worker} never came back");
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until a worker serves the queue: before that a signal ends it as any other program.
async fn serves(queue: &Queue, name: &str) -> Result<()> {
    let begun = Instant::now();
    while !queue.workers().await?.iter().any(|worker| worker.name.as_deref() == Some(name)) {
        if begun.elapsed() > PATIENCE {
            bail!("{name} never came to serve the queue");
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// Kills workers, each replaced at once, until nothing is left to send. Returns the recoveries.
async fn kill_until_done(args: &KillArgs, stage: &mut Stage, provider: &Provider, queue: &Queue) -> Result<Vec<Duration>> {
    let (begun, mut lots) = (Instant::now(), Lots(args.setting.seed));
    let mut start = || stage.sender(args.via, provider, &["--per-recipient", "none"]);
    let (shortest, longest) = match args.between_kills[..] {
        [shortest, longest] if shortest <= longest => (shortest, longest),
        _ => bail!("--between-kills wants two numbers, such as 300,1500"),
    };
    let mut workers = Vec::new();
    for _ in 0..args.workers {
        workers.push(start()?);
    }
    let mut watches = JoinSet::new();
    while queue.has_work_left().await? {
        if begun.elapsed() > PATIENCE {
            bail!("not done within {PATIENCE:?}");
        }
        tokio::time::sleep(Duration::from_millis(shortest + lots.below(longest - shortest + 1))).await;
        let victim = usize::try_from(lots.below(workers.len() as u64))?;
        let replacement = start()?;
        let place = workers.get_mut(victim).context("no such worker")?;
        let (name, mut process) = std::mem::replace(place, replacement);
        process.kill()?;
        watches.spawn(watch(queue.clone(), name, Instant::now()));
    }
    let mut recoveries = Vec::new();
    while let Some(watched) = watches.join_next().await {
        recoveries.push(watched??);
    }
    for (name, worker) in workers {
        serves(queue, &name).await?;
        worker.end()?;
    }
    recoveries.sort();
    Ok(recoveries)
}

pub(crate) async fn run(args: &KillArgs) -> Result<bool> {
    let KillArgs { setting, messages, .. } = args;
    let mut stage = Stage::set(setting)?;
    let provider = Provider::start(setting, &[])?;
    stage.add(*messages, &[])?;
    let queue = stage.queue().await?;
    let begun = Instant::now();
    let recoveries = kill_until_done(args, &mut stage, &provider, &queue).await?;
    let seconds = begun.elapsed().as_secs_f64();

    let (providers, queues) = (ProvidersBook::read(&provider)?, QueuesBook::read(&stage, &queue, *messages).await?);
    let accepted: Numbers = providers.accepted.keys().cloned().collect();
    let lost = (0..*messages).map(number).filter(|number| !accepted.contains(number) && !queues.held.contains(number)).count();
    let unsent = queues.held.difference(&accepted).count();
    let (kills, uncertain) = (recoveries.len(), queues.held.len());
    let bound = kills * setting.concurrency;
    let mut findings = Findings::default();
    books::expect_once(&mut findings, *messages, &providers, &queues);
    findings.expect(lost == 0, format!("{lost} lost"));
    findings.expect(queues.dead.is_empty(), format!("{} dead letters that nobody refused", queues.dead.len()));
    findings.expect(uncertain <= bound, format!("{uncertain} uncertain instead of at most {bound}"));
    books::check(&stage, &provider, &mut findings, accepted.len())?;
    let ms = |at: Option<&Duration>| at.map_or(0, Duration::as_millis);
    findings.tell(json!({
        "soak": "kills", "via": args.via.name(), "seed": setting.seed, "messages": messages, "kills": kills, "lost": lost,
        "doubled": providers.doubled().len(), "uncertain": uncertain, "uncertain_at_most": bound,
        "uncertain_and_not_sent": unsent, "seconds": seconds.round(),
        "recovery_median_ms": ms(recoveries.get(kills / 2)), "recovery_worst_ms": ms(recoveries.last()),
    }))
}
