//! Looks through the events of the logs.

use std::collections::HashMap;
use std::sync::Arc;

use ::logs::{EventsFound, EventsRequest, Locator, Position, Query, Sample, StoredEvent};
use model::time::Window;
use model::{Actor, Fields, Timestamp};
use serde::{Deserialize, Serialize};
use store::log_source;

use super::NameCount;
use crate::App;
use crate::error::{AppError, Result};
use crate::text::cut_around;

/// Events on a page unless told, and at most.
const LIMIT: u32 = 50;
const MOST: u32 = 100;
/// Into at most how many parts time is cut for the picture.
const BUCKETS: usize = 80;
/// The longest raw event in a list, in bytes: the whole is had one by one.
const RAW_BYTES: usize = 4 * 1024;

/// Which events: by words, time and source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct EventQuery {
    /// Words that must stand in the event: `host:ws-7 (mimikatz OR "lsass.exe") -svc_backup`. `OR`, `NOT` and parentheses are
    /// understood; `host:` and `account:` name whose events; `*` and `?` are wildcards; `192.0.2.0/24` is a network.
    pub q: String,
    /// The length of time until now: `7d`, `36h`, `90m`. All data unless this or `from` is given.
    pub last: Option<String>,
    /// From when on, instead.
    pub from: Option<Timestamp>,
    /// Until when, included; now when not told.
    pub to: Option<Timestamp>,
    /// A source by name; all when empty.
    pub source: String,
    /// Where the page begins.
    pub cursor: String,
    /// Events on a page: 50 unless told, at most 100.
    pub limit: Option<u32>,
}

/// An event of the logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EventView {
    /// Its name, for `GET /log-events/{id}`.
    pub id: String,
    /// When it happened.
    pub time: Option<Timestamp>,
    /// The source that it belongs to.
    pub source: String,
    /// The machine.
    pub host: Option<String>,
    /// The accounts.
    pub accounts: Vec<String>,
    /// The file within the archive, or empty.
    pub member: String,
    /// The line, counted from 1.
    pub line: i64,
    /// The event as it was written.
    pub raw: String,
    /// Whether `raw` was cut.
    pub cut: bool,
    /// Where in `raw` the words of the question stand: byte ranges, from and before, ascending.
    pub marks: Vec<(usize, usize)>,
}

/// A stretch of time and its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TimeCount {
    /// When it begins.
    pub from: Timestamp,
    /// How many events.
    pub count: i64,
}

/// A page of events, and what there is of them altogether.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EventsView {
    /// The events, newest first; those without a time last.
    pub items: Vec<EventView>,
    /// Ask again with this for the next page; null on the last.
    pub next_cursor: Option<String>,
    /// How many events there are.
    pub total: i64,
    /// False when there may be fewer: the index names those that may be meant, and each is checked when it is shown.
    pub total_is_exact: bool,
    /// Those among them without a time.
    pub without_time: i64,
    /// The length of a stretch of the histogram, in seconds; 0 when there is none.
    pub bucket_seconds: i64,
    /// Events over time.
    pub histogram: Vec<TimeCount>,
    /// Machines with most events.
    pub hosts: Vec<NameCount>,
    /// Accounts in most events.
    pub accounts: Vec<NameCount>,
}

/// A page of events, with counts over all of them.
///
/// # Errors
/// When the question, the window, the source or the cursor is not understood, or the index can't be read.
pub async fn events(app: &App, actor: &Actor, query: EventQuery) -> Result<EventsView> {
    let mut fields = Fields::new();
    let asked = Query::parse(&query.q).map_err(|error| fields.refuse("/q", error.to_string())).unwrap_or(Query::All);
    let window = window(&query, app.now(), &mut fields);
    let before = if query.cursor.is_empty() { None } else { position(&query.cursor) };
    if before.is_none() && !query.cursor.is_empty() {
        fields.refuse("/cursor", "is none of this list");
    }
    let sources = app.read(actor, |tx| Ok(log_source::list(tx)?)).await?;
    let source = sources.iter().find(|source| source.name == query.source).map(|source| source.id);
    if source.is_none() && !query.source.is_empty() {
        fields.refuse("/source", "is no source of logs");
    }
    fields.finish()?;
    let limit = query.limit.unwrap_or(LIMIT).clamp(1, MOST) as usize;
    let index = Arc::clone(&app.logs);
    let found = on_a_thread(move || {
        let sources = source.map(|source| [source]);
        let sources = sources.as_ref().map(<[i64; 1]>::as_slice);
        Ok(index.events(&EventsRequest { query: &asked, window, sources, before, limit, buckets: BUCKETS })?)
    })
    .await?;
    let names: HashMap<i64, String> = sources.into_iter().map(|source| (source.id, source.name)).collect();
    Ok(EventsView::of(found, &names))
}

