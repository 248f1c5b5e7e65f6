//! This file runs a worker: takes messages, keeps the pace, sends them.

mod journal;
mod lines;
mod recipients;
mod uncertain;
mod values;

use std::ffi::OsString;
use std::pin::pin;
use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Exit;
use super::providers::ProviderArgs;
use super::settings::environment;
use super::shell::Shell;
use crate::app::error::{AppError, Kind};
use crate::app::worker::{WorkerPlan, run_workers};
use crate::core::dispatch::{End, KeepRules, Report, WorkerRules};
use crate::core::model::job::Keep;
use crate::core::model::queue::QueueName;
use crate::core::model::rate::{Rate, RateLimit};
use crate::core::store::intent::Fence;
use crate::core::store::standstill::ProbeRules;
use crate::core::store::take::TakeRules;
use crate::output::{Row, human};
use crate::transport::{self, DEFAULT_SEND_TIMEOUT, Way, exec, http, log};
use lines::Lines;

/// How long storing may take after the second signal.
const LAST_WORDS: Duration = Duration::from_millis(900);

/// Over which flags stand in its help, in this order; those of providers and of doubt have their own.
const SENDING: &str = "How to send";
const PACE: &str = "How fast";
const ENDING: &str = "When to end";
const JOBS: &str = "Jobs and names";

/// What `wq worker --help` says at the end.
const EXAMPLES: &str = "\
Ways to send (what each answer means: docs/sending.md, docs/providers.md):
  evolution  by the Evolution API; also WQ_EVOLUTION_URL, _INSTANCE, _KEY or [evolution] in wq.toml
  cloud      by Meta's Cloud API; also WQ_CLOUD_PHONE_NUMBER_ID, _TOKEN or [cloud] in wq.toml
  http       posts {\"id\",\"name\",\"data\",\"attempt\",\"queue\"} to --url; 2xx is sent
  exec       gives the same JSON to the command after --; exit 0 is sent, 75 is tried again
  log        sends nothing and says what it would

Examples:
  wq worker --via http --url http://127.0.0.1:8080/send
  wq worker --via exec --until-empty --max-jobs 500 -- ./send.sh        for cron and CI

The first Ctrl-C or SIGTERM finishes what is being sent (exit 0), the second cuts it off (130, 143).";

/// How to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Via {
    Evolution,
    Cloud,
    Http,
    Exec,
    Log,
}

/// Flags of `wq worker`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Queue to work on; repeat it for more [default: whatsapp]
    #[arg(short = 'Q', long = "queue", value_name = "QUEUE")]
    queues: Vec<QueueName>,
    /// How to send: evolution, cloud, http, exec or log
    #[arg(long, value_name = "WAY", hide_possible_values = true)]
    via: Via,
    /// What --via exec runs for each message
    #[arg(last = true, value_name = "COMMAND", help_heading = SENDING)]
    command: Vec<OsString>,
    /// Where --via http posts to
    #[arg(long, value_name = "URL", help_heading = SENDING)]
    url: Option<String>,
    /// How long one send may take [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = values::interval, help_heading = SENDING)]
    send_timeout: Option<Duration>,
    /// --via log seems to take so long: 20ms or 10ms..50ms
    #[arg(long, value_name = "TIME", value_parser = values::latency, help_heading = SENDING)]
    latency: Option<(Duration, Duration)>,
    /// --via log seems to fail so often
    #[arg(long, value_name = "PERCENT", value_parser = values::share, help_heading = SENDING)]
    fail: Option<f64>,
    /// --via log seems to fail for good so often
    #[arg(long, value_name = "PERCENT", value_parser = values::share, help_heading = SENDING)]
    fail_permanent: Option<f64>,
    #[command(flatten)]
    providers: ProviderArgs,
    /// Sends at a time, in each queue
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=10_000), help_heading = PACE)]
    concurrency: u16,
    /// 80/m, 100/s, 2/500ms or none [default: the queue's, or 80/m]
    #[arg(long, value_name = "RATE", help_heading = PACE)]
    rate: Option<RateLimit>,
    /// What Node workers beside it have as `limiter`: 80/m
    #[arg(long, value_name = "RATE", help_heading = PACE)]
    node_limiter: Option<Rate>,
    #[command(flatten)]
    recipients: recipients::RecipientFlags,
    /// End when nothing waits, nothing runs and no retry is due
    #[arg(long, conflicts_with = "once", help_heading = ENDING)]
    until_empty: bool,
    /// End after one job, or at once if there is none
    #[arg(long, help_heading = ENDING)]
    once: bool,
    /// End after so many jobs in each queue, at the latest
    #[arg(long, value_name = "N", conflicts_with = "once", value_parser = clap::value_parser!(u64).range(1..), help_heading = ENDING)]
    max_jobs: Option<u64>,
    /// How long sends may go on after the first signal
    #[arg(long, value_name = "TIME", default_value = "25s", value_parser = values::patience, help_heading = ENDING)]
    grace: Duration,
    #[command(flatten)]
    uncertain: uncertain::Flags,
    #[command(flatten)]
    journal: journal::JournalFlags,
    /// Completed jobs that stay; or all, none
    #[arg(long, value_name = "AGE,N", default_value = "24h,10000", value_parser = values::keep, help_heading = JOBS)]
    keep_completed: Keep,
    /// How long a job's lock lives unless it is renewed
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = values::interval, help_heading = JOBS)]
    lock_ttl: Duration,
    /// How often jobs of dead workers are looked for
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = values::interval, help_heading = JOBS)]
    stalled_interval: Duration,
    /// Count finished jobs a minute, so far back: 60
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=525_600), help_heading = JOBS)]
    metrics: Option<u32>,
    /// What `wq workers list` and Bull Board call it
    #[arg(long, value_parser = values::name, help_heading = JOBS)]
    name: Option<String>,
}

