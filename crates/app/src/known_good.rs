//! Our own list of what is known to be good: own servers, own domains, vendors' networks.

mod add;
mod list;
mod remove;

pub use add::{NewKnownGood, add};
pub use list::{KnownGoodView, list};
pub use remove::{RemoveKnownGood, remove};

use formats::known_good::KnownGood;
use store::Tx;
use store::known_good::Entry;

use crate::error::{AppError, Result};

/// The whole list, ready to be asked.
pub(crate) fn load(tx: &mut Tx<'_>) -> Result<KnownGood> {
    compile(&store::known_good::list(tx)?)
}

fn compile(entries: &[Entry]) -> Result<KnownGood> {
    let mut text = String::new();
    for entry in entries {
        text.push_str(&entry.value);
        if !entry.comment.is_empty() {
            text.push_str(" # ");
            text.push_str(&entry.comment);
        }
        text.push('\n');
    }
    KnownGood::parse("our own list", text.as_bytes()).map_err(|error| AppError::Internal(error.to_string()))
}
