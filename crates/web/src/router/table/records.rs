//! Records of every kind, extraction, imports, known-good lists.

use axum::http::Method;
use axum::routing::{delete, get, patch, post};
use model::Role::{Analyst, Lead, Reader};
use model::kind::RecordInput;

use super::{ApiRoute, UiRoute, route, screen};
use crate::upload::up_to;
use crate::{api, ui};
use app::artifact::StandingView;
use app::extract::FindView;
use app::import::{ApplyImport, ImportView};
use app::known_good::{ImportedLists, KnownGoodListView, KnownGoodView, NewKnownGood, SetKnownGoodList};
use app::record::{
    AddToCases, AddedTo, CreatedRecord, NewRelationship, RecordCase, RecordDetails, RecordQuery, RecordView, RelatedView, RelationshipView,
};

/// Documents of threat intelligence are larger than other requests: ATT&CK has 37 MB.
const MAX_DOCUMENT: usize = 200 * 1024 * 1024;

pub(super) fn api() -> Vec<ApiRoute> {
    let intel = post(api::import::intel).layer(up_to(MAX_DOCUMENT));
    let lists = post(api::known_good::import_lists).layer(up_to(MAX_DOCUMENT));
    vec![
        // Records
        route(Method::GET, "/records", Reader, "List records", get(api::record::list)).query::<RecordQuery>().pages::<RecordView>(),
        route(Method::POST, "/records", Analyst, "Create a record", post(api::record::create))
            .body::<RecordInput>()
            .answers::<CreatedRecord>(),
        route(Method::GET, "/records/{id}", Reader, "Show a record", get(api::record::show)).answers::<RecordDetails>(),
        route(Method::PATCH, "/records/{id}", Analyst, "Change a record", patch(api::record::update))
            .body::<std::collections::HashMap<String, String>>()
            .answers::<RecordView>(),
        route(Method::GET, "/records/{id}/related", Reader, "List what a record is joined with", get(api::record::related))
            .query::<api::record::RelatedQuery>()
            .lists::<RelatedView>(),
        route(Method::GET, "/records/{id}/cases", Reader, "List the cases that hold a record", get(api::record::cases))
            .lists::<RecordCase>(),
        route(Method::POST, "/records/add-to-cases", Analyst, "Put records into several cases", post(api::record::add_to_cases))
            .body::<AddToCases>()
            .lists::<AddedTo>(),
        route(Method::POST, "/cases/{number}/artifacts/standing", Reader, "Say which records are in a case", post(api::record::standing))
            .body::<api::record::StandingInput>()
            .lists::<StandingView>(),
        route(Method::POST, "/relationships", Analyst, "Join two records", post(api::relationship::create))
            .body::<NewRelationship>()
            .answers::<RelationshipView>(),
        // Extraction and imports
        route(Method::POST, "/extract", Reader, "Find observables in a text", post(api::extract::extract))
            .body::<api::extract::TextInput>()
            .lists::<FindView>(),
        route(Method::POST, "/imports/intel", Analyst, "Stage or import intelligence: STIX, MISP or a text", intel)
            .query::<api::import::IntelQuery>()
            .answers::<ImportView>(),
        route(Method::POST, "/imports/records", Analyst, "Stage or import a file of records", post(api::import::records))
            .query::<api::import::RecordsQuery>()
            .answers::<ImportView>(),
        route(Method::GET, "/imports/{id}", Reader, "Show an import", get(api::import::show))
            .query::<api::import::ShowQuery>()
            .answers::<ImportView>(),
        route(Method::POST, "/imports/{id}/apply", Analyst, "Apply a staged import", post(api::import::apply))
            .body::<ApplyImport>()
            .answers::<ImportView>(),
        // Known good
        route(Method::GET, "/known-good", Reader, "List what is known to be good", get(api::known_good::list)).lists::<KnownGoodView>(),
        route(Method::POST, "/known-good", Lead, "Put something on the known-good list", post(api::known_good::add))
            .body::<NewKnownGood>()
            .answers::<KnownGoodView>(),
        route(Method::DELETE, "/known-good", Lead, "Take something off the known-good list", delete(api::known_good::remove))
            .query::<api::known_good::Entry>(),
        route(Method::GET, "/known-good/lists", Reader, "List the known-good lists of others", get(api::known_good::lists))
            .lists::<KnownGoodListView>(),
        route(Method::POST, "/known-good/lists", Lead, "Bring in known-good lists: MISP warninglists, alone or in a zip", lists)
            .query::<api::known_good::ListsQuery>()
            .answers::<ImportedLists>(),
        route(
            Method::PATCH,
            "/known-good/lists/{id}",
            Lead,
            "Enable, disable or limit a known-good list",
            patch(api::known_good::set_list),
        )
        .body::<SetKnownGoodList>()
        .answers::<KnownGoodListView>(),
        route(Method::DELETE, "/known-good/lists/{id}", Lead, "Remove a known-good list", delete(api::known_good::remove_list)),
    ]
}

