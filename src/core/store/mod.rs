//! Everything that is said to Redis: the only folder that names the `redis` crate, and the Lua beside it.
//!
//! The queue is kept in BullMQ's format; what each key holds is documented in `lua/lib/keys.lua`, what each operation
//! does in the header of its script.

pub mod add;
pub mod admin;
pub mod alive;
pub mod aside;
pub mod barrier;
pub mod campaigns;
pub mod change;
mod codec;
pub mod connect;
mod erase;
pub mod error;
pub mod events;
pub mod examine;
pub mod flow;
pub mod held;
pub mod inspect;
pub mod intent;
mod keys;
pub mod locks;
pub mod notes;
pub mod overview;
pub mod permissions;
pub mod queue;
pub mod recover;
pub mod repeats;
pub mod resolve;
pub mod schedules;
mod scripts;
pub mod server;
pub mod settle;
mod slot;
pub mod standstill;
pub mod sweep;
pub mod take;
pub mod tempo;
mod terms;
pub mod update;
pub mod wake;
pub mod workers;

pub use add::{Ledger, MAX_ADD_BATCH};
pub use change::{Change, Obliterated, RetryRules};
pub use codec::{ScheduledRun, StoredOptions, options_json, read_keep};
pub use inspect::{Counts, list_queues};
pub use overview::Overview;
pub use queue::Queue;
pub use schedules::{NextRun, Upserted};
pub use sweep::Swept;
pub use terms::{Durability, Room, Terms};
