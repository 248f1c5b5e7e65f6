//! `wq completions`: this file prints the completion script for a shell.

use clap_complete::{Shell as Target, generate};

use super::{Exit, command, shell::Shell};

/// Print the completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  wq completions bash > /etc/bash_completion.d/wq\n  wq completions zsh > ~/.zfunc/_wq")]
pub struct Args {
    /// Which shell
    #[arg(value_name = "SHELL")]
    target: Target,
}

/// Prints it.
///
/// # Errors
/// When stdout can't be written.
pub fn run(args: &Args, shell: &Shell) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    generate(args.target, &mut command(), "wq", &mut script);
    shell.printer.raw(&script)?;
    Ok(Exit::Done)
}
