//! This file is the use case of `wq bench`: how fast `wq` itself is against a server, in a queue of its own that is gone afterwards.

mod adding;
mod field;
mod meter;
mod probe;
mod timing;
mod working;

use std::time::Duration;

use super::error::{AppError, Kind};
use crate::core::model::queue::Prefix;
use crate::core::store::connect::ServerAddress;
use field::Field;

/// First part of every key that a bench writes.
pub const PREFIX: &str = "wq-bench";
/// Sends at a time of the workloads that measure no concurrency.
const CONCURRENCY: usize = 50;

/// One kind of work that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Workload {
    /// Many jobs, as `wq bulk` adds them: without priority and ledger, then with both
    Add,
    /// One job after the other, each answered before the next
    AddOne,
    /// Work off what waits, with --via log: completed jobs kept, then removed
    Drain,
    /// A send that takes 20 ms, as a share of what the same process reaches without a queue
    Handler,
    /// One job into an idle queue, until it starts
    Pickup,
    /// How late delayed jobs start
    Delayed,
    /// How evenly a rate of 100 a second is kept
    Limiter,
}

impl Workload {
    /// All of them, in the order that they are run.
    pub const ALL: [Self; 7] = [Self::Add, Self::AddOne, Self::Drain, Self::Handler, Self::Pickup, Self::Delayed, Self::Limiter];
}

/// What to measure.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where.
    pub server: ServerAddress,
    /// How long the server may stay away.
    pub patience: Duration,
    /// Jobs of the large workloads, at least 1; the others take a share of it.
    pub jobs: usize,
    /// So many more jobs wait behind those that are drained.
    pub waiting: usize,
    /// Sends at a time, each drained in turn.
    pub concurrency: Vec<usize>,
    /// Which workloads, in this order.
    pub workloads: Vec<Workload>,
}

/// What one workload cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// What was done.
    pub workload: String,
    /// How many jobs went through; checked.
    pub jobs: usize,
    /// How long it took.
    pub elapsed: Duration,
    /// Jobs a second, where that says something.
    pub per_second: Option<f64>,
    /// Of single calls or starts.
    pub latency: Option<Spread>,
    /// Server CPU time a job, everything that the server did meanwhile.
    pub server_cpu: Duration,
    /// CPU time of this process a job; `None` where the system doesn't tell.
    pub client_cpu: Option<Duration>,
    /// 0 to 1: the time without a queue over the time with it.
    pub share_of_ideal: Option<f64>,
    /// Most starts in any sliding second.
    pub most_in_a_second: Option<usize>,
    /// What the server did, the dearest first.
    pub commands: Vec<CommandShare>,
}

/// A command's part of what a job cost.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandShare {
    /// As the server spells it.
    pub command: String,
    /// How often it ran a job, in scripts too.
    pub calls: f64,
    /// How long it ran a job; EVALSHA with all that its scripts do.
    pub time: Duration,
}

/// The median and the 99th percentile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Half are quicker.
    pub p50: Duration,
    /// 99 of 100 are quicker.
    pub p99: Duration,
}

impl Spread {
    /// Of at least one duration.
    fn of(mut durations: Vec<Duration>) -> Option<Self> {
        durations.sort_unstable();
        let at = |percent: usize| durations.get((durations.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Some(Self { p50: at(50)?, p99: at(99)? })
    }
}

/// A bench that can run: the server answers.
#[derive(Debug)]
pub struct Bench {
    plan: Plan,
    field: Field,
}

impl Bench {
    /// Connects; nothing is written yet.
    ///
    /// # Errors
    /// When the server can't be reached.
    pub async fn open(plan: Plan) -> Result<Self, AppError> {
        let prefix: Prefix = PREFIX.parse().map_err(|error| AppError::new(Kind::Other, format!("the prefix {PREFIX}: {error}")))?;
        let field = Field::open(&plan.server, &prefix, plan.patience).await?;
        Ok(Self { plan, field })
    }

    /// The queue that everything happens in.
    pub fn queue(&self) -> &str {
        self.field.queue().name().as_str()
    }

    /// Runs the workloads one after the other and tells of each as it ends.
    ///
    /// # Errors
    /// When the server goes away, or a workload did not do what it had to.
    pub async fn run(&self, tell: &mut (dyn FnMut(Figures) + Send)) -> Result<(), AppError> {
        for workload in &self.plan.workloads {
            self.measure(*workload, tell).await?;
        }
        Ok(())
    }

    async fn measure(&self, workload: Workload, tell: &mut (dyn FnMut(Figures) + Send)) -> Result<(), AppError> {
        let (field, jobs) = (&self.field, self.plan.jobs);
        match workload {
            Workload::Add => {
                tell(adding::many(field, jobs, adding::Kind::Plain).await?);
                tell(adding::many(field, jobs, adding::Kind::Standard).await?);
            }
            Workload::AddOne => tell(adding::one_by_one(field, share(jobs, 5)).await?),
            Workload::Drain => {
                for concurrency in &self.plan.concurrency {
                    for keeps in [true, false] {
                        let drain = working::Drain { jobs, waiting: self.plan.waiting, concurrency: *concurrency, keeps };
                        tell(working::drain(field, drain).await?);
                    }
                }
            }
            Workload::Handler => tell(working::handler(field, share(jobs, 20), CONCURRENCY).await?),
            Workload::Pickup => tell(timing::pickup(field, jobs.min(timing::SAMPLES)).await?),
            Workload::Delayed => tell(timing::delayed(field, jobs.min(timing::SAMPLES)).await?),
            Workload::Limiter => tell(timing::limiter(field, jobs.min(timing::LIMITED)).await?),
        }
        Ok(())
    }

    /// Removes everything that was written, also after a run that was cut off.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn clean_up(&self) -> Result<(), AppError> {
        self.field.erase().await
    }
}

/// One of so many jobs, at least one.
fn share(jobs: usize, part: usize) -> usize {
    (jobs / part).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_median_and_the_99th_of_a_hundred() {
        let hundred = (1..=100).rev().map(Duration::from_millis).collect();

        let spread = Spread::of(hundred).unwrap();

        assert_eq!((spread.p50, spread.p99), (Duration::from_millis(50), Duration::from_millis(99)));
        assert_eq!(Spread::of(vec![Duration::from_secs(1)]).map(|one| one.p99), Some(Duration::from_secs(1)));
        assert_eq!(Spread::of(Vec::new()), None);
    }
}
