//! The job that reads a log file into the log index: all of it or nothing.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use formats::log_events::{self, Event, Options, Problem, ReadReport};
use logs::{BatchSummary, BatchWriter, LogError, NewEvent};
use model::job::JobState;
use model::sighting::LogFileState;
use model::{Scope, Stamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::Topic;
use store::job::Job;
use store::journal::{Deed, ShownIn};
use store::log_source::{self, LogFile};
use store::{StoreError, Tx, change, journal};

use super::{BadLine, BrokenMember, DayCount, LogReport, NameCount, ReadFile};
use crate::App;
use crate::error::{AppError, Result};
use crate::job::{Kind, Lane, Stop, Work, done};

pub(crate) const IMPORT_JOB: Kind = Kind { name: "logs", unit: "bytes", lane: Lane::Logs, run, give_up };

/// The job's payload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Payload {
    /// The file's name.
    pub(super) subject: String,
    /// Its row, which is its batch.
    pub(super) file: i64,
    /// The format that was chosen; empty when the content tells.
    #[serde(default)]
    pub(super) format: String,
    /// Seconds to add to its times.
    #[serde(default)]
    pub(super) clock_offset: i64,
}

/// Between two looks at whether to stop.
const CHECK_EVERY: u64 = 256;
/// Different machines and accounts that are counted.
const MOST_NAMES: usize = 100_000;
/// Files of an archive that a report names.
const FILES_SHOWN: usize = 200;
/// Machines that a report names.
const HOSTS_SHOWN: usize = 50;

fn run(app: &App, work: &Work) -> Result<(), Stop> {
    let Payload { file, format, clock_offset, .. } = work.payload()?;
    let options = Options { format: format.parse().ok(), offset_seconds: clock_offset, now: Some(app.now()), ..Options::default() };
    let found = app.store.read_blocking(Scope::System, move |tx| log_source::file_by_row(tx, file))?;
    let file = found.filter(|file| file.state == LogFileState::Indexing).ok_or(Stop::Cancelled)?;
    // A batch that an interrupted attempt had finished is read again: its report went with that attempt.
    app.logs.delete_batch(file.id)?;
    let (report, summary) = read(app, work, &file, &options)?;
    let (job, stamp) = (work.job.clone(), app.stamp(&work.job.created_by));
    let kept = app.store.write_blocking(Scope::System, move |tx| {
        let text = serde_json::to_string(&report).map_err(|error| AppError::Internal(error.to_string()))?;
        let (first, last) = (summary.first.unwrap_or_default(), summary.last.unwrap_or_default());
        let kept = log_source::indexed(tx, file.id, report.events, first, last, &text)?;
        let details = json!({ "events": report.events, "bad_lines": report.bad(), "sha256": file.sha256, "source": file.source_name });
        let deed = Deed { verb: "logs.indexed", object: &file.public_id, details };
        journal::append(tx, &stamp, &deed, ShownIn::Journal)?;
        let result = json!({ "file": file.public_id, "source": file.source_name, "report": report });
        done(tx, &stamp, &job, &result)?;
        if kept {
            let indexed = LogFile { first_at: first, last_at: last, ..file.clone() };
            crate::watch::queue(tx, &stamp, &indexed)?;
        }
        change::announce(tx, &stamp, Topic::Logs, 0)?;
        Ok::<_, AppError>(kept.then_some(()).ok_or(file.id))
    })?;
    if let Err(deleted_meanwhile) = kept {
        app.logs.delete_batch(deleted_meanwhile)?;
    }
    Ok(())
}

fn give_up(tx: &mut Tx<'_>, stamp: &Stamp, job: &Job, state: JobState, why: &str) -> Result<()> {
    let Ok(payload) = serde_json::from_str::<Payload>(&job.payload) else { return Ok(()) };
    let why = if state == JobState::Cancelled { "it was cancelled; nothing of it is searchable" } else { why };
    log_source::failed(tx, payload.file, why)?;
    change::announce(tx, stamp, Topic::Logs, 0)?;
    Ok(())
}

/// Names and in how many events they stand.
#[derive(Default)]
struct Names(HashMap<String, i64>);

impl Names {
    fn count(&mut self, name: &str) {
        if let Some(count) = self.0.get_mut(name) {
            *count += 1;
        } else if self.0.len() < MOST_NAMES {
            self.0.insert(name.to_owned(), 1);
        }
    }

