//! Activities as sentences.

use app::case::ActivityView;
use app::text::counted;
use model::Timestamp;
use model::artifact::ExclusionReason;
use serde_json::Value as Json;

/// How many changed fields a line shows.
const CHANGES_SHOWN: usize = 50;

/// Fields of which the value is a word of a list.
const CHOICES: [&str; 3] = ["state", "verdict", "case_type"];

/// What was done on one day.
pub(crate) struct Day {
    /// `2026-11-24`.
    pub(crate) date: String,
    pub(crate) lines: Vec<Line>,
}

/// One thing that was done.
pub(crate) struct Line {
    pub(crate) seq: i64,
    pub(crate) at: Timestamp,
    pub(crate) actor: String,
    /// `excluded 48 artifacts`.
    pub(crate) text: String,
    /// In the analyst's words; may be empty.
    pub(crate) quote: String,
    /// `(field, before, after)`.
    pub(crate) changes: Vec<(String, String, String)>,
    /// The operation, which may be undone from here.
    pub(crate) operation: String,
}

/// Activities, newest first, by UTC day.
pub(crate) fn story(entries: Vec<ActivityView>) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for entry in entries {
        let date = entry.at.date();
        let line = line(entry);
        match days.last_mut().filter(|day| day.date == date) {
            Some(day) => day.lines.push(line),
            None => days.push(Day { date, lines: vec![line] }),
        }
    }
    days
}

fn line(entry: ActivityView) -> Line {
    let d = &entry.details;
    let text = |name: &str| d.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let artifacts = counted(d.get("count").and_then(Json::as_i64).unwrap_or_default(), "artifact");
    let (sentence, quote) = match entry.verb.as_str() {
        "case.create" => ("opened the case".to_owned(), String::new()),
        "case.update" => (updated(d), String::new()),
        "work_note.add" => (format!("wrote a work note{}", on(&text("search"))), text("text")),
        "comment.add" => (format!("commented{}", on(&text("search"))), text("text")),
        "note.correct" => ("corrected a note".to_owned(), String::new()),
        "artifact.add" => {
            let from = text("from");
            (if from.is_empty() { format!("added {artifacts}") } else { format!("added {artifacts} from {from}") }, titles(d))
        }
        "artifact.exclude" => {
            let reason = text("reason").parse::<ExclusionReason>().map_or_else(|_| text("reason"), |r| r.label().to_lowercase());
            (format!("excluded {artifacts} as {reason}"), or(text("comment"), titles(d)))
        }
        "artifact.include" => (format!("included {artifacts} again"), titles(d)),
        "artifact.annotate" => (format!("annotated {artifacts}"), text("text")),
        "operation.done" => {
            let changed = counted(d.get("affected").and_then(Json::as_i64).unwrap_or_default(), "artifact");
            (format!("was done with {changed}"), String::new())
        }
        "operation.undo" => {
            (format!("undid a change of {}", counted(d.get("count").and_then(Json::as_i64).unwrap_or_default(), "item")), String::new())
        }
        "annotation.correct" => ("corrected an annotation".to_owned(), String::new()),
        "annotation.withdraw" => ("withdrew an annotation".to_owned(), text("text")),
        "sighting.start" => {
            let number = |name: &str| d.get(name).and_then(Json::as_i64).unwrap_or_default();
            let patterns = number("patterns");
            let patterns = if patterns > 0 { format!(" and {}", counted(patterns, "pattern")) } else { String::new() };
            let observables = counted(number("observables"), "observable");
            (format!("searched the logs for {observables}{patterns}, {}: {}", text("window"), text("search")), String::new())
        }
        "sighting.watch" => {
            let on = d.get("watching").and_then(Json::as_bool).unwrap_or_default();
            let every = number(d, "every_minutes");
            let sentence = match (on, every.as_str()) {
                (false, _) => "no longer lets new logs be looked through".to_owned(),
                (true, "" | "0") => "lets new logs be looked through for this case".to_owned(),
                (true, every) => {
                    format!("lets new logs be looked through for this case, and outside sources be asked every {every} minutes")
                }
            };
            (sentence, String::new())
        }
        "sighting.watched" => {
            let observables = counted(d.get("observables").and_then(Json::as_i64).unwrap_or_default(), "observable");
            (format!("was told that {observables} were seen in {}: {}", text("source"), text("search")), text("file"))
        }
        "sighting.done" => (
            format!(
                "got the answer of {}: {} seen, {} not seen, {} without coverage",
                text("search"),
                number(d, "seen"),
                number(d, "not_seen"),
                number(d, "no_coverage")
            ),
            String::new(),
        ),
        "sighting.export" => (format!("exported {} as {}", text("search"), text("format").to_uppercase()), String::new()),
        "case.export" => (format!("exported {artifacts} as {}", text("format").to_uppercase()), String::new()),
        "import.apply" => (format!("imported {}", or(text("name"), entry.object.clone())), String::new()),
        "technique.set" => {
            let ids = |name: &str| {
                d.get(name).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect::<Vec<_>>().join(", ")
            };
            let sentence = match (ids("added"), ids("removed")) {
                (added, removed) if removed.is_empty() => format!("associated {added}"),
                (added, removed) if added.is_empty() => format!("took {removed} off"),
                (added, removed) => format!("associated {added}, and took {removed} off"),
            };
            (sentence, String::new())
        }
        "job.cancel" => ("cancelled a job".to_owned(), String::new()),
        "case.break_glass" => ("entered this restricted case by breaking the glass".to_owned(), text("reason")),
        "record.create" => (format!("created {}", or(text("title"), entry.object.clone())), String::new()),
        "record.update" => (format!("changed {}", or(text("title"), entry.object.clone())), String::new()),
        "record.reveal" => ("brought into the open what was known here only; what was written of it stays here".to_owned(), String::new()),
        "record.relate" => {
            let (from, to) = (text("from_title"), text("to_title"));
            (format!("joined {from} and {to} ({}){}", text("type"), on(&text("search"))), String::new())
        }
        // A verb without a sentence is still told by its name: nothing that was done is left out.
        other => (other.replace(['.', '_'], " "), String::new()),
    };
    Line {
        seq: entry.seq,
        at: entry.at,
        actor: entry.actor,
        text: sentence,
        quote,
        changes: changes(d),
        operation: if entry.verb.starts_with("artifact.") { text("operation") } else { String::new() },
    }
}

