//! Takes a log file in: its bytes are kept, its events are read by a job.

use std::io::Read;

use formats::log_events::Format;
use model::{Actor, Fields, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::log_source::NewLogFile;
use store::{StoreError, blob, change, job, journal, log_source};

use super::LogFileView;
use super::read::{IMPORT_JOB, Payload};
use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};
use crate::extract::on_a_thread;

/// The largest file that is taken, in bytes as it is given (compressed or not).
pub const MAX_BYTES: u64 = 16 << 30;
/// The longest name of a source, in characters.
const MAX_SOURCE: usize = 100;
/// The longest name of a file, in characters.
const MAX_FILE_NAME: usize = 400;
/// The largest offset of a clock, in seconds: ten years, as of a machine whose battery is empty.
const MAX_OFFSET: i64 = 10 * 366 * 86_400;

/// Where a log file comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct LogImport {
    /// The source's name; made if it is not there.
    pub source: String,
    /// How the file is read: `auto` (its content tells), `json-lines`, `json`, `csv`, `zeek`, `evtx`, `syslog`, `w3c`,
    /// `access-log`, `key-value`, `cef`, `elastic-bulk` or `text`. When not given, as it was last chosen for the source.
    pub format: String,
    /// Seconds to add to every time: for a clock that was wrong, or local times that name no zone. When not given, as it
    /// was last given for the source.
    pub clock_offset: Option<i64>,
    /// The file's name, for people.
    pub file_name: String,
}

/// Takes a log file in, plain, compressed or an archive of such files. Its events can be searched once the job that
/// reads it is done; until then nothing of it can, and if it fails, nothing ever can.
///
/// `content` is read to its end on a thread of its own.
///
/// # Errors
/// When it is too large, is in the source already, or the actor is a reader.
pub async fn import(app: &App, actor: &Actor, input: LogImport, content: impl Read + Send + 'static) -> Result<LogFileView> {
    require(actor, Role::Analyst)?;
    let input = validate(&input)?;
    let blobs = app.store.blobs().clone();
    let into = blobs.clone();
    let taken = tokio::task::spawn_blocking(move || into.put(content, MAX_BYTES)).await;
    let kept = match taken.map_err(|error| AppError::Internal(format!("the file could not be taken in: {error}")))? {
        Err(StoreError::TooLarge { .. }) => {
            return Err(AppError::TooLarge { what: "the file".to_owned(), limit: format!("{} GiB", MAX_BYTES >> 30) });
        }
        other => other?,
    };
    let refused = kept.sha256.clone();
    let noted = app.change(actor, move |tx, stamp| {
        if store::source::find(tx, &input.source)?.is_some() {
            return Err(AppError::invalid("/source", "is the name of an outside source: give the logs another"));
        }
        let source = log_source::ensure(tx, &input.source, stamp)?;
        let known = log_source::find(tx, &input.source)?.ok_or(AppError::NotFound("log source"))?;
        let format = match input.format.as_str() {
            "" => known.format.clone(),
            "auto" => String::new(),
            chosen => chosen.to_owned(),
        };
        let clock_offset = input.clock_offset.unwrap_or(known.clock_offset);
        if (format.as_str(), clock_offset) != (known.format.as_str(), known.clock_offset) {
            log_source::remember(tx, source, &format, clock_offset)?;
        }
        if let Some(earlier) = log_source::same_bytes(tx, &kept.sha256, source)? {
            return Err(AppError::State(format!(
                "{} is in {} already: {} brought the same bytes on {} as {}. Nothing was imported; delete that file first to read it again",
                input.file_name,
                input.source,
                earlier.created_by,
                earlier.created_at.date(),
                earlier.name,
            )));
        }
        blob::keep(tx, &blobs, &kept, stamp.at)?;
        let bytes = i64::try_from(kept.bytes).unwrap_or(i64::MAX);
        let file = NewLogFile { source, name: &input.file_name, sha256: &kept.sha256, bytes };
        let (file, public_id) = log_source::insert_file(tx, &file, stamp)?;
        let payload = Payload { subject: input.file_name.clone(), file, format: format.clone(), clock_offset };
        let (job, _) = job::queue(tx, IMPORT_JOB.name, &payload, 0, bytes, stamp)?;
        log_source::set_job(tx, file, job)?;
        let details = json!({
            "source": input.source,
            "name": input.file_name,
            "sha256": kept.sha256,
            "bytes": bytes,
            "format": if format.is_empty() { "auto" } else { &format },
            "clock_offset": clock_offset,
        });
        journal::append(tx, stamp, &Deed { verb: "logs.import", object: &public_id, details }, ShownIn::Journal)?;
        change::announce(tx, stamp, Topic::Logs, 0)?;
        let file = log_source::file_by_row(tx, file)?.ok_or(AppError::NotFound("log file"))?;
        LogFileView::load(tx, file, stamp.at)
    });
    let noted = noted.await;
    if noted.is_err() {
        // What was refused is not kept; other files that have these bytes keep them.
        let store = app.store.clone();
        on_a_thread(move || blob::remove_forgotten(&store, &[refused])).await??;
    }
    noted
}

fn validate(input: &LogImport) -> Result<LogImport> {
    let mut fields = Fields::new();
    let source = fields.line("/source", &input.source, MAX_SOURCE);
    let name = if input.file_name.trim().is_empty() { "logs" } else { input.file_name.as_str() };
    let file_name = fields.line("/file_name", name, MAX_FILE_NAME);
    // With underscores as well, as other names of the API are written.
    let format = input.format.trim().replace('_', "-");
    if !format.is_empty()
        && format != "auto"
        && let Err(error) = format.parse::<Format>()
    {
        fields.refuse("/format", format!("{error}, or auto: the content tells"));
    }
    if input.clock_offset.is_some_and(|offset| offset.abs() > MAX_OFFSET) {
        fields.refuse("/clock_offset", "must be seconds, at most ten years of them");
    }
    fields.finish()?;
    Ok(LogImport { source, format, clock_offset: input.clock_offset, file_name })
}
