//! This file says when a slot of a worker's concurrency is free again, and what it may hold beyond that.

/// When a slot of the concurrency is free again, and so how much a crash leaves unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slots {
    /// When the outcome is stored: no more is unknown than runs at once, and held then. Nothing is read ahead, since all that
    /// are taken are announced in the same call, and a start waits for an answer of the server in any case.
    FreeOnceStored,
    /// When the send ended: what a crash leaves unknown is sent again anyway, and nobody waits for the server's answer. The
    /// next jobs are read ahead: a round of them, or more when sends are so quick that the worker ran dry during a call. As
    /// many outcomes may wait to be stored.
    FreeOnceEnded,
}

/// What a worker that ran dry reads ahead: so many rounds, and at least so many jobs. Half of them is what a call should have: of
/// fewer jobs it costs the server more than they do.
const QUICK_ROUNDS: usize = 3;
const QUICK_AHEAD: usize = 64;

impl Slots {
    /// Jobs that are read ahead; as many outcomes may wait to be stored before a slot is not free for it. `ran_dry`: nothing ran and
    /// nothing was ready when the last call was answered.
    pub(super) fn ahead(self, concurrency: usize, ran_dry: bool) -> usize {
        match self {
            Self::FreeOnceStored => 0,
            Self::FreeOnceEnded if ran_dry => (concurrency * QUICK_ROUNDS).max(QUICK_AHEAD),
            Self::FreeOnceEnded => concurrency,
        }
    }
}
