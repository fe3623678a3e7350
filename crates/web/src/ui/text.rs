//! A threat report comes into a case: pasted or uploaded, its observables shown in the text, reviewed, accepted.

use std::collections::HashMap;

use app::artifact;
use app::case::{self, CaseView};
use app::extract::{ExtractView, FindView};
use app::import::{self, Accepted, ApplyImport, ImportState, StageText};
use app::{AppError, text::counted};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use model::artifact::Status;
use model::observable::{Observable, stix_id};
use serde::Deserialize;

use super::{Errors, Form, Screen, Shell, Visit, page, page_with, see, with_operation};
use crate::Web;
use crate::upload::Upload;

/// Of a long text, so much is shown; what was found in the rest is in the table.
const SHOWN_BYTES: usize = 500_000;
/// The most finds in the table; a report with more is a list, and goes in through the API.
const SHOWN_FINDS: usize = 5_000;

#[derive(Template)]
#[template(path = "case/text.html")]
struct TextPage {
    shell: Shell,
    case: CaseView,
    name: String,
    text: String,
    errors: Errors,
}

pub(crate) async fn paste_page(State(web): State<Web>, visit: Visit, Path(number): Path<String>) -> Screen {
    let case = case::get(&web.app, &visit.actor, &number).await?;
    page(&TextPage { shell: visit.shell, case, name: String::new(), text: String::new(), errors: Errors::default() })
}

pub(crate) async fn paste(State(web): State<Web>, visit: Visit, Path(number): Path<String>, upload: Upload) -> Screen {
    let pasted = upload.field("text").replace("\r\n", "\n");
    let text = if upload.bytes.is_empty() { Ok(pasted.clone()) } else { upload.text() };
    let name = if upload.field("name").trim().is_empty() { upload.file_name.clone() } else { upload.field("name").to_owned() };
    let staged = match text {
        Ok(text) => import::stage_text(&web.app, &visit.actor, StageText { name: name.clone(), text, case: Some(number.clone()) }).await,
        Err(error) => Err(error),
    };
    match staged {
        Ok(staged) => Ok(see(&format!("/cases/{number}/text/{}?saved=report:{number}", staged.import_id))),
        Err(error) => {
            let errors = Errors::of(error)?;
            let case = case::get(&web.app, &visit.actor, &number).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &TextPage { shell: visit.shell, case, name, text: pasted, errors })
        }
    }
}

#[derive(Template)]
#[template(path = "case/review.html")]
struct ReviewPage {
    shell: Shell,
    case: CaseView,
    id: String,
    name: String,
    pieces: Vec<Piece>,
    /// Whether the text is longer than what is shown of it.
    cut: bool,
    finds: Vec<Find>,
    /// How many finds are not in the table.
    left_out: usize,
    ticked: usize,
}

impl ReviewPage {
    fn found(&self) -> String {
        counted(self.finds.len() as i64, "find")
    }
}

/// A stretch of the report: plain, or a find by its number.
struct Piece {
    text: String,
    find: Option<usize>,
    /// Whether it is the find's first place, which its row points to.
    first: bool,
    off: bool,
}

/// A different observable of the report.
struct Find {
    number: usize,
    kind: String,
    display: String,
    marks: Vec<String>,
    ticked: bool,
    occurrences: usize,
    /// `in the case` or `excluded here`; empty when it is new to the case.
    standing: &'static str,
}

