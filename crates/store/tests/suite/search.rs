//! Searches over everything: what they find, for whom, and how the database goes about them.

use model::artifact::StatusFilter;
use model::kind::NewRecord;
use model::list::{Cursor, Sort, SortColumn};
use model::note::{Audience, NoteKind};
use model::operation::OperationVerb;
use model::{Kind, Scope};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::artifact::ArtifactFilter;
use store::case::Around;
use store::note::NoteSearch;
use store::record::{self, RecordFilter};
use store::{StoreError, Tx, annotation, artifact, case, note};
use testkit::{Engine, TestStore};

use crate::common::{add, observable, open_case, operate, people, upsert, upsert_all};
use crate::visibility::all_records;

fn of_kind(title: &str, kind: Kind) -> NewRecord {
    let record = NewRecord { title: title.to_owned(), search_text: model::text::fold(title), ..observable("a.example.com") };
    NewRecord { kind, public_id: None, ..record }
}

fn asked(q: &str) -> RecordFilter {
    RecordFilter { q: q.to_owned(), sort: Sort { column: SortColumn::Added, descending: true }, ..all_records() }
}

/// Kind, how many, and the titles of the newest.
fn by_kind(db: &TestStore, scope: Scope, q: &str, each: u32) -> Vec<(Kind, i64, Vec<String>)> {
    let filter = asked(q);
    let found = db.read(scope, move |tx| record::by_kind(tx, &filter, each));
    found.into_iter().map(|of| (of.kind, of.total, of.newest.into_iter().map(|record| record.title).collect())).collect()
}

fn notes_of(q: &str, reader: &str) -> NoteSearch {
    NoteSearch { q: q.to_owned(), reader: reader.to_owned(), kind: NoteKind::WorkNote, before: None, limit: 10 }
}

