//! Threat intelligence comes in: looked at, applied, again, newer, older, in restricted cases, broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use app::artifact::{self, ArtifactQuery};
use app::case::{self, CaseInput};
use app::import::{self, ApplyImport, ImportState, ImportView, StageIntel};
use app::record::{self, RecordQuery};
use app::{App, AppError};
use model::{Actor, Kind};
use serde_json::{Value, json};
use testkit::TestApp;

const ACTOR: &str = "threat-actor--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
const MALWARE: &str = "malware--31b940d4-6f7f-459a-80ea-9c1f17b5891b";
const INDICATOR: &str = "indicator--26ffb872-1dd9-446e-b6f5-d58527e5b5d2";
const LINK: &str = "relationship--57b56a43-b8b0-4cba-9deb-34e3e1faed9e";

fn object(kind: &str, id: &str, modified: &str, more: Value) -> Value {
    let mut object = json!({ "type": kind, "spec_version": "2.1", "id": id, "created": "2026-01-01T00:00:00.000Z", "modified": modified });
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object
}

fn bundle(modified: &str, name: &str) -> Value {
    json!({ "type": "bundle", "id": "bundle--5d0092c5-5f74-4287-9642-33f4c354e56d", "objects": [
        object("threat-actor", ACTOR, modified, json!({ "name": name, "description": "Told by the source." })),
        object("malware", MALWARE, "2026-01-01T00:00:00.000Z", json!({ "name": "Rusty", "is_family": true })),
        object("indicator", INDICATOR, "2026-01-01T00:00:00.000Z", json!({ "name": "C2", "pattern_type": "stix",
            "pattern": "[domain-name:value = 'c2.evil.example' OR ipv4-addr:value = '198.51.100.7']", "valid_from": "2026-01-01T00:00:00Z" })),
        object("relationship", LINK, "2026-01-01T00:00:00.000Z",
            json!({ "relationship_type": "uses", "source_ref": ACTOR, "target_ref": MALWARE })),
        object("relationship", "relationship--6598bf44-1c10-4218-af9f-75b5b71c23a7", "2026-01-01T00:00:00.000Z",
            json!({ "relationship_type": "indicates", "source_ref": INDICATOR, "target_ref": "malware--00000000-0000-4000-8000-000000000000" })),
    ] })
}

async fn stage(app: &App, actor: &Actor, case: Option<&str>, document: &Value) -> ImportView {
    let input = StageIntel { name: "evil.json".to_owned(), case: case.map(str::to_owned), ..StageIntel::default() };
    import::stage_intel(app, actor, input, document.to_string().into_bytes()).await.unwrap()
}

async fn import(app: &App, actor: &Actor, case: Option<&str>, document: &Value) -> ImportView {
    let staged = stage(app, actor, case, document).await;
    import::apply(app, actor, &staged.import_id, ApplyImport::default()).await.unwrap()
}

async fn titles(app: &App, actor: &Actor, kind: Kind) -> Vec<String> {
    let query = RecordQuery { kind: kind.as_str().to_owned(), sort: "title".to_owned(), ..RecordQuery::default() };
    record::list(app, actor, query).await.unwrap().items.into_iter().map(|record| record.title).collect()
}

fn counts(view: &ImportView) -> [usize; 4] {
    [view.created, view.updated, view.known, view.refused_count]
}

