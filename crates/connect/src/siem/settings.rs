//! How a source is asked, as an administrator says it. Secrets are not among it.

use std::collections::BTreeMap;

use model::Fields;
use model::observable::ObservableType;
use model::sighting::SourceKind;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::address::{address, check_way};

/// The name of the query for types that have none of their own.
pub const DEFAULT_QUERY: &str = "default";

/// Characters of a query template.
const QUERY: usize = 10_000;
/// Account fields.
const MOST_FIELDS: usize = 10;

/// How a source is asked. What is empty or 0 means what is usual for the product: see [`Settings::effective`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The address, with `https://` or `http://`.
    pub url: String,
    /// What is searched there: an index pattern, a table, a Splunk index, a workspace id, a Loki stream selector.
    pub place: String,
    /// How Vizsla says who it is: `none`, `basic`, `bearer` or `api_key`.
    pub auth: String,
    /// The user name for `basic`; the client id for Microsoft Sentinel.
    pub user: String,
    /// The header that carries an API key, where the product has none of its own.
    pub key_header: String,
    /// The directory (tenant) id for Microsoft Sentinel.
    pub tenant: String,
    /// Certificates (PEM) of own authorities, trusted beside those of the system.
    pub ca: String,
    /// A proxy through which the source is asked: `http://proxy:3128`.
    pub proxy: String,
    /// How long an answer may take, at most 300.
    pub timeout_seconds: u32,
    /// How many observables are asked for in one question.
    pub batch: u32,
    /// How many events of each observable are fetched and compared by Vizsla's own rule, at most 1,000.
    pub events: u32,
    /// Whether no raw events are fetched: then counts are as the source compares.
    pub without_events: bool,
    /// Where the source stops counting; 0 for never.
    pub count_limit: u64,
    /// The field of the time.
    pub time_field: String,
    /// The field of the machine.
    pub host_field: String,
    /// The fields of accounts.
    pub account_fields: Vec<String>,
    /// The column of the raw event, where that is not the whole row.
    pub raw_field: String,
    /// Query templates by observable type (`ipv4-addr`, …), and `default` for the others. `$(observable)` stands for the value.
    pub queries: BTreeMap<String, String>,
    /// Where an answer of an `http` source holds the number of events, as a JSON pointer.
    pub count_path: String,
    /// Where an answer of an `http` source holds the events, as a JSON pointer.
    pub events_path: String,
    /// The source's own page for an observable; `$(observable)`, `$(from)` and `$(to)` are filled in, percent-encoded.
    pub link: String,
    /// Whether it tells what others saw, rather than what happened here.
    pub external: bool,
}

impl Settings {
    /// With what is usual for the product where nothing is said.
    #[must_use]
    pub fn effective(&self, kind: SourceKind) -> Self {
        let usual = usual(kind);
        let mut all = self.clone();
        let fill = |field: &mut String, with: &str| {
            if field.trim().is_empty() {
                with.clone_into(field);
            }
        };
        fill(&mut all.place, usual.place);
        fill(&mut all.auth, usual.auth);
        fill(&mut all.key_header, usual.key_header);
        fill(&mut all.time_field, usual.time_field);
        fill(&mut all.host_field, usual.host_field);
        fill(&mut all.raw_field, usual.raw_field);
        if kind == SourceKind::Http {
            fill(&mut all.count_path, "/count");
            fill(&mut all.events_path, "/events");
        }
        all.account_fields.retain(|field| !field.trim().is_empty());
        if all.account_fields.is_empty() {
            all.account_fields = usual.account_fields.iter().map(|field| (*field).to_owned()).collect();
        }
        all.timeout_seconds = if all.timeout_seconds == 0 { 30 } else { all.timeout_seconds.min(300) };
        all.batch = if all.batch == 0 { usual.batch } else { all.batch.min(usual.most) };
        all.events = match (all.without_events, all.events) {
            (true, _) => 0,
            (false, 0) => 200,
            (false, events) => events.min(1_000),
        };
        all.external |= kind == SourceKind::Misp;
        all.queries.retain(|_, template| !template.trim().is_empty());
        all
    }

    /// Whether the secret goes to the same place as with `other`: the same host and port, through the same proxy, in the same
    /// directory.
    #[must_use]
    pub fn goes_where(&self, other: &Self) -> bool {
        let origin = |settings: &Self| settings.url.trim().parse::<Url>().ok().map(|url| url.origin());
        origin(self) == origin(other) && self.proxy == other.proxy && self.tenant == other.tenant
    }

