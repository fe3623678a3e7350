//! Rows of a file as records that passed validation, or with why they did not.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use formats::intel;
use formats::records::{self, LINKS, Limits, Row, Table, Unreadable, cell_values};
use model::kind::{FieldShape, KeyScheme, NewRecord, RecordInput};
use model::relationship::RelationshipType;
use model::{Fields, Kind};
use serde_json::{Map, Value as Json};

use super::{Mapping, WhereWhy};
use crate::error::{AppError, Result};

/// How many words that were not understood are told of one field.
const WORDS_TOLD: usize = 5;

/// A record that another one names.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) relationship: RelationshipType,
    pub(crate) record: NewRecord,
}

/// A row that can be taken.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    /// Where it stands.
    pub(crate) at: String,
    pub(crate) record: NewRecord,
    pub(crate) links: Vec<Link>,
}

/// A file, read and checked.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(crate) kind: Kind,
    pub(crate) mapping: Mapping,
    pub(crate) columns: Vec<String>,
    /// Of each column its first values.
    pub(crate) samples: HashMap<String, Vec<String>>,
    pub(crate) ready: Vec<Ready>,
    pub(crate) refused: Vec<WhereWhy>,
    pub(crate) refusals: usize,
    pub(crate) notes: Vec<String>,
    /// How many rows the file has.
    pub(crate) rows: usize,
    /// How many rows say what an earlier one said.
    pub(crate) repeated: usize,
}

/// Reads a file. Without a mapping, columns are guessed.
pub(crate) fn prepare(bytes: &[u8], kind: Kind, mapping: Option<Mapping>) -> Result<Prepared> {
    prepare_table(table(bytes)?, kind, mapping)
}

/// Reads a file as a table, whatever it is a table of; gzip is unpacked.
pub(crate) fn table(bytes: &[u8]) -> Result<Table> {
    let limits = Limits { bytes: super::MAX_FILE, ..Limits::default() };
    let unpacked =
        intel::unpack(bytes, &intel::Limits { bytes: super::MAX_FILE, ..intel::Limits::default() }).map_err(|error| match error {
            intel::Unreadable::TooLarge { .. } => too_large(),
            other => AppError::invalid("/file", other.to_string()),
        })?;
    records::read(unpacked.as_deref().unwrap_or(bytes), &limits).map_err(|error| match error {
        Unreadable::TooLarge { .. } => too_large(),
        Unreadable::NotATable(detail) => AppError::invalid("/file", detail),
    })
}

