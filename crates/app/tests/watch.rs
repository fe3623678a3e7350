//! Watches: what comes into a case is looked for in the kept logs, and outside sources are asked by the clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod evidence;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use app::artifact::{self, ArtifactQuery, ExcludeArtifacts, Selection};
use app::case::CasePatch;
use app::sighting;
use app::source::{self, Settings, SourceInput};
use app::watch::{self, WatchInput};
use app::{case, job};
use evidence::{add, case_with, event, import};
use model::artifact::ExclusionReason;
use model::case::{CaseState, Verdict};
use model::job::JobState;
use model::sighting::SourceKind;
use serde_json::json;
use testkit::{Reply, Request, Service, TestApp};

/// What a service of the kind `http` answers: events, or none.
fn answer(seen: &[(&str, &str)]) -> Reply {
    let events: Vec<_> = seen.iter().map(|(time, text)| json!({ "time": time, "host": "WS-1", "message": text })).collect();
    Reply::ok(json!({ "count": events.len(), "events": events }).to_string())
}

async fn set_up(test: &TestApp, name: &str, url: &str, external: bool) {
    let mut settings = Settings { url: url.to_owned(), timeout_seconds: 20, external, ..Settings::default() };
    settings.queries.insert("default".to_owned(), "GET /search?q=$(observable)&from=$(from)&to=$(to)".to_owned());
    let input = SourceInput { name: name.to_owned(), kind: SourceKind::Http, settings, secret: String::new().into(), enabled: true };
    source::create(test, &test.admin, input).await.unwrap();
}

fn every(minutes: u32) -> WatchInput {
    WatchInput { every_minutes: Some(minutes), ..WatchInput::default() }
}

async fn close(test: &TestApp, case: &str) {
    let patch = CasePatch {
        state: Some(CaseState::Closed),
        verdict: Some(Verdict::Coincidence),
        closure_summary: Some("nothing".to_owned()),
        ..CasePatch::default()
    };
    case::update(test, &test.lead, case, None, patch).await.unwrap();
}

async fn reopen(test: &TestApp, case: &str) {
    let patch = CasePatch { state: Some(CaseState::Analysis), ..CasePatch::default() };
    case::update(test, &test.lead, case, None, patch).await.unwrap();
}

fn asks_for(request: &Request, value: &str) -> bool {
    request.target.contains(&format!("q={value}"))
}

