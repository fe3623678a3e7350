//! A result becomes a finding: a note, an annotation with a finding, a relationship, an incident. One page with what is known filled
//! in; everything in it can be changed.

use std::str::FromStr;

use app::AppError;
use app::case::{self, CaseView};
use app::sighting::{
    self, AnnotationFinding, CandidateView, FindingDraft, FindingQuery, IncidentFinding, NoteFinding, RelationshipFinding, SightingView,
};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use model::Kind;
use model::artifact::Finding;
use model::note::{Audience, NoteKind};
use model::relationship::RelationshipType;
use model::sighting::Outcome;
use serde::Deserialize;
use serde_json::Value as Json;

use super::matched::find;
use crate::Web;
use crate::params::{Path, Query};
use crate::ui::cases::link;
use crate::ui::closed::closed;
use crate::ui::records::fields::{Control, Typed, blank, input, typed};
use crate::ui::{Errors, Form, Screen, Shell, Visit, page_with, see, with_operation};

/// What a result is made into.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum What {
    #[default]
    Note,
    Annotation,
    Relationship,
    Incident,
}

impl FromStr for What {
    type Err = AppError;

    fn from_str(word: &str) -> Result<Self, AppError> {
        match word {
            "" | "note" => Ok(Self::Note),
            "annotation" => Ok(Self::Annotation),
            "relationship" => Ok(Self::Relationship),
            "incident" => Ok(Self::Incident),
            _ => Err(AppError::NotFound("finding")),
        }
    }
}

impl What {
    fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Annotation => "annotation",
            Self::Relationship => "relationship",
            Self::Incident => "incident",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Note => "Note a sighting",
            Self::Annotation => "Annotate, and set the finding",
            Self::Relationship => "Relate to what it was seen on",
            Self::Incident => "Raise an incident",
        }
    }
}

/// Which result, and what it is made into.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct FindingParams {
    #[serde(default)]
    what: String,
    /// The observable.
    #[serde(default)]
    open: String,
    #[serde(default)]
    source: String,
    /// The earlier search that the answer is held against.
    #[serde(default)]
    with: String,
}

#[derive(Template)]
#[template(path = "sightings/finding.html")]
struct FindingPage {
    shell: Shell,
    case: CaseView,
    search: SightingView,
    params: FindingParams,
    what: What,
    draft: FindingDraft,
    /// As typed, or as drafted.
    text: String,
    kind: String,
    audience: String,
    finding: String,
    how: String,
    ticked: Vec<String>,
    /// Fields of an incident.
    controls: Vec<Control>,
    errors: Errors,
}

impl FindingPage {
    fn answer(&self) -> String {
        format!("/cases/{}/sightings/{}", self.case.number, self.search.number)
    }

    /// The result that it is about.
    fn back(&self) -> String {
        back(&self.search, &self.params)
    }

    /// The other things that it can be made into.
    fn others(&self) -> Vec<(What, String)> {
        let seen = self.draft.outcome == Outcome::Seen;
        let all = [What::Note, What::Annotation, What::Relationship, What::Incident];
        let p = &self.params;
        let to = |what: What| {
            let path = format!("{}/finding", self.answer());
            (what, link(&path, &[("open", &p.open), ("source", &p.source), ("with", &p.with)], "what", what.word()))
        };
        all.into_iter().filter(|what| seen || matches!(what, What::Note | What::Annotation)).map(to).collect()
    }

    fn names_records(&self) -> bool {
        matches!(self.what, What::Relationship | What::Incident)
    }

    fn is_ticked(&self, one: &CandidateView) -> bool {
        self.ticked.contains(&one.record_id)
    }

    /// The key under which the browser keeps what is typed.
    fn draft_key(&self) -> String {
        draft_key(&self.search, self.what)
    }
}

fn back(search: &SightingView, p: &FindingParams) -> String {
    let path = format!("/cases/{}/sightings/{}", search.case, search.number);
    link(&path, &[("with", &p.with), ("open", &p.open)], "source", &p.source)
}

fn draft_key(search: &SightingView, what: What) -> String {
    format!("finding:{}:{}", search.number, what.word())
}

pub(crate) async fn show(
    State(web): State<Web>,
    visit: Visit,
    Path((number, search)): Path<(String, String)>,
    Query(params): Query<FindingParams>,
) -> Screen {
    let search = find(&web, &visit, &number, &search).await?;
    form(&web, visit, search, params, None, StatusCode::OK, Errors::default()).await
}

