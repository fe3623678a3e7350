//! What is thought of a record in a restricted case, and by which roads it could come into the open.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use app::App;
use app::artifact::{self, AddArtifacts, ArtifactQuery, NewObservable};
use app::case::{self, CaseInput};
use app::import::{self, ApplyImport, StageRecords, StageText};
use app::record::{self, AddToCases, RecordQuery, RecordView};
use model::artifact::Finding;
use model::{Actor, Role};
use serde_json::json;
use testkit::TestApp;

const VALUE: &str = "quiet-night-c2.com";

async fn open_case(app: &App, actor: &Actor, name: &str, restricted: bool) -> String {
    case::create(app, actor, CaseInput { name: name.to_owned(), restricted, ..CaseInput::default() }).await.unwrap().number
}

async fn all(app: &App, actor: &Actor) -> Vec<RecordView> {
    record::list(app, actor, RecordQuery::default()).await.unwrap().items
}

/// The restricted case in which Ada found the value malicious, and the record.
async fn judged(app: &TestApp) -> (String, RecordView) {
    let secret = open_case(app, &app.analyst, "Insider", true).await;
    let born = AddArtifacts { observables: vec![NewObservable::Value(VALUE.to_owned())], ..AddArtifacts::default() };
    artifact::add(app, &app.analyst, &secret, born).await.unwrap();
    let record = all(app, &app.analyst).await.remove(0);
    let patch = json!({ "finding": "malicious" }).as_object().unwrap().clone();
    record::update(app, &app.analyst, &record.id, None, patch).await.unwrap();
    (secret, record)
}

/// The roads by which somebody brings the value into the open.
const ROADS: [&str; 6] = ["added", "created", "report", "file", "named by an incident", "a report without a case"];

async fn bring(app: &App, actor: &Actor, road: &str) {
    match road {
        "added" => {
            let case = open_case(app, actor, "Open", false).await;
            let input = AddArtifacts { observables: vec![NewObservable::Value(VALUE.to_owned())], ..AddArtifacts::default() };
            artifact::add(app, actor, &case, input).await.unwrap();
        }
        "created" => {
            let input = json!({ "kind": "observable", "value": VALUE });
            record::create(app, actor, serde_json::from_value(input).unwrap()).await.unwrap();
        }
        "report" | "a report without a case" => {
            let case = if road == "report" { Some(open_case(app, actor, "Open", false).await) } else { None };
            let text = StageText { name: "report.txt".to_owned(), text: format!("It called hxxp://{VALUE}/x and {VALUE}."), case };
            let staged = import::stage_text(app, actor, text).await.unwrap();
            import::apply(app, actor, &staged.import_id, ApplyImport::default()).await.unwrap();
        }
        _ => {
            let (kind, text) = if road == "file" {
                ("observable", format!("value\n{VALUE}\n"))
            } else {
                ("incident", format!("number;short description;observables\nINC1;odd;{VALUE}\n"))
            };
            let input = StageRecords { kind: kind.to_owned(), name: "feed.csv".to_owned(), ..StageRecords::default() };
            let staged = import::stage_records(app, actor, input, text.into_bytes()).await.unwrap();
            import::apply(app, actor, &staged.import_id, ApplyImport::default()).await.unwrap();
        }
    }
}

/// That the record is in the open what it is to somebody who meets it for the first time.
async fn assert_plain(app: &TestApp, who: &Actor, road: &str) {
    let found = all(app, &app.reader).await;
    let record = found.iter().find(|record| record.title == VALUE).unwrap_or_else(|| panic!("{road}: not found"));
    assert_eq!((record.finding, record.version), (Finding::Unknown, 1), "{road}");
    assert_eq!((&record.created_by, &record.updated_by), (&who.name, &who.name), "{road}");
}

/// That the restricted case still tells what was thought of it, and once.
async fn assert_kept(app: &TestApp, secret: &str, road: &str) {
    let story = case::activity(app, &app.analyst, secret, None, 50).await.unwrap();
    let told: Vec<_> = story.iter().filter(|line| line.verb == "record.reveal").map(|line| &line.details["records"]).collect();
    assert_eq!(told.len(), 1, "{road}");
    assert_eq!(told[0][0]["changes"], json!({ "finding": ["malicious", "unknown"] }), "{road}");
}

testkit::each_engine! {
    async fn what_others_bring_is_new_to_them_by_every_road(app: TestApp) {
        let mut app = app;
        for road in ROADS {
            app = TestApp::new(app.store.store().engine());
            let (secret, _) = judged(&app).await;
            let otto = app.person("otto", Role::Analyst);
            bring(&app, &otto, road).await;
            assert_plain(&app, &otto, road).await;
            assert_kept(&app, &secret, road).await;
        }
    }

    async fn nor_does_whoever_is_in_the_case_give_it_away_by_chance(app: TestApp) {
        let mut app = app;
        for road in ROADS {
            app = TestApp::new(app.store.store().engine());
            let (secret, _) = judged(&app).await;
            bring(&app, &app.analyst.clone(), road).await;
            assert_plain(&app, &app.analyst, road).await;
            assert_kept(&app, &secret, road).await;
        }
    }

    async fn a_record_that_is_picked_comes_without_what_was_thought_of_it(app: TestApp) {
        let (secret, record) = judged(&app).await;
        let open = open_case(&app, &app.analyst, "Open", false).await;
        let input = AddToCases { record_ids: vec![record.id.clone()], case_numbers: vec![open.clone()], ..AddToCases::default() };
        record::add_to_cases(&app, &app.analyst, input).await.unwrap();
        assert_plain(&app, &app.analyst, "picked").await;
        assert_kept(&app, &secret, "picked").await;
        let listed = artifact::list(&app, &app.reader, &open, ArtifactQuery::default()).await.unwrap();
        assert_eq!(listed.items.iter().map(|item| item.record.finding).collect::<Vec<_>>(), [Finding::Unknown]);
        // What is thought of it in the open from then on is left alone when it comes again.
        let patch = json!({ "finding": "clean" }).as_object().unwrap().clone();
        record::update(&app, &app.lead, &record.id, None, patch).await.unwrap();
        bring(&app, &app.analyst, "added").await;
        assert_eq!(record::get(&app, &app.reader, &record.id).await.unwrap().record.finding, Finding::Clean);
    }
}
