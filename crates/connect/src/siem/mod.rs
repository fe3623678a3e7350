//! Outside sources of sightings: one module a product, one interface.
//!
//! Everything here blocks: call it from threads that may. A source is asked for several observables at once where the
//! product allows; what fails for one observable is that observable's error and no other's.

mod answer;
mod clickhouse;
mod elastic;
mod escape;
mod http;
mod json_template;
mod loki;
mod misp;
mod qradar;
mod sentinel;
mod service;
mod settings;
mod splunk;
mod tabular;
mod text_template;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use model::sighting::SourceKind;
use model::time::Window;
use model::{FieldError, Fields};

pub(crate) use answer::told;
pub use answer::{Answer, AskError, Asked, Event, Held, Question};
pub(crate) use http::{Way, raised};
pub use settings::{DEFAULT_QUERY, Settings, usual_query};

use http::Http;

/// What a product's module does.
trait Source: Send + Sync {
    /// What would be sent for these observables: nothing is sent.
    fn questions(&self, http: &Http, asked: &[Asked], window: Window) -> Result<Vec<Question>, AskError>;
    /// What the source holds of each, in their order.
    fn ask(&self, http: &Http, asked: &[Asked], window: Window) -> Vec<Result<Answer, AskError>>;
    /// What the source holds in the window.
    fn coverage(&self, http: &Http, window: Window) -> Result<Held, AskError>;
    /// Whether it can be asked: tells in words what it holds.
    fn test(&self, http: &Http) -> Result<String, AskError>;
}

/// A source, ready to be asked.
pub struct Connection {
    settings: Settings,
    http: Http,
    source: Box<dyn Source>,
}

impl Connection {
    /// A source by its settings and its secret. Nothing is sent yet. As soon as `cancelled` is set, whatever is being asked
    /// ends with [`AskError::Cancelled`].
    ///
    /// # Errors
    /// What in the settings can't be used, each place named.
    pub fn new(kind: SourceKind, settings: &Settings, secret: &str, cancelled: Arc<AtomicBool>) -> Result<Self, Vec<FieldError>> {
        let settings = settings.effective(kind);
        let mut fields = Fields::new();
        let base = settings.check(&mut fields);
        let source: Option<Box<dyn Source>> = match kind {
            SourceKind::Elasticsearch | SourceKind::OpenSearch | SourceKind::Quickwit => {
                elastic::Elastic::new(kind, &settings, &mut fields).map(|source| Box::new(source) as Box<dyn Source>)
            }
            SourceKind::ClickHouse => clickhouse::ClickHouse::new(&settings, &mut fields).map(|source| Box::new(source) as Box<dyn Source>),
            SourceKind::Splunk => tabular(kind, &settings, Box::new(splunk::Splunk), &mut fields),
            SourceKind::Sentinel => {
                if settings.tenant.is_empty() {
                    fields.refuse("/tenant", "must be the id of the directory");
                }
                tabular(kind, &settings, Box::new(sentinel::Sentinel::new(secret)), &mut fields)
            }
            SourceKind::QRadar => tabular(kind, &settings, Box::new(qradar::QRadar), &mut fields),
            SourceKind::Loki => loki::Loki::new(&settings, &mut fields).map(|source| Box::new(source) as Box<dyn Source>),
            SourceKind::Misp => Some(Box::new(misp::Misp::new(&settings, &mut fields))),
            SourceKind::Http => Some(Box::new(service::Service::new(&settings, &mut fields))),
        };
        let http = base.and_then(|base| Http::new(kind, &settings, base, secret, cancelled, &mut fields));
        fields.finish()?;
        match (http, source) {
            (Some(http), Some(source)) => Ok(Self { settings, http, source }),
            _ => Err(vec![FieldError { pointer: "/url".to_owned(), detail: "can't be used".to_owned() }]),
        }
    }

    /// The settings as they are used.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How many observables go into one question.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.settings.batch.max(1) as usize
    }

    /// What would be sent for these observables. Nothing is sent.
    ///
    /// # Errors
    /// When a value can't be asked for in the source's language.
    pub fn dry_run(&self, asked: &[Asked], window: Window) -> Result<Vec<Question>, AskError> {
        self.source.questions(&self.http, asked, window)
    }

    /// What the source holds of each observable, in their order: an answer or an error each.
    #[must_use]
    pub fn ask(&self, asked: &[Asked], window: Window) -> Vec<Result<Answer, AskError>> {
        let mut answers = Vec::with_capacity(asked.len());
        for batch in asked.chunks(self.batch()) {
            let found = self.source.ask(&self.http, batch, window);
            let missing = batch.len().saturating_sub(found.len());
            answers.extend(found.into_iter().take(batch.len()));
            answers.extend((0..missing).map(|_| Err(AskError::Malformed("an answer is missing".to_owned()))));
        }
        for (answer, asked) in answers.iter_mut().zip(asked) {
            if let Ok(answer) = answer {
                answer.link = answer.link.take().or_else(|| self.link(asked, window));
            }
        }
        answers
    }

    /// What the source holds in a window: "not seen" stands on it.
    ///
    /// # Errors
    /// When it can't be asked.
    pub fn coverage(&self, window: Window) -> Result<Held, AskError> {
        self.source.coverage(&self.http, window)
    }

    /// Whether it can be asked: tells in words what it holds.
    ///
    /// # Errors
    /// When it can't be asked.
    pub fn test(&self) -> Result<String, AskError> {
        self.source.test(&self.http)
    }

    /// The source's own page for an observable, if the template makes an address of http or https.
    fn link(&self, asked: &Asked, window: Window) -> Option<String> {
        if self.settings.link.is_empty() {
            return None;
        }
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
        let (from, to) = match window {
            Window::Between(from, to) => (from.to_string(), to.to_string()),
            Window::All => (String::new(), String::new()),
        };
        let link = self.settings.link.replace("$(from)", &encode(&from)).replace("$(to)", &encode(&to));
        let link = link.replace("$(observable)", &encode(&asked.value));
        let url = link.parse::<url::Url>().ok()?;
        matches!(url.scheme(), "http" | "https").then(|| url.to_string())
    }
}

fn tabular(kind: SourceKind, settings: &Settings, dialect: Box<dyn tabular::Dialect>, fields: &mut Fields) -> Option<Box<dyn Source>> {
    tabular::Tabular::new(kind, settings, dialect, fields).map(|source| Box::new(source) as Box<dyn Source>)
}

/// What a source says of itself when it is tested.
fn holds(held: &Held, settings: &Settings) -> String {
    let span = match (held.first, held.last) {
        (Some(first), Some(last)) => format!("from {} to {}", first.date(), last.date()),
        _ => format!("none with a time in `{}`: check the time field and where it looks", settings.time_field),
    };
    let events = model::list::thousands(i64::try_from(held.events).unwrap_or(i64::MAX));
    format!("{events} event{} in {}, {span}", if held.events == 1 { "" } else { "s" }, settings.place)
}
