//! Jobs: large bulk actions to their end, whatever happens on the way; failures that say what to do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod evidence;

use std::time::Duration;

use app::artifact::{AddArtifacts, ArtifactQuery, ExcludeArtifacts, NewObservable};
use app::{artifact, case as cases, job, operation};
use evidence::{case, event, give};
use model::Kind;
use model::Scope;
use model::artifact::ExclusionReason;
use model::job::JobState;
use model::operation::OperationState;
use testkit::{Engine, TestApp};

/// Three chunks.
const MANY: usize = 4_500;

async fn add_many(test: &TestApp, case: &str) -> app::operation::OperationView {
    let observables = (0..MANY).map(|n| NewObservable::Value(format!("10.{}.{}.1", n / 250, n % 250))).collect();
    artifact::add(test, &test.analyst, case, AddArtifacts { observables, ..AddArtifacts::default() }).await.unwrap()
}

fn exclude_all() -> ExcludeArtifacts {
    ExcludeArtifacts {
        record_ids: Vec::new(),
        all_matching: Some(ArtifactQuery::default()),
        except: Vec::new(),
        as_of: None,
        reason: ExclusionReason::OutOfScope,
        comment: String::new(),
    }
}

testkit::each_engine! {
    async fn a_large_bulk_action_goes_on_as_a_job(test: TestApp) {
        let case = case(&test, &test.analyst, false).await.number;
        let running = add_many(&test, &case).await;
        assert_eq!((running.state, running.affected), (OperationState::Running, 0));
        let waiting = job::get(&test, &test.analyst, &running.job.clone().unwrap()).await.unwrap();
        assert_eq!((waiting.state, waiting.total, waiting.unit.as_str(), waiting.case.clone()), (JobState::Queued, MANY as i64, "rows", Some(case.clone())));
        assert_eq!(job::drain(&test).unwrap(), 1);
        let done = operation::get(&test, &test.analyst, &running.operation_id).await.unwrap();
        assert_eq!((done.state, done.affected), (OperationState::Done, MANY as i64));
        let ended = job::get(&test, &test.analyst, &waiting.id).await.unwrap();
        assert_eq!((ended.state, ended.done, ended.percent()), (JobState::Done, MANY as i64, Some(100)));
        assert_eq!(ended.result["affected"], MANY as i64);
        assert_eq!(cases::get(&test, &test.reader, &case).await.unwrap().counts(&Kind::Observable).included, MANY as i64);

        let out = artifact::exclude(&test, &test.analyst, &case, exclude_all()).await.unwrap();
        job::drain(&test).unwrap();
        let counts = cases::get(&test, &test.reader, &case).await.unwrap().counts(&Kind::Observable);
        assert_eq!((counts.included, counts.excluded), (0, MANY as i64));
        operation::undo(&test, &test.analyst, &out.operation_id).await.unwrap();
        job::drain(&test).unwrap();
        assert_eq!(cases::get(&test, &test.reader, &case).await.unwrap().counts(&Kind::Observable).included, MANY as i64);
    }

    async fn what_was_cut_off_goes_on_where_it_stood(test: TestApp) {
        let case = case(&test, &test.analyst, false).await.number;
        let running = add_many(&test, &case).await;
        // The first chunk was applied and counted, then the process ended.
        let now = test.now();
        test.store.store().write(Scope::System, move |tx| store::job::claim(tx, now)).await.unwrap().unwrap();
        test.store.sql("UPDATE job SET done = 2000");
        test.store.sql("UPDATE operation SET affected = 2000");
        test.store.store().write(Scope::System, store::job::take_over).await.unwrap();
        job::drain(&test).unwrap();
        let done = operation::get(&test, &test.analyst, &running.operation_id).await.unwrap();
        assert_eq!((done.state, done.affected), (OperationState::Done, MANY as i64));
        let there = cases::get(&test, &test.reader, &case).await.unwrap().counts(&Kind::Observable).included;
        assert_eq!(there, MANY as i64 - 2000, "the first chunk was not done again");
    }

    async fn a_cancelled_bulk_action_is_told_and_can_be_undone(test: TestApp) {
        let case = case(&test, &test.analyst, false).await.number;
        let running = add_many(&test, &case).await;
        job::cancel(&test, &test.lead, &running.job.unwrap()).await.unwrap();
        job::drain(&test).unwrap();
        let ended = operation::get(&test, &test.analyst, &running.operation_id).await.unwrap();
        assert_eq!((ended.state, ended.affected), (OperationState::Failed, 0));
        operation::undo(&test, &test.analyst, &running.operation_id).await.unwrap();
    }

    async fn what_keeps_failing_fails_for_good_and_says_what_to_do(test: TestApp) {
        let stamp = test.store.stamp("ada");
        let (_, id) = test.store.store().write(Scope::System, move |tx| store::job::queue(tx, "astrology", &serde_json::json!({}), 0, 0, &stamp)).await.unwrap();
        job::drain(&test).unwrap();
        let unknown = job::get(&test, &test.analyst, &id).await.unwrap();
        assert_eq!(unknown.state, JobState::Failed);
        assert!(unknown.errors[0].contains("`astrology`") && unknown.errors[0].contains("use the version"), "{:?}", unknown.errors);

        // A worker that dies each time.
        let given = give(&test, "DNS", "own.jsonl", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "x")]).await.unwrap();
        for _ in 0..3 {
            let now = test.now();
            test.store.store().write(Scope::System, move |tx| store::job::claim(tx, now)).await.unwrap().unwrap();
            test.store.store().write(Scope::System, store::job::take_over).await.unwrap();
        }
        job::drain(&test).unwrap();
        let dead = job::get(&test, &test.analyst, &given.job.unwrap().id).await.unwrap();
        assert_eq!(dead.state, JobState::Failed);
        assert!(dead.errors[0].contains("3 times"), "{:?}", dead.errors);

        // A file that is there no more: it is tried again, and told.
        let lost = give(&test, "DNS", "lost.jsonl", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "y")]).await.unwrap();
        std::fs::remove_dir_all(test.store.options.data.join("blobs").join(&lost.sha256[..2])).unwrap();
        job::drain(&test).unwrap();
        let job = job::get(&test, &test.analyst, &lost.job.unwrap().id).await.unwrap();
        assert!(job.errors[0].contains("give the file again"), "{:?}", job.errors);
    }
}

