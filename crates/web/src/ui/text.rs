//! A threat report comes into a case: pasted or uploaded, its observables shown in the text, reviewed, accepted.

use std::collections::{HashMap, HashSet};

use app::artifact;
use app::case::{self, CaseView};
use app::extract::{ExtractView, FindView};
use app::import::{self, Accepted, ApplyImport, ImportState, ImportView, StageText};
use app::{AppError, text::counted};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use model::FieldError;
use model::artifact::Status;
use model::observable::{Mark, Observable, ObservableType, stix_id};
use serde::Deserialize;

use super::closed::closed;
use super::{Errors, Form, Screen, Shell, Visit, page, page_with, see, with_operation};
use crate::Web;
use crate::error::Failure;
use crate::params::Path;
use crate::upload::Upload;

/// Of a long text, so much is shown; what was found in the rest is in the table.
const SHOWN_BYTES: usize = 500_000;
/// The most finds in the table; the others are taken or left as one.
const SHOWN_FINDS: usize = 2_000;
/// The most places that are marked in the text: it is shown up to the last of them.
const SHOWN_MARKS: usize = 5_000;

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
    if !case.state.is_open() {
        return closed(visit.shell, case);
    }
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
    left_out: i64,
    /// How many of those are taken with the others, if that is wanted.
    left_out_ticked: i64,
    ticked: usize,
    errors: Errors,
}

