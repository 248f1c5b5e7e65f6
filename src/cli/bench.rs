//! `wq bench`: this file shows how fast `wq` itself is against a server.

use std::time::Duration;

use anyhow::Context;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use super::{Exit, shell::Shell};
use crate::app::bench::{Bench, CommandShare, Figures, Plan, Workload};
use crate::app::error::AppError;
use crate::output::{Page, Row, human};

/// Measure this wq against a server, in a queue of its own that is gone afterwards
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Jobs to add and to work off, such as 100k; slow workloads take a share of it
    #[arg(long, value_name = "N", default_value = "100k", value_parser = jobs)]
    jobs: usize,
    /// Only these: add, add-one, drain, handler, pickup, delayed, limiter
    #[arg(long, value_name = "WORKLOAD,…", value_enum, value_delimiter = ',', hide_possible_values = true)]
    only: Vec<Workload>,
    /// Sends at a time, drained one after the other
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "5,50", value_parser = concurrency)]
    concurrency: Vec<usize>,
    /// So many more jobs wait behind those that are drained, such as 1m
    #[arg(long, value_name = "N", default_value = "0", value_parser = waiting)]
    waiting: usize,
    /// Show where the server's time goes instead: calls and microseconds a job of each command
    #[arg(long)]
    by_command: bool,
}

const EXAMPLES: &str = "\
Examples:
  wq bench                                    everything, in about a minute
  wq bench --only drain --concurrency 50 --json | jq '.data[].jobs_per_s'
  wq bench --only drain --by-command          what evalsha has beyond the other commands is its script's own

Every key begins with wq-bench; all of them are removed at the end, after Ctrl-C too. REDIS US is the server's CPU time a \
job, in microseconds, whoever caused it meanwhile; CLIENT US that of this process. Beside BullMQ: scripts/bench.";

fn number(text: &str) -> Option<usize> {
    let text = text.trim().to_ascii_lowercase();
    let (digits, factor) = match text.strip_suffix(['k', 'm']) {
        Some(digits) if text.ends_with('k') => (digits, 1_000),
        Some(digits) => (digits, 1_000_000),
        None => (text.as_str(), 1),
    };
    digits.parse::<usize>().ok()?.checked_mul(factor).filter(|number| *number <= MOST_JOBS)
}

/// About 7 GB of the server's memory.
const MOST_JOBS: usize = 10_000_000;

fn jobs(text: &str) -> Result<usize, String> {
    number(text).filter(|number| *number > 0).ok_or_else(|| "write a number from 1 to 10m, such as 100k".to_owned())
}

fn waiting(text: &str) -> Result<usize, String> {
    number(text).ok_or_else(|| "write a number up to 10m, such as 100k".to_owned())
}

fn concurrency(text: &str) -> Result<usize, String> {
    text.trim().parse().ok().filter(|number| (1..=10_000).contains(number)).ok_or_else(|| "write a number from 1 to 10000".to_owned())
}

/// What one workload cost.
#[derive(Debug, Serialize)]
struct BenchRow {
    workload: String,
    jobs: usize,
    seconds: f64,
    jobs_per_s: Option<f64>,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    redis_us_per_job: f64,
    client_us_per_job: Option<f64>,
    share_of_ideal: Option<f64>,
    most_in_a_second: Option<usize>,
}

impl From<Figures> for BenchRow {
    fn from(figures: Figures) -> Self {
        let Figures { workload, jobs, elapsed, per_second, latency, server_cpu, client_cpu, share_of_ideal, most_in_a_second, commands: _ } =
            figures;
        let us = |time: Duration| rounded(time.as_secs_f64() * 1e6, 2);
        let ms = |time: Duration| rounded(time.as_secs_f64() * 1e3, 3);
        Self {
            workload,
            jobs,
            seconds: rounded(elapsed.as_secs_f64(), 3),
            jobs_per_s: per_second.map(|speed| rounded(speed, 1)),
            p50_ms: latency.map(|spread| ms(spread.p50)),
            p99_ms: latency.map(|spread| ms(spread.p99)),
            redis_us_per_job: us(server_cpu),
            client_us_per_job: client_cpu.map(us),
            share_of_ideal: share_of_ideal.map(|share| rounded(share, 4)),
            most_in_a_second,
        }
    }
}

fn rounded(value: f64, digits: i32) -> f64 {
    let factor = 10_f64.powi(digits);
    (value * factor).round() / factor
}

impl BenchRow {
    fn remark(&self) -> String {
        match (self.share_of_ideal, self.most_in_a_second) {
            (Some(share), _) => format!("{:.1} % of the same sleep without a queue", share * 100.0),
            (_, Some(most)) => format!("at most {most} in any second"),
            _ => String::new(),
        }
    }
}

