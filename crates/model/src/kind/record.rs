//! What is written of a record, checked against the description of its kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{FieldShape, FieldSpec, KeyScheme, Kind, Place};
use crate::artifact::{Finding, Severity};
use crate::field::Fields;
use crate::observable::{self, Observable};
use crate::text::fold;
use crate::time::Timestamp;

const MAX_LINE: usize = 1_000;
const MAX_TEXT: usize = 100_000;
const MAX_LINES: usize = 1_000;

/// A record as it is given: its kind, and fields by the names of the kind's description.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RecordInput {
    /// The kind.
    pub kind: Kind,
    /// The kind's fields, by name: text, or a list of text for fields of several lines.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, String>)]
    pub fields: Map<String, Value>,
}

/// An identity: by these, import and sightings find records.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IdentityKey {
    /// What it is a key of.
    pub scheme: KeyScheme,
    /// The folded value.
    pub value: String,
}

/// A record that passed validation, ready to be stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewRecord {
    /// The kind.
    pub kind: Kind,
    /// The public id, where the value decides it (observables).
    pub public_id: Option<String>,
    /// What every list shows first.
    pub title: String,
    /// By kind: type, class, department, …
    pub category: String,
    /// By kind.
    pub status: String,
    /// How grave.
    pub severity: Severity,
    /// What an analyst thinks of it.
    pub finding: Finding,
    /// Who it belongs to.
    pub owner: String,
    /// When it was first seen, as its source tells; [`Timestamp::NEVER`] when it does not.
    pub first_seen: Timestamp,
    /// When it was last seen, as its source tells.
    pub last_seen: Timestamp,
    /// The kind's own attributes.
    pub attributes: Map<String, Value>,
    /// Identities, sorted, each once.
    pub keys: Vec<IdentityKey>,
    /// Folded text for keyword search.
    pub search_text: String,
}

impl NewRecord {
    /// A record from an observable.
    #[must_use]
    pub fn from_observable(observable: &Observable, finding: Finding) -> Self {
        Self {
            kind: Kind::Observable,
            public_id: Some(observable::stix_id(observable)),
            title: observable.value.clone(),
            category: observable.kind.as_str().to_owned(),
            status: String::new(),
            severity: Severity::None,
            finding,
            owner: String::new(),
            first_seen: Timestamp::NEVER,
            last_seen: Timestamp::NEVER,
            attributes: Map::new(),
            keys: Vec::new(),
            search_text: observable::search_text(observable),
        }
    }

    /// Reads a record, noting every refusal with its pointer below `at`.
    pub fn read(input: &RecordInput, at: &str, refusals: &mut Fields) -> Option<Self> {
        let spec = input.kind.spec();
        let mut given: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (name, value) in &input.fields {
            let pointer = format!("{at}/{name}");
            match spec.field(name) {
                Some(field) => {
                    given.insert(field.name, read_value(field, value, &pointer, refusals));
                }
                None => {
                    let names: Vec<&str> = spec.fields.iter().map(|f| f.name).collect();
                    refusals.refuse(pointer, format!("is not a field of a {}; its fields are {}", spec.singular, names.join(", ")));
                }
            }
        }
        for field in spec.fields.iter().filter(|f| f.required) {
            if given.get(field.name).is_none_or(Vec::is_empty) {
                refusals.refuse(format!("{at}/{}", field.name), "must not be empty");
                return None;
            }
        }
        if input.kind == Kind::Observable { read_observable(&given, at, refusals) } else { Some(assemble(input.kind, &given)) }
    }

    /// The record's fields by name, as a form shows them.
    #[must_use]
    pub fn fields(&self) -> Map<String, Value> {
        field_values(self.kind, &self.title, &self.category, &self.status, self.severity, self.finding, &self.owner, &self.attributes)
    }
}

/// A stored record's fields by name, as a form shows them.
#[allow(clippy::too_many_arguments, reason = "the common columns, each once, in their order")]
#[must_use]
pub fn field_values(
    kind: Kind,
    title: &str,
    category: &str,
    status: &str,
    severity: Severity,
    finding: Finding,
    owner: &str,
    attributes: &Map<String, Value>,
) -> Map<String, Value> {
    let mut fields = Map::new();
    for field in kind.spec().fields {
        let value = match field.place {
            Place::Title => Value::from(title),
            Place::Category => Value::from(category),
            Place::Status => Value::from(status),
            Place::Severity => Value::from(severity.as_str()),
            Place::Finding => Value::from(finding.as_str()),
            Place::Owner => Value::from(owner),
            Place::Attribute => attributes.get(field.name).cloned().unwrap_or_default(),
        };
        fields.insert(field.name.to_owned(), value);
    }
    fields
}

