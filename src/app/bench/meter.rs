//! This file measures what a stretch of work costs: time, CPU of the server, CPU of this process.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::Instant;

use super::{CommandShare, Figures, Spread};
use crate::core::store::connect::Link;
use crate::core::store::error::StoreError;
use crate::core::store::server::CommandCost;

/// A measurement under way.
pub(super) struct Meter {
    link: Link,
    server: Duration,
    commands: Vec<CommandCost>,
    client: Duration,
    begun: Instant,
}

/// What a stretch of work cost in all.
pub(super) struct Cost {
    pub(super) elapsed: Duration,
    server: Duration,
    commands: Vec<CommandCost>,
    client: Duration,
}

impl Meter {
    pub(super) async fn start(link: &Link) -> Result<Self, StoreError> {
        let mut link = link.clone();
        let commands = link.command_costs().await?;
        let server = link.cpu_time().await?;
        Ok(Self { link, server, commands, client: own_cpu_time(), begun: Instant::now() })
    }

    pub(super) async fn stop(mut self) -> Result<Cost, StoreError> {
        let (elapsed, client) = (self.begun.elapsed(), own_cpu_time().saturating_sub(self.client));
        let server = self.link.cpu_time().await?.saturating_sub(self.server);
        let commands = spent(self.link.command_costs().await?, &self.commands);
        Ok(Cost { elapsed, server, commands, client })
    }
}

impl Cost {
    /// The figures of a workload of so many jobs, at least one.
    pub(super) fn figures(&self, workload: impl Into<String>, jobs: usize) -> Figures {
        let per_job = |time: Duration| time.div_f64(as_f64(jobs));
        Figures {
            workload: workload.into(),
            jobs,
            elapsed: self.elapsed,
            per_second: None,
            latency: None,
            server_cpu: per_job(self.server),
            client_cpu: (!self.client.is_zero()).then(|| per_job(self.client)),
            share_of_ideal: None,
            most_in_a_second: None,
            commands: self.commands.iter().map(|cost| share_of(cost, as_f64(jobs))).collect(),
        }
    }
}

/// What each command cost since `before`, the dearest first.
fn spent(now: Vec<CommandCost>, before: &[CommandCost]) -> Vec<CommandCost> {
    let since = |cost: CommandCost| match before.iter().find(|known| known.command == cost.command) {
        Some(known) => CommandCost { calls: cost.calls.saturating_sub(known.calls), time: cost.time.saturating_sub(known.time), ..cost },
        None => cost,
    };
    let mut spent: Vec<CommandCost> = now.into_iter().map(since).filter(|cost| cost.calls > 0).collect();
    spent.sort_by(|one, other| other.time.cmp(&one.time).then_with(|| one.command.cmp(&other.command)));
    spent
}

#[expect(clippy::cast_precision_loss, reason = "a count of calls, for a quotient that is shown with three digits")]
fn share_of(cost: &CommandCost, jobs: f64) -> CommandShare {
    CommandShare { command: cost.command.clone(), calls: cost.calls as f64 / jobs, time: cost.time.div_f64(jobs) }
}

impl Figures {
    /// With the jobs a second of the whole stretch.
    pub(super) fn with_speed(self) -> Self {
        let per_second = as_f64(self.jobs) / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
        Self { per_second: Some(per_second), ..self }
    }

    /// With the spread of single durations.
    pub(super) fn with_spread(self, durations: Vec<Duration>) -> Self {
        Self { latency: Spread::of(durations), ..self }
    }
}

/// Exact for every number of jobs that fits a server.
#[expect(clippy::cast_precision_loss, reason = "a count of jobs, for a quotient that is shown with one digit")]
pub(super) fn as_f64(count: usize) -> f64 {
    count as f64
}

/// CPU time of this process, all threads, user and system.
fn own_cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_cost_is_what_came_since_the_dearest_first() {
        let cost = |command: &str, calls, us| CommandCost { command: command.to_owned(), calls, time: Duration::from_micros(us) };
        let before = [cost("get", 5, 50), cost("info", 1, 9)];

        let spent = spent(vec![cost("get", 8, 60), cost("info", 1, 9), cost("hset", 2, 30)], &before);

        assert_eq!(spent, [cost("hset", 2, 30), cost("get", 3, 10)]);
    }
}
