//! Puts records into a case: by id, new ones, or plain observables.

use model::artifact::{Finding, OriginKind};
use model::kind::{NewRecord, RecordInput};
use model::observable::{self, Observable};
use model::{Actor, Fields, Role};
use serde::{Deserialize, Serialize};
use store::record;

use super::incoming::{Incoming, Newcomers, Source};
use crate::App;
use crate::authorise::{open_case, require};
use crate::error::{AppError, Result};
use crate::operation::bulk::{self, Bulk};
use crate::operation::{OperationView, Skipped};
use model::operation::SkipReason;

/// The most records in one request.
const MAX_RECORDS: usize = 250_000;
/// Observables that one thread reads at least, in about 15 ms.
const READ_TOGETHER: usize = 1_000;

/// An observable as it is given: its value alone, or with its type.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum NewObservable {
    /// The type is told from the value.
    Value(String),
    /// The type is given; common aliases are understood.
    Typed {
        /// `ipv4-addr`, `domain`, `sha256`, …
        r#type: String,
        /// The value; defanged is fine.
        value: String,
    },
}

impl NewObservable {
    /// The observable that is meant.
    pub(crate) fn read(&self) -> std::result::Result<Observable, String> {
        match self {
            Self::Value(value) => Observable::guess(value).map_err(|error| error.to_string()),
            Self::Typed { r#type, value } => observable::parse_typed(r#type, value).map_err(|error| error.to_string()),
        }
    }
}

/// What to put into a case.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AddArtifacts {
    /// Records by their ids.
    pub record_ids: Vec<String>,
    /// New records of any kind.
    pub records: Vec<RecordInput>,
    /// Observables.
    pub observables: Vec<NewObservable>,
    /// Whether what they carry comes along; yes unless told.
    pub bring_along: bool,
}

impl Default for AddArtifacts {
    fn default() -> Self {
        Self { record_ids: Vec::new(), records: Vec::new(), observables: Vec::new(), bring_along: true }
    }
}

/// Adds records to a case. What is there already gets another origin; what is excluded stays so and is told.
///
/// # Errors
/// When a record is refused (all refusals are told, nothing is added), the case is not open, or the actor is a reader.
pub async fn add(app: &App, actor: &Actor, number: &str, input: AddArtifacts) -> Result<OperationView> {
    let source = Source { kind: OriginKind::Manual, reference: String::new(), title: String::new() };
    add_from(app, actor, number, input, source).await
}

/// [`add`], from somewhere.
pub(crate) async fn add_from(app: &App, actor: &Actor, number: &str, input: AddArtifacts, origin: Source) -> Result<OperationView> {
    require(actor, Role::Analyst)?;
    let (number, ids, bring_along) = (number.to_owned(), input.record_ids.clone(), input.bring_along);
    // A hundred thousand values take most of a second.
    let new = tokio::task::spawn_blocking(move || validate(&input)).await.map_err(|error| AppError::Internal(error.to_string()))??;
    app.change(actor, move |tx, stamp| {
        let case = open_case(tx, &number)?;
        let found = record::find_all(tx, &ids)?;
        let known: std::collections::HashSet<&str> = found.iter().map(|record| record.public_id.as_str()).collect();
        let skipped = ids
            .iter()
            .filter(|id| !known.contains(id.as_str()))
            .map(|id| Skipped { record_id: id.clone(), reason: SkipReason::NotFound })
            .collect();
        let incoming = Incoming {
            known: found.iter().map(|record| (record.id, record.kind)).collect(),
            new: new.clone(),
            bring_along,
            origin: origin.clone(),
        };
        bulk::start(tx, stamp, &case, Bulk::Add { incoming: Box::new(incoming) }, Vec::new(), skipped)
    })
    .await
}

/// The records that observables become. Many are read on all processors.
fn read_all(given: &[NewObservable]) -> Vec<std::result::Result<NewRecord, String>> {
    let read = |part: &[NewObservable]| -> Vec<_> {
        part.iter().map(|one| one.read().map(|observable| NewRecord::from_observable(&observable, Finding::Unknown))).collect()
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let each = given.len().div_ceil(threads).max(READ_TOGETHER);
    if given.len() <= each {
        return read(given);
    }
    std::thread::scope(|scope| {
        let parts: Vec<_> = given.chunks(each).map(|part| scope.spawn(move || read(part))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

fn validate(input: &AddArtifacts) -> Result<Newcomers> {
    let count = input.record_ids.len() + input.records.len() + input.observables.len();
    if count == 0 {
        return Err(AppError::invalid("/observables", "give at least one of record_ids, records or observables"));
    }
    if count > MAX_RECORDS {
        return Err(AppError::TooLarge { what: "the list of records".to_owned(), limit: format!("{MAX_RECORDS} records") });
    }
    let mut fields = Fields::new();
    let mut new = Vec::with_capacity(input.records.len() + input.observables.len());
    for (n, record) in input.records.iter().enumerate() {
        new.extend(NewRecord::read(record, &format!("/records/{n}"), &mut fields).map(|record| (record, String::new())));
    }
    for (n, read) in read_all(&input.observables).into_iter().enumerate() {
        new.extend(fields.keep(&format!("/observables/{n}"), read).map(|record| (record, String::new())));
    }
    fields.finish()?;
    Newcomers::new(new)
}
