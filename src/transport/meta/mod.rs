//! This file is Meta's error table: what each code of its Cloud API means for a message, a recipient, a template or the queue.

pub(super) mod error;

use std::time::Duration;

use crate::core::dispatch::transport::{Outcome, PauseScope};
use crate::core::model::clock::{self, Millis};
use crate::core::model::job::Job;
use crate::core::model::outage::{Outage, OutageEnd};

use error::shown;

const DAY: Duration = Duration::from_hours(24);
/// How often a message waits a day for the marketing cap before it is given up.
const CAP_WAITS: u32 = 2;
/// What a 429 without a known code and without `Retry-After` waits.
const UNKNOWN_429_WAIT: Duration = Duration::from_secs(30);

/// What a code asks for.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// Nothing can be sent until it is put right: the queue is paused. The text is the cure.
    PauseQueue(OutageEnd, &'static str),
    /// The template of the message can't be used.
    PauseTemplate,
    /// It never will: dead letter.
    GiveUp,
    /// Again by the job's back-off, so many times; then it never will.
    Retry { times: u32 },
    /// Not now: later, in steps that double from the first to the longest.
    Wait { first: Duration, longest: Duration, slow_down: bool },
    /// This recipient gets too much: 1, 4, 16, 64, 256 s.
    DeferRecipient,
    /// This recipient has had its share of marketing: a day, twice, then it never will.
    DeferForCap,
}

const CHECK_TOKEN: &str = "put a valid access token in place";
const CHECK_PERMISSIONS: &str = "give the token's app and user the permission to send, then: wq resume";
const CHECK_ACCOUNT: &str = "see the account's notices in WhatsApp Manager, then: wq resume";
const CHECK_BILLING: &str = "settle the account's payment method, then: wq resume";
const CHECK_NUMBER: &str = "check the phone number id and that the number is registered and connected, then: wq resume";
const CHECK_SPAM: &str = "too many recipients blocked or reported it; leave it alone for 24 h at least, then: wq resume";

const fn steady(wait: Duration, slow_down: bool) -> Then {
    Then::Wait { first: wait, longest: wait, slow_down }
}

/// The table: a code, the word that names its class, and what to do.
fn row(code: i64) -> Option<(&'static str, Then)> {
    use OutageEnd::{ByHand, Probe};
    use Then::{DeferForCap, DeferRecipient, GiveUp, PauseQueue, PauseTemplate, Retry, Wait};

    const MINUTE: Duration = Duration::from_mins(1);

    Some(match code {
        // the queue
        0 | 190 => ("auth", PauseQueue(Probe, CHECK_TOKEN)),
        3 | 10 | 200..=299 | 131_005 => ("auth", PauseQueue(ByHand, CHECK_PERMISSIONS)),
        368 | 131_031 => ("account_restricted", PauseQueue(ByHand, CHECK_ACCOUNT)),
        131_042 => ("billing", PauseQueue(ByHand, CHECK_BILLING)),
        // from 133000 on, 133010 excepted: answers to registering, never yet seen on a send
        33 | 131_037 | 131_045 | 133_000 | 133_005..=133_010 | 133_015 | 133_016 => ("number_not_ready", PauseQueue(ByHand, CHECK_NUMBER)),
        131_048 => ("spam_restricted", PauseQueue(ByHand, CHECK_SPAM)),
        // later
        4 | 80_007 => ("rate_limited", steady(Duration::from_mins(5), true)),
        130_429 => ("rate_limited", Wait { first: Duration::from_secs(1), longest: MINUTE, slow_down: true }),
        2 | 131_016 | 131_057 | 133_004 | 2_494_100 => {
            ("provider_busy", Wait { first: MINUTE, longest: Duration::from_mins(10), slow_down: false })
        }
        134_101 => ("template_syncing", steady(Duration::from_mins(10), false)),
        132_069 => ("flow_throttled", steady(Duration::from_hours(1), false)),
        131_056 => ("recipient_rate", DeferRecipient),
        131_049 => ("marketing_cap", DeferForCap),
        // again
        1 | 131_000 | 135_000 => ("provider_error", Retry { times: 3 }),
        131_052 | 131_053 => ("media", Retry { times: 1 }),
        // the template
        131_064 => ("templates_restricted", PauseTemplate),
        132_001 | 132_007 | 132_016 | 131_063 | 134_102 => ("template_unusable", PauseTemplate),
        132_015 => ("template_paused", PauseTemplate),
        132_068 => ("flow_blocked", PauseTemplate),
        // never
        130_497 => ("country_not_allowed", GiveUp),
        131_026 => ("undeliverable", GiveUp),
        131_047 => ("window_closed", GiveUp),
        131_050 => ("marketing_opt_out", GiveUp),
        130_472 => ("experiment_holdout", GiveUp),
        130_403 => ("blocked_by_us", GiveUp),
        100 | 131_008 | 131_009 | 131_021 | 131_051 | 131_055 | 134_100 => ("invalid_payload", GiveUp),
        132_000 | 132_005 | 132_012 | 132_018 => ("template_params", GiveUp),
        131_000..133_000 => ("unknown_error", Retry { times: 1 }),
        _ => return None,
    })
}

