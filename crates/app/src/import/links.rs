//! The records that incidents name: found, or created, and joined.

use std::collections::{BTreeMap, HashMap};

use model::kind::{KeyScheme, NewRecord};
use model::relationship::RelationshipType;
use model::text::fold;
use model::{Kind, Stamp};
use store::Tx;
use store::record;

use super::WhereWhy;
use super::merge::Into;
use super::rows::Link;
use crate::error::Result;
use crate::record::revealed;
use crate::record::same::{self, Sameness};

/// A row's record, and what it names.
pub(crate) struct Naming<'a> {
    pub(crate) record: i64,
    pub(crate) at: &'a str,
    pub(crate) links: &'a [Link],
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Joined {
    /// How many records of a kind were created because an incident names them.
    pub(crate) created: BTreeMap<Kind, usize>,
    /// What could not be joined.
    pub(crate) refused: Vec<WhereWhy>,
}

/// Joins incidents with what they name.
pub(crate) fn join(tx: &mut Tx<'_>, stamp: &Stamp, naming: &[Naming<'_>], into: Into<'_>, case: i64) -> Result<Joined> {
    let mut joined = Joined::default();
    let mut places: HashMap<(Kind, String), usize> = HashMap::new();
    let mut named: Vec<NewRecord> = Vec::new();
    for link in naming.iter().flat_map(|one| one.links) {
        places.entry(identity(&link.record)).or_insert_with(|| {
            named.push(link.record.clone());
            named.len() - 1
        });
    }
    if named.is_empty() {
        return Ok(joined);
    }
    let found = find(tx, &named, into)?;
    let fresh: Vec<NewRecord> =
        named.iter().zip(&found).filter(|(_, found)| matches!(found, Found::New)).map(|(record, _)| record.clone()).collect();
    let stored = record::upsert(tx, &fresh, into.library, into.source, stamp)?;
    revealed::tell(tx, stamp, &stored.revealed)?;
    let mut stored = stored.records.into_iter();
    let mut rows: Vec<Option<i64>> = Vec::with_capacity(named.len());
    for found in &found {
        rows.push(match found {
            Found::New => stored.next().map(|stored| {
                *joined.created.entry(stored.kind).or_default() += usize::from(stored.created);
                stored.id
            }),
            Found::Known(id) => Some(*id),
            Found::Several => None,
        });
    }
    let mut relationships: Vec<(i64, RelationshipType, i64)> = Vec::new();
    for one in naming {
        for link in one.links {
            match places.get(&identity(&link.record)).and_then(|place| rows.get(*place)).copied().flatten() {
                Some(row) => relationships.push((one.record, link.relationship.clone(), row)),
                None => joined.refused.push(WhereWhy {
                    r#where: one.at.to_owned(),
                    why: format!("several records are called “{}”: not joined, the rest of the row was taken", link.record.title),
                }),
            }
        }
    }
    relationships.sort_unstable();
    relationships.dedup();
    record::insert_relationships(tx, &relationships, case, into.source, stamp)?;
    Ok(joined)
}

enum Found {
    New,
    Known(i64),
    Several,
}

fn find(tx: &mut Tx<'_>, named: &[NewRecord], into: Into<'_>) -> Result<Vec<Found>> {
    let mut found: Vec<Found> = Vec::with_capacity(named.len());
    for sameness in same::find(tx, named, "")? {
        found.push(match sameness {
            // What only a restricted case knows is not pulled into the open by a name.
            Sameness::Known { record, .. } if record.library || !into.library => Found::Known(record.id),
            Sameness::Several(_) => Found::Several,
            Sameness::Known { .. } | Sameness::New => Found::New,
        });
    }
    // Tickets call people by their names, where directories know them by their accounts.
    for kind in [Kind::ConfigurationItem, Kind::User] {
        let unknown = |(record, found): (&NewRecord, &Found)| record.kind == kind && matches!(found, Found::New);
        let titles: Vec<String> = named.iter().zip(&found).filter(|pair| unknown(*pair)).map(|(record, _)| fold(&record.title)).collect();
        if titles.is_empty() {
            continue;
        }
        let mut by_title: HashMap<String, Vec<i64>> = HashMap::new();
        for record in record::titled(tx, kind, &titles)?.into_iter().filter(|record| record.library || !into.library) {
            by_title.entry(fold(&record.title)).or_default().push(record.id);
        }
        for (record, found) in named.iter().zip(found.iter_mut()).filter(|(record, found)| unknown((record, found))) {
            match by_title.get(&fold(&record.title)).map(Vec::as_slice) {
                Some([one]) => *found = Found::Known(*one),
                Some([_, _, ..]) => *found = Found::Several,
                _ => {}
            }
        }
    }
    Ok(found)
}

fn identity(record: &NewRecord) -> (Kind, String) {
    let natural = record.keys.iter().find(|key| key.scheme == KeyScheme::Natural).map(|key| key.value.clone());
    (record.kind, record.public_id.clone().or(natural).unwrap_or_else(|| record.title.clone()))
}
