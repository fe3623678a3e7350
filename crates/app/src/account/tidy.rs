//! Forgets what is over.

use store::Tx;
use store::account::session;

use super::login::IDLE;
use super::{NOBODY, attempt};
use crate::App;
use crate::error::{AppError, Result};

/// Forgets sessions that have ended, login attempts that no longer count, and messages to webhooks that are over since long. Called now and then; nothing depends on when.
///
/// # Errors
/// When the store fails.
pub async fn tidy(app: &App) -> Result<()> {
    let now = app.now();
    let write = move |tx: &mut Tx<'_>| {
        session::delete_ended(tx, now, now.plus_seconds(-IDLE))?;
        attempt::forget(tx, now)?;
        crate::webhook::tidy(tx, now)?;
        Ok::<_, AppError>(())
    };
    app.store.write(NOBODY, write).await
}
