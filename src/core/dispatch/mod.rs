//! The rate-limited worker: takes jobs, paces them, sends them and settles what became of them.
//!
//! [`worker::Worker`] is the heart: one loop that starts what may start, exchanges outcomes for new jobs in one call, and
//! waits. Beside it run the bell (wakes it when idle), the heartbeat (renews locks), the rescuer (brings back stalled jobs by
//! BullMQ's rules) and the liveness (shows that it lives, and lets the jobs of dead workers go on). Every outcome passes `verdict::judge`.

mod answering;
mod bell;
mod brakes;
mod breaker;
mod desk;
mod ending;
mod exchange;
mod expiry;
mod heartbeat;
mod held_locks;
pub mod journal;
mod liveness;
mod lookup;
mod moment;
mod next_run;
mod prober;
mod reach;
mod reconnect;
mod remembering;
mod rescuer;
mod rules;
mod service;
mod slots;
mod starting;
mod tempo;
pub mod transport;
mod trial;
mod verdict;
mod witness;
pub mod worker;

pub use rules::{End, JournalRules, Report, WorkerRules};
pub use verdict::KeepRules;
pub use worker::Worker;

/// 0 to 1; half when the system gives no random bytes, which only flattens jitter.
fn random() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}
