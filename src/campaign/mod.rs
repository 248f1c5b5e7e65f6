//! Contact files turned into messages: reading, mapping, checking. No Redis.

mod encoding;
pub mod error;
mod lines;
pub mod mapping;
pub mod planner;
pub mod reader;
pub mod rejects;
pub mod repeats;
pub mod results;
mod sniff;
pub mod template;