testkit::each_engine! {
    async fn a_document_is_looked_at_then_applied_and_twice_changes_nothing(app: TestApp) {
        let document = bundle("2026-01-01T00:00:00.000Z", "Bronze Hound");
        let staged = stage(&app, &app.analyst, None, &document).await;
        assert_eq!((staged.state, staged.kind.as_str()), (ImportState::Staged, "intel"));
        let intel = staged.intel.clone().unwrap();
        assert_eq!((intel.format.as_str(), intel.dangling_count), ("STIX", 1));
        assert!(intel.dangling[0].why.contains("malware--00000000-0000-4000-8000-000000000000"));
        assert!(titles(&app, &app.reader, Kind::ThreatActor).await.is_empty(), "nothing is changed by looking");

        let applied = import::apply(&app, &app.analyst, &staged.import_id, ApplyImport::default()).await.unwrap();
        // An actor, a malware, an indicator, its two observables, and the link whose ends are both there.
        assert_eq!((applied.state, counts(&applied)), (ImportState::Applied, [6, 0, 0, 0]));
        assert_eq!(titles(&app, &app.reader, Kind::Observable).await, ["198.51.100.7", "c2.evil.example"]);
        let related = record::related(&app, &app.reader, ACTOR, "").await.unwrap();
        assert_eq!(related.iter().map(|one| (one.relationship.as_str(), one.record.id.as_str())).collect::<Vec<_>>(), [("uses", MALWARE)]);
        let based_on = record::related(&app, &app.reader, INDICATOR, "observable").await.unwrap();
        assert_eq!(based_on.len(), 2);

        let again = import(&app, &app.analyst, None, &document).await;
        assert_eq!(counts(&again), [0, 0, 6, 0], "twice changes nothing");
    }

    async fn a_newer_version_updates_and_an_older_one_does_not(app: TestApp) {
        import(&app, &app.analyst, None, &bundle("2026-02-01T00:00:00.000Z", "Bronze Hound")).await;
        let edit = json!({ "description": "Written by hand." });
        record::update(&app, &app.analyst, ACTOR, None, edit.as_object().unwrap().clone()).await.unwrap();

        let older = import(&app, &app.analyst, None, &bundle("2026-01-15T00:00:00.000Z", "Old name")).await;
        assert_eq!(counts(&older), [0, 0, 6, 0]);
        let newer = import(&app, &app.analyst, None, &bundle("2026-03-01T00:00:00.000Z", "Silver Hound")).await;
        assert_eq!(counts(&newer), [0, 1, 5, 0]);
        let now = record::get(&app, &app.reader, ACTOR).await.unwrap();
        assert_eq!(now.record.title, "Silver Hound");
        assert_eq!(now.fields["description"], "Written by hand.", "what a person wrote stays");
    }

    async fn it_goes_into_a_case_and_out_again(app: TestApp) {
        let number = case::create(&app, &app.analyst, CaseInput { name: "Hounds".to_owned(), ..CaseInput::default() }).await.unwrap().number;
        let applied = import(&app, &app.analyst, Some(&number), &bundle("2026-01-01T00:00:00.000Z", "Bronze Hound")).await;
        let tab = |kind: &str| ArtifactQuery { kind: kind.to_owned(), ..ArtifactQuery::default() };
        let rows = artifact::list(&app, &app.reader, &number, tab("")).await.unwrap();
        assert_eq!(rows.total, 5);
        app::operation::undo(&app, &app.analyst, &applied.operation.unwrap().operation_id).await.unwrap();
        assert_eq!(artifact::list(&app, &app.reader, &number, tab("")).await.unwrap().total, 0);
    }

    async fn what_a_restricted_case_is_told_stays_there(app: TestApp) {
        let restricted = CaseInput { name: "Secret".to_owned(), restricted: true, ..CaseInput::default() };
        let number = case::create(&app, &app.analyst, restricted).await.unwrap().number;
        import(&app, &app.analyst, Some(&number), &bundle("2026-02-01T00:00:00.000Z", "Secret Hound")).await;
        assert!(titles(&app, &app.reader, Kind::ThreatActor).await.is_empty());

        let open = import(&app, &app.lead, None, &bundle("2026-01-01T00:00:00.000Z", "Bronze Hound")).await;
        assert_eq!(open.created, 6, "whoever may not know of it hears that it is new");
        assert_eq!(titles(&app, &app.reader, Kind::ThreatActor).await, ["Bronze Hound"], "in the open it is what it came as");
    }

    async fn broken_documents_are_refused_with_the_place(app: TestApp) {
        let input = StageIntel { name: "broken.json".to_owned(), ..StageIntel::default() };
        let broken = import::stage_intel(&app, &app.analyst, input, b"{\"type\": \"bundle\",\n \"objects\": [{]}".to_vec()).await;
        let Err(AppError::Invalid(errors)) = broken else { panic!("not refused: {broken:?}") };
        assert!(errors[0].detail.contains("line 2"), "{}", errors[0].detail);

        let mut document = bundle("2026-01-01T00:00:00.000Z", "Bronze Hound");
        document["objects"][1]["modified"] = json!("yesterday");
        let partly = stage(&app, &app.analyst, None, &document).await;
        assert_eq!(partly.refused_count, 1);
        assert_eq!(partly.refused[0].r#where, "/objects/1/modified");
    }
}
