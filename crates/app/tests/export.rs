//! What leaves a case: all that the actor may read, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod evidence;

use app::artifact::{self, AddArtifacts, AnnotateArtifacts, ExcludeArtifacts, NewObservable};
use app::case::{self, CasePatch};
use app::export::{self, Export, ExportArtifacts, ExportQuery, ExportRecords, RecordExportQuery};
use app::import::{self, ApplyImport, StageIntel};
use app::note::{self, NoteInput};
use app::{AppError, record};
use formats::intel::{self, Limits};
use model::Actor;
use serde_json::{Value, json};
use testkit::TestApp;

async fn text(mut export: Export) -> String {
    let mut whole = Vec::new();
    while let Some(chunk) = export.chunks.recv().await {
        whole.extend(chunk.unwrap());
    }
    String::from_utf8(whole).unwrap()
}

fn query(format: &str) -> ExportQuery {
    ExportQuery { format: format.to_owned(), ..ExportQuery::default() }
}

async fn of_case(test: &TestApp, actor: &Actor, case: &str, format: &str) -> String {
    text(export::case(test, actor, case, query(format)).await.unwrap()).await
}

async fn json_of(test: &TestApp, actor: &Actor, case: &str, format: &str) -> Value {
    serde_json::from_str(&of_case(test, actor, case, format).await).unwrap()
}

fn objects<'a>(bundle: &'a Value, kind: &str) -> Vec<&'a Value> {
    bundle["objects"].as_array().unwrap().iter().filter(|object| object["type"] == kind).collect()
}

async fn id_of(test: &TestApp, case: &str, value: &str) -> String {
    let query = artifact::ArtifactQuery { q: value.to_owned(), status: "all".to_owned(), ..artifact::ArtifactQuery::default() };
    artifact::list(test, &test.analyst, case, query).await.unwrap().items[0].record.id.clone()
}

async fn annotate(test: &TestApp, actor: &Actor, case: &str, record: &str, text: &str) {
    let input: AnnotateArtifacts = serde_json::from_value(json!({ "record_ids": [record], "text": text })).unwrap();
    artifact::annotate(test, actor, case, input).await.unwrap();
}

async fn exclude(test: &TestApp, case: &str, record: &str) {
    let input: ExcludeArtifacts = serde_json::from_value(json!({ "record_ids": [record], "reason": "known_good" })).unwrap();
    artifact::exclude(test, &test.analyst, case, input).await.unwrap();
}

