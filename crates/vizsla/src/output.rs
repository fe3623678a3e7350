//! What commands write: tables for people, JSON for programs, refusals in the API's own words.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value as Json;

/// Writes JSON on standard output.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn json(value: &Json) -> Result<(), String> {
    let text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
    line(&text)
}

/// Writes a line on standard output.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn line(text: &str) -> Result<(), String> {
    writeln!(std::io::stdout(), "{text}").map_err(|error| format!("writing: {error}"))
}

/// Writes columns, each as wide as its widest value. Control characters of what attackers wrote are shown as `·`.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn table(rows: &[Vec<String>]) -> Result<(), String> {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> =
        (0..columns).map(|n| rows.iter().filter_map(|row| row.get(n)).map(|cell| cell.chars().count()).max().unwrap_or_default()).collect();
    for row in &rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.chars().count().min(*width))))
            .collect();
        line(cells.join("  ").trim_end())?;
    }
    Ok(())
}

/// Text without what a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) { '·' } else { c }).collect()
}

/// A field as text.
pub(crate) fn text(value: &Json, field: &str) -> String {
    match &value[field] {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

/// A refusal of the API in one sentence, with its places.
pub(crate) fn refusal(status: u16, problem: &Json) -> String {
    let detail = problem["detail"].as_str().unwrap_or("the server refused without saying why");
    let places: Vec<String> = problem["errors"]
        .as_array()
        .map(|errors| errors.iter().map(|e| format!("{}: {}", text(e, "pointer"), text(e, "detail"))).collect())
        .unwrap_or_default();
    if places.is_empty() { format!("{} ({status})", plain(detail)) } else { places.iter().map(|p| plain(p)).collect::<Vec<_>>().join("; ") }
}

/// A bar on a terminal, nothing elsewhere.
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    pub(crate) fn new(what: &str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {percent:>3} %  {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(Some(bar))
    }

    pub(crate) fn show(&mut self, job: &Json) {
        if let Some(bar) = &self.0 {
            bar.set_length(job["total"].as_u64().unwrap_or_default());
            bar.set_position(job["done"].as_u64().unwrap_or_default());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
