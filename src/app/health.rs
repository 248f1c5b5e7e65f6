//! This file says how a queue does: its numbers, its latencies, and why it waits.

use std::time::Duration;

use crate::core::model::job::JobRecord;
use crate::core::model::outage::OutageEnd;
use crate::core::model::rate::Rate;
use crate::core::model::state::JobState;
use crate::core::store::error::StoreError;
use crate::core::store::{Overview, Queue};

/// A queue and what can be concluded about it.
#[derive(Clone, Debug)]
pub struct Health {
    /// The numbers.
    pub overview: Overview,
    /// Why jobs that could run don't, or why nothing runs; `None` when nothing waits or all goes well.
    pub waits_for: Option<String>,
    /// Added until started, of the jobs that finished last.
    pub waited: Latency,
    /// Started until finished, of the jobs that finished last.
    pub took: Latency,
}

/// Median and largest of a few durations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// The median; `None` without any.
    pub median: Option<Duration>,
    /// The largest.
    pub worst: Option<Duration>,
}

impl Latency {
    fn of(durations: impl Iterator<Item = u64>) -> Self {
        let mut sorted: Vec<u64> = durations.collect();
        sorted.sort_unstable();
        let at = |index: usize| sorted.get(index).copied().map(Duration::from_millis);
        Self { median: at(sorted.len() / 2), worst: sorted.len().checked_sub(1).and_then(at) }
    }
}

/// Looks at a queue.
///
/// # Errors
/// When the server can't be asked.
pub async fn look(queue: &Queue) -> Result<Health, StoreError> {
    let overview = queue.overview().await?;
    let completed = || overview.last_finished.iter().filter(|job| job.state == Some(JobState::Completed));
    let span = |from: fn(&JobRecord) -> Option<u64>, to: fn(&JobRecord) -> Option<u64>| {
        Latency::of(completed().filter_map(|job| to(job)?.checked_sub(from(job)?)))
    };
    let waited = span(|job| Some(job.timestamp? + job.delay_ms), |job| job.processed_on);
    let took = span(|job| job.processed_on, |job| job.finished_on);
    let waits_for = waits_for(&overview);
    Ok(Health { overview, waits_for, waited, took })
}

/// The rate that is known to hold: the slower of the queue's own and BullMQ's global one. Workers may be slower still.
pub fn known_rate(overview: &Overview) -> Option<Rate> {
    [overview.global_rate, overview.queue_rate].into_iter().flatten().max_by(|a, b| per_job(*a).total_cmp(&per_job(*b)))
}

#[expect(clippy::cast_precision_loss, reason = "only compared")]
fn per_job(rate: Rate) -> f64 {
    rate.window.as_secs_f64() / rate.max as f64
}

fn waits_for(overview: &Overview) -> Option<String> {
    let counts = &overview.counts;
    if counts.paused {
        return Some(standstill(overview));
    }
    if counts.ready() == 0 {
        let aside: u64 = overview.asides.iter().map(|aside| aside.jobs).sum();
        if aside > 0 && aside == counts.delayed {
            return Some(format!(
                "{aside} jobs stepped aside with their campaign or template; put it right, then: wq resume --campaign NAME"
            ));
        }
        return counts.delayed.checked_sub(1).and(overview.next_due).map(|due| match due.checked_sub(overview.now) {
            Some(ms) if ms > 0 => format!("nothing is due; the next delayed job in {}", seconds(Duration::from_millis(ms))),
            _ if overview.workers.is_empty() => "no worker is connected".to_owned(),
            _ => "delayed jobs are due".to_owned(),
        });
    }
    if overview.workers.is_empty() {
        return Some("no worker is connected".to_owned());
    }
    if let Some(shut) = overview.limiter_shut {
        return Some(format!("rate limited, next slot in {}", seconds(shut)));
    }
    if let Some(next) = overview.next_start {
        return Some(format!("rate limited, next slot in {}", seconds(next)));
    }
    match overview.concurrency {
        Some(most) if counts.active >= most => Some(format!("{} of {most} jobs are active, as many as the queue allows", counts.active)),
        _ => None,
    }
}

