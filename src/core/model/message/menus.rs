//! This file reads buttons and lists, the messages that are answered by a tap.

use serde_json::Value;

use super::check::{
    MAX_BODY_CHARS, MAX_BUTTON_CHARS, MAX_BUTTON_ID_CHARS, MAX_BUTTONS, MAX_CODE_CHARS, MAX_DESCRIPTION_CHARS, MAX_HEADER_CHARS,
    MAX_ROW_CHARS, MAX_ROW_ID_CHARS, MAX_ROWS, at_most, count, optional_at_most, repeated,
};
use super::error::MessageError;
use super::fields::{Fields, missing, wrong_type};
use super::kinds::{Button, ButtonAction, Buttons, List, ListRow, ListSection};
use super::parts::Words;
use super::url;

/// `buttons` with `text`, `title` and `footer` beside it.
///
/// # Errors
/// The first field that is missing or wrong.
pub(super) fn buttons(value: &Value, words: Words) -> Result<Buttons, MessageError> {
    let items = value.as_array().ok_or_else(|| wrong_type("buttons", "an array"))?;
    let Frame { text, title, footer } = frame(words)?;
    count(items.len(), 1..=MAX_BUTTONS, "buttons", "buttons")?;
    let buttons = items.iter().enumerate().map(|(number, item)| button(item, number)).collect::<Result<Vec<_>, _>>()?;
    let is_reply = |button: &Button| matches!(button.action, ButtonAction::Reply { .. });
    if let Some(number) = buttons.iter().position(|button| is_reply(button) != buttons.first().is_some_and(is_reply)) {
        let problem = "answers can't stand beside buttons that open, call or copy; send them as two messages";
        return Err(MessageError::field(format!("buttons[{number}].type"), "buttons_mixed", problem));
    }
    if let Some(number) = repeated(buttons.iter().map(|button| &button.title)) {
        return Err(MessageError::field(format!("buttons[{number}].title"), "field_repeated", "is there twice; titles must differ"));
    }
    let ids = buttons.iter().filter_map(|button| match &button.action {
        ButtonAction::Reply { id } => Some(id),
        ButtonAction::Url { .. } | ButtonAction::Call { .. } | ButtonAction::Copy { .. } => None,
    });
    if let Some(number) = repeated(ids) {
        return Err(MessageError::field(format!("buttons[{number}].id"), "field_repeated", "is there twice; ids must differ"));
    }
    Ok(Buttons { text, title, footer, buttons })
}

/// What stands around a menu.
struct Frame {
    text: String,
    title: Option<String>,
    footer: Option<String>,
}

fn frame(words: Words) -> Result<Frame, MessageError> {
    let text = words.text.ok_or_else(|| missing("text", "what the message says above them"))?;
    at_most(&text, MAX_BODY_CHARS, "text")?;
    optional_at_most(words.title.as_ref(), MAX_HEADER_CHARS, "title")?;
    optional_at_most(words.footer.as_ref(), MAX_HEADER_CHARS, "footer")?;
    Ok(Frame { text, title: words.title, footer: words.footer })
}

fn button(value: &Value, number: usize) -> Result<Button, MessageError> {
    let fields = Fields::new(value, format!("buttons[{number}]"))?;
    let title = fields.required(&["title", "displayText", "display_text"], "what stands on the button")?;
    at_most(&title, MAX_BUTTON_CHARS, &fields.path("title"))?;
    let kind = fields.text(&["type"])?.unwrap_or_else(|| "reply".to_owned());
    let action = match kind.as_str() {
        "reply" => {
            // A button without an id answers with its own words.
            let id = fields.text(&["id"])?.unwrap_or_else(|| title.clone());
            at_most(&id, MAX_BUTTON_ID_CHARS, &fields.path("id"))?;
            ButtonAction::Reply { id }
        }
        "url" => {
            let url = fields.required(&["url"], "the https address that it opens")?;
            url::check(&url, &fields.path("url"))?;
            ButtonAction::Url { url }
        }
        "call" => ButtonAction::Call { phone: fields.phone(&["phone", "phoneNumber", "phone_number"])? },
        "copy" => {
            let code = fields.required(&["code", "copyCode", "copy_code"], "what it copies")?;
            at_most(&code, MAX_CODE_CHARS, &fields.path("code"))?;
            ButtonAction::Copy { code }
        }
        _ => return Err(MessageError::field(fields.path("type"), "field_value", "must be reply, url, call or copy")),
    };
    Ok(Button { title, action })
}

