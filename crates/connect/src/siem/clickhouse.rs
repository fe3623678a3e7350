//! ClickHouse, over its HTTP interface: a template is a condition, around which the questions are built.
//!
//! Several observables share one pass over the table. Times are to the second: what a `DateTime` holds.

use std::collections::BTreeMap;
use std::fmt::Write;

use model::sighting::SourceKind;
use model::time::Window;
use model::{Fields, Timestamp};
use serde_json::Value as Json;

use super::Source;
use super::answer::{Answer, AskError, Asked, Event, Held, Question};
use super::elastic::{scalar, scalars};
use super::http::{Call, Http};
use super::settings::{DEFAULT_QUERY, Settings};
use super::text_template::{Language, TextTemplate};

/// Names that are asked for of each observable.
const NAMES: u32 = 100;

pub(crate) struct ClickHouse {
    settings: Settings,
    templates: BTreeMap<String, TextTemplate>,
    usual: TextTemplate,
}

/// A condition and whose it is: observable `n` as it is written has `2n`, in any spelling `2n + 1`.
type Conditions = Vec<(usize, String)>;

impl ClickHouse {
    pub(crate) fn new(settings: &Settings, fields: &mut Fields) -> Option<Self> {
        let mut templates = BTreeMap::new();
        for (of_type, text) in &settings.queries {
            if let Some(template) = fields.keep(&format!("/queries/{of_type}"), TextTemplate::parse(Language::Sql, text)) {
                templates.insert(of_type.clone(), template);
            }
        }
        let name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '`'));
        if !name(&settings.place) {
            fields.refuse("/place", "must be the name of a table, or database.table");
        }
        let columns = [("/time_field", &settings.time_field), ("/host_field", &settings.host_field), ("/raw_field", &settings.raw_field)];
        let columns = columns.into_iter().chain(settings.account_fields.iter().map(|field| ("/account_fields", field)));
        for (pointer, column) in columns {
            if !column.is_empty() && !name(column) {
                fields.refuse(pointer, "must be the name of a column");
            }
        }
        let usual = fields.keep("/queries", TextTemplate::parse(Language::Sql, settings.query(SourceKind::ClickHouse, DEFAULT_QUERY)))?;
        Some(Self { settings: settings.clone(), templates, usual })
    }

    fn time(&self) -> String {
        format!("toUnixTimestamp({})", self.settings.time_field)
    }

    fn within(&self, window: Window) -> String {
        let Window::Between(from, to) = window else { return "1 = 1".to_owned() };
        let time = &self.settings.time_field;
        // A `DateTime` knows no parts of seconds: what is within both ends, to the second.
        let (from, to) = ((from.micros() + 999_999).div_euclid(1_000_000), to.micros().div_euclid(1_000_000) + 1);
        format!("{time} >= toDateTime({}) AND {time} < toDateTime({})", from.max(0), to.max(0))
    }

    fn conditions(&self, asked: &[Asked]) -> Vec<Result<Conditions, AskError>> {
        let of = |(n, asked): (usize, &Asked)| {
            let template = self.templates.get(&asked.of_type).unwrap_or(&self.usual);
            let render = |value: &String| template.render(value).map(|sql| format!("({sql})"));
            let exact = render(&asked.value).map_err(AskError::Refused)?;
            let mut all = vec![(2 * n, exact.clone())];
            if !asked.spellings.is_empty() {
                let others = asked.spellings.iter().map(render).collect::<Result<Vec<_>, _>>().map_err(AskError::Refused)?;
                all.push((2 * n + 1, format!("({exact} OR {})", others.join(" OR "))));
            }
            Ok(all)
        };
        asked.iter().enumerate().map(of).collect()
    }

    /// Rows of the table with whose they are as `vizsla_n`: one row for each condition that it meets.
    fn rows(&self, what: &str, conditions: &Conditions, window: Window) -> String {
        let mut marks = String::new();
        for (n, condition) in conditions {
            let _ = write!(marks, "{}if({condition}, {n}, -1)", if marks.is_empty() { "" } else { ", " });
        }
        let any = conditions.iter().map(|(_, condition)| condition.as_str()).collect::<Vec<_>>().join(" OR ");
        format!(
            "SELECT {what}, arrayJoin(arrayFilter(i -> i >= 0, [{marks}])) AS vizsla_n FROM {} WHERE {} AND ({any})",
            self.settings.place,
            self.within(window)
        )
    }

    fn counts(&self, conditions: &Conditions, window: Window) -> String {
        let rows = self.rows(&format!("{} AS vizsla_time", self.time()), conditions, window);
        format!(
            "SELECT vizsla_n AS n, intDiv(vizsla_time, 86400) AS day, count() AS events, min(vizsla_time) AS first, \
             max(vizsla_time) AS last FROM ({rows}) GROUP BY n, day ORDER BY n, day FORMAT JSON"
        )
    }

    fn names(&self, columns: &[&String], conditions: &Conditions, window: Window) -> String {
        let texts: Vec<String> = columns.iter().map(|column| format!("ifNull(toString({column}), '')")).collect();
        let rows = self.rows(&format!("arrayDistinct([{}]) AS vizsla_names", texts.join(", ")), conditions, window);
        format!(
            "SELECT vizsla_n AS n, name, count() AS events FROM (SELECT vizsla_n, arrayJoin(vizsla_names) AS name FROM ({rows})) \
             WHERE name != '' GROUP BY n, name ORDER BY n, events DESC, name LIMIT {NAMES} BY n FORMAT JSON"
        )
    }

    fn events(&self, conditions: &Conditions, window: Window) -> String {
        let settings = &self.settings;
        let mut what = format!("*, {} AS vizsla_time", self.time());
        if !settings.raw_field.is_empty() {
            let _ = write!(what, ", {} AS vizsla_raw", settings.raw_field);
        }
        let rows = self.rows(&what, conditions, window);
        format!("SELECT * FROM ({rows}) ORDER BY vizsla_n, vizsla_time LIMIT {} BY vizsla_n FORMAT JSON", settings.events)
    }

    fn query(&self, http: &Http, sql: String) -> Result<Vec<Json>, AskError> {
        let body = http.bytes(&Call::post("/", "text/plain; charset=utf-8", sql))?;
        let mut answer = super::http::parse(&body).map_err(|error| {
            // An error that comes after the answer began stands at its end.
            let text = String::from_utf8_lossy(&body);
            match text.rfind("Code: ") {
                Some(at) => AskError::Status { status: 200, detail: super::answer::told(text.get(at..).unwrap_or_default()) },
                None => error,
            }
        })?;
        match answer.get_mut("data").map(Json::take) {
            Some(Json::Array(rows)) => Ok(rows),
            _ => Err(AskError::Malformed("`data` is missing".to_owned())),
        }
    }

    /// Asks for all of them together.
    fn together(&self, http: &Http, asked: &[Asked], conditions: &[Conditions], window: Window) -> Result<Vec<Answer>, AskError> {
        let all: Conditions = conditions.iter().flatten().cloned().collect();
        let sql = self.counts(&all, window);
        let mut found: BTreeMap<usize, Answer> = BTreeMap::new();
        for row in self.query(http, sql)? {
            let answer = found.entry(index(&row)?).or_default();
            let events = number(&row, "events")?;
            answer.count += events;
            let times = [row.get("first"), row.get("last")].map(|time| time.and_then(seconds));
            match (row.get("day").and_then(int), times) {
                (Some(day), [Some(first), Some(last)]) => {
                    answer.per_day.push((day, events));
                    answer.first = Some(answer.first.map_or(first, |known| known.min(first)));
                    answer.last = Some(answer.last.map_or(last, |known| known.max(last)));
                }
                _ => answer.without_time += events,
            }
        }
        // What is told beside the counts speaks of the value itself where it was found, else of its other spellings.
        let speaks_of: Conditions =
            all.into_iter().filter(|(n, _)| found.contains_key(n) && (n % 2 == 0 || !found.contains_key(&(n - 1)))).collect();
        if !speaks_of.is_empty() {
            self.details(http, &speaks_of, window, &mut found)?;
        }
        let answer = |(n, (asked, conditions)): (usize, (&Asked, &Conditions))| {
            let exact = found.remove(&(2 * n));
            let any = found.remove(&(2 * n + 1));
            let (count, count_any) = (exact.as_ref().map_or(0, |e| e.count), any.as_ref().map(|any| any.count));
            let mut answer = exact.or(any).unwrap_or_default();
            answer.count = count;
            answer.count_any = (!asked.spellings.is_empty()).then_some(count_any.unwrap_or(0));
            answer.exact = true;
            answer.query = format!(
                "SELECT … FROM {} WHERE {} AND {} | compared by this condition",
                self.settings.place,
                self.within(window),
                conditions.last().map_or("", |(_, condition)| condition)
            );
            answer
        };
        Ok(asked.iter().zip(conditions).enumerate().map(answer).collect())
    }

    fn details(&self, http: &Http, conditions: &Conditions, window: Window, found: &mut BTreeMap<usize, Answer>) -> Result<(), AskError> {
        let names = |columns: &[&String]| -> Result<BTreeMap<usize, Vec<(String, u64)>>, AskError> {
            let mut names: BTreeMap<usize, Vec<(String, u64)>> = BTreeMap::new();
            for row in self.query(http, self.names(columns, conditions, window))? {
                let name = row.get("name").and_then(scalar).unwrap_or_default();
                names.entry(index(&row)?).or_default().push((name, number(&row, "events")?));
            }
            Ok(names)
        };
        if !self.settings.host_field.is_empty() {
            for (n, hosts) in names(&[&self.settings.host_field])? {
                found.entry(n).or_default().hosts = hosts;
            }
        }
        if !self.settings.account_fields.is_empty() {
            for (n, accounts) in names(&self.settings.account_fields.iter().collect::<Vec<_>>())? {
                found.entry(n).or_default().accounts = accounts;
            }
        }
        if self.settings.events > 0 {
            for row in self.query(http, self.events(conditions, window))? {
                let n = row.get("vizsla_n").and_then(int).and_then(|n| usize::try_from(n).ok());
                let n = n.ok_or_else(|| AskError::Malformed("a row of nobody's".to_owned()))?;
                found.entry(n).or_default().events.push(self.event(row));
            }
        }
        Ok(())
    }

    fn event(&self, mut row: Json) -> Event {
        let settings = &self.settings;
        let column = |name: &str| row.get(name.trim_matches('`')).filter(|_| !name.is_empty());
        let mut event = Event {
            time: row.get("vizsla_time").and_then(seconds),
            host: column(&settings.host_field).and_then(scalar),
            accounts: settings.account_fields.iter().flat_map(|field| scalars(column(field))).collect(),
            ..Event::default()
        };
        if let Some(Json::String(raw)) = row.get("vizsla_raw") {
            event.json = raw.trim_start().starts_with('{') && serde_json::from_str::<Json>(raw).is_ok();
            event.raw.clone_from(raw);
            return event;
        }
        if let Some(fields) = row.as_object_mut() {
            fields.retain(|name, _| !name.starts_with("vizsla_"));
        }
        (event.raw, event.json) = (row.to_string(), true);
        event
    }
}

