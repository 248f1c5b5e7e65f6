//! This file writes a job as its receiver gets it and reads the receiver's answer as a job's return value.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::core::model::job::Job;

/// The longest answer, in bytes, that is kept when it is no JSON.
pub(super) const MAX_REPLY_TEXT: usize = 64 * 1024;

#[derive(Serialize)]
struct Envelope<'a> {
    id: &'a str,
    name: &'a str,
    data: &'a RawValue,
    attempt: u32,
    queue: &'a str,
}

/// The whole job as JSON; its `data` is embedded byte for byte.
pub(super) fn encode(job: &Job) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Envelope { id: &job.id, name: &job.name, data: &job.data, attempt: job.attempt, queue: &job.queue })
}

/// An answer as JSON text: JSON as it is but without blanks between its parts, other text as a string, nothing as `null`.
///
/// An answer that is not `whole` was cut short, so it is text whatever it looks like.
pub(super) fn reply(answer: &[u8], whole: bool) -> String {
    let answer = answer.strip_prefix(b"\xef\xbb\xbf").unwrap_or(answer).trim_ascii();
    if answer.is_empty() {
        return "null".to_owned();
    }
    match serde_json::from_slice::<&RawValue>(answer) {
        Ok(json) if whole => compact(json.get()),
        _ => as_string(answer),
    }
}

fn as_string(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer.get(..MAX_REPLY_TEXT).unwrap_or(answer));
    serde_json::Value::from(text).to_string()
}

/// Valid JSON without the blanks between its parts. Numbers keep the digits they came with.
fn compact(json: &str) -> String {
    let mut kept = String::with_capacity(json.len());
    let mut in_string = false;
    let mut escaped = false;
    for c in json.chars() {
        if in_string || !matches!(c, ' ' | '\t' | '\n' | '\r') {
            kept.push(c);
        }
        in_string = (c == '"' && !escaped) != in_string;
        escaped = in_string && c == '\\' && !escaped;
    }
    kept
}

#[cfg(test)]
pub(super) fn sample_job(data: &str) -> Job {
    Job {
        queue: "whatsapp".to_owned(),
        id: "Ab12".to_owned(),
        name: "send".to_owned(),
        data: RawValue::from_string(data.to_owned()).unwrap(),
        attempt: 2,
        attempts: 3,
        stable_key: "Ab12".to_owned(),
        waits: 0,
        timestamp: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_reaches_the_receiver_byte_for_byte() {
        let data = "{ \"to\": \"+34600111222\",\n \"n\": 1.00, \"big\": 12345678901234567890123, \"u\": \"\\u00e9\" }";

        let written = String::from_utf8(encode(&sample_job(data)).unwrap()).unwrap();

        assert_eq!(written, format!("{{\"id\":\"Ab12\",\"name\":\"send\",\"data\":{data},\"attempt\":2,\"queue\":\"whatsapp\"}}"));
    }

    #[test]
    fn a_json_answer_becomes_the_return_value_as_it_is() {
        for (answer, kept) in [
            ("{ \"a\" : [1.00, 2],\r\n\t\"b c\": \"d  \\\" e\" }", "{\"a\":[1.00,2],\"b c\":\"d  \\\" e\"}"),
            ("\u{feff}{\"bom\":true}", "{\"bom\":true}"),
            ("  \"text\" \n", "\"text\""),
            ("\"\\\\\" ", "\"\\\\\""),
            ("12345678901234567890123", "12345678901234567890123"),
            ("null", "null"),
        ] {
            assert_eq!(reply(answer.as_bytes(), true), kept, "{answer}");
        }
    }

    #[test]
    fn any_other_answer_becomes_a_string() {
        assert_eq!(reply(b"OK, got \"it\"\n", true), "\"OK, got \\\"it\\\"\"");
        assert_eq!(reply(b"<html>", true), "\"<html>\"");
        assert_eq!(reply(b"\xff", true), "\"\u{fffd}\"");
        assert_eq!(reply(b"{\"a\":1} {\"b\":2}", true), "\"{\\\"a\\\":1} {\\\"b\\\":2}\"");
    }

    #[test]
    fn no_answer_becomes_null() {
        assert_eq!(reply(b"", true), "null");
        assert_eq!(reply(b" \r\n", false), "null");
    }

    #[test]
    fn an_answer_that_was_cut_short_is_never_taken_for_json() {
        assert_eq!(reply(b"12", false), "\"12\"");
        assert_eq!(reply(b"{\"id\":", false), "\"{\\\"id\\\":\"");
    }

    #[test]
    fn a_long_text_is_kept_up_to_64_kib() {
        assert_eq!(reply(&b"x".repeat(1_000_000), true).len(), MAX_REPLY_TEXT + 2);
    }

    proptest::proptest! {
        #[test]
        fn compacting_changes_no_value(value in "[a-z\\\\\"\u{e9} ]{0,12}", n in proptest::prelude::any::<f64>()) {
            let before = serde_json::json!({ "k": [value, n], " ": {} });
            let pretty = serde_json::to_string_pretty(&before).unwrap();

            proptest::prop_assert_eq!(compact(&pretty), before.to_string());
        }
    }
}