fn read_value(field: &FieldSpec, value: &Value, pointer: &str, refusals: &mut Fields) -> Vec<String> {
    let raw: Vec<String> = match value {
        Value::Null => Vec::new(),
        Value::String(text) if field.shape == FieldShape::Lines => text.lines().map(str::to_owned).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Number(number) => vec![number.to_string()],
        Value::Bool(yes) => vec![yes.to_string()],
        Value::Array(items) if field.shape == FieldShape::Lines => {
            let texts: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            texts.unwrap_or_else(|| {
                refusals.refuse(pointer, "must be a list of text");
                Vec::new()
            })
        }
        Value::Array(_) | Value::Object(_) => {
            refusals.refuse(pointer, "must be text");
            Vec::new()
        }
    };
    let raw: Vec<String> = raw.into_iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect();
    if raw.len() > MAX_LINES {
        refusals.refuse(pointer, format!("has {} values; at most {MAX_LINES} are allowed", raw.len()));
    }
    for text in &raw {
        match field.shape {
            FieldShape::Line | FieldShape::Lines => {
                refusals.line(pointer, text, MAX_LINE);
            }
            FieldShape::Text => {
                refusals.text(pointer, text, MAX_TEXT);
            }
            FieldShape::Moment => {
                if text.parse::<Timestamp>().is_err() {
                    refusals.refuse(pointer, "must be a time like 2026-11-24T09:30:00Z");
                }
            }
            FieldShape::Percent => {
                if !text.parse::<u8>().is_ok_and(|number| number <= 100) {
                    refusals.refuse(pointer, "must be a whole number from 0 to 100");
                }
            }
            FieldShape::OneOf(words) => {
                if !words.contains(&text.to_lowercase().as_str()) {
                    let words: Vec<&str> = words.iter().copied().filter(|w| !w.is_empty()).collect();
                    refusals.refuse(pointer, format!("must be one of {}", words.join(", ")));
                }
            }
        }
    }
    if matches!(field.shape, FieldShape::OneOf(_)) { raw.into_iter().map(|text| text.to_lowercase()).collect() } else { raw }
}

fn read_observable(given: &BTreeMap<&str, Vec<String>>, at: &str, refusals: &mut Fields) -> Option<NewRecord> {
    let first = |name: &str| given.get(name).and_then(|values| values.first()).map_or("", String::as_str);
    let read = match first("type") {
        "" => Observable::guess(first("value")),
        alias => observable::parse_typed(alias, first("value")),
    };
    let observable = refusals.keep(&format!("{at}/value"), read)?;
    let finding = first("finding").parse().unwrap_or(Finding::Unknown);
    Some(NewRecord::from_observable(&observable, finding))
}

fn assemble(kind: Kind, given: &BTreeMap<&str, Vec<String>>) -> NewRecord {
    let spec = kind.spec();
    let mut record = NewRecord {
        kind,
        public_id: None,
        title: String::new(),
        category: String::new(),
        status: String::new(),
        severity: Severity::None,
        finding: Finding::Unknown,
        owner: String::new(),
        first_seen: Timestamp::NEVER,
        last_seen: Timestamp::NEVER,
        attributes: Map::new(),
        keys: Vec::new(),
        search_text: String::new(),
    };
    let mut text = String::new();
    for field in spec.fields {
        let Some(values) = given.get(field.name).filter(|values| !values.is_empty()) else {
            continue;
        };
        let joined = values.join("\n");
        text.push_str(&joined);
        text.push('\n');
        match field.place {
            Place::Title => record.title = joined,
            Place::Category => record.category = joined,
            Place::Status => record.status = joined,
            Place::Severity => record.severity = joined.parse().unwrap_or(Severity::None),
            Place::Finding => record.finding = joined.parse().unwrap_or(Finding::Unknown),
            Place::Owner => record.owner = joined,
            Place::Attribute if field.shape == FieldShape::Lines => {
                record.attributes.insert(field.name.to_owned(), Value::from(values.clone()));
            }
            Place::Attribute => {
                record.attributes.insert(field.name.to_owned(), Value::from(joined));
            }
        }
        if let Some(scheme) = field.key {
            for value in values {
                record.keys.extend(keys_of(scheme, value));
            }
        }
    }
    let moment = |name: &str| given.get(name).and_then(|values| values.first()?.parse().ok()).unwrap_or(Timestamp::NEVER);
    (record.first_seen, record.last_seen) = (moment("first_seen"), moment("last_seen"));
    let value_of = |name: &str| given.get(name).and_then(|values| values.first()).map(String::as_str);
    let natural = spec.natural_key.iter().find_map(|names| names.split('+').map(value_of).collect::<Option<Vec<_>>>());
    if let Some(values) = natural {
        record.keys.push(IdentityKey { scheme: KeyScheme::Natural, value: fold(&values.join(" on ")) });
    }
    record.keys.sort();
    record.keys.dedup();
    record.search_text = fold(&text);
    record
}

