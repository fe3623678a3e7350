//! Applies a staged document of threat intelligence, in chunks: first its objects, then what joins them. After a crash it
//! goes on behind the last chunk.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use formats::intel::IntelLink;
use model::case::case_number;
use model::{Kind, Stamp, Timestamp};
use serde_json::json;
use store::change::{self, Topic};
use store::import::Import;
use store::journal::Deed;
use store::record::{self, Link};
use store::{Tx, import, journal};

use super::ApplyImport;
use super::apply_records::{Done, finish, store};
use super::carrier::{Carrier, Halt};
use super::get::{REFUSALS_TOLD, Report};
use super::intel::{Prepared, RELATIONSHIP, plan, plan_links, prepare, ready};
use super::merge::{Fate, Into};
use super::stage_intel::place;
use super::view::{SortKey, sort_key};
use super::{IntelView, Options, SortView, read_file, shown_in};
use crate::error::{AppError, Result};

/// Objects of one transaction: about 30 ms of the writer's time in a development build.
const OBJECTS: usize = 200;
/// Links of one transaction.
const LINKS: usize = 1_000;
/// Ids that are looked up at once.
const LOOKED_UP: usize = 2_000;

/// Rows of records, by their public ids.
type Rows = HashMap<String, (i64, Kind)>;

pub(super) fn apply(carrier: &Carrier<'_>, staged: &Import, input: ApplyImport) -> std::result::Result<(), Halt> {
    let options = Options::of(staged)?;
    let prepared = Arc::new(prepare(&read_file(carrier.app, staged)?)?);
    let case = staged.case_number.map(case_number).or(input.case);
    let mut part = Part {
        prepared: Arc::clone(&prepared),
        range: 0..0,
        rows: Arc::new(Rows::new()),
        report: begun(staged, &prepared)?,
        case: case.clone(),
        source: options.source.clone(),
        import: (staged.id, staged.public_id.clone()),
        name: staged.name.clone(),
    };
    let objects = prepared.taken.len();
    let mut rows = if part.report.next > 0 { look_up(carrier, &prepared, part.report.next.min(objects))? } else { Rows::new() };
    while part.report.next < objects {
        carrier.tell(part.report.next, prepared.rows())?;
        part.range = part.report.next..(part.report.next + OBJECTS).min(objects);
        let chunk = part.clone();
        let (report, stored) = carrier.change(move |tx, stamp| chunk.objects(tx, stamp))?;
        part.report = report;
        rows.extend(stored);
    }
    let dangling: Vec<String> = prepared.document.dangling.keys().cloned().collect();
    rows.extend(known_rows(carrier, dangling)?);
    part.rows = Arc::new(rows);
    while part.report.next < prepared.rows() {
        carrier.tell(part.report.next, prepared.rows())?;
        let from = part.report.next - objects;
        part.range = from..(from + LINKS).min(prepared.document.links.len());
        let chunk = part.clone();
        part.report = carrier.change(move |tx, stamp| chunk.links(tx, stamp))?;
    }
    let taken = prepared.objects(0..objects);
    let records = taken.iter().filter_map(|object| part.rows.get(prepared.public_id(&object.id)).copied()).collect();
    finish(carrier, staged, options, part.report, records, case)?;
    Ok(())
}

/// The report of an import that begins, or goes on.
fn begun(staged: &Import, prepared: &Prepared) -> Result<Report> {
    let report = Report::of(staged)?;
    if report.next > 0 {
        return Ok(report);
    }
    Ok(Report {
        rows: prepared.rows(),
        refused_count: prepared.document.refusals,
        refused: prepared.refused(REFUSALS_TOLD),
        notes: prepared.document.notes.clone(),
        intel: Some(prepared.view()),
        ..Report::default()
    })
}

/// The rows of the first objects, which were stored before.
fn look_up(carrier: &Carrier<'_>, prepared: &Prepared, until: usize) -> Result<Rows> {
    let ids = prepared.objects(0..until).iter().map(|object| prepared.public_id(&object.id).to_owned()).collect();
    known_rows(carrier, ids)
}

fn known_rows(carrier: &Carrier<'_>, public_ids: Vec<String>) -> Result<Rows> {
    carrier.read(move |tx| {
        let mut rows = Rows::new();
        for ids in public_ids.chunks(LOOKED_UP) {
            rows.extend(record::find_all(tx, ids)?.into_iter().map(|record| (record.public_id, (record.id, record.kind))));
        }
        Ok(rows)
    })
}

/// Some objects or links of a document on their way in.
#[derive(Clone)]
struct Part {
    prepared: Arc<Prepared>,
    range: Range<usize>,
    /// Of links: what their ends are.
    rows: Arc<Rows>,
    /// What came of it so far.
    report: Report,
    case: Option<String>,
    source: String,
    import: (i64, String),
    name: String,
}

