//! This file is what a worker remembers of its sends when the server does not: it keeps the journal, and tells from it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::journal::{Fate, Found, Intent, Journal, JournalError, Owner, Remembered, digest, orphans};
use super::rules::JournalRules;
use super::transport::Outcome;
use crate::core::model::clock::Millis;
use crate::core::store::Queue;
use crate::core::store::barrier::{Barrier, History, TellRules, Testimony, Told};
use crate::core::store::error::StoreError;
use crate::core::store::take::{Content, TakenJob};

/// How often a shut barrier is looked at.
const BARRIER_PAUSE: Duration = Duration::from_millis(50);
/// How often a journal is tried again that can't be written.
pub(super) const FULL_PAUSE: Duration = Duration::from_secs(1);
/// What a job of a dead worker is held for, when even its intent is forgotten.
const DIED: &str = "uncertain: its worker died while sending it, and the server forgot that";

/// A worker's memory. One that only seems to send has none but takes its part all the same, so that nobody waits for it.
#[derive(Debug)]
pub(super) struct Witness {
    journal: Option<Journal>,
    folder: Option<PathBuf>,
    fates: Vec<(String, Arc<str>, Fate)>,
    history: Option<History>,
    /// When the journal is tried again that could not be written.
    full_until: Option<Instant>,
}

impl Witness {
    /// One without a journal.
    pub(super) fn without_journal() -> Self {
        Self { journal: None, folder: None, fates: Vec::new(), history: None, full_until: None }
    }

