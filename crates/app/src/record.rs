//! Records of every kind, outside and inside of cases.

mod add_to_cases;
mod cases;
mod create;
mod get;
mod list;
mod relate;
mod related;
mod update;
mod view;
mod why;

pub(crate) mod known;
pub(crate) mod revealed;
pub(crate) mod same;

pub use add_to_cases::{AddToCases, AddedTo, NewCase, add_to_cases};
pub use cases::{RecordCase, cases};
pub(crate) use create::read_new;
pub use create::{CreatedRecord, create};
pub(crate) use get::fields_of;
pub use get::{KindTotal, RecordDetails, get};
pub(crate) use list::filter;
pub use list::{RecordQuery, list};
pub(crate) use relate::relate_in;
pub use relate::{NewRelationship, RelationshipView, relate};
pub use related::{Direction, RelatedView, related};
pub use update::update;
pub(crate) use update::{difference, update_in};
pub(crate) use view::display;
pub use view::{AnnotationView, OriginView, RecordView};
pub use why::{WhyView, why};

use model::{Kind, Stamp};
use store::change::{self, Topic};
use store::record::Record;
use store::{Tx, record};

use crate::error::{AppError, Result};

/// How many cases hear of a change to a record that they hold.
pub(crate) const CASES_TOLD: u32 = 200;

/// Finds a record that the actor may know of.
pub(crate) fn find_record(tx: &mut Tx<'_>, id: &str) -> Result<Record> {
    record::find(tx, id)?.ok_or(AppError::NotFound("record"))
}

/// Tells the cases that hold a record, and the library if it is in it, that the record changed. What is outside of the
/// library is told to nobody else.
pub(crate) fn announce(tx: &mut Tx<'_>, stamp: &Stamp, record: &Record) -> Result<()> {
    if record.library {
        change::announce(tx, stamp, Topic::Records, 0)?;
    }
    for case in record::holders(tx, record.id, CASES_TOLD)? {
        change::announce(tx, stamp, Topic::Artifacts, case)?;
    }
    Ok(())
}

/// A word of a kind in a query: none when empty.
pub(crate) fn kind_word(fields: &mut model::Fields, word: &str) -> Option<Kind> {
    if word.is_empty() { None } else { fields.keep("/kind", word.parse()) }
}
