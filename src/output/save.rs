//! This file writes results to files: for this user alone, whole or not there.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::marker::PhantomData;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{Row, formats};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// With a header.
    Csv,
    /// One object a line.
    Ndjson,
}

/// A file that is being written; it appears under its name only when it is finished.
#[derive(Debug)]
pub struct FileSink<R> {
    file: BufWriter<File>,
    temporary: PathBuf,
    target: PathBuf,
    format: FileFormat,
    raw_csv: bool,
    is_first: bool,
    row: PhantomData<R>,
}

/// Begins a file.
///
/// # Errors
/// When the folder can't be written.
pub fn save<R: Row>(target: &Path, format: FileFormat, raw_csv: bool) -> io::Result<FileSink<R>> {
    let temporary = target.with_extension(format!("{}.new", std::process::id()));
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    let target = target.to_owned();
    Ok(FileSink { file: BufWriter::new(file), temporary, target, format, raw_csv, is_first: true, row: PhantomData })
}

impl<R: Row> FileSink<R> {
    /// Adds a row.
    ///
    /// # Errors
    /// When the disk is full, say.
    pub fn write(&mut self, row: &R) -> io::Result<()> {
        let is_first = std::mem::take(&mut self.is_first);
        match self.format {
            FileFormat::Csv => formats::csv_row(&mut self.file, row, is_first, self.raw_csv),
            FileFormat::Ndjson => formats::ndjson(&mut self.file, std::slice::from_ref(row)),
        }
    }

    /// Ends the file and gives it its name; a file that has that name stays unless `replace`.
    ///
    /// # Errors
    /// When the disk is full, say; [`io::ErrorKind::AlreadyExists`] when the name is taken.
    pub fn finish(mut self, replace: bool) -> io::Result<()> {
        if self.is_first && self.format == FileFormat::Csv {
            formats::csv::<R>(&mut self.file, &[], self.raw_csv)?;
        }
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        if replace {
            return fs::rename(&self.temporary, &self.target);
        }
        // A link never replaces; the first name goes when this is dropped.
        match fs::hard_link(&self.temporary, &self.target) {
            // Some file systems know no links: take the name first, then fill it.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.target)?;
                fs::rename(&self.temporary, &self.target)
            }
            linked => linked,
        }
    }
}

impl<R> Drop for FileSink<R> {
    fn drop(&mut self) {
        // After `finish` it is gone already.
        fs::remove_file(&self.temporary).ok();
    }
}
