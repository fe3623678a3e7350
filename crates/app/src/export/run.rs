//! Carries an export out, on a thread of its own: each chunk is read in a transaction of its own, then written, then sent.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use formats::export::{self, Head, Options, Sink};
use model::Actor;
use store::{Tx, case};
use tokio::sync::mpsc;

use super::plan::{Plan, Planner};
use super::{Export, gather};
use crate::App;
use crate::error::{AppError, Result};
use crate::sighting;

/// Records of one transaction: reading them takes about 20 ms in a development build.
pub(super) const CHUNK: usize = 1_000;
/// Records of a chunk that is written with all that hangs on them: originals may be large.
const WRITTEN: usize = 250;
/// Bytes of one chunk that is sent.
const SENT: usize = 64 * 1024;
/// Chunks that wait to be sent.
const WAITING: usize = 4;
/// How often a full queue is tried again, and how long it is waited between.
const TRIES: usize = 250;
const PAUSE: Duration = Duration::from_millis(20);

/// What is exported, for whom.
pub(super) struct Scene {
    pub(super) actor: Actor,
    /// The case's row, or 0.
    pub(super) case: i64,
    /// Whether the case's notes and searches go out too.
    pub(super) notes: bool,
    pub(super) options: Options,
    pub(super) head: Head,
    /// The records' rows, sorted.
    pub(super) rows: Vec<i64>,
}

impl Scene {
    /// Whether a record is exported.
    pub(super) fn holds(&self, row: i64) -> bool {
        self.rows.binary_search(&row).is_ok()
    }
}

/// Why an export came to no end.
pub(crate) enum Halt {
    /// Nobody reads it any more.
    Gone,
    Failed(AppError),
}

impl From<io::Error> for Halt {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

impl From<AppError> for Halt {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

/// Begins to write an export.
pub(super) fn start(app: &App, mut scene: Scene, file_name: String) -> Export {
    scene.rows.sort_unstable();
    let (media_type, count) = (scene.options.format.media_type(), scene.rows.len());
    let writer = Writer { app: app.clone(), scene: Arc::new(scene) };
    spawn(file_name, media_type, count, move |out| writer.write(out))
}

/// Begins to write a file on a thread of its own.
pub(crate) fn spawn(
    file_name: String,
    media_type: &'static str,
    count: usize,
    write: impl FnOnce(Chunks) -> std::result::Result<(), Halt> + Send + 'static,
) -> Export {
    let (out, chunks) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let failed = out.clone();
        if let Err(Halt::Failed(error)) = write(Chunks { out, chunk: Vec::with_capacity(SENT) }) {
            tracing::warn!(%error, "an export broke off");
            // Whoever reads must not take what was sent for the whole.
            let _ = failed.blocking_send(Err(error));
        }
    });
    Export { file_name, media_type, count, chunks }
}

/// Reads as an actor, on the thread that writes a file. A queue that is full is waited for: what was sent can't be taken back.
pub(crate) fn read_patiently<T, F>(app: &App, actor: &Actor, work: F) -> Result<T>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    let work = Arc::new(std::sync::Mutex::new(Some(work)));
    let mut tries = 0;
    loop {
        let work = Arc::clone(&work);
        let outcome = app.store.read_blocking(actor.scope(), move |tx| {
            let work = work.lock().ok().and_then(|mut work| work.take());
            let work = work.ok_or_else(|| AppError::Internal("an export's chunk was read twice".to_owned()))?;
            work(tx)
        });
        match outcome {
            Err(error) if error.is_busy() && tries < TRIES => {
                tries += 1;
                std::thread::sleep(PAUSE);
            }
            other => return other,
        }
    }
}

struct Writer {
    app: App,
    scene: Arc<Scene>,
}