impl Row for BenchRow {
    const SCHEMA: &'static str = "wq.bench.v1";
    const COLUMNS: &'static [&'static str] = &["WORKLOAD", "JOBS", "JOBS/S", "P50 MS", "P99 MS", "REDIS US", "CLIENT US", "REMARK"];

    fn cells(&self) -> Vec<String> {
        let shown = |value: Option<f64>, digits: usize| value.map(|value| format!("{value:.digits$}")).unwrap_or_default();
        vec![
            self.workload.clone(),
            human::count(self.jobs as u64),
            shown(self.jobs_per_s, 0),
            shown(self.p50_ms, 2),
            shown(self.p99_ms, 2),
            shown(Some(self.redis_us_per_job), 1),
            shown(self.client_us_per_job, 1),
            self.remark(),
        ]
    }

    fn id(&self) -> &str {
        &self.workload
    }
}

/// What one command cost in one workload.
#[derive(Debug, Serialize)]
struct CommandRow {
    workload: String,
    command: String,
    calls_per_job: f64,
    us_per_job: f64,
}

impl CommandRow {
    /// Those that a job could notice.
    fn of(figures: &Figures) -> impl Iterator<Item = Self> {
        let row = |share: &CommandShare| Self {
            workload: figures.workload.clone(),
            command: share.command.clone(),
            calls_per_job: rounded(share.calls, 3),
            us_per_job: rounded(share.time.as_secs_f64() * 1e6, 3),
        };
        figures.commands.iter().map(row).filter(|row| row.calls_per_job > 0.0 || row.us_per_job > 0.0)
    }
}

impl Row for CommandRow {
    const SCHEMA: &'static str = "wq.bench-commands.v1";
    const COLUMNS: &'static [&'static str] = &["WORKLOAD", "COMMAND", "CALLS A JOB", "US A JOB"];

    fn cells(&self) -> Vec<String> {
        let (calls, us) = (format!("{:.3}", self.calls_per_job), format!("{:.2}", self.us_per_job));
        vec![self.workload.clone(), self.command.clone(), calls, us]
    }

    fn id(&self) -> &str {
        &self.command
    }
}

/// Measures, prints, and leaves nothing behind.
///
/// # Errors
/// When the server goes away, or a workload did not do what it had to.
pub async fn run(args: Args, shell: &Shell) -> anyhow::Result<Exit> {
    let workloads = if args.only.is_empty() { Workload::ALL.to_vec() } else { args.only };
    let plan = Plan {
        server: shell.settings.redis.clone(),
        patience: shell.settings.timeout,
        jobs: args.jobs,
        waiting: args.waiting,
        concurrency: args.concurrency,
        workloads,
    };
    let bench = Bench::open(plan).await?;
    shell.printer.note(&format!("in the queue {} at {}; it is gone at the end", bench.queue(), shell.settings.redis));
    let mut measured: Vec<Figures> = Vec::new();
    let mut tell = |figures: Figures| {
        shell.printer.note(&format!("{}: {}", figures.workload, human::duration(figures.elapsed)));
        measured.push(figures);
    };
    let ended = tokio::select! {
        ended = bench.run(&mut tell) => ended.map(|()| Exit::Done),
        exit = first_signal() => Ok(exit?),
    };
    let cleaned = bench.clean_up().await;
    let exit = ended.context("bench")?;
    cleaned.map_err(|error| left_behind(&error, &bench))?;
    if exit == Exit::Done {
        print(measured, args.by_command, shell)?;
    }
    Ok(exit)
}

fn print(measured: Vec<Figures>, by_command: bool, shell: &Shell) -> anyhow::Result<()> {
    if by_command {
        let rows: Vec<CommandRow> = measured.iter().flat_map(CommandRow::of).collect();
        return Ok(shell.printer.rows(&rows, &Page::default())?);
    }
    let rows: Vec<BenchRow> = measured.into_iter().map(BenchRow::from).collect();
    Ok(shell.printer.rows(&rows, &Page::default())?)
}

fn left_behind(error: &AppError, bench: &Bench) -> AppError {
    AppError::new(error.kind(), format!("the queue {} was left behind: {error}", bench.queue()))
        .with_hint(format!("remove it with: wq --prefix wq-bench queues obliterate '{}' --force", bench.queue()))
}

async fn first_signal() -> anyhow::Result<Exit> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(tokio::select! {
        _ = interrupt.recv() => Exit::Interrupted,
        _ = terminate.recv() => Exit::Terminated,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_jobs_are_written_short() {
        assert_eq!([jobs("7"), jobs("100k"), jobs("1M"), waiting("0")], [Ok(7), Ok(100_000), Ok(1_000_000), Ok(0)]);
        for text in ["", "0", "k", "-1", "1.5k", "11m", "many", "99999999999999999999"] {
            assert!(jobs(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_remark_says_what_the_columns_do_not() {
        let figures = Figures {
            workload: "send".to_owned(),
            jobs: 5,
            elapsed: Duration::from_secs(1),
            per_second: Some(5.0),
            latency: None,
            server_cpu: Duration::from_nanos(1_234),
            client_cpu: None,
            share_of_ideal: Some(0.98765),
            most_in_a_second: None,
            commands: Vec::new(),
        };

        let row = BenchRow::from(figures);

        assert_eq!((row.redis_us_per_job, row.remark().as_str()), (1.23, "98.8 % of the same sleep without a queue"));
    }
}