pub(super) async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| AppError::Internal(error.to_string()))?
}

fn window(query: &EventQuery, now: Timestamp, fields: &mut Fields) -> Window {
    match (query.last.as_deref().filter(|last| !last.is_empty()), query.from, query.to) {
        (None, None, None) => Window::All,
        (Some(last), None, None) => Window::last(last, now).unwrap_or_else(|error| {
            fields.refuse("/last", error.to_string());
            Window::All
        }),
        (None, from, to) => {
            let (from, to) = (from.unwrap_or(Timestamp(i64::MIN)), to.unwrap_or(now));
            if from > to {
                fields.refuse("/from", "is after the end of the window");
            }
            Window::Between(from, to)
        }
        _ => {
            fields.refuse("/last", "give only one of last, and from and to");
            Window::All
        }
    }
}

/// `time.batch.sequence`.
fn position(cursor: &str) -> Option<Position> {
    let mut parts = cursor.split('.');
    let time = parts.next()?.parse().ok()?;
    let locator = Locator { batch: parts.next()?.parse().ok()?, sequence: parts.next()?.parse().ok()? };
    parts.next().is_none().then_some(Position { time, locator })
}

fn cursor(position: Position) -> String {
    format!("{}.{}.{}", position.time, position.locator.batch, position.locator.sequence)
}

/// `batch-sequence`.
pub(super) fn locator(id: &str) -> Option<Locator> {
    let (batch, sequence) = id.split_once('-')?;
    Some(Locator { batch: batch.parse().ok()?, sequence: sequence.parse().ok()? })
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl EventsView {
    fn of(found: EventsFound, sources: &HashMap<i64, String>) -> Self {
        let named = |names: Vec<(String, u64)>| names.into_iter().map(|(name, count)| NameCount { name, count: number(count) }).collect();
        let name = |event: &StoredEvent| sources.get(&event.source).cloned().unwrap_or_default();
        Self {
            items: found.events.iter().map(|sample| EventView::cut(sample, name(&sample.event))).collect(),
            next_cursor: found.next.map(cursor),
            total: number(found.total),
            total_is_exact: found.total_is_exact,
            without_time: number(found.without_time),
            bucket_seconds: found.bucket / 1_000_000,
            histogram: found.histogram.into_iter().map(|(from, count)| TimeCount { from: Timestamp(from), count: number(count) }).collect(),
            hosts: named(found.hosts),
            accounts: named(found.accounts),
        }
    }
}

impl EventView {
    /// The whole event.
    pub(super) fn whole(event: StoredEvent, source: String) -> Self {
        Self {
            id: format!("{}-{}", event.locator.batch, event.locator.sequence),
            time: event.time,
            source,
            host: event.host,
            accounts: event.accounts,
            member: event.member,
            line: number(event.line),
            raw: event.raw,
            cut: false,
            marks: Vec::new(),
        }
    }

    /// As it stands in a list: a long one is cut around the first mark.
    fn cut(sample: &Sample, source: String) -> Self {
        let (raw, marks, cut) = cut_around(&sample.event.raw, &sample.marks, RAW_BYTES);
        Self { cut, marks, ..Self::whole(StoredEvent { raw, ..sample.event.clone() }, source) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_goes_round_and_nonsense_is_none() {
        let at = Position { time: -5, locator: Locator { batch: 7, sequence: 9 } };
        assert_eq!(position(&cursor(at)), Some(at));
        for nonsense in ["", "1", "1.2", "1.2.x", "1.2.3.4", "9999999999999999999999.1.1"] {
            assert_eq!(position(nonsense), None, "{nonsense}");
        }
        assert_eq!(locator("3-4"), Some(Locator { batch: 3, sequence: 4 }));
        assert_eq!(locator("3"), None);
    }
}
