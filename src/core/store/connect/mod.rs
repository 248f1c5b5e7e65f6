//! This file opens connections to Redis: where the server is, how long to wait for it, and that it is new enough.

mod cluster;
mod link;
mod managed;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionManagerConfig, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, PushInfo};
use tokio::time::Instant;

use super::error::StoreError;
use super::slot::Slot;
use crate::core::model::queue::{Prefix, QueueName};
use cluster::{Cluster, Route};
use link::Connection;
pub use link::Link;
use managed::Managed;

/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long one answer may take. The library's own default of 500 ms is too short for a busy server.
pub(super) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// How soon a new connection is asked again when it broke before its first answer.
const CHECK_PAUSE: Duration = Duration::from_millis(50);

/// What `lib-name` of our connections says in `CLIENT LIST`.
pub(super) const LIB_NAME: &str = "wq";

/// Where Redis is. Its `Display` shows host, port and database, never the password.
#[derive(Clone)]
pub struct ServerAddress {
    /// One, or several nodes of a cluster.
    clients: Vec<Client>,
    shown: String,
    home: Home,
    /// How long a call may look for the right node of a cluster.
    patience: Duration,
}

/// What an address leads to.
#[derive(Clone)]
enum Home {
    /// One server, as far as is known.
    Server,
    /// A cluster, as the user said or a node of it.
    Cluster(Arc<Cluster>),
    /// Whichever node of a cluster has this slot.
    Slot(Arc<Cluster>, Slot),
}

impl PartialEq for Home {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Server, Self::Server) | (Self::Cluster(_), Self::Cluster(_)) => true,
            (Self::Slot(_, slot), Self::Slot(_, other)) => slot == other,
            _ => false,
        }
    }
}

impl ServerAddress {
    /// Reads `redis://[user:password@]host[:port][/db]`, `rediss://…`, `unix:///path` or `redis+unix:///path`.
    ///
    /// # Errors
    /// [`StoreError::Address`] with the password masked.
    pub fn parse(url: &str) -> Result<Self, StoreError> {
        let client = open(url, url)?;
        Ok(Self { shown: show(&client), clients: vec![client], home: Home::Server, patience: RESPONSE_TIMEOUT })
    }

