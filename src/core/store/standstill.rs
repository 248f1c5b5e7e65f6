//! This file pauses a queue for a reason, and lets it go on: at a person's word, or when the provider is back.

use std::time::Duration;

use redis::Value;

use super::codec::{array, integer, text, unsigned};
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{Arguments, PAUSE_QUEUE, PROBE_QUEUE, RESUME_QUEUE};
use crate::core::model::clock::Millis;
use crate::core::model::outage::{BY_HAND, Outage, OutageEnd, Standstill};

/// The fields of the pause hash, in the order of [`read_standstill`].
pub(super) const STANDSTILL_FIELDS: [&str; 8] = ["class", "reason", "since", "end", "by", "probes", "next_probe", "by_hand"];

/// What pausing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paused {
    /// The queue was running.
    Now,
    /// It was paused already.
    Before,
    /// It was, and from now on only a person ends it.
    ForPerson,
}

/// What resuming found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// Whether it was paused.
    pub was_paused: bool,
    /// What for, where it was written down.
    pub was: Option<Standstill>,
}

/// The answer about a turn to ask the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The queue is not paused (any more).
    Running,
    /// No probe ends this pause.
    ByHand,
    /// Somebody else has the turn, or the next question is due after this long.
    Later(Duration),
    /// It is the caller's.
    Yours {
        /// The class of the outage.
        class: String,
        /// How often the provider was asked in vain before.
        probes: u64,
    },
    /// It was the caller's, and somebody else has it by now.
    Lost,
    /// The queue goes on.
    Resumed,
}

/// How often the provider is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeRules {
    /// Until the first question; each further pause is twice as long.
    pub first: Duration,
    /// The longest pause where a question costs nothing.
    pub longest: Duration,
    /// The longest pause where each question is a message that is let through, and held if it gets no answer.
    pub longest_by_message: Duration,
    /// How long one worker may take to ask before another one does.
    pub turn: Duration,
    /// How long a message that is let through may take.
    pub trial: Duration,
}

impl Default for ProbeRules {
    /// 5 s growing to 60 s; to 5 minutes where each question is a message. A worker that dies while it asks holds the others up no
    /// longer than half a minute.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(5),
            longest: Duration::from_mins(1),
            longest_by_message: Duration::from_mins(5),
            turn: Duration::from_secs(30),
            trial: Duration::from_mins(2),
        }
    }
}

impl ProbeRules {
    /// How long after so many questions in vain the next one is due; `by_message`: each of them is a message.
    pub fn pause_after(&self, asked: u64, by_message: bool) -> Duration {
        let longest = if by_message { self.longest_by_message } else { self.longest };
        let times = 1_u32.checked_shl(u32::try_from(asked).unwrap_or(u32::MAX)).unwrap_or(u32::MAX);
        self.first.saturating_mul(times).min(longest)
    }
}

