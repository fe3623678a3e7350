//! The artifacts of a case: tabs by kind, search as one types, selection and bulk actions, the details panel.

use app::PageQuery;
use app::annotation;
use app::artifact::{self, AnnotateArtifacts, ArtifactQuery, ArtifactView, ExcludeArtifacts};
use app::case::{self, CaseView};
use app::operation;
use app::record::{self, AnnotationView, RecordCase, RecordView, RelatedView, WhyView};
use app::sighting::{self, SeenWithView};
use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use model::Kind;
use model::artifact::{ExclusionReason, Finding, Status};
use model::kind::{FieldShape, Place, Shelf};
use model::list::Page;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::cases::{Head, head, link};
use super::columns::{self, Columns, List, What};
use super::sightings::{self, PanelSighting};
use super::{Form, Screen, Selecting, SelectionForm, Shell, Visit, page, see, with_operation, words};
use crate::Web;
use crate::params::{Path, Query};

/// The URL of a tab: the list's parameters, and which record's details are open.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct TabQuery {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    finding: String,
    /// `yes` for what is known to be good, `no` for the rest.
    #[serde(default)]
    marked: String,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    cursor: String,
    /// The record whose details are open.
    #[serde(default)]
    open: String,
    /// Which of its tabs.
    #[serde(default)]
    tab: String,
}

impl TabQuery {
    fn list(&self) -> ArtifactQuery {
        ArtifactQuery {
            kind: self.kind.clone(),
            q: self.q.clone(),
            status: self.status.clone(),
            category: self.category.clone(),
            finding: self.finding.clone(),
            marked: self.marked.clone(),
            sort: self.sort.clone(),
            cursor: self.cursor.clone(),
            limit: None,
        }
    }
}

#[derive(Template)]
#[template(path = "case/artifacts.html")]
struct ArtifactsPage {
    shell: Shell,
    case: CaseView,
    kind: Kind,
    query: TabQuery,
    artifacts: Page<ArtifactView>,
    columns: Columns,
    panel: Option<Panel>,
}

/// How many sightings of a machine or user the details show.
const SEEN_WITH: u32 = 10;

/// The details of one artifact.
struct Panel {
    record: RecordView,
    fields: Map<String, Json>,
    why: Option<WhyView>,
    annotations: Vec<AnnotationView>,
    related: Vec<RelatedView>,
    cases: Vec<RecordCase>,
    sightings: Vec<PanelSighting>,
    /// Of a configuration item or user: what was seen there.
    seen_with: Vec<SeenWithView>,
    tab: &'static str,
}

impl Panel {
    fn has_sightings(&self) -> bool {
        matches!(self.record.kind, Kind::Observable | Kind::ConfigurationItem | Kind::User)
    }

    fn related_of(&self, kind: &Kind) -> Vec<&RelatedView> {
        self.related.iter().filter(|related| related.record.kind == *kind).collect()
    }
}

impl ArtifactsPage {
    fn path(&self) -> String {
        format!("/cases/{}/artifacts", self.case.number)
    }

    /// The same tab with one parameter changed.
    fn link(&self, name: &str, value: &str) -> String {
        let q = &self.query;
        let kind = self.kind.to_string();
        let mut all = vec![
            ("kind", &kind),
            ("q", &q.q),
            ("status", &q.status),
            ("category", &q.category),
            ("finding", &q.finding),
            ("marked", &q.marked),
            ("sort", &q.sort),
        ];
        if name == "open" || name == "tab" {
            all.push(("cursor", &q.cursor));
        }
        if name == "tab" || name == "cursor" {
            all.push(("open", &q.open));
        }
        link(&self.path(), &all, name, value)
    }

    /// The tab of another kind: search and status stay, filters of this kind go.
    fn kind_link(&self, kind: &Kind) -> String {
        let all = [("q", &self.query.q), ("status", &self.query.status)];
        link(&self.path(), &all, "kind", kind.as_str())
    }

    fn sort(&self, column: &str) -> Head {
        head(&self.query.sort, "-added", column, |value| self.link("sort", value))
    }

    fn kinds(&self) -> &'static [Kind] {
        Kind::ALL
    }

    /// The kinds that have a tab, and those that have one as soon as the case has any of them.
    fn tabs(&self) -> Tabs {
        let has = |kind: &Kind| {
            let counts = self.case.counts(kind);
            counts.included + counts.excluded > 0
        };
        tabs(&self.kind, has)
    }

    fn status(&self) -> &str {
        if self.query.status.is_empty() { "included" } else { &self.query.status }
    }

    fn excluded(&self) -> i64 {
        self.case.counts(&self.kind).excluded
    }

    fn filtered(&self) -> bool {
        !self.query.q.is_empty() || !self.query.category.is_empty() || !self.query.finding.is_empty() || !self.query.marked.is_empty()
    }

    fn column(&self, artifact: &ArtifactView, column: &model::kind::Column) -> String {
        cell(&artifact.record, column)
    }

    /// Whether a value takes its cell, so that a mark behind it would not be seen.
    fn is_long(&self, display: &str) -> bool {
        display.chars().count() > 30
    }

    fn may_write(&self) -> bool {
        self.shell.may_write() && self.case.state.is_open()
    }
}

/// Kinds that are shown, and kinds that wait in a menu.
pub(crate) type Tabs = (Vec<&'static Kind>, Vec<&'static Kind>);

