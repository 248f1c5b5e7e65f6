//! This file runs workers: one for each queue, over connections of their own.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::error::{AppError, Kind};
use crate::core::dispatch::journal;
use crate::core::dispatch::transport::Transport;
use crate::core::dispatch::{Report, Worker, WorkerRules};
use crate::core::model::queue::{Prefix, QueueName};
use crate::core::store::Queue;
use crate::core::store::connect::ServerAddress;
use crate::core::store::error::StoreError;

/// What to run.
#[derive(Clone, Debug)]
pub struct WorkerPlan {
    /// Where the queues are.
    pub server: ServerAddress,
    /// First part of their keys.
    pub prefix: Prefix,
    /// At least one; each gets a worker with the whole concurrency and rate.
    pub queues: Vec<QueueName>,
    /// How each works.
    pub rules: WorkerRules,
    /// How long the server may take to answer for the first time.
    pub patience: Duration,
}

/// Runs the workers until `stop`, or until all have ended by themselves, and adds up what they did. After `stop`, `at_once` cuts
/// off what is still being sent.
///
/// # Errors
/// When no journal can be kept although the plan wants one, or the server can't be reached at the start. Later the workers come back by themselves.
pub async fn run_workers(
    plan: WorkerPlan,
    transport: Arc<dyn Transport>,
    stop: CancellationToken,
    at_once: CancellationToken,
) -> Result<Report, AppError> {
    if let Some(journal) = &plan.rules.journal {
        journal::prepare(&journal.folder)?;
    }
    // All of them before the first one works: a queue that can't be had stops nobody in the middle of a send.
    let mut queues = Vec::with_capacity(plan.queues.len());
    for name in &plan.queues {
        queues.push(first_connection(&plan, name).await?);
    }
    let mut workers = JoinSet::new();
    for queue in queues {
        let worker = Worker::new(queue, plan.rules.clone(), Arc::clone(&transport))
            .map_err(|error| AppError::new(Kind::Other, format!("no random bytes from the system: {error}")))?;
        workers.spawn(worker.run(stop.clone(), at_once.clone()));
    }
    let mut total = Report::default();
    while let Some(ended) = workers.join_next().await {
        total += ended.map_err(|error| AppError::new(Kind::Other, format!("a worker broke off: {error}")))?;
    }
    Ok(total)
}

/// A server that is just starting gets the time to do so.
async fn first_connection(plan: &WorkerPlan, name: &QueueName) -> Result<Queue, StoreError> {
    let deadline = tokio::time::Instant::now() + plan.patience;
    loop {
        match Queue::open_once(&plan.server, &plan.prefix, name).await {
            Err(error) if error.is_passing() && tokio::time::Instant::now() < deadline => {
                tracing::debug!(%error, "no connection yet");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            result => return result,
        }
    }
}
