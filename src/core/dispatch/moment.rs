//! This file notices that a process stood still: stopped, starved, or asleep with its whole machine.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// The clock that goes on while the machine sleeps.
#[cfg(target_os = "linux")]
const BOOT: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const BOOT: ClockId = ClockId::Monotonic;

/// A moment by two clocks: the monotonic one stands still while the machine sleeps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    monotonic: Instant,
    boot: Duration,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self { monotonic: Instant::now(), boot: since_boot() }
    }

    /// How long ago it was, by the clock that says more.
    pub(super) fn elapsed(self) -> Duration {
        self.monotonic.elapsed().max(since_boot().saturating_sub(self.boot))
    }
}

fn since_boot() -> Duration {
    let time = clock_gettime(BOOT);
    let (seconds, nanos) = (u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0));
    Duration::new(seconds, nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_that_says_more_counts() {
        let before = Duration::from_secs(5);
        let asleep = Moment { monotonic: Instant::now(), boot: since_boot().saturating_sub(before) };
        let stopped = Moment { monotonic: Instant::now().checked_sub(before).unwrap(), boot: since_boot() };

        assert!(asleep.elapsed() >= before && stopped.elapsed() >= before);
        assert!(Moment::now().elapsed() < before);
    }
}
