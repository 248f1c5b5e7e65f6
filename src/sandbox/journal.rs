//! This file is the sandbox's record of truth: one line for each message that it accepted, written before the answer, and in a file
//! of their own those that a fault kept it from accepting.

use std::collections::{HashSet, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Dialect;

/// How much is read at a time in search of the last line end.
const BLOCK_BYTES: usize = 64 * 1024;

/// A message that was accepted. The journal belongs to whoever runs the sandbox (its mode is 0600), so numbers are whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When its request had come, in microseconds since the epoch; never goes back within one run.
    pub at_us: u64,
    /// Whose words were spoken.
    pub dialect: Dialect,
    /// Evolution's action (`sendText`), Meta's type (`template`).
    pub route: String,
    /// The recipient as `+` and digits, or the provider's own form of it.
    pub to: String,
    /// The id that the provider gave to the message.
    pub id: String,
    /// What the sender said to make it unmistakable: `biz_opaque_callback_data` or an `Idempotency-Key`.
    pub key: Option<String>,
    /// SHA-256 of the message without that key, in hex: what the recipient would notice as a repeat.
    pub sha256: String,
    /// Whether the sender was told.
    pub outcome: Outcome,
}

/// What the sender of an accepted message heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The answer.
    Answered,
    /// Nothing, or half of it.
    Dropped,
}

/// A send that a fault kept from being accepted: a line of the file of refusals.
#[derive(Debug, Serialize)]
pub(super) struct Refusal<'a> {
    /// When its request had come, in microseconds since the epoch.
    pub(super) at_us: u64,
    /// Whose words were spoken.
    pub(super) dialect: Dialect,
    /// Evolution's action, Meta's type.
    pub(super) route: &'a str,
    /// The recipient as in [`Entry`].
    pub(super) to: String,
    /// As in [`Entry`].
    pub(super) key: Option<&'a str>,
    /// As in [`Entry`].
    pub(super) sha256: &'a str,
    /// The fault by its name.
    pub(super) code: String,
}

/// The file, if there is one.
#[derive(Debug)]
pub(super) struct Journal {
    file: Option<File>,
    /// Bytes of whole lines; `None` of what is no regular file.
    length: Option<u64>,
}

impl Journal {
    /// Opens a file to go on with, or none at all. A line that a crash broke off is cut away.
    pub(super) fn open(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else { return Ok(Self { file: None, length: None }) };
        let mut file = OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(path)?;
        let length = if file.metadata()?.is_file() { Some(cut_to_whole_lines(&mut file)?) } else { None };
        Ok(Self { file: Some(file), length })
    }

    /// Writes one line with one write: what is acknowledged after it survives a `kill -9` of this process.
    ///
    /// # Errors
    /// When it could not be written whole. Nothing of it is left then, and it must not be answered as if it were.
    pub(super) fn write(&mut self, entry: &impl Serialize) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let written = file.write_all(&line).and_then(|()| file.flush());
        if let Some(length) = &mut self.length {
            match written {
                Ok(()) => *length += line.len() as u64,
                Err(_) => file.set_len(*length)?,
            }
        }
        written
    }
}

/// Cuts off what follows the last line end, and says how much is left.
fn cut_to_whole_lines(file: &mut File) -> io::Result<u64> {
    let mut block = vec![0; BLOCK_BYTES];
    let mut end = file.metadata()?.len();
    let whole = loop {
        let start = end.saturating_sub(BLOCK_BYTES as u64);
        let read = block.get_mut(..usize::try_from(end - start).unwrap_or(BLOCK_BYTES)).unwrap_or_default();
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(read)?;
        match read.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => break start + last as u64 + 1,
            None if start == 0 => break 0,
            None => end = start,
        }
    };
    file.set_len(whole)?;
    Ok(whole)
}

/// What a journal tells. A *repeat* is an acceptance beyond the first one of its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Review {
    /// Lines.
    pub accepted: u64,
    /// Messages: by their key, and without one by recipient and content.
    pub distinct: u64,
    /// `accepted - distinct`.
    pub doubled: u64,
    /// Lines that have a key.
    pub keyed: u64,
    /// Repeats of a key.
    pub doubled_by_key: u64,
    /// Repeats of a content to the same recipient, whatever their keys. Two messages that are meant to be alike count too.
    pub doubled_by_content: u64,
    /// Whose senders got no answer.
    pub dropped: u64,
    /// The most in any second.
    pub worst_1s_window: u64,
    /// The most in any minute.
    pub worst_60s_window: u64,
}

