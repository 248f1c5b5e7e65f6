//! This file is the worker's desk: which jobs it holds, which run, which wait for their start, which for being stored.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::exchange::Batch;
use super::held_locks::HeldLocks;
use super::moment::Moment;
use super::slots::Slots;
use crate::core::store::settle::Settlement;
use crate::core::store::take::TakenJob;

/// A job that waits for its start.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) taken: TakenJob,
    /// Its place in the pace; the moment it was taken without one.
    pub(super) start_at: Instant,
    /// How uncertain that moment is: the part of the round trip beyond the usual.
    pub(super) doubt: Duration,
    /// When the server said that it may be sent, if its intent is written.
    pub(super) permitted: Option<Moment>,
}

/// So long what was read ahead beyond a round waits here. Sends are slow again, and others may be idle.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the worker holds.
#[derive(Debug)]
pub(super) struct Desk {
    concurrency: usize,
    slots: Slots,
    /// Nothing ran and nothing was ready when the last call was answered.
    ran_dry: bool,
    ready: VecDeque<Ready>,
    running: usize,
    /// What runs is suspected to kill its process: nothing else may be in it then.
    is_alone: bool,
    unsettled: Vec<Settlement>,
    /// So many of the first unsettled ones may be stored already: the answer was lost.
    repeated: usize,
    /// Outcomes in the call under way.
    storing: usize,
    /// Jobs that the call under way may bring.
    awaited: usize,
    pub(super) locks: HeldLocks,
}

impl Desk {
    pub(super) fn new(concurrency: usize, slots: Slots) -> Self {
        Self {
            concurrency,
            slots,
            ran_dry: false,
            ready: VecDeque::new(),
            running: 0,
            is_alone: false,
            unsettled: Vec::new(),
            repeated: 0,
            storing: 0,
            awaited: 0,
            locks: HeldLocks::default(),
        }
    }

    /// How many more jobs to take in a call that stores up to `most` outcomes. Under a rate: one round, and only when the last one
    /// was started and a slot is free, since a start that is granted and used late is lost.
    pub(super) fn appetite(&self, paced: bool, most: usize) -> usize {
        // What the very call settles that takes makes room, as does what a call before it settles, which brings others instead.
        let held = self.running + self.ready.len() + self.awaited + self.unsettled.len().saturating_sub(most);
        match paced {
            true if self.ready.is_empty() => self.concurrency.saturating_sub(held),
            true => 0,
            false => (self.concurrency + self.ahead()).saturating_sub(held),
        }
    }

    /// How many jobs could start that the worker doesn't have. Only for these does it look by itself: what it took
    /// ahead of them would wait here while another worker is idle.
    pub(super) fn idle_slots(&self) -> usize {
        self.concurrency.saturating_sub(self.busy() + self.ready.len() + self.awaited)
    }

    /// Puts a job that was just taken on the desk.
    pub(super) fn receive(&mut self, taken: TakenJob, start_at: Instant, doubt: Duration) {
        self.locks.insert(&taken.id, &taken.token);
        let permitted = taken.is_intended.then(Moment::now);
        self.ready.push_back(Ready { taken, start_at, doubt, permitted });
    }

    /// The next job if it may start now.
    pub(super) fn next_to_start(&mut self, now: Instant) -> Option<Ready> {
        let is_due = self.may_start() && self.ready.front().is_some_and(|ready| ready.start_at <= now);
        if is_due { self.ready.pop_front() } else { None }
    }

    /// How many jobs may start.
    pub(super) fn free_slots(&self) -> usize {
        self.concurrency.saturating_sub(self.busy())
    }

    /// A job that was not started and is somebody else's.
    pub(super) fn forget(&mut self, taken: &TakenJob) {
        self.locks.forget(&taken.id, &taken.token);
    }

    /// The same of one that counted as running.
    pub(super) fn lost(&mut self, taken: &TakenJob) {
        self.stopped();
        self.forget(taken);
    }

    /// Everything that waits for its start is somebody else's; returns how many.
    pub(super) fn drop_unstarted(&mut self) -> usize {
        let unstarted: Vec<Ready> = self.ready.drain(..).collect();
        for ready in &unstarted {
            self.forget(&ready.taken);
        }
        unstarted.len()
    }

