//! This file names what steps aside while the rest of a queue goes on: a campaign, or a template in one language.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use serde_json::Value;
use serde_json::value::RawValue;

use super::clock::Millis;

/// A campaign, or a template in one language.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Aside {
    /// All messages with this `campaign`.
    Campaign(String),
    /// All messages of this template in this language.
    Template {
        /// Its name.
        name: String,
        /// Its language, such as `es` or `pt_BR`.
        language: String,
    },
}

impl Aside {
    /// The campaign that a message's data names.
    pub fn campaign_of(data: &str) -> Option<Self> {
        let campaign: String = serde_json::from_str(fields(data)?.get("campaign")?.get()).ok()?;
        (!campaign.is_empty()).then_some(Self::Campaign(campaign))
    }

    /// The template that a message's data names.
    pub fn template_of(data: &str) -> Option<Self> {
        let template: Value = serde_json::from_str(fields(data)?.get("template")?.get()).ok()?;
        let text = |name: &str| template.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        Some(Self::Template { name: text("name")?, language: text("language")? })
    }

    /// Reads what [`Display`](fmt::Display) wrote, such as `campaign:bf26` or `template:cita/es`.
    pub fn from_key(key: &str) -> Option<Self> {
        match key.split_once(':')? {
            ("campaign", name) => Some(Self::Campaign(name.to_owned())),
            ("template", rest) => rest.parse::<TemplateName>().ok().map(Self::from),
            _ => None,
        }
    }
}

fn fields(data: &str) -> Option<HashMap<String, &RawValue>> {
    serde_json::from_str(data).ok()
}

impl fmt::Display for Aside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Campaign(name) => write!(f, "campaign:{name}"),
            Self::Template { name, language } => write!(f, "template:{name}/{language}"),
        }
    }
}

/// `NAME/LANGUAGE`, as a person names a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateName {
    name: String,
    language: String,
}

/// The text names no template.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} names no template; write NAME/LANGUAGE such as cita/es")]
pub struct TemplateNameError(String);

impl FromStr for TemplateName {
    type Err = TemplateNameError;

    fn from_str(text: &str) -> Result<Self, TemplateNameError> {
        let parts = text.rsplit_once('/').filter(|(name, language)| !name.is_empty() && !language.is_empty());
        let (name, language) = parts.ok_or_else(|| TemplateNameError(text.to_owned()))?;
        Ok(Self { name: name.to_owned(), language: language.to_owned() })
    }
}

impl From<TemplateName> for Aside {
    fn from(template: TemplateName) -> Self {
        Self::Template { name: template.name, language: template.language }
    }
}

/// Something that stepped aside, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// What: `campaign:<name>` or `template:<name>/<language>`.
    pub key: String,
    /// One line for people.
    pub reason: String,
    /// Since when, ms of the server's clock.
    pub since: Millis,
    /// The worker that met it.
    pub by: String,
    /// Jobs that were taken since and wait for it to return.
    pub jobs: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_its_campaign_and_its_template() {
        let data = r#"{"to":"+34","campaign":"bf26","template":{"name":"cita","language":"es","components":[]}}"#;

        assert_eq!(Aside::campaign_of(data).unwrap().to_string(), "campaign:bf26");
        assert_eq!(Aside::template_of(data).unwrap().to_string(), "template:cita/es");
    }

    #[test]
    fn data_that_names_none_steps_nowhere() {
        for data in
            ["{}", "null", "nope", r#"{"campaign":""}"#, r#"{"campaign":7}"#, r#"{"template":"cita"}"#, r#"{"template":{"name":"a"}}"#]
        {
            assert_eq!((Aside::campaign_of(data), Aside::template_of(data)), (None, None), "{data}");
        }
    }

    #[test]
    fn a_key_reads_as_what_it_was_written_from() {
        for aside in [Aside::Campaign("a:b/c".to_owned()), Aside::Template { name: "x/y".to_owned(), language: "pt_BR".to_owned() }] {
            assert_eq!(Aside::from_key(&aside.to_string()), Some(aside));
        }
    }

    #[test]
    fn a_template_without_its_language_is_refused() {
        for text in ["cita", "cita/", "/es", ""] {
            assert!(text.parse::<TemplateName>().is_err(), "{text}");
        }
    }
}
