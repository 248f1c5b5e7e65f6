//! This file is the one place that every outcome passes: it decides what becomes of the job.

use std::sync::Arc;
use std::time::Duration;

use super::breaker;
use super::transport::Outcome;
use crate::core::model::job::{Backoff, Keep};
use crate::core::store::intent::Fence;
use crate::core::store::settle::{Settlement, Trace, Verdict};
use crate::core::store::take::{Content, TakenJob};

/// What this worker adds to the jobs' own options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepRules {
    /// For completed jobs that say nothing themselves.
    pub completed: Keep,
    /// For dead letters that say nothing themselves.
    pub failed: Keep,
}

impl Default for KeepRules {
    /// Completed jobs for a day and at most 10,000 of them; every dead letter.
    fn default() -> Self {
        Self { completed: Keep { age_s: Some(24 * 60 * 60), count: Some(10_000), limit: None }, failed: Keep::ALL }
    }
}

/// The longest that a back-off can grow to.
const LONGEST_DELAY: Duration = Duration::from_hours(365 * 24);

/// What every verdict of a worker depends on beside the job and its outcome.
#[derive(Clone, Copy, Debug)]
pub(super) struct House<'a> {
    /// What stays of finished jobs.
    pub(super) keep: KeepRules,
    /// What becomes of a send of which nobody knows whether it was accepted: it is sent again without a fence.
    pub(super) fence: Option<Fence>,
    /// Where a failure happens, for its trace.
    pub(super) place: &'a str,
}

/// The settlement of a job that was sent, or tried. `random` gives 0 to 1, for jitter.
pub(super) fn judge(taken: &TakenJob, content: &Content, outcome: Outcome, house: House<'_>, random: impl FnOnce() -> f64) -> Settlement {
    let House { keep, fence, place } = house;
    let verdict = match outcome {
        Outcome::Accepted { reply, provider_id } => {
            Verdict::Completed { return_value: reply, provider_id, keep: content.options.remove_on_complete.unwrap_or(keep.completed) }
        }
        Outcome::Wait { after, .. } => Verdict::Wait { after },
        Outcome::Defer { after, .. } => Verdict::Defer { after },
        // The queue is paused by then: it waits where it stood.
        Outcome::PauseQueue(_) => Verdict::Release,
        Outcome::PauseCampaign { reason, scope } => match breaker::scope_of(scope, content.job.data.get()) {
            // The next take lets it step aside.
            Some(_) => Verdict::Release,
            None => dead_letter(content, reason, keep, place),
        },
        Outcome::Uncertain { reason } if fence.is_some_and(Fence::holds) => hold(content, &reason, place),
        Outcome::Uncertain { reason } => retry(content, format!("uncertain: {reason}"), keep, random, place),
        Outcome::Permanent { reason } => dead_letter(content, reason, keep, place),
        Outcome::Retry { reason } => retry(content, reason, keep, random, place),
    };
    settlement(taken, content, verdict)
}

/// The settlement of a job whose send was cut off: it may have arrived.
pub(super) fn cut_off(taken: &TakenJob, content: &Content, fence: Option<Fence>, place: &str) -> Settlement {
    match fence {
        Some(fence) if fence.holds() => settlement(taken, content, hold(content, "the worker was stopped while sending it", place)),
        // Whoever takes it next sends it again.
        _ => release(taken),
    }
}

/// The settlement of a job that is not sent at all: it stalled too often, a child of it failed, or it expired.
pub(super) fn fail_unsent(taken: &TakenJob, content: &Content, reason: &str, keep: KeepRules, place: &str) -> Settlement {
    settlement(taken, content, dead_letter(content, reason.to_owned(), keep, place))
}

/// The settlement of a job that can't be read.
pub(super) fn damaged(taken: &TakenJob, problem: &str) -> Settlement {
    let verdict = Verdict::Damaged { reason: format!("damaged: {problem}") };
    Settlement { id: taken.id.clone(), token: Arc::clone(&taken.token), attempts: u32::MAX, plain: None, verdict }
}

/// The settlement of a job that was taken and not started.
pub(super) fn release(taken: &TakenJob) -> Settlement {
    Settlement { id: taken.id.clone(), token: Arc::clone(&taken.token), attempts: 0, plain: None, verdict: Verdict::Release }
}

