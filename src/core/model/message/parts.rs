//! This file reads the parts of a message that are neither text nor menu nor template: media, places, cards, reactions, polls.

use serde_json::Value;

use super::check::{
    MAX_CAPTION_CHARS, MAX_LINE_CHARS, MAX_POLL_NAME_CHARS, MAX_POLL_OPTION_CHARS, MAX_POLL_OPTIONS, at_most, count, emoji,
    optional_at_most, repeated,
};
use super::error::MessageError;
use super::fields::{Fields, missing, wrong_type};
use super::kinds::{ContactCard, Location, Media, MediaKind, MediaSource, Poll, Reaction};
use super::url;

/// The texts beside what a message holds.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// `text`.
    pub(super) text: Option<String>,
    /// `title`.
    pub(super) title: Option<String>,
    /// `footer`.
    pub(super) footer: Option<String>,
}

impl Words {
    /// Refuses a text that would be lost.
    fn none(&self, kind: &str) -> Result<(), MessageError> {
        if self.text.is_none() {
            return Ok(());
        }
        Err(MessageError::field("text", "field_unused", format!("a {kind} carries no text; send the text as a message of its own")))
    }
}

/// `media`: an object, or the address alone.
///
/// # Errors
/// The first field that is missing or wrong.
pub(super) fn media(value: &Value, kind: Option<MediaKind>, words: Words) -> Result<Media, MessageError> {
    if let Some(address) = value.as_str() {
        url::check(address, "media")?;
        let kind = kind.or_else(|| kind_of(None, Some(address))).ok_or_else(|| missing_kind("media.kind"))?;
        return finish_media(
            Media { kind, source: MediaSource::Url(address.to_owned()), caption: None, file_name: None, mime: None },
            words,
        );
    }
    let fields = Fields::new(value, "media")?;
    let (source, mime) = media_source(&fields)?;
    let mime = fields.text(&["mime", "mimetype", "mime_type"])?.or(mime);
    if mime.as_ref().is_some_and(|mime| !is_mime(mime)) {
        return Err(MessageError::field(fields.path("mime"), "field_value", "is no media type such as image/png"));
    }
    let file_name = fields.text(&["file_name", "fileName", "filename"])?;
    let named = match fields.text(&["kind", "mediatype", "type"])? {
        Some(word) => Some(
            MediaKind::ALL
                .into_iter()
                .find(|kind| kind.as_str() == word)
                .ok_or_else(|| MessageError::field(fields.path("kind"), "field_value", "must be image, document, video or audio"))?,
        ),
        None => kind,
    };
    let address = match &source {
        MediaSource::Url(address) => Some(address.as_str()),
        MediaSource::Base64(_) | MediaSource::Id(_) => file_name.as_deref(),
    };
    let kind = named.or_else(|| kind_of(mime.as_deref(), address)).ok_or_else(|| missing_kind("media.kind"))?;
    let caption = fields.text(&["caption"])?;
    finish_media(Media { kind, source, caption, file_name, mime }, words)
}

fn missing_kind(path: &str) -> MessageError {
    missing(path, "image, document, video or audio; the address does not tell it")
}

/// The checks that concern several fields.
fn finish_media(mut media: Media, words: Words) -> Result<Media, MessageError> {
    if let (Some(_), Some(_)) = (&words.text, &media.caption) {
        return Err(MessageError::field("text", "field_unused", "media has a caption already; one of the two would be lost"));
    }
    media.caption = media.caption.or(words.text);
    if media.kind == MediaKind::Audio && media.caption.is_some() {
        let problem = "audio carries no caption; send the text as a message of its own";
        return Err(MessageError::field("media.caption", "field_unused", problem));
    }
    optional_at_most(media.caption.as_ref(), MAX_CAPTION_CHARS, "media.caption")?;
    optional_at_most(media.file_name.as_ref(), MAX_LINE_CHARS, "media.file_name")?;
    if media.file_name.as_ref().is_some_and(|name| name.contains(['/', '\\']) || name.chars().any(char::is_control)) {
        return Err(MessageError::field("media.file_name", "field_value", "must be a name without folders"));
    }
    let is_nameless = media.kind == MediaKind::Document && media.file_name.is_none();
    if is_nameless && matches!(media.source, MediaSource::Base64(_)) {
        return Err(missing("media.file_name", "the name of the document, such as invoice.pdf"));
    }
    Ok(media)
}

