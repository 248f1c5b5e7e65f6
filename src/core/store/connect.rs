//! This file opens connections to Redis: where the server is, how long to wait for it, and that it is new enough.

use std::fmt;
use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, Cmd, ConnectionAddr, IntoConnectionInfo, Pipeline, RedisFuture, Value};

use super::error::StoreError;

/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long one answer may take. The library's own default of 500 ms is too short for a busy server.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

/// What `lib-name` of our connections says in `CLIENT LIST`.
pub(super) const LIB_NAME: &str = "wq";

/// Where Redis is. Its `Display` shows host, port and database, never the password.
#[derive(Clone)]
pub struct ServerAddress {
    client: Client,
    shown: String,
}

impl ServerAddress {
    /// Reads `redis://[user:password@]host[:port][/db]`, `rediss://…`, `unix:///path` or `redis+unix:///path`.
    ///
    /// # Errors
    /// [`StoreError::Address`] with the password masked.
    pub fn parse(url: &str) -> Result<Self, StoreError> {
        let refuse = |problem: String| StoreError::Address { shown: mask(url), problem };
        let info = url.into_connection_info().map_err(|_| refuse("write redis://HOST:PORT/DB or unix:///PATH".to_owned()))?;
        let shown = show(info.addr(), info.redis_settings().db());
        let settings = info.redis_settings().clone().set_lib_name(LIB_NAME, env!("CARGO_PKG_VERSION"));
        let info = info.set_redis_settings(settings);
        let client = Client::open(info).map_err(|error| refuse(error.to_string()))?;
        Ok(Self { client, shown })
    }

    /// A connection for one-shot commands: reconnects by itself.
    ///
    /// # Errors
    /// When nobody answers within `patience`, refuses the login, or is too old.
    pub async fn connect(&self, patience: Duration) -> Result<Link, StoreError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT.min(patience)))
            .set_response_timeout(Some(RESPONSE_TIMEOUT.min(patience)))
            .set_min_delay(Duration::from_millis(50))
            .set_max_delay(Duration::from_millis(200))
            .set_number_of_retries(3);
        let connecting = self.client.get_connection_manager_with_config(config);
        let manager = self.within(patience, connecting).await?;
        self.checked(Link { connection: Connection::Managed(manager), server: self.clone() }).await
    }

    /// A connection that stays broken once it broke, so that its owner notices the moment.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn connect_once(&self) -> Result<Link, StoreError> {
        let link = self.plain(Some(RESPONSE_TIMEOUT)).await?;
        self.checked(link).await
    }

    /// A connection for blocking commands: no time-out of its own, the caller has a deadline. Unchecked.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn connect_blocking(&self) -> Result<Link, StoreError> {
        self.plain(None).await
    }

    async fn plain(&self, response_timeout: Option<Duration>) -> Result<Link, StoreError> {
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_TIMEOUT)).set_response_timeout(response_timeout);
        let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
        let connection = self.within(CONNECT_TIMEOUT * 2, connecting).await?;
        Ok(Link { connection: Connection::Plain(connection), server: self.clone() })
    }

    /// The result of connecting, sorted, or that the time is over.
    pub(super) async fn within<T>(
        &self,
        patience: Duration,
        connecting: impl Future<Output = Result<T, redis::RedisError>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(patience, connecting).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(StoreError::from_redis(self, &error)),
            Err(_) => Err(StoreError::TimedOut { server: self.shown.clone() }),
        }
    }

    /// The library's client, for the one connection that is neither (MONITOR).
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    async fn checked(&self, mut link: Link) -> Result<Link, StoreError> {
        let info = link.info("server").await?;
        if is_new_enough(&info) { Ok(link) } else { Err(StoreError::TooOld { server: self.shown.clone(), version: version(&info) }) }
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServerAddress").field(&self.shown).finish()
    }
}

fn show(address: &ConnectionAddr, database: i64) -> String {
    match address {
        ConnectionAddr::Unix(path) => format!("{}/{database}", path.display()),
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            format!("{host}:{port}/{database}")
        }
        _ => format!("an unknown kind of address/{database}"),
    }
}

/// Hides everything between the scheme and the last `@`.
pub(super) fn mask(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            let (head, tail) = (url.get(..scheme + 3).unwrap_or_default(), url.get(at..).unwrap_or_default());
            format!("{head}***{tail}")
        }
        _ => url.to_owned(),
    }
}

/// A value of `INFO`, by its name.
pub(super) fn info_field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

fn version(info: &str) -> String {
    match info_field(info, "valkey_version") {
        Some(valkey) => format!("Valkey {valkey}"),
        None => info_field(info, "redis_version").unwrap_or("unknown").to_owned(),
    }
}

/// Redis 7.0 (script flags) or Valkey, whose first release, 7.2, reports itself as Redis 7.2.
fn is_new_enough(info: &str) -> bool {
    let version = info_field(info, "redis_version").unwrap_or_default();
    version.split('.').next().and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= 7)
}

#[derive(Clone)]
enum Connection {
    Managed(ConnectionManager),
    Plain(MultiplexedConnection),
}

/// A connection and the address it belongs to; cheap to clone, clones share the socket.
#[derive(Clone)]
pub struct Link {
    connection: Connection,
    server: ServerAddress,
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

    /// The text of `INFO section`.
    ///
    /// # Errors
    /// When Redis can't be asked.
    pub async fn info(&mut self, section: &str) -> Result<String, StoreError> {
        self.query(redis::cmd("INFO").arg(section)).await
    }

    /// Runs one command.
    pub(super) async fn query<T: redis::FromRedisValue>(&mut self, command: &Cmd) -> Result<T, StoreError> {
        let answer = command.query_async(self).await;
        answer.map_err(|error| StoreError::from_redis(&self.server, &error))
    }

    /// Runs several commands in one round trip; the first error fails all.
    pub(super) async fn query_all<T: redis::FromRedisValue>(&mut self, commands: &Pipeline) -> Result<T, StoreError> {
        let answer = commands.query_async(self).await;
        answer.map_err(|error| StoreError::from_redis(&self.server, &error))
    }
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match &mut self.connection {
            Connection::Managed(connection) => connection.req_packed_command(command),
            Connection::Plain(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(&'a mut self, commands: &'a Pipeline, offset: usize, count: usize) -> RedisFuture<'a, Vec<Value>> {
        match &mut self.connection {
            Connection::Managed(connection) => connection.req_packed_commands(commands, offset, count),
            Connection::Plain(connection) => connection.req_packed_commands(commands, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match &self.connection {
            Connection::Managed(connection) => connection.get_db(),
            Connection::Plain(connection) => connection.get_db(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let server = ServerAddress::parse("redis://ana:s3cret@127.0.0.1:6380/2").unwrap();

        assert_eq!(server.to_string(), "127.0.0.1:6380/2");
        assert!(!format!("{server:?}").contains("s3cret"));
    }

    #[test]
    fn a_bad_address_is_refused_without_showing_its_password() {
        let error = ServerAddress::parse("http://ana:s3cret@host").unwrap_err().to_string();

        assert!(!error.contains("s3cret"), "{error}");
        assert!(error.contains("***@host"), "{error}");
    }

    #[test]
    fn servers_without_script_flags_are_too_old() {
        assert!(!is_new_enough("redis_version:6.2.14\r\n"));
        assert!(is_new_enough("redis_version:7.0.15\r\n"));
        assert!(is_new_enough("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\n"));
    }
}