testkit::each_engine! {
    fn records_are_found_kind_by_kind_the_newest_first(db: TestStore) {
        let mut records: Vec<NewRecord> = (0..1_200).map(|n| observable(&format!("h{n}.common.example.com"))).collect();
        records.extend((0..3).map(|n| of_kind(&format!("common user {n}"), Kind::User)));
        records.push(of_kind("common incident", Kind::Incident));
        records.push(of_kind("another incident", Kind::Incident));
        upsert_all(&db, Scope::System, records, true);
        let expected = vec![
            (Kind::Observable, 1_001, vec!["h1199.common.example.com".to_owned(), "h1198.common.example.com".to_owned()]),
            (Kind::User, 3, vec!["common user 2".to_owned(), "common user 1".to_owned()]),
            (Kind::Incident, 1, vec!["common incident".to_owned()]),
        ];
        let sorted = |mut found: Vec<(Kind, i64, Vec<String>)>| {
            found.sort_by_key(|(kind, ..)| *kind);
            found
        };
        for q in ["common", "COMM on", "co"] {
            assert_eq!(sorted(by_kind(&db, Scope::System, q, 2)), sorted(expected.clone()), "{q}");
        }
        assert_eq!(by_kind(&db, Scope::System, "incident", 1), [(Kind::Incident, 2, vec!["another incident".to_owned()])]);
        assert_eq!(by_kind(&db, Scope::System, "nowhere", 5), []);
        let only = RecordFilter { kind: Some(Kind::User), ..asked("common") };
        assert_eq!(db.read(Scope::System, move |tx| record::by_kind(tx, &only, 0)).iter().map(|of| of.total).collect::<Vec<_>>(), [3]);
    }

    fn a_common_word_is_listed_whole_in_every_order(db: TestStore) {
        let mut records: Vec<NewRecord> = (0..1_100).map(|n| observable(&format!("h{}.common.example.com", n * 7 % 1_100))).collect();
        records.extend((0..40).map(|n| of_kind(&format!("common user {n}"), Kind::User)));
        let made = upsert_all(&db, Scope::System, records, true).len();
        for (column, descending) in [(SortColumn::Added, true), (SortColumn::Added, false), (SortColumn::Title, true), (SortColumn::Severity, false)] {
            for kind in [None, Some(Kind::User)] {
                let mut filter = RecordFilter { sort: Sort { column, descending }, kind, limit: 100, ..asked("common") };
                let (mut ids, mut keys) = (Vec::new(), Vec::new());
                loop {
                    let page = filter.clone();
                    let page = db.read(Scope::System, move |tx| record::list(tx, &page));
                    ids.extend(page.items.iter().map(|record| record.id));
                    keys.extend(page.items.iter().map(|record| model::text::fold(&record.title)));
                    match page.next_cursor {
                        Some(next) => filter.cursor = Some(next.parse::<Cursor>().unwrap()),
                        None => break,
                    }
                }
                let ordered = |keys: &[String]| keys.windows(2).all(|two| if descending { two[0] >= two[1] } else { two[0] <= two[1] });
                let in_order = match column {
                    SortColumn::Title => ordered(&keys),
                    _ => ids.windows(2).all(|two| if descending { two[0] > two[1] } else { two[0] < two[1] }),
                };
                assert!(in_order, "{column} {descending} {kind:?}");
                let all = ids.len();
                ids.sort_unstable();
                ids.dedup();
                let expected = if kind.is_some() { 40 } else { made };
                assert_eq!((all, ids.len()), (expected, expected), "{column} {descending} {kind:?}");
            }
        }
    }

    fn what_a_restricted_case_holds_is_neither_found_nor_counted(db: TestStore) {
        let people = people(&db);
        let secret = open_case(&db, "secret", &["ada"]);
        let open = open_case(&db, "open", &[]);
        let known = upsert(&db, people.bob, &["known.petrichor.example.com"], true);
        let hidden = upsert(&db, people.ada, &["hidden.petrichor.example.com"], false);
        add(&db, secret.id, &hidden);
        add(&db, secret.id, &known);
        add(&db, open.id, &known);
        let (known, hidden) = (known[0].id, hidden[0].id);
        for (case, records) in [(secret.id, vec![known, hidden]), (open.id, vec![known])] {
            operate(&db, case, OperationVerb::Annotate, move |tx, operation, stamp| {
                annotation::insert(tx, case, &records, "petrichor, everywhere", operation, stamp)
            });
            let stamp = db.stamp("ada");
            db.write(people.ada, move |tx| note::insert(tx, case, NoteKind::WorkNote, Audience::Team, "petrichor here", &stamp));
        }
        let seen = |scope: Scope, reader: &'static str| {
            let records = by_kind(&db, scope, "petrichor", 5).iter().map(|(_, total, newest)| (*total, newest.len())).collect::<Vec<_>>();
            let (notes, annotations) = db.read(scope, move |tx| {
                let notes = note::search(tx, &notes_of("petrichor", reader))?;
                let annotations = annotation::search(tx, "petrichor", None, 10)?;
                Ok(((notes.total, notes.items.len()), (annotations.total, annotations.items.len())))
            });
            (records, notes, annotations)
        };
        assert_eq!(seen(people.ada, "ada"), (vec![(2, 2)], (2, 2), (3, 3)));
        assert_eq!(seen(people.bob, "bob"), (vec![(1, 1)], (1, 1), (1, 1)));
    }

    fn notes_for_few_corrections_and_withdrawals_are_heeded(db: TestStore) {
        let people = people(&db);
        let open = open_case(&db, "open", &[]);
        let found = upsert(&db, people.ada, &["a.example.com"], true)[0];
        let stamps = [db.stamp("ada"), db.stamp("ada"), db.stamp("ada")];
        let case = open.id;
        let note = db.write(people.ada, move |tx| {
            case::set_around(tx, case, &Around { work_notes_list: vec!["carla".to_owned()], ..Around::default() })?;
            note::insert(tx, case, NoteKind::WorkNote, Audience::WorkNotesList, "petrichor", &stamps[0]).map(|(row, _)| row)
        });
        let notes = |q: &'static str, reader: &'static str| db.read(people.bob, move |tx| note::search(tx, &notes_of(q, reader))).total;
        assert_eq!([notes("petrichor", "ada"), notes("petrichor", "carla"), notes("petrichor", "bob")], [1, 1, 0]);
        let stamp = db.stamp("ada");
        db.write(people.ada, move |tx| note::correct(tx, note, "geosmin, rather", &stamp));
        assert_eq!([notes("petrichor", "ada"), notes("geosmin", "ada"), notes("ge", "ada")], [0, 1, 1]);
        operate(&db, case, OperationVerb::Annotate, move |tx, operation, stamp| {
            annotation::insert(tx, case, &[found.id], "petrichor again", operation, stamp)
        });
        let annotations = |q: &'static str| db.read(people.bob, move |tx| annotation::search(tx, q, None, 10)).items;
        let written = annotations("petrichor").remove(0).annotation.id;
        let stamp = db.stamp("ada");
        db.write(people.ada, move |tx| annotation::correct(tx, written, "geosmin again", &stamp));
        assert_eq!((annotations("petrichor").len(), annotations("geosmin").len()), (0, 1));
        let stamp = db.stamp("ada");
        db.write(people.ada, move |tx| annotation::withdraw(tx, written, 0, &stamp));
        assert_eq!(annotations("geosmin").len(), 0);
    }

    // Short words too: whatever is typed, notes answer as a plain look at every text would.
    fn any_search_of_notes_answers_as_looking_at_every_one_would(db: TestStore) {
        let case = open_case(&db, "notes", &[]);
        let mut runner = TestRunner::new(Config { cases: 120, failure_persistence: None, ..Config::default() });
        let texts: Vec<String> = ["ab", "b a", "aé日", "日本語", "a\"b'", "100%_", "zz ab", "é", "本", "aaaa", "%", "x yz"].map(str::to_owned).to_vec();
        for text in &texts {
            let (text, stamp) = (text.clone(), db.stamp("ada"));
            db.write(Scope::System, move |tx| note::insert(tx, case.id, NoteKind::WorkNote, Audience::Team, &text, &stamp));
        }
        runner.run(&"[abxyzé日本語%_\"' 0]{1,4}", |q| {
            let words = model::text::search_words(&q);
            let mut wanted: Vec<&String> = texts.iter().filter(|text| words.iter().all(|w| model::text::fold(text).contains(w.as_str()))).collect();
            wanted.sort();
            let asked = NoteSearch { limit: 100, ..notes_of(&q, "ada") };
            let mut found: Vec<String> = db.read(Scope::System, move |tx| note::search(tx, &asked)).items.into_iter().map(|one| one.note.text).collect();
            found.sort();
            prop_assert_eq!(found.iter().collect::<Vec<_>>(), wanted);
            Ok(())
        }).unwrap();
    }
}

