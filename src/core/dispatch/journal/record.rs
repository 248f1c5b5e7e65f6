//! This file writes the records of a journal as bytes and reads them back, however the last one was torn.
//!
//! A record is its length (u32), the CRC-32 of what follows (u32), and a payload: a byte for its kind and its fields. Numbers are
//! little-endian, texts have their length (u32) before them.

use std::sync::LazyLock;

use crate::core::model::clock::Millis;

/// SHA-1 of a job's data, a zero byte and its stable key: whether it is still the same message.
pub type Digest = [u8; 20];

/// Before every payload: length and checksum.
const FRAME_BYTES: usize = 8;
/// No payload is longer; a length beyond it is damage.
const MOST_BYTES: usize = 256 * 1024;
/// Longer replies are not kept: the job gets `null` for its return value when it is settled from the journal.
const MOST_REPLY_BYTES: usize = 16 * 1024;

/// Whose journal it is: a journal of another queue or server is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Host, port and database of the server.
    pub server: String,
    /// First part of the queue's keys.
    pub prefix: String,
    /// The queue.
    pub queue: String,
    /// The worker's incarnation.
    pub incarnation: String,
}

/// A send that is about to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The job.
    pub id: String,
    /// Its lock.
    pub token: String,
    /// Which start of the job it is (`ats`).
    pub attempt: u32,
    /// Of its data and stable key.
    pub digest: Digest,
    /// When, by the server's clock.
    pub at: Millis,
}

/// What became of a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing is known yet: its worker may be sending.
    Open,
    /// The provider has it.
    Sent {
        /// Its id there, if it said one.
        provider_id: Option<String>,
        /// JSON text for the job's return value.
        reply: String,
    },
    /// Surely not sent.
    Unsent,
    /// It may have been sent or not.
    Unknown {
        /// Why nobody knows.
        reason: String,
    },
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// The first of every file.
    Owner(Owner),
    /// The server process that what follows was told to.
    Server { run_id: String },
    /// Written before the send.
    Intent(Intent),
    /// Written before the outcome is stored.
    Outcome { id: String, token: String, at: Millis, fate: Fate },
}

impl Record {
    /// Appends it as bytes.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        let start = bytes.len();
        bytes.extend_from_slice(&[0; FRAME_BYTES]);
        match self {
            Self::Owner(Owner { server, prefix, queue, incarnation }) => {
                bytes.push(b'w');
                for text in [server, prefix, queue, incarnation] {
                    put_text(bytes, text);
                }
            }
            Self::Server { run_id } => {
                bytes.push(b'r');
                put_text(bytes, run_id);
            }
            Self::Intent(Intent { id, token, attempt, digest, at }) => {
                bytes.push(b'i');
                put_text(bytes, id);
                put_text(bytes, token);
                bytes.extend_from_slice(&attempt.to_le_bytes());
                bytes.extend_from_slice(digest);
                bytes.extend_from_slice(&at.to_le_bytes());
            }
            Self::Outcome { id, token, at, fate } => {
                bytes.push(b'o');
                put_text(bytes, id);
                put_text(bytes, token);
                bytes.extend_from_slice(&at.to_le_bytes());
                put_fate(bytes, fate);
            }
        }
        let Some((frame, payload)) = bytes.get_mut(start..).and_then(|record| record.split_at_mut_checked(FRAME_BYTES)) else { return };
        let (length, checksum) = (u32::try_from(payload.len()).unwrap_or(u32::MAX), crc32(payload));
        for (place, byte) in frame.iter_mut().zip(length.to_le_bytes().into_iter().chain(checksum.to_le_bytes())) {
            *place = byte;
        }
    }

    fn read(payload: &[u8]) -> Option<Self> {
        let (kind, fields) = payload.split_first()?;
        let mut fields = Fields(fields);
        let record = match kind {
            b'w' => {
                Self::Owner(Owner { server: fields.text()?, prefix: fields.text()?, queue: fields.text()?, incarnation: fields.text()? })
            }
            b'r' => Self::Server { run_id: fields.text()? },
            b'i' => Self::Intent(Intent {
                id: fields.text()?,
                token: fields.text()?,
                attempt: u32::from_le_bytes(fields.array()?),
                digest: fields.array()?,
                at: Millis::from_le_bytes(fields.array()?),
            }),
            b'o' => Self::Outcome {
                id: fields.text()?,
                token: fields.text()?,
                at: Millis::from_le_bytes(fields.array()?),
                fate: fields.fate()?,
            },
            _ => return None,
        };
        fields.0.is_empty().then_some(record)
    }
}

/// All records up to the first that is torn or damaged, and how many bytes they are.
pub(super) fn read_all(bytes: &[u8]) -> (Vec<Record>, usize) {
    let (mut records, mut rest) = (Vec::new(), Fields(bytes));
    let mut sound = 0;
    while let Some(record) = next(&mut rest) {
        records.push(record);
        sound = bytes.len() - rest.0.len();
    }
    (records, sound)
}