/// Runs it.
///
/// # Errors
/// When the flags make no sense or Redis can't be reached at the start.
pub async fn run(args: Args, shell: &Shell) -> anyhow::Result<Exit> {
    args.check()?;
    let (stop, at_once) = (CancellationToken::new(), CancellationToken::new());
    let (sink, lines) = args.wants_lines(shell).then(|| Lines::start(shell.printer.clone(), stop.clone())).unzip();
    let way = args.way(sink, shell)?;
    let plan = args.plan(way.longest_send(), shell)?;
    let transport = transport::build(way).map_err(AppError::from)?;
    shell.printer.note(&args.announcement(&plan));
    let holds = plan.rules.take.fence.is_some_and(Fence::holds);
    let mut working = pin!(run_workers(plan, transport, stop.clone(), at_once.clone()));
    let report = tokio::select! {
        report = &mut working => report?,
        exit = second_signal(shell, &stop) => {
            at_once.cancel();
            if let Ok(report) = tokio::time::timeout(LAST_WORDS, working).await {
                warn_of_cut_off(&report?, holds, shell);
            }
            return exit;
        }
    };
    if let Some(lines) = lines {
        lines.finish().await;
    }
    conclude(&args, &report, holds, shell)
}

fn conclude(args: &Args, report: &Report, holds: bool, shell: &Shell) -> anyhow::Result<Exit> {
    shell.printer.note(&summary(report));
    if shell.settings.format.is_some() {
        shell.printer.record(&WorkerRow::new(args, report))?;
    }
    warn_of_cut_off(report, holds, shell);
    Ok(if report.cut_off > 0 { Exit::Failed } else { Exit::Done })
}

fn warn_of_cut_off(report: &Report, holds: bool, shell: &Shell) {
    if report.cut_off > 0 {
        let then = if holds { "they are held (see: wq dlq list)" } else { "they run again" };
        shell.printer.warn(&format!("cut off while being sent: {}; nobody knows what became of them, and {then}", report.cut_off));
    }
}

impl Args {
    /// Flags of another way to send are a mistake, never silently ignored.
    fn check(&self) -> Result<(), AppError> {
        self.uncertain.check()?;
        let wrong = |flag: &str, way: &str| Err(AppError::new(Kind::Usage, format!("{flag} needs --via {way}")));
        match self.via {
            Via::Http if self.url.is_none() => {
                let hint = "such as: wq worker --via http --url http://127.0.0.1:8080/send";
                return Err(AppError::new(Kind::Usage, "--via http needs --url").with_hint(hint));
            }
            Via::Http => {}
            _ if self.url.is_some() => return wrong("--url", "http"),
            _ => {}
        }
        if self.via != Via::Exec && !self.command.is_empty() {
            return wrong("a command after --", "exec");
        }
        if let Some((flag, ways)) = self.providers.of_others(self.via_word()) {
            return wrong(flag, ways);
        }
        let log_flags =
            [("--latency", self.latency.is_some()), ("--fail", self.fail.is_some()), ("--fail-permanent", self.fail_permanent.is_some())];
        match log_flags.into_iter().find(|(_, given)| *given) {
            Some((flag, _)) if self.via != Via::Log => wrong(flag, "log"),
            _ => Ok(()),
        }
    }

