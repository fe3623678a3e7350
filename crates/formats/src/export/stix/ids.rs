//! The ids of a bundle, 24 bytes each and a little.

use std::collections::BTreeSet;

use uuid::Uuid;

/// Which ids there are.
#[derive(Default)]
pub(super) struct Ids {
    types: Vec<String>,
    all: BTreeSet<(u16, u128)>,
    definitions: BTreeSet<String>,
}

impl Ids {
    /// Notes an id; false when it was there.
    pub(super) fn add(&mut self, id: &str) -> bool {
        let Some((kind, uuid)) = id.split_once("--").and_then(|(kind, uuid)| Some((kind, Uuid::parse_str(uuid).ok()?))) else {
            return false;
        };
        if matches!(kind, "marking-definition" | "extension-definition" | "language-content") {
            return self.add_definition(id);
        }
        let kind = self.types.iter().position(|known| known == kind).unwrap_or_else(|| {
            self.types.push(kind.to_owned());
            self.types.len() - 1
        });
        // No document has so many types of objects; what is beyond has no place.
        u16::try_from(kind).is_ok_and(|kind| self.all.insert((kind, uuid.as_u128())))
    }

    /// Notes a definition, which nothing groups.
    pub(super) fn add_definition(&mut self, id: &str) -> bool {
        self.definitions.insert(id.to_owned())
    }

    /// All that may be grouped, in an order that is the same every time.
    pub(super) fn iter(&self) -> impl Iterator<Item = String> {
        self.all.iter().filter_map(|(kind, uuid)| {
            let kind = self.types.get(usize::from(*kind))?;
            Some(format!("{kind}--{}", Uuid::from_u128(*uuid).hyphenated()))
        })
    }
}