fn next(bytes: &mut Fields<'_>) -> Option<Record> {
    let length = usize::try_from(u32::from_le_bytes(bytes.array()?)).ok().filter(|length| *length <= MOST_BYTES)?;
    let checksum = u32::from_le_bytes(bytes.array()?);
    let payload = bytes.take(length)?;
    if crc32(payload) == checksum { Record::read(payload) } else { None }
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn put_fate(bytes: &mut Vec<u8>, fate: &Fate) {
    match fate {
        Fate::Open => bytes.push(b'o'),
        Fate::Unsent => bytes.push(b'n'),
        Fate::Unknown { reason } => {
            bytes.push(b'u');
            put_text(bytes, reason);
        }
        Fate::Sent { provider_id, reply } => {
            bytes.push(b's');
            put_text(bytes, provider_id.as_deref().unwrap_or_default());
            put_text(bytes, if reply.len() > MOST_REPLY_BYTES { "null" } else { reply });
        }
    }
}

/// What is left to read of a payload.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(u32::from_le_bytes(self.array()?)).ok()?;
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }

    fn fate(&mut self) -> Option<Fate> {
        Some(match self.array::<1>()? {
            [b'o'] => Fate::Open,
            [b'n'] => Fate::Unsent,
            [b'u'] => Fate::Unknown { reason: self.text()? },
            [b's'] => Fate::Sent { provider_id: Some(self.text()?).filter(|id| !id.is_empty()), reply: self.text()? },
            _ => return None,
        })
    }
}

/// The checksum of zip and PNG, a byte at a time: a record is some 100 bytes.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        let index = usize::from(crc.to_le_bytes()[0] ^ byte);
        TABLE.get(index).copied().unwrap_or_default() ^ (crc >> 8)
    };
    !bytes.iter().fold(u32::MAX, step)
}

static TABLE: LazyLock<[u32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|index| {
        let step = |value: u32, _| if value & 1 == 1 { 0xEDB8_8320 ^ (value >> 1) } else { value >> 1 };
        (0..8).fold(u32::try_from(index).unwrap_or_default(), step)
    })
});

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<Record> {
        let owner = ["127.0.0.1:6379/0", "bull", "whatsapp", "AbC"].map(str::to_owned);
        let [server, prefix, queue, incarnation] = owner;
        let outcome = |fate| Record::Outcome { id: "j1".to_owned(), token: "wq.AbC.1".to_owned(), at: 5, fate };
        vec![
            Record::Owner(Owner { server, prefix, queue, incarnation }),
            Record::Server { run_id: "r1".to_owned() },
            Record::Intent(Intent {
                id: "jé1".to_owned(),
                token: "wq.AbC.1".to_owned(),
                attempt: 2,
                digest: [7; 20],
                at: 1_764_000_000_000,
            }),
            outcome(Fate::Sent { provider_id: Some("wamid.1".to_owned()), reply: r#"{"ok":true}"#.to_owned() }),
            outcome(Fate::Sent { provider_id: None, reply: "null".to_owned() }),
            outcome(Fate::Unsent),
            outcome(Fate::Unknown { reason: "reset".to_owned() }),
            outcome(Fate::Open),
        ]
    }

    fn bytes_of(records: &[Record]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for record in records {
            record.write(&mut bytes);
        }
        bytes
    }

    #[test]
    fn what_is_written_is_read_back() {
        let bytes = bytes_of(&records());

        assert_eq!(read_all(&bytes), (records(), bytes.len()));
    }

    #[test]
    fn the_checksum_is_the_known_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_journal_that_is_torn_at_any_byte_gives_every_record_before_the_tear() {
        let all = records();
        let ends: Vec<usize> = (1..=all.len()).map(|count| bytes_of(&all[..count]).len()).collect();
        let bytes = bytes_of(&all);

        for cut in 0..=bytes.len() {
            let whole = ends.iter().filter(|end| **end <= cut).count();
            let (read, sound) = read_all(&bytes[..cut]);
            assert_eq!(read, all[..whole], "cut at {cut}");
            assert_eq!(sound, whole.checked_sub(1).map_or(0, |last| ends[last]), "cut at {cut}");
        }
    }

    #[test]
    fn a_journal_with_any_flipped_byte_gives_no_record_that_was_not_written() {
        let (all, bytes) = (records(), bytes_of(&records()));

        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x40;
            let (read, _) = read_all(&damaged);
            assert!(read.len() < all.len() && read == all[..read.len()], "flipped at {at}");
        }
    }

    #[test]
    fn a_tail_of_zeros_after_a_power_cut_ends_it() {
        let mut bytes = bytes_of(&records());
        let sound = bytes.len();
        bytes.extend_from_slice(&[0; 4096]);

        assert_eq!(read_all(&bytes), (records(), sound));
    }

    #[test]
    fn a_long_reply_is_left_out() {
        let fate = Fate::Sent { provider_id: None, reply: format!("\"{}\"", "x".repeat(MOST_REPLY_BYTES)) };
        let (read, _) = read_all(&bytes_of(&[Record::Outcome { id: "a".to_owned(), token: "t".to_owned(), at: 5, fate }]));

        assert!(matches!(&read[..], [Record::Outcome { fate: Fate::Sent { reply, .. }, .. }] if reply == "null"));
    }
}
