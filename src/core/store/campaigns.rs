//! This file remembers which file was added as which campaign, so that a changed file is not sent again by accident.
//!
//! `wq:<prefix>:<queue>:files` HASH: digest of the file's path -> `<ms of the last run> <campaign>`. Written and read by
//! `wq bulk`; the key expires 30 days after the last run of any file, an entry counts for 30 days after its own.

use std::time::Duration;

use super::error::StoreError;
use super::queue::Queue;
use crate::core::model::clock::Millis;

/// How long a file is remembered: as long as its row ids are sure to be in the ledger.
pub const FILE_MEMORY: Duration = Duration::from_hours(30 * 24);

impl Queue {
    /// The campaign that this file was last added as, if that is less than [`FILE_MEMORY`] ago.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn campaign_of_file(&self, file: &str) -> Result<Option<String>, StoreError> {
        let mut commands = redis::pipe();
        commands.cmd("HGET").arg(self.keys.ours("files")).arg(file).cmd("TIME");
        let (entry, (now_s, _)): (Option<String>, (u64, u64)) = self.link.clone().query_all(&commands).await?;
        Ok(entry.as_deref().and_then(|entry| campaign_in(entry, now_s * 1000)).map(str::to_owned))
    }

    /// Remembers that this file is being added as that campaign.
    ///
    /// # Errors
    /// When the server can't be asked or refuses to store.
    pub async fn remember_file(&self, file: &str, campaign: &str) -> Result<(), StoreError> {
        let mut link = self.link.clone();
        let (now_s, _): (u64, u64) = link.query(&redis::cmd("TIME")).await?;
        let key = self.keys.ours("files");
        let mut commands = redis::pipe();
        commands.cmd("HSET").arg(&key).arg(file).arg(format!("{} {campaign}", now_s * 1000)).ignore();
        commands.cmd("EXPIRE").arg(&key).arg(FILE_MEMORY.as_secs()).ignore();
        link.query_all(&commands).await
    }
}

fn campaign_in(entry: &str, now: Millis) -> Option<&str> {
    let (at, campaign) = entry.split_once(' ')?;
    let age = now.saturating_sub(at.parse().ok()?);
    (u128::from(age) < FILE_MEMORY.as_millis()).then_some(campaign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_remembered_for_30_days() {
        let day = 24 * 60 * 60 * 1000;

        assert_eq!(campaign_in("1000 bf 26", 1000 + 30 * day - 1), Some("bf 26"));
        assert_eq!(campaign_in("1000 bf 26", 1000 + 30 * day), None);
        assert_eq!(campaign_in("damaged", 0), None);
    }
}
