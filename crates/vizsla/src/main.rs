//! The binary: commands, configuration, wiring.

mod config;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Security case management for threat hunters.
#[derive(Debug, Parser)]
#[command(name = "vizsla", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::Serve),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(command) => serve::run(command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vizsla: {error}");
            ExitCode::FAILURE
        }
    }
}
