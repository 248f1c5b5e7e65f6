//! This file guesses from the first bytes of a contact file how it is written.

use super::error::CampaignError;

/// What separates two cells.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How the file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// One of `, ; TAB |`, or what a spreadsheet's `sep=` line says.
    pub(super) delimiter: u8,
    /// Bytes of the `sep=` line, which is no header.
    pub(super) skip: usize,
}

/// Refuses what is no text, by its raw first bytes.
pub(super) fn check_raw(start: &[u8]) -> Result<(), CampaignError> {
    match start {
        [b'P', b'K', 3, 4, ..] => Err(CampaignError::NotText("it is a spreadsheet (xlsx) or an archive; save the sheet as CSV")),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Err(CampaignError::NotText("it is an old spreadsheet (xls); save the sheet as CSV")),
        [0x1f, 0x8b, ..] => Err(CampaignError::NotText("it is compressed; use: zcat FILE | wq bulk - --campaign NAME")),
        _ => Ok(()),
    }
}

/// Guesses the dialect from decoded text that holds the first line.
pub(super) fn dialect(text: &[u8]) -> Result<Dialect, CampaignError> {
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(CampaignError::Empty);
    }
    let line_end = text.iter().position(|&byte| byte == b'\n').map_or(text.len(), |at| at + 1);
    let first_line = text.get(..line_end).unwrap_or(text);
    if first_line.contains(&0) {
        return Err(CampaignError::NotText("it holds zero bytes, as UTF-16 without a byte order mark does; save it as UTF-8"));
    }
    if let [b's', b'e', b'p', b'=', delimiter, b'\n', ..] = first_line {
        return Ok(Dialect { delimiter: *delimiter, skip: line_end });
    }
    Ok(Dialect { delimiter: most_frequent(first_line), skip: 0 })
}

fn most_frequent(line: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    for byte in line {
        quoted ^= *byte == b'"';
        for (count, delimiter) in counts.iter_mut().zip(DELIMITERS) {
            *count += usize::from(!quoted && *byte == delimiter);
        }
    }
    // `rev`: of equal counts `max_by_key` takes the last, and the comma is to win.
    let best = counts.into_iter().zip(DELIMITERS).rev().max_by_key(|(count, _)| *count);
    best.map_or(b',', |(_, delimiter)| delimiter)
}

/// Whether a cell of the first line looks like a phone number, which no column is called.
pub(super) fn looks_like_a_number(cell: &str) -> bool {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    digits >= 7 && cell.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '+' | '-' | '(' | ')' | '.' | '/' | '\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delimiter(text: &str) -> char {
        char::from(dialect(text.as_bytes()).unwrap().delimiter)
    }

    #[test]
    fn the_delimiter_is_the_most_frequent_one_outside_quotes_of_the_first_line() {
        assert_eq!(delimiter("phone,text\n1;2;3;4\n"), ',');
        assert_eq!(delimiter("phone;\"a,b,c\";text\n"), ';');
        assert_eq!(delimiter("phone\ttext\n"), '\t');
        assert_eq!(delimiter("phone|text|a,b"), '|');
        assert_eq!(delimiter("phone\n"), ',');
    }

    #[test]
    fn a_spreadsheets_separator_line_is_obeyed_and_skipped() {
        assert_eq!(dialect(b"sep=;\nphone;a,b,c,d\n").unwrap(), Dialect { delimiter: b';', skip: 6 });
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert!(matches!(dialect(b"p\0h\0o\0n\0e\0\n\0"), Err(CampaignError::NotText(_))));
        assert!(matches!(check_raw(b"PK\x03\x04..."), Err(CampaignError::NotText(_))));
        assert!(matches!(check_raw(b"\x1f\x8b\x08"), Err(CampaignError::NotText(_))));
        assert!(matches!(dialect(b" \r\n\n"), Err(CampaignError::Empty)));
    }

    #[test]
    fn a_phone_number_is_no_column_name() {
        assert!(looks_like_a_number("+34 600 111 222") && looks_like_a_number("5511999990000"));
        assert!(!looks_like_a_number("phone") && !looks_like_a_number("2026") && !looks_like_a_number("address 1234567"));
    }
}
