//! This file makes UTF-8 of contact files that a spreadsheet saved as UTF-16, as they are read.

use std::io::{self, Read};

/// How much UTF-16 is read at a time, in bytes.
const BLOCK_BYTES: usize = 16 * 1024;

/// Two bytes in their order make a unit of UTF-16.
type Unit = fn([u8; 2]) -> u16;

/// A file without its byte order mark, in UTF-8 if the mark says that it is UTF-16. Other bytes pass as they are.
pub(super) enum Unmarked<R> {
    AsIs(R),
    Utf16(Utf16<R>),
}

/// What no character is made of comes out as U+FFFD.
pub(super) struct Utf16<R> {
    input: R,
    unit: Unit,
    block: Vec<u8>,
    /// Read, and not decoded yet: half a unit, or the first half of a character.
    raw: Vec<u8>,
    text: Vec<u8>,
    /// How many bytes of the text have been handed over.
    given: usize,
}

/// `start`: the first bytes of the file, at least three unless there are no more.
pub(super) fn unmarked<R: Read>(start: Vec<u8>, rest: R) -> Unmarked<io::Chain<io::Cursor<Vec<u8>>, R>> {
    let (mark_bytes, unit): (u64, Option<Unit>) = match start.as_slice() {
        [0xef, 0xbb, 0xbf, ..] => (3, None),
        [0xff, 0xfe, ..] => (2, Some(u16::from_le_bytes)),
        [0xfe, 0xff, ..] => (2, Some(u16::from_be_bytes)),
        _ => (0, None),
    };
    let mut start = io::Cursor::new(start);
    start.set_position(mark_bytes);
    let input = start.chain(rest);
    match unit {
        None => Unmarked::AsIs(input),
        Some(unit) => Unmarked::Utf16(Utf16 { input, unit, block: vec![0; BLOCK_BYTES], raw: Vec::new(), text: Vec::new(), given: 0 }),
    }
}

impl<R: Read> Read for Unmarked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::AsIs(input) => input.read(buffer),
            Self::Utf16(decoder) => decoder.read(buffer),
        }
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            let count = self.input.read(&mut self.block)?;
            self.raw.extend_from_slice(self.block.get(..count).unwrap_or_default());
            self.decode(count == 0);
            if count == 0 {
                break;
            }
        }
        let count = self.text.get(self.given..).unwrap_or_default().read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

impl<R> Utf16<R> {
    fn decode(&mut self, ended: bool) {
        self.text.clear();
        self.given = 0;
        let (units, half) = self.raw.as_chunks::<2>();
        let unit = self.unit;
        // The second half of a character may come with the next block.
        let is_torn = !ended && units.last().is_some_and(|last| (0xd800..0xdc00).contains(&unit(*last)));
        let whole = units.len() - usize::from(is_torn);
        let characters = char::decode_utf16(units.iter().take(whole).map(|pair| unit(*pair)));
        let lost = (ended && !half.is_empty()).then_some(char::REPLACEMENT_CHARACTER);
        for character in characters.map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)).chain(lost) {
            self.text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        self.raw.drain(..if ended { self.raw.len() } else { whole * 2 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hands over few bytes at a time.
    struct Drops(Vec<u8>, usize);

    impl Read for Drops {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            Ok(count)
        }
    }

    fn read(content: &[u8]) -> Vec<u8> {
        let (start, rest) = content.split_at(content.len().min(4));
        let mut text = Vec::new();
        unmarked(start.to_vec(), Drops(rest.to_vec(), 3)).read_to_end(&mut text).unwrap();
        text
    }

    fn marked(units: &[u16], bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xfeff).chain(units.iter().copied()).flat_map(bytes).collect()
    }

    #[test]
    fn a_file_that_is_not_utf_16_passes_as_it_is() {
        assert_eq!(read(b"\xef\xbb\xbfcaf\xe9"), b"caf\xe9");
        assert_eq!(read(b"\xff"), b"\xff");
        assert_eq!(read(b"a\xff\xfeb"), b"a\xff\xfeb");
        assert_eq!(read(b""), b"");
    }

    #[test]
    fn what_is_no_character_becomes_the_replacement_character() {
        assert_eq!(read(b"\xff\xfea\0b"), "a\u{fffd}".as_bytes());
        assert_eq!(read(&marked(&[0xd83d], u16::to_le_bytes)), "\u{fffd}".as_bytes());
        assert_eq!(read(&marked(&[0xde00, 0x61, 0xd83d, 0x62], u16::to_be_bytes)), "\u{fffd}a\u{fffd}b".as_bytes());
    }

    #[test]
    fn a_character_on_the_edge_of_a_block_stays_whole() {
        for before in BLOCK_BYTES / 2 - 3..BLOCK_BYTES / 2 + 3 {
            let text = format!("{}😀é", "x".repeat(before));
            let units: Vec<u16> = text.encode_utf16().collect();
            assert_eq!(read(&marked(&units, u16::to_le_bytes)), text.as_bytes(), "{before}");
        }
    }

    proptest! {
        #[test]
        fn any_units_are_decoded_as_the_standard_library_does(units in prop::collection::vec(any::<u16>(), 0..200)) {
            let expected = String::from_utf16_lossy(&units);
            prop_assert_eq!(read(&marked(&units, u16::to_le_bytes)), expected.as_bytes());
            prop_assert_eq!(read(&marked(&units, u16::to_be_bytes)), expected.as_bytes());
        }
    }
}