    fn way(&self, sink: Option<tokio::sync::mpsc::Sender<String>>, shell: &Shell) -> Result<Way, AppError> {
        let timeout = self.send_timeout.unwrap_or(DEFAULT_SEND_TIMEOUT);
        Ok(match self.via {
            Via::Evolution => Way::Evolution(self.providers.evolution(self.send_timeout, &shell.settings, &shell.printer)?),
            Via::Cloud => Way::Cloud(self.providers.cloud(self.send_timeout, &shell.settings, &shell.printer)?),
            Via::Http => Way::Http(http::Options {
                url: self.url.clone().unwrap_or_default(),
                timeout,
                secret: environment("WQ_HTTP_SECRET").map(http::Secret::new),
            }),
            Via::Exec => {
                Way::Exec(exec::Options { command: self.command.clone(), timeout, search_path: environment("PATH").map(OsString::from) })
            }
            Via::Log => Way::Log(log::Options {
                latency: self.latency.unwrap_or_default(),
                fail: self.fail.unwrap_or_default(),
                fail_permanent: self.fail_permanent.unwrap_or_default(),
                sink,
            }),
        })
    }

    fn wants_lines(&self, shell: &Shell) -> bool {
        self.via == Via::Log && !shell.settings.quiet
    }

    fn plan(&self, longest_send: Duration, shell: &Shell) -> Result<WorkerPlan, AppError> {
        let settings = &shell.settings;
        let take = TakeRules {
            lock_ttl: self.lock_ttl,
            worker: self.name.clone(),
            rate: self.rate.unwrap_or_default(),
            node_limiter: self.node_limiter,
            fence: self.uncertain.fence(self.via == Via::Log, longest_send),
            recipients: self.recipients.limits(matches!(self.via_word(), "evolution" | "cloud")),
            metrics_minutes: self.metrics.unwrap_or(0),
        };
        let rules = WorkerRules {
            concurrency: self.concurrency.into(),
            take,
            stalled_interval: self.stalled_interval,
            uncertain_wait: self.uncertain.wait(),
            grace: self.grace,
            keep: KeepRules { completed: self.keep_completed, ..KeepRules::default() },
            end: match (self.once, self.until_empty) {
                (true, _) => End::Once,
                (false, true) => End::UntilEmpty,
                (false, false) => End::Never,
            },
            most_jobs: self.max_jobs,
            probe: ProbeRules::default(),
            journal: self.journal.rules(self.via == Via::Log)?,
        };
        let mut queues = self.queues.clone();
        // named twice means the same as named once
        queues.sort();
        queues.dedup();
        if queues.is_empty() {
            queues.push(settings.queue.clone());
        }
        let (server, prefix) = (settings.redis.clone(), settings.prefix.clone());
        Ok(WorkerPlan { server, prefix, queues, rules, patience: settings.timeout })
    }

    fn announcement(&self, plan: &WorkerPlan) -> String {
        let queues: Vec<&str> = plan.queues.iter().map(QueueName::as_str).collect();
        let rate = match self.rate.unwrap_or_default() {
            RateLimit::Unset => "80/m or the queue's own rate".to_owned(),
            RateLimit::Unlimited => "no rate of its own".to_owned(),
            RateLimit::Limited(rate) => format!("at most {rate}"),
        };
        let until = match (plan.rules.end, plan.rules.most_jobs) {
            (End::Never, None) => "Ctrl-C stops it".to_owned(),
            (End::UntilEmpty, None) => "until the queue is empty".to_owned(),
            (End::Never, Some(most)) => format!("at most {most} jobs of each queue"),
            (End::UntilEmpty, Some(most)) => format!("until the queue is empty, at most {most} jobs of each"),
            (End::Once, _) => "one job".to_owned(),
        };
        let (concurrency, server) = (self.concurrency, &plan.server);
        format!("worker on {} at {server} via {}, {concurrency} at a time, {rate}; {until}", queues.join(", "), self.via_word())
    }

    fn via_word(&self) -> &'static str {
        match self.via {
            Via::Evolution => "evolution",
            Via::Cloud => "cloud",
            Via::Http => "http",
            Via::Exec => "exec",
            Via::Log => "log",
        }
    }
}

/// Tells the workers to stop at the first SIGINT or SIGTERM; ends at the second, with its exit code.
async fn second_signal(shell: &Shell, stop: &CancellationToken) -> anyhow::Result<Exit> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut next = async || {
        tokio::select! {
            _ = interrupt.recv() => Exit::Interrupted,
            _ = terminate.recv() => Exit::Terminated,
        }
    };
    next().await;
    shell.printer.note("stopping: finishing what is being sent; once more stops at once");
    stop.cancel();
    Ok(next().await)
}

fn summary(report: &Report) -> String {
    let mut parts = vec![format!("{} completed", human::count(report.completed))];
    for (number, what) in [
        (report.retried, "failed for now"),
        (report.postponed, "told to come back later"),
        (report.dead, "given up for good (see: wq dlq list)"),
        (report.held, "held, since nobody knows whether they were sent (see: wq dlq list)"),
        (report.given_back, "given back"),
        (report.dropped, "ids without a job removed"),
        (report.lost, "taken over by another worker meanwhile"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", human::count(number)));
        }
    }
    parts.join(", ")
}

