//! The local server: a real `valkey-server` or `redis-server` that `wq` starts, knows again, and stops.
