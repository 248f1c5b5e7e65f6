//! This file names queues: which queue names and key prefixes are allowed.

use std::fmt;
use std::str::FromStr;

/// The name of a queue: 1 to 128 bytes, no `:` (BullMQ's separator) and no control character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueName(String);

/// The first part of every key, `bull` unless told otherwise: 1 to 128 bytes, no control character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(String);

/// Why a queue name or prefix was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NameError {
    /// Nothing between the quotes.
    #[error("a name can't be empty")]
    Empty,
    /// Over 128 bytes.
    #[error("the name is {0} bytes long; 128 is the most")]
    TooLong(usize),
    /// A character that keys can't carry.
    #[error("the name contains {0:?}, which is not allowed")]
    Forbidden(char),
}

const MAX_NAME_BYTES: usize = 128;

fn check(name: &str, forbidden: impl Fn(char) -> bool) -> Result<String, NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.len() > MAX_NAME_BYTES {
        return Err(NameError::TooLong(name.len()));
    }
    match name.chars().find(|&c| c.is_control() || forbidden(c)) {
        Some(c) => Err(NameError::Forbidden(c)),
        None => Ok(name.to_owned()),
    }
}

impl FromStr for QueueName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        check(name, |c| c == ':').map(Self)
    }
}

impl FromStr for Prefix {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        check(name, |_| false).map(Self)
    }
}

impl QueueName {
    /// The name as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Prefix {
    /// The prefix as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_name_may_not_contain_the_separator_of_keys() {
        assert_eq!("a:b".parse::<QueueName>(), Err(NameError::Forbidden(':')));
        assert_eq!("{wa-main}".parse::<QueueName>().map(|q| q.to_string()), Ok("{wa-main}".to_owned()));
    }

    #[test]
    fn a_prefix_may_contain_the_separator_but_no_control_character() {
        assert!("team:bull".parse::<Prefix>().is_ok());
        assert_eq!("a\nb".parse::<Prefix>(), Err(NameError::Forbidden('\n')));
    }

    #[test]
    fn empty_and_overlong_names_are_refused() {
        assert_eq!("".parse::<QueueName>(), Err(NameError::Empty));
        assert_eq!("x".repeat(129).parse::<QueueName>(), Err(NameError::TooLong(129)));
    }
}
