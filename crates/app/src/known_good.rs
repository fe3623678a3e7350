//! What is known to be good: our own list (own servers, own domains, vendors' networks), and lists of others.

mod add;
mod compiled;
mod list;
mod lists;
mod mark;
mod remove;

pub use add::{NewKnownGood, add};
pub(crate) use compiled::{Cache, Compiled};
pub use list::{KnownGoodView, list};
pub use lists::{ImportedLists, KnownGoodListView, RefusedListView, SetKnownGoodList, import_lists, lists, remove_list, set_list};
pub(crate) use mark::JOB;
pub use remove::{RemoveKnownGood, remove};

use formats::known_good::KnownGood;
use store::Tx;
use store::known_good::Entry;

use crate::error::{AppError, Result};

/// Our own list, ready to be asked.
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