impl Source for ClickHouse {
    fn questions(&self, http: &Http, asked: &[Asked], window: Window) -> Result<Vec<Question>, AskError> {
        let conditions: Vec<Conditions> = self.conditions(asked).into_iter().collect::<Result<_, _>>()?;
        let all: Conditions = conditions.into_iter().flatten().collect();
        let request = format!("POST {}", http.address(&Call::post("/", "", String::new()))?);
        let mut bodies = vec![self.counts(&all, window)];
        if !self.settings.host_field.is_empty() {
            bodies.push(self.names(&[&self.settings.host_field], &all, window));
        }
        if !self.settings.account_fields.is_empty() {
            bodies.push(self.names(&self.settings.account_fields.iter().collect::<Vec<_>>(), &all, window));
        }
        if self.settings.events > 0 {
            bodies.push(self.events(&all, window));
        }
        Ok(bodies.into_iter().map(|body| Question { request: request.clone(), body }).collect())
    }

    fn ask(&self, http: &Http, asked: &[Asked], window: Window) -> Vec<Result<Answer, AskError>> {
        let mut answers: Vec<Option<Result<Answer, AskError>>> = Vec::with_capacity(asked.len());
        let (mut good, mut conditions) = (Vec::new(), Vec::new());
        for (found, one) in self.conditions(asked).into_iter().zip(asked) {
            match found {
                Ok(found) => {
                    // Numbered anew: what can't be asked for leaves no gap.
                    let base = 2 * good.len();
                    conditions.push(found.into_iter().map(|(n, condition)| (base + n % 2, condition)).collect::<Conditions>());
                    good.push(one.clone());
                    answers.push(None);
                }
                Err(error) => answers.push(Some(Err(error))),
            }
        }
        let mut told = match self.together(http, &good, &conditions, window) {
            _ if good.is_empty() => Vec::new(),
            Ok(found) => found.into_iter().map(Ok).collect(),
            // One condition may be what the source refuses or what makes the answer too large: each is asked for by itself.
            Err(AskError::Status { .. } | AskError::TooLarge(_) | AskError::Malformed(_)) if good.len() > 1 => {
                good.iter().map(|one| self.ask(http, std::slice::from_ref(one), window).pop().unwrap_or(Err(AskError::Cancelled))).collect()
            }
            Err(error) => good.iter().map(|_| Err(error.clone())).collect(),
        }
        .into_iter();
        let missing = || Err(AskError::Malformed("an answer is missing".to_owned()));
        answers.into_iter().map(|answer| answer.unwrap_or_else(|| told.next().unwrap_or_else(missing))).collect()
    }