const BUNDLE: &str = r#"{"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d","objects":[
 {"type":"indicator","spec_version":"2.1","id":"indicator--26ffb872-1dd9-446e-b6f5-d58527e5b5d2","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"C2","pattern_type":"stix","pattern":"[domain-name:value = 'c2.evil.example']","valid_from":"2026-01-01T00:00:00Z"},
 {"type":"file","spec_version":"2.1","id":"file--11111111-1111-4111-8111-111111111111","hashes":{"MD5":"d41d8cd98f00b204e9800998ecf8427e","SHA-256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},"name":"invoice.exe"},
 {"type":"malware","spec_version":"2.1","id":"malware--31b940d4-6f7f-459a-80ea-9c1f17b5891b","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"Rusty","is_family":true,"sample_refs":["file--11111111-1111-4111-8111-111111111111"]},
 {"type":"relationship","spec_version":"2.1","id":"relationship--57b56a43-b8b0-4cba-9deb-34e3e1faed9e","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","relationship_type":"indicates","source_ref":"indicator--26ffb872-1dd9-446e-b6f5-d58527e5b5d2","target_ref":"malware--31b940d4-6f7f-459a-80ea-9c1f17b5891b"}]}"#;

async fn bring(test: &TestApp, case: &str) {
    let input = StageIntel { name: "rusty.json".to_owned(), case: Some(case.to_owned()), ..StageIntel::default() };
    let staged = import::stage_intel(test, &test.analyst, input, BUNDLE.as_bytes().to_vec()).await.unwrap();
    import::apply(test, &test.analyst, &staged.import_id, ApplyImport::default()).await.unwrap();
}

testkit::each_engine! {
    async fn what_came_as_stix_leaves_as_stix_and_comes_back(app: TestApp) {
        let number = evidence::case(&app, &app.analyst, false).await.number;
        bring(&app, &number).await;
        evidence::add(&app, &app.analyst, &number, &["198.51.100.7"]).await;
        let bundle = json_of(&app, &app.reader, &number, "stix").await;
        let files = objects(&bundle, "file");
        assert_eq!(files.len(), 1, "hashes and name of one file are one object");
        assert_eq!(files[0]["hashes"].as_object().unwrap().len(), 2);
        let malware = objects(&bundle, "malware");
        assert_eq!(malware[0]["sample_refs"], json!([files[0]["id"]]), "references lead to what is in the bundle");
        let links: Vec<&str> = objects(&bundle, "relationship").iter().map(|link| link["relationship_type"].as_str().unwrap()).collect();
        assert!(links.contains(&"indicates") && links.contains(&"based-on") && !links.contains(&"same-file"), "{links:?}");
        let grouping = objects(&bundle, "grouping")[0];
        assert!(grouping["name"].as_str().unwrap().starts_with(&number));
        assert!(grouping["object_refs"].as_array().unwrap().contains(&files[0]["id"]));

        let document = intel::read(bundle.to_string().as_bytes(), &Limits::default()).unwrap();
        assert_eq!(document.refused, []);
        let titles: Vec<&str> = document.objects.iter().map(|object| object.record.title.as_str()).collect();
        for title in ["C2", "Rusty", "c2.evil.example", "d41d8cd98f00b204e9800998ecf8427e", "invoice.exe", "198.51.100.7"] {
            assert!(titles.contains(&title), "{title} of {titles:?}");
        }
        let again = json_of(&app, &app.reader, &number, "stix").await;
        assert_eq!(again["objects"], bundle["objects"], "the same case is the same objects");
    }

    async fn the_thrown_out_stays_unless_it_is_asked_for(app: TestApp) {
        let number = evidence::case_with(&app, &["evil.example", "good.example"]).await;
        let good = id_of(&app, &number, "good.example").await;
        exclude(&app, &number, &good).await;
        assert_eq!(of_case(&app, &app.reader, &number, "plain").await.trim(), "evil.example");
        let asked = |status: &str, defang| ExportQuery { status: status.to_owned(), defang, ..query("plain") };
        let all = text(export::case(&app, &app.reader, &number, asked("all", true)).await.unwrap()).await;
        assert_eq!(all.lines().collect::<std::collections::BTreeSet<_>>(), ["evil[.]example", "good[.]example"].into());
        let excluded = text(export::case(&app, &app.reader, &number, asked("excluded", false)).await.unwrap()).await;
        assert_eq!(excluded.trim(), "good.example");

        let refused = export::case(&app, &app.reader, &number, ExportQuery { defang: true, ..query("stix") }).await.unwrap_err();
        assert!(matches!(&refused, AppError::Invalid(errors) if errors[0].pointer == "/defang"), "{refused:?}");
        let refused = export::case(&app, &app.reader, &number, query("docx")).await.unwrap_err();
        assert!(matches!(&refused, AppError::Invalid(errors) if errors[0].pointer == "/format"), "{refused:?}");
    }

    async fn a_selection_is_what_it_says(app: TestApp) {
        let number = evidence::case_with(&app, &["a.example", "b.example", "198.51.100.7"]).await;
        let id = id_of(&app, &number, "b.example").await;
        let one: ExportArtifacts = serde_json::from_value(json!({ "record_ids": [id], "format": "plain" })).unwrap();
        assert_eq!(text(export::artifacts(&app, &app.reader, &number, one).await.unwrap()).await, "b.example\n");
        let but: ExportArtifacts =
            serde_json::from_value(json!({ "all_matching": { "category": "domain-name" }, "except": [id], "format": "plain" })).unwrap();
        assert_eq!(text(export::artifacts(&app, &app.reader, &number, but).await.unwrap()).await, "a.example\n");
        let none: ExportArtifacts = serde_json::from_value(json!({ "format": "plain" })).unwrap();
        assert!(export::artifacts(&app, &app.reader, &number, none).await.is_err());
    }

    async fn nothing_of_other_restricted_cases_leaves_with_a_case(app: TestApp) {
        let open = evidence::case_with(&app, &["evil.example", "198.51.100.7"]).await;
        let secret = evidence::case(&app, &app.analyst, true).await.number;
        evidence::add(&app, &app.analyst, &secret, &["evil.example", "198.51.100.7", "hidden.example"]).await;
        let (domain, address) = (id_of(&app, &open, "evil.example").await, id_of(&app, &open, "198.51.100.7").await);
        annotate(&app, &app.analyst, &open, &domain, "Told openly.").await;
        annotate(&app, &app.analyst, &secret, &domain, "Told in secret.").await;
        let link = json!({ "from": domain, "type": "secretly-resolves-to", "to": address, "case": secret });
        record::relate(&app, &app.analyst, serde_json::from_value(link).unwrap()).await.unwrap();
        for format in ["stix", "misp", "csv", "json", "jsonl", "plain"] {
            // The analyst may read both cases; whoever gets this one may not.
            let told = of_case(&app, &app.analyst, &open, format).await;
            assert!(told.contains("evil.example") && !told.contains("secret") && !told.contains("hidden"), "{format}: {told}");
        }
        assert!(of_case(&app, &app.analyst, &open, "stix").await.contains("Told openly."));
        let unknown = export::case(&app, &app.reader, &secret, query("json")).await.unwrap_err();
        assert!(matches!(unknown, AppError::NotFound(_)), "{unknown:?}");
        let library = export::records_by_query(&app, &app.reader, RecordExportQuery { format: "plain".to_owned(), ..RecordExportQuery::default() });
        assert!(!text(library.await.unwrap()).await.contains("hidden"));
    }

    async fn notes_for_few_stay_with_few(app: TestApp) {
        let number = evidence::case(&app, &app.analyst, false).await.number;
        let patch: CasePatch = serde_json::from_value(json!({ "work_notes_list": ["ada"] })).unwrap();
        case::update(&app, &app.analyst, &number, None, patch).await.unwrap();
        evidence::add(&app, &app.analyst, &number, &["evil.example"]).await;
        for note in [json!({ "kind": "work_note", "text": "For few.", "audience": "work_notes_list" }), json!({ "kind": "comment", "text": "For all." })] {
            let note: NoteInput = serde_json::from_value(note).unwrap();
            note::add(&app, &app.analyst, &number, note).await.unwrap();
        }
        let told = of_case(&app, &app.reader, &number, "json").await;
        assert!(told.contains("For all.") && !told.contains("For few."), "{told}");
        assert!(of_case(&app, &app.analyst, &number, "json").await.contains("For few."));
        for format in ["stix", "misp", "csv"] {
            assert!(!of_case(&app, &app.analyst, &number, format).await.contains("For all."), "{format} goes to others");
        }
    }

    async fn what_was_exported_is_told_in_the_case(app: TestApp) {
        let number = evidence::case_with(&app, &["evil.example"]).await;
        of_case(&app, &app.reader, &number, "csv").await;
        let told = case::activity(&app, &app.analyst, &number, None, 10).await.unwrap();
        assert_eq!((told[0].verb.as_str(), told[0].actor.as_str()), ("case.export", "rita"));
        assert_eq!((&told[0].details["format"], &told[0].details["count"]), (&json!("csv"), &json!(1)));
    }

    async fn markings_and_findings_go_along(app: TestApp) {
        let number = evidence::case_with(&app, &["evil.example"]).await;
        let patch: CasePatch = serde_json::from_value(json!({ "tlp": "red" })).unwrap();
        case::update(&app, &app.analyst, &number, None, patch).await.unwrap();
        let id = id_of(&app, &number, "evil.example").await;
        let finding = json!({ "finding": "malicious" });
        record::update(&app, &app.analyst, &id, None, finding.as_object().unwrap().clone()).await.unwrap();
        let bundle = json_of(&app, &app.reader, &number, "stix").await;
        let red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";
        assert_eq!(objects(&bundle, "domain-name")[0]["object_marking_refs"], json!([red]));
        assert_eq!(objects(&bundle, "grouping")[0]["object_marking_refs"], json!([red]));
        let event = json_of(&app, &app.reader, &number, "misp").await;
        assert_eq!(event["Event"]["Tag"][0]["name"], "tlp:red");
        assert_eq!(event["Event"]["Attribute"][0]["to_ids"], true);
    }

    async fn what_was_seen_in_logs_leaves_as_sightings(app: TestApp) {
        let number = evidence::case(&app, &app.analyst, false).await.number;
        bring(&app, &number).await;
        let lines = ["2026-11-01T10:00:00Z", "2026-11-02T10:00:00Z"].map(|at| evidence::event(at, "ws-014", "ada", "asked for c2.evil.example"));
        evidence::import(&app, "dns", &lines).await;
        evidence::search(&app, &number, evidence::all_data()).await;
        let bundle = json_of(&app, &app.reader, &number, "stix").await;
        let seen: Vec<&Value> = objects(&bundle, "sighting").into_iter().filter(|one| one["count"] == 2).collect();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0]["sighting_of_ref"], "indicator--26ffb872-1dd9-446e-b6f5-d58527e5b5d2");
        assert!(seen[0]["first_seen"].as_str().unwrap().starts_with("2026-11-01T10:00:00"));
        assert_eq!(objects(&bundle, "observed-data")[0]["number_observed"], 2);
    }

    async fn more_than_one_chunk_is_whole_and_in_order(app: TestApp) {
        let number = evidence::case(&app, &app.analyst, false).await.number;
        let values: Vec<NewObservable> = (0..1_300).map(|n| NewObservable::Value(format!("host-{n}.evil.example"))).collect();
        artifact::add(&app, &app.analyst, &number, AddArtifacts { observables: values, ..AddArtifacts::default() }).await.unwrap();
        app::job::drain(&app).unwrap();
        let export = export::case(&app, &app.reader, &number, query("plain")).await.unwrap();
        assert_eq!(export.count, 1_300);
        let told = text(export).await;
        assert_eq!(told.lines().collect::<std::collections::HashSet<_>>().len(), 1_300);
        let bundle = json_of(&app, &app.reader, &number, "stix").await;
        assert_eq!(objects(&bundle, "domain-name").len(), 1_300);
        // Whoever goes away in the middle harms nobody.
        drop(export::case(&app, &app.reader, &number, query("json")).await.unwrap());
    }

    async fn whoever_is_shut_out_meanwhile_gets_no_more(app: TestApp) {
        let number = evidence::case(&app, &app.analyst, false).await.number;
        let values = (0..1_500).map(|n| NewObservable::Value(format!("host-{n}.{}.example", "evil".repeat(15)))).collect();
        artifact::add(&app, &app.analyst, &number, AddArtifacts { observables: values, ..AddArtifacts::default() }).await.unwrap();
        app::job::drain(&app).unwrap();
        let mut export = export::case(&app, &app.reader, &number, query("json")).await.unwrap();
        export.chunks.recv().await.unwrap().unwrap();
        let patch = CasePatch { restricted: Some(true), ..CasePatch::default() };
        case::update(&app, &app.lead, &number, None, patch).await.unwrap();
        let mut broke_off = None;
        while let Some(chunk) = export.chunks.recv().await {
            broke_off = chunk.err();
        }
        assert!(matches!(broke_off, Some(AppError::NotFound("case"))), "{broke_off:?}");
    }

    async fn records_leave_without_a_case(app: TestApp) {
        let machine = json!({ "kind": "configuration_item", "name": "ws-014", "owner": "=HYPERLINK(\"x\")" });
        evidence::record(&app, machine).await;
        let asked = RecordExportQuery { format: "csv".to_owned(), kind: "configuration_item".to_owned(), ..RecordExportQuery::default() };
        let table = text(export::records_by_query(&app, &app.reader, asked).await.unwrap()).await;
        assert!(table.contains("ws-014") && table.contains("'=HYPERLINK"), "{table}");
        let nothing = export::records(&app, &app.reader, ExportRecords { format: "csv".to_owned(), ..ExportRecords::default() }).await;
        assert!(nothing.is_err());
    }
}
