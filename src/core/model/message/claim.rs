//! This file draws the line between messages and other data, which goes to `http` and `exec` as it is.

use super::super::job::DEFAULT_JOB_NAME;
use super::compose::{check_data, check_size};
use super::error::MessageError;
use super::read::Top;

/// Checks the data of a new job: JSON of a size that is stored, and a message that can be sent where it claims to be one.
///
/// It claims that in a job named `send`, with `to`, or with two of these: `phone` or `number`; a field that says something
/// (`text`, `media` and so on); a `type` of ours. Under any other name, and without them, any JSON will do.
///
/// # Errors
/// With the place where the JSON breaks, its size, or the first field of the message that is missing or wrong.
pub fn check_job(name: &str, data: &str) -> Result<(), MessageError> {
    if name != DEFAULT_JOB_NAME || !data.trim_start().starts_with('{') {
        return check_data(data);
    }
    check_size(data)?;
    match Top::read(data) {
        Ok(top) if top.claims_to_be_a_message() => top.message().map(drop),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(data: &str) -> &'static str {
        check_job(DEFAULT_JOB_NAME, data).err().map_or("ok", |error| error.code())
    }

    #[test]
    fn data_that_claims_to_be_a_message_is_checked_as_one() {
        for (data, code) in [
            (r#"{"to":"+34600111222","text":"Hola"}"#, "ok"),
            (r#"{"to":"+34600111222"}"#, "field_missing"),
            (r#"{"to":"+34600111222","txt":"Hola"}"#, "field_missing"),
            (r#"{"to":"+34600","text":"Hola"}"#, "phone_invalid"),
            (r#"{"phone":"+34600","text":"Hola"}"#, "phone_invalid"),
            (r#"{"number":"34600111222","type":"video"}"#, "field_missing"),
            (r#"{"type":"text","text":"Hola"}"#, "field_missing"),
            (r#"{"type":"contacts","contact":{}}"#, "field_missing"),
            (r#"{"phone":"+34600111222","media":"file:///etc/passwd"}"#, "url_scheme"),
            (r#"{"to":"+34600111222","to":"+34600111223","text":"x"}"#, "data_not_json"),
        ] {
            assert_eq!(verdict(data), code, "{data}");
        }
    }

    #[test]
    fn any_other_data_passes() {
        for data in [
            "{}",
            "null",
            "[{\"to\":1}]",
            "\"to\"",
            " {\"b\":1, \"a\":[]} ",
            r#"{"phone":"+34600","name":"Ana"}"#,
            r#"{"number":17,"repository":"wq"}"#,
            r#"{"type":"contact","action":"created"}"#,
            r#"{"text":"Hola"}"#,
            r#"{"to":null,"n":1}"#,
            r#"{"contact":{"name":"Ana"},"contacts":[]}"#,
            r#"{"meta":{"to":"+34600"}}"#,
        ] {
            assert_eq!(verdict(data), "ok", "{data}");
        }
    }

    #[test]
    fn data_of_any_depth_and_size_is_judged_without_a_fall() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let message = |rest: &str| format!("{{\"to\":\"+34600111222\",{rest}}}");

        assert_eq!(verdict(&message(&format!("\"text\":\"x\",\"meta\":{}", deep(20_000)))), "ok");
        assert_eq!(verdict(&message(&format!("\"media\":{}", deep(20_000)))), "data_not_json");
        assert_eq!(verdict(&message("\"location\":{\"latitude\":1e999,\"longitude\":0}")), "data_not_json");
        assert_eq!(verdict(&format!("{{\"to\":\"{}\"}}", "1".repeat(5_000_000))), "data_too_large");
    }

    #[test]
    fn under_another_name_a_job_holds_what_it_likes() {
        for data in [r#"{"to":"ana@example.com","text":"Hola"}"#, r#"{"to":7}"#, r#"{"to":1,"to":2}"#] {
            assert_eq!(check_job("mail", data), Ok(()));
            assert_ne!(check_job("send", data), Ok(()));
        }
        assert!(check_job("mail", "{nope}").is_err() && check_job("send", "{nope}").is_err());
    }
}
