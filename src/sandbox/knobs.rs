//! This file holds the knobs: what goes wrong how often, when it is turned, and what that makes of each message.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::fate::{self, Fault, Purpose, Share};

/// Tries of so many messages are counted, so that a retry draws a lot of its own. Older ones begin anew.
const MOST_MESSAGES: usize = 200_000;

/// What goes wrong, and how often.
#[derive(Clone, Debug, Default)]
pub struct Knobs {
    /// How long an answer takes, from and to.
    pub latency: (Duration, Duration),
    /// Faults and their shares of all sends.
    pub errors: Vec<(Fault, Share)>,
    /// Accepted, but the connection is closed without an answer.
    pub drop_answers: Share,
    /// Faults of single recipients.
    pub error_for: Vec<ErrorFor>,
    /// No number is special by its end.
    pub plain_numbers: bool,
    /// Accepted messages of which a webhook says later that they failed, with Meta's code.
    pub fail_later: Vec<(u32, Share)>,
    /// What Retry-After says.
    pub retry_after: Duration,
    /// What webhooks do.
    pub webhooks: WebhookKnobs,
}

/// A fault of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorFor {
    /// Digits of the number.
    pub number: String,
    /// What goes wrong.
    pub fault: Fault,
    /// So many times; always when `None`.
    pub count: Option<u32>,
}

/// How webhooks come.
#[derive(Clone, Copy, Debug)]
pub struct WebhookKnobs {
    /// From the acceptance to `delivered`.
    pub deliver_after: Duration,
    /// From there to `read`.
    pub read_after: Duration,
    /// From there to a reply.
    pub reply_after: Duration,
    /// How many of the delivered are read.
    pub read_rate: Share,
    /// How many of the delivered are replied to, with a quote.
    pub reply_rate: Share,
    /// How many events change places with the next one of their message.
    pub swap_rate: Share,
    /// How many events come twice.
    pub double_rate: Share,
    /// The pause before a webhook that failed is sent again; it doubles each time.
    pub retry_after: Duration,
}

impl Default for WebhookKnobs {
    fn default() -> Self {
        Self {
            deliver_after: Duration::from_secs(1),
            read_after: Duration::from_secs(2),
            reply_after: Duration::from_secs(3),
            read_rate: Share::default(),
            reply_rate: Share::default(),
            swap_rate: Share::default(),
            double_rate: Share::default(),
            retry_after: Duration::from_secs(5),
        }
    }
}

/// The knobs as they stand, and what depends on time.
#[derive(Debug)]
pub(super) struct Desk {
    seed: u64,
    pub(super) knobs: Knobs,
    storms: Vec<Storm>,
    tries: Tries,
}

/// A fault of every request for a while.
#[derive(Clone, Copy, Debug)]
pub(super) struct Storm {
    pub(super) fault: Fault,
    pub(super) until: Instant,
}

/// A message as far as its fate depends on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lot<'a> {
    /// Digits of the recipient.
    pub(super) to: &'a str,
    /// The beginning of its digest.
    pub(super) message: u64,
}

/// What is in store for a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) fault: Option<Fault>,
    pub(super) latency: Duration,
}

impl Desk {
    pub(super) fn new(seed: u64, knobs: Knobs) -> Self {
        Self { seed, knobs, storms: Vec::new(), tries: Tries::default() }
    }

    /// Lets everything go wrong in one way until then.
    pub(super) fn begin_storm(&mut self, storm: Storm) {
        self.storms.retain(|other| other.fault != storm.fault);
        self.storms.push(storm);
    }

    pub(super) fn end_storms(&mut self) {
        self.storms.clear();
    }

    /// Storms that rage now, the newest last.
    pub(super) fn storms(&mut self, now: Instant) -> &[Storm] {
        self.storms.retain(|storm| storm.until > now);
        &self.storms
    }

    /// What is in store for a send that breaks no rule: a storm before the recipient's own fault before the lot.
    pub(super) fn decide(&mut self, lot: Lot<'_>, now: Instant) -> Fate {
        if let Some(storm) = self.storms(now).last() {
            return Fate { fault: Some(storm.fault), latency: self.latency(lot.message, 0) };
        }
        let turn = self.tries.count(lot.message);
        let by_number = Fault::of_number(lot.to).filter(|_| !self.knobs.plain_numbers);
        let fault = self.own_fault(lot.to).or(by_number).or_else(|| self.drawn_fault(lot.message, turn));
        Fate { fault, latency: self.latency(lot.message, turn) }
    }

    fn own_fault(&mut self, to: &str) -> Option<Fault> {
        let own = self.knobs.error_for.iter_mut().find(|own| own.number == to && own.count != Some(0))?;
        if let Some(left) = &mut own.count {
            *left -= 1;
        }
        Some(own.fault)
    }

