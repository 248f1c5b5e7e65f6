#![doc = "Behaviour of `wq`, tested with the real binary and a real server of each test's own."]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on must fail where it stands")]

mod transports;
