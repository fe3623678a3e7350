//! In which order the records of an export go out, and which of them are one file.

use std::collections::{BTreeMap, HashMap, HashSet};

use formats::export::{self, stix};
use model::Kind;
use model::observable::ObservableType;
use model::relationship::RelationshipType;
use store::{Tx, export as read};

use super::gather::{end, pairs};
use crate::error::Result;

/// The order of an export, by rows.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Records of their own, those that refer to others by their properties last.
    pub(super) alone: Vec<i64>,
    /// Hashes and names that are one file each.
    pub(super) files: Vec<Vec<i64>>,
    /// The id of the file that a record is a part of.
    pub(super) within: HashMap<i64, String>,
}

/// A hash or a name on its way into a file.
struct Part {
    end: export::End,
    kind: ObservableType,
}

/// What is found out chunk by chunk before anything is written.
#[derive(Default)]
pub(super) struct Planner {
    parts: HashMap<i64, Part>,
    pairs: Vec<(i64, i64)>,
    referring: HashSet<i64>,
    /// What documents call hashes and names, where that is not what the export calls them.
    others: Vec<(i64, String)>,
    /// The same of observables that are a part of no file: they can be told at once.
    told: Vec<(export::End, String)>,
}

/// Kinds whose objects name others in properties of their own.
pub(super) fn refers(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Report | Kind::Grouping | Kind::StixNote | Kind::Opinion | Kind::ObservedData | Kind::StixSighting | Kind::Indicator
    )
}

impl Planner {
    /// Looks at some of the records.
    pub(super) fn look(&mut self, tx: &mut Tx<'_>, case: i64, rows: &[i64]) -> Result<()> {
        let mut of_file = Vec::new();
        for came in read::came(tx, rows)? {
            let row = came.end.id;
            let kind = came.end.kind;
            let end = end(came.end);
            if refers(kind) {
                self.referring.insert(row);
            }
            let other = if came.original.is_empty() { None } else { stix::other_id(&came.original, &end) };
            let Some(observable) = end.observable().filter(|observable| stix::is_of_file(observable.kind)) else {
                self.told.extend(other.map(|other| (end, other)));
                continue;
            };
            of_file.push(row);
            self.others.extend(other.map(|other| (row, other)));
            self.parts.insert(row, Part { end, kind: observable.kind });
        }
        if !of_file.is_empty() {
            self.pairs.extend(pairs(tx, case, &RelationshipType::SAME_FILE, &of_file)?);
        }
        Ok(())
    }

    /// What documents call those observables that were looked at since, and are a part of no file.
    pub(super) fn told(&mut self) -> Vec<(export::End, String)> {
        std::mem::take(&mut self.told)
    }

    /// What documents call hashes and names of the export: each as the plan has it, and the id.
    pub(super) fn others(mut self, plan: &Plan) -> impl Iterator<Item = (export::End, String)> {
        self.others.into_iter().filter_map(move |(row, id)| {
            let part = self.parts.remove(&row)?;
            Some((export::End { within: plan.within.get(&row).cloned(), ..part.end }, id))
        })
    }

    /// The order of these rows.
    pub(super) fn plan(&self, rows: &[i64]) -> Plan {
        let mut plan = Plan::default();
        let mut member: HashSet<i64> = HashSet::new();
        for file in self.files() {
            let ends: Vec<&export::End> = file.iter().filter_map(|row| self.parts.get(row)).map(|part| &part.end).collect();
            let Some(id) = stix::file_id(&ends) else { continue };
            for row in &file {
                member.insert(*row);
                plan.within.insert(*row, id.clone());
            }
            plan.files.push(file);
        }
        let (last, first): (Vec<i64>, Vec<i64>) =
            rows.iter().copied().filter(|row| !member.contains(row)).partition(|row| self.referring.contains(row));
        plan.alone = first;
        plan.alone.extend(last);
        plan
    }

