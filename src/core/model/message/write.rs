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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::super::super::phone::Phone;
    use super::super::kinds::{ButtonAction, Buttons, Components, List, ListRow, MediaKind, MediaSource, Text};
    use super::*;

    /// A text that is not blank, of `1..=max` characters.
    fn words(max: usize) -> impl Strategy<Value = String> {
        prop_oneof![proptest::string::string_regex(&format!("[a-zA-Zñé👍\"\\\\\n{{}} ]{{0,{}}}", max - 1)).unwrap(), Just(String::new())]
            .prop_map(|text| format!("{text}x"))
    }

    fn maybe(max: usize) -> impl Strategy<Value = Option<String>> {
        proptest::option::of(words(max))
    }

    fn phones() -> impl Strategy<Value = Phone> {
        prop_oneof![Just("+34600111222"), Just("+5511987654321"), Just("+525512345678"), Just("+5491123456789")]
            .prop_map(|number| Phone::parse(number, None).unwrap())
    }

    fn addresses() -> impl Strategy<Value = String> {
        "[a-z]{1,8}\\.com/[a-z0-9%=&?/]{0,20}".prop_map(|rest| format!("https://{rest}"))
    }

    fn media() -> impl Strategy<Value = Body> {
        let kinds = proptest::sample::select(MediaKind::ALL.to_vec());
        let sources = prop_oneof![
            addresses().prop_map(MediaSource::Url),
            "[A-Za-z0-9+/]{4}".prop_map(MediaSource::Base64),
            "[0-9]{1,20}".prop_map(MediaSource::Id),
        ];
        let mime = proptest::option::of(Just("application/pdf".to_owned()));
        (kinds, sources, maybe(1024), "[a-z]{1,9}\\.[a-z]{3}", mime).prop_map(|(kind, source, caption, file_name, mime)| {
            let caption = caption.filter(|_| kind != MediaKind::Audio);
            Body::Media(Media { kind, source, caption, file_name: Some(file_name), mime })
        })
    }

    fn templates() -> impl Strategy<Value = Body> {
        let languages = proptest::sample::select(vec!["es", "pt_BR", "en_US", "fil"]);
        ("[a-z0-9_]{1,40}", languages, proptest::collection::vec(words(60), 0..4)).prop_map(|(name, language, values)| {
            let parameters: Vec<_> = values.into_iter().map(|text| serde_json::json!({ "type": "text", "text": text })).collect();
            let components = serde_json::json!([{ "type": "body", "parameters": parameters }]).to_string();
            let components = Components(RawValue::from_string(components).unwrap());
            Body::Template(Template { name, language: language.to_owned(), components })
        })
    }

    fn menus() -> impl Strategy<Value = Body> {
        let frame = || (words(1024), maybe(60), maybe(60));
        let replies = (frame(), 1_usize..4).prop_map(|((text, title, footer), count)| {
            let button = |number| Button { title: format!("Answer {number}"), action: ButtonAction::Reply { id: format!("a{number}") } };
            Body::Buttons(Buttons { text, title, footer, buttons: (0..count).map(button).collect() })
        });
        let actions = (frame(), addresses(), phones(), words(15)).prop_map(|((text, title, footer), url, phone, code)| {
            let actions = [ButtonAction::Url { url }, ButtonAction::Call { phone }, ButtonAction::Copy { code }];
            let buttons = actions.into_iter().enumerate().map(|(n, action)| Button { title: format!("Do {n}"), action }).collect();
            Body::Buttons(Buttons { text, title, footer, buttons })
        });
        let lists = (frame(), words(20), words(24), 1_usize..10, maybe(72)).prop_map(|(frame, button, title, count, description)| {
            let ((text, above, footer), first) = (frame, count / 2 + 1);
            let row = |number| ListRow { id: format!("r{number}"), title: format!("Row {number}"), description: description.clone() };
            let section = |rows: std::ops::Range<usize>| ListSection { title: Some(title.clone()), rows: rows.map(row).collect() };
            Body::List(List { text, title: above, footer, button, sections: vec![section(0..first), section(first..first + 1)] })
        });
        prop_oneof![replies, actions, lists]
    }

    fn others() -> impl Strategy<Value = Body> {
        let degrees = |max: i32| (-max * 1_000_000..=max * 1_000_000).prop_map(|millionths| f64::from(millionths) / 1e6);
        let location = (degrees(90), degrees(180), maybe(100), maybe(100));
        let location = location.prop_map(|(latitude, longitude, name, address)| Location { latitude, longitude, name, address });
        let card = (words(60), phones(), maybe(60), maybe(60), maybe(60));
        let card = card.prop_map(|(name, phone, organization, email, url)| ContactCard { name, phone, organization, email, url });
        let emoji = proptest::sample::select(vec!["", "👍", "❤️", "👩‍👩‍👧", "🇪🇸", "1️⃣"]);
        let reaction = (words(80), emoji, any::<bool>());
        let reaction = reaction.prop_map(|(message_id, emoji, from_me)| Reaction { message_id, emoji: emoji.to_owned(), from_me });
        let poll = (words(255), 2_usize..=12, 0_u8..=2).prop_map(|(name, count, selectable)| Poll {
            name,
            options: (0..count).map(|number| format!("Option {number}")).collect(),
            selectable,
        });
        prop_oneof![
            location.prop_map(Body::Location),
            proptest::collection::vec(card, 1..4).prop_map(Body::Contacts),
            reaction.prop_map(Body::Reaction),
            poll.prop_map(Body::Poll),
        ]
    }

    fn messages() -> impl Strategy<Value = Message> {
        let text =
            (words(4096), proptest::option::of(any::<bool>())).prop_map(|(text, preview_url)| Body::Text(Text { text, preview_url }));
        let body = prop_oneof![text, media(), templates(), menus(), others()];
        let around = (proptest::option::of(0_u64..1 << 53), maybe(100), maybe(20), maybe(100), maybe(100));
        (phones(), body, around).prop_map(|(to, body, (expires, campaign, category, conversation, reply_to))| Message {
            to,
            body,
            expires,
            campaign,
            category,
            conversation,
            reply_to,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn any_message_reads_back_as_it_was_written(message in messages()) {
            let json = message.to_json().unwrap();

            prop_assert_eq!(Message::read(&json), Ok(message), "{}", json);
        }

        #[test]
        fn any_data_is_a_message_that_reads_back_or_an_error(data in prop_oneof![any::<String>(), noise()]) {
            if let Ok(message) = Message::read(&data) {
                prop_assert_eq!(Message::read(&message.to_json().unwrap()), Ok(message));
            }
        }
    }

    /// Objects with the right names and mostly wrong values.
    fn noise() -> impl Strategy<Value = String> {
        let names = proptest::sample::select(vec![
            "to",
            "phone",
            "type",
            "text",
            "media",
            "template",
            "location",
            "contact",
            "reaction",
            "poll",
            "buttons",
            "list",
            "expires",
            "url",
            "kind",
            "name",
            "language",
            "components",
            "sections",
            "rows",
            "title",
            "parameters",
            "options",
            "button",
            "id",
            "emoji",
        ]);
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("\"+34600111222\"".to_owned()),
            Just("\"https://example.com/a.png\"".to_owned()),
            Just("\"text\"".to_owned()),
            Just("\"body\"".to_owned()),
            Just("1e999".to_owned()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<bool>().prop_map(|flag| flag.to_string()),
        ];
        let value = leaf.prop_recursive(4, 40, 5, move |inner| {
            let object = proptest::collection::btree_map(names.clone(), inner.clone(), 0..5).prop_map(|fields| {
                let fields: Vec<String> = fields.into_iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
                format!("{{{}}}", fields.join(","))
            });
            prop_oneof![object, proptest::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(",")))]
        });
        value.prop_map(|value| match value.strip_prefix("{\"") {
            Some(rest) => format!("{{\"to\":\"+34600111222\",\"{}", rest.replacen("to\":", "was\":", 1)),
            None => value,
        })
    }
}