    /// Reads an address of a cluster: one or more of its nodes, `redis://host:port,host:port,…`.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_cluster(url: &str) -> Result<Self, StoreError> {
        let clients = each_host(url).iter().map(|one| open(one, url)).collect::<Result<Vec<_>, _>>()?;
        let shown = clients.iter().map(show).collect::<Vec<_>>().join(",");
        let home = Home::Cluster(Arc::new(Cluster::new(clients.clone())));
        Ok(Self { clients, shown, home, patience: RESPONSE_TIMEOUT })
    }

    /// The address of a queue's keys: the same, except on a cluster, where it is whichever node has the queue's slot.
    ///
    /// # Errors
    /// [`StoreError::Untagged`] on a cluster. Whether an address leads to one is known when the user said so, and of the
    /// address of a [`Link`].
    pub fn home_of(&self, prefix: &Prefix, queue: &QueueName) -> Result<Self, StoreError> {
        let home = match &self.home {
            Home::Server => Home::Server,
            Home::Cluster(cluster) | Home::Slot(cluster, _) => Home::Slot(Arc::clone(cluster), Slot::of_queue(prefix, queue)?),
        };
        Ok(Self { home, ..self.clone() })
    }

    /// Whether the keys of two queues are in one place, so that one script may change both.
    ///
    /// # Errors
    /// As [`Self::home_of`].
    pub fn keeps_together(&self, prefix: &Prefix, one: &QueueName, other: &QueueName) -> Result<bool, StoreError> {
        Ok(self.home_of(prefix, one)?.home == self.home_of(prefix, other)?.home)
    }

    /// A connection for one-shot commands: reconnects by itself.
    ///
    /// # Errors
    /// When nobody answers within `patience`, refuses the login, or is too old.
    pub async fn connect(&self, patience: Duration) -> Result<Link, StoreError> {
        let server = Self { patience, ..self.clone() };
        let share = patience / u32::try_from(self.clients.len()).unwrap_or(u32::MAX).max(1);
        let mut failure = self.without_clients();
        for (at, client) in self.clients.iter().enumerate() {
            match server.managed(client, share).await {
                Err(error) if error.is_connection_lost() => failure = if at == 0 { error } else { failure },
                result => return result,
            }
        }
        Err(failure)
    }

    /// A connection that stays broken once it broke, so that its owner notices the moment.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn connect_once(&self) -> Result<Link, StoreError> {
        let link = self.reach(&patient_for(Some(RESPONSE_TIMEOUT)), None).await?;
        self.checked(link).await
    }

    /// A connection for blocking commands: no time-out of its own, the caller has a deadline. Unchecked.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn connect_blocking(&self) -> Result<Link, StoreError> {
        self.reach(&patient_for(None), None).await
    }

    /// A connection that the server may say something over unasked: `hear` gets that, and the end of the connection. Unchecked.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub(super) async fn listen(
        &self,
        response_timeout: Duration,
        hear: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> Result<Link, StoreError> {
        let hear = move |push| {
            hear(push);
            Ok::<(), std::convert::Infallible>(())
        };
        self.reach(&patient_for(Some(response_timeout)).set_push_sender(hear), Some(ProtocolVersion::RESP3)).await
    }

    /// A plain connection to the node that has the slot, else to the first that answers. Of several failures the first one
    /// is told: the others fail for the same reason, or were asked for nothing.
    async fn reach(&self, config: &AsyncConnectionConfig, protocol: Option<ProtocolVersion>) -> Result<Link, StoreError> {
        if let Home::Slot(cluster, slot) = &self.home {
            return self.plain(&self.locate(cluster, *slot).await?, config, protocol).await;
        }
        let mut failure = self.without_clients();
        for (at, client) in self.clients.iter().enumerate() {
            match self.plain(client, config, protocol).await {
                Err(error) if error.is_connection_lost() => failure = if at == 0 { error } else { failure },
                result => return result,
            }
        }
        Err(failure)
    }

    fn without_clients(&self) -> StoreError {
        StoreError::Address { shown: self.shown.clone(), problem: "it names no host".to_owned() }
    }

    async fn managed(&self, client: &Client, patience: Duration) -> Result<Link, StoreError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT.min(patience)))
            .set_response_timeout(Some(RESPONSE_TIMEOUT.min(patience)))
            .set_min_delay(Duration::from_millis(50))
            .set_max_delay(Duration::from_millis(200))
            .set_number_of_retries(3);
        let deadline = Instant::now() + patience;
        let manager = self.within(patience, Managed::connect(client, config)).await?;
        let link = Link { connection: Connection::Managed(manager), server: self.clone() };
        loop {
            let checking = tokio::time::timeout_at(deadline, self.checked(link.clone()));
            match checking.await.unwrap_or_else(|_| Err(StoreError::TimedOut { server: self.shown.clone() })) {
                // The answer to this first question can be lost like any other, and asking again does no harm.
                Err(error) if error.is_connection_lost() && Instant::now() + CHECK_PAUSE < deadline => {
                    tokio::time::sleep(CHECK_PAUSE).await;
                }
                result => return result,
            }
        }
    }

    /// The node that has the slot now.
    async fn locate(&self, cluster: &Cluster, slot: Slot) -> Result<Client, StoreError> {
        cluster.locate(slot).await.map_err(|error| StoreError::from_redis(self, &error))
    }

    async fn plain(&self, client: &Client, config: &AsyncConnectionConfig, protocol: Option<ProtocolVersion>) -> Result<Link, StoreError> {
        let server = Self { shown: show(client), ..self.clone() };
        let client = match protocol {
            Some(protocol) => speaking(client, protocol).map_err(|error| StoreError::from_redis(&server, &error))?,
            None => client.clone(),
        };
        let connecting = client.get_multiplexed_async_connection_with_config(config);
        let connection: MultiplexedConnection = server.within(CONNECT_TIMEOUT * 2, connecting).await?;
        Ok(Link { connection: Connection::Plain(connection), server })
    }

    /// The library's client of the first node, for the one connection that is no [`Link`] (MONITOR).
    pub(super) fn client(&self) -> Option<&Client> {
        self.clients.first()
    }

    /// Whether that connection leads to another place than this.
    pub(super) fn is_elsewhere(&self, link: &Link) -> bool {
        self.home != link.server.home
    }

    /// The cluster it leads to.
    fn cluster(&self) -> Option<&Cluster> {
        match &self.home {
            Home::Server => None,
            Home::Cluster(cluster) | Home::Slot(cluster, _) => Some(cluster),
        }
    }

    /// The way to its slot.
    fn route(&self) -> Option<Route> {
        match &self.home {
            Home::Slot(cluster, slot) => Some(Route::new(Arc::clone(cluster), *slot, self.patience)),
            Home::Server | Home::Cluster(_) => None,
        }
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

    async fn checked(&self, mut link: Link) -> Result<Link, StoreError> {
        let info = link.info("server").await?;
        if !is_new_enough(&info) {
            return Err(StoreError::TooOld { server: self.shown.clone(), version: version(&info) });
        }
        match (&self.home, is_of_a_cluster(&info)) {
            // Found out only now: the queues have to be looked for on their nodes.
            (Home::Server, true) => link.server.home = Home::Cluster(Arc::new(Cluster::new(self.clients.clone()))),
            (Home::Cluster(_) | Home::Slot(..), false) => return Err(StoreError::NoCluster { server: link.server.shown }),
            _ => {}
        }
        Ok(link)
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

/// How the connections of workers and nodes are made.
fn patient_for(response_timeout: Option<Duration>) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_TIMEOUT)).set_response_timeout(response_timeout)
}