fn settlement(taken: &TakenJob, content: &Content, verdict: Verdict) -> Settlement {
    let options = &content.options;
    let is_plain = !(options.has_parent || options.is_deduplicated || content.counts_for_v4);
    let plain = is_plain.then(|| content.into());
    Settlement { id: taken.id.clone(), token: Arc::clone(&taken.token), attempts: options.attempts, plain, verdict }
}

fn dead_letter(content: &Content, reason: String, keep: KeepRules, place: &str) -> Verdict {
    let trace = Some(trace(content, &reason, place));
    Verdict::Failed { reason, trace, keep: content.options.remove_on_fail.unwrap_or(keep.failed) }
}

fn hold(content: &Content, reason: &str, place: &str) -> Verdict {
    let reason = format!("uncertain: {reason}");
    let trace = Some(trace(content, &reason, place));
    Verdict::Held { reason, trace }
}

fn retry(content: &Content, reason: String, keep: KeepRules, random: impl FnOnce() -> f64, place: &str) -> Verdict {
    let attempt = content.attempts_made.saturating_add(1);
    if attempt >= content.options.attempts {
        return dead_letter(content, reason, keep, place);
    }
    let after = match &content.options.backoff {
        None => Duration::ZERO,
        Some(backoff) => {
            if let Some(delay) = backoff_delay(backoff, attempt, random()) {
                delay
            } else {
                let reason = format!("{reason} (and no retry: this worker does not know the back-off type {:?})", backoff.kind);
                return dead_letter(content, reason, keep, place);
            }
        }
    };
    let trace = Some(trace(content, &reason, place));
    Verdict::Retry { reason, trace, after, lifo: content.options.lifo }
}

/// How long the next attempt waits after `attempt` of them, by BullMQ's two strategies; `None` for any other.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 … a year before")]
pub(super) fn backoff_delay(backoff: &Backoff, attempt: u32, random: f64) -> Option<Duration> {
    let longest_ms = LONGEST_DELAY.as_secs_f64() * 1000.0;
    let full = match backoff.kind.as_str() {
        "fixed" => backoff.delay,
        "exponential" => (2.0_f64.powi(i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX)) * backoff.delay).round(),
        _ => return None,
    };
    let full = full.clamp(0.0, longest_ms);
    let jitter = backoff.jitter.unwrap_or(0.0).clamp(0.0, 1.0);
    let delay = if jitter > 0.0 { (random * full).mul_add(jitter, full * (1.0 - jitter)).floor() } else { full };
    Some(Duration::from_millis(delay as u64))
}

/// What remains of this attempt for people: where it was made, and which one it was.
fn trace(content: &Content, reason: &str, place: &str) -> Trace {
    let text = format!("Error: {reason}\n    at {place}, attempt {}", content.attempts_made.saturating_add(1));
    Trace { text, kept: content.options.stack_trace_limit }
}

