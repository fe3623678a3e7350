//! A case's technique as both doors show it.

use std::collections::BTreeMap;

use model::kind::{IdentityKey, KeyScheme};
use model::technique::tactic_order;
use model::{Kind, Timestamp};
use serde::{Deserialize, Serialize};
use store::record::{self, Record};
use store::{Tx, technique};

use crate::error::Result;

/// How many pairs of artifact and technique are looked at.
const PAIRS: i64 = 10_000;
/// How many artifacts a technique names.
const ORIGINS_SHOWN: usize = 10;

/// An artifact that tells of a technique.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TechniqueOrigin {
    /// The record's id.
    pub record_id: String,
    /// Its kind.
    pub kind: Kind,
    /// What it is called.
    pub title: String,
}

/// A technique of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TechniqueView {
    /// `T1059.001`; of one that has no ATT&CK id, its record's id.
    pub id: String,
    /// What it is called; empty when no ATT&CK content that was imported knows it.
    pub name: String,
    /// Its tactics, in the order of an attack: `execution`.
    pub tactics: Vec<String>,
    /// Its record, when it is known.
    pub record_id: Option<String>,
    /// Who associated it by hand; null when it is only rolled up.
    pub added_by: Option<String>,
    /// When.
    pub added_at: Option<Timestamp>,
    /// The first included artifacts that tell of it.
    pub origins: Vec<TechniqueOrigin>,
    /// How many there are.
    pub origin_count: usize,
}

fn attack_id(record: &Record) -> String {
    let told = record.attributes.get("external_id").and_then(serde_json::Value::as_str).unwrap_or_default();
    if told.is_empty() { record.public_id.clone() } else { told.to_owned() }
}

fn describe(view: &mut TechniqueView, record: &Record) {
    view.name.clone_from(&record.title);
    view.record_id = Some(record.public_id.clone());
    view.tactics = record.category.split(", ").filter(|tactic| !tactic.is_empty()).map(str::to_owned).collect();
    view.tactics.sort_by_key(|tactic| tactic_order(tactic));
}

fn blank(id: &str) -> TechniqueView {
    TechniqueView {
        id: id.to_owned(),
        name: String::new(),
        tactics: Vec::new(),
        record_id: None,
        added_by: None,
        added_at: None,
        origins: Vec::new(),
        origin_count: 0,
    }
}

/// All techniques of a case, by their first tactic and then by their id.
pub(crate) fn of_case(tx: &mut Tx<'_>, case: i64) -> Result<Vec<TechniqueView>> {
    let mut techniques: BTreeMap<String, TechniqueView> = BTreeMap::new();
    for pair in technique::rolled_up(tx, case, PAIRS)? {
        let id = attack_id(&pair.technique);
        let view = techniques.entry(id.clone()).or_insert_with(|| {
            let mut view = blank(&id);
            describe(&mut view, &pair.technique);
            view
        });
        let (record_id, title, kind) = pair.artifact;
        if view.origins.iter().any(|origin| origin.record_id == record_id) {
            continue;
        }
        view.origin_count += 1;
        if view.origins.len() < ORIGINS_SHOWN {
            view.origins.push(TechniqueOrigin { record_id, kind, title });
        }
    }
    for by_hand in technique::by_hand(tx, case)? {
        let view = techniques.entry(by_hand.technique.clone()).or_insert_with(|| blank(&by_hand.technique));
        view.added_by = Some(by_hand.added_by);
        view.added_at = Some(by_hand.added_at);
    }
    name_all(tx, &mut techniques)?;
    let mut all: Vec<TechniqueView> = techniques.into_values().collect();
    all.sort_by_key(|view| (view.tactics.first().map_or(usize::MAX, |tactic| tactic_order(tactic)), view.id.clone()));
    Ok(all)
}

/// Names those that only people told of, from the ATT&CK content that was imported.
fn name_all(tx: &mut Tx<'_>, techniques: &mut BTreeMap<String, TechniqueView>) -> Result<()> {
    let nameless = techniques.values().filter(|view| view.record_id.is_none());
    let keys: Vec<IdentityKey> =
        nameless.map(|view| IdentityKey { scheme: KeyScheme::Attack, value: model::text::fold(&view.id) }).collect();
    if keys.is_empty() {
        return Ok(());
    }
    for hit in record::identified(tx, Kind::AttackPattern, &keys)? {
        // ATT&CK keeps what it revoked beside what replaced it.
        let holds = !matches!(hit.record.status.as_str(), "revoked" | "deprecated");
        if let Some(view) = techniques.get_mut(&attack_id(&hit.record))
            && (view.record_id.is_none() || holds)
        {
            describe(view, &hit.record);
        }
    }
    Ok(())
}
