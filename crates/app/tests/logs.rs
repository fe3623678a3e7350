//! Logs come in: whole or not at all, once, told what was wrong with them, and gone when they are deleted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod evidence;

use std::io::{Cursor, Write};
use std::sync::Arc;

use app::logs::{self, LogImport};
use app::retention::{self, RetentionInput};
use app::{App, AppError, PageQuery, job};
use evidence::{event, give, import};
use model::Scope;
use model::job::JobState;
use model::sighting::LogFileState;
use testkit::{Engine, TestApp};

fn two_days() -> Vec<String> {
    vec![
        event("2026-01-01T10:00:00Z", "WS-1", r"CORP\anna", "one"),
        event("2026-01-01T11:00:00Z", "WS-1", r"CORP\anna", "two"),
        "this is no JSON".to_owned(),
        event("2026-01-04T12:00:00Z", "WS-2", r"CORP\ben", "three"),
        r#"{"message":"without a time"}"#.to_owned(),
    ]
}

testkit::each_engine! {
    async fn a_file_comes_in_and_is_told_of(test: TestApp) {
        let given = give(&test, "Windows logs", "own.jsonl", &two_days()).await.unwrap();
        assert_eq!((given.state, given.events), (LogFileState::Indexing, 0));
        let waiting = given.job.clone().unwrap();
        assert_eq!((waiting.state, waiting.subject.as_str(), waiting.unit.as_str()), (JobState::Queued, "own.jsonl", "bytes"));
        let sources = logs::sources(&test, &test.reader).await.unwrap();
        assert_eq!((sources[0].files, sources[0].files_indexing, sources[0].events), (0, 1, 0), "nothing can be searched yet");

        assert_eq!(job::drain(&test).unwrap(), 1);
        let file = logs::file(&test, &test.reader, &given.id).await.unwrap();
        let report = file.report.unwrap();
        assert_eq!((file.state, file.events, report.events, report.without_time), (LogFileState::Indexed, 5, 5, 2));
        assert_eq!((report.bad(), report.bad_lines[0].line), (1, 3));
        assert_eq!((file.first.unwrap().to_string(), file.last.unwrap().to_string()), ("2026-01-01T10:00:00Z".into(), "2026-01-04T12:00:00Z".into()));
        let hosts: Vec<(&str, i64)> = report.hosts.iter().map(|h| (h.name.as_str(), h.count)).collect();
        assert_eq!((hosts, report.account_count), (vec![("WS-1", 2), ("WS-2", 1)], 2));
        let job = job::get(&test, &test.reader, &waiting.id).await.unwrap();
        assert_eq!((job.state, job.errors), (JobState::Done, vec![]));

        let sources = logs::sources(&test, &test.reader).await.unwrap();
        let source = &sources[0];
        assert_eq!((source.name.as_str(), source.files, source.events, source.without_time), ("Windows logs", 1, 5, 2));
        let days: Vec<(&str, i64)> = source.days.iter().map(|d| (d.day.as_str(), d.count)).collect();
        assert_eq!(days, [("2026-01-01", 2), ("2026-01-04", 1)]);
        assert_eq!((source.gaps[0].from.as_str(), source.gaps[0].to.as_str(), source.gaps[0].days), ("2026-01-02", "2026-01-03", 2));
        assert_eq!(logs::files(&test, &test.reader, "Windows logs", app::PageQuery::default()).await.unwrap().items.len(), 1);
    }

    async fn the_same_bytes_come_into_a_source_once(test: TestApp) {
        import(&test, "Windows logs", &two_days()).await;
        let again = give(&test, "Windows logs", "copy.jsonl", &two_days()).await;
        let Err(AppError::State(why)) = again else { panic!("{again:?}") };
        assert!(why.contains("ada brought the same bytes") && why.contains("own.jsonl"), "{why}");
        // Another source may hold them too, and after a failure they may come again.
        import(&test, "Elsewhere", &two_days()).await;
        let broken = vec!["%PDF-1.7".to_owned()];
        assert_eq!(import(&test, "Windows logs", &broken).await.state, LogFileState::Failed);
        assert_eq!(import(&test, "Windows logs", &broken).await.state, LogFileState::Failed);
    }

    async fn what_is_no_log_is_refused_with_a_reason(test: TestApp) {
        let file = import(&test, "Windows logs", &["%PDF-1.7".to_owned()]).await;
        assert_eq!((file.state, file.events), (LogFileState::Failed, 0));
        assert!(file.error.contains("own.jsonl") && file.error.contains("import it as a report instead"), "{}", file.error);
        let job = file.job.unwrap();
        assert_eq!((job.state, job.errors.len()), (JobState::Failed, 1));
        for (source, format, pointer) in [("", "auto", "/source"), ("a", "xml", "/format")] {
            let input = LogImport { source: source.into(), format: format.into(), ..LogImport::default() };
            let refused = logs::import(&test, &test.analyst, input, Cursor::new(Vec::new())).await;
            let Err(AppError::Invalid(fields)) = refused else { panic!("{refused:?}") };
            assert_eq!(fields[0].pointer, pointer);
        }
        let input = LogImport { source: "a".into(), ..LogImport::default() };
        let refused = logs::import(&test, &test.reader, input, Cursor::new(Vec::new())).await;
        assert!(matches!(refused, Err(AppError::Forbidden(_))));
    }

    async fn a_chosen_format_and_clock_are_remembered_for_the_source(test: TestApp) {
        let give = async |content: &str, format: &str, clock_offset: Option<i64>| {
            let input = LogImport { source: "Firewall".into(), format: format.into(), clock_offset, ..LogImport::default() };
            let given = logs::import(&test, &test.analyst, input, Cursor::new(content.to_owned())).await.unwrap();
            job::drain(&test).unwrap();
            let file = logs::file(&test, &test.reader, &given.id).await.unwrap();
            (file.report.unwrap().files[0].format.clone(), file.first.map(|at| at.to_string()))
        };
        let at = |time: &str| Some(time.to_owned());
        assert_eq!(give("{\"time\":\"2026-01-01 10:00:00\"}", "", None).await, ("json-lines".to_owned(), at("2026-01-01T10:00:00Z")));
        assert_eq!(give("2026-01-02 10:00:00,a", "text", Some(-3_600)).await, ("text".to_owned(), at("2026-01-02T09:00:00Z")));
        let source = logs::sources(&test, &test.reader).await.unwrap().remove(0);
        assert_eq!((source.format.as_str(), source.clock_offset), ("text", -3_600));
        assert_eq!(give("2026-01-03 10:00:00,b\n{}", "", None).await, ("text".to_owned(), at("2026-01-03T09:00:00Z")));
        assert_eq!(give("{\"time\":\"2026-01-04 10:00:00\"}", "auto", Some(0)).await, ("json-lines".to_owned(), at("2026-01-04T10:00:00Z")));
        let source = logs::sources(&test, &test.reader).await.unwrap().remove(0);
        assert_eq!((source.format.as_str(), source.clock_offset), ("auto", 0));
    }

    async fn every_file_of_a_source_can_be_listed_and_deleted(test: TestApp) {
        for n in 1..=3 {
            import(&test, "DNS", &[event(&format!("2026-01-0{n}T10:00:00Z"), "WS-1", "anna", "one")]).await;
        }
        let first = logs::files(&test, &test.reader, "DNS", PageQuery::newest(2)).await.unwrap();
        assert_eq!((first.items.len(), first.total, first.total_is_exact), (2, 3, true));
        let rest = PageQuery { cursor: first.next_cursor.unwrap(), ..PageQuery::newest(2) };
        let last = logs::files(&test, &test.reader, "DNS", rest).await.unwrap();
        assert_eq!((last.items.len(), last.next_cursor), (1, None));
        assert_eq!(last.items[0].first.unwrap().date(), "2026-01-01");
        logs::delete_file(&test, &test.lead, &last.items[0].id).await.unwrap();
        job::drain(&test).unwrap();
        assert_eq!(logs::files(&test, &test.reader, "DNS", PageQuery::default()).await.unwrap().total, 2);
        let wrong = logs::files(&test, &test.reader, "DNS", PageQuery { cursor: "3174".to_owned(), limit: None }).await;
        assert!(matches!(&wrong, Err(AppError::Invalid(fields)) if fields[0].pointer == "/cursor"), "{wrong:?}");
    }

    async fn a_source_that_was_deleted_comes_back_as_a_new_one(test: TestApp) {
        let input = LogImport { source: "Firewall".into(), format: "text".into(), clock_offset: Some(-3_600), ..LogImport::default() };
        logs::import(&test, &test.analyst, input, Cursor::new("2026-01-02 10:00:00,a")).await.unwrap();
        let kept = RetentionInput { sources: Some([("Firewall".to_owned(), Some(30))].into()), ..RetentionInput::default() };
        retention::set(&test, &test.admin, kept).await.unwrap();
        logs::delete_source(&test, &test.admin, "Firewall").await.unwrap();
        job::drain(&test).unwrap();
        let bob = test.person("bob", model::Role::Analyst);
        test.world.advance(60);
        let input = LogImport { source: "Firewall".into(), ..LogImport::default() };
        let file = logs::import(&test, &bob, input, Cursor::new("{\"time\":\"2026-01-02 10:00:00\"}")).await.unwrap();
        job::drain(&test).unwrap();
        let source = logs::sources(&test, &test.reader).await.unwrap().remove(0);
        assert_eq!((source.format.as_str(), source.clock_offset, source.kept_days), ("auto", 0, None));
        assert_eq!((source.created_by.as_str(), source.created_at), ("bob", file.created_at));
        let file = logs::file(&test, &test.reader, &file.id).await.unwrap();
        assert_eq!(file.first.map(|at| at.to_string()).as_deref(), Some("2026-01-02T10:00:00Z"));
    }

    async fn deleted_logs_are_gone(test: TestApp) {
        let kept = import(&test, "Windows logs", &two_days()).await;
        let file = import(&test, "Windows logs", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "four")]).await;
        assert!(matches!(logs::delete_file(&test, &test.analyst, &file.id).await, Err(AppError::Forbidden(_))));
        logs::delete_file(&test, &test.lead, &file.id).await.unwrap();
        assert!(matches!(logs::file(&test, &test.lead, &file.id).await, Err(AppError::NotFound(_))));
        job::drain(&test).unwrap();
        assert_eq!(logs::sources(&test, &test.reader).await.unwrap()[0].events, 5);
        let blobs = test.store.store().blobs().clone();
        assert!(blobs.get(&file.sha256).is_err() && blobs.get(&kept.sha256).is_ok(), "its bytes are off the disk, and no other's");
        // They may come again.
        import(&test, "Windows logs", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "four")]).await;
        assert_eq!(logs::sources(&test, &test.reader).await.unwrap()[0].events, 6);
        import(&test, "Elsewhere", &two_days()).await;

        assert!(matches!(logs::delete_source(&test, &test.lead, "Windows logs").await, Err(AppError::Forbidden(_))));
        logs::delete_source(&test, &test.admin, "Windows logs").await.unwrap();
        job::drain(&test).unwrap();
        let left: Vec<String> = logs::sources(&test, &test.reader).await.unwrap().into_iter().map(|source| source.name).collect();
        assert_eq!(left, ["Elsewhere"]);
        assert!(blobs.get(&file.sha256).is_err() && blobs.get(&kept.sha256).is_ok(), "another source has the same bytes");
        assert!(matches!(logs::file(&test, &test.lead, &kept.id).await, Err(AppError::NotFound(_))));
        import(&test, "Windows logs", &two_days()).await;
        let back = logs::sources(&test, &test.reader).await.unwrap();
        assert_eq!((back[1].files, back[1].events), (1, 5), "only what came after");
    }

    async fn what_an_interrupted_reader_left_is_read_again_and_counted_once(test: TestApp) {
        let given = give(&test, "Windows logs", "own.jsonl", &two_days()).await.unwrap();
        // A worker takes the job and is gone with its process.
        let now = test.now();
        test.store.store().write(Scope::System, move |tx| store::job::claim(tx, now)).await.unwrap().unwrap();
        assert_eq!(job::drain(&test).unwrap(), 0, "someone has it in hand");
        test.store.store().write(Scope::System, store::job::take_over).await.unwrap();
        assert_eq!(job::drain(&test).unwrap(), 1);
        let file = logs::file(&test, &test.reader, &given.id).await.unwrap();
        assert_eq!((file.state, file.events), (LogFileState::Indexed, 5));
        assert_eq!(logs::sources(&test, &test.reader).await.unwrap()[0].events, 5);
    }

    async fn a_file_that_is_deleted_while_it_waits_is_never_read(test: TestApp) {
        let given = give(&test, "Windows logs", "own.jsonl", &two_days()).await.unwrap();
        logs::delete_file(&test, &test.lead, &given.id).await.unwrap();
        job::drain(&test).unwrap();
        assert_eq!(logs::sources(&test, &test.reader).await.unwrap()[0].events, 0);
    }

    async fn a_cancelled_file_leaves_nothing(test: TestApp) {
        let given = give(&test, "Windows logs", "own.jsonl", &two_days()).await.unwrap();
        let id = given.job.unwrap().id;
        let other = test.person("otto", model::Role::Analyst);
        assert!(matches!(job::cancel(&test, &other, &id).await, Err(AppError::Forbidden(_))));
        assert!(job::cancel(&test, &test.analyst, &id).await.unwrap().cancel_requested);
        job::drain(&test).unwrap();
        let ended = job::get(&test, &test.analyst, &id).await.unwrap();
        assert_eq!(ended.state, JobState::Cancelled);
        let file = logs::file(&test, &test.reader, &given.id).await.unwrap();
        assert_eq!((file.state, file.events), (LogFileState::Failed, 0));
        assert!(matches!(job::cancel(&test, &test.analyst, &id).await, Err(AppError::State(_))));
        assert_eq!(import(&test, "Windows logs", &two_days()).await.events, 5, "it may come again");
    }
}

