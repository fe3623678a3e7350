//! What comes in: staged, looked at, applied; twice, from two sources, in restricted cases, and hostile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use app::artifact::{self, ArtifactQuery};
use app::case::{self, CaseInput};
use app::import::{self, Accepted, ApplyImport, ImportState, ImportView, Mapping, RowStatus, StageRecords, StageText};
use app::known_good::{self, NewKnownGood, RemoveKnownGood};
use app::record::{self, RecordQuery, RecordView};
use app::{App, AppError};
use model::actor::Idempotency;
use model::artifact::{OriginKind, Severity};
use model::observable::Mark;
use model::{Actor, Kind, Role};
use serde_json::json;
use testkit::TestApp;

const CMDB: &str = "sys_id;Host name;Class;IP Address;Business criticality;Owner\n\
    a1;MKT01.pandalab.com;Workstation;192.168.1.41, 10.0.0.1;2 - High;Ada\n\
    a2;MKT02.pandalab.com;Workstation;192.168.1.42;low;Bob\n\
    a3;=cmd|' /C calc'!A0;Server;;;\n\
    ;;;;high;\n\
    a1;MKT01 again;Server;;;\n";

async fn open_case(app: &App, actor: &Actor, name: &str, restricted: bool) -> String {
    case::create(app, actor, CaseInput { name: name.to_owned(), restricted, ..CaseInput::default() }).await.unwrap().number
}

fn file(kind: &str, name: &str) -> StageRecords {
    StageRecords { kind: kind.to_owned(), name: name.to_owned(), ..StageRecords::default() }
}

async fn stage(app: &App, actor: &Actor, input: StageRecords, text: &str) -> ImportView {
    import::stage_records(app, actor, input, text.as_bytes().to_vec()).await.unwrap()
}

async fn import(app: &App, actor: &Actor, input: StageRecords, text: &str) -> ImportView {
    let staged = stage(app, actor, input, text).await;
    import::apply(app, actor, &staged.import_id, ApplyImport::default()).await.unwrap()
}

fn counts(view: &ImportView) -> [usize; 4] {
    [view.created, view.updated, view.known, view.refused_count]
}

async fn records(app: &App, actor: &Actor, kind: Kind) -> Vec<RecordView> {
    let query = RecordQuery { kind: kind.as_str().to_owned(), sort: "title".to_owned(), ..RecordQuery::default() };
    record::list(app, actor, query).await.unwrap().items
}

async fn named(app: &TestApp, title: &str) -> RecordView {
    let query = RecordQuery { q: format!("\"{title}\""), ..RecordQuery::default() };
    let found = record::list(app, &app.reader, query).await.unwrap().items;
    found.into_iter().find(|record| record.title == title).unwrap_or_else(|| panic!("no {title}"))
}

fn tab() -> ArtifactQuery {
    ArtifactQuery { status: "all".to_owned(), ..ArtifactQuery::default() }
}

