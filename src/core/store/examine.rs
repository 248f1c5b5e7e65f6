//! This file asks a server what its data is worth after a crash, and a queue for jobs that nobody holds.

use super::codec::unsigned;
use super::connect::{Link, info_field};
use super::error::StoreError;
use super::queue::Queue;
use super::server::ServerFacts;
use crate::core::model::state::JobState;

/// What a server says about keeping data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examination {
    /// Version, memory, and whether every write goes to the append-only file.
    pub facts: ServerFacts,
    /// `always`, `everysec` or `no`; `None` when it doesn't tell.
    pub fsync: Option<String>,
    /// Whether it takes snapshots by itself; `None` when it doesn't tell.
    pub snapshots: Option<bool>,
    /// `noeviction`, or what it removes when memory is full.
    pub eviction: String,
    /// Keys that it removed for want of memory since its start.
    pub evicted: u64,
    /// Whether it is a copy of another server, which takes no writes.
    pub is_replica: bool,
    /// Copies of it that are connected.
    pub replicas: u64,
    /// How many copies must be in step before it takes a write; `None` when it doesn't tell.
    pub min_replicas: Option<u64>,
    /// What it could not write the last time: the append-only file, its rewriting, a snapshot.
    pub failed_writes: Vec<&'static str>,
}

/// Active jobs that nobody holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unheld {
    /// Active jobs that were looked at, the oldest first.
    pub looked_at: u64,
    /// Those without a lock.
    pub ids: Vec<String>,
}

/// The lines of INFO that tell what could not be written.
const WRITES: [(&str, &str); 3] = [
    ("aof_last_write_status", "the append-only file"),
    ("aof_last_bgrewrite_status", "a new append-only file"),
    ("rdb_last_bgsave_status", "a snapshot"),
];

impl Link {
    /// Every server that has keys, examined; just the one without a cluster.
    ///
    /// # Errors
    /// When one of them can't be asked.
    pub async fn examine(&self) -> Result<Vec<Examination>, StoreError> {
        let mut examinations = Vec::new();
        for mut node in self.masters().await? {
            examinations.push(node.examine_this().await?);
        }
        Ok(examinations)
    }

    async fn examine_this(&mut self) -> Result<Examination, StoreError> {
        let facts = self.facts().await?;
        let info: String = self.query(&redis::cmd("INFO")).await?;
        let settings = self.settings_of_durability().await?;
        let setting = |name: &str| settings.iter().position(|word| word == name).and_then(|at| settings.get(at + 1)).cloned();
        let number = |name: &str| info_field(&info, name).and_then(|text| text.parse().ok()).unwrap_or(0);
        let failed = WRITES.into_iter().filter(|(name, _)| info_field(&info, name).is_some_and(|status| status != "ok"));
        Ok(Examination {
            facts,
            fsync: setting("appendfsync"),
            snapshots: setting("save").map(|save| !save.trim().is_empty()),
            eviction: info_field(&info, "maxmemory_policy").unwrap_or_default().to_owned(),
            evicted: number("evicted_keys"),
            is_replica: info_field(&info, "role") == Some("slave"),
            replicas: number("connected_slaves"),
            min_replicas: setting("min-replicas-to-write").and_then(|text| text.parse().ok()),
            failed_writes: failed.map(|(_, what)| what).collect(),
        })
    }

    /// Names and values in turn; nothing where the login may not ask, as with most servers that somebody else runs.
    async fn settings_of_durability(&mut self) -> Result<Vec<String>, StoreError> {
        let command = redis::cmd("CONFIG").arg("GET").arg("appendfsync").arg("save").arg("min-replicas-to-write").clone();
        match self.query(&command).await {
            Err(StoreError::Server { .. } | StoreError::Refused { .. } | StoreError::Forbidden { .. }) => Ok(Vec::new()),
            answer => answer,
        }
    }
}

impl Queue {
    /// The active jobs without a lock among the `most` oldest: their worker is gone, or somebody moved them by hand.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn unheld_active(&self, most: u64) -> Result<Unheld, StoreError> {
        let ids = self.page_ids(JobState::Active, 0, most).await?;
        if ids.is_empty() {
            return Ok(Unheld::default());
        }
        let mut commands = redis::pipe();
        for id in &ids {
            commands.cmd("EXISTS").arg(self.keys.bullmq(&format!("{id}:lock")));
        }
        let locks: Vec<redis::Value> = self.link.clone().query_all(&commands).await?;
        let looked_at = ids.len() as u64;
        let ids = ids.into_iter().zip(locks).filter(|(_, lock)| unsigned(lock) == 0).map(|(id, _)| id).collect();
        Ok(Unheld { looked_at, ids })
    }
}
