//! This file sorts every failure of a use case once, so that each face can answer in its own way.

use crate::core::dispatch::journal::JournalError;
use crate::core::model::schedule::ScheduleError;
use crate::core::store::error::StoreError;
use crate::transport::TransportError;

/// What kind of failure it was. The command line turns it into an exit code (`cli::exit`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing below.
    Other,
    /// The caller asked for something that makes no sense.
    Usage,
    /// Redis can't be reached, refuses the login, or gives no answer in time.
    Unreachable,
    /// The thing named does not exist.
    NotFound,
    /// Some of the rows failed.
    Partial,
    /// A check said no.
    CheckFailed,
    /// Waited long enough.
    TimedOut,
    /// Somebody else has it, or it changed under us.
    Conflict,
    /// Needs a confirmation that nobody can give, or belongs to somebody else.
    Refused,
    /// The queue is full: try again later.
    Full,
}

/// A failed use case: what happened, of which kind, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct AppError {
    kind: Kind,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl AppError {
    /// A failure in our own words.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, source: None }
    }

    /// Adds what the reader can do about it: one line, lower case, no full stop.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure, as one of another kind.
    #[must_use]
    pub fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// Of which kind it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What the reader can do about it.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl From<TransportError> for AppError {
    fn from(error: TransportError) -> Self {
        let kind = match &error {
            TransportError::Client { .. } => Kind::Other,
            _ => Kind::Usage,
        };
        let failure = Self::new(kind, error.to_string());
        Self { source: Some(Box::new(error)), ..failure }
    }
}

impl From<JournalError> for AppError {
    fn from(error: JournalError) -> Self {
        let failure = Self::new(Kind::Other, error.to_string()).with_hint("--state-dir DIR (WQ_STATE_DIR) names another place");
        Self { source: Some(Box::new(error)), ..failure }
    }
}

/// What to do about a server that stores nothing, by the code that its words begin with.
pub(super) fn cure(problem: &str) -> &'static str {
    match problem.split(' ').next().unwrap_or_default() {
        "OOM" => "raise maxmemory, or keep less: wq jobs clean, wq worker --keep-completed; workers go on meanwhile",
        "MISCONF" => "make room on the server's disk; it takes writes again by itself within a second or two",
        "NOREPLICAS" => "too few replicas are connected, or they are too far behind: see wq redis info replication",
        _ => "see: wq redis info, and the server's log",
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        let (kind, hint) = match &error {
            StoreError::Unreachable { .. } => (Kind::Unreachable, Some("start one with: wq redis start")),
            StoreError::TimedOut { .. } => (Kind::Unreachable, Some("is the server busy? --timeout gives it longer")),
            StoreError::Login { .. } => (Kind::Unreachable, Some("set WQ_REDIS_URL to redis://USER:PASSWORD@HOST:PORT")),
            StoreError::Forbidden { .. } => (Kind::Unreachable, Some("docs/security.md has the ACL SETUSER line of a user for wq")),
            StoreError::TooOld { .. } => (Kind::Unreachable, Some("scripts/setup-redis installs one that is new enough")),
            StoreError::Refused { problem, .. } => (Kind::Other, Some(cure(problem))),
            StoreError::Schedule(ScheduleError::SlotTaken(_)) => (Kind::Conflict, None),
            StoreError::Moved { .. } => (Kind::Unreachable, Some("the cluster is changing; try again")),
            StoreError::Full { .. } => (Kind::Full, Some("try again when less waits")),
            StoreError::NotDurable { .. } => (Kind::CheckFailed, Some("see: wq redis info persistence, or use --durability fast")),
            StoreError::Unconfirmed { .. } => (Kind::TimedOut, Some("it is in the queue: don't add it again under another id")),
            StoreError::NoCluster { .. } => (Kind::Usage, Some("leave out --cluster and WQ_REDIS_CLUSTER")),
            StoreError::Address { .. } | StoreError::Schedule(_) | StoreError::Untagged(_) => (Kind::Usage, None),
            StoreError::Server { .. } | StoreError::Shape { .. } | StoreError::Unheard { .. } => (Kind::Other, None),
        };
        let hint = match &error {
            StoreError::Untagged(untagged) => Some(format!("put what is to stay together in braces: {}", untagged.proposed_flags())),
            _ => hint.map(str::to_owned),
        };
        let failure = Self::new(kind, error.to_string());
        Self { source: Some(Box::new(error)), hint, ..failure }
    }
}
