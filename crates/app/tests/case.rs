//! Cases: opened, read, changed by several at once, closed and reopened; and what nobody else hears of.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use app::case::{self, CaseInput, CasePatch, CaseQuery, CaseView};
use app::{App, AppError};
use model::actor::Idempotency;
use model::case::{CaseState, Rating, Verdict};
use model::{Actor, Role};
use testkit::TestApp;

async fn create(app: &App, actor: &Actor, input: CaseInput) -> CaseView {
    case::create(app, actor, input).await.unwrap()
}

fn named(name: &str) -> CaseInput {
    CaseInput { name: name.to_owned(), ..CaseInput::default() }
}

fn state(state: CaseState) -> CasePatch {
    CasePatch { state: Some(state), ..CasePatch::default() }
}

/// The pointers of a refusal.
fn refused<T: std::fmt::Debug>(outcome: Result<T, AppError>) -> Vec<String> {
    match outcome {
        Err(AppError::Invalid(errors)) => errors.into_iter().map(|error| error.pointer).collect(),
        other => panic!("it was to be refused: {other:?}"),
    }
}

testkit::each_engine! {
    async fn a_case_has_the_next_number_and_its_story_begins(app: TestApp) {
        let first = create(&app, &app.analyst, named("  Night hunt ")).await;
        let second = create(&app, &app.lead, named("Another")).await;
        assert_eq!([first.number.as_str(), second.number.as_str()], ["SECC0001001", "SECC0001002"]);
        assert_eq!((first.name.as_str(), first.assigned_to.as_str(), first.state), ("Night hunt", "ada", CaseState::Draft));
        let story = case::activity(&app, &app.reader, "secc0001001", None, 10).await.unwrap();
        assert_eq!(story.iter().map(|line| (line.actor.as_str(), line.verb.as_str())).collect::<Vec<_>>(), [("ada", "case.create")]);
    }

    async fn every_wrong_field_is_told_at_once(app: TestApp) {
        let input = CaseInput {
            name: " ".to_owned(),
            short_description: "a\nb".to_owned(),
            description: "nul \0".to_owned(),
            tags: vec!["x".repeat(101)],
            ..CaseInput::default()
        };
        assert_eq!(refused(case::create(&app, &app.analyst, input).await), ["/name", "/short_description", "/description", "/tags"]);
        let input = CaseInput { contributors: vec!["nobody".to_owned()], assigned_to: Some("none".to_owned()), ..named("x") };
        assert_eq!(refused(case::create(&app, &app.analyst, input).await), ["/assigned_to", "/contributors"]);
        assert_eq!(case::open_count(&app, &app.admin).await.unwrap(), 0);
        let next = create(&app, &app.analyst, named("x")).await;
        assert_eq!(next.number, "SECC0001001", "a refused case takes no number");
    }

    async fn two_people_change_a_case_and_neither_loses_a_word(app: TestApp) {
        let seen = create(&app, &app.analyst, named("Hunt")).await;
        let patch = CasePatch { findings: Some("from ada".to_owned()), ..CasePatch::default() };
        let adas = case::update(&app, &app.analyst, &seen.number, Some(seen.version), patch).await.unwrap();
        // Lena saw the version before; she changes another field.
        let patch = CasePatch { rating: Some(Rating::Critical), ..CasePatch::default() };
        let both = case::update(&app, &app.lead, &seen.number, Some(seen.version), patch).await.unwrap();
        assert_eq!((both.findings.as_str(), both.rating), ("from ada", Rating::Critical));
        assert!(both.version > adas.version);
        // And now the same field.
        let patch = CasePatch { findings: Some("from lena".to_owned()), ..CasePatch::default() };
        match case::update(&app, &app.lead, &seen.number, Some(seen.version), patch.clone()).await {
            Err(AppError::Conflict { conflicts, current }) => {
                let told: Vec<(&str, &str, &str)> = conflicts
                    .iter()
                    .map(|conflict| (conflict.field.as_str(), conflict.theirs.as_str().unwrap(), conflict.yours.as_str().unwrap()))
                    .collect();
                assert_eq!(told, [("findings", "from ada", "from lena")]);
                assert_eq!(current["findings"], "from ada");
            }
            other => panic!("{other:?}"),
        }
        let nobody_saw = case::update(&app, &app.lead, &seen.number, Some(both.version + 1), patch.clone()).await;
        assert!(matches!(nobody_saw, Err(AppError::Conflict { .. })), "a version that is yet to come: {nobody_saw:?}");
        let won = case::update(&app, &app.lead, &seen.number, Some(both.version), patch).await.unwrap();
        assert_eq!(won.findings, "from lena");
        let again = CasePatch { findings: Some("from lena".to_owned()), ..CasePatch::default() };
        let same = case::update(&app, &app.analyst, &seen.number, Some(seen.version), again).await.unwrap();
        assert_eq!(same.version, won.version, "what is so already is no change and no conflict");
    }

    async fn closing_needs_a_verdict_and_a_reason_and_a_closed_case_stays_as_it_is(app: TestApp) {
        let number = create(&app, &app.analyst, named("Hunt")).await.number;
        let update = async |actor: &Actor, patch: CasePatch| case::update(&app, actor, &number, None, patch).await;
        assert!(matches!(update(&app.analyst, state(CaseState::Review)).await, Err(AppError::State(_))), "not from draft");
        update(&app.analyst, state(CaseState::Analysis)).await.unwrap();
        assert_eq!(refused(update(&app.analyst, state(CaseState::Closed)).await), ["/verdict", "/closure_summary"]);
        let close = CasePatch { verdict: Some(Verdict::Coincidence), closure_summary: Some("nothing".to_owned()), ..state(CaseState::Closed) };
        let closed = update(&app.analyst, close).await.unwrap();
        assert_eq!((closed.state, closed.closed_at.is_some()), (CaseState::Closed, true));
        let rename = CasePatch { name: Some("x".to_owned()), ..CasePatch::default() };
        assert!(matches!(update(&app.lead, rename).await, Err(AppError::State(_))));
        assert_eq!(case::open_count(&app, &app.reader).await.unwrap(), 0);
        let open = update(&app.lead, state(CaseState::Analysis)).await.unwrap();
        assert_eq!((open.state, open.closed_at), (CaseState::Analysis, None));
    }

    async fn what_a_role_may_not_do_changes_nothing(app: TestApp) {
        let bob = app.person("bob", Role::Analyst);
        let number = create(&app, &app.analyst, named("Hunt")).await.number;
        assert!(matches!(case::create(&app, &app.reader, named("x")).await, Err(AppError::Forbidden(_))));
        let update = async |actor: &Actor, patch: CasePatch| case::update(&app, actor, &number, None, patch).await;
        assert!(matches!(update(&app.reader, CasePatch::default()).await, Err(AppError::Forbidden(_))));
        assert!(matches!(update(&bob, state(CaseState::Analysis)).await, Err(AppError::Forbidden(_))), "not his case");
        let restrict = CasePatch { restricted: Some(true), ..CasePatch::default() };
        assert!(matches!(update(&app.analyst, restrict).await, Err(AppError::Forbidden(_))), "leads restrict");
        let invite = CasePatch { contributors: Some(vec!["bob".to_owned()]), ..CasePatch::default() };
        update(&app.analyst, invite).await.unwrap();
        update(&bob, state(CaseState::Analysis)).await.unwrap();
    }

    async fn a_restricted_case_is_not_there_for_others(app: TestApp) {
        let bob = app.person("bob", Role::Analyst);
        let number = create(&app, &app.analyst, CaseInput { restricted: true, ..named("Quiet") }).await.number;
        create(&app, &app.analyst, named("Open")).await;
        let missing = case::get(&app, &bob, "SECC0009999").await.unwrap_err().to_string();
        for actor in [&bob, &app.reader, &app.lead, &app.admin, &Actor::operator("root")] {
            for outcome in [
                case::get(&app, actor, &number).await.map(|_| ()),
                case::activity(&app, actor, &number, None, 10).await.map(|_| ()),
            ] {
                assert_eq!(outcome.unwrap_err().to_string(), missing, "{}", actor.name);
            }
            let patch = CasePatch { name: Some("x".to_owned()), ..CasePatch::default() };
            if actor.role >= Role::Analyst {
                assert_eq!(case::update(&app, actor, &number, None, patch).await.unwrap_err().to_string(), missing);
            }
            let list = case::list(&app, actor, CaseQuery::default()).await.unwrap();
            assert_eq!((list.items.len(), list.total, case::open_count(&app, actor).await.unwrap()), (1, 1, 1), "{}", actor.name);
            let found = case::list(&app, actor, CaseQuery { q: "quiet".to_owned(), ..CaseQuery::default() }).await.unwrap();
            assert_eq!(found.total, 0);
        }
        assert_eq!(case::get(&app, &app.analyst, &number).await.unwrap().allowed_accounts, ["ada"]);
    }

    async fn the_same_request_again_is_answered_again_and_done_once(app: TestApp) {
        let asking = |key: &str, body: &str| Actor {
            idempotency: Some(Idempotency { route: "POST /cases".to_owned(), key: key.to_owned(), body_hash: body.to_owned() }),
            ..app.analyst.clone()
        };
        let first = create(&app, &asking("k1", "b"), named("Hunt")).await;
        let again = create(&app, &asking("k1", "b"), named("Hunt")).await;
        assert_eq!((first.number, first.created_at), (again.number, again.created_at));
        assert!(matches!(case::create(&app, &asking("k1", "other"), named("Other")).await, Err(AppError::KeyReused)));
        assert_eq!(create(&app, &asking("k2", "b"), named("Hunt")).await.number, "SECC0001002");
        app.world.advance(86_500);
        assert_eq!(create(&app, &asking("k1", "other"), named("Other")).await.number, "SECC0001003", "a day later it is forgotten");
    }

    async fn a_list_answers_what_it_is_asked_and_refuses_what_it_is_not(app: TestApp) {
        for name in ["b", "a", "c"] {
            create(&app, &app.analyst, named(name)).await;
        }
        let query = |sort: &str, cursor: &str| CaseQuery { sort: sort.to_owned(), cursor: cursor.to_owned(), limit: Some(2), ..CaseQuery::default() };
        let page = case::list(&app, &app.reader, query("name", "")).await.unwrap();
        assert_eq!(page.items.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let cursor = page.next_cursor.unwrap();
        let last = case::list(&app, &app.reader, query("name", &cursor)).await.unwrap();
        assert_eq!((last.items.len(), last.items[0].name.as_str(), last.next_cursor), (1, "c", None));
        assert_eq!(refused(case::list(&app, &app.reader, query("secret", "zz")).await), ["/sort", "/cursor"]);
        // A cursor of another order is the caller's mistake, not the server's.
        let outcome = case::list(&app, &app.reader, query("updated_at", &cursor)).await;
        assert_eq!(refused(outcome), ["/cursor"]);
    }
}
