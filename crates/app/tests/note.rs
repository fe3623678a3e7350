//! Work notes and comments: for whom, and never overwritten.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use app::PageQuery;
use app::case::{self, CaseInput, CasePatch};
use app::note::{self, NoteInput, NotePatch};
use app::{App, AppError};
use model::case::{CaseState, Verdict};
use model::note::{Audience, NoteKind};
use model::{Actor, Role};
use testkit::TestApp;

async fn open_case(app: &App, actor: &Actor) -> String {
    case::create(app, actor, CaseInput { name: "Hunt".to_owned(), ..CaseInput::default() }).await.unwrap().number
}

fn work_note(text: &str, audience: Audience) -> NoteInput {
    NoteInput { kind: NoteKind::WorkNote, text: text.to_owned(), audience: Some(audience) }
}

fn comment(text: &str) -> NoteInput {
    NoteInput { kind: NoteKind::Comment, text: text.to_owned(), audience: None }
}

testkit::each_engine! {
    async fn a_note_for_few_is_read_by_few_and_told_to_nobody(app: TestApp) {
        let bob = app.person("bob", Role::Analyst);
        let number = open_case(&app, &app.analyst).await;
        let list = CasePatch { work_notes_list: Some(vec!["bob".to_owned()]), ..CasePatch::default() };
        case::update(&app, &app.analyst, &number, None, list).await.unwrap();
        note::add(&app, &app.analyst, &number, comment("for all")).await.unwrap();
        let few = note::add(&app, &app.analyst, &number, work_note("the insider is Mallory", Audience::WorkNotesList)).await.unwrap();
        for (actor, readable) in [(&app.analyst, 2), (&bob, 2), (&app.reader, 1), (&app.lead, 1), (&app.admin, 1)] {
            assert_eq!(note::list(&app, actor, &number, PageQuery::default()).await.unwrap().items.len(), readable, "{}", actor.name);
            assert_eq!(note::count(&app, actor, &number).await.unwrap(), readable as i64, "{}", actor.name);
            assert_eq!(note::get(&app, actor, &few.id).await.is_ok(), readable == 2, "{}", actor.name);
        }
        let story = case::activity(&app, &app.reader, &number, None, 50).await.unwrap();
        assert!(story.iter().all(|line| !line.details.to_string().contains("Mallory")), "{story:?}");
    }

    async fn a_note_is_corrected_by_its_author_and_never_blindly(app: TestApp) {
        let bob = app.person("bob", Role::Analyst);
        let number = open_case(&app, &app.analyst).await;
        let first = note::add(&app, &app.analyst, &number, work_note("frist", Audience::Team)).await.unwrap();
        let patch = |text: &str| NotePatch { text: text.to_owned() };
        assert!(matches!(note::edit(&app, &bob, &first.id, None, patch("bob's")).await, Err(AppError::Forbidden(_))));
        let second = note::edit(&app, &app.analyst, &first.id, Some(first.version), patch("first")).await.unwrap();
        // Another tab of hers still shows the first.
        match note::edit(&app, &app.analyst, &first.id, Some(first.version), patch("other tab")).await {
            Err(AppError::Conflict { conflicts, .. }) => assert_eq!(conflicts[0].theirs, "first"),
            other => panic!("{other:?}"),
        }
        assert_eq!((second.version, note::get(&app, &bob, &first.id).await.unwrap().text.as_str()), (2, "first"));
    }

    async fn old_notes_are_read_page_by_page(app: TestApp) {
        let bob = app.person("bob", Role::Analyst);
        let number = open_case(&app, &app.analyst).await;
        for n in 0..7 {
            note::add(&app, &app.analyst, &number, comment(&format!("{n}"))).await.unwrap();
            note::add(&app, &app.analyst, &number, work_note("for few", Audience::WorkNotesList)).await.unwrap();
        }
        let (mut cursor, mut read, mut pages) = (String::new(), Vec::new(), 0);
        loop {
            let page = note::list(&app, &bob, &number, PageQuery { cursor, limit: Some(3) }).await.unwrap();
            assert_eq!((page.total, page.total_is_exact), (7, true), "what he may not read does not count");
            read.extend(page.items.into_iter().map(|note| note.text));
            pages += 1;
            match page.next_cursor {
                Some(next) => cursor = next,
                None => break,
            }
        }
        assert_eq!((read.join(" ").as_str(), pages), ("6 5 4 3 2 1 0", 3));
        for wrong in ["nonsense", "3174"] {
            let query = PageQuery { cursor: wrong.to_owned(), limit: None };
            assert!(matches!(note::list(&app, &bob, &number, query).await, Err(AppError::Invalid(_))), "{wrong}");
        }
    }

    async fn a_closed_case_takes_comments_and_no_work_notes(app: TestApp) {
        let number = open_case(&app, &app.analyst).await;
        let close = CasePatch {
            state: Some(CaseState::Closed),
            verdict: Some(Verdict::FalsePositive),
            closure_summary: Some("nothing".to_owned()),
            ..CasePatch::default()
        };
        case::update(&app, &app.analyst, &number, None, close).await.unwrap();
        assert!(matches!(note::add(&app, &app.analyst, &number, work_note("x", Audience::Team)).await, Err(AppError::State(_))));
        note::add(&app, &app.analyst, &number, comment("well done")).await.unwrap();
        assert!(matches!(note::add(&app, &app.reader, &number, comment("x")).await, Err(AppError::Forbidden(_))));
        assert!(matches!(note::add(&app, &app.analyst, &number, comment(" \n ")).await, Err(AppError::Invalid(_))));
    }
}
