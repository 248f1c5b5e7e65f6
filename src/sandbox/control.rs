//! This file is the sandbox's own API: turn the knobs while it runs, look at its counts and its journal.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Answer;
use super::fate::{Fault, Share};
use super::knobs::{ErrorFor, Knobs, Storm};
use super::provider::Request;
use super::server::House;

/// The longest storm.
const MOST_STORM: Duration = Duration::from_hours(24);
/// How many lines `GET /sandbox/journal` gives unless told otherwise.
const LINES: usize = 1_000;

/// What `POST /sandbox/faults` may hold. Whatever is not named stays as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Orders {
    /// First everything goes back to how the sandbox was started.
    #[serde(default)]
    reset: bool,
    latency: Option<String>,
    /// Shares by code; replaces all of them.
    errors: Option<serde_json::Map<String, Value>>,
    drop_answers: Option<Value>,
    /// Codes by number, `CODE` or `CODE:COUNT`; replaces all of them.
    error_for: Option<serde_json::Map<String, Value>>,
    retry_after: Option<String>,
    read_rate: Option<Value>,
    reply_rate: Option<Value>,
    swap_webhooks: Option<Value>,
    double_webhooks: Option<Value>,
    /// A fault of every request for a while.
    storm: Option<StormOrder>,
    /// Short for a storm of `connection-closed`.
    disconnect: Option<String>,
    /// Short for a storm of `unauthorized`.
    unauthorized: Option<String>,
    /// Connections are refused so long.
    refuse: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StormOrder {
    code: String,
    r#for: String,
}

/// Answers a path below `/sandbox/`.
pub(super) fn answer(house: &House, request: &Request) -> Answer {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/sandbox/state") => Answer::json(200, &house.provider.state()),
        ("GET", "/sandbox/journal") => journal(house, request),
        ("GET", "/sandbox/faults") => Answer::json(200, &shown(&house.provider.desk().knobs)),
        ("POST", "/sandbox/faults") => match obey(house, &request.body) {
            Ok(()) => Answer::json(200, &shown(&house.provider.desk().knobs)),
            Err(problem) => Answer::json(400, &json!({ "error": problem })),
        },
        _ => Answer::json(
            404,
            &json!({ "error": "there are GET /sandbox/state, /sandbox/journal, /sandbox/faults and POST /sandbox/faults" }),
        ),
    }
}

/// The latest lines, the oldest of them first.
fn journal(house: &House, request: &Request) -> Answer {
    let most = request.parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(LINES);
    let mut latest = house.provider.kept(|_| true);
    latest.truncate(most);
    let lines = latest.iter().rev().filter_map(|accepted| serde_json::to_string(&accepted.entry).ok()).map(|line| line + "\n");
    Answer::text(200, lines.collect())
}

