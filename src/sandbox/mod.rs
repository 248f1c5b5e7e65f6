//! A WhatsApp provider on this machine: this folder speaks Evolution's and Meta's dialects, goes wrong on request, and
//! writes down every message that it accepts.
//!
//! A face of its own: nothing here knows Redis, queues or workers.

mod answer;
mod control;
mod evolution;
mod fate;
mod journal;
mod knobs;
mod meta;
mod provider;
mod server;
mod webhooks;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use control::latency;
pub use fate::{Code, Fault, Share, codes};
pub use journal::{Entry, Outcome, Review, review};
pub use knobs::{ErrorFor, Knobs, WebhookKnobs};
pub use server::Sandbox;

/// Whose words are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// Evolution API v2.
    Evolution,
    /// Meta's Cloud API.
    Meta,
}

impl Dialect {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Evolution => "evolution",
            Self::Meta => "meta",
        }
    }
}

/// A provider to set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes a free one. Loopback only.
    pub listen: SocketAddr,
    /// Name of Evolution's one instance.
    pub instance: String,
    /// Id of Meta's one business number.
    pub phone_number_id: String,
    /// The number that messages come from, digits only.
    pub own_number: String,
    /// Evolution's `apikey` and Meta's bearer token.
    pub key: String,
    /// Signs Meta's webhooks.
    pub app_secret: String,
    /// Meta's templates and what they want; any is good when there is none.
    pub templates: Vec<Template>,
    /// Where accepted messages are written down.
    pub journal: Option<PathBuf>,
    /// Where sends are written down that a fault kept from being accepted.
    pub refusals: Option<PathBuf>,
    /// Where webhooks go, with further headers.
    pub webhook: Option<Webhook>,
    /// Decides every lot.
    pub seed: u64,
    /// What goes wrong.
    pub knobs: Knobs,
}

/// A receiver of webhooks.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// `http:` or `https:`.
    pub url: String,
    /// Sent with each.
    pub headers: Vec<(String, String)>,
}

/// A template of Meta's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// What it wants.
    pub wants: Wants,
}

/// What becomes of a message with a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// So many parameters in its body.
    Parameters(usize),
    /// It is refused with this code of Meta's.
    Refusal(u32),
}

impl FromStr for Template {
    type Err = String;

    /// Reads `cita=2` and `promo=132015`.
    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("{text:?}: write NAME=PARAMETERS such as cita=2, or NAME=CODE such as promo=132015");
        let (name, wants) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(refuse)?;
        let number: u32 = wants.parse().map_err(|_| refuse())?;
        let is_code = number >= 1_000;
        let wants = if is_code { Wants::Refusal(number) } else { Wants::Parameters(usize::try_from(number).map_err(|_| refuse())?) };
        Ok(Self { name: name.to_owned(), wants })
    }
}

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Other machines could reach it.
    #[error("{0} is no loopback address; the sandbox has no way to keep others out")]
    NotLoopback(std::net::IpAddr),
    /// The port is taken, as a rule.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The journal can't be opened.
    #[error("the journal {}: {source}", path.display())]
    Journal {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Nothing can be posted there.
    #[error("the URL of the webhooks is of no use: {0}")]
    Webhook(String),
}

/// Why a connection ended without an answer.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    /// As the knobs wanted it.
    #[error("closed without an answer")]
    NoAnswer,
}
