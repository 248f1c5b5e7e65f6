//! This file reads a message from the data of a job, as `wq` and producers in other languages write it.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::clock::Millis;
use super::super::phone::Phone;
use super::check::{MAX_LINE_CHARS, optional_at_most};
use super::compose::{check_text, not_json};
use super::error::MessageError;
use super::fields::{missing, phone, wrong_type};
use super::kinds::{Body, MediaKind, Message, Text};
use super::moment::parse_expires;
use super::parts::{self, Words};
use super::{menus, template};

/// The words of `type`, as an error lists them.
const TYPES: &str = "text, media, template, location, contact, reaction, poll, buttons or list";

/// The fields of a message before they are read; others are somebody else's.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Top<'a> {
    #[serde(borrow)]
    to: Option<&'a RawValue>,
    #[serde(borrow)]
    phone: Option<&'a RawValue>,
    #[serde(borrow)]
    number: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    title: Option<&'a RawValue>,
    #[serde(borrow)]
    footer: Option<&'a RawValue>,
    #[serde(borrow, alias = "previewUrl", alias = "linkPreview")]
    preview_url: Option<&'a RawValue>,
    #[serde(borrow)]
    media: Option<&'a RawValue>,
    #[serde(borrow)]
    template: Option<&'a RawValue>,
    #[serde(borrow)]
    location: Option<&'a RawValue>,
    #[serde(borrow)]
    contact: Option<&'a RawValue>,
    #[serde(borrow)]
    contacts: Option<&'a RawValue>,
    #[serde(borrow)]
    reaction: Option<&'a RawValue>,
    #[serde(borrow)]
    poll: Option<&'a RawValue>,
    #[serde(borrow)]
    buttons: Option<&'a RawValue>,
    #[serde(borrow)]
    list: Option<&'a RawValue>,
    #[serde(borrow)]
    expires: Option<&'a RawValue>,
    #[serde(borrow)]
    campaign: Option<&'a RawValue>,
    #[serde(borrow)]
    category: Option<&'a RawValue>,
    #[serde(borrow)]
    conversation: Option<&'a RawValue>,
    #[serde(borrow, alias = "replyTo")]
    reply_to: Option<&'a RawValue>,
}

impl Message {
    /// Reads a message from job data and checks it against WhatsApp's limits. Unknown fields are ignored; `phone` and
    /// `number` stand for `to`; `type` may be absent where the fields tell it.
    ///
    /// # Errors
    /// The first field that is missing or wrong.
    pub fn read(data: &str) -> Result<Self, MessageError> {
        Top::read(data)?.message()
    }
}

impl<'a> Top<'a> {
    /// The fields of a JSON object.
    ///
    /// # Errors
    /// When it is none, or has one of them twice.
    pub(super) fn read(data: &'a str) -> Result<Self, MessageError> {
        // The derived reader would take the items of an array for the fields in their order.
        if !data.trim_start().starts_with('{') {
            super::compose::check_data(data)?;
            return Err(MessageError::field("data", "data_not_an_object", "a message is a JSON object such as {\"to\":…,\"text\":…}"));
        }
        serde_json::from_str(data).map_err(|error| not_json(&error))
    }

    /// The message that the fields make.
    ///
    /// # Errors
    /// The first field that is missing or wrong.
    pub(super) fn message(&self) -> Result<Message, MessageError> {
        let line = |raw, path| {
            let text = label(raw, path)?;
            optional_at_most(text.as_ref(), MAX_LINE_CHARS, path).map(|()| text)
        };
        Ok(Message {
            to: self.recipient()?,
            body: self.body()?,
            expires: self.expires.map(expires).transpose()?,
            campaign: line(self.campaign, "campaign")?,
            category: line(self.category, "category")?,
            conversation: line(self.conversation, "conversation")?,
            reply_to: line(self.reply_to, "reply_to")?,
        })
    }

    /// Whether the fields are those of a message rather than of other data; see [`check_job`](super::check_job).
    pub(super) fn claims_to_be_a_message(&self) -> bool {
        let has_number = self.phone.is_some() || self.number.is_some();
        let says_something = self.text.is_some() || self.bodies().into_iter().any(|(_, raw)| raw.is_some());
        let has_type = self.kind.is_some_and(|kind| named_kind(kind).is_ok());
        self.to.is_some() || usize::from(has_number) + usize::from(says_something) + usize::from(has_type) >= 2
    }

