//! This file writes a message as the JSON that `read` reads: aliases and defaults become the plain form.

use serde::Serialize;

use super::super::clock::Millis;
use super::super::job::MAX_DATA_BYTES;
use super::error::MessageError;
use super::kinds::{Body, Button, ContactCard, ListSection, Location, Media, Message, Poll, Reaction, Template};

/// The fields in the order in which they are written.
#[derive(Default, Serialize)]
struct Written<'a> {
    to: &'a str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preview_url: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    footer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<&'a Media>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'a Template>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<&'a Location>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<&'a [ContactCard]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reaction: Option<&'a Reaction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    poll: Option<&'a Poll>,
    #[serde(skip_serializing_if = "Option::is_none")]
    buttons: Option<&'a [Button]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<WrittenList<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<&'a str>,
}

#[derive(Serialize)]
struct WrittenList<'a> {
    button: &'a str,
    sections: &'a [ListSection],
}

impl Message {
    /// The message as compact JSON, with `type` unless it is a text.
    ///
    /// # Errors
    /// When it is over [`MAX_DATA_BYTES`].
    pub fn to_json(&self) -> Result<String, MessageError> {
        let mut written = Written {
            to: self.to.e164(),
            kind: Some(self.body.kind()).filter(|kind| *kind != "text"),
            expires: self.expires,
            campaign: self.campaign.as_deref(),
            category: self.category.as_deref(),
            conversation: self.conversation.as_deref(),
            reply_to: self.reply_to.as_deref(),
            ..Written::default()
        };
        match &self.body {
            Body::Text(text) => (written.text, written.preview_url) = (Some(text.text.as_str()), text.preview_url),
            Body::Media(media) => written.media = Some(media),
            Body::Template(template) => written.template = Some(template),
            Body::Location(location) => written.location = Some(location),
            Body::Contacts(cards) => written.contact = Some(cards),
            Body::Reaction(reaction) => written.reaction = Some(reaction),
            Body::Poll(poll) => written.poll = Some(poll),
            Body::Buttons(menu) => {
                (written.text, written.title, written.footer) = (Some(menu.text.as_str()), menu.title.as_deref(), menu.footer.as_deref());
                written.buttons = Some(&menu.buttons);
            }
            Body::List(menu) => {
                (written.text, written.title, written.footer) = (Some(menu.text.as_str()), menu.title.as_deref(), menu.footer.as_deref());
                written.list = Some(WrittenList { button: &menu.button, sections: &menu.sections });
            }
        }
        let json = serde_json::to_string(&written).map_err(|error| super::compose::not_json(&error))?;
        if json.len() > MAX_DATA_BYTES { Err(MessageError::TooLarge(json.len())) } else { Ok(json) }
    }
}
