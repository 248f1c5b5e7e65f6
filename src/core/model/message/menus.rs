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
