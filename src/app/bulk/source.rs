//! This file knows where the rows come from, and tells one content from another.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Request;
use crate::campaign::error::CampaignError;
use crate::campaign::planner::Duplicates;
use crate::campaign::reader::ContactFile;
use crate::core::model::id::digest_id;

/// What is read at a time when the file is only counted and digested.
const SCAN_BYTES: usize = 256 * 1024;

/// Where the rows come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file that can be read as often as need be.
    File(PathBuf),
    /// Something with a name that can be read only once: a named pipe, `/dev/fd/63`.
    Pipe(PathBuf),
    /// Standard input.
    Stdin,
}

/// A file's content in two numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scan {
    sha256: [u8; 32],
    /// Lines, the header included.
    pub(super) lines: u64,
}

impl Source {
    /// The source of that name; `-` is standard input.
    pub fn named(path: &Path) -> Self {
        if path.as_os_str() == "-" {
            return Self::Stdin;
        }
        let is_pipe = path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
        if is_pipe { Self::Pipe(path.to_owned()) } else { Self::File(path.to_owned()) }
    }

    /// Whether it can be read twice.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// Opens it and reads its header.
    pub(super) fn open(&self) -> Result<ContactFile, CampaignError> {
        match self {
            Self::File(path) | Self::Pipe(path) => ContactFile::open(path),
            Self::Stdin => ContactFile::read(io::stdin()),
        }
    }

    /// Reads all of a file.
    pub(super) fn scan(&self) -> Result<Scan, CampaignError> {
        let (Self::File(path) | Self::Pipe(path)) = self else { return Ok(Scan { sha256: [0; 32], lines: 0 }) };
        let shown = || path.display().to_string();
        let mut file = File::open(path).map_err(|source| CampaignError::Open { path: shown(), source })?;
        let (mut hasher, mut lines, mut last) = (Sha256::new(), 0, b'\n');
        let mut buffer = vec![0; SCAN_BYTES];
        loop {
            let count = match file.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map_err(|source| CampaignError::Io { doing: "read", what: shown(), source })?,
            };
            let Some(bytes @ [.., last_byte]) = buffer.get(..count) else { break };
            hasher.update(bytes);
            lines += bytes.iter().fold(0, |count, byte| count + u64::from(*byte == b'\n'));
            last = *last_byte;
        }
        Ok(Scan { sha256: hasher.finalize().into(), lines: lines + u64::from(last != b'\n') })
    }

    /// The digest of the file's full path: its name in the record of files.
    pub(super) fn path_digest(&self) -> Option<String> {
        let Self::File(path) = self else { return None };
        let full = path.canonicalize().unwrap_or_else(|_| path.clone());
        Some(digest_id(&[full.as_os_str().as_encoded_bytes()]))
    }

    /// Whether writing to `path` would overwrite what is read.
    pub(super) fn is_same_file(&self, path: &Path) -> bool {
        let Self::File(source) = self else { return false };
        match (source.canonicalize(), path.canonicalize()) {
            (Ok(source), Ok(path)) => source == path,
            _ => false,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) | Self::Pipe(path) => path.display().fmt(f),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

/// The campaign of a file that was given no other name: everything that decides who gets what.
pub(super) fn digest_campaign(scan: &Scan, request: &Request) -> String {
    let map: Vec<u8> = request.map.iter().flat_map(|(field, column)| format!("{field}\0{column}\0").into_bytes()).collect();
    let country = request.country.map(|country| country.to_string()).unwrap_or_default();
    let text = request.text.as_deref().map(|text| format!("={text}")).unwrap_or_default();
    let keeps_all: &[u8] = if request.duplicates == Duplicates::Keep { b"all" } else { b"" };
    let row_key = request.row_key.as_deref().unwrap_or_default();
    digest_id(&[b"bulk", &scan.sha256, &map, text.as_bytes(), country.as_bytes(), row_key.as_bytes(), keeps_all])
}
