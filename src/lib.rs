//! `wq` is the WhatsApp queue in one binary: a message queue, a campaign sender and its analytics over Redis, in
//! BullMQ's format.
//!
//! A folder imports only from folders below it; siblings never import each other (`tests/it/architecture.rs` checks it):
//!
//! ```text
//! faces      cli                                 people ⇄ use cases
//!             └─ output                          tables, JSON, CSV, progress
//!            sandbox                         a WhatsApp provider to try things out with; knows nothing of the rest
//! app        use cases, errors sorted by kind, the wiring
//! engines    transport (ways to send)   campaign (contact files)
//! core       dispatch → store → model
//! ```
//!
//! To see the whole house once, read [`cli`] `enqueue` → [`app`] `producer` → [`core::store`] `add` → `lua/add_jobs.lua`.

pub mod app;
pub mod campaign;
pub mod cli;
pub mod core;
pub mod output;
pub mod sandbox;
pub mod transport;
