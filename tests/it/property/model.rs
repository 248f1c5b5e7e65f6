//! What a queue is, in memory: the least that says where every job must be after each step.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::steps::{Ending, Entry, Kind};

/// What is known of one job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) priority: u64,
    pub(super) attempts_made: u64,
    pub(super) attempts_started: u64,
    pub(super) stalls: u64,
    /// Must be failed by whoever takes it next.
    pub(super) doomed: bool,
}

/// The queue. Every id is in exactly one of the places.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) jobs: BTreeMap<String, Known>,
    /// Next to run first.
    pub(super) waiting: VecDeque<String>,
    /// By priority, next to run first.
    ranked: BTreeMap<u64, VecDeque<String>>,
    /// Delayed ones whose moment has come, first due first.
    due: VecDeque<String>,
    /// Those whose moment is far away.
    far: BTreeSet<String>,
    /// Oldest first.
    pub(super) active: Vec<String>,
    pub(super) completed: BTreeSet<String>,
    pub(super) failed: BTreeSet<String>,
    /// The token of each lock.
    pub(super) locks: BTreeMap<String, String>,
    /// What the last stalled pass saw active.
    marked: BTreeSet<String>,
    pub(super) paused: bool,
    pub(super) most_active: Option<usize>,
}

impl Model {
    /// Ids with a priority, next to run first.
    pub(super) fn prioritized(&self) -> Vec<String> {
        self.ranked.values().flatten().cloned().collect()
    }

    /// Every delayed id.
    pub(super) fn delayed(&self) -> BTreeSet<String> {
        self.far.iter().chain(&self.due).cloned().collect()
    }

    /// Ids whose moment is far away.
    pub(super) fn far(&self) -> Vec<String> {
        self.far.iter().cloned().collect()
    }

    /// Whether a job could start now.
    pub(super) fn has_work(&self) -> bool {
        !self.waiting.is_empty() || self.ranked.values().any(|line| !line.is_empty())
    }

    /// Whether each was stored.
    pub(super) fn add(&mut self, entries: &[Entry]) -> Vec<bool> {
        entries.iter().map(|entry| self.add_one(entry)).collect()
    }

    fn add_one(&mut self, entry: &Entry) -> bool {
        let id = entry.id();
        if self.jobs.contains_key(&id) {
            return false;
        }
        let priority = match entry.kind {
            Kind::Prioritized(priority) | Kind::DelayedPrioritized(priority) => u64::from(priority),
            _ => 0,
        };
        self.jobs.insert(id.clone(), Known { priority, ..Known::default() });
        match entry.kind {
            Kind::Delayed | Kind::DelayedPrioritized(_) => {
                self.far.insert(id);
            }
            Kind::Lifo => self.waiting.push_front(id),
            Kind::Plain | Kind::Prioritized(_) => self.line_up(id),
        }
        true
    }

    /// Its moment has come, after all whose moment came before.
    pub(super) fn fall_due(&mut self, id: &str) {
        if self.far.remove(id) {
            self.due.push_back(id.to_owned());
        }
    }

    /// The ids that start, in order.
    pub(super) fn take(&mut self, want: usize, token: &str) -> Vec<String> {
        for id in std::mem::take(&mut self.due) {
            self.line_up(id);
        }
        if self.paused {
            return Vec::new();
        }
        let room = self.most_active.map_or(want, |most| want.min(most.saturating_sub(self.active.len())));
        let taken: Vec<String> = std::iter::from_fn(|| self.next()).take(room).collect();
        for id in &taken {
            self.jobs.get_mut(id).unwrap().attempts_started += 1;
            self.active.push(id.clone());
            self.locks.insert(id.clone(), token.to_owned());
        }
        taken
    }

    fn next(&mut self) -> Option<String> {
        self.waiting.pop_front().or_else(|| self.ranked.values_mut().find_map(VecDeque::pop_front))
    }

    /// Whether the outcome was stored.
    pub(super) fn settle(&mut self, id: &str, token: &str, ending: Ending) -> bool {
        if !self.jobs.contains_key(id) || self.locks.get(id).is_none_or(|lock| lock != token) {
            return false;
        }
        self.locks.remove(id);
        self.marked.remove(id);
        self.active.retain(|active| active != id);
        let job = self.jobs.get_mut(id).unwrap();
        if !matches!(ending, Ending::Wait | Ending::Release) {
            job.attempts_made += 1;
        }
        match ending {
            Ending::Complete => {
                self.completed.insert(id.to_owned());
            }
            Ending::Fail => {
                job.doomed = false;
                self.failed.insert(id.to_owned());
            }
            Ending::CompleteAndForget | Ending::FailAndForget => {
                self.jobs.remove(id);
            }
            Ending::RetryFirst if job.priority == 0 => self.waiting.push_front(id.to_owned()),
            Ending::Retry | Ending::RetryFirst => self.line_up(id.to_owned()),
            Ending::RetryLater | Ending::Wait => {
                self.far.insert(id.to_owned());
            }
            Ending::Release => self.line_up_in_front(id.to_owned()),
        }
        true
    }

