//! What comes into a case: records that are known, new ones, and where they come from.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use model::artifact::OriginKind;
use model::kind::NewRecord;
use model::operation::SkipReason;
use model::{Kind, Stamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::artifact::{Origin, add, add_origins};
use store::{Tx, case, record};

use crate::error::{AppError, Result};
use crate::operation::bulk::{ADD_CHUNK, Outcome};
use crate::record::known::store_all;
use crate::record::revealed;

/// Where all of an addition comes from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Source {
    pub(crate) kind: OriginKind,
    /// A document's, import's or search's id; may be empty.
    pub(crate) reference: String,
    /// What that is called; may be empty.
    pub(crate) title: String,
}

/// Records on their way into a case.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Incoming {
    /// Rows and kinds of records that are known.
    pub(crate) known: Vec<(i64, Kind)>,
    /// New ones, or known by their value.
    pub(crate) new: Newcomers,
    /// Whether what they carry comes along.
    pub(crate) bring_along: bool,
    pub(crate) origin: Source,
}

/// New records on their way into a case, each with where in the source it was found; may be empty.
///
/// Made before the writer is held: however many there are, they are cloned and written out without work.
#[derive(Debug, Clone, Default)]
pub(crate) struct Newcomers(Arc<Made>);

#[derive(Debug, Default)]
struct Made {
    records: Vec<(NewRecord, String)>,
    /// As jobs hold them, when a job will.
    kept: Option<Box<RawValue>>,
}

impl Newcomers {
    /// Many at once are stored in the order of their titles: the pages of the index that lists are sorted by are then written
    /// once each, and not by every chunk anew, which was half of all that was written.
    pub(crate) fn new(mut records: Vec<(NewRecord, String)>) -> Result<Self> {
        let kept = if records.len() > ADD_CHUNK {
            records.sort_by_cached_key(|(record, _)| record::sort_title(&record.title));
            let kept = serde_json::value::to_raw_value(&brief::all(&records));
            Some(kept.map_err(|error| AppError::Internal(error.to_string()))?)
        } else {
            None
        };
        Ok(Self(Arc::new(Made { records, kept })))
    }
}

impl std::ops::Deref for Newcomers {
    type Target = [(NewRecord, String)];

    fn deref(&self) -> &Self::Target {
        &self.0.records
    }
}

impl Serialize for Newcomers {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.kept {
            Some(kept) => kept.serialize(serializer),
            None => brief::all(&self.0.records).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Newcomers {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Arc::new(Made { records: brief::deserialize(deserializer)?, kept: None })))
    }
}

/// Records as jobs hold them: an observable is its type and value, from which all else follows. A hundred thousand of them
/// would be tens of megabytes otherwise.
mod brief {
    use model::artifact::{Finding, Severity};
    use model::kind::NewRecord;
    use model::observable::{Observable, ObservableType};
    use model::{Kind, Timestamp};
    use serde::{Deserialize, Deserializer, Serialize};

    #[derive(Serialize)]
    #[serde(untagged)]
    pub(super) enum Kept<'a> {
        Observable(ObservableType, &'a str, Finding, &'a str),
        Record(&'a NewRecord, &'a str),
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Brief {
        Observable(ObservableType, String, Finding, String),
        Record(Box<NewRecord>, String),
    }

    pub(super) fn all(records: &[(NewRecord, String)]) -> Vec<Kept<'_>> {
        let mut kept = Vec::with_capacity(records.len());
        for (record, found) in records {
            kept.push(match plain(record) {
                Some(kind) => Kept::Observable(kind, &record.title, record.finding, found),
                None => Kept::Record(record, found),
            });
        }
        kept
    }

    /// The type of an observable of which no more is told than its value and finding. That its id and text follow from these
    /// is the rule for all of them: it is not worked out again for each.
    fn plain(record: &NewRecord) -> Option<ObservableType> {
        let nothing_more = record.kind == Kind::Observable
            && record.severity == Severity::None
            && record.status.is_empty()
            && record.owner.is_empty()
            && record.attributes.is_empty()
            && record.keys.is_empty()
            && record.first_seen == Timestamp::NEVER
            && record.last_seen == Timestamp::NEVER;
        if nothing_more { record.category.parse().ok() } else { None }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(NewRecord, String)>, D::Error> {
        let all: Vec<Brief> = Vec::deserialize(deserializer)?;
        let whole = |brief| match brief {
            Brief::Observable(kind, value, finding, found) => (NewRecord::from_observable(&Observable { kind, value }, finding), found),
            Brief::Record(record, found) => (*record, found),
        };
        Ok(all.into_iter().map(whole).collect())
    }
}

impl Incoming {
    pub(crate) fn len(&self) -> usize {
        self.known.len() + self.new.len()
    }

    /// ` from Threat report`, when the source has a title.
    pub(crate) fn origin_words(&self) -> String {
        if self.origin.title.is_empty() { String::new() } else { format!(" from {}", self.origin.title) }
    }

    /// The first titles of what is new, for the journal.
    pub(crate) fn titles(&self, most: usize) -> Vec<String> {
        self.new.iter().take(most).map(|(record, _)| crate::record::display(record.kind, &record.category, &record.title)).collect()
    }
}

