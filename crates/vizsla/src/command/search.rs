//! `vizsla search`.

use serde_json::Value as Json;

use crate::config::DataArg;
use crate::door::{Door, encode};
use crate::{open, output};

/// Search cases, records, notes and annotations.
#[derive(Debug, clap::Args)]
pub(crate) struct Search {
    #[command(flatten)]
    data: DataArg,
    /// Keywords; each must occur. Defanged values are understood.
    #[arg(required = true)]
    words: Vec<String>,
    /// One sort of thing: `cases`, `records`, `notes` or `annotations`.
    #[arg(long = "in", default_value = "")]
    sort: String,
    /// One kind of record or note.
    #[arg(long, default_value = "")]
    kind: String,
    /// At most so many of each kind, up to 100.
    #[arg(long)]
    limit: Option<u32>,
    /// Write JSON.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub(crate) fn run(command: Search) -> Result<(), String> {
    open::runtime()?.block_on(async {
        let door = Door::open(&command.data, "vizsla search")?;
        let limit = command.limit.map(|limit| format!("&limit={limit}")).unwrap_or_default();
        let q = encode(&command.words.join(" "));
        let path = format!("/api/v1/search?q={q}&in={}&kind={}{limit}", encode(&command.sort), encode(&command.kind));
        let found = door.get(&path).await?;
        if command.json { output::json(&found) } else { show(&found) }
    })
}

fn show(found: &Json) -> Result<(), String> {
    let groups = found["groups"].as_array().map(Vec::as_slice).unwrap_or_default();
    if groups.is_empty() {
        eprintln!("nothing holds all of these words");
    }
    for group in groups {
        let more = if group["total_is_exact"] == false { "+" } else { "" };
        output::line(&format!("{} ({}{more})", output::text(group, "label"), output::text(group, "total")))?;
        let items = group["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let row = |hit: &Json| {
            let said = ["field", "context"].map(|name| output::text(hit, name)).into_iter().filter(|text| !text.is_empty());
            let place = if hit["case"] == "" { output::text(hit, "record_id") } else { output::text(hit, "case") };
            vec![String::new(), place, output::text(hit, "title"), said.collect::<Vec<_>>().join(": ")]
        };
        output::table(&items.iter().map(row).collect::<Vec<_>>())?;
    }
    Ok(())
}
