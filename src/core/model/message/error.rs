//! This file is why a message can't be built or read: the field, a stable code, and what to do about it.

use super::super::job::MAX_DATA_BYTES;
use super::compose::MAX_TEXT_CHARS;

/// Why a message can't be built or read. Never carries what the message says, or a whole number.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum MessageError {
    /// Nothing to say.
    #[error("the text is empty")]
    EmptyText,
    /// WhatsApp would cut or refuse it.
    #[error("the text is {0} characters long; WhatsApp takes at most {MAX_TEXT_CHARS}")]
    LongText(usize),
    /// Over [`MAX_DATA_BYTES`].
    #[error("the message is {0} bytes of JSON; at most {MAX_DATA_BYTES} are stored")]
    TooLarge(usize),
    /// Not JSON.
    #[error("the data is no JSON: {problem} at line {line}, column {column}")]
    NotJson {
        /// What the parser met.
        problem: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// `expires` has nowhere to go.
    #[error("an expiry can only be written into data that is a JSON object")]
    NotAnObject,
    /// Not a moment.
    #[error("the expiry is neither a time such as 2026-12-01T09:00:00Z nor milliseconds since 1970")]
    Expiry,
    /// One field is missing or wrong.
    #[error("{path}: {problem}")]
    Field {
        /// Where it stands: `media.url`, `buttons[2].title`.
        path: String,
        /// A stable word.
        code: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
}

impl MessageError {
    /// One wrong field.
    pub(super) fn field(path: impl Into<String>, code: &'static str, problem: impl Into<String>) -> Self {
        Self::Field { path: path.into(), code, problem: problem.into() }
    }

    /// The same error, told of the field at `path`.
    pub(super) fn at(self, path: &str) -> Self {
        match self {
            Self::Field { .. } => self,
            _ => Self::field(path, self.code(), self.to_string()),
        }
    }

    /// A stable word for files and programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::EmptyText => "text_empty",
            Self::LongText(_) => "text_too_long",
            Self::TooLarge(_) => "data_too_large",
            Self::NotJson { .. } => "data_not_json",
            Self::NotAnObject => "data_not_an_object",
            Self::Expiry => "expires_not_a_time",
            Self::Field { code, .. } => code,
        }
    }

    /// Where the wrong field stands, such as `media.url`; `None` when the whole is wrong.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Field { path, .. } => Some(path),
            _ => None,
        }
    }
}
