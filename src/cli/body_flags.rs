//! This file reads the flags that say what a message holds: a text, media, a template or a place.

use clap::{ArgGroup, Args};
use serde_json::{Value, json};

use crate::app::error::{AppError, Kind};
use crate::core::model::clock::Millis;
use crate::core::model::message::{MediaKind, Message, MessageError, TextMessage};
use crate::core::model::phone::Phone;

/// The name of the group of flags of which a message has one.
pub(super) const BODY: &str = "body";

/// The name of the group of flags that say more about one of those.
pub(super) const DETAILS: &str = "details";

/// What a message holds. Every detail says what it can't stand beside: `requires` alone counts for nothing where what it requires
/// is excluded by another flag.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new(BODY).args(["text", "media", "template_name", "location"]))]
#[command(group = ArgGroup::new(DETAILS).multiple(true).args(["media_kind", "caption", "file_name", "language", "param", "place"]))]
pub(super) struct BodyFlags {
    /// What it says
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with = DETAILS)]
    text: Option<String>,
    /// A picture, document, film or sound at a public https address
    #[arg(long, value_name = "URL", conflicts_with_all = ["language", "param", "place"])]
    media: Option<String>,
    /// image, document, video or audio, if the address doesn't tell
    #[arg(long, value_name = "KIND", requires = "media", value_parser = MediaKind::ALL.map(MediaKind::as_str), hide_possible_values = true)]
    media_kind: Option<String>,
    /// The text below it
    #[arg(long, value_name = "TEXT", requires = "media", allow_hyphen_values = true)]
    caption: Option<String>,
    /// What it is called at the other end
    #[arg(long, value_name = "NAME", requires = "media")]
    file_name: Option<String>,
    /// A template that Meta has approved
    #[arg(long, value_name = "NAME", requires = "language", conflicts_with_all = ["media_kind", "caption", "file_name", "place"])]
    template_name: Option<String>,
    #[arg(long, help = "Its language: es, pt_BR", value_name = "LANGUAGE", requires = "template_name")]
    language: Option<String>,
    /// A value for its body, by order or name; =a=b is the value a=b
    #[arg(long, value_name = "[NAME=]TEXT", requires = "template_name", allow_hyphen_values = true)]
    param: Vec<String>,
    /// A place on the map, in degrees
    #[arg(long, value_name = "LAT,LONG", allow_hyphen_values = true, conflicts_with_all = ["media_kind", "caption", "file_name", "language", "param"])]
    location: Option<String>,
    /// What the place is called
    #[arg(long, value_name = "NAME", requires = "location")]
    place: Option<String>,
}

impl BodyFlags {
    /// The message as it is stored.
    ///
    /// # Errors
    /// When a flag holds what WhatsApp would refuse, with the name of that flag.
    pub(super) fn message(&self, to: &Phone, expires: Option<Millis>) -> Result<String, AppError> {
        if let Some(text) = &self.text {
            let message = TextMessage { to, text, expires, campaign: None, category: None, conversation: None };
            return Ok(message.to_json([])?);
        }
        let data = json!({
            "to": to.e164(), "expires": expires,
            "media": self.media(), "template": self.template(), "location": self.location()?,
        });
        let message = Message::read(&data.to_string()).and_then(|message| message.to_json());
        message.map_err(|error| AppError::new(Kind::Usage, by_flag(&error)))
    }

    fn media(&self) -> Option<Value> {
        let url = self.media.as_ref()?;
        Some(json!({ "kind": self.media_kind, "url": url, "caption": self.caption, "file_name": self.file_name }))
    }

    fn template(&self) -> Option<Value> {
        let name = self.template_name.as_ref()?;
        let parameters: Vec<Value> = self.param.iter().map(|param| parameter(param)).collect();
        let components = if parameters.is_empty() { json!([]) } else { json!([{ "type": "body", "parameters": parameters }]) };
        Some(json!({ "name": name, "language": self.language, "components": components }))
    }

    fn location(&self) -> Result<Option<Value>, AppError> {
        let Some(location) = &self.location else { return Ok(None) };
        let malformed = || AppError::new(Kind::Usage, "--location: must be LAT,LONG in degrees, such as -23.55,-46.63");
        let (latitude, longitude) = location.split_once(',').ok_or_else(malformed)?;
        let degrees = |text: &str| text.trim().parse().ok().filter(|degrees: &f64| degrees.is_finite()).ok_or_else(malformed);
        let (latitude, longitude) = (degrees(latitude)?, degrees(longitude)?);
        Ok(Some(json!({ "latitude": latitude, "longitude": longitude, "name": self.place })))
    }
}

/// `NAME=TEXT` by name, anything else by its order; a leading `=` says that none is a name.
fn parameter(text: &str) -> Value {
    let is_name = |name: &str| {
        let is_word = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        is_word && name.starts_with(|c: char| c.is_ascii_lowercase())
    };
    match text.split_once('=') {
        Some(("", text)) => json!({ "type": "text", "text": text }),
        Some((name, text)) if is_name(name) => json!({ "type": "text", "parameter_name": name, "text": text }),
        _ => json!({ "type": "text", "text": text }),
    }
}

/// The problem under the name of the flag that its field came from.
fn by_flag(error: &MessageError) -> String {
    let MessageError::Field { path, problem, .. } = error else { return error.to_string() };
    let flags = [
        ("media.kind", "--media-kind"),
        ("media.caption", "--caption"),
        ("media.file_name", "--file-name"),
        ("media", "--media"),
        ("template.name", "--template-name"),
        ("template.language", "--language"),
        ("template", "--param"),
        ("location.name", "--place"),
        ("location", "--location"),
    ];
    let flag = flags.into_iter().find(|(field, _)| path.starts_with(field)).map_or(path.as_str(), |(_, flag)| flag);
    format!("{flag}: {problem}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_by_name_only_where_a_name_stands_before_the_sign() {
        for (text, expected) in [
            ("Ana", json!({ "type": "text", "text": "Ana" })),
            ("nombre=Ana", json!({ "type": "text", "parameter_name": "nombre", "text": "Ana" })),
            ("hora_1=10=30", json!({ "type": "text", "parameter_name": "hora_1", "text": "10=30" })),
            ("=a=b", json!({ "type": "text", "text": "a=b" })),
            ("2+2=4", json!({ "type": "text", "text": "2+2=4" })),
            ("Total = 5", json!({ "type": "text", "text": "Total = 5" })),
            ("", json!({ "type": "text", "text": "" })),
        ] {
            assert_eq!(parameter(text), expected, "{text}");
        }
    }
}
