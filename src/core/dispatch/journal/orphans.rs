//! This file finds the journals of workers that are no more, so that what they sent is not sent again.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use super::file::{Orphan, list};
use super::record::{Fate, Owner, Record};
use super::{MEMORY, Remembered};

/// What a dead worker left behind.
#[derive(Debug)]
pub struct Found {
    orphan: Orphan,
    /// Its incarnation.
    pub incarnation: String,
    /// The server process that it knew last; another one may have forgotten its last sends.
    pub run_id: String,
    /// The last send of each job, those that are further back than any server forgets left out unless they were under way.
    pub sends: Vec<Remembered>,
}

impl Found {
    /// It is settled; nobody needs it any more.
    pub fn finish(self) {
        let path = self.orphan.path().to_owned();
        if let Err(error) = self.orphan.remove() {
            tracing::warn!(path = %path.display(), %error, "the journal of a dead worker can't be removed");
        }
    }
}

/// The journals in `folder` of dead workers on this queue of this server. One that can't be read is told and left alone.
///
/// # Errors
/// When the folder can't be read.
pub fn orphans(folder: &Path, server: &str, prefix: &str, queue: &str) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for path in list(folder)? {
        match Orphan::open(&path) {
            Ok(Some(orphan)) => {
                let is_ours = |owner: &Owner| owner.server == server && owner.prefix == prefix && owner.queue == queue;
                found.extend(read(orphan, is_ours));
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(path = %path.display(), %error, "the journal of a dead worker can't be read"),
        }
    }
    Ok(found)
}

fn read(mut orphan: Orphan, is_ours: impl Fn(&Owner) -> bool) -> Option<Found> {
    let mut records = std::mem::take(&mut orphan.records).into_iter();
    let Some(Record::Owner(owner)) = records.next() else {
        tracing::warn!(path = %orphan.path().display(), "this is no journal");
        return None;
    };
    if !is_ours(&owner) {
        return None;
    }
    if orphan.torn > 0 {
        tracing::warn!(path = %orphan.path().display(), bytes = orphan.torn, "the end of a dead worker's journal is torn");
    }
    let (run_id, sends) = last_sends(records);
    Some(Found { orphan, incarnation: owner.incarnation, run_id, sends })
}

fn last_sends(records: impl Iterator<Item = Record>) -> (String, Vec<Remembered>) {
    let (mut last_run, mut sends) = (String::new(), HashMap::<String, Remembered>::new());
    let mut latest = 0;
    for record in records {
        match record {
            Record::Owner(_) => {}
            Record::Server { run_id } => last_run = run_id,
            Record::Intent(intent) => {
                let at = intent.at;
                latest = latest.max(at);
                sends.insert(intent.id.clone(), Remembered { intent, fate: Fate::Open, at });
            }
            Record::Outcome { id, token, at, fate } => {
                latest = latest.max(at);
                if let Some(send) = sends.get_mut(&id).filter(|send| send.intent.token == token) {
                    (send.fate, send.at) = (fate, at);
                }
            }
        }
    }
    // Its own last moment is what counts: nobody knows how long ago that was.
    let oldest = latest.saturating_sub(u64::try_from(MEMORY.as_millis()).unwrap_or(u64::MAX));
    let matters = |send: &Remembered| send.fate == Fate::Open || send.at >= oldest;
    (last_run, sends.into_values().filter(matters).collect())
}