/// Everyday kinds, the one that is shown and those that are there; and all others.
pub(crate) fn tabs(here: &Kind, has: impl Fn(&Kind) -> bool) -> Tabs {
    Kind::ALL.iter().partition(|kind| kind.spec().shelf == Shelf::Operations || *kind == here || has(kind))
}

/// The text of a record in a column of its kind's lists.
pub(crate) fn cell(record: &RecordView, column: &model::kind::Column) -> String {
    match column.place {
        Place::Title => record.display.clone(),
        Place::Category => record.category.clone(),
        Place::Status => record.status.clone(),
        Place::Severity => record.severity.label().to_owned(),
        Place::Finding => record.finding.label().to_owned(),
        Place::Owner => record.owner.clone(),
        Place::Attribute => {
            let value = record.attribute(column.name);
            let moment = record.kind.spec().field(column.name).is_some_and(|field| matches!(field.shape, FieldShape::Moment));
            let day = value.split_once('T').filter(|_| moment).map(|(day, _)| day.to_owned());
            day.unwrap_or(value)
        }
    }
}

pub(crate) async fn list(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Query(query): Query<TabQuery>) -> Screen {
    let case = case::get(&web.app, &visit.actor, &number).await?;
    let kind = query.kind.parse().ok().unwrap_or_else(|| first_kind(&case));
    let list = ArtifactQuery { kind: kind.to_string(), ..query.list() };
    let artifacts = artifact::list(&web.app, &visit.actor, &number, list).await?;
    let panel = if query.open.is_empty() { None } else { panel(&web, &visit, &number, &query).await? };
    let columns = columns::of(&web.app, &visit.actor, List::Artifacts, kind).await?;
    page(&ArtifactsPage { shell: visit.shell, case, kind, query, artifacts, columns, panel })
}

/// The first kind that the case has anything of.
fn first_kind(case: &CaseView) -> Kind {
    Kind::ALL.iter().copied().find(|kind| case.counts(kind).included > 0).unwrap_or(Kind::Observable)
}

async fn panel(web: &Web, visit: &Visit, number: &str, query: &TabQuery) -> Result<Option<Panel>, crate::error::Failure> {
    let (app, actor, id) = (&web.app, &visit.actor, query.open.as_str());
    // The record may have gone from view since the link was made: then there is no panel, and the list stays.
    let Ok(details) = record::get(app, actor, id).await else { return Ok(None) };
    let tab = match query.tab.as_str() {
        "related" => "related",
        "sightings" => "sightings",
        "cases" => "cases",
        "notes" => "notes",
        _ => "overview",
    };
    Ok(Some(Panel {
        why: record::why(app, actor, number, id).await.ok(),
        annotations: annotation::of_record(app, actor, id).await?,
        related: record::related(app, actor, id, "").await?,
        cases: record::cases(app, actor, id).await?,
        seen_with: sighting::seen_with(app, actor, id, PageQuery::newest(SEEN_WITH)).await?.items,
        sightings: if details.record.kind == Kind::Observable { sightings::panel(web, actor, id).await? } else { Vec::new() },
        fields: details.fields,
        record: details.record,
        tab,
    }))
}

/// What the list's form and its dialogs ask for, beside the selection.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ChangeForm {
    sort: String,
    open: String,
    reason: String,
    comment: String,
    text: String,
}

/// The tab that a form was sent from.
fn back(number: &str, list: &SelectionForm, form: &ChangeForm) -> String {
    let all = [
        ("kind", &list.kind),
        ("q", &list.q),
        ("status", &list.status),
        ("category", &list.category),
        ("finding", &list.finding),
        ("marked", &list.marked),
        ("sort", &form.sort),
    ];
    link(&format!("/cases/{number}/artifacts"), &all, "open", &form.open)
}

type Change = Selecting<ChangeForm>;

pub(crate) async fn exclude(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Selecting(list, form): Change) -> Screen {
    let reason = form.reason.parse().unwrap_or(ExclusionReason::Other);
    let input = ExcludeArtifacts::over(list.selection(), reason, form.comment.clone());
    let done = artifact::exclude(&web.app, &visit.actor, &number, input).await?;
    Ok(see(&with_operation(&back(&number, &list, &form), &done.operation_id)))
}

pub(crate) async fn include(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Selecting(list, form): Change) -> Screen {
    let done = artifact::include(&web.app, &visit.actor, &number, list.selection()).await?;
    Ok(see(&with_operation(&back(&number, &list, &form), &done.operation_id)))
}

pub(crate) async fn annotate(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Selecting(list, form): Change) -> Screen {
    let input = AnnotateArtifacts::over(list.selection(), form.text.replace("\r\n", "\n"));
    let done = artifact::annotate(&web.app, &visit.actor, &number, input).await?;
    Ok(see(&with_operation(&back(&number, &list, &form), &done.operation_id)))
}

/// Where an undo came from.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct UndoForm {
    #[serde(default)]
    back: String,
}

pub(crate) async fn undo(
    State(web): State<Web>,
    visit: Visit,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<UndoForm>,
) -> Screen {
    let done = operation::undo(&web.app, &visit.actor, &id).await?;
    // The page it was pressed on, without the toast of what was undone.
    let back = if form.back.starts_with('/') && !form.back.starts_with("//") { form.back } else { referred(&headers) };
    Ok(see(&with_operation(&words::without_toast(&back), &done.operation_id)))
}

fn referred(headers: &HeaderMap) -> String {
    let current = headers.get("hx-current-url").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = current.splitn(4, '/').nth(3).unwrap_or_default();
    format!("/{path}")
}
