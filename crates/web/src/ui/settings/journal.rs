//! The journal: where it stands, and whether its chain is whole.

use app::journal::{self, HeadView, VerificationView, VerifyQuery};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use model::list::thousands;
use serde::Deserialize;

use crate::Web;
use crate::params::Query;
use crate::ui::{Errors, Screen, Shell, Visit, page_with};

#[derive(Template)]
#[template(path = "settings/journal.html")]
struct JournalPage {
    shell: Shell,
    head: HeadView,
    anchor: String,
    found: Option<VerificationView>,
    errors: Errors,
}

impl JournalPage {
    /// Where the chain is broken, as a piece of a sentence.
    fn place(&self) -> String {
        let broken_at = self.found.as_ref().and_then(|found| found.broken_at);
        broken_at.map(|seq| format!(" at entry {}", thousands(seq))).unwrap_or_default()
    }
}

/// Whether to walk the chain, and what to hold it against.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Walk {
    #[serde(default)]
    verify: String,
    #[serde(default)]
    anchor: String,
}

pub(crate) async fn show(State(web): State<Web>, visit: Visit, Query(walk): Query<Walk>) -> Screen {
    let head = journal::head(&web.app, &visit.actor).await?;
    let mut again = JournalPage { shell: visit.shell, head, anchor: walk.anchor.clone(), found: None, errors: Errors::default() };
    if walk.verify.is_empty() {
        return page_with(StatusCode::OK, &again);
    }
    match journal::verify(&web.app, &visit.actor, VerifyQuery { anchor: walk.anchor }).await {
        Ok(found) => {
            again.found = Some(found);
            page_with(StatusCode::OK, &again)
        }
        Err(error) => {
            again.errors = Errors::of(error)?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &again)
        }
    }
}
