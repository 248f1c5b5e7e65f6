//! This file reads a template and its components, as far as a template can be checked without knowing its text.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::check::{at_most, count};
use super::compose::not_json;
use super::error::MessageError;
use super::fields::{Fields, missing};
use super::kinds::{Components, Template};
use super::url;

/// Characters of a template's name.
const MAX_NAME_CHARS: usize = 512;
/// Characters of one value that is put into a template.
const MAX_VALUE_CHARS: usize = 1024;
/// The most buttons of a template.
const MAX_TEMPLATE_BUTTONS: u64 = 10;
/// The most cards of a carousel.
const MAX_CARDS: usize = 10;

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    components: Option<&'a RawValue>,
}

/// `template`.
///
/// # Errors
/// The first field that is missing or wrong.
pub(super) fn read(raw: &RawValue) -> Result<Template, MessageError> {
    let value: Value = serde_json::from_str(raw.get()).map_err(|error| not_json(&error))?;
    let fields = Fields::new(&value, "template")?;
    let name = fields.required(&["name"], "the name of an approved template")?;
    at_most(&name, MAX_NAME_CHARS, "template.name")?;
    if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
        return Err(MessageError::field("template.name", "field_value", "must be small letters, digits and _, as Meta names templates"));
    }
    let language = language(&fields)?;
    let Raw { components } = serde_json::from_str(raw.get()).map_err(|error| not_json(&error))?;
    if fields.value(&["components"]).is_some() {
        let (path, items) = fields.items(&["components"], "an array")?;
        check_components(items, &path, true)?;
    }
    let text = components.map_or("[]", RawValue::get).to_owned();
    let components = RawValue::from_string(text).map(Components).map_err(|error| not_json(&error))?;
    Ok(Template { name, language, components })
}

/// The word itself, or Meta's `{"code": …}`.
fn language(fields: &Fields<'_>) -> Result<String, MessageError> {
    let what = "the language of the template, such as es or pt_BR";
    let language = match fields.value(&["language"]) {
        Some((name, value)) if value.is_object() => Fields::new(value, fields.path(name))?.required(&["code"], what)?,
        _ => fields.required(&["language"], what)?,
    };
    let (word, region) = language.split_once('_').map_or((language.as_str(), None), |(word, region)| (word, Some(region)));
    let is_word = (2..=3).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_region = |region: &str| (2..=4).contains(&region.len()) && region.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_word && region.is_none_or(is_region) {
        return Ok(language);
    }
    Err(MessageError::field("template.language", "field_value", "is no language as Meta writes it: es, pt_BR, en_US"))
}

/// Checks components; a carousel's cards have their own.
fn check_components(items: &[Value], path: &str, may_hold_cards: bool) -> Result<(), MessageError> {
    let mut seen = HashSet::new();
    for (number, item) in items.iter().enumerate() {
        let fields = Fields::new(item, format!("{path}[{number}]"))?;
        let kind = fields.required(&["type"], "header, body or button")?.to_ascii_lowercase();
        let index = if kind == "button" { Some(button_index(&fields)?) } else { None };
        if !seen.insert((kind.clone(), index)) {
            let problem = if index.is_some() { "is a second button of this index" } else { "is there twice; each comes once" };
            let name = if index.is_some() { "index" } else { "type" };
            return Err(MessageError::field(fields.path(name), "field_repeated", problem));
        }
        if kind == "carousel" && may_hold_cards {
            check_cards(&fields)?;
        }
        if fields.value(&["parameters"]).is_some() {
            check_parameters(&fields, &kind)?;
        }
    }
    Ok(())
}

fn button_index(fields: &Fields<'_>) -> Result<u64, MessageError> {
    fields.required(&["sub_type"], "quick_reply, url, copy_code, flow or catalog")?;
    let Some((name, value)) = fields.value(&["index"]) else {
        return Err(missing(fields.path("index"), "the place of the button in the template, from 0"));
    };
    let index = value.as_u64().or_else(|| value.as_str()?.parse().ok()).filter(|index| *index < MAX_TEMPLATE_BUTTONS);
    index.ok_or_else(|| MessageError::field(fields.path(name), "field_range", "must be 0 to 9"))
}

fn check_cards(fields: &Fields<'_>) -> Result<(), MessageError> {
    let (path, cards) = fields.items(&["cards"], "an array of cards")?;
    count(cards.len(), 1..=MAX_CARDS, "cards", &path)?;
    for (number, card) in cards.iter().enumerate() {
        let card = Fields::new(card, format!("{path}[{number}]"))?;
        let (path, items) = card.items(&["components"], "an array of components")?;
        check_components(items, &path, false)?;
    }
    Ok(())
}

