//! `vizsla extract`.

use std::io::Read;

use serde_json::json;

use crate::config::DataArg;
use crate::door::Door;
use crate::{open, output};

/// Find the observables in a text.
#[derive(Debug, clap::Args)]
pub(crate) struct Extract {
    #[command(flatten)]
    data: DataArg,
    /// The text file, or `-` for standard input.
    file: String,
    /// Write JSON.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub(crate) fn run(command: Extract) -> Result<(), String> {
    let mut text = String::new();
    if command.file == "-" {
        std::io::stdin().read_to_string(&mut text).map_err(|error| format!("standard input: {error}"))?;
    } else {
        text = std::fs::read_to_string(&command.file).map_err(|error| format!("{}: {error}", command.file))?;
    }
    open::runtime()?.block_on(async {
        let door = Door::open(&command.data, "vizsla extract")?;
        let found = door.post("/api/v1/extract", &json!({ "text": text })).await?;
        if command.json {
            return output::json(&found);
        }
        let finds = found.as_array().cloned().unwrap_or_default();
        let rows: Vec<Vec<String>> = finds
            .iter()
            .map(|find| {
                let marks: Vec<String> = find["marks"].as_array().map(|marks| marks.iter().map(mark).collect()).unwrap_or_default();
                vec![output::text(find, "type"), output::text(find, "value"), marks.join(", ")]
            })
            .collect();
        output::table(&rows)
    })
}

fn mark(mark: &serde_json::Value) -> String {
    mark.as_str().map_or_else(|| output::text(mark, "mark"), str::to_owned)
}
