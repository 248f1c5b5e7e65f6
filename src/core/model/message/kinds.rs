//! This file is what a message can be: a text, media, a template, a place, contacts, a reaction, a poll, buttons or a list.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::super::clock::Millis;
use super::super::phone::Phone;

/// A message to one contact, checked against WhatsApp's limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Who gets it.
    pub to: Phone,
    /// What it says.
    pub body: Body,
    /// From this moment on it is not sent any more.
    pub expires: Option<Millis>,
    /// The campaign that it belongs to.
    pub campaign: Option<String>,
    /// WhatsApp's word for what it is: marketing, utility, authentication, service.
    pub category: Option<String>,
    /// The conversation that it belongs to; the contact's own when absent.
    pub conversation: Option<String>,
    /// The provider's id of the message that it answers.
    pub reply_to: Option<String>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Plain text.
    Text(Text),
    /// An image, document, video or audio.
    Media(Media),
    /// A template that Meta has approved.
    Template(Template),
    /// A place on the map.
    Location(Location),
    /// One or more business cards.
    Contacts(Vec<ContactCard>),
    /// An emoji on another message.
    Reaction(Reaction),
    /// A question with answers to choose from.
    Poll(Poll),
    /// A text with up to three buttons.
    Buttons(Buttons),
    /// A text with a menu of up to ten rows.
    List(List),
}

impl Body {
    /// The word of `type` in the JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Media(_) => "media",
            Self::Template(_) => "template",
            Self::Location(_) => "location",
            Self::Contacts(_) => "contact",
            Self::Reaction(_) => "reaction",
            Self::Poll(_) => "poll",
            Self::Buttons(_) => "buttons",
            Self::List(_) => "list",
        }
    }
}

/// Plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// 1 to 4,096 characters.
    pub text: String,
    /// Whether a link in it is shown with a preview; the transport's default when `None`.
    pub preview_url: Option<bool>,
}

/// What a media message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A file of any format.
    Document,
    /// A film.
    Video,
    /// A sound; has no caption.
    Audio,
}

impl MediaKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Image, Self::Document, Self::Video, Self::Audio];

    /// The word that both providers and the JSON use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Document => "document",
            Self::Video => "video",
            Self::Audio => "audio",
        }
    }
}

/// Where the provider takes the media from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaSource {
    /// A public https address without credentials.
    Url(String),
    /// The bytes themselves, in base64 without line breaks.
    Base64(String),
    /// What the provider called an earlier upload.
    Id(String),
}

/// An image, document, video or audio.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Where it is.
    #[serde(flatten)]
    pub source: MediaSource,
    /// The text below it, at most 1,024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// How a document is called at the other end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Its media type, such as `image/png`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
}

/// A template that Meta has approved.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Template {
    /// Small letters, digits and `_`.
    pub name: String,
    /// Such as `es` or `pt_BR`.
    pub language: String,
    /// Meta's array of components, byte for byte as the producer wrote it.
    pub components: Components,
}

/// A JSON array of template components in Meta's shape.
#[derive(Clone, Debug, Serialize)]
pub struct Components(pub(super) Box<RawValue>);

impl Components {
    /// The JSON text.
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// The JSON text as a value that is written as it is.
    pub fn raw(&self) -> &RawValue {
        &self.0
    }
}

impl PartialEq for Components {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

/// A place on the map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Location {
    /// Degrees, -90 to 90.
    pub latitude: f64,
    /// Degrees, -180 to 180.
    pub longitude: f64,
    /// What the place is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it is in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// A business card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContactCard {
    /// The full name.
    pub name: String,
    /// The number that the card shows.
    #[serde(serialize_with = "e164")]
    pub phone: Phone,
    /// The company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The address of electronic mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The web site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// An emoji on another message of the same conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reaction {
    /// The provider's id of that message.
    pub message_id: String,
    /// One emoji; empty takes the reaction back.
    pub emoji: String,
    /// Whether that message was ours.
    pub from_me: bool,
}

/// A question with answers to choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Poll {
    /// The question, at most 255 characters.
    pub name: String,
    /// 2 to 12 different answers of at most 100 characters.
    pub options: Vec<String>,
    /// How many may be chosen; 0 is any number of them.
    pub selectable: u8,
}

/// A text with up to three buttons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buttons {
    /// What it says, at most 1,024 characters.
    pub text: String,
    /// The line above, at most 60 characters.
    pub title: Option<String>,
    /// The line below, at most 60 characters.
    pub footer: Option<String>,
    /// 1 to 3, answers only or others only.
    pub buttons: Vec<Button>,
}

/// One button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Button {
    /// What stands on it, at most 20 characters.
    pub title: String,
    /// What it does.
    #[serde(flatten)]
    pub action: ButtonAction,
}

/// What a button does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ButtonAction {
    /// Answers, and the answer carries this id.
    Reply {
        /// At most 256 characters; differs from those of the other buttons.
        id: String,
    },
    /// Opens a page.
    Url {
        /// https, without credentials.
        url: String,
    },
    /// Calls a number.
    Call {
        /// The number.
        #[serde(serialize_with = "e164")]
        phone: Phone,
    },
    /// Copies a code.
    Copy {
        /// At most 15 characters.
        code: String,
    },
}

/// A text with a menu of up to ten rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// What it says, at most 1,024 characters.
    pub text: String,
    /// The line above, at most 60 characters.
    pub title: Option<String>,
    /// The line below, at most 60 characters.
    pub footer: Option<String>,
    /// What opens the menu, at most 20 characters.
    pub button: String,
    /// 1 to 10, with at most ten rows in all.
    pub sections: Vec<ListSection>,
}

/// A part of a menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListSection {
    /// At most 24 characters; only a menu with one section goes without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// 1 to 10.
    pub rows: Vec<ListRow>,
}

/// One line of a menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListRow {
    /// At most 200 characters; differs from those of the other rows.
    pub id: String,
    /// At most 24 characters.
    pub title: String,
    /// At most 72 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

pub(super) fn e164<S: Serializer>(phone: &Phone, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(phone.e164())
}

impl fmt::Display for MediaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
