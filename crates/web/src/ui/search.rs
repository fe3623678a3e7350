//! One box over cases, records, notes and annotations.

use app::search::{self, GroupCount, HitView, SearchGroup, SearchQuery, SearchView};
use askama::Template;
use axum::extract::State;
use model::Kind;
use model::list::Thing;
use model::note::NoteKind;
use model::text::search_words;
use serde::Deserialize;

use super::cases::link;
use super::{Screen, Shell, Visit, page, words};
use crate::Web;
use crate::params::Query;

/// The URL of a search.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct ScreenQuery {
    #[serde(default)]
    q: String,
    #[serde(default, rename = "in")]
    sort: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    cursor: String,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    shell: Shell,
    query: ScreenQuery,
    /// Nothing, while nothing is looked for.
    found: Option<SearchView>,
}

impl SearchPage {
    /// The same search, of one group only; of all with empty words.
    fn link(&self, sort: &str, kind: &str) -> String {
        link("/search", &[("q", &self.query.q), ("in", &sort.to_owned())], "kind", kind)
    }

    fn link_of(&self, count: &GroupCount) -> String {
        self.link(count.sort.as_str(), &count.kind)
    }

    fn next(&self, group: &SearchGroup, cursor: &str) -> String {
        let of = &group.of;
        link("/search", &[("q", &self.query.q), ("in", &of.sort.to_string()), ("kind", &of.kind)], "cursor", cursor)
    }

    fn is_chosen(&self, count: &GroupCount) -> bool {
        self.query.sort == count.sort.as_str() && self.query.kind == count.kind
    }

    /// Whether one group is shown, or all.
    fn narrowed(&self) -> bool {
        !self.query.sort.is_empty() || !self.query.kind.is_empty()
    }
}

/// Whether there is more of a group than is shown.
fn more(group: &SearchGroup) -> bool {
    group.of.total > group.items.len() as i64
}

fn href(hit: &HitView) -> String {
    match hit.sort {
        Thing::Case => format!("/cases/{}", hit.case),
        Thing::Note => format!("/cases/{}#note-{}", hit.case, hit.id),
        Thing::Record | Thing::Annotation => format!("/record/{}", hit.record_id),
    }
}

/// What a hit is, in a word or two.
fn what(hit: &HitView) -> String {
    match hit.sort {
        Thing::Case => hit.detail.clone(),
        Thing::Annotation => "Annotation".to_owned(),
        Thing::Note => hit.kind.parse().map_or_else(|_| hit.kind.clone(), |kind: NoteKind| kind.label().to_owned()),
        Thing::Record => match hit.kind.parse::<Kind>() {
            Ok(kind) if !hit.detail.is_empty() => words::category(&kind, &hit.detail),
            Ok(kind) => words::capitalised(kind.spec().singular),
            Err(_) => hit.kind.clone(),
        },
    }
}

/// Whether its title is a value that is shown in the monospaced face.
fn is_value(hit: &HitView) -> bool {
    hit.sort == Thing::Record && hit.kind == Kind::Observable.as_str()
}

pub(crate) async fn everywhere(State(web): State<Web>, visit: Visit, Query(query): Query<ScreenQuery>) -> Screen {
    let found = if search_words(&query.q).is_empty() {
        None
    } else {
        let asked = SearchQuery {
            q: query.q.clone(),
            sort: query.sort.clone(),
            kind: query.kind.clone(),
            cursor: query.cursor.clone(),
            limit: None,
        };
        Some(search::everywhere(&web.app, &visit.actor, asked).await?)
    };
    page(&SearchPage { shell: visit.shell, query, found })
}