/// Where the media is, and the media type that a data address tells.
fn media_source(fields: &Fields<'_>) -> Result<(MediaSource, Option<String>), MessageError> {
    let (url, base64, id) = (fields.text(&["url", "link"])?, fields.text(&["base64"])?, fields.text(&["id"])?);
    match (url, base64, id) {
        (Some(address), None, None) => {
            url::check(&address, &fields.path("url"))?;
            Ok((MediaSource::Url(address), None))
        }
        (None, Some(text), None) => {
            let (mime, bytes) = match text.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
                Some((mime, bytes)) => (Some(mime.to_owned()), bytes.to_owned()),
                None => (None, text),
            };
            if !is_base64(&bytes) {
                return Err(MessageError::field(fields.path("base64"), "field_value", "is no base64 without line breaks"));
            }
            Ok((MediaSource::Base64(bytes), mime))
        }
        (None, None, Some(id)) => {
            at_most(&id, MAX_LINE_CHARS, &fields.path("id"))?;
            Ok((MediaSource::Id(id), None))
        }
        (None, None, None) => Err(missing(fields.path("url"), "an https address, or base64, or the id of an upload")),
        _ => Err(MessageError::field(fields.path("url"), "field_unused", "give one of url, base64 and id; the others would be lost")),
    }
}

fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    text.len().is_multiple_of(4) && text.len() - digits.len() <= 2 && !digits.is_empty() && digits.bytes().all(is_digit)
}

fn is_mime(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or_default();
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte));
    let is_printable = text.chars().all(|c| c.is_ascii() && !c.is_ascii_control());
    is_printable && essence.trim_end().split_once('/').is_some_and(|(kind, format)| is_word(kind) && is_word(format))
}

/// What the media type or the end of the name tells.
fn kind_of(mime: Option<&str>, name: Option<&str>) -> Option<MediaKind> {
    if let Some((kind, _)) = mime.and_then(|mime| mime.split_once('/')) {
        let known = [MediaKind::Image, MediaKind::Video, MediaKind::Audio].into_iter().find(|known| known.as_str() == kind);
        return Some(known.unwrap_or(MediaKind::Document));
    }
    let path = name?.split(['?', '#']).next()?;
    let (_, extension) = path.rsplit('/').next()?.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" | "png" | "webp" => Some(MediaKind::Image),
        "mp4" | "3gp" | "mov" => Some(MediaKind::Video),
        "mp3" | "ogg" | "opus" | "m4a" | "aac" | "amr" => Some(MediaKind::Audio),
        "pdf" | "doc" | "docx" | "xls" | "xlsx" | "ppt" | "pptx" | "txt" | "csv" | "zip" => Some(MediaKind::Document),
        _ => None,
    }
}

/// `location`.
///
/// # Errors
/// The first field that is missing or wrong.
pub(super) fn location(value: &Value, words: &Words) -> Result<Location, MessageError> {
    words.none("location")?;
    let fields = Fields::new(value, "location")?;
    let degrees = |names: &[&'static str], path: &str, max: f64| {
        let degrees = fields.number(names, "degrees such as -23.55")?;
        if degrees.abs() <= max {
            return Ok(degrees);
        }
        Err(MessageError::field(fields.path(path), "field_range", format!("must be -{max} to {max} degrees")))
    };
    let latitude = degrees(&["latitude", "lat"], "latitude", 90.0)?;
    let longitude = degrees(&["longitude", "lng", "long", "lon"], "longitude", 180.0)?;
    let (name, address) = (fields.text(&["name"])?, fields.text(&["address"])?);
    optional_at_most(name.as_ref(), MAX_LINE_CHARS, "location.name")?;
    optional_at_most(address.as_ref(), MAX_LINE_CHARS, "location.address")?;
    Ok(Location { latitude, longitude, name, address })
}

/// `contact`: one card or an array of them.
///
/// # Errors
/// The first field that is missing or wrong.
pub(super) fn contacts(value: &Value, words: &Words) -> Result<Vec<ContactCard>, MessageError> {
    words.none("contact")?;
    match value {
        Value::Array(cards) => {
            count(cards.len(), 1..=257, "cards", "contact")?;
            cards.iter().enumerate().map(|(number, card)| contact(card, format!("contact[{number}]"))).collect()
        }
        card => Ok(vec![contact(card, "contact".to_owned())?]),
    }
}

fn contact(value: &Value, path: String) -> Result<ContactCard, MessageError> {
    let fields = Fields::new(value, path)?;
    let card = ContactCard {
        name: fields.required(&["name", "full_name", "fullName"], "the name of the contact")?,
        phone: fields.phone(&["phone", "phone_number", "phoneNumber"])?,
        organization: fields.text(&["organization"])?,
        email: fields.text(&["email"])?,
        url: fields.text(&["url"])?,
    };
    let texts = [("name", Some(&card.name)), ("organization", card.organization.as_ref()), ("email", card.email.as_ref())];
    for (name, text) in texts.into_iter().chain([("url", card.url.as_ref())]) {
        optional_at_most(text, MAX_LINE_CHARS, &fields.path(name))?;
    }
    Ok(card)
}

