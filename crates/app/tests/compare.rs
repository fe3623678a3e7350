//! What changed since an earlier search, and what nobody can tell because the earlier one had no data there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod evidence;

use app::AppError;
use app::artifact::{self, ExcludeArtifacts};
use app::logs;
use app::sighting::{self, CompareQuery, CompareView, ResultQuery, SightingRequest, SightingView};
use evidence::{add, all_data, case_with, event, import, search};
use model::artifact::ExclusionReason;
use model::sighting::Change;
use testkit::TestApp;

fn from_to(from: &str, to: &str) -> SightingRequest {
    SightingRequest { from: Some(from.parse().unwrap()), to: Some(to.parse().unwrap()), ..SightingRequest::default() }
}

async fn compare(test: &TestApp, search: &SightingView, change: &str) -> CompareView {
    let query = CompareQuery { change: change.to_owned(), ..CompareQuery::default() };
    sighting::compare(test, &test.reader, &search.number, query).await.unwrap()
}

/// Observable, source and change, sorted.
fn told(view: &CompareView) -> Vec<(&str, &str, &str)> {
    let mut all: Vec<_> = view.items.iter().map(|i| (i.observable.title.as_str(), i.source.as_str(), i.change.as_str())).collect();
    all.sort_unstable();
    all
}

fn at(time: &str, host: &str, value: &str) -> String {
    event(time, host, "anna", &format!("to {value}"))
}

