//! How bulk actions run: small ones in the request's own transaction, large ones as a job in chunks, so that nobody
//! else's write waits for them.

use std::collections::{HashMap, HashSet};

use model::Stamp;
use model::artifact::{ExclusionReason, Status};
use model::case::case_number;
use model::list::thousands;
use model::operation::{OperationState, OperationVerb, SkipReason};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::artifact::StatusChange;
use store::case::Case;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::operation::Operation;
use store::{Tx, annotation, artifact, case, change, job, journal, operation, record};

use super::{OperationView, Skipped};
use crate::artifact::Incoming;
use crate::error::{AppError, Result};

/// Artifacts changed in one transaction: about 20 ms of the writer's time, measured in a release build.
const CHUNK: usize = 2_000;
/// Artifacts added in one transaction, with records, texts and origins: about 40 ms.
pub(crate) const ADD_CHUNK: usize = 400;
/// Skipped rows that an answer names.
const SKIPPED_SHOWN: usize = 100;
/// The kind of the job that goes on with large operations.
pub(crate) const JOB: &str = "operation";

/// What a bulk action does to each of its rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Bulk {
    Add {
        incoming: Box<Incoming>,
    },
    Exclude {
        reason: ExclusionReason,
        comment: String,
    },
    Include,
    Annotate {
        text: String,
    },
    Undo {
        operation: i64,
    },
    /// Undoes an operation that wrote, withdrew or brought back annotations.
    TurnAnnotations {
        operation: i64,
        /// Whether they are withdrawn now, and come back.
        back: bool,
        /// Annotations of it that were changed since.
        changed_since: i64,
    },
    Withdraw {
        /// The annotation's row.
        annotation: i64,
        public_id: String,
        /// What it said.
        text: String,
    },
}

/// A large operation's job: what is left to do is what lies behind `job.done`.
#[derive(Debug, Deserialize)]
pub(crate) struct Payload {
    pub(crate) operation: i64,
    pub(crate) case: i64,
    pub(crate) bulk: Bulk,
    /// Record rows; of an add, empty, since `Incoming` holds its own.
    pub(crate) records: Vec<i64>,
}

/// The same on its way into the queue: what may be large is not copied while others wait.
#[derive(Serialize)]
struct Queued<'a> {
    operation: i64,
    case: i64,
    bulk: &'a Bulk,
    records: &'a [i64],
}

/// What one chunk did.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) affected: i64,
    pub(crate) unchanged: i64,
    /// Record rows that were left alone.
    pub(crate) skipped: Vec<(i64, SkipReason)>,
}

impl Outcome {
    /// Rows changed, rows that were so already, rows left alone.
    pub(crate) fn counts(&self) -> [i64; 3] {
        [self.affected, self.unchanged, self.skipped.len() as i64]
    }
}

impl Bulk {
    pub(crate) fn verb(&self) -> OperationVerb {
        match self {
            Self::Add { .. } => OperationVerb::Add,
            Self::Exclude { .. } => OperationVerb::Exclude,
            Self::Include => OperationVerb::Include,
            Self::Annotate { .. } => OperationVerb::Annotate,
            Self::Undo { .. } | Self::TurnAnnotations { .. } => OperationVerb::Undo,
            Self::Withdraw { .. } => OperationVerb::Withdraw,
        }
    }

    fn journal_verb(&self) -> &'static str {
        match self {
            Self::Add { .. } => "artifact.add",
            Self::Exclude { .. } => "artifact.exclude",
            Self::Include => "artifact.include",
            Self::Annotate { .. } => "artifact.annotate",
            Self::Undo { .. } | Self::TurnAnnotations { .. } => "operation.undo",
            Self::Withdraw { .. } => "annotation.withdraw",
        }
    }

    /// How many rows go into one transaction.
    pub(crate) fn chunk(&self) -> usize {
        if matches!(self, Self::Add { .. }) { ADD_CHUNK } else { CHUNK }
    }

    /// A sentence for people.
    pub(crate) fn detail(&self, count: usize) -> String {
        let artifacts = if count == 1 { "1 artifact".to_owned() } else { format!("{} artifacts", thousands(count as i64)) };
        match self {
            Self::Add { incoming } => format!("Added {artifacts}{}", incoming.origin_words()),
            Self::Exclude { reason, .. } => format!("Excluded {artifacts} as {}", reason.label().to_lowercase()),
            Self::Include => format!("Included {artifacts} again"),
            Self::Annotate { .. } => format!("Annotated {artifacts}"),
            Self::Undo { .. } => format!("Undid a change of {artifacts}"),
            Self::TurnAnnotations { back: true, .. } => format!("Brought back {}", crate::text::counted(count as i64, "annotation")),
            Self::TurnAnnotations { .. } | Self::Withdraw { .. } => {
                format!("Withdrew {}", crate::text::counted(count as i64, "annotation"))
            }
        }
    }

    /// What the journal holds of it, beside count and ids.
    fn details(&self) -> serde_json::Value {
        match self {
            Self::Add { incoming } => json!({ "origin": incoming.origin.kind, "from": incoming.origin.title }),
            Self::Exclude { reason, comment } => json!({ "reason": reason, "comment": comment }),
            Self::Include => json!({}),
            Self::Annotate { text } => json!({ "text": text }),
            Self::Undo { .. } | Self::TurnAnnotations { .. } => json!({}),
            Self::Withdraw { public_id, text, .. } => json!({ "annotation": public_id, "text": text }),
        }
    }
}

