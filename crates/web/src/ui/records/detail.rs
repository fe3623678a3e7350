//! All that is known of one record.

use app::PageQuery;
use app::annotation;
use app::record::{self, AnnotationView, Direction, RecordCase, RecordDetails, RecordView, RelatedView};
use app::sighting::{self, RecordSightingView, SeenWithView};
use askama::Template;
use axum::extract::State;
use model::Kind;
use model::artifact::{Finding, Status};
use model::list::Page;
use serde::Deserialize;

use crate::Web;
use crate::params::{Path, Query};
use crate::ui::cases::link;
use crate::ui::{Screen, Shell, Visit, page};

/// How many records that may be the same are shown.
const SIMILAR: usize = 5;
/// How many sightings a page shows.
const SHOWN: u32 = 100;

/// The URL of a record.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct DetailQuery {
    #[serde(default)]
    tab: String,
    /// What became of the form before: `new` or `known`.
    #[serde(default)]
    told: String,
    /// Sightings older than a page before has shown.
    #[serde(default)]
    older: String,
    /// Records that may be the same, when it was just created.
    #[serde(default)]
    similar: String,
}

/// What a tab shows.
enum Tab {
    Overview { annotations: Vec<AnnotationView>, cases: Vec<RecordCase> },
    Related { kind: Kind, related: Vec<RelatedView> },
    Annotations(Vec<AnnotationView>),
    Cases(Vec<RecordCase>),
    Sightings(Page<RecordSightingView>),
    SeenWith(Page<SeenWithView>),
}

#[derive(Template)]
#[template(path = "records/detail.html")]
struct DetailPage {
    shell: Shell,
    details: RecordDetails,
    told: String,
    similar: Vec<RecordView>,
    tab: Tab,
    /// The word of the tab in the URL.
    here: String,
}

impl DetailPage {
    fn link(&self, tab: &str) -> String {
        link(&format!("/record/{}", self.details.record.id), &[], "tab", tab)
    }

    /// The tab with older sightings.
    fn older(&self, cursor: &str) -> String {
        link(&format!("/record/{}", self.details.record.id), &[("tab", &self.here)], "older", cursor)
    }

    /// The kinds that have a tab: those of the kind's description, and whatever else it is joined with.
    fn kinds(&self) -> Vec<(Kind, i64)> {
        let count = |kind: Kind| self.details.related.iter().find(|total| total.kind == kind).map_or(0, |total| total.count);
        let own = self.details.record.kind.spec().related;
        let others = Kind::ALL.iter().filter(|kind| !own.contains(kind) && count(**kind) > 0);
        own.iter().chain(others).map(|kind| (*kind, count(*kind))).collect()
    }

    fn has_sightings(&self) -> bool {
        matches!(self.details.record.kind, Kind::Observable | Kind::ConfigurationItem | Kind::User)
    }
}

pub(crate) async fn show(State(web): State<Web>, visit: Visit, Path(id): Path<String>, Query(query): Query<DetailQuery>) -> Screen {
    let (app, actor) = (&web.app, &visit.actor);
    let details = record::get(app, actor, &id).await?;
    let older = PageQuery { cursor: query.older, ..PageQuery::newest(SHOWN) };
    let tab = match query.tab.as_str() {
        "annotations" => Tab::Annotations(annotation::of_record(app, actor, &id).await?),
        "cases" => Tab::Cases(record::cases(app, actor, &id).await?),
        "sightings" if details.record.kind != Kind::Observable => Tab::SeenWith(sighting::seen_with(app, actor, &id, older).await?),
        "sightings" => Tab::Sightings(sighting::of_record(app, actor, &id, older).await?),
        word => match word.parse::<Kind>() {
            Ok(kind) => Tab::Related { kind, related: record::related(app, actor, &id, word).await? },
            Err(_) => {
                Tab::Overview { annotations: annotation::of_record(app, actor, &id).await?, cases: record::cases(app, actor, &id).await? }
            }
        },
    };
    let here = if matches!(tab, Tab::Overview { .. }) { String::new() } else { query.tab };
    let mut similar = Vec::new();
    for other in query.similar.split(',').filter(|other| !other.is_empty()).take(SIMILAR) {
        similar.extend(record::get(app, actor, other).await.ok().map(|details| details.record));
    }
    page(&DetailPage { shell: visit.shell, details, told: query.told, similar, tab, here })
}
