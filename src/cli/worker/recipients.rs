//! This file reads how many messages one recipient may get.

use crate::core::model::rate::{Rate, RateLimit};
use crate::core::model::recipients::RecipientLimits;

/// Limits for each single recipient.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = super::PACE)]
pub(super) struct RecipientFlags {
    /// To one recipient [default: 1/6s by evolution and cloud]
    #[arg(id = "per_recipient", long = "per-recipient", value_name = "RATE")]
    rate: Option<RateLimit>,
    /// To one recipient at once, after a rest
    #[arg(id = "per_recipient_burst", long = "per-recipient-burst", value_name = "N", default_value_t = RecipientLimits::WHATSAPP.burst,
        value_parser = clap::value_parser!(u32).range(1..=1_000))]
    burst: u32,
    /// To one recipient in any 24 hours
    #[arg(id = "per_recipient_daily", long = "per-recipient-daily", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    daily: Option<u32>,
}

impl RecipientFlags {
    /// The limits of a worker that sends by WhatsApp, or by something else.
    pub(super) fn limits(&self, is_whatsapp: bool) -> Option<RecipientLimits> {
        let Self { rate, burst, daily } = *self;
        let interval = match rate {
            Some(RateLimit::Limited(Rate { max, window })) => window / u32::try_from(max).unwrap_or(u32::MAX),
            None | Some(RateLimit::Unset) if is_whatsapp => RecipientLimits::WHATSAPP.interval,
            // What the provider itself asks for still counts.
            _ if is_whatsapp || daily.is_some() => RecipientLimits::NONE.interval,
            _ => return None,
        };
        Some(RecipientLimits { interval, burst, daily })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        flags: RecipientFlags,
    }

    fn limits(words: &str, is_whatsapp: bool) -> Option<RecipientLimits> {
        let line = Line::try_parse_from(std::iter::once("wq").chain(words.split_whitespace())).unwrap();
        line.flags.limits(is_whatsapp)
    }

    #[test]
    fn whatsapp_has_limits_unless_told_otherwise_and_the_others_have_none() {
        assert_eq!((limits("", true), limits("", false)), (Some(RecipientLimits::WHATSAPP), None));
        assert_eq!(limits("--per-recipient none", true).map(|limits| limits.interval), Some(Duration::ZERO));
        assert_eq!(limits("--per-recipient none", false), None);
    }

    #[test]
    fn each_limit_can_be_set() {
        let all = limits("--per-recipient 10/m --per-recipient-burst 2 --per-recipient-daily 3", false);

        assert_eq!(all, Some(RecipientLimits { interval: Duration::from_secs(6), burst: 2, daily: Some(3) }));
        assert_eq!(limits("--per-recipient-daily 3", false).map(|limits| limits.interval), Some(Duration::ZERO));
    }
}
