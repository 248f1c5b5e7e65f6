//! This file reads what Meta says of the sending number: whether sends can work at all.

use serde_json::Value;

use super::verdict;
use crate::core::dispatch::transport::Health;
use crate::core::model::outage::{Outage, OutageEnd};
use crate::transport::client::{Answer, Failure};
use crate::transport::{meta, redact};

/// How many characters of Meta's own advice are shown.
const ADVICE_CHARS: usize = 200;
/// The fields that are asked for.
pub(super) const FIELDS: &str = "id,status,health_status";

/// What an answer says of the number.
pub(super) fn judge(answer: Result<Answer, Failure>) -> Health {
    let answer = match answer {
        Ok(answer) => answer,
        Err(Failure::NotSent(reason) | Failure::Unknown(reason)) => return unreachable(reason),
    };
    let body = verdict::read(&answer);
    if let Some(error) = body.as_ref().and_then(verdict::graph_error) {
        return match meta::outage(error.code, answer.status.as_u16(), &error.details) {
            Some(outage) => Health::Down(outage),
            // Graph knows the number and the token; only a field may be gone
            None if error.code == 100 => Health::Unknown,
            None => unreachable(format!("{} {}", error.code, error.details)),
        };
    }
    match body {
        Some(number) if answer.status.is_success() && number.get("id").is_some() => {
            blocked(&number).map_or_else(|| by_status(&number), Health::Down)
        }
        _ if answer.status.is_server_error() || answer.status.as_u16() == 429 => unreachable(verdict::said(&answer)),
        _ => Health::Down(verdict::misplaced(&answer)),
    }
}

fn unreachable(reason: String) -> Health {
    Health::Down(Outage { class: "unreachable", reason, end: OutageEnd::Probe })
}

/// What Meta says of all that a send needs: number, account, business and app. What is only limited still sends.
fn blocked(number: &Value) -> Option<Outage> {
    let health = number.get("health_status")?;
    if health.get("can_send_message")?.as_str()? != "BLOCKED" {
        return None;
    }
    let entities = health.get("entities").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let error = entities.iter().find_map(|entity| entity.pointer("/errors/0"));
    let text = |name: &str| error.and_then(|error| error.get(name)?.as_str()).unwrap_or_default();
    let code = error.and_then(|error| error.get("error_code")?.as_i64());
    if let Some(outage) = code.and_then(|code| meta::outage(code, 200, text("error_description"))) {
        return Some(outage);
    }
    let advice = redact::head(format!("{} {}", text("error_description"), text("possible_solution")).as_bytes(), ADVICE_CHARS);
    let reason =
        if advice.is_empty() { "Meta says that it can't send; see WhatsApp Manager".to_owned() } else { format!("Meta says: {advice}") };
    Some(Outage { class: "account_restricted", reason, end: OutageEnd::Probe })
}

fn by_status(number: &Value) -> Health {
    let status = number.get("status").and_then(Value::as_str).unwrap_or_default();
    let down = |class, word: &str, end| {
        Health::Down(Outage { class, reason: format!("Meta says that the number is {word}; see WhatsApp Manager"), end })
    };
    match status {
        "RESTRICTED" | "RATE_LIMITED" => down("account_restricted", &status.to_ascii_lowercase().replace('_', " "), OutageEnd::Probe),
        "BANNED" => down("banned", "banned", OutageEnd::ByHand),
        "PENDING" | "DELETED" | "MIGRATED" | "DISCONNECTED" | "UNVERIFIED" => {
            down("number_not_ready", &status.to_ascii_lowercase(), OutageEnd::Probe)
        }
        _ => Health::Up,
    }
}