    fn recipient(&self) -> Result<Phone, MessageError> {
        let given = [(self.to, "to"), (self.phone, "phone"), (self.number, "number")];
        let Some((raw, path)) = given.into_iter().find_map(|(raw, path)| Some((raw?, path))) else {
            return Err(missing("to", "who gets the message, such as +34600111222"));
        };
        let is_number = raw.get().bytes().all(|byte| byte.is_ascii_digit());
        if is_number {
            return phone(raw.get(), path);
        }
        let text: String = serde_json::from_str(raw.get()).map_err(|_| wrong_type(path, "a text such as \"+34600111222\""))?;
        phone(&text, path)
    }

    /// The fields that hold something else than text, by the word of `type`.
    fn bodies(&self) -> [(&'static str, Option<&'a RawValue>); 8] {
        [
            ("media", self.media),
            ("template", self.template),
            ("location", self.location),
            ("contact", self.contact.or(self.contacts)),
            ("reaction", self.reaction),
            ("poll", self.poll),
            ("buttons", self.buttons),
            ("list", self.list),
        ]
    }

    fn body(&self) -> Result<Body, MessageError> {
        let mut given = self.bodies().into_iter().filter(|(_, raw)| raw.is_some());
        let (kind, media_kind) = match (self.kind, given.next(), given.next()) {
            (Some(kind), _, _) => named_kind(kind)?,
            (None, None, _) => ("text", None),
            (None, Some((kind, _)), None) => (kind, None),
            (None, Some((one, _)), Some((other, _))) => {
                let problem = format!("missing, and the message holds {one} and {other}; say with \"type\" which of them is sent");
                return Err(MessageError::field("type", "type_ambiguous", problem));
            }
        };
        if kind == "text" {
            return self.text().map(Body::Text);
        }
        let raw = self.bodies().into_iter().find_map(|(name, raw)| raw.filter(|_| name == kind));
        let Some(raw) = raw else {
            return Err(missing(kind, &format!("what a message of this type holds, under {kind:?}")));
        };
        if kind == "template" {
            return template::read(raw).map(Body::Template);
        }
        let value: Value = serde_json::from_str(raw.get()).map_err(|error| not_json(&error))?;
        let text = |raw: Option<&RawValue>, path| raw.map_or(Ok(None), |raw| optional_text(raw, path));
        let words = Words { text: text(self.text, "text")?, title: text(self.title, "title")?, footer: text(self.footer, "footer")? };
        match kind {
            "media" => parts::media(&value, media_kind, words).map(Body::Media),
            "location" => parts::location(&value, &words).map(Body::Location),
            "contact" => parts::contacts(&value, &words).map(Body::Contacts),
            "reaction" => parts::reaction(&value, &words).map(Body::Reaction),
            "poll" => parts::poll(&value, &words).map(Body::Poll),
            "buttons" => menus::buttons(&value, words).map(Body::Buttons),
            _ => menus::list(&value, words).map(Body::List),
        }
    }

    fn text(&self) -> Result<Text, MessageError> {
        let raw = self.text.ok_or_else(|| missing("text", "what the message says"))?;
        let text: String = serde_json::from_str(raw.get()).map_err(|_| wrong_type("text", "a text"))?;
        check_text(&text).map_err(|error| error.at("text"))?;
        let preview_url = match self.preview_url {
            Some(raw) => Some(serde_json::from_str(raw.get()).map_err(|_| wrong_type("preview_url", "true or false"))?),
            None => None,
        };
        Ok(Text { text, preview_url })
    }
}

/// The word of `type`; the kinds of media may stand for `media`.
fn named_kind(raw: &RawValue) -> Result<(&'static str, Option<MediaKind>), MessageError> {
    let word: String = serde_json::from_str(raw.get()).map_err(|_| wrong_type("type", TYPES))?;
    if let Some(media_kind) = MediaKind::ALL.into_iter().find(|kind| kind.as_str() == word) {
        return Ok(("media", Some(media_kind)));
    }
    let words = ["text", "media", "template", "location", "contact", "reaction", "poll", "buttons", "list"];
    let known = words.into_iter().find(|known| *known == word).or_else(|| (word == "contacts").then_some("contact"));
    let shown: String = word.chars().take(40).collect();
    known.map(|kind| (kind, None)).ok_or_else(|| MessageError::field("type", "type_unknown", format!("{shown:?} is none of {TYPES}")))
}

