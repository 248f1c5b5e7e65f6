//! This file counts what became of the rows, and writes one line of JSON about each.

use std::fmt;

use csv::ByteRecord;
use serde::Serialize;

use super::mapping::Header;
use super::rejects::REJECT_COLUMNS;
use crate::core::model::message::push_string;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowStatus {
    /// In the queue, and was not before.
    Stored,
    /// Its message is, or was, in the queue already.
    Duplicate,
    /// Its contact does not want messages.
    Suppressed,
    /// The row itself is wrong.
    Rejected,
    /// The server would not store it.
    Refused,
}

impl RowStatus {
    /// The word in files and tallies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Duplicate => "duplicate",
            Self::Suppressed => "suppressed",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
        }
    }
}

/// How many rows became what; `total` is always the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Rows read.
    pub total: u64,
    /// In the queue now, and not before.
    pub stored: u64,
    /// Already in the queue, or there before.
    pub duplicate: u64,
    /// Contacts that do not want messages.
    pub suppressed: u64,
    /// Rows that are wrong.
    pub rejected: u64,
    /// Rows that the server would not store.
    pub refused: u64,
}

impl Tally {
    /// Counts one row.
    pub fn count(&mut self, status: RowStatus) {
        self.total += 1;
        match status {
            RowStatus::Stored => self.stored += 1,
            RowStatus::Duplicate => self.duplicate += 1,
            RowStatus::Suppressed => self.suppressed += 1,
            RowStatus::Rejected => self.rejected += 1,
            RowStatus::Refused => self.refused += 1,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { total, stored, duplicate, suppressed, rejected, refused } = self;
        write!(
            f,
            "total {total} = stored {stored} + duplicate {duplicate} + suppressed {suppressed} + rejected {rejected} + refused {refused}"
        )
    }
}

/// The row's own columns as a JSON object; those of an earlier rejects file are left out.
pub fn columns_json(header: &Header, cells: &ByteRecord) -> String {
    let mut json = String::with_capacity(cells.as_slice().len() + 16 * cells.len() + 2);
    json.push('{');
    for (column, cell) in cells.iter().enumerate() {
        let surplus;
        let name = match header.name(column) {
            "" => {
                surplus = format!("column_{}", column + 1);
                &surplus
            }
            name => name,
        };
        if REJECT_COLUMNS.contains(&name) {
            continue;
        }
        if json.len() > 1 {
            json.push(',');
        }
        push_string(&mut json, name);
        json.push(':');
        push_string(&mut json, &String::from_utf8_lossy(cell));
    }
    json.push('}');
    json
}

/// One line of `--row-results`, with its end of line.
#[derive(Clone, Copy, Debug)]
pub struct RowResult<'a> {
    /// Where the row begins in the file, from 1, the header included.
    pub line: u64,
    /// The id of its job; none for rejected rows.
    pub id: Option<&'a str>,
    /// What became of it.
    pub status: RowStatus,
    /// A stable word for programs, when there is something to say.
    pub code: Option<&'a str>,
    /// One line for people.
    pub reason: Option<&'a str>,
    /// [`columns_json`] of the row.
    pub columns: &'a str,
}

impl RowResult<'_> {
    /// Appends the line.
    pub fn push_to(&self, lines: &mut String) {
        lines.push_str("{\"line\":");
        lines.push_str(&self.line.to_string());
        let texts = [("id", self.id), ("status", Some(self.status.as_str())), ("reason_code", self.code), ("reason", self.reason)];
        for (name, value) in texts {
            lines.push_str(",\"");
            lines.push_str(name);
            lines.push_str("\":");
            match value {
                Some(value) => push_string(lines, value),
                None => lines.push_str("null"),
            }
        }
        lines.push_str(",\"columns\":");
        lines.push_str(self.columns);
        lines.push_str("}\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_adds_up() {
        let mut tally = Tally::default();

        for status in [RowStatus::Stored, RowStatus::Stored, RowStatus::Duplicate, RowStatus::Rejected, RowStatus::Refused] {
            tally.count(status);
        }

        assert_eq!(tally.to_string(), "total 5 = stored 2 + duplicate 1 + suppressed 0 + rejected 1 + refused 1");
    }

    #[test]
    fn a_row_result_holds_the_rows_own_columns_apart_from_our_words() {
        let header = Header::new(["id", "status", "_line"]).unwrap();
        let columns = columns_json(&header, &ByteRecord::from(vec![&b"7\""[..], b"\xff", b"9", b"more"]));
        let mut lines = String::new();

        RowResult { line: 2, id: Some("Ab"), status: RowStatus::Stored, code: None, reason: None, columns: &columns }.push_to(&mut lines);

        let rest = r#""columns":{"id":"7\"","status":"�","column_4":"more"}}"#;
        assert_eq!(lines, format!(r#"{{"line":2,"id":"Ab","status":"stored","reason_code":null,"reason":null,{rest}"#) + "\n");
    }
}
