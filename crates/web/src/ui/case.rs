//! A case: its head and sections, its details, its editing, its states, its story.

use app::AppError;
use app::PageQuery;
use app::account::{PersonView, people};
use app::case::{self, ActivityView, CasePatch, CaseView};
use app::note::{self, NoteView};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use model::case::{CaseState, CaseType, Pap, Rating, Tlp, Verdict};
use model::list::Page;
use serde::Deserialize;

use super::closed::closed;
use super::form::lines;
use super::story::{Day, story};
use super::{Errors, Form, Screen, Shell, Visit, page, page_with, see};
use crate::Web;
use crate::params::{Path, Query};

/// How many notes and activities a page shows.
const SHOWN: u32 = 50;

#[derive(Template)]
#[template(path = "case/details.html")]
struct DetailsPage {
    shell: Shell,
    case: CaseView,
    notes: Page<NoteView>,
    draft: String,
    errors: Errors,
}

/// Which part of the notes.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct NotesPart {
    /// Older than what a page before has shown.
    #[serde(default)]
    notes: String,
}

pub(crate) async fn details(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Query(part): Query<NotesPart>) -> Screen {
    show(&web, visit, &number, StatusCode::OK, String::new(), Errors::default(), part.notes).await
}

/// The details, with a note that could not be taken.
pub(super) async fn details_with(web: &Web, visit: Visit, number: &str, status: StatusCode, draft: String, errors: Errors) -> Screen {
    show(web, visit, number, status, draft, errors, String::new()).await
}

async fn show(web: &Web, visit: Visit, number: &str, status: StatusCode, draft: String, errors: Errors, cursor: String) -> Screen {
    let case = case::get(&web.app, &visit.actor, number).await?;
    let notes = note::list(&web.app, &visit.actor, number, PageQuery { cursor, limit: Some(SHOWN) }).await?;
    page_with(status, &DetailsPage { shell: visit.shell, case, notes, draft, errors })
}

#[derive(Template)]
#[template(path = "case/head_page.html")]
struct HeadPage {
    shell: Shell,
    case: CaseView,
}

/// The head alone, for live updates.
pub(crate) async fn head(State(web): State<Web>, visit: Visit, Path(number): Path<String>) -> Screen {
    let case = case::get(&web.app, &visit.actor, &number).await?;
    page(&HeadPage { shell: visit.shell, case })
}

#[derive(Template)]
#[template(path = "case/activity.html")]
struct ActivityPage {
    shell: Shell,
    case: CaseView,
    days: Vec<Day>,
    older: Option<i64>,
}

/// Which part of the story.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Before {
    before: Option<i64>,
}

pub(crate) async fn activity(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Query(query): Query<Before>) -> Screen {
    let case = case::get(&web.app, &visit.actor, &number).await?;
    let entries = case::activity(&web.app, &visit.actor, &number, query.before, SHOWN).await?;
    let older = if entries.len() == SHOWN as usize { entries.last().map(|entry: &ActivityView| entry.seq) } else { None };
    page(&ActivityPage { shell: visit.shell, case, days: story(entries), older })
}

#[derive(Template)]
#[template(path = "case/edit.html")]
struct EditPage {
    shell: Shell,
    case: CaseView,
    form: EditForm,
    people: Vec<PersonView>,
    conflicts: Vec<(String, String, String)>,
    errors: Errors,
}

/// The form of a case's fields.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct EditForm {
    #[serde(default)]
    version: i64,
    #[serde(default)]
    name: String,
    #[serde(default)]
    case_type: String,
    #[serde(default)]
    rating: String,
    #[serde(default)]
    tlp: String,
    #[serde(default)]
    pap: String,
    #[serde(default)]
    short_description: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    assigned_to: String,
    #[serde(default)]
    contributors: Vec<String>,
    #[serde(default)]
    work_notes_list: Vec<String>,
    #[serde(default)]
    due_at: String,
    #[serde(default)]
    tags: String,
    #[serde(default)]
    findings: String,
    #[serde(default)]
    recommendations: String,
    #[serde(default)]
    restricted: Option<String>,
    #[serde(default)]
    allowed_accounts: Vec<String>,
}

impl EditPage {
    /// The key under which the browser keeps what is typed into a field.
    fn draft(&self, field: &str) -> String {
        format!("case:{}:{field}", self.case.number)
    }
}

impl StatePage {
    fn draft(&self, field: &str) -> String {
        format!("case:{}:{field}", self.case.number)
    }
}

impl EditForm {
    fn of(case: &CaseView) -> Self {
        Self {
            version: case.version,
            name: case.name.clone(),
            case_type: case.case_type.to_string(),
            rating: case.rating.to_string(),
            tlp: case.tlp.to_string(),
            pap: case.pap.to_string(),
            short_description: case.short_description.clone(),
            description: case.description.clone(),
            assigned_to: case.assigned_to.clone(),
            contributors: case.contributors.clone(),
            work_notes_list: case.work_notes_list.clone(),
            due_at: case.due_at.map(|due| due.date()).unwrap_or_default(),
            tags: case.tags.join(", "),
            findings: case.findings.clone(),
            recommendations: case.recommendations.clone(),
            restricted: case.restricted.then(String::new),
            allowed_accounts: case.allowed_accounts.clone(),
        }
    }

