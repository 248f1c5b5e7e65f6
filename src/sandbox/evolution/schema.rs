//! This file checks the body of a request by the rules of Evolution's schemas, and says what is wrong in the words of its
//! validator: one text for each fault, properties before those that are missing.

use serde_json::Value;

/// What a value must be. A missing one is no fault of its rule.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    Text,
    /// At least so many characters.
    LongText(usize),
    OneOf(&'static [&'static str]),
    Flag,
    Whole,
    /// From and to.
    Within(i64, i64),
    Number,
    Anything,
    Thing(&'static Shape),
    /// At least, at most, all different, and what each is.
    List(usize, usize, bool, &'static Self),
    /// Whatever is wrong with it is told so.
    Told(&'static Self, &'static str),
}

/// The properties of an object.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) properties: &'static [(&'static str, Rule)],
    pub(super) required: &'static [&'static str],
}

const ANY_NUMBER: usize = usize::MAX;
const NUMBER: (&str, Rule) = ("number", Rule::Told(&Rule::Text, "Invalid format"));
const DELAY: (&str, Rule) = ("delay", Rule::Told(&Rule::Whole, "Enter a value in milliseconds"));
const QUOTED: (&str, Rule) = ("quoted", Rule::Thing(&Shape { properties: &[("key", Rule::Thing(&KEY_OF_ID))], required: &[] }));
const KEY_OF_ID: Shape = Shape { properties: &KEY_PROPERTIES, required: &["id"] };
const KEY_PROPERTIES: [(&str, Rule); 3] = [("id", Rule::Text), ("remoteJid", Rule::Text), ("fromMe", Rule::Flag)];
const EVERYONE: (&str, Rule) = ("mentionsEveryOne", Rule::Flag);
const MENTIONED: (&str, Rule) =
    ("mentioned", Rule::List(1, ANY_NUMBER, true, &Rule::Told(&Rule::Text, "\"mentioned\" must be an array of numeric strings")));

/// A shape whose last properties are those that every send may have.
macro_rules! send {
    ($required:expr, $($property:expr),* $(,)?) => {
        Shape { properties: &[NUMBER, $($property,)* DELAY, QUOTED, EVERYONE, MENTIONED], required: &$required }
    };
}

const TEXT: Shape = send!(["number", "text"], ("text", Rule::Text), ("linkPreview", Rule::Flag));
const MEDIA: Shape = send!(
    ["number", "mediatype"],
    ("mediatype", Rule::OneOf(&["image", "document", "video", "audio"])),
    ("mimetype", Rule::Text),
    ("media", Rule::Text),
    ("fileName", Rule::Text),
    ("caption", Rule::Text),
);
const AUDIO: Shape = send!(["number"], ("audio", Rule::Text));
const PTV: Shape = send!(["number"], ("video", Rule::Text));
const STICKER: Shape = send!(["number"], ("sticker", Rule::Text));
const LOCATION: Shape = send!(
    ["number", "latitude", "longitude", "name", "address"],
    ("latitude", Rule::Number),
    ("longitude", Rule::Number),
    ("name", Rule::Text),
    ("address", Rule::Text),
);
const CONTACT: Shape = Shape {
    properties: &[NUMBER, ("contact", Rule::List(1, ANY_NUMBER, true, &Rule::Thing(&ONE_CONTACT)))],
    required: &["number", "contact"],
};
const ONE_CONTACT: Shape = Shape {
    properties: &[
        ("fullName", Rule::Text),
        ("wuid", Rule::Told(&Rule::LongText(10), "\"wuid\" must be a numeric string")),
        ("phoneNumber", Rule::LongText(10)),
        ("organization", Rule::Text),
        ("email", Rule::Text),
        ("url", Rule::Text),
    ],
    required: &["fullName", "phoneNumber"],
};
const REACTION: Shape = Shape {
    properties: &[
        ("key", Rule::Thing(&Shape { properties: &KEY_PROPERTIES, required: &["id", "remoteJid", "fromMe"] })),
        ("reaction", Rule::Text),
    ],
    required: &["key", "reaction"],
};
const POLL: Shape = send!(
    ["number", "name", "selectableCount", "values"],
    ("name", Rule::Text),
    ("selectableCount", Rule::Within(0, 10)),
    ("values", Rule::List(2, 10, true, &Rule::Text)),
);
const LIST: Shape = send!(
    ["number", "title", "footerText", "buttonText", "sections"],
    ("title", Rule::Text),
    ("description", Rule::Text),
    ("footerText", Rule::Text),
    ("buttonText", Rule::Text),
    ("sections", Rule::List(1, ANY_NUMBER, true, &Rule::Thing(&SECTION))),
);
const SECTION: Shape = Shape {
    properties: &[("title", Rule::Text), ("rows", Rule::List(1, ANY_NUMBER, true, &Rule::Thing(&ROW)))],
    required: &["title", "rows"],
};
const ROW: Shape =
    Shape { properties: &[("title", Rule::Text), ("description", Rule::Text), ("rowId", Rule::Text)], required: &["title", "rowId"] };
