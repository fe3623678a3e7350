//! A case's ATT&CK card: techniques by tactic, with where each comes from.

use std::collections::BTreeMap;

use app::case::{self, CaseView};
use app::record::{self, RecordQuery, RecordView};
use app::technique::{self, ChangeTechniques, TechniqueView};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use model::Kind;
use model::technique::{tactic_label, tactic_order};
use serde::Deserialize;

use super::{Errors, Form, Screen, Shell, Visit, page_with, see};
use crate::Web;
use crate::params::{Path, Query};

/// How many techniques a search offers.
const OFFERED: u32 = 20;

/// One column of the card.
struct Tactic {
    label: String,
    techniques: Vec<TechniqueView>,
}

#[derive(Template)]
#[template(path = "case/techniques.html")]
struct TechniquesPage {
    shell: Shell,
    case: CaseView,
    tactics: Vec<Tactic>,
    count: usize,
    /// What is searched for.
    q: String,
    offered: Vec<RecordView>,
    errors: Errors,
}

impl TechniquesPage {
    fn may_write(&self) -> bool {
        self.shell.may_write() && self.case.state.is_open()
    }

    fn attack_id(&self, record: &RecordView) -> String {
        record.attributes.get("external_id").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    }

    /// `APT29, Rusty and 3 more`.
    fn origins(&self, one: &TechniqueView) -> String {
        let others = one.origins.iter().filter(|origin| origin.title != one.name);
        let mut text = others.map(|origin| origin.title.as_str()).collect::<Vec<_>>().join(", ");
        if text.is_empty() {
            "its own record in the case".clone_into(&mut text);
        }
        let more = one.origin_count.saturating_sub(one.origins.len());
        if more > 0 {
            text.push_str(&format!(" and {more} more"));
        }
        text
    }
}

/// What is searched for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Search {
    #[serde(default)]
    q: String,
}

pub(crate) async fn list(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Query(search): Query<Search>) -> Screen {
    show(&web, visit, &number, search.q, StatusCode::OK, Errors::default()).await
}

async fn show(web: &Web, visit: Visit, number: &str, q: String, status: StatusCode, errors: Errors) -> Screen {
    let case = case::get(&web.app, &visit.actor, number).await?;
    let techniques = technique::list(&web.app, &visit.actor, number).await?;
    let offered = if q.trim().is_empty() {
        Vec::new()
    } else {
        let query = RecordQuery { kind: Kind::AttackPattern.to_string(), q: q.clone(), limit: Some(OFFERED), ..RecordQuery::default() };
        record::list(&web.app, &visit.actor, query).await?.items
    };
    let count = techniques.len();
    page_with(status, &TechniquesPage { shell: visit.shell, case, tactics: by_tactic(techniques), count, q, offered, errors })
}

fn by_tactic(techniques: Vec<TechniqueView>) -> Vec<Tactic> {
    let mut columns: BTreeMap<(usize, String), Vec<TechniqueView>> = BTreeMap::new();
    for one in techniques {
        let tactics = if one.tactics.is_empty() { vec!["without a tactic".to_owned()] } else { one.tactics.clone() };
        for tactic in tactics {
            columns.entry((tactic_order(&tactic), tactic)).or_default().push(one.clone());
        }
    }
    columns.into_iter().map(|((_, tactic), techniques)| Tactic { label: tactic_label(&tactic), techniques }).collect()
}

/// One technique, to be added or taken off.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ChangeForm {
    #[serde(default)]
    add: String,
    #[serde(default)]
    remove: String,
}

pub(crate) async fn change(State(web): State<Web>, visit: Visit, Path(number): Path<String>, Form(form): Form<ChangeForm>) -> Screen {
    let ids = |text: &str| text.split([',', ' ']).map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect();
    let input = ChangeTechniques { add: ids(&form.add), remove: ids(&form.remove) };
    match technique::change(&web.app, &visit.actor, &number, input).await {
        Ok(_) => Ok(see(&format!("/cases/{number}/techniques"))),
        Err(error) => {
            let errors = Errors::of(error)?;
            show(&web, visit, &number, form.add, StatusCode::UNPROCESSABLE_ENTITY, errors).await
        }
    }
}
