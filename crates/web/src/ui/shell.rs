//! What every page carries around its content.

use app::account::Theme;
use app::bar::{Bar, bar};
use app::operation;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use model::kind::Shelf;
use model::{Actor, Kind, Role};

use super::words;
use crate::error::Failure;
use crate::security::Nonce;
use crate::visitor::{Signed, may};
use crate::{Web, assets};

/// Someone signed in, on their way to a page.
pub(crate) struct Visit {
    pub(crate) actor: Actor,
    pub(crate) shell: Shell,
}

/// The frame of a page.
#[derive(Clone)]
pub(crate) struct Shell {
    pub(crate) nonce: String,
    /// Whether only the content is asked for.
    pub(crate) fragment: bool,
    pub(crate) account: String,
    pub(crate) display_name: String,
    pub(crate) role: Role,
    /// Light or dark, as its person chose.
    pub(crate) theme: Theme,
    /// An IANA time zone, or empty for the browser's.
    pub(crate) time_zone: String,
    pub(crate) open_cases: i64,
    pub(crate) seq: i64,
    pub(crate) path: String,
    /// Where this page is, without the toast: undo comes back here.
    pub(crate) path_and_query: String,
    /// The drafts that the change before this page has dealt with.
    pub(crate) saved: String,
    pub(crate) toast: Option<Toast>,
}

/// What just happened.
#[derive(Clone)]
pub(crate) struct Toast {
    pub(crate) text: String,
    /// The operation that can be undone.
    pub(crate) undo: Option<String>,
    /// Whether it went wrong.
    pub(crate) bad: bool,
}

impl Shell {
    /// The URL of an asset.
    pub(crate) fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    /// `aria-current` for a link of the rail.
    pub(crate) fn here(&self, prefix: &str) -> bool {
        self.path == prefix || self.path.starts_with(&format!("{prefix}/"))
    }

    /// Which section of a case this is: `artifacts` of `/cases/SECC0001001/artifacts`.
    pub(crate) fn section(&self) -> &str {
        self.path.split('/').nth(3).unwrap_or_default()
    }

    /// `AK` for Ada Kovács.
    pub(crate) fn initials(&self) -> String {
        words::initials(&self.display_name)
    }

    /// The kinds of records on a shelf, for the rail.
    pub(crate) fn kinds(&self, shelf: Shelf) -> Vec<Kind> {
        Kind::ALL.iter().copied().filter(|kind| kind.spec().shelf == shelf).collect()
    }

    /// Whether the page is a list of a kind on this shelf.
    pub(crate) fn on_shelf(&self, shelf: Shelf) -> bool {
        self.kinds(shelf).iter().any(|kind| self.here(&format!("/records/{}", kind.spec().path)))
    }

    pub(crate) fn may_write(&self) -> bool {
        self.role >= Role::Analyst
    }

    pub(crate) fn may_lead(&self) -> bool {
        self.role >= Role::Lead
    }

    pub(crate) fn may_administer(&self) -> bool {
        self.role >= Role::Admin
    }
}

impl FromRequestParts<Web> for Visit {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Failure> {
        let Signed(actor) = Signed::from_request_parts(parts, web).await?;
        let Bar { display_name, theme, time_zone, open_cases, seq, .. } = bar(&web.app, &actor).await?;
        let nonce = parts.extensions.get::<Nonce>().cloned().unwrap_or_default().0;
        let toast = toast(web, &actor, parts).await;
        let shell = Shell {
            nonce,
            // Going back in history wants the whole page.
            fragment: parts.headers.contains_key("hx-request") && !parts.headers.contains_key("hx-history-restore-request"),
            account: actor.name.clone(),
            display_name,
            role: actor.role,
            theme,
            time_zone,
            open_cases,
            seq,
            path: parts.uri.path().to_owned(),
            path_and_query: words::without_toast(&parts.uri.to_string()),
            saved: saved(parts),
            toast,
        };
        Ok(Self { actor, shell })
    }
}

/// The draft keys of `?saved=`, separated by commas, if they are nothing else; separated by blanks.
fn saved(parts: &Parts) -> String {
    let query = parts.uri.query().unwrap_or_default();
    let saved = query.split('&').find_map(|pair| pair.strip_prefix("saved=")).unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || ":-_,".contains(c);
    if saved.len() < 200 && saved.chars().all(plain) { saved.replace(',', " ") } else { String::new() }
}

/// The toast of `?did=<operation>`: what was done, with Undo while it can be.
async fn toast(web: &Web, actor: &Actor, parts: &Parts) -> Option<Toast> {
    let query = parts.uri.query()?;
    let id = query.split('&').find_map(|pair| pair.strip_prefix("did="))?;
    let done = operation::get(&web.app, actor, id).await.ok()?;
    let running = done.state == model::operation::OperationState::Running;
    let undo = (!done.undone && !running && may(actor, Role::Analyst)).then(|| done.operation_id.clone());
    let text = if running { format!("{} — still running", done.detail) } else { words::outcome(&done) };
    Some(Toast { text, undo, bad: false })
}
