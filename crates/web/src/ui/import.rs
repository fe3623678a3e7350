//! Records come in from files: looked at first, with a mapping that can be corrected, then applied.

use std::collections::BTreeMap;

use app::AppError;
use app::case;
use app::import::{
    self, ApplyImport, ColumnView, ImportState, ImportView, IntelView, Mapping, PreviewRow, RowStatus, StageIntel, StageRecords,
};
use app::job::{self, JobView};
use app::text::counted;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use model::Kind;
use serde::Deserialize;

use super::closed::closed;
use super::records::fields::Typed;
use super::{Errors, Form, Screen, Shell, Visit, page, page_with, see};
use crate::Web;
use crate::params::{Path, Query};
use crate::upload::Upload;

/// What stands before a column's name in the form of a mapping.
const COLUMN: &str = "column-";
/// The word for threat intelligence, beside the kinds of records.
const INTEL: &str = "intel";

#[derive(Template)]
#[template(path = "import/new.html")]
struct NewPage {
    shell: Shell,
    kind: String,
    case: String,
    source: String,
    /// Rows that were pasted.
    text: String,
    errors: Errors,
}

impl NewPage {
    /// What can be brought in: a word, and what people read.
    fn choices(&self) -> Vec<(&'static str, &'static str)> {
        let tables = [Kind::ConfigurationItem, Kind::User, Kind::Incident, Kind::VulnerableItem, Kind::Observable, Kind::Vulnerability];
        let tables = tables.iter().map(|kind| (kind.as_str(), kind.spec().plural));
        std::iter::once((INTEL, "Threat intelligence: STIX or MISP")).chain(tables).collect()
    }
}

/// What a link may fill in.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct NewQuery {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    case: String,
}

pub(crate) async fn new(State(web): State<Web>, visit: Visit, Query(query): Query<NewQuery>) -> Screen {
    if let Some(case) = case::get(&web.app, &visit.actor, &query.case).await.ok().filter(|case| !case.state.is_open()) {
        return closed(visit.shell, case);
    }
    let kind = if query.kind.is_empty() { INTEL.to_owned() } else { query.kind };
    page(&NewPage { shell: visit.shell, kind, case: query.case, source: String::new(), text: String::new(), errors: Errors::default() })
}

pub(crate) async fn stage(State(web): State<Web>, visit: Visit, upload: Upload) -> Screen {
    let word = |name: &str| upload.field(name).trim().to_owned();
    let (kind, case, source) = (word("kind"), word("case"), word("source"));
    let text = upload.field("text").to_owned();
    let for_case = (!case.is_empty()).then(|| case.clone());
    let bytes = if upload.bytes.is_empty() { text.clone().into_bytes() } else { upload.bytes };
    if bytes.iter().all(u8::is_ascii_whitespace) {
        let errors = Errors(vec![model::FieldError { pointer: "/file".to_owned(), detail: "choose a file, or paste its text".to_owned() }]);
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &NewPage { shell: visit.shell, kind, case, source, text, errors });
    }
    let may_be_a_table = kind == INTEL && !import::looks_like_intel(&bytes);
    // STIX and MISP are nothing else, whatever was chosen.
    let staged = if kind == INTEL || import::is_intel(&bytes) {
        let input = StageIntel { name: upload.file_name.clone(), source: source.clone(), case: for_case };
        import::stage_intel(&web.app, &visit.actor, input, bytes).await
    } else {
        let name = if upload.file_name.is_empty() { "Pasted rows".to_owned() } else { upload.file_name.clone() };
        let input = StageRecords { kind: kind.clone(), name, source: source.clone(), mapping: None, case: for_case };
        import::stage_records(&web.app, &visit.actor, input, bytes).await
    };
    match staged {
        Ok(staged) => Ok(see(&format!("/import/{}?saved=import:text", staged.import_id))),
        Err(error) => {
            let errors = match error {
                error @ (AppError::NotFound(_) | AppError::State(_)) => {
                    Errors(vec![model::FieldError { pointer: "/case".to_owned(), detail: error.to_string() }])
                }
                other => Errors::of(other)?,
            };
            let errors = if may_be_a_table { hinted(errors) } else { errors };
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &NewPage { shell: visit.shell, kind, case, source, text, errors })
        }
    }
}

