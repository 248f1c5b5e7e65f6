//! This file is what a worker does with the answers to its calls: outcomes that are off its desk, jobs that come onto it.

use std::time::Duration;

use tokio::time::Instant;

use super::exchange::{Answer, Batch};
use super::next_run::plan_next_runs;
use super::verdict;
use super::worker::Worker;
use crate::core::store::settle::Settled;
use crate::core::store::take::{HeldBack, Taken};

/// How soon a queue is asked again whose global concurrency is used up.
const CONCURRENCY_PAUSE: Duration = Duration::from_millis(50);
/// The longest that a rate keeps a worker from asking again: somebody may have lifted it meanwhile.
const LONGEST_RATE_PAUSE: Duration = Duration::from_secs(5);

impl Worker {
    /// A call was answered, or failed.
    pub(super) async fn answered(&mut self, answer: Answer) {
        let Answer { batch, want, asked, result } = answer;
        match result {
            Ok((settled, taken)) => {
                self.desk.stored(&batch, want);
                self.count(&batch, &settled);
                if want > 0 {
                    self.receive(taken, asked).await;
                }
            }
            Err(error) => {
                self.desk.put_back(batch, want);
                self.recover(&error).await;
            }
        }
    }

    /// After another call failed: the end of this one, which was sent before anybody knew. Outcomes that may not be stored wait
    /// again. Jobs that came nevertheless go back: only the usual way looks after schedules.
    pub(super) async fn end_exchange(&mut self) {
        while self.exchange.is_under_way() {
            self.end_call().await;
        }
    }

    async fn end_call(&mut self) {
        let Answer { batch, want, result, .. } = self.exchange.answer().await;
        match result {
            Ok((settled, taken)) => {
                self.desk.stored(&batch, want);
                self.count(&batch, &settled);
                taken.jobs.into_iter().for_each(|job| self.desk.receive(job, Instant::now(), Duration::ZERO));
                self.desk.give_back(verdict::release);
            }
            Err(_) => self.desk.put_back(batch, want),
        }
    }

    /// Puts what was taken on the desk and remembers what the answer says about the time to come.
    pub(super) async fn receive(&mut self, taken: Taken, asked: Instant) {
        let (answered, doubt) = (Instant::now(), self.doubt(asked));
        self.server_clock = (taken.now, answered);
        self.pace = taken.pace;
        self.report.dropped += taken.dropped;
        self.report.held += taken.held;
        if taken.dropped > 0 {
            tracing::warn!(ids = taken.dropped, "removed from the queue: they have no job, or something else in its place");
        }
        if taken.held > 0 {
            tracing::error!(jobs = taken.held, "held: they waited again although they may have been sent");
        }
        self.taken += taken.jobs.len() as u64;
        self.may_have_work = !taken.jobs.is_empty() || taken.dropped + taken.held > 0;
        self.next_due = taken.next_due.map(|wait| answered + wait);
        match taken.held_back {
            Some(HeldBack::Rate(wait)) => {
                (self.may_have_work, self.next_look) = (true, answered + wait.min(LONGEST_RATE_PAUSE));
            }
            Some(HeldBack::Concurrency) => (self.may_have_work, self.next_look) = (true, answered + CONCURRENCY_PAUSE),
            Some(HeldBack::Empty) => self.may_have_work = false,
            Some(HeldBack::Paused) => self.brakes.saw_pause(),
            None => {}
        }
        if let Err(error) = plan_next_runs(&self.queue, &taken.jobs, taken.now).await {
            self.taken -= taken.jobs.len() as u64;
            taken.jobs.into_iter().for_each(|job| self.desk.receive(job, answered, doubt));
            self.desk.give_back(verdict::release);
            return self.recover(&error).await;
        }
        for job in taken.jobs {
            match &job.content {
                Err(problem) => {
                    tracing::warn!(job = %job.id, problem, "dead letter: the job can't be read");
                    self.desk.settle_unstarted(verdict::damaged(&job, problem));
                }
                Ok(content) => {
                    if let Some(reason) = &content.deferred_failure {
                        let settlement = verdict::fail_unsent(&job, content, reason, self.rules.keep, &self.place);
                        self.desk.settle_unstarted(settlement);
                    } else {
                        let start_at = answered + job.start_after;
                        self.desk.receive(job, start_at, doubt);
                    }
                }
            }
        }
        if self.brakes.came_before_pause(asked) {
            self.desk.give_back(verdict::release);
        }
    }

    /// How much longer than the quickest one an answer took: so much is uncertain about when its slots begin.
    pub(super) fn doubt(&mut self, asked: Instant) -> Duration {
        let took = asked.elapsed();
        self.quickest_answer = self.quickest_answer.min(took);
        took.saturating_sub(self.quickest_answer)
    }

    /// These outcomes are off the desk.
    fn count(&mut self, batch: &Batch, settled: &[Settled]) {
        for (index, (settlement, settled)) in batch.outcomes.iter().zip(settled).enumerate() {
            if matches!(settled, Settled::ChildrenPending | Settled::ChildFailed) {
                tracing::warn!(job = %settlement.id, ?settled, "dead letter: the job was sent, but its children don't let it complete");
                self.report.dead += 1;
                continue;
            }
            if *settled == Settled::Doubled {
                tracing::error!(job = %settlement.id, "probably sent twice: somebody else had put it back in line meanwhile");
                self.report.lost += 1;
                continue;
            }
            // A repeated call finds the locks gone of what the first one stored before its answer was lost.
            let was_stored = *settled == Settled::Done || index < batch.repeated;
            if !was_stored {
                tracing::warn!(job = %settlement.id, ?settled, "the outcome was not stored: the job is no longer this worker's");
                self.report.lost += 1;
                continue;
            }
            self.report.count(&settlement.verdict);
        }
    }
}
