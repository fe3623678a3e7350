//! The columns of lists of records and artifacts: which are shown and in which order, as each account chose for each kind.

use app::account::{preference, set_preference};
use app::{App, AppError};
use axum::extract::State;
use model::kind::{Column, FieldShape, Place, Shelf};
use model::{Actor, Kind};
use serde::{Deserialize, Serialize};

use super::records::back;
use super::{Form, Screen, Visit, see};
use crate::Web;

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum List {
    Records,
    Artifacts,
}

/// What stands in a column.
#[derive(Clone, Copy)]
pub(crate) enum What {
    /// What the kind says of itself.
    Of(&'static Column),
    FirstSeen,
    LastSeen,
    Added,
    Sighted,
    Cases,
    CameFrom,
    Notes,
}

/// A column of a list, beside the title, which is always there.
#[derive(Clone, Copy)]
pub(crate) struct ListColumn {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) what: What,
    /// Width, and from which width of the list on it is shown, at best.
    pub(crate) class: &'static str,
    /// From which width on it is shown beside the others, where that is later.
    pub(crate) level: &'static str,
    /// What the list sorts by; empty when it does not.
    pub(crate) sort: &'static str,
}

impl ListColumn {
    /// The classes of its cells.
    pub(crate) fn classes(&self) -> String {
        format!("{} {}", self.class, self.level).trim_end().to_owned()
    }
}

/// The columns of a list, those that are shown first.
pub(crate) struct Columns {
    pub(crate) list: &'static str,
    pub(crate) shown: Vec<ListColumn>,
    pub(crate) hidden: Vec<ListColumn>,
}

/// What an account chose.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Chosen {
    shown: Vec<String>,
    hidden: Vec<String>,
}

fn of_kind(kind: Kind, column: &'static Column) -> ListColumn {
    let wide = |name| {
        let shape = kind.spec().field(name).map(|field| field.shape);
        matches!(shape, Some(FieldShape::Lines | FieldShape::Text)) || ["pattern", "summary", "objective"].contains(&name)
    };
    let (name, class, sort) = match column.place {
        Place::Title => ("title", "", "title"),
        Place::Category if kind.spec().shelf == Shelf::Intelligence => ("category", "col-l", "category"),
        Place::Category => ("category", "col-m", "category"),
        Place::Status => ("status", "col-m p2", ""),
        Place::Severity => ("severity", "col-m", "severity"),
        Place::Finding => ("finding", "col-m", "finding"),
        Place::Owner => ("owner", "col-m p3", ""),
        Place::Attribute if wide(column.name) => (column.name, "col-xl p2", ""),
        Place::Attribute => (column.name, "col-m p2", ""),
    };
    ListColumn { name, label: column.label, what: What::Of(column), class, level: "", sort }
}

/// All columns of a list, as they stand until somebody chooses.
fn all(list: List, kind: Kind) -> Vec<ListColumn> {
    let fixed = |name, label, what, class, sort| ListColumn { name, label, what, class, level: "", sort };
    let mut columns: Vec<ListColumn> = kind.spec().columns.iter().map(|column| of_kind(kind, column)).collect();
    let first = fixed("first_seen", "First seen", What::FirstSeen, "col-m p3", "first_seen");
    let last = fixed("last_seen", "Last seen", What::LastSeen, "col-m p3", "last_seen");
    match list {
        List::Records => columns.extend([first, last, fixed("added", "Added", What::Added, "col-m p3", "added")]),
        List::Artifacts => {
            if kind == Kind::Observable {
                columns.push(fixed("sighted", "Sighted", What::Sighted, "col-m", ""));
            }
            columns.extend([
                fixed("cases", "Cases", What::Cases, "col-s num p3", ""),
                fixed("came_from", "Came from", What::CameFrom, "col-l p3", ""),
                last,
                fixed("notes", "Notes", What::Notes, "col-s num p2", ""),
            ]);
        }
    }
    columns
}

/// The widths of a list, in pixels, from which on the columns of a level are shown: `.p2`, `.p3` and `.p4` of the style sheet.
const LEVELS: [(&str, u32); 4] = [("", 640), ("p2", 640), ("p3", 980), ("p4", 1240)];
/// What the title and the box before it need.
const FOR_THE_TITLE: u32 = 240;

/// Moves columns to a later level where the title would have no room beside them.
fn make_room(columns: &mut [ListColumn]) {
    let mut taken = [0_u32; LEVELS.len()];
    for own in 0..LEVELS.len() {
        for column in columns.iter_mut().filter(|column| level(column.class) == own) {
            let width = width(column.class);
            let fits =
                |at: &usize| taken.iter().zip(LEVELS).skip(*at).take(1).all(|(taken, (_, from))| taken + width + FOR_THE_TITLE <= from);
            let at = (own..LEVELS.len()).find(fits).unwrap_or(LEVELS.len() - 1);
            taken.iter_mut().skip(at).for_each(|taken| *taken += width);
            column.level = LEVELS.get(at).map_or("", |(name, _)| name);
        }
    }
}

/// The level that a column's class names.
fn level(class: &str) -> usize {
    LEVELS.iter().rposition(|(name, _)| class.split(' ').any(|word| word == *name)).unwrap_or_default()
}

