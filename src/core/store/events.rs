//! This file reads the event stream of a queue.

use std::time::Duration;

use redis::Value;

use super::codec::{array, text};
use super::error::StoreError;
use super::queue::Queue;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id in the stream: `<ms>-<n>`.
    pub id: String,
    /// `added`, `waiting`, `active`, `completed`, …
    pub kind: String,
    /// The rest, in the order written: `jobId`, `prev`, …
    pub fields: Vec<(String, String)>,
}

impl Queue {
    /// Up to `count` events after the id `after` (`0` from the start, `$` only new ones), waiting up to `block` for the first.
    ///
    /// A blocking read needs a connection without a response time-out: [`super::connect::ServerAddress::connect_blocking`].
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn events(&self, after: &str, count: usize, block: Option<Duration>) -> Result<Vec<Event>, StoreError> {
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(count);
        if let Some(block) = block {
            command.arg("BLOCK").arg(u64::try_from(block.as_millis()).unwrap_or(u64::MAX).max(1));
        }
        command.arg("STREAMS").arg(self.keys.bullmq("events")).arg(after);
        let answer: Value = self.link.clone().query(&command).await?;
        let entries = match answer {
            Value::Array(streams) => streams.into_iter().next().and_then(array).and_then(|mut stream| stream.pop()),
            Value::Map(streams) => streams.into_iter().next().map(|(_, entries)| entries),
            _ => None,
        };
        Ok(entries.and_then(array).unwrap_or_default().into_iter().filter_map(read_event).collect())
    }

    /// The id of the newest event; `0-0` when there is none. Reading on from here misses nothing, unlike `$`.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn last_event_id(&self) -> Result<String, StoreError> {
        let command = redis::cmd("XREVRANGE").arg(self.keys.bullmq("events")).arg("+").arg("-").arg("COUNT").arg(1).clone();
        let newest: Value = self.link.clone().query(&command).await?;
        let event = array(newest).and_then(|entries| read_event(entries.into_iter().next()?));
        Ok(event.map_or_else(|| "0-0".to_owned(), |event| event.id))
    }
}

fn read_event(entry: Value) -> Option<Event> {
    let [id, fields]: [Value; 2] = array(entry)?.try_into().ok()?;
    let mut flat = array(fields)?.into_iter().filter_map(text);
    let mut pairs: Vec<(String, String)> = std::iter::from_fn(|| Some((flat.next()?, flat.next()?))).collect();
    let kind = pairs.iter().position(|(name, _)| name == "event").map(|index| pairs.remove(index).1)?;
    Some(Event { id: text(id)?, kind, fields: pairs })
}
