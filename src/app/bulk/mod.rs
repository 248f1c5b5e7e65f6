//! This file is the use case of `wq bulk`: a contact file becomes messages in a queue, each exactly once.

mod reading;
mod sending;
mod source;

use std::path::PathBuf;
use std::time::Duration;

use super::error::{AppError, Kind};
use super::feed::ask_patiently;
use crate::campaign::error::CampaignError;
use crate::campaign::mapping::Mapping;
use crate::campaign::planner::{Duplicates, Planner};
use crate::campaign::reader::ContactFile;
use crate::core::model::id::random_name;
use crate::core::model::job::JobOptions;
use crate::core::model::phone::Country;
use crate::core::store::{Ledger, Queue};

pub use sending::{Hooks, Report};
pub use source::Source;

/// Longest name of a campaign, in bytes.
const MAX_CAMPAIGN_BYTES: usize = 128;

/// When so many rows are wrong that it must be the wrong file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxErrors {
    /// More rejected rows than this.
    Rows(u64),
    /// A larger share of the rows than this, 0 to 100; looked at from the 100th row on, and at the end.
    Percent(f64),
}

/// What a person asked for.
#[derive(Debug)]
pub struct Request {
    /// Where the rows come from.
    pub source: Source,
    /// `--map`: pairs of field and column.
    pub map: Vec<(String, String)>,
    /// `--text`: the text with `{{column}}` placeholders.
    pub text: Option<String>,
    /// Where numbers without `+` belong.
    pub country: Option<Country>,
    /// A column that tells several messages to one contact apart.
    pub row_key: Option<String>,
    /// What to do with several rows for one contact.
    pub duplicates: Duplicates,
    /// A name for the campaign; else it is the digest of content, mapping and text.
    pub campaign: Option<String>,
    /// Where rejected rows go.
    pub rejects: Option<PathBuf>,
    /// Files that are written to, which the source must not be.
    pub other_outputs: Vec<PathBuf>,
    /// Whether each row's columns are kept for [`Hooks::results`].
    pub wants_results: bool,
    /// Rows per call of the store: 1 to [`crate::core::store::MAX_ADD_BATCH`].
    pub batch: usize,
    /// Only so many rows of the file.
    pub limit: Option<u64>,
    /// When to stop.
    pub max_errors: Option<MaxErrors>,
    /// How the jobs run.
    pub options: JobOptions,
    /// Whether the ids are remembered after their jobs are gone.
    pub ledger: Ledger,
    /// Whether nothing is to be added.
    pub dry_run: bool,
    /// Whether somebody wants to know the number of rows beforehand.
    pub wants_count: bool,
}

/// A file that can be added: everything about the command has been checked, no row yet.
pub struct Bulk {
    request: Request,
    file: ContactFile,
    planner: Planner,
    path_digest: Option<String>,
    about_rows: Option<u64>,
}

impl Bulk {
    /// Opens the file, reads its header and names the campaign. Blocks: it may read the whole file once.
    ///
    /// # Errors
    /// When the file can't be used, or the command does not fit it.
    pub fn prepare(request: Request) -> Result<Self, AppError> {
        check(&request)?;
        let file = request.source.open()?;
        let header = file.header().clone();
        let mapping = Mapping::bind(&header, &request.map, request.text.as_deref())?;
        let row_key = request.row_key.as_deref().map(|column| header.find(column)).transpose()?;
        let (campaign, about_rows) = name_campaign(&request)?;
        let planner = Planner { header, mapping, campaign, country: request.country, row_key, duplicates: request.duplicates };
        let path_digest = request.source.path_digest();
        Ok(Self { request, file, planner, path_digest, about_rows })
    }

    /// The campaign: part of every id.
    pub fn campaign(&self) -> &str {
        &self.planner.campaign
    }

    /// Whether the same command can be repeated without adding anybody twice.
    pub fn is_repeatable(&self) -> bool {
        self.request.campaign.is_some() || self.path_digest.is_some()
    }

