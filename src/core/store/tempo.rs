//! This file slows a queue down when its provider gets too many messages.

use std::time::Duration;

use super::codec::unsigned;
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{Arguments, SLOW_DOWN};
use crate::core::model::clock::Millis;

/// After a halving, further words of the provider answer what was sent before it.
const CALM: Duration = Duration::from_secs(10);
/// A tenth of the rate comes back each minute, as `lua/lib/tempo.lua` has it.
const RECOVERY_MS: u64 = 10 * 60 * 1000;

impl Queue {
    /// Halves the pace of the queue for all workers, down to a twentieth; it recovers by a tenth of the full rate a minute.
    /// Where no rate is set at all, half of what was seen holds: `seen` starts of this worker in the last `window`, or what
    /// all workers finished then. Returns the thousandths of the rate that are in force from now on.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn slow_down(&self, seen: u64, window: Duration) -> Result<u64, StoreError> {
        let mut arguments = Arguments::default();
        arguments.number(seen).number(window.as_millis().max(1)).number(CALM.as_millis());
        let answer = SLOW_DOWN.run(&self.link, &self.keys, &arguments).await?;
        Ok(unsigned(&answer))
    }
}

/// The thousandths of a rate that are in force; `None` when all of it is.
pub(super) fn tempo_at(now: Millis, tempo: Option<u64>, since: Option<Millis>) -> Option<u64> {
    let recovered = now.saturating_sub(since.unwrap_or(0)).saturating_mul(1000) / RECOVERY_MS;
    tempo.map(|tempo| tempo.saturating_add(recovered)).filter(|tempo| *tempo < 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_rate_comes_back_each_minute() {
        let after = |minutes: u64| tempo_at(1_000 + minutes * 60_000, Some(500), Some(1_000));

        assert_eq!([after(0), after(1), after(4), after(5)], [Some(500), Some(600), Some(900), None]);
        assert_eq!(tempo_at(1_000, None, None), None);
    }
}
