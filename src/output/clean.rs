//! This file makes foreign text safe for a terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// Shows what could steer a terminal (control characters, escapes, bidi and zero-width characters) as `\u{…}`. Line ends
/// and tabs become `\n` and `\t`: one text stays one line.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            // Writing into a string can't fail.
            c if steers(c) => write!(safe, "\\u{{{:x}}}", u32::from(c)).unwrap_or_default(),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Whether a terminal might take it as an order, or hide it.
pub(super) fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{061c}' | '\u{180e}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_all_kinds_become_visible() {
        let evil = "a\x1b]0;title\x07b\u{9b}2Jc\u{202e}d\u{200b}e\x7f\r\n";

        let safe = clean(evil);

        assert!(!safe.chars().any(steers), "{safe:?}");
        assert!(safe.starts_with("a\\u{1b}]0;title\\u{7}b"), "{safe}");
    }

    #[test]
    fn harmless_text_is_not_copied() {
        assert!(matches!(clean("Olá, ação 👍🏽"), Cow::Borrowed(_)));
    }
}
