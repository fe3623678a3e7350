//! Logs, sightings searches, jobs.

use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::routing::{delete, get, patch, post, put};
use model::Role::{Admin, Analyst, Lead, Reader};

use super::{ApiRoute, UiRoute, route, screen};
use crate::{api, ui};
use app::PageQuery;
use app::job::JobView;
use app::logs::{EventQuery, EventsView, LogFileView, LogImport, WholeEventView};
use app::note::NoteView;
use app::operation::OperationView;
use app::record::RelationshipView;
use app::retention::{RetentionInput, RetentionPlanView, RetentionView};
use app::sighting::{
    AddMatched, AnnotationFinding, AnswerExportQuery, CompareQuery, CompareView, FindingDraft, FindingQuery, IncidentFinding, IncidentMade,
    NoteFinding, RecordSightingView, RelationshipFinding, ResultQuery, RunAgain, SeenWithView, SightingRequest, SightingResultView,
    SightingRowView, SightingSummary, SightingView,
};
use app::source::{DryRun, QuestionView, SourceInput, SourcePatch, SourceView};
use app::watch::{WatchInput, WatchView};

pub(super) fn api() -> Vec<ApiRoute> {
    // An upload is counted while it is written to the disk.
    let upload = post(api::logs::import).layer(DefaultBodyLimit::disable());
    vec![
        // Logs
        route(Method::POST, "/imports/logs", Analyst, "Take a log file in", upload)
            .query::<LogImport>()
            .answers::<api::logs::LogImported>(),
        route(Method::GET, "/sources/{name}/files", Reader, "List a source's files", get(api::logs::files))
            .query::<PageQuery>()
            .pages::<LogFileView>(),
        route(Method::GET, "/log-files/{id}", Reader, "Show a log file", get(api::logs::file)).answers::<LogFileView>(),
        route(Method::DELETE, "/log-files/{id}", Lead, "Delete a log file", delete(api::logs::delete_file)).answers::<JobView>(),
        route(Method::GET, "/log-events", Reader, "Look through the events of the logs", get(api::logs::events))
            .query::<EventQuery>()
            .answers::<EventsView>(),
        route(Method::GET, "/log-events/{id}", Reader, "Show an event of the logs and the observables in it", get(api::logs::event))
            .answers::<WholeEventView>(),
        route(Method::GET, "/log-retention", Reader, "Show how long logs are kept, and what they take", get(api::retention::show))
            .answers::<RetentionView>(),
        route(Method::PUT, "/log-retention", Admin, "Set how long logs are kept", put(api::retention::set))
            .body::<RetentionInput>()
            .answers::<RetentionView>(),
        route(
            Method::POST,
            "/log-retention/dry-run",
            Admin,
            "Show which logs would go, without removing any",
            post(api::retention::dry_run),
        )
        .body::<RetentionInput>()
        .answers::<RetentionPlanView>(),
        route(Method::POST, "/log-retention/run", Admin, "Remove logs that are older or more than is kept", post(api::retention::run))
            .answers::<JobView>(),
        // Sources
        route(Method::GET, "/sources", Reader, "List the sources of sightings", get(api::source::list)).pages::<api::source::AnySource>(),
        route(Method::POST, "/sources", Admin, "Set an outside source up", post(api::source::create))
            .body::<SourceInput>()
            .answers::<SourceView>(),
        route(Method::GET, "/sources/{name}", Reader, "Show an outside source", get(api::source::show)).answers::<SourceView>(),
        route(Method::PATCH, "/sources/{name}", Admin, "Change an outside source", patch(api::source::update))
            .body::<SourcePatch>()
            .answers::<SourceView>(),
        route(
            Method::DELETE,
            "/sources/{name}",
            Admin,
            "Delete a source: an outside one at once, logs as a job",
            delete(api::source::delete),
        )
        .answers::<JobView>(),
        route(Method::POST, "/sources/{name}/test", Admin, "Test the connection to an outside source", post(api::source::test))
            .answers::<SourceView>(),
        route(
            Method::POST,
            "/sources/{name}/dry-run",
            Analyst,
            "Show what an outside source would be asked, without asking",
            post(api::source::dry_run),
        )
        .body::<DryRun>()
        .pages::<QuestionView>(),
        // Sightings
        route(Method::GET, "/cases/{number}/sightings", Reader, "List a case's sightings searches", get(api::sighting::list))
            .pages::<SightingSummary>(),
        route(Method::POST, "/cases/{number}/sightings", Analyst, "Start a sightings search", post(api::sighting::start))
            .body::<SightingRequest>()
            .answers::<SightingView>(),
        route(Method::GET, "/cases/{number}/watch", Reader, "Show whether new logs are looked through for a case", get(api::watch::show))
            .answers::<WatchView>(),
        route(Method::PUT, "/cases/{number}/watch", Analyst, "Look through new logs for a case", put(api::watch::set))
            .body::<WatchInput>()
            .answers::<WatchView>(),
        route(Method::DELETE, "/cases/{number}/watch", Analyst, "No longer look through new logs for a case", delete(api::watch::unset))
            .answers::<WatchView>(),
        route(Method::GET, "/sightings/{number}", Reader, "Show a sightings search", get(api::sighting::show)).answers::<SightingView>(),
        route(Method::GET, "/sightings/{number}/results", Reader, "List what a search found", get(api::sighting::results))
            .query::<ResultQuery>()
            .pages::<SightingResultView>(),
        route(Method::GET, "/sightings/{number}/rows", Reader, "List what a search found, by observable", get(api::sighting::rows))
            .query::<ResultQuery>()
            .pages::<SightingRowView>(),
        route(Method::GET, "/sightings/{number}/compare", Reader, "Compare a search with an earlier one", get(api::sighting::compare))
            .query::<CompareQuery>()
            .answers::<CompareView>(),
        route(
            Method::POST,
            "/sightings/{number}/add-matched",
            Analyst,
            "Add what a search matched to its case",
            post(api::sighting::add_matched),
        )
        .body::<AddMatched>()
        .answers::<OperationView>(),
        route(Method::GET, "/sightings/{number}/export", Reader, "Export what a search found", get(api::export::answer))
            .query::<AnswerExportQuery>(),
        route(
            Method::GET,
            "/sightings/{number}/finding",
            Reader,
            "Show what a finding of a result may begin with",
            get(api::sighting::draft),
        )
        .query::<FindingQuery>()
        .answers::<FindingDraft>(),
        route(Method::POST, "/sightings/{number}/note", Analyst, "Note a result of a search down", post(api::sighting::note))
            .body::<NoteFinding>()
            .answers::<NoteView>(),
        route(
            Method::POST,
            "/sightings/{number}/annotation",
            Analyst,
            "Annotate what a search found, with a verdict",
            post(api::sighting::annotation),
        )
        .body::<AnnotationFinding>()
        .answers::<OperationView>(),
        route(
            Method::POST,
            "/sightings/{number}/relationships",
            Analyst,
            "Join an observable with what it was seen on",
            post(api::sighting::relationships),
        )
        .body::<RelationshipFinding>()
        .pages::<RelationshipView>(),
        route(Method::POST, "/sightings/{number}/incident", Analyst, "Raise an incident from a result", post(api::sighting::incident))
            .body::<IncidentFinding>()
            .answers::<IncidentMade>(),
        route(Method::POST, "/sightings/{number}/again", Analyst, "Run a search again", post(api::sighting::again))
            .body::<RunAgain>()
            .answers::<SightingView>(),
        route(Method::GET, "/records/{id}/sightings", Reader, "List what searches found of a record", get(api::sighting::of_record))
            .query::<PageQuery>()
            .pages::<RecordSightingView>(),
        route(
            Method::GET,
            "/records/{id}/seen-with",
            Reader,
            "List what searches saw on a machine or with an account",
            get(api::sighting::seen_with),
        )
        .query::<PageQuery>()
        .pages::<SeenWithView>(),
        // Jobs
        route(Method::GET, "/jobs", Reader, "List jobs, newest first", get(api::job::recent)).query::<PageQuery>().pages::<JobView>(),
        route(Method::GET, "/jobs/{id}", Reader, "Show a job", get(api::job::show)).answers::<JobView>(),
        route(Method::POST, "/jobs/{id}/cancel", Analyst, "Ask a job to stop", post(api::job::cancel)).answers::<JobView>(),
    ]
}

