//! Known-good lists of others: brought in, held against what is there and what comes, and acted on in one go.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use app::artifact::{self, AddArtifacts, ArtifactQuery, ArtifactView, ExcludeArtifacts, Selection};
use app::case::{self, CaseInput};
use app::extract::extract;
use app::known_good::{self, ImportedLists, NewKnownGood, RemoveKnownGood, SetKnownGoodList};
use app::{App, AppError, job, operation};
use model::artifact::{ExclusionReason, Status};
use model::{Actor, Role};
use serde_json::json;
use testkit::TestApp;

fn list(name: &str, sort: &str, version: u64, entries: &[&str], attributes: &[&str]) -> (String, Vec<u8>) {
    let file =
        json!({"name": name, "description": "d", "version": version, "type": sort, "list": entries, "matching_attributes": attributes});
    (format!("{name}.json"), file.to_string().into_bytes())
}

async fn bring(app: &App, actor: &Actor, files: Vec<(String, Vec<u8>)>) -> ImportedLists {
    let brought = known_good::import_lists(app, actor, files).await.unwrap();
    job::drain(app).unwrap();
    brought
}

async fn case_with(app: &App, actor: &Actor, values: &[&str]) -> String {
    let number = case::create(app, actor, CaseInput { name: "Heron".to_owned(), ..CaseInput::default() }).await.unwrap().number;
    add(app, actor, &number, values).await;
    number
}

async fn add(app: &App, actor: &Actor, number: &str, values: &[&str]) {
    let observables: Vec<_> = values.iter().map(|value| json!({"kind": "observable", "value": value})).collect();
    let input: AddArtifacts = serde_json::from_value(json!({ "records": observables })).unwrap();
    artifact::add(app, actor, number, input).await.unwrap();
    job::drain(app).unwrap();
}

fn tab(marked: &str) -> ArtifactQuery {
    ArtifactQuery { marked: marked.to_owned(), sort: "title".to_owned(), kind: "observable".to_owned(), ..ArtifactQuery::default() }
}

async fn rows(app: &App, actor: &Actor, number: &str, query: ArtifactQuery) -> Vec<ArtifactView> {
    let page = artifact::list(app, actor, number, query).await.unwrap();
    assert_eq!(page.total, page.items.len() as i64);
    page.items
}

/// Values and why they are known to be good.
async fn told(app: &App, actor: &Actor, number: &str, query: ArtifactQuery) -> Vec<(String, String)> {
    rows(app, actor, number, query).await.into_iter().map(|one| (one.record.title, one.known_good)).collect()
}

fn pair(value: &str, why: &str) -> (String, String) {
    (value.to_owned(), why.to_owned())
}

