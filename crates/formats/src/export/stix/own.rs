//! What is Vizsla's own in STIX: two extensions (STIX 2.1, section 7.3), the identity that made them, ids that are made of
//! what they stand for; and how the extensions are read back.
//!
//! Objects that STIX has no type for are of types of ours, declared by one extension. What STIX has no property for (an
//! analyst's finding, a record's own fields) is a property of the other. Whoever knows neither reads the rest.

use model::artifact::Finding;
use model::case::Tlp;
use model::field::Fields;
use model::kind::{NewRecord, RecordInput};
use model::observable::Observable;
use model::{Kind, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// An object of STIX.
pub(crate) type Object = Map<String, Value>;

/// Who makes what Vizsla makes.
pub(super) const IDENTITY: &str = "identity--5ba3cf1d-a2a5-4b87-9d0c-8a5b1c7f4a10";
/// The extension that declares our types.
pub(super) const TYPES: &str = "extension-definition--8f2e6d53-6c1c-4d0e-a3f7-2f9b0a6e7c31";
/// The extension that carries our properties.
pub(super) const RECORD: &str = "extension-definition--c1d94f0a-3b57-4e62-8a86-71f5e0c2d9b4";
/// OASIS's extension that carries TLP 2.0.
const TLP_2: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
/// When our extensions were made. They are versioned by `modified`.
const MADE: &str = "2026-11-24T00:00:00.000Z";
/// The namespace of ids that are made of what they stand for. Never to be changed.
const NAMESPACE: Uuid = Uuid::from_u128(0x4d8f_1f0b_92c7_4e35_b1a6_0c6e_5d27_f3a9);
/// The namespace of STIX 2.1, section 2.9.
const STIX_NAMESPACE: Uuid = Uuid::from_u128(0x00ab_edb4_aa42_466c_9c01_fed2_3315_a9b7);

/// The type that an id begins with.
pub(super) fn type_of(id: &str) -> &str {
    id.split_once("--").map_or(id, |(kind, _)| kind)
}

/// The UUID that an id ends with; one made of the id, when it has none.
pub(super) fn uuid_of(id: &str) -> Uuid {
    id.split_once("--").and_then(|(_, uuid)| Uuid::parse_str(uuid).ok()).unwrap_or_else(|| Uuid::new_v5(&NAMESPACE, id.as_bytes()))
}

/// An id made of what it stands for, the same every time. In the form of version 4, which STIX asks for where it does not
/// say what an id is made of.
pub(crate) fn made_id(kind: &str, of: &[&str]) -> String {
    format!("{kind}--{}", as_v4(Uuid::new_v5(&NAMESPACE, of.join("\0").as_bytes())))
}

/// The same UUID in the form of version 4.
pub(super) fn as_v4(uuid: Uuid) -> Uuid {
    uuid::Builder::from_random_bytes(uuid.into_bytes()).into_uuid()
}

/// The id of a cyber observable by its id-contributing properties, which are text in canonical JSON.
pub(super) fn contributed_id(kind: &str, properties: &Value) -> String {
    format!("{kind}--{}", Uuid::new_v5(&STIX_NAMESPACE, properties.to_string().as_bytes()))
}

/// A time as STIX demands it for versions: milliseconds.
pub(super) fn millis(at: Timestamp) -> String {
    let seconds = at.micros().div_euclid(1_000_000);
    let whole = Timestamp(seconds * 1_000_000).to_string();
    let thousandths = at.micros().rem_euclid(1_000_000) / 1_000;
    format!("{}.{thousandths:03}Z", whole.trim_end_matches('Z'))
}

/// Any other time.
pub(super) fn moment(at: Timestamp) -> String {
    if at.micros().rem_euclid(1_000) == 0 { millis(at) } else { at.to_string() }
}

/// The identity and the two extension definitions: what every bundle begins with.
pub(super) fn definitions() -> [Value; 3] {
    let base = |kind: &str, id: &str| json!({ "type": kind, "spec_version": "2.1", "id": id, "created": MADE, "modified": MADE });
    let mut identity = base("identity", IDENTITY);
    identity["name"] = "Vizsla".into();
    identity["identity_class"] = "system".into();
    identity["description"] = "Security case management for threat hunters.".into();
    let mut types = base("extension-definition", TYPES);
    types["created_by_ref"] = IDENTITY.into();
    types["name"] = "Vizsla object types".into();
    types["description"] = "Types of objects that STIX 2.1 does not have.".into();
    types["schema"] = "Cyber observables whose type is the name of an observable type of Vizsla (hostname, user-agent, ja3, …) have one property of their own, `value`: text, the observable in normal form. Domain objects (vulnerable-item, x-vizsla-…) have `name` and may have `description`; their fields stand in the extension “Vizsla records”.".into();
    types["version"] = "1.0.0".into();
    types["extension_types"] = json!(["new-sco", "new-sdo"]);
    let mut record = base("extension-definition", RECORD);
    record["created_by_ref"] = IDENTITY.into();
    record["name"] = "Vizsla records".into();
    record["description"] = "What Vizsla knows of an object that STIX 2.1 has no property for.".into();
    record["schema"] = "All are optional. `record`: the object as a record of Vizsla, with `kind`, `id` and its `fields` (text or lists of text, by name). `part_of`: the id of the object that this one only spells out. `finding`: clean, suspicious or malicious, as an analyst found it.".into();
    record["version"] = "1.0.0".into();
    record["extension_types"] = json!(["property-extension"]);
    [identity, types, record]
}

/// The marking of a TLP 2.0 level, as OASIS published it.
pub(super) fn tlp_id(tlp: Tlp) -> &'static str {
    match tlp {
        Tlp::Clear => "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
        Tlp::Green => "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        Tlp::Amber => "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        Tlp::AmberStrict => "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        Tlp::Red => "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
    }
}

