//! Shows an outside source.

use model::Actor;

use super::{SourceView, find, sees_settings};
use crate::App;
use crate::error::Result;

/// A source by its name. How it is asked is shown to administrators.
///
/// # Errors
/// When there is none.
pub async fn get(app: &App, actor: &Actor, name: &str) -> Result<SourceView> {
    let (name, whole) = (name.to_owned(), sees_settings(actor));
    app.read(actor, move |tx| Ok(SourceView::of(find(tx, &name)?, whole))).await
}
