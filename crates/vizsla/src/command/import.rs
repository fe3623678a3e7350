//! `vizsla import`.

use std::path::{Path, PathBuf};

use connect::Content;
use serde_json::Value as Json;

use crate::config::DataArg;
use crate::door::{Door, encode};
use crate::{open, output};

/// The formats of logs that can be asked for; a server of another version says itself what it takes.
const FORMATS: [&str; 13] =
    ["auto", "json-lines", "json", "csv", "zeek", "evtx", "syslog", "w3c", "access-log", "key-value", "cef", "elastic-bulk", "text"];

/// What all imports take.
#[derive(Debug, clap::Args)]
pub(crate) struct Files {
    #[command(flatten)]
    data: DataArg,
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Write JSON, a line a file.
    #[arg(long)]
    json: bool,
}

/// Bring in reports, records, logs and known-good lists.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Import {
    /// STIX and MISP documents, and threat reports as text: of a report, the observables go into the case; what is marked
    /// (private, known good, …) stays out.
    Intel {
        #[command(flatten)]
        files: Files,
        /// The case that they are for; the library alone when not given.
        #[arg(long, value_name = "SECC…")]
        case: Option<String>,
        /// `auto`, `stix`, `misp` or `text`.
        #[arg(long, default_value = "auto")]
        format: String,
        /// What their source is called; the document's title when not given.
        #[arg(long, default_value = "")]
        source: String,
    },
    /// Configuration items, users, incidents from CSV, JSON or JSON lines.
    Records {
        #[command(flatten)]
        files: Files,
        /// `configuration_item`, `user`, `incident` or `observable`.
        #[arg(long)]
        kind: String,
        /// The case that they go into; the library alone when not given.
        #[arg(long, value_name = "SECC…")]
        case: Option<String>,
        /// What their source is called; told from the file's name when not given.
        #[arg(long, default_value = "")]
        source: String,
    },
    /// Logs into the log index: JSON, CSV, EVTX, Zeek, syslog and more; plain, compressed or in archives.
    Logs {
        #[command(flatten)]
        files: Files,
        /// What their source is called.
        #[arg(long)]
        source: String,
        /// How they are read; as last chosen for the source when not given, else their content tells.
        #[arg(long, value_parser = FORMATS)]
        format: Option<String>,
        /// Seconds to add to every time: for a clock that was wrong, or local times that name no zone.
        #[arg(long, allow_negative_numbers = true)]
        clock_offset: Option<i64>,
    },
    /// Lists of what is known to be good: MISP warninglists, alone, gzip, or a zip of many. Needs the role lead.
    KnownGood {
        #[command(flatten)]
        files: Files,
    },
}

/// Runs it.
pub(crate) fn run(command: Import) -> Result<(), String> {
    open::runtime()?.block_on(async {
        match command {
            Import::Intel { files, case, format, source } => {
                let door = Door::open(&files.data, "vizsla import")?;
                each(&files, async |path, name| {
                    let mut url = format!(
                        "/api/v1/imports/intel?apply=true&format={}&name={}&source={}",
                        encode(&format),
                        encode(name),
                        encode(&source)
                    );
                    if let Some(case) = &case {
                        url.push_str(&format!("&case={}", encode(case)));
                    }
                    let view = applied(&door, door.call("POST", &url, bytes(path)?).await?, name).await?;
                    Ok((summary(&view), view))
                })
                .await
            }
            Import::Records { files, kind, case, source } => {
                let door = Door::open(&files.data, "vizsla import")?;
                each(&files, async |path, name| {
                    let mut url = format!(
                        "/api/v1/imports/records?apply=true&kind={}&name={}&source={}",
                        encode(&kind),
                        encode(name),
                        encode(&source)
                    );
                    if let Some(case) = &case {
                        url.push_str(&format!("&case={}", encode(case)));
                    }
                    let view = applied(&door, door.call("POST", &url, bytes(path)?).await?, name).await?;
                    Ok((summary(&view), view))
                })
                .await
            }
            Import::Logs { files, source, format, clock_offset } => {
                let door = Door::open(&files.data, "vizsla import")?;
                each(&files, async |path, name| {
                    let mut url = format!("/api/v1/imports/logs?source={}&file_name={}", encode(&source), encode(name));
                    if let Some(format) = &format {
                        url.push_str(&format!("&format={}", encode(format)));
                    }
                    if let Some(seconds) = clock_offset {
                        url.push_str(&format!("&clock_offset={seconds}"));
                    }
                    let started = door.call("POST", &url, Content::File(path.to_owned())).await?;
                    let job = door.wait(&output::text(&started, "job"), name).await?;
                    let events = job["result"]["report"]["events"].as_i64().unwrap_or_default();
                    let said = format!("{} events{}", model::list::thousands(events), read_as(&job["result"]["report"]["files"]));
                    Ok((said, job))
                })
                .await
            }
            Import::KnownGood { files } => {
                let door = Door::open(&files.data, "vizsla import")?;
                let mut marking = String::new();
                let taken = each(&files, async |path, name| {
                    let view = door.call("POST", &format!("/api/v1/known-good/lists?name={}", encode(name)), bytes(path)?).await?;
                    marking = output::text(&view, "job");
                    Ok((lists(&view), view))
                })
                .await;
                // Once for all lists: every observable is held against them.
                if !marking.is_empty() {
                    door.wait(&marking, "marking what is known good").await?;
                }
                taken
            }
        }
    })
}

