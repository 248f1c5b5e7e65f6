//! This file says how jobs that mean the same are told apart from jobs that don't: BullMQ's `deduplication`.

use std::time::Duration;

use serde_json::{Map, Value, json};

/// Of all jobs with this id only one is stored while it owns the id; the others are deduplicated.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Deduplication {
    /// Any text but the empty one; the owner of it is a job of the same queue.
    pub id: String,
    /// What a job does whose id is owned.
    pub rules: DeduplicationRules,
}

/// What a job does whose deduplication id is owned by another; all off is BullMQ's simple mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "BullMQ's own switches, of which several may be on")]
pub struct DeduplicationRules {
    /// How long the id is owned, however the owner fares; until the owner ends when `None`.
    pub ttl: Option<Duration>,
    /// Renews the time to live.
    pub extend: bool,
    /// Takes the place of an owner that is delayed.
    pub replace: bool,
    /// Puts a delayed owner off to when this job would have been due.
    pub reschedule: bool,
    /// Is stored once an owner that is being worked on has ended; of several only the last. There is no time to live then.
    pub keep_last_if_active: bool,
}

/// BullMQ's names of the switches.
const SWITCHES: [&str; 4] = ["extend", "replace", "reschedule", "keepLastIfActive"];

impl DeduplicationRules {
    /// The switches with BullMQ's names.
    fn switches(self) -> [(&'static str, bool); 4] {
        let [extend, replace, reschedule, keep] = SWITCHES;
        [(extend, self.extend), (replace, self.replace), (reschedule, self.reschedule), (keep, self.keep_last_if_active)]
    }

    /// The switches that are on, by BullMQ's names.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        self.switches().into_iter().filter_map(|(word, is_on)| is_on.then_some(word))
    }

    /// The time to live in milliseconds, 0 for none.
    pub fn ttl_ms(self) -> u64 {
        self.ttl.map_or(0, |ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX))
    }

    /// The members of BullMQ's object, but for the id.
    pub fn to_json(self) -> Map<String, Value> {
        let ttl = self.ttl.map(|_| ("ttl".to_owned(), json!(self.ttl_ms())));
        ttl.into_iter().chain(self.words().map(|word| (word.to_owned(), json!(true)))).collect()
    }
}

impl Deduplication {
    /// Reads BullMQ's object `{id, ttl, extend, replace, reschedule, keepLastIfActive}`.
    ///
    /// # Errors
    /// What is wrong with it, in words that follow the name of the option.
    pub fn from_json(value: &Value) -> Result<Self, String> {
        let fields = value.as_object().ok_or(" must be an object such as {\"id\": \"order-17\", \"ttl\": 5000}")?;
        let id = fields.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()).ok_or(".id must be a text")?;
        let mut rules = DeduplicationRules::default();
        for (name, value) in fields {
            let switch = match name.as_str() {
                "id" => continue,
                "ttl" => {
                    rules.ttl = read_ttl(value)?;
                    continue;
                }
                "extend" => &mut rules.extend,
                "replace" => &mut rules.replace,
                "reschedule" => &mut rules.reschedule,
                "keepLastIfActive" => &mut rules.keep_last_if_active,
                _ => return Err(format!(" has no member {name:?}")),
            };
            *switch = value.as_bool().ok_or_else(|| format!(".{name} must be true or false"))?;
        }
        Ok(Self { id: id.to_owned(), rules })
    }
}

/// Milliseconds; 0 is none, as in Node.
fn read_ttl(value: &Value) -> Result<Option<Duration>, String> {
    let ms = value.as_u64().filter(|ms| *ms <= MAX_TTL_MS).ok_or(".ttl must be milliseconds, a whole number")?;
    Ok((ms > 0).then(|| Duration::from_millis(ms)))
}

/// The longest time to live: Redis adds it to the present moment, which must stay exact in Lua.
pub const MAX_TTL_MS: u64 = 1 << 52;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_object_is_read_and_written() {
        let value = json!({ "id": "a:b", "ttl": 5000, "extend": true, "replace": false, "keepLastIfActive": true });

        let read = Deduplication::from_json(&value).unwrap();

        assert_eq!(read.rules.ttl, Some(Duration::from_secs(5)));
        assert_eq!(read.rules.words().collect::<Vec<_>>(), ["extend", "keepLastIfActive"]);
        assert_eq!(Value::from(read.rules.to_json()), json!({ "ttl": 5000, "extend": true, "keepLastIfActive": true }));
    }

    #[test]
    fn what_is_no_deduplication_says_what_is_wrong() {
        for (value, part) in [
            (json!("order-17"), "an object"),
            (json!({}), ".id"),
            (json!({ "id": "" }), ".id"),
            (json!({ "id": 17 }), ".id"),
            (json!({ "id": "a", "ttl": -1 }), ".ttl"),
            (json!({ "id": "a", "ttl": 1.5 }), ".ttl"),
            (json!({ "id": "a", "extend": 1 }), ".extend"),
            (json!({ "id": "a", "keepLast": true }), "keepLast"),
        ] {
            let problem = Deduplication::from_json(&value).unwrap_err();
            assert!(problem.contains(part), "{value}: {problem}");
        }
    }
}
