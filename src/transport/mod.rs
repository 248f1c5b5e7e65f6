//! The ways to send: each is one file and one line here.

mod client;
pub mod cloud;
mod envelope;
pub mod evolution;
pub mod exec;
pub mod http;
pub mod log;
mod meta;
mod redact;
mod secret;

use std::sync::Arc;
use std::time::Duration;

use crate::core::dispatch::transport::Transport;
pub use secret::Secret;

/// How long one send may take unless told otherwise.
pub const DEFAULT_SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// What a worker was told by `--via`.
#[derive(Debug)]
pub enum Way {
    /// `--via cloud --phone-number-id ID`
    Cloud(cloud::Options),
    /// `--via http --url URL`
    Http(http::Options),
    /// `--via evolution --instance NAME --base-url URL`
    Evolution(evolution::Options),
    /// `--via exec -- CMD ARGS…`
    Exec(exec::Options),
    /// `--via log`
    Log(log::Options),
}

impl Way {
    /// The longest that one send takes, but for the seconds that a provider types before a message.
    pub fn longest_send(&self) -> Duration {
        match self {
            Self::Cloud(options) => options.timeout,
            Self::Http(options) => options.timeout,
            Self::Evolution(options) => options.timeout,
            Self::Exec(options) => options.timeout,
            Self::Log(options) => options.latency.1,
        }
    }
}

/// Why a way to send can't be set up. Never shows a password.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The address to post to is of no use.
    #[error("the URL to send to is of no use: {problem}")]
    Address {
        /// What is wrong with it.
        problem: String,
    },
    /// The HTTP client can't be built.
    #[error("can't set up the HTTP client: {problem}")]
    Client {
        /// What it said.
        problem: String,
    },
    /// A provider can't be used with this setting.
    #[error("the {name} is of no use: {problem}")]
    Setting {
        /// What people call it.
        name: &'static str,
        /// What is wrong with it; never the value of a secret.
        problem: String,
    },
    /// Nothing follows `--`.
    #[error("no command to run: write it after --, such as --via exec -- ./send.sh")]
    NoCommand,
    /// No file of that name in any folder of the search path, or at that path.
    #[error("the command {name:?} was not found")]
    CommandNotFound {
        /// As typed.
        name: String,
    },
    /// It exists and can't be run.
    #[error("the command {name:?} is not an executable file")]
    NotExecutable {
        /// As typed.
        name: String,
    },
}

/// Sets up a way to send, so that a worker with a bad URL or a missing command fails before it takes a job.
///
/// # Errors
/// What is wrong with the settings, in words for the person who typed them.
pub fn build(way: Way) -> Result<Arc<dyn Transport>, TransportError> {
    Ok(match way {
        Way::Cloud(options) => Arc::new(cloud::Cloud::new(options)?),
        Way::Http(options) => Arc::new(http::Http::new(options)?),
        Way::Evolution(options) => Arc::new(evolution::Evolution::new(options)?),
        Way::Exec(options) => Arc::new(exec::Exec::new(options)?),
        Way::Log(options) => Arc::new(log::Log::new(options)),
    })
}
