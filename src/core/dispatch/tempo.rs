//! This file measures how fast this worker sends: what is halved where no rate is set.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// How far back the measure goes.
const WINDOW: Duration = Duration::from_secs(10);
/// A shorter look says nothing.
const SHORTEST: Duration = Duration::from_secs(1);
/// Starts are counted by tenths of the window.
const SLICE: Duration = Duration::from_secs(1);

/// Counts the starts of the last ten seconds.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// Beginning of a slice, and the starts in it; oldest first.
    slices: VecDeque<(Instant, u64)>,
}

impl Meter {
    pub(super) fn started(&mut self, now: Instant) {
        match self.slices.back_mut() {
            Some((begun, starts)) if now.saturating_duration_since(*begun) < SLICE => *starts += 1,
            _ => {
                self.forget(now);
                self.slices.push_back((now, 1));
            }
        }
    }

    /// How many starts, in how long.
    pub(super) fn seen(&mut self, now: Instant) -> (u64, Duration) {
        self.forget(now);
        let since = self.slices.front().map_or(now, |(begun, _)| *begun);
        let window = now.saturating_duration_since(since).clamp(SHORTEST, WINDOW);
        (self.slices.iter().map(|(_, starts)| starts).sum(), window)
    }

    fn forget(&mut self, now: Instant) {
        while self.slices.front().is_some_and(|(begun, _)| now.saturating_duration_since(*begun) >= WINDOW) {
            self.slices.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_pace_is_seen_as_it_is() {
        let (begun, mut meter) = (Instant::now(), Meter::default());
        for at in 0..600 {
            meter.started(begun + Duration::from_millis(at * 50));
        }

        let (starts, window) = meter.seen(begun + Duration::from_secs(30));

        let per_second = f64::from(u32::try_from(starts).unwrap()) / window.as_secs_f64();
        assert!((19.0..=21.0).contains(&per_second) && window > WINDOW / 2, "{starts} in {window:?}");
    }

    #[test]
    fn a_worker_that_has_just_begun_is_measured_over_a_second_at_least() {
        let (begun, mut meter) = (Instant::now(), Meter::default());
        for at in 0..8 {
            meter.started(begun + Duration::from_millis(at));
        }

        assert_eq!(meter.seen(begun + Duration::from_millis(100)), (8, SHORTEST));
    }

    #[test]
    fn what_is_long_past_no_longer_counts() {
        let (begun, mut meter) = (Instant::now(), Meter::default());
        meter.started(begun);

        assert_eq!(meter.seen(begun + Duration::from_mins(1)), (0, SHORTEST));
    }
}