/// Reads everything before anything is changed.
fn obey(house: &House, body: &[u8]) -> Result<(), String> {
    let orders: Orders = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let provider = &house.provider;
    let mut knobs = if orders.reset { provider.options.knobs.clone() } else { provider.desk().knobs.clone() };
    turn(&mut knobs, &orders)?;
    let now = Instant::now();
    let mut storms = Vec::new();
    let mut storm = |fault: Fault, time: &str| {
        storms.push(Storm { fault, until: now + duration(time)?.min(MOST_STORM) });
        Ok::<(), String>(())
    };
    if let Some(time) = &orders.disconnect {
        storm(Fault::ConnectionClosed, time)?;
    }
    if let Some(time) = &orders.unauthorized {
        storm(Fault::Unauthorized, time)?;
    }
    if let Some(order) = &orders.storm {
        storm(order.code.parse()?, &order.r#for)?;
    }
    let refuse = orders.refuse.as_deref().map(duration).transpose()?;
    let mut desk = provider.desk();
    desk.knobs = knobs;
    if orders.reset {
        desk.end_storms();
    }
    let lost = storms.iter().find(|storm| storm.fault == Fault::ConnectionClosed).map(|storm| storm.until);
    for storm in storms {
        desk.begin_storm(storm);
    }
    drop(desk);
    if let Some(until) = lost {
        provider.outbox.announce_disconnect(until);
    }
    if let Some(time) = refuse {
        house.close_door(time.min(MOST_STORM));
    }
    Ok(())
}

fn turn(knobs: &mut Knobs, orders: &Orders) -> Result<(), String> {
    if let Some(text) = &orders.latency {
        knobs.latency = latency(text)?;
    }
    if let Some(errors) = &orders.errors {
        let read = |(code, value): (&String, &Value)| Ok::<_, String>((code.parse()?, share(value)?));
        knobs.errors = errors.iter().map(read).collect::<Result<_, _>>()?;
    }
    if let Some(errors) = &orders.error_for {
        let read = |(number, code): (&String, &Value)| format!("{number}={}", text_of(code)).parse();
        knobs.error_for = errors.iter().map(read).collect::<Result<_, _>>()?;
    }
    if let Some(text) = &orders.retry_after {
        knobs.retry_after = duration(text)?;
    }
    for (knob, order) in [
        (&mut knobs.drop_answers, &orders.drop_answers),
        (&mut knobs.webhooks.read_rate, &orders.read_rate),
        (&mut knobs.webhooks.reply_rate, &orders.reply_rate),
        (&mut knobs.webhooks.swap_rate, &orders.swap_webhooks),
        (&mut knobs.webhooks.double_rate, &orders.double_webhooks),
    ] {
        if let Some(value) = order {
            *knob = share(value)?;
        }
    }
    Ok(())
}

fn shown(knobs: &Knobs) -> Value {
    let errors: serde_json::Map<String, Value> =
        knobs.errors.iter().map(|(fault, share)| (fault.to_string(), json!(share.to_string()))).collect();
    let error_for: serde_json::Map<String, Value> =
        knobs.error_for.iter().map(|own| (format!("+{}", own.number), json!(own.shown()))).collect();
    let (from, to) = knobs.latency;
    json!({
        "latency": format!("{}ms..{}ms", from.as_millis(), to.as_millis()),
        "errors": errors,
        "drop_answers": knobs.drop_answers.to_string(),
        "error_for": error_for,
        "retry_after": format!("{}ms", knobs.retry_after.as_millis()),
        "read_rate": knobs.webhooks.read_rate.to_string(),
        "reply_rate": knobs.webhooks.reply_rate.to_string(),
        "swap_webhooks": knobs.webhooks.swap_rate.to_string(),
        "double_webhooks": knobs.webhooks.double_rate.to_string(),
    })
}

/// A share as a number or as a text.
fn share(value: &Value) -> Result<Share, String> {
    text_of(value).parse()
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `20ms`, or `20ms..80ms`.
///
/// # Errors
/// When it is neither, or the end is before the beginning.
pub fn latency(text: &str) -> Result<(Duration, Duration), String> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let range = (duration(from)?, duration(to)?);
    if range.0 <= range.1 { Ok(range) } else { Err(format!("{text:?} ends before it begins; write 20ms..80ms")) }
}

/// `500ms`, `10s`, `5m` or `1h`.
///
/// # Errors
/// When it is none of these.
fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit_s = match unit.trim() {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ if number == "0" => 0.0,
        _ => return Err(format!("{text:?} is no duration; write 500ms, 10s, 5m or 1h")),
    };
    let seconds = number.parse::<f64>().map_err(|_| format!("{text:?} is no duration; write 500ms, 10s, 5m or 1h"))?;
    Duration::try_from_secs_f64(seconds * unit_s).map_err(|_| format!("{text:?} is too long"))
}

impl ErrorFor {
    fn shown(&self) -> String {
        self.count.map_or_else(|| self.fault.to_string(), |count| format!("{}:{count}", self.fault))
    }
}

impl std::str::FromStr for ErrorFor {
    type Err = String;

    /// Reads `+34600111222=131026` or, for the first two sends alone, `+34600111222=131026:2`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (number, code) = text.split_once('=').ok_or_else(|| format!("{text:?}: write +34600111222=CODE"))?;
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        if digits.is_empty() {
            return Err(format!("{number:?} is no number"));
        }
        let (code, count) = match code.split_once(':') {
            Some((code, count)) => (code, Some(count.parse().map_err(|_| format!("{count:?} is no count"))?)),
            None => (code, None),
        };
        Ok(Self { number: digits, fault: code.parse()?, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_on_the_command_line() {
        let ms = |text: &str| duration(text).map(|time| time.as_millis());
        assert_eq!([ms("500ms"), ms("1.5s"), ms("5m"), ms("0")], [Ok(500), Ok(1_500), Ok(300_000), Ok(0)]);
        for text in ["", "5", "-1s", "1w", "ms", "99999999999999999999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert_eq!(latency("20ms..80ms"), Ok((Duration::from_millis(20), Duration::from_millis(80))));
        assert!(latency("80ms..20ms").is_err() && latency("..").is_err());
    }

    #[test]
    fn a_fault_of_one_recipient_may_have_a_count() {
        let own: ErrorFor = "+34 600 111 222=http-500:2".parse().unwrap();

        assert_eq!((own.number.as_str(), own.fault, own.count), ("34600111222", Fault::OwnError, Some(2)));
        for text in ["", "+34600111222", "=131026", "+34600111222=nonsense", "+34600111222=131026:x"] {
            assert!(text.parse::<ErrorFor>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_word_that_is_no_knob_is_refused() {
        assert!(serde_json::from_str::<Orders>(r#"{"latencyy":"1s"}"#).is_err());
    }
}
