//! This file finds the rows whose message appears more than once in a file of any size, in constant memory.
//!
//! Ids are sorted in runs, the runs are spilled to a file without a name, and merged; what remains is one bit a row.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use crate::core::model::id::random_name;

/// Entries that are sorted in memory at a time: 2 MiB.
const RUN_ENTRIES: usize = 64 * 1024;
/// What is read of each run at a time.
const RUN_BUFFER_BYTES: usize = 8 * 1024;
/// An id and a row number on disk.
const ENTRY_BYTES: usize = 24;

/// Which row of several with one id counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// The one that comes first.
    First,
    /// The one that comes last.
    Last,
}

/// Collects the ids of a file's rows.
#[derive(Debug, Default)]
pub struct Repeats {
    run: Vec<(u128, u64)>,
    spilled: Option<Spill>,
    last_row: u64,
}

#[derive(Debug)]
struct Spill {
    file: BufWriter<File>,
    run_lengths: Vec<usize>,
}

/// One bit for every row: whether another row stands for it.
#[derive(Debug, Default)]
pub struct Superseded {
    bits: Vec<u64>,
    count: u64,
}

impl Superseded {
    /// Whether another row stands for this one.
    pub fn contains(&self, row: u64) -> bool {
        let (word, bit) = place(row);
        self.bits.get(word).is_some_and(|bits| bits >> bit & 1 == 1)
    }

    /// How many rows another one stands for.
    pub fn count(&self) -> u64 {
        self.count
    }

    fn add(&mut self, row: u64) {
        let (word, bit) = place(row);
        if let Some(bits) = self.bits.get_mut(word) {
            *bits |= 1 << bit;
            self.count += 1;
        }
    }
}

fn place(row: u64) -> (usize, u64) {
    (usize::try_from(row / 64).unwrap_or(usize::MAX), row % 64)
}

impl Repeats {
    /// Notes that row `row` (from 1, ascending) has this id of at most 16 bytes.
    ///
    /// # Errors
    /// When the temporary file can't be written.
    pub fn note(&mut self, id: &str, row: u64) -> io::Result<()> {
        let key = id.bytes().take(16).fold(0, |key: u128, byte| key << 8 | u128::from(byte));
        self.run.push((key, row));
        self.last_row = row;
        if self.run.len() == RUN_ENTRIES { self.spill() } else { Ok(()) }
    }

    /// Which rows are repeats, when of each id only one row counts.
    ///
    /// # Errors
    /// When the temporary file can't be read.
    pub fn finish(mut self, counts: Counts) -> io::Result<Superseded> {
        let words = place(self.last_row).0.saturating_add(1);
        let mut superseded = Superseded { bits: vec![0; words], count: 0 };
        let mut previous = None;
        let mut look = |(key, row): (u128, u64)| {
            if let Some((_, earlier)) = previous.filter(|(known, _)| *known == key) {
                superseded.add(if counts == Counts::First { row } else { earlier });
            }
            previous = Some((key, row));
        };
        if self.spilled.is_none() {
            self.run.sort_unstable();
            self.run.into_iter().for_each(&mut look);
        } else {
            self.spill()?;
            if let Some(spill) = self.spilled {
                merge(spill, look)?;
            }
        }
        Ok(superseded)
    }

    fn spill(&mut self) -> io::Result<()> {
        self.run.sort_unstable();
        let spill = match &mut self.spilled {
            Some(spill) => spill,
            none => none.insert(Spill { file: BufWriter::new(nameless_file()?), run_lengths: Vec::new() }),
        };
        for (key, row) in &self.run {
            spill.file.write_all(&key.to_le_bytes())?;
            spill.file.write_all(&row.to_le_bytes())?;
        }
        spill.run_lengths.push(self.run.len());
        self.run.clear();
        Ok(())
    }
}

/// Calls `look` with all entries of all runs in order.
fn merge(spill: Spill, mut look: impl FnMut((u128, u64))) -> io::Result<()> {
    let file = spill.file.into_inner().map_err(io::IntoInnerError::into_error)?;
    let mut offset = 0;
    let mut runs = Vec::new();
    let mut heads = BinaryHeap::new();
    for length in spill.run_lengths {
        let bytes = (length * ENTRY_BYTES) as u64;
        let mut run = BufReader::with_capacity(RUN_BUFFER_BYTES, Window { file: &file, at: offset, end: offset + bytes });
        if let Some(entry) = next_entry(&mut run)? {
            heads.push(Reverse((entry, runs.len())));
        }
        runs.push(run);
        offset += bytes;
    }
    while let Some(Reverse((entry, run))) = heads.pop() {
        look(entry);
        if let Some(next) = runs.get_mut(run).map(next_entry).transpose()?.flatten() {
            heads.push(Reverse((next, run)));
        }
    }
    Ok(())
}

/// A part of the file with a place of its own.
struct Window<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for Window<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let mut file = self.file;
        file.seek(SeekFrom::Start(self.at))?;
        let count = file.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.at += count as u64;
        Ok(count)
    }
}

fn next_entry(run: &mut impl Read) -> io::Result<Option<(u128, u64)>> {
    let (mut key, mut row) = ([0; 16], [0; 8]);
    match run.read_exact(&mut key) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    run.read_exact(&mut row)?;
    Ok(Some((u128::from_le_bytes(key), u64::from_le_bytes(row))))
}

/// A file that is gone as soon as it is closed, even after `kill -9`.
fn nameless_file() -> io::Result<File> {
    let name = random_name().map_err(io::Error::other)?;
    let path = std::env::temp_dir().join(format!("wq-{name}"));
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeats(ids: impl IntoIterator<Item = String>, counts: Counts) -> (Vec<u64>, u64) {
        let mut repeats = Repeats::default();
        let mut rows = 0;
        for id in ids {
            rows += 1;
            repeats.note(&id, rows).unwrap();
        }
        let superseded = repeats.finish(counts).unwrap();
        ((1..=rows).filter(|row| superseded.contains(*row)).collect(), superseded.count())
    }

    #[test]
    fn of_rows_with_one_id_only_the_first_or_the_last_counts() {
        let ids = ["a", "b", "a", "c", "a", "b"].map(str::to_owned);

        assert_eq!(repeats(ids.clone(), Counts::First), (vec![3, 5, 6], 3));
        assert_eq!(repeats(ids, Counts::Last), (vec![1, 2, 3], 3));
        assert_eq!(repeats([], Counts::Last), (vec![], 0));
    }

    #[test]
    fn a_file_of_many_runs_gives_the_same_answer() {
        let rows = 3 * RUN_ENTRIES as u64 + 7;
        let ids = |row: u64| format!("id{}", row % (rows - 5));

        let (superseded, count) = repeats((1..=rows).map(ids), Counts::First);

        assert_eq!((superseded, count), ((rows - 4..=rows).collect(), 5));
    }
}
