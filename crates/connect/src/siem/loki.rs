//! Grafana Loki: LogQL. What is set as the place selects streams, a template is what follows it.

use std::collections::BTreeMap;

use model::sighting::SourceKind;
use model::time::Window;
use model::{Fields, Timestamp};
use serde_json::Value as Json;

use super::Source;
use super::answer::{Answer, AskError, Asked, Event, Held, Question};
use super::elastic::scalar;
use super::http::{Call, Http};
use super::settings::{DEFAULT_QUERY, Settings};
use super::text_template::{Language, TextTemplate};

/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;
/// The longest window, in days: each day in which something was seen is counted by a question of its own.
const MOST_DAYS: i64 = 400;

pub(super) struct Loki {
    settings: Settings,
    templates: BTreeMap<String, TextTemplate>,
    usual: TextTemplate,
}

impl Loki {
    pub(super) fn new(settings: &Settings, fields: &mut Fields) -> Option<Self> {
        let mut templates = BTreeMap::new();
        for (of_type, text) in &settings.queries {
            if let Some(template) = fields.keep(&format!("/queries/{of_type}"), TextTemplate::parse(Language::LogQl, text)) {
                templates.insert(of_type.clone(), template);
            }
        }
        let usual = fields.keep("/queries", TextTemplate::parse(Language::LogQl, settings.query(SourceKind::Loki, DEFAULT_QUERY)))?;
        Some(Self { settings: settings.clone(), templates, usual })
    }

    fn bounds(window: Window) -> Result<(i64, i64), AskError> {
        match window {
            Window::Between(from, to) if to.micros().saturating_sub(from.micros()) > MOST_DAYS * DAY => {
                Err(AskError::Refused(format!("Loki is asked over at most {MOST_DAYS} days at once: choose a shorter window")))
            }
            Window::Between(from, to) => Ok((from.micros(), to.micros().max(from.micros() + 1))),
            Window::All => Err(AskError::Refused("Loki is asked over a window, not over all data: say from when to when".to_owned())),
        }
    }

    fn found(&self, asked: &Asked) -> Result<String, AskError> {
        let template = self.templates.get(&asked.of_type).unwrap_or(&self.usual);
        let filter = template.render(asked.one()).map_err(AskError::Refused)?;
        Ok(format!("{} {filter}", self.settings.place))
    }

    /// The number of each series at one moment.
    fn instant(&self, http: &Http, query: &str, at: i64) -> Result<Vec<(Json, u64)>, AskError> {
        let call = Call { path: "loki/api/v1/query".to_owned(), ..Call::default() }.with("query", query).with("time", nanos(at));
        let found = result(http.json(&call)?)?;
        let series = |item: &Json| Some((item.get("metric")?.clone(), number(item.pointer("/value/1")?)?));
        Ok(found.iter().filter_map(series).collect())
    }

    /// Events by day, cut at the window's ends.
    fn days(&self, http: &Http, query: &str, from: i64, to: i64) -> Result<Vec<(i64, u64)>, AskError> {
        let mut days = Vec::new();
        for day in from.div_euclid(DAY)..=to.div_euclid(DAY) {
            let (begin, end) = ((day * DAY).max(from), ((day + 1) * DAY - 1).min(to));
            let count = self.count(http, query, begin, end)?;
            if count > 0 {
                days.push((day, count));
            }
        }
        Ok(days)
    }

    fn count(&self, http: &Http, query: &str, from: i64, to: i64) -> Result<u64, AskError> {
        Ok(self.instant(http, &counted(query, from, to, ""), to)?.iter().map(|(_, count)| count).sum())
    }

    fn one(&self, http: &Http, asked: &Asked, window: Window) -> Result<Answer, AskError> {
        let (from, to) = Self::bounds(window)?;
        let query = self.found(asked)?;
        let mut answer = Answer { exact: true, query: format!("{query} | compared by the source's filter"), ..Answer::default() };
        if !asked.spellings.is_empty() {
            answer.query.push_str("; other spellings were not asked for");
        }
        answer.count = self.count(http, &query, from, to)?;
        if answer.count == 0 {
            return Ok(answer);
        }
        answer.per_day = self.days(http, &query, from, to)?;
        if !self.settings.host_field.is_empty() {
            let by = format!(" by ({})", self.settings.host_field);
            for (labels, count) in self.instant(http, &counted(&query, from, to, &by), to)? {
                answer.hosts.extend(labels.get(&self.settings.host_field).and_then(scalar).map(|name| (name, count)));
            }
            answer.hosts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        }
        // The earliest and the latest are told by events: with none, by no one.
        let limit = self.settings.events.max(1);
        answer.events = self.events(http, &query, from, to, "forward", limit)?;
        answer.first = answer.events.iter().filter_map(|event| event.time).min();
        answer.last = self.events(http, &query, from, to, "backward", 1)?.iter().filter_map(|event| event.time).max();
        if self.settings.events == 0 {
            answer.events.clear();
        }
        Ok(answer)
    }

