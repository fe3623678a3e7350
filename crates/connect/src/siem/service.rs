//! Any service that answers JSON over HTTP, by template: the first line is method and path, what follows is a JSON body.
//!
//! ```text
//! POST /search?from=$(from)&to=$(to)
//! {"text": "$(observable)"}
//! ```

use std::collections::BTreeMap;

use model::Fields;
use model::time::Window;
use serde_json::Value as Json;

use super::Source;
use super::answer::{Answer, AskError, Asked, Event, Held, Question};
use super::elastic::{scalar, scalars, value_at};
use super::http::{Call, Http};
use super::json_template::JsonTemplate;
use super::settings::{DEFAULT_QUERY, Settings};
use super::tabular::moment;

/// A checked template.
#[derive(Debug, Clone)]
struct Template {
    post: bool,
    /// With `$(observable)`, `$(from)` and `$(to)` in it.
    path: String,
    body: Option<JsonTemplate>,
}

impl Template {
    fn parse(text: &str) -> Result<Self, String> {
        let (line, body) = text.trim().split_once('\n').unwrap_or((text.trim(), ""));
        let (method, path) = line.trim().split_once(' ').ok_or("must begin with a line like: GET /search?q=$(observable)")?;
        let post = match method {
            "GET" => false,
            "POST" => true,
            _ => return Err("must begin with GET or POST".to_owned()),
        };
        let path = path.trim();
        // A full address would take the credentials elsewhere; a value in the path itself could climb out of it.
        if !path.starts_with('/') || path.starts_with("//") {
            return Err("must name a path below the source's address: it begins with /".to_owned());
        }
        let before = path.split('?').next().unwrap_or_default();
        if before.contains("$(") {
            return Err("$(observable) must stand behind the `?`, or in the body".to_owned());
        }
        if path.matches("$(").count() != ["$(observable)", "$(from)", "$(to)"].iter().map(|slot| path.matches(slot).count()).sum::<usize>()
        {
            return Err("knows $(observable), $(from) and $(to) only".to_owned());
        }
        let body = if body.trim().is_empty() { None } else { Some(JsonTemplate::parse(body)?) };
        if body.is_none() && !path.contains("$(observable)") {
            return Err("must hold $(observable), where the value goes".to_owned());
        }
        if body.is_some() && !post {
            return Err("has a body, so it must begin with POST".to_owned());
        }
        Ok(Self { post, path: path.to_owned(), body })
    }

    fn call(&self, value: &str, window: Window) -> Call {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
        let (from, to) = match window {
            Window::All => (String::new(), String::new()),
            Window::Between(from, to) => (from.to_string(), to.to_string()),
        };
        let path = self.path.replace("$(from)", &encode(&from)).replace("$(to)", &encode(&to)).replace("$(observable)", &encode(value));
        let body = self.body.as_ref().map(|body| ("application/json", body.render(value).to_string()));
        Call { post: self.post, path, body, ..Call::default() }
    }
}

pub(super) struct Service {
    settings: Settings,
    templates: BTreeMap<String, Template>,
}

impl Service {
    pub(super) fn new(settings: &Settings, fields: &mut Fields) -> Self {
        let mut templates = BTreeMap::new();
        for (of_type, text) in &settings.queries {
            if let Some(template) = fields.keep(&format!("/queries/{of_type}"), Template::parse(text)) {
                templates.insert(of_type.clone(), template);
            }
        }
        if settings.queries.is_empty() {
            fields.refuse("/queries", "needs at least one, like: GET /search?q=$(observable)");
        }
        for (pointer, path) in [("/count_path", &settings.count_path), ("/events_path", &settings.events_path)] {
            if !path.is_empty() && !path.starts_with('/') {
                fields.refuse(pointer, "must be a JSON pointer like /total/value");
            }
        }
        Self { settings: settings.clone(), templates }
    }

    fn template(&self, of_type: &str) -> Result<&Template, AskError> {
        let found = self.templates.get(of_type).or_else(|| self.templates.get(DEFAULT_QUERY));
        found.ok_or_else(|| AskError::Refused(format!("this source has no query for {of_type}, and none by default")))
    }

