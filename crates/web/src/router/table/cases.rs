//! Cases, notes, artifacts, operations, annotations.

use axum::http::Method;
use axum::routing::{delete, get, patch, post, put};
use model::Role::{Analyst, Reader};

use super::{ApiRoute, UiRoute, route, screen};
use crate::{api, ui};
use app::PageQuery;
use app::artifact::{AddArtifacts, AnnotateArtifacts, ArtifactQuery, ArtifactView, ExcludeArtifacts, IncludeArtifacts};
use app::case::{ActivityView, CaseInput, CasePatch, CaseQuery, CaseSummary, CaseView};
use app::note::{NoteInput, NotePatch, NoteView};
use app::operation::OperationView;
use app::record::AnnotationView;
use app::technique::{ChangeTechniques, SetTechniques, TechniqueView};

pub(super) fn api() -> Vec<ApiRoute> {
    vec![
        // Cases
        route(Method::GET, "/cases", Reader, "List cases", get(api::case::list)).query::<CaseQuery>().pages::<CaseSummary>(),
        route(Method::POST, "/cases", Analyst, "Open a case", post(api::case::create)).body::<CaseInput>().answers::<CaseView>(),
        route(Method::GET, "/cases/{number}", Reader, "Show a case", get(api::case::show)).answers::<CaseView>(),
        route(Method::PATCH, "/cases/{number}", Analyst, "Change a case", patch(api::case::update))
            .body::<CasePatch>()
            .answers::<CaseView>(),
        route(Method::GET, "/cases/{number}/activity", Reader, "Show what was done in a case", get(api::case::activity))
            .query::<api::case::ActivityQuery>()
            .lists::<ActivityView>(),
        route(Method::GET, "/cases/{number}/techniques", Reader, "List a case's ATT&CK techniques", get(api::technique::list))
            .lists::<TechniqueView>(),
        route(Method::PUT, "/cases/{number}/techniques", Analyst, "Associate ATT&CK techniques with a case", put(api::technique::set))
            .body::<SetTechniques>()
            .lists::<TechniqueView>(),
        route(
            Method::PATCH,
            "/cases/{number}/techniques",
            Analyst,
            "Associate some techniques, take others off",
            patch(api::technique::change),
        )
        .body::<ChangeTechniques>()
        .lists::<TechniqueView>(),
        // Notes
        route(Method::GET, "/cases/{number}/notes", Reader, "List a case's notes", get(api::note::list))
            .query::<PageQuery>()
            .pages::<NoteView>(),
        route(Method::POST, "/cases/{number}/notes", Analyst, "Write a note", post(api::note::add))
            .body::<NoteInput>()
            .answers::<NoteView>(),
        route(Method::GET, "/notes/{id}", Reader, "Show a note", get(api::note::show)).answers::<NoteView>(),
        route(Method::PATCH, "/notes/{id}", Analyst, "Correct a note", patch(api::note::edit)).body::<NotePatch>().answers::<NoteView>(),
        // Artifacts
        route(Method::GET, "/cases/{number}/artifacts", Reader, "List a case's artifacts", get(api::artifact::list))
            .query::<ArtifactQuery>()
            .pages::<ArtifactView>(),
        route(Method::POST, "/cases/{number}/artifacts", Analyst, "Add to a case", post(api::artifact::add))
            .body::<AddArtifacts>()
            .answers::<OperationView>(),
        route(Method::GET, "/cases/{number}/artifacts/{id}", Reader, "Say why a record is in a case", get(api::artifact::why))
            .answers::<app::record::WhyView>(),
        route(Method::POST, "/cases/{number}/artifacts/exclude", Analyst, "Exclude artifacts", post(api::artifact::exclude))
            .body::<ExcludeArtifacts>()
            .answers::<OperationView>(),
        route(Method::POST, "/cases/{number}/artifacts/include", Analyst, "Include artifacts again", post(api::artifact::include))
            .body::<IncludeArtifacts>()
            .answers::<OperationView>(),
        route(Method::POST, "/cases/{number}/artifacts/annotate", Analyst, "Annotate artifacts", post(api::artifact::annotate))
            .body::<AnnotateArtifacts>()
            .answers::<OperationView>(),
        // Operations
        route(Method::GET, "/operations/{id}", Reader, "Show an operation", get(api::operation::show)).answers::<OperationView>(),
        route(Method::POST, "/operations/{id}/undo", Analyst, "Undo an operation", post(api::operation::undo)).answers::<OperationView>(),
        // Annotations
        route(Method::PATCH, "/annotations/{id}", Analyst, "Correct an annotation", patch(api::annotation::edit))
            .body::<app::annotation::AnnotationPatch>()
            .answers::<AnnotationView>(),
        route(Method::DELETE, "/annotations/{id}", Analyst, "Withdraw an annotation", delete(api::annotation::withdraw))
            .answers::<app::annotation::Withdrawn>(),
        route(Method::GET, "/records/{id}/annotations", Reader, "List a record's annotations", get(api::annotation::of_record))
            .lists::<AnnotationView>(),
    ]
}

pub(super) fn ui() -> Vec<UiRoute> {
    vec![
        // Cases
        screen(Method::GET, "/cases", Reader, get(ui::cases::list)),
        screen(Method::GET, "/cases/new", Analyst, get(ui::cases::new_page)),
        screen(Method::POST, "/cases/new", Analyst, post(ui::cases::create)),
        screen(Method::GET, "/cases/{number}", Reader, get(ui::case::details)),
        screen(Method::GET, "/cases/{number}/head", Reader, get(ui::case::head)),
        screen(Method::GET, "/cases/{number}/edit", Analyst, get(ui::case::edit_page)),
        screen(Method::POST, "/cases/{number}/edit", Analyst, post(ui::case::edit)),
        screen(Method::GET, "/cases/{number}/state/{state}", Analyst, get(ui::case::state_page)),
        screen(Method::POST, "/cases/{number}/state/{state}", Analyst, post(ui::case::set_state)),
        screen(Method::GET, "/cases/{number}/techniques", Reader, get(ui::technique::list)),
        screen(Method::POST, "/cases/{number}/techniques", Analyst, post(ui::technique::change)),
        screen(Method::GET, "/cases/{number}/activity", Reader, get(ui::case::activity)),
        screen(Method::GET, "/cases/{number}/notes", Reader, get(ui::case::details)),
        screen(Method::POST, "/cases/{number}/notes", Analyst, post(ui::note::add)),
        screen(Method::GET, "/notes/{id}/edit", Analyst, get(ui::note::edit_page)),
        screen(Method::POST, "/notes/{id}/edit", Analyst, post(ui::note::edit)),
        // Artifacts
        screen(Method::GET, "/cases/{number}/artifacts", Reader, get(ui::artifacts::list)),
        screen(Method::POST, "/cases/{number}/artifacts/exclude", Analyst, post(ui::artifacts::exclude)),
        screen(Method::POST, "/cases/{number}/artifacts/include", Analyst, post(ui::artifacts::include)),
        screen(Method::POST, "/cases/{number}/artifacts/annotate", Analyst, post(ui::artifacts::annotate)),
        screen(Method::POST, "/operations/{id}/undo", Analyst, post(ui::artifacts::undo)),
    ]
}
