//! The journal that a worker keeps on its own disk: what it is about to send and what came of it, for when Redis forgets.
//!
//! Every send is written down before it begins, every outcome before it is stored. What lies further back than a server may
//! forget is dropped; sends that are under way never are. The format is in `record`, the file in `file`; what a dead worker
//! left behind is read by `orphans`.

mod file;
mod orphans;
mod record;

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha1_smol::Sha1;
use tokio::time::Instant;

use file::JournalFile;
pub use orphans::{Found, orphans};
use record::Record;
pub use record::{Digest, Fate, Intent, Owner};

use crate::core::model::clock::Millis;

/// How far back a server may forget what it acknowledged: with `appendfsync everysec` up to two seconds, a fail-over a few more.
pub const MEMORY: Duration = Duration::from_secs(15);
/// A file of this size begins anew, if half of it or more can go.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// What has to be true of what was written before it counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JournalSync {
    /// The system has it: it survives the death of the process.
    #[default]
    System,
    /// The disk has it: it survives a power cut, at the price of a wait for the disk before each batch of sends.
    Disk,
}

/// The journal could not be written.
#[derive(Debug, thiserror::Error)]
#[error("can't write the journal {path}: {source}")]
pub struct JournalError {
    path: PathBuf,
    source: io::Error,
}

/// What is known of the last send of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The send.
    pub intent: Intent,
    /// What came of it.
    pub fate: Fate,
    /// When that was known, by the server's clock; the moment of the intent while nothing is.
    pub at: Millis,
}

/// A worker's journal.
#[derive(Debug)]
pub struct Journal {
    file: JournalFile,
    owner: Owner,
    run_id: String,
    sync: JournalSync,
    sends: HashMap<String, (Remembered, Instant)>,
    /// Ids in the order of their last change, each with that moment.
    order: VecDeque<(String, Instant)>,
    most_bytes: u64,
    memory: Duration,
}

/// Whether a message is still the one that was sent.
pub fn digest(data: &str, stable_key: &str) -> Digest {
    let mut hash = Sha1::new();
    hash.update(data.as_bytes());
    hash.update(&[0]);
    hash.update(stable_key.as_bytes());
    hash.digest().bytes()
}

/// Makes the folder and shows that journals can be kept in it.
///
/// # Errors
/// When they can't: then nothing may be sent.
pub fn prepare(folder: &Path) -> Result<(), JournalError> {
    file::try_out(folder).map_err(|source| JournalError { path: folder.to_owned(), source })
}

impl Journal {
    /// Begins a journal in `folder`, which is made for this user alone.
    ///
    /// # Errors
    /// When the folder can't be made or written: then nothing may be sent.
    pub fn create(folder: &Path, owner: Owner, run_id: String, sync: JournalSync) -> Result<Self, JournalError> {
        let head = [Record::Owner(owner.clone()), Record::Server { run_id: run_id.clone() }];
        let file = JournalFile::create(folder, &owner.incarnation, &head);
        let file = file.map_err(|source| JournalError { path: folder.to_owned(), source })?;
        Ok(Self { file, owner, run_id, sync, sends: HashMap::new(), order: VecDeque::new(), most_bytes: MOST_BYTES, memory: MEMORY })
    }

    /// Writes down sends that are about to begin. None of them may begin when it fails.
    ///
    /// # Errors
    /// When it can't be written, as on a full disk.
    pub async fn intend(&mut self, intents: Vec<Intent>) -> Result<(), JournalError> {
        let records: Vec<Record> = intents.iter().cloned().map(Record::Intent).collect();
        self.write(&records)?;
        if self.sync == JournalSync::Disk {
            flush(self.file.handle()).await.map_err(|source| self.error(source))?;
        }
        let now = Instant::now();
        for intent in intents {
            self.order.push_back((intent.id.clone(), now));
            let at = intent.at;
            self.sends.insert(intent.id.clone(), (Remembered { intent, fate: Fate::Open, at }, now));
        }
        Ok(())
    }

