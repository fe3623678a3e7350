//! Puts selected records into security cases: open ones, several at once, or a new one.

use app::AppError;
use app::artifact::{self, ArtifactQuery};
use app::case::{self, CaseQuery, CaseSummary};
use app::operation::{self, OperationView};
use app::record::{self, AddToCases, NewCase, RecordQuery, RecordView};
use app::text::counted;
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::back;
use crate::Web;
use crate::error::Failure;
use crate::params::Query;
use crate::ui::{Errors, Form, Screen, Shell, Visit, page, page_with, see, words};

/// The most records at once.
const MAX_RECORDS: usize = 2_000;
/// The most cases that are offered.
const OFFERED: u32 = 20;
/// How many of the records are named.
const NAMED: usize = 5;

/// A selection from any list, and what was chosen so far.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct AskForm {
    #[serde(default)]
    record: Vec<String>,
    #[serde(default)]
    all_matching: Option<String>,
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
    /// The case whose list it was selected in.
    #[serde(default)]
    from_case: String,
    #[serde(default)]
    back: String,
    #[serde(default)]
    cases_q: String,
    #[serde(default)]
    case_number: Vec<String>,
    #[serde(default)]
    new_name: String,
    #[serde(default)]
    new_description: String,
    #[serde(default)]
    new_restricted: Option<String>,
    #[serde(default)]
    bring_along: Option<String>,
    /// Set by the form itself, where an unticked box means no.
    #[serde(default)]
    asked: Option<String>,
}

#[derive(Template)]
#[template(path = "records/to_cases.html")]
struct AskPage {
    shell: Shell,
    form: AskForm,
    /// Every selected record's id.
    records: Vec<String>,
    /// The first of them, as they are shown.
    named: Vec<RecordView>,
    cases: Vec<CaseSummary>,
    more_cases: bool,
    errors: Errors,
}

impl AskPage {
    fn ticked(&self, number: &str) -> bool {
        self.form.case_number.iter().any(|one| one == number)
    }

    fn bring_along(&self) -> bool {
        self.form.asked.is_none() || self.form.bring_along.is_some()
    }

    /// `12 records`.
    fn counted(&self) -> String {
        counted(self.records.len() as i64, "record")
    }

    /// `7 others`, that are not named.
    fn rest(&self) -> Option<String> {
        let rest = self.records.len().saturating_sub(self.named.len()) as i64;
        (rest > 0).then(|| counted(rest, "other"))
    }

    fn artifacts(&self, case: &CaseSummary) -> String {
        counted(case.artifacts, "artifact")
    }
}

/// The page for a link, and for the search among cases.
pub(crate) async fn ask_for(State(web): State<Web>, visit: Visit, headers: HeaderMap, Query(form): Query<AskForm>) -> Screen {
    show(&web, visit, form, &headers, None).await
}

/// The page for a selection.
pub(crate) async fn ask(State(web): State<Web>, visit: Visit, headers: HeaderMap, Form(form): Form<AskForm>) -> Screen {
    show(&web, visit, form, &headers, None).await
}

async fn show(web: &Web, visit: Visit, mut form: AskForm, headers: &HeaderMap, refused: Option<Errors>) -> Screen {
    let came_from = referred(headers);
    if form.back.is_empty() {
        form.back = back(&words::without_toast(&came_from), "/cases");
    }
    let (records, refused) = match selected(web, &visit, &form, &came_from).await {
        Ok(records) => (records, refused),
        Err(Failure(AppError::Invalid(errors))) => (Vec::new(), Some(Errors(errors))),
        Err(other) => return Err(other),
    };
    let mut named = Vec::new();
    for id in records.iter().take(NAMED) {
        named.extend(record::get(&web.app, &visit.actor, id).await.ok().map(|details| details.record));
    }
    let (cases, more_cases) = offered(web, &visit, &form).await?;
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page_with(status, &AskPage { shell: visit.shell, form, records, named, cases, more_cases, errors: refused.unwrap_or_default() })
}

/// The ids of a selection; all that match are looked up, as far as they can be taken at once.
async fn selected(web: &Web, visit: &Visit, form: &AskForm, came_from: &str) -> Result<Vec<String>, Failure> {
    let mut ids = if form.all_matching.is_some() { matching(web, visit, form, came_from).await? } else { form.record.clone() };
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| !id.is_empty() && seen.insert(id.clone()));
    if ids.len() > MAX_RECORDS { Err(too_many().into()) } else { Ok(ids) }
}

fn too_many() -> AppError {
    let detail = "more than 2,000 are selected, which is the most that is added at once: narrow the search, and add them part by part";
    AppError::invalid("/record", detail)
}

async fn matching(web: &Web, visit: &Visit, form: &AskForm, came_from: &str) -> Result<Vec<String>, Failure> {
    let number = if form.from_case.is_empty() { case_of(came_from) } else { Some(form.from_case.clone()) };
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let (found, next) = match &number {
            Some(number) => {
                let query = ArtifactQuery {
                    kind: form.kind.clone(),
                    q: form.q.clone(),
                    status: form.status.clone(),
                    category: form.category.clone(),
                    finding: form.finding.clone(),
                    cursor,
                    limit: Some(100),
                    ..ArtifactQuery::default()
                };
                let found = artifact::list(&web.app, &visit.actor, number, query).await?;
                (found.items.into_iter().map(|one| one.record.id).collect::<Vec<_>>(), found.next_cursor)
            }
            None => {
                let query = RecordQuery {
                    kind: form.kind.clone(),
                    q: form.q.clone(),
                    category: form.category.clone(),
                    finding: form.finding.clone(),
                    cursor,
                    limit: Some(100),
                    ..RecordQuery::default()
                };
                let found = record::list(&web.app, &visit.actor, query).await?;
                (found.items.into_iter().map(|one| one.id).collect::<Vec<_>>(), found.next_cursor)
            }
        };
        ids.extend(found);
        match next {
            _ if ids.len() > MAX_RECORDS => return Err(too_many().into()),
            Some(next) => cursor = next,
            None => return Ok(ids),
        }
    }
}

