//! The list of records of a kind.

use app::record::{self, RecordQuery, RecordView};
use askama::Template;
use axum::extract::State;
use model::Kind;
use model::artifact::Finding;
use model::kind::Place;
use model::list::Page;
use model::observable::ObservableType;
use serde::Deserialize;

use super::kind_of;
use crate::Web;
use crate::params::{Path, Query};
use crate::ui::artifacts::cell;
use crate::ui::cases::{Head, head, link};
use crate::ui::columns::{self, Columns, List, What};
use crate::ui::{Screen, Shell, Visit, page};

/// The URL of a list.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct ListQuery {
    #[serde(default)]
    q: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    finding: String,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    cursor: String,
}

#[derive(Template)]
#[template(path = "records/list.html")]
struct ListPage {
    shell: Shell,
    kind: Kind,
    query: ListQuery,
    records: Page<RecordView>,
    columns: Columns,
}

impl ListPage {
    fn path(&self) -> String {
        format!("/records/{}", self.kind.spec().path)
    }

    /// The same list with one parameter changed, from its first page.
    fn link(&self, name: &str, value: &str) -> String {
        let q = &self.query;
        let all = [("q", &q.q), ("category", &q.category), ("finding", &q.finding), ("sort", &q.sort)];
        link(&self.path(), &all, name, value)
    }

    fn sort(&self, column: &str) -> Head {
        head(&self.query.sort, "-added", column, |value| self.link("sort", value))
    }

    fn filtered(&self) -> bool {
        let q = &self.query;
        [&q.q, &q.category, &q.finding].iter().any(|text| !text.is_empty())
    }

    fn column(&self, record: &RecordView, column: &model::kind::Column) -> String {
        cell(record, column)
    }

    /// What people read of the category that is filtered by.
    fn category(&self) -> String {
        let of_type = self.query.category.parse::<ObservableType>().ok().filter(|_| self.kind == Kind::Observable);
        of_type.map_or_else(|| self.query.category.clone(), |one| one.label().to_owned())
    }

    fn finding(&self) -> String {
        self.query.finding.parse::<Finding>().map_or_else(|_| self.query.finding.clone(), |one| one.label().to_owned())
    }
}

pub(crate) async fn list(State(web): State<Web>, visit: Visit, Path(path): Path<String>, Query(query): Query<ListQuery>) -> Screen {
    let kind = kind_of(&path)?;
    let asked = RecordQuery {
        kind: kind.to_string(),
        q: query.q.clone(),
        category: query.category.clone(),
        finding: query.finding.clone(),
        sort: query.sort.clone(),
        cursor: query.cursor.clone(),
        limit: None,
    };
    let records = record::list(&web.app, &visit.actor, asked).await?;
    let columns = columns::of(&web.app, &visit.actor, List::Records, kind).await?;
    page(&ListPage { shell: visit.shell, kind, query, records, columns })
}
