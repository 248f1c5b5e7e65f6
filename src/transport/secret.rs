//! This file holds keys and tokens so that nothing prints them by mistake.

use std::fmt;

/// A key or token that never shows itself.
pub struct Secret(Vec<u8>);

impl Secret {
    /// The secret's bytes as the receiver has them.
    pub fn new(key: impl Into<Vec<u8>>) -> Self {
        Self(key.into())
    }

    /// The bytes, for the one place that sends or signs with them.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_itself() {
        assert_eq!(format!("{:?}", Secret::new("geheim")), "Secret(***)");
    }
}
