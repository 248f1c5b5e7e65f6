//! The message: this file lists what it can be, and how it is written, read and checked.

mod check;
mod claim;
mod compose;
mod error;
mod fields;
mod kinds;
mod menus;
mod moment;
mod parts;
mod read;
mod template;
mod url;
mod write;

pub use claim::check_job;
pub use compose::{MAX_TEXT_CHARS, TextMessage, check_data, check_text, push_string, with_expiry};
pub use error::MessageError;
pub use kinds::{
    Body, Button, ButtonAction, Buttons, Components, ContactCard, List, ListRow, ListSection, Location, Media, MediaKind, MediaSource,
    Message, Poll, Reaction, Template, Text,
};
pub use moment::parse_expires;
