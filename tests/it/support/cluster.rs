//! A real Redis Cluster of the test's own: three masters on private ports, and a replica for one of them if asked.

use std::collections::BTreeMap;
use std::time::Duration;

use super::command::Wq;
use super::server::free_port;
use super::{Server, eventually};

/// How long the nodes may take to agree.
const SOON: Duration = Duration::from_mins(1);
/// The first slot of each master, and the end.
const BORDERS: [u16; 4] = [0, 5461, 10_923, 16_384];

/// Nodes that end with the test.
pub(crate) struct Cluster {
    /// The three masters, then the replica of the first.
    pub(crate) nodes: Vec<Server>,
}

impl Cluster {
    /// Three masters that keep nothing on disk.
    pub(crate) fn start() -> Self {
        Self::launch(3, &[])
    }

    /// Three masters that come back with what they acknowledged.
    pub(crate) fn durable() -> Self {
        Self::launch(3, &["--appendonly", "yes"])
    }

    /// Three masters, and a replica that takes the first one's place when that has been gone for two seconds.
    pub(crate) fn with_replica() -> Self {
        let cluster = Self::launch(4, &["--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0"]);
        let first: String = cluster.nodes[0].ask("CLUSTER MYID");
        let replica = &cluster.nodes[3];
        eventually(SOON, "the replica knows its master", || {
            redis::cmd("CLUSTER").arg("REPLICATE").arg(&first).query::<()>(&mut replica.connection()).ok()
        });
        eventually(SOON, "the replica is up to date", || {
            let replication: String = replica.ask("INFO replication");
            replication.contains("master_link_status:up").then_some(())
        });
        // Whether it may be elected is decided by what the others have heard of it.
        eventually(SOON, "every node knows the replica", || {
            cluster.nodes.iter().all(|node| node.ask::<String>("CLUSTER NODES").contains(&format!("slave {first}"))).then_some(())
        });
        cluster
    }

    fn launch(count: usize, extra: &[&str]) -> Self {
        let nodes: Vec<Server> = (0..count)
            .map(|_| {
                let bus = free_port().to_string();
                let mut options = vec!["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-config-file", "nodes.conf"];
                options.extend(extra);
                Server::with(&options)
            })
            .collect();
        for (node, ends) in nodes.iter().zip(BORDERS.windows(2)) {
            node.ask::<()>(&format!("CLUSTER ADDSLOTSRANGE {} {}", ends[0], ends[1] - 1));
        }
        for (epoch, node) in nodes.iter().enumerate() {
            node.ask::<()>(&format!("CLUSTER SET-CONFIG-EPOCH {}", epoch + 1));
        }
        for node in &nodes[1..] {
            let bus = node.ask::<Vec<String>>("CONFIG GET cluster-port").remove(1);
            nodes[0].ask::<()>(&format!("CLUSTER MEET 127.0.0.1 {} {bus}", node.port()));
        }
        let cluster = Self { nodes };
        cluster.settle();
        cluster
    }

    /// Waits until every node knows all others and who has which slot.
    pub(crate) fn settle(&self) {
        for node in &self.nodes {
            eventually(SOON, "the cluster is ready", || {
                let info: String = node.ask("CLUSTER INFO");
                let known = format!("cluster_known_nodes:{}", self.nodes.len());
                (info.contains("cluster_state:ok") && info.contains(&known)).then_some(())
            });
        }
    }

    /// The address for `--redis`: all nodes.
    pub(crate) fn url(&self) -> String {
        let hosts: Vec<String> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        format!("redis://{}", hosts.join(","))
    }

    /// A command that talks to this cluster.
    pub(crate) fn wq(&self) -> Wq {
        Wq::bare().env("WQ_REDIS_URL", self.url()).env("WQ_REDIS_CLUSTER", "1")
    }

    /// Which of the nodes has the slot of this key.
    pub(crate) fn home_of(&self, key: &str) -> usize {
        let slot: u16 = self.nodes[0].ask(&format!("CLUSTER KEYSLOT {key}"));
        BORDERS.windows(2).position(|ends| (ends[0]..ends[1]).contains(&slot)).unwrap()
    }

    /// Moves a slot with its keys, key by key as `redis-cli --cluster reshard` does; `half_way` is called when some are gone.
    pub(crate) fn migrate(&self, slot: u16, from: usize, to: usize, half_way: impl FnOnce()) {
        let (source, target) = (&self.nodes[from], &self.nodes[to]);
        let (source_id, target_id): (String, String) = (source.ask("CLUSTER MYID"), target.ask("CLUSTER MYID"));
        target.ask::<()>(&format!("CLUSTER SETSLOT {slot} IMPORTING {source_id}"));
        source.ask::<()>(&format!("CLUSTER SETSLOT {slot} MIGRATING {target_id}"));
        let mut half_way = Some(half_way);
        loop {
            let keys: Vec<String> = source.ask(&format!("CLUSTER GETKEYSINSLOT {slot} 10"));
            if keys.is_empty() {
                break;
            }
            for key in keys {
                // A key that expired meanwhile is answered with NOKEY.
                let moved = redis::cmd("MIGRATE").arg("127.0.0.1").arg(target.port()).arg(&key).arg(0).arg(5000).clone();
                moved.query::<String>(&mut source.connection()).unwrap();
            }
            if let Some(half_way) = half_way.take() {
                half_way();
            }
        }
        for node in [target, source].into_iter().chain(self.nodes.iter()) {
            // Replicas don't take it, and learn it from their master.
            redis::cmd("CLUSTER").arg("SETSLOT").arg(slot).arg("NODE").arg(&target_id).query::<()>(&mut node.connection()).ok();
        }
    }

    /// How often each error was answered, over all nodes.
    pub(crate) fn errors(&self) -> BTreeMap<String, u64> {
        let mut errors = BTreeMap::new();
        for node in &self.nodes {
            let statistics: String = node.ask("INFO errorstats");
            for line in statistics.lines() {
                let Some((name, count)) = line.strip_prefix("errorstat_").and_then(|line| line.split_once(":count=")) else { continue };
                *errors.entry(name.to_owned()).or_default() += count.trim().parse::<u64>().unwrap();
            }
        }
        errors
    }
}
