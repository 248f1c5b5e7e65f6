//! `wq events`: this file follows the event stream of a queue.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::{Exit, shell::Shell, which::Which};
use crate::app::error::AppError;
use crate::core::store::Queue;
use crate::core::store::events::Event;
use crate::output::{Format, Page, Row, human};

/// How many events one read brings.
const BATCH: usize = 500;
/// How long one blocking read lasts.
const BLOCK: Duration = Duration::from_secs(5);

/// Follow what happens in a queue
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  wq events\n  wq events --type failed,stalled -o ndjson\n  wq events --from 0 --no-follow")]
pub struct Args {
    #[command(flatten)]
    which: Which,
    /// Begin after this event; 0 is the oldest kept, $ only new ones
    #[arg(long, value_name = "ID", default_value = "$")]
    from: String,
    /// Only these kinds
    #[arg(long = "type", value_name = "KIND", value_delimiter = ',')]
    kinds: Vec<String>,
    /// Stop when all that is there was printed
    #[arg(long)]
    no_follow: bool,
    /// Stop after so many
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
}

#[derive(Serialize)]
struct EventRow {
    id: String,
    at: String,
    event: String,
    job: Option<String>,
    fields: BTreeMap<String, String>,
}

impl EventRow {
    fn new(event: Event) -> Self {
        let mut fields: BTreeMap<String, String> = event.fields.into_iter().collect();
        let at = event.id.split('-').next().and_then(|ms| ms.parse().ok()).map(human::moment).unwrap_or_default();
        Self { at, job: fields.remove("jobId"), event: event.kind, id: event.id, fields }
    }
}

impl Row for EventRow {
    const SCHEMA: &'static str = "wq.events.v1";
    const COLUMNS: &'static [&'static str] = &["AT", "EVENT", "JOB", "MORE"];

    fn cells(&self) -> Vec<String> {
        let more: Vec<String> = self.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        vec![self.at.clone(), self.event.clone(), self.job.clone().unwrap_or_default(), more.join(" ")]
    }

    fn id(&self) -> &str {
        &self.id
    }
}

/// Follows it until interrupted.
///
/// # Errors
/// When the server can't be asked or stdout can't be written.
pub async fn run(args: Args, shell: &Shell) -> anyhow::Result<Exit> {
    let queue = shell.queue(Some(args.which.name(shell))).await?;
    let reader = queue.link().server().connect_blocking().await.map_err(AppError::from)?;
    let queue = queue.over(reader);
    let interrupted = tokio::signal::ctrl_c();
    tokio::select! {
        _ = interrupted => Ok(Exit::Done),
        result = follow(&queue, &args, shell) => result,
    }
}

async fn follow(queue: &Queue, args: &Args, shell: &Shell) -> anyhow::Result<Exit> {
    let mut after = match args.from.as_str() {
        "$" => queue.last_event_id().await.map_err(AppError::from)?,
        id => id.to_owned(),
    };
    let mut left = args.limit.unwrap_or(u64::MAX);
    while left > 0 {
        let block = (!args.no_follow).then_some(BLOCK);
        let events = queue.events(&after, BATCH, block).await.map_err(AppError::from)?;
        if events.is_empty() && args.no_follow {
            break;
        }
        let Some(last) = events.last() else { continue };
        after.clone_from(&last.id);
        let wanted = events.into_iter().filter(|event| args.kinds.is_empty() || args.kinds.contains(&event.kind));
        let rows: Vec<EventRow> = wanted.take(usize::try_from(left).unwrap_or(usize::MAX)).map(EventRow::new).collect();
        left -= rows.len() as u64;
        print(&rows, shell)?;
    }
    Ok(Exit::Done)
}

/// A table has no end here: one line an event, whatever is read.
fn print(rows: &[EventRow], shell: &Shell) -> std::io::Result<()> {
    match shell.printer.format() {
        Format::Table | Format::Wide | Format::Tsv => {
            let lines: Vec<String> = rows.iter().map(|row| row.cells().join("  ")).collect();
            shell.printer.lines(lines.iter().map(String::as_str))
        }
        Format::Json => {
            for row in rows {
                shell.printer.record(row)?;
            }
            Ok(())
        }
        _ => shell.printer.rows(rows, &Page::default()),
    }
}