/// The form, with what was typed, if it was sent before.
async fn form(
    web: &Web,
    visit: Visit,
    search: SightingView,
    params: FindingParams,
    sent: Option<Typed>,
    status: StatusCode,
    errors: Errors,
) -> Screen {
    let what: What = params.what.parse()?;
    let case = case::get(&web.app, &visit.actor, &search.case).await?;
    if !case.state.is_open() && what != What::Note {
        return closed(visit.shell, case);
    }
    let asked = FindingQuery { observable: params.open.clone(), source: params.source.clone() };
    let draft = sighting::draft(&web.app, &visit.actor, &search.number, asked).await?;
    let drafted = || draft.incident.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect();
    let form = sent.clone().unwrap_or_else(drafted);
    let controls = if what == What::Incident { blank(Kind::Incident, &form, &errors) } else { Vec::new() };
    let field = |name: &str| sent.as_ref().map(|sent| typed(sent, name));
    let ticked = sent.as_ref().map_or_else(|| draft.record_ids.clone(), records);
    let page = FindingPage {
        text: field("text").unwrap_or_else(|| draft.text.clone()),
        kind: field("kind").unwrap_or_default(),
        audience: field("audience").unwrap_or_default(),
        finding: field("finding").unwrap_or_default(),
        how: field("type").unwrap_or_else(|| RelationshipType::SEEN_ON.to_string()),
        shell: visit.shell,
        case,
        search,
        params,
        what,
        ticked,
        draft,
        controls,
        errors,
    };
    page_with(status, &page)
}

fn records(form: &Typed) -> Vec<String> {
    form.iter().filter(|(name, _)| name == "record").map(|(_, value)| value.clone()).collect()
}

pub(crate) async fn write(
    State(web): State<Web>,
    visit: Visit,
    Path((number, search)): Path<(String, String)>,
    Form(sent): Form<Typed>,
) -> Screen {
    let search = find(&web, &visit, &number, &search).await?;
    let params = FindingParams {
        what: typed(&sent, "what"),
        open: typed(&sent, "open"),
        source: typed(&sent, "source"),
        with: typed(&sent, "with"),
    };
    match made(&web, &visit, &search, &params, &sent).await {
        Ok(to) => Ok(see(&to)),
        Err(error) => {
            let errors = Errors::of(error)?;
            form(&web, visit, search, params, Some(sent), StatusCode::UNPROCESSABLE_ENTITY, errors).await
        }
    }
}

/// Makes it, and tells where it can be seen.
async fn made(web: &Web, visit: &Visit, search: &SightingView, params: &FindingParams, sent: &Typed) -> Result<String, AppError> {
    let what: What = params.what.parse()?;
    let (observable, source) = (params.open.clone(), params.source.clone());
    let text = Some(typed(sent, "text"));
    let saved = |url: String| {
        let joint = if url.contains('?') { '&' } else { '?' };
        format!("{url}{joint}saved={}", draft_key(search, what))
    };
    let back = back(search, params);
    match what {
        What::Note => {
            let (kind, audience) = (typed(sent, "kind").parse::<NoteKind>().ok(), typed(sent, "audience").parse::<Audience>().ok());
            let input = NoteFinding { observable, source, kind, text, audience };
            let note = sighting::note(&web.app, &visit.actor, &search.number, input).await?;
            Ok(format!("{}#note-{}", saved(format!("/cases/{}", note.case)), note.id))
        }
        What::Annotation => {
            let finding = typed(sent, "finding").parse::<Finding>().ok();
            let input = AnnotationFinding { observable, source, text, finding };
            let done = sighting::annotation(&web.app, &visit.actor, &search.number, input).await?;
            Ok(saved(with_operation(&back, &done.operation_id)))
        }
        What::Relationship => {
            let how = typed(sent, "type").parse().map_err(|error| AppError::invalid("/type", format!("{error}")))?;
            let input = RelationshipFinding { observable, source, r#type: Some(how), record_ids: Some(records(sent)) };
            sighting::relationships(&web.app, &visit.actor, &search.number, input).await?;
            Ok(format!("{back}{}done=related", if back.contains('?') { '&' } else { '?' }))
        }
        What::Incident => {
            // A field that was emptied stays empty, and is not taken from the draft.
            let mut incident = input(Kind::Incident, sent).fields;
            for field in Kind::Incident.spec().fields {
                incident.entry(field.name.to_owned()).or_insert(Json::from(""));
            }
            let input = IncidentFinding { observable, source, incident, record_ids: Some(records(sent)) };
            let made = sighting::incident(&web.app, &visit.actor, &search.number, input).await?;
            Ok(with_operation(&back, &made.operation.operation_id))
        }
    }
}