fn keys_of(scheme: KeyScheme, value: &str) -> Vec<IdentityKey> {
    match scheme {
        KeyScheme::Host => host_keys(value),
        KeyScheme::Account => account_keys(value),
        KeyScheme::Address | KeyScheme::Mac => {
            let normal = Observable::guess(value).map_or_else(|_| fold(value), |o| o.value);
            vec![IdentityKey { scheme, value: normal }]
        }
        KeyScheme::Natural | KeyScheme::Sid | KeyScheme::Email | KeyScheme::Stix | KeyScheme::Attack => {
            vec![IdentityKey { scheme, value: fold(value) }]
        }
    }
}

/// What a machine may be known by, the surest first: its address, or its full name and then its first label.
#[must_use]
pub fn host_keys(host: &str) -> Vec<IdentityKey> {
    let host = fold(host.trim().trim_end_matches('.'));
    if host.is_empty() {
        return Vec::new();
    }
    if host.parse::<std::net::IpAddr>().is_ok() {
        let value = Observable::guess(&host).map_or(host, |o| o.value);
        return vec![IdentityKey { scheme: KeyScheme::Address, value }];
    }
    let short = host.split('.').next().unwrap_or_default().to_owned();
    let mut keys = vec![IdentityKey { scheme: KeyScheme::Host, value: host }];
    if !short.is_empty() && keys.iter().all(|key| key.value != short) {
        keys.push(IdentityKey { scheme: KeyScheme::Host, value: short });
    }
    keys
}

/// What an account may be known by, the surest first: SID, e-mail, `domain\name`, then the bare name.
#[must_use]
pub fn account_keys(account: &str) -> Vec<IdentityKey> {
    let account = fold(account);
    if account.is_empty() {
        return Vec::new();
    }
    if account.starts_with("s-1-") {
        return vec![IdentityKey { scheme: KeyScheme::Sid, value: account }];
    }
    let mut keys = Vec::new();
    let name = if let Some((name, _)) = account.split_once('@') {
        keys.push(IdentityKey { scheme: KeyScheme::Email, value: account.clone() });
        name.to_owned()
    } else {
        account.rsplit('\\').next().unwrap_or_default().to_owned()
    };
    keys.push(IdentityKey { scheme: KeyScheme::Account, value: account.clone() });
    if !name.is_empty() && name != account {
        keys.push(IdentityKey { scheme: KeyScheme::Account, value: name });
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> (Option<NewRecord>, Vec<crate::FieldError>) {
        let mut refusals = Fields::new();
        let record = serde_json::from_str::<RecordInput>(json).ok().and_then(|input| NewRecord::read(&input, "/records/0", &mut refusals));
        (record, refusals.finish().err().unwrap_or_default())
    }

    #[test]
    fn a_configuration_item_is_known_by_its_names_and_addresses() {
        let (record, refusals) = read(
            r#"{"kind":"configuration_item","name":"MKT01.Pandalab.com","class":"workstation","criticality":"High",
                "ip_addresses":["192.168.1.41","::ffff:10.0.0.1"]}"#,
        );
        assert_eq!(refusals, []);
        let Some(record) = record else { panic!("refused") };
        assert_eq!((record.title.as_str(), record.severity), ("MKT01.Pandalab.com", Severity::High));
        let keys: Vec<(KeyScheme, &str)> = record.keys.iter().map(|k| (k.scheme, k.value.as_str())).collect();
        assert_eq!(
            keys,
            [
                (KeyScheme::Natural, "mkt01.pandalab.com"),
                (KeyScheme::Host, "mkt01"),
                (KeyScheme::Host, "mkt01.pandalab.com"),
                (KeyScheme::Address, "10.0.0.1"),
                (KeyScheme::Address, "192.168.1.41"),
            ]
        );
    }

    #[test]
    fn refusals_name_the_place() {
        let (_, refusals) = read(r#"{"kind":"user","name":"Ada","status":"asleep","shoe":"43"}"#);
        let mut pointers: Vec<&str> = refusals.iter().map(|r| r.pointer.as_str()).collect();
        pointers.sort_unstable();
        assert_eq!(pointers, ["/records/0/shoe", "/records/0/status"]);
        let (record, refusals) = read(r#"{"kind":"user","name":"  "}"#);
        assert!(record.is_none() && refusals.len() == 1);
    }

    #[test]
    fn accounts_are_known_with_and_without_their_domain() {
        let words = |account: &str| account_keys(account).into_iter().map(|k| format!("{}:{}", k.scheme, k.value)).collect::<Vec<_>>();
        assert_eq!(words(r"PANDALAB\pedro"), [r"account:pandalab\pedro", "account:pedro"]);
        assert_eq!(words("Ada@Corp.example"), ["email:ada@corp.example", "account:ada@corp.example", "account:ada"]);
        assert_eq!(words("S-1-5-18"), ["sid:s-1-5-18"]);
        assert!(words(" ").is_empty());
    }
}