    fn events(&self, http: &Http, query: &str, from: i64, to: i64, direction: &str, limit: u32) -> Result<Vec<Event>, AskError> {
        let call = Call { path: "loki/api/v1/query_range".to_owned(), ..Call::default() }
            .with("query", query)
            .with("start", nanos(from))
            // The end is not part of Loki's window.
            .with("end", nanos(to + 1))
            .with("limit", limit.to_string())
            .with("direction", direction);
        let mut events = Vec::new();
        for stream in result(http.json(&call)?)? {
            let labels = stream.get("stream").cloned().unwrap_or(Json::Null);
            let label = |name: &String| labels.get(name).and_then(scalar);
            for value in stream.get("values").and_then(Json::as_array).into_iter().flatten() {
                let line = value.get(1).and_then(Json::as_str).ok_or_else(|| AskError::Malformed("a value without its line".to_owned()))?;
                let nanos = value.get(0).and_then(Json::as_str).and_then(|nanos| nanos.parse::<i64>().ok());
                events.push(Event {
                    time: nanos.map(|nanos| Timestamp(nanos / 1_000)),
                    host: label(&self.settings.host_field),
                    accounts: self.settings.account_fields.iter().filter_map(label).collect(),
                    json: line.trim_start().starts_with('{') && serde_json::from_str::<Json>(line).is_ok(),
                    raw: line.to_owned(),
                    id: String::new(),
                });
            }
        }
        events.sort_by_key(|event| event.time);
        Ok(events)
    }
}

fn nanos(micros: i64) -> String {
    format!("{micros}000")
}

/// How many events from one moment to another, both part of it: the range of LogQL ends with the moment of the question.
fn counted(query: &str, from: i64, to: i64, by: &str) -> String {
    format!("sum{by} (count_over_time({query} [{}ms]))", (to - from) / 1_000 + 1)
}

fn number(value: &Json) -> Option<u64> {
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    (number >= 0.0).then_some(number as u64)
}

fn result(mut answer: Json) -> Result<Vec<Json>, AskError> {
    match answer.pointer_mut("/data/result").map(Json::take) {
        Some(Json::Array(found)) => Ok(found),
        _ => Err(AskError::Malformed("`data.result` is missing".to_owned())),
    }
}

impl Source for Loki {
    fn questions(&self, http: &Http, asked: &[Asked], window: Window) -> Result<Vec<Question>, AskError> {
        let (from, to) = Self::bounds(window)?;
        let question = |asked: &Asked| {
            let query = counted(&self.found(asked)?, from, to, "");
            let call = Call { path: "loki/api/v1/query".to_owned(), ..Call::default() };
            Ok(Question { request: format!("GET {}", http.address(&call)?), body: format!("query={query}\ntime={}", nanos(to)) })
        };
        asked.iter().map(question).collect()
    }

    fn ask(&self, http: &Http, asked: &[Asked], window: Window) -> Vec<Result<Answer, AskError>> {
        asked.iter().map(|asked| self.one(http, asked, window)).collect()
    }

    fn coverage(&self, http: &Http, window: Window) -> Result<Held, AskError> {
        let (from, to) = Self::bounds(window)?;
        let per_day = self.days(http, &self.settings.place, from, to)?;
        let edge = |direction| -> Result<Option<Timestamp>, AskError> {
            Ok(self.events(http, &self.settings.place, from, to, direction, 1)?.first().and_then(|event| event.time))
        };
        let (first, last) = if per_day.is_empty() { (None, None) } else { (edge("forward")?, edge("backward")?) };
        Ok(Held { first, last, events: per_day.iter().map(|(_, count)| count).sum(), per_day, without_time: 0 })
    }

    fn test(&self, http: &Http) -> Result<String, AskError> {
        let call = Call { path: "loki/api/v1/labels".to_owned(), ..Call::default() };
        let answer = http.json(&call)?;
        let labels = answer.get("data").and_then(Json::as_array).ok_or_else(|| AskError::Malformed("`data` is missing".to_owned()))?;
        Ok(format!("streams with {} labels", labels.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_of_years_is_refused() {
        let at = |days: i64| Timestamp(days * DAY);
        assert_eq!(Loki::bounds(Window::Between(at(0), at(MOST_DAYS))), Ok((0, MOST_DAYS * DAY)));
        let refused = [Window::Between(at(0), at(MOST_DAYS + 1)), Window::Between(Timestamp(i64::MIN), Timestamp(i64::MAX)), Window::All];
        for window in refused {
            assert!(matches!(Loki::bounds(window), Err(AskError::Refused(_))), "{window:?}");
        }
    }
}
