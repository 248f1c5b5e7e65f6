//! This file lists what is wrong with a whole contact file, as against one of its rows.

use std::io;

/// Why a contact file can't be used at all.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// The system would not open it.
    #[error("can't open {path}: {source}")]
    Open {
        /// As typed.
        path: String,
        /// The system's words.
        source: io::Error,
    },
    /// The system stopped giving or taking bytes.
    #[error("can't {doing} {what}: {source}")]
    Io {
        /// `read` or `write`.
        doing: &'static str,
        /// Which file.
        what: String,
        /// The system's words.
        source: io::Error,
    },
    /// Not even a header.
    #[error("the file is empty; its first line must hold the names of the columns")]
    Empty,
    /// A spreadsheet, an archive, UTF-16 without its mark.
    #[error("the file is no text: {0}")]
    NotText(&'static str),
    /// Data where the names should be.
    #[error("the first line holds no column names but data ({0:?}); put a line such as phone,text before it")]
    NoHeader(String),
    /// Two columns of one name.
    #[error("the column {0:?} is there twice; rename one of them")]
    RepeatedColumn(String),
    /// A name in `--map`, `--row-key` or a template that no column has.
    #[error("there is no column {wanted:?}; the columns are: {known}")]
    UnknownColumn {
        /// As typed.
        wanted: String,
        /// The names of the file, comma-separated.
        known: String,
    },
    /// A name on the left of `--map` that no message has.
    #[error("a message has no field {0:?}; the fields are: {fields}", fields = super::mapping::FIELDS.join(", "))]
    UnknownField(String),
    /// Not `field=column`.
    #[error("{0:?} is no mapping; write FIELD=COLUMN, such as to=phone,text=body")]
    BadMapping(String),
    /// One field, two columns.
    #[error("the field {0:?} is mapped twice")]
    MappedTwice(String),
    /// Nobody to send to.
    #[error("no column holds the phone numbers; say which with --map to=COLUMN; the columns are: {0}")]
    NoRecipient(String),
    /// Nothing to say.
    #[error("no column holds the text; say which with --map text=COLUMN, or give --text; the columns are: {0}")]
    NoText(String),
    /// `--text` and `--map text=…`.
    #[error("the text comes from --text or from --map text=COLUMN, not from both")]
    TwoTexts,
    /// A template with a broken placeholder.
    #[error("the text has a placeholder that can't be read: {0:?}; write {{{{column}}}}")]
    Template(String),
    /// A row without an end.
    #[error("the row that begins at line {line} is longer than {max_bytes} bytes; is a quote not closed?")]
    EndlessRow {
        /// From 1, the header included.
        line: u64,
        /// The limit.
        max_bytes: u64,
    },
}

impl CampaignError {
    /// Whether the file or the command is wrong, as against the system.
    pub fn is_usage(&self) -> bool {
        !matches!(self, Self::Io { .. })
    }
}