fn check_parameters(fields: &Fields<'_>, kind: &str) -> Result<(), MessageError> {
    let (path, items) = fields.items(&["parameters"], "an array")?;
    if kind == "header" {
        count(items.len(), 0..=1, "parameters", &path)?;
    }
    let mut names = HashSet::new();
    for (number, item) in items.iter().enumerate() {
        let parameter = Fields::new(item, format!("{path}[{number}]"))?;
        check_parameter(&parameter)?;
        if let Some(name) = parameter.text(&["parameter_name"])?
            && !names.insert(name)
        {
            return Err(MessageError::field(parameter.path("parameter_name"), "field_repeated", "is there twice; names must differ"));
        }
    }
    if !names.is_empty() && names.len() < items.len() {
        let problem = "some have a parameter_name and some have none; Meta takes all by name or all by their order";
        return Err(MessageError::field(path, "parameters_mixed", problem));
    }
    Ok(())
}

/// Checks that a parameter has the value that its type calls for; types that are not known here pass.
fn check_parameter(fields: &Fields<'_>) -> Result<(), MessageError> {
    let kind = fields.required(&["type"], "text, image, payload or another type of Meta's")?;
    let object = |name| match fields.value(&[name]) {
        Some((name, value)) => Fields::new(value, fields.path(name)),
        None => Err(missing(fields.path(name), "the value of the parameter")),
    };
    let text = |fields: &Fields<'_>, name: &'static str| {
        let value = fields.required(&[name], "a text that is not empty; Meta refuses empty parameters")?;
        at_most(&value, MAX_VALUE_CHARS, &fields.path(name))
    };
    match kind.to_ascii_lowercase().as_str() {
        "text" => text(fields, "text"),
        "payload" => text(fields, "payload"),
        "coupon_code" => text(fields, "coupon_code"),
        "currency" => {
            let currency = object("currency")?;
            text(&currency, "fallback_value")?;
            text(&currency, "code")?;
            currency.number(&["amount_1000"], "the amount times 1000").map(|_| ())
        }
        "date_time" => text(&object("date_time")?, "fallback_value"),
        kind @ ("image" | "video" | "document") => {
            let name = match kind {
                "image" => "image",
                "video" => "video",
                _ => "document",
            };
            check_media(&object(name)?)
        }
        _ => Ok(()),
    }
}