/// `reaction`.
///
/// # Errors
/// The first field that is missing or wrong.
pub(super) fn reaction(value: &Value, words: &Words) -> Result<Reaction, MessageError> {
    words.none("reaction")?;
    let fields = Fields::new(value, "reaction")?;
    let message_id = fields.required(&["message_id", "messageId", "id"], "the provider's id of the message")?;
    at_most(&message_id, MAX_LINE_CHARS, "reaction.message_id")?;
    let Some((_, text)) = fields.value(&["emoji"]) else {
        return Err(missing("reaction.emoji", "one emoji, or an empty text to take the reaction back"));
    };
    let text = text.as_str().ok_or_else(|| wrong_type("reaction.emoji", "a text"))?;
    emoji(text, "reaction.emoji")?;
    Ok(Reaction { message_id, emoji: text.to_owned(), from_me: fields.flag(&["from_me", "fromMe"])?.unwrap_or(false) })
}

/// `poll`.
///
/// # Errors
/// The first field that is missing or wrong.
pub(super) fn poll(value: &Value, words: &Words) -> Result<Poll, MessageError> {
    words.none("poll")?;
    let fields = Fields::new(value, "poll")?;
    let name = fields.required(&["name", "question"], "the question")?;
    at_most(&name, MAX_POLL_NAME_CHARS, "poll.name")?;
    let (path, items) = fields.items(&["options", "values"], "2 to 12 answers")?;
    count(items.len(), 2..=MAX_POLL_OPTIONS, "answers", &path)?;
    let mut options = Vec::with_capacity(items.len());
    for (number, item) in items.iter().enumerate() {
        let path = format!("{path}[{number}]");
        let option = item.as_str().ok_or_else(|| wrong_type(path.clone(), "a text"))?;
        if option.trim().is_empty() {
            return Err(missing(path, "what the answer says"));
        }
        at_most(option, MAX_POLL_OPTION_CHARS, &path)?;
        options.push(option.to_owned());
    }
    if let Some(number) = repeated(&options) {
        return Err(MessageError::field(format!("{path}[{number}]"), "field_repeated", "is there twice; answers must differ"));
    }
    let selectable = match fields.value(&["selectable", "selectable_count", "selectableCount"]) {
        None => 1,
        Some((name, value)) => {
            let number = value.as_u64().filter(|number| *number <= options.len() as u64).and_then(|number| u8::try_from(number).ok());
            let problem = format!("must be 0 (any number of answers) to {}", options.len());
            number.ok_or_else(|| MessageError::field(fields.path(name), "field_range", problem))?
        }
    };
    Ok(Poll { name, options, selectable })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told<T>(outcome: Result<T, MessageError>) -> String {
        outcome.map_or_else(|error| format!("{} {}", error.code(), error.path().unwrap_or_default()), |_| "ok".to_owned())
    }

    const PICTURE: &str = "https://example.com/a.png";

    #[test]
    fn the_kind_of_media_is_named_or_told_by_its_type_or_address() {
        for (value, kind) in [
            (json!("https://example.com/a.JPEG?x=.pdf"), MediaKind::Image),
            (json!({ "url": "https://example.com/a.mp4#t" }), MediaKind::Video),
            (json!({ "url": "https://example.com/a.ogg" }), MediaKind::Audio),
            (json!({ "link": "https://example.com/a.xlsx" }), MediaKind::Document),
            (json!({ "url": "https://example.com/a", "mimetype": "audio/ogg; codecs=opus" }), MediaKind::Audio),
            (json!({ "url": "https://example.com/a.png", "mime": "application/pdf" }), MediaKind::Document),
            (json!({ "url": "https://example.com/a.png", "kind": "document" }), MediaKind::Document),
            (json!({ "base64": "aGk=", "fileName": "a.pdf" }), MediaKind::Document),
            (json!({ "id": "1013", "mediatype": "video" }), MediaKind::Video),
        ] {
            assert_eq!(media(&value, None, Words::default()).map(|media| media.kind), Ok(kind), "{value}");
        }
    }

    #[test]
    fn media_has_one_source_and_its_limits() {
        for (value, expected) in [
            (json!({ "url": PICTURE, "caption": "ñ".repeat(1024), "file_name": "a.png" }), "ok"),
            (json!({ "url": PICTURE, "caption": "ñ".repeat(1025) }), "field_too_long media.caption"),
            (json!({ "url": PICTURE, "id": "7" }), "field_unused media.url"),
            (json!({ "kind": "image" }), "field_missing media.url"),
            (json!(7), "field_type media"),
            (json!("https://example.com/a"), "field_missing media.kind"),
            (json!({ "id": "1013" }), "field_missing media.kind"),
            (json!({ "url": PICTURE, "kind": "sticker" }), "field_value media.kind"),
            (json!({ "url": 7 }), "field_type media.url"),
            (json!({ "url": "file:///etc/passwd" }), "url_scheme media.url"),
            (json!("http://example.com/a.png"), "url_scheme media"),
            (json!({ "url": PICTURE, "mime": "png" }), "field_value media.mime"),
            (json!({ "url": PICTURE, "mime": "image/png\r\nX: y" }), "field_value media.mime"),
            (json!({ "url": PICTURE, "file_name": "a/b.png" }), "field_value media.file_name"),
            (json!({ "url": PICTURE, "kind": "audio", "caption": "Hi" }), "field_unused media.caption"),
            (json!({ "base64": "aGk=", "kind": "image" }), "ok"),
            (json!({ "base64": "data:application/pdf;base64,aGk=", "kind": "image" }), "ok"),
            (json!({ "base64": "aGk", "kind": "image" }), "field_value media.base64"),
            (json!({ "base64": "====", "kind": "image" }), "field_value media.base64"),
            (json!({ "base64": "aG\n=", "kind": "image" }), "field_value media.base64"),
            (json!({ "base64": "aGk=", "kind": "document" }), "field_missing media.file_name"),
        ] {
            assert_eq!(told(media(&value, None, Words::default())), expected, "{value}");
        }
        let twice = Words { text: Some("a".to_owned()), ..Words::default() };
        assert_eq!(told(media(&json!({ "url": PICTURE, "caption": "b" }), None, twice)), "field_unused text");
    }

    #[test]
    fn places_cards_reactions_and_polls_have_their_limits() {
        let words = Words::default();
        for (value, expected) in [
            (json!({ "latitude": 90, "longitude": -180.0 }), "ok"),
            (json!({ "latitude": 90.001, "longitude": 0 }), "field_range location.latitude"),
            (json!({ "latitude": 0, "longitude": 181 }), "field_range location.longitude"),
            (json!({ "latitude": 0 }), "field_missing location.longitude"),
            (json!({ "latitude": "1e999", "longitude": 0 }), "field_type location.latitude"),
        ] {
            assert_eq!(told(location(&value, &words)), expected, "{value}");
        }
        for (value, expected) in [
            (json!({ "fullName": "Ana", "phoneNumber": "34600111222" }), "ok"),
            (json!([]), "field_count contact"),
            (json!([{ "name": "Ana", "phone": "+34600111222" }, 7]), "field_type contact[1]"),
            (json!({ "phone": "+34600111222" }), "field_missing contact.name"),
            (json!({ "name": "Ana", "phone": "+34600" }), "phone_invalid contact.phone"),
        ] {
            assert_eq!(told(contacts(&value, &words)), expected, "{value}");
        }
        for (value, expected) in [
            (json!({ "message_id": "3EB0", "emoji": "" }), "ok"),
            (json!({ "id": "3EB0", "emoji": "👩‍👩‍👧", "fromMe": true }), "ok"),
            (json!({ "message_id": "3EB0", "emoji": "1️⃣" }), "ok"),
            (json!({ "message_id": "3EB0" }), "field_missing reaction.emoji"),
            (json!({ "emoji": "👍" }), "field_missing reaction.message_id"),
            (json!({ "message_id": "3EB0", "emoji": "ok" }), "field_value reaction.emoji"),
            (json!({ "message_id": "3EB0", "emoji": "👍".repeat(20) }), "field_value reaction.emoji"),
            (json!({ "message_id": "3EB0", "emoji": "👍", "from_me": "yes" }), "field_type reaction.from_me"),
        ] {
            assert_eq!(told(reaction(&value, &words)), expected, "{value}");
        }
        let options = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
        for (value, expected) in [
            (json!({ "name": "ñ".repeat(255), "options": options(12), "selectable": 12 }), "ok"),
            (json!({ "question": "When?", "values": options(2), "selectableCount": 0 }), "ok"),
            (json!({ "name": "ñ".repeat(256), "options": options(2) }), "field_too_long poll.name"),
            (json!({ "name": "When?", "options": options(13) }), "field_count poll.options"),
            (json!({ "name": "When?", "options": options(1) }), "field_count poll.options"),
            (json!({ "name": "When?", "options": ["a", " "] }), "field_missing poll.options[1]"),
            (json!({ "name": "When?", "options": ["a", "ñ".repeat(101)] }), "field_too_long poll.options[1]"),
            (json!({ "name": "When?", "options": ["a", "b", "a"] }), "field_repeated poll.options[2]"),
            (json!({ "name": "When?", "options": options(2), "selectable": 3 }), "field_range poll.selectable"),
            (json!({ "name": "When?", "options": options(2), "selectable": -1 }), "field_range poll.selectable"),
        ] {
            assert_eq!(told(poll(&value, &words)), expected, "{value}");
        }
        let text = Words { text: Some("lost".to_owned()), ..Words::default() };
        assert_eq!(told(poll(&json!({}), &text)), "field_unused text");
    }
}