impl Queue {
    /// Pauses the queue for every worker, Node's too, at a person's word. A pause for an outage keeps its reason, and from now on
    /// no probe ends it.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn pause(&self) -> Result<Paused, StoreError> {
        let mut arguments = Arguments::default();
        arguments.push(BY_HAND).push("").push(OutageEnd::ByHand.as_str()).push(BY_HAND).number(0).number(-1);
        self.run_pause(&arguments).await
    }

    /// Pauses the queue because nothing can be sent; `worker` met it, and sent something `last_success` ago.
    ///
    /// An outage for a probe whose provider said three times that it is back, without one message sent since, is left to a
    /// person.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn pause_for(
        &self,
        outage: &Outage,
        worker: &str,
        first_probe: Duration,
        last_success: Option<Duration>,
    ) -> Result<Paused, StoreError> {
        let mut arguments = Arguments::default();
        arguments.push(outage.class).push(&outage.reason).push(outage.end.as_str()).push(worker).number(first_probe.as_millis());
        match last_success {
            Some(ago) => arguments.number(ago.as_millis()),
            None => arguments.number(-1),
        };
        self.run_pause(&arguments).await
    }

    async fn run_pause(&self, arguments: &Arguments) -> Result<Paused, StoreError> {
        let answer = PAUSE_QUEUE.run(&self.link, &self.keys, arguments).await?;
        Ok(match integer(&answer) {
            Some(1) => Paused::Now,
            Some(2) => Paused::ForPerson,
            _ => Paused::Before,
        })
    }

    /// Resumes the queue at a person's word, whatever it was paused for.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn resume(&self) -> Result<Resumed, StoreError> {
        let answer = RESUME_QUEUE.run(&self.link, &self.keys, &Arguments::default()).await?;
        let mut parts = array(answer).unwrap_or_default().into_iter();
        let was_paused = parts.next().is_some_and(|paused| integer(&paused) == Some(1));
        Ok(Resumed { was_paused, was: read_standstill(parts) })
    }

    /// Asks for the turn to find out whether the provider is back, for so long; `prober` is another name for every turn, and
    /// whoever has the turn may extend it.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn claim_probe(&self, prober: &str, turn: Duration) -> Result<Turn, StoreError> {
        let mut arguments = Arguments::default();
        arguments.push("claim").push(prober).number(turn.as_millis());
        self.probe(&arguments).await
    }

    /// The provider is not back; it is asked again after `pause`. `outage` is what it says now, if it says anything.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn probe_failed(&self, prober: &str, pause: Duration, outage: Option<&Outage>) -> Result<Turn, StoreError> {
        let mut arguments = Arguments::default();
        arguments.push("down").push(prober).number(pause.as_millis());
        arguments.push(outage.map_or("", |outage| outage.class)).push(outage.map_or("", |outage| outage.reason.as_str()));
        arguments.push(outage.map_or(OutageEnd::Probe, |outage| outage.end).as_str());
        self.probe(&arguments).await
    }

    /// The provider is back: by its own word, or because a message went through (`is_sent`).
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn probe_passed(&self, prober: &str, is_sent: bool) -> Result<Turn, StoreError> {
        let mut arguments = Arguments::default();
        arguments.push(if is_sent { "sent" } else { "up" }).push(prober).number(0);
        self.probe(&arguments).await
    }

    /// Whether the queue is paused for an outage that a probe ends; asked of a paused queue.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn is_paused_for_probe(&self) -> Result<bool, StoreError> {
        let end: Option<String> = self.link.clone().query(redis::cmd("HGET").arg(self.keys.ours("pause")).arg("end")).await?;
        Ok(end.as_deref() == Some(OutageEnd::Probe.as_str()))
    }

    async fn probe(&self, arguments: &Arguments) -> Result<Turn, StoreError> {
        let answer = PROBE_QUEUE.run(&self.link, &self.keys, arguments).await?;
        let shape = || PROBE_QUEUE.unexpected("another shape");
        let [word, wait, class]: [Value; 3] = array(answer).and_then(|parts| parts.try_into().ok()).ok_or_else(shape)?;
        Ok(match text(word).unwrap_or_default().as_str() {
            "running" => Turn::Running,
            "by_hand" => Turn::ByHand,
            "later" | "waits" => Turn::Later(Duration::from_millis(unsigned(&wait))),
            "yours" => Turn::Yours { class: text(class).unwrap_or_default(), probes: unsigned(&wait) },
            "lost" => Turn::Lost,
            "resumed" => Turn::Resumed,
            other => return Err(PROBE_QUEUE.unexpected(format!("the word {other:?}"))),
        })
    }
}

/// Reads the values of [`STANDSTILL_FIELDS`]; `None` where no reason is written down.
pub(super) fn read_standstill(values: impl IntoIterator<Item = Value>) -> Option<Standstill> {
    let mut values = values.into_iter();
    let mut next = || values.next().and_then(text);
    let class = next()?;
    let reason = next().unwrap_or_default();
    let since: Millis = next().and_then(|ms| ms.parse().ok()).unwrap_or(0);
    let end = if next().as_deref() == Some(OutageEnd::Probe.as_str()) { OutageEnd::Probe } else { OutageEnd::ByHand };
    let by = next().unwrap_or_default();
    let probes = next().and_then(|number| number.parse().ok()).unwrap_or(0);
    let next_probe = next().and_then(|ms| ms.parse().ok()).filter(|_| end == OutageEnd::Probe);
    let by_hand_since = next().and_then(|ms| ms.parse().ok());
    Some(Standstill { class, reason, since, end, by, probes, next_probe, by_hand_since })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At which seconds of an outage the provider is asked.
    fn questions(by_message: bool, outage: Duration) -> Vec<u64> {
        let (rules, mut at) = (ProbeRules::default(), Duration::ZERO);
        let pauses = (0..).map(|asked| rules.pause_after(asked, by_message));
        let moments = pauses.map(|pause| {
            at += pause;
            at
        });
        moments.take_while(|at| *at <= outage).map(|at| at.as_secs()).collect()
    }

    #[test]
    fn an_outage_of_ten_minutes_costs_six_messages_where_each_question_is_one() {
        assert_eq!(questions(true, Duration::from_mins(10)), [5, 15, 35, 75, 155, 315]);
        assert_eq!(questions(true, Duration::from_hours(1)).len(), 6 + 10, "and then one every five minutes");
    }

    #[test]
    fn a_provider_that_can_be_asked_is_asked_every_minute() {
        assert_eq!(questions(false, Duration::from_mins(4)), [5, 15, 35, 75, 135, 195]);
        assert_eq!(ProbeRules::default().pause_after(u64::MAX, false), Duration::from_mins(1));
    }
}