/// The steps of a read's plans.
fn plan<T: Send + 'static>(db: &TestStore, work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static) -> String {
    db.read(Scope::Viewer(1), move |tx| tx.explained(work).map(|(_, steps)| steps.join("\n")))
}

/// No table is walked from end to end, and nothing is sorted that an index holds in order.
#[track_caller]
fn assert_led(plan: &str, by: &[&str], sorts: bool) {
    for index in by {
        assert!(plan.contains(index), "{index} does not lead:\n{plan}");
    }
    let walked: Vec<&str> = plan
        .lines()
        .filter(|step| step.starts_with("SCAN") && !step.contains("VIRTUAL TABLE") && !step.contains("CONSTANT ROW"))
        .filter(|step| !["matches", "found"].iter().any(|inner| step.contains(inner)))
        .collect();
    assert!(walked.is_empty(), "{walked:?} in\n{plan}");
    assert_eq!(plan.contains("TEMP B-TREE"), sorts, "{plan}");
}

fn many(db: &TestStore) -> i64 {
    let case = open_case(db, "large", &[]);
    let mut records: Vec<NewRecord> = (0..5_100).map(|n| observable(&format!("h{n}.common.example.com"))).collect();
    records.extend((0..30).map(|n| of_kind(&format!("common rare{n}"), Kind::User)));
    let made = upsert_all(db, Scope::System, records, true);
    add(db, case.id, &made);
    case.id
}