/// What a code that the table doesn't know means by the status that it came with.
fn by_status(http_status: u16, retry_after: Option<Duration>) -> (&'static str, Then) {
    match http_status {
        401 => ("auth", Then::PauseQueue(OutageEnd::Probe, CHECK_TOKEN)),
        429 => ("rate_limited", steady(UNKNOWN_429_WAIT, true)),
        503 if retry_after.is_some() => ("provider_busy", steady(UNKNOWN_429_WAIT, false)),
        408 | 425 | 500..=599 => ("provider_error", Then::Retry { times: u32::MAX }),
        _ => ("unknown_error", Then::Retry { times: 1 }),
    }
}

/// What becomes of `job` after Meta refused it with `code`. `details` are Meta's own words; `retry_after` is what its headers
/// ask for, and is believed wherever the table says to wait.
pub(super) fn classify(code: i64, http_status: u16, details: &str, job: &Job, retry_after: Option<Duration>) -> Outcome {
    classify_at(clock::now_ms(), code, http_status, details, job, retry_after)
}

fn classify_at(now: Millis, code: i64, http_status: u16, details: &str, job: &Job, retry_after: Option<Duration>) -> Outcome {
    let (class, then) = row(code).unwrap_or_else(|| by_status(http_status, retry_after));
    let details = shown(details);
    let reason = format!("{class}:{code} {details}");
    match then {
        Then::PauseQueue(end, cure) => Outcome::PauseQueue(outage_of(class, code, &details, end, cure)),
        Then::PauseTemplate => Outcome::PauseCampaign { reason, scope: PauseScope::Template },
        Then::Retry { times } if job.attempt <= times => Outcome::Retry { reason },
        Then::GiveUp | Then::Retry { .. } => Outcome::Permanent { reason },
        Then::Wait { first, longest, slow_down } => {
            let after = retry_after.unwrap_or_else(|| growing(first, 2, job.waits).min(longest));
            Outcome::Wait { reason, after, slow_down }
        }
        Then::DeferRecipient => {
            let after = retry_after.unwrap_or_else(|| growing(Duration::from_secs(1), 4, job.waits.min(4)));
            Outcome::Defer { reason, after }
        }
        Then::DeferForCap if has_waited_for_cap(now, job) => Outcome::Permanent { reason },
        Then::DeferForCap => Outcome::Defer { reason, after: retry_after.unwrap_or_default().max(DAY) },
    }
}

/// What keeps a queue from sending when Meta answers with `code`; `None` for a code that is about something else.
pub(super) fn outage(code: i64, http_status: u16, details: &str) -> Option<Outage> {
    let (class, then) = row(code).unwrap_or_else(|| by_status(http_status, None));
    let Then::PauseQueue(end, cure) = then else { return None };
    Some(outage_of(class, code, &shown(details), end, cure))
}