/// Open cases to choose from: my own, or those that match; what is ticked already stays in sight.
async fn offered(web: &Web, visit: &Visit, form: &AskForm) -> Result<(Vec<CaseSummary>, bool), Failure> {
    let list = |q: &str, assigned_to: &str| {
        let query = CaseQuery {
            q: q.to_owned(),
            state: "open".to_owned(),
            assigned_to: assigned_to.to_owned(),
            limit: Some(OFFERED),
            ..CaseQuery::default()
        };
        case::list(&web.app, &visit.actor, query)
    };
    let mut found = list(&form.cases_q, if form.cases_q.is_empty() { "me" } else { "" }).await?;
    if found.items.is_empty() && form.cases_q.is_empty() {
        found = list("", "").await?;
    }
    let mut cases = Vec::new();
    for number in &form.case_number {
        if found.items.iter().all(|one| one.number != *number) {
            let ticked = list(number, "").await?;
            cases.extend(ticked.items.into_iter().filter(|one| one.number == *number));
        }
    }
    cases.extend(found.items);
    Ok((cases, found.next_cursor.is_some()))
}

/// Adds them, and shows what came of it.
pub(crate) async fn add(State(web): State<Web>, visit: Visit, headers: HeaderMap, Form(form): Form<AskForm>) -> Screen {
    let new_case = (!form.new_name.trim().is_empty() || !form.new_description.trim().is_empty()).then(|| NewCase {
        name: form.new_name.clone(),
        description: form.new_description.replace("\r\n", "\n"),
        restricted: form.new_restricted.is_some(),
    });
    let input = AddToCases {
        record_ids: form.record.clone(),
        case_numbers: form.case_number.clone(),
        new_case,
        bring_along: Some(form.bring_along.is_some()),
    };
    match record::add_to_cases(&web.app, &visit.actor, input).await {
        Ok(added) => {
            let into: Vec<String> = added.iter().map(|one| format!("in={}:{}", one.number, one.operation.operation_id)).collect();
            let to = crate::ui::door::encode(&back(&form.back, "/cases"));
            Ok(see(&format!("/records/add-to-cases/done?{}&back={to}&saved=to-cases:description", into.join("&"))))
        }
        Err(AppError::Invalid(errors)) => {
            let named = |mut error: model::FieldError| {
                error.pointer = match error.pointer.as_str() {
                    "/new_case/name" => "/new_name".to_owned(),
                    "/new_case/description" => "/new_description".to_owned(),
                    other => other.to_owned(),
                };
                error
            };
            let errors = Errors(errors.into_iter().map(named).collect());
            show(&web, visit, form, &headers, Some(errors)).await
        }
        Err(other) => Err(other.into()),
    }
}

/// What came of it: `in=<case>:<operation>`, once a case.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct DoneQuery {
    #[serde(default)]
    r#in: Vec<String>,
    #[serde(default)]
    back: String,
}

/// A case into which records went.
struct Into {
    number: String,
    name: String,
    done: OperationView,
}

#[derive(Template)]
#[template(path = "records/added.html")]
struct DonePage {
    shell: Shell,
    cases: Vec<Into>,
    back: String,
}

impl DonePage {
    fn counted(&self) -> String {
        counted(self.cases.len() as i64, "security case")
    }
}

pub(crate) async fn done(State(web): State<Web>, visit: Visit, Query(query): Query<DoneQuery>) -> Screen {
    let mut cases = Vec::new();
    for (number, id) in query.r#in.iter().take(51).filter_map(|one| one.split_once(':')) {
        // What may not be seen any more is left out.
        let Ok(case) = case::get(&web.app, &visit.actor, number).await else { continue };
        let Ok(done) = operation::get(&web.app, &visit.actor, id).await else { continue };
        cases.push(Into { number: case.number, name: case.name, done });
    }
    page(&DonePage { shell: visit.shell, cases, back: back(&query.back, "/cases") })
}

/// The path of the page that a form was sent from.
fn referred(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let from = text("hx-current-url").or_else(|| text("referer")).unwrap_or_default();
    from.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap_or_default()
}

/// The case whose artifacts a page shows.
fn case_of(path: &str) -> Option<String> {
    let mut parts = path.split(['/', '?']);
    let (_, cases, number, section) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    (cases == "cases" && section == "artifacts").then(|| number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::case_of;

    #[test]
    fn all_that_match_is_asked_of_the_list_that_it_was_said_in() {
        assert_eq!(case_of("/cases/SECC0001001/artifacts?kind=user&q=a/b"), Some("SECC0001001".to_owned()));
        assert_eq!(case_of("/records/users?q=/cases/SECC0001001/artifacts"), None);
        assert_eq!(case_of(""), None);
    }
}
