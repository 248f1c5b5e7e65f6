//! `wq doctor`: this file shows what endangers messages: in the server, in the queue, at the provider.

use serde::Serialize;

use super::providers::{self, Configured};
use super::settings::{Found, Settings, Told};
use super::{Exit, shell::Shell, which::Which};
use crate::app::doctor::{self, Check, Finding};
use crate::app::error::AppError;
use crate::output::{Page, Row};
use crate::transport;

/// Look for what endangers messages: in Redis, in the queue, at the provider
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wq doctor
  wq doctor --json | jq '.data[] | select(.finding != \"ok\")'

Looks at what survives a crash (append-only file, fsync, replicas), eviction, memory, clocks, pauses, workers, active jobs in nobody's \
hands, held messages, and the providers that the environment or wq.toml names. Each setting is shown with where it came from: a flag, \
a variable, a file or a profile in it; of keys and passwords only the place.

Exit code 6 when something failed, 0 with warnings alone.")]
pub struct Args {
    #[command(flatten)]
    which: Which,
}

#[derive(Serialize)]
struct CheckRow {
    subject: String,
    check: &'static str,
    finding: &'static str,
    detail: String,
    cure: Option<String>,
}

impl From<Check> for CheckRow {
    fn from(check: Check) -> Self {
        Self { subject: check.subject, check: check.name, finding: check.finding.as_str(), detail: check.detail, cure: check.cure }
    }
}

impl Row for CheckRow {
    const SCHEMA: &'static str = "wq.doctor.v1";
    const COLUMNS: &'static [&'static str] = &["SUBJECT", "CHECK", "FINDING", "DETAIL", "CURE"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.subject.clone(),
            self.check.to_owned(),
            self.finding.to_owned(),
            self.detail.clone(),
            self.cure.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    }

    fn id(&self) -> &str {
        self.check
    }
}

/// Shows it.
///
/// # Errors
/// When the server can't be asked or stdout can't be written.
pub async fn run(args: Args, shell: &Shell) -> anyhow::Result<Exit> {
    let queue = args.which.open(shell).await?;
    let mut checks = settings_told(&shell.settings);
    checks.extend(doctor::examine(&queue).await.map_err(AppError::from)?);
    for Configured { name, told, way } in providers::configured(&shell.settings, &shell.printer) {
        checks.extend(told.into_iter().map(|told| setting(name, told)));
        checks.push(match way.and_then(|way| transport::build(way).map_err(AppError::from)) {
            Ok(transport) => doctor::ask_provider(&*transport).await,
            Err(error) => doctor::unusable_provider(name, error.to_string()),
        });
    }
    let worst = checks.iter().map(|check| check.finding).max().unwrap_or(Finding::Good);
    let rows: Vec<CheckRow> = checks.into_iter().map(CheckRow::from).collect();
    shell.printer.rows(&rows, &Page::default())?;
    Ok(if worst == Finding::Bad { Exit::CheckFailed } else { Exit::Done })
}

/// What every command goes by, and who said so.
fn settings_told(settings: &Settings) -> Vec<Check> {
    let none = Found::by_default("none".to_owned());
    let profile = Told::of("profile", settings.profile.as_ref().unwrap_or(&none));
    std::iter::once(profile).chain(settings.told.iter().cloned()).map(|told| setting("settings", told)).collect()
}

/// A setting as a check that nothing can be wrong with any more.
fn setting(subject: &str, told: Told) -> Check {
    let detail = format!("{} ({})", told.value, told.origin);
    Check { subject: subject.to_owned(), name: told.name, finding: Finding::Good, detail, cure: None }
}
