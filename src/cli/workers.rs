//! `wq workers`: this file lists the connected workers, ours and Node's.

use serde::Serialize;

use super::{Exit, shell::Shell, watch::Watch};
use crate::app::error::AppError;
use crate::core::model::queue::QueueName;
use crate::core::store::workers::{WorkerInfo, queues_at_work};
use crate::output::{Page, Row, human};

/// See who works
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Example:\n  wq workers list --watch")]
pub enum Args {
    /// List the connected workers, ours and Node's
    #[command(after_help = "Examples:\n  wq workers list\n  wq workers list -Q whatsapp --watch")]
    List {
        /// Only this queue [default: all]
        #[arg(short = 'Q', long, value_name = "NAME")]
        queue: Option<QueueName>,
        /// Once or again and again.
        #[command(flatten)]
        watch: Watch,
    },
}

#[derive(Default, Serialize)]
struct WorkerRow {
    queue: String,
    name: Option<String>,
    kind: &'static str,
    address: String,
    connected_s: u64,
    idle_s: u64,
}

impl WorkerRow {
    fn new(queue: &QueueName, worker: WorkerInfo) -> Self {
        let kind = if worker.ours { "wq" } else { "other" };
        Self {
            queue: queue.to_string(),
            name: worker.name,
            kind,
            address: worker.address,
            connected_s: worker.age_s,
            idle_s: worker.idle_s,
        }
    }
}

impl Row for WorkerRow {
    const SCHEMA: &'static str = "wq.workers.v1";
    const COLUMNS: &'static [&'static str] = &["QUEUE", "NAME", "KIND", "ADDRESS", "CONNECTED", "IDLE"];

    fn cells(&self) -> Vec<String> {
        let time = |s: u64| human::duration(std::time::Duration::from_secs(s));
        let name = self.name.clone().unwrap_or_else(|| "-".to_owned());
        vec![self.queue.clone(), name, self.kind.to_owned(), self.address.clone(), time(self.connected_s), time(self.idle_s)]
    }

    fn id(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.address)
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }
}

/// Lists them.
///
/// # Errors
/// When the server can't be asked or stdout can't be written.
pub async fn run(args: Args, shell: &Shell) -> anyhow::Result<Exit> {
    let Args::List { queue, watch } = args;
    let link = shell.link().await?;
    watch
        .every(shell, async || {
            let queues = match &queue {
                Some(name) => vec![shell.open(&link, Some(name))?],
                None => shell.open_each(&link, &queues_at_work(&link, &shell.settings.prefix).await.map_err(AppError::from)?),
            };
            let mut rows = Vec::new();
            for queue in &queues {
                let workers = queue.workers().await.map_err(AppError::from)?;
                rows.extend(workers.into_iter().map(|worker| WorkerRow::new(queue.name(), worker)));
            }
            shell.printer.rows(&rows, &Page { total: Some(rows.len() as u64), ..Page::default() })?;
            Ok(())
        })
        .await
}
