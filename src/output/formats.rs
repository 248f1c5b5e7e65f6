//! This file writes results for programs: JSON, NDJSON, CSV, TSV, YAML. All of them from the serialised fields of a row.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Map, Value};

use super::clean::steers;
use super::{Page, Row};

/// Writes what could steer a terminal as `\u….`: the same JSON for a program, harmless on a screen.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| steers(*c)) {
            let (before, after) = rest.split_at(at);
            out.write_all(before.as_bytes())?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = after.strip_prefix(c).unwrap_or_default();
        }
        out.write_all(rest.as_bytes())
    }
}

fn write_json<T: Serialize + ?Sized>(out: &mut impl Write, value: &T) -> io::Result<()> {
    Ok(value.serialize(&mut Serializer::with_formatter(out, Harmless))?)
}

/// One envelope: `{"schema","data","page"}`.
pub(super) fn json<T: Serialize + ?Sized>(out: &mut impl Write, schema: &str, data: &T, page: &Page) -> io::Result<()> {
    #[derive(Serialize)]
    struct Envelope<'a, T: ?Sized> {
        schema: &'a str,
        data: &'a T,
        #[serde(skip_serializing_if = "is_default")]
        page: &'a Page,
    }
    write_json(&mut *out, &Envelope { schema, data, page })?;
    writeln!(out)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference to the field")]
fn is_default(page: &&Page) -> bool {
    **page == Page::default()
}

/// One object a line.
pub(super) fn ndjson<R: Row>(out: &mut impl Write, rows: &[R]) -> io::Result<()> {
    for row in rows {
        write_json(&mut *out, row)?;
        writeln!(out)?;
    }
    Ok(())
}

/// With a header. Cells that begin with `= + - @`, tab or return get a leading `'`, since spreadsheets run them; plain
/// numbers and phone numbers in E.164 (`+` and digits) stay: no formula is made of digits alone.
pub(super) fn csv<R: Row>(out: &mut impl Write, rows: &[R], raw: bool) -> io::Result<()> {
    if let (true, Some(empty)) = (rows.is_empty(), R::empty()) {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(fields(&empty)?.keys())?;
        return writer.flush();
    }
    rows.iter().enumerate().try_for_each(|(index, row)| csv_row(out, row, index == 0, raw))
}

/// One row of such a file, after the header if it is the first.
pub(super) fn csv_row<R: Row>(out: &mut impl Write, row: &R, is_first: bool, raw: bool) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    let fields = fields(row)?;
    if is_first {
        writer.write_record(fields.keys())?;
    }
    writer.write_record(fields.values().map(|value| if raw { plain(value) } else { guard(plain(value)) }))?;
    writer.flush()
}

/// With a header; tabs, line ends and backslashes are escaped, so that a line is a row.
pub(super) fn tsv<R: Row>(out: &mut impl Write, rows: &[R]) -> io::Result<()> {
    let escape = |text: String| text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r");
    let header = |fields: &Map<String, Value>| fields.keys().map(String::as_str).collect::<Vec<_>>().join("\t");
    if let (true, Some(empty)) = (rows.is_empty(), R::empty()) {
        writeln!(out, "{}", header(&fields(&empty)?))?;
    }
    for (index, row) in rows.iter().enumerate() {
        let fields = fields(row)?;
        if index == 0 {
            writeln!(out, "{}", header(&fields))?;
        }
        writeln!(out, "{}", fields.values().map(|value| super::clean(&escape(plain(value))).into_owned()).collect::<Vec<_>>().join("\t"))?;
    }
    Ok(())
}

/// A list of mappings; scalars are written as JSON, which YAML reads.
pub(super) fn yaml<R: Row>(out: &mut impl Write, rows: &[R]) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(out, "[]");
    }
    for row in rows {
        let mut lead = "- ";
        for (name, value) in fields(row)? {
            write!(out, "{lead}{name}: ")?;
            write_json(&mut *out, &value)?;
            writeln!(out)?;
            lead = "  ";
        }
    }
    Ok(())
}

fn fields<R: Row>(row: &R) -> io::Result<Map<String, Value>> {
    match serde_json::to_value(row)? {
        Value::Object(fields) => Ok(fields),
        other => Ok(Map::from_iter([("value".to_owned(), other)])),
    }
}

/// Text as it is, nothing for null, JSON for the rest.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn guard(cell: String) -> String {
    let is_number = cell.parse::<f64>().is_ok_and(f64::is_finite)
        || cell.strip_prefix('+').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0']);
    if is_formula && !is_number { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Sample {
        id: &'static str,
        text: &'static str,
        count: u64,
    }

    impl Row for Sample {
        const SCHEMA: &'static str = "wq.samples.v1";
        const COLUMNS: &'static [&'static str] = &["ID"];
        fn cells(&self) -> Vec<String> {
            vec![self.id.to_owned()]
        }
        fn id(&self) -> &str {
            self.id
        }
        fn empty() -> Option<Self> {
            Some(Self { id: "", text: "", count: 0 })
        }
    }

    #[test]
    fn a_listing_without_rows_still_has_its_header() {
        assert_eq!(written(|out| csv::<Sample>(out, &[], false)), "id,text,count\n");
        assert_eq!(written(|out| tsv::<Sample>(out, &[])), "id\ttext\tcount\n");
    }

    fn sample(text: &'static str) -> [Sample; 1] {
        [Sample { id: "a", text, count: 3 }]
    }

    fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_is_one_envelope_and_ndjson_bare_records() {
        let page = Page { next: Some("50".to_owned()), ..Page::default() };

        assert_eq!(
            written(|out| json(out, Sample::SCHEMA, &sample("x"), &page)),
            "{\"schema\":\"wq.samples.v1\",\"data\":[{\"id\":\"a\",\"text\":\"x\",\"count\":3}],\"page\":{\"next\":\"50\"}}\n"
        );
        assert_eq!(written(|out| ndjson(out, &sample("x"))), "{\"id\":\"a\",\"text\":\"x\",\"count\":3}\n");
    }

    #[test]
    fn no_cell_of_a_csv_is_a_formula() {
        for (text, cell) in [
            ("=cmd|'x'", "'=cmd|'x'"),
            ("@x", "'@x"),
            ("+1+1", "'+1+1"),
            ("-1", "-1"),
            ("-inf", "'-inf"),
            ("+5511999990000", "+5511999990000"),
        ] {
            assert_eq!(written(|out| csv(out, &sample(text), false)), format!("id,text,count\na,{cell},3\n"));
        }
        assert_eq!(written(|out| csv(out, &sample("=1"), true)), "id,text,count\na,=1,3\n");
    }

    #[test]
    fn json_and_yaml_are_harmless_on_a_terminal_and_the_same_for_a_program() {
        let evil = "\u{9b}2J \u{202e}x\x7f ação \u{1b}[0m";

        for text in [written(|out| ndjson(out, &sample(evil))), written(|out| yaml(out, &sample(evil)))] {
            assert!(!text.trim_end().replace('\n', "").chars().any(steers), "{text:?}");
        }
        let read: Value = serde_json::from_str(&written(|out| ndjson(out, &sample(evil)))).unwrap();
        assert_eq!(read["text"], evil);
    }

    #[test]
    fn a_row_of_tsv_is_one_line_whatever_is_in_it() {
        assert_eq!(written(|out| tsv(out, &sample("a\tb\nc"))), "id\ttext\tcount\na\ta\\tb\\nc\t3\n");
    }
}
