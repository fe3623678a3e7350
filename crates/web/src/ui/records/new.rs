//! A new record, outside of a case.

use app::record;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use model::Kind;

use super::fields::{Control, Typed, blank, input};
use super::kind_of;
use crate::Web;
use crate::params::Path;
use crate::ui::{Errors, Form, Screen, Shell, Visit, page, page_with, see};

#[derive(Template)]
#[template(path = "records/new.html")]
struct NewPage {
    shell: Shell,
    kind: Kind,
    controls: Vec<Control>,
    errors: Errors,
}

pub(crate) async fn form(visit: Visit, Path(path): Path<String>) -> Screen {
    let kind = kind_of(&path)?;
    let controls = blank(kind, &Typed::new(), &Errors::default());
    page(&NewPage { shell: visit.shell, kind, controls, errors: Errors::default() })
}

pub(crate) async fn create(State(web): State<Web>, visit: Visit, Path(path): Path<String>, Form(form): Form<Typed>) -> Screen {
    let kind = kind_of(&path)?;
    match record::create(&web.app, &visit.actor, input(kind, &form)).await {
        Ok(done) => {
            let told = if done.created { "new" } else { "known" };
            let similar: Vec<&str> = done.similar.iter().take(5).map(|one| one.id.as_str()).collect();
            let url = format!("/record/{}?told={told}&similar={}&saved=record:new:{kind}:description", done.record.id, similar.join(","));
            Ok(see(&url))
        }
        Err(error) => {
            let errors = Errors::of(error)?;
            let controls = blank(kind, &form, &errors);
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &NewPage { shell: visit.shell, kind, controls, errors })
        }
    }
}
