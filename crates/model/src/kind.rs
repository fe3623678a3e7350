//! Kinds of records: everything that can be put in a case.
//!
//! A kind is one file here: its words, its fields and how its identity is read. Lists, forms, details, import and
//! matching are written once, over this description.

mod configuration_item;
mod incident;
mod observable;
mod record;
mod user;

pub use record::{IdentityKey, NewRecord, RecordInput, account_keys, field_values, host_keys};

use crate::choice::choice;
use crate::relationship::RelationshipType;

choice! {
    /// The kind of a record.
    pub enum Kind {
        Observable = 1 "observable" "Observable",
        Incident = 2 "incident" "Security incident",
        ConfigurationItem = 3 "configuration_item" "Configuration item",
        User = 4 "user" "User",
    }
}

choice! {
    /// What an identity key is a key of. Values are folded.
    pub enum KeyScheme {
        /// The kind's natural key: a number, a source's id, a name.
        Natural = 1 "natural" "Natural key",
        Host = 2 "host" "Host name",
        Address = 3 "address" "IP address",
        Mac = 4 "mac" "MAC address",
        Account = 5 "account" "Account name",
        Sid = 6 "sid" "Security identifier",
        Email = 7 "email" "E-mail address",
    }
}

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldShape {
    /// One line.
    Line,
    /// Several lines.
    Text,
    /// One of these words; the empty one for "not said".
    OneOf(&'static [&'static str]),
    /// Several lines, each a value.
    Lines,
}

/// Where a field lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `record.title`.
    Title,
    /// `record.category`.
    Category,
    /// `record.status`.
    Status,
    /// `record.severity`.
    Severity,
    /// `record.finding`.
    Finding,
    /// `record.owner`.
    Owner,
    /// `record.attributes`, under the field's name.
    Attribute,
}

/// A field of a kind: its form control, its validation, its place.
#[derive(Debug, Clone, Copy)]
pub struct FieldSpec {
    /// The name in forms, CSV mappings and attributes.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// One sentence below the control; may be empty.
    pub help: &'static str,
    /// Where its value is kept.
    pub place: Place,
    /// How it is written.
    pub shape: FieldShape,
    /// Whether it must be given.
    pub required: bool,
    /// The identity that its values are.
    pub key: Option<KeyScheme>,
}

/// A column of a kind's lists, beside the title.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Which common column, or an attribute's name.
    pub place: Place,
    /// The attribute's name, for `Place::Attribute`.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
}

/// What a kind is called and made of.
#[derive(Debug, Clone, Copy)]
pub struct KindSpec {
    /// The kind.
    pub kind: Kind,
    /// "configuration item".
    pub singular: &'static str,
    /// "Configuration items".
    pub plural: &'static str,
    /// The word in URLs, `configuration-items`.
    pub path: &'static str,
    /// What its public ids begin with.
    pub id_prefix: &'static str,
    /// What the title is called.
    pub title_label: &'static str,
    /// The columns of its lists.
    pub columns: &'static [Column],
    /// The fields of its form, in order.
    pub fields: &'static [FieldSpec],
    /// The fields whose first given value is the natural key.
    pub natural_key: &'static [&'static str],
    /// Relationships whose far end comes along into a case.
    pub brings_along: &'static [RelationshipType],
    /// The kinds of related records shown as tabs in the details.
    pub related: &'static [Kind],
}

impl Kind {
    /// What this kind is called and made of.
    #[must_use]
    pub fn spec(self) -> &'static KindSpec {
        match self {
            Self::Observable => &observable::SPEC,
            Self::Incident => &incident::SPEC,
            Self::ConfigurationItem => &configuration_item::SPEC,
            Self::User => &user::SPEC,
        }
    }

    /// The kind of a URL's word.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.spec().path == path)
    }
}

impl KindSpec {
    /// The field of a name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|field| field.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_describes_itself_consistently() {
        for kind in Kind::ALL {
            let spec = kind.spec();
            assert_eq!(spec.kind, *kind);
            assert_eq!(Kind::from_path(spec.path), Some(*kind));
            for name in spec.natural_key {
                assert!(spec.field(name).is_some(), "{kind}: no field {name}");
            }
            for column in spec.columns.iter().filter(|c| c.place == Place::Attribute) {
                assert!(spec.field(column.name).is_some(), "{kind}: no field {}", column.name);
            }
        }
    }
}
