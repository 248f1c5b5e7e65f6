//! Use cases: what a person can do with queues, jobs, workers and the server, without a face.

pub mod bench;
pub mod bulk;
pub mod doctor;
pub mod error;
pub mod family;
mod feed;
pub mod health;
pub mod inspector;
pub mod producer;
pub mod redis_service;
pub mod scheduler;
pub mod tracker;
pub mod worker;
