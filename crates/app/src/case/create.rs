//! Opens a case.

use std::collections::BTreeMap;

use model::case::{CaseState, CaseType, Pap, Rating, Tlp, Verdict, case_number};
use model::webhook::EventType;
use model::{Actor, Fields, Role, Stamp, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::case::{Around, Case};
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{Tx, account, case, change, journal};

use super::CaseView;
use crate::App;
use crate::authorise::require;
use crate::error::Result;
use crate::webhook;

/// The longest name of a case, in characters.
pub(crate) const MAX_NAME: usize = 200;
/// The longest short description, in characters.
pub(crate) const MAX_SHORT: usize = 1_000;
/// The longest Markdown field, in characters.
pub(crate) const MAX_TEXT: usize = 200_000;
/// The most names or tags in one list.
pub(crate) const MAX_LIST: usize = 200;
/// The number of the first case.
const FIRST_NUMBER: i64 = 1_001;

/// A new case. Only its name is needed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CaseInput {
    /// What it is called.
    pub name: String,
    /// What it is about; threat hunting unless told.
    pub case_type: Option<CaseType>,
    /// How much it matters; moderate unless told.
    pub rating: Option<Rating>,
    /// One line.
    pub short_description: String,
    /// Markdown.
    pub description: String,
    /// A login name; whoever creates the case unless told.
    pub assigned_to: Option<String>,
    /// When it is due.
    pub due_at: Option<Timestamp>,
    /// Who may be told; amber unless told.
    pub tlp: Option<Tlp>,
    /// What may be done with it; amber unless told.
    pub pap: Option<Pap>,
    /// Words.
    pub tags: Vec<String>,
    /// Login names.
    pub contributors: Vec<String>,
    /// Whether only those let in may know of it.
    pub restricted: bool,
    /// Login names let in; whoever creates the case is among them.
    pub allowed_accounts: Vec<String>,
    /// Groups let in.
    pub allowed_groups: Vec<String>,
}

/// Opens a case in *Draft*, with the next number.
///
/// # Errors
/// When the input is wrong or the actor is a reader.
pub async fn create(app: &App, actor: &Actor, input: CaseInput) -> Result<CaseView> {
    require(actor, Role::Analyst)?;
    let (case, around) = validate(&input, actor, app.now())?;
    app.change(actor, move |tx, stamp| {
        let case = insert(tx, stamp, &case, &around)?;
        CaseView::load(tx, case)
    })
    .await
}

/// Stores a validated case with the next number, journals and announces it: for all verbs that open cases.
pub(crate) fn insert(tx: &mut Tx<'_>, stamp: &Stamp, case: &Case, around: &Around) -> Result<Case> {
    check_people(tx, case, around)?;
    let number = case::next_number(tx, "security_case", FIRST_NUMBER)?;
    let mut case = Case { number, created_at: stamp.at, updated_at: stamp.at, ..case.clone() };
    case.id = case::insert(tx, &case)?;
    case::set_around(tx, case.id, around)?;
    let details = json!({ "name": case.name, "restricted": case.restricted });
    journal::append(tx, stamp, &Deed { verb: "case.create", object: &case_number(number), details }, ShownIn::Case(case.id))?;
    change::announce(tx, stamp, Topic::Case, case.id)?;
    webhook::raise(tx, stamp, EventType::CaseCreated, &case, &webhook::case_data(&case))?;
    Ok(case)
}

