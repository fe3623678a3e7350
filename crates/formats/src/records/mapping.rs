//! Which column is which field.

mod aliases;

use std::collections::BTreeMap;

use model::Kind;
use model::kind::{FieldShape, FieldSpec};
use model::text::fold;

use self::aliases::aliases;

/// Columns of a file, and the field that each becomes. Columns that are not in it are left out.
pub type Mapping = BTreeMap<String, String>;

/// Columns of incidents that name other records: the word, and what people read.
pub const LINKS: &[(&str, &str)] =
    &[("configuration_items", "Affected configuration items"), ("affected_users", "Affected users"), ("observables", "Observables")];

/// What a column can become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The word in mappings.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// Whether each record needs it.
    pub required: bool,
}

/// What the columns of a file with records of a kind can become.
#[must_use]
pub fn targets(kind: Kind) -> Vec<Target> {
    let fields = kind.spec().fields.iter().map(|field| Target { name: field.name, label: field.label, required: field.required });
    let links = LINKS.iter().filter(|_| kind == Kind::Incident).map(|(name, label)| Target { name, label, required: false });
    fields.chain(links).collect()
}

/// What columns are most likely, each field at most once; the surest name wins, then the first column.
#[must_use]
pub fn guess(kind: Kind, columns: &[String]) -> Mapping {
    let mut best: BTreeMap<&'static str, (usize, &String)> = BTreeMap::new();
    for column in columns {
        let name = plain(column);
        for target in targets(kind) {
            let rank = if name == plain(target.name) {
                Some(0)
            } else if name == plain(target.label) {
                Some(1)
            } else {
                aliases(kind, target.name).iter().position(|alias| *alias == name).map(|n| n + 2)
            };
            if let Some(rank) = rank
                && best.get(target.name).is_none_or(|(known, _)| rank < *known)
            {
                best.insert(target.name, (rank, column));
            }
        }
    }
    let mut chosen: BTreeMap<&String, (usize, &'static str)> = BTreeMap::new();
    for (field, (rank, column)) in best {
        if chosen.get(column).is_none_or(|(known, _)| rank < *known) {
            chosen.insert(column, (rank, field));
        }
    }
    chosen.into_iter().map(|(column, (_, field))| (column.clone(), field.to_owned())).collect()
}

/// A column's name as names are compared: folded, letters and digits only.
fn plain(name: &str) -> String {
    fold(name).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The values of a cell: several for fields that hold several.
#[must_use]
pub fn cell_values(kind: Kind, target: &str, cell: &str) -> Vec<String> {
    let several = LINKS.iter().any(|(name, _)| *name == target && kind == Kind::Incident)
        || (kind == Kind::VulnerableItem && target == "vulnerability")
        || kind.spec().field(target).is_some_and(|field| field.shape == FieldShape::Lines);
    let parts: Vec<&str> = if several { cell.split([',', ';', '|', '\n', '\r']).collect() } else { vec![cell] };
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The word of a closed list that a cell means: `1 - Critical`, `High`, `mittel`, `P2`, `enabled`. None when it means none.
#[must_use]
pub fn word(field: &FieldSpec, cell: &str) -> Option<&'static str> {
    let FieldShape::OneOf(words) = field.shape else { return None };
    let folded = fold(cell);
    let bare = folded.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches([' ', '-', '–', '.', ':', ')']);
    for candidate in [folded.as_str(), bare] {
        let meant = [
            Some(candidate),
            synonym(field.name, candidate),
            account_state(candidate).filter(|_| field.name == "status"),
            vulnerability_state(candidate).filter(|_| matches!(field.name, "state" | "exploited")),
        ];
        if let Some(word) = meant.into_iter().flatten().find_map(|meant| words.iter().find(|word| !word.is_empty() && **word == meant)) {
            return Some(word);
        }
    }
    None
}

fn synonym(field: &str, word: &str) -> Option<&'static str> {
    let meant = match (field, word) {
        ("criticality" | "severity" | "privilege" | "risk" | "score", word) => match word {
            "crit" | "very high" | "most critical" | "kritisch" | "sehr hoch" | "critique" | "p1" | "urgent" | "blocker" | "highest" => {
                "critical"
            }
            "somewhat critical" | "important" | "major" | "hoch" | "élevé" | "élevée" | "haute" | "p2" | "vip" | "true" | "yes" | "ja"
            | "oui" => "high",
            "medium" | "med" | "less critical" | "normal" | "mittel" | "moyen" | "moyenne" | "modérée" | "p3" | "average" => "moderate",
            "minor" | "not critical" | "niedrig" | "gering" | "faible" | "basse" | "p4" | "lowest" => "low",
            "planning" | "informational" | "info" | "keine" | "aucune" | "p5" | "false" | "no" | "nein" | "non" | "n/a" => "none",
            _ => return None,
        },
        ("status", word) => match word {
            "in use" | "in production" | "installed" | "live" | "online" | "production" | "deployed" | "up" | "active" | "aktiv"
            | "actif" | "in betrieb" | "en service" => "operational",
            "in maintenance" | "repair" | "under maintenance" | "wartung" | "non-operational" | "repair in progress" => "maintenance",
            "decommissioned" | "disposed" | "retired/disposed" | "absent" | "stolen" | "out of service" | "ausgemustert"
            | "hors service" => "retired",
            _ => return None,
        },
        ("state", word) => match word {
            "open" | "opened" | "draft" | "neu" | "offen" | "nouveau" | "ouvert" => "new",
            "in progress" | "work in progress" | "investigating" | "assigned" | "in bearbeitung" | "en cours" | "active" => "analysis",
            "containment" => "contain",
            "eradication" => "eradicate",
            "recovery" => "recover",
            "pending" | "on hold" => "review",
            "resolved" | "done" | "complete" | "closed complete" | "geschlossen" | "gelöst" | "erledigt" | "résolu" | "fermé" | "clos" => {
                "closed"
            }
            "canceled" | "closed cancelled" | "false positive" | "abgebrochen" | "annulé" => "cancelled",
            _ => return None,
        },
        ("finding", word) => match word {
            "malware" | "bad" | "true positive" | "bösartig" | "malveillant" => "malicious",
            "benign" | "good" | "safe" | "harmless" | "whitelisted" | "sauber" => "clean",
            "unknown" | "undetermined" => "unknown",
            _ => return None,
        },
        _ => return None,
    };
    Some(meant)
}

/// The `state` of a vulnerable item, and whether a vulnerability is `exploited`.
fn vulnerability_state(word: &str) -> Option<&'static str> {
    Some(match word {
        "active" | "new" | "reopened" | "re-opened" | "detected" | "present" | "vulnerable" | "unresolved" | "offen" => "open",
        "under investigation" | "in progress" | "in remediation" | "analysis" => "under_investigation",
        "accepted" | "risk accepted" | "ignored" | "suppressed" | "snoozed" | "on hold" => "deferred",
        "resolved" | "remediated" | "mitigated" | "patched" | "behoben" => "fixed",
        "false positive" | "not affected" => "false_positive",
        "known" | "yes" | "true" | "exploited" | "known exploited" => "known_exploited",
        "unknown" | "no" | "false" => "not_known",
        _ => return None,
    })
}

/// The `status` of an account in a directory.
fn account_state(word: &str) -> Option<&'static str> {
    Some(match word {
        "enabled" | "true" | "yes" | "1" | "ja" | "oui" | "aktiv" | "actif" => "active",
        "disabled" | "suspended" | "false" | "no" | "0" | "nein" | "non" | "gesperrt" | "deaktiviert" | "verrouillé" | "inactive" => {
            "locked"
        }
        "terminated" | "deleted" | "ausgeschieden" | "parti" => "left",
        _ => return None,
    })
}
