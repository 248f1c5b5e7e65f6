//! This file reads the wall clock; nothing else in the crate does.

/// Milliseconds since the Unix epoch, as BullMQ stores every moment.
pub type Millis = u64;

/// This machine's clock in milliseconds since the epoch.
///
/// Only for what people read (distances, defaults of `--since`): due times, locks and scores are made from
/// Redis `TIME` inside the scripts, because client clocks lie.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
pub fn now_ms() -> Millis {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}