/// What a paused queue waits for: `paused`, or the outage and what ends it.
fn standstill(overview: &Overview) -> String {
    let Some(pause) = &overview.standstill else { return "paused".to_owned() };
    if pause.is_by_person() {
        return "paused by hand".to_owned();
    }
    let end = match (pause.end, pause.next_probe.map(|at| at.saturating_sub(overview.now))) {
        (OutageEnd::ByHand, _) if pause.by_hand_since.is_some() => "paused by hand too: wq resume".to_owned(),
        (OutageEnd::ByHand, _) => "put it right, then: wq resume".to_owned(),
        (OutageEnd::Probe, Some(ms @ 1..)) => format!("asked again in {}, and goes on by itself", seconds(Duration::from_millis(ms))),
        (OutageEnd::Probe, _) => "goes on by itself once a worker finds the provider back".to_owned(),
    };
    format!("paused, {}: {}; {end}", pause.class, pause.reason)
}

/// Whole seconds from ten on, one digit below: `12 s`, `0.7 s`.
fn seconds(duration: Duration) -> String {
    let s = duration.as_secs_f64();
    if s < 10.0 { format!("{s:.1} s") } else { format!("{s:.0} s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::outage::Standstill;
    use crate::core::store::Counts;
    use crate::core::store::workers::WorkerInfo;

    fn overview(counts: Counts) -> Overview {
        let worker = WorkerInfo { name: None, address: String::new(), age_s: 0, idle_s: 0, ours: true };
        Overview { counts, workers: vec![worker], ..Overview::default() }
    }

    fn waiting() -> Counts {
        Counts { waiting: 3, ..Counts::default() }
    }

    #[test]
    fn a_limited_queue_says_when_the_next_message_goes() {
        let limited = Overview { next_start: Some(Duration::from_secs(12)), ..overview(waiting()) };

        assert_eq!(waits_for(&limited).as_deref(), Some("rate limited, next slot in 12 s"));
    }

    #[test]
    fn a_queue_without_workers_says_so() {
        let lonely = Overview { workers: Vec::new(), ..overview(waiting()) };

        assert_eq!(waits_for(&lonely).as_deref(), Some("no worker is connected"));
    }

    #[test]
    fn a_paused_queue_says_so_before_anything_else() {
        let paused = Overview { workers: Vec::new(), ..overview(Counts { paused: true, ..waiting() }) };

        assert_eq!(waits_for(&paused).as_deref(), Some("paused"));
    }

    #[test]
    fn an_outage_says_what_happened_and_what_ends_it() {
        let outage = |end, next_probe| Standstill {
            class: "auth".to_owned(),
            reason: "the key is refused".to_owned(),
            since: 0,
            end,
            by: "w1".to_owned(),
            probes: 0,
            next_probe,
            by_hand_since: None,
        };
        let told = |standstill| {
            let counts = Counts { paused: true, ..waiting() };
            waits_for(&Overview { now: 5_000, standstill: Some(standstill), ..overview(counts) }).unwrap()
        };

        assert_eq!(told(outage(OutageEnd::ByHand, None)), "paused, auth: the key is refused; put it right, then: wq resume");
        assert_eq!(
            told(outage(OutageEnd::Probe, Some(12_000))),
            "paused, auth: the key is refused; asked again in 7.0 s, and goes on by itself"
        );
        assert_eq!(
            told(Standstill { by_hand_since: Some(9), ..outage(OutageEnd::ByHand, None) }),
            "paused, auth: the key is refused; paused by hand too: wq resume"
        );
        assert_eq!(told(Standstill { class: "hand".to_owned(), ..outage(OutageEnd::ByHand, None) }), "paused by hand");
    }

    #[test]
    fn an_idle_queue_waits_for_nothing() {
        assert_eq!(waits_for(&overview(Counts::default())), None);
    }

    #[test]
    fn the_slower_of_two_rates_is_the_known_one() {
        let slow: Rate = "80/m".parse().unwrap();
        let both = Overview { global_rate: "100/s".parse().ok(), queue_rate: Some(slow), ..overview(waiting()) };

        assert_eq!(known_rate(&both), Some(slow));
    }
}
