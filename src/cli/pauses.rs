//! `wq pause`, `wq resume`: this file stops queues and lets them go on, and shows why one stands still.

use serde::Serialize;

use super::{Exit, asides, shell::Shell, which::Which};
use crate::app::error::AppError;
use crate::core::model::outage::{BY_HAND, Standstill};
use crate::core::model::queue::QueueName;
use crate::core::store::Queue;
use crate::core::store::connect::Link;
use crate::core::store::error::StoreError;
use crate::core::store::standstill::{Paused, Resumed};
use crate::output::{Page, Row, human};

/// `wq pause`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  wq pause\n  wq queues pause 'wa-*'")]
pub struct OneQueue {
    #[command(flatten)]
    which: Which,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// `wq resume`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  wq resume -Q wa-main\n  wq resume --campaign bf26\n  wq resume --template cita/es --dry-run")]
pub struct Resume {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    aside: asides::AsideFlags,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// A pause in JSON.
#[derive(Debug, Serialize)]
pub(super) struct PauseRow {
    class: String,
    reason: String,
    since: String,
    by: String,
    ends: &'static str,
    probes: u64,
    next_probe: Option<String>,
    by_hand_since: Option<String>,
}

impl From<Standstill> for PauseRow {
    fn from(pause: Standstill) -> Self {
        Self {
            class: pause.class,
            reason: pause.reason,
            since: human::moment(pause.since),
            by: pause.by,
            ends: pause.end.as_str(),
            probes: pause.probes,
            next_probe: pause.next_probe.map(human::moment),
            by_hand_since: pause.by_hand_since.map(human::moment),
        }
    }
}

impl PauseRow {
    /// `since 2026-11-24T03:03:38.213Z`, and the worker that met the outage.
    pub(super) fn since(&self) -> String {
        match self.by.as_str() {
            "" | BY_HAND => format!("since {}", self.since),
            worker => format!("since {} by {worker}", self.since),
        }
    }
}

/// What `wq resume` ended: `resumed; it was instance_disconnected: …`.
fn ended(was: &Standstill) -> String {
    if was.is_by_person() {
        return "resumed".to_owned();
    }
    format!("resumed; it was {}: {}", was.class, was.reason)
}

#[derive(Serialize)]
struct Steered {
    queue: String,
    change: String,
    was: Option<PauseRow>,
}

impl Row for Steered {
    const SCHEMA: &'static str = "wq.steered.v1";
    const COLUMNS: &'static [&'static str] = &["QUEUE", "CHANGE"];

    fn cells(&self) -> Vec<String> {
        vec![self.queue.clone(), self.change.clone()]
    }

    fn id(&self) -> &str {
        &self.queue
    }
}

/// Which way `steer` turns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Pause,
    Resume,
}

/// `wq pause`.
///
/// # Errors
/// When the server can't be asked.
pub async fn pause(args: OneQueue, shell: &Shell) -> anyhow::Result<Exit> {
    steer(&shell.link().await?, &[args.which.name(shell).clone()], Turn::Pause, args.dry_run, shell).await
}

/// `wq resume`.
///
/// # Errors
/// When the server can't be asked.
pub async fn resume(args: Resume, shell: &Shell) -> anyhow::Result<Exit> {
    if let Some(aside) = args.aside.named() {
        return asides::bring_back(&args.which.open(shell).await?, &aside, args.dry_run, shell).await;
    }
    steer(&shell.link().await?, &[args.which.name(shell).clone()], Turn::Resume, args.dry_run, shell).await
}

/// Turns queues one way, and says what that did to each.
pub(super) async fn steer(link: &Link, names: &[QueueName], turn: Turn, dry_run: bool, shell: &Shell) -> anyhow::Result<Exit> {
    // A name that can't be is found before the first queue is touched.
    let queues = names.iter().map(|name| shell.open(link, Some(name))).collect::<Result<Vec<_>, _>>()?;
    let mut rows = Vec::new();
    for queue in queues {
        rows.push(if dry_run { would_turn(&queue, turn).await } else { do_turn(&queue, turn).await }.map_err(AppError::from)?);
    }
    shell.printer.rows(&rows, &Page { dry_run, ..Page::default() })?;
    if dry_run {
        shell.printer.note("nothing was changed (dry run)");
    }
    Ok(Exit::Done)
}

async fn do_turn(queue: &Queue, turn: Turn) -> Result<Steered, StoreError> {
    let (change, was) = match turn {
        Turn::Pause => (paused(queue.pause().await?).to_owned(), None),
        Turn::Resume => match queue.resume().await? {
            Resumed { was_paused: false, .. } => ("was running already".to_owned(), None),
            Resumed { was: None, .. } => ("resumed".to_owned(), None),
            Resumed { was: Some(was), .. } => (ended(&was), Some(was)),
        },
    };
    Ok(Steered { queue: queue.name().to_string(), change, was: was.map(PauseRow::from) })
}

fn paused(paused: Paused) -> &'static str {
    match paused {
        Paused::Now => "paused",
        Paused::Before => "was paused already",
        Paused::ForPerson => "stood still for an outage; now it is paused by hand too, and only wq resume lets it go on",
    }
}

async fn would_turn(queue: &Queue, turn: Turn) -> Result<Steered, StoreError> {
    let change = match (turn, queue.counts().await?.paused) {
        (Turn::Pause, false) => "would be paused",
        (Turn::Pause, true) if queue.is_paused_for_probe().await? => "stands still for an outage; would be paused by hand too",
        (Turn::Pause, true) => "was paused already",
        (Turn::Resume, true) => "would be resumed",
        (Turn::Resume, false) => "was running already",
    };
    Ok(Steered { queue: queue.name().to_string(), change: change.to_owned(), was: None })
}