/// Says what became of a send.
pub(super) fn log_outcome(id: &str, outcome: &Outcome) {
    match outcome {
        Outcome::Accepted { .. } => tracing::info!(job = id, "sent"),
        Outcome::Retry { reason } => tracing::warn!(job = id, reason, "failed"),
        Outcome::Wait { reason, after, .. } => tracing::info!(job = id, reason, after_ms = after.as_millis(), "told to wait"),
        Outcome::Defer { reason, after } => tracing::info!(job = id, reason, after_ms = after.as_millis(), "its recipient has to wait"),
        Outcome::Permanent { reason } => tracing::warn!(job = id, reason, "failed for good"),
        Outcome::PauseQueue(outage) => tracing::error!(job = id, class = outage.class, reason = outage.reason, "nothing can be sent"),
        Outcome::PauseCampaign { reason, scope } => tracing::error!(job = id, reason, ?scope, "its campaign can't be sent"),
        Outcome::Uncertain { reason } => tracing::error!(job = id, reason, "nobody knows whether it was sent"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::core::model::job::Job;
    use crate::core::store::StoredOptions;
    use crate::core::store::intent::OnUncertain;

    fn taken(attempts_made: u32, options: StoredOptions) -> (TakenJob, Content) {
        let job = Job {
            queue: "q".to_owned(),
            id: "a".to_owned(),
            name: "send".to_owned(),
            data: RawValue::from_string("{}".to_owned()).unwrap(),
            attempt: attempts_made + 1,
            attempts: options.attempts.max(1),
            stable_key: "a".to_owned(),
            waits: 0,
            timestamp: 0,
        };
        let content = Content {
            job: Arc::new(job),
            options: Arc::new(options),
            attempts_made,
            is_whole: true,
            counts_for_v4: false,
            deferred_failure: None,
        };
        let taken = TakenJob {
            id: "a".to_owned(),
            token: "t".into(),
            start_after: Duration::ZERO,
            slot_us: 0,
            starts: 0,
            is_intended: false,
            is_suspect: false,
            content: Err(String::new()),
        };
        (taken, content)
    }

    fn options(attempts: u32, kind: &str, jitter: Option<f64>) -> StoredOptions {
        StoredOptions { attempts, backoff: Some(Backoff { kind: kind.to_owned(), delay: 100.0, jitter }), ..StoredOptions::default() }
    }

    fn verdict_under(fence: Option<OnUncertain>, attempts_made: u32, options: StoredOptions, outcome: Outcome) -> Verdict {
        let (taken, content) = taken(attempts_made, options);
        let fence = fence.map(|policy| Fence { policy, send_timeout: Duration::from_secs(30) });
        judge(&taken, &content, outcome, House { keep: KeepRules::default(), fence, place: "wq" }, || 0.5).verdict
    }

    fn verdict_of(attempts_made: u32, options: StoredOptions, outcome: Outcome) -> Verdict {
        verdict_under(None, attempts_made, options, outcome)
    }

    fn failure() -> Outcome {
        Outcome::Retry { reason: "http 500".to_owned() }
    }

    #[test]
    fn three_attempts_wait_once_and_twice_the_back_off_and_then_are_dead() {
        let delays: Vec<_> = (0..3)
            .map(|made| match verdict_of(made, options(3, "exponential", None), failure()) {
                Verdict::Retry { after, .. } => after.as_millis(),
                other => {
                    assert!(matches!(other, Verdict::Failed { .. }));
                    0
                }
            })
            .collect();

        assert_eq!(delays, [100, 200, 0]);
    }

    #[test]
    fn a_job_without_attempts_of_its_own_is_tried_once() {
        assert!(matches!(verdict_of(0, StoredOptions::default(), failure()), Verdict::Failed { .. }));
    }

    #[test]
    fn a_permanent_failure_uses_up_no_further_attempts() {
        let outcome = Outcome::Permanent { reason: "http 404".to_owned() };

        assert!(matches!(verdict_of(0, options(3, "fixed", None), outcome), Verdict::Failed { .. }));
    }

    #[test]
    fn what_may_have_been_sent_is_held_unless_it_is_to_be_sent_again() {
        let uncertain = || Outcome::Uncertain { reason: "no answer".to_owned() };
        let verdict = |fence| verdict_under(fence, 0, options(3, "fixed", None), uncertain());

        for policy in [OnUncertain::Hold, OnUncertain::Lookup] {
            assert!(matches!(verdict(Some(policy)), Verdict::Held { reason, .. } if reason == "uncertain: no answer"));
        }
        for fence in [Some(OnUncertain::Retry), None] {
            assert!(matches!(verdict(fence), Verdict::Retry { reason, .. } if reason == "uncertain: no answer"));
        }
    }

    #[test]
    fn an_unknown_back_off_is_a_dead_letter_that_says_so() {
        let Verdict::Failed { reason, .. } = verdict_of(0, options(3, "fibonacci", None), failure()) else { panic!("retried") };

        assert!(reason.contains("fibonacci"), "{reason}");
    }

    #[test]
    fn jitter_stays_between_its_bounds() {
        let backoff = Backoff { kind: "exponential".to_owned(), delay: 100.0, jitter: Some(0.5) };

        assert_eq!(backoff_delay(&backoff, 2, 0.0), Some(Duration::from_millis(100)));
        assert_eq!(backoff_delay(&backoff, 2, 1.0), Some(Duration::from_millis(200)));
    }

    #[test]
    fn a_monstrous_back_off_ends_at_a_year() {
        let backoff = Backoff { kind: "exponential".to_owned(), delay: 1e300, jitter: None };

        assert_eq!(backoff_delay(&backoff, u32::MAX, 0.0), Some(LONGEST_DELAY));
    }
}
