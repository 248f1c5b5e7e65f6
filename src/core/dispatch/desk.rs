//! This file is the worker's desk: which jobs it holds, which run, which wait for their start, which for being stored.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::core::store::settle::Settlement;
use crate::core::store::take::TakenJob;

/// Locks of all jobs on the desk, shared with the heartbeat that renews them.
#[derive(Clone, Debug, Default)]
pub(super) struct HeldLocks(Arc<Mutex<HashMap<String, Arc<str>>>>);

impl HeldLocks {
    /// Every id with its token.
    pub(super) fn list(&self) -> Vec<(String, Arc<str>)> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().map(|(id, token)| (id.clone(), Arc::clone(token))).collect()
    }

    fn insert(&self, id: &str, token: &Arc<str>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), Arc::clone(token));
    }

    /// Only where the token is that one: the job may have been taken again meanwhile.
    fn remove(&self, settled: &[Settlement]) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for Settlement { id, token, .. } in settled {
            if held.get(id).is_some_and(|known| *known == *token) {
                held.remove(id);
            }
        }
    }
}

/// A job that waits for its start.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) taken: TakenJob,
    /// Its place in the pace; the moment it was taken without one.
    pub(super) start_at: Instant,
    /// How uncertain that moment is: the part of the round trip beyond the usual.
    pub(super) doubt: Duration,
}

/// What the worker holds. A slot of its concurrency is free again only when the outcome is stored, so that a crash
/// never leaves more unknown outcomes than that.
#[derive(Debug)]
pub(super) struct Desk {
    concurrency: usize,
    ready: VecDeque<Ready>,
    running: usize,
    unsettled: Vec<Settlement>,
    pub(super) locks: HeldLocks,
}

impl Desk {
    pub(super) fn new(concurrency: usize) -> Self {
        Self { concurrency, ready: VecDeque::new(), running: 0, unsettled: Vec::new(), locks: HeldLocks::default() }
    }

    /// How many more jobs to take in a call that stores outcomes. Without a rate: read ahead as many as run at once.
    /// Under a rate: one round, and only when the last one was started and a slot is free, since a start that is granted
    /// and used late is lost.
    pub(super) fn appetite(&self, paced: bool) -> usize {
        // What is unsettled will be settled in the very call that takes.
        let held = self.running + self.ready.len();
        match paced {
            true if self.ready.is_empty() => self.concurrency.saturating_sub(held),
            true => 0,
            false => (self.concurrency * 2).saturating_sub(held),
        }
    }

    /// How many jobs could start that the worker doesn't have. Only for these does it look by itself: what it took
    /// ahead of them would wait here while another worker is idle.
    pub(super) fn idle_slots(&self) -> usize {
        self.concurrency.saturating_sub(self.running + self.ready.len() + self.unsettled.len())
    }

    /// Puts a job that was just taken on the desk.
    pub(super) fn receive(&mut self, taken: TakenJob, start_at: Instant, doubt: Duration) {
        self.locks.insert(&taken.id, &taken.token);
        self.ready.push_back(Ready { taken, start_at, doubt });
    }

    /// The next job if it may start now.
    pub(super) fn next_to_start(&mut self, now: Instant) -> Option<Ready> {
        let is_due = self.has_free_slot() && self.ready.front().is_some_and(|ready| ready.start_at <= now);
        if is_due { self.ready.pop_front() } else { None }
    }

    /// Puts a job back that got a later start; it must not hold up those that start before it.
    pub(super) fn postpone(&mut self, ready: Ready) {
        let place = self.ready.partition_point(|other| other.start_at <= ready.start_at);
        self.ready.insert(place, ready);
    }

    /// When the next job may start, if a slot is free for it.
    pub(super) fn next_start(&self) -> Option<Instant> {
        if self.has_free_slot() { self.ready.front().map(|ready| ready.start_at) } else { None }
    }

    pub(super) fn started(&mut self) {
        self.running += 1;
    }

    /// A send ended and its outcome waits to be stored.
    pub(super) fn ended(&mut self, settlement: Settlement) {
        self.running -= 1;
        self.unsettled.push(settlement);
    }

    /// A job that is settled without having run.
    pub(super) fn settle_unstarted(&mut self, settlement: Settlement) {
        self.unsettled.push(settlement);
    }

