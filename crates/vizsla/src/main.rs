//! The binary: commands, configuration, wiring.

mod command;
mod config;
mod door;
mod open;
mod output;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Security case management for threat hunters.
///
/// `vizsla serve` runs the server. The other commands work on the data directory when no server holds it, and through the
/// server when VIZSLA_URL and VIZSLA_TOKEN are set.
#[derive(Debug, Parser)]
#[command(name = "vizsla", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(command::serve::Serve),
    /// Work with cases.
    #[command(subcommand)]
    Case(command::case::Case),
    /// Search cases, records, notes and annotations.
    Search(command::search::Search),
    /// Bring in reports, records and logs.
    #[command(subcommand)]
    Import(command::import::Import),
    /// Search the logs for a case's observables.
    Sightings(command::sightings::Sightings),
    /// Write a case as STIX, MISP, CSV, JSON or a plain list.
    Export(command::export::Export),
    /// Find the observables in a text.
    Extract(command::extract::Extract),
    /// Work with accounts; also while a server runs on the directory.
    #[command(subcommand)]
    Account(command::account::Account),
    /// Work with API tokens; also while a server runs on the directory.
    #[command(subcommand)]
    Token(command::token::Token),
    /// Walk the journal's chain and say whether it is whole.
    Verify(command::verify::Verify),
    /// Write everything into one file.
    Backup(command::backup::Backup),
    /// Fill an empty data directory from a backup.
    Restore(command::backup::Restore),
    /// Say how the installation is.
    Doctor(command::doctor::Doctor),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(command) => command::serve::run(command),
        Command::Case(command) => command::case::run(command),
        Command::Search(command) => command::search::run(command),
        Command::Import(command) => command::import::run(command),
        Command::Sightings(command) => command::sightings::run(command),
        Command::Export(command) => command::export::run(command),
        Command::Extract(command) => command::extract::run(command),
        Command::Account(command) => command::account::run(command),
        Command::Token(command) => command::token::run(command),
        Command::Verify(command) => command::verify::run(command),
        Command::Backup(command) => command::backup::run(command),
        Command::Restore(command) => command::backup::restore(command),
        Command::Doctor(command) => command::doctor::run(command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vizsla: {error}");
            ExitCode::FAILURE
        }
    }
}
