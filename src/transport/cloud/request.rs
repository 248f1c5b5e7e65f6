//! This file writes a message as Meta's Cloud API takes it.

use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::core::model::message::{
    Body, Button, ButtonAction, Buttons, ContactCard, List, ListSection, Location, Media, MediaKind, MediaSource, Message, Reaction,
    Template, Text,
};

/// The longest callback data that Meta takes, in bytes.
const MAX_CALLBACK_BYTES: usize = 512;

/// A message that this channel can't carry: why, in words for the sender.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unsupported(pub(super) &'static str);

/// The JSON to post for `message`. Every status of it that Meta reports later brings `key` back.
pub(super) fn encode(message: &Message, key: &str) -> Result<Vec<u8>, Unsupported> {
    let request = Request {
        messaging_product: "whatsapp",
        recipient_type: "individual",
        // with its plus sign: without, Meta would put the business's own country before it
        to: message.to.e164(),
        context: message.reply_to.as_deref().map(|message_id| Context { message_id }),
        content: content(&message.body)?,
        biz_opaque_callback_data: &callback_data(key),
    };
    serde_json::to_vec(&request).map_err(|_| Unsupported("it can't be written as JSON"))
}

/// The stable key of a job, or its digest where it is longer than Meta takes.
fn callback_data(key: &str) -> String {
    if key.len() <= MAX_CALLBACK_BYTES {
        return key.to_owned();
    }
    Sha256::digest(key.as_bytes()).iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

#[derive(Serialize)]
struct Request<'a> {
    messaging_product: &'static str,
    recipient_type: &'static str,
    to: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context<'a>>,
    #[serde(flatten)]
    content: Content<'a>,
    biz_opaque_callback_data: &'a str,
}

/// What the message answers.
#[derive(Serialize)]
struct Context<'a> {
    message_id: &'a str,
}

/// `type`, and the field of that name.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Content<'a> {
    Text { text: TextBody<'a> },
    Image { image: MediaBody<'a> },
    Document { document: MediaBody<'a> },
    Video { video: MediaBody<'a> },
    Audio { audio: MediaBody<'a> },
    Template { template: TemplateBody<'a> },
    Location { location: &'a Location },
    Contacts { contacts: Vec<Card<'a>> },
    Reaction { reaction: ReactionBody<'a> },
    Interactive { interactive: Interactive<'a> },
}

fn content(body: &Body) -> Result<Content<'_>, Unsupported> {
    Ok(match body {
        Body::Text(text) => Content::Text { text: TextBody::of(text) },
        Body::Media(media) => media_content(media)?,
        Body::Template(template) => Content::Template { template: TemplateBody::of(template) },
        Body::Location(location) => Content::Location { location },
        Body::Contacts(cards) => Content::Contacts { contacts: cards.iter().map(Card::of).collect() },
        Body::Reaction(reaction) => Content::Reaction { reaction: ReactionBody::of(reaction) },
        Body::Poll(_) => return Err(Unsupported("Meta's Cloud API has no polls; send a list")),
        Body::Buttons(buttons) => Content::Interactive { interactive: Interactive::of_buttons(buttons)? },
        Body::List(list) => Content::Interactive { interactive: Interactive::of_list(list) },
    })
}

#[derive(Serialize)]
struct TextBody<'a> {
    preview_url: bool,
    body: &'a str,
}

impl<'a> TextBody<'a> {
    fn of(text: &'a Text) -> Self {
        Self { preview_url: text.preview_url.unwrap_or(false), body: &text.text }
    }
}

#[derive(Serialize)]
struct MediaBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caption: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<&'a str>,
}

fn media_content(media: &Media) -> Result<Content<'_>, Unsupported> {
    let (id, link) = match &media.source {
        MediaSource::Id(id) => (Some(id.as_str()), None),
        MediaSource::Url(url) => (None, Some(url.as_str())),
        MediaSource::Base64(_) => return Err(Unsupported("Meta's Cloud API takes no media as base64; give a url, or the id of an upload")),
    };
    let caption = media.caption.as_deref();
    let filename = media.file_name.as_deref();
    Ok(match media.kind {
        MediaKind::Image => Content::Image { image: MediaBody { id, link, caption, filename: None } },
        MediaKind::Video => Content::Video { video: MediaBody { id, link, caption, filename: None } },
        MediaKind::Document => Content::Document { document: MediaBody { id, link, caption, filename } },
        MediaKind::Audio => Content::Audio { audio: MediaBody { id, link, caption: None, filename: None } },
    })
}

#[derive(Serialize)]
struct TemplateBody<'a> {
    name: &'a str,
    language: Language<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    components: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Language<'a> {
    code: &'a str,
}

impl<'a> TemplateBody<'a> {
    fn of(template: &'a Template) -> Self {
        let is_empty = template.components.get().bytes().all(|byte| matches!(byte, b'[' | b']') || byte.is_ascii_whitespace());
        Self {
            name: &template.name,
            language: Language { code: &template.language },
            components: (!is_empty).then(|| template.components.raw()),
        }
    }
}

#[derive(Serialize)]
struct Card<'a> {
    name: CardName<'a>,
    phones: [CardPhone<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<CardCompany<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emails: Option<[CardEmail<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    urls: Option<[CardUrl<'a>; 1]>,
}

/// Meta asks for one part of the name beside the whole; which part of ours is which, nobody said.
#[derive(Serialize)]
struct CardName<'a> {
    formatted_name: &'a str,
    first_name: &'a str,
}

#[derive(Serialize)]
struct CardPhone<'a> {
    phone: &'a str,
    wa_id: &'a str,
}

#[derive(Serialize)]
struct CardCompany<'a> {
    company: &'a str,
}

#[derive(Serialize)]
struct CardEmail<'a> {
    email: &'a str,
}

#[derive(Serialize)]
struct CardUrl<'a> {
    url: &'a str,
}

impl<'a> Card<'a> {
    fn of(card: &'a ContactCard) -> Self {
        let phone = card.phone.e164();
        Self {
            name: CardName { formatted_name: &card.name, first_name: &card.name },
            phones: [CardPhone { phone, wa_id: phone.trim_start_matches('+') }],
            org: card.organization.as_deref().map(|company| CardCompany { company }),
            emails: card.email.as_deref().map(|email| [CardEmail { email }]),
            urls: card.url.as_deref().map(|url| [CardUrl { url }]),
        }
    }
}

#[derive(Serialize)]
struct ReactionBody<'a> {
    message_id: &'a str,
    emoji: &'a str,
}

