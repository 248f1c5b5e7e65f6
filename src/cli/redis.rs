//! `wq redis`: this file starts, stops and looks into the local server.

use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use serde::Serialize;

use super::settings::{Origin, environment};
use super::{Exit, redis_tools, shell::Shell, time::parse_duration};
use crate::app::error::{AppError, Kind};
use crate::app::redis_service::{self as service, Place, Running, Search, StartPlan};
use crate::core::store::connect::{Link, ServerAddress};
use crate::output::{Row, human};

/// A local Redis of its own: start, stop, look inside
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wq redis start
  wq redis start --port 6390 --data ./redis
  wq redis status
  wq redis logs -f
  wq redis cli HGETALL bull:whatsapp:meta
  wq redis monitor --for 10s
  wq redis info memory
  wq redis backup queue.rdb
  wq redis flush --dry-run
  wq redis restart
  wq redis stop")]
pub struct Args {
    /// Folder of the server's data; each has a server of its own [default: the user's data folder]
    #[arg(long, global = true, value_name = "DIR", env = "WQ_REDIS_DATA", hide_env = true)]
    data: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Start it, or say where it runs
    Start(StartArgs),
    /// Save and end it; a server that wq did not start is refused
    Stop,
    /// Stop and start it
    Restart(StartArgs),
    /// Whether it runs, and how it does
    Status,
    /// Its log
    Logs {
        /// Go on as it grows
        #[arg(short, long)]
        follow: bool,
        /// How many lines from its end
        #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
        lines: usize,
    },
    /// Run one command, or ask for commands until the input ends
    Cli {
        /// The command and its arguments
        #[arg(value_name = "ARG", trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Show every command that any client sends
    Monitor {
        /// Stop after so many
        #[arg(long, value_name = "N")]
        limit: Option<u64>,
        /// Stop after so long
        #[arg(long = "for", value_name = "TIME", value_parser = parse_duration)]
        duration: Option<Duration>,
    },
    /// What it says of itself
    Info {
        /// server, memory, clients, stats, persistence, …
        section: Option<String>,
    },
    /// Remove every key of one database; only of a server that wq started
    Flush {
        /// Say what would be removed
        #[arg(long)]
        dry_run: bool,
    },
    /// Copy its data into one file, which any Redis can load
    ///
    /// To load it: put it as dump.rdb into a new folder and run `wq redis start --data FOLDER`.
    Backup {
        /// Where to
        file: PathBuf,
        /// Replace the file
        #[arg(long)]
        force: bool,
    },
}

#[derive(Debug, clap::Args)]
struct StartArgs {
    /// Port on 127.0.0.1 [default: 6379]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// The server to run [default: valkey-server or redis-server in PATH]
    #[arg(long, value_name = "FILE")]
    server_bin: Option<PathBuf>,
    /// The most memory it takes for data [default: 2gb]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    maxmemory: Option<String>,
    /// Become the server, for service managers
    #[arg(long)]
    foreground: bool,
}

/// A size as the server spells it; anything else would break its settings file.
fn memory(text: &str) -> Result<String, String> {
    let lower = text.to_ascii_lowercase();
    let unit = lower.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_size = lower.len() > unit.len() && matches!(unit, "" | "b" | "k" | "kb" | "m" | "mb" | "g" | "gb");
    if is_size { Ok(lower) } else { Err("write a size such as 512mb or 2gb".to_owned()) }
}

#[derive(Serialize)]
struct Status {
    address: String,
    running: bool,
    pid: u32,
    version: String,
    uptime_s: u64,
    used_memory_bytes: u64,
    max_memory_bytes: u64,
    keys: u64,
    aof: bool,
    data: String,
}

impl Status {
    fn new(running: &Running, place: &Place) -> Self {
        let facts = &running.facts;
        Self {
            address: running.address(),
            running: true,
            pid: facts.pid,
            version: facts.version.clone(),
            uptime_s: facts.uptime_s,
            used_memory_bytes: facts.used_memory,
            max_memory_bytes: facts.max_memory,
            keys: facts.keys,
            aof: facts.aof,
            data: place.data().display().to_string(),
        }
    }
}

impl Row for Status {
    const SCHEMA: &'static str = "wq.redis.v1";
    const COLUMNS: &'static [&'static str] = &["ADDRESS", "PROCESS", "VERSION", "UP", "MEMORY", "KEYS", "AOF", "DATA"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.address.clone(),
            self.pid.to_string(),
            self.version.clone(),
            human::duration(Duration::from_secs(self.uptime_s)),
            format!("{} of {}", human::bytes(self.used_memory_bytes), human::bytes(self.max_memory_bytes)),
            human::count(self.keys),
            if self.aof { "yes" } else { "no" }.to_owned(),
            self.data.clone(),
        ]
    }

    fn id(&self) -> &str {
        &self.address
    }
}

