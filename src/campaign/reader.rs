//! This file reads contact files row by row, in constant memory, however they are written and however large they are.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use csv::{ByteRecord, StringRecord};

use super::encoding::unmarked;
use super::error::CampaignError;
use super::lines::UnixLines;
use super::mapping::Header;
use super::sniff;

/// The longest row, in bytes of UTF-8: as large as the largest message.
pub const MAX_ROW_BYTES: u64 = 1024 * 1024;
/// How much of the file may be read in search of the end of its first line.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// What is read at a time.
const BUFFER_BYTES: usize = 64 * 1024;

/// A contact file whose header has been read.
pub struct ContactFile {
    reader: csv::Reader<Allowance>,
    header: Header,
    delimiter: u8,
    skipped_lines: u64,
    rows: u64,
    text: StringRecord,
    bytes: ByteRecord,
}

/// One row of the file.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Its place among the rows, from 1.
    pub number: u64,
    /// The line that it begins at, from 1, the header included.
    pub line: u64,
    /// The line that it ends at: later than `line` when a cell holds line breaks.
    pub last_line: u64,
    /// The file ended inside a quoted cell, which may have swallowed many rows.
    pub unclosed: bool,
    /// Its cells, if they are text; else the first column that is not valid UTF-8.
    pub text: Result<&'a StringRecord, usize>,
    /// Its cells as they are.
    pub bytes: &'a ByteRecord,
}

impl ContactFile {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// When there is no such file, or none that is a table with column names.
    pub fn open(path: &Path) -> Result<Self, CampaignError> {
        let failed = |source| CampaignError::Open { path: path.display().to_string(), source };
        let file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        Self::read(file)
    }

    /// Reads the header from a stream.
    ///
    /// # Errors
    /// When it is no table with column names.
    pub fn read(mut input: impl Read + Send + 'static) -> Result<Self, CampaignError> {
        let start = read_until(&mut input, 4, |_| false)?;
        sniff::check_raw(&start)?;
        let mut lines = UnixLines::new(unmarked(start, input));
        let start = read_until(&mut lines, MAX_HEADER_BYTES, |text| text.contains(&b'\n'))?;
        let dialect = sniff::dialect(&start)?;
        let mut start = io::Cursor::new(start);
        start.set_position(dialect.skip as u64);

        let input = Allowance { input: Box::new(start.chain(lines)), left: MAX_ROW_BYTES, given: 0, tail: [0; 2] };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(dialect.delimiter)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(input);
        let header = read_header(&mut reader)?;
        let skipped_lines = u64::from(dialect.skip > 0);
        let (text, bytes) = (StringRecord::new(), ByteRecord::new());
        Ok(Self { reader, header, delimiter: dialect.delimiter, skipped_lines, rows: 0, text, bytes })
    }

    /// The names of the columns.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What separates its cells.
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The next row, until there is none.
    ///
    /// # Errors
    /// When the file can't be read any further; whether a row is any good is not asked here.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, CampaignError> {
        // The reader takes whole buffers, so what is left over from the last row counts for the next.
        self.reader.get_mut().left = MAX_ROW_BYTES + BUFFER_BYTES as u64;
        let mut record = std::mem::take(&mut self.text).into_byte_record();
        let line = self.reader.position().line() + self.skipped_lines;
        if !self.reader.read_byte_record(&mut record).map_err(|error| failed(error, line))? {
            return Ok(None);
        }
        // The reader's own position of a record is that of the blank lines before it. Every record ends with a line end
        // here, so that its place follows from where the reader stands now and from the line breaks in its cells.
        let last_line = self.reader.position().line() + self.skipped_lines - 1;
        let line_breaks = record.as_slice().iter().fold(0, |count, byte| count + u64::from(*byte == b'\n'));
        let unclosed = self.reader.get_ref().is_inside_quotes(self.reader.position().byte(), &record);
        let line = (last_line + u64::from(unclosed)).saturating_sub(line_breaks);
        self.rows += 1;
        let number = self.rows;
        match StringRecord::from_byte_record(record) {
            Ok(text) => {
                self.text = text;
                Ok(Some(Row { number, line, last_line, unclosed, text: Ok(&self.text), bytes: self.text.as_byte_record() }))
            }
            Err(error) => {
                let column = error.utf8_error().field();
                self.bytes = error.into_byte_record();
                Ok(Some(Row { number, line, last_line, unclosed, text: Err(column), bytes: &self.bytes }))
            }
        }
    }
}

