//! This file knows the locks that a worker holds, for itself and for the heartbeat that renews them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::core::store::settle::Settlement;

/// Locks of all jobs on the desk, shared with the heartbeat that renews them.
#[derive(Clone, Debug, Default)]
pub(super) struct HeldLocks(Arc<Mutex<HashMap<String, Arc<str>>>>);

impl HeldLocks {
    /// Every id with its token.
    pub(super) fn list(&self) -> Vec<(String, Arc<str>)> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().map(|(id, token)| (id.clone(), Arc::clone(token))).collect()
    }

    pub(super) fn insert(&self, id: &str, token: &Arc<str>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), Arc::clone(token));
    }

    /// Only where the token is that one: the job may have been taken again meanwhile.
    pub(super) fn remove(&self, settled: &[Settlement]) {
        for Settlement { id, token, .. } in settled {
            self.forget(id, token);
        }
    }

    pub(super) fn forget(&self, id: &str, token: &Arc<str>) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.get(id).is_some_and(|known| *known == *token) {
            held.remove(id);
        }
    }
}