    /// The template for a type: its own, the administrator's default, or the product's. Empty when there is none.
    #[must_use]
    pub fn query(&self, kind: SourceKind, of_type: &str) -> &str {
        let own = self.queries.get(of_type).or_else(|| self.queries.get(DEFAULT_QUERY));
        own.map_or_else(|| usual_query(kind), |template| template.as_str())
    }

    /// Checks what can be checked for every product.
    pub(super) fn check(&self, fields: &mut Fields) -> Option<Url> {
        let url = address(fields, "/url", &self.url, false);
        check_way(fields, &self.ca, &self.proxy);
        if !matches!(self.auth.as_str(), "none" | "basic" | "bearer" | "api_key") {
            fields.refuse("/auth", "must be none, basic, bearer or api_key");
        }
        for (pointer, text) in [
            ("/place", &self.place),
            ("/user", &self.user),
            ("/key_header", &self.key_header),
            ("/tenant", &self.tenant),
            ("/time_field", &self.time_field),
            ("/host_field", &self.host_field),
            ("/raw_field", &self.raw_field),
            ("/link", &self.link),
        ] {
            if text.chars().count() > 1_000 || text.chars().any(char::is_control) {
                fields.refuse(pointer, "must be one line of at most 1,000 characters");
            }
        }
        if self.account_fields.len() > MOST_FIELDS || self.account_fields.iter().any(|f| f.len() > 300 || f.chars().any(char::is_control)) {
            fields.refuse("/account_fields", format!("must be at most {MOST_FIELDS} names of fields"));
        }
        for (of_type, template) in &self.queries {
            let pointer = format!("/queries/{of_type}");
            if of_type != DEFAULT_QUERY && of_type.parse::<ObservableType>().is_err() {
                fields.refuse(pointer, "is no observable type");
            } else if template.chars().count() > QUERY {
                fields.refuse(pointer, format!("must be at most {QUERY} characters"));
            }
        }
        url
    }
}

/// What is usual for a product.
struct Usual {
    place: &'static str,
    auth: &'static str,
    key_header: &'static str,
    time_field: &'static str,
    host_field: &'static str,
    account_fields: &'static [&'static str],
    raw_field: &'static str,
    /// Observables in one question, and the most.
    batch: u32,
    most: u32,
}

fn usual(kind: SourceKind) -> Usual {
    let none = Usual {
        place: "",
        auth: "none",
        key_header: "X-API-Key",
        time_field: "",
        host_field: "",
        account_fields: &[],
        raw_field: "",
        batch: 1,
        most: 1,
    };
    match kind {
        SourceKind::Elasticsearch | SourceKind::OpenSearch | SourceKind::Quickwit => Usual {
            place: "logs-*",
            time_field: "@timestamp",
            host_field: "host.name",
            account_fields: &["user.name"],
            batch: 50,
            most: 500,
            ..none
        },
        SourceKind::ClickHouse => Usual {
            place: "logs",
            key_header: "X-ClickHouse-Key",
            time_field: "timestamp",
            host_field: "host",
            account_fields: &["user"],
            batch: 50,
            most: 500,
            ..none
        },
        SourceKind::Splunk => {
            Usual { place: "*", auth: "bearer", time_field: "_time", host_field: "host", account_fields: &["user"], ..none }
        }
        SourceKind::Sentinel => Usual { time_field: "TimeGenerated", host_field: "Computer", account_fields: &["Account"], ..none },
        SourceKind::QRadar => Usual {
            place: "events",
            auth: "api_key",
            key_header: "SEC",
            time_field: "starttime",
            host_field: "sourceip",
            account_fields: &["username"],
            ..none
        },
        SourceKind::Loki => Usual { place: "{job=~\".+\"}", host_field: "host", ..none },
        SourceKind::Misp => Usual { auth: "api_key", key_header: "Authorization", ..none },
        SourceKind::Http => Usual { time_field: "time", host_field: "host", account_fields: &["user"], ..none },
    }
}

/// The query of a product that fits every type.
#[must_use]
pub fn usual_query(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Elasticsearch | SourceKind::OpenSearch => {
            r#"{"multi_match": {"query": "$(observable)", "type": "phrase", "lenient": true}}"#
        }
        SourceKind::Quickwit => r#"{"query_string": {"query": "\"$(observable)\"", "lenient": true}}"#,
        SourceKind::ClickHouse => "positionCaseInsensitiveUTF8(message, $(observable)) > 0",
        SourceKind::Splunk => "$(observable)",
        SourceKind::Sentinel => "search $(observable)",
        SourceKind::QRadar => "UTF8(payload) ILIKE '%$(observable)%'",
        SourceKind::Loki => "|~ \"(?i)$(observable:regex)\"",
        SourceKind::Misp | SourceKind::Http => "",
    }
}
