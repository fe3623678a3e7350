//! Elasticsearch, OpenSearch and Quickwit: the search API that they share.
//!
//! One `_msearch` for many observables, a search each: a search that fails disturbs no other. Days, first, last, hosts and
//! accounts come from aggregations over all hits, so that they are whole however many events are fetched.

use std::collections::BTreeMap;

use model::sighting::SourceKind;
use model::time::Window;
use model::{Fields, Timestamp};
use serde_json::{Map, Value as Json, json};

use super::Source;
use super::answer::{Answer, AskError, Asked, Event, Held, Question, told};
use super::http::{Call, Http};
use super::json_template::JsonTemplate;
use super::settings::{DEFAULT_QUERY, Settings};

/// Names that are asked for of hosts and of each account field.
const NAMES: u64 = 100;

pub(crate) struct Elastic {
    kind: SourceKind,
    settings: Settings,
    templates: BTreeMap<String, JsonTemplate>,
    usual: JsonTemplate,
}

impl Elastic {
    pub(crate) fn new(kind: SourceKind, settings: &Settings, fields: &mut Fields) -> Option<Self> {
        let mut templates = BTreeMap::new();
        for (of_type, text) in &settings.queries {
            if let Some(template) = fields.keep(&format!("/queries/{of_type}"), JsonTemplate::parse(text)) {
                templates.insert(of_type.clone(), template);
            }
        }
        if settings.place.contains(['/', '?', '#', '%', '\\', ' ', '"']) {
            fields.refuse("/place", "must be names of indices, aliases or patterns, separated by commas");
        }
        let usual = fields.keep("/queries", JsonTemplate::parse(settings.query(kind, DEFAULT_QUERY)))?;
        Some(Self { kind, settings: settings.clone(), templates, usual })
    }

    fn quickwit(&self) -> bool {
        self.kind == SourceKind::Quickwit
    }

    fn template(&self, of_type: &str) -> &JsonTemplate {
        self.templates.get(of_type).unwrap_or(&self.usual)
    }

    /// The range of the window; none for all data.
    fn range(&self, window: Window) -> Option<Json> {
        let Window::Between(from, to) = window else { return None };
        let bounds = json!({"gte": from.to_string(), "lte": to.to_string()});
        Some(json!({"range": {&self.settings.time_field: bounds}}))
    }

    fn search(&self, asked: &Asked, window: Window) -> Json {
        let template = self.template(&asked.of_type);
        let exact = template.render(&asked.value);
        let found = if asked.spellings.is_empty() {
            exact.clone()
        } else {
            let all: Vec<Json> = std::iter::once(&asked.value).chain(&asked.spellings).map(|value| template.render(value)).collect();
            json!({"bool": {"should": all, "minimum_should_match": 1}})
        };
        let mut filter = vec![found];
        filter.extend(self.range(window));
        let mut aggs = self.time_aggs();
        if !asked.spellings.is_empty() && !self.quickwit() {
            aggs.insert("exact".to_owned(), json!({"filter": exact}));
        }
        if !self.settings.host_field.is_empty() {
            aggs.insert("hosts".to_owned(), terms(&self.settings.host_field));
            aggs.insert("hosts_total".to_owned(), json!({"cardinality": {"field": self.settings.host_field}}));
        }
        for (n, field) in self.settings.account_fields.iter().enumerate() {
            aggs.insert(format!("accounts_{n}"), terms(field));
        }
        let mut search = self.base(filter, aggs);
        search.insert("size".to_owned(), json!(self.settings.events));
        if self.settings.events > 0 {
            let order = if self.quickwit() { json!({"order": "asc"}) } else { json!({"order": "asc", "unmapped_type": "date"}) };
            search.insert("sort".to_owned(), json!([{&self.settings.time_field: order}]));
        }
        Json::Object(search)
    }

    fn base(&self, filter: Vec<Json>, aggs: Map<String, Json>) -> Map<String, Json> {
        let mut search = Map::new();
        let limit = self.settings.count_limit;
        search.insert("size".to_owned(), json!(0));
        search.insert("track_total_hits".to_owned(), if limit > 0 { json!(limit) } else { json!(true) });
        if !self.quickwit() {
            // A little before the connection's own end, so that what was found until then is told.
            search.insert("timeout".to_owned(), json!(format!("{}s", (self.settings.timeout_seconds * 4 / 5).max(1))));
        }
        search.insert("query".to_owned(), if filter.is_empty() { json!({"match_all": {}}) } else { json!({"bool": {"filter": filter}}) });
        search.insert("aggs".to_owned(), Json::Object(aggs));
        search
    }

