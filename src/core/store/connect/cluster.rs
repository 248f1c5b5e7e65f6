//! This file follows a cluster: which node has a slot now, and one command or several to it wherever it went.
//!
//! A queue lives in one slot, so there is nothing to spread: its node is reached by an ordinary connection, and only what the
//! node says about another place (MOVED, ASK) or about waiting (TRYAGAIN, CLUSTERDOWN) is particular.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Client, Cmd, ConnectionAddr, ErrorKind, Pipeline, RedisError, ServerErrorKind, Value};
use tokio::time::Instant;

use super::{RESPONSE_TIMEOUT, patient_for};
use crate::core::store::codec::{array, text, unsigned};
use crate::core::store::slot::Slot;

/// Pauses between two tries while the cluster changes.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// A node by its host and port, as the others call it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Node {
    host: String,
    port: u16,
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Slots in a row and who has them: the master first, then its replicas.
#[derive(Clone, Debug)]
struct Range {
    first: u64,
    last: u64,
    nodes: Vec<Node>,
}

/// What is known of the cluster just now.
#[derive(Default)]
struct Known {
    ranges: Option<Vec<Range>>,
    /// Every node of the last answer, replicas too: whom to ask next time.
    nodes: Vec<Node>,
    connections: HashMap<Node, MultiplexedConnection>,
    asked: usize,
}

/// A cluster that some nodes of are known.
pub(super) struct Cluster {
    seeds: Vec<Client>,
    known: Mutex<Known>,
}

impl Cluster {
    pub(super) fn new(seeds: Vec<Client>) -> Self {
        Self { seeds, known: Mutex::default() }
    }

    /// Nothing in here can be half-done, so a panic elsewhere changes nothing.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node that has a slot by what a node says now.
    pub(super) async fn locate(&self, slot: Slot) -> Result<Client, RedisError> {
        self.known().ranges = None;
        let node = self.node_of(slot).await?;
        self.client_of(&node)
    }

    /// Connections to all masters, and to the replicas too if `all`. Replicas that don't answer are left out.
    pub(super) async fn every_node(&self, all: bool) -> Result<Vec<MultiplexedConnection>, RedisError> {
        self.known().ranges = None;
        let (mut connections, mut seen) = (Vec::new(), Vec::new());
        for range in self.ranges().await? {
            for (at, node) in range.nodes.into_iter().enumerate().take(if all { usize::MAX } else { 1 }) {
                if seen.contains(&node) {
                    continue;
                }
                match self.connection(&node).await {
                    Ok(connection) => connections.push(connection),
                    Err(error) if at > 0 => tracing::warn!(%node, %error, "a replica doesn't answer"),
                    Err(error) => return Err(error),
                }
                seen.push(node);
            }
        }
        Ok(connections)
    }

    async fn node_of(&self, slot: Slot) -> Result<Node, RedisError> {
        let ranges = self.ranges().await?;
        let range = ranges.into_iter().find(|range| (range.first..=range.last).contains(&u64::from(slot.0)));
        range.and_then(|range| range.nodes.into_iter().next()).ok_or_else(|| {
            let problem = format!("no node of the cluster has slot {}", slot.0);
            RedisError::from((ErrorKind::Server(ServerErrorKind::ClusterDown), "slot without a node", problem))
        })
    }

    async fn ranges(&self) -> Result<Vec<Range>, RedisError> {
        let cached = self.known().ranges.clone();
        match cached {
            Some(ranges) => Ok(ranges),
            None => self.ask().await,
        }
    }

    /// Asks one node after the other, each time beginning with another: one that lives in the past is not asked again and again.
    async fn ask(&self) -> Result<Vec<Range>, RedisError> {
        let mut clients = self.clients();
        let turn = {
            let mut known = self.known();
            known.asked += 1;
            known.asked % clients.len().max(1)
        };
        clients.rotate_left(turn);
        let mut failure = RedisError::from((ErrorKind::Io, "no node of the cluster is known"));
        for client in clients {
            match ranges_by(&client).await {
                Ok(ranges) => {
                    let mut known = self.known();
                    known.nodes = ranges.iter().flat_map(|range| range.nodes.iter().cloned()).collect::<HashSet<_>>().into_iter().collect();
                    known.ranges = Some(ranges.clone());
                    return Ok(ranges);
                }
                Err(error) => {
                    tracing::debug!(%error, "a node doesn't say how the cluster is");
                    failure = error;
                }
            }
        }
        Err(failure)
    }

    /// Every node that is known, by the others' word or from the start.
    fn clients(&self) -> Vec<Client> {
        let nodes = self.known().nodes.clone();
        self.seeds.iter().cloned().chain(nodes.iter().filter_map(|node| self.client_of(node).ok())).collect()
    }

