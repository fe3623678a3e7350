//! Changes a case's own fields. Two people's changes to different fields merge; to the same field, the later is refused
//! and told what is there now.

use std::collections::BTreeMap;

use model::case::{CaseState, CaseType, Pap, Rating, Tlp, Verdict, case_number};
use model::webhook::EventType;
use model::{Actor, Fields, Role, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use store::case::{Around, Case};
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{Tx, case, change, journal};

use super::CaseView;
use super::create::{MAX_NAME, MAX_SHORT, MAX_TEXT, check_people, names, optional_line};
use crate::App;
use crate::authorise::{find_case, require, require_part};
use crate::error::{AppError, Conflict, Result};
use crate::webhook;

/// Changes to a case: only the fields that are given.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CasePatch {
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case_type: Option<CaseType>,
    /// How much it matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    /// Where it stands from now on. Closing needs a verdict and a closure summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<CaseState>,
    /// One line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_description: Option<String>,
    /// Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A login name, or empty for nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<String>,
    /// Login names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contributors: Option<Vec<String>>,
    /// Login names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watchers: Option<Vec<String>>,
    /// Login names that may read work notes of that audience.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_notes_list: Option<Vec<String>>,
    /// When it is due: a time, or empty for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<String>,
    /// Who may be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tlp: Option<Tlp>,
    /// What may be done with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pap: Option<Pap>,
    /// Words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Whether only those let in may know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restricted: Option<bool>,
    /// Login names let in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_accounts: Option<Vec<String>>,
    /// Groups let in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_groups: Option<Vec<String>>,
    /// Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<String>,
    /// Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recommendations: Option<String>,
    /// Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closure_summary: Option<String>,
    /// What the hunt found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
}

/// Changes a case. `if_match` is the version that the actor saw; without it, nothing conflicts.
///
/// # Errors
/// When the input is wrong, the role too small, the case not in a state to be changed, or someone changed the same field.
pub async fn update(app: &App, actor: &Actor, number: &str, if_match: Option<i64>, patch: CasePatch) -> Result<CaseView> {
    require(actor, Role::Analyst)?;
    let (number, who) = (number.to_owned(), actor.clone());
    app.change(actor, move |tx, stamp| {
        let mut case = find_case(tx, &number)?;
        let mut around = case::around(tx, case.id)?;
        let before = snapshot(&case, &around)?;
        authorise(tx, &who, &case, &patch)?;
        check_state(&case, &patch)?;
        let was_restricted = case.restricted;
        apply(&patch, &mut case, &mut around)?;
        if case.restricted && !was_restricted {
            let_in(&mut around, [&who.name, &case.assigned_to]);
        }
        check_closing(&case)?;
        check_people(tx, &case, &around)?;
        let changed = difference(&before, &snapshot(&case, &around)?);
        refuse_conflicts(tx, &case, if_match, &changed)?;
        if changed.is_empty() {
            return CaseView::load(tx, case);
        }
        case.version += 1;
        case.updated_at = stamp.at;
        case.updated_by.clone_from(&stamp.actor);
        if changed.contains_key("state") {
            case.closed_at = if case.state == CaseState::Closed { stamp.at } else { Timestamp::NEVER };
        }
        for field in changed.keys() {
            case.field_versions.insert(field.clone(), case.version);
        }
        case::update(tx, &case)?;
        case::set_around(tx, case.id, &around)?;
        let changes: BTreeMap<&String, [&Json; 2]> = changed.iter().map(|(field, (old, new))| (field, [old, new])).collect();
        let deed = Deed { verb: "case.update", object: &case_number(case.number), details: json!({ "changes": changes }) };
        journal::append(tx, stamp, &deed, ShownIn::Case(case.id))?;
        change::announce(tx, stamp, Topic::Case, case.id)?;
        if case.state == CaseState::Closed && changed.contains_key("state") {
            webhook::raise(tx, stamp, EventType::CaseClosed, &case, &webhook::case_data(&case))?;
        }
        CaseView::load(tx, case)
    })
    .await
}

/// Whoever restricts a case, and whoever has it, stays in it.
fn let_in(around: &mut Around, names: [&String; 2]) {
    around.allowed_accounts.extend(names.into_iter().filter(|name| !name.is_empty() && !name.starts_with("operator:")).cloned());
    around.allowed_accounts.sort();
    around.allowed_accounts.dedup();
}

fn authorise(tx: &mut Tx<'_>, actor: &Actor, case: &Case, patch: &CasePatch) -> Result<()> {
    if patch.restricted.is_some_and(|restricted| restricted != case.restricted) {
        require(actor, Role::Lead)?;
    }
    if patch.assigned_to.is_some() || patch.state.is_some() {
        require_part(tx, actor, case)?;
    }
    Ok(())
}

fn check_state(case: &Case, patch: &CasePatch) -> Result<()> {
    let number = case_number(case.number);
    if let Some(state) = patch.state.filter(|state| *state != case.state)
        && !case.state.next().contains(&state)
    {
        let next: Vec<&str> = case.state.next().iter().map(|state| state.as_str()).collect();
        let from = case.state.label().to_lowercase();
        return Err(AppError::State(format!("{number} is in {from}; from there it can go to {}", next.join(", "))));
    }
    let only_state = CasePatch { state: patch.state, ..CasePatch::default() };
    let more = serde_json::to_value(patch).ok() != serde_json::to_value(only_state).ok();
    if !case.state.is_open() && more {
        return Err(AppError::State(format!("{number} is {}: reopen it first", case.state.label().to_lowercase())));
    }
    Ok(())
}

