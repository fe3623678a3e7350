//! What screens remember for an account: chosen columns, folded panels.
//!
//! They say nothing about a case or an account to anybody else, and change with many a click: they are not journalled.

use model::{Actor, Fields};
use serde_json::Value as Json;
use store::Tx;
use store::account::preference;

use super::find_own;
use crate::App;
use crate::error::{AppError, Result};

/// The longest preference, as JSON text, in bytes.
const MAX_VALUE: usize = 16_384;
/// The most preferences of one account.
const MAX_COUNT: usize = 200;

/// One of the actor's own preferences; null when it was never set.
///
/// # Errors
/// When the name is no name, or the actor has no account.
pub async fn preference(app: &App, actor: &Actor, name: &str) -> Result<Json> {
    let (who, name) = (actor.clone(), checked(name)?);
    app.read(actor, move |tx| {
        let account = find_own(tx, &who)?;
        Ok(preference::get(tx, account.id, &name)?.unwrap_or_default())
    })
    .await
}

/// Sets one of the actor's own preferences; null removes it.
///
/// # Errors
/// When the name is no name, the value is too large, there are too many, or the actor has no account.
pub async fn set_preference(app: &App, actor: &Actor, name: &str, value: Json) -> Result<Json> {
    let (who, name) = (actor.clone(), checked(name)?);
    if value.to_string().len() > MAX_VALUE {
        return Err(AppError::TooLarge { what: "the preference".to_owned(), limit: "16 KiB".to_owned() });
    }
    app.change(actor, move |tx, _| {
        let account = find_own(tx, &who)?;
        if value.is_null() {
            preference::remove(tx, account.id, &name)?;
        } else {
            refuse_too_many(tx, account.id, &name)?;
            preference::set(tx, account.id, &name, &value)?;
        }
        Ok(value.clone())
    })
    .await
}

fn refuse_too_many(tx: &mut Tx<'_>, account: i64, name: &str) -> Result<()> {
    let all = preference::all(tx, account)?;
    if all.len() < MAX_COUNT || all.contains_key(name) {
        return Ok(());
    }
    Err(AppError::invalid("/name", format!("there are {MAX_COUNT} preferences already; remove one first")))
}

fn checked(name: &str) -> Result<String> {
    let mut fields = Fields::new();
    let shaped = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-' | b':'));
    if !shaped {
        fields.refuse("/name", "must be of the characters a-z, 0-9, `.`, `_`, `-` and `:`");
    }
    let name = fields.line("/name", name, 64);
    fields.finish()?;
    Ok(name)
}
