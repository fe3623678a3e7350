//! How long logs are kept: what they take, what is set, and what would go.

use app::retention::{self, RetentionInput, RetentionPlanView, RetentionView, Why};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::shell::Toast;
use super::{Errors, Form, Screen, Shell, Visit, page_with, see};
use crate::Web;
use crate::params::Query;

/// Where it stands.
const URL: &str = "/log-retention";
/// Bytes of a gigabyte.
const GIGABYTE: f64 = 1e9;

/// What is set, as a form holds it; days and sources run parallel.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RetentionForm {
    kept_days: String,
    kept_gb: String,
    source: Vec<String>,
    days: Vec<String>,
    /// Whether it is asked what would go.
    show: String,
    done: String,
}

impl RetentionForm {
    fn of(view: &RetentionView) -> Self {
        let number = |number: f64| if number == 0.0 { String::new() } else { number.to_string() };
        Self {
            kept_days: number(view.kept_days.into()),
            kept_gb: number(view.kept_bytes as f64 / GIGABYTE),
            source: view.sources.iter().map(|source| source.source.clone()).collect(),
            days: view.sources.iter().map(|source| source.kept_days.map(|days| days.to_string()).unwrap_or_default()).collect(),
            ..Self::default()
        }
    }

    fn input(&self) -> Result<RetentionInput, Errors> {
        let mut fields = model::Fields::new();
        let days = |text: &str| match text.trim() {
            "" => Ok(None),
            text => text.parse::<u32>().map(Some).map_err(|_| "must be a whole number of days"),
        };
        let kept_days = fields.keep("/kept_days", days(&self.kept_days)).flatten();
        let gb = self.kept_gb.trim().replace(',', ".");
        let read = if gb.is_empty() { Ok(0.0) } else { gb.parse::<f64>().map_err(|_| "must be a number of gigabytes") };
        let read = read.and_then(|gb| if (0.0..=1e9).contains(&gb) { Ok(gb) } else { Err("must be from 0 to 1,000,000,000") });
        let kept_gb = fields.keep("/kept_gb", read).unwrap_or_default();
        let mut sources = std::collections::BTreeMap::new();
        for (source, text) in self.source.iter().zip(&self.days) {
            match days(text) {
                Ok(days) => {
                    sources.insert(source.clone(), days);
                }
                Err(why) => fields.refuse("/days", format!("{source}: {why}")),
            }
        }
        fields.finish().map_err(Errors)?;
        // Rounded to bytes.
        Ok(RetentionInput {
            kept_days: Some(kept_days.unwrap_or(0)),
            kept_bytes: Some((kept_gb * GIGABYTE) as u64),
            sources: Some(sources),
        })
    }
}

#[derive(Template)]
#[template(path = "logs/retention.html")]
struct RetentionPage {
    shell: Shell,
    view: RetentionView,
    form: RetentionForm,
    errors: Errors,
    plan: Option<RetentionPlanView>,
}

impl RetentionPage {
    /// What is typed for a source.
    fn days(&self, source: &str) -> &str {
        let at = self.form.source.iter().position(|name| name == source);
        at.and_then(|at| self.form.days.get(at)).map_or("", String::as_str)
    }

    /// Whether anything ever goes.
    fn on(&self) -> bool {
        self.view.next_at.is_some()
    }
}

/// `1.2 GB` of a number without a sign.
pub(crate) fn size(bytes: &u64) -> String {
    super::jobs::size(&i64::try_from(*bytes).unwrap_or(i64::MAX))
}

/// `1,204`.
pub(crate) fn thousands(count: &u64) -> String {
    super::words::thousands(i64::try_from(*count).unwrap_or(i64::MAX))
}

/// `1,204 events`.
pub(crate) fn counted(count: &u64, noun: &str) -> String {
    super::sightings::picture::counted(i64::try_from(*count).unwrap_or(i64::MAX), noun)
}

/// How a partition is called.
pub(crate) fn partition(name: &str) -> &str {
    match name {
        "none" => "without a time",
        "far" => "times before 1990 or after 2100",
        month => month,
    }
}

/// Why it goes.
pub(crate) fn why(why: &Why) -> &'static str {
    match why {
        Why::Age => "age",
        Why::Size => "size",
    }
}

pub(crate) async fn show(State(web): State<Web>, mut visit: Visit, Query(form): Query<RetentionForm>) -> Screen {
    let view = retention::get(&web.app, &visit.actor).await?;
    let text = match form.done.as_str() {
        "saved" => "Saved. It runs once a day.",
        "started" => "Retention runs.",
        _ => "",
    };
    if !text.is_empty() {
        visit.shell.toast = Some(Toast { text: text.to_owned(), undo: None, bad: false });
    }
    if form.show.is_empty() {
        let form = RetentionForm::of(&view);
        return page_with(StatusCode::OK, &RetentionPage { shell: visit.shell, view, form, errors: Errors::default(), plan: None });
    }
    let planned = match form.input() {
        Err(errors) => Err(errors),
        Ok(input) => match retention::dry_run(&web.app, &visit.actor, input).await {
            Ok(plan) => Ok(plan),
            Err(error) => Err(Errors::of(error)?),
        },
    };
    let (plan, errors, status) = match planned {
        Ok(plan) => (Some(plan), Errors::default(), StatusCode::OK),
        Err(errors) => (None, errors, StatusCode::UNPROCESSABLE_ENTITY),
    };
    page_with(status, &RetentionPage { shell: visit.shell, view, form, errors, plan })
}

pub(crate) async fn save(State(web): State<Web>, visit: Visit, Form(form): Form<RetentionForm>) -> Screen {
    let errors = match form.input() {
        Err(errors) => errors,
        Ok(input) => match retention::set(&web.app, &visit.actor, input).await {
            Ok(_) => return Ok(see(&format!("{URL}?done=saved"))),
            Err(error) => Errors::of(error)?,
        },
    };
    let view = retention::get(&web.app, &visit.actor).await?;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &RetentionPage { shell: visit.shell, view, form, errors, plan: None })
}

pub(crate) async fn run(State(web): State<Web>, visit: Visit) -> Screen {
    retention::start(&web.app, &visit.actor).await?;
    Ok(see(&format!("{URL}?done=started")))
}
