//! IBM QRadar: AQL searches, which are started, looked after, and read.

use std::time::{Duration, Instant};

use model::time::Window;
use serde_json::Value as Json;

use super::answer::{AskError, told};
use super::http::{Call, Http};
use super::settings::Settings;
use super::tabular::{Dialect, NAMES, Table};
use super::text_template::Language;

/// How often a running search is looked after.
const LOOK: Duration = Duration::from_millis(500);

pub(super) struct QRadar;

fn within(window: Window) -> String {
    match window {
        Window::All => "START 0".to_owned(),
        Window::Between(from, to) => format!("START {} STOP {}", from.micros().div_euclid(1_000), to.micros().div_euclid(1_000)),
    }
}

impl Dialect for QRadar {
    fn language(&self) -> Language {
        Language::Aql
    }

    fn everything(&self) -> String {
        "1 = 1".to_owned()
    }

    fn days(&self, settings: &Settings, found: &str, window: Window) -> String {
        let time = &settings.time_field;
        format!(
            "SELECT LONG({time} / 86400000) AS day, COUNT(*) AS events, MIN({time}) AS first, MAX({time}) AS last FROM {} WHERE {found} GROUP BY day {}",
            settings.place,
            within(window)
        )
    }

    fn names(&self, settings: &Settings, found: &str, field: &str, window: Window) -> String {
        format!(
            "SELECT \"{field}\" AS name, COUNT(*) AS events FROM {} WHERE {found} GROUP BY name ORDER BY events DESC LIMIT {NAMES} {}",
            settings.place,
            within(window)
        )
    }

    fn events(&self, settings: &Settings, found: &str, window: Window) -> String {
        let mut columns = vec![settings.time_field.clone(), format!("\"{}\"", settings.host_field)];
        columns.extend(settings.account_fields.iter().map(|field| format!("\"{field}\"")));
        format!(
            "SELECT {}, UTF8(payload) AS payload FROM {} WHERE {found} ORDER BY {} ASC LIMIT {} {}",
            columns.join(", "),
            settings.place,
            settings.time_field,
            settings.events,
            within(window)
        )
    }

    fn raw(&self) -> &str {
        "payload"
    }

    fn call(&self, _: &Settings, query: &str, _: Window) -> Call {
        Call { post: true, path: "api/ariel/searches".to_owned(), ..Call::default() }.with("query_expression", query)
    }

    fn run(&self, http: &Http, settings: &Settings, query: &str, window: Window) -> Result<Table, AskError> {
        let started = http.json(&self.call(settings, query, window))?;
        let text = |answer: &Json, name: &str| answer.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        let id = text(&started, "search_id");
        if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(AskError::Malformed("`search_id` is missing".to_owned()));
        }
        let path = format!("api/ariel/searches/{id}");
        let (begun, mut state) = (Instant::now(), text(&started, "status"));
        while state != "COMPLETED" {
            if matches!(state.as_str(), "ERROR" | "CANCELED") {
                return Err(AskError::Status { status: 500, detail: format!("the search ended as {}", told(&state)) });
            }
            if begun.elapsed().as_secs() >= u64::from(settings.timeout_seconds) {
                return Err(AskError::Timeout(settings.timeout_seconds.into()));
            }
            http.wait(LOOK)?;
            state = text(&http.json(&Call { path: path.clone(), ..Call::default() })?, "status");
        }
        let mut answer =
            http.json(&Call { path: format!("{path}/results"), headers: vec![("range", "items=0-9999".to_owned())], ..Call::default() })?;
        // The list is named for the table that was asked.
        let list = answer.as_object_mut().and_then(|fields| fields.values_mut().find(|value| value.is_array())).map(Json::take);
        let Some(Json::Array(rows)) = list else { return Err(AskError::Malformed("the rows are missing".to_owned())) };
        let rows = rows.into_iter().filter_map(|row| if let Json::Object(row) = row { Some(row) } else { None });
        Ok(Table { rows: rows.collect(), remarks: Vec::new() })
    }
}
