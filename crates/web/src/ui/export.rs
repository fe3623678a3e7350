//! Export: of a case, of the rows that are ticked. What is marked for few eyes is asked about first.

use app::artifact::Selection;
use app::case::{self, CaseView};
use app::export::{self, AnswerFormat, ExportArtifacts, ExportFormat, ExportQuery, ExportRecords};
use app::record::RecordQuery;
use app::sighting::{self, AnswerExportQuery, SightingView};
use askama::Template;
use axum::extract::State;
use model::Kind;
use model::artifact::StatusFilter;
use model::case::Tlp;
use serde::Deserialize;

use super::sightings::find;
use super::{Screen, Selecting, SelectionForm, Shell, Visit, page};
use crate::Web;
use crate::download::attachment;
use crate::error::Failure;
use crate::params::{Path, Query};

/// What is to be exported, and how.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ExportForm {
    format: String,
    kind: String,
    status: String,
    /// Set when values are to be defanged.
    defang: Option<String>,
    /// The marking that was read before it was asked for.
    marking: String,
}

impl ExportForm {
    fn format(&self) -> Option<ExportFormat> {
        self.format.parse().ok()
    }

    /// Whether it can be begun: a format is chosen, and a strict marking was read.
    fn is_ready(&self, case: &CaseView) -> bool {
        self.format().is_some() && (!is_strict(case) || self.marking == case.tlp.as_str())
    }

    fn defang(&self) -> bool {
        self.defang.is_some() && self.format().is_some_and(ExportFormat::may_defang)
    }

    /// Tables are for spreadsheets, which tell UTF-8 by its mark.
    fn bom(&self) -> bool {
        self.format() == Some(ExportFormat::Csv)
    }
}

/// Whether a marking lets what is exported go to few people only.
fn is_strict(case: &CaseView) -> bool {
    case.tlp >= Tlp::AmberStrict
}

#[derive(Template)]
#[template(path = "case/export.html")]
struct ExportPage {
    shell: Shell,
    case: CaseView,
    form: ExportForm,
    /// The rows that were ticked, when it is about these.
    selection: Option<SelectionForm>,
}

impl ExportPage {
    fn is_strict(&self) -> bool {
        is_strict(&self.case)
    }

    fn formats(&self) -> &'static [ExportFormat] {
        ExportFormat::ALL
    }

    fn is_format(&self, format: &ExportFormat) -> bool {
        self.form.format().unwrap_or(ExportFormat::Stix) == *format
    }

    /// The kinds that the case has any of.
    fn kinds(&self) -> Vec<Kind> {
        Kind::ALL
            .iter()
            .copied()
            .filter(|kind| {
                let counts = self.case.counts(kind);
                counts.included + counts.excluded > 0
            })
            .collect()
    }

    fn statuses(&self) -> &'static [StatusFilter] {
        StatusFilter::ALL
    }

    /// Whether values are defanged unless told otherwise: they are, until somebody says so.
    fn defangs(&self) -> bool {
        self.form.defang.is_some() || !self.form.format().is_some_and(ExportFormat::may_defang)
    }
}

/// The file, or what is to be said before it is made.
pub(crate) async fn case(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Query(form): Query<ExportForm>) -> Screen {
    let case = case::get(&web.app, &visit.actor, &number).await?;
    if !form.is_ready(&case) {
        return page(&ExportPage { shell: visit.shell, case, form, selection: None });
    }
    let query = ExportQuery {
        format: form.format.clone(),
        kind: form.kind.clone(),
        status: form.status.clone(),
        defang: form.defang(),
        bom: form.bom(),
        ..ExportQuery::default()
    };
    Ok(attachment(export::case(&web.app, &visit.actor, &number, query).await?))
}

/// The file of the rows that are ticked, or what is to be said before.
pub(crate) async fn artifacts(
    State(web): State<Web>,
    visit: Visit,
    Path(number): Path<String>,
    Selecting(list, form): Selecting<ExportForm>,
) -> Screen {
    let case = case::get(&web.app, &visit.actor, &number).await?;
    if !form.is_ready(&case) {
        return page(&ExportPage { shell: visit.shell, case, form, selection: Some(list) });
    }
    let input = ExportArtifacts::over(list.selection(), form.format.clone(), form.defang(), form.bom());
    Ok(attachment(export::artifacts(&web.app, &visit.actor, &number, input).await?))
}

/// How an answer is to be exported.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AnswerForm {
    format: String,
    /// Set when values are to be defanged.
    defang: Option<String>,
    /// The marking that was read before it was asked for.
    marking: String,
}

#[derive(Template)]
#[template(path = "sightings/export.html")]
struct AnswerExportPage {
    shell: Shell,
    case: CaseView,
    search: SightingView,
    form: AnswerForm,
}

impl AnswerExportPage {
    fn is_strict(&self) -> bool {
        is_strict(&self.case)
    }

    fn is_format(&self, format: &AnswerFormat) -> bool {
        self.form.format.parse().unwrap_or(AnswerFormat::Csv) == *format
    }

    fn answer(&self) -> String {
        format!("/cases/{}/sightings/{}", self.case.number, self.search.number)
    }

    /// Values are defanged until somebody says otherwise.
    fn defangs(&self) -> bool {
        self.form.defang.is_some() || self.form.format.is_empty()
    }
}

/// The file of a search's answer, or what is to be said before it is made.
pub(crate) async fn answer(
    State(web): State<Web>,
    visit: Visit,
    Path((number, search)): Path<(String, String)>,
    Query(form): Query<AnswerForm>,
) -> Screen {
    let search = find(&web, &visit, &number, &search).await?;
    let case = case::get(&web.app, &visit.actor, &search.case).await?;
    let format: Option<AnswerFormat> = form.format.parse().ok();
    let Some(format) = format.filter(|_| !is_strict(&case) || form.marking == case.tlp.as_str()) else {
        return page(&AnswerExportPage { shell: visit.shell, case, search, form });
    };
    let query = AnswerExportQuery { format: format.as_str().to_owned(), defang: form.defang.is_some() && format.may_defang() };
    Ok(attachment(sighting::export(&web.app, &visit.actor, &search.number, query).await?))
}

/// The file of the records that are ticked.
pub(crate) async fn records(State(web): State<Web>, visit: Visit, Selecting(list, form): Selecting<ExportForm>) -> Screen {
    let Selection { record_ids, all_matching, except, as_of } = list.selection();
    let all_matching = all_matching.map(|query| RecordQuery {
        kind: query.kind,
        q: query.q,
        category: query.category,
        finding: query.finding,
        ..RecordQuery::default()
    });
    let input =
        ExportRecords { record_ids, all_matching, except, as_of, format: form.format.clone(), defang: form.defang(), bom: form.bom() };
    Ok(attachment(export::records(&web.app, &visit.actor, input).await.map_err(Failure)?))
}