testkit::each_engine! {
    async fn what_changed_is_told_by_observable_and_source_with_who_is_new(test: TestApp) {
        import(&test, "Proxy", &[
            at("2026-01-01T08:00:00Z", "WS-1", "192.0.2.1"), at("2026-01-02T08:00:00Z", "WS-1", "192.0.2.2"),
            at("2026-01-03T08:00:00Z", "WS-1", "192.0.2.9"), at("2026-01-04T08:00:00Z", "WS-1", "198.51.100.1"),
        ]).await;
        let case = case_with(&test, &["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.9"]).await;
        let first = search(&test, &case, SightingRequest::default()).await;
        let alone = compare(&test, &first, "").await;
        assert_eq!((alone.with, alone.items.len(), alone.earlier.len()), (None, 0, 0));

        import(&test, "Proxy", &[
            event("2026-01-04T09:00:00Z", "WS-2", r"CORP\ben", "to 192.0.2.1"), at("2026-01-04T10:00:00Z", "WS-3", "192.0.2.3"),
            at("2026-01-04T11:00:00Z", "WS-3", "192.0.2.4"),
        ]).await;
        import(&test, "DNS", &[at("2026-01-04T10:00:00Z", "WS-3", "192.0.2.3")]).await;
        add(&test, &test.analyst, &case, &["192.0.2.4"]).await;
        let gone = evidence::results(&test, &first).await.into_iter().find(|r| r.observable.title == "192.0.2.9").unwrap().observable.id;
        let exclude = ExcludeArtifacts { record_ids: vec![gone], reason: ExclusionReason::KnownGood, ..serde_json::from_str("{\"reason\":\"known_good\"}").unwrap() };
        artifact::exclude(&test, &test.analyst, &case, exclude).await.unwrap();
        let second = search(&test, &case, SightingRequest::default()).await;
        let view = compare(&test, &second, "").await;
        assert_eq!(view.with.as_ref().unwrap().number, first.number);
        assert_eq!(told(&view), [
            ("192.0.2.1", "Proxy", "more_events"),
            ("192.0.2.3", "DNS", "not_asked_before"),
            ("192.0.2.3", "Proxy", "newly_seen"),
            ("192.0.2.4", "Proxy", "not_asked_before"),
            ("192.0.2.9", "Proxy", "not_asked_now"),
        ]);
        let sources: Vec<_> = view.sources.iter().map(|s| (s.source.as_str(), s.now.is_some(), s.then.is_some(), s.coverage_differs)).collect();
        assert_eq!((view.total, sources), (5, vec![("DNS", true, false, true), ("Proxy", true, true, false)]));
        assert_eq!(view.windows_differ, first.window != second.window);
        let more = view.items.iter().find(|i| i.change == Change::MoreEvents).unwrap();
        let names = |of: &[app::logs::NameCount]| of.iter().map(|n| n.name.clone()).collect::<Vec<_>>();
        assert_eq!((names(&more.new_hosts), names(&more.new_accounts)), (vec!["WS-2".to_owned()], vec![r"CORP\ben".to_owned()]));
        assert_eq!((more.now.as_ref().unwrap().count, more.then.as_ref().unwrap().count), (2, 1));
        let total = |change: Change| view.totals.iter().find(|t| t.change == change).map(|t| t.results);
        assert_eq!((total(Change::NewlySeen), total(Change::NotAskedBefore), total(Change::Same)), (Some(1), Some(2), Some(1)));
        assert_eq!((second.earlier.as_ref().map(|e| e.number.as_str()), second.new, first.new), (Some(first.number.as_str()), 2, 0));
        assert_eq!(told(&compare(&test, &second, "same").await), [("192.0.2.2", "Proxy", "same")]);

        // The matrix tells it too, and shows what is new alone.
        let query = ResultQuery { outcome: "new".into(), with: first.number.clone(), ..ResultQuery::default() };
        let rows = sighting::rows(&test, &test.reader, &second.number, query.clone()).await.unwrap();
        let new: Vec<_> = rows.items.iter().map(|row| (row.observable.title.as_str(), row.changes.len())).collect();
        assert_eq!((new, rows.total), (vec![("192.0.2.3", 2), ("192.0.2.4", 1)], 2));
        assert_eq!(sighting::results(&test, &test.reader, &second.number, query.clone()).await.unwrap().items.len(), 3);
        let without = ResultQuery { with: String::new(), ..query };
        assert!(matches!(sighting::rows(&test, &test.reader, &second.number, without).await, Err(AppError::Invalid(_))));

        // Page by page, nothing is missing and nothing comes twice.
        let (mut cursor, mut paged) = (String::new(), Vec::new());
        loop {
            let query = CompareQuery { cursor, limit: Some(2), change: "all".into(), ..CompareQuery::default() };
            let page = sighting::compare(&test, &test.reader, &second.number, query).await.unwrap();
            assert_eq!(page.total, 6);
            paged.extend(page.items.into_iter().map(|i| (i.observable.title, i.source)));
            let Some(next) = page.next_cursor else { break };
            cursor = next;
        }
        let whole = paged.len();
        paged.sort();
        paged.dedup();
        assert_eq!((whole, paged.len()), (6, 6));
    }

    async fn nothing_is_called_new_where_the_earlier_search_had_no_data(test: TestApp) {
        import(&test, "Proxy", &[at("2026-01-01T08:00:00Z", "WS-1", "192.0.2.7"), at("2026-01-04T08:00:00Z", "WS-1", "192.0.2.7")]).await;
        let case = case_with(&test, &["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.7"]).await;
        let nothing = search(&test, &case, from_to("2025-06-01", "2025-06-02")).await;
        let first = search(&test, &case, from_to("2026-01-01T00:00:00Z", "2026-01-04T12:00:00Z")).await;
        let view = compare(&test, &first, "").await;
        assert_eq!(told(&view), [("192.0.2.7", "Proxy", "newly_covered")]);
        assert!(view.sources[0].coverage_differs && view.sources[0].then.as_deref().unwrap().starts_with("no data in this window"));
        assert!(view.windows_differ && view.caution.contains(&nothing.number) && view.items.iter().all(|i| i.new_hosts.is_empty()));

        let late = import(&test, "Proxy", &[
            // On a day without any event, before the window, without a time; and on a day that was looked through.
            at("2026-01-02T08:00:00Z", "WS-1", "192.0.2.1"), at("2025-12-01T08:00:00Z", "WS-1", "192.0.2.2"),
            r#"{"message":"192.0.2.2 without a time"}"#.to_owned(), at("2026-01-04T11:00:00Z", "WS-1", "192.0.2.3"),
        ]).await;
        let second = search(&test, &case, all_data()).await;
        assert_eq!(told(&compare(&test, &second, "").await), [
            ("192.0.2.1", "Proxy", "newly_covered"), ("192.0.2.2", "Proxy", "newly_covered"), ("192.0.2.3", "Proxy", "newly_seen"),
        ]);
        let with = |with: &str| CompareQuery { with: with.to_owned(), ..CompareQuery::default() };
        let back = sighting::compare(&test, &test.reader, &second.number, with(&nothing.number)).await.unwrap();
        assert!(told(&back).iter().all(|(_, _, change)| *change == "newly_covered"));

        // The other way round: what has left the window, and a time that nobody has logs of.
        let narrow = search(&test, &case, from_to("2026-01-04T10:00:00Z", "2026-01-04T12:00:00Z")).await;
        let view = compare(&test, &narrow, "").await;
        assert!(view.caution.contains("may only have left the window"));
        assert_eq!(told(&view), [
            ("192.0.2.1", "Proxy", "no_longer_covered"), ("192.0.2.2", "Proxy", "no_longer_covered"), ("192.0.2.7", "Proxy", "no_longer_covered"),
        ]);
        let before = search(&test, &case, from_to("2024-01-01", "2024-01-02")).await;
        assert!(told(&compare(&test, &before, "").await).iter().all(|(_, _, change)| *change == "no_longer_covered"));
        // The events themselves are deleted: gone is what has other events on its days.
        logs::delete_file(&test, &test.lead, &late.id).await.unwrap();
        app::job::drain(&test).unwrap();
        let less = search(&test, &case, all_data()).await;
        let then = sighting::compare(&test, &test.reader, &less.number, with(&second.number)).await.unwrap();
        assert_eq!(told(&then), [
            ("192.0.2.1", "Proxy", "no_longer_covered"), ("192.0.2.2", "Proxy", "no_longer_covered"), ("192.0.2.3", "Proxy", "no_longer_seen"),
        ]);
        // What is later, or of another case, or not there, is compared with by nobody.
        for wrong in [&before.number, "SIGHT0009999"] {
            assert!(sighting::compare(&test, &test.reader, &first.number, with(wrong)).await.is_err());
        }
        let secret = evidence::case(&test, &test.lead, true).await;
        add(&test, &test.lead, &secret.number, &["192.0.2.1"]).await;
        let hidden = sighting::start(&test, &test.lead, &secret.number, all_data()).await.unwrap();
        app::job::drain(&test).unwrap();
        for (search, with) in [(&hidden.number, ""), (&second.number, hidden.number.as_str())] {
            let query = CompareQuery { with: with.to_owned(), ..CompareQuery::default() };
            assert!(matches!(sighting::compare(&test, &test.analyst, search, query).await, Err(AppError::NotFound(_))));
        }
    }
}
