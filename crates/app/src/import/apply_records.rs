//! Applies a staged file of records, in chunks: nobody else's write waits for it, and applied again after a crash it goes
//! on where it was, because what is there already is known.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use model::artifact::OriginKind;
use model::case::case_number;
use model::kind::NewRecord;
use model::{Kind, Stamp};
use serde_json::json;
use store::change::{self, Topic};
use store::import::Import;
use store::journal::Deed;
use store::record::Imported;
use store::{Tx, import, journal, record};

use super::apply::ApplyImport;
use super::carrier::{Carrier, Halt};
use super::get::{REFUSALS_TOLD, Report, columns};
use super::links::{self, Naming};
use super::merge::{Claimed, Fate, Into, plan};
use super::rows::{Prepared, Ready, prepare};
use super::{Options, WhereWhy, find_import, mapping, read_file, shown_in};
use crate::artifact::{Incoming, Newcomers, Source};
use crate::authorise::open_case;
use crate::error::AppError;
use crate::operation::bulk::{self, Bulk};
use crate::record::{CASES_TOLD, difference, fields_of, revealed};

/// Rows of one transaction. Of the writer's time, a new row took 0.4 to 0.8 ms, one that changes and is in a case 1 to 2.8 ms:
/// on either database, in an unoptimised build, on two busy cores.
const CHUNK: usize = 50;

/// What one chunk did.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) created: usize,
    pub(super) updated: usize,
    pub(super) known: usize,
    pub(super) refused: Vec<WhereWhy>,
    /// Records that were outside of the library and are in it now.
    pub(super) opened: usize,
    /// Every record that the rows are.
    pub(super) records: Vec<(i64, Kind)>,
    /// Records that were created because an incident names them.
    named: Vec<(Kind, usize)>,
    /// Records that rows were taken for, with the row.
    claimed: Vec<(i64, String)>,
}

pub(super) fn apply(carrier: &Carrier<'_>, staged: &Import, input: ApplyImport) -> Result<(), Halt> {
    let kind: Kind = staged.kind.parse().map_err(|error| AppError::Internal(format!("a staged import of {error}")))?;
    let mut options = Options::of(staged)?;
    if let Some(source) = &input.source {
        let mut fields = model::Fields::new();
        options.source = fields.line("/source", source, 100);
        fields.finish().map_err(AppError::from)?;
    }
    let bytes = read_file(carrier.app, staged)?;
    let mapping = input.mapping.unwrap_or_else(|| options.mapping.clone());
    let prepared = Arc::new(prepare(&bytes, kind, Some(mapping))?);
    options.mapping.clone_from(&prepared.mapping);
    let case = staged.case_number.map(case_number).or(input.case);

    let mut report = Report {
        rows: prepared.rows,
        known: prepared.repeated,
        refused_count: prepared.refusals,
        refused: prepared.refused.iter().take(REFUSALS_TOLD).cloned().collect(),
        notes: prepared.notes.clone(),
        columns: columns(&prepared),
        ..Report::default()
    };
    let mut records = Vec::with_capacity(prepared.ready.len());
    let mut named: std::collections::BTreeMap<Kind, usize> = std::collections::BTreeMap::new();
    let mut claimed = Arc::new(Claimed::new());
    for start in (0..prepared.ready.len()).step_by(CHUNK) {
        carrier.tell(start, prepared.rows)?;
        let range = start..(start + CHUNK).min(prepared.ready.len());
        let chunk = Chunk {
            prepared: Arc::clone(&prepared),
            range,
            source: options.source.clone(),
            case: case.clone(),
            import: staged.public_id.clone(),
            name: staged.name.clone(),
            claimed: Arc::clone(&claimed),
        };
        let done = carrier.change(move |tx, stamp| chunk.apply(tx, stamp))?;
        report.add(&done);
        records.extend(done.records);
        // The chunk is gone, so that nothing is copied here.
        Arc::make_mut(&mut claimed).extend(done.claimed);
        for (kind, count) in done.named {
            *named.entry(kind).or_default() += count;
        }
    }
    for (kind, count) in named {
        let spec = kind.spec();
        let noun = if count == 1 { spec.singular.to_owned() } else { spec.plural.to_lowercase() };
        report.notes.push(format!("{count} {noun} that the file only names: created"));
    }
    finish(carrier, staged, options, report, records, case)?;
    Ok(())
}

