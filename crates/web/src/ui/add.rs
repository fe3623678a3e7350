//! Adds to a case by hand: observables one a line, records from the library, a new record in place.

use std::collections::{HashMap, HashSet};

use app::artifact::{self, AddArtifacts, AnnotateArtifacts, Selection};
use app::case::{self, CaseView};
use app::operation::OperationView;
use app::record::{self, RecordQuery, RecordView};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use model::artifact::Status;
use model::kind::RecordInput;
use model::list::Page;
use model::observable::{Observable, parse_typed};
use model::{FieldError, Kind};
use serde::Deserialize;

use super::closed::closed;
use super::records::fields::{Control, Typed, blank, input, typed, types};
use super::shell::Toast;
use super::{Errors, Form, Screen, Shell, Visit, page_with, see, with_operation, words};
use crate::Web;
use crate::params::{Path, Query};

/// The longest annotation, in characters.
const MAX_NOTE: usize = 20_000;
/// So many are added at once; of more, some are still on their way when the note is written.
const MAX_WITH_NOTE: usize = 2_000;

#[derive(Template)]
#[template(path = "case/add.html")]
struct AddPage {
    shell: Shell,
    case: CaseView,
    kind: Kind,
    /// What is looked for in the library.
    q: String,
    library: Page<RecordView>,
    /// Those of them that are in the case.
    standing: HashMap<String, Status>,
    /// The form of a new record.
    controls: Vec<Control>,
    values: ValuesForm,
    refused: Vec<(usize, String, String)>,
    errors: Errors,
}

impl AddPage {
    /// The lines of which only the type is missing.
    fn untold(&self) -> Vec<&str> {
        self.refused.iter().filter(|(_, _, why)| wants_type(why)).map(|(_, line, _)| line.as_str()).collect()
    }

    /// What is wrong with the other lines.
    fn refusals(&self) -> Vec<&str> {
        self.refused.iter().map(|(_, _, why)| why.as_str()).filter(|why| !wants_type(why)).collect()
    }

    fn kinds(&self) -> super::artifacts::Tabs {
        super::artifacts::tabs(&self.kind, |_| false)
    }

    fn types(&self) -> Vec<(&'static str, String)> {
        types()
    }

    /// Where a record of the library stands in the case; empty when it is not in it.
    fn standing(&self, id: &str) -> &'static str {
        match self.standing.get(id) {
            Some(Status::Included) => "in the case",
            Some(Status::Excluded) => "excluded here",
            None => "",
        }
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
    if !case.state.is_open() {
        return closed(visit.shell, case);
    }
    let library = RecordQuery { kind: kind.to_string(), q: q.clone(), ..RecordQuery::default() };
    let library = record::list(&web.app, &visit.actor, library).await?;
    let ids = library.items.iter().map(|record| record.id.clone()).collect();
    let standing = artifact::standing(&web.app, &visit.actor, number, ids).await?;
    let standing = standing.into_iter().map(|one| (one.record_id, one.status)).collect();
    let controls = blank(kind, &filled.typed, &filled.errors);
    let wrong = !filled.refused.is_empty() || !filled.errors.is_empty();
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let Filled { values, refused, errors, .. } = filled;
    page_with(status, &AddPage { shell: visit.shell, case, kind, q, library, standing, controls, values, refused, errors })
}

/// Adds the lines that are understood; the others stay in the form, each with what is wrong with it.
pub(crate) async fn values(State(web): State<Web>, mut visit: Visit, Path(number): Path<String>, Form(form): Form<ValuesForm>) -> Screen {
    let (observables, refused) = read(&form);
    let again = |values: ValuesForm, errors: Errors| Filled { values, errors, ..Filled::default() };
    let mut errors = Errors::default();
    if observables.is_empty() && refused.is_empty() {
        errors.0.push(FieldError { pointer: "/values".to_owned(), detail: "write at least one value".to_owned() });
    }
    errors.0.extend(wrong_note(&form.note, observables.len()));
    if !errors.is_empty() {
        return show(&web, visit, &number, Kind::Observable, String::new(), again(form, errors)).await;
    }
    let mut done = None;
    if !observables.is_empty() {
        match add_observables(&web, &visit, &number, &observables, &form).await {
            Ok(added) => done = Some(added),
            Err(error) => {
                let errors = Errors::of(error)?;
                return show(&web, visit, &number, Kind::Observable, String::new(), again(form, errors)).await;
            }
        }
    }
    let drafts = [format!("values:{number}"), "values-note".to_owned()];
    if let (Some(done), true) = (&done, refused.is_empty()) {
        let tab = format!("/cases/{number}/artifacts?kind=observable&saved={}", drafts.join(","));
        return Ok(see(&with_operation(&tab, &done.operation_id)));
    }
    if let Some(done) = done {
        let text = format!("{}. What is still in the box was not understood", words::outcome(&done));
        visit.shell.toast = Some(Toast { text, undo: Some(done.operation_id), bad: false });
    }
    // What was typed before is dealt with: only the refused lines are left to be kept.
    visit.shell.saved = drafts.join(" ");
    let left: Vec<&str> = refused.iter().map(|(_, line, _)| line.as_str()).collect();
    let values = ValuesForm { values: left.join("\n"), ..form };
    show(&web, visit, &number, Kind::Observable, String::new(), Filled { values, refused, ..Filled::default() }).await
}

