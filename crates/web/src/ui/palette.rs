//! What Ctrl-K finds: cases, records, actions. As JSON, for the script that draws it.

use app::case::{self, CaseQuery};
use app::record::{self, RecordQuery};
use axum::Json;
use axum::extract::State;
use model::{Actor, Kind, Role};
use serde::{Deserialize, Serialize};

use crate::Web;
use crate::error::Failure;
use crate::params::Query;
use crate::ui::door::encode;
use crate::visitor::{Signed, may};

/// How many cases and how many records are told at most; with the actions no more than twenty in all.
const OF_EACH: u32 = 7;
/// How many actions are told at most: more while nothing is looked for, and no records are told.
const ACTIONS: usize = 6;
const ALL_ACTIONS: usize = 13;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct PaletteQuery {
    #[serde(default)]
    q: String,
}

/// Something to go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Hit {
    title: String,
    detail: String,
    href: String,
    group: &'static str,
}

/// What is called so, of what the visitor may know of; without a word, their own open cases and what can be done.
pub(crate) async fn find(
    State(web): State<Web>,
    Signed(actor): Signed,
    Query(query): Query<PaletteQuery>,
) -> Result<Json<Vec<Hit>>, Failure> {
    let q: String = query.q.trim().chars().take(200).collect();
    // A page that is called so comes before what only holds the word somewhere.
    let (called, other): (Vec<Hit>, Vec<Hit>) = actions(&actor, &q).into_iter().partition(|hit| is_called(hit, &q));
    let mut hits = called;
    hits.extend(cases(&web, &actor, &q).await?);
    if !q.is_empty() {
        hits.extend(records(&web, &actor, &q).await?);
    }
    hits.extend(other);
    hits.extend(everywhere(&q));
    Ok(Json(hits))
}

async fn cases(web: &Web, actor: &Actor, q: &str) -> Result<Vec<Hit>, Failure> {
    let query = if q.is_empty() {
        CaseQuery { state: "open".to_owned(), assigned_to: "me".to_owned(), limit: Some(OF_EACH), ..CaseQuery::default() }
    } else {
        CaseQuery { q: digits(q).unwrap_or(q).to_owned(), limit: Some(OF_EACH), ..CaseQuery::default() }
    };
    let found = case::list(&web.app, actor, query).await?.items;
    Ok(found
        .into_iter()
        .map(|case| Hit {
            title: format!("{} {}", case.number, case.name),
            detail: format!("{} · {}", case.state.label(), case.rating.label()),
            href: format!("/cases/{}", case.number),
            group: if q.is_empty() { "My open cases" } else { "Cases" },
        })
        .collect())
}

/// Whether a page's name begins with what is looked for.
fn is_called(hit: &Hit, q: &str) -> bool {
    let q = model::text::fold(q);
    q.chars().count() > 1 && model::text::fold(&hit.title).starts_with(&q)
}

/// `attack pattern · persistence`; of an observable, the name of its type.
fn of_kind(kind: Kind, category: &str) -> String {
    match (kind, category) {
        (_, "") => kind.spec().singular.to_owned(),
        (Kind::Observable, _) => super::words::category(&kind, category),
        _ => model::text::shorten(&format!("{} · {category}", kind.spec().singular), 60),
    }
}