    pub(super) fn lose_lock(&mut self, id: &str) {
        self.locks.remove(id);
    }

    /// The ids that come back in a stalled pass, in no order.
    pub(super) fn stalled(&self) -> BTreeSet<String> {
        self.marked.iter().filter(|id| self.active.contains(id) && !self.locks.contains_key(*id)).cloned().collect()
    }

    /// A stalled pass that brought these back, in this order.
    pub(super) fn recover(&mut self, ids: &[String]) {
        for id in ids {
            self.active.retain(|active| active != id);
            let job = self.jobs.get_mut(id).unwrap();
            job.stalls += 1;
            job.doomed |= job.stalls > 1;
            self.waiting.push_front(id.clone());
        }
        self.marked = self.active.iter().cloned().collect();
    }

    /// Gives back what is locked by this owner and not among the known; returns what went.
    pub(super) fn reclaim(&mut self, owner: &str, known: &[(String, Arc<str>)]) -> Vec<String> {
        let is_known = |id: &str, lock: &str| known.iter().any(|(known, token)| known == id && **token == *lock);
        let is_lost = |id: &String| self.locks.get(id).is_some_and(|lock| lock.starts_with(owner) && !is_known(id, lock));
        let gone: Vec<String> = self.active.iter().rev().filter(|id| is_lost(id)).cloned().collect();
        for id in &gone {
            self.locks.remove(id);
            self.marked.remove(id);
            self.active.retain(|active| active != id);
            self.line_up_in_front(id.clone());
        }
        gone
    }

    /// Whether each was put back; `None` when there is no such job.
    pub(super) fn retry(&mut self, id: &str, from_failed: bool, keep_attempts: bool) -> Option<bool> {
        let job = self.jobs.get_mut(id)?;
        let set = if from_failed { &mut self.failed } else { &mut self.completed };
        if !set.remove(id) {
            return Some(false);
        }
        if !keep_attempts {
            (job.attempts_made, job.stalls) = (0, 0);
        }
        self.line_up(id.to_owned());
        Some(true)
    }

    /// As [`Self::retry`].
    pub(super) fn promote(&mut self, id: &str) -> Option<bool> {
        self.jobs.get(id)?;
        let was_due = self.due.iter().position(|due| due == id).and_then(|place| self.due.remove(place)).is_some();
        let was_delayed = self.far.remove(id) || was_due;
        if was_delayed {
            self.line_up(id.to_owned());
        }
        Some(was_delayed)
    }

    /// As [`Self::retry`]: only a delayed one can be due another time.
    pub(super) fn update(&mut self, id: &str, priority: Option<u64>, first: bool, later: bool) -> Option<bool> {
        self.jobs.get(id)?;
        if later && !self.delayed().contains(id) {
            return Some(false);
        }
        if let Some(priority) = priority {
            let waits = self.waiting.iter().chain(self.ranked.values().flatten()).any(|other| other == id);
            self.leave_line(id);
            self.jobs.get_mut(id).unwrap().priority = priority;
            match (waits, first) {
                (false, _) => {}
                (true, true) => self.line_up_in_front(id.to_owned()),
                (true, false) => self.line_up(id.to_owned()),
            }
        }
        if later {
            self.due.retain(|other| other != id);
            self.far.insert(id.to_owned());
        }
        Some(true)
    }

    fn leave_line(&mut self, id: &str) {
        self.waiting.retain(|other| other != id);
        self.ranked.values_mut().for_each(|line| line.retain(|other| other != id));
    }

    /// Whether it went: not while somebody has it; `None` when there is no such job.
    pub(super) fn remove(&mut self, id: &str) -> Option<bool> {
        self.jobs.get(id)?;
        if self.locks.contains_key(id) {
            return Some(false);
        }
        self.jobs.remove(id);
        self.leave_line(id);
        self.due.retain(|other| other != id);
        self.far.remove(id);
        self.active.retain(|other| other != id);
        self.completed.remove(id);
        self.failed.remove(id);
        Some(true)
    }

    /// Removes all of these that nobody has; returns how many.
    pub(super) fn remove_all(&mut self, ids: impl IntoIterator<Item = String>) -> u64 {
        ids.into_iter().map(|id| u64::from(self.remove(&id) == Some(true))).sum()
    }

    fn line_up(&mut self, id: String) {
        self.line_of(&id).push_back(id);
    }

    fn line_up_in_front(&mut self, id: String) {
        self.line_of(&id).push_front(id);
    }

    fn line_of(&mut self, id: &str) -> &mut VecDeque<String> {
        match self.jobs[id].priority {
            0 => &mut self.waiting,
            priority => self.ranked.entry(priority).or_default(),
        }
    }
}
