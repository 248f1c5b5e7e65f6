//! This file counts what goes wrong in a row, and says when that is enough to stop.

use std::collections::HashMap;

use super::reach::Reach;
use super::transport::{Outcome, PauseScope};
use crate::core::model::aside::Aside;
use crate::core::model::outage::{Outage, OutageEnd};

/// Sends in a row that got no answer before the queue is paused: an outage costs a handful of messages, not a campaign.
const MOST_UNANSWERED: u32 = 5;
/// Messages in a row whose parameters a template refuses before it steps aside: by then it is not the messages' fault.
const MOST_MISFITS: u32 = 20;
/// The class of a retry whose request never reached the provider.
const UNREACHABLE: &str = "unreachable";
/// The class of a refusal of a template's parameters.
const TEMPLATE_PARAMS: &str = "template_params";
/// The class of a refusal of the recipient's country.
const COUNTRY_NOT_ALLOWED: &str = "country_not_allowed";

/// What is to be done beyond the one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trip {
    /// The queue pauses.
    Queue(Outage),
    /// A campaign or a template steps aside.
    Aside(Aside, String),
}

/// Counts over the sends of one worker. An answer of the provider, whatever it says, ends a row.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    unanswered: u32,
    misfits: HashMap<Aside, u32>,
    reach: Reach,
}

impl Breaker {
    /// Counts one outcome of a message with that data.
    pub(super) fn count(&mut self, outcome: &Outcome, data: &str) -> Option<Trip> {
        if let Some(reason) = unanswered(outcome) {
            self.unanswered = self.unanswered.saturating_add(1);
            // Not set back here: should the provider be believed too early, one more is enough.
            return (self.unanswered >= MOST_UNANSWERED).then(|| Trip::Queue(self.unreachable(reason)));
        }
        self.unanswered = 0;
        if let Outcome::Accepted { provider_id: Some(_), .. } = outcome {
            self.reach.accepted(data);
        }
        match outcome {
            Outcome::Accepted { .. } if !self.misfits.is_empty() => {
                Aside::template_of(data).and_then(|template| self.misfits.remove(&template));
                None
            }
            Outcome::Permanent { reason } if class_of(reason) == TEMPLATE_PARAMS => self.misfit(Aside::template_of(data)?, reason),
            Outcome::Permanent { reason } if class_of(reason) == COUNTRY_NOT_ALLOWED => self.unreached(data, reason),
            Outcome::PauseQueue(outage) => Some(Trip::Queue(outage.clone())),
            Outcome::PauseCampaign { reason, scope } => scope_of(*scope, data).map(|aside| Trip::Aside(aside, reason.clone())),
            _ => None,
        }
    }

    fn unreachable(&self, reason: &str) -> Outage {
        let reason = format!("{} sends in a row got no answer, the last one: {reason}", self.unanswered);
        Outage { class: UNREACHABLE, reason, end: OutageEnd::Probe }
    }

    fn misfit(&mut self, template: Aside, reason: &str) -> Option<Trip> {
        let count = self.misfits.entry(template.clone()).or_default();
        *count += 1;
        if *count <= MOST_MISFITS {
            return None;
        }
        let reason = format!("{count} messages in a row don't fit it, the last one: {reason}");
        self.misfits.remove(&template);
        Some(Trip::Aside(template, reason))
    }
}

impl Breaker {
    fn unreached(&mut self, data: &str, reason: &str) -> Option<Trip> {
        let lost = self.reach.refused(data)?;
        let reason = format!("{} recipients in {} were refused and nobody else got it, the last one: {reason}", lost.count, lost.country);
        Some(Trip::Aside(lost.campaign, reason))
    }
}

/// Why a send got no answer; `None` when it got one.
pub(super) fn unanswered(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Uncertain { reason } => Some(reason),
        Outcome::Retry { reason } if class_of(reason) == UNREACHABLE => Some(reason),
        _ => None,
    }
}

/// What of a message steps aside under a scope. A message without a campaign goes by its template, and the other way round.
pub(super) fn scope_of(scope: PauseScope, data: &str) -> Option<Aside> {
    match scope {
        PauseScope::Campaign => Aside::campaign_of(data).or_else(|| Aside::template_of(data)),
        PauseScope::Template => Aside::template_of(data).or_else(|| Aside::campaign_of(data)),
    }
}