/// Begins an operation over these records: all of it now when it is small, else as a job.
pub(crate) fn start(
    tx: &mut Tx<'_>,
    stamp: &Stamp,
    case: &Case,
    bulk: Bulk,
    records: Vec<i64>,
    mut skipped: Vec<Skipped>,
) -> Result<OperationView> {
    let count = match &bulk {
        Bulk::Add { incoming } => incoming.len(),
        _ => records.len(),
    };
    let undoes = if let Bulk::Undo { operation } | Bulk::TurnAnnotations { operation, .. } = &bulk { *operation } else { 0 };
    let (operation, public_id) = operation::begin(tx, case.id, bulk.verb(), undoes, &bulk.detail(count), stamp)?;
    let changed_since = if let Bulk::TurnAnnotations { changed_since, .. } = &bulk { *changed_since } else { 0 };
    let told = skipped.len() as i64 + changed_since;
    let (affected, state, job) = if count <= bulk.chunk() {
        let outcome = apply(tx, stamp, case.id, operation, &bulk, &records, 0..count)?;
        let [affected, unchanged, left_alone] = outcome.counts();
        operation::progress(tx, operation, [affected, unchanged, left_alone + told], OperationState::Done)?;
        skipped.extend(named(tx, outcome.skipped)?);
        (affected, OperationState::Done, None)
    } else {
        operation::progress(tx, operation, [0, 0, told], OperationState::Running)?;
        let payload = Queued { operation, case: case.id, bulk: &bulk, records: &records };
        let (_, job) = job::queue_large(tx, JOB, &payload, case.id, count as i64, stamp)?;
        change::announce(tx, stamp, Topic::Jobs, case.id)?;
        (count as i64, OperationState::Running, Some(job))
    };
    if affected > 0 || job.is_some() {
        // A large one is journalled when it begins and when it is done, with what it changed.
        let changed = if job.is_none() { Some(operation::ids_sha256(tx, operation)?) } else { None };
        append(tx, stamp, case, &bulk, &public_id, &records, count, changed)?;
        case::touch(tx, case.id, stamp)?;
        change::announce(tx, stamp, Topic::Artifacts, case.id)?;
    }
    let done = operation::find_by_row(tx, operation)?.ok_or(AppError::NotFound("operation"))?;
    let skipped_count = skipped.len() as i64 + changed_since;
    skipped.truncate(SKIPPED_SHOWN);
    Ok(OperationView { skipped, skipped_count, state, job, ..OperationView::of(done) })
}

#[allow(clippy::too_many_arguments, reason = "what an entry of the journal is made of")]
fn append(
    tx: &mut Tx<'_>,
    stamp: &Stamp,
    case: &Case,
    bulk: &Bulk,
    operation: &str,
    records: &[i64],
    count: usize,
    changed: Option<String>,
) -> Result<()> {
    let mut details = bulk.details();
    if let Some(map) = details.as_object_mut() {
        map.insert("operation".to_owned(), json!(operation));
        map.insert("count".to_owned(), json!(count));
        if let Some(changed) = changed {
            map.insert("ids_sha256".to_owned(), json!(changed));
        }
        if let Bulk::Add { incoming } = bulk {
            map.insert("titles".to_owned(), json!(incoming.titles(5)));
        } else {
            let titles = record::find_by_rows(tx, records.get(..records.len().min(5)).unwrap_or_default())?;
            map.insert(
                "titles".to_owned(),
                json!(titles.iter().map(|r| crate::record::display(r.kind, &r.category, &r.title)).collect::<Vec<_>>()),
            );
        }
    }
    let deed = Deed { verb: bulk.journal_verb(), object: &case_number(case.number), details };
    journal::append(tx, stamp, &deed, ShownIn::Case(case.id))?;
    Ok(())
}

