//! `vizsla sightings`.

use serde_json::{Value as Json, json};

use crate::config::DataArg;
use crate::door::{Door, encode};
use crate::{open, output};

/// Search the logs for a case's observables.
#[derive(Debug, clap::Args)]
pub(crate) struct Sightings {
    #[command(flatten)]
    data: DataArg,
    /// The case whose included observables are looked for.
    #[arg(long, value_name = "SECC…")]
    case: String,
    /// The length of time until now: 7d, 36h, 90m. Seven days unless told.
    #[arg(long, conflicts_with_all = ["from", "to", "all"])]
    last: Option<String>,
    /// From when on.
    #[arg(long, value_name = "TIME", conflicts_with = "all")]
    from: Option<String>,
    /// Until when.
    #[arg(long, value_name = "TIME", conflicts_with = "all")]
    to: Option<String>,
    /// All data, events without a time among them.
    #[arg(long)]
    all: bool,
    /// Only these sources.
    #[arg(long)]
    source: Vec<String>,
    /// How much of a URL has to stand in an event: whole, path (host and path) or host.
    #[arg(long, value_name = "PART")]
    urls: Option<String>,
    /// Evaluate the STIX patterns of the case's included indicators too.
    #[arg(long)]
    patterns: bool,
    /// Write JSON: the search and all of its results.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub(crate) fn run(command: Sightings) -> Result<(), String> {
    open::runtime()?.block_on(search(&command))
}

async fn search(command: &Sightings) -> Result<(), String> {
    let door = Door::open(&command.data, "vizsla sightings")?;
    let mut body = json!({ "all_data": command.all, "sources": command.source, "patterns": command.patterns });
    for (field, value) in [("last", &command.last), ("from", &command.from), ("to", &command.to), ("urls", &command.urls)] {
        if let Some(value) = value {
            body[field] = value.as_str().into();
        }
    }
    let started = door.post(&format!("/api/v1/cases/{}/sightings", encode(&command.case)), &body).await?;
    let number = output::text(&started, "number");
    door.wait(&job_of(&started), &number).await?;
    let search = door.get(&format!("/api/v1/sightings/{number}")).await?;
    let results = all_results(&door, &number).await?;
    if command.json {
        return output::json(&json!({ "search": search, "results": results }));
    }
    show(&number, &search, &results)
}

fn job_of(started: &Json) -> String {
    match &started["job"] {
        Json::Object(job) => job.get("id").and_then(Json::as_str).unwrap_or_default().to_owned(),
        Json::String(id) => id.clone(),
        _ => String::new(),
    }
}

async fn all_results(door: &Door, number: &str) -> Result<Vec<Json>, String> {
    let mut results = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = door.get(&format!("/api/v1/sightings/{number}/results?limit=100&cursor={cursor}")).await?;
        results.extend(page["items"].as_array().cloned().unwrap_or_default());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return Ok(results),
        }
    }
}

fn show(number: &str, search: &Json, results: &[Json]) -> Result<(), String> {
    let mut rows = vec![["events", "first", "last", "source", "observable", "hosts"].map(str::to_owned).to_vec()];
    for result in results {
        let count = result["count"].as_i64().unwrap_or_default();
        let hosts: Vec<String> = result["hosts"]
            .as_array()
            .map(|hosts| hosts.iter().take(3).map(|host| output::text(host, "name")).collect())
            .unwrap_or_default();
        let seen = if count > 0 { model::list::thousands(count) } else { "not seen".to_owned() };
        rows.push(vec![
            seen,
            output::text(result, "first_seen"),
            output::text(result, "last_seen"),
            output::text(result, "source"),
            output::text(&result["observable"], "display"),
            hosts.join(", "),
        ]);
    }
    output::line(&format!("{number}: {}", search["totals"]))?;
    output::table(&rows)
}
