//! This file writes a message as Evolution's API takes it: a route and a body for each kind.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::core::model::message::{
    Body, Button, ButtonAction, Buttons, ContactCard, List, ListRow, ListSection, Location, Media, MediaKind, MediaSource, Message, Poll,
    Reaction, Template, Text,
};

/// The longest typing that may be shown before a message: it is part of the request, and an intent must outlive it.
const LONGEST_TYPING: Duration = Duration::from_secs(30);
/// More answers to a poll than Evolution takes.
const MOST_POLL_ANSWERS: usize = 10;
/// Evolution refuses shorter ids on a card.
const SHORTEST_CARD_ID: usize = 10;

/// What is posted for one message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// The action in the path: `sendText` and its like.
    pub(super) action: &'static str,
    /// JSON.
    pub(super) body: Vec<u8>,
    /// How long Evolution shows somebody typing before it answers.
    pub(super) typing: Duration,
    /// Whether Evolution has to fetch or convert a file for it.
    pub(super) carries_media: bool,
}

/// The fields that all messages have in common.
#[derive(Serialize)]
struct Common<'a> {
    number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quoted: Option<Quoted<'a>>,
}

#[derive(Serialize)]
struct Quoted<'a> {
    key: QuotedKey<'a>,
}

#[derive(Serialize)]
struct QuotedKey<'a> {
    id: &'a str,
}

#[derive(Serialize)]
struct Whole<'a, T> {
    #[serde(flatten)]
    common: Common<'a>,
    #[serde(flatten)]
    content: T,
}

/// Reads the data of a job, as every producer writes it.
///
/// # Errors
/// One line that names the field.
pub(super) fn read(data: &str) -> Result<Message, String> {
    Message::read(data).map_err(|error| error.to_string())
}

impl Request {
    /// What is posted for a job with this data.
    ///
    /// # Errors
    /// One line that names the field which can't be read, or which Evolution has no place for.
    pub(super) fn of(data: &str) -> Result<Self, String> {
        let message = read(data)?;
        let typing = typing(data)?;
        let (action, body) = write(&message, typing)?;
        Ok(Self { action, body, typing: typing.unwrap_or_default(), carries_media: matches!(message.body, Body::Media(_)) })
    }
}

/// `delay` in the data: how many milliseconds somebody is shown typing.
fn typing(data: &str) -> Result<Option<Duration>, String> {
    #[derive(Deserialize)]
    struct Typing<'a> {
        #[serde(borrow)]
        delay: Option<&'a RawValue>,
    }
    let Ok(Typing { delay: Some(delay) }) = serde_json::from_str(data) else { return Ok(None) };
    let typing = delay.get().trim_matches('"').parse().map(Duration::from_millis).ok().filter(|typing| *typing <= LONGEST_TYPING);
    let refuse = || format!("delay: write the milliseconds of typing as a whole number, at most {}", LONGEST_TYPING.as_millis());
    typing.map(Some).ok_or_else(refuse)
}

fn write(message: &Message, typing: Option<Duration>) -> Result<(&'static str, Vec<u8>), String> {
    let number = message.to.e164().trim_start_matches('+');
    let delay = typing.and_then(|typing| u64::try_from(typing.as_millis()).ok());
    let quoted = message.reply_to.as_deref().map(|id| Quoted { key: QuotedKey { id } });
    let common = Common { number, delay, quoted };
    let (action, body) = match &message.body {
        Body::Text(text) => ("sendText", whole(common, SendText::of(text))),
        Body::Media(Media { kind: MediaKind::Audio, source, .. }) => {
            ("sendWhatsAppAudio", whole(common, SendAudio { audio: readable(source)? }))
        }
        Body::Media(media) => ("sendMedia", whole(common, SendMedia::of(media)?)),
        Body::Template(template) => ("sendTemplate", whole(common, SendTemplate::of(template))),
        Body::Location(location) => ("sendLocation", whole(common, SendLocation::of(location))),
        Body::Contacts(cards) => ("sendContact", whole(common, SendContact { contact: cards.iter().map(Card::of).collect() })),
        Body::Reaction(reaction) => ("sendReaction", serde_json::to_vec(&SendReaction::of(reaction, number))),
        Body::Poll(poll) => ("sendPoll", whole(common, SendPoll::of(poll)?)),
        Body::Buttons(buttons) => ("sendButtons", whole(common, SendButtons::of(buttons))),
        Body::List(list) => ("sendList", whole(common, SendList::of(list))),
    };
    let body = body.map_err(|error| format!("{}: can't be written as JSON: {error}", message.body.kind()))?;
    Ok((action, body))
}

fn whole<T: Serialize>(common: Common<'_>, content: T) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Whole { common, content })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SendText<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    link_preview: Option<bool>,
}

impl<'a> SendText<'a> {
    fn of(text: &'a Text) -> Self {
        Self { text: &text.text, link_preview: text.preview_url }
    }
}

#[derive(Serialize)]
struct SendAudio<'a> {
    audio: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SendMedia<'a> {
    mediatype: MediaKind,
    media: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mimetype: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caption: Option<&'a str>,
}