fn outage_of(class: &'static str, code: i64, details: &str, end: OutageEnd, cure: &str) -> Outage {
    Outage { class, reason: format!("{code} {details}; {cure}"), end }
}

/// Whether a message was put off for the marketing cap as often as it may be. Other waits count in `waits` too, so a message
/// that is younger than those days can't have been.
fn has_waited_for_cap(now: Millis, job: &Job) -> bool {
    let age = Duration::from_millis(now.saturating_sub(job.timestamp));
    job.waits >= CAP_WAITS && age >= DAY * CAP_WAITS
}

/// `first` × `base` ^ `waits`, never more than a day.
fn growing(first: Duration, base: u32, waits: u32) -> Duration {
    let factor = base.checked_pow(waits).unwrap_or(u32::MAX);
    first.checked_mul(factor).unwrap_or(DAY).min(DAY)
}

#[cfg(test)]
mod tests {
    use super::super::envelope::sample_job;
    use super::*;

    const NOW: Millis = 1_764_000_000_000;

    fn job(attempt: u32, waits: u32) -> Job {
        Job { attempt, waits, timestamp: NOW - 72 * 3_600_000, ..sample_job("{}") }
    }

    fn told(code: i64, job: &Job) -> Outcome {
        classify_at(NOW, code, 400, "said", job, None)
    }

    /// An outcome as one line of a table.
    fn line(outcome: &Outcome) -> String {
        match outcome {
            Outcome::Retry { reason } => format!("retry {reason}"),
            Outcome::Permanent { reason } => format!("permanent {reason}"),
            Outcome::Wait { reason, after, slow_down: false } => format!("wait {}s {reason}", after.as_secs()),
            Outcome::Wait { reason, after, slow_down: true } => format!("wait {}s slower {reason}", after.as_secs()),
            Outcome::Defer { reason, after } => format!("defer {}s {reason}", after.as_secs()),
            Outcome::PauseQueue(outage) => {
                let reason = outage.reason.split(';').next().unwrap_or_default();
                format!("pause {:?} {}:{reason}", outage.end, outage.class)
            }
            Outcome::PauseCampaign { reason, scope } => format!("pause {scope:?} {reason}"),
            other => panic!("{other:?}"),
        }
    }

    fn each(codes: &[i64], expected: &str) {
        for code in codes {
            assert_eq!(line(&told(*code, &job(1, 0))), expected.replace('#', &code.to_string()));
        }
    }

    /// What the same code comes to at the attempts 1, 2, 3 …, or after so many waits.
    fn course(code: i64, jobs: impl IntoIterator<Item = Job>) -> Vec<String> {
        let word = |outcome: Outcome| line(&outcome).split(&format!(" {}", row(code).unwrap().0)).next().unwrap_or_default().to_owned();
        jobs.into_iter().map(|job| word(told(code, &job))).collect()
    }

    fn attempts(last: u32) -> impl Iterator<Item = Job> {
        (1..=last).map(|attempt| job(attempt, 0))
    }

    fn waits(last: u32) -> impl Iterator<Item = Job> {
        (0..=last).map(|waits| job(1, waits))
    }

    #[test]
    fn a_token_that_expired_pauses_the_queue_until_a_good_one_is_there() {
        each(&[0, 190], "pause Probe auth:# said");
    }

    #[test]
    fn a_missing_permission_pauses_the_queue() {
        let permissions: Vec<i64> = (200..=299).collect();
        each(&[&[3, 10, 131_005], permissions.as_slice()].concat(), "pause ByHand auth:# said");
    }

    #[test]
    fn a_restricted_account_pauses_the_queue() {
        each(&[368, 131_031], "pause ByHand account_restricted:# said");
    }

    #[test]
    fn an_unpaid_account_pauses_the_queue() {
        each(&[131_042], "pause ByHand billing:# said");
    }

    #[test]
    fn a_number_that_is_not_ready_pauses_the_queue() {
        each(&[33, 131_037, 131_045, 133_010], "pause ByHand number_not_ready:# said");
    }