testkit::each_engine! {
    async fn a_file_is_looked_at_then_applied_and_twice_changes_nothing(app: TestApp) {
        let staged = stage(&app, &app.analyst, file("configuration_item", "/tmp/CMDB-2026-01-05.csv"), CMDB).await;
        assert_eq!((staged.state, staged.name.as_str(), staged.source.as_str()), (ImportState::Staged, "CMDB-2026-01-05.csv", "cmdb"));
        assert_eq!(staged.mapping["Host name"], "name");
        assert_eq!(counts(&staged), [3, 0, 0, 2]);
        assert_eq!(staged.refused.iter().map(|refused| refused.r#where.as_str()).collect::<Vec<_>>(), ["row 5", "row 6"]);
        assert_eq!(staged.preview[0].fields["ip_addresses"], json!(["192.168.1.41", "10.0.0.1"]));
        assert!(staged.preview.iter().all(|row| row.status == RowStatus::New));
        assert!(records(&app, &app.reader, Kind::ConfigurationItem).await.is_empty(), "nothing is changed by looking");

        let applied = import::apply(&app, &app.analyst, &staged.import_id, ApplyImport::default()).await.unwrap();
        assert_eq!((applied.state, counts(&applied)), (ImportState::Applied, [3, 0, 0, 2]));
        let items = records(&app, &app.reader, Kind::ConfigurationItem).await;
        assert_eq!(items.iter().map(|item| item.title.as_str()).collect::<Vec<_>>(), ["=cmd|' /C calc'!A0", "MKT01.pandalab.com", "MKT02.pandalab.com"]);
        assert_eq!(items[1].severity, Severity::High);

        let again = import::apply(&app, &app.analyst, &staged.import_id, ApplyImport::default()).await.unwrap();
        assert_eq!(counts(&again), [3, 0, 0, 2], "the same answer, and nothing more");
        let tomorrow = import(&app, &app.analyst, file("configuration_item", "CMDB-2026-01-06.csv"), CMDB).await;
        assert_eq!(counts(&tomorrow), [0, 0, 3, 2]);
        assert_eq!(records(&app, &app.reader, Kind::ConfigurationItem).await, items, "importing twice changes nothing");
        assert_eq!(record::get(&app, &app.reader, &items[1].id).await.unwrap().sources, ["cmdb"]);
    }

    async fn the_source_may_change_what_it_told_and_nothing_else(app: TestApp) {
        import(&app, &app.analyst, file("configuration_item", "cmdb.csv"), "id,name,class,owner,location\n1,web01,server,Ada,Bern\n2,web02,server,Ada,\n").await;
        let web01 = named(&app, "web01").await;
        record::update(&app, &app.analyst, &web01.id, None, json!({ "owner": "Lena" }).as_object().unwrap().clone()).await.unwrap();
        let second = "id,name,class,owner,location\n1,web01,appliance,Otto,Basel\n2,web02,server,Ada,Chur\n";
        let staged = stage(&app, &app.analyst, file("configuration_item", "cmdb.csv"), second).await;
        assert_eq!(counts(&staged), [0, 2, 0, 0]);
        assert_eq!(staged.preview[0].changes, ["class", "location"], "what a person wrote stays");
        import::apply(&app, &app.analyst, &staged.import_id, ApplyImport::default()).await.unwrap();
        let web01 = named(&app, "web01").await;
        assert_eq!((web01.category.as_str(), web01.owner.as_str(), web01.attribute("location").as_str(), web01.version), ("appliance", "Lena", "Basel", 3));
        // Another source fills what is empty, and contradicts nothing.
        let other = import(&app, &app.analyst, file("configuration_item", "scanner.csv"), "name,class,os,ip\nWEB02.corp.example,toaster,Linux,10.0.0.2\n").await;
        assert_eq!(counts(&other), [0, 1, 0, 0]);
        let web02 = named(&app, "web02").await;
        assert_eq!((web02.category.as_str(), web02.attribute("operating_system").as_str()), ("server", "Linux"));
        assert_eq!(web02.attribute("host_names"), "WEB02.corp.example", "it is known by both names");
        assert_eq!(record::get(&app, &app.reader, &web02.id).await.unwrap().sources, ["cmdb", "scanner"]);
        for (name, text) in [("cmdb.csv", second), ("scanner.csv", "name,class,os,ip\nWEB02.corp.example,toaster,Linux,10.0.0.2\n")] {
            let again = import(&app, &app.analyst, file("configuration_item", name), text).await;
            assert_eq!((again.created, again.updated), (0, 0), "{name} again");
        }
        // After a change by hand, both sources still know it.
        record::update(&app, &app.analyst, &web02.id, None, json!({ "description": "rack 7" }).as_object().unwrap().clone()).await.unwrap();
        let again = import(&app, &app.analyst, file("configuration_item", "scanner.csv"), "name,os\nWEB02.corp.example,Linux\n").await;
        assert_eq!(counts(&again), [0, 0, 1, 0]);
        assert_eq!(records(&app, &app.reader, Kind::ConfigurationItem).await.len(), 2);
    }

    async fn several_candidates_are_told_and_never_joined(app: TestApp) {
        let two = "name,location\nweb01.north.example,North\nweb01.south.example,South\n";
        import(&app, &app.analyst, file("configuration_item", "cmdb.csv"), two).await;
        let unclear = import(&app, &app.analyst, file("configuration_item", "scanner.csv"), "name,os\nweb01,Linux\nweb09,BSD\n").await;
        assert_eq!(counts(&unclear), [1, 0, 0, 1]);
        assert!(unclear.refused[0].why.contains("web01.north.example"), "{}", unclear.refused[0].why);
        assert!(records(&app, &app.reader, Kind::ConfigurationItem).await.iter().all(|item| item.title == "web09" || item.attribute("operating_system").is_empty()));
        // The same address is no identity: it goes from one machine to the next.
        import(&app, &app.analyst, file("configuration_item", "dhcp.csv"), "name,ip\nlap01,10.0.0.9\nlap02,10.0.0.9\n").await;
        let lap03 = import(&app, &app.analyst, file("configuration_item", "nac.csv"), "name,ip\nlap03,10.0.0.9\n").await;
        assert_eq!(counts(&lap03), [1, 0, 0, 0]);
        // An id means something in its own source only.
        import(&app, &app.analyst, file("configuration_item", "one.csv"), "asset tag,name\n100,alpha\n").await;
        let other = import(&app, &app.analyst, file("configuration_item", "two.csv"), "asset tag,name\n100,beta\n").await;
        assert_eq!(counts(&other), [1, 0, 0, 0]);
    }

    async fn people_are_known_by_account_and_mail(app: TestApp) {
        let directory = "displayName,sAMAccountName,mail,department,enabled\nPedro Pascal,PANDALAB\\pedro,pedro@pandalab.com,Sales,TRUE\nEve,PANDALAB\\eve,eve@pandalab.com,IT,FALSE\n";
        import(&app, &app.analyst, file("user", "ad.csv"), directory).await;
        let personnel = import(&app, &app.analyst, file("user", "hr.csv"), "name,email,job title\nPascal Pedro,Pedro@pandalab.com,Buyer\nEve Other,eve@other.example,Cook\n").await;
        assert_eq!(counts(&personnel), [1, 1, 0, 0]);
        let pedro = named(&app, "Pedro Pascal").await;
        assert_eq!((pedro.attribute("title").as_str(), pedro.status.as_str(), pedro.category.as_str()), ("Buyer", "active", "Sales"));
        assert_eq!(named(&app, "Eve").await.status, "locked");
    }

    async fn a_hand_made_record_is_found_again_and_keeps_its_words(app: TestApp) {
        let by_hand = json!({ "kind": "configuration_item", "name": "MKT01", "owner": "Ada", "ip_addresses": ["10.9.9.9"] });
        let made = record::create(&app, &app.analyst, serde_json::from_value(by_hand).unwrap()).await.unwrap().record;
        let applied = import(&app, &app.analyst, file("configuration_item", "cmdb.csv"), CMDB).await;
        assert_eq!(counts(&applied), [2, 1, 0, 2]);
        let now = record::get(&app, &app.reader, &made.id).await.unwrap().record;
        assert_eq!((now.title.as_str(), now.owner.as_str(), now.category.as_str()), ("MKT01", "Ada", "Workstation"));
        assert_eq!(now.attribute("ip_addresses"), "10.9.9.9, 192.168.1.41, 10.0.0.1");
        assert_eq!(counts(&import(&app, &app.analyst, file("configuration_item", "cmdb.csv"), CMDB).await), [0, 0, 3, 2]);
    }

    async fn into_a_case_with_their_origin_and_undone_as_one(app: TestApp) {
        let case = open_case(&app, &app.analyst, "Beacons", false).await;
        let input = StageRecords { case: Some(case.clone()), ..file("configuration_item", "cmdb.csv") };
        let applied = import(&app, &app.analyst, input, CMDB).await;
        let operation = applied.operation.clone().unwrap();
        assert_eq!((operation.affected, applied.case.as_deref()), (3, Some(case.as_str())));
        let listed = artifact::list(&app, &app.reader, &case, tab()).await.unwrap().items;
        assert_eq!(listed.len(), 3);
        let origin = &listed[0].origins[0];
        assert_eq!((origin.kind, origin.title.as_str(), origin.reference.as_str()), (OriginKind::Import, "cmdb.csv", applied.import_id.as_str()));
        let verbs: Vec<String> = case::activity(&app, &app.reader, &case, None, 20).await.unwrap().into_iter().map(|line| line.verb).collect();
        assert_eq!(verbs, ["import.apply", "artifact.add", "import.records", "case.create"]);
        app::operation::undo(&app, &app.analyst, &operation.operation_id).await.unwrap();
        assert!(artifact::list(&app, &app.reader, &case, tab()).await.unwrap().items.is_empty());
        // A change to a record of the case is told in its activities.
        let again = StageRecords { case: Some(case.clone()), ..file("configuration_item", "cmdb.csv") };
        import(&app, &app.analyst, again, CMDB).await;
        import(&app, &app.lead, file("configuration_item", "cmdb.csv"), &CMDB.replace("Bob", "Carol")).await;
        let story = case::activity(&app, &app.reader, &case, None, 1).await.unwrap();
        assert_eq!((story[0].verb.as_str(), &story[0].details["changes"]["owner"]), ("record.update", &json!(["Bob", "Carol"])));
    }

    async fn incidents_bring_what_they_name(app: TestApp) {
        import(&app, &app.analyst, file("configuration_item", "cmdb.csv"), CMDB).await;
        import(&app, &app.analyst, file("user", "ad.csv"), "name,user_id\nPedro Pascal,PANDALAB\\pedro\nEve One,eve1\nEve Two,eve2\n").await;
        let incidents = r#"[
            {"number":"INC001","short_description":"Odd beacon","priority":"1 - Critical","opened_at":"2023-08-15 07:53:46",
             "cmdb_ci":{"display_value":"MKT01.pandalab.com","value":"a1"},"caller_id":"Pedro Pascal","iocs":["hxxp://evil[.]test/a","203.0.113.7"]},
            {"number":"INC002","short_description":"The same","cmdb_ci":"mkt01","caller_id":"someone new","iocs":"203.0.113.7"},
            {"number":"INC003","short_description":"Nonsense","iocs":"no such thing"},
            {"short_description":"without a number"}
        ]"#;
        let case = open_case(&app, &app.analyst, "Beacons", false).await;
        let input = || StageRecords { case: Some(case.clone()), ..file("incident", "snow.json") };
        let staged = stage(&app, &app.analyst, input(), incidents).await;
        assert_eq!(counts(&staged), [2, 0, 0, 2]);
        assert_eq!(staged.preview[0].fields["configuration_items"], json!(["MKT01.pandalab.com"]));
        let applied = import::apply(&app, &app.analyst, &staged.import_id, ApplyImport::default()).await.unwrap();
        assert_eq!(counts(&applied), [2, 0, 0, 2]);
        let first = named(&app, "Odd beacon").await;
        assert_eq!((first.severity, first.attribute("opened_at").as_str()), (Severity::Critical, "2023-08-15T07:53:46Z"));
        let related: Vec<String> = record::related(&app, &app.reader, &first.id, "").await.unwrap().into_iter().map(|one| format!("{} {}", one.relationship, one.record.title)).collect();
        let mut sorted = related.clone();
        sorted.sort();
        assert_eq!(sorted, ["affects MKT01.pandalab.com", "affects Pedro Pascal", "has 203.0.113.7", "has http://evil.test/a"]);
        assert_eq!(records(&app, &app.reader, Kind::ConfigurationItem).await.len(), 3, "mkt01 is the one that is known");
        assert_eq!(records(&app, &app.reader, Kind::User).await.len(), 4, "someone new is created");
        let inside: Vec<String> = artifact::list(&app, &app.reader, &case, tab()).await.unwrap().items.into_iter().map(|one| one.record.title).collect();
        assert_eq!(inside.len(), 7, "{inside:?}");
        let again = import(&app, &app.analyst, input(), incidents).await;
        assert_eq!((counts(&again), again.operation.unwrap().affected), ([0, 0, 2, 2], 0));
    }

    async fn a_restricted_import_changes_nothing_that_others_see(app: TestApp) {
        let other = app.person("otto", Role::Analyst);
        import(&app, &other, file("configuration_item", "cmdb.csv"), "id,name,owner\n1,web01,Otto\n").await;
        let secret = open_case(&app, &app.analyst, "Insider", true).await;
        let text = "id,name,owner,location\n1,web01,Mallory,Cellar\n2,secret01,Mallory,Cellar\n";
        let input = StageRecords { case: Some(secret.clone()), ..file("configuration_item", "cmdb.csv") };
        let heard = app::live::since(&app, &other, 0).await.unwrap().0.len();
        let applied = import(&app, &app.analyst, input, text).await;
        assert_eq!(counts(&applied), [1, 0, 1, 0]);
        assert_eq!(app::live::since(&app, &other, 0).await.unwrap().0.len(), heard, "others hear nothing");
        assert!(matches!(import::get(&app, &other, &applied.import_id).await, Err(AppError::NotFound("import"))));
        let seen = records(&app, &other, Kind::ConfigurationItem).await;
        assert_eq!(seen.iter().map(|item| (item.title.as_str(), item.owner.as_str())).collect::<Vec<_>>(), [("web01", "Otto")]);
        assert_eq!(records(&app, &app.analyst, Kind::ConfigurationItem).await.len(), 2);
        // His own import of the same is new to him, in the preview and after.
        let staged = stage(&app, &other, file("configuration_item", "other.csv"), "id,name\n9,web07\n2,secret01\n").await;
        assert_eq!(counts(&staged), [2, 0, 0, 0]);
        let applied = import::apply(&app, &other, &staged.import_id, ApplyImport::default()).await.unwrap();
        assert_eq!(counts(&applied), [2, 0, 0, 0]);
        let found = records(&app, &other, Kind::ConfigurationItem).await;
        let own = found.iter().find(|item| item.title == "secret01").unwrap();
        assert_eq!((own.owner.as_str(), own.created_by.as_str(), own.attribute("location").as_str()), ("", "otto", ""));
    }

    async fn a_staged_file_is_its_owners_until_it_is_in_a_case(app: TestApp) {
        let staged = stage(&app, &app.analyst, file("configuration_item", "cmdb.csv"), CMDB).await;
        for (who, id) in [(&app.lead, staged.import_id.as_str()), (&app.analyst, "import--nothing")] {
            assert!(matches!(import::get(&app, who, id).await, Err(AppError::NotFound("import"))));
            assert!(matches!(import::apply(&app, who, id, ApplyImport::default()).await, Err(AppError::NotFound("import"))));
        }
        let refused = import::stage_records(&app, &app.reader, file("user", "x.csv"), b"name\nAda\n".to_vec()).await;
        assert!(matches!(refused, Err(AppError::Forbidden(_))));
        let mut mapping = Mapping::new();
        mapping.insert("Shoe".to_owned(), "name".to_owned());
        mapping.insert("Owner".to_owned(), "shoe".to_owned());
        let wrong = ApplyImport { mapping: Some(mapping), ..ApplyImport::default() };
        let refused = import::apply(&app, &app.analyst, &staged.import_id, wrong).await;
        assert!(matches!(refused, Err(AppError::Invalid(places)) if places.iter().map(|p| p.pointer.as_str()).eq(["/mapping/Owner", "/mapping/Shoe"])));
        let own: Mapping = [("Owner".to_owned(), "name".to_owned())].into();
        let applied = import::apply(&app, &app.analyst, &staged.import_id, ApplyImport { mapping: Some(own), ..ApplyImport::default() }).await.unwrap();
        assert_eq!((counts(&applied), applied.mapping.len()), ([2, 0, 0, 3], 1));
    }

    async fn what_is_no_table_or_too_much_is_told(app: TestApp) {
        for (bytes, detail) in [(&b""[..], "empty"), (b"[1,", "JSON"), (b"name\n", "no rows"), (b"\x00\x01\x02", "no rows")] {
            let refused = import::stage_records(&app, &app.analyst, file("user", "x.csv"), bytes.to_vec()).await;
            let Err(AppError::Invalid(places)) = refused else { panic!("{detail}: {refused:?}") };
            assert!(places[0].pointer == "/file" && places[0].detail.contains(detail), "{places:?}");
        }
        let refused = import::stage_records(&app, &app.analyst, file("user", "x.csv"), vec![b'x'; 20 * 1024 * 1024 + 1]).await;
        assert!(matches!(refused, Err(AppError::TooLarge { .. })));
        let refused = import::stage_records(&app, &app.analyst, file("spaceship", "x.csv"), b"name\nAda\n".to_vec()).await;
        assert!(matches!(refused, Err(AppError::Invalid(places)) if places[0].pointer == "/kind"));
        let refused = import::stage_text(&app, &app.analyst, StageText { text: "x ".repeat(6 * 1024 * 1024), ..StageText::default() }).await;
        assert!(matches!(refused, Err(AppError::TooLarge { .. })));
        let hostile = "name,email\n\"<img src=x onerror=alert(1)>\",a@b.example\n\"'; DROP TABLE record; --\",c@d.example\nnul\0byte,e@f.example\n";
        let applied = import(&app, &app.analyst, file("user", "../../etc/<b>.csv"), hostile).await;
        assert_eq!((counts(&applied), applied.name.as_str()), ([2, 0, 0, 1], "<b>.csv"));
        assert!(applied.refused[0].why.contains("U+0000"));
    }

    async fn a_request_sent_twice_is_carried_out_once(app: TestApp) {
        let actor = Actor {
            idempotency: Some(Idempotency { route: "POST /imports/records".to_owned(), key: "k1".to_owned(), body_hash: "h".to_owned() }),
            ..app.analyst.clone()
        };
        let first = stage(&app, &actor, file("user", "x.csv"), "name\nAda\n").await;
        let second = stage(&app, &actor, file("user", "x.csv"), "name\nAda\n").await;
        assert_eq!(first.import_id, second.import_id);
        let rows: String = (0..1_200).map(|n| format!("u{n},user{n}\n")).collect();
        let staged = stage(&app, &app.analyst, file("user", "many.csv"), &format!("user_id,name\n{rows}")).await;
        let actor = Actor {
            idempotency: Some(Idempotency { route: "POST /imports/apply".to_owned(), key: "k2".to_owned(), body_hash: "h".to_owned() }),
            ..app.analyst.clone()
        };
        let begun = import::apply(&app, &actor, &staged.import_id, ApplyImport::default()).await.unwrap();
        assert_eq!((begun.state, begun.job.is_some()), (ImportState::Applying, true), "a large file goes on as a job");
        let again = import::apply(&app, &actor, &staged.import_id, ApplyImport::default()).await.unwrap();
        assert_eq!(again.job, begun.job, "which is begun once");
        app::job::drain(&app).unwrap();
        let applied = import::apply(&app, &actor, &staged.import_id, ApplyImport::default()).await.unwrap();
        assert_eq!((applied.state, counts(&applied)), (ImportState::Applied, [1_200, 0, 0, 0]));
    }

    async fn a_report_is_read_reviewed_and_taken(app: TestApp) {
        let case = open_case(&app, &app.analyst, "Beacons", false).await;
        let text = "Grüße: the C2 is hxxp://bad-panel[.]top/gate.php and 45.83.64.1.\nLocal: 192.168.1.5, our mail: smtp.ourcorp.de.\nAgain 45[.]83[.]64[.]1 and 45.83.64.1; hash 44d88612fea8a8f36de82e1278abb02f.";
        known_good::add(&app, &app.lead, NewKnownGood { value: "*.ourcorp.de".to_owned(), comment: "ours".to_owned() }).await.unwrap();
        let extracted = app::extract::extract(&app, &app.reader, text.to_owned()).await.unwrap();
        for find in &extracted.finds {
            assert_eq!(&text[find.start..find.end], find.original);
        }
        let find = |value: &str| extracted.finds.iter().find(|find| find.value == value).unwrap_or_else(|| panic!("{value} was not found"));
        let address = find("45.83.64.1");
        assert_eq!((address.occurrences, address.ticked, address.display.as_str()), (3, true, "45[.]83[.]64[.]1"));
        assert_eq!((find("192.168.1.5").ticked, find("192.168.1.5").marks[0].mark), (false, Mark::Private));
        let own = find("smtp.ourcorp.de");
        assert_eq!((own.ticked, own.marks[0].label.as_str()), (false, "Known good: ours"));

        let input = StageText { name: "Threat report".to_owned(), text: text.to_owned(), case: None };
        let staged = import::stage_text(&app, &app.analyst, input.clone()).await.unwrap();
        assert_eq!(staged.extract.as_ref().unwrap().ticked, 3);
        let applied = import::apply(&app, &app.analyst, &staged.import_id, ApplyImport { case: Some(case.clone()), ..ApplyImport::default() }).await.unwrap();
        assert_eq!((applied.state, applied.created, applied.case.as_deref()), (ImportState::Applied, 3, Some(case.as_str())));
        assert_eq!(applied.operation.as_ref().unwrap().detail, "Added 3 artifacts from Threat report");
        let listed = artifact::list(&app, &app.reader, &case, tab()).await.unwrap().items;
        let ip = listed.iter().find(|one| one.record.title == "45.83.64.1").unwrap();
        let origin = &ip.origins[0];
        let offset = text.find("45.83.64.1").unwrap();
        assert_eq!((origin.kind, origin.title.as_str(), origin.detail.clone()), (OriginKind::Document, "Threat report", format!("offset {offset} and 2 places more")));
        assert_eq!(Some(&origin.reference), applied.document.as_ref());
        // Whoever may read the case may read the report, once it is in it.
        assert!(import::get(&app, &app.reader, &staged.import_id).await.unwrap().extract.is_some());

        let staged = import::stage_text(&app, &app.analyst, StageText { case: Some(case.clone()), ..input }).await.unwrap();
        let take = |kind: &str, value: &str| Accepted { r#type: kind.to_owned(), value: value.to_owned() };
        let wrong = ApplyImport { accepted: Some(vec![take("ip", "45.83.64.1"), take("ip", "1.1.1.1"), take("md5", "zz")]), ..ApplyImport::default() };
        let refused = import::apply(&app, &app.analyst, &staged.import_id, wrong).await;
        assert!(matches!(refused, Err(AppError::Invalid(places)) if places.iter().map(|p| p.pointer.as_str()).eq(["/accepted/1", "/accepted/2"])));
        let chosen = ApplyImport { accepted: Some(vec![take("ip", "45.83.64.1"), take("ip", "192[.]168.1.5")]), ..ApplyImport::default() };
        let applied = import::apply(&app, &app.analyst, &staged.import_id, chosen).await.unwrap();
        assert_eq!((applied.created, applied.known, applied.rows), (1, 1, 5));
        let again = import::apply(&app, &app.analyst, &staged.import_id, ApplyImport::default()).await.unwrap();
        assert_eq!((again.created, again.known), (1, 1));
        assert_eq!(artifact::list(&app, &app.reader, &case, tab()).await.unwrap().items.len(), 4);
        // What is known good is marked afterwards.
        app::job::drain(&app).unwrap();
    }

    async fn the_known_good_list_is_kept_by_leads(app: TestApp) {
        let add = |value: &str| NewKnownGood { value: value.to_owned(), comment: "why".to_owned() };
        assert!(matches!(known_good::add(&app, &app.analyst, add("a.example")).await, Err(AppError::Forbidden(_))));
        for bad in ["", "#x", "a*b", "10.0.0.0/99", "x # y", "two\nlines"] {
            assert!(matches!(known_good::add(&app, &app.lead, add(bad)).await, Err(AppError::Invalid(_))), "{bad:?}");
        }
        for good in ["*.corp.example", "10.0.0.0/8", "svc_backup"] {
            known_good::add(&app, &app.lead, add(good)).await.unwrap();
        }
        known_good::add(&app, &app.lead, NewKnownGood { comment: "better".to_owned(), ..add("svc_backup") }).await.unwrap();
        let listed: Vec<(String, String)> = known_good::list(&app, &app.reader).await.unwrap().into_iter().map(|entry| (entry.value, entry.comment)).collect();
        assert_eq!(listed[2], ("svc_backup".to_owned(), "better".to_owned()));
        known_good::remove(&app, &app.lead, RemoveKnownGood { value: "svc_backup".to_owned() }).await.unwrap();
        let gone = known_good::remove(&app, &app.lead, RemoveKnownGood { value: "svc_backup".to_owned() }).await;
        assert!(matches!(gone, Err(AppError::NotFound(_))));
        assert_eq!(known_good::list(&app, &app.reader).await.unwrap().len(), 2);
        // What is known good is marked afterwards.
        app::job::drain(&app).unwrap();
    }
}

const SCAN: &str = "Host,CVE,Risk,CVSS v3 Base,State,First Found\n\
    mkt01.pandalab.com,CVE-2021-44228,Critical,10.0,Active,2026-01-05 09:30\n\
    10.0.0.7,\"CVE-2021-44228, CVE-2021-45046\",High,9.0,Fixed,\n";

testkit::each_engine! {
    async fn a_scan_joins_machines_and_vulnerabilities_and_comes_along(app: TestApp) {
        let number = open_case(&app, &app.analyst, "Log4Shell", false).await;
        let input = StageRecords { case: Some(number.clone()), ..file("vulnerable_item", "scan.csv") };
        let applied = import(&app, &app.analyst, input, SCAN).await;
        assert_eq!(counts(&applied), [2, 0, 0, 0]);
        let item = named(&app, "CVE-2021-44228 on mkt01.pandalab.com").await;
        assert_eq!((item.severity, item.status.as_str(), item.category.as_str()), (Severity::Critical, "open", "CVE-2021-44228"));
        let related = record::related(&app, &app.reader, &item.id, "").await.unwrap();
        let mut joined: Vec<_> = related.iter().map(|one| (one.relationship.as_str(), one.record.title.as_str())).collect();
        joined.sort_unstable();
        assert_eq!(joined, [("found-on", "mkt01.pandalab.com"), ("instance-of", "CVE-2021-44228")]);
        let both = named(&app, "CVE-2021-44228, CVE-2021-45046 on 10.0.0.7").await;
        assert_eq!(record::related(&app, &app.reader, &both.id, "vulnerability").await.unwrap().len(), 2);
        // Two items, two machines, two vulnerabilities.
        assert_eq!(artifact::list(&app, &app.reader, &number, tab()).await.unwrap().total, 6);
        assert_eq!(counts(&import(&app, &app.analyst, file("vulnerable_item", "scan.csv"), SCAN).await), [0, 0, 2, 0]);
    }

    async fn what_columns_became_is_remembered(app: TestApp) {
        let text = "who,what\nAda,a1\n";
        let staged = stage(&app, &app.analyst, file("user", "people.csv"), text).await;
        assert!(staged.mapping.is_empty(), "{:?}", staged.mapping);
        let mapping: Mapping = [("who".to_owned(), "name".to_owned()), ("what".to_owned(), "user_id".to_owned())].into();
        let chosen = ApplyImport { mapping: Some(mapping.clone()), ..ApplyImport::default() };
        import::apply(&app, &app.analyst, &staged.import_id, chosen).await.unwrap();
        let tomorrow = stage(&app, &app.analyst, file("user", "people-2.csv"), "what,who\nb2,Bob\n").await;
        assert_eq!(tomorrow.mapping, mapping);
        assert!(tomorrow.notes.iter().any(|note| note.contains("last time")), "{:?}", tomorrow.notes);
    }
}
