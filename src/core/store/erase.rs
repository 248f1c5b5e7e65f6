//! This file removes every trace of a queue, also what is to outlive its jobs.

use redis::Value;

use super::codec::{array, text};
use super::error::StoreError;
use super::queue::Queue;

/// Keys that one step looks at: under a millisecond of the server.
const STEP: usize = 1000;

impl Queue {
    /// Removes every key of the queue, BullMQ's and our own, the ledger too. Looks at every key of the database, and is only
    /// for queues that nobody works on: it is no single step.
    ///
    /// # Errors
    /// When the server can't be asked; some keys may be gone then.
    pub async fn erase(&self) -> Result<u64, StoreError> {
        let mut link = self.link.clone();
        let mut erased = 0;
        let mut cursor = "0".to_owned();
        loop {
            // Our own root ends in BullMQ's.
            let scan =
                redis::cmd("SCAN").arg(&cursor).arg("MATCH").arg(format!("*{}*", escaped(self.keys.base()))).arg("COUNT").arg(STEP).clone();
            let shape = || StoreError::Shape { operation: "SCAN", problem: "no cursor and keys".to_owned() };
            let [next, keys]: [Value; 2] = array(link.query(&scan).await?).and_then(|pair| pair.try_into().ok()).ok_or_else(shape)?;
            let found = array(keys).unwrap_or_default().into_iter().filter_map(super::codec::bytes);
            let ours: Vec<Vec<u8>> = found.filter(|key| self.owns(key)).collect();
            if !ours.is_empty() {
                erased += link.query::<u64>(redis::cmd("UNLINK").arg(&ours)).await?;
            }
            cursor = text(next).ok_or_else(shape)?;
            if cursor == "0" {
                return Ok(erased);
            }
        }
    }

    fn owns(&self, key: &[u8]) -> bool {
        key.starts_with(self.keys.base().as_bytes()) || key.starts_with(self.keys.own().as_bytes())
    }
}

/// Text that a pattern takes literally.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| if "*?[]\\^-".contains(c) { vec!['\\', c] } else { vec![c] }).collect()
}