    /// As the seeds are reached: by the same user, with or without TLS.
    fn client_of(&self, node: &Node) -> Result<Client, RedisError> {
        let seed = self.seeds.first().ok_or_else(|| RedisError::from((ErrorKind::InvalidClientConfig, "a cluster without an address")))?;
        let seed = seed.get_connection_info().clone();
        let Node { host, port } = node.clone();
        let address = match seed.addr() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: tls_params.clone() }
            }
            _ => ConnectionAddr::Tcp(host, port),
        };
        Client::open(seed.set_addr(address))
    }

    async fn connection(&self, node: &Node) -> Result<MultiplexedConnection, RedisError> {
        let cached = self.known().connections.get(node).cloned();
        if let Some(connection) = cached {
            return Ok(connection);
        }
        let connection = connect(&self.client_of(node)?).await?;
        self.known().connections.insert(node.clone(), connection.clone());
        Ok(connection)
    }

    /// Nothing is taken for granted any more: where slots are, or that this node answers.
    fn doubt(&self, broken: Option<&Node>) {
        let mut known = self.known();
        known.ranges = None;
        if let Some(node) = broken {
            known.connections.remove(node);
        }
    }
}

async fn connect(client: &Client) -> Result<MultiplexedConnection, RedisError> {
    client.get_multiplexed_async_connection_with_config(&patient_for(Some(RESPONSE_TIMEOUT))).await
}

/// What one node says about the slots.
async fn ranges_by(client: &Client) -> Result<Vec<Range>, RedisError> {
    let mut connection = connect(client).await?;
    let answer: Value = redis::cmd("CLUSTER").arg("SLOTS").query_async(&mut connection).await?;
    let asked = match client.get_connection_info().addr() {
        ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => host.clone(),
        _ => "127.0.0.1".to_owned(),
    };
    let ranges = array(answer).unwrap_or_default().into_iter().filter_map(|range| read_range(range, &asked)).collect();
    Ok(ranges)
}

/// `[first, last, [host, port, …], …]`. A node that doesn't know its own address leaves it out: it is where it was asked.
fn read_range(range: Value, asked: &str) -> Option<Range> {
    let mut parts = array(range)?.into_iter();
    let (first, last) = (unsigned(&parts.next()?), unsigned(&parts.next()?));
    let nodes = parts.filter_map(|node| {
        let mut parts = array(node)?.into_iter();
        let host = text(parts.next()?).filter(|host| !host.is_empty()).unwrap_or_else(|| asked.to_owned());
        Some(Node { host, port: u16::try_from(unsigned(&parts.next()?)).ok()? })
    });
    Some(Range { first, last, nodes: nodes.collect() })
}

/// The way to a slot, wherever it is; cheap to clone, clones share the connections.
#[derive(Clone)]
pub(super) struct Route {
    cluster: Arc<Cluster>,
    slot: Slot,
    patience: Duration,
}

/// What came of one try.
enum Tried {
    /// An answer, or a failure that the caller has to judge: the call may have been carried out.
    Over(Result<Value, RedisError>),
    /// Nothing was done, and the slot is known to be elsewhere.
    Elsewhere(RedisError),
    /// Nothing was done; it may go in a moment.
    NotNow(RedisError),
}

impl Route {
    /// `patience`: how long a call may look for the right node.
    pub(super) fn new(cluster: Arc<Cluster>, slot: Slot, patience: Duration) -> Self {
        Self { cluster, slot, patience }
    }

