//! Outside sources that are down, slow, lying, limiting or partial: each tells its own trouble, and disturbs no other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod evidence;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use app::AppError;
use app::artifact::NewObservable;
use app::case::CasePatch;
use app::sighting::{self, SightingResultView};
use app::source::{self, DryRun, Settings, SourceInput, SourcePatch};
use app::{job, logs};
use evidence::{all_data, case_with, event, give, import, results, search};
use model::job::JobState;
use model::sighting::{Outcome, SourceKind};
use serde_json::json;
use testkit::{Engine, Reply, Request, Service, TestApp};

async fn set_up(test: &TestApp, name: &str, url: &str, more: impl FnOnce(&mut SourceInput)) {
    let settings = Settings { url: url.to_owned(), place: "logs".to_owned(), timeout_seconds: 1, ..Settings::default() };
    let mut input =
        SourceInput { name: name.to_owned(), kind: SourceKind::Elasticsearch, settings, secret: String::new().into(), enabled: true };
    more(&mut input);
    source::create(test, &test.admin, input).await.unwrap();
}

/// What Elasticsearch answers when every search found one event with this text.
fn elastic(request: &Request, text: &str) -> Reply {
    let one = json!({
        "took": 1, "timed_out": false, "_shards": {"total": 1, "successful": 1, "failed": 0}, "status": 200,
        "hits": {"total": {"value": 1, "relation": "eq"}, "hits": [
            {"_index": "logs", "_id": "1", "_source": {"@timestamp": "2026-01-02T10:00:00Z", "message": text}}
        ]},
        "aggregations": {
            "first": {"value": 1_767_348_000_000_i64}, "last": {"value": 1_767_348_000_000_i64}, "without_time": {"doc_count": 0},
            "days": {"buckets": [{"key": 1_767_312_000_000_i64, "doc_count": 1}]},
            "hosts": {"buckets": [], "sum_other_doc_count": 0}, "hosts_total": {"value": 0},
            "accounts_0": {"buckets": [], "sum_other_doc_count": 0}
        }
    });
    let searches = request.body.lines().count() / 2;
    Reply::ok(json!({"took": 1, "responses": vec![one; searches]}).to_string())
}

fn of<'r>(results: &'r [SightingResultView], source: &str) -> &'r SightingResultView {
    results.iter().find(|r| r.source == source).unwrap()
}