    /// Groups of hashes that are one file, each with its names. What two different hashes of one algorithm are said of is
    /// more than one file, and joined by nothing but relationships.
    fn files(&self) -> Vec<Vec<i64>> {
        let mut leader: HashMap<i64, i64> = HashMap::new();
        let is_hash = |row: &i64| self.parts.get(row).is_some_and(|part| part.kind != ObservableType::FileName);
        let hashes = self.pairs.iter().filter(|(a, b)| is_hash(a) && is_hash(b));
        for (a, b) in hashes {
            let (a, b) = (find(&mut leader, *a), find(&mut leader, *b));
            leader.insert(a.max(b), a.min(b));
            leader.entry(a.min(b)).or_insert(a.min(b));
        }
        let mut files: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        let mut joined: Vec<i64> = leader.keys().copied().collect();
        joined.sort_unstable();
        for row in joined {
            files.entry(find(&mut leader, row)).or_default().push(row);
        }
        files.retain(|_, rows| {
            let mut kinds = HashSet::new();
            rows.iter().filter_map(|row| self.parts.get(row)).all(|part| kinds.insert(part.kind))
        });
        // Names join, where they are names of one file only.
        let of: HashMap<i64, i64> = files.iter().flat_map(|(file, rows)| rows.iter().map(move |row| (*row, *file))).collect();
        let mut names: BTreeMap<i64, HashSet<i64>> = BTreeMap::new();
        for (a, b) in &self.pairs {
            for (name, hash) in [(a, b), (b, a)] {
                if self.parts.contains_key(name) && !is_hash(name) && is_hash(hash) {
                    names.entry(*name).or_default().insert(of.get(hash).copied().unwrap_or(*hash));
                }
            }
        }
        for (name, hashes) in names {
            if let Some(hash) = hashes.iter().next().filter(|_| hashes.len() == 1) {
                let file = files.entry(*hash).or_insert_with(|| vec![*hash]);
                // An object has one name; the others stay beside it.
                let named = file.iter().filter_map(|row| self.parts.get(row)).any(|part| part.kind == ObservableType::FileName);
                if !named {
                    file.push(name);
                }
            }
        }
        files.into_values().filter(|rows| rows.len() > 1).collect()
    }
}

/// The first row of all that are joined with a row. On the way, each is led to the one above the one above it, so that a chain
/// of many is walked once and not for each of them.
fn find(leader: &mut HashMap<i64, i64>, row: i64) -> i64 {
    let mut at = row;
    while let Some(above) = leader.get(&at).copied().filter(|above| *above != at) {
        let next = leader.get(&above).copied().unwrap_or(above);
        leader.insert(at, next);
        at = next;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planner(parts: &[(i64, ObservableType)], pairs: &[(i64, i64)]) -> Planner {
        let part = |(row, kind): &(i64, ObservableType)| {
            let end = export::End {
                id: format!("file--{row}"),
                kind: Kind::Observable,
                category: kind.as_str().to_owned(),
                title: row.to_string(),
                within: None,
            };
            (*row, Part { end, kind: *kind })
        };
        Planner { parts: parts.iter().map(part).collect(), pairs: pairs.to_vec(), ..Planner::default() }
    }

    #[test]
    fn hashes_and_a_name_of_one_file_are_one() {
        use ObservableType::{FileName, Md5, Sha1, Sha256};
        let planner = planner(&[(1, Md5), (2, Sha1), (3, Sha256), (4, FileName), (5, Md5)], &[(3, 1), (2, 3), (3, 4)]);
        let plan = planner.plan(&[1, 2, 3, 4, 5]);
        assert_eq!((plan.files, plan.alone), (vec![vec![1, 2, 3, 4]], vec![5]));
    }

    #[test]
    fn a_chain_of_many_is_walked_once() {
        use ObservableType::Md5;
        let parts: Vec<(i64, ObservableType)> = (1..=100_000).map(|row| (row, Md5)).collect();
        let pairs: Vec<(i64, i64)> = (2..=100_000).rev().map(|row| (row - 1, row)).collect();
        let rows: Vec<i64> = (1..=100_000).collect();
        assert_eq!(planner(&parts, &pairs).plan(&rows).alone, rows, "so many hashes of one algorithm are more than one file");
    }

    #[test]
    fn what_is_said_of_two_files_joins_neither() {
        use ObservableType::{FileName, Md5, Sha256};
        // Two MD5s of one SHA-256 are not one file; nor are two files of one name.
        let two = planner(&[(1, Md5), (2, Md5), (3, Sha256)], &[(3, 1), (3, 2)]);
        assert_eq!(two.plan(&[1, 2, 3]).alone, [1, 2, 3]);
        let named = planner(&[(1, Md5), (2, Sha256), (3, FileName)], &[(1, 3), (2, 3)]);
        assert_eq!(named.plan(&[1, 2, 3]).alone, [1, 2, 3]);
    }
}