    /// Writes down what became of sends: id, token and fate; `at` is now by the server's clock. What is not this worker's last send
    /// of the job is passed over. It is remembered even when it can't be written, and never waits for the disk: an outcome that a
    /// power cut takes along is one that nobody knows.
    ///
    /// # Errors
    /// When it can't be written, as on a full disk. The outcomes are true all the same: they are to be stored.
    pub fn conclude(&mut self, outcomes: Vec<(String, Arc<str>, Fate)>, at: Millis) -> Result<(), JournalError> {
        let (mut records, now) = (Vec::with_capacity(outcomes.len()), Instant::now());
        for (id, token, fate) in outcomes {
            let Some((send, since)) = self.sends.get_mut(&id).filter(|(send, _)| *send.intent.token == *token) else { continue };
            let at = at.max(send.at);
            (send.fate, send.at, *since) = (fate.clone(), at, now);
            self.order.push_back((id.clone(), now));
            records.push(Record::Outcome { id, token: token.as_ref().to_owned(), at, fate });
        }
        if records.is_empty() { Ok(()) } else { self.write(&records) }
    }

    /// From now on another process serves the queue.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn note_server(&mut self, run_id: &str) -> Result<(), JournalError> {
        if run_id == self.run_id {
            return Ok(());
        }
        run_id.clone_into(&mut self.run_id);
        self.write(&[Record::Server { run_id: run_id.to_owned() }])
    }

    /// Whether it can be written at all: asked again and again while the disk is full.
    ///
    /// # Errors
    /// When it can't.
    pub fn probe(&mut self) -> Result<(), JournalError> {
        self.write(&[Record::Server { run_id: self.run_id.clone() }])
    }

    /// The last sends that the server may have forgotten, and all that are under way.
    pub fn remembered(&mut self) -> impl Iterator<Item = &Remembered> {
        self.forget();
        self.sends.values().map(|(send, _)| send)
    }

    /// Ends it: every outcome is stored.
    pub fn finish(self) {
        let path = self.file.path().to_owned();
        if let Err(error) = self.file.remove() {
            tracing::warn!(path = %path.display(), %error, "the journal stays; the next worker removes it");
        }
    }

    fn write(&mut self, records: &[Record]) -> Result<(), JournalError> {
        self.begin_anew_if_long();
        self.file.append(records).map_err(|source| self.error(source))
    }

    fn error(&self, source: io::Error) -> JournalError {
        JournalError { path: self.file.path().to_owned(), source }
    }

    fn begin_anew_if_long(&mut self) {
        if self.file.length() < self.most_bytes {
            return;
        }
        self.forget();
        let mut records = vec![Record::Owner(self.owner.clone()), Record::Server { run_id: self.run_id.clone() }];
        for (send, _) in self.sends.values() {
            records.push(Record::Intent(send.intent.clone()));
            if send.fate != Fate::Open {
                let Intent { id, token, .. } = send.intent.clone();
                records.push(Record::Outcome { id, token, at: send.at, fate: send.fate.clone() });
            }
        }
        match self.file.rewrite(&records) {
            // So much is sent in that time that it needs more room.
            Ok(()) => self.most_bytes = MOST_BYTES.max(self.file.length() * 2),
            Err(error) => {
                tracing::warn!(path = %self.file.path().display(), %error, "the journal can't begin anew and grows");
                self.most_bytes += MOST_BYTES;
            }
        }
    }

    /// Drops what no server forgets any more.
    fn forget(&mut self) {
        let now = Instant::now();
        while let Some((id, since)) = self.order.front().filter(|(_, since)| now.duration_since(*since) > self.memory) {
            let is_over = |(send, last): &(Remembered, Instant)| last == since && send.fate != Fate::Open;
            if self.sends.get(id).is_some_and(is_over) {
                self.sends.remove(id);
            }
            self.order.pop_front();
        }
    }
}

