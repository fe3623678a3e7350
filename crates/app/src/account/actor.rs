//! Who is behind a session or an API token.

use model::actor::Door;
use model::{Actor, Role, Timestamp};
use store::Tx;
use store::account::{Account, session, token};

use super::NOBODY;
use super::login::IDLE;
use super::secret::{TOKEN_PREFIX, token_hash};
use crate::App;
use crate::error::{AppError, Result};

/// That something was used is written down at most once in so many seconds.
const TOUCH_AFTER: i64 = 60;

/// Who is signed in with the token of a session.
///
/// # Errors
/// When there is no such session, it has ended, or its account is disabled.
pub async fn session_actor(app: &App, token: &str) -> Result<Actor> {
    let (session, now) = (living_session(app, token).await?, app.now());
    if is_stale(session.last_used_at, now) {
        let hash = token_hash(token);
        touch(app, move |tx| Ok(session::touch(tx, &hash, now)?)).await;
    }
    let role = session.account.role;
    Ok(actor(session.account, role, Door::Session))
}

/// Who is signed in with the token of a session, for an answer that goes on by itself: it does not keep the session alive.
///
/// # Errors
/// As [`session_actor`].
pub async fn still_in_session(app: &App, token: &str) -> Result<Actor> {
    let session = living_session(app, token).await?;
    let role = session.account.role;
    Ok(actor(session.account, role, Door::Session))
}

async fn living_session(app: &App, token: &str) -> Result<session::Session> {
    let (hash, now) = (token_hash(token), app.now());
    let found = app.store.read::<_, AppError, _>(NOBODY, move |tx| Ok(session::find(tx, &hash)?)).await?;
    let lives = |s: &session::Session| now < s.expires_at && now < s.last_used_at.plus_seconds(IDLE) && !s.account.disabled;
    let ended = || AppError::Unauthenticated("you are not signed in, or your session has ended: sign in again".to_owned());
    found.filter(lives).ok_or_else(ended)
}

/// Who acts with an API token: with the lesser of its own role and its account's.
///
/// # Errors
/// When there is no such token, it has expired or was revoked, or its account is disabled.
pub async fn token_actor(app: &App, bearer: &str) -> Result<Actor> {
    let (token, now) = (living_token(app, bearer).await?, app.now());
    if is_stale(token.last_used_at, now) {
        touch(app, move |tx| Ok(token::touch(tx, token.id, now)?)).await;
    }
    let role = token.role.min(token.account.role);
    Ok(actor(token.account, role, Door::Token))
}

/// Who acts with an API token, for an answer that goes on by itself: it does not count as a use.
///
/// # Errors
/// As [`token_actor`].
pub async fn still_with_token(app: &App, bearer: &str) -> Result<Actor> {
    let token = living_token(app, bearer).await?;
    let role = token.role.min(token.account.role);
    Ok(actor(token.account, role, Door::Token))
}

async fn living_token(app: &App, bearer: &str) -> Result<token::Token> {
    let unusable = || AppError::Unauthenticated("this token is unknown, expired or revoked, or its account is disabled".to_owned());
    if !bearer.starts_with(TOKEN_PREFIX) {
        return Err(unusable());
    }
    let (hash, now) = (token_hash(bearer), app.now());
    let found = app.store.read::<_, AppError, _>(NOBODY, move |tx| Ok(token::find(tx, &hash)?)).await?;
    found.filter(|token| super::token::is_usable(token, now)).ok_or_else(unusable)
}

fn is_stale(last_used_at: Timestamp, now: Timestamp) -> bool {
    last_used_at.plus_seconds(TOUCH_AFTER) <= now
}

/// Writes down that something was used. Whoever asks gets an answer even when that fails.
async fn touch(app: &App, write: impl Fn(&mut Tx<'_>) -> Result<()> + Send + 'static) {
    if let Err(error) = app.store.write(NOBODY, write).await {
        tracing::warn!(%error, "when a session or token was last used could not be written down");
    }
}

fn actor(account: Account, role: Role, door: Door) -> Actor {
    Actor { account: account.id, name: account.name, role, door, idempotency: None }
}
