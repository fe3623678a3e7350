//! `vizsla verify`.

use model::Scope;
use model::journal::Anchor;
use store::{StoreError, journal};

use crate::config::{self, DataArg};
use crate::{open, output};

/// Walk the journal's chain and say whether it is whole. Without an anchor only careless changes are found: whoever
/// can write the database can write a new chain.
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    data: DataArg,
    /// An entry and its hash, as Vizsla printed it earlier: the chain must still hold it.
    #[arg(long, value_name = "SEQ:HASH", allow_hyphen_values = true)]
    anchor: Option<Anchor>,
    /// Write JSON.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub(crate) fn run(command: Verify) -> Result<(), String> {
    let config = config::read(&command.data.data)?;
    let store = open::store(&config, &command.data.data)?;
    let anchor = command.anchor;
    let found = store
        .read_blocking(Scope::System, move |tx| journal::verify(tx, anchor.as_ref()))
        .map_err(|error: StoreError| error.to_string())?;
    if command.json {
        output::json(&serde_json::to_value(&found).map_err(|error| error.to_string())?)?;
    }
    match &found.broken {
        Some(broken) => Err(format!("entry {} does not fit: {}. {} entries before it do", broken.seq, broken.why, found.entries)),
        None if command.json => Ok(()),
        None => output::line(&format!(
            "{} entries fit, {} of them with details erased. Head {}",
            model::list::thousands(found.entries),
            found.erased,
            found.head.as_deref().unwrap_or("none")
        )),
    }
}
