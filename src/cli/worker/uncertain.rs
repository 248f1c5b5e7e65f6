//! This file reads what a worker does with a send of which nobody knows whether it arrived.

use std::time::Duration;

use clap::ValueEnum;

use super::values;
use crate::app::error::{AppError, Kind};
use crate::core::store::intent::{Fence, OnUncertain};

/// The words after `--on-uncertain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Policy {
    Hold,
    Retry,
    Lookup,
}

/// The flags.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "When nobody knows whether it was sent")]
pub(super) struct Flags {
    /// hold, retry or lookup [default: hold; --via log: retry]
    #[arg(long, value_name = "RULE", hide_possible_values = true)]
    on_uncertain: Option<Policy>,
    /// How long lookup asks the provider for proof [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = values::patience)]
    uncertain_wait: Option<Duration>,
}

/// How long the provider is asked for proof unless told otherwise: late webhooks and slow searches come within minutes.
const DEFAULT_WAIT: Duration = Duration::from_mins(10);

impl Flags {
    /// A wait that nobody keeps is a mistake.
    pub(super) fn check(&self) -> Result<(), AppError> {
        if self.uncertain_wait.is_some() && self.on_uncertain != Some(Policy::Lookup) {
            return Err(AppError::new(Kind::Usage, "--uncertain-wait needs --on-uncertain lookup"));
        }
        Ok(())
    }

    /// How sends are announced; nothing when a lost one is as good as one never sent. `longest` is how long one send may take.
    pub(super) fn fence(&self, sends_nothing: bool, longest: Duration) -> Option<Fence> {
        let policy = match (self.on_uncertain, sends_nothing) {
            (None | Some(Policy::Retry), true) => return None,
            (None | Some(Policy::Hold), _) => OnUncertain::Hold,
            (Some(Policy::Retry), false) => OnUncertain::Retry,
            (Some(Policy::Lookup), _) => OnUncertain::Lookup,
        };
        Some(Fence { policy, send_timeout: longest })
    }

    /// How long the provider is asked for proof.
    pub(super) fn wait(&self) -> Duration {
        self.uncertain_wait.unwrap_or(DEFAULT_WAIT)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        flags: Flags,
    }

    fn fence(words: &[&str], sends_nothing: bool) -> Option<OnUncertain> {
        let line = Line::parse_from(["wq"].iter().chain(words));
        line.flags.fence(sends_nothing, Duration::from_secs(30)).map(|fence| fence.policy)
    }

    #[test]
    fn a_wait_without_a_lookup_is_refused() {
        let check = |words: &str| Line::parse_from(["wq"].into_iter().chain(words.split(' '))).flags.check().is_ok();

        assert!(check("--uncertain-wait 1m --on-uncertain lookup"));
        assert!(!check("--uncertain-wait 1m --on-uncertain hold") && !check("--uncertain-wait 1m"));
    }

    #[test]
    fn whatever_really_sends_holds_what_is_uncertain_unless_told_otherwise() {
        assert_eq!((fence(&[], false), fence(&[], true)), (Some(OnUncertain::Hold), None));
        for (word, real, log) in [
            ("hold", OnUncertain::Hold, Some(OnUncertain::Hold)),
            ("retry", OnUncertain::Retry, None),
            ("lookup", OnUncertain::Lookup, Some(OnUncertain::Lookup)),
        ] {
            assert_eq!((fence(&["--on-uncertain", word], false), fence(&["--on-uncertain", word], true)), (Some(real), log), "{word}");
        }
    }
}
