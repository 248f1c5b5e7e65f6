//! This file adds flows for `wq enqueue --tree`, and shows them for `wq jobs get --tree`.

use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use super::{Exit, shell::Shell};
use crate::app::error::AppError;
use crate::app::family::{Member, family};
use crate::app::producer::{self, Tree, TreeDefaults};
use crate::core::model::flow::{FlowStatus, Standing};
use crate::core::model::state::JobState;
use crate::core::store::{Durability, Queue, Terms};
use crate::output::{Page, Row};

/// What became of one job of a tree.
#[derive(Debug, Serialize)]
struct AddedNode {
    place: String,
    id: String,
    status: &'static str,
    queue: String,
    parent: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

impl Row for AddedNode {
    const SCHEMA: &'static str = "wq.enqueue_tree.v1";
    const COLUMNS: &'static [&'static str] = &["PLACE", "ID", "STATUS", "QUEUE"];

    fn cells(&self) -> Vec<String> {
        vec![self.place.clone(), self.id.clone(), self.status.to_owned(), self.queue.clone()]
    }

    fn id(&self) -> &str {
        &self.id
    }
}

/// How a tree is added.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    /// When it counts.
    pub(super) durability: Durability,
    /// Adds nothing.
    pub(super) dry_run: bool,
}

/// Adds the tree in this file and prints one row a job.
///
/// # Errors
/// When it was not added; then none of it was.
pub(super) async fn enqueue(path: &Path, defaults: TreeDefaults, how: How, shell: &Shell) -> anyhow::Result<Exit> {
    let dry_run = how.dry_run;
    let doing = format!("enqueue --tree {}", path.display());
    let file = (path.as_os_str() != "-").then_some(path);
    let tree = producer::read_tree(file, &defaults).with_context(|| doing.clone())?;
    producer::check_places(&shell.settings.redis, &shell.settings.prefix, &tree).with_context(|| doing.clone())?;
    let statuses = if dry_run {
        vec![FlowStatus::Stored; tree.jobs.len()]
    } else {
        // The tree goes where the one at the top is, whatever -Q says.
        let top = tree.jobs.first().map_or(&defaults.queue, |job| &job.queue);
        let queue = shell.queue(Some(top)).await.with_context(|| doing.clone())?;
        let terms = Terms { durability: how.durability, ..Terms::default() };
        let queue = queue.on_terms(terms, shell.settings.timeout).await.map_err(AppError::from).with_context(|| doing.clone())?;
        producer::add_tree(&queue, &tree, shell.settings.timeout).await.with_context(|| doing)?
    };
    let count = |wanted: FlowStatus| statuses.iter().filter(|status| **status == wanted).count();
    let (stored, duplicate, skipped) = (count(FlowStatus::Stored), count(FlowStatus::Duplicate), count(FlowStatus::Skipped));
    shell.printer.note(&format!("total {} = stored {stored} + duplicate {duplicate} + skipped {skipped}", statuses.len()));
    if skipped > 0 {
        shell.printer.note("skipped: the parent was there before and no longer waits for children");
    }
    let page = Page { total: Some(statuses.len() as u64), dry_run, ..Page::default() };
    shell.printer.rows(&rows(tree, &statuses, dry_run), &page)?;
    Ok(Exit::Done)
}

fn rows(tree: Tree, statuses: &[FlowStatus], dry_run: bool) -> Vec<AddedNode> {
    let ids: Vec<String> = tree.jobs.iter().map(|job| job.job.id.clone()).collect();
    let all = tree.jobs.into_iter().zip(tree.places).zip(statuses);
    all.map(|((job, place), status)| AddedNode {
        place,
        id: job.job.id,
        status: match status {
            FlowStatus::Stored => "stored",
            FlowStatus::Duplicate => "duplicate",
            FlowStatus::Skipped => "skipped",
        },
        queue: job.queue.to_string(),
        parent: job.parent.and_then(|index| ids.get(index).cloned()),
        dry_run,
    })
    .collect()
}

/// Where one job of a flow is.
#[derive(Debug, Serialize)]
struct MemberRow {
    id: String,
    queue: String,
    name: String,
    state: &'static str,
    depth: usize,
    parent: Option<String>,
    standing: Option<&'static str>,
    reason: Option<String>,
}

impl From<Member> for MemberRow {
    fn from(member: Member) -> Self {
        let Member { depth, parent, standing, queue, job } = member;
        Self {
            id: job.id,
            queue,
            name: job.name,
            state: job.state.map_or("gone", JobState::as_str),
            depth,
            parent,
            standing: standing.map(Standing::as_str),
            reason: job.failed_reason,
        }
    }
}

impl Row for MemberRow {
    const SCHEMA: &'static str = "wq.job_tree.v1";
    const COLUMNS: &'static [&'static str] = &["ID", "QUEUE", "NAME", "STATE", "FOR ITS PARENT", "REASON"];

    fn cells(&self) -> Vec<String> {
        let indented = format!("{}{}", "  ".repeat(self.depth.min(20)), self.id);
        let standing = self.standing.unwrap_or_default().to_owned();
        let reason = self.reason.clone().unwrap_or_default();
        vec![indented, self.queue.clone(), self.name.clone(), self.state.to_owned(), standing, reason]
    }

    fn id(&self) -> &str {
        &self.id
    }
}

/// Prints a job with all its children, one row each, a parent before its children.
///
/// # Errors
/// When there is no such job, or the server can't be asked.
pub(super) async fn show(queue: &Queue, id: &str, shell: &Shell) -> anyhow::Result<Exit> {
    let (members, is_cut) = family(queue, id).await?;
    let rows: Vec<MemberRow> = members.into_iter().map(MemberRow::from).collect();
    shell.printer.rows(&rows, &Page { total: (!is_cut).then_some(rows.len() as u64), ..Page::default() })?;
    if is_cut {
        shell.printer.note(&format!("only the first {} jobs of the tree", rows.len()));
    }
    Ok(Exit::Done)
}
