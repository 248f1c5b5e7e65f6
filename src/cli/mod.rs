//! The command line: flags into settings, use cases into exit codes.

pub mod asides;
pub mod bench;
mod body_flags;
pub mod bulk;
mod clocks;
pub mod completions;
mod dedupe_flags;
pub mod dlq;
mod dlq_uncertain;
pub mod doctor;
pub mod enqueue;
pub mod events;
pub mod exit;
mod flows;
pub mod job_flags;
mod job_rows;
mod job_update;
pub mod jobs;
mod message_flags;
pub mod metrics;
pub mod pauses;
mod providers;
pub mod queues;
pub mod redis;
mod redis_tools;
pub mod sandbox;
pub mod schedule;
mod select;
pub mod settings;
pub mod shell;
mod tally;
mod terms_flags;
pub mod time;
pub mod version;
pub mod watch;
pub mod which;
pub mod worker;
pub mod workers;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use exit::Exit;
use settings::Globals;
use shell::Shell;

/// What `wq --help` says below the commands.
const EXAMPLES: &str = "\
First message:
  wq redis start                                       a local Redis of its own
  wq enqueue --to +5511999990000 --text 'Hi'           into the queue `whatsapp`
  wq worker --via log --until-empty                    shows what would be sent

Every day:
  wq bulk contacts.csv --text 'Hi {{name}}' --dry-run  checks a campaign, sends nothing
  wq worker --via http --url http://127.0.0.1:8080/send
  wq metrics --watch
  wq dlq retry --all --where 'reason~\"timeout\"'

Exit codes: 0 done, 1 failed, 2 usage, 3 no Redis, 4 not found, 5 partly, 6 check failed, 7 timed out, 8 conflict, 9 refused, 75 full";

/// What the help of each command says at its end.
const EVERYWHERE: &str = "Everywhere: --redis --prefix -o --json -q -v -y --timeout --tz --config --profile; see: wq --help";

/// The WhatsApp queue: message queue, campaign sender and analytics over Redis, in BullMQ's format
#[derive(Debug, Parser)]
#[command(name = "wq", version, after_help = EXAMPLES, max_term_width = 110, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// One line a subcommand; each is a file of that name.
#[derive(Debug, Subcommand)]
enum Command {
    /// Add one message or job to a queue, or a stream of them
    Enqueue(Box<enqueue::Args>),
    /// Add a CSV of contacts, each message exactly once
    Bulk(Box<bulk::Args>),
    /// Take messages from the queue and send them, at the pace that is allowed
    Worker(Box<worker::Args>),
    /// Pause a queue: nobody takes from it, Node's workers neither
    Pause(pauses::OneQueue),
    /// Let a paused queue go on
    Resume(pauses::Resume),
    /// Add a message again and again, or once at a time to come
    Schedule(schedule::Args),
    /// Look at whole queues and steer them
    #[command(subcommand)]
    Queues(queues::Args),
    /// Look at jobs and change them by hand
    Jobs(jobs::Args),
    /// Dead letters: look, retry, clean, export
    Dlq(dlq::Args),
    /// Show how a queue does: what waits and why, how fast it goes, what came last
    Metrics(metrics::Args),
    /// Follow what happens in a queue
    Events(events::Args),
    /// See who works
    #[command(subcommand)]
    Workers(workers::Args),
    /// A local Redis of its own: start, stop, look inside
    Redis(redis::Args),
    /// A WhatsApp provider on this machine, to try things out with
    Sandbox(sandbox::Args),
    /// Look for what endangers messages: in Redis, in the queue, at the provider
    Doctor(doctor::Args),
    /// Measure this wq against a server
    Bench(bench::Args),
    /// Print the completion script for a shell
    Completions(completions::Args),
    /// Print the version and what it is built for
    #[command(after_help = "Example:\n  wq version --json | jq -r .data.version")]
    Version,
}

