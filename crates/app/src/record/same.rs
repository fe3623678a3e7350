//! Whether something that comes in is known already: the same machine or person, however another source calls it.
//!
//! An observable is known by its value. Anything else is known by its natural key; failing that, by names that only one
//! machine or person carries. Addresses come and go, and never join anything. Where several records fit, none is taken.

use std::collections::{BTreeMap, HashMap, HashSet};

use model::Kind;
use model::kind::{IdentityKey, KeyScheme, NewRecord};
use serde_json::Value as Json;
use store::Tx;
use store::record::{self, Identified, Record};

use crate::error::Result;

/// What is known of a record that comes in.
#[derive(Debug, Clone)]
pub(crate) enum Sameness {
    /// Nothing.
    New,
    /// It is this one.
    Known {
        /// As it is stored.
        record: Box<Record>,
        /// Where it was imported from before.
        sources: Vec<String>,
        /// Whether it was told by its names only, and not by its natural key.
        by_name: bool,
    },
    /// It may be any of these.
    Several(Vec<Record>),
}

/// Looks records up, each answered in its place. `source` is where they come from, empty for "by hand".
pub(crate) fn find(tx: &mut Tx<'_>, records: &[NewRecord], source: &str) -> Result<Vec<Sameness>> {
    let public_ids: Vec<String> = records.iter().filter_map(|record| record.public_id.clone()).collect();
    let by_value: HashMap<String, Record> = if public_ids.is_empty() {
        HashMap::new()
    } else {
        record::find_all(tx, &public_ids)?.into_iter().map(|record| (record.public_id.clone(), record)).collect()
    };
    let mut by_kind: BTreeMap<Kind, Vec<IdentityKey>> = BTreeMap::new();
    for record in records.iter().filter(|record| record.public_id.is_none()) {
        let keys = record.keys.iter().filter(|key| joins(key.scheme)).cloned();
        by_kind.entry(record.kind).or_default().extend(keys);
    }
    let mut hits: HashMap<(Kind, KeyScheme, String), Vec<Identified>> = HashMap::new();
    for (kind, mut keys) in by_kind {
        keys.sort();
        keys.dedup();
        for hit in record::identified(tx, kind, &keys)? {
            hits.entry((kind, hit.scheme, hit.value.clone())).or_default().push(hit);
        }
    }
    let ids: Vec<i64> = hits.values().flatten().map(|hit| hit.record.id).chain(by_value.values().map(|record| record.id)).collect();
    let sources = if ids.is_empty() { HashMap::new() } else { record::sources(tx, &ids)? };
    let outcome = records.iter().map(|record| match &record.public_id {
        Some(public_id) => by_value.get(public_id).map_or(Sameness::New, |known| known_as(known, &sources, false)),
        None => among(record, &hits, &sources, source),
    });
    Ok(outcome.collect())
}

/// Whether an identity can tell that two records are one.
fn joins(scheme: KeyScheme) -> bool {
    !matches!(scheme, KeyScheme::Address | KeyScheme::Mac)
}

type Sources = HashMap<i64, Vec<String>>;

fn known_as(record: &Record, sources: &Sources, by_name: bool) -> Sameness {
    Sameness::Known { record: Box::new(record.clone()), sources: sources.get(&record.id).cloned().unwrap_or_default(), by_name }
}

fn among(new: &NewRecord, hits: &HashMap<(Kind, KeyScheme, String), Vec<Identified>>, sources: &Sources, source: &str) -> Sameness {
    let of = |key: &IdentityKey| hits.get(&(new.kind, key.scheme, key.value.clone())).map(Vec::as_slice).unwrap_or_default();
    let natural: Vec<&Record> = new
        .keys
        .iter()
        .filter(|key| key.scheme == KeyScheme::Natural)
        .flat_map(of)
        .filter(|hit| !is_source_id(new) || [source, ""].contains(&hit.source.as_str()) || source.is_empty())
        .map(|hit| &hit.record)
        .collect();
    let natural = each_once(natural);
    // The library's record goes before one that only a restricted case knows.
    let open: Vec<&Record> = natural.iter().copied().filter(|record| record.library).collect();
    if let Some(known) = only(&open).or_else(|| only(&natural)) {
        return known_as(known, sources, false);
    }
    if !natural.is_empty() {
        return Sameness::Several(natural.into_iter().cloned().collect());
    }
    // What this source told before, it knows by natural key: under another key it tells of something else.
    let told_before = |record: &Record| !source.is_empty() && sources.get(&record.id).is_some_and(|all| all.iter().any(|s| s == source));
    let named: Vec<&Record> = new
        .keys
        .iter()
        .filter(|key| key.scheme != KeyScheme::Natural)
        .flat_map(of)
        .map(|hit| &hit.record)
        .filter(|record| !told_before(record) && is_same(new, record))
        .collect();
    let named = each_once(named);
    match only(&named) {
        Some(known) => known_as(known, sources, true),
        None if named.is_empty() => Sameness::New,
        None => Sameness::Several(named.into_iter().cloned().collect()),
    }
}

