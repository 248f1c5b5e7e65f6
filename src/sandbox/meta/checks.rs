//! This file checks a message as Meta does before it accepts one: first the parameters, then what they hold.

use serde_json::Value;

use super::super::{Template, Wants};

/// Types that a business may send.
const TYPES: [&str; 11] =
    ["audio", "contacts", "document", "image", "interactive", "location", "reaction", "sticker", "template", "text", "video"];
/// Characters of a text.
const MOST_TEXT: usize = 4_096;
/// Characters of what comes back in every status.
const MOST_OPAQUE: usize = 512;

/// Why a message is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: u32,
    /// Graph's own words instead of the code's title; then there are no details.
    pub(super) message: Option<String>,
    pub(super) details: Option<String>,
}

impl Refusal {
    /// An error of Graph's: 100, with its words.
    fn parameter(message: String) -> Self {
        Self { code: 100, message: Some(message), details: None }
    }

    fn detailed(code: u32, details: String) -> Self {
        Self { code, message: None, details: Some(details) }
    }
}

/// The type of a message, if it may be sent.
pub(super) fn check(body: &Value, own_number: &str, templates: &[Template]) -> Result<String, Refusal> {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    if text("messaging_product") != Some("whatsapp") {
        return Err(Refusal::parameter("(#100) The parameter messaging_product is required.".to_owned()));
    }
    let Some(to) = text("to").filter(|to| !to.is_empty()) else {
        return Err(Refusal::parameter("(#100) The parameter to is required.".to_owned()));
    };
    let kind = text("type").unwrap_or("text");
    if !TYPES.contains(&kind) {
        let all = TYPES.map(str::to_uppercase).join(", ");
        return Err(Refusal::parameter(format!("(#100) Param type must be one of {{{all}}} - got \"{kind}\".")));
    }
    let digits = digits(to);
    if !(7..=15).contains(&digits.len()) {
        return Err(Refusal::detailed(131_009, "Param to is not a valid WhatsApp number".to_owned()));
    }
    if digits == own_number {
        return Err(Refusal::detailed(131_021, "Sender and recipient phone number is the same.".to_owned()));
    }
    if text("biz_opaque_callback_data").is_some_and(|data| data.chars().count() > MOST_OPAQUE) {
        return Err(Refusal::parameter(format!("(#100) Param biz_opaque_callback_data must be at most {MOST_OPAQUE} characters long.")));
    }
    let Some(inner) = body.get(kind) else {
        return Err(Refusal::detailed(131_008, format!("Parameter '{kind}' is mandatory for type '{kind}'")));
    };
    check_inner(kind, inner, templates)?;
    Ok(kind.to_owned())
}

fn check_inner(kind: &str, inner: &Value, templates: &[Template]) -> Result<(), Refusal> {
    let missing = |name: &str| Refusal::parameter(format!("(#100) The parameter {kind}['{name}'] is required."));
    let text = |name: &str| inner.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let needs = |name: &str| inner.get(name).filter(|value| !value.is_null()).map(|_| ()).ok_or_else(|| missing(name));
    match kind {
        "text" => match text("body").map(|body| body.chars().count()) {
            None => Err(missing("body")),
            Some(length) if length > MOST_TEXT => {
                Err(Refusal::parameter(format!("(#100) Param text['body'] must be at most {MOST_TEXT} characters long.")))
            }
            Some(_) => Ok(()),
        },
        "image" | "video" | "audio" | "document" | "sticker" if text("id").is_none() && text("link").is_none() => {
            Err(Refusal::parameter(format!("(#100) Param {kind} must have exactly one of [\"id\", \"link\"].")))
        }
        "location" => ["latitude", "longitude"].into_iter().try_for_each(needs),
        "reaction" => ["message_id", "emoji"].into_iter().try_for_each(needs),
        "interactive" => check_interactive(inner),
        "template" => check_template(inner, templates),
        "contacts" if inner.as_array().is_none_or(Vec::is_empty) => {
            Err(Refusal::parameter("(#100) The parameter contacts is required.".to_owned()))
        }
        _ => Ok(()),
    }
}

