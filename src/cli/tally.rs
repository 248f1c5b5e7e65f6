//! This file says of how many jobs a command disposed, or would dispose.

use std::io;

use serde::Serialize;

use super::shell::Shell;
use crate::core::model::queue::QueueName;
use crate::output::{Page, Row, human};

/// What was done with many jobs of one queue at once.
#[derive(Debug, Serialize)]
pub(super) struct Tally {
    queue: String,
    change: &'static str,
    count: u64,
    dry_run: bool,
    #[serde(skip)]
    digits: String,
}

impl Row for Tally {
    const SCHEMA: &'static str = "wq.tally.v1";
    const COLUMNS: &'static [&'static str] = &["QUEUE", "CHANGE", "COUNT"];

    fn cells(&self) -> Vec<String> {
        let change = if self.dry_run { format!("would be {}", self.change) } else { self.change.to_owned() };
        vec![self.queue.clone(), change, human::count(self.count)]
    }

    fn id(&self) -> &str {
        &self.digits
    }
}

/// Prints it; `change` is a participle: `removed`.
pub(super) fn report(queue: &QueueName, change: &'static str, count: u64, dry_run: bool, shell: &Shell) -> io::Result<()> {
    let tally = Tally { queue: queue.to_string(), change, count, dry_run, digits: count.to_string() };
    shell.printer.record_on(&tally, &Page { dry_run, ..Page::default() })?;
    if dry_run {
        shell.printer.note("nothing was changed (dry run)");
    }
    Ok(())
}