/// Runs a verb.
///
/// # Errors
/// As the verb's use case.
pub async fn run(args: Args, shell: &Shell) -> anyhow::Result<Exit> {
    let place = place(args.data.as_deref())?;
    match args.verb {
        Verb::Start(start_args) => start(&place, start_args, None, shell).await,
        Verb::Stop => stop(&place, args.data.is_some(), shell).await,
        Verb::Restart(start_args) => {
            let before = place.state()?;
            stop(&place, args.data.is_some(), shell).await?;
            start(&place, start_args, before, shell).await
        }
        Verb::Status => status(&place, shell).await,
        Verb::Logs { follow, lines } => redis_tools::logs(&place.log(), lines, follow, shell).await,
        Verb::Cli { words } => {
            // BLPOP and the like answer when they like.
            let mut link = server(&place, args.data.is_some(), shell)?.connect_blocking().await.map_err(AppError::from)?;
            redis_tools::cli(&mut link, &words, shell).await
        }
        Verb::Monitor { limit, duration } => {
            let server = server(&place, args.data.is_some(), shell)?;
            redis_tools::monitor(&server, limit, duration, shell).await
        }
        Verb::Info { section } => {
            let text = link(&place, args.data.is_some(), shell).await?.info(section.as_deref().unwrap_or("default")).await;
            redis_tools::info(&text.map_err(AppError::from)?, shell)
        }
        Verb::Flush { dry_run } => flush(&place, args.data.is_some(), dry_run, shell).await,
        Verb::Backup { file, force } => {
            let mut link = link(&place, args.data.is_some(), shell).await?;
            let size = service::back_up(&place, &mut link, &file, force).await?;
            shell.printer.note(&format!("{} written to {}", human::bytes(size), file.display()));
            Ok(Exit::Done)
        }
    }
}

/// `--data`, else the user's own folders; root's are the machine's.
fn place(data: Option<&std::path::Path>) -> Result<Place, AppError> {
    use etcetera::BaseStrategy;
    if let Some(folder) = data {
        return Place::at(folder);
    }
    let is_root = rustix::process::geteuid().is_root();
    if is_root && environment("XDG_DATA_HOME").is_none() {
        let machine = PathBuf::from("/var/lib/wq");
        return Ok(Place::split(machine.join("redis"), &machine));
    }
    let user = etcetera::base_strategy::Xdg::new().map_err(|error| AppError::new(Kind::Other, error.to_string()))?;
    let state = user.state_dir().unwrap_or_else(|| user.data_dir());
    Ok(Place::split(user.data_dir().join("wq/redis"), &state.join("wq")))
}

/// The nearest word counts: `--redis`, `--data`, the settings, then the default folder's server on whichever port it runs.
/// `--redis` with `--data` names the database; whose server it is, is checked where it matters.
fn server(place: &Place, by_data: bool, shell: &Shell) -> Result<ServerAddress, AppError> {
    let settled = || shell.settings.redis.clone();
    let own = |state: service::State| Ok(ServerAddress::parse(&state.address())?);
    match shell.settings.redis_origin {
        Origin::Flag(_) => Ok(settled()),
        _ if by_data => own(place.state()?.ok_or_else(|| not_running(place))?),
        Origin::Variable(_) | Origin::File(_) => Ok(settled()),
        Origin::Default => place.state()?.map_or_else(|| Ok(settled()), own),
    }
}

