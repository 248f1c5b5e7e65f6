//! This file sorts what can go wrong between `wq` and Redis.

use super::connect::ServerAddress;
pub use super::slot::Untagged;
use crate::core::model::schedule::ScheduleError;

/// What went wrong at the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The text after `--redis` is no address.
    #[error("{shown:?} is no Redis address: {problem}")]
    Address {
        /// The address without its password.
        shown: String,
        /// What the parser missed.
        problem: String,
    },
    /// Nobody answers there, or the connection broke and did not come back in time.
    #[error("can't reach Redis at {server}: {problem}")]
    Unreachable {
        /// Host, port and database; never the password.
        server: String,
        /// The system's words.
        problem: String,
    },
    /// The server refused the user or password.
    #[error("Redis at {server} refused the login: {problem}")]
    Login {
        /// Host, port and database.
        server: String,
        /// The server's words.
        problem: String,
    },
    /// The server's user may not do that.
    #[error("Redis at {server} does not allow this user what wq needs: {problem}")]
    Forbidden {
        /// Host, port and database.
        server: String,
        /// The server's words.
        problem: String,
    },
    /// A channel was subscribed to, and where the queue is nobody knows of it.
    #[error("Redis at {server} has the queue, but not the worker's subscription")]
    Unheard {
        /// Host, port and database.
        server: String,
    },
    /// It answers, but not in time.
    #[error("Redis at {server} gave no answer in time")]
    TimedOut {
        /// Host, port and database.
        server: String,
    },
    /// It lacks what the scripts need.
    #[error("Redis at {server} is version {version}; wq needs Redis 7.0 or Valkey 7.2 and later")]
    TooOld {
        /// Host, port and database.
        server: String,
        /// As the server says it.
        version: String,
    },
    /// The server can't store anything now: out of memory, disk full, read-only, loading.
    #[error("Redis at {server} refuses to store: {problem}")]
    Refused {
        /// Host, port and database.
        server: String,
        /// The server's words.
        problem: String,
    },
    /// The queue, or the server's memory, is as full as the caller allows; nothing of the call was stored.
    #[error("{problem}")]
    Full {
        /// What is full, and how full.
        problem: String,
        /// How many jobs may still be added.
        room: usize,
    },
    /// The server can't give the durability that was asked for; nothing was stored.
    #[error("Redis at {server} can't confirm that adds are safe: {problem}")]
    NotDurable {
        /// Host, port and database.
        server: String,
        /// Why.
        problem: String,
    },
    /// Everything is stored, but not as safely as was asked for.
    #[error("stored in Redis at {server}, but not confirmed: {problem}")]
    Unconfirmed {
        /// Host, port and database.
        server: String,
        /// What is missing.
        problem: String,
    },
    /// The server rejected a command for another reason.
    #[error("Redis at {server} answered: {problem}")]
    Server {
        /// Host, port and database.
        server: String,
        /// The server's words.
        problem: String,
    },
    /// The schedule can't be stored.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// The server is one node of a cluster and no longer has the queue's keys. Nothing was done.
    #[error("Redis at {server} no longer has the queue: {problem}")]
    Moved {
        /// Host, port and database.
        server: String,
        /// The server's words.
        problem: String,
    },
    /// The server was said to be a cluster.
    #[error("Redis at {server} is no cluster")]
    NoCluster {
        /// Host, port and database.
        server: String,
    },
    /// A cluster would spread the keys of this queue.
    #[error(transparent)]
    Untagged(#[from] Untagged),
    /// The answer has another shape than the script promises.
    #[error("unexpected answer to {operation}: {problem}")]
    Shape {
        /// The script or command.
        operation: &'static str,
        /// What was found.
        problem: String,
    },
}

impl StoreError {
    /// Whether a new connection may help, on a cluster perhaps to another node: the call may or may not have been carried out.
    pub fn is_connection_lost(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Moved { .. })
    }

    /// Whether what was to be stored may be stored all the same: it may have been before its answer was lost.
    pub fn leaves_doubt(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Unconfirmed { .. })
    }

    /// Whether the same call may work later without anyone changing anything.
    pub fn is_passing(&self) -> bool {
        self.is_connection_lost() || matches!(self, Self::Refused { .. })
    }

    /// Sorts an error of the client library.
    pub(super) fn from_redis(server: &ServerAddress, error: &redis::RedisError) -> Self {
        use redis::{ErrorKind, ServerErrorKind};
        let shown = server.to_string();
        let problem = clean(error);
        match error.kind() {
            _ if error.is_timeout() => Self::TimedOut { server: shown },
            ErrorKind::AuthenticationFailed => Self::Login { server: shown, problem },
            ErrorKind::Io => Self::Unreachable { server: shown, problem },
            ErrorKind::Server(ServerErrorKind::Moved) => Self::Moved { server: shown, problem },
            ErrorKind::Server(
                // While a slot moves, keys that have gone already are somewhere else for the moment.
                ServerErrorKind::Ask
                | ServerErrorKind::TryAgain
                | ServerErrorKind::BusyLoading
                | ServerErrorKind::ReadOnly
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ClusterDown,
            ) => Self::Refused { server: shown, problem },
            _ => Self::from_code(shown, error.code().unwrap_or_default(), problem),
        }
    }

    fn from_code(server: String, code: &str, problem: String) -> Self {
        match code {
            "NOAUTH" | "WRONGPASS" => Self::Login { server, problem },
            "NOPERM" => Self::Forbidden { server, problem },
            "OOM" | "MISCONF" | "NOREPLICAS" => Self::Refused { server, problem },
            _ => Self::Server { server, problem },
        }
    }
}

/// The library's text without the parts that only programmers read.
fn clean(error: &redis::RedisError) -> String {
    let text = error.detail().map_or_else(
        || error.to_string(),
        |detail| match error.code() {
            Some(code) => format!("{code} {detail}"),
            None => detail.to_owned(),
        },
    );
    let line = text.lines().next().unwrap_or_default();
    // Where in which script it was is said behind it.
    let line = line.split_once(" script: ").map_or(line, |(problem, _)| problem);
    line.chars().take(300).collect()
}