pub(super) fn ui() -> Vec<UiRoute> {
    vec![
        // Records
        screen(Method::GET, "/records/{path}", Reader, get(ui::records::list::list)),
        screen(Method::GET, "/records/{path}/new", Analyst, get(ui::records::new::form)),
        screen(Method::POST, "/records/{path}/new", Analyst, post(ui::records::new::create)),
        screen(Method::POST, "/columns", Reader, post(ui::columns::save)),
        screen(Method::GET, "/record/{id}", Reader, get(ui::records::detail::show)),
        screen(Method::GET, "/record/{id}/edit", Analyst, get(ui::records::edit::form)),
        screen(Method::POST, "/record/{id}/edit", Analyst, post(ui::records::edit::edit)),
        screen(Method::POST, "/record/{id}/finding", Analyst, post(ui::records::edit::finding)),
        screen(Method::POST, "/annotations/{id}/withdraw", Analyst, post(ui::records::edit::withdraw)),
        // Add to security case
        screen(Method::GET, "/records/add-to-cases/ask", Analyst, get(ui::records::to_cases::ask_for)),
        screen(Method::POST, "/records/add-to-cases/ask", Analyst, post(ui::records::to_cases::ask)),
        screen(Method::POST, "/records/add-to-cases", Analyst, post(ui::records::to_cases::add)),
        screen(Method::GET, "/records/add-to-cases/done", Analyst, get(ui::records::to_cases::done)),
        // Into a case
        screen(Method::GET, "/cases/{number}/text", Analyst, get(ui::text::paste_page)),
        screen(Method::POST, "/cases/{number}/text", Analyst, post(ui::text::paste)),
        screen(Method::GET, "/cases/{number}/text/{id}", Analyst, get(ui::text::review_page)),
        screen(Method::POST, "/cases/{number}/text/{id}", Analyst, post(ui::text::accept)),
        screen(Method::GET, "/cases/{number}/add", Analyst, get(ui::add::form)),
        screen(Method::POST, "/cases/{number}/add/values", Analyst, post(ui::add::values)),
        screen(Method::POST, "/cases/{number}/add/pick", Analyst, post(ui::add::pick)),
        screen(Method::POST, "/cases/{number}/add/new", Analyst, post(ui::add::new)),
        // Files of records, and what is known to be good
        screen(Method::GET, "/import", Analyst, get(ui::import::new)),
        screen(Method::POST, "/import", Analyst, post(ui::import::stage).layer(up_to(MAX_DOCUMENT))),
        screen(Method::GET, "/import/{id}", Analyst, get(ui::import::show)),
        screen(Method::POST, "/import/{id}", Analyst, post(ui::import::apply)),
        screen(Method::GET, "/known-good", Reader, get(ui::known_good::list)),
        screen(Method::POST, "/known-good", Lead, post(ui::known_good::add)),
        screen(Method::POST, "/known-good/remove", Lead, post(ui::known_good::remove)),
        screen(Method::POST, "/known-good/lists", Lead, post(ui::known_good::import_lists).layer(up_to(MAX_DOCUMENT))),
        screen(Method::POST, "/known-good/lists/{id}", Lead, post(ui::known_good::set_list)),
        screen(Method::POST, "/known-good/lists/{id}/remove", Lead, post(ui::known_good::remove_list)),
    ]
}