    /// The patch of what differs from the case as it is now; the version says which of that was typed.
    fn patch(&self, case: &CaseView, may_lead: bool) -> CasePatch {
        let before = Self::of(case);
        let text = |new: &String, old: &String| (new.replace("\r\n", "\n") != *old).then(|| new.replace("\r\n", "\n"));
        let list = |new: &Vec<String>, old: &Vec<String>| (new != old).then(|| new.clone());
        CasePatch {
            name: text(&self.name, &before.name),
            case_type: (self.case_type != before.case_type).then(|| self.case_type.parse().ok()).flatten(),
            rating: (self.rating != before.rating).then(|| self.rating.parse().ok()).flatten(),
            tlp: (self.tlp != before.tlp).then(|| self.tlp.parse().ok()).flatten(),
            pap: (self.pap != before.pap).then(|| self.pap.parse().ok()).flatten(),
            short_description: text(&self.short_description, &before.short_description),
            description: text(&self.description, &before.description),
            assigned_to: text(&self.assigned_to, &before.assigned_to),
            contributors: list(&self.contributors, &before.contributors),
            work_notes_list: list(&self.work_notes_list, &before.work_notes_list),
            due_at: text(&self.due_at, &before.due_at),
            tags: (lines(&self.tags) != case.tags).then(|| lines(&self.tags)),
            findings: text(&self.findings, &before.findings),
            recommendations: text(&self.recommendations, &before.recommendations),
            restricted: (may_lead && self.restricted.is_some() != case.restricted).then_some(self.restricted.is_some()),
            allowed_accounts: if may_lead { list(&self.allowed_accounts, &before.allowed_accounts) } else { None },
            ..CasePatch::default()
        }
    }
}

pub(crate) async fn edit_page(State(web): State<Web>, visit: Visit, Path(number): Path<String>) -> Screen {
    let case = case::get(&web.app, &visit.actor, &number).await?;
    if !case.state.is_open() {
        return closed(visit.shell, case);
    }
    let people = people(&web.app, &visit.actor, "").await?;
    let form = EditForm::of(&case);
    page(&EditPage { shell: visit.shell, case, form, people, conflicts: Vec::new(), errors: Errors::default() })
}

pub(crate) async fn edit(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Form(form): Form<EditForm>) -> Screen {
    let before = case::get(&web.app, &visit.actor, &number).await?;
    let patch = form.patch(&before, visit.shell.may_lead());
    let refused = match case::update(&web.app, &visit.actor, &number, Some(form.version), patch).await {
        Ok(case) => return Ok(see(&format!("/cases/{}", case.number))),
        Err(error) => error,
    };
    let people = people(&web.app, &visit.actor, "").await?;
    let case = case::get(&web.app, &visit.actor, &number).await?;
    let (status, conflicts, errors) = match refused {
        AppError::Conflict { conflicts, .. } => {
            let sides = conflicts.iter().map(|c| (c.field.clone(), plain(&c.theirs), plain(&c.yours))).collect();
            (StatusCode::PRECONDITION_FAILED, sides, Errors::default())
        }
        other => (StatusCode::UNPROCESSABLE_ENTITY, Vec::new(), Errors::of(other)?),
    };
    // Saving again after a conflict is a decision: it is made against what is there now.
    let form = EditForm { version: case.version, ..form };
    page_with(status, &EditPage { shell: visit.shell, case, form, people, conflicts, errors })
}

/// A JSON value as people write it.
fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[derive(Template)]
#[template(path = "case/state.html")]
struct StatePage {
    shell: Shell,
    case: CaseView,
    to: CaseState,
    verdict: String,
    closure_summary: String,
    errors: Errors,
}

/// What closing asks for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct StateForm {
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    closure_summary: String,
}

pub(crate) async fn state_page(State(web): State<Web>, visit: Visit, Path((number, state)): Path<(String, String)>) -> Screen {
    let case = case::get(&web.app, &visit.actor, &number).await?;
    let to = state.parse().map_err(|_| AppError::NotFound("state"))?;
    if !case.state.is_open() && !case.next_states.contains(&to) {
        return closed(visit.shell, case);
    }
    let (verdict, closure_summary) = (case.verdict.to_string(), case.closure_summary.clone());
    page(&StatePage { shell: visit.shell, case, to, verdict, closure_summary, errors: Errors::default() })
}

pub(crate) async fn set_state(
    State(web): State<Web>,
    visit: Visit,
    Path((number, state)): Path<(String, String)>,
    Form(form): Form<StateForm>,
) -> Screen {
    let to: CaseState = state.parse().map_err(|_| AppError::NotFound("state"))?;
    let closing = to == CaseState::Closed;
    let patch = CasePatch {
        state: Some(to),
        verdict: closing.then(|| form.verdict.parse().ok()).flatten(),
        closure_summary: closing.then(|| form.closure_summary.replace("\r\n", "\n")),
        ..CasePatch::default()
    };
    match case::update(&web.app, &visit.actor, &number, None, patch).await {
        Ok(case) => Ok(see(&format!("/cases/{}", case.number))),
        Err(error) => {
            let errors = Errors::of(error)?;
            let case = case::get(&web.app, &visit.actor, &number).await?;
            let (verdict, closure_summary) = (form.verdict, form.closure_summary);
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &StatePage { shell: visit.shell, case, to, verdict, closure_summary, errors })
        }
    }
}
