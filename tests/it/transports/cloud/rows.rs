//! Each row of Meta's table through a worker: where the job is then, what it cost, and what the reason says.

use serde_json::Value;

use super::{TOKEN, worker::beside};
use crate::support::{Server, wq};
use crate::transports::peer::{Peer, Reply};

const TEMPLATE: &str = r#"{"to":"+34600111222","template":{"name":"cita","language":"es"},"campaign":"bf26"}"#;

/// What is to be seen after one attempt.
#[derive(Clone, Copy)]
enum End {
    /// A dead letter; one attempt.
    Dead,
    /// Waits for its back-off; one attempt.
    Again,
    /// Waits for as long as the provider said; no attempt.
    Later,
    /// The queue is paused and the job back in line; no attempt.
    Paused,
    /// The template stepped aside, and the job with it; no attempt.
    Aside,
    /// Held as uncertain; one attempt.
    Held,
}

/// Lets a worker send one message to a peer that gives this answer.
async fn after(status: u16, body: String, end: End) -> (Value, Value) {
    let peer = Peer::start(move |_| Reply::Say(status, vec![], body.clone().into_bytes())).await;
    let url = peer.url("");
    let seen = beside(&peer, move || {
        let server = Server::start();
        wq(&server).args(["enqueue", "--data", TEMPLATE, "--id", "m1", "--attempts", "5", "--backoff", "fixed:1h"]).run().exits(0);
        let worker = format!("worker --via cloud --base-url {url} --phone-number-id 106540352242922 --once --rate none");
        wq(&server).line(&worker).env("WQ_CLOUD_TOKEN", TOKEN).run().exits(0);
        if matches!(end, End::Aside) {
            // it steps aside when it is taken the next time
            let again = worker.replace("--once", "--until-empty");
            wq(&server).line(&again).env("WQ_CLOUD_TOKEN", TOKEN).run().exits(0);
        }
        let job = wq(&server).line("jobs get m1 --json").run().exits(0).json();
        (job["data"].clone(), wq(&server).line("metrics --json").run().exits(0).json()["data"].clone())
    })
    .await;
    assert_eq!(peer.seen().len(), 1, "it was sent once");
    seen
}

async fn check(status: u16, body: String, end: End, reason: &str) {
    let (job, queue) = after(status, body, end).await;
    let (state, attempts, paused, told) = match end {
        End::Dead | End::Held => ("failed", 1, false, &job["reason"]),
        End::Again => ("delayed", 1, false, &job["reason"]),
        End::Later => ("delayed", 0, false, &Value::Null),
        End::Paused => ("prioritized", 0, true, &queue["pause"]["reason"]),
        End::Aside => ("delayed", 0, false, &queue["asides"][0]["reason"]),
    };

    assert_eq!(
        (&job["state"], &job["attempts_made"], &queue["paused"]),
        (&state.into(), &attempts.into(), &paused.into()),
        "{job} {queue}"
    );
    assert!(told.as_str().unwrap_or_default().starts_with(reason) || matches!(end, End::Later), "{told} {reason}");
    if matches!(end, End::Aside) {
        assert_eq!(queue["asides"][0]["jobs"], 1, "{queue}");
    }
}

fn error(code: i64) -> String {
    format!(r#"{{"error":{{"message":"(#{code}) said","type":"OAuthException","code":{code},"fbtrace_id":"Az8"}}}}"#)
}

macro_rules! rows {
    ($($name:ident: $status:literal $codes:expr => $end:ident $class:literal;)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            for code in $codes {
                // a pause tells the class apart from its reason
                let reason = if matches!(End::$end, End::Paused) { format!("{code} (#{code}) said") } else { format!("{}:{code} (#{code}) said", $class) };
                check($status, error(code), End::$end, &reason).await;
            }
        })*
    };
}

rows! {
    a_token_that_is_no_good: 401 [0, 190] => Paused "auth";
    a_permission_that_is_missing: 403 [3, 10, 200, 131_005] => Paused "auth";
    an_account_that_is_restricted: 403 [368, 131_031] => Paused "account_restricted";
    an_account_that_is_not_paid: 400 [131_042] => Paused "billing";
    a_number_that_is_not_ready: 400 [33, 131_037, 131_045, 133_010] => Paused "number_not_ready";
    a_code_of_registration: 400 [133_000, 133_005, 133_009, 133_015, 133_016] => Paused "number_not_ready";
    a_number_that_is_reported: 400 [131_048] => Paused "spam_restricted";
    a_country_that_is_not_allowed: 403 [130_497] => Dead "country_not_allowed";
    a_limit_of_calls: 400 [4, 80_007] => Later "rate_limited";
    a_limit_of_throughput: 429 [130_429] => Later "rate_limited";
    a_limit_of_a_pair: 400 [131_056] => Later "recipient_rate";
    a_marketing_cap: 400 [131_049] => Later "marketing_cap";
    a_provider_that_is_busy: 503 [2, 131_016, 131_057, 133_004, 2_494_100] => Later "provider_busy";
    a_template_that_is_syncing: 400 [134_101] => Later "template_syncing";
    a_flow_that_is_throttled: 400 [132_069] => Later "flow_throttled";
    an_error_of_the_provider: 500 [1, 131_000, 135_000] => Again "provider_error";
    media_that_cannot_be_loaded: 400 [131_052, 131_053] => Again "media";
    templates_that_are_restricted: 400 [131_064] => Aside "templates_restricted";
    a_template_that_is_of_no_use: 404 [131_063, 132_001, 132_007, 132_016, 134_102] => Aside "template_unusable";
    a_template_that_is_paused: 400 [132_015] => Aside "template_paused";
    a_flow_that_is_blocked: 400 [132_068] => Aside "flow_blocked";
    a_recipient_who_cannot_get_it: 400 [131_026] => Dead "undeliverable";
    a_window_that_is_closed: 400 [131_047] => Dead "window_closed";
    a_recipient_who_opted_out: 400 [131_050] => Dead "marketing_opt_out";
    a_recipient_who_is_held_out: 400 [130_472] => Dead "experiment_holdout";
    a_recipient_whom_we_blocked: 400 [130_403] => Dead "blocked_by_us";
    a_message_that_is_wrong: 400 [100, 131_008, 131_009, 131_021, 131_051, 131_055, 134_100] => Dead "invalid_payload";
    parameters_that_are_wrong: 400 [132_000, 132_005, 132_012, 132_018] => Dead "template_params";
    a_code_that_nobody_knows: 400 [131_999, 132_999] => Again "unknown_error";
    a_5xx_of_graph_without_a_known_code: 500 [777] => Again "provider_error";
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_in_the_way() {
    check(502, "<html>".to_owned(), End::Held, "uncertain: gateway_error:502 no answer of the Graph API: <html>").await;
    check(404, "<html>".to_owned(), End::Paused, "404 no answer of the Graph API: <html>").await;
    check(429, String::new(), End::Later, "").await;
    check(408, String::new(), End::Again, "provider_busy:408 ").await;
    check(413, String::new(), End::Dead, "invalid_payload:413 ").await;
}