fn read_header(reader: &mut csv::Reader<Allowance>) -> Result<Header, CampaignError> {
    let mut names = StringRecord::new();
    let read = reader.read_record(&mut names);
    match read {
        Ok(true) => {}
        Ok(false) => return Err(CampaignError::Empty),
        Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {
            return Err(CampaignError::NotText("its first line is not valid UTF-8; save it as UTF-8"));
        }
        Err(error) => return Err(failed(error, 1)),
    }
    if let Some(cell) = names.iter().find(|cell| sniff::looks_like_a_number(cell)) {
        return Err(CampaignError::NoHeader(cell.chars().take(4).chain(['…']).collect()));
    }
    Header::new(&names)
}

fn failed(error: csv::Error, line: u64) -> CampaignError {
    let source = match error.into_kind() {
        csv::ErrorKind::Io(source) => source,
        other => io::Error::other(format!("{other:?}")),
    };
    if source.kind() == io::ErrorKind::FileTooLarge {
        return CampaignError::EndlessRow { line, max_bytes: MAX_ROW_BYTES };
    }
    CampaignError::Io { doing: "read", what: "the contact file".to_owned(), source }
}

/// Reads until there are `most` bytes, or `enough` says so, or nothing is left.
fn read_until(input: &mut impl Read, most: usize, enough: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, CampaignError> {
    let mut start = vec![0; most];
    let mut filled = 0;
    while let Some(free) = start.get_mut(filled..).filter(|free| !free.is_empty()) {
        match input.read(free) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(CampaignError::Io { doing: "read", what: "the contact file".to_owned(), source }),
        }
        if start.get(..filled).is_some_and(&enough) {
            break;
        }
    }
    start.truncate(filled);
    Ok(start)
}

/// Gives out so many bytes and then fails, so that a row without an end can't fill the memory.
struct Allowance {
    input: Box<dyn Read + Send>,
    left: u64,
    /// Bytes given out so far, and the last two of them.
    given: u64,
    tail: [u8; 2],
}

impl Allowance {
    /// Whether a record that ends at byte `end` was ended by the end of the file, within quotes: then it took the last
    /// line feed into its last cell, although no quote stands before that.
    fn is_inside_quotes(&self, end: u64, record: &ByteRecord) -> bool {
        end == self.given && self.tail[0] != b'"' && record.as_slice().ends_with(b"\n")
    }
}