/// `list` with `text`, `title` and `footer` beside it.
///
/// # Errors
/// The first field that is missing or wrong.
pub(super) fn list(value: &Value, words: Words) -> Result<List, MessageError> {
    let Frame { text, title, footer } = frame(words)?;
    let fields = Fields::new(value, "list")?;
    let button = fields.required(&["button", "buttonText", "button_text"], "what opens the menu")?;
    at_most(&button, MAX_BUTTON_CHARS, "list.button")?;
    let (path, items) = fields.items(&["sections"], "an array of sections with rows")?;
    count(items.len(), 1..=MAX_ROWS, "sections", &path)?;
    let sections = items.iter().enumerate().map(|(number, item)| section(item, number)).collect::<Result<Vec<_>, _>>()?;
    if let Some(number) = sections.iter().position(|section| section.title.is_none()).filter(|_| sections.len() > 1) {
        return Err(missing(format!("{path}[{number}].title"), "a title, since there are several sections"));
    }
    let rows = || sections.iter().flat_map(|section| &section.rows);
    count(rows().count(), 1..=MAX_ROWS, "rows in all its sections", &path)?;
    if repeated(rows().map(|row| &row.id)).is_some() {
        return Err(MessageError::field(path, "field_repeated", "has two rows of the same id; ids must differ"));
    }
    Ok(List { text, title, footer, button, sections })
}

fn section(value: &Value, number: usize) -> Result<ListSection, MessageError> {
    let fields = Fields::new(value, format!("list.sections[{number}]"))?;
    let title = fields.text(&["title"])?;
    optional_at_most(title.as_ref(), MAX_ROW_CHARS, &fields.path("title"))?;
    let (path, items) = fields.items(&["rows"], "an array of rows")?;
    count(items.len(), 1..=MAX_ROWS, "rows", &path)?;
    let rows = items.iter().enumerate().map(|(number, item)| row(item, format!("{path}[{number}]"))).collect::<Result<Vec<_>, _>>()?;
    Ok(ListSection { title, rows })
}

