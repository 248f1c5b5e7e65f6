//! This file sends a campaign through a gateway that answers 502 for a while: what goes out meanwhile may have arrived, so it has
//! to stop soon.

use std::time::Instant;

use anyhow::Result;
use serde_json::json;

use crate::books::{self, ProvidersBook, QueuesBook};
use crate::campaign::{Pauses, accepted};
use crate::finding::Findings;
use crate::stage::{Provider, Setting, Stage, Via};

/// Messages unless told otherwise.
pub(crate) const MESSAGES: u32 = 2_000;
/// How long the gateway has nobody behind it.
const AWAY: &str = "30s";
/// Sends in a row without an answer that pause the queue.
const IN_A_ROW: usize = 5;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    setting: Setting,
    /// Messages of the campaign
    #[arg(long, default_value_t = MESSAGES)]
    messages: u32,
    /// One way to send alone; both otherwise
    #[arg(long)]
    via: Option<Via>,
}

pub(crate) async fn run(args: &Args) -> Result<bool> {
    let mut holds = true;
    for via in Via::BOTH.into_iter().filter(|via| args.via.is_none_or(|wanted| wanted == *via)) {
        holds &= through(&args.setting, via, args.messages).await?;
    }
    Ok(holds)
}

/// The outage begins while the campaign runs.
pub(crate) async fn through(setting: &Setting, via: Via, messages: u32) -> Result<bool> {
    let mut stage = Stage::set(setting)?;
    let provider = Provider::start(setting, &[])?;
    stage.add(messages, &[])?;
    let queue = stage.queue().await?;
    let begun = Instant::now();
    let (_, worker) = stage.sender(via, &provider, &[])?;

    accepted(&provider, messages / 5).await?;
    provider.order(&json!({ "storm": { "code": "gateway-502", "for": AWAY } }))?;
    let mut pauses = Pauses::default();
    pauses.watch(&stage, messages).await?;
    let seconds = begun.elapsed().as_secs_f64();
    worker.end()?;

    let (providers, queues) = (ProvidersBook::read(&provider)?, QueuesBook::read(&stage, &queue, messages).await?);
    let mut findings = Findings::default();
    books::expect_once(&mut findings, messages, &providers, &queues);
    findings.expect_same(("uncertain", &queues.held), ("with a page", &providers.refused_by(books::is_page)));
    findings.expect_same(("completed", &queues.completed), ("accepted", &providers.accepted.keys().cloned().collect()));
    let (held, bound) = (queues.held.len(), IN_A_ROW + setting.concurrency);
    findings.expect((1..=bound).contains(&held), format!("{held} uncertain instead of at most {bound}"));
    pauses.expect(&mut findings, "unreachable");
    let checked = books::check(&stage, &provider, &mut findings, providers.accepted.len())?;
    findings.tell(json!({
        "soak": "gateway", "via": via.name(), "seed": setting.seed, "messages": messages, "seconds": seconds.round(),
        "completed": queues.completed.len(), "accepted": checked, "doubled": providers.doubled().len(),
        "uncertain": held, "uncertain_at_most": bound, "dead": queues.dead.len(),
        "paused_s": pauses.longest.as_secs_f64().round(), "pauses": pauses.told(),
    }))
}