/// Says, where a file is no STIX or MISP, that it may be a table.
fn hinted(mut errors: Errors) -> Errors {
    for error in errors.0.iter_mut().filter(|error| error.pointer == "/file") {
        error.detail.push_str(". For a table of records, choose above what they are");
    }
    errors
}

#[derive(Template)]
#[template(path = "import/show.html")]
struct ShowPage {
    shell: Shell,
    import: ImportView,
    /// The job that applies it.
    job: Option<JobView>,
}

#[derive(Template)]
#[template(path = "import/intel.html")]
struct IntelPage {
    shell: Shell,
    import: ImportView,
    intel: IntelView,
    job: Option<JobView>,
}

impl IntelPage {
    fn staged(&self) -> bool {
        self.import.state == ImportState::Staged
    }

    fn chip(&self, status: &RowStatus) -> (&'static str, &'static str) {
        chip(*status)
    }

    /// How much of it is taken, in words.
    fn taken(&self) -> String {
        counted(self.intel.sorts.iter().map(|sort| sort.told as i64).sum(), "object")
    }
}

impl ShowPage {
    fn kind(&self) -> Kind {
        self.import.record_kind().unwrap_or(Kind::Observable)
    }

    fn staged(&self) -> bool {
        self.import.state == ImportState::Staged
    }

    fn chip(&self, status: &RowStatus) -> (&'static str, &'static str) {
        chip(*status)
    }

    /// Whether applying it would do nothing: no row is taken, or all are known and go into no case.
    fn nothing(&self) -> bool {
        self.import.rows <= self.import.refused_count || (self.import.created + self.import.updated == 0 && self.import.case.is_none())
    }

    fn field(&self, column: &ColumnView) -> String {
        column.field.clone().unwrap_or_default()
    }

    /// Fields by what people read.
    fn changes(&self, row: &PreviewRow) -> String {
        let spec = self.kind().spec();
        let label = |name: &String| spec.field(name).map_or_else(|| name.replace('_', " "), |field| field.label.to_owned());
        row.changes.iter().map(label).collect::<Vec<_>>().join(", ")
    }

    /// `43 rows`.
    fn rows(&self) -> String {
        counted(self.import.rows as i64, "row")
    }

    /// How many rows are not refused.
    fn taken(&self) -> String {
        counted(self.import.rows.saturating_sub(self.import.refused_count) as i64, "row")
    }
}

fn chip(status: RowStatus) -> (&'static str, &'static str) {
    match status {
        RowStatus::New => ("good", "new"),
        RowStatus::Updated => ("info", "updated"),
        RowStatus::Known => ("", "known"),
        RowStatus::Refused => ("bad", "refused"),
    }
}

pub(crate) async fn show(
    State(web): State<Web>,
    visit: Visit,
    Path(id): Path<String>,
    Query(typed): Query<BTreeMap<String, String>>,
) -> Screen {
    let import = match mapping(typed.into_iter()) {
        None => import::get(&web.app, &visit.actor, &id).await?,
        Some(mapping) => import::preview(&web.app, &visit.actor, &id, mapping).await?,
    };
    let job = match &import.job {
        Some(id) => job::get(&web.app, &visit.actor, id).await.ok(),
        None => None,
    };
    if let Some(intel) = import.intel.clone() {
        return page(&IntelPage { shell: visit.shell, import, intel, job });
    }
    if import.record_kind().is_none() {
        return Ok(see(&import.case.map_or("/cases".to_owned(), |case| format!("/cases/{case}/text/{id}"))));
    }
    page(&ShowPage { shell: visit.shell, import, job })
}

pub(crate) async fn apply(State(web): State<Web>, visit: Visit, Path(id): Path<String>, Form(form): Form<Typed>) -> Screen {
    let input = ApplyImport { mapping: mapping(form.into_iter()), ..ApplyImport::default() };
    import::apply(&web.app, &visit.actor, &id, input).await?;
    Ok(see(&format!("/import/{id}")))
}

/// Columns and fields, from the controls of the form; none when it has no such controls. All left out is a mapping too.
fn mapping(typed: impl Iterator<Item = (String, String)>) -> Option<Mapping> {
    let columns: Mapping = typed.filter_map(|(name, field)| Some((name.strip_prefix(COLUMN)?.to_owned(), field))).collect();
    (!columns.is_empty()).then(|| columns.into_iter().filter(|(_, field)| !field.is_empty()).collect())
}