    /// Puts a job back that got a later start; it must not hold up those that start before it.
    pub(super) fn postpone(&mut self, ready: Ready) {
        let place = self.ready.partition_point(|other| other.start_at <= ready.start_at);
        self.ready.insert(place, ready);
    }

    /// When the next job may start, if a slot is free for it.
    pub(super) fn next_start(&self) -> Option<Instant> {
        if self.may_start() { self.ready.front().map(|ready| ready.start_at) } else { None }
    }

    pub(super) fn started(&mut self, is_suspect: bool) {
        self.running += 1;
        self.is_alone = is_suspect;
    }

    /// A send ended and its outcome waits to be stored.
    pub(super) fn ended(&mut self, settlement: Settlement) {
        self.stopped();
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

    /// When what is left of the read-ahead beyond a round has waited for too long.
    pub(super) fn surplus_until(&self) -> Option<Instant> {
        self.ready.get(self.concurrency).map(|ready| ready.start_at + PATIENCE)
    }

    /// Then it goes back, the last taken first.
    pub(super) fn return_surplus(&mut self, now: Instant, release: impl Fn(&TakenJob) -> Settlement) {
        if self.surplus_until().is_none_or(|until| until > now) {
            return;
        }
        let surplus = self.ready.split_off(self.concurrency);
        self.unsettled.extend(surplus.iter().rev().map(|ready| release(&ready.taken)));
        self.ran_dry = false;
    }

    /// Hands over the oldest outcomes that wait to be stored, up to `most`, for a call that may bring `want` jobs.
    pub(super) fn hand_over(&mut self, most: usize, want: usize) -> Batch {
        let outcomes: Vec<Settlement> = self.unsettled.drain(..most.min(self.unsettled.len())).collect();
        let repeated = self.repeated.min(outcomes.len());
        self.repeated -= repeated;
        self.storing += outcomes.len();
        self.awaited += want;
        Batch { outcomes, repeated }
    }

    /// A call that stored these was answered.
    pub(super) fn stored(&mut self, batch: &Batch, want: usize) {
        self.storing -= batch.outcomes.len();
        self.awaited -= want;
        self.ran_dry = self.running == 0 && self.ready.is_empty();
        self.locks.remove(&batch.outcomes);
    }

    /// A call failed: its outcomes wait again, before all others, and may be stored already.
    pub(super) fn put_back(&mut self, batch: Batch, want: usize) {
        self.storing -= batch.outcomes.len();
        self.awaited -= want;
        self.repeated += batch.outcomes.len();
        self.unsettled.splice(..0, batch.outcomes);
    }

    pub(super) fn running(&self) -> usize {
        self.running
    }

    pub(super) fn unsettled(&self) -> usize {
        self.unsettled.len()
    }

    /// Jobs that it holds or that a call under way may bring.
    pub(super) fn jobs(&self) -> usize {
        self.ready.len() + self.running + self.unstored() + self.awaited
    }

    /// How many outcomes a call should have so that another one can stand behind it: half of those that may wait to be stored.
    pub(super) fn half(&self) -> usize {
        match self.slots {
            Slots::FreeOnceStored => self.concurrency / 2,
            Slots::FreeOnceEnded => self.ahead() / 2,
        }
    }

    /// The most outcomes that one of two calls takes, where the other one is to have as many.
    pub(super) fn most_of_one(&self) -> usize {
        match self.slots {
            Slots::FreeOnceStored => self.half(),
            Slots::FreeOnceEnded => usize::MAX,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.jobs() == 0
    }

    fn stopped(&mut self) {
        self.running -= 1;
        self.is_alone &= self.running > 0;
    }

    /// Whether the next job may start, as far as those beside it go.
    fn may_start(&self) -> bool {
        let is_suspect = self.ready.front().is_some_and(|ready| ready.taken.is_suspect);
        self.has_free_slot() && !self.is_alone && !(is_suspect && self.running > 0)
    }

    fn has_free_slot(&self) -> bool {
        self.busy() < self.concurrency
    }

    fn ahead(&self) -> usize {
        self.slots.ahead(self.concurrency, self.ran_dry)
    }

    /// Jobs whose outcome is known and not stored.
    fn unstored(&self) -> usize {
        self.unsettled.len() + self.storing
    }

    /// Slots that are not free.
    fn busy(&self) -> usize {
        self.running + self.unstored().saturating_sub(self.ahead())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
            is_suspect: false,
            content: Err(String::new()),
        }
    }

    fn release(taken: &TakenJob) -> Settlement {
        Settlement { id: taken.id.clone(), token: Arc::clone(&taken.token), attempts: 0, plain: None, verdict: Verdict::Release }
    }

    fn ids(batch: &Batch) -> Vec<&str> {
        batch.outcomes.iter().map(|settlement| settlement.id.as_str()).collect()
    }

    fn desk(concurrency: usize, jobs: &[&str]) -> (Desk, Instant) {
        fill(Desk::new(concurrency, Slots::FreeOnceEnded), jobs)
    }

    fn fenced_desk(concurrency: usize, jobs: &[&str]) -> (Desk, Instant) {
        fill(Desk::new(concurrency, Slots::FreeOnceStored), jobs)
    }

    fn fill(mut desk: Desk, jobs: &[&str]) -> (Desk, Instant) {
        let now = Instant::now();
        for id in jobs {
            desk.receive(job(id), now, Duration::ZERO);
        }
        (desk, now)
    }

    #[test]
    fn with_a_fence_a_slot_is_free_again_only_when_the_outcome_is_stored() {
        let (mut desk, now) = fenced_desk(1, &["a", "b"]);
        let first = desk.next_to_start(now).unwrap();
        desk.started(false);
        assert!(desk.next_to_start(now).is_none());

        desk.ended(release(&first.taken));
        assert!(desk.next_to_start(now).is_none());

        let batch = desk.hand_over(1, 0);
        assert!(desk.next_to_start(now).is_none());

        desk.stored(&batch, 0);
        assert_eq!(desk.next_to_start(now).unwrap().taken.id, "b");
    }

    #[test]
    fn without_a_fence_a_slot_is_free_when_the_send_ended_until_a_round_of_outcomes_is_unstored() {
        let (mut desk, now) = desk(1, &["a", "b", "c"]);
        let send_next = |desk: &mut Desk| {
            let ready = desk.next_to_start(now).unwrap();
            desk.started(false);
            desk.ended(release(&ready.taken));
        };
        send_next(&mut desk);
        send_next(&mut desk);
        assert!(desk.next_to_start(now).is_none());

        let batch = desk.hand_over(1, 0);
        assert!(desk.next_to_start(now).is_none());
        desk.stored(&batch, 0);

        assert_eq!(desk.next_to_start(now).unwrap().taken.id, "c");
    }

    #[test]
    fn read_ahead_is_one_more_round_of_jobs_and_one_start_under_a_rate() {
        let ((empty, _), (one, _), (fenced, _)) = (desk(5, &[]), desk(5, &["a"]), fenced_desk(5, &["a"]));

        assert_eq!((empty.appetite(false, usize::MAX), empty.appetite(true, usize::MAX)), (10, 5));
        assert_eq!((one.appetite(false, usize::MAX), one.appetite(true, usize::MAX)), (9, 0));
        assert_eq!((fenced.appetite(false, usize::MAX), fenced.appetite(true, usize::MAX)), (4, 0));
    }

    #[test]
    fn a_call_that_stores_half_of_the_outcomes_takes_half_of_the_jobs() {
        let (mut desk, now) = fenced_desk(50, &["a"; 50]);
        while let Some(ready) = desk.next_to_start(now) {
            desk.started(false);
            desk.ended(release(&ready.taken));
        }
        assert_eq!((desk.half(), desk.most_of_one(), desk.appetite(false, 25)), (25, 25, 25));

        let first = desk.hand_over(25, 25);
        assert_eq!(desk.appetite(false, 25), 25);
        desk.hand_over(25, 25);

        assert_eq!((desk.appetite(false, 25), desk.idle_slots(), desk.free_slots()), (0, 0, 0));
        desk.stored(&first, 25);
        assert_eq!(desk.free_slots(), 25);
    }

    #[test]
    fn who_ran_dry_while_a_call_was_under_way_reads_further_ahead() {
        let (mut desk, now) = desk(50, &["a"]);
        let batch = desk.hand_over(0, 1);
        desk.next_to_start(now).unwrap();
        desk.started(false);
        desk.stored(&batch, 1);
        assert_eq!(desk.appetite(false, usize::MAX), 99);

        desk.ended(release(&job("a")));
        let batch = desk.hand_over(1, 1);
        desk.stored(&batch, 1);

        assert_eq!(desk.appetite(false, usize::MAX), 200);
        desk.concurrency = 5;
        assert_eq!(desk.appetite(false, usize::MAX), 69);
    }

    #[test]
    fn what_was_read_far_ahead_goes_back_when_sends_are_slow_again() {
        let (mut desk, now) = desk(2, &["a", "b", "c", "d", "e"]);
        desk.ran_dry = true;
        for _ in 0..2 {
            desk.next_to_start(now).unwrap();
            desk.started(false);
        }
        assert_eq!(desk.surplus_until(), Some(now + PATIENCE));
        desk.return_surplus(now + PATIENCE - Duration::from_millis(1), release);
        assert_eq!(desk.unsettled(), 0);

        desk.return_surplus(now + PATIENCE, release);

        assert_eq!((ids(&desk.hand_over(10, 0)), desk.surplus_until()), (vec!["e"], None));
        assert_eq!(desk.appetite(false, usize::MAX), 0);
    }

    #[test]
    fn a_slot_with_a_job_that_runs_waits_or_is_unstored_is_not_idle() {
        let (mut desk, now) = fenced_desk(4, &["a", "b", "c"]);
        let first = desk.next_to_start(now).unwrap();
        desk.started(false);
        assert_eq!(desk.idle_slots(), 1);

        desk.ended(release(&first.taken));
        assert_eq!(desk.idle_slots(), 1);

        let batch = desk.hand_over(1, 1);
        assert_eq!(desk.idle_slots(), 0);

        desk.stored(&batch, 1);
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
    fn a_job_that_may_kill_its_process_runs_alone() {
        let (mut desk, now) = desk(5, &["a", "suspect", "b"]);
        desk.ready[1].taken.is_suspect = true;
        let first = desk.next_to_start(now).unwrap();
        desk.started(false);
        assert!(desk.next_to_start(now).is_none() && desk.next_start().is_none());

        desk.ended(release(&first.taken));
        let suspect = desk.next_to_start(now).unwrap();
        desk.started(true);
        assert!(suspect.taken.is_suspect && desk.next_to_start(now).is_none());

        desk.ended(release(&suspect.taken));
        assert_eq!(desk.next_to_start(now).unwrap().taken.id, "b");
    }

    #[test]
    fn jobs_go_back_last_taken_first() {
        let (mut desk, _) = desk(5, &["a", "b", "c"]);

        desk.give_back(release);

        assert_eq!(ids(&desk.hand_over(10, 0)), ["c", "b", "a"]);
    }

    #[test]
    fn locks_are_renewed_until_the_outcome_is_stored() {
        let (mut desk, _) = desk(5, &["a"]);
        desk.give_back(release);
        assert_eq!(desk.locks.list().len(), 1);

        let batch = desk.hand_over(1, 0);
        assert_eq!(desk.locks.list().len(), 1);
        desk.stored(&batch, 0);

        assert!(desk.locks.list().is_empty());
    }

    #[test]
    fn what_a_failed_call_may_have_stored_is_stored_again_before_all_others() {
        let (mut desk, _) = fenced_desk(4, &["a", "b", "c", "d"]);
        desk.give_back(release);
        let (first, second) = (desk.hand_over(1, 2), desk.hand_over(2, 0));

        desk.put_back(second, 0);
        desk.put_back(first, 2);

        let again = desk.hand_over(10, 0);
        assert_eq!((ids(&again), again.repeated), (vec!["d", "c", "b", "a"], 3));
        assert_eq!(desk.idle_slots(), 0);
    }
}
