//! The `wq` command.

fn main() -> std::process::ExitCode {
    wq::cli::run()
}
