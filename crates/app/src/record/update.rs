//! Changes a record's fields. As with cases, changes to different fields merge; to the same field, the later is refused
//! and told what is there now.

use std::collections::BTreeMap;

use model::kind::{NewRecord, RecordInput};
use model::{Actor, Fields, Kind, Role, Stamp};
use serde_json::{Map, Value as Json, json};
use store::journal::{Deed, ShownIn};
use store::record::Record;
use store::{Tx, journal, record};

use super::get::fields_of;
use super::{RecordView, announce, find_record};
use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Conflict, Result};

/// Changes a record: only the fields that are given, by the names of its kind. `if_match` is the version that the actor
/// saw; without it, nothing conflicts. The value and the type of an observable are what it is, and stay.
///
/// # Errors
/// When a field is refused or someone else changed it, there is no record that the actor may know of, or the actor is a
/// reader.
pub async fn update(app: &App, actor: &Actor, id: &str, if_match: Option<i64>, patch: Map<String, Json>) -> Result<RecordView> {
    require(actor, Role::Analyst)?;
    let id = id.to_owned();
    app.change(actor, move |tx, stamp| {
        let record = find_record(tx, &id)?;
        update_in(tx, stamp, record, if_match, &patch)
    })
    .await
}

/// [`update`] within a transaction.
pub(crate) fn update_in(
    tx: &mut Tx<'_>,
    stamp: &Stamp,
    mut record: Record,
    if_match: Option<i64>,
    patch: &Map<String, Json>,
) -> Result<RecordView> {
    let before = fields_of(&record);
    let content = merge(&record, &before, patch)?;
    let changed = difference(&before, &content.fields());
    refuse_conflicts(tx, &record, if_match, &changed)?;
    if changed.is_empty() {
        return Ok(record.into());
    }
    record.version += 1;
    record.updated_at = stamp.at;
    record.updated_by.clone_from(&stamp.actor);
    for field in changed.keys() {
        record.field_versions.insert(field.clone(), record.version);
        // From now on the field is what a person says, and no import changes it.
        record.field_sources.remove(field);
    }
    record::replace(tx, &record, &content)?;
    let changes: BTreeMap<&String, [&Json; 2]> = changed.iter().map(|(field, (old, new))| (field, [old, new])).collect();
    let details = json!({ "kind": record.kind, "title": content.title, "changes": changes });
    let deed = Deed { verb: "record.update", object: &record.public_id, details };
    journal::append(tx, stamp, &deed, ShownIn::CasesOfRecord(record.id))?;
    announce(tx, stamp, &record)?;
    Ok(find_record(tx, &record.public_id)?.into())
}

fn merge(record: &Record, before: &Map<String, Json>, patch: &Map<String, Json>) -> Result<NewRecord> {
    let mut refusals = Fields::new();
    if record.kind == Kind::Observable {
        for name in ["type", "value"] {
            if patch.get(name).is_some_and(|given| before.get(name) != Some(given)) {
                refusals.refuse(format!("/{name}"), "is what the observable is, and can't be changed; add another observable instead");
            }
        }
    }
    let mut fields = before.clone();
    fields.extend(patch.iter().map(|(name, value)| (name.clone(), value.clone())));
    let content = NewRecord::read(&RecordInput { kind: record.kind, fields }, "", &mut refusals);
    refusals.finish()?;
    content.ok_or_else(|| AppError::invalid("", "is not a record"))
}

pub(crate) type Changed = BTreeMap<String, (Json, Json)>;

/// Fields that differ, with what they were and what they are to be.
pub(crate) fn difference(before: &Map<String, Json>, after: &Map<String, Json>) -> Changed {
    let changed = after.iter().filter_map(|(field, new)| {
        let old = before.get(field).unwrap_or(&Json::Null);
        (old != new).then(|| (field.clone(), (old.clone(), new.clone())))
    });
    changed.collect()
}

fn refuse_conflicts(tx: &mut Tx<'_>, record: &Record, if_match: Option<i64>, changed: &Changed) -> Result<()> {
    let Some(seen) = if_match else { return Ok(()) };
    // A version that does not exist yet was seen by nobody: nothing can be said of what it was.
    let unknown = seen > record.version;
    let newer = |field: &str| unknown || record.field_versions.get(field).is_some_and(|version| *version > seen);
    let conflicts: Vec<Conflict> = changed
        .iter()
        .filter(|(field, _)| newer(field))
        .map(|(field, (theirs, yours))| Conflict { field: field.clone(), theirs: theirs.clone(), yours: yours.clone() })
        .collect();
    if conflicts.is_empty() && !unknown {
        return Ok(());
    }
    let view: RecordView = find_record(tx, &record.public_id)?.into();
    let current = serde_json::to_value(view).map_err(|error| AppError::Internal(error.to_string()))?;
    Err(AppError::Conflict { conflicts, current })
}