/// What a worker did, for programs.
#[derive(Debug, Serialize)]
struct WorkerRow {
    worker: Option<String>,
    via: &'static str,
    completed: u64,
    retried: u64,
    postponed: u64,
    dead: u64,
    given_back: u64,
    dropped: u64,
    lost: u64,
    cut_off: u64,
    held: u64,
}

impl WorkerRow {
    fn new(args: &Args, report: &Report) -> Self {
        let Report { completed, dead, retried, postponed, given_back, lost, cut_off, dropped, held } = *report;
        let (worker, via) = (args.name.clone(), args.via_word());
        Self { worker, via, completed, retried, postponed, dead, given_back, dropped, lost, cut_off, held }
    }
}

impl Row for WorkerRow {
    const SCHEMA: &'static str = "wq.worker.v1";
    const COLUMNS: &'static [&'static str] =
        &["WORKER", "VIA", "COMPLETED", "RETRIED", "POSTPONED", "DEAD", "GIVEN BACK", "DROPPED", "LOST", "CUT OFF", "HELD"];

    fn cells(&self) -> Vec<String> {
        let sent = [self.completed, self.retried, self.postponed, self.dead];
        let rest = [self.given_back, self.dropped, self.lost, self.cut_off, self.held];
        let names = [self.worker.clone().unwrap_or_default(), self.via.to_owned()];
        names.into_iter().chain(sent.into_iter().chain(rest).map(human::count)).collect()
    }

    fn id(&self) -> &str {
        self.worker.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn read(words: &str) -> Result<Args, String> {
        let line = Line::try_parse_from(std::iter::once("wq").chain(words.split_whitespace()));
        let args = line.map_err(|error| error.to_string())?.args;
        args.check().map_err(|error| error.to_string())?;
        Ok(args)
    }

    #[test]
    fn the_defaults_are_five_at_a_time_and_the_rate_of_the_queue() {
        let args = read("--via log").unwrap();

        assert_eq!((args.concurrency, args.rate, args.send_timeout), (5, None, None));
        assert_eq!(
            (args.lock_ttl, args.stalled_interval, args.grace),
            (Duration::from_secs(30), Duration::from_secs(30), Duration::from_secs(25))
        );
        assert_eq!(args.keep_completed, KeepRules::default().completed);
    }

    #[test]
    fn everything_after_the_dashes_belongs_to_the_command() {
        let args = read("--via exec --once -- ./send.sh --via x -Q").unwrap();

        assert_eq!(args.command, ["./send.sh", "--via", "x", "-Q"]);
    }

    #[test]
    fn a_flag_of_another_way_is_refused() {
        for (words, problem) in [
            ("--via http", "--via http needs --url"),
            ("--via log --url http://h/", "--url needs --via http"),
            ("--via http --url http://h/ -- ./send.sh", "a command after -- needs --via exec"),
            ("--via exec --fail 5% -- ./send.sh", "--fail needs --via log"),
            ("--via http --url http://h/ --latency 5ms", "--latency needs --via log"),
            ("--via evolution --url http://h/", "--url needs --via http"),
            ("--via log --base-url http://h/", "--base-url needs --via evolution or cloud"),
            ("--via log --instance main", "--instance needs --via evolution"),
            ("--via http --url http://h/ --key-file k", "--key-file needs --via evolution"),
            ("--via evolution --phone-number-id 1", "--phone-number-id needs --via cloud"),
            ("--via log --graph-version 25", "--graph-version needs --via cloud"),
            ("--via exec --token-file t -- ./send.sh", "--token-file needs --via cloud"),
            ("--via cloud --instance main", "--instance needs --via evolution"),
            ("--via evolution -- ./send.sh", "a command after -- needs --via exec"),
        ] {
            assert_eq!(read(words).unwrap_err(), problem, "{words}");
        }
    }

    #[test]
    fn values_that_make_no_sense_are_refused() {
        for words in [
            "",
            "--via pigeon",
            "--via log --concurrency 0",
            "--via log --rate 0/m",
            "--via log --lock-ttl 0s",
            "--via log --once --until-empty",
            "--via log --once --max-jobs 5",
            "--via log --max-jobs 0",
            "--via log -Q a:b",
            "--via log --fail 5",
            "--via log --keep-completed some",
        ] {
            assert!(read(words).is_err(), "{words}");
        }
    }

    #[test]
    fn a_summary_names_only_what_happened() {
        let report = Report { completed: 1200, dead: 2, ..Report::default() };

        assert_eq!(summary(&report), "1,200 completed, 2 given up for good (see: wq dlq list)");
    }
}