    fn time_aggs(&self) -> Map<String, Json> {
        let time = &self.settings.time_field;
        let mut aggs = Map::new();
        aggs.insert("first".to_owned(), json!({"min": {"field": time}}));
        aggs.insert("last".to_owned(), json!({"max": {"field": time}}));
        aggs.insert("days".to_owned(), json!({"date_histogram": {"field": time, "fixed_interval": "1d", "min_doc_count": 1}}));
        if !self.quickwit() {
            aggs.insert("without_time".to_owned(), json!({"missing": {"field": time}}));
        }
        aggs
    }

    fn call(&self, searches: &[Json]) -> Call {
        let mut body = String::new();
        let header = if self.quickwit() { json!({"index": self.settings.place.split(',').collect::<Vec<_>>()}) } else { json!({}) };
        for search in searches {
            body.push_str(&format!("{header}\n{search}\n"));
        }
        let path = if self.quickwit() { "_msearch".to_owned() } else { format!("{}/_msearch", self.settings.place) };
        let call = Call::post(path, "application/x-ndjson", body);
        if self.quickwit() { call } else { call.with("ignore_unavailable", "true") }
    }

    /// Asks several searches at once; each has an answer or an error of its own.
    fn several(&self, http: &Http, searches: &[Json]) -> Result<Vec<Result<Json, AskError>>, AskError> {
        let mut answer = http.json(&self.call(searches))?;
        let Some(Json::Array(items)) = answer.get_mut("responses").map(Json::take) else {
            return Err(AskError::Malformed("`responses` is missing".to_owned()));
        };
        if items.len() != searches.len() {
            return Err(AskError::Malformed(format!("{} answers to {} searches", items.len(), searches.len())));
        }
        Ok(items.into_iter().map(checked).collect())
    }

    fn answer(&self, found: &Json, asked: &Asked, search: &Json) -> Result<Answer, AskError> {
        let (count, mut exact) = total(found)?;
        let remarks = parts(found)?;
        exact &= remarks.is_empty();
        let aggs = found.get("aggregations");
        let days = days(aggs)?;
        let hosts = names(aggs, "hosts")?;
        let hosts_total = number_at(aggs, "/hosts_total/value").unwrap_or(0).max(hosts.len() as u64);
        let mut accounts: BTreeMap<String, u64> = BTreeMap::new();
        for n in 0..self.settings.account_fields.len() {
            // An event that names an account in two fields counts twice here.
            for (name, count) in names(aggs, &format!("accounts_{n}"))? {
                *accounts.entry(name).or_default() += count;
            }
        }
        let mut accounts: Vec<(String, u64)> = accounts.into_iter().collect();
        accounts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let exact_count = if asked.spellings.is_empty() { None } else { number_at(aggs, "/exact/doc_count") };
        let (count, count_any) = match exact_count {
            Some(exact_count) => (exact_count.min(count), Some(count)),
            None => (count, None),
        };
        let events = match found.pointer("/hits/hits") {
            Some(Json::Array(hits)) => hits.iter().map(|hit| self.event(hit)).collect(),
            _ if self.settings.events == 0 => Vec::new(),
            _ => return Err(AskError::Malformed("`hits.hits` is missing".to_owned())),
        };
        Ok(Answer {
            count,
            exact,
            count_any,
            first: time_at(aggs, "/first/value"),
            last: time_at(aggs, "/last/value"),
            per_day: days,
            without_time: number_at(aggs, "/without_time/doc_count").unwrap_or(0),
            hosts_total,
            hosts,
            accounts_total: accounts.len() as u64,
            accounts,
            events,
            remarks,
            query: format!("POST {}/_msearch: {search} | compared by the index's own mapping and analysis", self.settings.place),
            link: None,
        })
    }

