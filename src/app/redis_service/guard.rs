//! This file tells our server from everybody else's: by the process and the run that `wq` wrote down.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::time::Duration;

use super::place::{Place, State, address_of};
use super::{LOOK_EVERY, Running};
use crate::app::error::{AppError, Kind};
use crate::core::store::connect::{Link, ServerAddress};
use crate::core::store::error::StoreError;
use crate::core::store::server::ServerFacts;

/// The server of this place if it runs and is the very process that was written down.
///
/// # Errors
/// When the state can't be read, or our process runs and gives no answer.
pub async fn ours(place: &Place) -> Result<Option<Running>, AppError> {
    let Some(state) = place.state()? else { return Ok(None) };
    let Some(mut link) = reach(&state).await? else { return Ok(None) };
    let facts = link.facts().await?;
    Ok(is_same(&state, &facts).then_some(Running { state, facts, already: true }))
}

/// As [`ours`], and waits until it has loaded its data.
pub(super) async fn ours_when_loaded(place: &Place) -> Result<Option<Running>, AppError> {
    loop {
        match ours(place).await? {
            Some(running) if running.facts.loading => tokio::time::sleep(LOOK_EVERY).await,
            found => return Ok(found),
        }
    }
}

/// Whether the server behind this connection is the one of this place.
///
/// # Errors
/// Refused when it is not, with who it is.
pub async fn must_be_ours(place: &Place, link: &mut Link) -> Result<ServerFacts, AppError> {
    let facts = link.facts().await?;
    if place.state()?.is_some_and(|state| is_same(&state, &facts)) {
        return Ok(facts);
    }
    let message = format!("the server at {} (process {}) was not started by wq; nothing was done to it", link.server(), facts.pid);
    Err(AppError::new(Kind::Refused, message))
}

fn is_same(state: &State, facts: &ServerFacts) -> bool {
    facts.pid == state.pid && (state.run_id.is_empty() || state.run_id == facts.run_id)
}

/// A connection to whoever has the port that was written down; `None` when our process is gone. A process of ours that is
/// busy or stopped must not be taken for gone: it would be forgotten and nobody could stop it any more.
pub(super) async fn reach(state: &State) -> Result<Option<Link>, AppError> {
    match connect(state).await {
        Ok(link) => Ok(Some(link)),
        // A server listens as long as it lives, so the number has gone to another program.
        Err(StoreError::Unreachable { .. }) => Ok(None),
        Err(_) if !is_alive(state.pid) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whoever has the port that was written down.
pub(super) async fn connect(state: &State) -> Result<Link, StoreError> {
    connect_to(&state.address()).await
}

async fn connect_to(address: &str) -> Result<Link, StoreError> {
    ServerAddress::parse(address)?.connect(Duration::from_secs(5)).await
}

/// Somebody else's server on the port is found before anything is started.
pub(super) async fn check_port(port: u16) -> Result<(), AppError> {
    match TcpListener::bind(("127.0.0.1", port)) {
        Ok(_) => return Ok(()),
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
            return Err(AppError::new(Kind::Other, format!("port {port} can't be used: {error}")).with_hint("choose another with --port"));
        }
        Err(_) => {}
    }
    let owner = match connect_to(&address_of(port)).await {
        Ok(mut link) => link.facts().await.map_or_else(|_| "another program".to_owned(), |facts| format!("pid {}", facts.pid)),
        Err(StoreError::Login { .. }) => "a Redis that asks for a password".to_owned(),
        Err(_) => "another program".to_owned(),
    };
    Err(AppError::new(Kind::Conflict, format!("port {port} is already used by {owner}")).with_hint("choose another with --port"))
}

/// A zombie has ended; only its parent hasn't noticed.
pub(super) fn is_alive(pid: u32) -> bool {
    if let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) {
        return !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z');
    }
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}