testkit::each_engine! {
    async fn lists_mark_what_is_there_and_what_comes(app: TestApp) {
        let lead = app.person("lea", Role::Lead);
        let number = case_with(&app, &app.analyst, &["192.0.2.7", "cdn.vendor-heron.com", "evil-heron.com"]).await;
        assert!(rows(&app, &app.reader, &number, tab("yes")).await.is_empty());

        let files = vec![
            list("Vendor", "hostname", 3, &["vendor-heron.com"], &["domain", "hostname"]),
            list("Networks", "cidr", 1, &["192.0.2.0/24", "nonsense"], &[]),
            ("readme.json".to_owned(), b"{}".to_vec()),
        ];
        let brought = bring(&app, &lead, files).await;
        assert_eq!((brought.created, brought.updated, brought.refused.len()), (2, 0, 1));
        let lists = known_good::lists(&app, &app.reader).await.unwrap();
        let shown: Vec<_> = lists.iter().map(|l| (l.name.as_str(), l.version, l.entries, l.unusable, l.enabled)).collect();
        assert_eq!(shown, [("Networks", 1, 2, 1, true), ("Vendor", 3, 1, 0, true)]);

        let marked = [pair("192.0.2.7", "Networks"), pair("cdn.vendor-heron.com", "Vendor")];
        assert_eq!(told(&app, &app.reader, &number, tab("yes")).await, marked);
        assert_eq!(told(&app, &app.reader, &number, tab("no")).await, [pair("evil-heron.com", "")]);
        let both = ArtifactQuery { q: "vendor".to_owned(), ..tab("yes") };
        assert_eq!(told(&app, &app.reader, &number, both).await, [pair("cdn.vendor-heron.com", "Vendor")]);

        // What comes in later is marked too, wherever it comes from.
        add(&app, &app.analyst, &number, &["198.51.100.9", "192.0.2.8"]).await;
        assert_eq!(told(&app, &app.reader, &number, tab("yes")).await.len(), 3);
        // Our own word goes first, and our own list has the same effect.
        known_good::add(&app, &lead, NewKnownGood { value: "192.0.2.8".to_owned(), comment: "the lab".to_owned() }).await.unwrap();
        known_good::add(&app, &lead, NewKnownGood { value: "198.51.100.0/24".to_owned(), comment: String::new() }).await.unwrap();
        job::drain(&app).unwrap();
        let now = told(&app, &app.reader, &number, tab("yes")).await;
        assert_eq!(now[1], pair("192.0.2.8", "the lab; Networks"));
        assert_eq!(now[2], pair("198.51.100.9", "our own list"));
        let text = extract(&app, &app.reader, "Seen: 192.0.2.9 and cdn.vendor-heron.com and bad-heron.com".to_owned()).await.unwrap();
        let labels: Vec<String> = text.finds.iter().map(|find| find.marks.iter().map(|mark| mark.label.clone()).collect()).collect();
        assert_eq!(labels[1], "Known good: Vendor");
        assert!(labels[0].contains("Known good: Networks") && labels[2].is_empty(), "{labels:?}");

        // What no list says any more is not marked any more.
        let id = |name: &str| lists.iter().find(|list| list.name == name).unwrap().list_id.clone();
        known_good::set_list(&app, &lead, &id("Networks"), SetKnownGoodList { enabled: Some(false), ..SetKnownGoodList::default() }).await.unwrap();
        known_good::remove(&app, &lead, RemoveKnownGood { value: "198.51.100.0/24".to_owned() }).await.unwrap();
        job::drain(&app).unwrap();
        let expected = [pair("192.0.2.8", "the lab"), pair("cdn.vendor-heron.com", "Vendor")];
        assert_eq!(told(&app, &app.reader, &number, tab("yes")).await, expected);
        known_good::remove_list(&app, &lead, &id("Vendor")).await.unwrap();
        known_good::remove(&app, &lead, RemoveKnownGood { value: "192.0.2.8".to_owned() }).await.unwrap();
        job::drain(&app).unwrap();
        assert!(told(&app, &app.reader, &number, tab("yes")).await.is_empty());
        let gone = known_good::remove_list(&app, &lead, &id("Vendor")).await;
        assert!(matches!(gone, Err(AppError::NotFound(_))));
    }

    async fn all_that_is_marked_is_excluded_in_one_go_and_comes_back(app: TestApp) {
        let lead = app.person("lea", Role::Lead);
        let number = case_with(&app, &app.analyst, &["192.0.2.1", "192.0.2.2", "evil-heron.com"]).await;
        bring(&app, &lead, vec![list("Networks", "cidr", 1, &["192.0.2.0/24"], &[])]).await;
        let all = Selection { all_matching: Some(tab("yes")), ..Selection::default() };
        let input = ExcludeArtifacts::over(all, ExclusionReason::KnownGood, String::new());
        let done = artifact::exclude(&app, &app.analyst, &number, input).await.unwrap();
        assert_eq!(done.affected, 2);
        assert_eq!(told(&app, &app.reader, &number, tab("")).await, [pair("evil-heron.com", "")]);
        let excluded = rows(&app, &app.reader, &number, ArtifactQuery { status: "excluded".to_owned(), ..tab("yes") }).await;
        assert!(excluded.len() == 2 && excluded.iter().all(|one| one.status == Status::Excluded && one.reason == Some(ExclusionReason::KnownGood)));
        operation::undo(&app, &app.analyst, &done.operation_id).await.unwrap();
        assert_eq!(rows(&app, &app.reader, &number, tab("yes")).await.len(), 2);
    }

    async fn many_marked_are_excluded_in_chunks(app: TestApp) {
        let lead = app.person("lea", Role::Lead);
        let values: Vec<String> = (0..6_000).map(|n| format!("10.0.{}.{}", n / 250, n % 250 + 1)).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        bring(&app, &lead, vec![list("Half", "cidr", 1, &["10.0.0.0/21", "10.0.8.0/22"], &[])]).await;
        let number = case_with(&app, &app.analyst, &values).await;
        let page = artifact::list(&app, &app.reader, &number, tab("yes")).await.unwrap();
        assert_eq!((page.total, page.total_is_exact, page.items.len()), (1_000, false, 50));
        let all = Selection { all_matching: Some(tab("yes")), ..Selection::default() };
        let input = ExcludeArtifacts::over(all, ExclusionReason::KnownGood, String::new());
        let done = artifact::exclude(&app, &app.analyst, &number, input).await.unwrap();
        assert!(done.job.is_some(), "a large one goes on as a job");
        job::drain(&app).unwrap();
        assert!(rows(&app, &app.reader, &number, tab("yes")).await.is_empty());
        let left = artifact::list(&app, &app.reader, &number, tab("no")).await.unwrap();
        assert_eq!((left.total, left.items.iter().any(|one| !one.known_good.is_empty())), (1_000, false));
        operation::undo(&app, &app.analyst, &done.operation_id).await.unwrap();
        job::drain(&app).unwrap();
        assert_eq!(artifact::list(&app, &app.reader, &number, tab("yes")).await.unwrap().total, 1_000);
    }

    async fn a_list_may_be_replaced_and_limited_to_its_types(app: TestApp) {
        let lead = app.person("lea", Role::Lead);
        let number = case_with(&app, &app.analyst, &["heron-a.com", "https://heron-a.com/x"]).await;
        let first = bring(&app, &lead, vec![list("Names", "hostname", 1, &["heron-a.com"], &["domain"])]).await;
        let id = first.lists[0].list_id.clone();
        assert_eq!(rows(&app, &app.reader, &number, tab("yes")).await.len(), 2);
        let limited = SetKnownGoodList { own_types_only: Some(true), ..SetKnownGoodList::default() };
        assert!(known_good::set_list(&app, &lead, &id, limited).await.unwrap().own_types_only);
        job::drain(&app).unwrap();
        assert_eq!(told(&app, &app.reader, &number, tab("yes")).await, [pair("heron-a.com", "Names")]);
        let newer = bring(&app, &lead, vec![list("Names", "hostname", 2, &["heron-b.com"], &["domain"])]).await;
        assert_eq!((newer.created, newer.updated, newer.lists[0].version, newer.lists[0].own_types_only), (0, 1, 2, true));
        assert_eq!(newer.lists[0].list_id, id, "it is the same list");
        assert!(rows(&app, &app.reader, &number, tab("yes")).await.is_empty());
    }

    async fn only_leads_change_lists_and_what_is_no_list_says_why(app: TestApp) {
        let lead = app.person("lea", Role::Lead);
        let denied = known_good::import_lists(&app, &app.analyst, vec![list("x", "string", 1, &["a"], &[])]).await;
        assert!(matches!(denied, Err(AppError::Forbidden(_))));
        let broken = known_good::import_lists(&app, &lead, vec![("bad.json".to_owned(), b"{\"name\":".to_vec())]).await;
        assert!(matches!(&broken, Err(error) if error.to_string().contains("bad.json is not a warninglist")), "{broken:?}");
        assert!(known_good::import_lists(&app, &lead, Vec::new()).await.is_err());
        let brought = bring(&app, &lead, vec![list("x", "string", 1, &["a"], &[])]).await;
        let id = &brought.lists[0].list_id;
        let off = SetKnownGoodList { enabled: Some(false), ..SetKnownGoodList::default() };
        assert!(matches!(known_good::set_list(&app, &app.analyst, id, off).await, Err(AppError::Forbidden(_))));
        assert!(matches!(known_good::remove_list(&app, &app.analyst, id).await, Err(AppError::Forbidden(_))));
    }
}
