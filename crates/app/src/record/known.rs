//! Stores records, or finds those that are known: observables by their value, others by their natural key.

use std::collections::HashMap;

use model::kind::{KeyScheme, NewRecord};
use model::{Kind, Stamp};
use store::Tx;
use store::record::{self, Upserted};

use super::revealed;
use crate::error::Result;

/// Stores those of the records that are not known yet. Each comes back in its place, with whether it is new to the viewer.
///
/// A record made in a restricted case (`library` false) stays outside of the library.
pub(crate) fn store_all(tx: &mut Tx<'_>, stamp: &Stamp, records: &[NewRecord], library: bool, source: &str) -> Result<Vec<Upserted>> {
    let known = by_natural_key(tx, records)?;
    let mut outcome: Vec<Option<Upserted>> = vec![None; records.len()];
    let mut fresh: Vec<NewRecord> = Vec::new();
    let mut places: Vec<Vec<usize>> = Vec::new();
    let mut first_with: HashMap<(Kind, String), usize> = HashMap::new();
    let mut hidden: Vec<(i64, &NewRecord)> = Vec::new();
    for (n, new) in records.iter().enumerate() {
        let natural = natural_key(new);
        if let Some((id, open)) = natural.as_ref().and_then(|key| known.get(&(new.kind, key.clone()))) {
            hidden.extend((library && !open).then_some((*id, new)));
            if let Some(place) = outcome.get_mut(n) {
                *place = Some(Upserted { id: *id, kind: new.kind, created: false });
            }
            continue;
        }
        // The same natural key twice in one request is one record.
        let earlier = natural.as_ref().and_then(|key| first_with.get(&(new.kind, key.clone())).copied());
        if let Some(place) = earlier.and_then(|earlier| places.get_mut(earlier)) {
            place.push(n);
            continue;
        }
        if let Some(key) = natural {
            first_with.insert((new.kind, key), fresh.len());
        }
        fresh.push(new.clone());
        places.push(vec![n]);
    }
    let stored = record::upsert(tx, &fresh, library, source, stamp)?;
    for (upserted, places) in stored.records.into_iter().zip(places) {
        for (repeat, n) in places.into_iter().enumerate() {
            if let Some(place) = outcome.get_mut(n) {
                *place = Some(Upserted { created: upserted.created && repeat == 0, ..upserted });
            }
        }
    }
    // What arrives openly is open from now on.
    let revealed = record::reveal(tx, &hidden, source, stamp)?;
    revealed::tell(tx, stamp, &[stored.revealed, revealed].concat())?;
    Ok(outcome.into_iter().flatten().collect())
}

fn natural_key(record: &NewRecord) -> Option<String> {
    record.keys.iter().find(|key| key.scheme == KeyScheme::Natural).map(|key| key.value.clone())
}

fn by_natural_key(tx: &mut Tx<'_>, records: &[NewRecord]) -> Result<HashMap<(Kind, String), (i64, bool)>> {
    let mut found: HashMap<(Kind, String), (i64, bool)> = HashMap::new();
    for kind in Kind::ALL {
        let keys: Vec<_> = records
            .iter()
            .filter(|record| record.kind == *kind)
            .flat_map(|record| record.keys.iter().filter(|key| key.scheme == KeyScheme::Natural).cloned())
            .collect();
        if !keys.is_empty() {
            for hit in record::identified(tx, *kind, &keys)? {
                let found = found.entry((*kind, hit.value)).or_insert((hit.record.id, hit.record.library));
                // The library's record goes before one that only a restricted case knows.
                if hit.record.library && !found.1 {
                    *found = (hit.record.id, true);
                }
            }
        }
    }
    Ok(found)
}