/// Waits until a job has ended, as a browser does: each change is a reason to look again.
async fn ended(test: &TestApp, id: &str) -> job::JobView {
    let mut changes = test.changes();
    loop {
        changes.mark_unchanged();
        let view = job::get(test, &test.analyst, id).await.unwrap();
        if view.state.is_ended() {
            return view;
        }
        tokio::time::timeout(Duration::from_secs(60), changes.changed()).await.expect("the job comes to its end").unwrap();
    }
}

#[test]
fn a_server_takes_up_what_is_queued_and_what_another_had_in_hand() {
    testkit::block_on(async {
        let test = TestApp::new(Engine::Sqlite);
        let before = give(&test, "DNS", "before.jsonl", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "x")]).await.unwrap();
        let now = test.now();
        test.store.store().write(Scope::System, move |tx| store::job::claim(tx, now)).await.unwrap().unwrap();
        let runner = job::run_jobs(&test).unwrap();
        assert_eq!(ended(&test, &before.job.unwrap().id).await.state, JobState::Done);
        let after = give(&test, "DNS", "after.jsonl", &[event("2026-01-02T10:00:00Z", "WS-1", "anna", "y")]).await.unwrap();
        assert_eq!(ended(&test, &after.job.unwrap().id).await.state, JobState::Done);
        assert_eq!(app::logs::sources(&test, &test.reader).await.unwrap()[0].events, 2);
        drop(runner);
    });
}

/// SQLite, with a trigger that acts when the second chunk, of 400 each, is counted.
fn with_trigger(body: &str) -> TestApp {
    let test = TestApp::new(Engine::Sqlite);
    test.store.sql(&format!("CREATE TRIGGER at_second_chunk AFTER UPDATE OF done ON job WHEN new.done = 800 BEGIN {body}; END"));
    test
}

#[test]
fn a_bulk_action_that_is_cancelled_in_the_middle_stops_between_chunks() {
    testkit::block_on(async {
        let test = with_trigger("SELECT 1");
        test.store
            .sql("CREATE TRIGGER at_first_chunk AFTER UPDATE OF done ON job WHEN new.done = 400 BEGIN UPDATE job SET cancel = 1; END");
        let case = case(&test, &test.analyst, false).await.number;
        let running = add_many(&test, &case).await;
        job::drain(&test).unwrap();
        let ended = job::get(&test, &test.analyst, &running.job.unwrap()).await.unwrap();
        assert_eq!((ended.state, ended.done, ended.total), (JobState::Cancelled, 800, MANY as i64));
        let stopped = operation::get(&test, &test.analyst, &running.operation_id).await.unwrap();
        assert_eq!((stopped.state, stopped.affected), (OperationState::Failed, 800));
        assert_eq!(cases::get(&test, &test.reader, &case).await.unwrap().counts(&Kind::Observable).included, 800);
        test.store.sql("DROP TRIGGER at_first_chunk");
        operation::undo(&test, &test.analyst, &running.operation_id).await.unwrap();
        job::drain(&test).unwrap();
        assert_eq!(cases::get(&test, &test.reader, &case).await.unwrap().counts(&Kind::Observable).included, 0);
    });
}

#[test]
fn a_chunk_that_fails_leaves_nothing_and_is_tried_three_times() {
    testkit::block_on(async {
        let test = with_trigger("SELECT RAISE(ABORT, 'the trigger says no')");
        let case = case(&test, &test.analyst, false).await.number;
        let running = add_many(&test, &case).await;
        assert_eq!(job::drain(&test).unwrap(), 3);
        let ended = job::get(&test, &test.analyst, &running.job.unwrap()).await.unwrap();
        assert_eq!((ended.state, ended.done), (JobState::Failed, 400));
        assert!(ended.errors[0].contains("the trigger says no"), "{:?}", ended.errors);
        assert_eq!(operation::get(&test, &test.analyst, &running.operation_id).await.unwrap().affected, 400);
        assert_eq!(cases::get(&test, &test.reader, &case).await.unwrap().counts(&Kind::Observable).included, 400);
    });
}
