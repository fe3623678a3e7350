//! Searches cases, records, notes and annotations at once.

use model::list::{COUNT_LIMIT, CaseSort, Cursor, CursorKey, DEFAULT_LIMIT, Page, Sort, SortColumn, Thing};
use model::note::NoteKind;
use model::observable::refang;
use model::text::search_words;
use model::{Actor, Fields, Kind};
use serde::Deserialize;
use store::case::CaseFilter;
use store::note::NoteSearch;
use store::record::RecordFilter;
use store::{Tx, annotation, case, note, record};

use super::{GroupCount, HitView, SearchGroup, SearchView};
use crate::App;
use crate::case::{cursor, limit};
use crate::error::Result;

/// How many hits of each group are told when no group is asked for.
const OF_EACH: u32 = 5;

/// What is looked for.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct SearchQuery {
    /// Keywords; each must occur. Defanged values are understood, and text in double quotes is one word.
    pub q: String,
    /// One sort of thing: `cases`, `records`, `notes` or `annotations`; all when empty.
    #[serde(rename = "in")]
    pub sort: String,
    /// One kind of record (`observable`, `incident`, …) or of note (`work_note`, `comment`); all when empty.
    pub kind: String,
    /// From the answer before, with the `in` and `kind` of its group.
    pub cursor: String,
    /// At most 100 of each group; 5 unless told otherwise, and 50 of a single group.
    pub limit: Option<u32>,
}

/// One group of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Cases,
    Records(Kind),
    Notes(NoteKind),
    Annotations,
}

/// Which groups are asked for.
#[derive(Debug, Clone, Copy)]
struct Asked {
    sort: Option<Thing>,
    record: Option<Kind>,
    note: Option<NoteKind>,
}

/// A query that can be asked.
#[derive(Debug, Clone)]
struct Search {
    q: String,
    asked: Asked,
    cursor: Option<Cursor>,
    each: u32,
}

/// All that holds the words and that the actor may read.
///
/// # Errors
/// When nothing is looked for, or the query holds unknown words.
pub async fn everywhere(app: &App, actor: &Actor, query: SearchQuery) -> Result<SearchView> {
    let search = validate(&query)?;
    let reader = actor.name.clone();
    app.read(actor, move |tx| find(tx, search, reader)).await
}

fn validate(query: &SearchQuery) -> Result<Search> {
    let mut fields = Fields::new();
    let q = refang(&fields.text("/q", &query.q, 1_000));
    if search_words(&q).is_empty() {
        fields.refuse("/q", "is missing: say what to look for");
    }
    let mut asked = Asked { sort: None, record: None, note: None };
    if !query.sort.is_empty() {
        asked.sort = fields.keep("/in", query.sort.parse());
    }
    if !query.kind.is_empty() {
        asked.record = query.kind.parse().ok();
        asked.note = query.kind.parse().ok();
        let of = if asked.record.is_some() { Thing::Record } else { Thing::Note };
        if asked.record.is_none() && asked.note.is_none() {
            fields.refuse("/kind", "is no kind of record or note");
        } else if asked.sort.is_some_and(|sort| sort != of) {
            fields.refuse("/kind", format!("is a kind of {of}"));
        }
        asked.sort = Some(of);
    }
    let cursor = cursor(&mut fields, &query.cursor);
    let one = asked.group().is_some();
    if cursor.is_some() && !one {
        fields.refuse("/cursor", "needs the `in` and the `kind` of its group");
    }
    let each = limit(&mut fields, query.limit.or(Some(if one { DEFAULT_LIMIT } else { OF_EACH })));
    fields.finish()?;
    Ok(Search { q, asked, cursor, each })
}

impl Asked {
    /// The group, when there is only one.
    fn group(self) -> Option<Group> {
        match (self.sort?, self.record, self.note) {
            (Thing::Case, ..) => Some(Group::Cases),
            (Thing::Annotation, ..) => Some(Group::Annotations),
            (Thing::Record, Some(kind), _) => Some(Group::Records(kind)),
            (Thing::Note, _, Some(kind)) => Some(Group::Notes(kind)),
            (Thing::Record | Thing::Note, ..) => None,
        }
    }

    fn shows(self, group: Group) -> bool {
        let (sort, kinds) = match group {
            Group::Cases => (Thing::Case, true),
            Group::Annotations => (Thing::Annotation, true),
            Group::Records(kind) => (Thing::Record, self.record.is_none_or(|one| one == kind)),
            Group::Notes(kind) => (Thing::Note, self.note.is_none_or(|one| one == kind)),
        };
        kinds && self.sort.is_none_or(|one| one == sort)
    }
}