/// `1042` for `#1042`: a case by the end of its number.
fn digits(q: &str) -> Option<&str> {
    let digits = q.strip_prefix('#')?;
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

async fn records(web: &Web, actor: &Actor, q: &str) -> Result<Vec<Hit>, Failure> {
    let query = RecordQuery { q: q.to_owned(), limit: Some(OF_EACH), ..RecordQuery::default() };
    let found = record::list(&web.app, actor, query).await?.items;
    Ok(found
        .into_iter()
        .map(|record| Hit {
            title: model::text::shorten(&record.display, 120),
            detail: of_kind(record.kind, &record.category),
            href: format!("/record/{}", record.id),
            group: "Records",
        })
        .collect())
}

/// The way to all that holds the words: notes and annotations too, and more than are told here.
fn everywhere(q: &str) -> Option<Hit> {
    (!q.is_empty()).then(|| Hit {
        title: format!("Search everywhere for “{}”", model::text::shorten(q, 60)),
        detail: "Cases, records, notes, annotations".to_owned(),
        href: format!("/search?q={}", encode(q)),
        group: "Search",
    })
}

/// Words to find it by, where it leads, and the least role.
const PLACES: &[(&str, &str, &str, Role)] = &[
    ("New case", "Open a security case", "/cases/new", Role::Analyst),
    ("Cases", "My open cases", "/cases?assigned_to=me&state=open", Role::Reader),
    ("All cases", "Open and closed", "/cases", Role::Reader),
    ("Search", "Cases, records, notes and annotations", "/search", Role::Reader),
    ("Import", "Records from files", "/import", Role::Reader),
    ("Events", "Look through the logs", "/events", Role::Reader),
    ("Logs and sources", "What is indexed", "/logs", Role::Reader),
    ("Retention", "How long logs are kept, what they take", "/log-retention", Role::Admin),
    ("Known good", "What is never suspicious here", "/known-good", Role::Reader),
    ("New outside source", "Connect a SIEM", "/outside-sources/new", Role::Admin),
    ("Webhooks", "Tell other systems what happens", "/settings/webhooks", Role::Admin),
    ("Settings", "Profile, theme, time zone, password", "/settings", Role::Reader),
    ("API tokens", "Make and revoke tokens", "/settings/tokens", Role::Reader),
    ("API documentation", "Routes, parameters, schemas", "/api/docs", Role::Reader),
    ("Journal", "Verify what was done", "/settings/journal", Role::Lead),
    ("Accounts", "Who may come in", "/settings/accounts", Role::Admin),
    ("Groups", "Who is let in together", "/settings/groups", Role::Admin),
    ("Break the glass", "Enter a restricted case", "/settings/break-glass", Role::Admin),
];

fn actions(actor: &Actor, q: &str) -> Vec<Hit> {
    let words: Vec<String> = model::text::search_words(q);
    let kinds = Kind::ALL.iter().map(|kind| {
        let spec = kind.spec();
        (spec.plural.to_owned(), "Records".to_owned(), format!("/records/{}", spec.path))
    });
    let places = PLACES.iter().filter(|(.., least)| may(actor, *least));
    let places = places.map(|(title, detail, href, _)| ((*title).to_owned(), (*detail).to_owned(), (*href).to_owned()));
    let fits = |title: &str, detail: &str| {
        let text = model::text::fold(&format!("{title} {detail}"));
        words.iter().all(|word| text.contains(word.as_str()))
    };
    places
        .chain(kinds)
        .filter(|(title, detail, _)| fits(title, detail))
        .take(if words.is_empty() { ALL_ACTIONS } else { ACTIONS })
        .map(|(title, detail, href)| Hit { title, detail, href, group: "Go to" })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(role: Role, q: &str) -> Vec<String> {
        let actor = Actor { role, ..Actor::operator("test") };
        actions(&actor, q).into_iter().map(|hit| hit.title).collect()
    }

    #[test]
    fn only_what_a_role_may_do_is_offered() {
        assert_eq!(titles(Role::Analyst, "new case"), ["New case"]);
        assert!(titles(Role::Reader, "new case").is_empty());
        assert_eq!(titles(Role::Admin, "ACCOUNTS"), ["Accounts"]);
        assert!(titles(Role::Lead, "accounts").is_empty());
        assert_eq!(titles(Role::Reader, "theme"), ["Settings"]);
        assert_eq!(titles(Role::Reader, "users"), ["Users"]);
        assert_eq!(titles(Role::Admin, "siem"), ["New outside source"]);
    }
}