impl Writer {
    fn write(&self, out: Chunks) -> std::result::Result<(), Halt> {
        let mut sink = export::begin(self.scene.options, self.scene.head.clone(), out)?;
        if self.scene.notes {
            self.notes(sink.as_mut())?;
            self.searches(sink.as_mut())?;
        }
        let plan = Arc::new(self.plan(sink.as_mut())?);
        for rows in plan.alone.chunks(WRITTEN) {
            for item in self.items(&plan, rows.to_vec())? {
                sink.item(&item)?;
            }
        }
        for files in plan.files.chunks(WRITTEN / 2) {
            let rows: Vec<i64> = files.iter().flatten().copied().collect();
            let mut items = self.items(&plan, rows)?.into_iter().peekable();
            for _ in files {
                let mut parts: Vec<export::Item> = items.next().into_iter().collect();
                let of = parts.first().and_then(|part| part.end.within.clone());
                while let Some(part) = items.next_if(|part| part.end.within == of) {
                    parts.push(part);
                }
                if !parts.is_empty() {
                    sink.file(&parts)?;
                }
            }
        }
        for rows in self.scene.rows.chunks(CHUNK) {
            self.links(&plan, rows, sink.as_mut())?;
        }
        sink.end()?;
        Ok(())
    }

    fn notes(&self, sink: &mut dyn Sink) -> std::result::Result<(), Halt> {
        let mut before = i64::MAX;
        loop {
            let (notes, next) = self.read(move |tx, scene| gather::notes(tx, scene, before))?;
            notes.iter().try_for_each(|note| sink.note(note))?;
            let Some(next) = next else { return Ok(()) };
            before = next;
        }
    }

    fn searches(&self, sink: &mut dyn Sink) -> std::result::Result<(), Halt> {
        let searches = self.read(|tx, scene| sighting::told(tx, scene.case, (scene.head.at, &scene.actor.name)))?;
        searches.iter().try_for_each(|search| sink.search(search))?;
        Ok(())
    }

    /// Finds out what is to be known before the first record is written.
    fn plan(&self, sink: &mut dyn Sink) -> std::result::Result<Plan, Halt> {
        if !self.scene.options.format.joins_files() {
            return Ok(Plan { alone: self.scene.rows.clone(), ..Plan::default() });
        }
        let mut planner = Planner::default();
        for rows in self.scene.rows.chunks(CHUNK) {
            let rows = rows.to_vec();
            planner = self.read(move |tx, scene| {
                planner.look(tx, scene.case, &rows)?;
                Ok(planner)
            })?;
            for (end, other) in planner.told() {
                sink.other_id(other, &end);
            }
        }
        let plan = planner.plan(&self.scene.rows);
        for (end, other) in planner.others(&plan) {
            sink.other_id(other, &end);
        }
        Ok(plan)
    }

    fn items(&self, plan: &Arc<Plan>, rows: Vec<i64>) -> Result<Vec<export::Item>> {
        let plan = Arc::clone(plan);
        self.read(move |tx, scene| gather::items(tx, scene, &plan, &rows))
    }

    fn links(&self, plan: &Arc<Plan>, rows: &[i64], sink: &mut dyn Sink) -> std::result::Result<(), Halt> {
        let mut after = 0;
        loop {
            let (plan, rows) = (Arc::clone(plan), rows.to_vec());
            let (links, next) = self.read(move |tx, scene| gather::links(tx, scene, &plan, &rows, after))?;
            links.iter().try_for_each(|link| sink.link(link))?;
            let Some(next) = next else { return Ok(()) };
            after = next;
        }
    }

    /// Reads as the actor, patiently. Whoever is shut out of the case meanwhile gets no more.
    fn read<T, F>(&self, work: F) -> Result<T>
    where
        F: FnOnce(&mut Tx<'_>, &Scene) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let scene = Arc::clone(&self.scene);
        read_patiently(&self.app, &self.scene.actor, move |tx| {
            if scene.case != 0 {
                case::find_by_id(tx, scene.case)?.ok_or(AppError::NotFound("case"))?;
            }
            work(tx, &scene)
        })
    }
}

/// Gathers what is written, and sends it in chunks.
pub(crate) struct Chunks {
    out: mpsc::Sender<std::result::Result<Vec<u8>, AppError>>,
    chunk: Vec<u8>,
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.chunk.extend_from_slice(bytes);
        if self.chunk.len() >= SENT {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(SENT));
        self.out.blocking_send(Ok(chunk)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
