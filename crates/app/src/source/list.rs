//! Lists the outside sources.

use model::Actor;
use store::source;

use super::{SourceView, sees_settings};
use crate::App;
use crate::error::Result;

/// All outside sources, by name. How they are asked is shown to administrators.
///
/// # Errors
/// When the store fails.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<SourceView>> {
    let whole = sees_settings(actor);
    app.read(actor, move |tx| Ok(source::list(tx)?.into_iter().map(|source| SourceView::of(source, whole)).collect())).await
}
