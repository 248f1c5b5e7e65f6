//! This file keeps one journal on disk: appended to by its worker alone, never longer than it has to be, private to the user.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::record::{Record, read_all};

/// Ends the name of every journal.
pub(super) const SUFFIX: &str = "wqj";
/// No journal of ours comes near it; a longer one is not read.
const MOST_BYTES: u64 = 1024 * 1024 * 1024;

/// An open journal. The lock on it says that its worker lives.
#[derive(Debug)]
pub(super) struct JournalFile {
    path: PathBuf,
    file: Arc<File>,
    /// How much of it is sound.
    length: u64,
}

impl JournalFile {
    /// A new one, with these records; makes the folder, for this user alone.
    pub(super) fn create(folder: &Path, incarnation: &str, records: &[Record]) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Self::write_new(folder.join(format!("{incarnation}.{SUFFIX}")), records)
    }

    /// Written beside its place and moved there when it is whole and locked, so that nobody takes it for a dead worker's.
    fn write_new(path: PathBuf, records: &[Record]) -> io::Result<Self> {
        let temporary = path.with_extension("new");
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        let mut journal = Self { path, file: Arc::new(file), length: 0 };
        let written = journal.fill(records, &temporary);
        if written.is_err() {
            fs::remove_file(&temporary).ok();
        }
        written.map(|()| journal)
    }

    fn fill(&mut self, records: &[Record], temporary: &Path) -> io::Result<()> {
        self.file.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => io::Error::from(io::ErrorKind::ResourceBusy),
        })?;
        self.append(records)?;
        // What is moved over the journal before it must be on the disk before that.
        self.file.sync_data()?;
        fs::rename(temporary, &self.path)
    }

    /// Appends records in one write; after a failure nothing of them is left.
    pub(super) fn append(&mut self, records: &[Record]) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(records.len() * 128);
        for record in records {
            record.write(&mut bytes);
        }
        match (&*self.file).write_all(&bytes) {
            Ok(()) => {
                self.length += bytes.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.cut_off_what_failed()?;
                Err(error)
            }
        }
    }

    /// A part of a record would hide all that is written after it.
    fn cut_off_what_failed(&self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        io::Seek::seek(&mut &*self.file, io::SeekFrom::Start(self.length)).map(|_| ())
    }

    /// Until what was appended is on the disk. Takes milliseconds: not for an async task.
    pub(super) fn handle(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Begins anew with these records, which are all that still matter.
    pub(super) fn rewrite(&mut self, records: &[Record]) -> io::Result<()> {
        *self = Self::write_new(self.path.clone(), records)?;
        Ok(())
    }

    /// Bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Everything in it has been stored.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// The journal of a worker that is no more; locked as long as it is held, so that only one worker settles it.
#[derive(Debug)]
pub(super) struct Orphan {
    path: PathBuf,
    _locked: File,
    pub(super) records: Vec<Record>,
    /// Bytes behind the last sound record.
    pub(super) torn: u64,
}

impl Orphan {
    /// Reads it unless its worker lives, another settles it just now, or it has gone.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let metadata = file.metadata()?;
        // Between opening and locking its worker may have begun it anew, in another file of that name.
        let is_still_there = fs::symlink_metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == (metadata.dev(), metadata.ino()));
        if !is_still_there {
            return Ok(None);
        }
        if metadata.len() > MOST_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is no journal of ours"));
        }
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut &file, &mut bytes)?;
        let (records, sound) = read_all(&bytes);
        Ok(Some(Self { path: path.to_owned(), _locked: file, records, torn: (bytes.len() - sound) as u64 }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// It is settled.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// Makes the folder and writes a file in it, which is gone when this returns.
pub(super) fn try_out(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join(format!("{}.try", std::process::id()));
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
    let written = file.and_then(|mut file| file.write_all(b"x"));
    written.and(fs::remove_file(&path))
}

/// The journals in a folder, in no order; none when there is no such folder.
pub(super) fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|suffix| suffix == SUFFIX) {
            paths.push(path);
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn server(run_id: &str) -> Record {
        Record::Server { run_id: run_id.to_owned() }
    }

    #[test]
    fn a_journal_is_private_and_belongs_to_nobody_else_while_its_worker_lives() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("state/journal");
        let mut journal = JournalFile::create(&inside, "a", &[server("1")]).unwrap();
        journal.append(&[server("2"), server("3")]).unwrap();

        assert!(Orphan::open(journal.path()).unwrap().is_none());
        assert_eq!(fs::metadata(journal.path()).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&inside).unwrap().permissions().mode() & 0o777, 0o700);

        let path = journal.path().to_owned();
        drop(journal);
        let orphan = Orphan::open(&path).unwrap().unwrap();
        assert_eq!((orphan.records.len(), orphan.torn), (3, 0));
        assert!(Orphan::open(&path).unwrap().is_none(), "only one settles it");
    }

    #[test]
    fn a_journal_that_began_anew_is_still_its_workers() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = JournalFile::create(folder.path(), "a", &[server("1")]).unwrap();
        journal.append(&vec![server("2"); 100]).unwrap();

        journal.rewrite(&[server("1"), server("9")]).unwrap();
        journal.append(&[server("10")]).unwrap();

        assert!(Orphan::open(journal.path()).unwrap().is_none());
        let path = journal.path().to_owned();
        drop(journal);
        assert_eq!(Orphan::open(&path).unwrap().unwrap().records, [server("1"), server("9"), server("10")]);
        assert_eq!(list(folder.path()).unwrap(), [path]);
    }

    #[test]
    fn a_folder_that_is_not_there_holds_no_journals() {
        assert!(list(Path::new("/nowhere/at/all")).unwrap().is_empty());
    }
}
