//! Kinds of records: everything that can be put in a case.
//!
//! A kind is one file here: its words, its fields and how its identity is read. Lists, forms, details, import and
//! matching are written once, over this description.

mod attack_pattern;
mod campaign;
mod configuration_item;
mod course_of_action;
mod field;
mod grouping;
mod identity;
mod incident;
mod indicator;
mod infrastructure;
mod intrusion_set;
mod location;
mod malware;
mod malware_analysis;
mod observable;
mod observed_data;
mod opinion;
mod record;
mod report;
mod stix;
mod stix_note;
mod stix_object;
mod stix_sighting;
mod threat_actor;
mod tool;
mod user;
mod vulnerability;
mod vulnerable_item;

pub use field::{Column, FieldShape, FieldSpec, Place};
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
        VulnerableItem = 5 "vulnerable_item" "Vulnerable item",
        Vulnerability = 6 "vulnerability" "Vulnerability",
        Indicator = 7 "indicator" "Indicator",
        Report = 8 "report" "Report",
        Grouping = 9 "grouping" "Grouping",
        AttackPattern = 10 "attack_pattern" "Attack pattern",
        Campaign = 11 "campaign" "Campaign",
        IntrusionSet = 12 "intrusion_set" "Intrusion set",
        ThreatActor = 13 "threat_actor" "Threat actor",
        Malware = 14 "malware" "Malware",
        MalwareAnalysis = 15 "malware_analysis" "Malware analysis",
        Tool = 16 "tool" "Tool",
        Infrastructure = 17 "infrastructure" "Infrastructure",
        CourseOfAction = 18 "course_of_action" "Course of action",
        Identity = 19 "identity" "Identity",
        Location = 20 "location" "Location",
        ObservedData = 21 "observed_data" "Observed data",
        StixNote = 22 "stix_note" "Note (STIX)",
        Opinion = 23 "opinion" "Opinion",
        StixSighting = 24 "stix_sighting" "Sighting (STIX)",
        StixObject = 25 "stix_object" "Other STIX object",
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
        Stix = 8 "stix" "STIX id",
        Attack = 9 "attack" "ATT&CK id",
    }
}

choice! {
    /// Which of the two shelves a kind stands on.
    pub enum Shelf {
        Operations = 1 "operations" "Records",
        Intelligence = 2 "intelligence" "Threat intelligence",
    }
}

/// What a kind is called and made of.
#[derive(Debug, Clone, Copy)]
pub struct KindSpec {
    /// The kind.
    pub kind: Kind,
    /// Where lists of it are found.
    pub shelf: Shelf,
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
    /// The fields whose first given value is the natural key; `a+b` is the values of both.
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
            Self::VulnerableItem => &vulnerable_item::SPEC,
            Self::Vulnerability => &vulnerability::SPEC,
            Self::Indicator => &indicator::SPEC,
            Self::Report => &report::SPEC,
            Self::Grouping => &grouping::SPEC,
            Self::AttackPattern => &attack_pattern::SPEC,
            Self::Campaign => &campaign::SPEC,
            Self::IntrusionSet => &intrusion_set::SPEC,
            Self::ThreatActor => &threat_actor::SPEC,
            Self::Malware => &malware::SPEC,
            Self::MalwareAnalysis => &malware_analysis::SPEC,
            Self::Tool => &tool::SPEC,
            Self::Infrastructure => &infrastructure::SPEC,
            Self::CourseOfAction => &course_of_action::SPEC,
            Self::Identity => &identity::SPEC,
            Self::Location => &location::SPEC,
            Self::ObservedData => &observed_data::SPEC,
            Self::StixNote => &stix_note::SPEC,
            Self::Opinion => &opinion::SPEC,
            Self::StixSighting => &stix_sighting::SPEC,
            Self::StixObject => &stix_object::SPEC,
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
            for name in spec.natural_key.iter().flat_map(|names| names.split('+')) {
                assert!(spec.field(name).is_some(), "{kind}: no field {name}");
            }
            for column in spec.columns.iter().filter(|c| c.place == Place::Attribute) {
                assert!(spec.field(column.name).is_some(), "{kind}: no field {}", column.name);
            }
        }
    }
}