/// Some rows of a file on their way in.
struct Chunk {
    prepared: Arc<Prepared>,
    range: Range<usize>,
    source: String,
    case: Option<String>,
    import: String,
    name: String,
    claimed: Arc<Claimed>,
}

impl Chunk {
    fn apply(&self, tx: &mut Tx<'_>, stamp: &Stamp) -> crate::error::Result<Done> {
        let case = self.case.as_ref().map(|number| open_case(tx, number)).transpose()?;
        let (in_case, library) = case.as_ref().map_or((0, true), |case| (case.id, !case.restricted));
        let into = Into { library, source: &self.source };
        let rows = self.prepared.ready.get(self.range.clone()).unwrap_or_default();
        let mut claimed = Claimed::new();
        let fates = plan(tx, rows, into, &self.claimed, &mut claimed)?;
        let mut done = Done::default();
        let ids = store(tx, stamp, rows, &fates, into, &mut done)?;
        let naming: Vec<Naming<'_>> =
            rows.iter().zip(&ids).filter_map(|(row, id)| Some(Naming { record: (*id)?, at: &row.at, links: &row.links })).collect();
        let joined = links::join(tx, &stamp.part(1), &naming, into, in_case)?;
        done.refused.extend(joined.refused);
        done.named = joined.created.into_iter().collect();
        done.records = rows.iter().zip(&ids).filter_map(|(row, id)| Some(((*id)?, row.record.kind))).collect();
        done.claimed = claimed.into_iter().collect();
        if done.created + done.updated + done.opened > 0 || !done.named.is_empty() {
            let details = json!({ "name": self.name, "source": self.source, "created": done.created, "updated": done.updated,
                "rows": [self.range.start + 1, self.range.end] });
            journal::append(tx, stamp, &Deed { verb: "import.records", object: &self.import, details }, shown_in(in_case))?;
            if library {
                change::announce(tx, stamp, Topic::Records, 0)?;
            }
        }
        Ok(done)
    }
}

