//! Records as they leave, with all that is said of them.

use std::collections::HashMap;

use formats::export::{self, Annotation, Format, Item, Link, Note, Origin, Seen, Standing};
use model::case::{case_number, search_number};
use model::relationship::RelationshipType;
use model::{Kind, Timestamp};
use store::record::Record;
use store::{Tx, artifact, export as read, note, record};

use super::plan::{Plan, refers};
use super::run::Scene;
use crate::error::Result;
use crate::record::fields_of;

/// Relationships of one statement.
pub(super) const LINKS: i64 = 1_000;

/// A record, as far as links need it.
pub(super) fn end(of: read::End) -> export::End {
    export::End { id: of.public_id, kind: of.kind, category: of.category, title: of.title, within: None }
}

impl Plan {
    fn end(&self, of: read::End) -> export::End {
        let within = self.within.get(&of.id).cloned();
        export::End { within, ..end(of) }
    }
}

/// What hangs on some records.
struct Around {
    standings: HashMap<i64, artifact::Standing>,
    origins: HashMap<i64, Vec<artifact::Origin>>,
    annotations: HashMap<i64, Vec<store::annotation::Annotation>>,
    sightings: HashMap<i64, Vec<read::Told>>,
    originals: HashMap<i64, String>,
    indicators: HashMap<i64, Vec<String>>,
    refers: HashMap<i64, Vec<(RelationshipType, export::End)>>,
}

/// These records as they leave, in this order; those that have gone from view or from the case meanwhile are left out.
pub(super) fn items(tx: &mut Tx<'_>, scene: &Scene, plan: &Plan, rows: &[i64]) -> Result<Vec<Item>> {
    let mut records: HashMap<i64, Record> = record::find_by_rows(tx, rows)?.into_iter().map(|record| (record.id, record)).collect();
    let mut around = around(tx, scene, plan, rows, &records)?;
    if scene.case != 0 {
        records.retain(|row, _| around.standings.contains_key(row));
    }
    Ok(rows.iter().filter_map(|row| records.remove(row)).map(|record| around.item(record, plan)).collect())
}

fn around(tx: &mut Tx<'_>, scene: &Scene, plan: &Plan, rows: &[i64], records: &HashMap<i64, Record>) -> Result<Around> {
    let format = scene.options.format;
    let in_case = scene.case != 0;
    let ours = matches!(format, Format::Json | Format::Jsonl);
    let said = in_case || ours;
    Ok(Around {
        standings: if in_case { read::standings(tx, scene.case, rows)? } else { HashMap::new() },
        origins: if in_case { read::origins(tx, scene.case, rows)? } else { HashMap::new() },
        annotations: if said { read::annotations(tx, Some(scene.case).filter(|_| in_case), rows)? } else { HashMap::new() },
        sightings: if in_case { read::sightings(tx, scene.case, rows)? } else { HashMap::new() },
        originals: if ours || format == Format::Stix { record::originals(tx, rows)? } else { HashMap::new() },
        indicators: if format.joins_files() { indicators(tx, scene, rows)? } else { HashMap::new() },
        refers: if format.joins_files() { referred(tx, scene, plan, records)? } else { HashMap::new() },
    })
}

/// The indicators of the export that point at these records, by their ids.
fn indicators(tx: &mut Tx<'_>, scene: &Scene, rows: &[i64]) -> Result<HashMap<i64, Vec<String>>> {
    let mut pairs = pairs(tx, scene.case, &RelationshipType::BASED_ON, rows)?;
    pairs.retain(|(from, _)| scene.holds(*from));
    let mut from: Vec<i64> = pairs.iter().map(|(from, _)| *from).collect();
    from.sort_unstable();
    from.dedup();
    let mut indicators: HashMap<i64, String> = HashMap::with_capacity(from.len());
    for some in from.chunks(super::run::CHUNK) {
        let found = read::came(tx, some)?.into_iter().filter(|came| came.end.kind == Kind::Indicator);
        indicators.extend(found.map(|came| (came.end.id, came.end.public_id)));
    }
    let mut of: HashMap<i64, Vec<String>> = HashMap::new();
    for (from, to) in pairs {
        if let Some(id) = indicators.get(&from) {
            let all = of.entry(to).or_default();
            if !all.contains(id) {
                all.push(id.clone());
            }
        }
    }
    Ok(of)
}

/// What these records refer to by properties of their own, as far as it is exported too.
fn referred(
    tx: &mut Tx<'_>,
    scene: &Scene,
    plan: &Plan,
    records: &HashMap<i64, Record>,
) -> Result<HashMap<i64, Vec<(RelationshipType, export::End)>>> {
    let mut from: Vec<i64> = records.values().filter(|record| refers(record.kind)).map(|record| record.id).collect();
    from.sort_unstable();
    let mut of: HashMap<i64, Vec<(RelationshipType, export::End)>> = HashMap::new();
    if from.is_empty() {
        return Ok(of);
    }
    let mut after = 0;
    loop {
        let page = read::links(tx, scene.case, &from, after, LINKS)?;
        let Some(last) = page.last() else { return Ok(of) };
        after = last.id;
        for joined in page.into_iter().filter(|joined| scene.holds(joined.to.id)) {
            let kind = joined.from.kind;
            let how = joined.link.relationship;
            let is_property = match kind {
                Kind::ObservedData => how == RelationshipType::OBSERVED,
                Kind::StixSighting => [RelationshipType::SIGHTING_OF, RelationshipType::SEEN_BY, RelationshipType::OBSERVED].contains(&how),
                Kind::Indicator => how == RelationshipType::BASED_ON,
                _ => how == RelationshipType::REFERS_TO,
            };
            if is_property {
                let to = (how, plan.end(joined.to));
                let all = of.entry(joined.from.id).or_default();
                if !all.contains(&to) {
                    all.push(to);
                }
            }
        }
    }
}

