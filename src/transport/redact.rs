//! This file makes foreign text fit to be kept as a reason: one clean line without phone numbers or logins.

/// What a line is cut from, so that a huge answer costs no more than a small one.
const MOST_BYTES: usize = 16 * 1024;
/// Fewer digits in a row than this are no phone number.
const PHONE_DIGITS: usize = 8;
/// The same for digits that blanks, dots or hyphens part and no `+` or `(` leads.
const SPACED_PHONE_DIGITS: usize = 10;
/// The longest run of signs between two digits of one number, as in `(11) 9`.
const MOST_SEPARATORS: usize = 2;

/// The first `limit` characters as one clean line, with `…` where it was cut.
pub(super) fn head(text: &[u8], limit: usize) -> String {
    let line = one_line(text.get(..MOST_BYTES).unwrap_or(text));
    let mut kept: String = line.chars().take(limit).collect();
    if kept.len() < line.len() {
        kept.push('…');
    }
    kept
}

/// The last `limit` characters as one clean line, with `…` where it was cut.
pub(super) fn tail(text: &[u8], limit: usize) -> String {
    let line = one_line(text.get(text.len().saturating_sub(MOST_BYTES)..).unwrap_or(text));
    let surplus = line.chars().count().saturating_sub(limit);
    if surplus == 0 {
        return line;
    }
    let kept: String = line.chars().skip(surplus).collect();
    format!("…{kept}")
}

fn one_line(text: &[u8]) -> String {
    hide_logins(&hide_phones(&clean(&String::from_utf8_lossy(text))))
}

/// Drops terminal sequences and invisible characters; any run of blanks becomes one.
fn clean(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            skip_terminal_sequence(&mut rest);
        } else if c.is_whitespace() || c.is_control() {
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
            }
        } else if !is_invisible(c) {
            line.push(c);
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// Leaves `rest` after the sequence that an escape character began: `ESC [ … letter`, `ESC ] … BEL`, else one character.
fn skip_terminal_sequence(rest: &mut std::str::Chars<'_>) {
    match rest.next() {
        Some('[') => {
            let _final_byte = rest.find(|c| ('\u{40}'..='\u{7e}').contains(c));
        }
        Some(']') => {
            let _end = rest.find(|&c| c == '\u{7}' || c == '\\');
        }
        _ => {}
    }
}

/// Zero-width characters and those that turn the direction of the text around.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Hides what looks like a phone number: `+5511999990000` becomes `+55…0000`, as in the model. Dates and IPv4 addresses stay.
pub(super) fn hide_phones(text: &str) -> String {
    let signs: Vec<char> = text.chars().collect();
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&c) = signs.get(at) {
        let rest = signs.get(at..).unwrap_or_default();
        if let Some(date) = leading_date(rest) {
            shown.extend(date);
            at += date.len();
        } else if let Some(run) = leading_number(rest) {
            show_number(run, &mut shown);
            at += run.len();
        } else {
            shown.push(c);
            at += 1;
        }
    }
    shown
}

fn leading_date(text: &[char]) -> Option<&[char]> {
    let date = text.get(..10)?;
    let is_date = date.iter().enumerate().all(|(i, c)| if i == 4 || i == 7 { *c == '-' } else { c.is_ascii_digit() });
    (is_date && !text.get(10).is_some_and(char::is_ascii_digit)).then_some(date)
}

/// The number that `text` begins with, from its `+`, `(` or first digit to its last digit.
fn leading_number(text: &[char]) -> Option<&[char]> {
    let lead = text.iter().take_while(|c| matches!(c, '+' | '(')).count();
    if lead > MOST_SEPARATORS || !text.get(lead)?.is_ascii_digit() {
        return None;
    }
    let mut end = lead;
    let mut separators = 0;
    for (i, c) in text.iter().enumerate().skip(lead) {
        match c {
            '0'..='9' => (end, separators) = (i + 1, 0),
            ' ' | '-' | '.' | '(' | ')' | '/' if separators < MOST_SEPARATORS => separators += 1,
            _ => break,
        }
    }
    text.get(..end)
}

