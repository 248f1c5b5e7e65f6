//! This file makes Evolution's answer to a send: the message as WhatsApp keeps it, and the checks that come after the
//! schema.

use serde_json::{Value, json};

/// What is wrong with a body that fits its schema, in Evolution's words.
pub(super) fn objection(action: &str, body: &Value) -> Option<&'static str> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let is_owned = |name: &str| !is_url(text(name)) && !is_base64(text(name));
    match action {
        "sendText" if text("text").trim().is_empty() => Some("Text is required"),
        "sendMedia" if text("mediatype") == "document" && is_base64(text("media")) && text("fileName").is_empty() => {
            Some("For base64 the file name must be informed.")
        }
        "sendMedia" if is_owned("media") => Some("Owned media must be a url or base64"),
        "sendWhatsAppAudio" if is_owned("audio") => Some("Owned media must be a url or base64"),
        "sendPtv" if is_owned("video") => Some("Owned media must be a url or base64"),
        "sendSticker" if is_owned("sticker") => Some("Owned media must be a url or base64"),
        "sendReaction" if text("reaction").chars().any(|c| c.is_ascii_alphanumeric()) || text("reaction").chars().count() > 8 => {
            Some("Reaction must be a single emoji or empty string")
        }
        "sendButtons" => buttons_objection(body),
        _ => None,
    }
}

fn buttons_objection(body: &Value) -> Option<&'static str> {
    let buttons = body.get("buttons").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let count = |wanted: &str| buttons.iter().filter(|button| button.get("type").and_then(Value::as_str) == Some(wanted)).count();
    let (replies, pix) = (count("reply"), count("pix"));
    if buttons.is_empty() {
        Some("At least one button is required")
    } else if replies > 3 {
        Some("Maximum of 3 reply buttons are allowed")
    } else if replies > 0 && replies < buttons.len() {
        Some("Reply buttons cannot be mixed with other types")
    } else if pix > 1 {
        Some("Only one PIX button is allowed")
    } else if pix == 1 && buttons.len() > 1 {
        Some("PIX button cannot be mixed with other button types")
    } else {
        None
    }
}

fn is_url(text: &str) -> bool {
    text.split_once("://")
        .is_some_and(|(scheme, rest)| matches!(scheme, "http" | "https" | "ftp") && rest.contains(|c: char| c.is_alphanumeric()))
}

fn is_base64(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    !text.is_empty() && text.len().is_multiple_of(4) && text.trim_end_matches('=').bytes().all(plain)
}

/// The type and the message of an accepted send. Media that came as base64 is not kept.
pub(super) fn message(action: &str, body: &Value) -> (&'static str, Value) {
    let field = |name: &str| body.get(name).cloned().unwrap_or_default();
    match action {
        "sendText" => ("conversation", json!({ "conversation": field("text") })),
        "sendMedia" => media(body),
        "sendWhatsAppAudio" => ("audioMessage", json!({ "audioMessage": { "url": place("audio", body), "ptt": true } })),
        "sendPtv" => ("ptvMessage", json!({ "ptvMessage": { "url": place("video", body) } })),
        "sendSticker" => ("stickerMessage", json!({ "stickerMessage": { "url": place("sticker", body) } })),
        "sendLocation" => {
            let location = json!({
                "degreesLatitude": field("latitude"), "degreesLongitude": field("longitude"),
                "name": field("name"), "address": field("address"),
            });
            ("locationMessage", json!({ "locationMessage": location }))
        }
        "sendContact" => contacts(body),
        "sendReaction" => ("reactionMessage", json!({ "reactionMessage": { "key": field("key"), "text": field("reaction") } })),
        "sendPoll" => {
            let values = body.get("values").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let options: Vec<Value> = values.iter().map(|value| json!({ "optionName": value })).collect();
            let poll = json!({ "name": field("name"), "options": options, "selectableOptionsCount": field("selectableCount") });
            ("pollCreationMessageV3", json!({ "pollCreationMessageV3": poll }))
        }
        "sendList" => {
            let list = json!({
                "title": field("title"), "description": field("description"), "buttonText": field("buttonText"),
                "footerText": field("footerText"), "sections": field("sections"), "listType": "SINGLE_SELECT",
            });
            ("listMessage", json!({ "listMessage": list }))
        }
        "sendButtons" => {
            let interactive = json!({
                "header": { "title": field("title") }, "body": { "text": field("description") }, "footer": { "text": field("footer") },
                "nativeFlowMessage": { "buttons": field("buttons") },
            });
            ("interactiveMessage", json!({ "interactiveMessage": interactive }))
        }
        _ => ("extendedTextMessage", json!({ "extendedTextMessage": { "text": field("content") } })),
    }
}

fn media(body: &Value) -> (&'static str, Value) {
    let field = |name: &str| body.get(name).cloned().unwrap_or_default();
    let (kind, mimetype) = match body.get("mediatype").and_then(Value::as_str) {
        Some("document") => ("documentMessage", "application/octet-stream"),
        Some("video") => ("videoMessage", "video/mp4"),
        Some("audio") => ("audioMessage", "audio/mpeg"),
        _ => ("imageMessage", "image/jpeg"),
    };
    let mut inner = json!({ "url": place("media", body), "mimetype": body.get("mimetype").cloned().unwrap_or_else(|| json!(mimetype)) });
    for (from, to) in [("caption", "caption"), ("fileName", "fileName")] {
        if body.get(from).is_some()
            && let Some(inner) = inner.as_object_mut()
        {
            inner.insert(to.to_owned(), field(from));
        }
    }
    (kind, json!({ kind: inner }))
}