    #[test]
    fn codes_of_registration_pause_the_queue() {
        each(&[133_000, 133_005, 133_006, 133_007, 133_008, 133_009, 133_015, 133_016], "pause ByHand number_not_ready:# said");
    }

    #[test]
    fn a_number_reported_as_spam_pauses_the_queue() {
        each(&[131_048], "pause ByHand spam_restricted:# said");
    }

    #[test]
    fn a_forbidden_country_ends_the_message() {
        each(&[130_497], "permanent country_not_allowed:# said");
    }

    #[test]
    fn the_limit_of_calls_waits_five_minutes_or_what_the_usage_header_says() {
        each(&[4, 80_007], "wait 300s slower rate_limited:# said");
        let outcome = classify(80_007, 400, "said", &job(1, 3), Some(Duration::from_mins(17)));
        assert_eq!(line(&outcome), "wait 1020s slower rate_limited:80007 said");
    }

    #[test]
    fn the_limit_of_throughput_waits_longer_each_time_and_slows_the_pace() {
        let seconds = [1, 2, 4, 8, 16, 32, 60, 60];
        assert_eq!(course(130_429, waits(7)), seconds.map(|s| format!("wait {s}s slower")));
        assert_eq!(line(&told(130_429, &job(1, u32::MAX))), "wait 60s slower rate_limited:130429 said");
    }

    #[test]
    fn the_limit_of_a_pair_puts_off_only_that_recipient() {
        let seconds = [1, 4, 16, 64, 256, 256];
        assert_eq!(course(131_056, waits(5)), seconds.map(|s| format!("defer {s}s")));
    }

    #[test]
    fn a_restricted_account_pauses_its_templates() {
        each(&[131_064], "pause Template templates_restricted:# said");
    }

    #[test]
    fn a_provider_that_is_busy_is_left_alone_longer_each_time() {
        each(&[2, 131_016, 131_057, 133_004, 2_494_100], "wait 60s provider_busy:# said");
        let seconds = [60, 120, 240, 480, 600, 600];
        assert_eq!(course(131_057, waits(5)), seconds.map(|s| format!("wait {s}s")));
    }

    #[test]
    fn an_error_of_the_provider_is_tried_three_times_more() {
        each(&[1, 131_000, 135_000], "retry provider_error:# said");
        assert_eq!(course(131_000, attempts(5)), ["retry", "retry", "retry", "permanent", "permanent"]);
    }

    #[test]
    fn an_undeliverable_message_ends() {
        each(&[131_026], "permanent undeliverable:# said");
    }

    #[test]
    fn a_closed_window_ends_the_message() {
        each(&[131_047], "permanent window_closed:# said");
    }

    #[test]
    fn the_marketing_cap_puts_off_for_a_day_twice() {
        assert_eq!(course(131_049, waits(3)), ["defer 86400s", "defer 86400s", "permanent", "permanent"]);
    }

    #[test]
    fn other_waits_are_not_taken_for_days_of_the_cap() {
        let young = Job { timestamp: NOW - 3_600_000, ..job(1, 7) };

        assert_eq!(line(&told(131_049, &young)), "defer 86400s marketing_cap:131049 said");
    }

    #[test]
    fn the_marketing_cap_is_never_asked_before_a_day_has_passed() {
        let outcome = classify_at(NOW, 131_049, 400, "said", &job(1, 0), Some(Duration::from_secs(5)));

        assert_eq!(line(&outcome), "defer 86400s marketing_cap:131049 said");
    }

    #[test]
    fn a_recipient_who_wants_no_marketing_ends_the_message() {
        each(&[131_050], "permanent marketing_opt_out:# said");
    }

    #[test]
    fn a_held_out_recipient_ends_the_message() {
        each(&[130_472], "permanent experiment_holdout:# said");
    }

    #[test]
    fn a_recipient_whom_we_blocked_ends_the_message() {
        each(&[130_403], "permanent blocked_by_us:# said");
    }

