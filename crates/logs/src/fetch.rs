//! Events given back whole.

use tantivy::columnar::{Column, StrColumn};
use tantivy::schema::IndexRecordOption;
use tantivy::store::StoreReader;
use tantivy::{DocId, DocSet, SegmentReader, TERMINATED, Term};

use model::Timestamp;

use crate::document::{ACCOUNT, BATCH, EventFields, HOST, SEQUENCE, SOURCE, Stored, StoredBytes, TIME};
use crate::error::{LogError, index_io};
use crate::event::{Locator, StoredEvent};
use crate::index::Snapshot;

/// What of a segment is needed to give events back.
pub(crate) struct Fetcher {
    store: StoreReader,
    batch: Option<Column<i64>>,
    source: Option<Column<i64>>,
    time: Option<Column<i64>>,
    sequence: Option<Column<u64>>,
    host: Option<StrColumn>,
    account: Option<StrColumn>,
}

impl Fetcher {
    pub(crate) fn new(segment: &SegmentReader) -> Result<Self, LogError> {
        let fast = segment.fast_fields();
        Ok(Self {
            store: segment.get_store_reader(2).map_err(index_io)?,
            batch: fast.column_opt(BATCH)?,
            source: fast.column_opt(SOURCE)?,
            time: fast.column_opt(TIME)?,
            sequence: fast.column_opt(SEQUENCE)?,
            host: fast.str(HOST)?,
            account: fast.str(ACCOUNT)?,
        })
    }

    pub(crate) fn event(&self, doc: DocId) -> Result<StoredEvent, LogError> {
        let bytes = self.store.get::<StoredBytes>(doc)?.0;
        let stored = Stored::decode(&bytes).ok_or_else(|| LogError::Index("a stored event cannot be read".to_owned()))?;
        let number = |column: &Option<Column<i64>>| column.as_ref().and_then(|c| c.first(doc));
        Ok(StoredEvent {
            locator: Locator {
                batch: number(&self.batch).unwrap_or_default(),
                sequence: self.sequence.as_ref().and_then(|c| c.first(doc)).unwrap_or_default(),
            },
            source: number(&self.source).unwrap_or_default(),
            time: number(&self.time).map(Timestamp),
            host: names(self.host.as_ref(), doc)?.pop(),
            accounts: names(self.account.as_ref(), doc)?,
            member: stored.member.to_owned(),
            line: stored.line,
            raw: stored.raw.to_owned(),
            shape: stored.shape,
        })
    }
}

fn names(column: Option<&StrColumn>, doc: DocId) -> Result<Vec<String>, LogError> {
    let Some(column) = column else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for place in column.term_ords(doc) {
        let mut name = String::new();
        column.ord_to_str(place, &mut name).map_err(index_io)?;
        names.push(name);
    }
    Ok(names)
}

pub(crate) fn by_locator(snapshot: &Snapshot, fields: &EventFields, locator: Locator) -> Result<Option<StoredEvent>, LogError> {
    if !snapshot.batches.contains_key(&locator.batch) {
        return Ok(None);
    }
    let term = Term::from_field_i64(fields.batch, locator.batch);
    for (_, searcher) in &snapshot.partitions {
        for segment in searcher.segment_readers() {
            let Some(mut docs) = segment.inverted_index(fields.batch)?.read_postings(&term, IndexRecordOption::Basic).map_err(index_io)?
            else {
                continue;
            };
            let Some(sequence) = segment.fast_fields().column_opt::<u64>(SEQUENCE)? else { continue };
            if !(sequence.min_value()..=sequence.max_value()).contains(&locator.sequence) {
                continue;
            }
            while docs.doc() != TERMINATED {
                if sequence.first(docs.doc()) == Some(locator.sequence) && !segment.is_deleted(docs.doc()) {
                    return Fetcher::new(segment)?.event(docs.doc()).map(Some);
                }
                docs.advance();
            }
        }
    }
    Ok(None)
}