// On SQLite plans do not depend on what the tables hold.
#[test]
fn the_text_index_leads_whatever_is_looked_for() {
    let db = TestStore::new(Engine::Sqlite);
    let case = many(&db);
    for q in ["rare7", "common", "nowhere", "198.51.100.7", "ra", "re common"] {
        let filter = asked(q);
        assert_led(
            &plan(&db, move |tx| record::by_kind(tx, &filter, 5)),
            &["record_text VIRTUAL TABLE", "SEARCH r USING INTEGER PRIMARY KEY"],
            false,
        );
        let filter = RecordFilter { kind: Some(Kind::Observable), ..asked(q) };
        assert_led(
            &plan(&db, move |tx| record::list(tx, &filter)),
            &["record_text VIRTUAL TABLE", "SEARCH r USING INTEGER PRIMARY KEY"],
            false,
        );
        assert_led(
            &plan(&db, move |tx| note::search(tx, &notes_of(q, "ada"))),
            &["note_gram VIRTUAL TABLE"][..usize::from(q.len() == 2)],
            false,
        );
    }
    for q in ["petrichor", "two words"] {
        assert_led(
            &plan(&db, move |tx| note::search(tx, &notes_of(q, "ada"))),
            &["note_text VIRTUAL TABLE", "SEARCH n USING INTEGER PRIMARY KEY"],
            false,
        );
        let lead = ["annotation_text VIRTUAL TABLE", "SEARCH n USING INTEGER PRIMARY KEY", "SEARCH r USING INTEGER PRIMARY KEY"];
        assert_led(&plan(&db, move |tx| annotation::search(tx, q, None, 5)), &lead, false);
    }
    // A word that few records hold is sorted; in a case as well.
    let filter = RecordFilter { kind: Some(Kind::Observable), sort: Sort { column: SortColumn::Title, descending: false }, ..asked("h77") };
    assert_led(&plan(&db, move |tx| record::list(tx, &filter)), &["record_text VIRTUAL TABLE"], true);
    let filter = tab(case, "h77", SortColumn::Added);
    let lead = ["record_text VIRTUAL TABLE", "SEARCH a USING INDEX sqlite_autoindex_artifact_1 (case_id=? AND record_id=?)"];
    assert_led(rows_of(&plan(&db, move |tx| artifact::list(tx, &filter))), &lead, true);
}

/// Of a tab's plan, what finds its rows: what hangs on the rows of the page is asked for after them, and sorted page by page.
fn rows_of(plan: &str) -> &str {
    plan.split_once("SEARCH artifact_origin").map_or(plan, |(rows, _)| rows)
}

fn tab(case: i64, q: &str, column: SortColumn) -> ArtifactFilter {
    ArtifactFilter {
        case,
        kind: Some(Kind::Observable),
        status: StatusFilter::Included,
        q: q.to_owned(),
        categories: Vec::new(),
        findings: Vec::new(),
        marked: None,
        sort: Sort { column, descending: true },
        cursor: None,
        limit: 50,
        as_of: None,
    }
}

#[test]
fn every_sort_column_is_read_in_its_order() {
    let db = TestStore::new(Engine::Sqlite);
    let case = many(&db);
    // As if it were larger than what is sorted.
    db.sql("UPDATE artifact_count SET count = count + 1000000");
    for column in SortColumn::ALL.iter().copied() {
        let index = format!("USING INDEX record_{column} (kind=?");
        let covered = format!("USING COVERING INDEX record_{column} (kind=?");
        let sort = Sort { column, descending: true };
        for kind in [Some(Kind::Observable), None] {
            let filter = RecordFilter { kind, sort, ..all_records() };
            let steps = plan(&db, move |tx| record::list(tx, &filter));
            let lead: &[&str] = if column == SortColumn::Added && kind.is_none() { &[] } else { &[&index] };
            let counted: Vec<&str> = steps.lines().filter(|step| !step.starts_with("SCAN r")).collect();
            assert_led(&counted.join("\n"), lead, false);
        }
        // Narrowed to what is common, the order still leads.
        let filter = RecordFilter { kind: Some(Kind::Observable), sort, categories: vec!["domain-name".to_owned()], ..all_records() };
        let by = if column == SortColumn::Added { vec![] } else { vec![index.as_str()] };
        assert_led(&plan(&db, move |tx| record::list(tx, &filter)), &by, false);
        if column != SortColumn::Added {
            let filter = tab(case, "", column);
            let steps = plan(&db, move |tx| artifact::list(tx, &filter));
            assert!(steps.contains(&index) || steps.contains(&covered), "{column}:\n{steps}");
            assert!(steps.contains("SEARCH a USING INDEX sqlite_autoindex_artifact_1 (case_id=? AND record_id=?)"), "{column}:\n{steps}");
            assert!(!rows_of(&steps).contains("TEMP B-TREE FOR ORDER BY"), "{column}:\n{steps}");
        }
    }
}
