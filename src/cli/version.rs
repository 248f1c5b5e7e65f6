//! `wq version`: this file prints the version and what it is built for.

use serde::Serialize;

use super::{Exit, shell::Shell};
use crate::output::Row;

#[derive(Serialize)]
struct About {
    version: &'static str,
    target: String,
    bullmq: &'static str,
}

impl Row for About {
    const SCHEMA: &'static str = "wq.version.v1";
    const COLUMNS: &'static [&'static str] = &["VERSION", "TARGET", "BULLMQ FORMAT"];

    fn cells(&self) -> Vec<String> {
        vec![self.version.to_owned(), self.target.clone(), self.bullmq.to_owned()]
    }

    fn id(&self) -> &str {
        self.version
    }
}

/// Prints it.
///
/// # Errors
/// When stdout can't be written.
pub fn run(shell: &Shell) -> anyhow::Result<Exit> {
    let target = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    shell.printer.record(&About { version: env!("CARGO_PKG_VERSION"), target, bullmq: "6" })?;
    Ok(Exit::Done)
}
