//! From a result to a finding in one step: a note, an annotation, a relationship, an incident. Each is what the verb of that name
//! does, with the search told in the journal.

use model::artifact::{Finding, OriginKind};
use model::case::search_number;
use model::kind::{NewRecord, RecordInput};
use model::note::{Audience, NoteKind};
use model::relationship::RelationshipType;
use model::sighting::Outcome;
use model::{Actor, Kind, Role, Stamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use store::Tx;
use store::case::{self, Case};
use store::record::{self, Record};
use store::sighting::{self as stored, Search, SightingResult};

use super::FindingDraft;
use super::get::find;
use crate::App;
use crate::artifact::{self, Incoming, Newcomers, Selection, Source};
use crate::authorise::{require, require_open};
use crate::error::{AppError, Result};
use crate::note::{self, NewNote, NoteInput, NoteView};
use crate::operation::OperationView;
use crate::operation::bulk::{self, Bulk};
use crate::record::same::{self, Sameness};
use crate::record::{RecordView, RelationshipView, find_record, read_new, relate_in, update_in};

/// The most machines and people of one finding: more than a result names.
const MAX_RECORDS: usize = 200;

/// A note on a result.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteFinding {
    /// The observable's record id.
    pub observable: String,
    /// The source's name; the one with most events unless told.
    #[serde(default)]
    pub source: String,
    /// Work note or comment; a work note unless told.
    #[serde(default)]
    pub kind: Option<NoteKind>,
    /// Markdown; the result in words unless told.
    #[serde(default)]
    pub text: Option<String>,
    /// Who may read it; the team unless told.
    #[serde(default)]
    pub audience: Option<Audience>,
}

/// An annotation of a result's observable, and a verdict.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnnotationFinding {
    /// The observable's record id.
    pub observable: String,
    /// The source's name; the one with most events unless told.
    #[serde(default)]
    pub source: String,
    /// Markdown; the result in words unless told.
    #[serde(default)]
    pub text: Option<String>,
    /// What the observable is found to be; it stays as it is unless told.
    #[serde(default)]
    pub finding: Option<Finding>,
}

/// A result's observable, joined with what it was seen on.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RelationshipFinding {
    /// The observable's record id.
    pub observable: String,
    /// The source's name; the one with most events unless told.
    #[serde(default)]
    pub source: String,
    /// How, read "observable … record"; `seen-on` unless told.
    #[serde(default)]
    pub r#type: Option<RelationshipType>,
    /// With which records; the known machines and people of the result that nothing else fits, unless told.
    #[serde(default)]
    pub record_ids: Option<Vec<String>>,
}

/// An incident raised from a result.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentFinding {
    /// The observable's record id.
    pub observable: String,
    /// The source's name; the one with most events unless told.
    #[serde(default)]
    pub source: String,
    /// Fields of the incident; those that are not told are the draft's.
    #[serde(default)]
    pub incident: Map<String, Json>,
    /// Configuration items and users that it affects; the known ones of the result that nothing else fits, unless told.
    #[serde(default)]
    pub record_ids: Option<Vec<String>>,
}

/// An incident that was raised from a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IncidentMade {
    /// The incident, new or known.
    pub incident: RecordView,
    /// False when an incident of that number was known: it was left as it is, and is joined and in the case now.
    pub created: bool,
    /// What brought it into the case, with what it affects; undone as one.
    pub operation: OperationView,
}

/// Notes a result of a search down in its case.
///
/// # Errors
/// When there is no such result that the actor may know of, the text is refused, the case does not take it, or the actor is a reader.
pub async fn note(app: &App, actor: &Actor, sight_number: &str, input: NoteFinding) -> Result<NoteView> {
    require(actor, Role::Analyst)?;
    let number = sight_number.to_owned();
    app.change(actor, move |tx, stamp| {
        let kind = input.kind.unwrap_or(NoteKind::WorkNote);
        let search = find(tx, &number)?;
        let case = case_of(tx, &search)?;
        if kind == NoteKind::WorkNote {
            require_open(&case)?;
        }
        let found = Found::find(tx, search, &input.observable, &input.source)?;
        let text = found.text(tx, input.text.as_ref())?;
        let new = NewNote::read(NoteInput { kind, text, audience: input.audience })?;
        note::add_in(tx, stamp, &case, &new, &search_number(found.search.number))
    })
    .await
}

