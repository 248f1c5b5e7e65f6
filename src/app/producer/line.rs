//! This file reads one line of `--ndjson`: `{"name", "data", "opts"}`, with BullMQ's long names inside `opts`.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::check_options;
use crate::core::model::deduplication::Deduplication;
use crate::core::model::id::{IdMaker, check_new_id};
use crate::core::model::job::{Backoff, DEFAULT_JOB_NAME, JobOptions, NewJob, Start};
use crate::core::model::message::check_job;
use crate::core::model::priority::Priority;
use crate::core::store::read_keep;

/// Options that are only kept for Node, by their name on the line and the name that BullMQ stores.
const FOR_NODE: [(&str, &str); 3] = [("keepLogs", "kl"), ("stackTraceLimit", "stackTraceLimit"), ("sizeLimit", "sizeLimit")];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JobLine<'a> {
    name: Option<String>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    opts: Option<Map<String, Value>>,
}

/// The job of a line; `defaults` holds for every option that the line does not name.
///
/// # Errors
/// One line that says what is wrong.
pub(super) fn parse(line: &str, defaults: &JobOptions, ids: &mut IdMaker) -> Result<NewJob, String> {
    let parsed: JobLine<'_> = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let data = parsed.data.map_or("{}", RawValue::get).to_owned();
    let name = parsed.name.unwrap_or_else(|| DEFAULT_JOB_NAME.to_owned());
    check_job(&name, &data).map_err(|error| error.path().map_or_else(|| error.to_string(), |_| format!("data.{error}")))?;
    let (id, options) = read_options(parsed.opts.unwrap_or_default(), defaults)?;
    Ok(NewJob { id: id.unwrap_or_else(|| ids.next_id()), name, data, options })
}

/// What `opts` says: the job's own id, if it has one, and how it runs; `defaults` holds for what is not named.
///
/// # Errors
/// One line that says what is wrong.
pub(super) fn read_options(given: Map<String, Value>, defaults: &JobOptions) -> Result<(Option<String>, JobOptions), String> {
    let mut id = None;
    let mut options = defaults.clone();
    let mut names_priority = false;
    for (name, value) in given {
        names_priority |= name == "priority";
        let wrong = |expected: &str| format!("opts.{name} must be {expected}");
        match name.as_str() {
            "jobId" => {
                let given = value.as_str().ok_or_else(|| wrong("a text"))?;
                check_new_id(given).map_err(|error| error.to_string())?;
                id = Some(given.to_owned());
            }
            "attempts" => options.attempts = whole(&value).and_then(|n| u32::try_from(n).ok()).ok_or_else(|| wrong("0 or more"))?,
            "delay" => options.start = delay(&value).ok_or_else(|| wrong("milliseconds, 0 or more"))?,
            "priority" => options.priority = Some(priority(&value).ok_or_else(|| wrong("0 to 2097151"))?),
            "backoff" => options.backoff = Some(backoff(&value).ok_or_else(|| wrong("milliseconds or {type, delay, jitter}"))?),
            "lifo" => options.lifo = value.as_bool().ok_or_else(|| wrong("true or false"))?,
            "deduplication" => {
                let read = Deduplication::from_json(&value).map_err(|problem| format!("opts.{name}{problem}"))?;
                options.deduplication = Some(read);
            }
            "removeOnComplete" => options.remove_on_complete = Some(read_keep(&value).ok_or_else(|| wrong(KEEP))?),
            "removeOnFail" => options.remove_on_fail = Some(read_keep(&value).ok_or_else(|| wrong(KEEP))?),
            _ => {
                let (_, stored) = FOR_NODE.iter().find(|(known, _)| *known == name).ok_or_else(|| unknown(&name))?;
                whole(&value).ok_or_else(|| wrong("0 or more"))?;
                options.other.insert((*stored).to_owned(), value);
            }
        }
    }
    if options.lifo && !names_priority {
        options.priority = Some(Priority::NONE);
    }
    check_options(&options).map_err(|error| error.to_string())?;
    Ok((id, options))
}

const KEEP: &str = "true, false, a number or {age, count, limit}";

fn unknown(name: &str) -> String {
    match name {
        "parent" | "repeat" => format!("opts.{name} is not supported here"),
        _ => format!("there is no option {name:?}"),
    }
}

