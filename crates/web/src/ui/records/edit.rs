//! A record's fields, changed; nobody's words are lost.

use app::AppError;
use app::record::{self, RecordDetails};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::back;
use super::fields::{Control, Typed, filled, patch, refilled, typed};
use crate::Web;
use crate::params::Path;
use crate::ui::{Errors, Form, Screen, Shell, Visit, page, page_with, see, with_operation, words};

#[derive(Template)]
#[template(path = "records/edit.html")]
struct EditPage {
    shell: Shell,
    details: RecordDetails,
    /// The version that changes are made against.
    version: i64,
    controls: Vec<Control>,
    /// `(label, theirs, yours)`.
    conflicts: Vec<(String, String, String)>,
    errors: Errors,
}

pub(crate) async fn form(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Screen {
    let details = record::get(&web.app, &visit.actor, &id).await?;
    let controls = filled(details.record.kind, &details.fields);
    let version = details.record.version;
    page(&EditPage { shell: visit.shell, details, version, controls, conflicts: Vec::new(), errors: Errors::default() })
}

pub(crate) async fn edit(State(web): State<Web>, visit: Visit, Path(id): Path<String>, Form(form): Form<Typed>) -> Screen {
    let details = record::get(&web.app, &visit.actor, &id).await?;
    let kind = details.record.kind;
    let seen: i64 = typed(&form, "version").parse().map_err(|_| AppError::invalid("/version", "is not a version"))?;
    let refused = match record::update(&web.app, &visit.actor, &id, Some(seen), patch(kind, &form)).await {
        Ok(record) => return Ok(see(&format!("/record/{}", record.id))),
        Err(error) => error,
    };
    let (status, conflicts, errors) = match refused {
        AppError::Conflict { conflicts, .. } => {
            let label = |name: &str| kind.spec().field(name).map_or_else(|| name.to_owned(), |field| field.label.to_owned());
            let sides = conflicts.iter().map(|c| (label(&c.field), plain(&c.theirs), plain(&c.yours))).collect();
            (StatusCode::PRECONDITION_FAILED, sides, Errors::default())
        }
        other => (StatusCode::UNPROCESSABLE_ENTITY, Vec::new(), Errors::of(other)?),
    };
    // Saving again after a conflict is a decision: it is made against what is there now.
    let (details, version) = if conflicts.is_empty() {
        (details, seen)
    } else {
        let now = record::get(&web.app, &visit.actor, &id).await?;
        let version = now.record.version;
        (now, version)
    };
    let controls = refilled(kind, &details.fields, &form, &errors);
    page_with(status, &EditPage { shell: visit.shell, details, version, controls, conflicts, errors })
}

/// A JSON value as people write it.
fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join("\n"),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

/// What an analyst thinks of an observable.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct FindingForm {
    #[serde(default)]
    finding: String,
    #[serde(default)]
    back: String,
}

pub(crate) async fn finding(State(web): State<Web>, visit: Visit, Path(id): Path<String>, Form(form): Form<FindingForm>) -> Screen {
    let patch = Map::from_iter([("finding".to_owned(), Json::from(form.finding))]);
    let record = record::update(&web.app, &visit.actor, &id, None, patch).await?;
    Ok(see(&back(&form.back, &format!("/record/{}", record.id))))
}

/// Where a withdrawal came from.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct BackForm {
    #[serde(default)]
    back: String,
}

pub(crate) async fn withdraw(State(web): State<Web>, visit: Visit, Path(id): Path<String>, Form(form): Form<BackForm>) -> Screen {
    let gone = app::annotation::withdraw(&web.app, &visit.actor, &id).await?;
    let back = back(&words::without_toast(&form.back), &format!("/record/{}?tab=annotations", gone.annotation.record_id));
    Ok(see(&with_operation(&back, &gone.operation_id)))
}
