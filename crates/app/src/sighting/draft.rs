//! What a finding may begin with: the words, and the records that it may speak of.

use model::Actor;
use model::case::search_number;
use model::sighting::Outcome;
use model::text::fenced;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::finding::Found;
use super::get::find;
use super::results::Known;
use super::{CandidateView, SeenNameView, SightingResultView};
use crate::App;
use crate::error::Result;
use crate::record::RecordView;
use crate::text::counted;

/// Machines or accounts that the words name.
const NAMED: usize = 10;
/// The longest short description that is offered, in characters.
const SHORT: usize = 160;

/// A result of a search.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::IntoParams, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FindingQuery {
    /// The observable's record id.
    pub observable: String,
    /// The source's name; the one with most events unless told.
    pub source: String,
}

/// What may be written down of a result: words and fields to be edited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FindingDraft {
    /// The observable.
    pub observable: RecordView,
    /// The source's name.
    pub source: String,
    /// What was found there.
    pub outcome: Outcome,
    /// The finding as Markdown, values defanged: for a note, an annotation, or an incident's description.
    pub text: String,
    /// Fields of an incident, by the names of its kind; empty when the observable was not seen.
    pub incident: Map<String, Json>,
    /// Configuration items and users that the machines and accounts in the events may be.
    pub records: Vec<CandidateView>,
    /// Those of them that nothing else fits: taken unless others are named.
    pub record_ids: Vec<String>,
}

/// What a finding of a result may begin with.
///
/// # Errors
/// When there is no search that the actor may know of, or it did not ask that source for that observable.
pub async fn draft(app: &App, actor: &Actor, sight_number: &str, query: FindingQuery) -> Result<FindingDraft> {
    let number = sight_number.to_owned();
    app.read(actor, move |tx| {
        let search = find(tx, &number)?;
        let found = Found::find(tx, search, &query.observable, &query.source)?;
        found.draft(tx)
    })
    .await
}

impl Found {
    pub(super) fn draft(&self, tx: &mut store::Tx<'_>) -> Result<FindingDraft> {
        let result = Known::of(tx, self.search.case, std::slice::from_ref(&self.result))?.view(self.result.clone());
        let text = words(&search_number(self.search.number), &self.search.window_text, &result);
        let incident = if result.outcome == Outcome::Seen { self.incident(&result, &text) } else { Map::new() };
        let sure = result.hosts.iter().chain(&result.accounts).filter(|name| name.candidates.len() == 1);
        let mut record_ids: Vec<String> = sure.flat_map(|name| name.candidates.iter()).map(|one| one.record_id.clone()).collect();
        record_ids.sort();
        record_ids.dedup();
        let mut records = result.matched_configuration_items;
        records.extend(result.matched_users);
        Ok(FindingDraft {
            observable: result.observable,
            source: result.source,
            outcome: result.outcome,
            text,
            incident,
            records,
            record_ids,
        })
    }

    /// The same result is the same incident, however often it is raised.
    fn incident(&self, result: &SightingResultView, text: &str) -> Map<String, Json> {
        let search = search_number(self.search.number);
        let mark: String =
            model::text::sha256_hex(format!("{}\n{}", result.observable.id, result.source).as_bytes()).chars().take(8).collect();
        let on = result.hosts.first().map(|host| match result.hosts_total {
            1 => format!(" on {}", host.name),
            more => format!(" on {} and {}", host.name, counted(more - 1, "other machine")),
        });
        let title = format!("{} seen in {}{}", result.observable.display, result.source, on.unwrap_or_default());
        let fields = [
            ("number", json!(format!("{search}-{mark}"))),
            ("short_description", json!(model::text::shorten(&title, SHORT))),
            ("state", json!("new")),
            ("description", json!(text)),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// A result in words, as Markdown.
fn words(search: &str, window: &str, result: &SightingResultView) -> String {
    let value = fenced(&result.observable.display);
    let source = fenced(&result.source);
    let mut text = match result.outcome {
        Outcome::Seen => {
            let least = if result.count_is_exact { "" } else { "at least " };
            let count = result.count.max(result.count_normalised.unwrap_or_default());
            let mut seen = format!("{value} was seen in {source}: {least}{}", counted(count, "event"));
            if let Some(first) = result.first_seen {
                seen.push_str(&format!(", first {first}"));
            }
            if let Some(last) = result.last_seen {
                seen.push_str(&format!(", last {last}"));
            }
            seen.push('.');
            seen
        }
        Outcome::NotSeen => format!("{value} was not seen in {source}."),
        Outcome::NoCoverage => format!("{source} had no data of the time in which {value} was looked for: nothing can be said."),
        Outcome::Failed => format!("{value} could not be looked for in {source}: {}", fenced(&result.error)),
        Outcome::Pending => format!("{value} was not looked for in {source} yet."),
    };
    for (label, names, total) in [("Machines", &result.hosts, result.hosts_total), ("Accounts", &result.accounts, result.accounts_total)] {
        if !names.is_empty() {
            text.push_str(&format!("\n\n{label}: {}.", list(names, total)));
        }
    }
    text.push_str(&format!("\n\nSearch {search}, {window}"));
    if !result.coverage.is_empty() {
        text.push_str(&format!("; covered: {}", result.coverage));
    }
    text.push('.');
    if !result.query.is_empty() {
        text.push_str(&format!("\n\nQuery as sent: {}", fenced(&model::text::shorten(&result.query, 500))));
    }
    text
}

fn list(names: &[SeenNameView], total: i64) -> String {
    let named: Vec<String> =
        names.iter().take(NAMED).map(|name| format!("{} ({})", fenced(&name.name), model::list::thousands(name.count))).collect();
    let more = total - named.len() as i64;
    let more = if more > 0 { format!(" and {} more", model::list::thousands(more)) } else { String::new() };
    format!("{}{more}", named.join(", "))
}