fn wants_type(why: &str) -> bool {
    why.ends_with("say its type")
}

/// A line that was not understood: its number, what it says, and why not.
type RefusedLine = (usize, String, String);

/// The observables of the form, each once, and the lines that are none.
fn read(form: &ValuesForm) -> (Vec<Observable>, Vec<RefusedLine>) {
    let (mut observables, mut refused) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for (n, line) in form.values.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let read = if form.r#type.is_empty() { Observable::guess(line) } else { parse_typed(&form.r#type, line) };
        match read {
            Ok(observable) if seen.insert(observable.clone()) => observables.push(observable),
            Ok(_) => {}
            Err(error) => refused.push((n + 1, line.to_owned(), error.to_string())),
        }
    }
    (observables, refused)
}

/// What is wrong with a note on so many observables: it must be known before any of them is added.
fn wrong_note(note: &str, count: usize) -> Option<FieldError> {
    let detail = if note.trim().is_empty() {
        return None;
    } else if note.trim().chars().count() > MAX_NOTE {
        format!("has more than {} characters", words::thousands(MAX_NOTE as i64))
    } else if count > MAX_WITH_NOTE {
        format!(
            "can be written on at most {} values at once: add them first, then annotate them in their tab",
            words::thousands(MAX_WITH_NOTE as i64)
        )
    } else {
        return None;
    };
    Some(FieldError { pointer: "/note".to_owned(), detail })
}

async fn add_observables(
    web: &Web,
    visit: &Visit,
    number: &str,
    observables: &[Observable],
    form: &ValuesForm,
) -> app::Result<OperationView> {
    // As records, so that a new one gets its finding; one that is known keeps its own.
    let given = observables.iter().map(|o| {
        let fields = [("type", o.kind.as_str()), ("value", o.value.as_str()), ("finding", form.finding.as_str())];
        let fields = fields.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name.to_owned(), text.into()));
        RecordInput { kind: Kind::Observable, fields: fields.collect() }
    });
    let input = AddArtifacts { records: given.collect(), ..AddArtifacts::default() };
    let done = artifact::add(&web.app, &visit.actor, number, input).await?;
    let note = form.note.replace("\r\n", "\n");
    if !note.trim().is_empty() {
        let record_ids = observables.iter().map(model::observable::stix_id).collect();
        let input = AnnotateArtifacts::over(Selection { record_ids, ..Selection::default() }, note);
        artifact::annotate(&web.app, &visit.actor, number, input).await?;
    }
    Ok(done)
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
    let kind = form.kind.parse().unwrap_or(Kind::Observable);
    let tab = format!("/cases/{number}/artifacts?kind={kind}");
    if form.record.is_empty() {
        let errors =
            Errors(vec![FieldError { pointer: "/record".to_owned(), detail: "is missing: tick at least one in the library".to_owned() }]);
        return show(&web, visit, &number, kind, String::new(), Filled { errors, ..Filled::default() }).await;
    }
    let input = AddArtifacts { record_ids: form.record, bring_along: form.bring_along.is_some(), ..AddArtifacts::default() };
    let done = artifact::add(&web.app, &visit.actor, &number, input).await?;
    Ok(see(&with_operation(&tab, &done.operation_id)))
}

pub(crate) async fn new(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Form(form): Form<Typed>) -> Screen {
    let kind: Kind = typed(&form, "kind").parse().map_err(|_| app::AppError::NotFound("kind"))?;
    let add = AddArtifacts { records: vec![input(kind, &form)], ..AddArtifacts::default() };
    match artifact::add(&web.app, &visit.actor, &number, add).await {
        Ok(done) => {
            let tab = format!("/cases/{number}/artifacts?kind={kind}&saved=record:new:{kind}:description");
            Ok(see(&with_operation(&tab, &done.operation_id)))
        }
        Err(error) => {
            let errors = Errors::of(error)?;
            show(&web, visit, &number, kind, String::new(), Filled { typed: form, errors, ..Filled::default() }).await
        }
    }
}
