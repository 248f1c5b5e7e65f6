//! This file writes the JSON of text messages, and checks what is stored as the data of any job.

use super::super::clock::Millis;
use super::super::job::MAX_DATA_BYTES;
use super::super::phone::Phone;
use super::error::MessageError;

/// WhatsApp's limit for a text, in characters.
pub const MAX_TEXT_CHARS: usize = 4096;

const HEX: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];

/// A text message before it is JSON. Optional fields are left out of the JSON when `None` or empty.
#[derive(Clone, Copy, Debug)]
pub struct TextMessage<'a> {
    /// Who gets it.
    pub to: &'a Phone,
    /// What it says: 1 to 4,096 characters.
    pub text: &'a str,
    /// From this moment on it is not sent any more.
    pub expires: Option<Millis>,
    /// The campaign that it belongs to.
    pub campaign: Option<&'a str>,
    /// WhatsApp's word for what it is: marketing, utility, authentication, service.
    pub category: Option<&'a str>,
    /// The conversation that it belongs to; the contact's own when absent.
    pub conversation: Option<&'a str>,
}

impl TextMessage<'_> {
    /// The message as compact JSON, with `meta` (names must differ) behind the fields.
    ///
    /// # Errors
    /// When the text is empty or too long, or all of it is over [`MAX_DATA_BYTES`].
    pub fn to_json<'m>(&self, meta: impl IntoIterator<Item = (&'m str, &'m str)>) -> Result<String, MessageError> {
        check_text(self.text)?;
        let mut json = String::with_capacity(96 + self.text.len());
        json.push_str("{\"to\":");
        push_string(&mut json, self.to.e164());
        push_field(&mut json, "text", self.text);
        if let Some(expires) = self.expires {
            json.push_str(",\"expires\":");
            json.push_str(&expires.to_string());
        }
        for (name, value) in [("campaign", self.campaign), ("category", self.category), ("conversation", self.conversation)] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                push_field(&mut json, name, value);
            }
        }
        push_meta(&mut json, meta);
        json.push('}');
        check_size(&json)?;
        Ok(json)
    }
}

fn push_meta<'m>(json: &mut String, meta: impl IntoIterator<Item = (&'m str, &'m str)>) {
    let mut separator = ",\"meta\":{";
    for (name, value) in meta {
        json.push_str(separator);
        push_string(json, name);
        json.push(':');
        push_string(json, value);
        separator = ",";
    }
    if separator == "," {
        json.push('}');
    }
}

fn push_field(json: &mut String, name: &str, value: &str) {
    json.push_str(",\"");
    json.push_str(name);
    json.push_str("\":");
    push_string(json, value);
}

/// Appends `text` as a JSON string; plain runs are copied whole.
pub fn push_string(json: &mut String, text: &str) {
    json.push('"');
    let mut plain_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        json.push_str(text.get(plain_from..at).unwrap_or_default());
        match escape {
            "" => json.extend(["\\u00", if byte < 0x10 { "0" } else { "1" }, HEX.get(usize::from(byte % 16)).copied().unwrap_or_default()]),
            _ => json.push_str(escape),
        }
        plain_from = at + 1;
    }
    json.push_str(text.get(plain_from..).unwrap_or_default());
    json.push('"');
}

/// Checks that WhatsApp takes a text of this length.
///
/// # Errors
/// When it is empty (or only spaces), or over [`MAX_TEXT_CHARS`].
pub fn check_text(text: &str) -> Result<(), MessageError> {
    if text.trim().is_empty() {
        return Err(MessageError::EmptyText);
    }
    // A character has at least one byte: most texts need no counting.
    let chars = if text.len() > MAX_TEXT_CHARS { text.chars().count() } else { 0 };
    if chars > MAX_TEXT_CHARS { Err(MessageError::LongText(chars)) } else { Ok(()) }
}

