//! The ways to send: each is one file and one line here.
