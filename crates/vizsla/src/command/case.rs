//! `vizsla case`.

use serde_json::{Value as Json, json};

use crate::config::DataArg;
use crate::door::{Door, encode};
use crate::{open, output};

/// Work with cases.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Case {
    /// List cases, the last changed first.
    List {
        #[command(flatten)]
        data: DataArg,
        /// Keywords.
        #[arg(long, short, default_value = "")]
        query: String,
        /// `open`, or states separated by commas.
        #[arg(long, default_value = "")]
        state: String,
        /// Write JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show a case.
    Show {
        #[command(flatten)]
        data: DataArg,
        /// `SECC0001001`.
        number: String,
        /// Write JSON.
        #[arg(long)]
        json: bool,
    },
    /// Open a case and write its number.
    New {
        #[command(flatten)]
        data: DataArg,
        /// What it is called.
        name: String,
        /// One line about it.
        #[arg(long, default_value = "")]
        description: String,
        /// `low`, `moderate`, `high` or `critical`.
        #[arg(long)]
        rating: Option<String>,
        /// Write JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs it.
pub(crate) fn run(command: Case) -> Result<(), String> {
    open::runtime()?.block_on(async {
        match command {
            Case::List { data, query, state, json } => list(&Door::open(&data, "vizsla case list")?, &query, &state, json).await,
            Case::Show { data, number, json } => show(&Door::open(&data, "vizsla case show")?, &number, json).await,
            Case::New { data, name, description, rating, json } => {
                let door = Door::open(&data, "vizsla case new")?;
                let mut body = json!({ "name": name, "short_description": description });
                if let Some(rating) = rating {
                    body["rating"] = rating.into();
                }
                let case = door.post("/api/v1/cases", &body).await?;
                if json { output::json(&case) } else { output::line(&output::text(&case, "number")) }
            }
        }
    })
}

async fn list(door: &Door, query: &str, state: &str, json: bool) -> Result<(), String> {
    let page = door.get(&format!("/api/v1/cases?limit=100&q={}&state={}", encode(query), encode(state))).await?;
    if json {
        return output::json(&page);
    }
    let rows = |page: &Json| -> Vec<Vec<String>> {
        let columns = ["number", "rating", "state", "assigned_to", "artifacts", "name"];
        let items = page["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|case| columns.iter().map(|column| output::text(case, column)).collect()).collect()
    };
    output::table(&rows(&page))?;
    if page["next_cursor"].is_string() {
        eprintln!("and more: narrow it with --query or --state");
    }
    Ok(())
}

async fn show(door: &Door, number: &str, json: bool) -> Result<(), String> {
    let case = door.get(&format!("/api/v1/cases/{}", encode(number))).await?;
    if json {
        return output::json(&case);
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    for field in ["number", "name", "case_type", "rating", "state", "assigned_to", "tlp", "verdict", "short_description", "closure_summary"]
    {
        rows.push(vec![field.replace('_', " "), output::text(&case, field)]);
    }
    if let Some(counts) = case["artifact_counts"].as_object() {
        for (kind, count) in counts {
            rows.push(vec![kind.replace('_', " "), format!("{} included, {} excluded", count["included"], count["excluded"])]);
        }
    }
    output::table(&rows)
}