    #[test]
    fn a_message_that_meta_cannot_read_ends() {
        each(&[100, 131_008, 131_009, 131_021, 131_051, 131_055, 134_100], "permanent invalid_payload:# said");
    }

    #[test]
    fn media_that_cannot_be_loaded_is_tried_once_more() {
        each(&[131_052, 131_053], "retry media:# said");
        assert_eq!(course(131_053, attempts(3)), ["retry", "permanent", "permanent"]);
    }

    #[test]
    fn wrong_parameters_of_a_template_end_the_message() {
        each(&[132_000, 132_005, 132_012, 132_018], "permanent template_params:# said");
    }

    #[test]
    fn a_template_that_cannot_be_used_steps_aside() {
        each(&[131_063, 132_001, 132_007, 132_016, 134_102], "pause Template template_unusable:# said");
    }

    #[test]
    fn a_paused_template_steps_aside() {
        each(&[132_015], "pause Template template_paused:# said");
    }

    #[test]
    fn a_template_that_is_being_synced_is_waited_for() {
        each(&[134_101], "wait 600s template_syncing:# said");
    }

    #[test]
    fn a_blocked_flow_steps_aside_and_a_throttled_one_is_waited_for() {
        each(&[132_068], "pause Template flow_blocked:# said");
        each(&[132_069], "wait 3600s flow_throttled:# said");
    }

    #[test]
    fn an_unknown_code_of_whatsapp_is_tried_once_more() {
        each(&[131_001, 131_999, 132_002, 132_999], "retry unknown_error:# said");
        assert_eq!(course(131_999, attempts(3)), ["retry", "permanent", "permanent"]);
    }

    #[test]
    fn an_unknown_code_means_what_its_status_means() {
        for (status, expected) in [
            (500, "retry provider_error:777 said"),
            (503, "retry provider_error:777 said"),
            (502, "retry provider_error:777 said"),
            (408, "retry provider_error:777 said"),
            (429, "wait 30s slower rate_limited:777 said"),
            (401, "pause Probe auth:777 said"),
            (201, "retry unknown_error:777 said"),
        ] {
            assert_eq!(line(&classify(777, status, "said", &job(1, 0), None)), expected);
        }
        let told_when = classify(777, 503, "said", &job(1, 0), Some(Duration::from_secs(7)));
        assert_eq!(line(&told_when), "wait 7s provider_busy:777 said");
        assert_eq!(line(&classify(777, 500, "said", &job(9, 0), None)), "retry provider_error:777 said");
        assert_eq!(line(&classify(777, 400, "said", &job(2, 0), None)), "permanent unknown_error:777 said");
    }

    #[test]
    fn a_known_code_counts_more_than_its_status() {
        for status in [200, 400, 401, 429, 500] {
            assert_eq!(line(&classify(131_026, status, "said", &job(1, 0), None)), "permanent undeliverable:131026 said");
        }
    }

    #[test]
    fn what_a_header_asks_for_is_waited_for() {
        for (code, expected) in [(130_429, "wait 9s slower"), (131_057, "wait 9s"), (131_056, "defer 9s"), (134_101, "wait 9s")] {
            let outcome = classify(code, 429, "said", &job(1, 2), Some(Duration::from_secs(9)));

            assert!(line(&outcome).starts_with(&format!("{expected} ")), "{outcome:?}");
        }
    }

    #[test]
    fn a_pause_says_the_cure() {
        let Outcome::PauseQueue(outage) = told(131_042, &job(1, 0)) else { panic!() };

        assert_eq!(outage.reason, "131042 said; settle the account's payment method, then: wq resume");
    }

    #[test]
    fn a_reason_is_one_line_without_numbers_of_people_or_tokens() {
        let details = "Malformed access token EAAGm0PX4ZCpsBAx7 for\n+5511999990000\u{1b}[31m";

        let outcome = classify(131_026, 400, details, &job(1, 0), None);

        assert_eq!(line(&outcome), "permanent undeliverable:131026 Malformed access token *** for +55…0000");
    }
}
