//! Contact files turned into messages: reading, mapping, checking. No Redis.
