//! The Traffic Light Protocol among the markings (STIX 2.1, section 7.2.1.4; OASIS's extension for TLP 2.0).

use serde_json::{Map, Value};

/// The markings that STIX defines, by id.
const KNOWN: [(&str, &str); 9] = [
    ("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", "clear"),
    ("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "green"),
    ("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "amber"),
    ("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "red"),
    ("marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "clear"),
    ("marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "green"),
    ("marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber"),
    ("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "amber+strict"),
    ("marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "red"),
];

/// The extension that carries TLP 2.0.
const TLP_2: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";

/// The TLP of a marking that STIX defines.
pub(super) fn known(id: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(known, _)| *known == id).map(|(_, tlp)| *tlp)
}

/// The TLP that a marking definition defines.
pub(super) fn defined(definition: &Map<String, Value>) -> Option<&'static str> {
    let old = definition.get("definition").and_then(|inner| inner.get("tlp"));
    let new = definition.get("extensions").and_then(|all| all.get(TLP_2)).and_then(|inner| inner.get("tlp_2_0"));
    match new.or(old)?.as_str()?.to_ascii_lowercase().as_str() {
        "white" | "clear" => Some("clear"),
        "green" => Some("green"),
        "amber" => Some("amber"),
        "amber+strict" => Some("amber+strict"),
        "red" => Some("red"),
        _ => None,
    }
}

/// The stricter of two.
pub(super) fn stricter(a: Option<&'static str>, b: Option<&'static str>) -> Option<&'static str> {
    let rank = |tlp: Option<&str>| match tlp {
        None => 0,
        Some("clear") => 1,
        Some("green") => 2,
        Some("amber") => 3,
        Some("amber+strict") => 4,
        Some(_) => 5,
    };
    if rank(b) > rank(a) { b } else { a }
}
