//! API tokens: made, shown once, listed, revoked.

use app::account::token::{self, TokenInput, TokenQuery, TokenView};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use model::list::Page;
use model::{Role, Timestamp};
use serde::Deserialize;

use super::Done;
use crate::Web;
use crate::params::{Path, Query};
use crate::ui::cases::link;
use crate::ui::{Errors, Form, Screen, Shell, Visit, page, page_with, see};

/// For how many days a token can be made to last, and how that is said; 0 is for ever.
const LIFETIMES: &[(i64, &str)] = &[(1, "1 day"), (30, "30 days"), (90, "90 days"), (365, "1 year"), (0, "Until it is revoked")];

#[derive(Template)]
#[template(path = "settings/tokens.html")]
struct TokensPage {
    shell: Shell,
    now: Timestamp,
    query: Listing,
    tokens: Page<TokenView>,
    form: TokenForm,
    /// Shown on this page and never again.
    secret: String,
    errors: Errors,
}

/// Which tokens.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Listing {
    #[serde(default)]
    all: String,
    #[serde(default)]
    cursor: String,
    #[serde(flatten)]
    done: Done,
}

impl Listing {
    fn query(&self) -> TokenQuery {
        TokenQuery { all: !self.all.is_empty(), cursor: self.cursor.clone(), limit: None }
    }
}

/// A new token.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TokenForm {
    #[serde(default)]
    label: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    days: i64,
}

impl TokensPage {
    /// The roles that a token can be given: one's own and those below it.
    fn roles(&self) -> impl Iterator<Item = &'static Role> + use<> {
        let most = self.shell.role;
        Role::ALL.iter().filter(move |role| **role <= most)
    }

    fn lifetimes(&self) -> &'static [(i64, &'static str)] {
        LIFETIMES
    }

    fn more(&self, cursor: &str) -> String {
        link("/settings/tokens", &[("all", &self.query.all)], "cursor", cursor)
    }

    /// What became of a token, with the colour of its chip.
    fn standing(&self, token: &TokenView) -> (&'static str, &'static str) {
        standing(token, self.now)
    }
}

fn standing(token: &TokenView, now: Timestamp) -> (&'static str, &'static str) {
    if token.revoked_at.is_some() {
        ("Revoked", "")
    } else if token.expires_at.is_some_and(|at| at <= now) {
        ("Expired", "warn")
    } else {
        ("Usable", "good")
    }
}

pub(crate) async fn list(State(web): State<Web>, mut visit: Visit, Query(query): Query<Listing>) -> Screen {
    let tokens = token::list(&web.app, &visit.actor, query.query()).await?;
    query.done.tell(&mut visit.shell);
    let form = TokenForm { label: String::new(), role: Role::Reader.to_string(), days: 90 };
    let now = web.app.now();
    page(&TokensPage { shell: visit.shell, now, query, tokens, form, secret: String::new(), errors: Errors::default() })
}

/// Makes a token. The answer is the page itself and no redirect: a token is told once, and kept nowhere for another request.
pub(crate) async fn create(State(web): State<Web>, visit: Visit, Form(form): Form<TokenForm>) -> Screen {
    let now = web.app.now();
    let input = TokenInput {
        label: form.label.clone(),
        role: form.role.parse().ok(),
        expires_at: (form.days > 0).then(|| now.plus_seconds(form.days.min(36_500) * 86_400)),
        account: None,
    };
    let (status, secret, form, errors) = match token::create(&web.app, &visit.actor, input).await {
        Ok(made) => {
            let empty = TokenForm { label: String::new(), ..form };
            (StatusCode::OK, made.token.reveal().to_owned(), empty, Errors::default())
        }
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, String::new(), form, Errors::of(error)?),
    };
    let query = Listing::default();
    let tokens = token::list(&web.app, &visit.actor, query.query()).await?;
    page_with(status, &TokensPage { shell: visit.shell, now, query, tokens, form, secret, errors })
}

#[derive(Template)]
#[template(path = "settings/revoke.html")]
struct RevokePage {
    shell: Shell,
    id: String,
}

pub(crate) async fn revoke_page(visit: Visit, Path(id): Path<String>) -> Screen {
    page(&RevokePage { shell: visit.shell, id })
}

pub(crate) async fn revoke(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Screen {
    let revoked = token::revoke(&web.app, &visit.actor, &id).await?;
    let others = revoked.account != visit.actor.name;
    Ok(see(if others { "/settings/tokens?all=1&done=revoked" } else { "/settings/tokens?done=revoked" }))
}