    /// Everything that waits for its start is to go back, the last taken first, so that the order is as before.
    pub(super) fn give_back(&mut self, release: impl Fn(&TakenJob) -> Settlement) -> usize {
        let count = self.ready.len();
        while let Some(ready) = self.ready.pop_back() {
            self.unsettled.push(release(&ready.taken));
        }
        count
    }

    /// The oldest outcomes that wait to be stored, up to `most`.
    pub(super) fn to_settle(&self, most: usize) -> &[Settlement] {
        self.unsettled.get(..most).unwrap_or(&self.unsettled)
    }

    /// The first `count` outcomes are stored; hands them over to be counted.
    pub(super) fn settled(&mut self, count: usize) -> Vec<Settlement> {
        let settled: Vec<Settlement> = self.unsettled.drain(..count.min(self.unsettled.len())).collect();
        self.locks.remove(&settled);
        settled
    }

    pub(super) fn unsettled(&self) -> usize {
        self.unsettled.len()
    }

    pub(super) fn running(&self) -> usize {
        self.running
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running == 0 && self.ready.is_empty() && self.unsettled.is_empty()
    }

    fn has_free_slot(&self) -> bool {
        self.running + self.unsettled.len() < self.concurrency
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::store::settle::Verdict;

    fn job(id: &str) -> TakenJob {
        TakenJob {
            id: id.to_owned(),
            token: "t".into(),
            start_after: Duration::ZERO,
            slot_us: 0,
            starts: 0,
            is_intended: false,
            content: Err(String::new()),
        }
    }

    fn release(taken: &TakenJob) -> Settlement {
        Settlement { id: taken.id.clone(), token: Arc::clone(&taken.token), attempts: 0, plain: None, verdict: Verdict::Release }
    }

    fn desk(concurrency: usize, jobs: &[&str]) -> (Desk, Instant) {
        let (mut desk, now) = (Desk::new(concurrency), Instant::now());
        for id in jobs {
            desk.receive(job(id), now, Duration::ZERO);
        }
        (desk, now)
    }

    #[test]
    fn a_slot_is_free_again_only_when_the_outcome_is_stored() {
        let (mut desk, now) = desk(1, &["a", "b"]);
        let first = desk.next_to_start(now).unwrap();
        desk.started();
        assert!(desk.next_to_start(now).is_none());

        desk.ended(release(&first.taken));
        assert!(desk.next_to_start(now).is_none());

        desk.settled(1);
        assert_eq!(desk.next_to_start(now).unwrap().taken.id, "b");
    }

    #[test]
    fn read_ahead_is_one_more_round_of_jobs_and_one_start_under_a_rate() {
        let ((empty, _), (one, _)) = (desk(5, &[]), desk(5, &["a"]));

        assert_eq!((empty.appetite(false), empty.appetite(true)), (10, 5));
        assert_eq!((one.appetite(false), one.appetite(true)), (9, 0));
    }

    #[test]
    fn a_slot_with_a_job_that_runs_waits_or_is_unstored_is_not_idle() {
        let (mut desk, now) = desk(4, &["a", "b", "c"]);
        let first = desk.next_to_start(now).unwrap();
        desk.started();
        assert_eq!(desk.idle_slots(), 1);

        desk.ended(release(&first.taken));
        assert_eq!(desk.idle_slots(), 1);

        desk.settled(1);
        assert_eq!(desk.idle_slots(), 2);
    }

    #[test]
    fn a_job_with_a_later_start_does_not_hold_up_the_others() {
        let (mut desk, now) = desk(5, &["late", "b"]);
        let mut late = desk.next_to_start(now).unwrap();
        late.start_at = now + Duration::from_secs(1);

        desk.postpone(late);

        assert_eq!(desk.next_to_start(now).unwrap().taken.id, "b");
        assert!(desk.next_to_start(now).is_none());
    }

    #[test]
    fn jobs_go_back_last_taken_first() {
        let (mut desk, _) = desk(5, &["a", "b", "c"]);

        desk.give_back(release);

        let ids: Vec<_> = desk.to_settle(10).iter().map(|settlement| settlement.id.as_str()).collect();
        assert_eq!(ids, ["c", "b", "a"]);
    }

    #[test]
    fn locks_are_renewed_until_the_outcome_is_stored() {
        let (mut desk, _) = desk(5, &["a"]);
        desk.give_back(release);
        assert_eq!(desk.locks.list().len(), 1);

        desk.settled(1);

        assert!(desk.locks.list().is_empty());
    }
}
