//! This file remembers where a setting came from, so that somebody who wonders can be told.

use std::fmt;
use std::sync::Arc;

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag of this command, by its name.
    Flag(&'static str),
    /// An environment variable, by its name.
    Variable(&'static str),
    /// A settings file, by its path and, if it stands in one, the profile.
    File(Arc<str>),
    /// Nowhere: it is what `wq` does when nobody says anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::File(place) => f.write_str(place),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A setting and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// What is set.
    pub value: T,
    /// By whom.
    pub origin: Origin,
}

impl<T> Found<T> {
    /// A value that nobody set.
    pub(in crate::cli) fn by_default(value: T) -> Self {
        Self { value, origin: Origin::Default }
    }
}

/// A setting as it is shown to people. Never a secret: of one only where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The name that it has in a settings file.
    pub name: &'static str,
    /// What is set.
    pub value: String,
    /// By whom.
    pub origin: Origin,
}

impl Told {
    /// What is to be told of a setting.
    pub(in crate::cli) fn of<T: fmt::Display>(name: &'static str, found: &Found<T>) -> Self {
        Self { name, value: found.value.to_string(), origin: found.origin.clone() }
    }
}
