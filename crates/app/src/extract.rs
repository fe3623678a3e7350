//! Finds observables in text, and says which of them are probably of no interest.

use std::collections::{HashMap, HashSet};

use formats::extract::{Extract, extract as find_all};
use model::Actor;
use model::list::thousands;
use model::observable::{Mark, Observable, ObservableType, defang};
use serde::{Deserialize, Serialize};

use crate::App;
use crate::error::{AppError, Result};
use crate::known_good::Compiled;

/// The longest text, in bytes.
pub(crate) const MAX_TEXT: usize = 10 * 1024 * 1024;

/// Why a find is probably of no interest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MarkView {
    /// The word.
    pub mark: Mark,
    /// What people read.
    pub label: String,
}

/// One place where an observable stands in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FindView {
    /// What it is.
    pub r#type: ObservableType,
    /// Its normal form.
    pub value: String,
    /// The normal form as it may be shown and copied: defanged.
    pub display: String,
    /// Where it starts, in bytes of the text's UTF-8.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
    /// As it is written there.
    pub original: String,
    /// Why it is probably of no interest; empty when nothing speaks against it.
    pub marks: Vec<MarkView>,
    /// Whether a review takes it unless told otherwise.
    pub ticked: bool,
    /// In how many places of the text it stands.
    pub occurrences: usize,
}

/// A text and what was found in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExtractView {
    /// The text.
    pub text: String,
    /// Every place, in the order of the text.
    pub finds: Vec<FindView>,
    /// How many different observables there are.
    pub observables: usize,
    /// How many of them a review takes unless told otherwise.
    pub ticked: usize,
}

/// Finds observables in a text. Nothing is kept.
///
/// # Errors
/// When the text is empty or too large.
pub async fn extract(app: &App, actor: &Actor, text: String) -> Result<ExtractView> {
    check_text(&text)?;
    let known_good = app.known_good(actor).await?;
    on_a_thread(move || view(text, &known_good)).await
}

/// Refuses a text that is empty or too large.
pub(crate) fn check_text(text: &str) -> Result<()> {
    if text.len() > MAX_TEXT {
        return Err(AppError::TooLarge { what: "the text".to_owned(), limit: "10 MB".to_owned() });
    }
    if text.trim().is_empty() {
        return Err(AppError::invalid("/text", "must not be empty"));
    }
    Ok(())
}

/// Runs what takes long without waiting for anything, away from the threads that answer requests.
pub(crate) async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| AppError::Internal(format!("work on a thread ended early: {error}")))
}

/// The view of a text.
pub(crate) fn view(text: String, known_good: &Compiled) -> ExtractView {
    let found = find_all(&text, &Extract::default());
    let mut occurrences: HashMap<&Observable, usize> = HashMap::new();
    for find in &found {
        *occurrences.entry(&find.observable).or_default() += 1;
    }
    let finds: Vec<FindView> = found
        .iter()
        .map(|find| {
            let mut marks: Vec<MarkView> = find.marks.iter().map(|mark| MarkView { mark: *mark, label: mark.label().to_owned() }).collect();
            if let Some(reason) = known_good.reason(&find.observable) {
                let label = format!("{}: {reason}", Mark::KnownGood.label());
                marks.push(MarkView { mark: Mark::KnownGood, label });
            }
            FindView {
                r#type: find.observable.kind,
                value: find.observable.value.clone(),
                display: defang(&find.observable),
                start: find.start,
                end: find.end,
                original: find.original.clone(),
                ticked: marks.is_empty(),
                marks,
                occurrences: occurrences.get(&find.observable).copied().unwrap_or(1),
            }
        })
        .collect();
    let ticked: HashSet<(ObservableType, &str)> =
        finds.iter().filter(|find| find.ticked).map(|find| (find.r#type, find.value.as_str())).collect();
    let (observables, ticked) = (occurrences.len(), ticked.len());
    ExtractView { text, finds, observables, ticked }
}

/// Where an observable was found: `offset 1,042`, and how many places more.
pub(crate) fn place(find: &FindView) -> String {
    let offset = thousands(i64::try_from(find.start).unwrap_or(i64::MAX));
    match find.occurrences {
        0 | 1 => format!("offset {offset}"),
        2 => format!("offset {offset} and 1 place more"),
        more => format!("offset {offset} and {} places more", thousands(i64::try_from(more - 1).unwrap_or(i64::MAX))),
    }
}