    fn one(&self, http: &Http, asked: &Asked, window: Window) -> Result<Answer, AskError> {
        let call = self.template(&asked.of_type)?.call(asked.one(), window);
        let answered = http.json(&call)?;
        let settings = &self.settings;
        let list = answered.pointer(&settings.events_path).and_then(Json::as_array);
        let count = answered.pointer(&settings.count_path).and_then(|count| count.as_u64().or_else(|| count.as_str()?.parse().ok()));
        let found = list.map(|list| list.iter().map(|row| self.event(row)).collect::<Vec<Event>>());
        if found.is_none() && count.is_none() {
            let places = format!("neither {} nor {} holds anything", settings.count_path, settings.events_path);
            return Err(AskError::Malformed(places));
        }
        let mut events = found.unwrap_or_default();
        events.sort_by_key(|event| event.time);
        let query = format!("{} {} | compared by the service", if call.post { "POST" } else { "GET" }, call.path);
        let mut answer = Answer { exact: count.is_some(), count: count.unwrap_or(events.len() as u64), query, ..Answer::default() };
        answer.first = events.iter().filter_map(|event| event.time).min();
        answer.last = events.iter().filter_map(|event| event.time).max();
        events.truncate(settings.events as usize);
        answer.events = events;
        Ok(answer)
    }

    fn event(&self, row: &Json) -> Event {
        Event {
            time: value_at(row, &self.settings.time_field).and_then(moment),
            host: value_at(row, &self.settings.host_field).and_then(scalar),
            accounts: self.settings.account_fields.iter().flat_map(|field| scalars(value_at(row, field))).collect(),
            raw: row.as_str().map_or_else(|| row.to_string(), str::to_owned),
            json: !row.is_string(),
            id: String::new(),
        }
    }
}

impl Source for Service {
    fn questions(&self, http: &Http, asked: &[Asked], window: Window) -> Result<Vec<Question>, AskError> {
        let question = |asked: &Asked| {
            let call = self.template(&asked.of_type)?.call(asked.one(), window);
            let request = format!("{} {}", if call.post { "POST" } else { "GET" }, http.address(&call)?);
            Ok(Question { request, body: call.body.map(|(_, body)| body).unwrap_or_default() })
        };
        asked.iter().map(question).collect()
    }

    fn ask(&self, http: &Http, asked: &[Asked], window: Window) -> Vec<Result<Answer, AskError>> {
        asked.iter().map(|asked| self.one(http, asked, window)).collect()
    }

    fn coverage(&self, _: &Http, _: Window) -> Result<Held, AskError> {
        Err(AskError::Refused("an HTTP service does not tell what it covers".to_owned()))
    }

    fn test(&self, http: &Http) -> Result<String, AskError> {
        let probe =
            Asked { id: 0, of_type: "domain-name".to_owned(), value: "vizsla-test.invalid".to_owned(), spellings: Vec::new(), part: None };
        let of_type = self.templates.keys().next().cloned().unwrap_or_default();
        let probe = if self.templates.contains_key(DEFAULT_QUERY) { probe } else { Asked { of_type, ..probe } };
        let answer = self.one(http, &probe, Window::All)?;
        Ok(format!("{} events for a name that is none", answer.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_within_its_parameter() {
        let call = Template::parse("GET /find?q=$(observable)&n=1").unwrap().call("a&n=9#x/../%00 b+ü", Window::All);
        assert_eq!(call.path, "/find?q=a%26n%3D9%23x%2F..%2F%2500%20b%2B%C3%BC&n=1");
        let call = Template::parse("POST /find\n{\"q\": \"$(observable)\"}").unwrap().call("\"}", Window::All);
        assert_eq!(call.body.unwrap().1, r#"{"q":"\"}"}"#);
        for (template, why) in [
            ("GET https://elsewhere.example/$(observable)", "begins with /"),
            ("GET //elsewhere.example/?q=$(observable)", "begins with /"),
            ("GET /a/$(observable)", "behind the `?`"),
            ("PUT /a?q=$(observable)", "GET or POST"),
            ("GET /a?q=1", "must hold"),
            ("GET /a\n{\"q\": \"$(observable)\"}", "must begin with POST"),
            ("GET /a?q=$(observable)$(secret)", "knows"),
        ] {
            let refused = Template::parse(template).unwrap_err();
            assert!(refused.contains(why), "{template}: {refused}");
        }
    }
}