fn check_media(media: &Fields<'_>) -> Result<(), MessageError> {
    match (media.text(&["link"])?, media.text(&["id"])?) {
        (Some(link), None) => url::check(&link, &media.path("link")),
        (None, Some(_)) => Ok(()),
        (None, None) => Err(missing(media.path("link"), "an https address, or the id of an upload")),
        (Some(_), Some(_)) => Err(MessageError::field(media.path("link"), "field_unused", "give link or id; one of them would be lost")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(template: &str) -> String {
        let raw = RawValue::from_string(template.to_owned()).unwrap();
        read(&raw).map_or_else(|error| format!("{} {}", error.code(), error.path().unwrap_or_default()), |_| "ok".to_owned())
    }

    fn of_components(components: &str) -> String {
        verdict(&format!("{{\"name\":\"cita\",\"language\":\"es\",\"components\":{components}}}"))
    }

    #[test]
    fn names_and_languages_are_written_as_meta_writes_them() {
        for (name, language, expected) in [
            ("cita_aviso_2", "\"es\"", "ok"),
            ("cita", "\"pt_BR\"", "ok"),
            ("cita", "\"fil\"", "ok"),
            ("cita", "{\"code\":\"zh_CN\",\"policy\":\"deterministic\"}", "ok"),
            ("cita", "{}", "field_missing template.language.code"),
            ("cita", "\"\"", "field_missing template.language"),
            ("cita", "\"ES\"", "field_value template.language"),
            ("cita", "\"pt-BR\"", "field_value template.language"),
            ("cita", "7", "field_type template.language"),
            ("Cita", "\"es\"", "field_value template.name"),
            ("cita aviso", "\"es\"", "field_value template.name"),
            ("", "\"es\"", "field_missing template.name"),
        ] {
            assert_eq!(verdict(&format!("{{\"name\":{name:?},\"language\":{language}}}")), expected, "{name} {language}");
        }
        let long = "a".repeat(513);
        assert_eq!(verdict(&format!("{{\"name\":{long:?},\"language\":\"es\"}}")), "field_too_long template.name");
    }

    #[test]
    fn components_as_meta_documents_them_pass() {
        for components in [
            "[]",
            "null",
            r#"[{"type":"body"}]"#,
            r#"[{"type":"HEADER","parameters":[{"type":"IMAGE","image":{"link":"https://example.com/a.png"}}]}]"#,
            r#"[{"type":"header","parameters":[{"type":"document","document":{"id":"17","filename":"a.pdf"}}]}]"#,
            r#"[{"type":"body","parameters":[{"type":"text","parameter_name":"a","text":"x"},{"type":"text","parameter_name":"b","text":"y"}]}]"#,
            r#"[{"type":"body","parameters":[{"type":"currency","currency":{"fallback_value":"1 EUR","code":"EUR","amount_1000":1000}}]}]"#,
            r#"[{"type":"body","parameters":[{"type":"date_time","date_time":{"fallback_value":"May 1"}}]}]"#,
            r#"[{"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"x"}]},
                {"type":"button","sub_type":"url","index":1,"parameters":[{"type":"text","text":"48211"}]}]"#,
            r#"[{"type":"button","sub_type":"copy_code","index":0,"parameters":[{"type":"coupon_code","coupon_code":"SAVE"}]}]"#,
            r#"[{"type":"carousel","cards":[{"card_index":0,"components":[{"type":"body","parameters":[{"type":"text","text":"x"}]}]}]}]"#,
            r#"[{"type":"limited_time_offer","parameters":[{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":1}}]}]"#,
        ] {
            assert_eq!(of_components(components), "ok", "{components}");
        }
    }

    #[test]
    fn what_meta_would_refuse_is_named_with_its_place() {
        for (components, expected) in [
            ("{}", "field_type template.components"),
            ("[7]", "field_type template.components[0]"),
            (r#"[{"parameters":[]}]"#, "field_missing template.components[0].type"),
            (r#"[{"type":"body"},{"type":"BODY"}]"#, "field_repeated template.components[1].type"),
            (r#"[{"type":"body","parameters":{}}]"#, "field_type template.components[0].parameters"),
            (r#"[{"type":"body","parameters":["Ana"]}]"#, "field_type template.components[0].parameters[0]"),
            (r#"[{"type":"body","parameters":[{"type":"text"}]}]"#, "field_missing template.components[0].parameters[0].text"),
            (r#"[{"type":"body","parameters":[{"type":"text","text":7}]}]"#, "field_type template.components[0].parameters[0].text"),
            (
                r#"[{"type":"header","parameters":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]"#,
                "field_count template.components[0].parameters",
            ),
            (
                r#"[{"type":"body","parameters":[{"type":"text","parameter_name":"a","text":"x"},{"type":"text","text":"y"}]}]"#,
                "parameters_mixed template.components[0].parameters",
            ),
            (
                r#"[{"type":"body","parameters":[{"type":"text","parameter_name":"a","text":"x"},{"type":"text","parameter_name":"a","text":"y"}]}]"#,
                "field_repeated template.components[0].parameters[1].parameter_name",
            ),
            (r#"[{"type":"header","parameters":[{"type":"image"}]}]"#, "field_missing template.components[0].parameters[0].image"),
            (
                r#"[{"type":"header","parameters":[{"type":"image","image":{}}]}]"#,
                "field_missing template.components[0].parameters[0].image.link",
            ),
            (
                r#"[{"type":"header","parameters":[{"type":"video","video":{"link":"https://127.1/a.mp4"}}]}]"#,
                "url_private template.components[0].parameters[0].video.link",
            ),
            (r#"[{"type":"button","index":0}]"#, "field_missing template.components[0].sub_type"),
            (r#"[{"type":"button","sub_type":"url"}]"#, "field_missing template.components[0].index"),
            (r#"[{"type":"button","sub_type":"url","index":10}]"#, "field_range template.components[0].index"),
            (
                r#"[{"type":"button","sub_type":"url","index":0},{"type":"button","sub_type":"url","index":"0"}]"#,
                "field_repeated template.components[1].index",
            ),
            (
                r#"[{"type":"carousel","cards":[{"components":[{"type":"header","parameters":[{"type":"image","image":{"link":"file:///a"}}]}]}]}]"#,
                "url_scheme template.components[0].cards[0].components[0].parameters[0].image.link",
            ),
        ] {
            assert_eq!(of_components(components), expected, "{components}");
        }
    }
}
