//! Lists the files of a source.

use model::list::{COUNT_LIMIT, Page};
use model::{Actor, Timestamp};
use store::log_source::{self, LogFile};
use store::{Tx, job};

use super::{LogFileView, LogReport};
use crate::App;
use crate::error::{AppError, Result};
use crate::job::JobView;
use crate::pages::{PageQuery, page, row};

/// One page of a source's files, newest first.
///
/// # Errors
/// When there is no source of that name, or the query is not understood.
pub async fn files(app: &App, actor: &Actor, source: &str, query: PageQuery) -> Result<Page<LogFileView>> {
    let (before, limit) = query.before()?;
    let (source, now) = (source.to_owned(), app.now());
    app.read(actor, move |tx| {
        let source = log_source::find(tx, &source)?.ok_or(AppError::NotFound("log source"))?;
        let files = log_source::files(tx, source.id, before, limit + 1)?;
        let total = log_source::count_files(tx, source.id, COUNT_LIMIT + 1)?;
        let rows: Vec<i64> =
            files.iter().filter(|file| file.state == model::sighting::LogFileState::Indexing).map(|file| file.job).collect();
        let jobs = job::find_by_rows(tx, &rows)?;
        let view = |file: LogFile| {
            let job = jobs.iter().find(|job| job.id == file.job).cloned();
            LogFileView::of(file, job.map(|job| JobView::of(job, now)))
        };
        Ok(page(files, limit, total, |file| row(file.id)).map(view))
    })
    .await
}

/// A file by its id, with the job that reads it.
///
/// # Errors
/// When there is none.
pub async fn file(app: &App, actor: &Actor, id: &str) -> Result<LogFileView> {
    let (id, now) = (id.to_owned(), app.now());
    app.read(actor, move |tx| {
        let file = log_source::find_file(tx, &id)?.ok_or(AppError::NotFound("log file"))?;
        LogFileView::load(tx, file, now)
    })
    .await
}

impl LogFileView {
    /// A file with its job.
    pub(super) fn load(tx: &mut Tx<'_>, file: LogFile, now: Timestamp) -> Result<Self> {
        let job = job::find_by_row(tx, file.job)?.map(|job| JobView::of(job, now));
        Ok(Self::of(file, job))
    }

    fn of(file: LogFile, job: Option<JobView>) -> Self {
        Self {
            id: file.public_id,
            source: file.source_name,
            name: file.name,
            sha256: file.sha256,
            bytes: file.bytes,
            state: file.state,
            events: file.events,
            expired: file.expired,
            expired_at: file.expired_at.set(),
            first: file.first_at.set(),
            last: file.last_at.set(),
            report: serde_json::from_str::<LogReport>(&file.report).ok(),
            error: file.error,
            job,
            created_by: file.created_by,
            created_at: file.created_at,
        }
    }
}
