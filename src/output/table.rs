//! This file draws tables for people.

use std::io::{self, Write};

use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Row as Line, Table, presets};

use super::{Row, clean};

/// The narrowest terminal that a table is cut to. Below that nothing is left to read, and some terminals (a serial line,
/// a fresh pseudo-terminal) say that they have no columns at all.
const NARROWEST: u16 = 40;

/// The width to cut tables to: that of the terminal, if stdout is one and knows.
pub(super) fn width() -> Option<u16> {
    usable(Table::new().width())
}

fn usable(width: Option<u16>) -> Option<u16> {
    width.filter(|columns| *columns >= NARROWEST)
}

/// A heading and a line a row; `width` cuts it to size, but never the first column: ids are there to be copied.
pub(super) fn write<R: Row>(out: &mut impl Write, rows: &[R], width: Option<u16>, colours: bool) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let heading = |text: &&str| if colours { Cell::new(text).add_attribute(Attribute::Bold) } else { Cell::new(text) };
    table.set_header(R::COLUMNS.iter().map(heading));
    if colours {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width).set_truncation_indicator("…");
    }
    for row in rows {
        let mut line = Line::from(row.cells().iter().map(|text| cell(text, colours)).collect::<Vec<Cell>>());
        if width.is_some() {
            line.max_height(1);
        }
        table.add_row(line);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if width.is_some() && index == 0 {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Foreign text made safe; the words for states in their colours.
fn cell(text: &str, colours: bool) -> Cell {
    let cell = Cell::new(clean(text));
    match text {
        _ if !colours => cell,
        "completed" | "done" | "stored" | "retried" | "resumed" => cell.fg(Color::Green),
        "failed" | "not found" | "refused" => cell.fg(Color::Red),
        "active" => cell.fg(Color::Cyan),
        "paused" | "delayed" | "duplicate" => cell.fg(Color::Yellow),
        _ => cell,
    }
}

/// One field a line: heading, then content.
pub(super) fn write_record<R: Row>(out: &mut impl Write, row: &R) -> io::Result<()> {
    let longest = R::COLUMNS.iter().map(|heading| heading.chars().count()).max().unwrap_or(0);
    for (heading, cell) in R::COLUMNS.iter().zip(row.cells()) {
        let mut lines = cell.lines();
        writeln!(out, "{heading:longest$}  {}", clean(lines.next().unwrap_or_default()))?;
        for line in lines {
            writeln!(out, "{:longest$}  {}", "", clean(line))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    struct Sample(&'static str, &'static str);

    impl Row for Sample {
        const SCHEMA: &'static str = "wq.samples.v1";
        const COLUMNS: &'static [&'static str] = &["ID", "TEXT"];
        fn cells(&self) -> Vec<String> {
            vec![self.0.to_owned(), self.1.to_owned()]
        }
        fn id(&self) -> &str {
            self.0
        }
    }

    fn drawn(rows: &[Sample], width: Option<u16>, colours: bool) -> String {
        let mut out = Vec::new();
        write(&mut out, rows, width, colours).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_terminal_that_does_not_know_its_width_cuts_nothing() {
        assert_eq!([None, Some(0), Some(39)].map(usable), [None; 3]);
        assert_eq!(usable(Some(80)), Some(80));
    }

    #[test]
    fn a_row_is_one_line_of_the_terminal_and_its_id_is_whole() {
        let text = drawn(&[Sample("a-long-id-to-copy", "words that go on and on, further than there is room")], Some(40), false);

        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[1].starts_with("a-long-id-to-copy  words") && lines[1].ends_with('…'), "{text}");
        assert!(lines.iter().all(|line| line.chars().count() <= 40), "{text}");
    }

    #[test]
    fn nothing_is_cut_without_a_width() {
        let long = "x".repeat(300);

        assert!(drawn(&[Sample("a", long.clone().leak())], None, false).contains(&long));
    }

    #[test]
    fn a_table_orders_a_terminal_to_do_nothing_but_colours() {
        let rows = [Sample("a", "x\u{1b}[2J\u{202e}\u{9b}6n"), Sample("b", "failed")];

        assert!(!drawn(&rows, Some(80), false).contains('\u{1b}'));
        let coloured = drawn(&rows, Some(80), true);
        assert!(coloured.contains("\u{1b}[38;5;9mfailed") || coloured.contains("\u{1b}[31mfailed"), "{coloured:?}");
        assert!(!coloured.contains("\u{1b}[2J") && !coloured.contains('\u{202e}'), "{coloured:?}");
    }
}
