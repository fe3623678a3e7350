//! Artifacts: added, searched, excluded and brought back, annotated, undone; small and large; and when a key is sent twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use app::artifact::{self, AddArtifacts, AnnotateArtifacts, ArtifactQuery, ExcludeArtifacts, NewObservable, Selection};
use app::case::{self, CaseInput};
use app::operation::{self, OperationView};
use app::{App, AppError, annotation, job};
use model::artifact::{ExclusionReason, Status};
use model::operation::{OperationState, SkipReason};
use model::{Actor, Kind, Role};
use testkit::{TestApp, apart};

async fn open_case(app: &App, actor: &Actor, restricted: bool) -> String {
    case::create(app, actor, CaseInput { name: "Hunt".to_owned(), restricted, ..CaseInput::default() }).await.unwrap().number
}

fn observables(values: &[&str]) -> AddArtifacts {
    let observables = values.iter().map(|value| NewObservable::Value((*value).to_owned())).collect();
    AddArtifacts { observables, ..AddArtifacts::default() }
}

fn query(status: &str, q: &str) -> ArtifactQuery {
    ArtifactQuery { kind: "observable".to_owned(), status: status.to_owned(), q: q.to_owned(), ..ArtifactQuery::default() }
}

fn exclude_ids(record_ids: Vec<String>) -> ExcludeArtifacts {
    let comment = "ours".to_owned();
    ExcludeArtifacts { record_ids, all_matching: None, except: Vec::new(), as_of: None, reason: ExclusionReason::KnownGood, comment }
}

fn select(record_ids: Vec<String>) -> Selection {
    Selection { record_ids, ..Selection::default() }
}

fn annotate_ids(record_ids: Vec<String>, text: &str) -> AnnotateArtifacts {
    AnnotateArtifacts { record_ids, all_matching: None, except: Vec::new(), as_of: None, text: text.to_owned() }
}

async fn listed(app: &App, actor: &Actor, number: &str, status: &str) -> Vec<(String, String)> {
    let page = artifact::list(app, actor, number, query(status, "")).await.unwrap();
    assert_eq!(page.total, page.items.len() as i64);
    page.items.into_iter().map(|item| (item.record.id, item.record.title)).collect()
}

async fn ids(app: &App, actor: &Actor, number: &str, status: &str) -> Vec<String> {
    listed(app, actor, number, status).await.into_iter().map(|(id, _)| id).collect()
}

async fn counts(app: &App, actor: &Actor, number: &str) -> (i64, i64) {
    let counts = case::get(app, actor, number).await.unwrap().artifact_counts;
    counts.get(&Kind::Observable).map_or((0, 0), |count| (count.included, count.excluded))
}

fn did(view: &OperationView) -> (i64, i64, i64) {
    (view.affected, view.unchanged, view.skipped_count)
}