/// Annotates the observable of a result, and sets what it is found to be.
///
/// # Errors
/// When there is no such result that the actor may know of, the text is refused, the observable is no longer in the case, the case is
/// not open, or the actor is a reader.
pub async fn annotation(app: &App, actor: &Actor, sight_number: &str, input: AnnotationFinding) -> Result<OperationView> {
    require(actor, Role::Analyst)?;
    let number = sight_number.to_owned();
    app.change(actor, move |tx, stamp| {
        let search = find(tx, &number)?;
        let case = open_case_of(tx, &search)?;
        let found = Found::find(tx, search, &input.observable, &input.source)?;
        let text = artifact::annotation_text(&found.text(tx, input.text.as_ref())?)?;
        let selection = Selection { record_ids: vec![found.record.public_id.clone()], ..Selection::default() };
        let selected = selection.find(tx, &case)?;
        if selected.records.is_empty() {
            return Err(AppError::State("the observable is no longer in the case: add it again first".to_owned()));
        }
        if let Some(finding) = input.finding {
            let patch = Map::from_iter([("finding".to_owned(), json!(finding))]);
            update_in(tx, stamp, found.record.clone(), None, &patch)?;
        }
        artifact::annotate_in(tx, stamp, &case, &text, selected)
    })
    .await
}

/// Joins the observable of a result with what it was seen on, in the search's case.
///
/// # Errors
/// When there is no such result or record that the actor may know of, no record is named or told by the result, the case is not open,
/// or the actor is a reader.
pub async fn relationships(app: &App, actor: &Actor, sight_number: &str, input: RelationshipFinding) -> Result<Vec<RelationshipView>> {
    require(actor, Role::Analyst)?;
    let number = sight_number.to_owned();
    app.change(actor, move |tx, stamp| {
        let search = find(tx, &number)?;
        let case = open_case_of(tx, &search)?;
        let found = Found::find(tx, search, &input.observable, &input.source)?;
        let draft = found.draft(tx)?;
        let records = named(tx, &draft, input.record_ids.as_ref())?;
        if records.is_empty() {
            return Err(AppError::invalid("/record_ids", "name at least one record"));
        }
        if records.iter().any(|record| record.id == found.record.id) {
            return Err(AppError::invalid("/record_ids", "must be other records"));
        }
        let how = input.r#type.clone().unwrap_or(RelationshipType::SEEN_ON);
        found.relate(tx, stamp, &case, &found.record, &how, &records)
    })
    .await
}

/// Raises an incident from a result in its case: with the observable, and with what it affects.
///
/// # Errors
/// When there is no such result or record that the actor may know of, the observable was not seen, a field is refused, the case is
/// not open, or the actor is a reader.
pub async fn incident(app: &App, actor: &Actor, sight_number: &str, input: IncidentFinding) -> Result<IncidentMade> {
    require(actor, Role::Analyst)?;
    let number = sight_number.to_owned();
    app.change(actor, move |tx, stamp| {
        let search = find(tx, &number)?;
        let case = open_case_of(tx, &search)?;
        let found = Found::find(tx, search, &input.observable, &input.source)?;
        if found.result.found.outcome != Outcome::Seen {
            return Err(AppError::State("the observable was not seen there: there is no incident to raise".to_owned()));
        }
        let draft = found.draft(tx)?;
        let affected = named(tx, &draft, input.record_ids.as_ref())?;
        if affected.iter().any(|record| !matches!(record.kind, Kind::ConfigurationItem | Kind::User)) {
            return Err(AppError::invalid("/record_ids", "an incident affects configuration items and users"));
        }
        let new = incident_fields(draft, &input.incident)?;
        found.raise(tx, stamp, &case, &new, &affected)
    })
    .await
}

fn incident_fields(draft: FindingDraft, given: &Map<String, Json>) -> Result<NewRecord> {
    let mut fields = draft.incident;
    fields.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
    read_new(&RecordInput { kind: Kind::Incident, fields }, "/incident")
}

/// The records that are named, or else those of the draft.
fn named(tx: &mut Tx<'_>, draft: &FindingDraft, ids: Option<&Vec<String>>) -> Result<Vec<Record>> {
    let ids = ids.unwrap_or(&draft.record_ids);
    if ids.len() > MAX_RECORDS {
        return Err(AppError::TooLarge { what: "the list of records".to_owned(), limit: format!("{MAX_RECORDS} records") });
    }
    let records = record::find_all(tx, ids)?;
    if let Some((n, _)) = ids.iter().enumerate().find(|(_, id)| !records.iter().any(|record| record.public_id == **id)) {
        return Err(AppError::invalid(&format!("/record_ids/{n}"), "there is no such record, or you may not see it"));
    }
    Ok(records)
}