/// ` (csv, evtx)`: the formats that files were read as, each once.
fn read_as(files: &Json) -> String {
    let mut formats: Vec<&str> = files.as_array().into_iter().flatten().filter_map(|file| file["format"].as_str()).collect();
    formats.retain(|format| !format.is_empty());
    formats.sort_unstable();
    formats.dedup();
    if formats.is_empty() { String::new() } else { format!(" ({})", formats.join(", ")) }
}

/// Takes the files one after the other; one that is refused does not keep the others out.
async fn each(files: &Files, mut take: impl AsyncFnMut(&Path, &str) -> Result<(String, Json), String>) -> Result<(), String> {
    let mut refused = 0;
    for path in &files.files {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        match take(path, &name).await {
            Ok((_, view)) if files.json => output::line(&view.to_string())?,
            Ok((summary, _)) => output::line(&format!("{}: {summary}", output::plain(&path.display().to_string())))?,
            Err(error) => {
                refused += 1;
                eprintln!("vizsla: {}: {error}", path.display());
            }
        }
    }
    if refused == 0 { Ok(()) } else { Err(format!("{refused} of {} files were refused", files.files.len())) }
}

/// An import as it is when its job, if it has one, is at its end.
async fn applied(door: &Door, view: Json, name: &str) -> Result<Json, String> {
    if view["state"] != "applying" {
        return Ok(view);
    }
    door.wait(&output::text(&view, "job"), name).await?;
    door.call("GET", &format!("/api/v1/imports/{}", output::text(&view, "import_id")), Content::Empty).await
}

fn bytes(path: &Path) -> Result<Content, String> {
    std::fs::read(path).map(Content::Bytes).map_err(|error| error.to_string())
}

fn lists(view: &Json) -> String {
    let counted = |count: i64, noun: &str| app::text::counted(count, noun);
    let refused = view["refused"].as_array().map_or(0, Vec::len);
    let (created, updated) = (view["created"].as_i64().unwrap_or_default(), view["updated"].as_i64().unwrap_or_default());
    format!("{} new, {} replaced, {} refused", counted(created, "list"), model::list::thousands(updated), counted(refused as i64, "file"))
}

fn summary(view: &Json) -> String {
    let count = |field: &str| model::list::thousands(view[field].as_i64().unwrap_or_default());
    let refused = view["refused_count"].as_i64().or_else(|| view["refused"].as_array().map(|list| list.len() as i64)).unwrap_or_default();
    let updated = if view["updated"].as_i64().unwrap_or_default() > 0 { format!(", {} updated", count("updated")) } else { String::new() };
    format!("{} new{updated}, {} known, {refused} refused", count("created"), count("known"))
}
