//! Artifacts: what comes into a case, where it came from, what is excluded, and what a tab shows.

use std::collections::BTreeSet;

use model::artifact::{OriginKind, Status, StatusFilter};
use model::kind::NewRecord;
use model::list::{Cursor, Sort, SortColumn};
use model::operation::OperationVerb;
use model::{Kind, Scope};
use store::artifact::{Artifact, ArtifactFilter, Origin, StatusChange};
use store::record::Upserted;
use store::{StoreError, Tx, annotation, artifact, operation};
use testkit::TestStore;

use crate::common::{add, observable, open_case, operate, upsert, upsert_all};

pub(crate) fn tab(case: i64) -> ArtifactFilter {
    ArtifactFilter {
        case,
        kind: Some(Kind::Observable),
        status: StatusFilter::All,
        q: String::new(),
        categories: Vec::new(),
        findings: Vec::new(),
        marked: None,
        sort: Sort { column: SortColumn::Added, descending: false },
        cursor: None,
        limit: 100,
        as_of: None,
    }
}

fn titles(db: &TestStore, filter: ArtifactFilter) -> Vec<String> {
    let page = db.read(Scope::System, move |tx| artifact::list(tx, &filter));
    assert_eq!(page.total, page.items.len() as i64);
    page.items.into_iter().map(|item| item.record.title).collect()
}

pub(crate) fn exclude(db: &TestStore, case: i64, records: Vec<i64>, comment: &'static str) -> i64 {
    let change = StatusChange { status: Status::Excluded, reason: "known_good".to_owned(), comment: comment.to_owned() };
    operate(db, case, OperationVerb::Exclude, move |tx, operation, stamp| {
        artifact::set_status(tx, case, &records, &change, operation, stamp)
    })
    .0
}

/// What an undo restored, took out and put back.
fn undo(db: &TestStore, case: i64, undone: i64) -> (i64, [Vec<i64>; 3]) {
    operate(db, case, OperationVerb::Undo, move |tx, undo, stamp| {
        let rows = operation::rows(tx, undone, 0, 1_000)?;
        Ok([
            artifact::restore(tx, case, undone, undo, &rows)?,
            artifact::undo_add(tx, case, undone, undo, &rows)?,
            artifact::readd(tx, case, undone, undo, &rows, stamp)?,
        ])
    })
}

fn origin(db: &TestStore, reference: &str) -> Origin {
    Origin {
        kind: OriginKind::Document,
        reference: reference.to_owned(),
        title: "report.txt".to_owned(),
        detail: "offset 7".to_owned(),
        added_by: "ada".to_owned(),
        added_at: db.world.time(),
    }
}

/// Records with an origin each, added by one operation.
fn add_with_origins(db: &TestStore, case: i64, records: &[Upserted], reference: &str) -> i64 {
    let pairs: Vec<_> = records.iter().map(|record| (record.id, record.kind)).collect();
    // Twice each: an importer may say the same twice.
    let origins: Vec<_> = records.iter().chain(records).map(|record| (record.id, origin(db, reference))).collect();
    operate(db, case, OperationVerb::Add, move |tx, operation, stamp| {
        artifact::add(tx, case, &pairs, operation, stamp)?;
        artifact::add_origins(tx, case, &origins, operation)
    })
    .0
}

fn origins(db: &TestStore, case: i64, record: i64) -> Vec<String> {
    db.read(Scope::System, move |tx| artifact::origins(tx, case, record)).into_iter().map(|origin| origin.reference).collect()
}

