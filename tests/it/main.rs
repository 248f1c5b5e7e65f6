#![doc = "Behaviour of `wq`, tested with the real binary and a real server of each test's own."]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test that can't go on must fail where it stands")]
#![expect(clippy::print_stdout, reason = "what a test measured is worth reading")]

mod architecture;
mod bench;
mod brakes;
mod bulk;
mod cluster;
mod completions;
mod conformance;
mod dlq_uncertain;
mod doctor;
mod documents;
mod enqueue;
mod faults;
mod flows;
mod help;
mod interop;
mod looking;
mod lookups;
mod message;
mod operate;
mod output;
mod permissions;
mod property;
mod reading_ahead;
mod redis_service;
mod sandbox;
mod schedule;
mod sending;
mod settings;
mod setup_redis;
mod store;
mod support;
mod survival;
mod terms;
mod transports;
mod wire_format;
