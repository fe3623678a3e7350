//! Records: found, created, changed, joined, put into cases; and what others do not see of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use app::artifact::{self, AddArtifacts, NewObservable};
use app::case::{self, CaseInput};
use app::record::{self, AddToCases, Direction, NewCase, NewRelationship, RecordQuery, RecordView};
use app::{App, AppError};
use model::artifact::Finding;
use model::kind::RecordInput;
use model::relationship::RelationshipType;
use model::{Actor, Kind, Role};
use serde_json::{Map, Value as Json, json};
use testkit::TestApp;

fn input(value: Json) -> RecordInput {
    serde_json::from_value(value).unwrap()
}

fn patch(value: Json) -> Map<String, Json> {
    value.as_object().unwrap().clone()
}

async fn create(app: &App, actor: &Actor, value: Json) -> RecordView {
    let made = record::create(app, actor, input(value)).await.unwrap();
    assert!(made.created, "{} was known", made.record.title);
    made.record
}

async fn open_case(app: &App, actor: &Actor, name: &str, restricted: bool) -> String {
    case::create(app, actor, CaseInput { name: name.to_owned(), restricted, ..CaseInput::default() }).await.unwrap().number
}

async fn titles(app: &App, actor: &Actor, query: RecordQuery) -> Vec<String> {
    record::list(app, actor, query).await.unwrap().items.into_iter().map(|record| record.title).collect()
}

fn all() -> RecordQuery {
    RecordQuery::default()
}

