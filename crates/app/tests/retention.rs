//! Logs go by age and size: told before, journalled, and never taken for "not seen" afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod evidence;

use app::retention::{self, RetentionInput, Why};
use app::sighting::SightingRequest;
use app::{AppError, job, logs};
use evidence::{case_with, event, import, results, search};
use model::Scope;
use model::sighting::Outcome;
use testkit::TestApp;

fn days(kept_days: u32) -> RetentionInput {
    RetentionInput { kept_days: Some(kept_days), ..RetentionInput::default() }
}

fn between(from: &str, to: &str) -> SightingRequest {
    SightingRequest { from: from.parse().ok(), to: to.parse().ok(), ..SightingRequest::default() }
}

testkit::each_engine! {
    async fn what_is_too_old_goes_and_is_not_called_unseen(test: TestApp) {
        test.world.set("2026-01-20T12:00:00Z".parse().unwrap());
        let old = import(&test, "DNS", &[
            event("2025-10-03T10:00:00Z", "WS-1", "anna", "192.0.2.1"),
            event("2025-10-20T10:00:00Z", "WS-1", "anna", "192.0.2.1"),
        ]).await;
        let both = import(&test, "DNS", &[event("2025-10-31T23:00:00Z", "WS-1", "anna", "192.0.2.2"), event("2026-01-10T10:00:00Z", "WS-2", "ben", "192.0.2.1")]).await;
        import(&test, "Evidence", &[event("2025-10-03T10:00:00Z", "WS-1", "anna", "192.0.2.9")]).await;
        let case = case_with(&test, &["192.0.2.1"]).await;
        let october = between("2025-10-01", "2025-10-31");
        let before = search(&test, &case, SightingRequest { sources: vec!["DNS".to_owned()], ..october.clone() }).await;
        assert_eq!(before.totals.seen, 1);

        assert!(matches!(retention::start(&test, &test.admin).await, Err(AppError::State(_))), "no rule is set");
        for refused in [RetentionInput { kept_days: Some(40_000), ..days(0) }, RetentionInput { sources: Some([("x".to_owned(), None)].into()), ..days(1) }] {
            assert!(matches!(retention::set(&test, &test.admin, refused).await, Err(AppError::Invalid(_))));
        }
        assert!(retention::set(&test, &test.lead, days(30)).await.is_err());
        let rules = RetentionInput { sources: Some([("Evidence".to_owned(), Some(0))].into()), ..days(80) };
        // October ended 80 days and a half ago: all of it goes, and nothing else.
        let would = retention::dry_run(&test, &test.admin, rules.clone()).await.unwrap();
        let [part] = would.partitions.as_slice() else { panic!("{would:?}") };
        let [dns] = part.sources.as_slice() else { panic!("{part:?}") };
        assert_eq!((part.partition.as_str(), dns.source.as_str(), dns.why, dns.events, dns.files), ("2025-10", "DNS", Why::Age, 3, 2));
        assert_eq!((dns.from.as_str(), dns.to.as_str()), ("2025-10-03", "2025-10-31"));
        assert!(dns.disk_bytes > 0 && would.disk_bytes == dns.disk_bytes && would.left_bytes > 0);
        assert!(retention::dry_run(&test, &test.admin, RetentionInput { kept_days: Some(81), ..rules.clone() }).await.unwrap().partitions.is_empty());

        let set = retention::set(&test, &test.admin, rules).await.unwrap();
        assert_eq!((set.kept_days, set.sources[0].kept_days, set.sources[1].kept_days), (80, None, Some(0)));
        assert_eq!(job::drain(&test).unwrap(), 0, "nothing goes at once");
        test.world.advance(86_400);
        let entries = app::journal::head(&test, &test.lead).await.unwrap().entries;
        assert_eq!(job::drain(&test).unwrap(), 1);
        assert_eq!(app::journal::head(&test, &test.lead).await.unwrap().entries, entries + 1, "what went is journalled");
        let now = retention::get(&test, &test.reader).await.unwrap();
        let last = now.last.unwrap();
        assert_eq!((last.events, last.partitions, last.by.as_str(), now.job), (3, 1, "system", None));

        let gone = logs::file(&test, &test.reader, &old.id).await.unwrap();
        assert_eq!((gone.events, gone.expired, gone.expired_at.map(|at| at.date()).as_deref()), (0, 2, Some("2026-01-21")));
        assert!(test.store.store().blobs().get(&old.sha256).is_err(), "nothing of the file is left");
        let left = logs::file(&test, &test.reader, &both.id).await.unwrap();
        assert_eq!((left.events, left.expired, left.first.map(|at| at.date()).as_deref()), (1, 1, Some("2026-01-10")));
        assert!(test.store.store().blobs().get(&both.sha256).is_ok());

        let after = search(&test, &case, october).await;
        let of = |source: &str| after.coverage.iter().find(|held| held.source == source).unwrap();
        assert_eq!((of("DNS").covered, of("DNS").text.as_str()), (false, "not covered: deleted by retention on 2026-01-21"));
        let [deleted] = of("DNS").deleted.as_slice() else { panic!("{:?}", of("DNS")) };
        assert_eq!((deleted.from.as_str(), deleted.to.as_str(), deleted.events), ("2025-10-03", "2025-10-31", 3));
        assert_eq!((of("Evidence").covered, of("Evidence").text.as_str()), (true, "1 of 31 days, 1 event"));
        let outcomes: Vec<(String, Outcome)> = results(&test, &after).await.into_iter().map(|r| (r.source, r.outcome)).collect();
        assert!(outcomes.contains(&("DNS".to_owned(), Outcome::NoCoverage)), "{outcomes:?}");
        // What was seen before stays, with its events.
        let kept = results(&test, &before).await;
        assert_eq!((kept[0].count, kept[0].samples.len()), (2, 2));
        // The same file may come again, until the next run.
        let again = import(&test, "DNS", &[
            event("2025-10-03T10:00:00Z", "WS-1", "anna", "192.0.2.1"),
            event("2025-10-20T10:00:00Z", "WS-1", "anna", "192.0.2.1"),
        ]).await;
        assert_eq!((again.events, again.sha256 == old.sha256), (2, true));
        retention::start(&test, &test.admin).await.unwrap();
        assert_eq!(job::drain(&test).unwrap(), 1);
        assert_eq!(logs::file(&test, &test.reader, &again.id).await.unwrap().events, 0);
    }

    async fn a_setting_that_cannot_be_read_is_told_and_never_overwritten(test: TestApp) {
        let broken = r#"{"kept_days":"ten"}"#;
        test.store.store().write(Scope::System, move |tx| store::setting::set(tx, "logs.retention", broken)).await.unwrap();
        let kept = || test.store.texts("SELECT value FROM setting WHERE name = 'logs.retention'");
        job::drain(&test).unwrap();
        for refused in [retention::get(&test, &test.admin).await.map(|_| ()), retention::set(&test, &test.admin, days(30)).await.map(|_| ())] {
            assert!(matches!(&refused, Err(AppError::State(why)) if why.contains("logs.retention")), "{refused:?}");
        }
        assert_eq!(kept(), [r#"{"kept_days":"ten"}"#]);
        let whole = RetentionInput { kept_bytes: Some(0), ..days(30) };
        assert_eq!(retention::set(&test, &test.admin, whole).await.unwrap().kept_days, 30);
    }

    async fn the_oldest_go_when_the_disk_is_to_hold_less(test: TestApp) {
        test.world.set("2026-01-20T12:00:00Z".parse().unwrap());
        import(&test, "DNS", &[event("2025-10-03T10:00:00Z", "WS-1", "anna", "one"), event("2025-11-03T10:00:00Z", "WS-1", "anna", "two")]).await;
        import(&test, "DNS", &[event("2026-01-03T10:00:00Z", "WS-1", "anna", "three"), r#"{"message":"without a time"}"#.to_owned()]).await;
        let all = retention::get(&test, &test.reader).await.unwrap();
        assert!(all.disk_bytes > 0 && all.file_bytes > 0 && all.next_at.is_none());
        let limit = RetentionInput { kept_bytes: Some(all.disk_bytes - 1), ..RetentionInput::default() };
        let would = retention::dry_run(&test, &test.admin, limit).await.unwrap();
        assert_eq!((would.partitions.len(), would.partitions[0].partition.as_str(), would.partitions[0].sources[0].why), (1, "2025-10", Why::Size));
        let tight = RetentionInput { kept_bytes: Some(1), ..RetentionInput::default() };
        let would = retention::dry_run(&test, &test.admin, tight.clone()).await.unwrap();
        let partitions: Vec<&str> = would.partitions.iter().map(|part| part.partition.as_str()).collect();
        assert_eq!(partitions, ["2025-10", "2025-11", "none"], "the month that is not over stays");
        assert!(would.over_bytes > 0 && would.over_bytes == would.left_bytes - 1);
        retention::set(&test, &test.admin, tight).await.unwrap();
        retention::start(&test, &test.admin).await.unwrap();
        assert_eq!(job::drain(&test).unwrap(), 1);
        let left = retention::get(&test, &test.reader).await.unwrap();
        assert_eq!((left.sources[0].events, left.disk_bytes, left.last.map(|run| run.events)), (1, would.left_bytes, Some(3)));
        let off = RetentionInput { kept_bytes: Some(0), ..RetentionInput::default() };
        assert_eq!(retention::set(&test, &test.admin, off).await.unwrap().next_at, None);
    }
}
