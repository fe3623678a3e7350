//! Takes the accepted observables of a text into a case.

use std::collections::HashMap;

use model::artifact::{Finding, OriginKind};
use model::case::case_number;
use model::kind::NewRecord;
use model::observable::{self, Observable, ObservableType};
use model::{Actor, Fields, Stamp};
use serde_json::json;
use store::change::{self, Topic};
use store::import::Import;
use store::journal::{Deed, ShownIn};
use store::{Tx, document, import, journal};

use super::apply::{Accepted, ApplyImport};
use super::get::Report;
use super::{Options, bytes_of, find_import};
use crate::App;
use crate::artifact::{Incoming, Newcomers, Source};
use crate::authorise::open_case;
use crate::error::{AppError, Result};
use crate::extract::{self, FindView, on_a_thread};
use crate::operation::bulk::{self, Bulk};
use crate::record::known::store_all;

/// How many records are stored in one transaction outside of a case.
const MOST_WITHOUT_CASE: usize = 5_000;

pub(super) async fn apply(app: &App, actor: &Actor, staged: &Import, input: ApplyImport) -> Result<()> {
    let known_good = app.known_good(actor).await?;
    let bytes = bytes_of(app, staged).await?;
    let view = on_a_thread(move || extract::view(String::from_utf8_lossy(&bytes).into_owned(), &known_good)).await?;
    let found = view.observables;
    let taken = Newcomers::new(choose(view.finds, input.accepted.as_deref())?)?;
    let (id, who, number) = (staged.public_id.clone(), actor.name.clone(), input.case);
    app.change(actor, move |tx, stamp| {
        let staged = find_import(tx, &who, &id)?;
        if staged.state != "staged" {
            return Ok(());
        }
        let options = Options::of(&staged)?;
        let case = staged.case_number.map(case_number).or_else(|| number.clone());
        let mut report = Report { rows: found, ..Report::default() };
        let in_case = match case {
            Some(number) => into_case(tx, stamp, &number, &staged, &options, &taken, &mut report)?,
            None => into_library(tx, stamp, &staged, &taken, &mut report)?,
        };
        import::applied(tx, staged.id, in_case, &options, &report, stamp)?;
        Ok(())
    })
    .await
}

/// What is taken, each with where it was found.
fn choose(finds: Vec<FindView>, accepted: Option<&[Accepted]>) -> Result<Vec<(NewRecord, String)>> {
    let mut first: HashMap<(ObservableType, String), usize> = HashMap::new();
    let mut distinct: Vec<FindView> = Vec::new();
    for find in finds {
        first.entry((find.r#type, find.value.clone())).or_insert_with(|| {
            distinct.push(find);
            distinct.len() - 1
        });
    }
    let record = |find: &FindView| {
        let observable = Observable { kind: find.r#type, value: find.value.clone() };
        (NewRecord::from_observable(&observable, Finding::Unknown), extract::place(find))
    };
    let Some(accepted) = accepted else { return Ok(distinct.iter().filter(|find| find.ticked).map(record).collect()) };
    let mut fields = Fields::new();
    let mut places: Vec<usize> = Vec::with_capacity(accepted.len());
    for (n, one) in accepted.iter().enumerate() {
        let pointer = format!("/accepted/{n}");
        let Some(given) = fields.keep(&pointer, observable::parse_typed(&one.r#type, &one.value)) else { continue };
        match first.get(&(given.kind, given.value)) {
            Some(place) => places.push(*place),
            None => fields.refuse(pointer, "is not in the text"),
        }
    }
    fields.finish()?;
    places.sort_unstable();
    places.dedup();
    Ok(places.into_iter().filter_map(|place| distinct.get(place)).map(record).collect())
}

fn into_case(
    tx: &mut Tx<'_>,
    stamp: &Stamp,
    number: &str,
    staged: &Import,
    options: &Options,
    taken: &Newcomers,
    report: &mut Report,
) -> Result<i64> {
    let case = open_case(tx, number)?;
    document::bring(tx, &options.document, case.id)?;
    if !taken.is_empty() {
        let incoming = Incoming {
            known: Vec::new(),
            new: taken.clone(),
            bring_along: false,
            origin: Source { kind: OriginKind::Document, reference: options.document.clone(), title: staged.name.clone() },
        };
        let operation = bulk::start(tx, stamp, &case, Bulk::Add { incoming: Box::new(incoming) }, Vec::new(), Vec::new())?;
        report.created = usize::try_from(operation.affected).unwrap_or_default();
        report.known = taken.len().saturating_sub(report.created);
        report.operation = operation.operation_id;
    }
    let details = json!({ "name": staged.name, "document": options.document, "taken": taken.len(), "found": report.rows });
    journal::append(tx, stamp, &Deed { verb: "import.apply", object: &staged.public_id, details }, ShownIn::Case(case.id))?;
    Ok(case.id)
}

fn into_library(tx: &mut Tx<'_>, stamp: &Stamp, staged: &Import, taken: &[(NewRecord, String)], report: &mut Report) -> Result<i64> {
    if taken.len() > MOST_WITHOUT_CASE {
        let detail = format!("choose a case: without one, at most {MOST_WITHOUT_CASE} observables are taken at once");
        return Err(AppError::invalid("/case", detail));
    }
    let records: Vec<NewRecord> = taken.iter().map(|(record, _)| record.clone()).collect();
    let stored = store_all(tx, stamp, &records, true, &staged.name)?;
    report.created = stored.iter().filter(|stored| stored.created).count();
    report.known = stored.len() - report.created;
    let details = json!({ "name": staged.name, "taken": taken.len(), "found": report.rows, "created": report.created });
    journal::append(tx, stamp, &Deed { verb: "import.apply", object: &staged.public_id, details }, ShownIn::Journal)?;
    change::announce(tx, stamp, Topic::Records, 0)?;
    Ok(0)
}
