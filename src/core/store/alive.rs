//! This file subscribes a worker to a channel of its own, so that the server itself notices the moment its process dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::{PushKind, Value};

use super::connect::{Link, info_field};
use super::error::StoreError;
use super::queue::Queue;

/// How long the server may take to answer on a connection that is otherwise silent: meanwhile there is no sign of life, and 1.5 s
/// without one are death if the subscription is gone.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// The subscription of one incarnation, over a connection of its own to where the queue is. It ends with this value.
#[derive(Debug)]
pub struct AliveSubscription {
    channel: String,
    link: Link,
    has_ended: Arc<AtomicBool>,
}

impl AliveSubscription {
    /// Whether the server has ended it: the connection is gone, or on a cluster the queue went to another node.
    pub fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }

    /// Asks the server whether it still listens, and the queue's node whether it knows: no box on the way forgets a connection
    /// that is used now and then, and a node that lost its place keeps its subscribers.
    ///
    /// # Errors
    /// [`StoreError::Unheard`], and when one of them doesn't answer: then the subscription is of no use any more.
    pub async fn renew(&mut self, queue: &Queue) -> Result<(), StoreError> {
        self.link.query::<Value>(redis::cmd("SSUBSCRIBE").arg(&self.channel)).await?;
        if queue.listeners(&self.channel).await? == 0 {
            return Err(StoreError::Unheard { server: queue.link.server().to_string() });
        }
        Ok(())
    }
}

impl Queue {
    /// Subscribes to the channel of this incarnation. The channel is a sharded one: its name has the queue's hash tag, so on a
    /// cluster it is where the queue is, and goes with it.
    ///
    /// # Errors
    /// When the server can't be asked, and as [`AliveSubscription::renew`].
    pub async fn subscribe_alive(&self, incarnation: &str) -> Result<AliveSubscription, StoreError> {
        let has_ended = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&has_ended);
        let link = self.link.server().listen(ANSWER_TIMEOUT, move |push| {
            if matches!(push.kind, PushKind::SUnsubscribe | PushKind::Disconnection) {
                ended.store(true, Ordering::Release);
            }
        });
        let mut subscription = AliveSubscription { channel: self.alive_channel(incarnation), link: link.await?, has_ended };
        subscription.renew(self).await?;
        Ok(subscription)
    }

    /// Whether the worker process of this incarnation still has its subscription: it may be sending.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn is_alive(&self, incarnation: &str) -> Result<bool, StoreError> {
        Ok(self.listeners(&self.alive_channel(incarnation)).await? > 0)
    }

    /// How many connections listen to a channel at the queue's node.
    async fn listeners(&self, channel: &str) -> Result<u64, StoreError> {
        let (_, count): (String, u64) = self.link.clone().query(redis::cmd("PUBSUB").arg("SHARDNUMSUB").arg(channel)).await?;
        Ok(count)
    }

    /// The channel that a worker subscribes to, so that the server itself notices when its process is gone.
    fn alive_channel(&self, incarnation: &str) -> String {
        self.keys.ours(&format!("alive:{incarnation}"))
    }

    /// Asks for one key, which only the node can answer that has the queue now.
    ///
    /// # Errors
    /// When it can't be asked, or is another one.
    pub async fn touch(&self) -> Result<(), StoreError> {
        self.link.clone().query(redis::cmd("EXISTS").arg(self.keys.bullmq("meta"))).await
    }

    /// The name of the server's process: another one may have forgotten something, and nobody is subscribed to it yet.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn run_id(&self) -> Result<String, StoreError> {
        let info = self.link.clone().info("server").await?;
        Ok(info_field(&info, "run_id").unwrap_or_default().to_owned())
    }
}