/// A number without a fraction, 0 or more.
pub(in crate::app) fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().filter(|number| number.fract() == 0.0).and_then(|number| format!("{number:.0}").parse().ok()))
}

fn delay(value: &Value) -> Option<Start> {
    let ms = whole(value)?;
    Some(if ms == 0 { Start::Now } else { Start::After(Duration::from_millis(ms)) })
}

/// BullMQ's number.
pub(in crate::app) fn priority(value: &Value) -> Option<Priority> {
    Priority::try_from(whole(value)?).ok()
}

/// `{type, delay, jitter}`, or milliseconds, which BullMQ reads as fixed.
pub(in crate::app) fn backoff(value: &Value) -> Option<Backoff> {
    let backoff = match value.as_f64() {
        Some(delay) => Backoff { kind: "fixed".to_owned(), delay, jitter: None },
        None => serde_json::from_value(value.clone()).ok()?,
    };
    let is_sound = backoff.delay >= 0.0 && backoff.jitter.is_none_or(|jitter| (0.0..=1.0).contains(&jitter));
    is_sound.then_some(backoff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<NewJob, String> {
        parse(line, &JobOptions::standard(), &mut IdMaker::new().unwrap())
    }

    #[test]
    fn a_line_is_a_job_as_a_node_producer_writes_it() {
        let job =
            read(r#"{"name":"mail","data":{"b":1, "a":[]},"opts":{"jobId":"order-1","attempts":5,"delay":1500,"priority":1}}"#).unwrap();

        assert_eq!((job.id.as_str(), job.name.as_str(), job.data.as_str()), ("order-1", "mail", r#"{"b":1, "a":[]}"#));
        assert_eq!((job.options.attempts, job.options.priority), (5, Some(Priority::URGENT)));
        assert_eq!(job.options.start, Start::After(Duration::from_millis(1500)));
    }

    #[test]
    fn what_a_line_does_not_say_is_as_for_any_other_job() {
        let job = read("{}").unwrap();

        assert_eq!((job.name.as_str(), job.data.as_str(), job.options), ("send", "{}", JobOptions::standard()));
        assert_ne!(job.id, "");
    }

    #[test]
    fn a_lifo_line_needs_no_priority_to_take_back() {
        assert_eq!(read(r#"{"opts":{"lifo":true}}"#).unwrap().options.priority, Some(Priority::NONE));
        assert!(read(r#"{"opts":{"lifo":true,"priority":1}}"#).is_err());
    }

    #[test]
    fn every_kind_of_wrong_line_says_what_is_wrong() {
        for (line, part) in [
            ("{\"data\":nope}", "expected"),
            (r#"{"data":{"to":"+34600111222","media":{"url":"file:///etc/passwd"}}}"#, "data.media.url: must begin with https://"),
            (r#"{"data":{"to":"600111222","text":"Hola"}}"#, "data.to: the phone number"),
            ("[]", "expected"),
            (r#"{"nmae":"x"}"#, "nmae"),
            (r#"{"opts":{"delay":-5}}"#, "opts.delay must be milliseconds, 0 or more"),
            (r#"{"opts":{"delay":1.5}}"#, "opts.delay"),
            (r#"{"opts":{"priority":2097152}}"#, "0 to 2097151"),
            (r#"{"opts":{"jobId":"17"}}"#, "reads as an integer"),
            (r#"{"opts":{"jobId":17}}"#, "opts.jobId must be a text"),
            (r#"{"opts":{"backoff":{"delay":5}}}"#, "opts.backoff"),
            (r#"{"opts":{"backoff":{"type":"fixed","delay":5,"jitter":2}}}"#, "opts.backoff"),
            (r#"{"opts":{"removeOnComplete":"yes"}}"#, "opts.removeOnComplete"),
            (r#"{"opts":{"deduplication":{"id":""}}}"#, "opts.deduplication.id must be a text"),
            (r#"{"opts":{"deduplication":"order-17"}}"#, "opts.deduplication must be an object"),
            (r#"{"opts":{"repeat":{"every":5}}}"#, "not supported"),
            (r#"{"opts":{"attemps":5}}"#, "no option \"attemps\""),
        ] {
            let problem = read(line).unwrap_err();
            assert!(problem.contains(part), "{line}: {problem}");
        }
    }
}
