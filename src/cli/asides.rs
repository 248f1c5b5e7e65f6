//! `wq resume --campaign`, `--template`: this file brings back what stepped aside, and shows it.

use serde::Serialize;

use super::{Exit, shell::Shell};
use crate::app::error::{AppError, Kind};
use crate::core::model::aside::{Aside, SetAside, TemplateName};
use crate::core::store::Queue;
use crate::output::{Page, Row, human};

/// What is to come back.
#[derive(Debug, clap::Args)]
pub struct AsideFlags {
    /// Not the queue but this campaign, whose messages stepped aside
    #[arg(long, value_name = "NAME")]
    campaign: Option<String>,
    /// Not the queue but this template, whose messages stepped aside
    #[arg(long, value_name = "NAME/LANGUAGE", conflicts_with = "campaign")]
    template: Option<TemplateName>,
}

impl AsideFlags {
    /// `None` for the whole queue.
    pub(super) fn named(self) -> Option<Aside> {
        self.campaign.map(Aside::Campaign).or_else(|| self.template.map(Aside::from))
    }
}

/// A campaign or template that stepped aside, in JSON.
#[derive(Debug, Serialize)]
pub(super) struct AsideRow {
    what: String,
    reason: String,
    since: String,
    by: String,
    jobs: u64,
}

impl From<&SetAside> for AsideRow {
    fn from(aside: &SetAside) -> Self {
        Self {
            what: aside.key.clone(),
            reason: aside.reason.clone(),
            since: human::moment(aside.since),
            by: aside.by.clone(),
            jobs: aside.jobs,
        }
    }
}

impl AsideRow {
    /// One line of a table.
    pub(super) fn line(&self) -> String {
        format!("{}  {} jobs  {}", self.what, human::count(self.jobs), self.reason)
    }
}

/// What came back.
#[derive(Serialize)]
struct Returned {
    queue: String,
    #[serde(flatten)]
    aside: AsideRow,
}

impl Row for Returned {
    const SCHEMA: &'static str = "wq.returned.v1";
    const COLUMNS: &'static [&'static str] = &["QUEUE", "WHAT", "JOBS", "REASON"];

    fn cells(&self) -> Vec<String> {
        vec![self.queue.clone(), self.aside.what.clone(), human::count(self.aside.jobs), self.aside.reason.clone()]
    }

    fn id(&self) -> &str {
        &self.aside.what
    }
}

/// Brings one of them back, or says how much would come back.
///
/// # Errors
/// When nothing of that name stepped aside, or the server can't be asked.
pub(super) async fn bring_back(queue: &Queue, what: &Aside, dry_run: bool, shell: &Shell) -> anyhow::Result<Exit> {
    let found = if dry_run {
        let all = queue.list_aside().await.map_err(AppError::from)?;
        all.into_iter().find(|aside| aside.key == what.to_string())
    } else {
        queue.return_aside(what).await.map_err(AppError::from)?
    };
    let Some(aside) = found else {
        let error = AppError::new(Kind::NotFound, format!("{what} has not stepped aside in the queue {}", queue.name()));
        return Err(error.with_hint("what has is told by: wq metrics").into());
    };
    let row = Returned { queue: queue.name().to_string(), aside: AsideRow::from(&aside) };
    shell.printer.rows(&[row], &Page { dry_run, ..Page::default() })?;
    if dry_run {
        shell.printer.note("nothing was changed (dry run)");
    }
    Ok(Exit::Done)
}