testkit::each_engine! {
    async fn what_comes_into_a_watching_case_is_looked_for_in_the_kept_logs(test: TestApp) {
        import(&test, "Proxy", &[event("2025-06-01T10:00:00Z", "WS-1", "anna", "to evil.example and bad.example")]).await;
        let case = case_with(&test, &["evil.example"]).await;
        watch::set(&test, &test.analyst, &case, WatchInput::default()).await.unwrap();
        job::drain(&test).unwrap();
        assert!(sighting::list(&test, &test.analyst, &case, app::PageQuery::default()).await.unwrap().items.is_empty(), "what was there is found by a search");
        let values: Vec<String> = (0..3_000).map(|n| format!("host-{n}.example")).chain(["bad.example".to_owned()]).collect();
        add(&test, &test.analyst, &case, &values.iter().map(String::as_str).collect::<Vec<_>>()).await;
        job::drain(&test).unwrap();
        let looks = job::recent(&test, &test.analyst, app::PageQuery::newest(100)).await.unwrap().items.into_iter().filter(|job| job.kind == "watch_added").count();
        assert!(looks <= 3, "{looks} lookups");
        let searches = sighting::list(&test, &test.analyst, &case, app::PageQuery::default()).await.unwrap().items;
        let [search] = searches.as_slice() else { panic!("{} searches", searches.len()) };
        assert_eq!((search.totals.observables, search.totals.seen, search.sources.as_slice()), (1, 1, ["Proxy".to_owned()].as_slice()));
        let news = watch::get(&test, &test.analyst, &case).await.unwrap().news.unwrap();
        assert_eq!((news.observables, news.search.as_str()), (1, search.number.as_str()));
        let told = case::activity(&test, &test.analyst, &case, None, 50).await.unwrap();
        assert!(told.iter().any(|entry| entry.verb == "sighting.watched"));
    }

    async fn each_new_file_is_held_against_what_the_case_holds_then(test: TestApp) {
        let case = case_with(&test, &["evil.example", "gone.example"]).await;
        watch::set(&test, &test.analyst, &case, WatchInput::default()).await.unwrap();
        let seen = async |day: u32, text: &str| {
            let before = sighting::list(&test, &test.analyst, &case, app::PageQuery::default()).await.unwrap().items.len();
            import(&test, "Proxy", &[event(&format!("2026-01-{day:02}T10:00:00Z"), "WS-1", "anna", text)]).await;
            let searches = sighting::list(&test, &test.analyst, &case, app::PageQuery::default()).await.unwrap().items;
            searches[..searches.len() - before].iter().map(|search| search.totals.seen).collect::<Vec<_>>()
        };
        assert_eq!(seen(1, "to evil.example").await, [1]);
        // What comes in between two files is waited for too, in every spelling; what was excluded is not.
        add(&test, &test.analyst, &case, &["198.51.100.0/24", r"C:\Temp\dropper.exe", "https://late.example/a.php?x=1"]).await;
        let gone = ArtifactQuery { q: "gone".to_owned(), ..ArtifactQuery::default() };
        let selection = Selection { all_matching: Some(gone), ..Selection::default() };
        let out = ExcludeArtifacts::over(selection, ExclusionReason::KnownGood, String::new());
        artifact::exclude(&test, &test.analyst, &case, out).await.unwrap();
        job::drain(&test).unwrap();
        assert_eq!(seen(2, r"from 198.51.100.7 c:\temp\DROPPER.exe https://late.example/a.php?x=1 gone.example").await, [3]);
        assert_eq!(seen(3, r"c:\temp\dropper.exe.mui https://late.example/a.php?x=12 198.51.101.1").await, [0; 0]);
    }

    async fn a_closed_case_costs_no_look_and_is_not_told(test: TestApp) {
        let case = case_with(&test, &["evil.example"]).await;
        watch::set(&test, &test.analyst, &case, WatchInput::default()).await.unwrap();
        close(&test, &case).await;
        import(&test, "Proxy", &[event("2026-01-01T10:00:00Z", "WS-1", "anna", "to evil.example")]).await;
        let looks = async || job::recent(&test, &test.analyst, app::PageQuery::newest(100)).await.unwrap().items.into_iter().filter(|job| job.kind == "watch").count();
        assert_eq!(looks().await, 0);
        reopen(&test, &case).await;
        import(&test, "Proxy", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "to evil.example")]).await;
        assert_eq!((looks().await, sighting::list(&test, &test.analyst, &case, app::PageQuery::default()).await.unwrap().items.len()), (1, 1));
    }

    async fn who_stops_watching_while_sources_are_asked_is_not_told(test: TestApp) {
        let held = Arc::new(AtomicU8::new(0));
        let holds = Arc::clone(&held);
        let siem = Service::new(move |_| {
            while holds.load(Ordering::Relaxed) == 1 {
                std::thread::yield_now();
            }
            answer(&[("2026-01-05T09:10:00Z", "to evil.example")])
        });
        set_up(&test, "SIEM", siem.url(), false).await;
        let case = case_with(&test, &["evil.example"]).await;
        watch::set(&test, &test.analyst, &case, every(60)).await.unwrap();
        // Whatever is done to the case while its sources are asked.
        let meanwhile = async |what: &str| {
            held.store(1, Ordering::Relaxed);
            test.world.advance(3_600);
            let (app, asked) = (test.app.clone(), siem.asked().len());
            let working = std::thread::spawn(move || job::drain(&app));
            while siem.asked().len() == asked {
                std::thread::yield_now();
            }
            match what {
                "close" => close(&test, &case).await,
                _ => drop(watch::unset(&test, &test.analyst, &case).await.unwrap()),
            }
            held.store(0, Ordering::Relaxed);
            working.join().unwrap().unwrap();
            let told = case::activity(&test, &test.analyst, &case, None, 50).await.unwrap();
            assert!(!told.iter().any(|entry| entry.verb == "sighting.watched"), "{what}");
            assert_eq!(sighting::list(&test, &test.analyst, &case, app::PageQuery::default()).await.unwrap().items.len(), 0, "{what}");
        };
        meanwhile("close").await;
        reopen(&test, &case).await;
        meanwhile("unset").await;
        watch::set(&test, &test.analyst, &case, every(60)).await.unwrap();
        job::drain(&test).unwrap();
        assert_eq!(sighting::list(&test, &test.analyst, &case, app::PageQuery::default()).await.unwrap().items.len(), 1, "asked for again");
    }

    async fn outside_sources_are_asked_by_the_clock_and_what_is_new_is_kept(test: TestApp) {
        let mode = Arc::new(AtomicU8::new(0));
        let says = Arc::clone(&mode);
        let siem = Service::new(move |request| match says.load(Ordering::Relaxed) {
            1 if asks_for(request, "evil.example") => answer(&[("2026-01-05T09:10:00Z", "to evil.example")]),
            2 => Reply::status(429, "slow down").with("retry-after", "0"),
            3 if asks_for(request, "evil.example") => answer(&[("2026-01-08T09:10:00Z", "to evil.example again")]),
            _ => answer(&[]),
        });
        set_up(&test, "SIEM", siem.url(), false).await;
        set_up(&test, "Sharing", siem.url(), true).await;
        let case = case_with(&test, &["evil.example", "quiet.example"]).await;
        let refused = WatchInput { sources: Some(vec!["Sharing".to_owned()]), ..every(60) };
        assert!(watch::set(&test, &test.analyst, &case, refused).await.is_err(), "it tells what others saw");
        assert!(watch::set(&test, &test.analyst, &case, every(1)).await.is_err());
        watch::set(&test, &test.analyst, &case, every(60)).await.unwrap();
        let list = async || sighting::list(&test, &test.analyst, &case, app::PageQuery::default()).await.unwrap().items;
        let view = async || watch::get(&test, &test.analyst, &case).await.unwrap();

        job::drain(&test).unwrap();
        let asked = siem.asked().len();
        assert!(asked > 0 && list().await.is_empty(), "nothing was seen, nothing fills the list");
        let first = view().await;
        assert!(first.asked_at.is_some() && first.next_at > first.asked_at && first.error.is_empty() && first.news.is_none(), "{first:?}");
        job::drain(&test).unwrap();
        assert_eq!(siem.asked().len(), asked, "not before its time");

        // Seen: kept, and told once though the next ask sees it again.
        mode.store(1, Ordering::Relaxed);
        test.world.advance(3_600);
        job::drain(&test).unwrap();
        let searches = list().await;
        assert_eq!(searches.iter().map(|s| (s.number.as_str(), s.totals.seen)).collect::<Vec<_>>(), [("SIGHT0001001", 1)]);
        assert_eq!(view().await.news.unwrap().sources, ["SIEM"]);
        test.world.advance(3_600);
        job::drain(&test).unwrap();
        assert_eq!(list().await.len(), 1);

        // What fails is told, and asked again for the whole time.
        mode.store(2, Ordering::Relaxed);
        test.world.advance(3_600);
        job::drain(&test).unwrap();
        assert!(view().await.error.contains("SIEM: ") && view().await.error.contains("429"), "{}", view().await.error);

        // Days without the server are made up once, from where all had answered.
        mode.store(3, Ordering::Relaxed);
        test.world.advance(3 * 86_400);
        let before = siem.asked().len();
        job::drain(&test).unwrap();
        let made_up = siem.asked().split_off(before);
        assert_eq!(made_up.iter().filter(|request| asks_for(request, "evil.example")).count(), 1, "{made_up:?}");
        assert!(made_up.iter().any(|request| request.target.contains("from=2026-01-05T")), "{:?}", made_up[0].target);
        assert_eq!(list().await.len(), 2, "seen again after days");
        assert!(view().await.error.is_empty());

        watch::set(&test, &test.analyst, &case, every(0)).await.unwrap();
        test.world.advance(86_400);
        let before = siem.asked().len();
        job::drain(&test).unwrap();
        assert_eq!((siem.asked().len(), view().await.next_at), (before, None));
        assert!(view().await.watching);
    }

    async fn a_scheduled_search_that_is_cancelled_is_told_and_cleared_away(test: TestApp) {
        let store = test.store.store().clone();
        let siem = Service::new(move |_| {
            store.write_blocking::<_, store::StoreError, _>(model::Scope::System, |tx| (1..9).try_for_each(|row| store::job::cancel(tx, row))).unwrap();
            answer(&[("2026-01-05T09:10:00Z", "to evil.example")])
        });
        set_up(&test, "SIEM", siem.url(), false).await;
        let case = case_with(&test, &["evil.example"]).await;
        watch::set(&test, &test.analyst, &case, every(60)).await.unwrap();
        job::drain(&test).unwrap();
        assert_eq!(watch::get(&test, &test.analyst, &case).await.unwrap().error, "the search was cancelled");
        let jobs = job::recent(&test, &test.analyst, app::PageQuery::newest(20)).await.unwrap().items;
        assert!(jobs.iter().any(|job| job.kind == "watch_forget" && job.state == JobState::Done), "{jobs:?}");
        for table in ["sighting_search", "sighting_needle", "sighting_result", "sighting_name"] {
            assert_eq!(test.store.texts(&format!("SELECT CAST(count(*) AS text) FROM {table}")), ["0"], "{table}");
        }
    }

    async fn more_watches_than_are_queued_at_once_are_all_asked(test: TestApp) {
        let siem = Service::new(|_| answer(&[]));
        set_up(&test, "SIEM", siem.url(), false).await;
        for n in 0..25 {
            let case = case_with(&test, &[&format!("198.51.100.{n}")]).await;
            watch::set(&test, &test.analyst, &case, every(60)).await.unwrap();
            add(&test, &test.analyst, &case, &["192.0.2.77"]).await;
        }
        assert_eq!(job::drain(&test).unwrap(), 50, "what was added is looked for, and each asks");
        for n in 0..25 {
            let asks = siem.asked().iter().filter(|request| asks_for(request, &format!("198.51.100.{n}&"))).count();
            assert_eq!(asks, 1, "198.51.100.{n}");
        }
        assert_eq!(job::drain(&test).unwrap(), 0);
    }
}