/// A text; blank is nothing.
fn optional_text(raw: &RawValue, path: &str) -> Result<Option<String>, MessageError> {
    let text: String = serde_json::from_str(raw.get()).map_err(|_| wrong_type(path, "a text"))?;
    Ok(Some(text).filter(|text| !text.trim().is_empty()))
}

/// A name that other programs may write as a number; empty is nothing.
fn label(raw: Option<&RawValue>, path: &str) -> Result<Option<String>, MessageError> {
    let Some(raw) = raw else { return Ok(None) };
    match raw.get().bytes().next() {
        Some(b'0'..=b'9' | b'-') => Ok(Some(raw.get().to_owned())),
        _ => optional_text(raw, path),
    }
}

fn expires(raw: &RawValue) -> Result<Millis, MessageError> {
    let text = match serde_json::from_str(raw.get()) {
        Ok(Value::String(text)) => text,
        _ => raw.get().to_owned(),
    };
    parse_expires(&text).map_err(|error| error.at("expires"))
}

#[cfg(test)]
mod tests {
    use super::super::kinds::{ButtonAction, MediaSource};
    use super::*;

    fn body(data: &str) -> Body {
        Message::read(data).unwrap().body
    }

    fn to(data: &str) -> String {
        Message::read(data).unwrap().to.e164().to_owned()
    }

    fn refused(data: &str) -> String {
        let error = Message::read(data).unwrap_err();
        format!("{} {error}", error.code())
    }

