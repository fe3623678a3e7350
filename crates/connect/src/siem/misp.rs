//! MISP: what others recorded and saw. An attribute of that value counts as one report, each of its sightings as another;
//! false positives and expirations do not count.

use model::time::Window;
use model::{Fields, Timestamp};
use serde_json::{Value as Json, json};

use super::Source;
use super::answer::{Answer, AskError, Asked, Event, Held, Question};
use super::elastic::scalar;
use super::http::{Call, Http};
use super::settings::Settings;
use super::tabular::moment;

/// Attributes that are asked for of each observable.
const MOST: usize = 1_000;

pub(super) struct Misp {
    settings: Settings,
}

impl Misp {
    pub(super) fn new(settings: &Settings, fields: &mut Fields) -> Self {
        for of_type in settings.queries.keys() {
            fields.refuse(format!("/queries/{of_type}"), "MISP is asked by its own search; it takes no templates");
        }
        Self { settings: settings.clone() }
    }

    /// Values stand in a list: as a text, `&&`, `||` and `!` in them would be read as operators, and `%` is compared again.
    fn body(asked: &Asked) -> Json {
        let values: Vec<&String> = std::iter::once(&asked.value).chain(&asked.spellings).collect();
        json!({"returnFormat": "json", "value": values, "includeSightings": 1, "limit": MOST, "page": 1})
    }

    fn call(asked: &Asked) -> Call {
        let mut call = Call::post("attributes/restSearch", "application/json", Self::body(asked).to_string());
        call.headers.push(("accept", "application/json".to_owned()));
        call
    }

    fn one(&self, http: &Http, asked: &Asked, window: Window) -> Result<Answer, AskError> {
        let found = http.json(&Self::call(asked))?;
        let missing = || AskError::Malformed("`response.Attribute` is missing".to_owned());
        let attributes = found.pointer("/response/Attribute").and_then(Json::as_array).ok_or_else(missing)?;
        let query = format!(
            "POST attributes/restSearch: {} | compared by MISP as whole values; attributes and their sightings count",
            Self::body(asked)
        );
        let mut answer = Answer { exact: attributes.len() < MOST, query, ..Answer::default() };
        let mut reports: Vec<Event> = Vec::new();
        for attribute in attributes {
            if !holds(attribute, asked) {
                continue;
            }
            let within = |time: Option<Timestamp>| match window {
                Window::All => true,
                Window::Between(from, to) => time.is_some_and(|time| time >= from && time <= to),
            };
            let word = |from: &Json, name: &str| from.get(name).and_then(scalar).unwrap_or_default();
            let recorded = attribute.get("timestamp").and_then(moment);
            let id = format!("event {}, attribute {}", word(attribute, "event_id"), word(attribute, "id"));
            let mut told = attribute.clone();
            let sightings = told.as_object_mut().and_then(|fields| fields.remove("Sighting"));
            if within(recorded) {
                reports.push(Event { time: recorded, raw: told.to_string(), json: true, id: id.clone(), ..Event::default() });
            }
            for sighting in sightings.as_ref().and_then(Json::as_array).into_iter().flatten() {
                let time = sighting.get("date_sighting").and_then(moment);
                // 0 is a sighting, 1 a false positive, 2 an expiration.
                if word(sighting, "type") != "0" || !within(time) {
                    continue;
                }
                let raw = json!({"value": attribute.get("value"), "sighting": sighting}).to_string();
                reports.push(Event { time, raw, json: true, id: id.clone(), ..Event::default() });
            }
        }
        reports.sort_by_key(|report| report.time);
        answer.count = reports.len() as u64;
        answer.first = reports.iter().filter_map(|report| report.time).min();
        answer.last = reports.iter().filter_map(|report| report.time).max();
        let mut days = std::collections::BTreeMap::new();
        for time in reports.iter().filter_map(|report| report.time) {
            *days.entry(time.day()).or_default() += 1;
        }
        answer.per_day = days.into_iter().collect();
        answer.without_time = reports.iter().filter(|report| report.time.is_none()).count() as u64;
        reports.truncate(self.settings.events as usize);
        answer.events = reports;
        Ok(answer)
    }
}

/// Whether an attribute is of one of the values, as a whole or as a part of a pair (`name|hash`).
fn holds(attribute: &Json, asked: &Asked) -> bool {
    let value = attribute.get("value").and_then(Json::as_str).unwrap_or_default().to_lowercase();
    let same = |wanted: &String| {
        let wanted = wanted.to_lowercase();
        value == wanted || value.split('|').any(|part| part == wanted)
    };
    same(&asked.value) || asked.spellings.iter().any(same)
}

impl Source for Misp {
    fn questions(&self, http: &Http, asked: &[Asked], _: Window) -> Result<Vec<Question>, AskError> {
        let question = |asked: &Asked| {
            Ok(Question { request: format!("POST {}", http.address(&Self::call(asked))?), body: Self::body(asked).to_string() })
        };
        asked.iter().map(question).collect()
    }

    fn ask(&self, http: &Http, asked: &[Asked], window: Window) -> Vec<Result<Answer, AskError>> {
        asked.iter().map(|asked| self.one(http, asked, window)).collect()
    }

    /// What others tell covers no days of ours.
    fn coverage(&self, http: &Http, _: Window) -> Result<Held, AskError> {
        self.test(http).map(|_| Held::default())
    }

    fn test(&self, http: &Http) -> Result<String, AskError> {
        let mut call = Call { path: "servers/getVersion".to_owned(), ..Call::default() };
        call.headers.push(("accept", "application/json".to_owned()));
        let answer = http.json(&call)?;
        let version = answer.get("version").and_then(Json::as_str).ok_or_else(|| AskError::Malformed("`version` is missing".to_owned()))?;
        Ok(format!("MISP {}", super::answer::told(version)))
    }
}