/// ` on SIGHT0001001`, when a search is what it is about.
fn on(search: &str) -> String {
    if search.is_empty() { String::new() } else { format!(" on {search}") }
}

fn or(first: String, second: String) -> String {
    if first.is_empty() { second } else { first }
}

fn number(details: &Json, name: &str) -> String {
    details.get(name).and_then(Json::as_i64).map(model::list::thousands).unwrap_or_default()
}

fn titles(details: &Json) -> String {
    let Some(titles) = details.get("titles").and_then(Json::as_array) else { return String::new() };
    titles.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(", ")
}

fn updated(details: &Json) -> String {
    let Some(changes) = details.get("changes").and_then(Json::as_object) else { return "changed the case".to_owned() };
    if let Some(to) = changes.get("state").and_then(|pair| pair.get(1)).and_then(Json::as_str) {
        return match to {
            "closed" => "closed the case".to_owned(),
            "cancelled" => "cancelled the case".to_owned(),
            other => format!("moved the case to {other}"),
        };
    }
    let fields: Vec<String> = changes.keys().map(|field| field.replace('_', " ")).collect();
    format!("changed {}", fields.join(", "))
}

/// The fields that changed; of several records, each with the record's title.
fn changes(details: &Json) -> Vec<(String, String, String)> {
    if let Some(records) = details.get("records").and_then(Json::as_array) {
        let of_record = |record: &Json| {
            let title = record.get("title").and_then(Json::as_str).unwrap_or_default().to_owned();
            changes(record).into_iter().map(move |(field, before, after)| (format!("{title}: {field}"), before, after))
        };
        return records.iter().flat_map(of_record).take(CHANGES_SHOWN).collect();
    }
    let Some(changes) = details.get("changes").and_then(Json::as_object) else { return Vec::new() };
    let side = |pair: &Json, n: usize| match pair.get(n) {
        Some(Json::String(text)) => model::text::shorten(text, 300),
        Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(", "),
        Some(Json::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    // What was chosen from a list is a word of ours: `targeted_campaign`.
    let said = |field: &str, text: String| if CHOICES.contains(&field) { text.replace('_', " ") } else { text };
    changes.iter().map(|(field, pair)| (field.replace('_', " "), said(field, side(pair, 0)), said(field, side(pair, 1)))).collect()
}
