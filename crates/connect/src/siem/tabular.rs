//! Products that answer tables: Splunk, Microsoft Sentinel, IBM QRadar. One way to ask; each has its dialect.
//!
//! For each observable: events by day; where there are some, the earliest events, machines and accounts.

use std::collections::BTreeMap;

use model::sighting::SourceKind;
use model::time::Window;
use model::{Fields, Timestamp};
use serde_json::{Map, Value as Json};

use super::Source;
use super::answer::{Answer, AskError, Asked, Event, Held, Question};
use super::elastic::{scalar, scalars, value_at};
use super::http::{Call, Http};
use super::settings::{DEFAULT_QUERY, Settings};
use super::text_template::{Language, TextTemplate};

/// Names that are asked for of each observable.
pub(super) const NAMES: u32 = 100;

/// Rows as the product gave them, and what was not as it should be.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) rows: Vec<Map<String, Json>>,
    pub(super) remarks: Vec<String>,
}

/// How a product is asked.
pub(super) trait Dialect: Send + Sync {
    fn language(&self) -> Language;
    /// What finds everything.
    fn everything(&self) -> String;
    /// Rows of `day` (days since 1970, may be absent), `events`, `first` and `last`.
    fn days(&self, settings: &Settings, found: &str, window: Window) -> String;
    /// Rows of `name` and `events`, most events first.
    fn names(&self, settings: &Settings, found: &str, field: &str, window: Window) -> String;
    /// The earliest events.
    fn events(&self, settings: &Settings, found: &str, window: Window) -> String;
    /// Where the raw text of an event is, or empty when it is the whole row.
    fn raw(&self) -> &str;
    /// The request that sends a query.
    fn call(&self, settings: &Settings, query: &str, window: Window) -> Call;
    /// Sends it.
    fn run(&self, http: &Http, settings: &Settings, query: &str, window: Window) -> Result<Table, AskError>;
}

/// A product with its settings.
pub(super) struct Tabular {
    settings: Settings,
    dialect: Box<dyn Dialect>,
    templates: BTreeMap<String, TextTemplate>,
    usual: TextTemplate,
}

impl Tabular {
    pub(super) fn new(kind: SourceKind, settings: &Settings, dialect: Box<dyn Dialect>, fields: &mut Fields) -> Option<Self> {
        let mut templates = BTreeMap::new();
        for (of_type, text) in &settings.queries {
            if let Some(template) = fields.keep(&format!("/queries/{of_type}"), TextTemplate::parse(dialect.language(), text)) {
                templates.insert(of_type.clone(), template);
            }
        }
        let names = [("/time_field", &settings.time_field), ("/host_field", &settings.host_field)];
        for (pointer, name) in names.into_iter().chain(settings.account_fields.iter().map(|field| ("/account_fields", field))) {
            if !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ' ' | '-')) {
                fields.refuse(pointer, "must be the name of a field");
            }
        }
        let usual = fields.keep("/queries", TextTemplate::parse(dialect.language(), settings.query(kind, DEFAULT_QUERY)))?;
        Some(Self { settings: settings.clone(), dialect, templates, usual })
    }

    /// What finds the observable in any spelling: one template for each, joined as the language joins conditions.
    fn found(&self, asked: &Asked) -> Result<String, AskError> {
        let template = self.templates.get(&asked.of_type).unwrap_or(&self.usual);
        let values = std::iter::once(&asked.value).chain(&asked.spellings);
        let all = values.map(|value| template.render(value)).collect::<Result<Vec<_>, _>>().map_err(AskError::Refused)?;
        // Kusto's templates are whole queries, which can't be joined by OR.
        if self.dialect.language() == Language::Kql {
            return Ok(match all.as_slice() {
                [one] => one.clone(),
                several => format!("union {}", several.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(", ")),
            });
        }
        Ok(all.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" OR "))
    }

    fn one(&self, http: &Http, asked: &Asked, window: Window) -> Result<Answer, AskError> {
        let found = self.found(asked)?;
        let (settings, dialect) = (&self.settings, &self.dialect);
        let run = |query: &str| dialect.run(http, settings, query, window);
        let query = dialect.days(settings, &found, window);
        let mut answer = Answer { exact: true, query: format!("{query} | compared by the source"), ..Answer::default() };
        let (held, remarks) = held(run(&query)?)?;
        answer.remarks = remarks;
        answer.exact = answer.remarks.is_empty();
        (answer.count, answer.first, answer.last) = (held.events, held.first, held.last);
        (answer.per_day, answer.without_time) = (held.per_day, held.without_time);
        if settings.count_limit > 0 && answer.count > settings.count_limit {
            (answer.count, answer.exact) = (settings.count_limit, false);
        }
        if answer.count == 0 {
            return Ok(answer);
        }
        if settings.events > 0 {
            let table = run(&dialect.events(settings, &found, window))?;
            answer.events = table.rows.into_iter().map(|row| self.event(row)).collect();
        }
        if !settings.host_field.is_empty() {
            answer.hosts = names(run(&dialect.names(settings, &found, &settings.host_field, window))?)?;
        }
        for field in &settings.account_fields {
            answer.accounts.extend(names(run(&dialect.names(settings, &found, field, window))?)?);
        }
        answer.accounts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Ok(answer)
    }

    fn event(&self, row: Map<String, Json>) -> Event {
        let row = Json::Object(row);
        let raw = row.get(self.dialect.raw()).and_then(Json::as_str).filter(|raw| !raw.is_empty());
        let json = raw.is_none_or(|raw| raw.trim_start().starts_with('{') && serde_json::from_str::<Json>(raw).is_ok());
        Event {
            time: value_at(&row, &self.settings.time_field).and_then(moment),
            host: value_at(&row, &self.settings.host_field).and_then(scalar),
            accounts: self.settings.account_fields.iter().flat_map(|field| scalars(value_at(&row, field))).collect(),
            raw: raw.map_or_else(|| row.to_string(), str::to_owned),
            json,
            id: String::new(),
        }
    }
}