/// Reads a journal from its beginning to its end.
///
/// # Errors
/// When it can't be read, or a line other than a broken last one is no entry; the message names the line.
pub fn review(path: &Path) -> io::Result<Review> {
    let mut reader = BufReader::new(File::open(path)?);
    let (mut tally, mut line, mut number) = (Tally::default(), Vec::new(), 0);
    loop {
        line.clear();
        number += 1;
        if reader.read_until(b'\n', &mut line)? == 0 || line.last() != Some(&b'\n') {
            return Ok(tally.review());
        }
        let entry: Entry = serde_json::from_slice(&line)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("line {number} is no entry of a journal: {error}")))?;
        tally.count(&entry);
    }
}

#[derive(Debug, Default)]
struct Tally {
    review: Review,
    /// Digests instead of texts, so that ten million lines fit into memory.
    messages: HashSet<u64>,
    keys: HashSet<u64>,
    contents: HashSet<u64>,
    times: Vec<u64>,
}

impl Tally {
    fn count(&mut self, entry: &Entry) {
        let content = digest(&["content", &entry.to, &entry.sha256]);
        let key = entry.key.as_ref().map(|key| digest(&["key", key]));
        let is_repeat = |seen: &mut HashSet<u64>, digest: u64| !seen.insert(digest);
        self.review.accepted += 1;
        self.review.dropped += u64::from(entry.outcome == Outcome::Dropped);
        self.review.keyed += u64::from(key.is_some());
        self.review.doubled_by_key += u64::from(key.is_some_and(|key| is_repeat(&mut self.keys, key)));
        self.review.doubled_by_content += u64::from(is_repeat(&mut self.contents, content));
        self.review.doubled += u64::from(is_repeat(&mut self.messages, key.unwrap_or(content)));
        self.times.push(entry.at_us);
    }

    fn review(mut self) -> Review {
        self.times.sort_unstable();
        Review {
            distinct: self.review.accepted - self.review.doubled,
            worst_1s_window: busiest(&self.times, 1_000_000),
            worst_60s_window: busiest(&self.times, 60_000_000),
            ..self.review
        }
    }
}

/// The most moments in any window of this length. They are sorted.
fn busiest(times: &[u64], span_us: u64) -> u64 {
    let (mut window, mut most) = (VecDeque::new(), 0);
    for &time in times {
        while window.front().is_some_and(|first| time - first >= span_us) {
            window.pop_front();
        }
        window.push_back(time);
        most = most.max(window.len());
    }
    most as u64
}

/// The first 8 bytes of a SHA-256: among ten million texts two fall together once in 370,000 runs.
fn digest(parts: &[&str]) -> u64 {
    use sha2::Digest;
    let mut hash = sha2::Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(8).fold(0, |word, byte| (word << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(at_us: u64, to: &str, key: Option<&str>, sha256: &str) -> Entry {
        Entry {
            at_us,
            dialect: Dialect::Meta,
            route: "text".to_owned(),
            to: to.to_owned(),
            id: "wamid.x".to_owned(),
            key: key.map(str::to_owned),
            sha256: sha256.to_owned(),
            outcome: Outcome::Answered,
        }
    }

    fn reviewed(entries: &[Entry]) -> Review {
        let mut tally = Tally::default();
        for entry in entries {
            tally.count(entry);
        }
        tally.review()
    }

    #[test]
    fn a_key_that_comes_again_is_a_double_and_so_is_a_message_without_one() {
        let review = reviewed(&[
            entry(0, "+1", Some("a"), "x"),
            entry(1, "+1", Some("a"), "x"),
            entry(2, "+1", Some("b"), "x"),
            entry(3, "+2", None, "y"),
            entry(4, "+2", None, "y"),
            entry(5, "+3", None, "y"),
        ]);

        assert_eq!((review.accepted, review.distinct, review.doubled), (6, 4, 2));
        assert_eq!((review.keyed, review.doubled_by_key, review.doubled_by_content), (3, 1, 3));
    }

    #[test]
    fn the_worst_window_slides() {
        let times: Vec<u64> = [0, 900_000, 950_000, 1_100_000, 1_890_000, 3_000_000].to_vec();

        assert_eq!((busiest(&times, 1_000_000), busiest(&[0, 1_000_000], 1_000_000), busiest(&[], 1)), (4, 1, 0));
    }

    #[test]
    fn a_line_that_a_crash_broke_off_is_cut_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.ndjson");
        Journal::open(Some(&path)).unwrap().write(&entry(1, "+1", None, "x")).unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, [whole.as_slice(), b"{\"at_us\":2,\"dia"].concat()).unwrap();
        assert_eq!(review(&path).unwrap().accepted, 1);

        Journal::open(Some(&path)).unwrap().write(&entry(3, "+1", None, "y")).unwrap();

        assert_eq!(review(&path).unwrap().accepted, 2);
    }

    #[test]
    fn a_line_that_is_no_entry_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.ndjson");
        std::fs::write(&path, "{}\n").unwrap();

        assert!(review(&path).unwrap_err().to_string().starts_with("line 1 is no entry"));
    }
}
