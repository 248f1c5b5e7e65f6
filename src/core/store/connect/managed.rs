//! This file is a connection for one-shot commands: it comes back by itself, also when it did not break but fell silent.

use std::sync::{Arc, Mutex, PoisonError};

use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, Pipeline, RedisError, RedisFuture, RedisResult, Value};

/// Clones share the socket. The library's manager makes a new connection when one broke; one that only gives no answer any more
/// (whatever is in between forgot it) it would ask for ever.
#[derive(Clone)]
pub(super) struct Managed(Arc<Shared>);

struct Shared {
    client: Client,
    config: ConnectionManagerConfig,
    /// With the number of those before it.
    current: Mutex<(u64, ConnectionManager)>,
}

impl Managed {
    pub(super) async fn connect(client: &Client, config: ConnectionManagerConfig) -> Result<Self, RedisError> {
        let manager = ConnectionManager::new_with_config(client.clone(), config.clone()).await?;
        Ok(Self(Arc::new(Shared { client: client.clone(), config, current: Mutex::new((0, manager)) })))
    }

    /// Nothing in here can be half-done, so a panic elsewhere changes nothing.
    fn current(&self) -> (u64, ConnectionManager) {
        self.0.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The answer to a question over the connection with that number.
    fn heed<T>(&self, number: u64, answer: RedisResult<T>) -> RedisResult<T> {
        if answer.as_ref().is_err_and(RedisError::is_timeout) {
            self.replace(number)?;
        }
        answer
    }

    /// Whoever asks next gets a new connection. Several may have waited for the same answer in vain: the first of them is enough.
    fn replace(&self, number: u64) -> Result<(), RedisError> {
        let mut current = self.0.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.0 == number {
            *current = (number + 1, ConnectionManager::new_lazy_with_config(self.0.client.clone(), self.0.config.clone())?);
        }
        Ok(())
    }
}

impl ConnectionLike for Managed {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            let (number, mut manager) = self.current();
            self.heed(number, manager.req_packed_command(command).await)
        })
    }

    fn req_packed_commands<'a>(&'a mut self, commands: &'a Pipeline, offset: usize, count: usize) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let (number, mut manager) = self.current();
            self.heed(number, manager.req_packed_commands(commands, offset, count).await)
        })
    }

    fn get_db(&self) -> i64 {
        self.current().1.get_db()
    }
}