impl Command {
    async fn run(self, shell: &Shell) -> anyhow::Result<Exit> {
        match self {
            Self::Enqueue(args) => enqueue::run(*args, shell).await,
            Self::Bulk(args) => bulk::run(*args, shell).await,
            Self::Pause(args) => pauses::pause(args, shell).await,
            Self::Resume(args) => pauses::resume(args, shell).await,
            Self::Queues(args) => queues::run(args, shell).await,
            Self::Schedule(args) => schedule::run(args, shell).await,
            Self::Jobs(args) => jobs::run(args, shell).await,
            Self::Dlq(args) => dlq::run(args, shell).await,
            Self::Metrics(args) => metrics::run(args, shell).await,
            Self::Events(args) => events::run(args, shell).await,
            Self::Workers(args) => workers::run(args, shell).await,
            Self::Redis(args) => redis::run(args, shell).await,
            Self::Sandbox(args) => sandbox::run(args, shell).await,
            Self::Doctor(args) => doctor::run(args, shell).await,
            Self::Bench(args) => bench::run(args, shell).await,
            Self::Completions(args) => completions::run(&args, shell),
            Self::Version => version::run(shell),
            Self::Worker(args) => worker::run(*args, shell).await,
        }
    }
}

/// Runs the command line of this process and says how it ended.
pub fn run() -> ExitCode {
    let mut command = with_short_help(command());
    let read = command.try_get_matches_from_mut(std::env::args_os()).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match read.map_err(|error| error.format(&mut command)) {
        Ok(cli) => cli,
        Err(error) => return exit::report_usage(&error, asks_for_json(), &mut std::io::stderr()).into(),
    };
    let json = cli.globals.wants_json();
    let exit = execute(cli).unwrap_or_else(|error| exit::report(&error, json, &mut std::io::stderr()));
    // Whatever is still buffered goes out now; a closed pipe is success.
    std::io::stdout().flush().ok();
    exit.into()
}

/// Whether errors are to be JSON, on a command line that could not be read.
fn asks_for_json() -> bool {
    let words: Vec<String> = std::env::args().skip(1).take_while(|word| word != "--").collect();
    words.iter().any(|word| matches!(word.as_str(), "--json" | "-ojson" | "-o=json" | "--output=json"))
        || words.windows(2).any(|pair| matches!(pair, [flag, format] if (flag == "-o" || flag == "--output") && format == "json"))
}

fn execute(cli: Cli) -> anyhow::Result<Exit> {
    let settings = cli.globals.resolve()?;
    start_log(settings.verbose);
    if cli.globals.shows_password() {
        tracing::warn!("a password on the command line is visible to every user of this machine; use WQ_REDIS_URL");
    }
    let shell = Shell::new(settings);
    for warning in &shell.settings.warnings {
        shell.printer.warn(warning);
    }
    // One thread is enough: the work is waiting. It also lets outcomes of a worker gather into batches.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(cli.command.run(&shell))
}

/// Log lines go to stderr; -v shows what happens to each job, -vv and -vvv what the program does. Never a message or a number.
fn start_log(verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let colours = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours).with_target(false);
    let ours = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
    tracing_subscriber::registry().with(lines).with(ours).init();
}

/// What the flags of every command are is said by `wq --help` alone; each command's help is about that command.
fn with_short_help(command: clap::Command) -> clap::Command {
    let hidden: Vec<clap::Arg> = command.get_arguments().filter(|flag| flag.is_global_set()).map(|flag| flag.clone().hide(true)).collect();
    // A command that has a global flag already is not given the one that shows.
    command.mut_subcommands(|command| say_where_the_rest_is(command.args(&hidden)))
}

fn say_where_the_rest_is(command: clap::Command) -> clap::Command {
    let examples = command.get_after_help().map(|text| format!("{text}\n\n")).unwrap_or_default();
    command.after_help(format!("{examples}{EVERYWHERE}")).mut_subcommands(say_where_the_rest_is)
}

/// The whole command tree, for completions and the reference.
pub fn command() -> clap::Command {
    Cli::command()
}