#[test]
fn each_source_tells_its_own_trouble() {
    testkit::block_on(async {
        let test = TestApp::new(Engine::Sqlite);
        import(&test, "logs", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "to 192.0.2.1")]).await;
        let good = Service::new(|request| elastic(request, "to 192.0.2.1"));
        let lying = Service::new(|request| elastic(request, "to 192.0.2.10"));
        let elsewhere = Service::new(|request| elastic(request, "to 192.0.2.1"));
        let target = elsewhere.url().to_owned();
        let redirecting = Service::new(move |_| Reply::status(302, "").with("location", &target));
        let patient = AtomicUsize::new(0);
        let limiting = Service::new(move |request| match patient.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Reply::status(429, r#"{"error":{"reason":"slow down"}}"#).with("retry-after", "0"),
            _ => elastic(request, "to 192.0.2.1"),
        });
        let refusing = Service::new(|_| Reply::status(503, "overloaded\u{1b}[31m").with("retry-after", "0"));
        let locked = Service::new(|_| Reply::status(401, r#"{"error":{"root_cause":[{"reason":"missing credentials"}]}}"#));
        let broken = Service::new(|_| Reply::ok("{\"responses\": [{\"hits\""));
        let twisted = Service::new(|_| Reply::ok(r#"{"responses":[{"hits":{"total":"many"}},{"hits":[]}]}"#));
        let hanging = Service::new(|_| Reply::hanging());
        let huge = Service::new(|_| Reply::ok(" ".repeat(65 * 1024 * 1024)));
        let swelling = Service::new(|_| Reply::ok(format!("{{\"responses\": [{}0]}}", "0,".repeat(9_000_000))));
        let repeating = Service::new(|request| Reply::status(500, format!("what is this: {}", request.header("authorization"))));
        let partial = Service::new(|request| {
            let mut reply = elastic(request, "to 192.0.2.1");
            let mut answer: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
            for one in answer["responses"].as_array_mut().unwrap() {
                one["_shards"] =
                    json!({ "total": 3, "successful": 1, "failed": 2, "failures": [{ "reason": { "reason": "disk on fire" } }] });
            }
            reply.body = answer.to_string().into_bytes();
            reply
        });
        let services = [
            ("good", &good),
            ("lying", &lying),
            ("redirecting", &redirecting),
            ("limiting", &limiting),
            ("refusing", &refusing),
            ("locked", &locked),
            ("broken", &broken),
            ("twisted", &twisted),
            ("hanging", &hanging),
            ("huge", &huge),
            ("swelling", &swelling),
            ("partial", &partial),
        ];
        for (name, service) in services {
            set_up(&test, name, service.url(), |_| {}).await;
        }
        set_up(&test, "down", "http://127.0.0.1:1", |_| {}).await;
        set_up(&test, "repeating", repeating.url(), |input| {
            input.secret = "correct horse".to_owned().into();
            (input.settings.auth, input.settings.user) = ("basic".to_owned(), "anna".to_owned());
        })
        .await;
        set_up(&test, "switched off", good.url(), |input| input.enabled = false).await;
        let case = case_with(&test, &["192.0.2.1"]).await;
        let found = search(&test, &case, all_data()).await;
        assert_eq!((found.state, found.totals.seen, found.totals.failed), (JobState::Done, 1, 0));
        assert!(!found.sources.contains(&"switched off".to_owned()));
        let all = results(&test, &found).await;
        let said = |name: &str| (of(&all, name).outcome, of(&all, name).count, of(&all, name).count_is_exact);
        for name in ["logs", "good", "limiting"] {
            assert_eq!((said(name), of(&all, name).error.as_str()), ((Outcome::Seen, 1, true), ""), "{name}");
        }
        assert_eq!(said("lying"), (Outcome::NotSeen, 0, true), "its event does not hold the value by the rule");
        assert_eq!(said("partial"), (Outcome::Seen, 1, false));
        for (name, why) in [
            ("partial", "2 of 3 shards failed: disk on fire"),
            ("redirecting", "which is not followed"),
            ("refusing", "503 (too many questions, or overloaded) 3 times: overloaded [31m"),
            ("locked", "401: missing credentials"),
            ("broken", "can't be understood: it is no JSON"),
            ("twisted", "can't be understood"),
            ("hanging", "within 1 seconds"),
            ("huge", "larger than 64 MB"),
            ("swelling", "more values than are taken"),
            ("repeating", "Basic [secret]"),
            ("down", "could not be reached"),
        ] {
            assert!(of(&all, name).error.contains(why), "{name}: {}", of(&all, name).error);
            assert!(name == "partial" || of(&all, name).outcome == Outcome::Failed, "{name}");
        }
        assert_eq!(elsewhere.asked().len(), 0, "no redirect is followed");
        assert_eq!(locked.asked().len(), 1, "who is not let in does not knock again");
    });
}

#[test]
fn what_others_told_stands_apart() {
    testkit::block_on(async {
        let test = TestApp::new(Engine::Sqlite);
        import(&test, "logs", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "nothing of it")]).await;
        let service = Service::new(|request| elastic(request, "to 192.0.2.1"));
        set_up(&test, "partner", service.url(), |input| input.settings.external = true).await;
        let case = case_with(&test, &["192.0.2.1"]).await;
        let found = search(&test, &case, all_data()).await;
        assert_eq!((found.totals.seen, found.totals.not_seen), (0, 1), "that others saw it does not say that we did");
        let all = results(&test, &found).await;
        let partner = of(&all, "partner");
        assert_eq!((partner.external, partner.outcome, partner.count), (true, Outcome::Seen, 1));
        let record = app::record::get(&test, &test.reader, &partner.observable.id).await.unwrap().record;
        assert_eq!(record.last_seen, None);
    });
}

#[test]
fn a_search_that_is_cancelled_does_not_wait_for_a_source_that_hangs() {
    testkit::block_on(async {
        let test = TestApp::new(Engine::Sqlite);
        let hanging = Service::new(|_| Reply::hanging());
        set_up(&test, "hanging", hanging.url(), |input| input.settings.timeout_seconds = 300).await;
        let case = case_with(&test, &["192.0.2.1"]).await;
        let started = sighting::start(&test, &test.analyst, &case, all_data()).await.unwrap();
        let id = started.job.unwrap().id;
        let app = test.app.clone();
        let working = std::thread::spawn(move || job::drain(&app));
        while hanging.asked().is_empty() {
            std::thread::yield_now();
        }
        job::cancel(&test, &test.analyst, &id).await.unwrap();
        working.join().unwrap().unwrap();
        assert_eq!(sighting::get(&test, &test.reader, &started.number).await.unwrap().state, JobState::Cancelled);
    });
}