/// Says in the journal what a large operation changed, when it is done.
pub(crate) fn journal_done(tx: &mut Tx<'_>, stamp: &Stamp, done: &Operation, changed: &str) -> Result<()> {
    let number = case::find_by_id(tx, done.case)?.ok_or(AppError::NotFound("case"))?.number;
    let details = json!({ "operation": done.public_id, "verb": done.verb, "affected": done.affected, "unchanged": done.unchanged,
        "skipped": done.skipped, "ids_sha256": changed });
    let deed = Deed { verb: "operation.done", object: &case_number(number), details };
    journal::append(tx, stamp, &deed, ShownIn::Case(done.case))?;
    Ok(())
}

/// Applies an operation to some of its rows; idempotent, so that a job may be resumed.
pub(crate) fn apply(
    tx: &mut Tx<'_>,
    stamp: &Stamp,
    case: i64,
    operation: i64,
    bulk: &Bulk,
    records: &[i64],
    range: std::ops::Range<usize>,
) -> Result<Outcome> {
    if let Bulk::Add { incoming } = bulk {
        return crate::artifact::add_range(tx, stamp, case, operation, incoming, range);
    }
    let records = records.get(range).unwrap_or_default();
    let total = records.len() as i64;
    match bulk {
        Bulk::Exclude { reason, comment } => {
            let to = StatusChange { status: Status::Excluded, reason: reason.as_str().to_owned(), comment: comment.clone() };
            let affected = artifact::set_status(tx, case, records, &to, operation, stamp)? as i64;
            Ok(Outcome { affected, unchanged: total - affected, skipped: Vec::new() })
        }
        Bulk::Include => {
            let to = StatusChange { status: Status::Included, reason: String::new(), comment: String::new() };
            let affected = artifact::set_status(tx, case, records, &to, operation, stamp)? as i64;
            Ok(Outcome { affected, unchanged: total - affected, skipped: Vec::new() })
        }
        Bulk::Annotate { text } => {
            annotation::insert(tx, case, records, text, operation, stamp)?;
            Ok(Outcome { affected: total, ..Outcome::default() })
        }
        Bulk::TurnAnnotations { operation: undone, .. } => {
            let turned: HashSet<i64> = annotation::turn(tx, *undone, operation, records, stamp)?.into_iter().collect();
            let skipped = records.iter().filter(|id| !turned.contains(id)).map(|id| (*id, SkipReason::ChangedSince)).collect();
            Ok(Outcome { affected: turned.len() as i64, unchanged: 0, skipped })
        }
        Bulk::Withdraw { annotation, .. } => {
            annotation::withdraw(tx, *annotation, operation, stamp)?;
            Ok(Outcome { affected: total, ..Outcome::default() })
        }
        Bulk::Undo { operation: undone } => undo_range(tx, stamp, case, *undone, operation, records),
        Bulk::Add { .. } => Ok(Outcome::default()),
    }
}

fn undo_range(tx: &mut Tx<'_>, stamp: &Stamp, case: i64, undone: i64, undo: i64, records: &[i64]) -> Result<Outcome> {
    // An operation mostly did the same to all of its rows: what one way has put back, the others need not look at.
    let mut back: HashSet<i64> = artifact::restore(tx, case, undone, undo, records)?.into_iter().collect();
    let left = |back: &HashSet<i64>| -> Vec<i64> { records.iter().filter(|id| !back.contains(id)).copied().collect() };
    let rest = left(&back);
    if !rest.is_empty() {
        back.extend(artifact::undo_add(tx, case, undone, undo, &rest)?);
    }
    let rest = left(&back);
    if !rest.is_empty() {
        back.extend(artifact::readd(tx, case, undone, undo, &rest, stamp)?);
    }
    let skipped = records.iter().filter(|id| !back.contains(id)).map(|id| (*id, SkipReason::ChangedSince)).collect();
    Ok(Outcome { affected: back.len() as i64, unchanged: 0, skipped })
}

fn named(tx: &mut Tx<'_>, rows: Vec<(i64, SkipReason)>) -> Result<Vec<Skipped>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
    let names: HashMap<i64, String> = record::find_by_rows(tx, &ids)?.into_iter().map(|record| (record.id, record.public_id)).collect();
    Ok(rows
        .into_iter()
        .filter_map(|(id, reason)| names.get(&id).map(|record_id| Skipped { record_id: record_id.clone(), reason }))
        .collect())
}