impl Around {
    fn item(&mut self, record: Record, plan: &Plan) -> Item {
        let row = record.id;
        let fields = fields_of(&record);
        let standing = self.standings.remove(&row).map(|standing| Standing {
            status: standing.status,
            reason: standing.reason,
            comment: standing.comment,
            status_by: standing.status_by,
            status_at: standing.status_at,
            added_by: standing.added_by,
            added_at: standing.added_at,
            origins: self.origins.remove(&row).unwrap_or_default().into_iter().map(origin).collect(),
        });
        Item {
            end: export::End {
                id: record.public_id,
                kind: record.kind,
                category: record.category,
                title: record.title,
                within: plan.within.get(&row).cloned(),
            },
            severity: record.severity,
            finding: record.finding,
            first_seen: record.first_seen,
            last_seen: record.last_seen,
            fields,
            created_by: record.created_by,
            created_at: record.created_at,
            updated_by: record.updated_by,
            updated_at: record.updated_at,
            original: self.originals.remove(&row),
            standing,
            annotations: self.annotations.remove(&row).unwrap_or_default().into_iter().map(annotation).collect(),
            sightings: self.sightings.remove(&row).unwrap_or_default().into_iter().map(seen).collect(),
            indicators: self.indicators.remove(&row).unwrap_or_default(),
            refers: self.refers.remove(&row).unwrap_or_default(),
        }
    }
}

fn origin(of: artifact::Origin) -> Origin {
    Origin { kind: of.kind, reference: of.reference, title: of.title, detail: of.detail, added_by: of.added_by, added_at: of.added_at }
}

fn annotation(of: store::annotation::Annotation) -> Annotation {
    Annotation {
        id: of.public_id,
        case: case_number(of.case_number),
        text: of.text,
        author: of.author,
        created_at: of.created_at,
        updated_at: of.updated_at,
    }
}

fn seen(of: read::Told) -> Seen {
    Seen {
        search: search_number(of.search),
        source: of.source,
        count: of.hits,
        count_is_exact: of.count_is_exact,
        first_seen: of.first_at.set(),
        last_seen: of.last_at.set(),
        searched_at: of.finished_at,
    }
}

/// The relationships from these records to others of the export, after a row; and the row to go on after.
pub(super) fn links(tx: &mut Tx<'_>, scene: &Scene, plan: &Plan, rows: &[i64], after: i64) -> Result<(Vec<Link>, Option<i64>)> {
    let page = read::links(tx, scene.case, rows, after, LINKS)?;
    let next = page.last().map(|last| last.id);
    let among = page.into_iter().filter(|joined| scene.holds(joined.to.id));
    let links = among.map(|joined| Link {
        from: plan.end(joined.from),
        relationship: joined.link.relationship,
        to: plan.end(joined.to),
        id: joined.link.public_id,
        confidence: joined.link.confidence,
        first_seen: joined.link.first_seen,
        last_seen: joined.link.last_seen,
        created_at: if joined.created_at == Timestamp::NEVER { joined.link.modified } else { joined.created_at },
        original: joined.link.original,
    });
    Ok((links.collect(), next))
}

/// The case's notes before a row that the actor may read; and the row to go on before.
pub(super) fn notes(tx: &mut Tx<'_>, scene: &Scene, before: i64) -> Result<(Vec<Note>, Option<i64>)> {
    let notes = note::list(tx, scene.case, &scene.actor.name, before, 200)?;
    let next = notes.last().map(|note| note.id);
    let told = notes.into_iter().map(|note| Note {
        id: note.public_id,
        kind: note.kind,
        audience: note.audience,
        text: note.text,
        author: note.author,
        created_at: note.created_at,
        updated_at: note.updated_at,
    });
    Ok((told.collect(), next))
}

/// Pairs that are read by one statement.
const PAIRS: i64 = 5_000;

/// The pairs of a record and one of these records that a relationship leads to.
pub(super) fn pairs(tx: &mut Tx<'_>, case: i64, relationship: &RelationshipType, to: &[i64]) -> Result<Vec<(i64, i64)>> {
    let (mut pairs, mut after) = (Vec::new(), 0);
    loop {
        let page = read::pairs(tx, case, relationship, to, (after, PAIRS))?;
        pairs.extend(page.iter().map(|(_, pair)| *pair));
        match page.last() {
            Some((last, _)) if page.len() as i64 == PAIRS => after = *last,
            _ => return Ok(pairs),
        }
    }
}
