//! This file reads the fields of one JSON object of a message; an error names the path of the field.

use serde_json::{Map, Value};

use super::super::phone::{Phone, PhoneError};
use super::error::MessageError;

/// An object and where it stands in the message.
pub(super) struct Fields<'v> {
    map: &'v Map<String, Value>,
    path: String,
}

impl<'v> Fields<'v> {
    /// The object at `path`.
    ///
    /// # Errors
    /// When it is something else.
    pub(super) fn new(value: &'v Value, path: impl Into<String>) -> Result<Self, MessageError> {
        let path = path.into();
        match value.as_object() {
            Some(map) => Ok(Self { map, path }),
            None => Err(wrong_type(path, "an object")),
        }
    }

    /// Where the field of this name stands.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    /// What the field holds, under the first of its names that is there; `null` is nothing.
    pub(super) fn value(&self, names: &[&'static str]) -> Option<(&'static str, &'v Value)> {
        names.iter().find_map(|name| Some((*name, self.map.get(*name).filter(|value| !value.is_null())?)))
    }

    /// A text that says something; blank is nothing.
    ///
    /// # Errors
    /// When it is no text.
    pub(super) fn text(&self, names: &[&'static str]) -> Result<Option<String>, MessageError> {
        let Some((name, value)) = self.value(names) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| wrong_type(self.path(name), "a text"))?;
        Ok(Some(text.to_owned()).filter(|text| !text.trim().is_empty()))
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// When it is missing, empty or no text.
    pub(super) fn required(&self, names: &[&'static str], what: &str) -> Result<String, MessageError> {
        self.text(names)?.ok_or_else(|| missing(self.path(names.first().copied().unwrap_or_default()), what))
    }

    /// The items of an array.
    ///
    /// # Errors
    /// When it is missing or no array.
    pub(super) fn items(&self, names: &[&'static str], what: &str) -> Result<(String, &'v [Value]), MessageError> {
        let Some((name, value)) = self.value(names) else {
            return Err(missing(self.path(names.first().copied().unwrap_or_default()), what));
        };
        let items = value.as_array().ok_or_else(|| wrong_type(self.path(name), "an array"))?;
        Ok((self.path(name), items))
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// When it is something else.
    pub(super) fn flag(&self, names: &[&'static str]) -> Result<Option<bool>, MessageError> {
        let Some((name, value)) = self.value(names) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| wrong_type(self.path(name), "true or false"))
    }

    /// A number, also one that was written as a text.
    ///
    /// # Errors
    /// When it is missing or no number.
    pub(super) fn number(&self, names: &[&'static str], what: &str) -> Result<f64, MessageError> {
        let Some((name, value)) = self.value(names) else {
            return Err(missing(self.path(names.first().copied().unwrap_or_default()), what));
        };
        let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
        number.filter(|number| number.is_finite()).ok_or_else(|| wrong_type(self.path(name), "a number"))
    }

    /// A telephone number with its country.
    ///
    /// # Errors
    /// When it is missing or none.
    pub(super) fn phone(&self, names: &[&'static str]) -> Result<Phone, MessageError> {
        let Some((name, value)) = self.value(names) else {
            return Err(missing(self.path(names.first().copied().unwrap_or_default()), "a number such as +34600111222"));
        };
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(wrong_type(self.path(name), "a text such as \"+34600111222\"")),
        };
        phone(&text, &self.path(name))
    }
}

/// A number with its country, also as providers write it.
///
/// # Errors
/// When it is none, with the path of its field.
pub(super) fn phone(text: &str, path: &str) -> Result<Phone, MessageError> {
    Phone::of_provider(text).map_err(|error| {
        let problem = match error {
            PhoneError::NotANumber('@') => "only numbers can be sent to, no groups or anonymous ids; write it as +34600111222".to_owned(),
            PhoneError::Invalid if !text.trim_start().starts_with('+') => format!("{error}; write it with its country: +34600111222"),
            _ => error.to_string(),
        };
        MessageError::field(path, error.code(), problem)
    })
}

/// Something else is expected at `path`.
pub(super) fn wrong_type(path: impl Into<String>, expected: &str) -> MessageError {
    MessageError::field(path, "field_type", format!("must be {expected}"))
}

/// Nothing is at `path`, or nothing but spaces.
pub(super) fn missing(path: impl Into<String>, what: &str) -> MessageError {
    MessageError::field(path, "field_missing", format!("missing; give {what}"))
}
