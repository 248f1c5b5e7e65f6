//! What the tests stand on: servers, the command, receivers, Node; all of the test's own, all gone after it.

pub(crate) mod board;
pub(crate) mod cluster;
pub(crate) mod command;
pub(crate) mod disk;
pub(crate) mod in_process;
pub(crate) mod node;
pub(crate) mod proxy;
pub(crate) mod receiver;
pub(crate) mod server;
pub(crate) mod structure;

use std::time::{Duration, Instant};

pub(crate) use cluster::Cluster;
pub(crate) use command::wq;
pub(crate) use receiver::Receiver;
pub(crate) use server::Server;

/// Looks again and again until there is something, and fails with `what` when the time is over.
pub(crate) fn eventually<T>(within: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "within {within:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