pub(super) fn ui() -> Vec<UiRoute> {
    let upload = post(ui::logs::upload).layer(DefaultBodyLimit::disable());
    vec![
        // Logs
        screen(Method::GET, "/logs", Reader, get(ui::logs::list)),
        screen(Method::POST, "/logs", Analyst, upload),
        screen(Method::GET, "/logs/{source}", Reader, get(ui::logs::show)),
        screen(Method::GET, "/logs/{source}/delete", Admin, get(ui::logs::delete_source_page)),
        screen(Method::POST, "/logs/{source}/delete", Admin, post(ui::logs::delete_source)),
        screen(Method::GET, "/logs/{source}/files/{id}/delete", Lead, get(ui::logs::delete_file_page)),
        screen(Method::POST, "/logs/{source}/files/{id}/delete", Lead, post(ui::logs::delete_file)),
        screen(Method::GET, "/log-retention", Admin, get(ui::retention::show)),
        screen(Method::POST, "/log-retention", Admin, post(ui::retention::save)),
        screen(Method::POST, "/log-retention/run", Admin, post(ui::retention::run)),
        screen(Method::GET, "/events", Reader, get(ui::events::list)),
        screen(Method::POST, "/events/{id}/review", Analyst, post(ui::events::review)),
        // Outside sources
        screen(Method::GET, "/outside-sources/new", Admin, get(ui::sources::new_page)),
        screen(Method::POST, "/outside-sources", Admin, post(ui::sources::create)),
        screen(Method::GET, "/outside-sources/{name}", Reader, get(ui::sources::show)),
        screen(Method::POST, "/outside-sources/{name}", Admin, post(ui::sources::save)),
        screen(Method::POST, "/outside-sources/{name}/test", Admin, post(ui::sources::test)),
        screen(Method::GET, "/outside-sources/{name}/delete", Admin, get(ui::sources::delete_page)),
        screen(Method::POST, "/outside-sources/{name}/delete", Admin, post(ui::sources::delete)),
        // Sightings
        screen(Method::GET, "/cases/{number}/sightings", Reader, get(ui::sightings::list)),
        screen(Method::POST, "/cases/{number}/sightings", Analyst, post(ui::sightings::ask::start)),
        screen(Method::GET, "/cases/{number}/sightings/new", Analyst, get(ui::sightings::ask::new_page)),
        screen(Method::GET, "/cases/{number}/watch", Analyst, get(ui::sightings::watching::show)),
        screen(Method::POST, "/cases/{number}/watch", Analyst, post(ui::sightings::watching::save)),
        screen(Method::GET, "/cases/{number}/watch/news", Reader, get(ui::sightings::watching::news)),
        screen(Method::POST, "/cases/{number}/sightings/ask", Analyst, post(ui::sightings::ask::ask)),
        screen(Method::GET, "/cases/{number}/sightings/{search}", Reader, get(ui::sightings::answer::show)),
        screen(Method::GET, "/cases/{number}/sightings/{search}/compare", Reader, get(ui::sightings::compare::show)),
        screen(Method::GET, "/cases/{number}/sightings/{search}/export", Reader, get(ui::export::answer)),
        screen(Method::GET, "/cases/{number}/sightings/{search}/finding", Analyst, get(ui::sightings::finding::show)),
        screen(Method::POST, "/cases/{number}/sightings/{search}/finding", Analyst, post(ui::sightings::finding::write)),
        screen(Method::POST, "/cases/{number}/sightings/{search}/add", Analyst, post(ui::sightings::matched::add)),
        screen(Method::POST, "/cases/{number}/sightings/{search}/create", Analyst, post(ui::sightings::matched::create)),
        screen(Method::POST, "/cases/{number}/sightings/{search}/again", Analyst, post(ui::sightings::matched::again)),
        // Jobs
        screen(Method::GET, "/jobs", Reader, get(ui::jobs::list)),
        screen(Method::GET, "/jobs/{id}", Reader, get(ui::jobs::show)),
        screen(Method::GET, "/jobs/{id}/card", Reader, get(ui::jobs::card)),
        screen(Method::POST, "/jobs/{id}/cancel", Analyst, post(ui::jobs::cancel)),
    ]
}
