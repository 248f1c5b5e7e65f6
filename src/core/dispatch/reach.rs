//! This file tells a campaign all of whose recipients are in a country that refuses it from one with some of them there.

use std::collections::HashMap;

use crate::core::model::aside::Aside;
use crate::core::model::message::Message;

/// Recipients of one country that are refused before the campaign steps aside: by then it is not a few strays in a list.
const MOST_REFUSED: u32 = 20;
/// Campaigns that are remembered. A worker that sends more of them at a time begins anew, and needs one success of each to know
/// it again.
const MOST_CAMPAIGNS: usize = 1024;

/// What one worker has seen of the recipients of each campaign.
#[derive(Debug, Default)]
pub(super) struct Reach {
    campaigns: HashMap<Aside, Seen>,
}

#[derive(Debug)]
enum Seen {
    /// Somebody got it, or people of another country were refused too: they don't all share one.
    Mixed,
    /// All so far were refused, and all are in this country.
    Refused { country: String, count: u32 },
}

/// A campaign that nobody can get.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lost {
    pub(super) campaign: Aside,
    /// The calling code, such as `+98`.
    pub(super) country: String,
    pub(super) count: u32,
}

impl Reach {
    /// A message with that data was accepted.
    pub(super) fn accepted(&mut self, data: &str) {
        // Most messages have no campaign; looking for the word costs nothing beside reading them.
        if let Some(campaign) = data.contains("\"campaign\"").then(|| Aside::campaign_of(data)).flatten() {
            self.remember(campaign, Seen::Mixed);
        }
    }

    /// The recipient's country was refused. The campaign, once all of its recipients seem to be there.
    pub(super) fn refused(&mut self, data: &str) -> Option<Lost> {
        let campaign = Aside::campaign_of(data)?;
        let message = Message::read(data).ok()?;
        let here = message.to.country_code();
        match self.campaigns.get_mut(&campaign) {
            Some(Seen::Mixed) => None,
            Some(Seen::Refused { country, .. }) if country != here => {
                self.remember(campaign, Seen::Mixed);
                None
            }
            Some(Seen::Refused { count, .. }) if *count < MOST_REFUSED => {
                *count += 1;
                None
            }
            Some(Seen::Refused { .. }) => {
                // Should a person let it go on, it is looked at afresh.
                self.campaigns.remove(&campaign);
                Some(Lost { campaign, country: here.to_owned(), count: MOST_REFUSED + 1 })
            }
            None => {
                self.remember(campaign, Seen::Refused { country: here.to_owned(), count: 1 });
                None
            }
        }
    }

    fn remember(&mut self, campaign: Aside, seen: Seen) {
        if self.campaigns.len() >= MOST_CAMPAIGNS && !self.campaigns.contains_key(&campaign) {
            self.campaigns.clear();
        }
        self.campaigns.insert(campaign, seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(country: &str, campaign: &str) -> String {
        let number = if country == "+34" { "+34600111222" } else { "+5511999990000" };
        format!(r#"{{"to":"{number}","text":"Hola","campaign":"{campaign}"}}"#)
    }

    fn refuse(reach: &mut Reach, country: &str, times: u32) -> Vec<Lost> {
        (0..times).filter_map(|_| reach.refused(&to(country, "bf26"))).collect()
    }

    #[test]
    fn a_campaign_whose_recipients_are_all_in_the_country_is_lost_after_more_than_twenty() {
        let mut reach = Reach::default();

        assert!(refuse(&mut reach, "+34", 20).is_empty());
        let lost = Lost { campaign: Aside::Campaign("bf26".to_owned()), country: "+34".to_owned(), count: 21 };
        assert_eq!(refuse(&mut reach, "+34", 1), [lost]);
        assert!(refuse(&mut reach, "+34", 20).is_empty(), "it begins anew");
    }

    #[test]
    fn a_campaign_that_somebody_got_goes_on_however_many_are_refused() {
        let mut reach = Reach::default();
        reach.accepted(&to("+55", "bf26"));

        assert!(refuse(&mut reach, "+34", 100).is_empty());
    }

    #[test]
    fn recipients_of_two_countries_do_not_share_one() {
        let mut reach = Reach::default();
        refuse(&mut reach, "+55", 1);

        assert!(refuse(&mut reach, "+34", 100).is_empty());
    }

    #[test]
    fn campaigns_are_counted_apart_and_messages_without_one_not_at_all() {
        let mut reach = Reach::default();
        reach.accepted(&to("+34", "other"));
        assert!((0..50).all(|_| reach.refused(r#"{"to":"+34600111222","text":"Hola"}"#).is_none()));

        assert_eq!(refuse(&mut reach, "+34", 21).len(), 1);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut reach = Reach::default();
        for n in 0..5_000 {
            reach.accepted(&to("+34", &n.to_string()));
        }

        assert!(reach.campaigns.len() <= MOST_CAMPAIGNS);
    }
}
