//! This file writes the rows that can't be sent, with their reasons, into a file that can be corrected and read again.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter};
use std::path::Path;

use csv::ByteRecord;

use super::error::CampaignError;
use super::mapping::Header;

/// What stands behind the original columns of a rejects file; ignored when such a file is read.
pub const REJECT_COLUMNS: [&str; 5] = ["_line", "_column", "_value", "_reason_code", "_reason"];

/// Why one row is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// A stable word for programs, such as `phone_invalid`.
    pub code: &'static str,
    /// The column that is to blame, from 0.
    pub column: Option<usize>,
    /// What that column holds; personal data, for the rejects file only.
    pub value: String,
    /// One line for people, without the value.
    pub reason: String,
}

/// The file of `--rejects`: for the owner's eyes only, because it is full of personal data.
#[derive(Debug)]
pub struct RejectsFile {
    writer: csv::Writer<BufWriter<File>>,
    shown: String,
    kept: Vec<usize>,
    columns: usize,
}

impl RejectsFile {
    /// Creates or empties the file and writes its header, in the delimiter of the contact file.
    ///
    /// # Errors
    /// When the system won't have it.
    pub fn create(path: &Path, header: &Header, delimiter: u8) -> Result<Self, CampaignError> {
        let shown = path.display().to_string();
        let file = create_private(path).map_err(|source| CampaignError::Open { path: shown.clone(), source })?;
        let writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(BufWriter::new(file));
        let kept: Vec<usize> = (0..header.names().len()).filter(|column| !REJECT_COLUMNS.contains(&header.name(*column))).collect();
        let mut rejects = Self { writer, shown, kept, columns: header.names().len() };
        let names: Vec<&str> = rejects.kept.iter().map(|column| header.name(*column)).chain(REJECT_COLUMNS).collect();
        rejects.write_record(&names)?;
        Ok(rejects)
    }

    /// Writes one row: its own cells, then where and why.
    ///
    /// A row that is too short is filled up. One that is too long keeps its surplus, so that it is rejected again until
    /// somebody has looked: cutting it would send half a text.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn write(&mut self, cells: &ByteRecord, line: u64, reject: &Reject, header: &Header) -> Result<(), CampaignError> {
        let mut record = ByteRecord::new();
        for column in &self.kept {
            record.push_field(cells.get(*column).unwrap_or_default());
        }
        for surplus in cells.iter().skip(self.columns) {
            record.push_field(surplus);
        }
        let column = reject.column.map_or("", |column| header.name(column));
        for cell in [line.to_string().as_str(), column, &reject.value, reject.code, &reject.reason] {
            record.push_field(cell.as_bytes());
        }
        self.write_record(&record)
    }

    /// Makes sure that all rows are in the file.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn finish(mut self) -> Result<(), CampaignError> {
        self.writer.flush().map_err(|source| CampaignError::Io { doing: "write", what: self.shown, source })
    }

    fn write_record(&mut self, cells: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Result<(), CampaignError> {
        let failed = |error: csv::Error| CampaignError::Io { doing: "write", what: self.shown.clone(), source: io::Error::other(error) };
        self.writer.write_record(cells).map_err(failed)
    }
}

/// Opens a file that only its owner can read, empty, also when it was there before with other rights.
///
/// # Errors
/// The system's.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let file = options.mode(0o600).open(path)?;
        // Only an ordinary file: `/dev/stdout` and named pipes keep what they have.
        if file.metadata()?.is_file() {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reject(column: usize, value: &str) -> Reject {
        Reject { code: "phone_invalid", column: Some(column), value: value.to_owned(), reason: "no such number".to_owned() }
    }

    #[test]
    fn a_rejects_file_keeps_the_original_columns_and_says_where_and_why() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects.csv");
        let header = Header::new(["phone", "_line", "text"]).unwrap();
        let mut rejects = RejectsFile::create(&path, &header, b';').unwrap();

        rejects.write(&ByteRecord::from(vec!["12", "7", "a;b"]), 9, &reject(0, "12"), &header).unwrap();
        rejects.write(&ByteRecord::from(vec!["12"]), 10, &reject(0, "12"), &header).unwrap();
        rejects.finish().unwrap();

        let written = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = written.lines().collect();
        assert_eq!(lines[0], "phone;text;_line;_column;_value;_reason_code;_reason");
        assert_eq!(lines[1], "12;\"a;b\";9;phone;12;phone_invalid;no such number");
        assert_eq!(lines[2], "12;;10;phone;12;phone_invalid;no such number");
    }

    #[cfg(unix)]
    #[test]
    fn personal_data_is_for_the_owner_only_even_in_a_file_that_was_open_to_all() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects.csv");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();

        drop(create_private(&path).unwrap());

        let metadata = std::fs::metadata(&path).unwrap();
        assert_eq!((metadata.permissions().mode() & 0o777, metadata.len()), (0o600, 0));
    }
}
