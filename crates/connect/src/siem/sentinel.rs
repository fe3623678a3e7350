//! Microsoft Sentinel: Kusto queries over the Log Analytics API, with a token for the client's own credentials.

use std::sync::Mutex;

use model::time::Window;
use serde_json::{Map, Value as Json, json};

use super::answer::{AskError, told};
use super::http::{Call, Http};
use super::settings::Settings;
use super::tabular::{Dialect, NAMES, Table};
use super::text_template::Language;

/// Where tokens come from, unless the tenant names the whole address.
const AUTHORITY: &str = "https://login.microsoftonline.com";
/// What a token is for.
const SCOPE: &str = "https://api.loganalytics.azure.com/.default";

pub(super) struct Sentinel {
    secret: String,
    token: Mutex<String>,
}

impl Sentinel {
    pub(super) fn new(secret: &str) -> Self {
        Self { secret: secret.to_owned(), token: Mutex::default() }
    }

    /// A token: it lasts an hour, a connection not as long.
    fn token(&self, http: &Http, settings: &Settings, anew: bool) -> Result<String, AskError> {
        let mut token = self.token.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !token.is_empty() && !anew {
            return Ok(token.clone());
        }
        let tenant = settings.tenant.trim_end_matches('/');
        let authority = if tenant.starts_with("http") { tenant.to_owned() } else { format!("{AUTHORITY}/{tenant}") };
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("grant_type", "client_credentials"),
                ("client_id", &settings.user),
                ("client_secret", &self.secret),
                ("scope", SCOPE),
            ])
            .finish();
        let answer = http.json(&Call::post(format!("{authority}/oauth2/v2.0/token"), "application/x-www-form-urlencoded", body))?;
        let told = answer.get("access_token").and_then(Json::as_str).filter(|told| !told.is_empty());
        *token = told.ok_or_else(|| AskError::Malformed("`access_token` is missing".to_owned()))?.to_owned();
        Ok(token.clone())
    }
}

fn within(settings: &Settings, window: Window) -> String {
    match window {
        Window::All => String::new(),
        Window::Between(from, to) => format!(" | where {} between (datetime({from}) .. datetime({to}))", settings.time_field),
    }
}

impl Dialect for Sentinel {
    fn language(&self) -> Language {
        Language::Kql
    }

    fn everything(&self) -> String {
        "search *".to_owned()
    }

    fn days(&self, settings: &Settings, found: &str, window: Window) -> String {
        let time = &settings.time_field;
        let within = within(settings, window);
        format!("{found}{within} | summarize events=count(), first=min({time}), last=max({time}) by day=bin({time}, 1d) | order by day asc")
    }

    fn names(&self, settings: &Settings, found: &str, field: &str, window: Window) -> String {
        let within = within(settings, window);
        format!(
            "{found}{within} | summarize events=count() by name=tostring(column_ifexists(\"{field}\", \"\")) | where isnotempty(name) | top {NAMES} by events desc"
        )
    }

    fn events(&self, settings: &Settings, found: &str, window: Window) -> String {
        format!("{found}{} | top {} by {} asc", within(settings, window), settings.events, settings.time_field)
    }

    fn raw(&self) -> &str {
        ""
    }

    fn call(&self, settings: &Settings, query: &str, window: Window) -> Call {
        let mut body = json!({"query": query});
        if let (Window::Between(from, to), Some(body)) = (window, body.as_object_mut()) {
            body.insert("timespan".to_owned(), json!(format!("{from}/{to}")));
        }
        Call::post(format!("v1/workspaces/{}/query", settings.place), "application/json", body.to_string())
    }

    fn run(&self, http: &Http, settings: &Settings, query: &str, window: Window) -> Result<Table, AskError> {
        let mut call = self.call(settings, query, window);
        call.headers.push(("authorization", format!("Bearer {}", self.token(http, settings, false)?)));
        let answer = match http.json(&call) {
            Err(AskError::Status { status: 401, .. }) => {
                call.headers = vec![("authorization", format!("Bearer {}", self.token(http, settings, true)?))];
                http.json(&call)?
            }
            other => other?,
        };
        let mut table = Table::default();
        if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
            let message = error.get("message").and_then(Json::as_str).map_or_else(|| error.to_string(), str::to_owned);
            table.remarks.push(format!("the source answered in part: {}", told(&message)));
        }
        let missing = || AskError::Malformed("`tables` is missing".to_owned());
        let first = answer.pointer("/tables/0").ok_or_else(missing)?;
        let columns: Vec<&str> = first
            .get("columns")
            .and_then(Json::as_array)
            .ok_or_else(missing)?
            .iter()
            .filter_map(|column| column.get("name")?.as_str())
            .collect();
        for row in first.get("rows").and_then(Json::as_array).ok_or_else(missing)? {
            let cells = row
                .as_array()
                .filter(|cells| cells.len() == columns.len())
                .ok_or_else(|| AskError::Malformed("a row of another width".to_owned()))?;
            let filled = columns.iter().zip(cells).filter(|(_, cell)| !cell.is_null() && cell.as_str() != Some(""));
            table.rows.push(filled.map(|(name, cell)| ((*name).to_owned(), cell.clone())).collect::<Map<String, Json>>());
        }
        Ok(table)
    }
}
