//! Workers inside the test's own process, for transports that the test plays itself.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use wq::core::dispatch::transport::Transport;
use wq::core::dispatch::{End, KeepRules, Report, Worker, WorkerRules};
use wq::core::store::Queue;
use wq::core::store::connect::ServerAddress;
use wq::core::store::standstill::ProbeRules;
use wq::core::store::take::TakeRules;

use super::Server;

/// The queue `whatsapp` of the default prefix, over a connection of its own.
pub(crate) async fn whatsapp(server: &Server) -> Queue {
    let address = ServerAddress::parse(&server.url()).unwrap();
    Queue::open_once(&address, &"bull".parse().unwrap(), &"whatsapp".parse().unwrap()).await.unwrap()
}

/// No fence, no rate, no end.
pub(crate) fn rules(concurrency: usize) -> WorkerRules {
    WorkerRules {
        concurrency,
        take: TakeRules {
            lock_ttl: Duration::from_secs(30),
            worker: Some("w1".to_owned()),
            rate: "none".parse().unwrap(),
            node_limiter: None,
            fence: None,
            recipients: None,
            metrics_minutes: 0,
        },
        stalled_interval: Duration::from_secs(30),
        grace: Duration::from_secs(20),
        keep: KeepRules::default(),
        end: End::Never,
        most_jobs: None,
        journal: None,
        uncertain_wait: Duration::from_mins(10),
        probe: ProbeRules::default(),
    }
}

/// A worker on `whatsapp` that runs until it is told to stop.
pub(crate) struct Running {
    stop: CancellationToken,
    handle: JoinHandle<Report>,
}

impl Running {
    pub(crate) async fn start<T: Transport + 'static>(server: &Server, transport: &Arc<T>, rules: WorkerRules) -> Self {
        let transport: Arc<dyn Transport> = Arc::<T>::clone(transport);
        let worker = Worker::new(whatsapp(server).await, rules, transport).unwrap();
        let stop = CancellationToken::new();
        Self { handle: tokio::spawn(worker.run(stop.clone(), CancellationToken::new())), stop }
    }

    pub(crate) async fn end(self) -> Report {
        self.stop.cancel();
        self.ended().await
    }

    /// When it ends by itself.
    pub(crate) async fn ended(self) -> Report {
        self.handle.await.unwrap()
    }
}