impl Source for Tabular {
    fn questions(&self, http: &Http, asked: &[Asked], window: Window) -> Result<Vec<Question>, AskError> {
        let mut questions = Vec::new();
        for asked in asked {
            let found = self.found(asked)?;
            for query in [self.dialect.days(&self.settings, &found, window), self.dialect.events(&self.settings, &found, window)] {
                let call = self.dialect.call(&self.settings, &query, window);
                questions.push(Question { request: format!("POST {}", http.address(&call)?), body: query });
            }
        }
        Ok(questions)
    }

    fn ask(&self, http: &Http, asked: &[Asked], window: Window) -> Vec<Result<Answer, AskError>> {
        asked.iter().map(|asked| self.one(http, asked, window)).collect()
    }

    fn coverage(&self, http: &Http, window: Window) -> Result<Held, AskError> {
        let query = self.dialect.days(&self.settings, &self.dialect.everything(), window);
        Ok(held(self.dialect.run(http, &self.settings, &query, window)?)?.0)
    }

    fn test(&self, http: &Http) -> Result<String, AskError> {
        Ok(super::holds(&self.coverage(http, Window::All)?, &self.settings))
    }
}

fn held(table: Table) -> Result<(Held, Vec<String>), AskError> {
    let mut held = Held::default();
    for row in &table.rows {
        let events = row.get("events").and_then(number).ok_or_else(|| AskError::Malformed("`events` is no number".to_owned()))?;
        held.events += events;
        let (first, last) = (row.get("first").and_then(moment), row.get("last").and_then(moment));
        held.first = held.first.into_iter().chain(first).min();
        held.last = held.last.into_iter().chain(last).max();
        match first {
            Some(first) if events > 0 => held.per_day.push((first.day(), events)),
            _ => held.without_time += events,
        }
    }
    held.per_day.sort_unstable();
    Ok((held, table.remarks))
}

fn names(table: Table) -> Result<Vec<(String, u64)>, AskError> {
    let mut found = Vec::new();
    for row in &table.rows {
        let events = row.get("events").and_then(number).ok_or_else(|| AskError::Malformed("`events` is no number".to_owned()))?;
        if let Some(name) = row.get("name").and_then(scalar) {
            found.push((name, events));
        }
    }
    Ok(found)
}

fn number(value: &Json) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_f64().filter(|number| *number >= 0.0).map(|number| number as u64))
        .or_else(|| value.as_str()?.parse().ok())
}

/// A time: RFC 3339, or seconds or milliseconds since 1970, as number or text.
pub(super) fn moment(value: &Json) -> Option<Timestamp> {
    if let Some(time) = value.as_str().and_then(|text| text.parse::<Timestamp>().ok()) {
        return Some(time);
    }
    let number = value.as_f64().or_else(|| value.as_str()?.parse::<f64>().ok()).filter(|number| *number > 0.0 && *number < 4e14)?;
    // Seconds reach the year 5138 before they reach a hundred thousand million.
    let seconds = if number > 1e11 { number / 1_000.0 } else { number };
    Some(Timestamp((seconds * 1_000_000.0).round() as i64))
}