fn check_closing(case: &Case) -> Result<()> {
    if case.state != CaseState::Closed {
        return Ok(());
    }
    let mut fields = Fields::new();
    if case.verdict == Verdict::Undetermined {
        fields.refuse(
            "/verdict",
            "say what the hunt found before closing: a targeted campaign, opportunistic, coincidence or a false positive",
        );
    }
    if case.closure_summary.trim().is_empty() {
        fields.refuse("/closure_summary", "say in a sentence or two why, before closing");
    }
    Ok(fields.finish()?)
}

fn apply(patch: &CasePatch, case: &mut Case, around: &mut Around) -> Result<()> {
    let mut fields = Fields::new();
    let f = &mut fields;
    set(&mut case.name, patch.name.as_ref().map(|text| f.line("/name", text, MAX_NAME)));
    set(&mut case.case_type, patch.case_type);
    set(&mut case.rating, patch.rating);
    set(&mut case.state, patch.state);
    set(&mut case.short_description, patch.short_description.as_ref().map(|t| optional_line(f, "/short_description", t, MAX_SHORT)));
    set(&mut case.description, patch.description.as_ref().map(|text| f.text("/description", text, MAX_TEXT)));
    set(&mut case.assigned_to, patch.assigned_to.as_ref().map(|text| optional_line(f, "/assigned_to", text, 100)));
    if let Some(text) = &patch.due_at {
        let due = if text.trim().is_empty() { Some(Timestamp::NEVER) } else { f.keep("/due_at", text.parse()) };
        set(&mut case.due_at, due);
    }
    set(&mut case.tlp, patch.tlp);
    set(&mut case.pap, patch.pap);
    set(&mut case.restricted, patch.restricted);
    set(&mut case.findings, patch.findings.as_ref().map(|text| f.text("/findings", text, MAX_TEXT)));
    set(&mut case.recommendations, patch.recommendations.as_ref().map(|text| f.text("/recommendations", text, MAX_TEXT)));
    set(&mut case.closure_summary, patch.closure_summary.as_ref().map(|text| f.text("/closure_summary", text, MAX_TEXT)));
    set(&mut case.verdict, patch.verdict);
    set(&mut around.contributors, patch.contributors.as_ref().map(|list| names(f, "/contributors", list)));
    set(&mut around.watchers, patch.watchers.as_ref().map(|list| names(f, "/watchers", list)));
    set(&mut around.work_notes_list, patch.work_notes_list.as_ref().map(|list| names(f, "/work_notes_list", list)));
    set(&mut around.tags, patch.tags.as_ref().map(|list| names(f, "/tags", list)));
    set(&mut around.allowed_accounts, patch.allowed_accounts.as_ref().map(|list| names(f, "/allowed_accounts", list)));
    set(&mut around.allowed_groups, patch.allowed_groups.as_ref().map(|list| names(f, "/allowed_groups", list)));
    Ok(fields.finish()?)
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// The fields that can be changed, by name, as JSON: what is compared, journalled and told in conflicts.
fn snapshot(case: &Case, around: &Around) -> Result<BTreeMap<String, Json>> {
    let all = json!({
        "name": case.name,
        "case_type": case.case_type,
        "rating": case.rating,
        "state": case.state,
        "short_description": case.short_description,
        "description": case.description,
        "assigned_to": case.assigned_to,
        "contributors": around.contributors,
        "watchers": around.watchers,
        "work_notes_list": around.work_notes_list,
        "due_at": case.due_at.set(),
        "tlp": case.tlp,
        "pap": case.pap,
        "tags": around.tags,
        "restricted": case.restricted,
        "allowed_accounts": around.allowed_accounts,
        "allowed_groups": around.allowed_groups,
        "findings": case.findings,
        "recommendations": case.recommendations,
        "closure_summary": case.closure_summary,
        "verdict": case.verdict,
    });
    serde_json::from_value(all).map_err(|error| AppError::Internal(error.to_string()))
}

type Changed = BTreeMap<String, (Json, Json)>;

fn difference(before: &BTreeMap<String, Json>, after: &BTreeMap<String, Json>) -> Changed {
    let changed = after.iter().filter_map(|(field, new)| {
        let old = before.get(field).filter(|old| *old != new)?;
        Some((field.clone(), (old.clone(), new.clone())))
    });
    changed.collect()
}

fn refuse_conflicts(tx: &mut Tx<'_>, case: &Case, if_match: Option<i64>, changed: &Changed) -> Result<()> {
    let Some(seen) = if_match else { return Ok(()) };
    // A version that does not exist yet was seen by nobody: nothing can be said of what it was.
    let unknown = seen > case.version;
    let newer = |field: &str| unknown || case.field_versions.get(field).is_some_and(|version| *version > seen);
    let conflicts: Vec<Conflict> = changed
        .iter()
        .filter(|(field, _)| newer(field))
        .map(|(field, (theirs, yours))| Conflict { field: field.clone(), theirs: theirs.clone(), yours: yours.clone() })
        .collect();
    if conflicts.is_empty() && !unknown {
        return Ok(());
    }
    let stored = case::find_by_id(tx, case.id)?.ok_or(AppError::NotFound("case"))?;
    let current = serde_json::to_value(CaseView::load(tx, stored)?).map_err(|error| AppError::Internal(error.to_string()))?;
    Err(AppError::Conflict { conflicts, current })
}