/// Where `scripts/setup-redis` puts a server.
fn installed() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    let own = || Some(etcetera::base_strategy::Xdg::new().ok()?.data_dir().join("wq/bin"));
    environment("WQ_SERVER_DIR").map(PathBuf::from).or_else(own)
}

async fn link(place: &Place, by_data: bool, shell: &Shell) -> Result<Link, AppError> {
    Ok(server(place, by_data, shell)?.connect(shell.settings.timeout).await?)
}

fn not_running(place: &Place) -> AppError {
    AppError::new(Kind::Unreachable, format!("no server of wq runs on {}", place.data().display()))
        .with_hint("start one with: wq redis start")
}

async fn start(place: &Place, args: StartArgs, before: Option<service::State>, shell: &Shell) -> anyhow::Result<Exit> {
    let path = environment("PATH").unwrap_or_default();
    let search = Search {
        named: args.server_bin.or_else(|| before.as_ref().map(|state| state.binary.clone()).filter(|binary| binary.is_file())),
        from_environment: environment("WQ_REDIS_SERVER").map(PathBuf::from),
        path: std::env::split_paths(&path).chain(["/usr/bin".into(), "/usr/local/bin".into()]).collect(),
        installed: installed(),
    };
    let plan = StartPlan {
        port: args.port.or(before.as_ref().map(|state| state.port)).unwrap_or(6379),
        maxmemory: args.maxmemory.or(before.map(|state| state.maxmemory)).unwrap_or_else(|| "2gb".to_owned()),
        search,
        tunables: environment("GLIBC_TUNABLES"),
    };
    if args.foreground {
        service::become_server(place, &plan).await?;
    }
    let running = service::start(place, &plan).await?;
    let what = if running.already { "already running" } else { "started" };
    shell.printer.note(&format!("{what}: {} (process {}), data in {}", running.facts.version, running.facts.pid, place.data().display()));
    match shell.printer.format {
        Some(_) => shell.printer.record(&Status::new(&running, place))?,
        None => shell.printer.lines([running.address().as_str()])?,
    }
    Ok(Exit::Done)
}

/// Without a server of ours, one that answers at `--redis` is somebody else's.
async fn stop(place: &Place, by_data: bool, shell: &Shell) -> anyhow::Result<Exit> {
    if service::stop(place).await? {
        shell.printer.note("stopped");
        return Ok(Exit::Done);
    }
    if !by_data && let Ok(mut link) = shell.settings.redis.connect(Duration::from_secs(1)).await {
        service::must_be_ours(place, &mut link).await?;
    }
    shell.printer.note("not running");
    Ok(Exit::Done)
}

async fn status(place: &Place, shell: &Shell) -> anyhow::Result<Exit> {
    let running = service::ours(place).await?.ok_or_else(|| not_running(place))?;
    shell.printer.record(&Status::new(&running, place))?;
    Ok(Exit::Done)
}

async fn flush(place: &Place, by_data: bool, dry_run: bool, shell: &Shell) -> anyhow::Result<Exit> {
    let server = server(place, by_data, shell)?;
    let mut link = server.connect(shell.settings.timeout).await.map_err(AppError::from)?;
    let facts = service::must_be_ours(place, &mut link).await?;
    let what = format!("{} keys in {server} (process {})", human::count(facts.keys), facts.pid);
    if dry_run {
        shell.printer.note(&format!("would remove {what}"));
        return Ok(Exit::Done);
    }
    shell.confirm(&format!("Removing {what} can't be undone."), Some(&server.to_string()))?;
    link.flush_database().await.map_err(AppError::from)?;
    shell.printer.note(&format!("removed {what}"));
    Ok(Exit::Done)
}
