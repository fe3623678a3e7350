//! Machines and accounts as logs name them, matched by identity to configuration items and users.
//!
//! What matches is looked up when it is shown, as whoever looks: nobody learns of a record that they may not see, and a
//! record that was created from an unmatched name is matched from then on.

use std::collections::{HashMap, HashSet};

use model::Kind;
use model::kind::{IdentityKey, KeyScheme, account_keys, host_keys};
use model::text::fold;
use store::record::{self, Identified, Record};
use store::{Tx, artifact};

use super::view::StoredName;
use super::{CandidateView, SeenNameView};
use crate::error::Result;

/// Candidates by the name in the logs.
pub(super) type Candidates = HashMap<String, Vec<CandidateView>>;

/// The configuration items that these machines may be: one statement for all names and each scheme.
pub(super) fn hosts<'a>(tx: &mut Tx<'_>, case: i64, names: impl IntoIterator<Item = &'a str>) -> Result<Candidates> {
    identify(tx, case, Kind::ConfigurationItem, names, host_keys, same_host)
}

/// The users that these accounts may be.
pub(super) fn accounts<'a>(tx: &mut Tx<'_>, case: i64, names: impl IntoIterator<Item = &'a str>) -> Result<Candidates> {
    identify(tx, case, Kind::User, names, account_keys, same_account)
}

fn identify<'a>(
    tx: &mut Tx<'_>,
    case: i64,
    kind: Kind,
    names: impl IntoIterator<Item = &'a str>,
    keys_of: fn(&str) -> Vec<IdentityKey>,
    same: fn(&str, &Record) -> bool,
) -> Result<Candidates> {
    let names: HashSet<&str> = names.into_iter().collect();
    let keys: HashMap<&str, Vec<IdentityKey>> = names.iter().map(|name| (*name, keys_of(name))).collect();
    let mut all: Vec<IdentityKey> = keys.values().flatten().cloned().collect();
    all.sort();
    all.dedup();
    if all.is_empty() {
        return Ok(Candidates::new());
    }
    let found = record::identified(tx, kind, &all)?;
    let rows: Vec<i64> = found.iter().map(|hit| hit.record.id).collect();
    let in_case: HashSet<i64> = artifact::among(tx, case, &rows)?.into_iter().collect();
    let mut by_key: HashMap<(KeyScheme, &str), Vec<&Identified>> = HashMap::new();
    for hit in &found {
        by_key.entry((hit.scheme, hit.value.as_str())).or_default().push(hit);
    }
    let mut candidates = Candidates::new();
    for (name, keys) in &keys {
        let mut seen = HashSet::new();
        let mut of_name = Vec::new();
        let full = fold(name.trim().trim_end_matches('.'));
        // The surest key comes first, what is left after cutting the domain off comes last.
        for key in keys {
            let shortened = matches!(key.scheme, KeyScheme::Host | KeyScheme::Account) && key.value != full;
            // A record known by the full name leaves no room for others that share its first label.
            if shortened && !of_name.is_empty() {
                break;
            }
            for hit in by_key.get(&(key.scheme, key.value.as_str())).into_iter().flatten() {
                if (!shortened || same(name, &hit.record)) && seen.insert(hit.record.id) {
                    of_name.push(candidate(&hit.record, key, shortened, in_case.contains(&hit.record.id)));
                }
            }
        }
        if !of_name.is_empty() {
            candidates.insert((*name).to_owned(), of_name);
        }
    }
    Ok(candidates)
}

fn candidate(record: &Record, key: &IdentityKey, shortened: bool, in_case: bool) -> CandidateView {
    let how = match key.scheme {
        KeyScheme::Host if shortened => "short host name",
        KeyScheme::Host => "host name",
        KeyScheme::Address => "IP address",
        KeyScheme::Account if shortened => "account name without its domain",
        KeyScheme::Account => "account",
        KeyScheme::Email => "e-mail address",
        KeyScheme::Sid => "security identifier",
        KeyScheme::Mac => "MAC address",
        KeyScheme::Natural | KeyScheme::Stix | KeyScheme::Attack => "key",
    };
    CandidateView {
        record_id: record.public_id.clone(),
        kind: record.kind,
        title: record.title.clone(),
        category: record.category.clone(),
        owner: record.owner.clone(),
        matched_by: format!("{how} {}", key.value),
        in_case,
    }
}

/// An attribute that is one text or a list of them, folded.
fn words(record: &Record, name: &str) -> Vec<String> {
    match record.attributes.get(name) {
        Some(serde_json::Value::String(text)) => vec![fold(text)],
        Some(serde_json::Value::Array(items)) => items.iter().filter_map(|item| item.as_str()).map(fold).collect(),
        _ => Vec::new(),
    }
}

/// Whether a machine that shares its first label with a record may be that record: `a.one.example` is not
/// `a.two.example`, but it may be `a`.
fn same_host(name: &str, record: &Record) -> bool {
    let name = fold(name.trim_end_matches('.'));
    let mut known = words(record, "host_names");
    known.push(fold(&record.title));
    !name.contains('.') || known.iter().any(|known| !known.contains('.'))
}

/// Likewise of accounts: `ONE\anna` is not `TWO\anna`, but it may be `anna`, and `anna@one.example`.
fn same_account(name: &str, record: &Record) -> bool {
    let Some(domain) = domain(&fold(name)) else { return true };
    let known = [words(record, "user_id"), words(record, "accounts"), words(record, "email")].concat();
    known.iter().any(|known| self::domain(known).is_none_or(|other| other == domain))
}

/// Where an account belongs: the first label, since Windows writes `CORP` for `corp.example`.
fn domain(account: &str) -> Option<String> {
    let domain = match (account.split_once('\\'), account.rsplit_once('@')) {
        (Some((domain, _)), _) | (None, Some((_, domain))) => domain,
        (None, None) => return None,
    };
    domain.split('.').next().map(str::to_owned)
}

/// The names with their candidates: those that have some, and those that have none.
pub(super) fn split(names: Vec<StoredName>, mut candidates: Candidates) -> (Vec<SeenNameView>, Vec<SeenNameView>) {
    names
        .into_iter()
        .map(|name| SeenNameView {
            candidates: candidates.remove(&name.name).unwrap_or_default(),
            name: name.name,
            count: name.count,
            observables: name.observables,
        })
        .partition(|name| !name.candidates.is_empty())
}
