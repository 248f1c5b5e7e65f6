//! The local server: a real `valkey-server` or `redis-server` that `wq` starts, knows again, and stops.
//!
//! The guard: a server counts as ours only when the process that answers on the port is the one whose id and run id `wq`
//! wrote down. A failed bind must never lead silently to somebody else's data.

mod backup;
mod find;
mod place;

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;

pub use backup::back_up;
pub use find::{Search, find_server};
pub use place::{Place, State};

use super::error::{AppError, Kind};
use crate::core::store::connect::{Link, ServerAddress};
use crate::core::store::server::ServerFacts;

/// How long a server may take to load its data or to save it.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How to start.
#[derive(Clone, Debug)]
pub struct StartPlan {
    /// Port on 127.0.0.1.
    pub port: u16,
    /// In Redis' own spelling, `2gb`.
    pub maxmemory: String,
    /// Where to find the binary.
    pub search: Search,
}

/// A server of ours that runs.
#[derive(Clone, Debug)]
pub struct Running {
    /// What was written down.
    pub state: State,
    /// What it says of itself.
    pub facts: ServerFacts,
    /// Whether it ran before.
    pub already: bool,
}

impl Running {
    /// For `--redis`.
    pub fn address(&self) -> String {
        address(self.state.port)
    }
}

fn address(port: u16) -> String {
    format!("redis://127.0.0.1:{port}")
}

/// Starts a server, or finds that ours runs already.
///
/// # Errors
/// When somebody else has the port, no server is found, or it doesn't come up.
pub async fn start(place: &Place, plan: &StartPlan) -> Result<Running, AppError> {
    if let Some(running) = ours(place).await? {
        return Ok(Running { already: true, ..running });
    }
    check_port(plan.port).await?;
    let binary = find_server(&plan.search)?;
    place.prepare()?;
    let config = place.write_config(plan.port, &plan.maxmemory, true)?;
    let mut child = spawn(&binary, &config, place)?;
    match wait_until_up(&mut child, plan.port, place).await {
        Ok(facts) => {
            let state = State { pid: facts.pid, port: plan.port, run_id: facts.run_id.clone(), binary, maxmemory: plan.maxmemory.clone() };
            place.remember(&state)?;
            Ok(Running { state, facts, already: false })
        }
        Err(error) => {
            // It may have ended by itself.
            child.kill().ok();
            child.wait().ok();
            Err(error)
        }
    }
}

/// Becomes the server: for service managers. Returns only when that fails.
///
/// # Errors
/// As [`start`].
pub async fn become_server(place: &Place, plan: &StartPlan) -> Result<std::convert::Infallible, AppError> {
    if let Some(running) = ours(place).await? {
        return Err(AppError::new(Kind::Conflict, format!("already running as process {}", running.state.pid)));
    }
    check_port(plan.port).await?;
    let binary = find_server(&plan.search)?;
    place.prepare()?;
    let config = place.write_config(plan.port, &plan.maxmemory, false)?;
    let pid = std::process::id();
    place.remember(&State { pid, port: plan.port, run_id: String::new(), binary: binary.clone(), maxmemory: plan.maxmemory.clone() })?;
    let error = Command::new(&binary).arg(config).exec();
    Err(AppError::new(Kind::Other, format!("running {}: {error}", binary.display())))
}

/// The server of this place if it runs and is the very process that was written down.
///
/// # Errors
/// When the state can't be read.
pub async fn ours(place: &Place) -> Result<Option<Running>, AppError> {
    let Some(state) = place.state()? else { return Ok(None) };
    let Ok(mut link) = connect(state.port).await else { return Ok(None) };
    let facts = link.facts().await?;
    let is_ours = facts.pid == state.pid && (state.run_id.is_empty() || state.run_id == facts.run_id);
    Ok(is_ours.then_some(Running { state, facts, already: true }))
}

/// Whether the server behind this connection is the one of this place.
///
/// # Errors
/// Refused when it is not, with who it is.
pub async fn must_be_ours(place: &Place, link: &mut Link) -> Result<ServerFacts, AppError> {
    let facts = link.facts().await?;
    let state = place.state()?;
    let is_ours = state.is_some_and(|state| facts.pid == state.pid && (state.run_id.is_empty() || state.run_id == facts.run_id));
    if is_ours {
        return Ok(facts);
    }
    let message = format!("the server at {} (process {}) was not started by wq; nothing was done to it", link.server(), facts.pid);
    Err(AppError::new(Kind::Refused, message))
}

/// Saves and ends our server; `false` when none ran.
///
/// # Errors
/// When somebody else's server answers on the port, or ours doesn't end.
pub async fn stop(place: &Place) -> Result<bool, AppError> {
    let Some(state) = place.state()? else { return Ok(false) };
    let Ok(mut link) = connect(state.port).await else {
        place.forget()?;
        return Ok(false);
    };
    must_be_ours(place, &mut link).await?;
    link.shut_down().await?;
    let deadline = Instant::now() + PATIENCE;
    while is_alive(state.pid) {
        if Instant::now() > deadline {
            let log = place.log();
            return Err(
                AppError::new(Kind::TimedOut, format!("process {} still runs", state.pid)).with_hint(format!("see {}", log.display()))
            );
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    place.forget()?;
    Ok(true)
}

async fn connect(port: u16) -> Result<Link, AppError> {
    Ok(ServerAddress::parse(&address(port))?.connect(Duration::from_secs(5)).await?)
}

/// Somebody else's server on the port is found before anything is started.
async fn check_port(port: u16) -> Result<(), AppError> {
    if TcpListener::bind(("127.0.0.1", port)).is_ok() {
        return Ok(());
    }
    let owner = match connect(port).await {
        Ok(mut link) => {
            link.facts().await.map_or_else(|_| "a server that asks for a password".to_owned(), |facts| format!("pid {}", facts.pid))
        }
        Err(_) => "another program".to_owned(),
    };
    Err(AppError::new(Kind::Conflict, format!("port {port} is already used by {owner}")).with_hint("choose another with --port"))
}

/// Detached from the terminal: signals of this one don't reach it, and it survives it.
fn spawn(binary: &Path, config: &Path, place: &Place) -> Result<Child, AppError> {
    let log = fs::OpenOptions::new().create(true).append(true).open(place.log());
    let log = log.map_err(|error| place::doing("opening", &place.log(), &error))?;
    let errors = log.try_clone().map_err(|error| place::doing("opening", &place.log(), &error))?;
    let mut command = Command::new(binary);
    command.arg(config).process_group(0).stdin(Stdio::null()).stdout(log).stderr(errors);
    command.spawn().map_err(|error| place::doing("running", binary, &error))
}

/// Until the child itself answers: the identity guard.
async fn wait_until_up(child: &mut Child, port: u16, place: &Place) -> Result<ServerFacts, AppError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().map_err(|error| AppError::new(Kind::Other, error.to_string()))? {
            return Err(AppError::new(Kind::Other, format!("the server ended at once ({status}): {}", last_line(&place.log()))));
        }
        if let Ok(mut link) = connect(port).await
            && let Ok(facts) = link.facts().await
        {
            if facts.pid == child.id() {
                return Ok(facts);
            }
            return Err(AppError::new(Kind::Conflict, format!("port {port} is already used by pid {}", facts.pid)));
        }
        if Instant::now() > deadline {
            return Err(AppError::new(Kind::TimedOut, format!("the server did not come up within {} s", PATIENCE.as_secs())));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn last_line(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("its log is empty").to_owned()
}

/// A zombie has ended; only its parent hasn't noticed.
fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    if let Ok(stat) = stat {
        return !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z');
    }
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}