    /// Lines of the file without the header: a little more than rows where cells hold line breaks.
    pub fn about_rows(&self) -> Option<u64> {
        self.about_rows
    }

    /// Claims the file for its campaign, so that it is not sent again by accident once it has changed; `patience` is how long
    /// Redis may stay away.
    ///
    /// # Errors
    /// [`Kind::Conflict`] when the file was added as another campaign within 30 days and the command names none.
    pub async fn claim(&self, queue: &Queue, patience: Duration) -> Result<(), AppError> {
        let Some(digest) = &self.path_digest else { return Ok(()) };
        if self.request.campaign.is_none()
            && let Some(earlier) = ask_patiently(patience, async || queue.campaign_of_file(digest).await).await?
            && earlier != self.campaign()
        {
            let source = &self.request.source;
            let message = format!("{source} was added as campaign {earlier}, and its rows, mapping or text have changed since");
            let hint = format!("--campaign {earlier} adds only what is new; --campaign NEW-NAME sends to everybody again");
            return Err(AppError::new(Kind::Conflict, message).with_hint(hint));
        }
        Ok(ask_patiently(patience, async || queue.remember_file(digest, self.campaign()).await).await?)
    }
}

impl std::fmt::Debug for Bulk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bulk").field("campaign", &self.planner.campaign).finish_non_exhaustive()
    }
}

fn check(request: &Request) -> Result<(), AppError> {
    let usage = |message: String| AppError::new(Kind::Usage, message);
    if request.text.as_deref().is_some_and(|text| text.trim().is_empty()) {
        return Err(usage("the text is empty".to_owned()));
    }
    if let Some(campaign) = &request.campaign
        && (campaign.is_empty() || campaign.len() > MAX_CAMPAIGN_BYTES || campaign.chars().any(char::is_control))
    {
        return Err(usage(format!("a campaign's name has 1 to {MAX_CAMPAIGN_BYTES} bytes and no control characters")));
    }
    if !request.source.is_file() {
        if request.duplicates == Duplicates::Last {
            return Err(usage("--duplicates last reads the file twice, and a pipe can be read only once".to_owned()));
        }
        if request.dry_run && request.wants_results {
            return Err(usage("--dry-run with --row-results reads the file twice, and a pipe can be read only once".to_owned()));
        }
    }
    if request.rejects.as_ref().is_some_and(|rejects| request.other_outputs.contains(rejects)) {
        return Err(usage("--rejects and --row-results name the same file".to_owned()));
    }
    for output in request.rejects.iter().chain(&request.other_outputs) {
        if request.source.is_same_file(output) {
            return Err(usage(format!("{} is the file that is read; write to another one", output.display())));
        }
    }
    Ok(())
}

/// The campaign, and the number of lines when the file had to be read for it.
fn name_campaign(request: &Request) -> Result<(String, Option<u64>), AppError> {
    if !request.source.is_file() {
        let random = || random_name().map_err(|error| AppError::new(Kind::Other, format!("no random bytes: {error}")));
        return Ok((request.campaign.clone().map_or_else(random, Ok)?, None));
    }
    match &request.campaign {
        Some(campaign) if !request.wants_count => Ok((campaign.clone(), None)),
        named => {
            let scan = request.source.scan()?;
            let campaign = named.clone().unwrap_or_else(|| source::digest_campaign(&scan, request));
            Ok((campaign, Some(scan.lines.saturating_sub(1))))
        }
    }
}

impl From<CampaignError> for AppError {
    fn from(error: CampaignError) -> Self {
        let kind = match &error {
            CampaignError::Open { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Kind::NotFound,
            CampaignError::Open { .. } | CampaignError::Io { .. } => Kind::Other,
            CampaignError::EndlessRow { .. } => Kind::Partial,
            _ => Kind::Usage,
        };
        Self::new(kind, error.to_string())
    }
}