/// Puts a range of what comes in into the case.
pub(crate) fn add_range(
    tx: &mut Tx<'_>,
    stamp: &Stamp,
    case: i64,
    operation: i64,
    incoming: &Incoming,
    range: Range<usize>,
) -> Result<Outcome> {
    let library = !case::find_by_id(tx, case)?.ok_or(AppError::NotFound("case"))?.restricted;
    let split = incoming.known.len();
    let known = incoming.known.get(range.start.min(split)..range.end.min(split)).unwrap_or_default();
    let new = incoming.new.get(range.start.saturating_sub(split)..range.end.saturating_sub(split)).unwrap_or_default();
    let mut records: Vec<(i64, Kind)> = known.to_vec();
    if library {
        revealed::bring_out(tx, stamp, &known.iter().map(|(id, _)| *id).collect::<Vec<_>>())?;
    }
    let mut origins: Vec<(i64, Origin)> = known.iter().map(|(id, _)| (*id, origin(stamp, &incoming.origin, ""))).collect();
    if !new.is_empty() {
        let content: Vec<NewRecord> = new.iter().map(|(record, _)| record.clone()).collect();
        // Ids of new records are derived from the stamp: each range of a long operation has a stamp of its own.
        let stored = store_all(tx, stamp, &content, library, &incoming.origin.title)?;
        for (upserted, (_, detail)) in stored.iter().zip(new) {
            records.push((upserted.id, upserted.kind));
            origins.push((upserted.id, origin(stamp, &incoming.origin, detail)));
        }
    }
    if incoming.bring_along {
        bring_along(tx, stamp, case, &mut records, &mut origins)?;
    }
    let added = add(tx, case, &records, operation, stamp)?;
    let mut seen = std::collections::HashSet::new();
    origins.retain(|(id, origin)| seen.insert((*id, origin.kind, origin.reference.clone(), origin.detail.clone())));
    add_origins(tx, case, &origins, operation)?;
    Ok(Outcome {
        affected: added.added.len() as i64,
        unchanged: added.already.len() as i64,
        skipped: added.excluded.into_iter().map(|id| (id, SkipReason::Excluded)).collect(),
    })
}

fn origin(stamp: &Stamp, source: &Source, detail: &str) -> Origin {
    Origin {
        kind: source.kind,
        reference: source.reference.clone(),
        title: source.title.clone(),
        detail: model::text::shorten(detail, 200),
        added_by: stamp.actor.clone(),
        added_at: stamp.at,
    }
}

fn bring_along(tx: &mut Tx<'_>, stamp: &Stamp, case: i64, records: &mut Vec<(i64, Kind)>, origins: &mut Vec<(i64, Origin)>) -> Result<()> {
    let mut by_kind: HashMap<Kind, Vec<i64>> = HashMap::new();
    for (id, kind) in records.iter() {
        by_kind.entry(*kind).or_default().push(*id);
    }
    for (kind, ids) in by_kind {
        let brought = record::brought_along(tx, case, kind, &ids)?;
        if brought.is_empty() {
            continue;
        }
        let bringers: HashMap<i64, record::Record> = record::find_by_rows(tx, &ids)?.into_iter().map(|r| (r.id, r)).collect();
        for (from, record) in brought {
            let Some(bringer) = bringers.get(&from) else { continue };
            let source = Source { kind: OriginKind::CameAlong, reference: bringer.public_id.clone(), title: name_of(bringer) };
            origins.push((record.id, origin(stamp, &source, "")));
            records.push((record.id, record.kind));
        }
    }
    Ok(())
}

/// What a record is called in an origin: an incident by its number.
fn name_of(record: &record::Record) -> String {
    record.attributes.get("number").and_then(serde_json::Value::as_str).map_or_else(|| record.title.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use model::artifact::Finding;
    use model::kind::RecordInput;
    use model::observable::Observable;

    #[test]
    fn what_a_job_holds_is_what_came_in() {
        let observable = |value: &str, finding| NewRecord::from_observable(&Observable::guess(value).unwrap(), finding);
        let input: RecordInput = serde_json::from_str(r#"{"kind":"user","name":"Ada","user_id":"ada"}"#).unwrap();
        let user = NewRecord::read(&input, "", &mut model::Fields::new()).unwrap();
        let told = NewRecord { owner: "ada".to_owned(), ..observable("10.0.0.1", Finding::Unknown) };
        let new = [observable("hxxps://Evil[.]example/A", Finding::Malicious), observable("größe.example", Finding::Unknown), user, told];
        let incoming = Incoming {
            known: vec![(7, Kind::User)],
            new: Newcomers::new(new.into_iter().map(|record| (record, "line 3".to_owned())).collect()).unwrap(),
            bring_along: true,
            origin: Source { kind: OriginKind::Manual, reference: String::new(), title: String::new() },
        };
        let kept = serde_json::to_string(&incoming).unwrap();
        assert!(!kept.contains("search_text\":\"https"), "{kept}");
        assert_eq!(*serde_json::from_str::<Incoming>(&kept).unwrap().new, *incoming.new);
    }

    #[test]
    fn many_are_kept_in_the_order_of_their_titles() {
        let observable = |n: usize| {
            (
                NewRecord::from_observable(&Observable::guess(&format!("host{}.example", 9_999 - n)).unwrap(), Finding::Unknown),
                n.to_string(),
            )
        };
        let new = Newcomers::new((0..1_000).map(observable).collect()).unwrap();
        assert_eq!(new.first().map(|(record, found)| (record.title.as_str(), found.as_str())), Some(("host9000.example", "999")));
        let kept = serde_json::to_string(&new).unwrap();
        assert_eq!(*serde_json::from_str::<Newcomers>(&kept).unwrap(), *new);
    }
}
