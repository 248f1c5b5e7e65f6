//! `wq dlq list --uncertain` and `wq dlq resolve`: this file deals with messages of which nobody knows whether they were sent.

use serde::Serialize;
use serde_json::Value;

use super::{Exit, shell::Shell};
use crate::app::tracker::{self, Uncertain};
use crate::core::model::state::JobState;
use crate::core::store::Queue;
use crate::core::store::resolve::{Knowledge, Resolved};
use crate::output::{Page, Row, human};

/// A held message.
#[derive(Debug, Default, Serialize)]
struct HeldRow {
    id: String,
    held_at: String,
    reason: String,
    stable_key: String,
    name: String,
    intended_at: Option<String>,
    worker_process: Option<String>,
    state: Option<&'static str>,
    intervention: Option<&'static str>,
    data: Value,
}

impl From<Uncertain> for HeldRow {
    fn from(message: Uncertain) -> Self {
        let intervention = message.intervention();
        let Uncertain { held, state } = message;
        let intent = held.send_intent();
        Self {
            held_at: human::moment(held.when),
            intended_at: intent.as_ref().map(|intent| human::moment(intent.at)),
            worker_process: intent.map(|intent| intent.incarnation),
            state: state.map(JobState::as_str),
            intervention,
            data: serde_json::from_str(&held.data).unwrap_or(Value::String(held.data)),
            reason: held.why,
            stable_key: held.key,
            name: held.name,
            id: held.id,
        }
    }
}

impl Row for HeldRow {
    const SCHEMA: &'static str = "wq.uncertain.v1";
    const COLUMNS: &'static [&'static str] = &["ID", "HELD", "KEY", "NOTE", "REASON"];

    fn cells(&self) -> Vec<String> {
        let note = self.intervention.unwrap_or("-").to_owned();
        vec![self.id.clone(), self.held_at.clone(), self.stable_key.clone(), note, self.reason.clone()]
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }
}

/// What became of one.
#[derive(Debug, Serialize)]
struct ResolvedRow {
    id: String,
    change: &'static str,
    stable_key: Option<String>,
    found: Option<String>,
}

impl Row for ResolvedRow {
    const SCHEMA: &'static str = "wq.resolved.v1";
    const COLUMNS: &'static [&'static str] = &["ID", "CHANGE", "KEY"];

    fn cells(&self) -> Vec<String> {
        vec![self.id.clone(), self.change.to_owned(), self.stable_key.clone().unwrap_or_else(|| "-".to_owned())]
    }

    fn id(&self) -> &str {
        &self.id
    }
}

/// Lists them, oldest first.
pub(super) async fn list(queue: &Queue, limit: u64, shell: &Shell) -> anyhow::Result<()> {
    let doubts = tracker::doubts(queue, usize::try_from(limit).unwrap_or(usize::MAX)).await?;
    let rows: Vec<HeldRow> = doubts.messages.into_iter().map(HeldRow::from).collect();
    shell.printer.rows(&rows, &Page { total: Some(doubts.total), ..Page::default() })?;
    if !doubts.damaged.is_empty() {
        shell.printer.warn(&format!("what was kept of these can't be read: {}", doubts.damaged.join(", ")));
    }
    Ok(())
}

/// Ends the doubt about one.
pub(super) async fn resolve(queue: &Queue, id: &str, knowledge: Knowledge<'_>, shell: &Shell) -> anyhow::Result<Exit> {
    if knowledge == Knowledge::NotSent
        && let Some(incarnation) = tracker::living_owner(queue, id).await?
    {
        shell.printer.warn(&format!("the worker process {incarnation} that was about to send {id} still lives: it may have sent it since"));
    }
    let sent = knowledge != Knowledge::NotSent;
    let (change, stable_key, found) = match tracker::resolve(queue, id, knowledge).await? {
        Resolved::Done { key, found } => (if sent { "completed" } else { "in line again" }, Some(key), found),
        Resolved::HadCompleted => ("somebody else had completed it", None, Some("completed".to_owned())),
        _ => ("was resolved before", None, None),
    };
    if change != "was resolved before" && found.as_deref() != Some("failed") {
        let place =
            found.as_deref().map_or("somebody else had removed the job; this was done from what was kept of it".to_owned(), |place| {
                format!("somebody else had moved the job: it was found in {place}")
            });
        shell.printer.say(&place);
    }
    shell.printer.record(&ResolvedRow { id: id.to_owned(), change, stable_key, found })?;
    Ok(Exit::Done)
}