fn row(value: &Value, path: String) -> Result<ListRow, MessageError> {
    let fields = Fields::new(value, path)?;
    let title = fields.required(&["title"], "what the row says")?;
    at_most(&title, MAX_ROW_CHARS, &fields.path("title"))?;
    let description = fields.text(&["description"])?;
    optional_at_most(description.as_ref(), MAX_DESCRIPTION_CHARS, &fields.path("description"))?;
    let id = fields.text(&["id", "rowId", "row_id"])?.unwrap_or_else(|| title.clone());
    at_most(&id, MAX_ROW_ID_CHARS, &fields.path("id"))?;
    Ok(ListRow { id, title, description })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(text: usize, title: usize, footer: usize) -> Words {
        let some = |count| Some("ñ".repeat(count)).filter(|text| !text.is_empty());
        Words { text: some(text), title: some(title), footer: some(footer) }
    }

    fn told<T>(outcome: Result<T, MessageError>) -> String {
        outcome.map_or_else(|error| format!("{} {}", error.code(), error.path().unwrap_or_default()), |_| "ok".to_owned())
    }

    fn of_buttons(value: &Value) -> String {
        told(buttons(value, words(1024, 60, 60)))
    }

    fn of_list(value: &Value) -> String {
        told(list(value, words(1024, 60, 60)))
    }

    fn rows(from: usize, to: usize) -> Value {
        (from..to).map(|number| json!({ "id": number.to_string(), "title": "ñ".repeat(24), "description": "ñ".repeat(72) })).collect()
    }

    #[test]
    fn the_lines_around_a_menu_have_their_limits() {
        for (around, expected) in [
            (words(1024, 60, 60), "ok"),
            (words(1, 0, 0), "ok"),
            (words(0, 60, 60), "field_missing text"),
            (words(1025, 0, 0), "field_too_long text"),
            (words(1, 61, 0), "field_too_long title"),
            (words(1, 0, 61), "field_too_long footer"),
        ] {
            assert_eq!(told(buttons(&json!([{ "title": "a" }]), around)), expected);
        }
    }

    #[test]
    fn buttons_have_their_limits() {
        for (value, expected) in [
            (json!([{ "title": "ñ".repeat(20), "id": "i".repeat(256) }, { "title": "b" }, { "title": "c" }]), "ok"),
            (
                json!([{ "type": "url", "title": "a", "url": "https://example.com/" }, { "type": "copy", "title": "b", "code": "SAVE" }]),
                "ok",
            ),
            (json!([{ "type": "call", "displayText": "a", "phoneNumber": "34600111222" }]), "ok"),
            (json!({}), "field_type buttons"),
            (json!([]), "field_count buttons"),
            (json!([{ "title": "a" }, { "title": "b" }, { "title": "c" }, { "title": "d" }]), "field_count buttons"),
            (json!(["a"]), "field_type buttons[0]"),
            (json!([{ "id": "a" }]), "field_missing buttons[0].title"),
            (json!([{ "title": "ñ".repeat(21) }]), "field_too_long buttons[0].title"),
            (json!([{ "title": "a", "id": "i".repeat(257) }]), "field_too_long buttons[0].id"),
            (json!([{ "title": "a" }, { "title": "a", "id": "b" }]), "field_repeated buttons[1].title"),
            (json!([{ "title": "a", "id": "x" }, { "title": "b", "id": "x" }]), "field_repeated buttons[1].id"),
            (json!([{ "title": "a", "type": "pix" }]), "field_value buttons[0].type"),
            (json!([{ "title": "a", "type": "url", "url": "http://example.com/" }]), "url_scheme buttons[0].url"),
            (json!([{ "title": "a", "type": "call", "phone": "112" }]), "phone_too_short buttons[0].phone"),
            (json!([{ "title": "a", "type": "copy", "code": "1234567890123456" }]), "field_too_long buttons[0].code"),
            (json!([{ "title": "a", "type": "copy", "code": "1" }, { "title": "b" }]), "buttons_mixed buttons[1].type"),
        ] {
            assert_eq!(of_buttons(&value), expected, "{value}");
        }
    }

    #[test]
    fn lists_have_their_limits() {
        let one = |section: Value| json!({ "button": "Menu", "sections": [section] });
        let titled = |title: &str, rows: Value| json!({ "title": title, "rows": rows });
        for (value, expected) in [
            (one(json!({ "rows": rows(0, 10) })), "ok"),
            (json!({ "buttonText": "Menu", "sections": [titled("a", rows(0, 5)), titled("b", rows(5, 10))] }), "ok"),
            (json!([]), "field_type list"),
            (json!({ "sections": [] }), "field_missing list.button"),
            (json!({ "button": "ñ".repeat(21), "sections": [] }), "field_too_long list.button"),
            (json!({ "button": "Menu" }), "field_missing list.sections"),
            (json!({ "button": "Menu", "sections": [] }), "field_count list.sections"),
            (one(json!({})), "field_missing list.sections[0].rows"),
            (one(json!({ "rows": [] })), "field_count list.sections[0].rows"),
            (one(json!({ "rows": rows(0, 11) })), "field_count list.sections[0].rows"),
            (json!({ "button": "Menu", "sections": [titled("a", rows(0, 6)), titled("b", rows(6, 11))] }), "field_count list.sections"),
            (
                json!({ "button": "Menu", "sections": [titled("a", rows(0, 1)), { "rows": rows(1, 2) }] }),
                "field_missing list.sections[1].title",
            ),
            (one(titled(&"ñ".repeat(25), rows(0, 1))), "field_too_long list.sections[0].title"),
            (one(json!({ "rows": [{ "id": "a" }] })), "field_missing list.sections[0].rows[0].title"),
            (one(json!({ "rows": [{ "title": "ñ".repeat(25) }] })), "field_too_long list.sections[0].rows[0].title"),
            (
                one(json!({ "rows": [{ "title": "a", "description": "ñ".repeat(73) }] })),
                "field_too_long list.sections[0].rows[0].description",
            ),
            (one(json!({ "rows": [{ "title": "a", "id": "i".repeat(201) }] })), "field_too_long list.sections[0].rows[0].id"),
            (one(json!({ "rows": [{ "title": "a" }, { "title": "a" }] })), "field_repeated list.sections"),
        ] {
            assert_eq!(of_list(&value), expected, "{value}");
        }
    }
}