    fn coverage(&self, http: &Http, window: Window) -> Result<Held, AskError> {
        let (time, table) = (self.time(), &self.settings.place);
        let days = format!(
            "SELECT intDiv({time}, 86400) AS day, count() AS events FROM {table} WHERE {} GROUP BY day ORDER BY day FORMAT JSON",
            self.within(window)
        );
        let mut held = Held::default();
        for row in self.query(http, days)? {
            let events = number(&row, "events")?;
            held.events += events;
            match row.get("day").and_then(int) {
                Some(day) => held.per_day.push((day, events)),
                None => held.without_time += events,
            }
        }
        let span = format!("SELECT min({time}) AS first, max({time}) AS last, count() AS events FROM {table} FORMAT JSON");
        if let Some(row) = self.query(http, span)?.first().filter(|row| number(row, "events").is_ok_and(|events| events > 0)) {
            (held.first, held.last) = (row.get("first").and_then(seconds), row.get("last").and_then(seconds));
        }
        Ok(held)
    }

    fn test(&self, http: &Http) -> Result<String, AskError> {
        let held = self.coverage(http, Window::All)?;
        Ok(super::holds(&held, &self.settings))
    }
}

/// Numbers of 64 bits come as text.
fn int(value: &Json) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn number(row: &Json, name: &str) -> Result<u64, AskError> {
    let number = row.get(name).and_then(int).and_then(|number| u64::try_from(number).ok());
    number.ok_or_else(|| AskError::Malformed(format!("`{name}` is no number")))
}

fn index(row: &Json) -> Result<usize, AskError> {
    number(row, "n").map(|n| usize::try_from(n).unwrap_or(usize::MAX))
}

fn seconds(value: &Json) -> Option<Timestamp> {
    int(value).filter(|seconds| (1..=253_402_300_799).contains(seconds)).map(|seconds| Timestamp(seconds * 1_000_000))
}
