//! Exports a case, or some of its artifacts.

use formats::export::{self, Head, Options};
use model::Actor;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::artifact::{self, ArtifactFilter};
use store::case::Case;
use store::journal::{Deed, ShownIn};
use store::{Tx, journal};

use super::run::{Scene, start};
use super::{ASKED, Export, Wanted, options, within_limit};
use crate::App;
use crate::artifact::{ArtifactQuery, filter, with_selection};
use crate::authorise::find_case;
use crate::case::CaseView;
use crate::error::Result;
use crate::technique::{TechniqueView, of_case};

/// What of a case is exported, and in what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::IntoParams, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExportQuery {
    /// `stix`, `misp`, `csv`, `json`, `jsonl` or `plain`.
    pub format: String,
    /// One kind; all when empty.
    pub kind: String,
    /// Keywords; each must occur.
    pub q: String,
    /// `included` (unless told), `excluded` or `all`.
    pub status: String,
    /// Categories: observable types, classes, …
    pub category: String,
    /// Findings.
    pub finding: String,
    /// `yes` for what is known to be good, `no` for the rest.
    pub marked: String,
    /// Whether observables are written so that nobody clicks them; `csv` and `plain` only.
    pub defang: bool,
    /// Whether a table begins with a byte order mark, for spreadsheets; `csv` only.
    pub bom: bool,
}

impl ExportQuery {
    fn list(&self) -> ArtifactQuery {
        ArtifactQuery {
            kind: self.kind.clone(),
            q: self.q.clone(),
            status: self.status.clone(),
            category: self.category.clone(),
            finding: self.finding.clone(),
            marked: self.marked.clone(),
            ..ArtifactQuery::default()
        }
    }
}

with_selection! {
    /// A selection of a case's artifacts, and how it is exported.
    #[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
    #[serde(deny_unknown_fields)]
    pub struct ExportArtifacts {
        /// `stix`, `misp`, `csv`, `json`, `jsonl` or `plain`.
        pub format: String,
        /// Whether observables are written so that nobody clicks them; `csv` and `plain` only.
        #[serde(default)]
        pub defang: bool,
        /// Whether a table begins with a byte order mark, for spreadsheets; `csv` only.
        #[serde(default)]
        pub bom: bool,
    }
}

/// A case as an export begins: who is to be told of it, and the rows that are exported.
struct Opened {
    case: i64,
    view: CaseView,
    techniques: Vec<TechniqueView>,
    rows: Vec<i64>,
}

impl Opened {
    fn load(tx: &mut Tx<'_>, case: Case, rows: Vec<i64>) -> Result<Self> {
        Ok(Self { case: case.id, techniques: of_case(tx, case.id)?, view: CaseView::load(tx, case)?, rows })
    }
}

/// Exports a case: itself, its artifacts that match, what is said of them and how they are joined. Readers may, what they
/// may read.
///
/// # Errors
/// When a word is unknown, there is no case that the actor may know of, or more matches than one export takes.
pub async fn case(app: &App, actor: &Actor, number: &str, query: ExportQuery) -> Result<Export> {
    let options = options(Wanted { format: &query.format, defang: query.defang, bom: query.bom, kind: &query.kind })?;
    let filter = filter(&query.list())?;
    let whole = query == ExportQuery { format: query.format.clone(), defang: query.defang, bom: query.bom, ..ExportQuery::default() };
    let number = number.to_owned();
    let opened = app
        .read(actor, move |tx| {
            let case = find_case(tx, &number)?;
            let filter = ArtifactFilter { case: case.id, ..filter };
            let rows = within_limit(artifact::matching_ids(tx, &filter, ASKED)?)?;
            Opened::load(tx, case, rows)
        })
        .await?;
    begin(app, actor, options, opened, whole).await
}

/// Exports a selection of a case's artifacts.
///
/// # Errors
/// As [`case()`], and when nothing is selected.
pub async fn artifacts(app: &App, actor: &Actor, number: &str, mut input: ExportArtifacts) -> Result<Export> {
    let selection = input.take_selection();
    selection.check()?;
    let kind = selection.all_matching.as_ref().map(|query| query.kind.clone()).unwrap_or_default();
    let options = options(Wanted { format: &input.format, defang: input.defang, bom: input.bom, kind: &kind })?;
    let number = number.to_owned();
    let opened = app
        .read(actor, move |tx| {
            let case = find_case(tx, &number)?;
            let mut rows = selection.find(tx, &case)?.records;
            rows.sort_unstable();
            Opened::load(tx, case, rows)
        })
        .await?;
    begin(app, actor, options, opened, false).await
}

/// Journals the export, and starts it.
async fn begin(app: &App, actor: &Actor, options: Options, opened: Opened, whole: bool) -> Result<Export> {
    let Opened { case, view, techniques, rows } = opened;
    let (count, number) = (rows.len(), view.number.clone());
    let details = json!({ "format": options.format, "count": count, "whole": whole, "defang": options.defang, "tlp": view.tlp });
    let object = number.clone();
    let stamp_id = app
        .change(actor, move |tx: &mut Tx<'_>, stamp| {
            // Between the reading and this, the actor may have been shut out.
            find_case(tx, &object)?;
            let deed = Deed { verb: "case.export", object: &object, details: &details };
            journal::append(tx, stamp, &deed, ShownIn::Case(case))?;
            Ok(stamp.uuid("export", 0))
        })
        .await?;
    let head = Head { at: app.now(), by: actor.name.clone(), uuid: stamp_id, case: Some(told(view, techniques)) };
    let file_name = format!("{number}.{}", options.format.ending());
    let notes = whole && options.format == super::ExportFormat::Json;
    Ok(start(app, Scene { actor: actor.clone(), case, notes, options, head, rows }, file_name))
}

fn told(view: CaseView, techniques: Vec<TechniqueView>) -> export::Case {
    let technique = |one: TechniqueView| export::Technique { id: one.id, name: one.name, added_by: one.added_by };
    // Those without an id of ATT&CK are artifacts, and leave as such.
    let techniques = techniques.into_iter().filter(|one| one.id.starts_with('T')).map(technique).collect();
    export::Case {
        number: view.number,
        name: view.name,
        case_type: view.case_type,
        rating: view.rating,
        state: view.state,
        short_description: view.short_description,
        description: view.description,
        assigned_to: view.assigned_to,
        tlp: view.tlp,
        pap: view.pap,
        tags: view.tags,
        restricted: view.restricted,
        findings: view.findings,
        recommendations: view.recommendations,
        closure_summary: view.closure_summary,
        verdict: view.verdict,
        created_by: view.created_by,
        created_at: view.created_at,
        updated_at: view.updated_at,
        closed_at: view.closed_at,
        techniques,
    }
}