/// Checks a new case and fills in what was left open.
pub(crate) fn validate(input: &CaseInput, actor: &Actor, now: Timestamp) -> Result<(Case, Around)> {
    let mut fields = Fields::new();
    let name = fields.line("/name", &input.name, MAX_NAME);
    let short_description = optional_line(&mut fields, "/short_description", &input.short_description, MAX_SHORT);
    let description = fields.text("/description", &input.description, MAX_TEXT);
    let mut around = Around {
        contributors: names(&mut fields, "/contributors", &input.contributors),
        tags: names(&mut fields, "/tags", &input.tags),
        allowed_accounts: names(&mut fields, "/allowed_accounts", &input.allowed_accounts),
        allowed_groups: names(&mut fields, "/allowed_groups", &input.allowed_groups),
        ..Around::default()
    };
    fields.finish()?;
    let assigned_to = input.assigned_to.clone().unwrap_or_else(|| if actor.account == 0 { String::new() } else { actor.name.clone() });
    if input.restricted {
        let own = [actor.name.clone(), assigned_to.clone()];
        around.allowed_accounts.extend(own.into_iter().filter(|name| !name.is_empty() && !name.starts_with("operator:")));
        around.allowed_accounts.sort();
        around.allowed_accounts.dedup();
    }
    let case = Case {
        id: 0,
        number: 0,
        name,
        case_type: input.case_type.unwrap_or(CaseType::ThreatHunting),
        rating: input.rating.unwrap_or(Rating::Moderate),
        state: CaseState::Draft,
        short_description,
        description,
        assigned_to,
        due_at: input.due_at.unwrap_or(Timestamp::NEVER),
        tlp: input.tlp.unwrap_or(Tlp::Amber),
        pap: input.pap.unwrap_or(Pap::Amber),
        restricted: input.restricted,
        findings: String::new(),
        recommendations: String::new(),
        closure_summary: String::new(),
        verdict: Verdict::Undetermined,
        created_by: actor.name.clone(),
        created_at: now,
        updated_by: actor.name.clone(),
        updated_at: now,
        closed_at: Timestamp::NEVER,
        version: 1,
        field_versions: BTreeMap::new(),
    };
    Ok((case, around))
}

/// Refuses names of people and groups that there are not.
pub(crate) fn check_people(tx: &mut Tx<'_>, case: &Case, around: &Around) -> Result<()> {
    let mut fields = Fields::new();
    let lists: [(&str, Vec<&String>); 5] = [
        ("/assigned_to", (!case.assigned_to.is_empty()).then_some(&case.assigned_to).into_iter().collect()),
        ("/contributors", around.contributors.iter().collect()),
        ("/watchers", around.watchers.iter().collect()),
        ("/work_notes_list", around.work_notes_list.iter().collect()),
        ("/allowed_accounts", around.allowed_accounts.iter().collect()),
    ];
    let all: Vec<&str> = lists.iter().flat_map(|(_, names)| names.iter().map(|name| name.as_str())).collect();
    let known = account::known_names(tx, &all)?;
    for (pointer, names) in lists {
        for name in names.into_iter().filter(|name| !known.contains(name.as_str())) {
            fields.refuse(pointer, format!("there is no account `{name}`"));
        }
    }
    let groups: Vec<&str> = around.allowed_groups.iter().map(String::as_str).collect();
    let known = account::known_groups(tx, &groups)?;
    for name in groups.into_iter().filter(|name| !known.contains(*name)) {
        fields.refuse("/allowed_groups", format!("there is no group `{name}`"));
    }
    Ok(fields.finish()?)
}

/// A line that may be empty.
pub(crate) fn optional_line(fields: &mut Fields, pointer: &str, value: &str, max: usize) -> String {
    if value.trim().is_empty() { String::new() } else { fields.line(pointer, value, max) }
}

/// A list of short words: trimmed, sorted, each once.
pub(crate) fn names(fields: &mut Fields, pointer: &str, given: &[String]) -> Vec<String> {
    if given.len() > MAX_LIST {
        fields.refuse(pointer, format!("has {} entries; at most {MAX_LIST} are allowed", given.len()));
        return Vec::new();
    }
    let mut names: Vec<String> = given.iter().filter(|name| !name.trim().is_empty()).map(|name| fields.line(pointer, name, 100)).collect();
    names.sort();
    names.dedup();
    names
}