impl Part {
    fn objects(&self, tx: &mut Tx<'_>, stamp: &Stamp) -> Result<(Report, Rows)> {
        let (in_case, library) = place(tx, self.case.as_ref())?;
        let into = Into { library, source: &self.source };
        let objects = self.prepared.objects(self.range.clone());
        let rows: Vec<_> = objects.iter().map(|object| ready(object)).collect();
        let fates = plan(tx, &objects, &rows, into)?;
        let mut done = Done::default();
        let ids = store(tx, stamp, &rows, &fates, into, &mut done)?;
        let mut stored = Rows::with_capacity(rows.len());
        let mut originals: Vec<(i64, Timestamp, &str)> = Vec::new();
        let mut report = self.report.clone();
        for ((object, fate), id) in objects.iter().zip(&fates).zip(&ids) {
            let sort = sort_of(&mut report, sort_key(object));
            match fate {
                Fate::New => sort.created += 1,
                Fate::Updated { .. } => sort.updated += 1,
                Fate::Known { .. } => sort.known += 1,
                Fate::Refused(_) => {}
            }
            let Some(id) = id else { continue };
            stored.insert(self.prepared.public_id(&object.id).to_owned(), (*id, object.record.kind));
            if is_told_anew(fate, library) && !object.original.is_empty() {
                originals.push((*id, object.modified, &object.original));
            }
        }
        record::put_originals(tx, &originals)?;
        report.add(&done);
        report.next = self.range.end;
        if done.created + done.updated + done.opened > 0 {
            let details = json!({ "name": self.name, "source": self.source, "created": done.created, "updated": done.updated,
                "objects": [self.range.start + 1, self.range.end] });
            journal::append(tx, stamp, &Deed { verb: "import.intel", object: &self.import.1, details }, shown_in(in_case))?;
            if library {
                change::announce(tx, stamp, Topic::Records, 0)?;
            }
        }
        import::progress(tx, self.import.0, &report)?;
        Ok((report, stored))
    }

    fn links(&self, tx: &mut Tx<'_>, stamp: &Stamp) -> Result<Report> {
        let (in_case, library) = place(tx, self.case.as_ref())?;
        // What arrives openly is a fact of the library, whichever case it was imported in.
        let made_in = if library { 0 } else { in_case };
        let mut report = self.report.clone();
        let all = self.prepared.document.links.get(self.range.clone()).unwrap_or_default();
        let known_ends: Vec<&IntelLink> = all.iter().filter(|link| self.ends(link).is_some()).collect();
        let (created, updated) = plan_links(tx, &known_ends, made_in)?;
        let mut seen = std::collections::HashSet::new();
        let rows: Vec<Link> = known_ends
            .iter()
            .filter_map(|link| self.link(link))
            .filter(|link| seen.insert((link.from, link.relationship.clone(), link.to, link.public_id.clone())))
            .collect();
        record::upsert_links(tx, &rows, made_in, &self.source, stamp)?;
        let with_id = known_ends.iter().filter(|link| !link.id.is_empty()).count();
        if with_id > 0 {
            let sort = sort_of(&mut report, (RELATIONSHIP, None, ""));
            sort.created += created;
            sort.updated += updated;
            sort.known += with_id - created - updated;
            report.created += created;
            report.updated += updated;
            report.known += with_id - created - updated;
        }
        report.next = self.prepared.taken.len() + self.range.end;
        if created + updated > 0 {
            let details = json!({ "name": self.name, "source": self.source, "created": created, "updated": updated,
                "relationships": [self.range.start + 1, self.range.end] });
            journal::append(tx, stamp, &Deed { verb: "import.intel", object: &self.import.1, details }, shown_in(in_case))?;
            if library {
                change::announce(tx, stamp, Topic::Records, 0)?;
            }
        }
        import::progress(tx, self.import.0, &report)?;
        Ok(report)
    }

    fn ends(&self, link: &IntelLink) -> Option<(i64, i64)> {
        let row = |id: &str| self.rows.get(self.prepared.public_id(id)).map(|(row, _)| *row);
        Some((row(&link.from)?, row(&link.to)?))
    }

    fn link(&self, link: &IntelLink) -> Option<Link> {
        let (from, to) = self.ends(link)?;
        Some(Link {
            from,
            relationship: link.relationship.clone(),
            to,
            public_id: link.id.clone(),
            confidence: link.confidence,
            first_seen: link.first_seen,
            last_seen: link.last_seen,
            modified: link.modified,
            revoked: link.revoked,
            original: link.original.clone(),
        })
    }
}

/// Whether the record is now as the document tells it.
fn is_told_anew(fate: &Fate, library: bool) -> bool {
    match fate {
        Fate::New | Fate::Updated { .. } => true,
        Fate::Known { record, .. } => library && !record.library,
        Fate::Refused(_) => false,
    }
}

fn sort_of<'a>(report: &'a mut Report, sort: SortKey<'_>) -> &'a mut SortView {
    let sorts = &mut report.intel.get_or_insert_with(IntelView::default).sorts;
    let place = sorts.iter().position(|one| one.is(sort)).unwrap_or_else(|| {
        sorts.push(SortView::of(sort));
        sorts.len() - 1
    });
    &mut sorts[place]
}

impl Report {
    /// Adds what a chunk did.
    pub(super) fn add(&mut self, done: &Done) {
        self.created += done.created;
        self.updated += done.updated;
        self.known += done.known;
        self.refused_count += done.refused.len();
        self.refused.extend(done.refused.iter().cloned());
        self.refused.truncate(REFUSALS_TOLD);
    }

    /// What is kept of an import.
    pub(super) fn of(import: &Import) -> Result<Self> {
        serde_json::from_str(&import.report).map_err(|error| AppError::Internal(error.to_string()))
    }
}
