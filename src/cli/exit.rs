//! This file holds the exit codes, which are a public promise, and prints the error that led to one.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::app::error::{AppError, Kind};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0
    Done,
    /// 1: a failure not listed below.
    Failed,
    /// 2: the command line makes no sense.
    Usage,
    /// 3: Redis unreachable, login refused, or no answer within `--timeout`.
    Unreachable,
    /// 4: the thing named does not exist.
    NotFound,
    /// 5: some rows were rejected or failed.
    Partial,
    /// 6: a check said no.
    CheckFailed,
    /// 7: waited long enough.
    TimedOut,
    /// 8: somebody else has it, or it changed under us.
    Conflict,
    /// 9: needs a confirmation that nobody can give, or belongs to somebody else.
    Refused,
    /// 75: the queue is full, try again later.
    Full,
    /// 130: a second SIGINT.
    Interrupted,
    /// 143: a second SIGTERM.
    Terminated,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::NotFound => 4,
            Self::Partial => 5,
            Self::CheckFailed => 6,
            Self::TimedOut => 7,
            Self::Conflict => 8,
            Self::Refused => 9,
            Self::Full => 75,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<Kind> for Exit {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Other => Self::Failed,
            Kind::Usage => Self::Usage,
            Kind::Unreachable => Self::Unreachable,
            Kind::NotFound => Self::NotFound,
            Kind::Partial => Self::Partial,
            Kind::CheckFailed => Self::CheckFailed,
            Kind::TimedOut => Self::TimedOut,
            Kind::Conflict => Self::Conflict,
            Kind::Refused => Self::Refused,
            Kind::Full => Self::Full,
        }
    }
}

/// Prints an error once, as `wq: doing: what happened` and a `hint:` line, or as JSON; a closed pipe is success.
pub(super) fn report(error: &anyhow::Error, json: bool, stderr: &mut impl Write) -> Exit {
    if error.chain().any(is_closed_pipe) {
        return Exit::Done;
    }
    let failure = error.chain().find_map(|cause| cause.downcast_ref::<AppError>());
    let exit = failure.map_or(Exit::Failed, |failure| failure.kind().into());
    let (message, hint) = (message(error), failure.and_then(AppError::hint));
    let text = if json {
        let body = serde_json::json!({ "error": { "code": exit.code(), "message": message, "hint": hint } });
        format!("{body}\n")
    } else {
        let hint = hint.map(|hint| format!("hint: {hint}\n")).unwrap_or_default();
        format!("wq: {message}\n{hint}")
    };
    // When stderr is gone too there is nobody left to tell.
    stderr.write_all(text.as_bytes()).ok();
    exit
}

/// Prints what clap says: help and version to stdout, a command line that makes no sense to stderr, as JSON if asked for.
pub(super) fn report_usage(error: &clap::Error, json: bool, stderr: &mut impl Write) -> Exit {
    if !error.use_stderr() {
        // Printing fails only when nobody reads.
        error.print().ok();
        return Exit::Done;
    }
    if !json {
        error.print().ok();
        return Exit::Usage;
    }
    let text = error.render().to_string();
    let message = text.split("\n\nUsage:").next().unwrap_or_default().trim_start_matches("error: ").trim();
    let usage = text.lines().find(|line| line.starts_with("Usage:"));
    let body = serde_json::json!({ "error": { "code": Exit::Usage.code(), "message": message, "hint": usage } });
    stderr.write_all(format!("{body}\n").as_bytes()).ok();
    Exit::Usage
}

/// The chain of causes, each said once.
fn message(error: &anyhow::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain().map(|cause| crate::output::clean(&cause.to_string()).into_owned()) {
        if parts.last().is_none_or(|last| !last.contains(&cause)) {
            parts.push(cause);
        }
    }
    parts.join(": ")
}

fn is_closed_pipe(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    fn reported(error: &anyhow::Error, json: bool) -> (Exit, String) {
        let mut stderr = Vec::new();
        let exit = report(error, json, &mut stderr);
        (exit, String::from_utf8(stderr).unwrap())
    }

    fn failure() -> anyhow::Error {
        let failure = AppError::new(Kind::NotFound, "no such job").with_hint("list them with: wq jobs list");
        Err::<(), _>(failure).context("job a1").unwrap_err()
    }

    #[test]
    fn an_error_is_one_line_with_a_hint_below() {
        let (exit, text) = reported(&failure(), false);

        assert_eq!(exit, Exit::NotFound);
        assert_eq!(text, "wq: job a1: no such job\nhint: list them with: wq jobs list\n");
    }

    #[test]
    fn with_json_an_error_is_an_object() {
        let (_, text) = reported(&failure(), true);

        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["error"]["code"], 4);
        assert_eq!(json["error"]["hint"], "list them with: wq jobs list");
    }

    #[test]
    fn with_json_a_command_line_that_makes_no_sense_is_an_object_too() {
        let error = super::super::command().try_get_matches_from(["wq", "jobs", "lst"]).unwrap_err();
        let mut stderr = Vec::new();

        let exit = report_usage(&error, true, &mut stderr);

        let json: serde_json::Value = serde_json::from_slice(&stderr).unwrap();
        assert_eq!((exit, &json["error"]["code"]), (Exit::Usage, &2.into()));
        assert!(json["error"]["message"].as_str().unwrap().starts_with("unrecognized subcommand 'lst'"), "{json}");
    }

    #[test]
    fn a_closed_pipe_is_success() {
        let error = anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe)).context("writing");

        assert_eq!(reported(&error, false), (Exit::Done, String::new()));
    }
}
