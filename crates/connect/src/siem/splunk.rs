//! Splunk: searches over its export endpoint, which answers one JSON object a line.

use model::time::Window;
use serde_json::Value as Json;

use super::answer::{AskError, told};
use super::http::{Call, Http};
use super::settings::Settings;
use super::tabular::{Dialect, NAMES, Table};
use super::text_template::Language;

pub(super) struct Splunk;

fn seconds(micros: i64) -> String {
    format!("{}.{:06}", micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000))
}

fn form(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

impl Dialect for Splunk {
    fn language(&self) -> Language {
        Language::Spl
    }

    fn everything(&self) -> String {
        "*".to_owned()
    }

    fn days(&self, settings: &Settings, found: &str, _: Window) -> String {
        format!(
            "search index={} ({found}) | eval day=floor(_time/86400) | stats count AS events min(_time) AS first max(_time) AS last by day",
            settings.place
        )
    }

    fn names(&self, settings: &Settings, found: &str, field: &str, _: Window) -> String {
        format!(
            "search index={} ({found}) | stats count AS events by \"{field}\" | sort {NAMES} -events | rename \"{field}\" AS name",
            settings.place
        )
    }

    fn events(&self, settings: &Settings, found: &str, _: Window) -> String {
        format!(
            "search index={} ({found}) | sort {} _time | eval _time=tostring(_time) | fields *, _time, _raw",
            settings.place, settings.events
        )
    }

    fn raw(&self) -> &str {
        "_raw"
    }

    fn call(&self, _: &Settings, query: &str, window: Window) -> Call {
        let (from, to) = match window {
            Window::All => ("0".to_owned(), String::new()),
            // The end is not part of Splunk's window.
            Window::Between(from, to) => (seconds(from.micros()), seconds(to.micros() + 1)),
        };
        let mut pairs = vec![("search", query), ("output_mode", "json"), ("preview", "false"), ("earliest_time", &from)];
        if !to.is_empty() {
            pairs.push(("latest_time", &to));
        }
        Call::post("services/search/jobs/export", "application/x-www-form-urlencoded", form(&pairs))
    }

    fn run(&self, http: &Http, settings: &Settings, query: &str, window: Window) -> Result<Table, AskError> {
        let body = http.bytes(&self.call(settings, query, window))?;
        let mut table = Table::default();
        for line in body.split(|byte| *byte == b'\n').filter(|line| !line.iter().all(u8::is_ascii_whitespace)) {
            let mut line = super::http::parse(line)?;
            for message in line.get("messages").and_then(Json::as_array).into_iter().flatten() {
                let text = |name: &str| message.get(name).and_then(Json::as_str).unwrap_or_default();
                match text("type") {
                    "FATAL" | "ERROR" => return Err(AskError::Status { status: 400, detail: told(text("text")) }),
                    "WARN" => table.remarks.push(told(text("text"))),
                    _ => {}
                }
            }
            if line.get("preview").and_then(Json::as_bool) == Some(true) {
                continue;
            }
            if let Some(Json::Object(row)) = line.get_mut("result").map(Json::take) {
                table.rows.push(row);
            }
        }
        Ok(table)
    }
}
