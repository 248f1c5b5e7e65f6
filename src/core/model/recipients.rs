//! This file says how many messages one recipient may get.

use std::time::Duration;

/// How many messages one recipient may get, over all workers that keep to it. Others never wait for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecipientLimits {
    /// Between two messages once the burst is used up; zero: only what the provider itself asks for.
    pub interval: Duration,
    /// So many may go at once after a rest, at least 1.
    pub burst: u32,
    /// The most in any 24 hours.
    pub daily: Option<u32>,
}

impl RecipientLimits {
    /// One in 6 s and five at once: what Meta allows between two numbers.
    pub const WHATSAPP: Self = Self { interval: Duration::from_secs(6), burst: 5, daily: None };
    /// Only what the provider itself asks for.
    pub const NONE: Self = Self { interval: Duration::ZERO, burst: 1, daily: None };
}
