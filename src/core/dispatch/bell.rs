//! This file wakes an idle worker: a task with the one blocking connection, by whose name BullMQ finds the worker.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::reconnect::Backoff;
use crate::core::store::Queue;
use crate::core::store::wake::{Wake, Waker};

/// How long one wait lasts; after it the worker looks for itself, should a marker have been lost.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How soon the worker looks for itself while the marker can't be waited for.
const DEAF_PAUSE: Duration = Duration::from_secs(1);

/// The worker's end: arm it when idle, and it rings once.
#[derive(Debug)]
pub(super) struct Bell {
    arm: mpsc::Sender<()>,
    rings: mpsc::Receiver<Wake>,
    armed: bool,
    task: JoinHandle<()>,
}

impl Bell {
    /// Hangs the bell; the task connects, and goes on connecting, by itself.
    pub(super) fn hang(queue: Queue, worker: Option<String>, stop: CancellationToken) -> Self {
        let (arm, armed) = mpsc::channel(1);
        let (ring, rings) = mpsc::channel(1);
        let task = tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = listen(queue, worker, armed, ring) => {}
            }
        });
        Self { arm, rings, armed: false, task }
    }

    /// From now on the next marker rings. Only an idle worker may do this: a marker that it takes wakes nobody else.
    pub(super) fn arm(&mut self) {
        if !self.armed {
            self.armed = self.arm.try_send(()).is_ok();
        }
    }

    /// The next ring. Cancel-safe: a wait under way goes on, and its ring is kept.
    pub(super) async fn ring(&mut self) -> Wake {
        match self.rings.recv().await {
            Some(wake) => {
                self.armed = false;
                wake
            }
            // The task is gone only at shutdown.
            None => std::future::pending().await,
        }
    }

    /// Waits for the task, which its token has told to stop.
    pub(super) async fn take_down(self) {
        drop(self.arm);
        // The task ends by itself; a panic in it was logged by the runtime.
        self.task.await.ok();
    }
}

async fn listen(queue: Queue, worker: Option<String>, mut armed: mpsc::Receiver<()>, ring: mpsc::Sender<Wake>) {
    let mut backoff = Backoff::default();
    let mut waker = None;
    loop {
        if waker.is_none() {
            match Waker::connect(queue.link().server(), &queue, worker.as_deref()).await {
                Ok(connected) => {
                    backoff.reset();
                    waker = Some(connected);
                }
                Err(error) => {
                    tracing::debug!(%error, "no blocking connection yet");
                    tokio::time::sleep(backoff.next_pause()).await;
                    continue;
                }
            }
        }
        if armed.recv().await.is_none() {
            return;
        }
        let Some(connected) = &mut waker else { continue };
        let wake = match connected.wait(LONGEST_WAIT).await {
            Ok(wake) => wake,
            Err(error) if error.is_connection_lost() => {
                tracing::debug!(%error, "the blocking connection broke");
                waker = None;
                Wake::TimedOut
            }
            Err(error) => {
                tracing::warn!(%error, "no new job can wake this worker; it looks every second");
                tokio::time::sleep(DEAF_PAUSE).await;
                Wake::TimedOut
            }
        };
        if ring.send(wake).await.is_err() {
            return;
        }
    }
}
