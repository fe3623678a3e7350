//! Entering a restricted case.

use app::AppError;
use app::case::{self, BreakGlass};
use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use crate::Web;
use crate::ui::{Errors, Form, Screen, Shell, Visit, page, page_with, see};

#[derive(Template)]
#[template(path = "settings/break_glass.html")]
struct GlassPage {
    shell: Shell,
    form: GlassForm,
    errors: Errors,
}

/// Which case, and why.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct GlassForm {
    #[serde(default)]
    number: String,
    #[serde(default)]
    reason: String,
}

pub(crate) async fn show(visit: Visit) -> Screen {
    page(&GlassPage { shell: visit.shell, form: GlassForm::default(), errors: Errors::default() })
}

pub(crate) async fn enter(State(web): State<Web>, visit: Visit, Form(form): Form<GlassForm>) -> Screen {
    let input = BreakGlass { reason: form.reason.clone() };
    match case::break_glass(&web.app, &visit.actor, form.number.trim(), input).await {
        Ok(case) => Ok(see(&format!("/cases/{}/activity", case.number))),
        Err(error) => {
            let status = crate::error::status(&error);
            let errors = match error {
                AppError::NotFound(_) | AppError::State(_) => {
                    Errors(vec![model::FieldError { pointer: "/number".to_owned(), detail: format!("— {error}") }])
                }
                other => Errors::of(other)?,
            };
            page_with(status, &GlassPage { shell: visit.shell, form, errors })
        }
    }
}
