//! This file checks texts against WhatsApp's limits.

use std::collections::HashSet;
use std::hash::Hash;

use super::error::MessageError;

/// Characters below a picture, a film or a document.
pub(super) const MAX_CAPTION_CHARS: usize = 1024;
/// Characters of the text above buttons and menus.
pub(super) const MAX_BODY_CHARS: usize = 1024;
/// Characters of the lines above and below that text.
pub(super) const MAX_HEADER_CHARS: usize = 60;
/// Characters on a button, and on what opens a menu.
pub(super) const MAX_BUTTON_CHARS: usize = 20;
/// Buttons of one message.
pub(super) const MAX_BUTTONS: usize = 3;
/// Characters of a button's id.
pub(super) const MAX_BUTTON_ID_CHARS: usize = 256;
/// Rows of a menu, over all of its sections.
pub(super) const MAX_ROWS: usize = 10;
/// Characters of a row, and of a section's title.
pub(super) const MAX_ROW_CHARS: usize = 24;
/// Characters of a row's second line.
pub(super) const MAX_DESCRIPTION_CHARS: usize = 72;
/// Characters of a row's id.
pub(super) const MAX_ROW_ID_CHARS: usize = 200;
/// Answers of a poll: WhatsApp's own limit; Evolution takes ten, which its transport says.
pub(super) const MAX_POLL_OPTIONS: usize = 12;
/// Characters of a poll's question.
pub(super) const MAX_POLL_NAME_CHARS: usize = 255;
/// Characters of a poll's answer.
pub(super) const MAX_POLL_OPTION_CHARS: usize = 100;
/// Characters of a code that a button copies.
pub(super) const MAX_CODE_CHARS: usize = 15;
/// Characters of a name, an address or an id that no rule of WhatsApp's limits closer.
pub(super) const MAX_LINE_CHARS: usize = 1000;

/// Checks that a text is no longer than `max` characters.
///
/// # Errors
/// With the length.
pub(super) fn at_most(text: &str, max: usize, path: &str) -> Result<(), MessageError> {
    // A character has at least one byte: most texts need no counting.
    let chars = if text.len() > max { text.chars().count() } else { 0 };
    if chars <= max {
        return Ok(());
    }
    Err(MessageError::field(path, "field_too_long", format!("is {chars} characters long; WhatsApp takes at most {max}")))
}

/// The same for a text that may be absent.
///
/// # Errors
/// With the length.
pub(super) fn optional_at_most(text: Option<&String>, max: usize, path: &str) -> Result<(), MessageError> {
    text.map_or(Ok(()), |text| at_most(text, max, path))
}

/// Checks how many there are of something.
///
/// # Errors
/// With the number.
pub(super) fn count(found: usize, allowed: std::ops::RangeInclusive<usize>, what: &str, path: &str) -> Result<(), MessageError> {
    if allowed.contains(&found) {
        return Ok(());
    }
    let (least, most) = (allowed.start(), allowed.end());
    Err(MessageError::field(path, "field_count", format!("has {found} {what}; WhatsApp takes {least} to {most}")))
}

/// The place of the first item that is there twice.
pub(super) fn repeated<T: Hash + Eq>(items: impl IntoIterator<Item = T>) -> Option<usize> {
    let mut seen = HashSet::new();
    items.into_iter().position(|item| !seen.insert(item))
}

/// Checks that a text could be an emoji: short, with no letter, digit or space but the digit of a keycap.
///
/// # Errors
/// When it can't be one.
pub(super) fn emoji(text: &str, path: &str) -> Result<(), MessageError> {
    let is_keycap = text.ends_with('\u{20e3}');
    let is_plain = |c: char| c.is_whitespace() || c.is_control() || c.is_alphanumeric() || c.is_ascii();
    if text.len() <= 40 && (is_keycap || !text.chars().any(is_plain)) {
        return Ok(());
    }
    Err(MessageError::field(path, "field_value", "must be one emoji, or empty to take the reaction back"))
}
