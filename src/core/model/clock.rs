//! This file reads the wall clock; nothing else in the crate does.

#[cfg(debug_assertions)]
use std::sync::atomic::{AtomicI64, Ordering};

/// Milliseconds since the Unix epoch, as BullMQ stores every moment.
pub type Millis = u64;

/// This machine's clock in milliseconds since the epoch.
///
/// Only for what people read (distances, defaults of `--since`): due times, locks and scores are made from
/// Redis `TIME` inside the scripts, because client clocks lie.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
pub fn now_ms() -> Millis {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    #[cfg(debug_assertions)]
    let now = now.saturating_add_signed(ERROR_MS.load(Ordering::Relaxed));
    now
}

/// How wrong [`now_ms`] is.
#[cfg(debug_assertions)]
static ERROR_MS: AtomicI64 = AtomicI64::new(0);

/// Makes [`now_ms`] wrong by so many milliseconds, for tests of what hangs on this machine's clock; builds for release can't.
#[cfg(debug_assertions)]
pub fn be_wrong_by(error_ms: i64) {
    ERROR_MS.store(error_ms, Ordering::Relaxed);
}

/// The moment as RFC 3339 in UTC, such as `2026-12-01T09:00:00.5Z`; the last one that can be written for those beyond it.
pub fn rfc3339(moment: Millis) -> String {
    let moment = i64::try_from(moment).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    moment.unwrap_or(jiff::Timestamp::MAX).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_other_programs_read_it() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1_795_489_418_213), "2026-11-24T03:03:38.213Z");
        assert!(rfc3339(u64::MAX).starts_with("9999-12-30T"));
    }
}
