//! This file subscribes a worker to a channel of its own, so that the server itself notices the moment its process dies.

use std::pin::Pin;
use std::time::Duration;

use futures_util::{FutureExt, Stream, StreamExt};
use redis::aio::PubSubSink;

use super::connect::info_field;
use super::error::StoreError;
use super::queue::Queue;

/// How long the server may take to answer on a connection that is otherwise silent.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// The subscription of one incarnation, over a connection of its own to where the queue is. It ends with this value.
pub struct AliveSubscription {
    channel: String,
    sink: PubSubSink,
    messages: Pin<Box<dyn Stream<Item = redis::Msg> + Send>>,
    server: super::connect::ServerAddress,
}

impl std::fmt::Debug for AliveSubscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AliveSubscription").field(&self.channel).finish()
    }
}

impl AliveSubscription {
    /// Whether the connection is known to be gone.
    pub fn has_ended(&mut self) -> bool {
        // Nobody writes to the channel; what comes all the same is passed over.
        loop {
            match self.messages.next().now_or_never() {
                None => return false,
                Some(Some(_)) => {}
                Some(None) => return true,
            }
        }
    }

    /// Asks the server whether it still listens: no box on the way forgets a connection that is used now and then.
    ///
    /// # Errors
    /// When it doesn't answer: then the subscription is of no use any more.
    pub async fn renew(&mut self) -> Result<(), StoreError> {
        self.server.within(ANSWER_TIMEOUT, self.sink.subscribe(&self.channel)).await
    }
}

impl Queue {
    /// Subscribes to the channel of this incarnation.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn subscribe_alive(&self, incarnation: &str) -> Result<AliveSubscription, StoreError> {
        let (server, channel) = (self.link.server().clone(), self.alive_channel(incarnation));
        let (mut sink, messages) = server.listen().await?.split();
        server.within(ANSWER_TIMEOUT, sink.subscribe(&channel)).await?;
        Ok(AliveSubscription { channel, sink, messages: Box::pin(messages), server })
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
