//! This file maps the four priorities of `wq` to BullMQ's numbers.

use std::fmt;
use std::str::FromStr;

/// A BullMQ priority: 0 (none: runs before all others) to 2,097,151; lower numbers run first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(u32);

impl Priority {
    /// No priority: the job goes to `wait`, which runs before every prioritised job (BullMQ's rule).
    pub const NONE: Self = Self(0);
    /// `urgent`, 1.
    pub const URGENT: Self = Self(1);
    /// `high`, 2.
    pub const HIGH: Self = Self(2);
    /// `normal`, 3: what `wq enqueue` and `wq bulk` use.
    pub const NORMAL: Self = Self(3);
    /// `low`, 4.
    pub const LOW: Self = Self(4);
    /// BullMQ's largest number: priority * 2^32 must stay an exact double.
    pub const MAX: u32 = 2_097_151;

    /// The number that is stored.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl TryFrom<u64> for Priority {
    type Error = PriorityError;

    fn try_from(number: u64) -> Result<Self, PriorityError> {
        match u32::try_from(number) {
            Ok(small) if small <= Self::MAX => Ok(Self(small)),
            _ => Err(PriorityError(number.to_string())),
        }
    }
}

/// The text is no priority.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no priority; use urgent, high, normal, low or a number from 0 to 2097151 (lower runs first)")]
pub struct PriorityError(String);

impl FromStr for Priority {
    type Err = PriorityError;

    fn from_str(text: &str) -> Result<Self, PriorityError> {
        match text {
            "urgent" => Ok(Self::URGENT),
            "high" => Ok(Self::HIGH),
            "normal" => Ok(Self::NORMAL),
            "low" => Ok(Self::LOW),
            _ => text.parse::<u64>().map_err(|_| PriorityError(text.to_owned()))?.try_into(),
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.pad("urgent"),
            2 => f.pad("high"),
            3 => f.pad("normal"),
            4 => f.pad("low"),
            number => f.pad(&number.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_names_are_bullmqs_one_to_four() {
        for (name, number) in [("urgent", 1), ("high", 2), ("normal", 3), ("low", 4)] {
            assert_eq!(name.parse::<Priority>().map(Priority::number), Ok(number));
        }
    }

    #[test]
    fn numbers_beyond_exact_doubles_and_unknown_words_are_refused() {
        assert!("2097151".parse::<Priority>().is_ok());
        for text in ["2097152", "-1", "1.5", "asap", ""] {
            assert!(text.parse::<Priority>().is_err(), "{text}");
        }
    }
}
