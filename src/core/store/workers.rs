//! This file knows which workers are connected, ours and Node's, and how a worker makes itself known.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::connect::{LIB_NAME, Link};
use super::error::StoreError;
use super::queue::Queue;
use crate::core::model::queue::{Prefix, QueueName};

/// A connected worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerInfo {
    /// What it calls itself.
    pub name: Option<String>,
    /// Where it connects from.
    pub address: String,
    /// How long it has been connected, seconds.
    pub age_s: u64,
    /// How long its waiting connection has been silent, seconds.
    pub idle_s: u64,
    /// Whether it is a `wq` worker.
    pub ours: bool,
}

/// The queues with that prefix that somebody is connected for, by name: what is in the server need not be gone through.
///
/// # Errors
/// When the server can't be asked.
pub async fn queues_at_work(link: &Link, prefix: &Prefix) -> Result<Vec<QueueName>, StoreError> {
    let mut names = BTreeSet::new();
    for mut node in link.everywhere().await? {
        let clients: String = node.query(redis::cmd("CLIENT").arg("LIST")).await?;
        names.extend(clients.lines().filter_map(|line| read_queue(line, prefix)));
    }
    Ok(names.into_iter().collect())
}

impl Queue {
    /// The connected workers of this queue. On a cluster BullMQ names whichever connections it has at the moment, to any node, some
    /// workers several: those on the node with the most of them count, as for BullMQ's `getWorkers`. Ours name one, exactly.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn workers(&self) -> Result<Vec<WorkerInfo>, StoreError> {
        let (mut workers, mut others) = (Vec::new(), Vec::new());
        for mut node in self.link.everywhere().await? {
            let clients: String = node.query(redis::cmd("CLIENT").arg("LIST")).await?;
            let (ours, theirs): (Vec<_>, Vec<_>) = read_workers(&clients, self).into_iter().partition(|worker| worker.ours);
            workers.extend(ours);
            if theirs.len() > others.len() {
                others = theirs;
            }
        }
        workers.extend(others);
        Ok(workers)
    }

    /// The name by which BullMQ finds the connection of a worker: `<prefix>:<base64 of the queue>[:w:<name>]`.
    pub(super) fn client_name(&self, worker: Option<&str>) -> String {
        let queue = STANDARD.encode(self.name().as_str());
        let root = format!("{}:{queue}", self.prefix());
        worker.map_or_else(|| root.clone(), |name| format!("{root}:w:{name}"))
    }
}

/// The workers of this queue in a reply of `CLIENT LIST`.
fn read_workers(clients: &str, queue: &Queue) -> Vec<WorkerInfo> {
    let root = queue.client_name(None);
    clients.lines().filter_map(|line| read_worker(line, &root)).collect()
}

fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split(' ').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
}

fn read_queue(line: &str, prefix: &Prefix) -> Option<QueueName> {
    let rest = field(line, "name")?.strip_prefix(prefix.as_str())?.strip_prefix(':')?;
    let encoded = rest.split_once(':').map_or(rest, |(encoded, _)| encoded);
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?.parse().ok()
}

fn read_worker(line: &str, root: &str) -> Option<WorkerInfo> {
    let field = |name: &str| field(line, name);
    let rest = field("name")?.strip_prefix(root)?;
    let name = match rest {
        "" => None,
        _ => Some(rest.strip_prefix(":w:")?.to_owned()),
    };
    let seconds = |name: &str| field(name).and_then(|text| text.parse().ok()).unwrap_or(0);
    Some(WorkerInfo {
        name,
        address: field("addr").unwrap_or_default().to_owned(),
        age_s: seconds("age"),
        idle_s: seconds("idle"),
        ours: field("lib-name") == Some(LIB_NAME),
    })
}
