//! What becomes of rows that come in: new records, known ones, and which of their fields change.
//!
//! A field is changed by the source that told it before, or when it was empty; what a person wrote, or another source
//! told, stays. Lists of names and addresses only grow, unless their one source tells them anew.

use std::collections::HashMap;

use model::Fields;
use model::Kind;
use model::kind::{FieldShape, NewRecord, RecordInput};
use serde_json::{Map, Value as Json};
use store::Tx;
use store::record::{Imported, Record};

use super::rows::Ready;
use crate::error::{AppError, Result};
use crate::record::difference;
use crate::record::fields_of;
use crate::record::same::{self, Sameness};

/// What becomes of a row.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    New,
    /// It is there, and stays as it is. Whether the source tells of it for the first time.
    Known {
        record: Box<Record>,
        first_told: bool,
    },
    /// It is there, and changes.
    Updated {
        record: Box<Record>,
        to: Box<Imported>,
        changes: Vec<String>,
    },
    Refused(String),
}

/// Where an import goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Into<'a> {
    /// Whether it arrives openly.
    pub(crate) library: bool,
    /// What its source is called.
    pub(crate) source: &'a str,
}

/// Records that rows of this import were taken for, by the row's place.
pub(crate) type Claimed = HashMap<i64, String>;

/// Decides on rows, each in its place. `before` are the claims of the chunks before, `claimed` takes those of this one.
pub(crate) fn plan(tx: &mut Tx<'_>, rows: &[Ready], into: Into<'_>, before: &Claimed, claimed: &mut Claimed) -> Result<Vec<Fate>> {
    let records: Vec<NewRecord> = rows.iter().map(|row| row.record.clone()).collect();
    let found = same::find(tx, &records, into.source)?;
    let mut fates = Vec::with_capacity(rows.len());
    for (row, sameness) in rows.iter().zip(found) {
        fates.push(match sameness {
            Sameness::New => Fate::New,
            Sameness::Several(records) => Fate::Refused(several(&records)),
            Sameness::Known { record, sources, by_name } => match claimed.get(&record.id).or_else(|| before.get(&record.id)) {
                // Two machines of the file have a name of this one: the first has it.
                Some(_) if by_name => Fate::New,
                Some(first) => Fate::Refused(format!("is the same record as {first}")),
                None => {
                    claimed.insert(record.id, row.at.clone());
                    let first_told = !sources.iter().any(|source| source == into.source);
                    fate(*record, &row.record, into, first_told)
                }
            },
        });
    }
    Ok(fates)
}

fn several(records: &[Record]) -> String {
    let titles: Vec<String> = records.iter().take(3).map(|record| format!("“{}”", model::text::shorten(&record.title, 60))).collect();
    format!("may be any of {} records: {}; nothing was joined. Give it a key that tells them apart", records.len(), titles.join(", "))
}

fn fate(record: Record, new: &NewRecord, into: Into<'_>, first_told: bool) -> Fate {
    // What is told in a restricted case changes nothing that others can see.
    if !into.library && record.library {
        return Fate::Known { record: Box::new(record), first_told: false };
    }
    match merge(&record, new, into.source) {
        Err(error) => Fate::Refused(error.to_string()),
        Ok(None) => Fate::Known { record: Box::new(record), first_told },
        Ok(Some((to, changes))) => Fate::Updated { record: Box::new(record), to: Box::new(to), changes },
    }
}

/// The known record as this source leaves it; none when it stays as it is.
fn merge(known: &Record, new: &NewRecord, source: &str) -> Result<Option<(Imported, Vec<String>)>> {
    let before = fields_of(known);
    let told = new.fields();
    let mut record = known.clone();
    let mut fields = before.clone();
    for field in known.kind.spec().fields {
        let (Some(old), Some(given)) = (before.get(field.name), told.get(field.name)) else { continue };
        if says_nothing(given) || old == given {
            continue;
        }
        let own = record.field_sources.get(field.name).is_some_and(|owner| owner == source);
        if says_nothing(old) || own {
            fields.insert(field.name.to_owned(), given.clone());
            record.field_sources.insert(field.name.to_owned(), source.to_owned());
        } else if field.shape == FieldShape::Lines {
            add_to(&mut fields, &mut record, field.name, &lines(given));
        }
    }
    also_known_as(known, &told, &mut fields, &mut record);
    with_fields(record, &before, fields)
}

/// The record with its fields as they are to be, in a version of their own, and which of them changed; none when none did.
pub(super) fn with_fields(
    mut record: Record,
    before: &Map<String, Json>,
    fields: Map<String, Json>,
) -> Result<Option<(Imported, Vec<String>)>> {
    let mut refusals = Fields::new();
    let content = NewRecord::read(&RecordInput { kind: record.kind, fields }, "", &mut refusals);
    refusals.finish()?;
    let content = content.ok_or_else(|| AppError::invalid("", "is not a record"))?;
    let changes: Vec<String> = difference(before, &content.fields()).into_keys().collect();
    if changes.is_empty() {
        return Ok(None);
    }
    record.version += 1;
    for field in &changes {
        record.field_versions.insert(field.clone(), record.version);
    }
    Ok(Some((Imported { record, content }, changes)))
}

/// A name that stays what another source or a person said is kept among the others that it is known by.
fn also_known_as(known: &Record, told: &Map<String, Json>, fields: &mut Map<String, Json>, record: &mut Record) {
    let (name, list) = match known.kind {
        Kind::ConfigurationItem => ("name", "host_names"),
        Kind::User => ("user_id", "accounts"),
        _ => return,
    };
    let given: Vec<String> = told.get(name).map(lines).unwrap_or_default();
    let kept: Vec<String> = fields.get(name).map(lines).unwrap_or_default();
    let folded = |values: &[String]| values.iter().map(|value| model::text::fold(value)).collect::<Vec<_>>();
    if !given.is_empty() && folded(&given) != folded(&kept) {
        add_to(fields, record, list, &given);
    }
}

/// Adds what a list does not hold yet. From then on it is nobody's alone, and only grows.
fn add_to(fields: &mut Map<String, Json>, record: &mut Record, list: &str, values: &[String]) {
    let mut all: Vec<String> = fields.get(list).map(lines).unwrap_or_default();
    let mut known: Vec<String> = all.iter().map(|value| model::text::fold(value)).collect();
    let before = all.len();
    for value in values {
        let folded = model::text::fold(value);
        if !known.contains(&folded) {
            known.push(folded);
            all.push(value.clone());
        }
    }
    if all.len() > before {
        fields.insert(list.to_owned(), Json::from(all));
        record.field_sources.remove(list);
    }
}

fn lines(value: &Json) -> Vec<String> {
    match value {
        Json::String(text) if !text.is_empty() => vec![text.clone()],
        Json::Array(items) => items.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Whether a field's value is that of a field that was never filled in.
pub(super) fn says_nothing(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => matches!(text.as_str(), "" | "none" | "unknown"),
        Json::Array(items) => items.is_empty(),
        _ => false,
    }
}
