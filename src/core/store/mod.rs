//! Everything that is said to Redis: the only folder that names the `redis` crate, and the Lua beside it.

pub mod connect;
pub mod error;