pub(crate) async fn review_page(State(web): State<Web>, visit: Visit, Path((number, id)): Path<(String, String)>) -> Screen {
    let case = case::get(&web.app, &visit.actor, &number).await?;
    let staged = import::get(&web.app, &visit.actor, &id).await?;
    if staged.state != ImportState::Staged {
        return Ok(see(&format!("/cases/{number}/artifacts?kind=observable")));
    }
    let extract = staged.extract.ok_or(AppError::NotFound("import"))?;
    let distinct = distinct(&extract);
    let left_out = distinct.len().saturating_sub(SHOWN_FINDS);
    let shown: Vec<&FindView> = distinct.iter().take(SHOWN_FINDS).copied().collect();
    let ids: Vec<String> = shown.iter().map(|find| id_of(find)).collect();
    let standing = artifact::standing(&web.app, &visit.actor, &number, ids.clone()).await?;
    let standing: HashMap<String, Status> = standing.into_iter().map(|one| (one.record_id, one.status)).collect();
    let finds: Vec<Find> = shown
        .iter()
        .zip(&ids)
        .enumerate()
        .map(|(n, (find, id))| Find {
            number: n + 1,
            kind: find.r#type.label().to_owned(),
            display: find.display.clone(),
            marks: find.marks.iter().map(|mark| mark.label.to_lowercase()).collect(),
            // What is there already needs no tick; what was thrown out here stays out.
            ticked: find.ticked && !standing.contains_key(id),
            occurrences: find.occurrences,
            standing: match standing.get(id) {
                Some(Status::Included) => "in the case",
                Some(Status::Excluded) => "excluded here",
                None => "",
            },
        })
        .collect();
    let (pieces, cut) = pieces(&extract, &finds);
    let ticked = finds.iter().filter(|find| find.ticked).count();
    page(&ReviewPage { shell: visit.shell, case, id, name: staged.name, pieces, cut, finds, left_out, ticked })
}

/// The different observables, in the order in which they first stand in the text.
fn distinct(extract: &ExtractView) -> Vec<&FindView> {
    let mut seen = std::collections::HashSet::new();
    extract.finds.iter().filter(|find| seen.insert((find.r#type, find.value.as_str()))).collect()
}

fn id_of(find: &FindView) -> String {
    stix_id(&Observable { kind: find.r#type, value: find.value.clone() })
}

/// The text in stretches, each find marked with its number.
fn pieces(extract: &ExtractView, finds: &[Find]) -> (Vec<Piece>, bool) {
    let numbers: HashMap<(model::observable::ObservableType, &str), usize> =
        distinct(extract).into_iter().enumerate().map(|(n, find)| ((find.r#type, find.value.as_str()), n)).collect();
    let text = extract.text.as_str();
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut seen = std::collections::HashSet::new();
    for find in &extract.finds {
        if find.start >= SHOWN_BYTES {
            break;
        }
        let number = numbers.get(&(find.r#type, find.value.as_str())).copied();
        let (Some(before), Some(marked), Some(row)) =
            (text.get(at..find.start), text.get(find.start..find.end), number.and_then(|n| finds.get(n)))
        else {
            continue;
        };
        pieces.push(Piece { text: before.to_owned(), find: None, first: false, off: false });
        pieces.push(Piece { text: marked.to_owned(), find: Some(row.number), first: seen.insert(row.number), off: !row.ticked });
        at = find.end;
    }
    let end = (at.max(SHOWN_BYTES)..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
    pieces.push(Piece { text: text.get(at..end).unwrap_or_default().to_owned(), find: None, first: false, off: false });
    (pieces, end < text.len())
}

/// The ticked finds, by their numbers.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ReviewForm {
    #[serde(default)]
    find: Vec<usize>,
}

pub(crate) async fn accept(
    State(web): State<Web>,
    visit: Visit,
    Path((number, id)): Path<(String, String)>,
    Form(form): Form<ReviewForm>,
) -> Screen {
    let staged = import::get(&web.app, &visit.actor, &id).await?;
    let extract = staged.extract.ok_or(AppError::NotFound("import"))?;
    let all = distinct(&extract);
    let accepted: Vec<Accepted> = form
        .find
        .iter()
        .filter_map(|n| all.get(n.checked_sub(1)?))
        .map(|find| Accepted { r#type: find.r#type.to_string(), value: find.value.clone() })
        .collect();
    if accepted.is_empty() {
        return Ok(see(&format!("/cases/{number}/text/{id}")));
    }
    let input = ApplyImport { accepted: Some(accepted), case: Some(number.clone()), ..ApplyImport::default() };
    let applied = import::apply(&web.app, &visit.actor, &id, input).await?;
    let tab = format!("/cases/{number}/artifacts?kind=observable");
    Ok(see(&applied.operation.map_or(tab.clone(), |operation| with_operation(&tab, &operation.operation_id))))
}