testkit::each_engine! {
    async fn what_is_known_comes_back_as_it_is(app: TestApp) {
        let first = create(&app, &app.analyst, json!({ "kind": "configuration_item", "name": "MKT01.pandalab.com", "class": "workstation" })).await;
        for name in ["mkt01.pandalab.com", "MKT01", "mkt01.pandalab.com."] {
            let again = record::create(&app, &app.analyst, input(json!({ "kind": "configuration_item", "name": name, "class": "server" }))).await.unwrap();
            assert!(!again.created, "{name}");
            assert_eq!((again.record.id.as_str(), again.record.category.as_str()), (first.id.as_str(), "workstation"));
        }
        // Another domain is another machine, and then the bare name may be either.
        create(&app, &app.analyst, json!({ "kind": "configuration_item", "name": "mkt01.other.example" })).await;
        let unclear = record::create(&app, &app.analyst, input(json!({ "kind": "configuration_item", "name": "mkt01" }))).await.unwrap();
        assert!(unclear.created);
        assert_eq!(unclear.similar.len(), 2);

        let observable = create(&app, &app.analyst, json!({ "kind": "observable", "value": "hxxp://Evil[.]example/a", "finding": "malicious" })).await;
        assert_eq!((observable.title.as_str(), observable.display.as_str()), ("http://evil.example/a", "hxxp[:]//evil[.]example/a"));
        let again = record::create(&app, &app.analyst, input(json!({ "kind": "observable", "type": "url", "value": "http://evil.example/a" }))).await.unwrap();
        assert_eq!((again.created, again.record.finding), (false, Finding::Malicious));
        assert_eq!(record::list(&app, &app.reader, all()).await.unwrap().total, 4);
    }

    async fn lists_find_by_keyword_kind_and_page(app: TestApp) {
        for n in 0..5 {
            create(&app, &app.analyst, json!({ "kind": "configuration_item", "name": format!("web0{n}.corp.example") })).await;
        }
        create(&app, &app.analyst, json!({ "kind": "observable", "value": "203.0.113.7" })).await;
        let observables = titles(&app, &app.reader, RecordQuery { kind: "observable".to_owned(), ..all() }).await;
        assert_eq!(observables, ["203.0.113.7"]);
        assert_eq!(titles(&app, &app.reader, RecordQuery { q: "203[.]0.113".to_owned(), ..all() }).await, ["203.0.113.7"]);
        let by_title = |cursor: String| RecordQuery { kind: "configuration_item".to_owned(), sort: "title".to_owned(), limit: Some(2), cursor, ..all() };
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = record::list(&app, &app.reader, by_title(cursor)).await.unwrap();
            seen.extend(page.items.into_iter().map(|record| record.title));
            match page.next_cursor {
                Some(next) => cursor = next,
                None => break,
            }
        }
        assert_eq!(seen, (0..5).map(|n| format!("web0{n}.corp.example")).collect::<Vec<_>>());
        let refused = record::list(&app, &app.reader, RecordQuery { kind: "spaceship".to_owned(), limit: Some(0), ..all() }).await;
        assert!(matches!(refused, Err(AppError::Invalid(places)) if places.len() == 2));
    }

    async fn changes_merge_and_conflicts_keep_both_words(app: TestApp) {
        let ci = create(&app, &app.analyst, json!({ "kind": "configuration_item", "name": "web01", "ip_addresses": ["10.0.0.1"] })).await;
        let case = open_case(&app, &app.analyst, "Odd beacons", false).await;
        let into = AddArtifacts { record_ids: vec![ci.id.clone()], ..AddArtifacts::default() };
        artifact::add(&app, &app.analyst, &case, into).await.unwrap();
        let one = record::update(&app, &app.analyst, &ci.id, Some(1), patch(json!({ "owner": "Ada" }))).await.unwrap();
        assert_eq!((one.owner.as_str(), one.version), ("Ada", 2));
        let two = record::update(&app, &app.lead, &ci.id, Some(1), patch(json!({ "location": "Bern" }))).await.unwrap();
        assert_eq!((two.owner.as_str(), two.attribute("location").as_str(), two.version), ("Ada", "Bern", 3));
        let refused = record::update(&app, &app.lead, &ci.id, Some(1), patch(json!({ "owner": "Lena", "class": "server" }))).await.unwrap_err();
        let AppError::Conflict { conflicts, current } = refused else { panic!("{refused}") };
        assert_eq!((conflicts[0].theirs.clone(), conflicts[0].yours.clone()), (json!("Ada"), json!("Lena")));
        assert_eq!((conflicts.len(), &current["owner"], &current["category"]), (1, &json!("Ada"), &json!("")));
        let same = record::update(&app, &app.lead, &ci.id, Some(1), patch(json!({ "owner": "Ada" }))).await.unwrap();
        assert_eq!(same.version, 3, "saying the same again changes nothing");
        let yet_to_come = record::update(&app, &app.lead, &ci.id, Some(4), patch(json!({ "owner": "Ada" }))).await;
        assert!(matches!(yet_to_come, Err(AppError::Conflict { .. })), "a version that nobody can have seen: {yet_to_come:?}");

        let story = case::activity(&app, &app.reader, &case, None, 50).await.unwrap();
        let changed: Vec<_> = story.iter().filter(|line| line.verb == "record.update").map(|line| &line.details["changes"]).collect();
        assert_eq!(changed, [&json!({ "location": [null, "Bern"] }), &json!({ "owner": ["", "Ada"] })]);

        let details = record::get(&app, &app.reader, &ci.id).await.unwrap();
        assert_eq!((details.case_count, details.annotation_count, &details.fields["location"]), (1, 0, &json!("Bern")));
        assert_eq!(record::cases(&app, &app.reader, &ci.id).await.unwrap()[0].number, case);
        let why = record::why(&app, &app.reader, &case, &ci.id).await.unwrap();
        assert_eq!((why.added_by.as_str(), why.origins.len()), ("ada", 1));
    }

    async fn what_is_refused_is_told_with_its_place(app: TestApp) {
        let observable = create(&app, &app.analyst, json!({ "kind": "observable", "value": "evil.test" })).await;
        let refused = record::update(&app, &app.analyst, &observable.id, None, patch(json!({ "value": "other.test", "shoe": "43" }))).await;
        assert!(matches!(refused, Err(AppError::Invalid(places)) if places.iter().map(|p| p.pointer.as_str()).eq(["/value", "/shoe"])));
        let judged = record::update(&app, &app.analyst, &observable.id, None, patch(json!({ "finding": "suspicious" }))).await.unwrap();
        assert_eq!((judged.finding, judged.title.as_str()), (Finding::Suspicious, "evil.test"));
        for hostile in ["\u{0}", "a\u{0}b", "two\nlines", &"x".repeat(1_001)] {
            let refused = record::create(&app, &app.analyst, input(json!({ "kind": "configuration_item", "name": hostile }))).await;
            assert!(matches!(refused, Err(AppError::Invalid(_))), "{hostile:?}");
        }
        for strange in ["'; DROP TABLE record; --", "<script>alert(1)</script>", "%_\\", "=1+1", "\u{202e}evil", &"ä".repeat(1_000)] {
            let made = create(&app, &app.analyst, json!({ "kind": "configuration_item", "name": strange })).await;
            let again = record::create(&app, &app.analyst, input(json!({ "kind": "configuration_item", "name": strange }))).await.unwrap();
            assert_eq!((again.created, &again.record.id, made.title.as_str()), (false, &made.id, strange));
        }
        assert!(matches!(record::create(&app, &app.reader, input(json!({ "kind": "user", "name": "Ada" }))).await, Err(AppError::Forbidden(_))));
        assert!(matches!(record::get(&app, &app.reader, "nonsense").await, Err(AppError::NotFound(_))));
    }

    async fn records_are_joined_both_ways(app: TestApp) {
        let ci = create(&app, &app.analyst, json!({ "kind": "configuration_item", "name": "web01" })).await;
        let person = create(&app, &app.analyst, json!({ "kind": "user", "name": "Ada Lovelace", "user_id": "ada" })).await;
        let join = |case: Option<String>| NewRelationship { from: ci.id.clone(), r#type: RelationshipType::OWNED_BY, to: person.id.clone(), case };
        assert!(record::relate(&app, &app.analyst, join(None)).await.unwrap().created);
        assert!(!record::relate(&app, &app.analyst, join(None)).await.unwrap().created);
        let back = record::related(&app, &app.reader, &person.id, "configuration_item").await.unwrap();
        assert_eq!((back[0].direction, back[0].record.title.as_str(), back.len()), (Direction::Incoming, "web01", 1));
        assert!(record::related(&app, &app.reader, &person.id, "user").await.unwrap().is_empty());
        let own = NewRelationship { from: ci.id.clone(), r#type: RelationshipType::USES, to: ci.id.clone(), case: None };
        assert!(matches!(record::relate(&app, &app.analyst, own).await, Err(AppError::Invalid(_))));
        // What is joined in a restricted case is seen there only.
        let secret = open_case(&app, &app.analyst, "Insider", true).await;
        let seen = NewRelationship { r#type: RelationshipType::TARGETS, ..join(Some(secret)) };
        assert!(record::relate(&app, &app.analyst, seen).await.unwrap().created);
        assert_eq!(record::related(&app, &app.analyst, &ci.id, "").await.unwrap().len(), 2);
        assert_eq!(record::related(&app, &app.lead, &ci.id, "").await.unwrap().len(), 1);
        assert_eq!(record::get(&app, &app.lead, &ci.id).await.unwrap().related.len(), 1);
    }

    async fn several_cases_and_a_new_one_at_once(app: TestApp) {
        let ci = create(&app, &app.analyst, json!({ "kind": "configuration_item", "name": "web01" })).await;
        let first = open_case(&app, &app.analyst, "First", false).await;
        let second = open_case(&app, &app.analyst, "Second", false).await;
        let input = AddToCases {
            record_ids: vec![ci.id.clone(), "observable--nothing".to_owned()],
            case_numbers: vec![first.clone(), second.clone(), first.clone()],
            new_case: Some(NewCase { name: "Third".to_owned(), ..NewCase::default() }),
            bring_along: None,
        };
        let added = record::add_to_cases(&app, &app.analyst, input.clone()).await.unwrap();
        assert_eq!(added.iter().map(|one| (one.name.as_str(), one.created)).collect::<Vec<_>>(), [("First", false), ("Second", false), ("Third", true)]);
        assert!(added.iter().all(|one| one.operation.affected == 1 && one.operation.skipped_count == 1));
        assert_eq!(record::cases(&app, &app.reader, &ci.id).await.unwrap().len(), 3);
        // Each is undone alone.
        app::operation::undo(&app, &app.analyst, &added[1].operation.operation_id).await.unwrap();
        assert_eq!(record::cases(&app, &app.reader, &ci.id).await.unwrap().len(), 2);
        // One closed case, and nothing is done at all.
        let nowhere = AddToCases { case_numbers: vec![first, "SECC9999999".to_owned()], new_case: Some(NewCase { name: "Fourth".to_owned(), ..NewCase::default() }), ..input };
        assert!(matches!(record::add_to_cases(&app, &app.analyst, nowhere).await, Err(AppError::NotFound("case"))));
        assert_eq!(case::open_count(&app, &app.reader).await.unwrap(), 3);
        let unnamed = AddToCases { record_ids: vec![ci.id], new_case: Some(NewCase::default()), ..AddToCases::default() };
        let refused = record::add_to_cases(&app, &app.analyst, unnamed).await;
        assert!(matches!(refused, Err(AppError::Invalid(places)) if places[0].pointer == "/new_case/name"));
    }

    async fn what_is_born_in_a_restricted_case_does_not_exist_for_others(app: TestApp) {
        let other = app.person("otto", Role::Analyst);
        let secret = open_case(&app, &app.analyst, "Insider", true).await;
        let born = AddArtifacts {
            observables: vec![NewObservable::Value("evil.test".to_owned())],
            records: vec![input(json!({ "kind": "configuration_item", "name": "SECRET01", "description": "the insider's" }))],
            ..AddArtifacts::default()
        };
        artifact::add(&app, &app.analyst, &secret, born).await.unwrap();
        let mine = record::list(&app, &app.analyst, all()).await.unwrap().items;
        assert_eq!(mine.len(), 2);
        for record in &mine {
            assert!(matches!(record::get(&app, &other, &record.id).await, Err(AppError::NotFound("record"))));
            assert!(matches!(record::update(&app, &other, &record.id, None, Map::new()).await, Err(AppError::NotFound("record"))));
            assert!(matches!(record::cases(&app, &other, &record.id).await, Err(AppError::NotFound("record"))));
            assert!(matches!(record::why(&app, &other, &secret, &record.id).await, Err(AppError::NotFound("case"))));
        }
        assert_eq!(record::list(&app, &other, all()).await.unwrap().total, 0);
        assert_eq!(record::list(&app, &app.lead, RecordQuery { q: "evil".to_owned(), ..all() }).await.unwrap().total, 0);

        // Nor is it told that something of it changed.
        let before = app::live::since(&app, &other, 0).await.unwrap().0.len();
        let item = mine.iter().find(|record| record.kind == Kind::ConfigurationItem).unwrap();
        record::update(&app, &app.analyst, &item.id, None, patch(json!({ "owner": "Mallory" }))).await.unwrap();
        assert_eq!(app::live::since(&app, &other, 0).await.unwrap().0.len(), before);

        // Someone else meets the same things openly: both are new to him, and look so.
        let observable = create(&app, &other, json!({ "kind": "observable", "value": "evil.test" })).await;
        assert_eq!((observable.created_by.as_str(), observable.updated_by.as_str()), ("otto", "otto"));
        let details = record::get(&app, &other, &observable.id).await.unwrap();
        assert_eq!((details.case_count, details.annotation_count), (0, 0));
        let item = create(&app, &other, json!({ "kind": "configuration_item", "name": "SECRET01" })).await;
        assert_eq!((item.owner.as_str(), item.attribute("description").as_str()), ("", ""));
        assert_eq!(titles(&app, &app.reader, RecordQuery { sort: "title".to_owned(), ..all() }).await, ["evil.test", "SECRET01"]);
    }
}