const BUTTONS: Shape = send!(
    ["number"],
    ("thumbnailUrl", Rule::Text),
    ("title", Rule::Text),
    ("description", Rule::Text),
    ("footer", Rule::Text),
    ("buttons", Rule::List(0, ANY_NUMBER, false, &Rule::Thing(&BUTTON))),
);
const BUTTON: Shape = Shape {
    properties: &[
        ("type", Rule::OneOf(&["reply", "copy", "url", "call", "pix"])),
        ("displayText", Rule::Text),
        ("id", Rule::Text),
        ("url", Rule::Text),
        ("phoneNumber", Rule::Text),
    ],
    required: &["type"],
};
const TEMPLATE: Shape = Shape {
    properties: &[
        NUMBER,
        ("name", Rule::Text),
        ("language", Rule::Text),
        ("components", Rule::List(0, ANY_NUMBER, false, &Rule::Anything)),
        ("webhookUrl", Rule::Text),
    ],
    required: &["name", "language"],
};
const STATUS: Shape =
    Shape { properties: &[("type", Rule::OneOf(&["text", "image", "audio", "video"])), ("content", Rule::Text)], required: &["type"] };

/// The shape of an action's body, if there is such an action.
pub(super) fn of_action(action: &str) -> Option<&'static Shape> {
    Some(match action {
        "sendText" => &TEXT,
        "sendMedia" => &MEDIA,
        "sendWhatsAppAudio" => &AUDIO,
        "sendPtv" => &PTV,
        "sendSticker" => &STICKER,
        "sendLocation" => &LOCATION,
        "sendContact" => &CONTACT,
        "sendReaction" => &REACTION,
        "sendPoll" => &POLL,
        "sendList" => &LIST,
        "sendButtons" => &BUTTONS,
        "sendTemplate" => &TEMPLATE,
        "sendStatus" => &STATUS,
        _ => return None,
    })
}

/// Everything that is wrong with a body.
pub(super) fn faults(shape: &Shape, body: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    check_shape(shape, body, "instance", &mut faults);
    // the validator's name for the whole is taken out of paths, but stays where it stands alone
    faults.into_iter().map(|fault| fault.replacen("instance.", "", 1)).collect()
}

fn check_shape(shape: &Shape, value: &Value, path: &str, faults: &mut Vec<String>) {
    let Value::Object(object) = value else {
        faults.push(format!("{path} is not of a type(s) object"));
        return;
    };
    for (name, rule) in shape.properties {
        if let Some(value) = object.get(*name) {
            check(rule, value, &format!("{path}.{name}"), faults);
        }
    }
    for name in shape.required {
        if !object.contains_key(*name) {
            faults.push(format!("{path} requires property \"{name}\""));
        }
    }
}

