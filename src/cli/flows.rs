//! This file adds flows for `wq enqueue --tree`.

use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use super::{Exit, shell::Shell};
use crate::app::producer::{self, Tree, TreeDefaults};
use crate::core::model::flow::FlowStatus;
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

/// Adds the tree in this file and prints one row a job.
///
/// # Errors
/// When it was not added; then none of it was.
pub(super) async fn enqueue(path: &Path, defaults: TreeDefaults, dry_run: bool, shell: &Shell) -> anyhow::Result<Exit> {
    let doing = format!("enqueue --tree {}", path.display());
    let file = (path.as_os_str() != "-").then_some(path);
    let tree = producer::read_tree(file, &defaults).with_context(|| doing.clone())?;
    let statuses = if dry_run {
        vec![FlowStatus::Stored; tree.jobs.len()]
    } else {
        let queue = shell.queue(Some(&defaults.queue)).await.with_context(|| doing.clone())?;
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
