//! What a file's columns became is remembered: tomorrow's export of the same list has the same columns.

use model::text::sha256_hex;
use model::{Actor, Kind};
use store::{Tx, setting};

use super::Mapping;
use crate::App;
use crate::error::{AppError, Result};

/// The setting that holds it: by kind, and by the columns whatever their order.
fn name(kind: Kind, columns: &[&str]) -> String {
    let mut sorted = columns.to_vec();
    sorted.sort_unstable();
    format!("mapping:{kind}:{}", sha256_hex(sorted.join("\n").as_bytes()))
}

/// What these columns became the last time.
pub(super) async fn recall(app: &App, actor: &Actor, kind: Kind, columns: &[String]) -> Result<Option<Mapping>> {
    let name = name(kind, &columns.iter().map(String::as_str).collect::<Vec<_>>());
    let known = app.read(actor, move |tx| Ok(setting::get(tx, &name)?)).await?;
    // One that a newer version wrote is no reason to refuse a file.
    Ok(known.and_then(|known| serde_json::from_str(&known).ok()))
}

/// Remembers what columns became.
pub(super) fn remember(tx: &mut Tx<'_>, kind: Kind, columns: &[&str], mapping: &Mapping) -> Result<()> {
    let mapping = serde_json::to_string(mapping).map_err(|error| AppError::Internal(error.to_string()))?;
    Ok(setting::set(tx, &name(kind, columns), &mapping)?)
}
