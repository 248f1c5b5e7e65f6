//! This file reads whether Evolution takes messages: the connection state of its instance.

use serde_json::Value;

use super::verdict::{disconnected, refused_access, said};
use crate::core::dispatch::transport::Health;
use crate::core::model::outage::{Outage, OutageEnd};
use crate::transport::client::{Answer, Failure};

/// What the answer to `connectionState` says.
pub(super) fn judge(answer: Result<Answer, Failure>, instance: &str, api_key: &str) -> Health {
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => return Health::Down(unreachable(failure.into_reason())),
    };
    if let Some(outage) = refused_access(&answer, instance, api_key) {
        return Health::Down(outage);
    }
    if !answer.status.is_success() {
        let why = format!("{} {}", answer.status.as_u16(), said(&answer, api_key));
        return Health::Down(unreachable(format!("Evolution doesn't tell the state of the instance {instance:?}: {why}")));
    }
    let body: Option<Value> = if answer.whole { serde_json::from_slice(&answer.body).ok() } else { None };
    match body.as_ref().and_then(|body| body.get("instance")?.as_object()) {
        // a state is missing while the instance is known and not loaded
        Some(about) => match about.get("state").and_then(Value::as_str) {
            Some("open") => Health::Up,
            state => Health::Down(disconnected(
                instance,
                &format!("its state is {}", state.map_or("unknown".into(), |word| format!("{word:?}"))),
            )),
        },
        None => Health::Down(no_evolution(&answer, api_key)),
    }
}

/// Something answers that is not Evolution.
pub(super) fn no_evolution(answer: &Answer, api_key: &str) -> Outage {
    let shown = said(answer, api_key);
    let reason = format!("what answers at --base-url is not Evolution ({} {shown}): correct it", answer.status.as_u16());
    Outage { class: "config", reason, end: OutageEnd::Probe }
}

fn unreachable(reason: String) -> Outage {
    Outage { class: "unreachable", reason, end: OutageEnd::Probe }
}