/// The same with another protocol than the address asks for.
fn speaking(client: &Client, protocol: ProtocolVersion) -> Result<Client, redis::RedisError> {
    let info = client.get_connection_info().clone();
    let settings = info.redis_settings().clone().set_protocol(protocol);
    Client::open(info.set_redis_settings(settings))
}

/// `url` is a part of `whole`, which is what the user wrote.
fn open(url: &str, whole: &str) -> Result<Client, StoreError> {
    let refuse = |problem: String| StoreError::Address { shown: mask(whole), problem };
    let words = if whole.contains(',') {
        "several hosts are the nodes of a cluster: --cluster"
    } else {
        "write redis://HOST:PORT/DB or unix:///PATH"
    };
    let info = url.into_connection_info().map_err(|_| refuse(words.to_owned()))?;
    let settings = info.redis_settings().clone().set_lib_name(LIB_NAME, env!("CARGO_PKG_VERSION"));
    Client::open(info.set_redis_settings(settings)).map_err(|error| refuse(error.to_string()))
}

/// `redis://user@a:1,b:2/0` as one address for each host.
fn each_host(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| !scheme.contains("unix")) else { return vec![url.to_owned()] };
    // A password may have any character but these, which a URL wants encoded.
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (login, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    hosts.split(',').map(|host| format!("{scheme}://{login}{}{path}", host.trim())).collect()
}

fn show(client: &Client) -> String {
    let info = client.get_connection_info();
    let database = info.redis_settings().db();
    match info.addr() {
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

/// Redis says `redis_mode`, Valkey `server_mode`.
fn is_of_a_cluster(info: &str) -> bool {
    ["redis_mode", "server_mode"].iter().any(|name| info_field(info, name) == Some("cluster"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nodes_of_a_cluster_are_written_behind_each_other() {
        let server = ServerAddress::parse_cluster("redis://ana:s3c,ret@10.0.0.1:7001, 10.0.0.2:7002,[::1]/0").unwrap();

        assert_eq!(server.to_string(), "10.0.0.1:7001/0,10.0.0.2:7002/0,::1:6379/0");
        assert_eq!(each_host("redis://a:s3c,ret@h:1,i"), ["redis://a:s3c,ret@h:1", "redis://a:s3c,ret@i"]);
        assert_eq!(each_host("unix:///a,b"), ["unix:///a,b"]);
    }

    #[test]
    fn several_hosts_without_a_cluster_are_refused_with_the_flag_that_is_missing() {
        let error = ServerAddress::parse("redis://10.0.0.1:7001,10.0.0.2:7002").unwrap_err().to_string();

        assert!(error.contains("--cluster"), "{error}");
    }

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