impl<'a> ReactionBody<'a> {
    fn of(reaction: &'a Reaction) -> Self {
        Self { message_id: &reaction.message_id, emoji: &reaction.emoji }
    }
}

#[derive(Serialize)]
struct Interactive<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<Header<'a>>,
    body: Words<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    footer: Option<Words<'a>>,
    action: Action<'a>,
}

#[derive(Serialize)]
struct Header<'a> {
    r#type: &'static str,
    text: &'a str,
}

#[derive(Serialize)]
struct Words<'a> {
    text: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Action<'a> {
    Buttons { buttons: Vec<ReplyButton<'a>> },
    Link { name: &'static str, parameters: LinkButton<'a> },
    List { button: &'a str, sections: &'a [ListSection] },
}

#[derive(Serialize)]
struct ReplyButton<'a> {
    r#type: &'static str,
    reply: Reply<'a>,
}

#[derive(Serialize)]
struct Reply<'a> {
    id: &'a str,
    title: &'a str,
}

#[derive(Serialize)]
struct LinkButton<'a> {
    display_text: &'a str,
    url: &'a str,
}

impl<'a> Interactive<'a> {
    fn of_buttons(buttons: &'a Buttons) -> Result<Self, Unsupported> {
        let (kind, action) = match buttons.buttons.as_slice() {
            [Button { title, action: ButtonAction::Url { url } }] => {
                ("cta_url", Action::Link { name: "cta_url", parameters: LinkButton { display_text: title, url } })
            }
            all => ("button", Action::Buttons { buttons: all.iter().map(reply_button).collect::<Result<_, _>>()? }),
        };
        Ok(Self::new(kind, buttons.title.as_deref(), &buttons.text, buttons.footer.as_deref(), action))
    }

    fn of_list(list: &'a List) -> Self {
        let action = Action::List { button: &list.button, sections: &list.sections };
        Self::new("list", list.title.as_deref(), &list.text, list.footer.as_deref(), action)
    }

    fn new(kind: &'static str, title: Option<&'a str>, text: &'a str, footer: Option<&'a str>, action: Action<'a>) -> Self {
        let header = title.map(|text| Header { r#type: "text", text });
        Self { r#type: kind, header, body: Words { text }, footer: footer.map(|text| Words { text }), action }
    }
}

fn reply_button(button: &Button) -> Result<ReplyButton<'_>, Unsupported> {
    match &button.action {
        ButtonAction::Reply { id } => Ok(ReplyButton { r#type: "reply", reply: Reply { id, title: &button.title } }),
        ButtonAction::Url { .. } => Err(Unsupported("outside a template Meta's Cloud API takes one url button, alone")),
        ButtonAction::Call { .. } | ButtonAction::Copy { .. } => {
            Err(Unsupported("outside a template Meta's Cloud API has no buttons that call or copy"))
        }
    }
}