/// Checks that a job's data is JSON of a size that is stored.
///
/// # Errors
/// With the place where the JSON breaks, or the size.
pub fn check_data(data: &str) -> Result<(), MessageError> {
    check_size(data)?;
    serde_json::from_str::<serde::de::IgnoredAny>(data).map(|_| ()).map_err(|error| not_json(&error))
}

/// The data with `expires` in it, replacing one that is there.
///
/// # Errors
/// When the data is no JSON object.
pub fn with_expiry(data: &str, expires: Millis) -> Result<String, MessageError> {
    let mut value: serde_json::Value = serde_json::from_str(data).map_err(|error| not_json(&error))?;
    let object = value.as_object_mut().ok_or(MessageError::NotAnObject)?;
    object.insert("expires".to_owned(), expires.into());
    let data = value.to_string();
    check_size(&data)?;
    Ok(data)
}

pub(super) fn not_json(error: &serde_json::Error) -> MessageError {
    let text = error.to_string();
    let problem = text.split(" at line ").next().unwrap_or_default().to_owned();
    MessageError::NotJson { problem, line: error.line(), column: error.column() }
}

pub(super) fn check_size(data: &str) -> Result<(), MessageError> {
    if data.len() > MAX_DATA_BYTES { Err(MessageError::TooLarge(data.len())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message<'a>(to: &'a Phone, text: &'a str) -> TextMessage<'a> {
        TextMessage { to, text, expires: None, campaign: None, category: None, conversation: None }
    }

    fn ana() -> Phone {
        Phone::parse("+5511987650000", None).unwrap()
    }

    #[test]
    fn a_text_message_is_the_json_that_a_node_producer_would_write_by_hand() {
        let json = message(&ana(), "Hola Ana").to_json([]).unwrap();

        assert_eq!(json, r#"{"to":"+5511987650000","text":"Hola Ana"}"#);
    }

    #[test]
    fn unmapped_columns_are_kept_in_meta() {
        let to = ana();
        let whole = TextMessage { campaign: Some("bf26"), expires: Some(1_795_489_418_213), category: Some(""), ..message(&to, "Hi") };

        let json = whole.to_json([("crm", "twenty:42"), ("note", "a \"b\"\n")]).unwrap();

        let rest = r#""text":"Hi","expires":1795489418213,"campaign":"bf26","meta":{"crm":"twenty:42","note":"a \"b\"\n"}}"#;
        assert_eq!(json, format!(r#"{{"to":"+5511987650000",{rest}"#));
    }

    #[test]
    fn texts_that_whatsapp_would_refuse_are_refused() {
        assert_eq!(message(&ana(), " \n").to_json([]), Err(MessageError::EmptyText));
        assert_eq!(message(&ana(), &"ñ".repeat(4097)).to_json([]), Err(MessageError::LongText(4097)));
        assert!(message(&ana(), &"ñ".repeat(4096)).to_json([]).is_ok());
    }

    #[test]
    fn a_message_over_the_limit_of_the_store_is_refused() {
        let huge = "x".repeat(MAX_DATA_BYTES);

        let error = message(&ana(), "Hi").to_json([("column", huge.as_str())]).unwrap_err();

        assert!(matches!(error, MessageError::TooLarge(bytes) if bytes > MAX_DATA_BYTES), "{error}");
    }

    #[test]
    fn data_that_is_no_json_is_refused_with_its_position() {
        let error = check_data("{\"a\":\n  nope}").unwrap_err();

        assert_eq!(error, MessageError::NotJson { problem: "expected ident".to_owned(), line: 2, column: 4 });
        assert!(check_data("null").is_ok());
    }

    #[test]
    fn an_expiry_goes_into_objects_only_and_replaces_the_old_one() {
        assert_eq!(with_expiry(r#"{"a":1,"expires":2}"#, 7), Ok(r#"{"a":1,"expires":7}"#.to_owned()));
        assert_eq!(with_expiry("[1]", 7), Err(MessageError::NotAnObject));
    }

    proptest! {
        #[test]
        fn any_text_survives_the_way_into_json_and_back(text: String) {
            let mut json = String::new();
            push_string(&mut json, &text);

            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
