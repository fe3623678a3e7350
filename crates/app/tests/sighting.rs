//! Were the observables of a case seen: when, where, by whom; and if not, what would have shown them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod evidence;

use app::artifact::{ArtifactQuery, ExcludeArtifacts};
use app::sighting::{self, AddMatched, ResultQuery, RunAgain, SeenNameView, SightingRequest};
use app::watch::WatchInput;
use app::{AppError, PageQuery, artifact, job, record as records};
use evidence::{add, all_data, case, case_with, event, import, record, results, search, told};
use model::Scope;
use model::artifact::{ExclusionReason, OriginKind};
use model::job::JobState;
use model::sighting::{Basis, Outcome, UrlMatch};
use serde_json::json;
use testkit::TestApp;

fn from_to(from: &str, to: &str) -> SightingRequest {
    SightingRequest { from: Some(from.parse().unwrap()), to: Some(to.parse().unwrap()), ..SightingRequest::default() }
}

/// Names, counts, and what the candidates are called.
fn names(of: &[SeenNameView]) -> Vec<(&str, i64, Vec<&str>)> {
    of.iter().map(|n| (n.name.as_str(), n.count, n.candidates.iter().map(|c| c.title.as_str()).collect())).collect()
}

testkit::each_engine! {
    async fn what_was_seen_is_told_with_when_where_and_by_whom(test: TestApp) {
        import(&test, "Windows logs", &[
            event("2026-01-02T10:00:00Z", "WS-1", r"CORP\anna", "connect 10.0.5.13:8080"),
            event("2026-01-03T11:00:00Z", "WS-2", r"CORP\ben", "10.0.5.13 again and 10.0.5.13"),
            event("2026-01-03T12:00:00Z", "WS-2", r"CORP\ben", "near 10.0.5.130 and 110.0.5.13"),
            event("2026-01-03T13:00:00Z", "WS-2", r"CORP\ben", "GET http://evil.example/a/b of www.evil.example"),
            event("2026-01-03T14:00:00Z", "WS-2", r"CORP\ben", r"opened c:\users\ben\Payload.EXE"),
        ]).await;
        let case = case_with(&test, &[
            "10.0.5.13", "10.0.5.1", "hxxp://evil[.]example/a", "http://evil.example/a/b", "evil.example", r"C:\Users\ben\payload.exe", "xpayload.exe",
        ]).await;
        let found = search(&test, &case, SightingRequest::default()).await;
        assert_eq!((found.number.as_str(), found.state, found.window.text.as_str()), ("SIGHT0001001", JobState::Done, "last 7 days"));
        let t = &found.totals;
        assert_eq!((t.observables, t.seen, t.not_seen, t.no_coverage, t.failed, t.pending), (7, 4, 3, 0, 0, 0));
        let all = results(&test, &found).await;
        let mut counts = told(&all);
        counts.sort();
        assert_eq!(counts, [
            ("10.0.5.1", 0, "not_seen"),
            ("10.0.5.13", 2, "seen"),
            (r"C:\Users\ben\payload.exe", 1, "seen"),
            ("evil.example", 1, "seen"),
            ("http://evil.example/a", 0, "not_seen"),
            ("http://evil.example/a/b", 1, "seen"),
            ("xpayload.exe", 0, "not_seen"),
        ]);
        let first = &all[0];
        assert_eq!((first.observable.title.as_str(), first.source.as_str(), first.count_is_exact, first.external), ("10.0.5.13", "Windows logs", true, false));
        assert_eq!(first.first_seen.unwrap().to_string(), "2026-01-02T10:00:00Z");
        assert_eq!(first.last_seen.unwrap().to_string(), "2026-01-03T11:00:00Z");
        let days: Vec<(&str, i64)> = first.histogram.iter().map(|d| (d.day.as_str(), d.count)).collect();
        assert_eq!(days, [("2026-01-02", 1), ("2026-01-03", 1)]);
        assert_eq!(names(&first.hosts), [("WS-1", 1, vec![]), ("WS-2", 1, vec![])]);
        assert_eq!(names(&first.accounts), [(r"CORP\anna", 1, vec![]), (r"CORP\ben", 1, vec![])]);
        let sample = &first.samples[1];
        let marked: Vec<&str> = sample.marks.iter().map(|(from, to)| &sample.raw[*from..*to]).collect();
        assert_eq!((marked, sample.line, sample.host.as_deref()), (vec!["10.0.5.13", "10.0.5.13"], 2, Some("WS-2")));
        assert!(first.query.contains("10.0.5.13"), "{}", first.query);
        let domain = all.iter().find(|r| r.observable.title == "evil.example").unwrap();
        assert_eq!((domain.count, domain.with_subdomains), (1, Some(1)), "an event counts once");
        assert_eq!(names(&found.unmatched_hosts), [("WS-2", 4, vec![]), ("WS-1", 1, vec![])]);
        assert_eq!((found.hosts_total, found.accounts_total, found.matched_hosts.len()), (2, 2, 0));
        assert_eq!(found.unmatched_hosts[0].observables, 4);

        // The record itself knows when it was seen, and so do its details and the tab.
        let of_record = sighting::of_record(&test, &test.reader, &first.observable.id, app::PageQuery::default()).await.unwrap().items;
        assert_eq!((of_record[0].number.as_str(), of_record[0].result.count), ("SIGHT0001001", 2));
        let seen = records::get(&test, &test.reader, &first.observable.id).await.unwrap().record;
        assert_eq!((seen.first_seen, seen.last_seen), (first.first_seen, first.last_seen));
        let tab = artifact::list(&test, &test.reader, &case, ArtifactQuery { q: "10.0.5.13".into(), ..ArtifactQuery::default() }).await.unwrap();
        assert_eq!(tab.items[0].sighted, Some(2));
    }

    async fn a_list_of_results_is_filtered_and_paged(test: TestApp) {
        let lines: Vec<String> = (0..6).flat_map(|n| vec![event("2026-01-03T10:00:00Z", "WS-1", "anna", &format!("192.0.2.{n}")); n]).collect();
        import(&test, "DNS", &lines).await;
        let values: Vec<String> = (0..6).map(|n| format!("192.0.2.{n}")).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let case = case_with(&test, &values).await;
        let found = search(&test, &case, SightingRequest::default()).await;
        let page = async |outcome: &str, q: &str, cursor: &str| {
            let query = ResultQuery { outcome: outcome.into(), q: q.into(), with: String::new(), cursor: cursor.into(), limit: Some(4) };
            sighting::rows(&test, &test.reader, &found.number, query).await.unwrap()
        };
        let first = page("all", "", "").await;
        assert_eq!((first.items.iter().map(|r| r.hits).collect::<Vec<_>>(), first.total), (vec![5, 4, 3, 2], 6));
        let second = page("all", "", &first.next_cursor.unwrap()).await;
        assert_eq!((second.items.iter().map(|r| r.hits).collect::<Vec<_>>(), second.next_cursor), (vec![1, 0], None));
        assert_eq!(second.items[1].sources[0].outcome, Outcome::NotSeen);
        assert_eq!(page("not_seen", "", "").await.items.len(), 1);
        assert_eq!(page("seen", "192[.]0.2.3", "").await.items[0].observable.title, "192.0.2.3");
        let wrong = ResultQuery { outcome: "perhaps".into(), ..ResultQuery::default() };
        assert!(matches!(sighting::results(&test, &test.reader, &found.number, wrong).await, Err(AppError::Invalid(_))));
    }

    async fn a_window_holds_both_its_ends_and_nothing_beyond(test: TestApp) {
        import(&test, "DNS", &[
            event("2026-01-02T09:59:59.999999Z", "WS-1", "anna", "192.0.2.1"),
            event("2026-01-02T10:00:00Z", "WS-1", "anna", "192.0.2.1"),
            event("2026-01-02T11:00:00Z", "WS-1", "anna", "192.0.2.1"),
            event("2026-01-02T11:00:00.000001Z", "WS-1", "anna", "192.0.2.1"),
            r#"{"message":"192.0.2.1 without a time"}"#.to_owned(),
        ]).await;
        let case = case_with(&test, &["192.0.2.1"]).await;
        let count = async |request| {
            let found = search(&test, &case, request).await;
            results(&test, &found).await[0].count
        };
        assert_eq!(count(from_to("2026-01-02T10:00:00Z", "2026-01-02T11:00:00Z")).await, 2);
        assert_eq!(count(SightingRequest::default()).await, 4, "what has no time is in no window");
        assert_eq!(count(all_data()).await, 5);
        let last = |text: &str| SightingRequest { last: Some(text.to_owned()), ..SightingRequest::default() };
        assert_eq!(count(last("1h")).await, 0);
        assert_eq!(count(last("2w")).await, 4);
        for bad in [last("7y"), SightingRequest { all_data: true, ..last("7d") }, from_to("2026-01-03", "2026-01-02")] {
            assert!(matches!(sighting::start(&test, &test.analyst, &case, bad).await, Err(AppError::Invalid(_))));
        }
    }

    async fn urls_are_found_whole_by_path_or_by_host(test: TestApp) {
        import(&test, "Proxy", &[
            event("2026-01-02T10:00:00Z", "WS-1", "anna", "GET http://evil.example/a/b"),
            event("2026-01-02T11:00:00Z", "WS-1", "anna", "GET https://evil.example/a/b?x=1"),
            event("2026-01-02T12:00:00Z", "WS-1", "anna", "CONNECT evil.example:443"),
            event("2026-01-02T13:00:00Z", "WS-1", "anna", "GET http://other.example/a/b"),
        ]).await;
        let case = case_with(&test, &["http://evil.example/a/b"]).await;
        for (urls, normalised) in [(None, None), (Some(UrlMatch::Path), Some(2)), (Some(UrlMatch::Host), Some(3))] {
            let found = search(&test, &case, SightingRequest { urls, ..SightingRequest::default() }).await;
            assert_eq!(found.urls, urls.unwrap_or_default());
            let [result] = <[_; 1]>::try_from(results(&test, &found).await).unwrap();
            assert_eq!((result.count, result.count_normalised), (1, normalised), "{urls:?}: {}", result.query);
            let again = sighting::again(&test, &test.analyst, &found.number, RunAgain::default()).await.unwrap();
            assert_eq!(again.urls, found.urls, "asked again as it was asked");
            job::drain(&test).unwrap();
        }
        let input = WatchInput { urls: Some(UrlMatch::Host), ..WatchInput::default() };
        assert_eq!(app::watch::set(&test, &test.analyst, &case, input).await.unwrap().urls, UrlMatch::Host);
        import(&test, "DNS", &[event("2026-01-03T10:00:00Z", "WS-2", "anna", "query evil.example")]).await;
        let newest = sighting::list(&test, &test.analyst, &case, app::PageQuery::default()).await.unwrap().items.remove(0);
        assert_eq!((newest.urls, newest.totals.seen, newest.sources.as_slice()), (UrlMatch::Host, 1, ["DNS".to_owned()].as_slice()));
    }

    async fn where_there_is_no_data_nothing_is_called_not_seen(test: TestApp) {
        let case = case_with(&test, &["192.0.2.1", "192.0.2.2"]).await;
        let nothing = search(&test, &case, SightingRequest::default()).await;
        assert_eq!((nothing.totals.no_coverage, nothing.totals.not_seen, nothing.state), (2, 0, JobState::Done), "there are no logs at all");

        import(&test, "DNS", &[event("2025-06-01T10:00:00Z", "WS-1", "anna", "192.0.2.1")]).await;
        let before = search(&test, &case, SightingRequest::default()).await;
        assert_eq!((before.totals.no_coverage, before.totals.seen), (2, 0));
        let coverage = &before.coverage[0];
        assert_eq!((coverage.covered, coverage.days_covered, coverage.days_in_window), (false, 0, 8));
        assert_eq!(coverage.text, "no data in this window; it has 2025-06-01");
        assert!(results(&test, &before).await.iter().all(|r| r.outcome == Outcome::NoCoverage && r.coverage == coverage.text));

        import(&test, "Proxy", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "192.0.2.7"), event("2026-01-04T10:00:00Z", "WS-1", "anna", "x")]).await;
        let both = search(&test, &case, SightingRequest::default()).await;
        assert_eq!((both.totals.no_coverage, both.totals.not_seen), (0, 2), "one source would have shown them");
        let proxy = both.coverage.iter().find(|c| c.source == "Proxy").unwrap();
        assert_eq!((proxy.text.as_str(), proxy.gaps.len()), ("2 of 8 days, 2 events", 3));
        let outcomes: Vec<(String, Outcome)> = results(&test, &both).await.into_iter().map(|r| (r.source, r.outcome)).collect();
        assert_eq!(outcomes.iter().filter(|(source, outcome)| source == "DNS" && *outcome == Outcome::NoCoverage).count(), 2);
        assert_eq!(outcomes.iter().filter(|(source, outcome)| source == "Proxy" && *outcome == Outcome::NotSeen).count(), 2);

        let only = SightingRequest { sources: vec!["DNS".into()], ..all_data() };
        let one = search(&test, &case, only).await;
        assert_eq!((one.sources.clone(), one.totals.seen, one.totals.not_seen), (vec!["DNS".to_owned()], 1, 1));
        let wrong = SightingRequest { sources: vec!["Nowhere".into()], ..all_data() };
        let Err(AppError::Invalid(fields)) = sighting::start(&test, &test.analyst, &case, wrong).await else { panic!() };
        assert_eq!(fields[0].pointer, "/sources/0");
        assert_eq!(sighting::list(&test, &test.reader, &case, app::PageQuery::default()).await.unwrap().items.len(), 4);
        assert_eq!(sighting::count(&test, &test.reader, &case).await.unwrap(), 4);
    }

    async fn other_spellings_are_counted_beside(test: TestApp) {
        import(&test, "EDR", &[
            event("2026-01-02T10:00:00Z", "WS-1", "anna", r"set HKLM\Software\Run\x and 00-00-5E-00-53-01"),
            event("2026-01-02T11:00:00Z", "WS-1", "anna", r"set HKEY_LOCAL_MACHINE\Software\Run\x"),
            event("2026-01-02T12:00:00Z", "WS-2", "anna", "192.0.2.77:443"),
            event("2026-01-02T12:00:00Z", "WS-2", "anna", "route 192.0.2.0/24 C:/Temp/evil9.exe"),
        ]).await;
        let case = case_with(&test, &[r"HKLM\Software\Run\x", "00:00:5e:00:53:01", "192.0.2.0/24", "198.51.100.0/24"]).await;
        let found = search(&test, &case, all_data()).await;
        let all = results(&test, &found).await;
        let of = |title: &str| all.iter().find(|r| r.observable.title == title).unwrap();
        let key = of(r"HKEY_LOCAL_MACHINE\Software\Run\x");
        assert_eq!((key.count, key.count_normalised, key.basis), (1, Some(2), Basis::Exact));
        let mac = of("00:00:5e:00:53:01");
        assert_eq!((mac.count, mac.count_normalised, mac.outcome, mac.basis), (0, Some(1), Outcome::Seen, Basis::Normalised));
        let network = of("192.0.2.0/24");
        assert_eq!((network.count, network.count_normalised, network.outcome), (1, Some(2), Outcome::Seen), "as written, and by its addresses");
        assert_eq!(of("198.51.100.0/24").outcome, Outcome::NotSeen);
        assert_eq!((found.totals.seen, found.totals.not_seen), (3, 1));
    }

    async fn a_case_that_watches_is_told_of_new_logs(test: TestApp) {
        let case = case_with(&test, &["evil.example", "quiet.example"]).await;
        let other = case_with(&test, &["evil.example"]).await;
        import(&test, "Proxy", &[event("2026-01-01T10:00:00Z", "WS-1", "anna", "evil.example")]).await;
        assert!(sighting::list(&test, &test.analyst, &case, app::PageQuery::default()).await.unwrap().items.is_empty(), "nobody watched yet");

        assert!(app::watch::set(&test, &test.analyst, &case, WatchInput::default()).await.unwrap().watching);
        app::watch::set(&test, &test.analyst, &case, WatchInput::default()).await.unwrap();
        import(&test, "Proxy", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "nothing of interest")]).await;
        assert!(sighting::list(&test, &test.analyst, &case, app::PageQuery::default()).await.unwrap().items.is_empty(), "nothing was seen");
        import(&test, "Proxy", &[event("2026-01-03T10:00:00Z", "WS-2", "anna", "evil.example again")]).await;
        let searches = sighting::list(&test, &test.analyst, &case, app::PageQuery::default()).await.unwrap().items;
        let [search] = searches.as_slice() else { panic!("one search, not {}", searches.len()) };
        assert_eq!((search.totals.observables, search.totals.seen, search.created_by.as_str()), (1, 1, test.analyst.name.as_str()));
        assert!(sighting::list(&test, &test.analyst, &other, app::PageQuery::default()).await.unwrap().items.is_empty());

        // Who may not know of a case does not learn that it watches.
        let looks = |jobs: Vec<job::JobView>| jobs.into_iter().filter(|job| job.kind == "watch").count();
        let before = looks(job::recent(&test, &test.analyst, app::PageQuery::newest(100)).await.unwrap().items);
        let hidden = evidence::case(&test, &test.lead, true).await.number;
        add(&test, &test.lead, &hidden, &["hidden.example"]).await;
        app::watch::set(&test, &test.lead, &hidden, WatchInput::default()).await.unwrap();
        import(&test, "Proxy", &[event("2026-01-03T12:00:00Z", "WS-2", "anna", "hidden.example")]).await;
        assert_eq!(sighting::list(&test, &test.lead, &hidden, app::PageQuery::default()).await.unwrap().items.len(), 1);
        let jobs = job::recent(&test, &test.analyst, app::PageQuery::newest(100)).await.unwrap().items;
        assert!(jobs.iter().all(|job| job.case.as_ref() != Some(&hidden)));
        assert_eq!(looks(jobs), before + 1, "that of the case that the analyst knows");

        assert!(!app::watch::unset(&test, &test.analyst, &case).await.unwrap().watching);
        import(&test, "Proxy", &[event("2026-01-04T10:00:00Z", "WS-3", "anna", "evil.example")]).await;
        assert_eq!(sighting::list(&test, &test.analyst, &case, app::PageQuery::default()).await.unwrap().items.len(), 1);
        assert!(app::watch::set(&test, &test.reader, &case, WatchInput::default()).await.is_err());
    }

    async fn machines_and_accounts_are_matched_by_identity_and_never_joined(test: TestApp) {
        let full = record(&test, json!({ "kind": "configuration_item", "name": "MKT01.pandalab.example", "class": "workstation" })).await;
        record(&test, json!({ "kind": "configuration_item", "name": "MKT02.other.example" })).await;
        record(&test, json!({ "kind": "configuration_item", "name": "gateway", "ip_addresses": ["192.0.2.50"] })).await;
        for user in ["dora", "eve"] {
            let id = record(&test, json!({ "kind": "user", "name": user, "user_id": user })).await;
            let shared = json!({ "accounts": ["svc"] }).as_object().unwrap().clone();
            records::update(&test, &test.analyst, &id, None, shared).await.unwrap();
        }
        record(&test, json!({ "kind": "user", "name": "Pedro", "user_id": "pedro.gustavo", "sids": ["S-1-5-21-1-2-3-1105"] })).await;
        record(&test, json!({ "kind": "user", "name": "Other Pedro", "user_id": r"OTHER\pedro.gustavo" })).await;
        import(&test, "Windows logs", &[
            event("2026-01-02T10:00:00Z", "mkt01.PANDALAB.example", r"PANDALAB\pedro.gustavo", "192.0.2.1"),
            event("2026-01-02T10:00:01Z", "MKT01", "svc", "192.0.2.1"),
            event("2026-01-02T10:00:02Z", "MKT02.pandalab.example", "nobody", "192.0.2.1"),
            event("2026-01-02T10:00:03Z", "192.0.2.50", "S-1-5-21-1-2-3-1105", "192.0.2.1"),
        ]).await;
        let case = case_with(&test, &["192.0.2.1"]).await;
        let found = search(&test, &case, SightingRequest::default()).await;
        let mut hosts = names(&found.matched_hosts);
        hosts.sort();
        assert_eq!(hosts, [
            ("192.0.2.50", 1, vec!["gateway"]),
            ("MKT01", 1, vec!["MKT01.pandalab.example"]),
            ("mkt01.PANDALAB.example", 1, vec!["MKT01.pandalab.example"]),
        ]);
        assert_eq!(names(&found.unmatched_hosts), [("MKT02.pandalab.example", 1, vec![])], "a namesake in another domain is another machine");
        let by = |name: &str| found.matched_hosts.iter().find(|h| h.name == name).unwrap().candidates[0].matched_by.clone();
        assert_eq!(by("192.0.2.50"), "IP address 192.0.2.50");
        assert_eq!(by("mkt01.PANDALAB.example"), "host name mkt01.pandalab.example");
        let mut accounts = names(&found.matched_accounts);
        accounts.sort();
        assert_eq!(accounts, [
            (r"PANDALAB\pedro.gustavo", 1, vec!["Pedro"]),
            ("S-1-5-21-1-2-3-1105", 1, vec!["Pedro"]),
            ("svc", 1, vec!["dora", "eve"]),
        ]);
        assert_eq!(names(&found.unmatched_accounts), [("nobody", 1, vec![])]);

        // Those that match are added in one action, with the search as their origin.
        let add = AddMatched { record_ids: vec![full.clone()], ..AddMatched::default() };
        let added = sighting::add_matched(&test, &test.analyst, &found.number, add).await.unwrap();
        assert_eq!(added.affected, 1);
        let tab = artifact::list(&test, &test.reader, &case, ArtifactQuery { kind: "configuration_item".into(), ..ArtifactQuery::default() }).await.unwrap();
        let origin = &tab.items[0].origins[0];
        assert_eq!((origin.kind, origin.reference.as_str(), origin.title.as_str()), (OriginKind::Sighting, "SIGHT0001001", "SIGHT0001001"));
        let again = sighting::get(&test, &test.reader, &found.number).await.unwrap();
        assert!(again.matched_hosts.iter().filter(|h| h.candidates[0].record_id == full).all(|h| h.candidates[0].in_case));

        // What matched nothing is known from the moment it is created.
        record(&test, json!({ "kind": "configuration_item", "name": "mkt02.pandalab.example" })).await;
        let known = sighting::get(&test, &test.reader, &found.number).await.unwrap();
        assert_eq!((known.matched_hosts.len(), known.unmatched_hosts.len()), (4, 0));
        let row = &results(&test, &known).await[0];
        assert_eq!((row.matched_configuration_items.len(), row.matched_users.len()), (3, 3));
    }

    async fn what_is_excluded_or_not_selected_is_not_asked(test: TestApp) {
        import(&test, "DNS", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "192.0.2.1 192.0.2.2 192.0.2.3")]).await;
        let case = case_with(&test, &["192.0.2.1", "192.0.2.2", "192.0.2.3"]).await;
        let tab = artifact::list(&test, &test.reader, &case, ArtifactQuery { sort: "title".into(), ..ArtifactQuery::default() }).await.unwrap();
        let ids: Vec<String> = tab.items.iter().map(|item| item.record.id.clone()).collect();
        let out = ExcludeArtifacts {
            record_ids: vec![ids[0].clone()],
            all_matching: None,
            except: Vec::new(),
            as_of: None,
            reason: ExclusionReason::KnownGood,
            comment: String::new(),
        };
        artifact::exclude(&test, &test.analyst, &case, out).await.unwrap();
        let asked = async |request| {
            let found = search(&test, &case, request).await;
            results(&test, &found).await.into_iter().map(|r| r.observable.title).collect::<Vec<_>>()
        };
        assert_eq!(asked(SightingRequest::default()).await.len(), 2);
        let some = SightingRequest { record_ids: vec![ids[0].clone(), ids[1].clone()], ..SightingRequest::default() };
        assert_eq!(asked(some).await, ["192.0.2.2"]);
        let query = ArtifactQuery { q: "192.0.2".into(), ..ArtifactQuery::default() };
        let matching = SightingRequest { all_matching: Some(query), except: vec![ids[1].clone()], ..SightingRequest::default() };
        assert_eq!(asked(matching).await, ["192.0.2.3"]);
        let none = SightingRequest { record_ids: vec![ids[0].clone()], ..SightingRequest::default() };
        assert!(matches!(sighting::start(&test, &test.analyst, &case, none).await, Err(AppError::Invalid(_))));
        let empty = evidence::case(&test, &test.analyst, false).await.number;
        assert!(matches!(sighting::start(&test, &test.analyst, &empty, all_data()).await, Err(AppError::Invalid(_))));
        let reader = sighting::start(&test, &test.reader, &case, all_data()).await;
        assert!(matches!(reader, Err(AppError::Forbidden(_))));
    }

    async fn a_restricted_case_keeps_its_searches_to_itself(test: TestApp) {
        import(&test, "DNS", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "192.0.2.1")]).await;
        let open = case_with(&test, &["192.0.2.1"]).await;
        let secret = case(&test, &test.analyst, true).await.number;
        add(&test, &test.analyst, &secret, &["192.0.2.1"]).await;
        let found = search(&test, &secret, SightingRequest::default()).await;
        let id = results(&test, &found).await[0].observable.id.clone();
        let outsider = test.person("otto", model::Role::Lead);
        assert!(matches!(sighting::get(&test, &outsider, &found.number).await, Err(AppError::NotFound(_))));
        assert!(matches!(sighting::list(&test, &outsider, &secret, app::PageQuery::default()).await, Err(AppError::NotFound(_))));
        assert!(matches!(sighting::results(&test, &outsider, &found.number, ResultQuery::default()).await, Err(AppError::NotFound(_))));
        assert!(matches!(sighting::add_matched(&test, &outsider, &found.number, AddMatched { record_ids: vec![id.clone()], ..AddMatched::default() }).await, Err(AppError::NotFound(_))));
        assert_eq!(sighting::of_record(&test, &outsider, &id, app::PageQuery::default()).await.unwrap().items, []);
        assert_eq!(sighting::of_record(&test, &test.analyst, &id, app::PageQuery::default()).await.unwrap().items.len(), 1);
        let job = found.job.clone().unwrap().id;
        assert!(matches!(job::get(&test, &outsider, &job).await, Err(AppError::NotFound(_))));
        assert!(job::recent(&test, &outsider, app::PageQuery::newest(100)).await.unwrap().items.iter().all(|j| j.id != job));
        let known = records::get(&test, &outsider, &id).await.unwrap().record;
        assert_eq!(known.first_seen, None, "what the restricted case learned is not told through the library");
        search(&test, &open, SightingRequest::default()).await;
        assert!(records::get(&test, &outsider, &id).await.unwrap().record.first_seen.is_some());
    }

    async fn what_is_listed_newest_first_is_listed_to_its_end(test: TestApp) {
        for source in ["DNS", "Proxy"] {
            import(&test, source, &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "192.0.2.1")]).await;
        }
        let case = case_with(&test, &["192.0.2.1"]).await;
        let mut numbers = Vec::new();
        for _ in 0..3 {
            numbers.insert(0, search(&test, &case, all_data()).await.number);
        }
        let id = results(&test, &sighting::get(&test, &test.analyst, &numbers[0]).await.unwrap()).await[0].observable.id.clone();
        let all = sighting::of_record(&test, &test.reader, &id, PageQuery::default()).await.unwrap().items;
        assert_eq!(all.len(), 6, "three searches of two sources");
        let (mut found, mut searches, mut jobs) = (Vec::new(), Vec::new(), 0);
        let mut query = PageQuery::newest(1);
        loop {
            let page = sighting::of_record(&test, &test.reader, &id, query).await.unwrap();
            assert_eq!(page.total, 6);
            found.extend(page.items);
            let Some(cursor) = page.next_cursor else { break };
            query = PageQuery { cursor, limit: Some(1) };
        }
        assert_eq!(found, all);
        let mut query = PageQuery::newest(2);
        loop {
            let page = sighting::list(&test, &test.reader, &case, query).await.unwrap();
            assert_eq!(page.total, 3);
            searches.extend(page.items.into_iter().map(|search| search.number));
            let Some(cursor) = page.next_cursor else { break };
            query = PageQuery { cursor, limit: Some(2) };
        }
        assert_eq!(searches, numbers);
        let mut query = PageQuery::newest(2);
        loop {
            let page = job::recent(&test, &test.analyst, query).await.unwrap();
            assert_eq!((page.total, page.total_is_exact), (5, true), "two imports, three searches");
            jobs += page.items.len();
            let Some(cursor) = page.next_cursor else { break };
            query = PageQuery { cursor, limit: Some(2) };
        }
        assert_eq!(jobs, 5);
    }

    async fn a_large_search_writes_down_what_it_asks_for_by_and_by(test: TestApp) {
        import(&test, "DNS", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "10.0.0.7")]).await;
        let values: Vec<String> = (0..2_500).map(|n| format!("10.0.{}.{}", n / 256, n % 256)).collect();
        let case = case_with(&test, &values.iter().map(String::as_str).collect::<Vec<_>>()).await;
        testkit::apart(|| job::drain(&test).unwrap());
        let started = sighting::start(&test, &test.analyst, &case, all_data()).await.unwrap();
        assert_eq!((started.totals.observables, started.totals.pending), (2_500, 2_500));
        job::drain(&test).unwrap();
        let found = sighting::get(&test, &test.analyst, &started.number).await.unwrap();
        assert_eq!((found.state, found.totals.seen, found.totals.not_seen, found.totals.pending), (JobState::Done, 1, 2_499, 0));
        let again = sighting::again(&test, &test.analyst, &started.number, sighting::RunAgain::default()).await.unwrap();
        job::drain(&test).unwrap();
        assert_eq!(sighting::get(&test, &test.analyst, &again.number).await.unwrap().totals.seen, 1);
    }

    async fn an_interrupted_search_begins_again_and_counts_once(test: TestApp) {
        import(&test, "DNS", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "192.0.2.1")]).await;
        let case = case_with(&test, &["192.0.2.1", "192.0.2.2"]).await;
        let started = sighting::start(&test, &test.analyst, &case, all_data()).await.unwrap();
        assert_eq!((started.state, started.totals.pending), (JobState::Queued, 2));
        let now = test.now();
        test.store.store().write(Scope::System, move |tx| store::job::claim(tx, now)).await.unwrap().unwrap();
        // What the attempt had stored when its process ended.
        test.store.sql(
            "INSERT INTO sighting_result (search_id, record_id, source, external, outcome, count, count_is_exact, count_normalised,
             with_subdomains, hits, first_at, last_at, detail, error)
             SELECT search_id, record_id, 'DNS', 0, 1, 99, 1, -1, -1, 99, 1, 1, '{}', '' FROM sighting_needle",
        );
        test.store.store().write(Scope::System, store::job::take_over).await.unwrap();
        job::drain(&test).unwrap();
        let found = sighting::get(&test, &test.analyst, &started.number).await.unwrap();
        assert_eq!((found.state, found.totals.seen, found.totals.not_seen), (JobState::Done, 1, 1));
        assert_eq!(told(&results(&test, &found).await), [("192.0.2.1", 1, "seen"), ("192.0.2.2", 0, "not_seen")]);
    }

    async fn a_cancelled_search_says_what_it_did_not_ask(test: TestApp) {
        let case = case_with(&test, &["192.0.2.1"]).await;
        let started = sighting::start(&test, &test.analyst, &case, all_data()).await.unwrap();
        let id = started.job.unwrap().id;
        job::cancel(&test, &test.analyst, &id).await.unwrap();
        job::drain(&test).unwrap();
        let found = sighting::get(&test, &test.analyst, &started.number).await.unwrap();
        assert_eq!((found.state, found.totals.pending, found.finished_at.is_some()), (JobState::Cancelled, 1, true));
        assert_eq!(job::get(&test, &test.analyst, &id).await.unwrap().state, JobState::Cancelled);
        let story = app::case::activity(&test, &test.reader, &case, None, 50).await.unwrap();
        let verbs: Vec<&str> = story.iter().map(|entry| entry.verb.as_str()).collect();
        assert_eq!(verbs[..2], ["job.cancel", "sighting.start"]);
    }
}
