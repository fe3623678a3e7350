//! Threat intelligence on its way in: what a document holds, and what becomes of each of its objects.
//!
//! An object is known by its id, an observable by its value, a vulnerability also by its CVE. A newer version changes the
//! fields that documents told; what a person wrote stays. An older version changes nothing.

use std::collections::{BTreeMap, HashMap};

use formats::intel::{Document, Format, IntelLink, IntelObject, Limits, Unreadable};
use model::Kind;
use model::kind::{IdentityKey, KeyScheme, NewRecord};
use store::Tx;
use store::record::{self, Imported, Record, Versioned};

use super::merge::{Fate, Into, says_nothing, with_fields};
use super::rows::Ready;
use super::view::{SortKey, sort_key};
use super::{IntelView, SortView, WhereWhy};
use crate::error::{AppError, Result};
use crate::record::fields_of;

/// How many dangling references a view tells.
const DANGLING_TOLD: usize = 100;
/// The sort under which links with ids of their own are counted.
pub(super) const RELATIONSHIP: &str = "relationship";

/// A document, read and put in order.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) document: Document,
    /// The objects that are taken, by their place: of each record the newest version, in the document's order.
    pub(super) taken: Vec<usize>,
    /// Ids of the document, and the public ids of the records that they mean.
    pub(super) records: HashMap<String, String>,
}

impl Prepared {
    /// Objects and links.
    pub(super) fn rows(&self) -> usize {
        self.taken.len() + self.document.links.len()
    }

    /// Taken objects as rows.
    pub(super) fn objects(&self, range: std::ops::Range<usize>) -> Vec<&IntelObject> {
        self.taken.get(range).unwrap_or_default().iter().filter_map(|place| self.document.objects.get(*place)).collect()
    }

    /// The public id of the record that an id of the document means: of one that is not in it, the id itself.
    pub(super) fn public_id<'a>(&'a self, id: &'a str) -> &'a str {
        self.records.get(id).map_or(id, String::as_str)
    }

