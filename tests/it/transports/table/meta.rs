//! Meta's codes: as Meta answers, and as Evolution's Cloud channel passes them on behind a 201.

use super::{BOTH, By, End, Kind, Row, check};

/// What the provider answers when Meta refuses with that code.
pub(super) fn error(by: By, code: i64) -> String {
    let bare = format!(r#"{{"message":"(#{code}) said","type":"OAuthException","code":{code},"fbtrace_id":"Az8"}}"#);
    match by {
        By::Cloud => format!(r#"{{"error":{bare}}}"#),
        By::Evolution => bare,
    }
}

async fn check_codes(status: u16, codes: &[i64], end: End, class: &str) {
    for by in BOTH {
        let status = if by == By::Evolution { 201 } else { status };
        let reason = |code: i64| match end {
            // a pause has its class apart from its reason
            End::Paused(_) => format!("{code} (#{code}) said; "),
            _ => format!("{class}:{code} (#{code}) said"),
        };
        // a handful of queues at a time is enough for one worker
        for codes in codes.chunks(8) {
            check(by, Kind::Template, codes.iter().map(|&code| Row::said(status, error(by, code), end, reason(code))).collect()).await;
        }
    }
}

macro_rules! rows {
    ($($name:ident: $status:literal $codes:expr => $end:expr, $class:literal;)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            check_codes($status, &$codes, $end, $class).await;
        })*
    };
}

rows! {
    a_token_that_is_no_good: 401 [0, 190] => End::Paused("auth"), "auth";
    a_permission_that_is_missing: 403 [3, 10, 200, 201, 250, 299, 131_005] => End::Paused("auth"), "auth";
    an_account_that_is_restricted: 403 [368, 131_031] => End::Paused("account_restricted"), "account_restricted";
    an_account_that_is_not_paid: 400 [131_042] => End::Paused("billing"), "billing";
    a_number_that_is_not_ready: 400 [33, 131_037, 131_045, 133_010] => End::Paused("number_not_ready"), "number_not_ready";
    a_code_of_registration: 400 [133_000, 133_005, 133_006, 133_007, 133_008, 133_009, 133_015, 133_016]
        => End::Paused("number_not_ready"), "number_not_ready";
    a_number_that_is_reported: 400 [131_048] => End::Paused("spam_restricted"), "spam_restricted";
    a_country_that_is_not_allowed: 403 [130_497] => End::Dead, "country_not_allowed";
    a_limit_of_calls: 400 [4, 80_007] => End::Later(300), "rate_limited";
    a_limit_of_throughput: 429 [130_429] => End::Later(1), "rate_limited";
    a_limit_of_a_pair: 400 [131_056] => End::Later(1), "recipient_rate";
    a_marketing_cap: 400 [131_049] => End::Later(86_400), "marketing_cap";
    a_provider_that_is_busy: 503 [2, 131_016, 131_057, 133_004, 2_494_100] => End::Later(60), "provider_busy";
    a_template_that_is_syncing: 400 [134_101] => End::Later(600), "template_syncing";
    a_flow_that_is_throttled: 400 [132_069] => End::Later(3_600), "flow_throttled";
    an_error_of_the_provider: 500 [1, 131_000, 135_000] => End::Again, "provider_error";
    media_that_cannot_be_loaded: 400 [131_052, 131_053] => End::Again, "media";
    templates_that_are_restricted: 400 [131_064] => End::Aside, "templates_restricted";
    a_template_that_is_of_no_use: 404 [131_063, 132_001, 132_007, 132_016, 134_102] => End::Aside, "template_unusable";
    a_template_that_is_paused: 400 [132_015] => End::Aside, "template_paused";
    a_flow_that_is_blocked: 400 [132_068] => End::Aside, "flow_blocked";
    a_recipient_who_cannot_get_it: 400 [131_026] => End::Dead, "undeliverable";
    a_window_that_is_closed: 400 [131_047] => End::Dead, "window_closed";
    a_recipient_who_opted_out: 400 [131_050] => End::Dead, "marketing_opt_out";
    a_recipient_who_is_held_out: 400 [130_472] => End::Dead, "experiment_holdout";
    a_recipient_whom_we_blocked: 400 [130_403] => End::Dead, "blocked_by_us";
    a_message_that_is_wrong: 400 [100, 131_008, 131_009, 131_021, 131_051, 131_055, 134_100] => End::Dead, "invalid_payload";
    parameters_that_are_wrong: 400 [132_000, 132_005, 132_012, 132_018] => End::Dead, "template_params";
    a_code_that_nobody_knows: 400 [131_999, 132_999] => End::Again, "unknown_error";
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_5xx_of_graph_without_a_known_code() {
    let row = |status| Row::said(status, error(By::Cloud, 777), End::Again, "provider_error:777 (#777) said");

    check(By::Cloud, Kind::Template, vec![row(500), row(502), row(504)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_number_id_that_does_not_exist() {
    let body = r#"{"error":{"message":"no such object","code":100,"error_subcode":33}}"#;

    check(By::Cloud, Kind::Template, vec![Row::said(400, body, End::Paused("number_not_ready"), "33 no such object; ")]).await;
}