    /// Runs a command. It is repeated only when the servers say that nothing was done.
    pub(super) async fn run(&self, command: &Cmd) -> Result<Value, RedisError> {
        let deadline = Instant::now() + self.patience;
        let (mut pause, mut followed) = (SHORTEST_PAUSE, false);
        loop {
            let error = match self.try_once(command).await {
                Tried::Over(result) => return result,
                // The first word about another place is followed at once.
                Tried::Elsewhere(_) if !followed => {
                    followed = true;
                    continue;
                }
                Tried::Elsewhere(error) | Tried::NotNow(error) => error,
            };
            if Instant::now() + pause > deadline {
                return Err(error);
            }
            tracing::debug!(%error, slot = self.slot.0, "the cluster changes; trying again");
            tokio::time::sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Runs several in one round trip; those that the slot's node sends elsewhere are run again, each alone.
    pub(super) async fn run_all(&self, commands: &Pipeline, offset: usize, count: usize) -> Result<Vec<Value>, RedisError> {
        let Some(probe) = commands.cmd_iter().next() else { return Ok(Vec::new()) };
        let deadline = Instant::now() + self.patience;
        let (node, mut connection) = loop {
            match self.reach().await {
                Ok(reached) => break reached,
                Err(error) if Instant::now() + SHORTEST_PAUSE > deadline => return Err(error),
                Err(error) => {
                    tracing::debug!(%error, slot = self.slot.0, "the cluster changes; trying again");
                    tokio::time::sleep(SHORTEST_PAUSE).await;
                }
            }
        };
        let answers = self.within(connection.req_packed_commands(commands, offset, count)).await;
        let mut answers = answers.inspect_err(|error| self.judge_failure(error, &node))?;
        // The commands are those of the answers unless the pipeline is a transaction, and the store makes none.
        for (answer, command) in answers.iter_mut().zip(commands.cmd_iter().chain(std::iter::repeat(probe))) {
            if matches!(answer, Value::ServerError(error) if error.kind().is_some_and(is_redirection)) {
                *answer = self.run(command).await?;
            }
        }
        Ok(answers)
    }

    /// Runs several at one node in one round trip: when the first is sent elsewhere, all of them go there.
    pub(super) async fn run_together(&self, commands: &Pipeline, count: usize) -> Result<Vec<Value>, RedisError> {
        let deadline = Instant::now() + self.patience;
        loop {
            let error = match self.reach().await {
                Ok((node, mut connection)) => {
                    let answers = self.within(connection.req_packed_commands(commands, 0, count)).await;
                    let answers = answers.inspect_err(|error| self.judge_failure(error, &node))?;
                    match answers.first().cloned().unwrap_or(Value::Nil).extract_error() {
                        Err(error) if is_redirection_error(&error) => error,
                        _ => return Ok(answers),
                    }
                }
                Err(error) => error,
            };
            if Instant::now() + SHORTEST_PAUSE > deadline {
                return Err(error);
            }
            tracing::debug!(%error, slot = self.slot.0, "the cluster changes; trying again");
            self.cluster.doubt(None);
            tokio::time::sleep(SHORTEST_PAUSE).await;
        }
    }

    async fn reach(&self) -> Result<(Node, MultiplexedConnection), RedisError> {
        let node = self.cluster.node_of(self.slot).await?;
        match self.cluster.connection(&node).await {
            Ok(connection) => Ok((node, connection)),
            Err(error) => {
                self.cluster.doubt(Some(&node));
                Err(error)
            }
        }
    }

    async fn try_once(&self, command: &Cmd) -> Tried {
        let (node, mut connection) = match self.reach().await {
            Ok(reached) => reached,
            Err(error) if error.is_io_error() || is_redirection_error(&error) => return Tried::NotNow(error),
            Err(error) => return Tried::Over(Err(error)),
        };
        let answer = self.within(connection.req_packed_command(command)).await.and_then(unwrap_error);
        let Err(error) = answer else { return Tried::Over(answer) };
        match error.kind() {
            ErrorKind::Server(ServerErrorKind::Moved) => {
                self.cluster.doubt(None);
                Tried::Elsewhere(error)
            }
            ErrorKind::Server(ServerErrorKind::Ask) => self.try_at_target(command, &error).await,
            ErrorKind::Server(ServerErrorKind::TryAgain | ServerErrorKind::ClusterDown) => {
                self.cluster.doubt(None);
                Tried::NotNow(error)
            }
            _ => {
                self.judge_failure(&error, &node);
                Tried::Over(Err(error))
            }
        }
    }

    /// The slot is on its way: what has gone already is answered by the node that gets it, for this one command.
    async fn try_at_target(&self, command: &Cmd, asked: &RedisError) -> Tried {
        let Some((host, port)) = asked.redirect_node().and_then(|(address, _)| address.rsplit_once(':')) else {
            return Tried::Over(Err(asked.clone()));
        };
        let Ok(port) = port.parse() else { return Tried::Over(Err(asked.clone())) };
        let node = Node { host: host.to_owned(), port };
        let mut connection = match self.cluster.connection(&node).await {
            Ok(connection) => connection,
            Err(error) => return Tried::NotNow(error),
        };
        let both = redis::pipe().cmd("ASKING").add_command(command.clone()).clone();
        let answers = self.within(connection.req_packed_commands(&both, 0, 2)).await;
        match answers.and_then(|answers| unwrap_error(answers.into_iter().nth(1).unwrap_or(Value::Nil))) {
            Err(error) if is_redirection_error(&error) => Tried::NotNow(error),
            Err(error) => {
                self.judge_failure(&error, &node);
                Tried::Over(Err(error))
            }
            answer => Tried::Over(answer),
        }
    }

    async fn within<T>(&self, answer: impl Future<Output = Result<T, RedisError>>) -> Result<T, RedisError> {
        let patience = RESPONSE_TIMEOUT.min(self.patience);
        let late = || RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
        tokio::time::timeout(patience, answer).await.unwrap_or_else(|_| Err(late()))
    }

    /// A connection that broke is not used again.
    fn judge_failure(&self, error: &RedisError, node: &Node) {
        if error.is_io_error() || error.is_timeout() || error.is_connection_dropped() {
            self.cluster.doubt(Some(node));
        }
    }
}

fn is_redirection(kind: ServerErrorKind) -> bool {
    matches!(kind, ServerErrorKind::Moved | ServerErrorKind::Ask | ServerErrorKind::TryAgain | ServerErrorKind::ClusterDown)
}

fn is_redirection_error(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(kind) if is_redirection(kind))
}

fn unwrap_error(answer: Value) -> Result<Value, RedisError> {
    match answer {
        Value::ServerError(_) => answer.extract_error(),
        answer => Ok(answer),
    }
}
