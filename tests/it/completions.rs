//! `wq completions`: the files in completions/ are what the command prints now.

use std::path::Path;

use crate::support::command::Wq;

const FILES: [(&str, &str); 5] =
    [("bash", "wq.bash"), ("zsh", "_wq"), ("fish", "wq.fish"), ("powershell", "_wq.ps1"), ("elvish", "wq.elv")];

#[test]
fn the_committed_completions_are_fresh() {
    for (shell, file) in FILES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(file);
        let committed = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let fresh = Wq::bare().args(["completions", shell]).run().exits(0).stdout;
        assert!(committed == fresh, "completions/{file} is out of date; run: scripts/completions");
    }
}

#[test]
fn completions_need_no_server_and_know_every_command() {
    let script = Wq::bare().env("WQ_REDIS_URL", "redis://127.0.0.1:1").line("completions bash").run().exits(0).stdout;

    for command in wq::cli::command().get_subcommands() {
        assert!(script.contains(command.get_name()), "{}", command.get_name());
    }
}

#[test]
fn a_shell_that_is_not_known_is_usage() {
    Wq::bare().line("completions tcsh").run().exits(2).stderr_has("bash");
}