/// Notes in details for the journal which search tells it, if one does.
pub(crate) fn about(details: &mut Json, search: &str) {
    if let (Some(details), false) = (details.as_object_mut(), search.is_empty()) {
        details.insert("search".to_owned(), json!(search));
    }
}

/// The case of a search.
fn case_of(tx: &mut Tx<'_>, search: &Search) -> Result<Case> {
    case::find_by_id(tx, search.case)?.ok_or(AppError::NotFound("sightings search"))
}

/// The case of a search, when it takes what is found. Asked before anything else: whoever has to reopen it learns so first.
fn open_case_of(tx: &mut Tx<'_>, search: &Search) -> Result<Case> {
    let case = case_of(tx, search)?;
    require_open(&case)?;
    Ok(case)
}

/// A result that something is made of.
pub(super) struct Found {
    pub(super) search: Search,
    pub(super) record: Record,
    pub(super) result: SightingResult,
}

impl Found {
    /// The result of an observable in a source; of no source, the one with most events.
    pub(super) fn find(tx: &mut Tx<'_>, search: Search, observable: &str, source: &str) -> Result<Self> {
        if observable.is_empty() {
            return Err(AppError::invalid("/observable", "name the observable"));
        }
        let record = find_record(tx, observable)?;
        let mut results = stored::results_of(tx, search.id, &[record.id])?;
        if results.is_empty() {
            return Err(AppError::invalid("/observable", "the search did not ask for it"));
        }
        if !source.is_empty() {
            results.retain(|result| result.found.source == source);
        }
        let hits = |result: &SightingResult| result.found.count.max(result.found.count_normalised.unwrap_or_default());
        let result = results.into_iter().max_by_key(hits);
        let result = result.ok_or_else(|| AppError::invalid("/source", "the search did not ask it for this observable"))?;
        Ok(Self { search, record, result })
    }

    /// The text that was given, or else the result in words.
    fn text(&self, tx: &mut Tx<'_>, given: Option<&String>) -> Result<String> {
        given.map_or_else(|| Ok(self.draft(tx)?.text), |text| Ok(text.clone()))
    }

    fn relate(
        &self,
        tx: &mut Tx<'_>,
        stamp: &Stamp,
        case: &Case,
        from: &Record,
        how: &RelationshipType,
        to: &[Record],
    ) -> Result<Vec<RelationshipView>> {
        let search = search_number(self.search.number);
        to.iter().map(|to| relate_in(tx, stamp, Some(case), (from, how, to), &search)).collect()
    }

    /// Puts the incident into the case, with what it affects, and joins them.
    fn raise(&self, tx: &mut Tx<'_>, stamp: &Stamp, case: &Case, new: &NewRecord, affected: &[Record]) -> Result<IncidentMade> {
        let name = search_number(self.search.number);
        let known = |tx: &mut Tx<'_>| -> Result<Option<Record>> {
            match same::find(tx, std::slice::from_ref(new), "")?.pop() {
                Some(Sameness::Known { record, .. }) => Ok(Some(*record)),
                _ => Ok(None),
            }
        };
        let created = known(tx)?.is_none();
        let incoming = Incoming {
            known: affected.iter().map(|record| (record.id, record.kind)).collect(),
            new: Newcomers::new(vec![(new.clone(), String::new())])?,
            bring_along: true,
            origin: Source { kind: OriginKind::Sighting, reference: name.clone(), title: name },
        };
        let operation = bulk::start(tx, stamp, case, Bulk::Add { incoming: Box::new(incoming) }, Vec::new(), Vec::new())?;
        // What is born in a restricted case is there to be found once it is in it.
        let incident = known(tx)?.ok_or(AppError::NotFound("record"))?;
        self.relate(tx, stamp, case, &incident, &RelationshipType::HAS, std::slice::from_ref(&self.record))?;
        self.relate(tx, stamp, case, &incident, &RelationshipType::AFFECTS, affected)?;
        Ok(IncidentMade { incident: incident.into(), created, operation })
    }
}