    fn event(&self, hit: &Json) -> Event {
        let source = hit.get("_source").cloned().unwrap_or(Json::Null);
        let text = |field: &str| value_at(&source, field).and_then(scalar);
        let word = |name: &str| hit.get(name).and_then(Json::as_str).unwrap_or_default();
        Event {
            time: value_at(&source, &self.settings.time_field).and_then(time),
            host: text(&self.settings.host_field),
            accounts: self.settings.account_fields.iter().flat_map(|field| scalars(value_at(&source, field))).collect(),
            id: told(&format!("{}/{}", word("_index"), word("_id"))),
            raw: source.to_string(),
            json: true,
        }
    }
}

impl Source for Elastic {
    fn questions(&self, http: &Http, asked: &[Asked], window: Window) -> Result<Vec<Question>, AskError> {
        let searches: Vec<Json> = asked.iter().map(|asked| self.search(asked, window)).collect();
        let call = self.call(&searches);
        let body = call.body.as_ref().map(|(_, body)| body.clone()).unwrap_or_default();
        Ok(vec![Question { request: format!("POST {}", http.address(&call)?), body }])
    }

    fn ask(&self, http: &Http, asked: &[Asked], window: Window) -> Vec<Result<Answer, AskError>> {
        let searches: Vec<Json> = asked.iter().map(|asked| self.search(asked, window)).collect();
        match self.several(http, &searches) {
            Err(error) => asked.iter().map(|_| Err(error.clone())).collect(),
            Ok(items) => {
                let read = |((item, asked), search): ((Result<Json, AskError>, &Asked), &Json)| self.answer(&item?, asked, search);
                items.into_iter().zip(asked).zip(&searches).map(read).collect()
            }
        }
    }

    fn coverage(&self, http: &Http, window: Window) -> Result<Held, AskError> {
        let within = self.base(self.range(window).into_iter().collect(), self.time_aggs());
        let overall = self.base(Vec::new(), self.time_aggs());
        let mut items = self.several(http, &[Json::Object(within), Json::Object(overall)])?.into_iter();
        let mut next = || items.next().unwrap_or_else(|| Err(AskError::Malformed("an answer is missing".to_owned())));
        let (within, overall) = (next()?, next()?);
        let (events, _) = total(&within)?;
        let of_all = overall.get("aggregations");
        Ok(Held {
            first: time_at(of_all, "/first/value"),
            last: time_at(of_all, "/last/value"),
            per_day: days(within.get("aggregations"))?,
            events,
            without_time: number_at(of_all, "/without_time/doc_count").unwrap_or(0),
        })
    }

    fn test(&self, http: &Http) -> Result<String, AskError> {
        let held = self.coverage(http, Window::All)?;
        // The fields of machines and accounts may be such as can't be counted: better told now than by every search.
        let probe =
            Asked { id: 0, of_type: DEFAULT_QUERY.to_owned(), value: "vizsla-test.invalid".to_owned(), spellings: Vec::new(), part: None };
        self.ask(http, std::slice::from_ref(&probe), Window::All).into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(super::holds(&held, &self.settings))
    }
}

fn terms(field: &str) -> Json {
    json!({"terms": {"field": field, "size": NAMES}})
}

/// One answer of several, unless it is an error.
fn checked(item: Json) -> Result<Json, AskError> {
    let Some(error) = item.get("error") else { return Ok(item) };
    let status = item.get("status").and_then(Json::as_u64).and_then(|status| u16::try_from(status).ok()).unwrap_or(500);
    let reason = ["/root_cause/0/reason", "/caused_by/reason", "/reason"].into_iter().find_map(|at| error.pointer(at)?.as_str());
    let detail = told(&reason.map_or_else(|| error.to_string(), str::to_owned));
    // A question that is refused for its form says nothing about the others.
    let status = if matches!(status, 401 | 403) { 400 } else { status };
    Err(AskError::Status { status, detail })
}

fn total(found: &Json) -> Result<(u64, bool), AskError> {
    let total = found.pointer("/hits/total").ok_or_else(|| AskError::Malformed("`hits.total` is missing".to_owned()))?;
    let count = total.as_u64().or_else(|| total.get("value").and_then(Json::as_u64));
    let count = count.ok_or_else(|| AskError::Malformed(format!("`hits.total` is {}", told(&total.to_string()))))?;
    Ok((count, total.get("relation").and_then(Json::as_str).is_none_or(|relation| relation == "eq")))
}