    #[test]
    fn a_text_that_a_node_producer_writes_by_hand_is_read() {
        let message = Message::read(r#"{"to":"+34600111222","text":"Hola","campaign":"bf26","mine":[1]}"#).unwrap();

        assert_eq!((message.to.e164(), message.campaign.as_deref()), ("+34600111222", Some("bf26")));
        assert_eq!(message.body, Body::Text(Text { text: "Hola".to_owned(), preview_url: None }));
    }

    #[test]
    fn the_number_may_be_written_as_providers_write_it() {
        for data in [
            r#"{"phone":"+34 600 11 12 22","text":"x"}"#,
            r#"{"number":"34600111222","text":"x"}"#,
            r#"{"number":34600111222,"text":"x"}"#,
            r#"{"to":"34600111222@s.whatsapp.net","text":"x"}"#,
            r#"{"to":"0034600111222","text":"x"}"#,
            r#"{"to":null,"number":"34600111222","text":"x"}"#,
        ] {
            assert_eq!(to(data), "+34600111222", "{data}");
        }
    }

    #[test]
    fn the_type_is_told_by_the_fields_or_named() {
        for (data, kind) in [
            (r#"{"to":"+34600111222","type":"text","text":"x","media":{}}"#, "text"),
            (r#"{"to":"+34600111222","media":"https://example.com/a.png"}"#, "media"),
            (r#"{"to":"+34600111222","type":"video","media":{"url":"https://example.com/a"}}"#, "media"),
            (r#"{"to":"+34600111222","template":{"name":"cita","language":"es"},"text":"else"}"#, "template"),
            (r#"{"to":"+34600111222","location":{"lat":"-23.55","lng":-46.63}}"#, "location"),
            (r#"{"to":"+34600111222","contacts":[{"name":"Ana","phone":"+34600111223"}]}"#, "contact"),
            (r#"{"to":"+34600111222","reaction":{"message_id":"3EB0","emoji":"👍"}}"#, "reaction"),
            (r#"{"to":"+34600111222","poll":{"name":"When?","options":["a","b"]}}"#, "poll"),
            (r#"{"to":"+34600111222","text":"x","buttons":[{"title":"Yes"}]}"#, "buttons"),
            (r#"{"to":"+34600111222","text":"x","list":{"button":"Menu","sections":[{"rows":[{"title":"a"}]}]}}"#, "list"),
        ] {
            assert_eq!(body(data).kind(), kind, "{data}");
        }
    }

    #[test]
    fn an_error_names_the_field_and_the_cure() {
        for (data, expected) in [
            ("[]", "data_not_an_object data: a message is a JSON object"),
            (r#"{"text":"x"}"#, "field_missing to: missing; give who gets the message"),
            (r#"{"to":"+34600111222"}"#, "field_missing text: missing; give what the message says"),
            (r#"{"to":"+34600111222","text":" "}"#, "text_empty text: the text is empty"),
            (r#"{"to":"+34600111222","text":7}"#, "field_type text: must be a text"),
            (r#"{"to":["+34600111222"],"text":"x"}"#, "field_type to: must be a text"),
            (r#"{"phone":"600111222","text":"x"}"#, "phone_invalid phone: "),
            (r#"{"to":"1203630@g.us","text":"x"}"#, "phone_not_a_number to: only numbers"),
            (r#"{"to":"+34600111222","type":"fax","text":"x"}"#, "type_unknown type: \"fax\" is none of text"),
            (r#"{"to":"+34600111222","type":"poll","text":"x"}"#, "field_missing poll: missing"),
            (r#"{"to":"+34600111222","media":{},"poll":{}}"#, "type_ambiguous type: missing, and the message holds media and poll"),
            (r#"{"to":"+34600111222","text":"x","expires":"soon"}"#, "expires_not_a_time expires: "),
            (r#"{"to":"+34600111222","text":"x","expires":""}"#, "expires_not_a_time expires: "),
            (r#"{"to":"+34600111222","text":"x","campaign":{}}"#, "field_type campaign: must be a text"),
            (r#"{"to":"+34600111222","location":{"latitude":91,"longitude":0}}"#, "field_range location.latitude: must be -90 to 90"),
            (r#"{"to":"+34600111222","location":{"latitude":9,"longitude":0},"text":"x"}"#, "field_unused text: "),
            (r#"{"to":"+34600111222","media":{"url":"https://example.com/x"}}"#, "field_missing media.kind: missing"),
            (r#"{"to":"+34600111222","media":{"kind":"image","url":"http://example.com/x"}}"#, "url_scheme media.url: "),
            (r#"{"to":"+34600111222","media":{"kind":"image"}}"#, "field_missing media.url: missing"),
            (
                r#"{"to":"+34600111222","text":"x","buttons":[{"title":"a"},{"title":"b"},{"type":"call","title":"c","phone":"+34600111222"}]}"#,
                "buttons_mixed buttons[2].type: ",
            ),
            (
                r#"{"to":"+34600111222","text":"x","buttons":[{"title":"a"},{"title":"123456789012345678901"}]}"#,
                "field_too_long buttons[1].title: is 21 characters long; WhatsApp takes at most 20",
            ),
            (r#"{"to":"+34600111222","template":{"name":"Cita","language":"es"}}"#, "field_value template.name: "),
            (r#"{"to":"+34600111222","template":{"name":"cita"}}"#, "field_missing template.language: "),
            (
                r#"{"to":"+34600111222","template":{"name":"cita","language":"es","components":[{"type":"body","parameters":[{"type":"text","text":""}]}]}}"#,
                "field_missing template.components[0].parameters[0].text: ",
            ),
        ] {
            let told = refused(data);
            assert!(told.starts_with(expected), "{data}: {told}");
        }
    }

    #[test]
    fn what_is_left_out_is_filled_in_as_people_expect() {
        let Body::Media(media) = body(r#"{"to":"+34600111222","media":{"base64":"data:image/png;base64,aGk="},"text":"Hi"}"#) else {
            panic!("no media")
        };
        assert_eq!((media.kind, media.caption.as_deref(), media.mime.as_deref()), (MediaKind::Image, Some("Hi"), Some("image/png")));
        assert_eq!(media.source, MediaSource::Base64("aGk=".to_owned()));

        let Body::Buttons(menu) = body(r#"{"to":"+34600111222","text":"x","buttons":[{"title":"Yes"}]}"#) else { panic!("no buttons") };
        assert_eq!(menu.buttons[0].action, ButtonAction::Reply { id: "Yes".to_owned() });
    }

    #[test]
    fn a_template_keeps_its_components_byte_for_byte() {
        let components = r#"[ {"type":"body", "parameters":[{"type":"text","text":"1.0"},{"type":"text","text":"é"}]} ]"#;
        let data = format!(
            r#"{{"to":"+34600111222","type":"template","template":{{"name":"cita","language":{{"code":"pt_BR"}},"components":{components}}}}}"#
        );

        let Body::Template(template) = body(&data) else { panic!("no template") };

        assert_eq!((template.name.as_str(), template.language.as_str(), template.components.get()), ("cita", "pt_BR", components));
    }
}
