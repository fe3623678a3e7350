//! Says which techniques are associated with a case by hand.

use std::collections::BTreeSet;

use model::case::case_number;
use model::technique::parse_technique;
use model::{Actor, Fields, Role, Stamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::case::Case;
use store::change::{self, Topic};
use store::journal::{Deed, ShownIn};
use store::{Tx, case, journal, technique};

use super::TechniqueView;
use super::view::of_case;
use crate::App;
use crate::authorise::{open_case, require};
use crate::error::Result;

/// The most that a case has by hand.
const MOST: usize = 1_000;

/// The techniques that are associated by hand.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTechniques {
    /// ATT&CK ids: `T1059`, `T1059.001`. Those that are not among them are taken off; what artifacts tell of stays.
    pub ids: Vec<String>,
}

/// Associates techniques with a case, in place of those that were associated by hand before.
///
/// # Errors
/// When an id is none, the case is not open, or the actor is a reader.
pub async fn set(app: &App, actor: &Actor, number: &str, input: SetTechniques) -> Result<Vec<TechniqueView>> {
    require(actor, Role::Analyst)?;
    let mut fields = Fields::new();
    let wanted = read(&mut fields, "/ids", &input.ids);
    fields.finish()?;
    let number = number.to_owned();
    app.change(actor, move |tx, stamp| {
        let case = open_case(tx, &number)?;
        let there = there(tx, &case)?;
        let added: Vec<String> = wanted.difference(&there).cloned().collect();
        let removed: Vec<String> = there.difference(&wanted).cloned().collect();
        write(tx, stamp, &case, &added, &removed)
    })
    .await
}

/// Reads ids, each with its place.
pub(super) fn read(fields: &mut Fields, pointer: &str, ids: &[String]) -> BTreeSet<String> {
    if ids.len() > MOST {
        fields.refuse(pointer, format!("has {} ids; at most {MOST} are allowed", ids.len()));
    }
    let read = ids.iter().take(MOST).enumerate();
    read.filter_map(|(n, id)| fields.keep(&format!("{pointer}/{n}"), parse_technique(id))).collect()
}

/// What is associated by hand.
pub(super) fn there(tx: &mut Tx<'_>, case: &Case) -> Result<BTreeSet<String>> {
    Ok(technique::by_hand(tx, case.id)?.into_iter().map(|by_hand| by_hand.technique).collect())
}

/// Associates and takes off, and tells of it.
pub(super) fn write(tx: &mut Tx<'_>, stamp: &Stamp, case: &Case, added: &[String], removed: &[String]) -> Result<Vec<TechniqueView>> {
    if !added.is_empty() || !removed.is_empty() {
        technique::associate(tx, case.id, added, stamp)?;
        technique::dissociate(tx, case.id, removed)?;
        let details = json!({ "added": added, "removed": removed });
        let deed = Deed { verb: "technique.set", object: &case_number(case.number), details };
        journal::append(tx, stamp, &deed, ShownIn::Case(case.id))?;
        case::touch(tx, case.id, stamp)?;
        change::announce(tx, stamp, Topic::Case, case.id)?;
    }
    of_case(tx, case.id)
}