testkit::each_engine! {
    async fn what_a_source_failed_at_tells_nobody_what_it_was_asked(test: TestApp) {
        let redirecting = Service::new(|request| Reply::status(302, "").with("location", &format!("https://sso.example/login?next={}", request.target)));
        let locked = Service::new(|request| Reply::status(403, format!("no right to {}", request.target)));
        let breaking = Service::new(|_| Reply::hanging());
        let services = [("redirecting", redirecting.url()), ("locked", locked.url()), ("breaking", breaking.url()), ("down", "http://127.0.0.1:1")];
        for (name, url) in services {
            set_up(&test, name, url, |input| {
                input.kind = SourceKind::Http;
                input.settings.queries = [("default".to_owned(), "GET /search?q=$(observable)".to_owned())].into();
            }).await;
        }
        let case = evidence::case(&test, &test.analyst, true).await.number;
        evidence::add(&test, &test.analyst, &case, &["secret.example"]).await;
        let all = results(&test, &search(&test, &case, all_data()).await).await;
        assert!(of(&all, "locked").error.contains("no right to /search"), "the case is told what the source said: {}", of(&all, "locked").error);
        assert!(of(&all, "redirecting").error.contains("redirect to https://sso.example, which"), "{}", of(&all, "redirecting").error);
        assert!(!of(&all, "down").error.contains("secret"), "{}", of(&all, "down").error);
        let shown = source::list(&test, &test.reader).await.unwrap();
        let error = |name: &str| shown.iter().find(|source| source.name == name).unwrap().error.as_str();
        assert_eq!(error("locked"), "the source answered 403");
        assert!(error("redirecting").contains("answered with a redirect, which is not followed"));
        assert_eq!(error("down"), "the source could not be reached");
        assert_eq!(error("breaking"), "the source did not answer within 1 seconds");
        assert!(!serde_json::to_string(&shown).unwrap().contains("secret."), "{shown:?}");
    }

    async fn a_case_that_is_restricted_meanwhile_tells_the_library_nothing_more(test: TestApp) {
        let restricted = Arc::new(AtomicBool::new(false));
        let wait = Arc::clone(&restricted);
        let slow = Service::new(move |request| {
            while !wait.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            elastic(request, "to 192.0.2.1")
        });
        set_up(&test, "slow", slow.url(), |input| input.settings.timeout_seconds = 60).await;
        let case = case_with(&test, &["192.0.2.1"]).await;
        let started = sighting::start(&test, &test.analyst, &case, all_data()).await.unwrap();
        let app = test.app.clone();
        let working = std::thread::spawn(move || job::drain(&app));
        while slow.asked().is_empty() {
            std::thread::yield_now();
        }
        let patch = CasePatch { restricted: Some(true), allowed_accounts: Some(vec!["ada".to_owned()]), ..CasePatch::default() };
        app::case::update(&test, &test.lead, &case, None, patch).await.unwrap();
        restricted.store(true, Ordering::Relaxed);
        working.join().unwrap().unwrap();
        let query = sighting::ResultQuery::default();
        let all = sighting::results(&test, &test.analyst, &started.number, query).await.unwrap().items;
        assert_eq!(of(&all, "slow").count, 1);
        let known = app::record::get(&test, &test.reader, &all[0].observable.id).await.unwrap().record;
        assert_eq!((known.first_seen, known.last_seen), (None, None));
    }

    async fn a_secret_is_kept_and_never_shown(test: TestApp) {
        let service = Service::new(|request| elastic(request, "to 192.0.2.1"));
        set_up(&test, "siem", service.url(), |input| {
            input.secret = "hunter2".into();
            input.settings.auth = "api_key".to_owned();
            input.settings.key_header = "Authorization".to_owned();
        }).await;
        let view = source::test(&test, &test.admin, "siem").await.unwrap();
        assert_eq!((view.answer.as_str(), view.has_secret), ("1 event in logs, from 2026-01-02 to 2026-01-02", true));
        assert_eq!(service.asked()[0].header("authorization"), "ApiKey hunter2");
        let shown = serde_json::to_string(&source::list(&test, &test.admin).await.unwrap()).unwrap();
        assert!(!shown.contains("hunter2"), "{shown}");
        let told = test.store.texts("SELECT j.verb || ' ' || d.details FROM journal j JOIN journal_detail d ON d.seq = j.seq").join("\n");
        assert!(told.contains("source.create") && told.contains("source.test") && !told.contains("hunter2"), "{told}");
        // Changed otherwise, it stays; sent elsewhere, it must be given again.
        let settings = |url: &str| Settings { url: url.to_owned(), auth: "bearer".to_owned(), ..Settings::default() };
        let patch = SourcePatch { settings: Some(settings(service.url())), ..SourcePatch::default() };
        assert!(source::update(&test, &test.admin, "siem", patch).await.unwrap().has_secret);
        let patch = SourcePatch { settings: Some(settings("https://elsewhere.example")), ..SourcePatch::default() };
        let refused = source::update(&test, &test.admin, "siem", patch.clone()).await;
        assert!(matches!(&refused, Err(AppError::Invalid(fields)) if fields[0].pointer == "/secret"), "{refused:?}");
        let patch = SourcePatch { secret: Some(String::new().into()), enabled: Some(false), ..patch };
        let view = source::update(&test, &test.admin, "siem", patch).await.unwrap();
        assert_eq!((view.has_secret, view.enabled), (false, false));
        source::delete(&test, &test.admin, "siem").await.unwrap();
        assert!(matches!(source::get(&test, &test.admin, "siem").await, Err(AppError::NotFound(_))));
    }

    async fn names_are_shared_with_logs_and_settings_are_checked(test: TestApp) {
        import(&test, "dns", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "x")]).await;
        let input = |name: &str, url: &str| SourceInput {
            name: name.to_owned(),
            kind: SourceKind::ClickHouse,
            settings: Settings { url: url.to_owned(), ..Settings::default() },
            secret: String::new().into(),
            enabled: true,
        };
        let refused = async |input| match source::create(&test, &test.admin, input).await {
            Err(AppError::Invalid(fields)) => fields.iter().map(|f| format!("{} {}", f.pointer, f.detail)).collect::<Vec<_>>().join("; "),
            other => panic!("{other:?}"),
        };
        assert!(refused(input("dns", "https://siem.example")).await.contains("/name is the name of another source"));
        assert!(refused(input("a", "ftp://siem.example")).await.contains("/settings/url must begin with https:// or http://"));
        assert!(refused(input("a", "https://u:p@siem.example")).await.contains("must not hold a user or password"));
        let mut wrong = input("a", "https://siem.example");
        wrong.settings.place = "logs; DROP TABLE x".to_owned();
        wrong.settings.queries = [("ipv4-addr".to_owned(), "a = 1".to_owned()), ("colour".to_owned(), "x".to_owned())].into();
        let why = refused(wrong).await;
        assert!(why.contains("/settings/place") && why.contains("/settings/queries/ipv4-addr must hold") && why.contains("/settings/queries/colour"), "{why}");
        source::create(&test, &test.admin, input("warehouse", "https://siem.example")).await.unwrap();
        let refused = give(&test, "warehouse", "x.jsonl", &["{}".to_owned()]).await;
        assert!(matches!(refused, Err(AppError::Invalid(_))));
        assert_eq!(logs::sources(&test, &test.reader).await.unwrap().len(), 1);
        let ask = DryRun { observables: vec![NewObservable::Value("198[.]51.100.7".to_owned())], last: "all".to_owned(), ..DryRun::default() };
        let shown = source::dry_run(&test, &test.analyst, "warehouse", ask.clone()).await.unwrap();
        assert_eq!(shown[0].request, "POST https://siem.example/");
        assert!(shown[0].body.contains("positionCaseInsensitiveUTF8(message, '198.51.100.7') > 0"), "{}", shown[0].body);
        assert!(matches!(source::dry_run(&test, &test.reader, "warehouse", ask).await, Err(AppError::Forbidden(_))));
    }
}