testkit::each_engine! {
    async fn what_is_excluded_is_out_of_every_view_and_undo_brings_it_back(app: TestApp) {
        let number = open_case(&app, &app.analyst, false).await;
        let added = artifact::add(&app, &app.analyst, &number, observables(&["hxxps://evil[.]example.com/a", "8.8.8.8", "9.9.9.9"])).await.unwrap();
        assert_eq!(did(&added), (3, 0, 0));
        let all = ids(&app, &app.reader, &number, "included").await;
        let done = artifact::exclude(&app, &app.analyst, &number, exclude_ids(all[1..].to_vec())).await.unwrap();
        assert_eq!((did(&done), done.state), ((2, 0, 0), OperationState::Done));
        assert_eq!(counts(&app, &app.reader, &number).await, (1, 2));
        assert_eq!(ids(&app, &app.reader, &number, "").await, all[..1], "a tab shows what counts");
        let page = artifact::list(&app, &app.reader, &number, query("excluded", "8.8.8")).await.unwrap();
        let shown = &page.items[0];
        assert_eq!((shown.status, shown.reason, shown.comment.as_str(), shown.status_by.as_str()),
            (Status::Excluded, Some(ExclusionReason::KnownGood), "ours", "ada"));
        // Adding it again does not bring it back, and says so.
        let again = artifact::add(&app, &app.analyst, &number, observables(&["8[.]8[.]8[.]8"])).await.unwrap();
        assert_eq!(again.affected, 0);
        assert_eq!(again.skipped.iter().map(|row| row.reason).collect::<Vec<_>>(), [SkipReason::Excluded]);
        let undone = operation::undo(&app, &app.analyst, &done.operation_id).await.unwrap();
        assert_eq!((did(&undone), counts(&app, &app.reader, &number).await), ((2, 0, 0), (3, 0)));
        assert!(operation::get(&app, &app.reader, &done.operation_id).await.unwrap().undone);
        assert!(matches!(operation::undo(&app, &app.analyst, &done.operation_id).await, Err(AppError::State(_))), "once");
        let redone = operation::undo(&app, &app.analyst, &undone.operation_id).await.unwrap();
        assert_eq!((did(&redone), counts(&app, &app.reader, &number).await), ((2, 0, 0), (1, 2)));
        let one = artifact::include(&app, &app.analyst, &number, select(vec![all[1].clone()])).await.unwrap();
        assert_eq!((did(&one), counts(&app, &app.reader, &number).await), ((1, 0, 0), (2, 1)));
        let last = operation::undo(&app, &app.analyst, &redone.operation_id).await.unwrap();
        assert_eq!(last.skipped.iter().map(|row| row.reason).collect::<Vec<_>>(), [SkipReason::ChangedSince]);
        assert_eq!(counts(&app, &app.reader, &number).await, (3, 0));
    }

    async fn an_undo_is_for_whoever_did_it_or_a_lead_and_for_thirty_days(app: TestApp) {
        let bob = app.person("bob", Role::Analyst);
        let number = open_case(&app, &app.analyst, false).await;
        let first = artifact::add(&app, &app.analyst, &number, observables(&["8.8.8.8"])).await.unwrap();
        let second = artifact::add(&app, &app.analyst, &number, observables(&["9.9.9.9"])).await.unwrap();
        assert!(matches!(operation::undo(&app, &bob, &first.operation_id).await, Err(AppError::Forbidden(_))));
        operation::undo(&app, &app.lead, &first.operation_id).await.unwrap();
        app.world.advance(31 * 86_400);
        assert!(matches!(operation::undo(&app, &app.analyst, &second.operation_id).await, Err(AppError::State(_))));
        assert_eq!(counts(&app, &bob, &number).await, (1, 0));
    }

    async fn a_refused_observable_adds_nothing(app: TestApp) {
        let number = open_case(&app, &app.analyst, false).await;
        match artifact::add(&app, &app.analyst, &number, observables(&["8.8.8.8", "???", "also not"])).await {
            Err(AppError::Invalid(errors)) => {
                let places: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
                assert_eq!(places, ["/observables/1", "/observables/2"]);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(counts(&app, &app.reader, &number).await, (0, 0));
    }

    async fn what_matched_is_what_is_excluded_and_what_came_later_is_not(app: TestApp) {
        let number = open_case(&app, &app.analyst, false).await;
        artifact::add(&app, &app.analyst, &number, observables(&["a.evil.com", "b.evil.com", "c.evil.com", "8.8.8.8"])).await.unwrap();
        let page = artifact::list(&app, &app.analyst, &number, query("", "evil")).await.unwrap();
        artifact::add(&app, &app.analyst, &number, observables(&["later.evil.com"])).await.unwrap();
        let kept = page.items.iter().find(|item| item.record.title.starts_with("b.")).unwrap().record.id.clone();
        let selection = ExcludeArtifacts {
            record_ids: Vec::new(),
            all_matching: Some(query("", "evil")),
            except: vec![kept],
            as_of: Some(page.as_of),
            ..exclude_ids(Vec::new())
        };
        let done = artifact::exclude(&app, &app.analyst, &number, selection).await.unwrap();
        assert_eq!(done.affected, 2);
        let left: Vec<String> = listed(&app, &app.reader, &number, "").await.into_iter().map(|(_, title)| title).collect();
        assert_eq!(left.len(), 3);
        assert!(["b.evil.com", "8.8.8.8", "later.evil.com"].iter().all(|title| left.iter().any(|left| left == title)), "{left:?}");
    }

    async fn a_large_operation_goes_on_as_a_job_and_is_undone_as_one(app: TestApp) {
        let number = open_case(&app, &app.analyst, false).await;
        let values: Vec<String> = (0..4_500).map(|n| format!("10.{}.{}.{}", n / 65_536, n / 256 % 256, n % 256)).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let added = artifact::add(&app, &app.analyst, &number, observables(&values)).await.unwrap();
        let drain = || apart(|| job::drain(&app).unwrap());
        drain();
        let added = operation::get(&app, &app.reader, &added.operation_id).await.unwrap();
        assert_eq!((added.affected, added.state), (4_500, OperationState::Done));
        let all = ExcludeArtifacts { all_matching: Some(query("", "")), ..exclude_ids(Vec::new()) };
        let running = artifact::exclude(&app, &app.analyst, &number, all).await.unwrap();
        assert!(running.job.is_some() && running.state == OperationState::Running, "{running:?}");
        assert!(matches!(operation::undo(&app, &app.analyst, &running.operation_id).await, Err(AppError::State(_))), "not while it runs");
        drain();
        assert_eq!(counts(&app, &app.reader, &number).await, (0, 4_500));
        let undone = operation::undo(&app, &app.analyst, &running.operation_id).await.unwrap();
        drain();
        let undone = operation::get(&app, &app.reader, &undone.operation_id).await.unwrap();
        assert_eq!((undone.affected, undone.state, counts(&app, &app.reader, &number).await), (4_500, OperationState::Done, (4_500, 0)));
        // The journal tells what each of the three changed in the end, by the same ids.
        let story = case::activity(&app, &app.reader, &number, None, 100).await.unwrap();
        let done: Vec<_> = story.iter().filter(|entry| entry.verb == "operation.done").map(|entry| &entry.details).collect();
        assert_eq!(done.iter().map(|details| details["affected"].as_i64()).collect::<Vec<_>>(), [Some(4_500); 3]);
        assert!(done.iter().all(|details| details["ids_sha256"] == done[0]["ids_sha256"] && details["ids_sha256"].is_string()), "{done:?}");
    }

    async fn an_annotation_is_read_where_its_case_may_be_read(app: TestApp) {
        let bob = app.person("bob", Role::Analyst);
        let open = open_case(&app, &app.analyst, false).await;
        let quiet = open_case(&app, &app.analyst, true).await;
        for number in [&open, &quiet] {
            artifact::add(&app, &app.analyst, number, observables(&["8.8.8.8", "9.9.9.9"])).await.unwrap();
        }
        let records = ids(&app, &app.analyst, &open, "").await;
        artifact::annotate(&app, &app.analyst, &open, annotate_ids(records.clone(), "public resolver")).await.unwrap();
        let secret = artifact::annotate(&app, &app.analyst, &quiet, annotate_ids(records[..1].to_vec(), "used by them")).await.unwrap();
        let texts = async |actor: &Actor| {
            let found = annotation::of_record(&app, actor, &records[0]).await.unwrap();
            found.into_iter().map(|annotation| annotation.text).collect::<Vec<String>>()
        };
        assert_eq!(texts(&app.analyst).await, ["used by them", "public resolver"]);
        assert_eq!(texts(&bob).await, ["public resolver"]);
        assert!(matches!(operation::get(&app, &bob, &secret.operation_id).await, Err(AppError::NotFound(_))));
        let shown = artifact::list(&app, &bob, &open, query("", "8.8.8.8")).await.unwrap();
        assert_eq!((shown.items[0].annotation_count, shown.items[0].case_count), (1, 1));
        // Undoing withdraws; redoing brings back.
        let undone = operation::undo(&app, &app.analyst, &secret.operation_id).await.unwrap();
        assert_eq!((did(&undone), texts(&app.analyst).await.len()), ((1, 0, 0), 1));
        operation::undo(&app, &app.analyst, &undone.operation_id).await.unwrap();
        assert_eq!(texts(&app.analyst).await.len(), 2);
        // What was annotated stays in the case when its adding is undone.
        assert!(matches!(artifact::annotate(&app, &app.analyst, &open, annotate_ids(records, "  ")).await, Err(AppError::Invalid(_))));
    }

    async fn a_withdrawn_annotation_comes_back_and_corrections_are_left_alone(app: TestApp) {
        let number = open_case(&app, &app.analyst, false).await;
        artifact::add(&app, &app.analyst, &number, observables(&["8.8.8.8", "9.9.9.9"])).await.unwrap();
        let records = ids(&app, &app.analyst, &number, "").await;
        let written = artifact::annotate(&app, &app.analyst, &number, annotate_ids(records.clone(), "odd")).await.unwrap();
        let of = async |record: &str| annotation::of_record(&app, &app.reader, record).await.unwrap();
        let first = of(&records[0]).await.remove(0);
        let gone = annotation::withdraw(&app, &app.analyst, &first.id).await.unwrap();
        assert!(gone.annotation.withdrawn_at.is_some() && of(&records[0]).await.is_empty());
        // Undoing what wrote both takes only the one that is still as it was written.
        let undone = operation::undo(&app, &app.analyst, &written.operation_id).await.unwrap();
        assert_eq!((did(&undone), undone.detail.as_str()), ((1, 0, 1), "Withdrew 1 annotation"));
        let back = operation::undo(&app, &app.analyst, &gone.operation_id).await.unwrap();
        assert_eq!((did(&back), back.detail.as_str(), of(&records[0]).await.len()), ((1, 0, 0), "Brought back 1 annotation", 1));
        operation::undo(&app, &app.analyst, &back.operation_id).await.unwrap();
        assert!(of(&records[0]).await.is_empty(), "redone");
        // And what was corrected since stays.
        operation::undo(&app, &app.analyst, &undone.operation_id).await.unwrap();
        let second = of(&records[1]).await.remove(0);
        let patch = annotation::AnnotationPatch { text: "odd indeed".to_owned() };
        annotation::edit(&app, &app.analyst, &second.id, None, patch).await.unwrap();
        let story = case::activity(&app, &app.reader, &number, None, 1).await.unwrap();
        assert_eq!(story[0].verb, "annotation.correct");
        let verbs: Vec<String> = case::activity(&app, &app.reader, &number, None, 50).await.unwrap().into_iter().map(|entry| entry.verb).collect();
        assert!(verbs.iter().any(|verb| verb == "annotation.withdraw"), "{verbs:?}");
    }

    async fn annotating_much_is_undone_in_chunks(app: TestApp) {
        let number = open_case(&app, &app.analyst, false).await;
        let values: Vec<String> = (0..4_500).map(|n| format!("10.{}.{}.{}", n / 65_536, n / 256 % 256, n % 256)).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        artifact::add(&app, &app.analyst, &number, observables(&values)).await.unwrap();
        let drain = || apart(|| job::drain(&app).unwrap());
        drain();
        let all = AnnotateArtifacts { all_matching: Some(query("", "")), ..annotate_ids(Vec::new(), "odd") };
        let written = artifact::annotate(&app, &app.analyst, &number, all).await.unwrap();
        drain();
        let undone = operation::undo(&app, &app.analyst, &written.operation_id).await.unwrap();
        assert!(undone.job.is_some() && undone.state == OperationState::Running, "{undone:?}");
        drain();
        let undone = operation::get(&app, &app.reader, &undone.operation_id).await.unwrap();
        assert_eq!((did(&undone), undone.state), ((4_500, 0, 0), OperationState::Done));
        assert_eq!(artifact::list(&app, &app.reader, &number, query("", "")).await.unwrap().items[0].annotation_count, 0);
        operation::undo(&app, &app.analyst, &undone.operation_id).await.unwrap();
        drain();
        assert_eq!(artifact::list(&app, &app.reader, &number, query("", "")).await.unwrap().items[0].annotation_count, 1);
    }

    async fn a_case_that_others_may_not_see_takes_nothing_from_them(app: TestApp) {
        let bob = app.person("bob", Role::Analyst);
        let quiet = open_case(&app, &app.analyst, true).await;
        artifact::add(&app, &app.analyst, &quiet, observables(&["8.8.8.8"])).await.unwrap();
        let records = ids(&app, &app.analyst, &quiet, "").await;
        let refused = [
            artifact::add(&app, &bob, &quiet, observables(&["9.9.9.9"])).await.map(|_| ()),
            artifact::exclude(&app, &bob, &quiet, exclude_ids(records.clone())).await.map(|_| ()),
            artifact::include(&app, &bob, &quiet, select(records.clone())).await.map(|_| ()),
            artifact::annotate(&app, &bob, &quiet, annotate_ids(records.clone(), "x")).await.map(|_| ()),
            artifact::list(&app, &bob, &quiet, query("", "")).await.map(|_| ()),
            annotation::of_record(&app, &bob, &records[0]).await.map(|_| ()),
        ];
        for outcome in refused {
            assert!(matches!(outcome, Err(AppError::NotFound(_))), "{outcome:?}");
        }
        assert_eq!(counts(&app, &app.analyst, &quiet).await, (1, 0));
    }
}