impl Group {
    fn count(self, total: i64, total_is_exact: bool) -> GroupCount {
        let (sort, kind, label) = match self {
            Self::Cases => (Thing::Case, String::new(), Thing::Case.label()),
            Self::Annotations => (Thing::Annotation, String::new(), Thing::Annotation.label()),
            Self::Records(kind) => (Thing::Record, kind.to_string(), kind.spec().plural),
            Self::Notes(NoteKind::WorkNote) => (Thing::Note, NoteKind::WorkNote.to_string(), "Work notes"),
            Self::Notes(NoteKind::Comment) => (Thing::Note, NoteKind::Comment.to_string(), "Comments"),
        };
        GroupCount { sort, kind, label: label.to_owned(), total, total_is_exact }
    }
}

/// Gathers groups: each is counted, and shown if it was asked for.
struct Found {
    search: Search,
    counts: Vec<GroupCount>,
    groups: Vec<SearchGroup>,
}

impl Found {
    /// How many hits of a group are to be read. One hit is read of what is only counted.
    fn limit(&self, group: Group) -> u32 {
        if self.search.asked.shows(group) { self.search.each } else { 1 }
    }

    /// The cursor, when it is this group's: it was refused where there are several.
    fn before(&self, group: Group) -> Option<i64> {
        let cursor = self.search.cursor.as_ref().filter(|_| self.search.asked.shows(group))?;
        Some(cursor.id)
    }

    fn take<T>(&mut self, group: Group, page: Page<T>, hit: impl Fn(&str, T) -> HitView) {
        let count = group.count(page.total, page.total_is_exact);
        if page.total > 0 {
            self.counts.push(count.clone());
        }
        if page.total > 0 && self.search.asked.shows(group) {
            let items = page.items.into_iter().map(|item| hit(&self.search.q, item)).collect();
            self.groups.push(SearchGroup { of: count, items, next_cursor: page.next_cursor });
        }
    }
}

fn find(tx: &mut Tx<'_>, search: Search, reader: String) -> Result<SearchView> {
    let mut found = Found { search, counts: Vec::new(), groups: Vec::new() };
    cases(tx, &mut found)?;
    records(tx, &mut found)?;
    for kind in NoteKind::ALL {
        let group = Group::Notes(*kind);
        let q = found.search.q.clone();
        let asked = NoteSearch { q, reader: reader.clone(), kind: *kind, before: found.before(group), limit: found.limit(group) };
        let page = note::search(tx, &asked)?;
        found.take(group, page, HitView::of_note);
    }
    let group = Group::Annotations;
    let page = annotation::search(tx, &found.search.q, found.before(group), found.limit(group))?;
    found.take(group, page, HitView::of_annotation);
    Ok(SearchView { q: found.search.q, counts: found.counts, groups: found.groups })
}

fn cases(tx: &mut Tx<'_>, found: &mut Found) -> Result<()> {
    let filter = CaseFilter {
        q: found.search.q.clone(),
        states: Vec::new(),
        ratings: Vec::new(),
        case_types: Vec::new(),
        tlps: Vec::new(),
        assigned_to: None,
        tag: None,
        sort: Sort { column: CaseSort::Updated, descending: true },
        cursor: found.search.cursor.clone().filter(|_| found.search.asked.shows(Group::Cases)),
        limit: found.limit(Group::Cases),
    };
    let page = case::list(tx, &filter)?;
    found.take(Group::Cases, page, |q, listed| HitView::of_case(q, listed.case));
    Ok(())
}

fn records(tx: &mut Tx<'_>, found: &mut Found) -> Result<()> {
    let filter = RecordFilter {
        kind: None,
        q: found.search.q.clone(),
        categories: Vec::new(),
        findings: Vec::new(),
        sort: Sort { column: SortColumn::Added, descending: true },
        cursor: None,
        limit: found.search.each,
        as_of: None,
    };
    let asked = found.search.asked;
    // A single kind is read as a page; of all others, and of all together, the newest.
    let each = if asked.group().is_some() || asked.sort.is_some_and(|sort| sort != Thing::Record) { 0 } else { found.search.each };
    for of in record::by_kind(tx, &filter, each)? {
        let group = Group::Records(of.kind);
        let page = if asked.group() == Some(group) {
            record::list(tx, &RecordFilter { kind: Some(of.kind), cursor: found.search.cursor.clone(), ..filter.clone() })?
        } else {
            let more = of.total > of.newest.len() as i64;
            let cursor = |last: &record::Record| Cursor { key: CursorKey::Int(last.id), id: last.id }.to_string();
            Page {
                next_cursor: of.newest.last().filter(|_| more).map(cursor),
                items: of.newest,
                total: of.total.min(COUNT_LIMIT),
                total_is_exact: of.total <= COUNT_LIMIT,
                as_of: String::new(),
            }
        };
        found.take(group, page, HitView::of_record);
    }
    Ok(())
}
