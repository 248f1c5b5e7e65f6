//! This file is the handle on one queue; the files beside it add what can be done with it.

use std::sync::Arc;

use super::connect::Link;
use super::keys::Keys;
use crate::core::model::queue::{Prefix, QueueName};

/// A queue on a server. Cheap to clone; clones share the connection.
#[derive(Clone, Debug)]
pub struct Queue {
    pub(super) link: Link,
    pub(super) keys: Arc<Keys>,
    name: QueueName,
    prefix: Prefix,
}

impl Queue {
    /// The queue of that name; nothing is read or written.
    pub fn open(link: Link, prefix: &Prefix, name: &QueueName) -> Self {
        let keys = Arc::new(Keys::new(prefix, name));
        Self { link, keys, name: name.clone(), prefix: prefix.clone() }
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
