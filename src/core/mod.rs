//! The engine room: the model, the store in Redis and the rate-limited dispatcher. Imports nothing from above.

pub mod dispatch;
pub mod model;
pub mod store;
