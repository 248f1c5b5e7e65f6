//! What must hold of any queue, whatever happened to it: each id in one place and with its job, each lock on an active one.

use std::collections::{BTreeMap, BTreeSet};

/// Where jobs can be, as lists and as sorted sets.
const LISTS: [&str; 3] = ["wait", "active", "paused"];
const SETS: [&str; 5] = ["prioritized", "delayed", "completed", "failed", "waiting-children"];
/// Parts of a queue that are no jobs and no places of jobs.
const NO_JOBS: [&str; 9] = ["pc", "marker", "meta", "events", "id", "limiter", "stalled", "stalled-check", "repeat"];
/// What stands behind a job's id in the names of keys that belong to it.
const PARTS: [&str; 5] = [":dependencies", ":processed", ":logs", ":failed", ":unsuccessful"];

/// A queue as it is on the server.
pub(crate) struct Structure {
    /// The places of each id.
    pub(crate) places: BTreeMap<String, Vec<&'static str>>,
    hashes: BTreeSet<String>,
    /// Tokens by the ids of their jobs.
    pub(crate) locks: BTreeMap<String, String>,
    held: BTreeSet<String>,
}

impl Structure {
    /// Reads the queue with this name and BullMQ's usual prefix. Nobody may be working on it.
    pub(crate) fn read(connection: &mut redis::Connection, queue: &str) -> Self {
        let base = format!("bull:{queue}:");
        let mut places: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
        let read = |command: &str, place: &str, connection: &mut redis::Connection| {
            redis::cmd(command).arg(format!("{base}{place}")).arg(0).arg(-1).query::<Vec<String>>(connection).unwrap()
        };
        for (command, names) in [("LRANGE", &LISTS[..]), ("ZRANGE", &SETS[..])] {
            for place in names {
                for id in read(command, place, connection) {
                    places.entry(id).or_default().push(place);
                }
            }
        }
        let keys: Vec<String> = redis::cmd("KEYS").arg(format!("{base}*")).query(connection).unwrap();
        let is_place = |name: &str| LISTS.contains(&name) || SETS.contains(&name) || NO_JOBS.contains(&name);
        let is_part =
            |name: &str| PARTS.iter().any(|part| name.ends_with(part)) || ["de:", "metrics:"].iter().any(|head| name.starts_with(head));
        let schedulers = read("ZRANGE", "repeat", connection);
        let is_scheduler = |name: &str| name.strip_prefix("repeat:").is_some_and(|id| schedulers.iter().any(|scheduler| scheduler == id));
        let names = keys.iter().map(|key| &key[base.len()..]).filter(|name| !is_place(name) && !is_part(name) && !is_scheduler(name));
        let (locked, hashes): (Vec<&str>, Vec<&str>) = names.partition(|name| name.ends_with(":lock"));
        let mut lock = |name: &str| redis::cmd("GET").arg(format!("{base}{name}")).query::<String>(connection).unwrap();
        let locks = locked.iter().map(|name| (name.trim_end_matches(":lock").to_owned(), lock(name))).collect();
        let held = redis::cmd("HKEYS").arg(format!("wq:{base}held")).query(connection).unwrap();
        Self { places, hashes: hashes.into_iter().map(str::to_owned).collect(), locks, held }
    }

    /// What doesn't fit together, in words; nothing in a sound queue.
    pub(crate) fn faults(&self) -> Vec<String> {
        let doubled =
            self.places.iter().filter(|(_, places)| places.len() > 1).map(|(id, places)| format!("{id} is in {}", places.join(" and ")));
        let homeless = self.hashes.iter().filter(|id| !self.places.contains_key(*id)).map(|id| format!("{id} is nowhere"));
        let empty = self.places.keys().filter(|id| !self.hashes.contains(*id)).map(|id| format!("{id} has no job"));
        let is_in = |id: &str, place: &str| self.places.get(id).is_some_and(|places| places.contains(&place));
        let strays = self.locks.keys().filter(|id| !is_in(id, "active")).map(|id| format!("{id} has a lock and is not active"));
        let unseen = self.held.iter().filter(|id| !is_in(id, "failed")).map(|id| format!("{id} is held and not among the failed"));
        doubled.chain(homeless).chain(empty).chain(strays).chain(unseen).collect()
    }
}