#[test]
fn a_batch_whose_end_was_not_written_down_is_read_again() {
    testkit::block_on(async {
        let test = TestApp::new(Engine::Sqlite);
        // The index has the batch of the first file already, as a process leaves it that ends between the two.
        let index = logs::open_index(&test.store.dir().join("other-logs")).unwrap();
        let mut batch = index.begin_batch(1, 1).unwrap();
        for line in 0..3 {
            let new = ::logs::NewEvent { time: None, host: None, accounts: &[], raw: "x", text: "x", shape: 0, member: "", line };
            batch.add(&new).unwrap();
        }
        batch.finish().unwrap();
        let app = App::new(test.store.store().clone(), Arc::new(index), Arc::new(test.world.clone()));
        let input = LogImport { source: "Windows logs".into(), ..LogImport::default() };
        logs::import(&app, &test.analyst, input, Cursor::new(two_days().join("\n").into_bytes())).await.unwrap();
        job::drain(&app).unwrap();
        assert_eq!(logs::sources(&app, &test.reader).await.unwrap()[0].events, 5);
    });
}

#[test]
fn archives_are_read_and_what_is_wrong_in_them_is_named() {
    testkit::block_on(async {
        let test = TestApp::new(Engine::Sqlite);
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file("day/one.json", options).unwrap();
        zip.write_all(two_days().join("\n").as_bytes()).unwrap();
        zip.start_file("notes.pdf", options).unwrap();
        zip.write_all(b"%PDF-1.7 nothing to see").unwrap();
        let bytes = zip.finish().unwrap().into_inner();
        let input = LogImport { source: "Archive".into(), file_name: "logs.zip".into(), ..LogImport::default() };
        let given = logs::import(&test, &test.analyst, input, Cursor::new(bytes)).await.unwrap();
        job::drain(&test).unwrap();
        let report = logs::file(&test, &test.reader, &given.id).await.unwrap().report.unwrap();
        assert_eq!((report.events, report.members), (5, 2));
        assert_eq!((report.bad_lines[0].member.as_str(), report.bad_lines[0].line), ("day/one.json", 3));
        assert_eq!(report.broken_members[0].name, "notes.pdf");
        let read: Vec<(&str, &str)> = report.files.iter().map(|file| (file.name.as_str(), file.format.as_str())).collect();
        assert_eq!((read, report.formats()), (vec![("day/one.json", "json-lines"), ("notes.pdf", "")], vec!["JSON lines"]));
    });
}