/// Checks the rows of a table. Without a mapping, columns are guessed.
pub(crate) fn prepare_table(table: Table, kind: Kind, mapping: Option<Mapping>) -> Result<Prepared> {
    let mapping = match mapping {
        Some(mapping) => check_mapping(kind, &table, mapping)?,
        None => records::guess(kind, &table.columns),
    };
    let mut prepared = Prepared {
        kind,
        samples: samples(&table),
        columns: table.columns,
        rows: table.rows.len() + table.refusals,
        refused: table.refused.into_iter().map(|refused| WhereWhy { r#where: refused.at, why: refused.why }).collect(),
        refusals: table.refusals,
        notes: table.notes,
        ready: Vec::with_capacity(table.rows.len()),
        repeated: 0,
        mapping,
    };
    for target in records::targets(kind).iter().filter(|target| target.required) {
        if !prepared.mapping.values().any(|field| field == target.name) {
            prepared.notes.push(format!("no column is taken for “{}”, which each record needs: choose one", target.label));
        }
    }
    let mut odd: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    let mut seen: HashMap<String, String> = HashMap::new();
    for row in table.rows {
        take(&mut prepared, row, &mut odd, &mut seen);
    }
    for (field, words) in odd {
        let told: Vec<String> = words.iter().take(WORDS_TOLD).map(|word| format!("`{}`", model::text::shorten(word, 40))).collect();
        let more = words.len().saturating_sub(WORDS_TOLD);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        prepared.notes.push(format!("{field}: {}{more} not understood, and left empty", told.join(", ")));
    }
    if prepared.repeated > 0 {
        prepared.notes.push(format!("{} that were there before in the file", crate::text::counted(prepared.repeated as i64, "value")));
    }
    Ok(prepared)
}

pub(crate) fn too_large() -> AppError {
    AppError::TooLarge { what: "the file".to_owned(), limit: "20 MB".to_owned() }
}

fn check_mapping(kind: Kind, table: &Table, mapping: Mapping) -> Result<Mapping> {
    let mut fields = Fields::new();
    let targets = records::targets(kind);
    let mut kept = Mapping::new();
    for (column, field) in mapping {
        // What is mapped to nothing is left out, as forms send it.
        if field.is_empty() {
            continue;
        }
        let pointer = format!("/mapping/{}", column.replace('~', "~0").replace('/', "~1"));
        if !table.columns.contains(&column) {
            fields.refuse(pointer, "is no column of the file");
        } else if targets.iter().all(|target| target.name != field) {
            let words: Vec<&str> = targets.iter().map(|target| target.name).collect();
            fields.refuse(pointer, format!("`{field}` is not one of {}", words.join(", ")));
        } else {
            kept.insert(column, field);
        }
    }
    fields.finish()?;
    Ok(kept)
}

fn samples(table: &Table) -> HashMap<String, Vec<String>> {
    let mut samples: HashMap<String, Vec<String>> = HashMap::new();
    for (column, value) in table.rows.iter().take(50).flat_map(|row| &row.cells) {
        let of_column = samples.entry(column.clone()).or_default();
        if of_column.len() < 3 {
            of_column.push(model::text::shorten(value.trim(), 80));
        }
    }
    samples
}

fn take(prepared: &mut Prepared, row: Row, odd: &mut BTreeMap<&'static str, BTreeSet<String>>, seen: &mut HashMap<String, String>) {
    let kind = prepared.kind;
    match read_row(kind, &prepared.mapping, &row, odd) {
        Ok((record, links)) => {
            let key = identity(&record);
            match seen.get(&key) {
                // A scanner tells of the same hole at several ports.
                Some(_) if matches!(kind, Kind::Observable | Kind::VulnerableItem) => prepared.repeated += 1,
                Some(first) => {
                    let why = format!("has the same key as {first}");
                    refuse(prepared, row.at, why);
                }
                None => {
                    seen.insert(key, row.at.clone());
                    prepared.ready.push(Ready { at: row.at, record, links });
                }
            }
        }
        Err(why) => refuse(prepared, row.at, why),
    }
}

fn refuse(prepared: &mut Prepared, at: String, why: String) {
    prepared.refusals += 1;
    if prepared.refused.len() < Limits::default().refusals {
        prepared.refused.push(WhereWhy { r#where: at, why });
    }
}

/// What makes two rows of one file the same.
fn identity(record: &NewRecord) -> String {
    let natural = record.keys.iter().find(|key| key.scheme == KeyScheme::Natural).map(|key| key.value.clone());
    record.public_id.clone().or(natural).unwrap_or_default()
}

type Read = std::result::Result<(NewRecord, Vec<Link>), String>;

fn read_row(kind: Kind, mapping: &Mapping, row: &Row, odd: &mut BTreeMap<&'static str, BTreeSet<String>>) -> Read {
    let spec = kind.spec();
    let mut fields: Map<String, Json> = Map::new();
    let mut links = Vec::new();
    for (column, cell) in &row.cells {
        let Some(target) = mapping.get(column) else { continue };
        let values = cell_values(kind, target, cell);
        if is_link(kind, target) {
            for value in &values {
                links.push(link(target, value)?);
            }
        }
        let Some(field) = spec.field(target) else { continue };
        match field.shape {
            FieldShape::OneOf(_) => match records::word(field, cell) {
                Some(word) => {
                    fields.entry(field.name).or_insert_with(|| Json::from(word));
                }
                None => {
                    odd.entry(field.label).or_default().insert(cell.trim().to_owned());
                }
            },
            FieldShape::Lines => {
                let list = fields.entry(field.name).or_insert_with(|| Json::Array(Vec::new()));
                if let Json::Array(list) = list {
                    list.extend(values.into_iter().map(Json::from));
                }
            }
            // Of two columns for one field, the first that says something.
            FieldShape::Line => {
                let text = values.join(", ");
                let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
                fields.entry(field.name).or_insert_with(|| Json::from(line));
            }
            FieldShape::Moment | FieldShape::Percent => {
                let text = values.first().cloned().unwrap_or_default();
                let read = if field.shape == FieldShape::Moment { moment(&text) } else { percent(&text) };
                match read {
                    Some(value) => {
                        fields.entry(field.name).or_insert_with(|| Json::from(value));
                    }
                    None => {
                        odd.entry(field.label).or_default().insert(text);
                    }
                }
            }
            FieldShape::Text => {
                fields.entry(field.name).or_insert_with(|| Json::from(values.first().cloned().unwrap_or_default()));
            }
        }
    }
    name_it(kind, &mut fields);
    let mut refusals = Fields::new();
    let record = NewRecord::read(&RecordInput { kind, fields }, "", &mut refusals);
    refusals.finish().map_err(|refusals| AppError::Invalid(refusals).to_string())?;
    Ok((record.ok_or("is not a record")?, links))
}

/// A person or machine without a name is called by what it is known by.
fn name_it(kind: Kind, fields: &mut Map<String, Json>) {
    let others: &[&str] = match kind {
        Kind::User => &["user_id", "email", "accounts"],
        Kind::ConfigurationItem => &["host_names", "ip_addresses"],
        Kind::VulnerableItem => &[],
        _ => return,
    };
    if fields.contains_key("name") {
        return;
    }
    if kind == Kind::VulnerableItem {
        let text = |name: &str| fields.get(name).and_then(Json::as_str).unwrap_or_default();
        let name = format!("{} on {}", text("vulnerability"), text("configuration_item"));
        if !text("vulnerability").is_empty() && !text("configuration_item").is_empty() {
            fields.insert("name".to_owned(), Json::from(name));
        }
        return;
    }
    let first = others.iter().find_map(|other| match fields.get(*other) {
        Some(Json::Array(values)) => values.first().cloned(),
        other => other.cloned(),
    });
    if let Some(first) = first {
        fields.insert("name".to_owned(), first);
    }
}

/// `2023-08-15 07:53:46`, as ticket systems write UTC, in the form that fields hold.
fn moment(text: &str) -> Option<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let tidy = text.replacen(' ', "T", 1);
    let candidates = [text, format!("{tidy}Z"), format!("{tidy}:00Z"), tidy];
    candidates.iter().find_map(|candidate| candidate.parse::<model::Timestamp>().ok()).map(|at| at.to_string())
}

/// `85`, `85 %`.
fn percent(text: &str) -> Option<String> {
    let number = text.trim().trim_end_matches('%').trim_end().parse::<u8>().ok()?;
    (number <= 100).then(|| number.to_string())
}

/// Whether a cell names other records.
fn is_link(kind: Kind, target: &str) -> bool {
    match kind {
        Kind::Incident => LINKS.iter().any(|(word, _)| *word == target),
        Kind::VulnerableItem => matches!(target, "vulnerability" | "configuration_item"),
        _ => false,
    }
}

/// What a cell names.
fn link(target: &str, value: &str) -> std::result::Result<Link, String> {
    let (relationship, kind) = match target {
        "configuration_items" => (RelationshipType::AFFECTS, Kind::ConfigurationItem),
        "configuration_item" => (RelationshipType::FOUND_ON, Kind::ConfigurationItem),
        "vulnerability" => (RelationshipType::INSTANCE_OF, Kind::Vulnerability),
        "affected_users" => (RelationshipType::AFFECTS, Kind::User),
        _ => (RelationshipType::HAS, Kind::Observable),
    };
    let mut fields = Map::new();
    let name = if kind == Kind::Observable { "value" } else { "name" };
    fields.insert(name.to_owned(), Json::from(value));
    if kind == Kind::User && !value.contains(char::is_whitespace) {
        fields.insert("user_id".to_owned(), Json::from(value));
    }
    if kind == Kind::ConfigurationItem && value.parse::<std::net::IpAddr>().is_ok() {
        fields.insert("ip_addresses".to_owned(), Json::from(vec![value]));
    }
    let mut refusals = Fields::new();
    let record = NewRecord::read(&RecordInput { kind, fields }, "", &mut refusals);
    let label = LINKS.iter().find(|(word, _)| *word == target).map_or(target, |(_, label)| label);
    refusals.finish().map_err(|refusals| format!("{label}: {}", AppError::Invalid(refusals)))?;
    Ok(Link { relationship, record: record.ok_or_else(|| format!("{label}: `{value}` can't be read"))? })
}