impl Read for Allowance {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let count = self.input.read(buffer)?;
        self.left = self.left.saturating_sub(count as u64);
        self.given += count as u64;
        match buffer.get(..count).unwrap_or_default() {
            [.., last_but_one, last] => self.tail = [*last_but_one, *last],
            [only] => self.tail = [self.tail[1], *only],
            [] => {}
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn open(content: &[u8]) -> Result<ContactFile, CampaignError> {
        ContactFile::read(io::Cursor::new(content.to_vec()))
    }

    fn rows(content: &[u8]) -> Vec<(u64, Vec<String>)> {
        let mut file = open(content).unwrap();
        let mut rows = Vec::new();
        while let Some(row) = file.next_row().unwrap() {
            rows.push((row.line, row.bytes.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect()));
        }
        rows
    }

    fn utf16(text: &str) -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn byte_order_marks_and_utf_16_make_no_difference() {
        let plain = rows("phone;text\n1;¡Hola, Ñandú!\n".as_bytes());

        assert_eq!(plain, [(2, vec!["1".to_owned(), "¡Hola, Ñandú!".to_owned()])]);
        assert_eq!(rows("\u{feff}phone;text\n1;¡Hola, Ñandú!\n".as_bytes()), plain);
        assert_eq!(rows(&utf16("phone;text\r\n1;¡Hola, Ñandú!\r\n")), plain);
        assert_eq!(open("\u{feff}phone;text".as_bytes()).unwrap().header().names(), ["phone", "text"]);
    }

    #[test]
    fn every_row_knows_the_line_it_begins_at() {
        for content in ["a,b\n1,x\n\n\"2\",\"y\nz\"\n3,w", "a,b\r\n1,x\r\n\r\n\"2\",\"y\r\nz\"\r\n3,w\r\n", "sep=,\na,b\n\n4,x\n"] {
            let lines: Vec<u64> = rows(content.as_bytes()).iter().map(|(line, _)| *line).collect();
            let expected: &[u64] = if content.starts_with("sep") { &[4] } else { &[2, 4, 6] };
            assert_eq!(lines, expected, "{content:?}");
        }
    }

    #[test]
    fn empty_and_headless_files_are_refused() {
        assert!(matches!(open(b""), Err(CampaignError::Empty)));
        assert!(matches!(open("\u{feff}".as_bytes()), Err(CampaignError::Empty)));
        assert!(matches!(open(b"+34600111222,Hola\n"), Err(CampaignError::NoHeader(_))));
        assert!(matches!(open(b"tel\xe9fono,text\n"), Err(CampaignError::NotText(_))));
        assert!(matches!(open(&utf16("phone,text\n")[2..]), Err(CampaignError::NotText(_))));
        assert!(rows(b"phone,text\n").is_empty());
    }

    #[test]
    fn a_row_that_is_no_utf_8_is_handed_over_with_its_column() {
        let mut file = open(b"phone,text\n1,caf\xe9\n2,ok\n").unwrap();

        assert_eq!(file.next_row().unwrap().unwrap().text.unwrap_err(), 1);
        assert!(file.next_row().unwrap().unwrap().text.is_ok());
    }

    #[test]
    fn a_quote_that_is_never_closed_does_not_fill_the_memory() {
        let start = io::Cursor::new(b"phone,text\n1,ok\n2,\"never closed\n".to_vec());
        let mut file = ContactFile::read(start.chain(io::repeat(b'x'))).unwrap();

        assert!(file.next_row().unwrap().is_some());
        assert!(matches!(file.next_row(), Err(CampaignError::EndlessRow { line: 3, .. })));
    }

    #[test]
    fn rows_up_to_the_limit_are_read_one_after_the_other() {
        let long = "x".repeat(900_000);
        let content = format!("phone,text\n1,{long}\n2,{long}\n3,{long}\n4,{long}\n");

        assert_eq!(rows(content.as_bytes()).len(), 4);
    }

    proptest! {
        #[test]
        fn no_bytes_whatever_break_the_reader(content in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(mut file) = open(&content) {
                let mut last = 0;
                while let Ok(Some(row)) = file.next_row() {
                    prop_assert!(row.line > last && row.last_line >= row.line, "{row:?} after {last}");
                    last = row.last_line;
                }
            }
        }

        #[test]
        fn what_any_spreadsheet_writes_is_read_back(
            table in prop::collection::vec(prop::collection::vec("[a,;|\t\" \né]{0,6}x", 3), 0..8),
            delimiter in prop::sample::select(&b",;\t|"[..]),
            terminator in prop::sample::select(&["\n", "\r\n"][..]),
        ) {
            let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
            writer.write_record(["one", "two", "three"]).unwrap();
            for row in &table {
                writer.write_record(row).unwrap();
            }
            let content = String::from_utf8(writer.into_inner().unwrap()).unwrap().replace('\n', terminator);

            let mut line = 2;
            let mut expected = Vec::new();
            for row in table {
                let lines = 1 + row.iter().map(|cell| cell.matches('\n').count() as u64).sum::<u64>();
                expected.push((line, row));
                line += lines;
            }
            prop_assert_eq!(rows(content.as_bytes()), expected);
        }
    }
}