    fn drawn_fault(&self, message: u64, turn: u32) -> Option<Fault> {
        let lot = fate::draw(self.seed, message, Purpose::Error, turn);
        let all = self.knobs.errors.iter().copied().chain([(Fault::Dropped, self.knobs.drop_answers)]);
        let mut below = 0.0;
        for (fault, share) in all {
            below += share.value();
            if lot < below {
                return Some(fault);
            }
        }
        None
    }

    fn latency(&self, message: u64, turn: u32) -> Duration {
        let (from, to) = self.knobs.latency;
        from + to.saturating_sub(from).mul_f64(fate::draw(self.seed, message, Purpose::Latency, turn))
    }

    /// Meta's code with which an accepted message fails later.
    pub(super) fn later_failure(&self, lot: Lot<'_>) -> Option<u32> {
        if let Some(code) = Fault::later_of_number(lot.to).filter(|_| !self.knobs.plain_numbers) {
            return Some(code);
        }
        let drawn = fate::draw(self.seed, lot.message, Purpose::Later, 0);
        let mut below = 0.0;
        self.knobs.fail_later.iter().find_map(|(code, share)| {
            below += share.value();
            (drawn < below).then_some(*code)
        })
    }

    /// Whether a lot of this message falls into the share.
    pub(super) fn takes(&self, share: Share, message: u64, purpose: Purpose, turn: u32) -> bool {
        share.takes(fate::draw(self.seed, message, purpose, turn))
    }
}

/// How often each of the latest messages was tried.
#[derive(Debug, Default)]
struct Tries {
    counts: HashMap<u64, u32>,
    order: VecDeque<u64>,
}

impl Tries {
    /// The number of tries before this one.
    fn count(&mut self, message: u64) -> u32 {
        if let Some(count) = self.counts.get_mut(&message) {
            *count += 1;
            return *count;
        }
        if self.order.len() == MOST_MESSAGES
            && let Some(oldest) = self.order.pop_front()
        {
            self.counts.remove(&oldest);
        }
        self.counts.insert(message, 0);
        self.order.push_back(message);
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk(knobs: Knobs) -> Desk {
        Desk::new(7, knobs)
    }

    fn fault(desk: &mut Desk, to: &str, message: u64) -> Option<Fault> {
        desk.decide(Lot { to, message }, Instant::now()).fault
    }

    #[test]
    fn a_recipients_own_fault_wears_off() {
        let own = ErrorFor { number: "34600111222".to_owned(), fault: Fault::OwnError, count: Some(2) };
        let mut desk = desk(Knobs { error_for: vec![own], ..Knobs::default() });

        let faults: Vec<_> = (0..4).map(|_| fault(&mut desk, "34600111222", 1)).collect();

        assert_eq!(faults, [Some(Fault::OwnError), Some(Fault::OwnError), None, None]);
        assert_eq!(fault(&mut desk, "34600111223", 1), None);
    }

    #[test]
    fn shares_are_kept_and_repeat_in_any_order() {
        let errors = vec![(Fault::OwnError, "3%".parse().unwrap()), (Fault::NotOnWhatsApp, "1%".parse().unwrap())];
        let knobs = Knobs { errors, drop_answers: "2%".parse().unwrap(), ..Knobs::default() };
        let forwards: Vec<_> = {
            let mut desk = desk(knobs.clone());
            (0..5_000).map(|n| fault(&mut desk, "346", n)).collect()
        };
        let mut backwards: Vec<_> = {
            let mut desk = desk(knobs);
            (0..5_000).rev().map(|n| fault(&mut desk, "346", n)).collect()
        };
        backwards.reverse();

        let count = |wanted: Fault| forwards.iter().filter(|fault| **fault == Some(wanted)).count();

        assert_eq!(forwards, backwards);
        assert!((110..190).contains(&count(Fault::OwnError)), "{}", count(Fault::OwnError));
        assert!((30..75).contains(&count(Fault::NotOnWhatsApp)), "{}", count(Fault::NotOnWhatsApp));
        assert!((65..140).contains(&count(Fault::Dropped)), "{}", count(Fault::Dropped));
    }

    #[test]
    fn a_storm_passes_and_costs_no_try() {
        let mut desk = desk(Knobs::default());
        let now = Instant::now();
        desk.begin_storm(Storm { fault: Fault::TooMany, until: now + Duration::from_secs(5) });
        let lot = Lot { to: "34600111222", message: 1 };

        assert_eq!(desk.decide(lot, now).fault, Some(Fault::TooMany));
        assert_eq!(desk.decide(lot, now + Duration::from_secs(5)).fault, None);
        assert_eq!(desk.tries.count(1), 1);
    }

    #[test]
    fn latencies_stay_in_their_range() {
        let mut desk = desk(Knobs { latency: (Duration::from_millis(20), Duration::from_millis(80)), ..Knobs::default() });

        let all: Vec<Duration> = (0..1_000).map(|message| desk.decide(Lot { to: "346", message }, Instant::now()).latency).collect();

        assert!(all.iter().all(|latency| (20..=80).contains(&latency.as_millis())));
        assert!(all.iter().min() < all.iter().max());
    }
}