/// Its definition.
pub(super) fn tlp_definition(tlp: Tlp) -> Value {
    json!({
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": tlp_id(tlp),
        "created": "2022-10-01T00:00:00.000Z",
        "name": tlp.label(),
        "extensions": { TLP_2: { "extension_type": "property-extension", "tlp_2_0": tlp.as_str() } },
    })
}

/// Adds to one of our extensions on an object.
pub(super) fn extend(object: &mut Object, extension: &str, more: Object) {
    let all = object.entry("extensions").or_insert_with(|| json!({}));
    let Some(all) = all.as_object_mut() else { return };
    let ours = all.entry(extension).or_insert_with(|| json!({}));
    if let Some(ours) = ours.as_object_mut() {
        ours.extend(more);
    }
}

/// Adds to the extension of records.
pub(super) fn tell(object: &mut Object, name: &str, value: impl Into<Value>) {
    let mut more = Object::new();
    more.insert("extension_type".to_owned(), "property-extension".into());
    more.insert(name.to_owned(), value.into());
    extend(object, RECORD, more);
}

/// Declares that the object's type is one of ours: `new-sco` or `new-sdo`.
pub(super) fn declare(object: &mut Object, how: &str) {
    let mut more = Object::new();
    more.insert("extension_type".to_owned(), how.into());
    extend(object, TYPES, more);
}

/// What an object of an export of ours is to Vizsla itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Own {
    /// A record.
    Record(Box<NewRecord>),
    /// Nothing to be kept: a definition, or what another object says already.
    Nothing,
}

/// Reads back what our extensions say; `None` for an object that is to be read as anyone's.
pub(crate) fn read(object: &Object) -> Option<Own> {
    let id = object.get("id").and_then(Value::as_str).unwrap_or_default();
    if matches!(id, IDENTITY | TYPES | RECORD) {
        return Some(Own::Nothing);
    }
    let extensions = object.get("extensions")?.as_object()?;
    let told = extensions.get(RECORD).and_then(Value::as_object);
    if told.is_some_and(|told| told.contains_key("part_of")) {
        return Some(Own::Nothing);
    }
    let finding = told.and_then(|told| told.get("finding")?.as_str()).and_then(|word| word.parse().ok()).unwrap_or(Finding::Unknown);
    if let Some(record) = told.and_then(|told| told.get("record")?.as_object()) {
        return read_record(record, finding).map(|record| Own::Record(Box::new(record)));
    }
    if extensions.contains_key(TYPES) {
        let kind = object.get("type")?.as_str()?.parse().ok()?;
        let observable = Observable::new(kind, object.get("value")?.as_str()?).ok()?;
        return Some(Own::Record(Box::new(NewRecord::from_observable(&observable, finding))));
    }
    None
}

fn read_record(record: &Object, finding: Finding) -> Option<NewRecord> {
    let kind: Kind = record.get("kind")?.as_str()?.parse().ok()?;
    let fields = record.get("fields")?.as_object()?.clone();
    let mut refusals = Fields::new();
    let mut read = NewRecord::read(&RecordInput { kind, fields }, "", &mut refusals)?;
    refusals.finish().ok()?;
    if kind == Kind::Observable {
        read.finding = finding;
    } else {
        // An incident's id stands for nothing but an incident.
        let fits = |id: &&str| {
            let prefix = type_of(id) == kind.spec().id_prefix || kind == Kind::StixObject;
            prefix && id.split_once("--").is_some_and(|(_, uuid)| Uuid::parse_str(uuid).is_ok())
        };
        let id = record.get("id")?.as_str().filter(fits)?;
        read.public_id = Some(id.to_owned());
    }
    Some(read)
}
