//! This file names the calls that add, so that the server tells a repeated one what it told the first.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::scripts::Arguments;
use crate::core::model::id::random_name;

/// The most calls of one producer that may be unanswered at once.
pub const MAX_UNANSWERED: u64 = 16;
/// How long a call may still arrive that its caller has given up: what lies in the buffers of a host that vanished is sent again
/// for minutes.
const LATE_CALLS: Duration = Duration::from_secs(150);

/// Names the calls of one producer.
#[derive(Debug)]
pub struct CallNames {
    producer: String,
    memory: Duration,
    next: AtomicU64,
}

/// The name of one call, the same whenever it is repeated. It must be repeated with the same jobs.
#[derive(Clone, Debug, Default)]
pub struct CallName {
    lane: String,
    number: u64,
    memory: Duration,
}

impl CallNames {
    /// Of a producer that repeats a call for `patience` at most.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new(patience: Duration) -> Result<Self, getrandom::Error> {
        Ok(Self { producer: random_name()?, memory: patience + LATE_CALLS, next: AtomicU64::new(1) })
    }

    /// The name of the next call. No more than [`MAX_UNANSWERED`] may be in use.
    pub fn next(&self) -> CallName {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        CallName { lane: format!("{}.{}", self.producer, number % MAX_UNANSWERED), number, memory: self.memory }
    }
}

impl CallName {
    /// A call that nobody repeats.
    pub fn none() -> Self {
        Self::default()
    }

    /// Three arguments, as the scripts that add read them.
    pub(super) fn write(&self, arguments: &mut Arguments) {
        arguments.push(self.lane.as_str()).number(self.number).number(self.memory.as_millis());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_may_be_unanswered_at_once_have_lanes_of_their_own() {
        let names = CallNames::new(Duration::from_secs(10)).unwrap();

        let calls: Vec<CallName> = (0..=MAX_UNANSWERED).map(|_| names.next()).collect();

        assert!(calls.windows(2).all(|pair| pair[0].lane != pair[1].lane && pair[0].number < pair[1].number));
        assert_eq!(calls[0].lane, calls[16].lane);
    }
}
