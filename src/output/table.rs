//! This file draws tables for people.

use std::io::{self, Write};

use comfy_table::{Attribute, Cell, ContentArrangement, Table, presets};

use super::{Row, clean};

/// The width of the terminal, if stdout is one.
pub(super) fn width() -> Option<u16> {
    Table::new().width()
}

/// A heading and a line a row; `width` cuts it to size.
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
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    for row in rows {
        table.add_row(row.cells().iter().map(|cell| clean(cell).into_owned()));
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
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