impl<'a> SendMedia<'a> {
    fn of(media: &'a Media) -> Result<Self, String> {
        let is_nameless = media.kind == MediaKind::Document && media.file_name.is_none();
        if is_nameless && matches!(media.source, MediaSource::Base64(_)) {
            return Err("media.file_name: Evolution needs the name of a document whose bytes are in the message".to_owned());
        }
        Ok(Self {
            mediatype: media.kind,
            media: readable(&media.source)?,
            mimetype: media.mime.as_deref(),
            file_name: media.file_name.as_deref(),
            caption: media.caption.as_deref(),
        })
    }
}

/// What Evolution can fetch or decode.
fn readable(source: &MediaSource) -> Result<&str, String> {
    match source {
        MediaSource::Url(text) | MediaSource::Base64(text) => Ok(text),
        MediaSource::Id(_) => Err("media.id: Evolution knows no uploads; give media.url or media.base64".to_owned()),
    }
}

#[derive(Serialize)]
struct SendTemplate<'a> {
    name: &'a str,
    language: &'a str,
    components: &'a RawValue,
}

impl<'a> SendTemplate<'a> {
    fn of(template: &'a Template) -> Self {
        Self { name: &template.name, language: &template.language, components: template.components.raw() }
    }
}

/// Evolution asks for a name and an address, which may be empty.
#[derive(Serialize)]
struct SendLocation<'a> {
    latitude: f64,
    longitude: f64,
    name: &'a str,
    address: &'a str,
}

impl<'a> SendLocation<'a> {
    fn of(location: &'a Location) -> Self {
        let (name, address) = (location.name.as_deref().unwrap_or_default(), location.address.as_deref().unwrap_or_default());
        Self { latitude: location.latitude, longitude: location.longitude, name, address }
    }
}

#[derive(Serialize)]
struct SendContact<'a> {
    contact: Vec<Card<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Card<'a> {
    full_name: &'a str,
    phone_number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    wuid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

impl<'a> Card<'a> {
    fn of(card: &'a ContactCard) -> Self {
        let phone_number = card.phone.e164();
        Self {
            full_name: &card.name,
            phone_number,
            wuid: Some(phone_number.trim_start_matches('+')).filter(|digits| digits.len() >= SHORTEST_CARD_ID),
            organization: card.organization.as_deref(),
            email: card.email.as_deref(),
            url: card.url.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct SendReaction<'a> {
    key: ReactionKey<'a>,
    reaction: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReactionKey<'a> {
    id: &'a str,
    remote_jid: String,
    from_me: bool,
}

impl<'a> SendReaction<'a> {
    fn of(reaction: &'a Reaction, number: &str) -> Self {
        let key = ReactionKey { id: &reaction.message_id, remote_jid: format!("{number}@s.whatsapp.net"), from_me: reaction.from_me };
        Self { key, reaction: &reaction.emoji }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SendPoll<'a> {
    name: &'a str,
    selectable_count: u8,
    values: &'a [String],
}

impl<'a> SendPoll<'a> {
    fn of(poll: &'a Poll) -> Result<Self, String> {
        if poll.options.len() > MOST_POLL_ANSWERS {
            return Err(format!("poll.options: {} answers; Evolution takes at most {MOST_POLL_ANSWERS}", poll.options.len()));
        }
        Ok(Self { name: &poll.name, selectable_count: poll.selectable, values: &poll.options })
    }
}

/// Evolution always prints a title, so a message without one has its text there.
#[derive(Serialize)]
struct SendButtons<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    footer: Option<&'a str>,
    buttons: Vec<SendButton<'a>>,
}

impl<'a> SendButtons<'a> {
    fn of(message: &'a Buttons) -> Self {
        let title = message.title.as_deref();
        Self {
            title: title.unwrap_or(&message.text),
            description: title.map(|_| message.text.as_str()),
            footer: message.footer.as_deref(),
            buttons: message.buttons.iter().map(SendButton::of).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SendButton<'a> {
    display_text: &'a str,
    #[serde(flatten)]
    action: SendAction<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum SendAction<'a> {
    Reply { id: &'a str },
    Url { url: &'a str },
    Call { phone_number: &'a str },
    Copy { copy_code: &'a str },
}

impl<'a> SendButton<'a> {
    fn of(button: &'a Button) -> Self {
        let action = match &button.action {
            ButtonAction::Reply { id } => SendAction::Reply { id },
            ButtonAction::Url { url } => SendAction::Url { url },
            ButtonAction::Call { phone } => SendAction::Call { phone_number: phone.e164() },
            ButtonAction::Copy { code } => SendAction::Copy { copy_code: code },
        };
        Self { display_text: &button.title, action }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SendList<'a> {
    title: &'a str,
    description: &'a str,
    footer_text: &'a str,
    button_text: &'a str,
    sections: Vec<Section<'a>>,
}

#[derive(Serialize)]
struct Section<'a> {
    title: &'a str,
    rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(rename = "rowId")]
    id: &'a str,
}

impl<'a> SendList<'a> {
    fn of(list: &'a List) -> Self {
        let row = |row: &'a ListRow| Row { title: &row.title, description: row.description.as_deref(), id: &row.id };
        // Evolution refuses a section without a title; the word that opens the menu says nothing wrong above its rows
        let section = |section: &'a ListSection| Section {
            title: section.title.as_deref().unwrap_or(&list.button),
            rows: section.rows.iter().map(row).collect(),
        };
        Self {
            title: list.title.as_deref().unwrap_or_default(),
            description: &list.text,
            footer_text: list.footer.as_deref().unwrap_or_default(),
            button_text: &list.button,
            sections: list.sections.iter().map(section).collect(),
        }
    }
}
