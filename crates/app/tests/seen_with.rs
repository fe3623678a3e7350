//! What the details of machines and people tell of searches: with what they were seen, where, how often.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod evidence;

use app::record::{self as records, NewRelationship};
use app::sighting::{self, SeenWithView, SightingRequest};
use app::{AppError, job};
use evidence::{add, all_data, case, case_with, event, import, record, search};
use model::relationship::RelationshipType;
use model::{Actor, Role, Scope};
use serde_json::json;
use testkit::TestApp;

async fn seen(test: &TestApp, actor: &Actor, id: &str) -> Vec<SeenWithView> {
    sighting::seen_with(test, actor, id, app::PageQuery::default()).await.unwrap().items
}

/// Value, name in the logs, events.
fn told(seen: &[SeenWithView]) -> Vec<(&str, &str, i64)> {
    let mut told: Vec<(&str, &str, i64)> = seen.iter().map(|one| (one.observable.title.as_str(), one.name.as_str(), one.count)).collect();
    told.sort_unstable();
    told
}

testkit::each_engine! {
    async fn a_machine_and_a_person_tell_with_what_they_were_seen(test: TestApp) {
        let full = record(&test, json!({ "kind": "configuration_item", "name": "MKT01.pandalab.example" })).await;
        let other = record(&test, json!({ "kind": "configuration_item", "name": "MKT02.other.example" })).await;
        let gateway = record(&test, json!({ "kind": "configuration_item", "name": "gateway", "ip_addresses": ["192.0.2.50"] })).await;
        let pedro = record(&test, json!({ "kind": "user", "name": "Pedro", "user_id": "pedro.gustavo", "sids": ["S-1-5-21-1-2-3-1105"] })).await;
        import(&test, "Windows logs", &[
            event("2026-01-02T10:00:00Z", "mkt01.PANDALAB.example", r"PANDALAB\pedro.gustavo", "192.0.2.1"),
            event("2026-01-02T10:00:01Z", "MKT01", "svc", "192.0.2.1 and 192.0.2.2"),
            event("2026-01-02T10:00:02Z", "MKT01", "svc", "192.0.2.1"),
            event("2026-01-02T10:00:03Z", "MKT02.pandalab.example", "svc", "192.0.2.1"),
            event("2026-01-02T10:00:04Z", "192.0.2.50", "S-1-5-21-1-2-3-1105", "192.0.2.2"),
        ]).await;
        import(&test, "DNS", &[event("2026-01-03T10:00:00Z", "mkt01", "svc", "192.0.2.2")]).await;
        let number = case_with(&test, &["192.0.2.1", "192.0.2.2", "192.0.2.3"]).await;
        let found = search(&test, &number, SightingRequest::default()).await;

        let here = seen(&test, &test.reader, &full).await;
        assert_eq!(told(&here), [
            ("192.0.2.1", "MKT01", 2),
            ("192.0.2.1", "mkt01.PANDALAB.example", 1),
            ("192.0.2.2", "MKT01", 1),
            ("192.0.2.2", "mkt01", 1),
        ]);
        let first = &here[0];
        assert_eq!((first.number.as_str(), first.case.as_str(), first.window.text.as_str(), first.candidates), (found.number.as_str(), number.as_str(), "last 7 days", 1));
        assert_eq!((first.count, first.first_seen.unwrap().to_string().as_str()), (2, "2026-01-02T10:00:00Z"), "most events first");
        assert_eq!(seen(&test, &test.reader, &other).await, [], "a namesake in another domain is another machine");
        assert_eq!(told(&seen(&test, &test.reader, &gateway).await), [("192.0.2.2", "192.0.2.50", 1)]);
        assert_eq!(told(&seen(&test, &test.reader, &pedro).await), [
            ("192.0.2.1", r"PANDALAB\pedro.gustavo", 1),
            ("192.0.2.2", "S-1-5-21-1-2-3-1105", 1),
        ]);
        assert_eq!(seen(&test, &test.reader, &first.observable.id).await, [], "of an observable nothing is told here");

        // What matched nothing is known from the moment it is created, and a name that two share is told as such.
        let late = record(&test, json!({ "kind": "configuration_item", "name": "mkt02.pandalab.example" })).await;
        assert_eq!(told(&seen(&test, &test.reader, &late).await), [("192.0.2.1", "MKT02.pandalab.example", 1)]);
        let clones = [record(&test, json!({ "kind": "user", "name": "A", "user_id": "svc" })).await, record(&test, json!({ "kind": "user", "name": "B" })).await];
        let shared = json!({ "accounts": ["svc"] }).as_object().unwrap().clone();
        records::update(&test, &test.analyst, &clones[1], None, shared).await.unwrap();
        assert!(seen(&test, &test.reader, &clones[1]).await.iter().all(|one| one.candidates == 2));

        // Page by page, all come once and in the same order.
        let (mut pages, mut query) = (Vec::new(), app::PageQuery::newest(1));
        loop {
            let page = sighting::seen_with(&test, &test.reader, &full, query).await.unwrap();
            assert_eq!((page.total, page.total_is_exact), (4, true));
            pages.extend(page.items);
            let Some(cursor) = page.next_cursor else { break };
            query = app::PageQuery { cursor, limit: Some(1) };
        }
        assert_eq!(pages, here);

        // A newer search stands before an older one.
        let again = search(&test, &number, all_data()).await;
        let both = seen(&test, &test.reader, &gateway).await;
        assert_eq!(both.iter().map(|one| one.number.as_str()).collect::<Vec<_>>(), [again.number.as_str(), found.number.as_str()]);
    }

    async fn a_restricted_case_does_not_tell_through_a_machine(test: TestApp) {
        let machine = record(&test, json!({ "kind": "configuration_item", "name": "WS-1" })).await;
        import(&test, "DNS", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "192.0.2.1")]).await;
        let secret = case(&test, &test.analyst, true).await.number;
        add(&test, &test.analyst, &secret, &["192.0.2.1"]).await;
        search(&test, &secret, SightingRequest::default()).await;
        assert_eq!(told(&seen(&test, &test.analyst, &machine).await), [("192.0.2.1", "WS-1", 1)]);
        let outsider = test.person("otto", Role::Lead);
        assert_eq!(seen(&test, &outsider, &machine).await, []);
        assert!(matches!(sighting::seen_with(&test, &outsider, "unknown", app::PageQuery::default()).await, Err(AppError::NotFound(_))));
    }

    async fn an_interrupted_search_counts_once_and_shows_nothing_before_its_end(test: TestApp) {
        let machine = record(&test, json!({ "kind": "configuration_item", "name": "WS-1" })).await;
        import(&test, "DNS", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "192.0.2.1")]).await;
        let number = case_with(&test, &["192.0.2.1"]).await;
        sighting::start(&test, &test.analyst, &number, all_data()).await.unwrap();
        let now = test.now();
        test.store.store().write(Scope::System, move |tx| store::job::claim(tx, now)).await.unwrap().unwrap();
        test.store.sql("UPDATE sighting_search SET state = 'running'");
        test.store.sql("INSERT INTO logged_name (what, name_key, name) VALUES (1, 'WS-1', 'WS-1')");
        test.store.sql("INSERT INTO logged_name_key (scheme, value, name_id) SELECT 2, 'ws-1', id FROM logged_name");
        test.store.sql(
            "INSERT INTO sighting_name (name_id, search_id, record_id, count)
             SELECT l.id, n.search_id, n.record_id, 99 FROM logged_name l, sighting_needle n",
        );
        assert_eq!(seen(&test, &test.analyst, &machine).await, [], "what is not finished tells nothing");
        test.store.store().write(Scope::System, store::job::take_over).await.unwrap();
        job::drain(&test).unwrap();
        assert_eq!(told(&seen(&test, &test.analyst, &machine).await), [("192.0.2.1", "WS-1", 1)]);
    }

    async fn a_machine_has_the_vulnerabilities_of_its_vulnerable_items(test: TestApp) {
        let machine = record(&test, json!({ "kind": "configuration_item", "name": "WS-1" })).await;
        let item = record(&test, json!({ "kind": "vulnerable_item", "vulnerability": "CVE-2021-44228", "configuration_item": "WS-1", "name": "Log4Shell on WS-1" })).await;
        let flaw = record(&test, json!({ "kind": "vulnerability", "name": "CVE-2021-44228" })).await;
        let join = |kind: RelationshipType, to: &str, case: Option<String>| NewRelationship { from: item.clone(), r#type: kind, to: to.to_owned(), case };
        records::relate(&test, &test.analyst, join(RelationshipType::FOUND_ON, &machine, None)).await.unwrap();
        let secret = case(&test, &test.analyst, true).await.number;
        records::relate(&test, &test.analyst, join(RelationshipType::INSTANCE_OF, &flaw, Some(secret))).await.unwrap();
        let of = async |actor: &Actor, id: &str, kind: &str| {
            let related = records::related(&test, actor, id, kind).await.unwrap();
            related.into_iter().map(|one| format!("{} {}", one.relationship, one.record.title)).collect::<Vec<_>>()
        };
        assert_eq!(of(&test.analyst, &machine, "vulnerability").await, ["has CVE-2021-44228"]);
        assert_eq!(of(&test.analyst, &flaw, "configuration_item").await, ["has WS-1"]);
        assert_eq!(of(&test.lead, &machine, "vulnerability").await, Vec::<String>::new(), "what joins them is in a restricted case");
        let counts = records::get(&test, &test.analyst, &machine).await.unwrap().related;
        assert_eq!(counts.iter().map(|one| (one.kind.as_str(), one.count)).collect::<Vec<_>>(), [("vulnerable_item", 1), ("vulnerability", 1)]);
    }
}