/// Of the style sheet's `.col-…`.
fn width(class: &str) -> u32 {
    match class.split(' ').next() {
        Some("col-s") => 82,
        Some("col-l") => 134,
        Some("col-xl") => 220,
        _ => 102,
    }
}

fn preference_name(list: List, kind: Kind) -> String {
    let list = if list == List::Records { "records" } else { "artifacts" };
    format!("columns:{list}:{kind}")
}

/// The columns of a list as somebody chose them. A column that is newer than the choice is shown.
pub(crate) async fn of(app: &App, actor: &Actor, list: List, kind: Kind) -> app::Result<Columns> {
    let stored = preference(app, actor, &preference_name(list, kind)).await?;
    let chosen: Chosen = serde_json::from_value(stored).unwrap_or_default();
    Ok(arrange(list, kind, &chosen))
}

fn arrange(list: List, kind: Kind, chosen: &Chosen) -> Columns {
    let mut left = all(list, kind);
    let mut shown = Vec::with_capacity(left.len());
    for name in &chosen.shown {
        if let Some(place) = left.iter().position(|column| column.name == name) {
            shown.push(left.remove(place));
        }
    }
    let (hidden, new): (Vec<_>, Vec<_>) = left.into_iter().partition(|column| chosen.hidden.iter().any(|name| name == column.name));
    shown.extend(new);
    make_room(&mut shown);
    Columns { list: if list == List::Records { "records" } else { "artifacts" }, shown, hidden }
}

/// The menu of columns: every column by name in its order, those that are ticked, and what was pressed.
#[derive(Debug, Deserialize)]
pub(crate) struct ColumnsForm {
    list: List,
    kind: Kind,
    #[serde(default)]
    column: Vec<String>,
    #[serde(default)]
    order: Vec<String>,
    /// The column that moves one place to the left.
    #[serde(default)]
    earlier: String,
    /// Set when all is to be as it was.
    #[serde(default)]
    reset: Option<String>,
    #[serde(default)]
    back: String,
}

pub(crate) async fn save(State(web): State<Web>, visit: Visit, Form(mut form): Form<ColumnsForm>) -> Screen {
    let value = if form.reset.is_some() {
        serde_json::Value::Null
    } else {
        if let Some(place) = form.order.iter().position(|name| *name == form.earlier).filter(|place| *place > 0) {
            form.order.swap(place - 1, place);
        }
        let known = all(form.list, form.kind);
        form.order.retain(|name| known.iter().any(|column| column.name == name));
        let (shown, hidden) = form.order.into_iter().partition(|name| form.column.contains(name));
        serde_json::to_value(Chosen { shown, hidden }).map_err(|error| AppError::Internal(error.to_string()))?
    };
    set_preference(&web.app, &visit.actor, &preference_name(form.list, form.kind), value).await?;
    Ok(see(&back(&form.back, "/cases")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(columns: &[ListColumn]) -> Vec<&str> {
        columns.iter().map(|column| column.name).collect()
    }

    #[test]
    fn the_title_keeps_its_room() {
        let of = |kind| arrange(List::Artifacts, kind, &Chosen::default()).shown.iter().map(ListColumn::classes).collect::<Vec<_>>();
        assert!(of(Kind::Observable).iter().all(|classes| !classes.contains("p4")));
        let indicators = of(Kind::Indicator);
        assert!(indicators.iter().any(|classes| classes.ends_with("p4")), "{indicators:?}");
        for (name, from) in [("", 640), ("p2", 640), ("p3", 980), ("p4", 1240)] {
            let shown = |classes: &&String| !classes.split(' ').any(|word| word.starts_with('p') && word > name);
            let taken: u32 = indicators.iter().filter(shown).map(|classes| width(classes)).sum();
            assert!(taken + FOR_THE_TITLE <= from || name == "p4", "{name}: {taken}");
        }
    }

    #[test]
    fn a_list_stands_as_it_was_chosen_and_shows_what_is_new() {
        let plain = arrange(List::Records, Kind::IntrusionSet, &Chosen::default());
        assert_eq!(names(&plain.shown), ["aliases", "category", "first_seen", "last_seen", "added"]);
        let chosen = Chosen { shown: vec!["last_seen".to_owned(), "gone".to_owned()], hidden: vec!["aliases".to_owned()] };
        let own = arrange(List::Records, Kind::IntrusionSet, &chosen);
        assert_eq!(names(&own.shown), ["last_seen", "category", "first_seen", "added"]);
        assert_eq!(names(&own.hidden), ["aliases"]);
    }

    #[test]
    fn no_list_has_two_columns_of_one_name() {
        for kind in Kind::ALL {
            for list in [List::Records, List::Artifacts] {
                let columns = all(list, *kind);
                for by in [|column: &ListColumn| column.name, |column: &ListColumn| column.label] {
                    let mut names: Vec<&str> = columns.iter().map(by).collect();
                    names.sort_unstable();
                    names.dedup();
                    assert_eq!(names.len(), columns.len(), "{kind} {list:?}");
                }
            }
        }
    }
}