/// What did not answer: shards that failed, a time limit that was reached.
fn parts(found: &Json) -> Result<Vec<String>, AskError> {
    let mut remarks = Vec::new();
    if found.get("timed_out").and_then(Json::as_bool) == Some(true) {
        remarks.push("the source ran out of time: a part of it was not searched".to_owned());
    }
    let of = |name: &str| found.pointer(&format!("/_shards/{name}")).and_then(Json::as_u64).unwrap_or(0);
    let (failed, total) = (of("failed"), of("total"));
    if failed > 0 {
        let reason = found.pointer("/_shards/failures/0/reason/reason").and_then(Json::as_str).unwrap_or_default();
        if failed == total {
            return Err(AskError::Status { status: 500, detail: format!("all {total} shards failed: {}", told(reason)) });
        }
        remarks.push(format!("{failed} of {total} shards failed: {}", told(reason)));
    }
    Ok(remarks)
}

fn days(aggs: Option<&Json>) -> Result<Vec<(i64, u64)>, AskError> {
    let Some(Json::Array(buckets)) = aggs.and_then(|aggs| aggs.pointer("/days/buckets")) else {
        return Err(AskError::Malformed("the events by day are missing".to_owned()));
    };
    let mut days = Vec::with_capacity(buckets.len());
    for bucket in buckets {
        let key = bucket.get("key").and_then(Json::as_f64);
        let count = bucket.get("doc_count").and_then(Json::as_u64);
        let (Some(key), Some(count)) = (key, count) else { return Err(AskError::Malformed("a day without its count".to_owned())) };
        if count > 0 {
            days.push(((key / 86_400_000.0).floor() as i64, count));
        }
    }
    days.sort_unstable();
    Ok(days)
}

/// Names with their counts, most events first.
fn names(aggs: Option<&Json>, name: &str) -> Result<Vec<(String, u64)>, AskError> {
    let Some(agg) = aggs.and_then(|aggs| aggs.get(name)) else { return Ok(Vec::new()) };
    let Some(Json::Array(buckets)) = agg.get("buckets") else { return Err(AskError::Malformed(format!("`{name}` has no buckets"))) };
    let name = |bucket: &Json| Some((scalar(bucket.get("key")?)?, bucket.get("doc_count")?.as_u64()?));
    Ok(buckets.iter().filter_map(name).filter(|(name, _)| !name.is_empty()).collect())
}

fn number_at(aggs: Option<&Json>, pointer: &str) -> Option<u64> {
    aggs?.pointer(pointer)?.as_u64()
}

/// A time of an aggregation: milliseconds since 1970.
fn time_at(aggs: Option<&Json>, pointer: &str) -> Option<Timestamp> {
    aggs?.pointer(pointer).and_then(time)
}

/// A time as documents write it: RFC 3339 text, or milliseconds since 1970.
pub(crate) fn time(value: &Json) -> Option<Timestamp> {
    match value {
        Json::Number(number) => {
            let millis = number.as_f64().filter(|millis| millis.abs() < 4e14)?;
            Some(Timestamp((millis * 1_000.0) as i64))
        }
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
    .filter(|time: &Timestamp| time.is_set())
}

/// What a field holds, written as `a.b` or as `a` within `b`. A sub-field for exact matches is held by its parent.
pub(crate) fn value_at<'a>(source: &'a Json, field: &str) -> Option<&'a Json> {
    let field = field.strip_suffix(".keyword").unwrap_or(field);
    if field.is_empty() {
        return None;
    }
    if let Some(value) = source.get(field) {
        return Some(value);
    }
    field.match_indices('.').find_map(|(at, _)| {
        let (head, tail) = (field.get(..at)?, field.get(at + 1..)?);
        value_at(source.get(head)?, tail)
    })
}

/// A single value as text.
pub(crate) fn scalar(value: &Json) -> Option<String> {
    scalars(Some(value)).into_iter().next()
}

/// A value, or each of a list, as text.
pub(crate) fn scalars(value: Option<&Json>) -> Vec<String> {
    match value {
        Some(Json::String(text)) if !text.is_empty() => vec![text.clone()],
        Some(Json::Number(number)) => vec![number.to_string()],
        Some(Json::Array(items)) => items.iter().filter(|item| !item.is_array()).flat_map(|item| scalars(Some(item))).collect(),
        _ => Vec::new(),
    }
}