fn check_interactive(inner: &Value) -> Result<(), Refusal> {
    let kind = inner.get("type").and_then(Value::as_str).unwrap_or_default();
    let body = inner.get("body").and_then(|body| body.get("text")).and_then(Value::as_str).unwrap_or_default();
    let length = |name: &str| inner.get("action").and_then(|action| action.get(name)).and_then(Value::as_array).map_or(0, Vec::len);
    if body.is_empty() && kind != "product" {
        return Err(Refusal::detailed(131_008, "Parameter 'interactive.body.text' is mandatory".to_owned()));
    }
    match kind {
        "button" if !(1..=3).contains(&length("buttons")) => Err(Refusal::detailed(
            131_009,
            format!("Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3, got {}", length("buttons")),
        )),
        "list" if !(1..=10).contains(&length("sections")) => {
            Err(Refusal::detailed(131_009, format!("Invalid sections count. Min allowed: 1, Max allowed: 10, got {}", length("sections"))))
        }
        "" => Err(Refusal::detailed(131_008, "Parameter 'interactive.type' is mandatory".to_owned())),
        _ => Ok(()),
    }
}

fn check_template(inner: &Value, templates: &[Template]) -> Result<(), Refusal> {
    let Some(name) = inner.get("name").and_then(Value::as_str).filter(|name| !name.is_empty()) else {
        return Err(Refusal::parameter("(#100) The parameter template['name'] is required.".to_owned()));
    };
    let language = inner.get("language").and_then(|language| language.get("code")).and_then(Value::as_str);
    let Some(language) = language.filter(|code| !code.is_empty()) else {
        return Err(Refusal::parameter("(#100) The parameter template['language'] is required.".to_owned()));
    };
    if templates.is_empty() {
        return Ok(());
    }
    match templates.iter().find(|template| template.name == name).map(|template| template.wants) {
        None => Err(Refusal::detailed(132_001, format!("template name ({name}) does not exist in {language}"))),
        Some(Wants::Refusal(code)) => Err(Refusal { code, message: None, details: None }),
        Some(Wants::Parameters(wanted)) => {
            let given = body_parameters(inner);
            let told = || format!("body: number of localizable_params ({given}) does not match the expected number of params ({wanted})");
            if given == wanted { Ok(()) } else { Err(Refusal::detailed(132_000, told())) }
        }
    }
}

fn body_parameters(template: &Value) -> usize {
    let components = template.get("components").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let body = components
        .iter()
        .find(|component| component.get("type").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("body")));
    body.and_then(|body| body.get("parameters")?.as_array()).map_or(0, Vec::len)
}

/// A recipient without `+` and separators.
pub(super) fn digits(to: &str) -> String {
    to.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn checked(mut message: Value) -> Result<String, (u32, String)> {
        message["messaging_product"] = json!("whatsapp");
        message["to"] = json!("+34600111222");
        let templates = [
            Template { name: "cita".to_owned(), wants: Wants::Parameters(2) },
            Template { name: "pausada".to_owned(), wants: Wants::Refusal(132_015) },
        ];
        check(&message, "34900111222", &templates)
            .map_err(|refusal| (refusal.code, refusal.message.or(refusal.details).unwrap_or_default()))
    }

    #[test]
    fn every_type_has_its_needs() {
        for (message, code) in [
            (json!({ "type": "text", "text": { "body": "Hola" } }), None),
            (json!({ "text": { "body": "Hola" } }), None),
            (json!({ "type": "text" }), Some(131_008)),
            (json!({ "type": "text", "text": { "body": "x".repeat(4_097) } }), Some(100)),
            (json!({ "type": "image", "image": { "link": "https://example.com/a.jpg" } }), None),
            (json!({ "type": "image", "image": {} }), Some(100)),
            (json!({ "type": "film", "film": {} }), Some(100)),
            (
                json!({ "type": "interactive", "interactive": { "type": "button", "body": { "text": "?" }, "action": { "buttons": [] } } }),
                Some(131_009),
            ),
            (json!({ "type": "template", "template": { "name": "other", "language": { "code": "es" } } }), Some(132_001)),
            (json!({ "type": "template", "template": { "name": "cita", "language": { "code": "es" } } }), Some(132_000)),
            (json!({ "type": "template", "template": { "name": "pausada", "language": { "code": "es" } } }), Some(132_015)),
        ] {
            assert_eq!(checked(message.clone()).err().map(|(code, _)| code), code, "{message}");
        }
    }

    #[test]
    fn a_template_counts_the_parameters_of_its_body() {
        let parameters = json!([{ "type": "text", "text": "Ana" }, { "type": "text", "text": "10:30" }]);
        let template =
            json!({ "name": "cita", "language": { "code": "es" }, "components": [{ "type": "body", "parameters": parameters }] });

        assert_eq!(checked(json!({ "type": "template", "template": template })), Ok("template".to_owned()));
    }

    #[test]
    fn an_unknown_type_is_told_all_that_there_are() {
        let (_, told) = checked(json!({ "type": "film" })).unwrap_err();

        assert!(told.starts_with("(#100) Param type must be one of {AUDIO, ") && told.ends_with("got \"film\"."), "{told}");
    }
}