testkit::each_engine! {
    fn adding_again_tells_what_was_there_and_what_stays_excluded(db: TestStore) {
        let case = open_case(&db, "hunt", &[]).id;
        let records = upsert(&db, Scope::System, &["a.example.com", "b.example.com", "c.example.com"], true);
        add(&db, case, &records[..2]);
        exclude(&db, case, vec![records[1].id], "ours");
        let (_, again) = add(&db, case, &[records[2], records[0], records[1], records[2]]);
        assert_eq!((again.added, again.already, again.excluded), (vec![records[2].id], vec![records[0].id], vec![records[1].id]));
        let second = records[1].id;
        let standing = db.read(Scope::System, move |tx| artifact::find(tx, case, second)).unwrap();
        assert_eq!((standing.status, standing.comment.as_str(), standing.added_by.as_str()), (Status::Excluded, "ours", "ada"));
        let included = db.read(Scope::System, move |tx| artifact::included(tx, case, Kind::Observable));
        assert_eq!(included, [records[0].id, records[2].id]);
        let among = db.read(Scope::System, move |tx| artifact::among(tx, case, &[second, 999_999]));
        assert_eq!(among, [second]);
    }

    fn undoing_restores_only_what_is_still_as_it_was_left(db: TestStore) {
        let case = open_case(&db, "hunt", &[]).id;
        let records = upsert(&db, Scope::System, &["a.example.com", "b.example.com"], true);
        let (a, b) = (records[0].id, records[1].id);
        let (added, _) = add(&db, case, &records);
        let excluded = exclude(&db, case, vec![a, b], "both");
        // Someone includes one of them meanwhile.
        let change = StatusChange { status: Status::Included, reason: String::new(), comment: String::new() };
        operate(&db, case, OperationVerb::Include, move |tx, operation, stamp| artifact::set_status(tx, case, &[a], &change, operation, stamp));
        let (undone, outcome) = undo(&db, case, excluded);
        assert_eq!(outcome, [vec![b], vec![], vec![]], "the other was changed since");
        let (_, outcome) = undo(&db, case, undone);
        assert_eq!(outcome, [vec![b], vec![], vec![]], "undoing the undo is redoing");
        let standing = db.read(Scope::System, move |tx| artifact::find(tx, case, b)).unwrap();
        assert_eq!((standing.status, standing.comment.as_str()), (Status::Excluded, "both"));
        assert_eq!(undo(&db, case, added).1, [const { Vec::<i64>::new() }; 3], "both were changed since they came");
    }

    fn what_an_undo_takes_out_goes_with_its_origin_and_comes_back_with_it(db: TestStore) {
        let case = open_case(&db, "hunt", &[]).id;
        let records = upsert(&db, Scope::System, &["a.example.com", "b.example.com"], true);
        let (a, b) = (records[0].id, records[1].id);
        let added = add_with_origins(&db, case, &records, "doc-1");
        assert_eq!(origins(&db, case, a), ["doc-1"]);
        operate(&db, case, OperationVerb::Annotate, move |tx, operation, stamp| annotation::insert(tx, case, &[b], "seen", operation, stamp));
        let (undone, outcome) = undo(&db, case, added);
        assert_eq!(outcome, [vec![], vec![a], vec![]], "what was annotated stays");
        assert_eq!((origins(&db, case, a), origins(&db, case, b)), (vec![], vec!["doc-1".to_owned()]));
        let (redone, outcome) = undo(&db, case, undone);
        assert_eq!(outcome, [vec![], vec![], vec![a]]);
        assert_eq!(origins(&db, case, a), ["doc-1"]);
        let (_, outcome) = undo(&db, case, redone);
        assert_eq!((outcome, origins(&db, case, a).len()), ([vec![], vec![a], vec![]], 0));
        // Added once more from the same place, and taken out again: its origin comes and goes too.
        let added = add_with_origins(&db, case, &records[..1], "doc-1");
        assert_eq!(origins(&db, case, a), ["doc-1"]);
        undo(&db, case, added);
        assert_eq!(origins(&db, case, a), Vec::<String>::new());
    }

    fn a_tab_is_searched_filtered_sorted_and_walked(db: TestStore) {
        let case = open_case(&db, "hunt", &[]).id;
        let values: Vec<String> = (0..23).map(|n| if n % 3 == 0 { format!("198.51.100.{n}") } else { format!("h{n}.evil.example.com") }).collect();
        let made = upsert_all(&db, Scope::System, values.iter().map(|value| observable(value)).collect(), true);
        add(&db, case, &made);
        let other = open_case(&db, "other", &[]).id;
        add(&db, other, &upsert(&db, Scope::System, &["evil.example.org"], true));
        exclude(&db, case, made.iter().take(4).map(|record| record.id).collect(), "ours");
        assert_eq!(titles(&db, tab(case)).len(), 23);
        assert_eq!(titles(&db, ArtifactFilter { status: StatusFilter::Excluded, ..tab(case) }).len(), 4);
        assert_eq!(titles(&db, ArtifactFilter { status: StatusFilter::Included, q: "evil".to_owned(), ..tab(case) }).len(), 13);
        assert_eq!(titles(&db, ArtifactFilter { q: "H1 EXAMPLE".to_owned(), ..tab(case) }).len(), 8);
        assert_eq!(titles(&db, ArtifactFilter { categories: vec!["ipv4-addr".to_owned()], ..tab(case) }).len(), 8);
        assert_eq!(titles(&db, ArtifactFilter { kind: Some(Kind::User), ..tab(case) }).len(), 0);
        for column in SortColumn::ALL {
            for descending in [false, true] {
                let mut filter = ArtifactFilter { sort: Sort { column: *column, descending }, limit: 4, ..tab(case) };
                let mut walked: Vec<Artifact> = Vec::new();
                loop {
                    let asked = filter.clone();
                    let page = db.read(Scope::System, move |tx| artifact::list(tx, &asked));
                    walked.extend(page.items);
                    match page.next_cursor {
                        Some(cursor) => filter.cursor = Some(cursor.parse::<Cursor>().unwrap()),
                        None => break,
                    }
                }
                let ids: BTreeSet<i64> = walked.iter().map(|item| item.record.id).collect();
                assert_eq!((walked.len(), ids.len()), (23, 23), "{column} {descending}");
            }
        }
        let filter = ArtifactFilter { sort: Sort { column: SortColumn::Title, descending: false }, cursor: Some("31693137".parse().unwrap()), ..tab(case) };
        let outcome = db.store().read_blocking(Scope::System, move |tx: &mut Tx<'_>| artifact::list(tx, &filter));
        assert!(matches!(outcome, Err(StoreError::BadCursor)));
    }

    fn a_large_case_is_searched_as_a_small_one_is(db: TestStore) {
        let case = open_case(&db, "hunt", &[]).id;
        // Ten thousand others that came first hold the same word, and a rare word is in ten of each.
        let name = |n: usize, place: &str| format!("h{n}{}.{place}.common.example.com", if n % 1_000 == 7 { "-qzé-rare" } else { "" });
        let library: Vec<NewRecord> = (0..10_001).map(|n| observable(&name(n, "library"))).collect();
        upsert_all(&db, Scope::System, library, true);
        let own: Vec<NewRecord> =
            (0..5_200).map(|n| observable(&name(n, if n < 1_500 { "old.case" } else { "case" }))).collect();
        let own = upsert_all(&db, Scope::System, own, true);
        add(&db, case, &own);
        let found = |q: &str| {
            let filter = ArtifactFilter { q: q.to_owned(), limit: 50, ..tab(case) };
            let page = db.read(Scope::System, move |tx| artifact::list(tx, &filter));
            assert!(page.items.iter().all(|item| item.record.title.contains(".case.")));
            (page.items.len(), page.total, page.total_is_exact)
        };
        assert_eq!(found("rare"), (6, 6, true));
        assert_eq!(found("common"), (50, 1_000, false));
        // Two characters, whatever stands beside them and whatever they are.
        for pair in ["qz", "zé", "é", "é r", "-q", "qz ra", "q z"] {
            assert_eq!(found(pair), (6, 6, true), "{pair}");
        }
        assert_eq!(found("qy"), (0, 0, true));
        assert_eq!(found("h5 rare"), (1, 1, true));
        assert_eq!(found("library"), (0, 0, true));
        // In many, and in none of the newest.
        assert_eq!(found("old"), (50, 1_000, false));
        assert_eq!(found("old rare"), (2, 2, true));
        let sort = Sort { column: SortColumn::Title, descending: false };
        let by_title = ArtifactFilter { q: "common".to_owned(), limit: 2, sort, ..tab(case) };
        let page = db.read(Scope::System, move |tx| artifact::list(tx, &by_title));
        let titles: Vec<&str> = page.items.iter().map(|item| item.record.title.as_str()).collect();
        assert_eq!(titles, ["h0.old.case.common.example.com", "h1.old.case.common.example.com"]);
    }

    fn rows_that_came_later_are_left_alone(db: TestStore) {
        let case = open_case(&db, "hunt", &[]).id;
        let records = upsert(&db, Scope::System, &["a.example.com", "b.example.com", "c.example.com"], true);
        let (added, _) = add(&db, case, &records[..2]);
        let seen = db.read(Scope::System, move |tx| artifact::list(tx, &tab(case)));
        // The last row goes, and another comes: it must not take the number of the one that went.
        undo(&db, case, added);
        add(&db, case, &records[2..]);
        let filter = ArtifactFilter { as_of: seen.as_of.parse().ok(), ..tab(case) };
        assert_eq!(db.read(Scope::System, move |tx| artifact::matching_ids(tx, &filter, 10)), Vec::<i64>::new());
        let filter = tab(case);
        assert_eq!(db.read(Scope::System, move |tx| artifact::matching_ids(tx, &filter, 10)), [records[2].id]);
    }
}
