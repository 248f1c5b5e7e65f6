//! This file measures what a stretch of work costs: time, CPU of the server, CPU of this process.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::Instant;

use super::{Figures, Spread};
use crate::core::store::connect::Link;
use crate::core::store::error::StoreError;

/// A measurement under way.
pub(super) struct Meter {
    link: Link,
    server: Duration,
    client: Duration,
    begun: Instant,
}

/// What a stretch of work cost in all.
pub(super) struct Cost {
    pub(super) elapsed: Duration,
    server: Duration,
    client: Duration,
}

impl Meter {
    pub(super) async fn start(link: &Link) -> Result<Self, StoreError> {
        let mut link = link.clone();
        let server = link.cpu_time().await?;
        Ok(Self { link, server, client: own_cpu_time(), begun: Instant::now() })
    }

    pub(super) async fn stop(mut self) -> Result<Cost, StoreError> {
        let (elapsed, client) = (self.begun.elapsed(), own_cpu_time().saturating_sub(self.client));
        Ok(Cost { elapsed, client, server: self.link.cpu_time().await?.saturating_sub(self.server) })
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
        }
    }
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
