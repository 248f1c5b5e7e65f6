//! This file knows where a cluster keeps a queue: Redis' rule of hash tags, and the slot that follows from it.

use crate::core::model::queue::{Prefix, QueueName};

/// Slots of a cluster.
const SLOTS: u16 = 16_384;

/// Where a cluster keeps all keys of one queue: 0 to 16383.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(pub(super) u16);

/// Why the keys of a queue would not be in one place of a cluster, and how it could be called instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", name_of(.prefix, .queue))]
pub struct Untagged {
    prefix: String,
    queue: String,
    problem: &'static str,
    /// Another prefix if this one is in the way, and a queue name.
    proposal: (Option<String>, String),
}

fn name_of(prefix: &str, queue: &str) -> String {
    format!("the queue {queue:?} with the prefix {prefix:?} can't be on a cluster")
}

impl Untagged {
    /// The flags that name the queue so that it can be there, quoted for a shell.
    pub fn proposed_flags(&self) -> String {
        let (prefix, queue) = &self.proposal;
        let prefix = prefix.as_ref().map(|prefix| format!("--prefix {} ", quoted(prefix))).unwrap_or_default();
        format!("{prefix}-Q {}", quoted(queue))
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

impl Slot {
    /// The slot of a queue, if all keys that begin as its keys do are in one.
    ///
    /// # Errors
    /// Without exactly one hash tag, in the queue's name or in the prefix.
    pub(super) fn of_queue(prefix: &Prefix, queue: &QueueName) -> Result<Self, Untagged> {
        let problem = match tag_of(prefix.as_str(), queue.as_str()) {
            Ok(tag) => return Ok(Self::of(tag)),
            Err(problem) => problem,
        };
        let (prefix, queue) = (prefix.to_string(), queue.to_string());
        let proposal = propose(&prefix, &queue);
        Err(Untagged { prefix, queue, problem, proposal })
    }

    /// The slot of what is hashed: the CRC16 that is called XMODEM.
    fn of(hashed: &str) -> Self {
        let crc = hashed.bytes().fold(0_u16, |crc, byte| {
            (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 })
        });
        Self(crc % SLOTS)
    }
}

fn tag_of<'a>(prefix: &'a str, queue: &'a str) -> Result<&'a str, &'static str> {
    let (in_prefix, in_queue) = (tags(prefix), tags(queue));
    let tag = match (in_prefix.as_slice(), in_queue.as_slice()) {
        ([tag], []) | ([], [tag]) => *tag,
        ([], []) => return Err("no hash tag keeps its keys together"),
        _ => return Err("it has more than one hash tag, of which only the first would count"),
    };
    // Braces before the tag would make Redis see another one, or none.
    if redis_tag(&format!("{prefix}:{queue}:")) == Some(tag) { Ok(tag) } else { Err("its hash tag is hidden by other braces") }
}

/// What Redis hashes of a key: what is between its first `{` and the next `}`, unless that is nothing.
fn redis_tag(key: &str) -> Option<&str> {
    let (_, rest) = key.split_once('{')?;
    rest.split_once('}').map(|(tag, _)| tag).filter(|tag| !tag.is_empty())
}

/// Everything in a text that would be a tag if it came first.
fn tags(text: &str) -> Vec<&str> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some((tag, after)) = rest.split_once('{').and_then(|(_, inner)| inner.split_once('}')) {
        found.extend((!tag.is_empty()).then_some(tag));
        rest = after;
    }
    found
}

/// A prefix, if it has to change, and a queue name that are as near as possible.
fn propose(prefix: &str, queue: &str) -> (Option<String>, String) {
    let bare = |text: &str| text.replace(['{', '}'], "");
    // A prefix that has the tag keeps it: then the queue is what has one too many.
    let is_tagged = tags(prefix).len() == 1 && redis_tag(prefix) == tags(prefix).first().copied();
    if is_tagged && !bare(queue).is_empty() {
        return (None, bare(queue));
    }
    let name = if bare(queue).is_empty() { "queue".to_owned() } else { bare(queue) };
    let bare_prefix = Some(bare(prefix)).filter(|bare| !bare.is_empty()).unwrap_or_else(|| "bull".to_owned());
    let longest = name.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= 126).last().unwrap_or(0);
    ((bare_prefix != prefix).then_some(bare_prefix), format!("{{{}}}", name.get(..longest).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slot(prefix: &str, queue: &str) -> Result<u16, Untagged> {
        Slot::of_queue(&prefix.parse().unwrap(), &queue.parse().unwrap()).map(|slot| slot.0)
    }

    fn proposal(prefix: &str, queue: &str) -> String {
        slot(prefix, queue).unwrap_err().proposed_flags()
    }

    #[test]
    fn the_slot_is_redis_own() {
        // CLUSTER KEYSLOT, and the check value of the CRC.
        assert_eq!(Slot::of("123456789"), Slot(0x31C3));
        assert_eq!(slot("bull", "{user1000}"), Ok(3443));
        assert_eq!(slot("{user1000}", "any"), Ok(3443));
    }

    #[test]
    fn a_queue_without_a_tag_is_refused_and_one_is_proposed() {
        assert_eq!(proposal("bull", "whatsapp"), "-Q '{whatsapp}'");
        assert_eq!(proposal("bull", "{}whatsapp"), "-Q '{whatsapp}'");
        assert_eq!(proposal("bull", "ana's"), r"-Q '{ana'\''s}'");
    }

    #[test]
    fn two_tags_are_refused_as_the_second_would_mean_nothing() {
        assert_eq!(proposal("{bull}", "{mail}"), "-Q 'mail'");
        assert_eq!(proposal("bull", "{a}{b}"), "-Q '{ab}'");
    }

    #[test]
    fn braces_that_hide_the_tag_are_refused() {
        assert_eq!(proposal("a{b", "{mail}"), "--prefix 'ab' -Q '{mail}'");
        assert_eq!(proposal("{}", "{mail}"), "--prefix 'bull' -Q '{mail}'");
        assert_eq!(proposal("{bull", "mail}"), "--prefix 'bull' -Q '{mail}'");
    }

    proptest! {
        #[test]
        fn what_is_proposed_is_accepted_and_what_is_accepted_is_what_redis_hashes(
            prefix in "[ab{}é:]{1,5}|[{}a]{126,128}", queue in "[ab{}é]{1,5}|[{}a]{126,128}", id in "[ab{}]{0,5}",
        ) {
            match slot(&prefix, &queue) {
                Ok(slot) => {
                    for key in [format!("{prefix}:{queue}:{id}"), format!("wq:{prefix}:{queue}:{id}")] {
                        prop_assert_eq!(Slot::of(redis_tag(&key).unwrap()), Slot(slot));
                    }
                }
                Err(untagged) => {
                    let (other, queue) = &untagged.proposal;
                    prop_assert!(slot(other.as_deref().unwrap_or(&prefix), queue).is_ok(), "{:?}", untagged);
                }
            }
        }
    }
}
