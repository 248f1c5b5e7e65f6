//! The local server: a real `valkey-server` or `redis-server` that `wq` starts, knows again, and stops.
//!
//! The guard: a server counts as ours only when the process that answers on the port is the one whose id and run id `wq`
//! wrote down. A failed bind must never lead silently to somebody else's data.

mod allocator;
mod backup;
mod find;
mod guard;
mod place;

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;

pub use backup::back_up;
pub use find::{Search, find_server};
pub use guard::{must_be_ours, ours};
pub use place::{Place, State};

use super::error::{AppError, Kind};
use crate::core::store::connect::Link;
use crate::core::store::server::ServerFacts;

/// How long a server may give no answer at its start, or may take to save its data at its end.
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
    /// What the environment says of glibc's allocator, `GLIBC_TUNABLES`; it wins over ours.
    pub tunables: Option<String>,
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
        self.state.address()
    }
}

/// Starts a server, or finds that ours runs already.
///
/// # Errors
/// When somebody else has the port, no server is found, or it doesn't come up.
pub async fn start(place: &Place, plan: &StartPlan) -> Result<Running, AppError> {
    if let Some(running) = guard::ours_when_loaded(place).await? {
        return Ok(running);
    }
    let binary = find_server(&plan.search)?;
    let _held = place.prepare()?;
    // Another start may have been quicker.
    if let Some(running) = guard::ours_when_loaded(place).await? {
        return Ok(running);
    }
    guard::check_port(plan.port).await?;
    let config = place.write_config(plan.port, &plan.maxmemory, true)?;
    // With an append-only file asked for and none there, the server would start empty and in the end replace the snapshot.
    let from_snapshot = place.has_only_a_snapshot();
    let extra: &[&str] = if from_snapshot { &["--appendonly", "no"] } else { &[] };
    let mut child = spawn(server_command(&binary, &config, plan).args(extra), &binary, place)?;
    let state = State { pid: child.id(), port: plan.port, run_id: String::new(), binary, maxmemory: plan.maxmemory.clone() };
    let up = bring_up(&mut child, place, state, from_snapshot).await;
    if up.is_err() {
        // It may have ended by itself, and nothing may have been written down.
        child.kill().ok();
        child.wait().ok();
        place.forget()?;
    }
    up
}

/// Written down before it answers: were `wq` interrupted now, the server would still be known as ours.
async fn bring_up(child: &mut Child, place: &Place, state: State, from_snapshot: bool) -> Result<Running, AppError> {
    place.remember(&state)?;
    let (mut link, facts) = wait_until_up(child, &state, place).await?;
    if from_snapshot {
        link.turn_on_append_only().await?;
    }
    let state = State { run_id: facts.run_id.clone(), ..state };
    place.remember(&state)?;
    Ok(Running { state, facts, already: false })
}

/// Becomes the server: for service managers. Returns only when that fails.
///
/// # Errors
/// As [`start`].
pub async fn become_server(place: &Place, plan: &StartPlan) -> Result<std::convert::Infallible, AppError> {
    if let Some(running) = ours(place).await? {
        return Err(AppError::new(Kind::Conflict, format!("already running as process {}", running.state.pid)));
    }
    let binary = find_server(&plan.search)?;
    let _held = place.prepare()?;
    guard::check_port(plan.port).await?;
    if place.has_only_a_snapshot() {
        let message = format!("{} holds a snapshot and no append-only file", place.data().display());
        return Err(AppError::new(Kind::Conflict, message).with_hint("load it once with: wq redis start, then wq redis stop"));
    }
    let config = place.write_config(plan.port, &plan.maxmemory, false)?;
    let pid = std::process::id();
    place.remember(&State { pid, port: plan.port, run_id: String::new(), binary: binary.clone(), maxmemory: plan.maxmemory.clone() })?;
    let error = server_command(&binary, &config, plan).exec();
    place.forget()?;
    Err(AppError::new(Kind::Other, format!("running {}: {error}", binary.display())))
}

/// Saves and ends our server; `false` when none ran.
///
/// # Errors
/// When somebody else's server answers on the port, or ours gives no answer or doesn't end.
pub async fn stop(place: &Place) -> Result<bool, AppError> {
    let _held = place.hold()?;
    let Some(state) = place.state()? else { return Ok(false) };
    let Some(mut link) = guard::reach(&state).await? else {
        place.forget()?;
        return Ok(false);
    };
    must_be_ours(place, &mut link).await?;
    link.shut_down().await?;
    let deadline = Instant::now() + PATIENCE;
    while guard::is_alive(state.pid) {
        if Instant::now() > deadline {
            let message = format!("process {} still runs", state.pid);
            return Err(AppError::new(Kind::TimedOut, message).with_hint(format!("see {}", place.log().display())));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    place.forget()?;
    Ok(true)
}

fn server_command(binary: &Path, config: &Path, plan: &StartPlan) -> Command {
    let mut command = Command::new(binary);
    allocator::tune(&mut command, plan.tunables.as_deref());
    command.arg(config);
    command
}

/// Detached from the terminal: signals of this one don't reach it, and it survives it.
fn spawn(command: &mut Command, binary: &Path, place: &Place) -> Result<Child, AppError> {
    let log = fs::OpenOptions::new().create(true).append(true).open(place.log());
    let log = log.map_err(|error| place::doing("opening", &place.log(), &error))?;
    let errors = log.try_clone().map_err(|error| place::doing("opening", &place.log(), &error))?;
    command.process_group(0).stdin(Stdio::null()).stdout(log).stderr(errors);
    command.spawn().map_err(|error| place::doing("running", binary, &error))
}

/// Until the child itself answers and has loaded its data: the identity guard.
async fn wait_until_up(child: &mut Child, state: &State, place: &Place) -> Result<(Link, ServerFacts), AppError> {
    let mut deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().map_err(|error| AppError::new(Kind::Other, error.to_string()))? {
            return Err(AppError::new(Kind::Other, format!("the server ended at once ({status}): {}", last_line(&place.log()))));
        }
        if let Ok(mut link) = guard::connect(state).await
            && let Ok(facts) = link.facts().await
        {
            if facts.pid != child.id() {
                return Err(AppError::new(Kind::Conflict, format!("port {} is already used by pid {}", state.port, facts.pid)));
            }
            if !facts.loading {
                return Ok((link, facts));
            }
            // Much data takes long, and killing it would not make it faster.
            deadline = Instant::now() + PATIENCE;
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