/// The word before the colon.
fn class_of(reason: &str) -> &str {
    reason.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn uncertain() -> Outcome {
        Outcome::Uncertain { reason: "no answer".to_owned() }
    }

    fn refused() -> Outcome {
        Outcome::Retry { reason: "unreachable: connection refused".to_owned() }
    }

    fn accepted() -> Outcome {
        Outcome::Accepted { reply: "null".to_owned(), provider_id: None }
    }

    fn misfit() -> Outcome {
        Outcome::Permanent { reason: "template_params:132000 wrong count".to_owned() }
    }

    const CITA: &str = r#"{"campaign":"bf26","template":{"name":"cita","language":"es"}}"#;

    /// At which of the outcomes, from 1, something trips.
    fn trips(outcomes: impl IntoIterator<Item = Outcome>) -> Vec<usize> {
        let mut breaker = Breaker::default();
        let tripped = |(at, outcome): (usize, Outcome)| breaker.count(&outcome, CITA).map(|_| at + 1);
        outcomes.into_iter().enumerate().filter_map(tripped).collect()
    }

    #[test]
    fn five_sends_in_a_row_without_an_answer_pause_the_queue_and_then_each_further_one() {
        assert!(trips([uncertain(), refused(), uncertain(), refused()]).is_empty());
        assert_eq!(trips([uncertain(), refused(), uncertain(), refused(), uncertain(), refused()]), [5, 6]);
    }

    #[test]
    fn any_answer_ends_the_row() {
        let wait = Outcome::Wait { reason: "busy".to_owned(), after: Duration::from_secs(1), slow_down: true };
        let failed = Outcome::Retry { reason: "http 500: its own word".to_owned() };
        let refused_for_good = Outcome::Permanent { reason: "not_on_whatsapp:400 no account".to_owned() };
        for answer in [accepted(), wait, failed, refused_for_good] {
            let row = std::iter::repeat_n(uncertain(), 4);
            assert_eq!(trips(row.clone().chain([answer]).chain(row).chain([uncertain()])), [10]);
        }
    }

    #[test]
    fn an_outage_that_the_provider_names_pauses_at_once() {
        let outage = Outage { class: "auth", reason: "the key is refused".to_owned(), end: OutageEnd::ByHand };

        let trip = Breaker::default().count(&Outcome::PauseQueue(outage.clone()), "{}");

        assert_eq!(trip, Some(Trip::Queue(outage)));
    }

    #[test]
    fn a_breaker_says_how_many_and_why() {
        let mut breaker = Breaker::default();
        let last = (0..5).filter_map(|_| breaker.count(&refused(), "{}")).last();

        let Some(Trip::Queue(outage)) = last else { panic!("{last:?}") };
        assert_eq!((outage.class, outage.end), ("unreachable", OutageEnd::Probe));
        assert_eq!(outage.reason, "5 sends in a row got no answer, the last one: unreachable: connection refused");
    }

    #[test]
    fn a_template_that_more_than_twenty_messages_in_a_row_do_not_fit_steps_aside() {
        assert!(trips(std::iter::repeat_n(misfit(), 20)).is_empty());
        assert_eq!(trips(std::iter::repeat_n(misfit(), 22)), [21]);
        let between = std::iter::repeat_n(misfit(), 20).chain([accepted()]).chain(std::iter::repeat_n(misfit(), 21));
        assert_eq!(trips(between), [42]);
    }

    #[test]
    fn a_message_steps_aside_with_its_campaign_or_its_template() {
        let refused = |scope, data: &str| {
            Breaker::default().count(&Outcome::PauseCampaign { reason: "paused".to_owned(), scope }, data).map(|trip| match trip {
                Trip::Aside(aside, reason) => format!("{aside} {reason}"),
                Trip::Queue(_) => panic!("the whole queue"),
            })
        };

        assert_eq!(refused(PauseScope::Campaign, CITA).as_deref(), Some("campaign:bf26 paused"));
        assert_eq!(refused(PauseScope::Template, CITA).as_deref(), Some("template:cita/es paused"));
        assert_eq!(refused(PauseScope::Template, r#"{"campaign":"bf26"}"#).as_deref(), Some("campaign:bf26 paused"));
        assert_eq!(refused(PauseScope::Campaign, "{}"), None);
    }
}