async fn flush(file: Arc<File>) -> io::Result<()> {
    tokio::task::spawn_blocking(move || file.sync_data()).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        let [server, prefix, queue, incarnation] = ["127.0.0.1:6379/0", "bull", "whatsapp", "AbC"].map(str::to_owned);
        Owner { server, prefix, queue, incarnation }
    }

    fn journal(folder: &Path) -> Journal {
        Journal::create(folder, owner(), "run1".to_owned(), JournalSync::System).unwrap()
    }

    fn intent(id: &str, at: Millis) -> Intent {
        Intent { id: id.to_owned(), token: format!("wq.AbC.{at}"), attempt: 1, digest: digest("{}", id), at }
    }

    fn sent(provider_id: &str) -> Fate {
        Fate::Sent { provider_id: Some(provider_id.to_owned()), reply: "null".to_owned() }
    }

    fn found(folder: &Path) -> Vec<Found> {
        orphans(folder, "127.0.0.1:6379/0", "bull", "whatsapp").unwrap()
    }

    fn fates(found: &Found) -> Vec<(&str, &Fate)> {
        let mut fates: Vec<_> = found.sends.iter().map(|send| (send.intent.id.as_str(), &send.fate)).collect();
        fates.sort_by_key(|(id, _)| *id);
        fates
    }

    #[tokio::test]
    async fn what_a_dead_worker_sent_and_was_about_to_send_is_found_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = journal(folder.path());
        journal.intend(vec![intent("a", 1), intent("b", 2), intent("c", 3)]).await.unwrap();
        journal.conclude(vec![("a".to_owned(), "wq.AbC.1".into(), sent("m1")), ("b".to_owned(), "other".into(), sent("m2"))], 4).unwrap();
        journal.note_server("run2").unwrap();
        assert!(found(folder.path()).is_empty(), "its worker lives");

        drop(journal);

        let [orphan] = found(folder.path()).try_into().unwrap();
        assert_eq!(fates(&orphan), [("a", &sent("m1")), ("b", &Fate::Open), ("c", &Fate::Open)]);
        assert_eq!((orphan.incarnation.as_str(), orphan.run_id.as_str()), ("AbC", "run2"));
        orphan.finish();
        assert!(found(folder.path()).is_empty());
    }

    #[tokio::test]
    async fn journals_of_other_queues_are_left_alone_and_a_finished_one_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(journal(folder.path()));
        assert!(orphans(folder.path(), "127.0.0.1:6379/0", "bull", "other").unwrap().is_empty());
        assert!(orphans(folder.path(), "10.0.0.1:6379/0", "bull", "whatsapp").unwrap().is_empty());

        found(folder.path()).pop().unwrap().finish();
        journal(folder.path()).finish();

        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn of_a_dead_worker_only_the_last_seconds_matter_and_what_was_open() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = journal(folder.path());
        journal.intend(vec![intent("old", 1), intent("open", 2), intent("slow", 3)]).await.unwrap();
        journal.conclude(vec![("old".to_owned(), "wq.AbC.1".into(), sent("m1"))], 4).unwrap();
        journal.conclude(vec![("slow".to_owned(), "wq.AbC.3".into(), sent("m3"))], 30_000).unwrap();
        journal.intend(vec![intent("new", 31_000)]).await.unwrap();
        drop(journal);

        let [orphan] = found(folder.path()).try_into().unwrap();

        assert_eq!(fates(&orphan), [("new", &Fate::Open), ("open", &Fate::Open), ("slow", &sent("m3"))]);
    }

    #[tokio::test]
    async fn a_journal_stays_small_and_keeps_what_is_under_way() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = journal(folder.path());
        (journal.most_bytes, journal.memory) = (20_000, Duration::ZERO);
        journal.intend(vec![intent("open", 7)]).await.unwrap();
        for round in 0..100 {
            let ids: Vec<String> = (0..10).map(|n| format!("j{round}.{n}")).collect();
            journal.intend(ids.iter().map(|id| intent(id, 9)).collect()).await.unwrap();
            journal.conclude(ids.into_iter().map(|id| (id, "wq.AbC.9".into(), sent("m"))).collect(), 9).unwrap();
            journal.most_bytes = 20_000;
        }

        assert!(journal.file.length() < 25_000, "{} bytes", journal.file.length());
        journal.intend(vec![intent("last", 9)]).await.unwrap();
        assert_eq!(journal.remembered().count(), 2, "those under way");
        drop(journal);
        let [orphan] = found(folder.path()).try_into().unwrap();
        assert!(fates(&orphan).contains(&("open", &Fate::Open)));
        assert!(fates(&orphan).contains(&("j99.9", &sent("m"))));
    }

    #[tokio::test]
    async fn a_journal_that_goes_to_the_disk_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(folder.path(), owner(), "run1".to_owned(), JournalSync::Disk).unwrap();
        journal.intend(vec![intent("a", 1)]).await.unwrap();
        journal.probe().unwrap();
        drop(journal);

        assert_eq!(fates(&found(folder.path())[0]), [("a", &Fate::Open)]);
    }

    #[test]
    fn a_folder_that_can_not_be_written_is_told_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();

        let error = Journal::create(&folder.path().join("file"), owner(), String::new(), JournalSync::System).unwrap_err();

        assert!(error.to_string().contains("can't write the journal"), "{error}");
        assert!(error.to_string().contains("file"), "{error}");
    }
}
