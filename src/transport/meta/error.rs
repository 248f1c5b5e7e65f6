//! This file reads the errors of Meta's Graph API and makes its words fit to be shown.

use serde_json::Value;

use crate::transport::redact;

/// How many characters of Meta's own words become part of a reason.
const DETAIL_CHARS: usize = 200;
/// Graph's access tokens begin like this; its messages sometimes repeat them.
const TOKEN_PREFIX: &str = "EAA";
/// Shorter words that begin like a token are none.
const TOKEN_CHARS: usize = 12;

/// An error object of the Graph API: what it holds under `error`, and what Evolution passes on bare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::transport) struct GraphError {
    /// The code by which the table is read.
    pub(in crate::transport) code: i64,
    /// Meta's words as one safe line.
    pub(in crate::transport) details: String,
}

impl GraphError {
    /// Reads an error object; `None` when it has no numeric `code`.
    ///
    /// Two codes hide in `error_subcode`: 33, which Graph sends below 100 for an id that doesn't exist, and 2494100.
    pub(in crate::transport) fn read(error: &Value) -> Option<Self> {
        let code = error.get("code").and_then(number)?;
        let code = match (code, error.get("error_subcode").and_then(number)) {
            (100, Some(33)) => 33,
            (_, Some(2_494_100)) => 2_494_100,
            _ => code,
        };
        let said = [error.pointer("/error_data/details"), error.get("message"), error.get("error_user_msg"), error.get("title")];
        let details = said.into_iter().flatten().filter_map(Value::as_str).find(|text| !text.trim().is_empty());
        Some(Self { code, details: shown(details.unwrap_or_default()) })
    }
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// Meta's words as part of a reason: one line, without numbers of people and without tokens.
pub(super) fn shown(details: &str) -> String {
    let line = redact::head(hide_tokens(details).as_bytes(), DETAIL_CHARS);
    if line.is_empty() { "(no details)".to_owned() } else { line }
}

/// Hides what looks like an access token: Graph repeats a malformed one in its message.
pub(in crate::transport) fn hide_tokens(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(TOKEN_PREFIX) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-')).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        shown.push_str(before);
        shown.push_str(if word.len() < TOKEN_CHARS { word } else { "***" });
        rest = after;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_looks_like_a_token_stays() {
        for (text, expected) in [
            ("EAA", "EAA"),
            ("an EAASY thing", "an EAASY thing"),
            ("<EAAGm0PX4ZCpsBA>, EAAGm0PX4ZCpsBB", "<***>, ***"),
            ("é EAAGm0PX4ZCp é", "é *** é"),
        ] {
            assert_eq!(hide_tokens(text), expected);
        }
    }

    #[test]
    fn an_error_is_read_in_all_its_forms() {
        for (json, code, details) in [
            (r#"{"message":"(#131056) pair","code":131056,"error_data":{"details":"too many"}}"#, 131_056, "too many"),
            (r#"{"message":"(#4) limit","code":4,"error_data":{"details":" "}}"#, 4, "(#4) limit"),
            (r#"{"title":"Re-engagement","code":"131047","error_data":"x"}"#, 131_047, "Re-engagement"),
            (r#"{"message":"no such id","code":100,"error_subcode":33}"#, 33, "no such id"),
            (r#"{"message":"bad","code":100,"error_subcode":2494010}"#, 100, "bad"),
            (r#"{"code":1,"error_subcode":2494100}"#, 2_494_100, "(no details)"),
        ] {
            let error = GraphError::read(&serde_json::from_str(json).unwrap());

            assert_eq!(error, Some(GraphError { code, details: details.to_owned() }));
        }
    }

    #[test]
    fn what_has_no_code_is_no_error_of_graph() {
        for json in ["{}", "[]", "null", "7", r#"{"message":"x"}"#, r#"{"code":null}"#, r#"{"code":"abc"}"#, r#"{"code":{}}"#] {
            assert_eq!(GraphError::read(&serde_json::from_str(json).unwrap()), None, "{json}");
        }
    }
}