impl ReviewPage {
    fn found(&self) -> String {
        counted(self.finds.len() as i64 + self.left_out, "find")
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
    /// Each in a word or two, and in full.
    marks: Vec<(&'static str, String)>,
    ticked: bool,
    occurrences: i64,
    /// `in the case` or `excluded here`; empty when it is new to the case.
    standing: &'static str,
}

impl Find {
    /// All that is said of it, where the column is too narrow for it.
    fn why(&self) -> String {
        let standing = std::iter::once(self.standing).filter(|text| !text.is_empty());
        standing.chain(self.marks.iter().map(|(_, full)| full.as_str())).collect::<Vec<_>>().join(", ")
    }
}

pub(crate) async fn review_page(State(web): State<Web>, visit: Visit, Path((number, id)): Path<(String, String)>) -> Screen {
    let staged = staged(&web, &visit, &number, &id).await?;
    review(&web, visit, &number, staged, None).await
}

/// A text that is staged for this case.
async fn staged(web: &Web, visit: &Visit, number: &str, id: &str) -> Result<ImportView, Failure> {
    let staged = import::get(&web.app, &visit.actor, id).await?;
    let elsewhere = staged.case.as_ref().is_some_and(|case| case != number);
    if elsewhere || staged.extract.is_none() { Err(AppError::NotFound("import").into()) } else { Ok(staged) }
}

/// The review; with the finds that were ticked before, when they could not be taken.
async fn review(web: &Web, visit: Visit, number: &str, staged: ImportView, refused: Option<(Vec<usize>, Errors)>) -> Screen {
    let case = case::get(&web.app, &visit.actor, number).await?;
    if staged.state != ImportState::Staged {
        return Ok(see(&format!("/cases/{number}/artifacts?kind=observable")));
    }
    if !case.state.is_open() {
        return closed(visit.shell, case);
    }
    let extract = staged.extract.ok_or(AppError::NotFound("import"))?;
    let distinct = distinct(&extract);
    let (shown, rest) = distinct.split_at(distinct.len().min(SHOWN_FINDS));
    let ids: Vec<String> = shown.iter().map(|find| id_of(find)).collect();
    let standing = artifact::standing(&web.app, &visit.actor, number, ids.clone()).await?;
    let standing: HashMap<String, Status> = standing.into_iter().map(|one| (one.record_id, one.status)).collect();
    let finds: Vec<Find> = shown
        .iter()
        .zip(&ids)
        .enumerate()
        .map(|(n, (find, id))| Find {
            number: n + 1,
            kind: find.r#type.label().to_owned(),
            display: find.display.clone(),
            marks: find.marks.iter().map(|one| (short(one.mark), one.label.to_lowercase())).collect(),
            // What is there already needs no tick; what was thrown out here stays out.
            ticked: match &refused {
                Some((ticked, _)) => ticked.contains(&(n + 1)),
                None => find.ticked && !standing.contains_key(id),
            },
            occurrences: find.occurrences as i64,
            standing: match standing.get(id) {
                Some(Status::Included) => "in the case",
                Some(Status::Excluded) => "excluded here",
                None => "",
            },
        })
        .collect();
    let (pieces, cut) = pieces(&extract, &finds);
    let (status, errors) =
        refused.map_or_else(|| (StatusCode::OK, Errors::default()), |(_, errors)| (StatusCode::UNPROCESSABLE_ENTITY, errors));
    let again = ReviewPage {
        shell: visit.shell,
        case,
        id: staged.import_id,
        name: staged.name,
        pieces,
        cut,
        left_out: rest.len() as i64,
        left_out_ticked: rest.iter().filter(|find| find.ticked).count() as i64,
        ticked: finds.iter().filter(|find| find.ticked).count(),
        finds,
        errors,
    };
    page_with(status, &again)
}

/// The different observables, in the order in which they first stand in the text.
fn distinct(extract: &ExtractView) -> Vec<&FindView> {
    let mut seen = HashSet::new();
    extract.finds.iter().filter(|find| seen.insert((find.r#type, find.value.as_str()))).collect()
}

/// A mark in a word or two, for a narrow column.
fn short(mark: Mark) -> &'static str {
    match mark {
        Mark::Private => "private address",
        Mark::Loopback => "loopback",
        Mark::LinkLocal => "link-local",
        Mark::Multicast => "multicast",
        Mark::Documentation => "documentation",
        Mark::Reserved => "reserved",
        Mark::Publisher => "publisher",
        Mark::KnownGood => "known good",
    }
}

fn id_of(find: &FindView) -> String {
    stix_id(&Observable { kind: find.r#type, value: find.value.clone() })
}

/// The text in stretches, each find marked with its number; and whether it goes on behind them.
fn pieces(extract: &ExtractView, finds: &[Find]) -> (Vec<Piece>, bool) {
    let numbers: HashMap<(ObservableType, &str), usize> =
        distinct(extract).into_iter().enumerate().map(|(n, find)| ((find.r#type, find.value.as_str()), n)).collect();
    let text = extract.text.as_str();
    let limit = extract.finds.get(SHOWN_MARKS).map_or(SHOWN_BYTES, |find| find.start.min(SHOWN_BYTES));
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut seen = HashSet::new();
    for find in extract.finds.iter().take_while(|find| find.start < limit) {
        let number = numbers.get(&(find.r#type, find.value.as_str())).copied();
        let (Some(before), Some(marked), Some(row)) =
            (text.get(at..find.start), text.get(find.start..find.end), number.and_then(|n| finds.get(n)))
        else {
            continue;
        };
        pieces.push(Piece { text: lines(before), find: None, first: false, off: false });
        pieces.push(Piece { text: lines(marked), find: Some(row.number), first: seen.insert(row.number), off: !row.ticked });
        at = find.end;
    }
    let end = (at.max(limit)..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
    pieces.push(Piece { text: lines(text.get(at..end).unwrap_or_default()), find: None, first: false, off: false });
    (pieces, end < text.len())
}

/// Lines as they end here: a carriage return is shown as one only where it stands alone.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// The ticked finds, by their numbers.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ReviewForm {
    #[serde(default)]
    find: Vec<usize>,
    /// Whether those that are not shown come too, as far as nothing speaks against them.
    #[serde(default)]
    rest: Option<String>,
}

pub(crate) async fn accept(
    State(web): State<Web>,
    visit: Visit,
    Path((number, id)): Path<(String, String)>,
    Form(form): Form<ReviewForm>,
) -> Screen {
    let staged = staged(&web, &visit, &number, &id).await?;
    let accepted = staged.extract.as_ref().map(|extract| accepted(extract, &form)).unwrap_or_default();
    if accepted.is_empty() {
        let detail = "is missing: tick at least one, or leave".to_owned();
        let errors = Errors(vec![FieldError { pointer: "/find".to_owned(), detail }]);
        return review(&web, visit, &number, staged, Some((form.find, errors))).await;
    }
    let input = ApplyImport { accepted: Some(accepted), case: Some(number.clone()), ..ApplyImport::default() };
    let applied = import::apply(&web.app, &visit.actor, &id, input).await?;
    let tab = format!("/cases/{number}/artifacts?kind=observable");
    Ok(see(&applied.operation.map_or(tab.clone(), |operation| with_operation(&tab, &operation.operation_id))))
}

/// What is taken of a text.
fn accepted(extract: &ExtractView, form: &ReviewForm) -> Vec<Accepted> {
    let all = distinct(extract);
    let shown = form.find.iter().filter_map(|n| all.get(n.checked_sub(1)?));
    let rest = all.iter().skip(SHOWN_FINDS).filter(|find| form.rest.is_some() && find.ticked);
    shown.chain(rest).map(|find| Accepted { r#type: find.r#type.to_string(), value: find.value.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(start: usize, original: &str) -> FindView {
        FindView {
            r#type: ObservableType::DomainName,
            value: original.to_owned(),
            display: original.to_owned(),
            start,
            end: start + original.len(),
            original: original.to_owned(),
            marks: Vec::new(),
            ticked: true,
            occurrences: 1,
        }
    }

    fn rows(count: usize) -> Vec<Find> {
        let row = |n| Find {
            number: n + 1,
            kind: String::new(),
            display: String::new(),
            marks: Vec::new(),
            ticked: true,
            occurrences: 1,
            standing: "",
        };
        (0..count).map(row).collect()
    }

    fn shown(text: &str, finds: Vec<FindView>, count: usize) -> (Vec<Piece>, bool) {
        let extract = ExtractView { text: text.to_owned(), finds, observables: count, ticked: count };
        pieces(&extract, &rows(count))
    }

    #[test]
    fn the_text_is_whole_and_each_place_is_marked() {
        let text = "é\r\na.example, b.example a.example";
        let places: Vec<FindView> = ["a.example", "b.example"]
            .iter()
            .flat_map(|value| text.match_indices(value).map(|(at, _)| find(at, value)).collect::<Vec<_>>())
            .collect();
        let mut places = places;
        places.sort_by_key(|find| find.start);
        let (pieces, cut) = shown(text, places, 2);
        assert!(!cut);
        assert_eq!(pieces.iter().map(|piece| piece.text.as_str()).collect::<String>(), text.replace('\r', ""));
        let marked: Vec<(usize, bool)> = pieces.iter().filter_map(|piece| Some((piece.find?, piece.first))).collect();
        assert_eq!(marked, [(1, true), (2, true), (1, false)]);
    }

    #[test]
    fn a_long_text_ends_between_characters_and_says_that_it_is_cut() {
        let text = "é".repeat(SHOWN_BYTES);
        let (pieces, cut) = shown(&format!("x{text}"), Vec::new(), 0);
        assert!(cut && pieces.len() == 1 && pieces[0].text.len() == SHOWN_BYTES + 1);
        let many: Vec<FindView> = (0..SHOWN_MARKS + 10).map(|n| find(n * 4, "a.b")).collect();
        let (pieces, cut) = shown(&"a.b ".repeat(SHOWN_MARKS + 10), many, 1);
        assert!(cut);
        assert_eq!(pieces.iter().filter(|piece| piece.find.is_some()).count(), SHOWN_MARKS);
    }

    #[test]
    fn places_that_overlap_or_lie_outside_are_left_unmarked() {
        let (pieces, _) = shown("a.example", vec![find(0, "a.example"), find(2, "example"), find(90, "c.example")], 3);
        assert_eq!(pieces.iter().map(|piece| piece.text.as_str()).collect::<String>(), "a.example");
    }
}
