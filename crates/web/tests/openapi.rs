//! The API as it is described, and that every verb is in it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};
use support::{As, Site};

/// Verbs that have no route of the API, each with the reason.
const WITHOUT_ROUTE: &[(&str, &str)] = &[
    ("account::create_first", "the server's start, for unattended installations"),
    ("account::login", "a browser's sign-in; programs send a token"),
    ("account::logout", "a browser's sign-out; programs revoke their token"),
    ("account::needs_setup", "the door asks it"),
    ("account::session_actor", "who is behind a cookie: asked before any route"),
    ("account::setup", "the first account: a one-time link in a browser, or the command line"),
    ("account::setup_token", "the server's start prints it"),
    ("account::tidy", "housekeeping of the server's own"),
    ("account::still_in_session", "who still listens to changes: asked while they are told"),
    ("account::still_with_token", "who still listens to changes: asked while they are told"),
    ("account::token_actor", "who is behind a token: asked before any route"),
    ("bar::bar", "the frame around a page"),
    ("case::open_count", "a number beside a link; the list's total says the same"),
    ("note::count", "a number on a tab; the list says the same"),
    ("sighting::count", "a number on a tab; the list says the same"),
];

/// Every file of a directory and those below it.
fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A verb, as `case::create`, with the text of its function.
fn verbs() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../app/src");
    let mut verbs = Vec::new();
    for path in sources(&root) {
        let text = fs::read_to_string(&path).unwrap();
        let module = path.strip_prefix(&root).unwrap().with_extension("");
        let parts: Vec<&str> = module.iter().map(|part| part.to_str().unwrap()).collect();
        for piece in text.split("\npub async fn ").skip(1) {
            let name = piece.split(['(', '<']).next().unwrap();
            // A file in a directory is told by its directory; a file of its own by itself.
            let noun = if parts.len() > 1 { parts[parts.len() - 2] } else { parts[0] };
            let body = piece.split("\n}\n").next().unwrap_or_default();
            verbs.push((format!("{noun}::{name}"), body.to_owned()));
        }
    }
    verbs
}

/// The text of everything that serves the API: all of the crate but the pages.
fn api_text() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let pages = root.join("ui");
    let files = sources(&root).into_iter().filter(|path| !path.starts_with(&pages) && path.file_name() != Some("ui.rs".as_ref()));
    files.map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// Whether the text calls a verb: by its noun, or by its bare name where that is imported.
fn calls(text: &str, verb: &str) -> bool {
    let (_, name) = verb.split_once("::").unwrap();
    let found =
        |call: &str| text.match_indices(call).any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'));
    found(&format!("{verb}(")) || found(&format!("{name}(&web.app"))
}

#[test]
fn every_verb_has_a_route_of_the_api() {
    let (verbs, text) = (verbs(), api_text());
    assert!(verbs.len() > 60, "only {} verbs were found", verbs.len());
    let names: BTreeSet<&str> = verbs.iter().map(|(name, _)| name.as_str()).collect();
    let exempt: BTreeSet<&str> = WITHOUT_ROUTE.iter().map(|(name, _)| *name).collect();
    let missing: Vec<&&str> = names.iter().filter(|name| !exempt.contains(**name) && !calls(&text, name)).collect();
    assert!(missing.is_empty(), "verbs without a route: {missing:?}");
    let stale: Vec<&&str> = exempt.iter().filter(|name| !names.contains(**name)).collect();
    assert!(stale.is_empty(), "exempt, but there is no such verb: {stale:?}");
}

/// What reads nothing of a case and is open to all who are signed in, or decides by whose it is.
const DECIDES_OTHERWISE: &[(&str, &str)] = &[
    ("account::change_password", "one's own"),
    ("account::set_preference", "one's own"),
    ("account::update_profile", "one's own"),
    ("token::create", "one's own, with no more than one's own role"),
    ("token::revoke", "one's own, or any as an administrator"),
    ("known_good::list", "everybody may know what is not suspicious"),
];

/// The router turns away whose role is too small; so does every verb that changes something, whoever calls it.
#[test]
fn every_verb_that_changes_something_refuses_by_itself() {
    let exempt = |name: &str| WITHOUT_ROUTE.iter().chain(DECIDES_OTHERWISE).any(|(other, _)| *other == name);
    let silent: Vec<String> = verbs()
        .into_iter()
        .filter(|(name, body)| body.contains(".change(") && !exempt(name) && !body.contains("require("))
        .map(|(name, _)| name)
        .collect();
    assert!(silent.is_empty(), "these change something and ask for no role: {silent:?}");
}

/// Keys in order, whatever the map keeps.
fn sorted(value: Json) -> Json {
    match value {
        Json::Object(map) => {
            let mut members: Vec<(String, Json)> = map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Json::Object(members.into_iter().collect::<Map<_, _>>())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// Scripts written against it keep working: whoever changes it sees what they change.
/// `INSTA_UPDATE=always cargo test -p vizsla-web --test openapi` writes the new one.
#[test]
fn the_description_is_what_was_agreed() {
    testkit::block_on(async {
        let site = Site::new();
        let document = site.get("/api/openapi.json", &As::Nobody).await.is(200).json();
        insta::assert_snapshot!("openapi", serde_json::to_string_pretty(&sorted(document)).unwrap());
    });
}

#[test]
fn every_schema_that_is_named_is_there() {
    testkit::block_on(async {
        let site = Site::new();
        let answer = site.get("/api/openapi.json", &As::Nobody).await.is(200);
        let document = answer.json();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let mut missing = BTreeSet::new();
        for piece in answer.body.split("#/components/schemas/").skip(1) {
            let name = piece.split('"').next().unwrap();
            if !schemas.contains_key(name) {
                missing.insert(name.to_owned());
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
        let of_cases = &document["paths"]["/api/v1/cases"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
        assert_eq!(of_cases, "#/components/schemas/CaseSummaryPage", "each list says what is in it");
    });
}

#[test]
fn every_route_of_the_table_is_described() {
    testkit::block_on(async {
        let site = Site::new();
        let document = site.get("/api/openapi.json", &As::Nobody).await.is(200).json();
        for route in web::routes().iter().filter(|route| route.door == web::RouteDoor::Api) {
            let operation = &document["paths"][&route.path][route.method.as_str().to_lowercase()];
            assert!(operation["summary"].is_string(), "{} {}", route.method, route.path);
        }
    });
}