fn show_number(run: &[char], shown: &mut String) {
    let digits: String = run.iter().filter(|c| c.is_ascii_digit()).collect();
    let is_led = matches!(run.first(), Some('+' | '('));
    let longest = run.split(|c| !c.is_ascii_digit()).map(<[char]>::len).max().unwrap_or_default();
    let is_phone = longest >= PHONE_DIGITS || digits.len() >= if is_led { PHONE_DIGITS } else { SPACED_PHONE_DIGITS };
    let text: String = run.iter().collect();
    if !is_phone || text.parse::<std::net::Ipv4Addr>().is_ok() {
        shown.push_str(&text);
        return;
    }
    if is_led {
        shown.push('+');
    }
    shown.push_str(digits.get(..2).unwrap_or_default());
    shown.push('…');
    let tail = if digits.len() < SPACED_PHONE_DIGITS { 2 } else { 4 };
    shown.push_str(digits.get(digits.len() - tail..).unwrap_or_default());
}

/// Hides `user:password` in every `scheme://user:password@host`.
fn hide_logins(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let end = after.find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>')).unwrap_or(after.len());
        let (authority, beyond) = after.split_at(end);
        rest = match authority.rsplit_once('@') {
            Some((_login, host)) => {
                shown.push_str("***@");
                shown.push_str(host);
                beyond
            }
            None => after,
        };
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_are_hidden_however_they_are_written() {
        for (text, shown) in [
            ("to +5511999990000 failed", "to +55…0000 failed"),
            ("5511999990000@s.whatsapp.net", "55…0000@s.whatsapp.net"),
            ("+34 600 11 12 22.", "+34…1222."),
            ("(11) 99999-0000", "+11…0000"),
            ("11 99999-0000", "11…0000"),
            ("+1 (415) 555-0100", "+14…0100"),
            ("call 12345678", "call 12…78"),
            ("tel:004930123456", "tel:00…3456"),
            ("{\"to\":\"+5511999990000\",\"n\":7}", "{\"to\":\"+55…0000\",\"n\":7}"),
        ] {
            assert_eq!(hide_phones(text), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_phone_number_stays_readable() {
        for text in
            ["http 500", "192.168.100.123:8080", "2026-11-24 11:45:09", "2026-11-24", "1234567", "v1.2.3", "a+b", "(none)", "+", "++1", ""]
        {
            assert_eq!(hide_phones(text), text);
        }
    }

    #[test]
    fn logins_in_addresses_are_hidden() {
        for (text, shown) in [
            ("see http://ana:geheim@host/x", "see http://***@host/x"),
            ("redis://:p@ss@10.0.0.1:6379/0 and https://ok/a@b", "redis://***@10.0.0.1:6379/0 and https://ok/a@b"),
            ("://", "://"),
        ] {
            assert_eq!(hide_logins(text), shown, "{text}");
        }
    }

    #[test]
    fn a_reason_is_one_line_that_a_terminal_can_bear() {
        assert_eq!(head(b"  <h1>\r\n\tOops\x1b[31m red\x1b[0m \x1b]0;title\x07end\x00</h1>\n", 200), "<h1> Oops red end </h1>");
        assert_eq!(head("abc\u{202e}def\u{feff}".as_bytes(), 200), "abcdef");
        assert_eq!(head(b"\xff\xfe", 200), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn long_text_is_cut_where_it_matters_least() {
        assert_eq!(head("äöüß".as_bytes(), 3), "äöü…");
        assert_eq!(tail("äöüß".as_bytes(), 3), "…öüß");
        assert_eq!(head(b"abc", 3), "abc");
        assert_eq!(tail(b"abc", 3), "abc");
        assert_eq!(head(&b"x".repeat(2_000_000), 5), "xxxxx…");
    }

    #[test]
    fn a_number_is_hidden_before_the_line_is_cut() {
        assert_eq!(head(b"to +5511999990000", 8), "to +55…0…");
    }
}