    /// Begins a journal.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn begin(rules: &JournalRules, queue: &Queue, incarnation: &str) -> Result<Self, JournalError> {
        let owner = Owner {
            server: queue.link().server().to_string(),
            prefix: queue.prefix().to_string(),
            queue: queue.name().to_string(),
            incarnation: incarnation.to_owned(),
        };
        let journal = Journal::create(&rules.folder, owner, String::new(), rules.sync)?;
        Ok(Self { journal: Some(journal), folder: Some(rules.folder.clone()), ..Self::without_journal() })
    }

    /// Whether anything is to be written down.
    pub(super) fn keeps_journal(&self) -> bool {
        self.journal.is_some()
    }

    /// That this job is sent next; `at` is now by the server's clock. Nothing for one that can't be read.
    pub(super) fn intent(taken: &TakenJob, at: Millis) -> Option<Intent> {
        let Content { job, .. } = taken.content.as_ref().ok()?;
        Some(Intent {
            id: taken.id.clone(),
            token: taken.token.as_ref().to_owned(),
            attempt: job.attempt,
            digest: digest(job.data.get(), &job.stable_key),
            at,
        })
    }

    /// Writes down that these are sent next. When it can't, none of them may be sent.
    pub(super) async fn intend(&mut self, intents: Vec<Intent>) -> bool {
        let Some(journal) = &mut self.journal else { return true };
        match journal.intend(intents).await {
            Ok(()) => true,
            Err(error) => {
                self.note_full(&error);
                false
            }
        }
    }

    /// Remembers what became of a send, until [`Self::write_outcomes`]; nothing: it was none in the end.
    pub(super) fn note(&mut self, taken: &TakenJob, outcome: Option<&Outcome>) {
        if self.journal.is_none() {
            return;
        }
        let fate = match outcome {
            Some(Outcome::Accepted { reply, provider_id }) => Fate::Sent { provider_id: provider_id.clone(), reply: reply.clone() },
            Some(Outcome::Uncertain { reason }) => Fate::Unknown { reason: format!("uncertain: {reason}") },
            _ => Fate::Unsent,
        };
        self.fates.push((taken.id.clone(), Arc::clone(&taken.token), fate));
    }

    /// Writes down what was noted, before it is stored. A journal that can't be written keeps no outcome from being stored.
    pub(super) fn write_outcomes(&mut self, at: Millis) {
        let fates = std::mem::take(&mut self.fates);
        if let (Some(journal), false) = (&mut self.journal, fates.is_empty())
            && let Err(error) = journal.conclude(fates, at)
        {
            self.note_full(&error);
        }
    }

    /// Until when nothing can be sent because nothing can be written down; tries again when that is over.
    pub(super) fn full_until(&mut self) -> Option<Instant> {
        let (until, journal) = (self.full_until?, self.journal.as_mut()?);
        if until > Instant::now() {
            return Some(until);
        }
        match journal.probe() {
            Ok(()) => {
                tracing::warn!("the journal can be written again: sending goes on");
                self.full_until = None;
            }
            Err(error) => {
                tracing::debug!(%error, "still no room for the journal");
                self.full_until = Some(Instant::now() + FULL_PAUSE);
            }
        }
        self.full_until
    }

    fn note_full(&mut self, error: &JournalError) {
        if self.full_until.is_none() {
            tracing::error!(%error, "nothing more is sent until the journal can be written");
        }
        self.full_until = Some(Instant::now() + FULL_PAUSE);
    }

    /// Over a new connection, before anything else: tells a server that forgot something what was sent, also by workers of
    /// this machine that are no more, and waits until all others have done so. `mine` are the jobs this worker still has, with
    /// their tokens.
    ///
    /// # Errors
    /// When the connection is lost again: then all of it is done again over the next one.
    pub(super) async fn cross(
        &mut self,
        queue: &Queue,
        incarnation: &str,
        mine: &[(String, Arc<str>)],
        rules: &TellRules,
    ) -> Result<(), StoreError> {
        let history = queue.history().await?;
        let lacks = self.history.as_ref().is_some_and(|before| history.may_lack(before));
        let epoch = history.epoch(self.history.as_ref());
        if lacks {
            self.tell(queue, mine, rules).await?;
        }
        self.speak_for_the_dead(queue, &epoch, &history, rules).await?;
        let began = Instant::now();
        loop {
            match queue.barrier(&epoch, incarnation, lacks, true).await? {
                Barrier::Open { missing: 0 } => break,
                Barrier::Open { missing } => {
                    tracing::warn!(missing, "workers never said what they sent last: the server may have forgotten it");
                    break;
                }
                Barrier::Shut => tokio::time::sleep(BARRIER_PAUSE).await,
            }
        }
        if lacks {
            tracing::info!(waited_ms = began.elapsed().as_millis(), "all workers have told what they sent");
        }
        if let Some(Err(error)) = self.journal.as_mut().map(|journal| journal.note_server(&history.run_id)) {
            self.note_full(&error);
        }
        self.history = Some(history);
        Ok(())
    }

    async fn tell(&mut self, queue: &Queue, mine: &[(String, Arc<str>)], rules: &TellRules) -> Result<(), StoreError> {
        self.write_outcomes(0);
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let mine: HashMap<&str, &str> = mine.iter().map(|(id, token)| (id.as_str(), token.as_ref())).collect();
        let is_mine = |intent: &Intent| mine.get(intent.id.as_str()) == Some(&intent.token.as_str());
        let told: Vec<Told> = journal
            .remembered()
            .filter_map(|send| {
                let testimony = if is_mine(&send.intent) { Some(Testimony::Mine) } else { testimony(&send.fate) };
                testimony.map(|testimony| told(send, testimony))
            })
            .collect();
        let [sent, restored, held] = queue.tell(&told, &TellRules { has_forgotten: true, ..*rules }).await?;
        tracing::warn!(sends = told.len(), sent, restored, held, "the server is another one, or forgot something: told it what was sent");
        Ok(())
    }

    /// What dead workers of this machine wrote down: they can't say it themselves.
    async fn speak_for_the_dead(&self, queue: &Queue, epoch: &str, history: &History, rules: &TellRules) -> Result<(), StoreError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let server = queue.link().server().to_string();
        let found = orphans(folder, &server, queue.prefix().as_str(), queue.name().as_str());
        let found = found.unwrap_or_else(|error| {
            tracing::warn!(%error, folder = %folder.display(), "can't look for the journals of dead workers");
            Vec::new()
        });
        for orphan in found {
            let has_forgotten = orphan.run_id != history.run_id;
            let told: Vec<Told> = orphan.sends.iter().filter_map(|send| Some(told(send, last_word(send, has_forgotten)?))).collect();
            let [sent, _, held] = queue.tell(&told, &TellRules { has_forgotten, ..*rules }).await?;
            queue.barrier(epoch, &orphan.incarnation, has_forgotten, true).await?;
            if sent + held > 0 {
                tracing::warn!(sent, held, "settled sends of a dead worker from its journal");
            }
            Found::finish(orphan);
        }
        Ok(())
    }

    /// The end: every outcome is stored.
    pub(super) fn finish(self) {
        if let Some(journal) = self.journal {
            journal.finish();
        }
    }
}

fn told(send: &Remembered, testimony: Testimony) -> Told {
    let Intent { id, token, attempt, digest, at } = send.intent.clone();
    Told { id, token, attempt, digest, at, testimony }
}

/// What is to be said of a send that is over; nothing when it certainly was none.
fn testimony(fate: &Fate) -> Option<Testimony> {
    match fate {
        Fate::Sent { provider_id, reply } => Some(Testimony::Sent { provider_id: provider_id.clone(), reply: reply.clone() }),
        Fate::Unknown { reason } => Some(Testimony::Unknown { reason: reason.clone() }),
        Fate::Unsent | Fate::Open => None,
    }
}

/// What is to be said of a dead worker's send. Where the server knows its intent, recovery judges what was open.
fn last_word(send: &Remembered, has_forgotten: bool) -> Option<Testimony> {
    match &send.fate {
        Fate::Open if has_forgotten => Some(Testimony::Unknown { reason: DIED.to_owned() }),
        fate => testimony(fate),
    }
}