fn check(rule: &Rule, value: &Value, path: &str, faults: &mut Vec<String>) {
    let mut unless = |good: bool, fault: &str| {
        if !good {
            faults.push(format!("{path} {fault}"));
        }
    };
    match rule {
        Rule::Anything => {}
        Rule::Text => unless(value.is_string(), "is not of a type(s) string"),
        Rule::LongText(least) => {
            unless(value.is_string(), "is not of a type(s) string");
            let long_enough = value.as_str().is_none_or(|text| text.chars().count() >= *least);
            unless(long_enough, &format!("does not meet minimum length of {least}"));
        }
        Rule::OneOf(words) => {
            unless(value.is_string(), "is not of a type(s) string");
            let known = value.as_str().is_some_and(|text| words.contains(&text));
            unless(known, &format!("is not one of enum values: {}", words.join(",")));
        }
        Rule::Flag => unless(value.is_boolean(), "is not of a type(s) boolean"),
        Rule::Number => unless(value.is_number(), "is not of a type(s) number"),
        Rule::Whole => unless(is_whole(value), "is not of a type(s) integer"),
        Rule::Within(least, most) => {
            unless(is_whole(value), "is not of a type(s) integer");
            unless(value.as_i64().is_none_or(|number| number >= *least), &format!("must be greater than or equal to {least}"));
            unless(value.as_i64().is_none_or(|number| number <= *most), &format!("must be less than or equal to {most}"));
        }
        Rule::Thing(shape) => check_shape(shape, value, path, faults),
        Rule::List(least, most, different, item) => check_list(value, (*least, *most, *different), item, path, faults),
        Rule::Told(rule, told) => {
            let mut found = Vec::new();
            check(rule, value, path, &mut found);
            faults.extend(found.iter().map(|_| (*told).to_owned()));
        }
    }
}

fn check_list(value: &Value, (least, most, different): (usize, usize, bool), item: &Rule, path: &str, faults: &mut Vec<String>) {
    let Value::Array(items) = value else {
        faults.push(format!("{path} is not of a type(s) array"));
        return;
    };
    if items.len() < least {
        faults.push(format!("{path} does not meet minimum length of {least}"));
    }
    if items.len() > most {
        faults.push(format!("{path} does not meet maximum length of {most}"));
    }
    if different && items.iter().enumerate().any(|(at, item)| items.iter().take(at).any(|other| other == item)) {
        faults.push(format!("{path} contains duplicate item"));
    }
    for (at, value) in items.iter().enumerate() {
        check(item, value, &format!("{path}[{at}]"), faults);
    }
}

fn is_whole(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(action: &str, body: Value) -> Vec<String> {
        faults(of_action(action).unwrap(), &body)
    }

    #[test]
    fn what_is_missing_is_named_one_by_one() {
        assert_eq!(told("sendText", json!({})), ["instance requires property \"number\"", "instance requires property \"text\""]);
        assert_eq!(told("sendText", json!({ "number": "34600111222", "text": "" })), Vec::<String>::new());
    }

    #[test]
    fn a_wrong_type_is_told_before_what_is_missing() {
        assert_eq!(told("sendText", json!({ "text": 5 })), ["text is not of a type(s) string", "instance requires property \"number\""]);
        assert_eq!(
            told("sendText", json!({ "number": 34_600, "text": "x", "delay": "soon" })),
            ["Invalid format", "Enter a value in milliseconds"]
        );
    }

    #[test]
    fn lists_and_what_is_in_them_are_checked() {
        let poll = json!({ "number": "1", "name": "x", "selectableCount": 11, "values": ["a", "a"] });
        assert_eq!(told("sendPoll", poll), ["selectableCount must be less than or equal to 10", "values contains duplicate item"]);
        let list = json!({ "number": "1", "title": "t", "footerText": "f", "buttonText": "b", "sections": [{ "title": "s" }] });
        assert_eq!(told("sendList", list), ["sections[0] requires property \"rows\""]);
        let media = json!({ "number": "1", "mediatype": "film" });
        assert_eq!(told("sendMedia", media), ["mediatype is not one of enum values: image,document,video,audio"]);
    }
}
