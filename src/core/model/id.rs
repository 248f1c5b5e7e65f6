//! This file makes job ids: by the client, before the first try, so that every add can be repeated.
//!
//! An id is stored about six times per job, so it is short: at most 14 characters of base62. The first is always a
//! letter: BullMQ refuses ids that read as an integer.

use sha2::{Digest, Sha256};

const LETTERS: &[u8; 52] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Characters of the random part: 52 * 62^6 is a little over 2^41 processes.
const RANDOM_CHARS: usize = 7;
/// Characters of a digest id: 52 * 62^13 is about 2^83 values, so a billion rows collide once in ten million tries.
const DIGEST_CHARS: usize = 14;
/// The longest id that `wq` accepts from a user, in bytes.
pub const MAX_NEW_ID_BYTES: usize = 128;

/// Makes ids of 40 random bits per process and a counter; two processes, or two calls, never make the same one.
///
/// Time and random bits alone would collide in large bulks, and a collision is a lost message.
#[derive(Debug)]
pub struct IdMaker {
    random: String,
    counter: u64,
}

impl IdMaker {
    /// A maker with its own random part.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn new() -> Result<Self, getrandom::Error> {
        Ok(Self { random: encode(u128::from(getrandom::u64()?), RANDOM_CHARS), counter: 0 })
    }

    /// The next id, 8 to 14 characters.
    pub fn next_id(&mut self) -> String {
        let mut id = self.random.clone();
        let mut rest = self.counter;
        self.counter += 1;
        loop {
            id.push(digit(BASE62, rest % 62));
            rest /= 62;
            if rest == 0 {
                return id;
            }
        }
    }
}

/// A fresh random name for a process on a queue (an *incarnation*): 14 characters of base62.
///
/// # Errors
/// When the operating system gives no random bytes.
pub fn random_name() -> Result<String, getrandom::Error> {
    let high = u128::from(getrandom::u64()?) << 64;
    Ok(encode(high | u128::from(getrandom::u64()?), DIGEST_CHARS))
}

/// The id that the same parts always give. Parts are length-prefixed: `["ab","c"]` and `["a","bc"]` differ.
pub fn digest_id(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let digest = hasher.finalize();
    let number = digest.iter().take(16).fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    encode(number, DIGEST_CHARS)
}

fn encode(mut number: u128, chars: usize) -> String {
    let mut id = String::with_capacity(chars * 2);
    id.push(digit(LETTERS, u64::try_from(number % 52).unwrap_or(0)));
    number /= 52;
    for _ in 1..chars {
        id.push(digit(BASE62, u64::try_from(number % 62).unwrap_or(0)));
        number /= 62;
    }
    id
}

fn digit(alphabet: &[u8], index: u64) -> char {
    usize::try_from(index).ok().and_then(|i| alphabet.get(i)).map_or('0', |&byte| char::from(byte))
}

/// BullMQ's keys of a queue, which stand where the keys of jobs stand, and what such keys begin with: a job `metrics` would have
/// its failed children where the queue counts. `lua/lib/keys.lua` has the same.
pub const RESERVED: [&str; 20] = [
    "active",
    "completed",
    "de",
    "delayed",
    "dn",
    "events",
    "failed",
    "id",
    "limiter",
    "marker",
    "meta",
    "metrics",
    "paused",
    "pc",
    "prioritized",
    "repeat",
    "stalled",
    "stalled-check",
    "wait",
    "waiting-children",
];

/// Why an id from a user was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum IdError {
    /// BullMQ keeps plain integers for its own counter.
    #[error("the id {0:?} reads as an integer; BullMQ keeps those for itself, so put a letter in")]
    Integer(String),
    /// The key of a job is the queue's own key and the id: this job would take the place of the queue's own data.
    #[error("the id {0:?} is one of the queue's own keys; put something before or after it")]
    Reserved(String),
    /// Length or alphabet.
    #[error("the id {0:?} is not allowed; use 1 to 128 of A-Z a-z 0-9 _ . -")]
    Alphabet(String),
}

/// Checks an id that a user gave for a new job (ids of existing jobs may be any bytes).
///
/// # Errors
/// [`IdError`] with the id and the rule it breaks.
pub fn check_new_id(id: &str) -> Result<(), IdError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if id.is_empty() || id.len() > MAX_NEW_ID_BYTES || !id.bytes().all(allowed) {
        return Err(IdError::Alphabet(id.chars().take(140).collect()));
    }
    // Node compares `parseInt(id).toString() === id`, so a minus sign counts too.
    if id.parse::<i128>().is_ok() || id.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(IdError::Integer(id.to_owned()));
    }
    if RESERVED.contains(&id) {
        return Err(IdError::Reserved(id.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn made_ids_are_short_never_repeat_and_are_never_integers() {
        let (mut one, mut two) = (IdMaker::new().unwrap(), IdMaker::new().unwrap());

        let ids: HashSet<String> = (0..10_000).flat_map(|_| [one.next_id(), two.next_id()]).collect();

        assert_eq!(ids.len(), 20_000);
        for id in ids {
            assert!(id.len() <= 14 && check_new_id(&id).is_ok(), "{id}");
        }
    }

    #[test]
    fn the_same_parts_give_the_same_id_and_other_parts_another() {
        assert_eq!(digest_id(&[b"bf26", b"5511999990000"]), digest_id(&[b"bf26", b"5511999990000"]));
        assert_ne!(digest_id(&[b"ab", b"c"]), digest_id(&[b"a", b"bc"]));
        assert_eq!(digest_id(&[b"x"]).len(), 14);
    }

    #[test]
    fn ids_that_node_could_not_handle_are_refused() {
        for id in ["1", "0", "-7", "0:a", "a:b", "", "a b", "ü", &"x".repeat(129), "99999999999999999999999999999999999999999"] {
            assert!(check_new_id(id).is_err(), "{id}");
        }
        for id in RESERVED {
            assert_eq!(check_new_id(id), Err(IdError::Reserved(id.to_owned())));
        }
        for id in ["a", "order-17", "2026-11-24.x", "A_b.c-9"] {
            assert!(check_new_id(id).is_ok(), "{id}");
        }
    }
}
