//! Lists a case's artifacts: a tab.

use std::fmt;

use model::artifact::{Finding, StatusFilter};
use model::list::{Page, Sort, SortColumn};
use model::observable::refang;
use model::{Actor, Fields, Kind};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use store::artifact::{self, ArtifactFilter};

use super::ArtifactView;
use crate::App;
use crate::authorise::find_case;
use crate::case::{choices, cursor, limit, sort};
use crate::error::Result;

/// Reads a query from an object alone: from an empty list serde would read one that everything matches.
pub(crate) fn only_an_object<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ArtifactQuery>, D::Error> {
    struct Named(ArtifactQuery);
    struct Fields;

    impl<'de> Visitor<'de> for Fields {
        type Value = Named;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Named, A::Error> {
            ArtifactQuery::deserialize(MapAccessDeserializer::new(map)).map(Named)
        }
    }

    impl<'de> Deserialize<'de> for Named {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            from.deserialize_map(Fields)
        }
    }

    Ok(Option::<Named>::deserialize(from)?.map(|Named(query)| query))
}

/// What a tab shows. Several words in one filter are separated by commas.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::IntoParams, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ArtifactQuery {
    /// One kind; all when empty.
    pub kind: String,
    /// Keywords; each must occur. Defanged values are understood.
    pub q: String,
    /// `included` (unless told), `excluded` or `all`.
    pub status: String,
    /// Categories: observable types, classes, …
    pub category: String,
    /// Findings.
    pub finding: String,
    /// `yes` for what is known to be good, `no` for the rest.
    pub marked: String,
    /// `added`, `title`, `category`, `severity`, `finding`, `first_seen` or `last_seen`; a minus before it turns the order.
    pub sort: String,
    /// From the answer before.
    pub cursor: String,
    /// At most 100.
    pub limit: Option<u32>,
}

/// One page of a case's artifacts.
///
/// # Errors
/// When the query holds unknown words, or there is no case that the actor may know of.
pub async fn list(app: &App, actor: &Actor, number: &str, query: ArtifactQuery) -> Result<Page<ArtifactView>> {
    let filter = filter(&query)?;
    let number = number.to_owned();
    app.read(actor, move |tx| {
        let filter = ArtifactFilter { case: find_case(tx, &number)?.id, ..filter };
        Ok(artifact::list(tx, &filter)?.map(ArtifactView::from))
    })
    .await
}

/// The store's filter of a query; its case is filled in by the caller.
pub(crate) fn filter(query: &ArtifactQuery) -> Result<ArtifactFilter> {
    let mut fields = Fields::new();
    let word = |text: &str| if text.is_empty() { None } else { Some(text.to_owned()) };
    let filter = ArtifactFilter {
        case: 0,
        kind: word(&query.kind).and_then(|kind| fields.keep("/kind", kind.parse::<Kind>())),
        status: word(&query.status).and_then(|status| fields.keep("/status", status.parse())).unwrap_or(StatusFilter::Included),
        q: refang(&fields.text("/q", &query.q, 1_000)),
        categories: query.category.split(',').map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect(),
        findings: choices::<Finding>(&mut fields, "/finding", &query.finding).iter().map(|f| f.code()).collect(),
        marked: match query.marked.as_str() {
            "" => None,
            "yes" => Some(true),
            "no" => Some(false),
            _ => {
                fields.refuse("/marked", "must be yes or no");
                None
            }
        },
        sort: sort(&mut fields, &query.sort, Sort { column: SortColumn::Added, descending: true }),
        cursor: cursor(&mut fields, &query.cursor),
        limit: limit(&mut fields, query.limit),
        as_of: None,
    };
    fields.finish()?;
    Ok(filter)
}
