#![doc = "Behaviour of `wq`, tested with the real binary and a real server of each test's own."]
