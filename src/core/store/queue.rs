//! This file is the handle on one queue; the files beside it add what can be done with it.

use std::sync::Arc;

use super::connect::{Link, ServerAddress};
use super::error::StoreError;
use super::keys::Keys;
use super::terms::{Confirmation, Room};
use crate::core::model::queue::{Prefix, QueueName};

/// A queue on a server. Cheap to clone; clones share the connection.
#[derive(Clone, Debug)]
pub struct Queue {
    pub(super) link: Link,
    pub(super) keys: Arc<Keys>,
    /// What an add has to wait for.
    pub(super) confirmation: Confirmation,
    /// How full an add may make it.
    pub(super) room: Room,
    name: QueueName,
    prefix: Prefix,
}

impl Queue {
    /// The queue of that name; nothing is read or written.
    ///
    /// # Errors
    /// [`StoreError::Untagged`] on a cluster that would spread its keys.
    pub fn open(link: &Link, prefix: &Prefix, name: &QueueName) -> Result<Self, StoreError> {
        let keys = Arc::new(Keys::new(prefix, name));
        Ok(Self {
            link: link.to_queue(prefix, name)?,
            keys,
            confirmation: Confirmation::default(),
            room: Room::default(),
            name: name.clone(),
            prefix: prefix.clone(),
        })
    }

    /// The queue of that name over a connection of its own that stays broken once it broke.
    ///
    /// # Errors
    /// As [`ServerAddress::connect_once`] and [`Self::open`].
    pub async fn open_once(server: &ServerAddress, prefix: &Prefix, name: &QueueName) -> Result<Self, StoreError> {
        let link = server.connect_once().await?;
        let home = link.server().home_of(prefix, name)?;
        // On a cluster whoever answered knows where the queue is.
        let link = if home.is_elsewhere(&link) { home.connect_once().await? } else { link };
        Self::open(&link, prefix, name)
    }

    /// The same queue over another connection.
    #[must_use]
    pub fn over(&self, link: Link) -> Self {
        Self { link, ..self.clone() }
    }

    /// Its name.
    pub fn name(&self) -> &QueueName {
        &self.name
    }

    /// The prefix of its keys.
    pub fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// The connection it is reached by.
    pub fn link(&self) -> &Link {
        &self.link
    }
}