    /// What the document holds, before anything is decided.
    pub(super) fn view(&self) -> IntelView {
        let mut sorts: BTreeMap<SortKey<'_>, usize> = BTreeMap::new();
        for object in self.objects(0..self.taken.len()) {
            *sorts.entry(sort_key(object)).or_default() += 1;
        }
        let with_id = self.document.links.iter().filter(|link| !link.id.is_empty()).count();
        if with_id > 0 {
            *sorts.entry((RELATIONSHIP, None, "")).or_default() += with_id;
        }
        let sort = |(sort, told): (SortKey<'_>, usize)| SortView { told, ..SortView::of(sort) };
        IntelView {
            format: match self.document.format {
                Format::Stix => "STIX".to_owned(),
                Format::Misp => "MISP".to_owned(),
            },
            title: self.document.title.clone(),
            counts: self.document.counts.clone(),
            sorts: sorts.into_iter().map(sort).collect(),
            dangling_count: self.document.dangling.len(),
            dangling: self
                .document
                .dangling
                .iter()
                .take(DANGLING_TOLD)
                .map(|(id, at)| WhereWhy { r#where: at.clone(), why: format!("names {id}, which is not in the document") })
                .collect(),
        }
    }

    /// What was refused while reading, as far as views tell.
    pub(super) fn refused(&self, most: usize) -> Vec<WhereWhy> {
        let told = |one: &formats::intel::Refused| WhereWhy { r#where: one.at.clone(), why: one.why.clone() };
        self.document.refused.iter().take(most).map(told).collect()
    }
}

/// Reads a document; gzip is unpacked.
pub(super) fn prepare(bytes: &[u8]) -> Result<Prepared> {
    let limits = Limits::default();
    let document = formats::intel::read(bytes, &limits).map_err(unreadable)?;
    let mut newest: HashMap<&str, usize> = HashMap::with_capacity(document.objects.len());
    let mut records = HashMap::with_capacity(document.objects.len());
    for (place, object) in document.objects.iter().enumerate() {
        let public_id = object.record.public_id.as_deref().unwrap_or(&object.id);
        records.insert(object.id.clone(), public_id.to_owned());
        let kept = newest.entry(public_id).or_insert(place);
        let is_newer = document.objects.get(*kept).is_some_and(|other| object.modified > other.modified);
        if is_newer {
            *kept = place;
        }
    }
    let mut taken: Vec<usize> = newest.into_values().collect();
    taken.sort_unstable();
    Ok(Prepared { taken, records, document })
}

/// Whether bytes look like a document and not like a text: packed JSON, or JSON. A report may begin with a bracket too, but
/// not with one and then a quote or another bracket.
#[must_use]
pub fn looks_like_intel(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut first = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace());
    matches!(
        (first.next(), first.next()),
        (Some(0x1f), Some(0x8b)) | (Some(b'{'), Some(b'"' | b'}')) | (Some(b'['), Some(b'{' | b'"' | b']'))
    )
}

/// Whether bytes are surely a STIX or MISP document, and no table of records.
#[must_use]
pub fn is_intel(bytes: &[u8]) -> bool {
    formats::intel::is_intel(bytes)
}

fn unreadable(error: Unreadable) -> AppError {
    match error {
        Unreadable::TooLarge { .. } => too_large(),
        other => AppError::invalid("/file", other.to_string()),
    }
}

/// The refusal of a document that is larger than is taken.
pub(super) fn too_large() -> AppError {
    AppError::TooLarge { what: "the document".to_owned(), limit: "200 MB".to_owned() }
}

/// An object as a row of an import.
pub(super) fn ready(object: &IntelObject) -> Ready {
    let mut record = object.record.clone();
    if record.public_id.is_none() {
        record.public_id = Some(object.id.clone());
    }
    if record.kind == Kind::Vulnerability {
        // Scanners tell of the same vulnerability by its CVE alone: from now on it is known by this id too.
        record.keys.push(IdentityKey { scheme: KeyScheme::Stix, value: model::text::fold(&object.id) });
    }
    Ready { at: object.at.clone(), record, links: Vec::new() }
}

/// Decides on objects, each in its place.
pub(super) fn plan(tx: &mut Tx<'_>, objects: &[&IntelObject], rows: &[Ready], into: Into<'_>) -> Result<Vec<Fate>> {
    let public_ids: Vec<String> = rows.iter().filter_map(|row| row.record.public_id.clone()).collect();
    let mut known = record::versions(tx, &public_ids)?;
    by_cve(tx, rows, &mut known)?;
    let ids: Vec<i64> = known.values().map(|known| known.record.id).collect();
    let sources = if ids.is_empty() { HashMap::new() } else { record::sources(tx, &ids)? };
    let mut fates = Vec::with_capacity(rows.len());
    for (object, row) in objects.iter().zip(rows) {
        let public_id = row.record.public_id.as_deref().unwrap_or_default();
        fates.push(match known.get(public_id) {
            None => Fate::New,
            Some(known) => {
                let told = sources.get(&known.record.id).is_some_and(|all| all.iter().any(|source| source == into.source));
                decide(known, object, &row.record, into, !told)
            }
        });
    }
    Ok(fates)
}

/// Vulnerabilities that are known under another id, by their CVE or by an id that was told before.
fn by_cve(tx: &mut Tx<'_>, rows: &[Ready], known: &mut HashMap<String, Versioned>) -> Result<()> {
    let unknown = |row: &&Ready| {
        row.record.kind == Kind::Vulnerability && row.record.public_id.as_ref().is_none_or(|public_id| !known.contains_key(public_id))
    };
    let unknown: Vec<&Ready> = rows.iter().filter(unknown).collect();
    let is_key = |key: &&IdentityKey| key.scheme == KeyScheme::Stix || (key.scheme == KeyScheme::Natural && key.value.starts_with("cve-"));
    let keys: Vec<IdentityKey> = unknown.iter().flat_map(|row| row.record.keys.iter().filter(is_key).cloned()).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let mut by_key: HashMap<String, Record> = HashMap::new();
    for hit in record::identified(tx, Kind::Vulnerability, &keys)? {
        by_key.entry(hit.value).or_insert(hit.record);
    }
    for row in unknown {
        let hit = row.record.keys.iter().filter(is_key).find_map(|key| by_key.get(&key.value));
        if let (Some(record), Some(public_id)) = (hit, &row.record.public_id) {
            known.insert(public_id.clone(), Versioned { record: record.clone(), modified: model::Timestamp::NEVER });
        }
    }
    Ok(())
}

fn decide(known: &Versioned, object: &IntelObject, new: &NewRecord, into: Into<'_>, first_told: bool) -> Fate {
    let record = Box::new(known.record.clone());
    // What is told in a restricted case changes nothing that others can see.
    if !into.library && record.library {
        return Fate::Known { record, first_told: false };
    }
    if record.kind == Kind::Observable || object.modified <= known.modified {
        return Fate::Known { record, first_told };
    }
    match newer(&record, new, into.source) {
        Err(error) => Fate::Refused(error.to_string()),
        Ok(None) => Fate::Known { record, first_told },
        Ok(Some((to, changes))) => Fate::Updated { record, to: Box::new(to), changes },
    }
}

/// The known record as the newer version leaves it; none when it stays as it is.
fn newer(known: &Record, new: &NewRecord, source: &str) -> Result<Option<(Imported, Vec<String>)>> {
    let before = fields_of(known);
    let told = new.fields();
    let mut record = known.clone();
    let mut fields = before.clone();
    for field in known.kind.spec().fields {
        let (Some(old), Some(given)) = (before.get(field.name), told.get(field.name)) else { continue };
        let by_hand = !says_nothing(old) && !record.field_sources.contains_key(field.name);
        if by_hand || old == given {
            continue;
        }
        fields.insert(field.name.to_owned(), given.clone());
        record.field_sources.insert(field.name.to_owned(), source.to_owned());
    }
    with_fields(record, &before, fields)
}

/// What becomes of links that have ids of their own: how many are new, and how many are newer versions.
pub(super) fn plan_links(tx: &mut Tx<'_>, links: &[&IntelLink], case: i64) -> Result<(usize, usize)> {
    let ids: Vec<&str> = links.iter().map(|link| link.id.as_str()).filter(|id| !id.is_empty()).collect();
    if ids.is_empty() {
        return Ok((0, 0));
    }
    let known = record::link_versions(tx, &ids, case)?;
    let (mut created, mut updated) = (0, 0);
    for link in links.iter().filter(|link| !link.id.is_empty()) {
        match known.get(&link.id) {
            None => created += 1,
            Some(modified) if link.modified > *modified => updated += 1,
            Some(_) => {}
        }
    }
    Ok((created, updated))
}
