//! This file sends a great many messages with what a worker keeps by default, and measures how much the server has grown by it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;
use wq::core::store::connect::Link;
use wq::core::store::server::Reply;

use crate::finding::Findings;
use crate::stage::{QUEUE, Setting, Stage};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    setting: Setting,
    /// Messages of the campaign
    #[arg(long, default_value_t = 1_000_000)]
    messages: u32,
    /// Add them without the ledger of rows
    #[arg(long)]
    no_ledger: bool,
}

/// How much the server may grow, the ledger of rows apart, in bytes.
const GROWTH_AT_MOST: u64 = 64 << 20;
/// How long connections that ended may take to be forgotten.
const SETTLING: Duration = Duration::from_secs(2);

pub(crate) async fn run(args: &Args) -> Result<bool> {
    let messages = args.messages;
    let mut stage = Stage::set(&args.setting)?;
    let (mut link, queue) = (stage.link().await?, stage.queue().await?);
    let before = link.facts().await?.used_memory;

    stage.add(messages, if args.no_ledger { &["--no-ledger"] } else { &[] })?;
    let waiting = link.facts().await?.used_memory;
    let begun = Instant::now();
    let (_, worker) = stage.worker(&["--via", "log", "--on-uncertain", "hold"])?;
    while queue.has_work_left().await? {
        if begun.elapsed() > crate::stage::PATIENCE {
            bail!("not done within {:?}", crate::stage::PATIENCE);
        }
        tokio::time::sleep(crate::campaign::LOOK).await;
    }
    let seconds = begun.elapsed().as_secs_f64();
    worker.end()?;
    tokio::time::sleep(SETTLING).await;

    let after = link.facts().await?.used_memory;
    let (ledger, counts) = (ledger_bytes(&mut link).await?, queue.counts().await?);
    let growth = after.saturating_sub(before).saturating_sub(ledger);
    let mut findings = Findings::default();
    findings.expect(growth <= GROWTH_AT_MOST, format!("the server grew by {growth} bytes beside the ledger, more than {GROWTH_AT_MOST}"));
    findings.expect(counts.failed == 0, format!("{} dead letters", counts.failed));
    findings.expect(ledger > 0 || args.no_ledger, "no ledger was found");
    findings.tell(json!({
        "soak": "many", "messages": messages, "seconds": seconds.round(), "kept_completed": counts.completed,
        "used_memory_before": before, "used_memory_all_waiting": waiting, "used_memory_after": after,
        "ledger_bytes": ledger, "growth_beside_ledger": growth, "growth_at_most": GROWTH_AT_MOST,
    }))
}

/// What the ledger of rows takes, every entry counted.
async fn ledger_bytes(link: &mut Link) -> Result<u64> {
    let (mut bytes, mut cursor) = (0, "0".to_owned());
    loop {
        let keys = format!("wq:bull:{QUEUE}:ledger*");
        let Reply::List(answer) = ask(link, &["SCAN", &cursor, "MATCH", &keys, "COUNT", "1000"]).await? else { bail!("no scan") };
        let [Reply::Text(next), Reply::List(found)] = answer.as_slice() else { bail!("no scan: {answer:?}") };
        for key in found {
            let Reply::Text(key) = key else { bail!("no key: {key:?}") };
            // A hash of up to 512 short fields is one string, which is counted as it is.
            let Reply::Integer(size) = ask(link, &["MEMORY", "USAGE", key, "SAMPLES", "0"]).await? else { bail!("no size of {key}") };
            bytes += u64::try_from(size).context("a negative size")?;
        }
        cursor.clone_from(next);
        if cursor == "0" {
            return Ok(bytes);
        }
    }
}

async fn ask(link: &mut Link, words: &[&str]) -> Result<Reply> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    Ok(link.raw(&words).await?)
}