#[test]
fn a_source_that_keeps_its_askers_waiting_keeps_nobody_else() {
    testkit::block_on(async {
        let test = TestApp::new(Engine::Sqlite);
        let (release, held) = std::sync::mpsc::channel::<()>();
        let held = std::sync::Mutex::new(held);
        let slow = Service::new(move |request| {
            // Until the test lets go.
            let _ = held.lock().unwrap().recv();
            elastic(request, "to 192.0.2.1")
        });
        set_up(&test, "SIEM", slow.url(), |input| input.settings.timeout_seconds = 300).await;
        let case = case_with(&test, &["192.0.2.1"]).await;
        for _ in 0..4 {
            sighting::start(&test, &test.analyst, &case, all_data()).await.unwrap();
        }
        let mut changes = test.changes();
        let runner = job::run_jobs(&test).unwrap();
        let logs = give(&test, "DNS", "dns.jsonl", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "to 192.0.2.1")]).await.unwrap();
        let reading = logs.job.unwrap().id;
        while !job::get(&test, &test.analyst, &reading).await.unwrap().state.is_ended() {
            let changed = tokio::time::timeout(std::time::Duration::from_secs(60), changes.changed()).await;
            changed.expect("logs are read while searches wait").unwrap();
        }
        let running = sighting::list(&test, &test.analyst, &case, app::PageQuery::default()).await.unwrap().items;
        assert!(running.iter().all(|search| !search.state.is_ended()), "{running:?}");
        drop(release);
        drop(runner);
        job::drain(&test).unwrap();
    });
}
