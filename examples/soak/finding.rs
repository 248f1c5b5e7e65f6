//! This file collects what should hold and does not, and tells it together with the figures.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::Result;
use serde_json::{Value, json};

/// How many of a set are named.
const NAMED: usize = 5;

/// What does not hold, in the order in which it was looked at.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<String>);

impl Findings {
    /// Notes `told` unless it holds.
    pub(crate) fn expect(&mut self, holds: bool, told: impl Into<String>) {
        if !holds {
            self.0.push(told.into());
        }
    }

    /// Notes which are in one set alone.
    pub(crate) fn expect_same(&mut self, (name, found): (&str, &BTreeSet<String>), (other_name, expected): (&str, &BTreeSet<String>)) {
        for (has, lacks, those) in [(name, other_name, found.difference(expected)), (other_name, name, expected.difference(found))] {
            let those: Vec<&str> = those.map(String::as_str).collect();
            let some = those.get(..NAMED.min(those.len())).unwrap_or_default().join(", ");
            self.expect(those.is_empty(), format!("{} of {has:?} are not of {lacks:?}: {some}", those.len()));
        }
    }

    /// Prints the figures on stdout and each finding on stderr. Says whether everything holds.
    pub(crate) fn tell(self, mut figures: Value) -> Result<bool> {
        for finding in &self.0 {
            writeln!(std::io::stderr(), "soak: does not hold: {finding}")?;
        }
        if let Some(figures) = figures.as_object_mut() {
            figures.insert("holds".to_owned(), json!(self.0.is_empty()));
        }
        writeln!(std::io::stdout(), "{figures}")?;
        Ok(self.0.is_empty())
    }
}
