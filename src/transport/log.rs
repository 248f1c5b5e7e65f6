//! This file sends nothing: it says what would be sent and can imitate a slow or failing receiver, the same way each time.

use std::future::ready;
use std::time::Duration;

use tokio::sync::mpsc;

use super::redact;
use crate::core::dispatch::transport::{Delivery, Outcome, Transport};
use crate::core::model::job::Job;

/// How many characters of a job's data are shown.
const DATA_CHARS: usize = 500;
/// How many characters of an id, a name or a queue are shown.
const NAME_CHARS: usize = 128;

/// How long a line waits for a reader that does not keep up; then it is left out, so that every delivery ends.
const PATIENCE_WITH_READER: Duration = Duration::from_secs(30);

/// What to imitate, and whom to tell.
#[derive(Debug, Default)]
pub struct Options {
    /// How long a send seems to take: between these two, both included.
    pub latency: (Duration, Duration),
    /// The share of attempts that seem to fail and may be repeated, 0 to 1.
    pub fail: f64,
    /// The share of attempts that seem to fail for good, 0 to 1.
    pub fail_permanent: f64,
    /// Gets one line per attempt and slows the sending down to the speed of its reader; none is the cheapest.
    pub sink: Option<mpsc::Sender<String>>,
}

/// Sends nothing. What it imitates depends on the job's id and attempt alone, so that runs repeat.
#[derive(Debug)]
pub struct Log {
    options: Options,
}

impl Log {
    /// A transport that imitates and tells as `options` say.
    pub fn new(options: Options) -> Self {
        Self { options }
    }

    fn outcome(&self, job: &Job) -> Outcome {
        let draw = Draws::of(job).failure();
        if draw < self.options.fail_permanent {
            return Outcome::Permanent { reason: "imitated permanent failure".to_owned() };
        }
        if draw < self.options.fail_permanent + self.options.fail {
            return Outcome::Retry { reason: "imitated failure".to_owned() };
        }
        Outcome::Accepted { reply: "null".to_owned(), provider_id: None }
    }

    fn latency(&self, job: &Job) -> Duration {
        let (least, most) = self.options.latency;
        least + most.saturating_sub(least).mul_f64(Draws::of(job).latency())
    }

    async fn imitate(&self, job: &Job) -> Outcome {
        let latency = self.latency(job);
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let outcome = self.outcome(job);
        if let Some(sink) = &self.options.sink
            && let Err(error) = sink.send_timeout(line(job, &outcome), PATIENCE_WITH_READER).await
        {
            tracing::debug!(%error, "nobody reads the lines");
        }
        outcome
    }
}

impl Transport for Log {
    fn name(&self) -> &'static str {
        "log"
    }

    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a> {
        if self.options.sink.is_none() && self.options.latency.1.is_zero() {
            return Box::pin(ready(self.outcome(job)));
        }
        Box::pin(self.imitate(job))
    }
}

fn line(job: &Job, outcome: &Outcome) -> String {
    let verdict = match outcome {
        Outcome::Accepted { .. } => "would send",
        Outcome::Permanent { .. } => "would fail for good",
        _ => "would fail, to be retried,",
    };
    let [queue, id, name] = [&job.queue, &job.id, &job.name].map(|text| redact::head(text.as_bytes(), NAME_CHARS));
    let data = redact::head(job.data.get().as_bytes(), DATA_CHARS);
    format!("{verdict} {queue}/{id} {name}, attempt {}: {data}", job.attempt)
}

/// Numbers from 0 to below 1 that depend on a job's id and attempt alone.
struct Draws {
    seed: u64,
}

impl Draws {
    /// FNV-1a over the id and the attempt.
    fn of(job: &Job) -> Self {
        let bytes = job.id.bytes().chain(job.attempt.to_le_bytes());
        let seed = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        Self { seed }
    }

    fn failure(&self) -> f64 {
        self.draw(1)
    }

    fn latency(&self) -> f64 {
        self.draw(2)
    }

    /// The finishing step of splitmix64, whose upper 32 bits become a fraction.
    fn draw(&self, which: u64) -> f64 {
        let mut bits = self.seed.wrapping_add(which.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let upper = u32::try_from(bits >> 32).unwrap_or_default();
        f64::from(upper) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::envelope::sample_job;
    use super::*;

    fn shares(log: &Log) -> (usize, usize) {
        let outcomes: Vec<Outcome> = (0..10_000).map(|n| log.outcome(&Job { id: format!("j{n}"), ..sample_job("{}") })).collect();
        let permanent = outcomes.iter().filter(|o| matches!(o, Outcome::Permanent { .. })).count();
        let retry = outcomes.iter().filter(|o| matches!(o, Outcome::Retry { .. })).count();
        (retry, permanent)
    }

    #[test]
    fn failures_come_in_the_share_that_was_asked_for() {
        let (retry, permanent) = shares(&Log::new(Options { fail: 0.05, fail_permanent: 0.01, ..Options::default() }));

        assert!((400..=600).contains(&retry), "{retry}");
        assert!((60..=140).contains(&permanent), "{permanent}");
    }

    #[test]
    fn zero_and_all_are_exact() {
        assert_eq!(shares(&Log::new(Options::default())), (0, 0));
        assert_eq!(shares(&Log::new(Options { fail: 1.0, ..Options::default() })), (10_000, 0));
    }

    #[test]
    fn a_run_repeats_and_another_attempt_draws_anew() {
        let log = Log::new(Options { fail: 0.5, latency: (Duration::ZERO, Duration::from_secs(1)), ..Options::default() });
        let jobs: Vec<Job> = (0..64).map(|n| Job { id: format!("j{n}"), ..sample_job("{}") }).collect();

        for job in &jobs {
            assert_eq!(log.outcome(job), log.outcome(&job.clone()));
            assert_eq!(log.latency(job), log.latency(&job.clone()));
        }
        assert!(jobs.iter().any(|job| log.outcome(job) != log.outcome(&Job { attempt: 3, ..job.clone() })));
    }

    #[test]
    fn latency_stays_between_its_bounds() {
        let (least, most) = (Duration::from_millis(10), Duration::from_millis(50));
        let log = Log::new(Options { latency: (least, most), ..Options::default() });

        for n in 0..1000 {
            let latency = log.latency(&Job { id: n.to_string(), ..sample_job("{}") });
            assert!((least..=most).contains(&latency), "{latency:?}");
        }
    }

    #[tokio::test]
    async fn a_line_says_what_would_be_sent_and_hides_the_phone() {
        let (sink, mut lines) = mpsc::channel(1);
        let log = Log::new(Options { sink: Some(sink), ..Options::default() });

        log.deliver(&sample_job("{\"to\":\"+5511999990000\",\"text\":\"Hola\\nAna\"}")).await;

        assert_eq!(
            lines.recv().await.as_deref(),
            Some("would send whatsapp/Ab12 send, attempt 2: {\"to\":\"+55…0000\",\"text\":\"Hola\\nAna\"}")
        );
    }

    #[tokio::test]
    async fn a_reader_that_has_gone_stops_nothing() {
        let (sink, lines) = mpsc::channel(1);
        let log = Log::new(Options { sink: Some(sink), ..Options::default() });
        drop(lines);

        assert!(matches!(log.deliver(&sample_job("{}")).await, Outcome::Accepted { .. }));
    }
}
