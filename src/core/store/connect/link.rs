//! This file is a connection that commands go over, of whichever kind.

use std::fmt;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Cmd, Pipeline, RedisError, RedisFuture, RedisResult, Value};

use super::ServerAddress;
use super::cluster::Route;
use super::managed::Managed;
use crate::core::model::queue::{Prefix, QueueName};
use crate::core::store::error::StoreError;

#[derive(Clone)]
pub(super) enum Connection {
    /// Comes back by itself.
    Managed(Managed),
    /// Stays broken.
    Plain(MultiplexedConnection),
    /// Comes back by itself, wherever the queue's slot is then.
    Routed(Route),
}

/// A connection and the address it belongs to; cheap to clone, clones share the socket.
#[derive(Clone)]
pub struct Link {
    pub(super) connection: Connection,
    pub(super) server: ServerAddress,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Link").field(&self.server).finish()
    }
}

impl Link {
    /// Where it leads.
    pub fn server(&self) -> &ServerAddress {
        &self.server
    }

    /// The way to the keys of this queue: the same connection, except on a cluster, where it leads to the queue's node.
    ///
    /// # Errors
    /// [`StoreError::Untagged`] on a cluster.
    pub(in crate::core::store) fn to_queue(&self, prefix: &Prefix, queue: &QueueName) -> Result<Self, StoreError> {
        let server = self.server.home_of(prefix, queue)?;
        // A connection of a worker's own was made for its queue.
        if !server.is_elsewhere(self) {
            return Ok(self.clone());
        }
        Ok(server.route().map_or_else(|| self.clone(), |route| Self { connection: Connection::Routed(route), server }))
    }

    /// One connection for each node that has keys; just this one without a cluster.
    ///
    /// # Errors
    /// When one of them can't be reached.
    pub(in crate::core::store) async fn masters(&self) -> Result<Vec<Self>, StoreError> {
        self.nodes(false).await
    }

    /// One connection for each node that clients may be connected to; just this one without a cluster.
    ///
    /// # Errors
    /// When a master can't be reached; replicas may be away.
    pub(in crate::core::store) async fn everywhere(&self) -> Result<Vec<Self>, StoreError> {
        self.nodes(true).await
    }

    async fn nodes(&self, all: bool) -> Result<Vec<Self>, StoreError> {
        let Some(cluster) = self.server.cluster() else { return Ok(vec![self.clone()]) };
        let nodes = cluster.every_node(all).await.map_err(|error| StoreError::from_redis(&self.server, &error))?;
        Ok(nodes.into_iter().map(|node| Self { connection: Connection::Plain(node), server: self.server.clone() }).collect())
    }

    /// The text of `INFO section`.
    ///
    /// # Errors
    /// When Redis can't be asked.
    pub async fn info(&mut self, section: &str) -> Result<String, StoreError> {
        self.query(redis::cmd("INFO").arg(section)).await
    }

    /// Runs one command.
    pub(in crate::core::store) async fn query<T: redis::FromRedisValue>(&mut self, command: &Cmd) -> Result<T, StoreError> {
        let answer = command.query_async(self).await;
        answer.map_err(|error| StoreError::from_redis(&self.server, &error))
    }

    /// Runs several commands in one round trip; the first error fails all.
    pub(in crate::core::store) async fn query_all<T: redis::FromRedisValue>(&mut self, commands: &Pipeline) -> Result<T, StoreError> {
        let answer = commands.query_async(self).await;
        answer.map_err(|error| StoreError::from_redis(&self.server, &error))
    }

    /// Runs two commands on one connection, on a cluster at one node, the second right behind the first.
    ///
    /// # Errors
    /// That of the connection or of the first; the second has its own.
    pub(in crate::core::store) async fn query_pair(
        &mut self,
        first: &Cmd,
        second: &Cmd,
    ) -> Result<(Value, RedisResult<Value>), RedisError> {
        let both = redis::pipe().add_command(first.clone()).add_command(second.clone()).clone();
        let answers = match &mut self.connection {
            Connection::Managed(connection) => connection.req_packed_commands(&both, 0, 2).await?,
            Connection::Plain(connection) => connection.req_packed_commands(&both, 0, 2).await?,
            Connection::Routed(route) => route.run_together(&both, 2).await?,
        };
        let mut answers = answers.into_iter().map(Value::extract_error);
        let mut next = || answers.next().unwrap_or(Ok(Value::Nil));
        Ok((next()?, next()))
    }
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match &mut self.connection {
            Connection::Managed(connection) => connection.req_packed_command(command),
            Connection::Plain(connection) => connection.req_packed_command(command),
            Connection::Routed(route) => Box::pin(route.run(command)),
        }
    }

    fn req_packed_commands<'a>(&'a mut self, commands: &'a Pipeline, offset: usize, count: usize) -> RedisFuture<'a, Vec<Value>> {
        match &mut self.connection {
            Connection::Managed(connection) => connection.req_packed_commands(commands, offset, count),
            Connection::Plain(connection) => connection.req_packed_commands(commands, offset, count),
            Connection::Routed(route) => Box::pin(route.run_all(commands, offset, count)),
        }
    }

    fn get_db(&self) -> i64 {
        match &self.connection {
            Connection::Managed(connection) => connection.get_db(),
            Connection::Plain(connection) => connection.get_db(),
            Connection::Routed(_) => 0,
        }
    }
}
