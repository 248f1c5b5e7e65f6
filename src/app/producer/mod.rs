//! This file is the use case of `wq enqueue`: one job into a queue, or a stream of them.

pub(super) mod line;
mod stream;
mod tree;

use std::time::Duration;

use super::error::{AppError, Kind};
use super::feed::Feed;
use crate::core::model::id::{IdError, IdMaker, check_new_id, digest_id};
use crate::core::model::job::{AddStatus, JobOptions, NewJob, Start};
use crate::core::model::message::MessageError;
use crate::core::model::phone::PhoneError;
use crate::core::model::queue::QueueName;
use crate::core::store::error::StoreError;
use crate::core::store::{Ledger, Queue};

pub use stream::{Line, OnAdded, StreamReport, add_stream};
pub use tree::{Tree, TreeDefaults, add_tree, check_places, read_tree};

/// Where the id of a new job comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdSource {
    /// Made: never the same twice.
    Made,
    /// `--id`: as given.
    Given(String),
    /// `--key`: the same key on the same queue gives the same id.
    Key(String),
}

/// The id of a new job on `queue`.
///
/// # Errors
/// When a given id is not allowed, or a key is empty.
pub fn new_id(source: &IdSource, queue: &QueueName) -> Result<String, AppError> {
    match source {
        IdSource::Made => made_id(),
        IdSource::Given(id) => {
            check_new_id(id)?;
            Ok(id.clone())
        }
        IdSource::Key(key) if key.is_empty() => Err(AppError::new(Kind::Usage, "a key can't be empty")),
        IdSource::Key(key) => Ok(digest_id(&[queue.as_str().as_bytes(), key.as_bytes()])),
    }
}

/// An id that was never made before.
///
/// # Errors
/// When the system gives no random bytes.
pub fn made_id() -> Result<String, AppError> {
    Ok(id_maker()?.next_id())
}

fn id_maker() -> Result<IdMaker, AppError> {
    IdMaker::new().map_err(|error| AppError::new(Kind::Other, format!("the system gives no random bytes: {error}")))
}

/// Checks what can't be true of one job at once.
///
/// # Errors
/// When it is to run first and later, or first and by rank.
pub fn check_options(options: &JobOptions) -> Result<(), AppError> {
    let has_rank = options.priority.is_some_and(|priority| priority.number() > 0);
    if options.lifo && (has_rank || options.start != Start::Now) {
        return Err(AppError::new(Kind::Usage, "lifo jobs run next: they have neither a priority nor a delay"));
    }
    Ok(())
}

/// Adds one job; `patience` is how long Redis may stay away.
///
/// # Errors
/// When it was not stored.
pub async fn add(queue: &Queue, job: NewJob, patience: Duration) -> Result<AddStatus, AppError> {
    let feed = Feed::new(queue.clone(), Ledger::Skip, patience)?;
    if let Some(status) = feed.add(std::slice::from_ref(&job)).await.pop() {
        return Ok(status);
    }
    Err(match feed.into_error() {
        Some(error @ StoreError::Unconfirmed { .. }) => {
            let id = job.id;
            AppError::new(Kind::TimedOut, format!("{id} is {error}")).with_hint(format!("to ask again: the same with --id {id}"))
        }
        Some(error) if error.leaves_doubt() => {
            let id = job.id;
            AppError::new(Kind::Unreachable, format!("{id} may be stored or not: {error}"))
                .with_hint(format!("to ask again: the same with --id {id}"))
        }
        Some(error) => error.into(),
        None => AppError::new(Kind::Other, "the server said nothing about the job"),
    })
}

impl From<IdError> for AppError {
    fn from(error: IdError) -> Self {
        Self::new(Kind::Usage, error.to_string())
    }
}

impl From<MessageError> for AppError {
    fn from(error: MessageError) -> Self {
        Self::new(Kind::Usage, error.to_string())
    }
}

impl From<PhoneError> for AppError {
    fn from(error: PhoneError) -> Self {
        Self::new(Kind::Usage, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::priority::Priority;

    #[test]
    fn a_key_gives_one_id_per_queue() {
        let (one, other): (QueueName, QueueName) = ("one".parse().unwrap(), "other".parse().unwrap());
        let key = IdSource::Key("order-17".to_owned());

        let id = new_id(&key, &one).unwrap();

        assert_eq!(id, new_id(&key, &one).unwrap());
        assert_ne!(id, new_id(&key, &other).unwrap());
        assert_ne!(id, new_id(&IdSource::Key("order-18".to_owned()), &one).unwrap());
    }

    #[test]
    fn ids_that_node_can_not_handle_and_empty_keys_are_refused() {
        let queue = "q".parse().unwrap();

        for source in [IdSource::Given("17".to_owned()), IdSource::Given("a:b".to_owned()), IdSource::Key(String::new())] {
            assert_eq!(new_id(&source, &queue).unwrap_err().kind(), Kind::Usage);
        }
    }

    #[test]
    fn a_job_can_not_run_first_and_later() {
        let lifo = JobOptions { lifo: true, priority: Some(Priority::NONE), ..JobOptions::standard() };

        assert!(check_options(&lifo).is_ok());
        assert!(check_options(&JobOptions { start: Start::After(Duration::from_secs(1)), ..lifo.clone() }).is_err());
        assert!(check_options(&JobOptions { priority: Some(Priority::HIGH), ..lifo }).is_err());
    }
}
