//! Plain data: what a job, a queue, a rate and a phone number are. No I/O, no async, no dependency on other layers.

pub mod aside;
pub mod clock;
pub mod cron;
pub mod deduplication;
pub mod filter;
pub mod flow;
pub mod id;
pub mod job;
pub mod message;
pub mod outage;
pub mod phone;
pub mod priority;
pub mod queue;
pub mod rate;
pub mod recipients;
pub mod schedule;
pub mod state;