fn place(name: &str, body: &Value) -> Value {
    let text = body.get(name).and_then(Value::as_str).unwrap_or_default();
    json!(if is_url(text) { text } else { "https://mmg.whatsapp.net/sandbox" })
}

fn contacts(body: &Value) -> (&'static str, Value) {
    let contacts = body.get("contact").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let card = |contact: &Value| {
        let text = |name: &str| contact.get(name).and_then(Value::as_str).unwrap_or_default();
        let vcard = format!(
            "BEGIN:VCARD\nVERSION:3.0\nFN:{}\nitem1.TEL;waid={}:{}\nEND:VCARD",
            text("fullName"),
            text("phoneNumber").chars().filter(char::is_ascii_digit).collect::<String>(),
            text("phoneNumber"),
        );
        json!({ "displayName": text("fullName"), "vcard": vcard })
    };
    match contacts {
        [only] => ("contactMessage", json!({ "contactMessage": card(only) })),
        several => {
            let cards: Vec<Value> = several.iter().map(card).collect();
            let array = json!({ "displayName": format!("{} contacts", cards.len()), "contacts": cards });
            ("contactsArrayMessage", json!({ "contactsArrayMessage": array }))
        }
    }
}

/// WhatsApp's address of a number as Evolution guesses it: without the digit that BR, MX and AR numbers carry for other
/// networks.
pub(super) fn address(number: &str) -> String {
    if ["@g.us", "@s.whatsapp.net", "@lid", "@broadcast"].iter().any(|network| number.ends_with(network)) {
        return number.to_owned();
    }
    let kept: String = number.split(['@', ':']).next().unwrap_or_default().chars().filter(|c| !" +()\t\n\r".contains(*c)).collect();
    if kept.len() >= 18 {
        return format!("{kept}@g.us");
    }
    format!("{}@s.whatsapp.net", without_extra_digit(&kept))
}

fn without_extra_digit(digits: &str) -> String {
    let cut = |at: usize| [digits.get(..at), digits.get(at + 1..)].map(Option::unwrap_or_default).concat();
    match (digits.as_bytes(), digits.len()) {
        ([b'5', b'2' | b'4', ..], 13) => cut(2),
        ([b'5', b'5', first @ b'3'..=b'9', second, _, next @ b'7'..=b'9', ..], 13)
            if (*first, *second) >= (b'3', b'1') && *next >= b'7' =>
        {
            cut(4)
        }
        _ => digits.to_owned(),
    }
}

/// Digits of a number or an address; the whole address of what is no person.
pub(super) fn digits(number: &str) -> String {
    if number.ends_with("@g.us") || number.ends_with("@broadcast") {
        return number.to_owned();
    }
    number.split(['@', ':']).next().unwrap_or_default().chars().filter(char::is_ascii_digit).collect()
}

/// Whether anybody could have such an address. Groups have none: this account is in no group.
pub(super) fn can_exist(address: &str) -> bool {
    let number = ["@s.whatsapp.net", "@lid"].iter().find_map(|network| address.strip_suffix(network));
    number.is_some_and(|number| (7..=17).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()))
        || address == "status@broadcast"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lose_the_digit_that_whatsapp_does_not_know() {
        for (number, address_) in [
            ("+34 600 111 222", "34600111222"),
            ("5215512345678", "525512345678"),
            ("5491123456789", "541123456789"),
            ("5511987654321", "5511987654321"),
            ("5531987654321", "553187654321"),
            ("5531967654321", "5531967654321"),
            ("34600111222@s.whatsapp.net", "34600111222"),
        ] {
            assert_eq!(address(number), format!("{address_}@s.whatsapp.net"), "{number}");
        }
        assert_eq!(address("120363041234567890"), "120363041234567890@g.us");
    }

    #[test]
    fn what_fits_the_schema_may_still_be_refused() {
        for (action, body, refusal) in [
            ("sendText", json!({ "text": " " }), Some("Text is required")),
            ("sendText", json!({ "text": "Hola" }), None),
            ("sendMedia", json!({ "mediatype": "image", "media": "photo.jpg" }), Some("Owned media must be a url or base64")),
            ("sendMedia", json!({ "mediatype": "image", "media": "https://example.com/a.jpg" }), None),
            ("sendMedia", json!({ "mediatype": "document", "media": "aGk=" }), Some("For base64 the file name must be informed.")),
            (
                "sendButtons",
                json!({ "buttons": [{ "type": "reply" }, { "type": "url" }] }),
                Some("Reply buttons cannot be mixed with other types"),
            ),
        ] {
            assert_eq!(objection(action, &body), refusal, "{action} {body}");
        }
    }

    #[test]
    fn base64_is_not_kept() {
        let (kind, message) = message("sendMedia", &json!({ "mediatype": "image", "media": "aGk=", "caption": "Hi" }));

        assert_eq!(kind, "imageMessage");
        assert!(!message.to_string().contains("aGk=") && message["imageMessage"]["caption"] == "Hi");
    }
}
