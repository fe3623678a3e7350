//! The list of cases, and opening one.

use app::account::{PersonView, people};
use app::case::{self, CaseInput, CaseQuery, CaseSummary};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use model::case::{CaseState, CaseType, Rating, Tlp};
use model::list::Page;
use serde::Deserialize;

use super::form::lines;
use super::{Errors, Form, Screen, Shell, Visit, page, page_with, see};
use crate::Web;
use crate::params::Query;
use crate::ui::door::encode;

#[derive(Template)]
#[template(path = "cases.html")]
struct CasesPage {
    shell: Shell,
    query: CaseQuery,
    cases: Page<CaseSummary>,
}

impl CasesPage {
    /// The same list with one parameter changed, from its first page.
    fn link(&self, name: &str, value: &str) -> String {
        let q = &self.query;
        let all = [
            ("q", &q.q),
            ("state", &q.state),
            ("rating", &q.rating),
            ("case_type", &q.case_type),
            ("tlp", &q.tlp),
            ("assigned_to", &q.assigned_to),
            ("tag", &q.tag),
            ("sort", &q.sort),
        ];
        link("/cases", &all, name, value)
    }

    /// The link and `aria-sort` of a column's head.
    fn sort(&self, column: &str) -> Head {
        head(&self.query.sort, "-updated_at", column, |value| self.link("sort", value))
    }

    /// Whether the list is of one state, and not of all open ones.
    fn one_state(&self) -> bool {
        self.query.state.parse::<CaseState>().is_ok()
    }

    fn filtered(&self) -> bool {
        let q = &self.query;
        self.one_state() || [&q.q, &q.rating, &q.case_type, &q.tlp, &q.tag].iter().any(|text| !text.is_empty())
    }
}

/// The head of a column that can be sorted by.
pub(crate) struct Head {
    pub(crate) href: String,
    /// `ascending`, `descending` or `none`.
    pub(crate) sorted: &'static str,
}

/// The head of a column, given what the list is sorted by.
pub(crate) fn head(sort: &str, default: &str, column: &str, link: impl Fn(&str) -> String) -> Head {
    let sort = if sort.is_empty() { default } else { sort };
    let (name, descending) = sort.strip_prefix('-').map_or((sort, false), |name| (name, true));
    let (next, sorted) = match (name == column, descending) {
        (true, true) => (column.to_owned(), "descending"),
        (true, false) => (format!("-{column}"), "ascending"),
        (false, _) => (if column.ends_with("_at") { format!("-{column}") } else { column.to_owned() }, "none"),
    };
    Head { href: link(&next), sorted }
}

/// A path with its parameters, one of them changed; empty ones are left out.
pub(crate) fn link(path: &str, parameters: &[(&str, &String)], name: &str, value: &str) -> String {
    let mut pairs: Vec<String> = parameters
        .iter()
        .filter(|(key, text)| *key != name && !text.is_empty())
        .map(|(key, text)| format!("{key}={}", encode(text)))
        .collect();
    if !value.is_empty() {
        pairs.push(format!("{name}={}", encode(value)));
    }
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

pub(crate) async fn list(State(web): State<Web>, visit: Visit, Query(query): Query<ScreenQuery>) -> Screen {
    let query = query.list;
    let cases = case::list(&web.app, &visit.actor, query.clone()).await?;
    page(&CasesPage { shell: visit.shell, query, cases })
}

/// The list's query, and what pages carry beside it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ScreenQuery {
    #[serde(flatten)]
    list: CaseQuery,
}

#[derive(Template)]
#[template(path = "case/new.html")]
struct NewPage {
    shell: Shell,
    form: NewForm,
    people: Vec<PersonView>,
    errors: Errors,
}

/// The form of a new case.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct NewForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    case_type: String,
    #[serde(default)]
    rating: String,
    #[serde(default)]
    tlp: String,
    #[serde(default)]
    short_description: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    assigned_to: Option<String>,
    #[serde(default)]
    tags: String,
    #[serde(default)]
    restricted: Option<String>,
}

pub(crate) async fn new_page(State(web): State<Web>, visit: Visit) -> Screen {
    let people = people(&web.app, &visit.actor, "").await?;
    let form = NewForm {
        case_type: CaseType::ThreatHunting.to_string(),
        rating: Rating::Moderate.to_string(),
        tlp: Tlp::Amber.to_string(),
        assigned_to: Some(visit.actor.name.clone()),
        ..NewForm::default()
    };
    page(&NewPage { shell: visit.shell, form, people, errors: Errors::default() })
}

pub(crate) async fn create(State(web): State<Web>, visit: Visit, Form(form): Form<NewForm>) -> Screen {
    let input = CaseInput {
        name: form.name.clone(),
        case_type: form.case_type.parse().ok(),
        rating: form.rating.parse().ok(),
        tlp: form.tlp.parse().ok(),
        short_description: form.short_description.clone(),
        description: form.description.clone(),
        assigned_to: form.assigned_to.clone(),
        tags: lines(&form.tags),
        restricted: form.restricted.is_some(),
        ..CaseInput::default()
    };
    match case::create(&web.app, &visit.actor, input).await {
        Ok(case) => Ok(see(&format!("/cases/{}?saved=case:new:description", case.number))),
        Err(error) => {
            let errors = Errors::of(error)?;
            let people = people(&web.app, &visit.actor, "").await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &NewPage { shell: visit.shell, form, people, errors })
        }
    }
}
