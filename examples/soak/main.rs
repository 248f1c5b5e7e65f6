//! The long tests of `wq` under fire, on real processes: the binary under test, a server of its own, and `wq sandbox`, whose
//! journal is the truth about what was sent. Each prints one line of JSON, says what does not hold, and then ends with 1.
//!
//! ```text
//! scripts/soak --seed 7
//! scripts/soak campaign --via cloud --seed 7
//! scripts/soak gateway
//! scripts/soak many
//! ```

mod books;
mod campaign;
mod finding;
mod gateway;
mod kills;
mod many;
mod stage;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

/// Sends a campaign while workers are killed at random moments; or one of the commands
#[derive(Debug, Parser)]
#[command(name = "soak", args_conflicts_with_subcommands = true)]
struct Args {
    #[command(subcommand)]
    soak: Option<Soak>,
    #[command(flatten)]
    kills: kills::KillArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Soak {
    /// Send a campaign through a provider that drops answers, fails, refuses, has enough, and is away for a while
    Campaign(campaign::Args),
    /// Send a campaign through a gateway that answers 502 for a while
    Gateway(gateway::Args),
    /// Send a million messages and see how much the server has grown
    Many(many::Args),
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let Args { soak, kills } = Args::parse();
    let holds = match soak {
        None => kills::run(&kills).await,
        Some(Soak::Campaign(args)) => campaign::run(&args).await,
        Some(Soak::Gateway(args)) => gateway::run(&args).await,
        Some(Soak::Many(args)) => many::run(&args).await,
    };
    Ok(if holds? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
