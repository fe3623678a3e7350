//! Adds to a case by hand: observables one a line, records from the library, a new record in place.

use app::artifact::{self, AddArtifacts, AnnotateArtifacts};
use app::case::{self, CaseView};
use app::record::{self, RecordQuery, RecordView};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use model::Kind;
use model::kind::RecordInput;
use model::list::Page;
use model::observable::{Observable, parse_typed};
use serde::Deserialize;

use super::records::fields::{Control, Typed, blank, input, typed, types};
use super::{Errors, Form, Screen, Shell, Visit, page_with, see, with_operation};
use crate::Web;

#[derive(Template)]
#[template(path = "case/add.html")]
struct AddPage {
    shell: Shell,
    case: CaseView,
    kind: Kind,
    /// What is looked for in the library.
    q: String,
    library: Page<RecordView>,
    /// The form of a new record.
    controls: Vec<Control>,
    values: ValuesForm,
    refused: Vec<(usize, String, String)>,
    errors: Errors,
}

impl AddPage {
    fn kinds(&self) -> &'static [Kind] {
        Kind::ALL
    }

    fn types(&self) -> Vec<(&'static str, String)> {
        types()
    }

    fn is_type(&self, word: &str) -> bool {
        self.values.r#type == word
    }
}

/// Which kind, and what is looked for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct AddQuery {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    q: String,
}

/// Observables, one a line.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct ValuesForm {
    #[serde(default)]
    values: String,
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    finding: String,
    #[serde(default)]
    note: String,
}

pub(crate) async fn form(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Query(query): Query<AddQuery>) -> Screen {
    let kind = query.kind.parse().unwrap_or(Kind::Observable);
    show(&web, visit, &number, kind, query.q, Filled::default()).await
}

/// What was typed before, and what was wrong with it.
#[derive(Default)]
struct Filled {
    values: ValuesForm,
    refused: Vec<(usize, String, String)>,
    typed: Typed,
    errors: Errors,
}

async fn show(web: &Web, visit: Visit, number: &str, kind: Kind, q: String, filled: Filled) -> Screen {
    let case = case::get(&web.app, &visit.actor, number).await?;
    let library = RecordQuery { kind: kind.to_string(), q: q.clone(), ..RecordQuery::default() };
    let library = record::list(&web.app, &visit.actor, library).await?;
    let controls = blank(kind, &filled.typed, &filled.errors);
    let wrong = !filled.refused.is_empty() || !filled.errors.is_empty();
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let Filled { values, refused, errors, .. } = filled;
    page_with(status, &AddPage { shell: visit.shell, case, kind, q, library, controls, values, refused, errors })
}

/// Adds the lines that are understood; the others stay in the form, each with what is wrong with it.
pub(crate) async fn values(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Form(form): Form<ValuesForm>) -> Screen {
    let mut observables = Vec::new();
    let mut refused = Vec::new();
    for (n, line) in form.values.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let read = if form.r#type.is_empty() { Observable::guess(line) } else { parse_typed(&form.r#type, line) };
        match read {
            Ok(observable) => observables.push(observable),
            Err(error) => refused.push((n + 1, line.to_owned(), error.to_string())),
        }
    }
    if observables.is_empty() && refused.is_empty() {
        let errors = Errors(vec![model::FieldError { pointer: "/values".to_owned(), detail: "write at least one value".to_owned() }]);
        return show(&web, visit, &number, Kind::Observable, String::new(), Filled { values: form, errors, ..Filled::default() }).await;
    }
    let mut operation = String::new();
    if !observables.is_empty() {
        operation = add_observables(&web, &visit, &number, &observables, &form).await?;
    }
    if refused.is_empty() {
        let tab = format!("/cases/{number}/artifacts?kind=observable");
        return Ok(see(&with_operation(&tab, &operation)));
    }
    let left: Vec<&str> = refused.iter().map(|(_, line, _)| line.as_str()).collect();
    let values = ValuesForm { values: left.join("\n"), ..form };
    let mut visit = visit;
    if !observables.is_empty() {
        let text = format!("Added {}; the lines below were not understood", app::text::counted(observables.len() as i64, "observable"));
        visit.shell.toast = Some(super::shell::Toast { text, undo: Some(operation) });
    }
    show(&web, visit, &number, Kind::Observable, String::new(), Filled { values, refused, ..Filled::default() }).await
}

async fn add_observables(
    web: &Web,
    visit: &Visit,
    number: &str,
    observables: &[Observable],
    form: &ValuesForm,
) -> Result<String, crate::error::Failure> {
    // As records, so that a new one gets its finding; one that is known keeps its own.
    let given = observables.iter().map(|o| {
        let fields = [("type", o.kind.as_str()), ("value", o.value.as_str()), ("finding", form.finding.as_str())];
        let fields = fields.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name.to_owned(), text.into()));
        RecordInput { kind: Kind::Observable, fields: fields.collect() }
    });
    let input = AddArtifacts { records: given.collect(), ..AddArtifacts::default() };
    let done = artifact::add(&web.app, &visit.actor, number, input).await?;
    let ids: Vec<String> = observables.iter().map(model::observable::stix_id).collect();
    let note = form.note.replace("\r\n", "\n");
    if !note.trim().is_empty() {
        let input = AnnotateArtifacts { record_ids: ids, all_matching: None, except: Vec::new(), as_of: None, text: note };
        artifact::annotate(&web.app, &visit.actor, number, input).await?;
    }
    Ok(done.operation_id)
}

/// Records of the library.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct PickForm {
    #[serde(default)]
    record: Vec<String>,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    bring_along: Option<String>,
}

pub(crate) async fn pick(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Form(form): Form<PickForm>) -> Screen {
    let tab = format!("/cases/{number}/artifacts?kind={}", form.kind.parse().unwrap_or(Kind::Observable));
    if form.record.is_empty() {
        return Ok(see(&format!("/cases/{number}/add?kind={}", form.kind.parse().unwrap_or(Kind::Observable))));
    }
    let input = AddArtifacts { record_ids: form.record, bring_along: form.bring_along.is_some(), ..AddArtifacts::default() };
    let done = artifact::add(&web.app, &visit.actor, &number, input).await?;
    Ok(see(&with_operation(&tab, &done.operation_id)))
}

pub(crate) async fn new(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Form(form): Form<Typed>) -> Screen {
    let kind: Kind = typed(&form, "kind").parse().map_err(|_| app::AppError::NotFound("kind"))?;
    let add = AddArtifacts { records: vec![input(kind, &form)], ..AddArtifacts::default() };
    match artifact::add(&web.app, &visit.actor, &number, add).await {
        Ok(done) => Ok(see(&with_operation(&format!("/cases/{number}/artifacts?kind={kind}"), &done.operation_id))),
        Err(error) => {
            let errors = Errors::of(error)?;
            show(&web, visit, &number, kind, String::new(), Filled { typed: form, errors, ..Filled::default() }).await
        }
    }
}