fn only<'a>(records: &[&'a Record]) -> Option<&'a Record> {
    match records {
        [one] => Some(one),
        _ => None,
    }
}

fn each_once(mut records: Vec<&Record>) -> Vec<&Record> {
    let mut seen = HashSet::new();
    records.retain(|record| seen.insert(record.id));
    records
}

/// Whether the natural key is an id that means something in its own source only.
fn is_source_id(new: &NewRecord) -> bool {
    new.attributes.get("source_id").is_some_and(|value| !value.is_null()) && new.kind.spec().natural_key.first() == Some(&"source_id")
}

/// Whether names that were found alike are those of one machine or person.
fn is_same(new: &NewRecord, known: &Record) -> bool {
    match new.kind {
        Kind::ConfigurationItem => {
            let mine = names(&new.title, texts(&new.attributes, "host_names"));
            let theirs = names(&known.title, texts(&known.attributes, "host_names"));
            mine.iter().any(|a| theirs.iter().any(|b| same_host(a, b)))
        }
        Kind::User => is_same_person(new, known),
        _ => false,
    }
}

/// A name without a domain is that of a name with one; two names in different domains are of two machines.
fn same_host(a: &str, b: &str) -> bool {
    let first = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    a == b
        || (a.contains('.') != b.contains('.')
            && first(a) == first(b)
            && a.parse::<std::net::IpAddr>().is_err()
            && b.parse::<std::net::IpAddr>().is_err())
}

fn is_same_person(new: &NewRecord, known: &Record) -> bool {
    let both = |name: &str| (texts(&new.attributes, name), texts(&known.attributes, name));
    let (mine, theirs) = both("sids");
    if !mine.is_empty() && !theirs.is_empty() {
        return mine.iter().any(|sid| theirs.contains(sid));
    }
    let (mine, theirs) = both("email");
    if !mine.is_empty() && !theirs.is_empty() {
        return mine == theirs;
    }
    let accounts = |user_id: Vec<String>, email: Vec<String>, accounts: Vec<String>| [user_id, email, accounts].concat();
    let mine = accounts(both("user_id").0, both("email").0, both("accounts").0);
    let theirs = accounts(both("user_id").1, both("email").1, both("accounts").1);
    mine.iter().any(|a| theirs.iter().any(|b| same_account(a, b)))
}

/// A bare account name is that of a name with a domain; two names in different domains are of two people.
fn same_account(a: &str, b: &str) -> bool {
    let bare = |name: &str| name.split('@').next().unwrap_or_default().rsplit('\\').next().unwrap_or_default().to_owned();
    let is_bare = |name: &str| !name.contains(['@', '\\']);
    a == b || (is_bare(a) != is_bare(b) && bare(a) == bare(b))
}

fn names(title: &str, more: Vec<String>) -> Vec<String> {
    let clean = |name: String| model::text::fold(name.trim_end_matches('.'));
    std::iter::once(title.to_owned()).chain(more).map(clean).filter(|name| !name.is_empty()).collect()
}

/// An attribute's values, folded.
fn texts(attributes: &serde_json::Map<String, Json>, name: &str) -> Vec<String> {
    match attributes.get(name) {
        Some(Json::String(text)) => vec![model::text::fold(text)],
        Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).map(model::text::fold).collect(),
        _ => Vec::new(),
    }
}
