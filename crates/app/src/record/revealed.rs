//! What restricted cases are told when a record that only they knew comes into the open.

use std::collections::BTreeMap;

use model::artifact::Finding;
use model::case::case_number;
use model::kind::{NewRecord, RecordInput};
use model::{Fields, Stamp};
use serde_json::{Value as Json, json};
use store::journal::{Deed, ShownIn};
use store::record::{self, Record, Revealed};
use store::{Tx, case, journal};

use super::update::difference;
use super::{display, fields_of};
use crate::error::{AppError, Result};

/// Keeps what was written of records in restricted cases in the activities of those cases: in the open, it is gone.
pub(crate) fn tell(tx: &mut Tx<'_>, stamp: &Stamp, revealed: &[Revealed]) -> Result<()> {
    let mut by_case: BTreeMap<i64, Vec<Json>> = BTreeMap::new();
    for one in revealed {
        let changes: BTreeMap<String, [Json; 2]> =
            difference(&fields_of(&one.before), &one.now.fields()).into_iter().map(|(field, (old, new))| (field, [old, new])).collect();
        if changes.is_empty() {
            continue;
        }
        let title = display(one.before.kind, &one.before.category, &one.before.title);
        let told = json!({ "record": one.before.public_id, "title": title, "changes": changes });
        for case in &one.cases {
            by_case.entry(*case).or_default().push(told.clone());
        }
    }
    // One entry a case, however many records.
    for (row, records) in by_case {
        let number = case::number_of(tx, row)?;
        let deed = Deed { verb: "record.reveal", object: &case_number(number), details: json!({ "records": records }) };
        journal::append(tx, stamp, &deed, ShownIn::Case(row))?;
    }
    Ok(())
}

/// Brings records by their rows into the open: what they are comes along, what was thought of them stays in secret.
pub(crate) fn bring_out(tx: &mut Tx<'_>, stamp: &Stamp, ids: &[i64]) -> Result<()> {
    let outside = record::outside_library(tx, ids)?;
    let contents: Vec<(i64, NewRecord)> = outside.iter().map(|record| Ok((record.id, plain(record)?))).collect::<Result<_>>()?;
    let arriving: Vec<(i64, &NewRecord)> = contents.iter().map(|(id, content)| (*id, content)).collect();
    let revealed = record::reveal(tx, &arriving, "", stamp)?;
    tell(tx, stamp, &revealed)
}

/// A record without what analysts think of it.
fn plain(record: &Record) -> Result<NewRecord> {
    let mut refusals = Fields::new();
    let content = NewRecord::read(&RecordInput { kind: record.kind, fields: fields_of(record) }, "", &mut refusals);
    refusals.finish()?;
    let content = content.ok_or_else(|| AppError::Internal(format!("{} can't be read", record.public_id)))?;
    Ok(NewRecord { finding: Finding::Unknown, ..content })
}
