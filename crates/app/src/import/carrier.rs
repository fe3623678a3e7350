//! Carries an import out: small ones on a thread of the request, large ones as a job that is resumed after a crash.

use std::sync::Arc;

use model::{Actor, Scope, Stamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::{self, Topic};
use store::import::Import;
use store::job::Job;
use store::{Tx, import, job};

use super::get::Report;
use super::{ApplyImport, apply_intel, apply_records, find_import};
use crate::App;
use crate::error::{AppError, Result};
use crate::extract::on_a_thread;
use crate::job::{Stop, Work};

/// Up to so many rows are applied while the request waits.
const AT_ONCE: usize = 500;

/// The job that applies large imports.
pub(crate) const JOB: crate::job::Kind = crate::job::Kind { name: "import", unit: "rows", lane: crate::job::Lane::Any, run, give_up };

/// What is left to do lies behind the import's report.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Payload {
    import: String,
    input: ApplyImport,
}

/// Why an import came back before its end.
#[derive(Debug)]
pub(super) enum Halt {
    /// Something is wrong with it.
    Failed(AppError),
    /// Its job was stopped.
    Stopped(Stop),
}

impl From<AppError> for Halt {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

/// Who applies an import, and who hears how far it is.
pub(super) struct Carrier<'a> {
    pub(super) app: &'a App,
    scope: Scope,
    /// A login name.
    pub(super) name: String,
    work: Option<&'a Work>,
}

impl Carrier<'_> {
    /// One durable transaction.
    pub(super) fn change<T, F>(&self, work: F) -> Result<T>
    where
        F: Fn(&mut Tx<'_>, &Stamp) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let stamp = self.app.stamp(&self.name);
        self.app.store.write_blocking(self.scope, move |tx| work(tx, &stamp))
    }

    /// Reads over one snapshot.
    pub(super) fn read<T, F>(&self, work: F) -> Result<T>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.app.store.read_blocking(self.scope, work)
    }

    /// Says how far it is, and hears whether it is to stop.
    pub(super) fn tell(&self, done: usize, total: usize) -> std::result::Result<(), Halt> {
        let Some(work) = self.work else { return Ok(()) };
        work.progress(done as u64, total as u64);
        work.check().map_err(Halt::Stopped)
    }

    /// Ends the job, if there is one, in the transaction of the import's last change.
    pub(super) fn last_job(&self) -> Option<Job> {
        self.work.map(|work| work.job.clone())
    }

    fn carry_out(&self, staged: &Import, input: ApplyImport) -> std::result::Result<(), Halt> {
        if staged.kind == super::INTEL { apply_intel::apply(self, staged, input) } else { apply_records::apply(self, staged, input) }
    }
}

/// Applies a staged import of records or intelligence, or begins to.
pub(super) async fn apply(app: &App, actor: &Actor, staged: Import, input: ApplyImport) -> Result<()> {
    let report = Report::of(&staged)?;
    if report.rows <= AT_ONCE {
        let (app, scope, name) = (app.clone(), actor.scope(), actor.name.clone());
        let outcome = on_a_thread(move || Carrier { app: &app, scope, name, work: None }.carry_out(&staged, input)).await?;
        return outcome.map_err(|halt| match halt {
            Halt::Failed(error) => error,
            Halt::Stopped(_) => AppError::Internal("an import without a job was stopped".to_owned()),
        });
    }
    let input = Arc::new(input);
    app.change(&super::part_of(actor), move |tx, stamp| {
        let staged = find_import(tx, &stamp.actor, &staged.public_id)?;
        if staged.state != "staged" {
            return Ok(());
        }
        let case = match &input.case {
            Some(number) => crate::authorise::open_case(tx, number)?.id,
            None => staged.case,
        };
        let payload = Payload { import: staged.public_id.clone(), input: (*input).clone() };
        let (row, _) = job::queue(tx, JOB.name, &payload, case, report.rows as i64, stamp)?;
        import::begin(tx, staged.id, row)?;
        change::announce(tx, stamp, Topic::Jobs, case)?;
        Ok(())
    })
    .await
}

fn run(app: &App, work: &Work) -> std::result::Result<(), Stop> {
    let payload: Payload = work.payload()?;
    let carrier = Carrier { app, scope: work.author(app)?, name: work.job.created_by.clone(), work: Some(work) };
    let (id, name) = (payload.import.clone(), carrier.name.clone());
    let staged = carrier.read(move |tx| find_import(tx, &name, &id))?;
    carrier.carry_out(&staged, payload.input).map_err(|halt| match halt {
        Halt::Failed(error) => error.into(),
        Halt::Stopped(stop) => stop,
    })
}

/// What came in until then stays.
fn give_up(tx: &mut Tx<'_>, stamp: &Stamp, job: &Job, _: model::job::JobState, why: &str) -> Result<()> {
    let Ok(payload) = serde_json::from_str::<Payload>(&job.payload) else { return Ok(()) };
    let Some(staged) = import::find(tx, &payload.import, &stamp.actor)? else { return Ok(()) };
    let mut report = Report::of(&staged)?;
    let why = if why.is_empty() { "cancelled" } else { why };
    report.notes.push(format!("It did not come to its end: {why}. What came in until then stays; import the file again to go on"));
    import::failed(tx, staged.id, &report)?;
    let details = json!({ "name": staged.name, "created": report.created, "updated": report.updated, "why": why });
    let deed = store::journal::Deed { verb: "import.fail", object: &staged.public_id, details };
    store::journal::append(tx, stamp, &deed, super::shown_in(staged.case))?;
    change::announce(tx, stamp, Topic::Records, 0)?;
    Ok(())
}
