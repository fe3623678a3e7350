//! Puts records into several cases at once, a new one among them.

use model::artifact::OriginKind;
use model::case::case_number;
use model::operation::SkipReason;
use model::{Actor, Role};
use serde::{Deserialize, Serialize};
use store::case::Case;
use store::record;

use crate::App;
use crate::artifact::{Incoming, Newcomers, Source};
use crate::authorise::{open_case, require};
use crate::case::{CaseInput, insert, validate};
use crate::error::{AppError, Result};
use crate::operation::bulk::{self, Bulk};
use crate::operation::{OperationView, Skipped};

/// The most cases at once.
const MAX_CASES: usize = 50;
/// The most records at once.
const MAX_RECORDS: usize = 2_000;

/// A case to open for the records.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewCase {
    /// What it is called.
    pub name: String,
    /// Markdown.
    pub description: String,
    /// Whether only whoever opens it may know of it.
    pub restricted: bool,
}

/// Which records go into which cases.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AddToCases {
    /// Records by their ids.
    pub record_ids: Vec<String>,
    /// Open cases.
    pub case_numbers: Vec<String>,
    /// One more, to be opened.
    pub new_case: Option<NewCase>,
    /// Whether what they carry comes along; yes unless told.
    pub bring_along: Option<bool>,
}

/// A case into which records went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AddedTo {
    /// `SECC0001001`.
    pub number: String,
    /// What it is called.
    pub name: String,
    /// Whether it was opened for this.
    pub created: bool,
    /// What was added, to be undone.
    pub operation: OperationView,
}

/// Adds records to cases: all of it, or nothing.
///
/// # Errors
/// When nothing is selected, a case is not open, the new case is refused, or the actor is a reader.
pub async fn add_to_cases(app: &App, actor: &Actor, input: AddToCases) -> Result<Vec<AddedTo>> {
    require(actor, Role::Analyst)?;
    check(&input)?;
    let new_case = input
        .new_case
        .as_ref()
        .map(|new| {
            let description = new.description.clone();
            let given = CaseInput { name: new.name.clone(), description, restricted: new.restricted, ..CaseInput::default() };
            validate(&given, actor, app.now()).map_err(below("/new_case"))
        })
        .transpose()?;
    app.change(actor, move |tx, stamp| {
        let mut cases: Vec<(Case, bool)> = Vec::new();
        for number in &input.case_numbers {
            let case = open_case(tx, number)?;
            if cases.iter().all(|(known, _)| known.id != case.id) {
                cases.push((case, false));
            }
        }
        if let Some((case, around)) = &new_case {
            cases.push((insert(tx, stamp, case, around)?, true));
        }
        let found = record::find_all(tx, &input.record_ids)?;
        if found.is_empty() {
            return Err(AppError::NotFound("record"));
        }
        let skipped: Vec<Skipped> = input
            .record_ids
            .iter()
            .filter(|id| found.iter().all(|record| record.public_id != **id))
            .map(|id| Skipped { record_id: id.clone(), reason: SkipReason::NotFound })
            .collect();
        let incoming = Incoming {
            known: found.iter().map(|record| (record.id, record.kind)).collect(),
            new: Newcomers::default(),
            bring_along: input.bring_along.unwrap_or(true),
            origin: Source { kind: OriginKind::Manual, reference: String::new(), title: String::new() },
        };
        let mut added = Vec::with_capacity(cases.len());
        for (n, (case, created)) in cases.into_iter().enumerate() {
            let bulk = Bulk::Add { incoming: Box::new(incoming.clone()) };
            // Each case has an operation of its own, and so needs ids of its own.
            let operation = bulk::start(tx, &stamp.part(n), &case, bulk, Vec::new(), skipped.clone())?;
            added.push(AddedTo { number: case_number(case.number), name: case.name, created, operation });
        }
        Ok(added)
    })
    .await
}

fn check(input: &AddToCases) -> Result<()> {
    if input.record_ids.is_empty() {
        return Err(AppError::invalid("/record_ids", "select at least one record"));
    }
    if input.record_ids.len() > MAX_RECORDS {
        return Err(AppError::invalid("/record_ids", format!("names {} records; at most {MAX_RECORDS} at once", input.record_ids.len())));
    }
    if input.case_numbers.is_empty() && input.new_case.is_none() {
        return Err(AppError::invalid("/case_numbers", "choose at least one case, or name a new one"));
    }
    if input.case_numbers.len() > MAX_CASES {
        return Err(AppError::invalid("/case_numbers", format!("at most {MAX_CASES} cases at once")));
    }
    Ok(())
}

/// Moves refusals below a pointer.
fn below(place: &'static str) -> impl Fn(AppError) -> AppError {
    move |error| match error {
        AppError::Invalid(mut refusals) => {
            for refusal in &mut refusals {
                refusal.pointer = format!("{place}{}", refusal.pointer);
            }
            AppError::Invalid(refusals)
        }
        other => other,
    }
}
