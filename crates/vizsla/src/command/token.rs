//! `vizsla token`.

use app::account::token::{self, TokenInput};
use model::{Role, Timestamp};

use super::account::on_directory;
use crate::config::DataArg;
use crate::{open, output};

/// Work with API tokens.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Token {
    /// Make a token and write it, alone, on standard output. It is not shown again.
    Add {
        #[command(flatten)]
        data: DataArg,
        /// Whose token it is.
        #[arg(long)]
        account: String,
        /// What it is for.
        #[arg(long)]
        label: String,
        /// At most what the account may; all of it when not given.
        #[arg(long)]
        role: Option<Role>,
        /// Until when it works; for good when not given.
        #[arg(long, value_name = "TIME")]
        expires: Option<Timestamp>,
    },
}

/// Runs it.
pub(crate) fn run(command: Token) -> Result<(), String> {
    let Token::Add { data, account, label, role, expires } = command;
    let input = TokenInput { account: Some(account), label, role, expires_at: expires };
    let made = on_directory(&data, async move |app| token::create(&app, &open::operator(), input).await)?;
    output::line(made.token.reveal())
}
