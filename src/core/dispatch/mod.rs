//! The rate-limited worker: takes jobs, paces them, sends them and settles what became of them.

pub mod transport;
