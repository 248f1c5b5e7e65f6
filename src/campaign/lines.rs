//! This file makes every line of a stream end with one line feed, the last one included.
//!
//! Files from Windows and old Macs then count their lines like all others, and a text with line breaks reaches WhatsApp
//! without carriage returns.

use std::io::{self, Read};

/// A stream without carriage returns.
#[derive(Debug)]
pub(super) struct UnixLines<R> {
    input: R,
    /// The last byte read was a carriage return, given out as a line feed: one that follows belongs to it.
    after_return: bool,
    /// The last byte given out ended a line.
    at_line_start: bool,
}

impl<R: Read> UnixLines<R> {
    /// Wraps a stream.
    pub(super) fn new(input: R) -> Self {
        Self { input, after_return: false, at_line_start: true }
    }

    /// Turns line ends in place; gives the number of bytes that remain.
    fn turn(&mut self, bytes: &mut [u8]) -> usize {
        if !self.after_return && !bytes.contains(&b'\r') {
            return bytes.len();
        }
        let mut kept = 0;
        for at in 0..bytes.len() {
            let byte = bytes.get(at).copied().unwrap_or_default();
            let is_second_half = self.after_return && byte == b'\n';
            self.after_return = byte == b'\r';
            if is_second_half {
                continue;
            }
            if let Some(place) = bytes.get_mut(kept) {
                *place = if byte == b'\r' { b'\n' } else { byte };
            }
            kept += 1;
        }
        kept
    }
}

impl<R: Read> Read for UnixLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.input.read(buffer)?;
            if count == 0 {
                return Ok(self.end(buffer));
            }
            let bytes = buffer.get_mut(..count).unwrap_or_default();
            let kept = self.turn(bytes);
            if let Some(last) = kept.checked_sub(1).and_then(|last| bytes.get(last)) {
                self.at_line_start = *last == b'\n';
                return Ok(kept);
            }
        }
    }
}

impl<R> UnixLines<R> {
    /// The line feed that the last line lacks.
    fn end(&mut self, buffer: &mut [u8]) -> usize {
        match buffer.first_mut() {
            Some(first) if !self.at_line_start => {
                *first = b'\n';
                self.at_line_start = true;
                1
            }
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives out one to a few bytes at a time.
    struct Dribble<'a>(&'a [u8], usize);

    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = self.1.min(buffer.len());
            self.0.read(&mut buffer[..most])
        }
    }

    fn turned(content: &str, at_a_time: usize) -> String {
        let mut text = String::new();
        UnixLines::new(Dribble(content.as_bytes(), at_a_time)).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn all_kinds_of_line_ends_become_line_feeds() {
        assert_eq!(turned("a\r\nb\n\r\nc\rd\r\r\ne", 2), "a\nb\n\nc\nd\n\ne\n");
        assert_eq!(turned("", 2), "");
    }

    proptest! {
        #[test]
        fn it_makes_no_difference_how_the_bytes_arrive(content in "[ab\r\n]{0,40}", at_a_time in 1_usize..8) {
            let whole = content.replace("\r\n", "\n").replace('\r', "\n");
            let whole = if whole.is_empty() || whole.ends_with('\n') { whole } else { whole + "\n" };

            prop_assert_eq!(turned(&content, at_a_time), whole);
        }
    }
}