    fn most(self, most: usize) -> Vec<NameCount> {
        let mut names: Vec<NameCount> = self.0.into_iter().map(|(name, count)| NameCount { name, count }).collect();
        names.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        names.truncate(most);
        names
    }
}

fn read(app: &App, work: &Work, file: &LogFile, options: &Options) -> Result<(LogReport, BatchSummary), Stop> {
    let content = app.store.blobs().get(&file.sha256).map_err(|error| match error {
        StoreError::Missing => Stop::Final("its bytes are no longer in the data directory; give the file again".to_owned()),
        other => other.into(),
    })?;
    let total = u64::try_from(file.bytes).unwrap_or_default();
    work.progress(0, total);
    let mut batch = app.logs.begin_batch(file.source, file.id)?;
    let (mut hosts, mut accounts) = (Names::default(), Names::default());
    let mut failed: Option<Stop> = None;
    let mut events = 0_u64;
    let outcome = {
        let counted = Counted { inner: content, work, read: 0, total };
        log_events::read_events(counted, &file.name, options, &mut |event| {
            events += 1;
            let alive = if events.is_multiple_of(CHECK_EVERY) { work.check() } else { Ok(()) };
            if let Err(why) = alive.and_then(|()| add(&mut batch, event).map_err(Stop::from)) {
                failed = Some(why);
                return ControlFlow::Break(());
            }
            event.host.into_iter().for_each(|host| hosts.count(host));
            event.accounts.iter().for_each(|account| accounts.count(account));
            ControlFlow::Continue(())
        })
    };
    if let Some(why) = failed {
        return Err(why);
    }
    work.check()?;
    let read = outcome.map_err(|error| match error {
        log_events::ReadError::Io { .. } => Stop::Again(error.to_string()),
        other => Stop::Final(other.to_string()),
    })?;
    let summary = batch.finish()?;
    let (host_count, account_count) = (hosts.0.len(), accounts.0.len());
    let mut report = told(&read, &summary);
    report.hosts = hosts.most(HOSTS_SHOWN);
    (report.host_count, report.account_count) = (host_count as i64, account_count as i64);
    Ok((report, summary))
}

fn add(batch: &mut BatchWriter<'_>, event: &Event<'_>) -> Result<(), LogError> {
    batch.add(&NewEvent {
        time: event.time,
        host: event.host,
        accounts: event.accounts,
        raw: event.raw,
        text: event.text,
        shape: event.shape as u8,
        member: event.member,
        line: event.line,
    })
}

fn told(read: &ReadReport, summary: &BatchSummary) -> LogReport {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    LogReport {
        events: number(read.events),
        without_time: number(read.without_time),
        without_zone: number(read.without_zone),
        first: summary.first,
        last: summary.last,
        not_json: number(read.not_json),
        too_deep: number(read.too_deep),
        not_utf8: number(read.not_utf8),
        too_long: number(read.too_long),
        damaged: number(read.damaged),
        bad_lines: read
            .notes
            .iter()
            .map(|note| BadLine { member: note.member.clone(), line: number(note.line), problem: words(note.problem).to_owned() })
            .collect(),
        broken_members: read
            .members
            .iter()
            .filter_map(|member| {
                member.broken.as_ref().map(|why| BrokenMember {
                    name: member.name.clone(),
                    events: number(member.events),
                    why: why.clone(),
                })
            })
            .collect(),
        members: read.members.len() as i64,
        files: read.members.iter().take(FILES_SHOWN).map(ReadFile::of).collect(),
        days: summary.per_day.iter().map(|(day, count)| DayCount::of(*day, *count)).collect(),
        ..LogReport::default()
    }
}

fn words(problem: Problem) -> &'static str {
    match problem {
        Problem::NotJson => "is not JSON; kept as plain text",
        Problem::TooDeep => "is nested too deep; kept as plain text",
        Problem::NotUtf8 => "is not UTF-8; kept, with U+FFFD for what is not",
        Problem::TooLong => "is longer than 1 MiB; not kept",
        Problem::Damaged => "is damaged; not kept",
        Problem::OpenQuote => "has a quote that nothing closes; the line is kept as a row of its own",
    }
}

/// Tells the job how many bytes went through.
struct Counted<'w, R> {
    inner: R,
    work: &'w Work,
    read: u64,
    total: u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.read += read as u64;
        // An archive's directory is read besides its files.
        self.work.progress(self.read.min(self.total), self.total);
        Ok(read)
    }
}

impl<R: Seek> Seek for Counted<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
