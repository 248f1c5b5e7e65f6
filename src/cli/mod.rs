//! The command line: flags into settings, use cases into exit codes.
