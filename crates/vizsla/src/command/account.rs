//! `vizsla account`.

use std::io::Read;
use std::sync::Arc;

use app::account::{self, AccountInput, Secret};
use app::{App, SystemWorld};
use model::Role;

use crate::config::{self, DataArg};
use crate::{open, output};

/// Work with accounts.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Account {
    /// Make an account. Without --password-stdin it has no password, and comes in by tokens only.
    Add {
        #[command(flatten)]
        data: DataArg,
        /// The login name.
        name: String,
        /// `reader`, `analyst`, `lead` or `admin`.
        #[arg(long)]
        role: Role,
        /// What people read; the login name when not given.
        #[arg(long, default_value = "")]
        display_name: String,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
}

/// Runs it.
pub(crate) fn run(command: Account) -> Result<(), String> {
    let Account::Add { data, name, role, display_name, password_stdin } = command;
    let mut password = String::new();
    if password_stdin {
        std::io::stdin().read_to_string(&mut password).map_err(|error| format!("standard input: {error}"))?;
    }
    let password = password.trim_end_matches(['\n', '\r']);
    let input = AccountInput {
        name,
        role: Some(role),
        display_name,
        email: String::new(),
        password: password_stdin.then(|| Secret::from(password)),
    };
    let made = on_directory(&data, async move |app| account::create(&app, &open::operator(), input).await)?;
    output::line(&format!("{} ({})", made.name, made.role.label().to_lowercase()))
}

/// Runs a verb on the database of a data directory, whoever holds it.
pub(crate) fn on_directory<T>(data: &DataArg, verb: impl AsyncFnOnce(App) -> app::Result<T>) -> Result<T, String> {
    let config = config::read(&data.data)?;
    let store = open::store(&config, &data.data)?;
    let scratch = Scratch::new()?;
    // Accounts need no logs, and the real index may be held by the server: an empty one stands in its place.
    let logs = app::logs::open_index(&scratch.0).map_err(|error| error.to_string())?;
    let app = App::new(store, Arc::new(logs), Arc::new(SystemWorld));
    open::runtime()?.block_on(verb(app)).map_err(|error| error.to_string())
}

/// A directory that goes when it is no longer needed.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new() -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("vizsla-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("vizsla: {}: {error}", self.0.display());
        }
    }
}
