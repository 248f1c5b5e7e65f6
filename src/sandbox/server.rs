//! This file listens on loopback and hands each request to the dialect that its path belongs to.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Limited};
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::answer::{Answer, Payload};
use super::journal::Journal;
use super::provider::{Provider, Request};
use super::webhooks::{self, Outbox};
use super::{Options, SandboxError, Trouble, control, evolution, meta};

/// A longer body is answered 413, as Evolution does.
const MAX_BODY_BYTES: usize = 136 * 1024 * 1024;
/// How long answers under way may take once the end was asked for.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// A provider that listens.
#[derive(Debug)]
pub struct Sandbox {
    provider: Arc<Provider>,
    listener: TcpListener,
    address: SocketAddr,
    posts: webhooks::Posts,
}

impl Sandbox {
    /// Begins to listen.
    ///
    /// # Errors
    /// When others could reach the address, it is taken, or a file or URL is of no use.
    pub async fn open(options: Options) -> Result<Self, SandboxError> {
        if !options.listen.ip().is_loopback() {
            return Err(SandboxError::NotLoopback(options.listen.ip()));
        }
        let listen = |source| SandboxError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (outbox, posts) = Outbox::new(&options, address)?;
        let open = |path: &Option<PathBuf>| {
            let path = path.as_deref();
            Journal::open(path).map_err(|source| SandboxError::Journal { path: path.map(PathBuf::from).unwrap_or_default(), source })
        };
        let (journal, refusals) = (open(&options.journal)?, open(&options.refusals)?);
        let provider = Provider::new(options, outbox, journal, refusals);
        Ok(Self { provider: Arc::new(provider), listener, address, posts })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks the receiver of webhooks as Meta does when one is entered: it must know the token and give the challenge back.
    ///
    /// # Errors
    /// When it does not, with its answer.
    pub async fn challenge(&self, token: &str) -> Result<(), String> {
        let challenge = (self.provider.unique() % 10_000_000_000).to_string();
        self.provider.outbox.challenge(token, &challenge).await
    }

    /// Serves until `stop`, and says what happened: `GET /sandbox/state` at its end.
    pub async fn serve(self, stop: CancellationToken) -> Value {
        let Self { provider, listener, address, posts } = self;
        let posting = tokio::spawn(webhooks::run(Arc::clone(&provider), posts, stop.clone()));
        let (door, mut orders) = watch::channel(Instant::now());
        let house = Arc::new(House { provider, door });
        let connections = TaskTracker::new();
        let mut listener = Some(listener);
        while !stop.is_cancelled() {
            if let Some(open) = reopened(listener.take(), address, &stop).await {
                welcome(&house, open, &connections, &stop, &mut orders).await;
            }
            let closed_until = *orders.borrow_and_update();
            stop.run_until_cancelled(tokio::time::sleep_until(closed_until.into())).await;
        }
        connections.close();
        if tokio::time::timeout(LAST_ANSWERS, connections.wait()).await.is_err() {
            tracing::debug!("some answers were cut off");
        }
        if posting.await.is_err() {
            tracing::warn!("the webhooks ended early");
        }
        house.provider.state()
    }
}

/// The provider and its front door.
#[derive(Debug)]
pub(super) struct House {
    pub(super) provider: Arc<Provider>,
    /// Until when nobody is let in.
    door: watch::Sender<Instant>,
}

impl House {
    /// Refuses all connections for a while, as a machine without this program does. Those that are open get one more answer,
    /// the last: to close them at once would break off requests on their way, of which nobody could say what became of them.
    pub(super) fn close_door(&self, time: Duration) {
        self.door.send_replace(Instant::now() + time);
    }

    fn is_closed(&self) -> bool {
        *self.door.borrow() > Instant::now()
    }

    async fn answer(&self, request: hyper::Request<Incoming>) -> Result<Response<Payload>, Trouble> {
        let (head, body) = request.into_parts();
        let at_us = self.provider.now_us();
        let body = match Limited::new(body, MAX_BODY_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return Answer::json(413, &json!({ "error": error.to_string() })).into_response().await,
        };
        let (path, query) = (head.uri.path().to_owned(), head.uri.query().unwrap_or_default().to_owned());
        let request = Request { method: head.method, path, query, headers: head.headers, body, at_us };
        let answer = if request.path.starts_with("/sandbox/") {
            control::answer(self, &request)
        } else {
            self.provider.count_request();
            if meta::is_path(&request.path) {
                meta::answer(&self.provider, &request).await
            } else {
                evolution::answer(&self.provider, &request).await
            }
        };
        let mut response = answer.into_response().await?;
        if self.is_closed() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }
}

/// The listener, or a new one at the same address.
async fn reopened(listener: Option<TcpListener>, address: SocketAddr, stop: &CancellationToken) -> Option<TcpListener> {
    if listener.is_some() {
        return listener;
    }
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return Some(listener),
            Err(error) => tracing::warn!(%error, "can't listen again on {address}"),
        }
        stop.run_until_cancelled(tokio::time::sleep(Duration::from_millis(100))).await?;
    }
}

/// Lets everybody in until the door is closed.
async fn welcome(
    house: &Arc<House>,
    listener: TcpListener,
    connections: &TaskTracker,
    stop: &CancellationToken,
    orders: &mut watch::Receiver<Instant>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = orders.changed() => return,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(converse(Arc::clone(house), stream, stop.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "can't accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Answers one connection until its peer ends it, the door is closed, or it all ends.
async fn converse(house: Arc<House>, stream: TcpStream, stop: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "can't set TCP_NODELAY");
    }
    let service = service_fn(|request| {
        let house = Arc::clone(&house);
        async move { house.answer(request).await }
    });
    let mut connection = std::pin::pin!(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = stop.cancelled() => None,
    };
    let ended = if let Some(ended) = ended {
        ended
    } else {
        connection.as_mut().graceful_shutdown();
        connection.await
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}