/// Stores a chunk. Each row's record comes back in its place; none for those that are refused.
pub(super) fn store(
    tx: &mut Tx<'_>,
    stamp: &Stamp,
    rows: &[Ready],
    fates: &[Fate],
    into: Into<'_>,
    done: &mut Done,
) -> crate::error::Result<Vec<Option<i64>>> {
    let fresh: Vec<NewRecord> =
        rows.iter().zip(fates).filter(|(_, fate)| matches!(fate, Fate::New)).map(|(row, _)| row.record.clone()).collect();
    let stored = record::upsert(tx, &fresh, into.library, into.source, stamp)?;
    revealed::tell(tx, stamp, &stored.revealed)?;
    let mut stored = stored.records.into_iter();
    let mut ids = Vec::with_capacity(rows.len());
    let mut changed: Vec<Imported> = Vec::new();
    let mut told = Vec::new();
    let mut hidden = Vec::new();
    for (row, fate) in rows.iter().zip(fates) {
        let id = match fate {
            Fate::New => {
                done.created += 1;
                let id = stored.next().map(|stored| stored.id);
                told.extend(id.map(|id| (id, row.record.kind, row.record.keys.as_slice())));
                id
            }
            Fate::Known { record, first_told } => {
                done.known += 1;
                if *first_told {
                    told.push((record.id, record.kind, row.record.keys.as_slice()));
                }
                hidden.extend((into.library && !record.library).then_some((record.id, &row.record)));
                Some(record.id)
            }
            Fate::Updated { record, to, .. } => {
                done.updated += 1;
                let mut to = (**to).clone();
                to.record.updated_at = stamp.at;
                to.record.updated_by.clone_from(&stamp.actor);
                changed.push(to);
                told.push((record.id, record.kind, row.record.keys.as_slice()));
                hidden.extend((into.library && !record.library).then_some((record.id, &row.record)));
                Some(record.id)
            }
            Fate::Refused(why) => {
                done.refused.push(WhereWhy { r#where: row.at.clone(), why: why.clone() });
                None
            }
        };
        ids.push(id);
    }
    record::import_all(tx, &changed)?;
    // What comes out of a restricted case is what the file says, and nothing that was merged into it there.
    let revealed = record::reveal(tx, &hidden, into.source, stamp)?;
    revealed::tell(tx, stamp, &revealed)?;
    record::add_sources(tx, &told, into.source, stamp)?;
    done.opened = hidden.len();
    tell_cases(tx, stamp, fates, into)?;
    Ok(ids)
}

/// A changed record is told in the activities of every case that holds it.
fn tell_cases(tx: &mut Tx<'_>, stamp: &Stamp, fates: &[Fate], into: Into<'_>) -> crate::error::Result<()> {
    let updated = fates.iter().filter_map(|fate| match fate {
        Fate::Updated { record, to, .. } => Some((record, to)),
        _ => None,
    });
    let updated: Vec<_> = updated.collect();
    if updated.is_empty() {
        return Ok(());
    }
    let rows: Vec<i64> = updated.iter().map(|(record, _)| record.id).collect();
    let held: HashSet<i64> = record::held(tx, &rows)?.into_iter().collect();
    let deeds = updated.into_iter().filter(|(record, _)| held.contains(&record.id)).map(|(record, to)| {
        let changes: serde_json::Map<String, serde_json::Value> = difference(&fields_of(record), &to.content.fields())
            .into_iter()
            .map(|(field, (old, new))| (field, json!([old, new])))
            .collect();
        let details = json!({ "kind": record.kind, "title": to.content.title, "source": into.source, "changes": changes });
        (record.id, Deed { verb: "record.update", object: record.public_id.as_str(), details })
    });
    journal::append_of_records(tx, stamp, &deeds.collect::<Vec<_>>())?;
    for case in record::holders_of(tx, &held.into_iter().collect::<Vec<_>>(), CASES_TOLD)? {
        change::announce(tx, stamp, Topic::Artifacts, case)?;
    }
    Ok(())
}

/// Says what came of it, adds the records to the case, and ends the job.
pub(super) fn finish(
    carrier: &Carrier<'_>,
    staged: &Import,
    options: Options,
    report: Report,
    records: Vec<(i64, Kind)>,
    case: Option<String>,
) -> crate::error::Result<()> {
    let (id, who, job) = (staged.public_id.clone(), carrier.name.clone(), carrier.last_job());
    carrier.change(move |tx, stamp| {
        let staged = find_import(tx, &who, &id)?;
        if !matches!(staged.state.as_str(), "staged" | "applying") {
            return Ok(());
        }
        let mut report = report.clone();
        let case = case.as_ref().map(|number| open_case(tx, number)).transpose()?;
        if let Some(case) = case.as_ref().filter(|_| !records.is_empty()) {
            let incoming = Incoming {
                known: records.clone(),
                new: Newcomers::default(),
                bring_along: true,
                origin: Source { kind: OriginKind::Import, reference: id.clone(), title: staged.name.clone() },
            };
            let operation = bulk::start(tx, stamp, case, Bulk::Add { incoming: Box::new(incoming) }, Vec::new(), Vec::new())?;
            report.operation = operation.operation_id;
        }
        let details = json!({ "name": staged.name, "kind": staged.kind, "source": options.source, "created": report.created,
            "updated": report.updated, "known": report.known, "refused": report.refused_count });
        if let Ok(kind) = staged.kind.parse::<Kind>() {
            let columns: Vec<&str> = report.columns.iter().map(|column| column.name.as_str()).collect();
            mapping::remember(tx, kind, &columns, &options.mapping)?;
        }
        let in_case = case.as_ref().map_or(0, |case| case.id);
        journal::append(tx, stamp, &Deed { verb: "import.apply", object: &id, details }, shown_in(in_case))?;
        import::applied(tx, staged.id, in_case, &options, &report, stamp)?;
        if let Some(job) = &job {
            crate::job::done(
                tx,
                stamp,
                job,
                &json!({ "import": id, "created": report.created, "updated": report.updated,
                "known": report.known, "refused": report.refused_count }),
            )?;
        }
        Ok(())
    })
}
