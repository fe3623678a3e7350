//! The journal's chain: whole as it grows, and no change to it goes unnoticed.

use model::Scope;
use model::journal::Anchor;
use serde_json::json;
use store::journal::{self, Deed, ShownIn, Verification};
use testkit::TestStore;

use crate::common::{add, open_case, people, upsert};

fn write(db: &TestStore, entries: usize, shown: ShownIn) {
    for n in 0..entries {
        let stamp = db.stamp(if n % 2 == 0 { "ada" } else { "Łukasz" });
        db.write(Scope::System, move |tx| {
            let deed = Deed { verb: "case.update", object: "SECC0001001", details: json!({ "n": n, "text": "\u{2028}\"é" }) };
            journal::append(tx, &stamp, &deed, shown)
        });
    }
}

fn verify(db: &TestStore, anchor: Option<Anchor>) -> Verification {
    db.read(Scope::System, move |tx| journal::verify(tx, anchor.as_ref()))
}

fn broken_at(found: &Verification) -> i64 {
    found.broken.as_ref().map_or(0, |broken| broken.seq)
}

testkit::each_engine! {
    fn the_chain_is_whole_however_it_grew(mut db: TestStore) {
        assert_eq!(verify(&db, None), Verification { entries: 0, erased: 0, head: None, broken: None });
        write(&db, 7, ShownIn::Journal);
        db.reopen();
        write(&db, 5, ShownIn::Journal);
        let found = verify(&db, None);
        assert_eq!((found.entries, found.erased, found.broken.clone()), (12, 0, None));
        let head = db.read(Scope::System, journal::head);
        assert_eq!(found.head, head.map(|anchor| anchor.to_string()));
    }

    fn a_change_to_any_column_is_found_where_it_is(db: TestStore) {
        write(&db, 6, ShownIn::Journal);
        let tampered = [
            ("at", "at + 1", "at - 1"),
            ("actor", "'eve'", "'ada'"),
            ("verb", "'case.list'", "'case.update'"),
            ("object", "'SECC0001002'", "'SECC0001001'"),
            ("details", "substr(details, 1, 63) || 'g'", ""),
            ("prev", "substr(prev, 1, 63) || 'g'", ""),
            ("hash", "substr(hash, 1, 63) || 'g'", ""),
        ];
        for (column, to, back) in tampered {
            db.sql("CREATE TABLE before_tampering AS SELECT * FROM journal");
            db.sql(&format!("UPDATE journal SET {column} = {to} WHERE seq = 3"));
            let found = verify(&db, None);
            assert_eq!((broken_at(&found), found.entries), (3, 2), "{column}: {found:?}");
            if back.is_empty() {
                db.sql(&format!("UPDATE journal SET {column} = (SELECT {column} FROM before_tampering b WHERE b.seq = 3) WHERE seq = 3"));
            } else {
                db.sql(&format!("UPDATE journal SET {column} = {back} WHERE seq = 3"));
            }
            db.sql("DROP TABLE before_tampering");
            assert_eq!(verify(&db, None).broken, None, "{column} was put back");
        }
        db.sql("UPDATE journal_detail SET details = '{}' WHERE seq = 4");
        let found = verify(&db, None);
        assert_eq!((broken_at(&found), found.entries), (4, 3), "{found:?}");
    }

    fn a_missing_entry_is_found_and_an_erased_detail_is_not_a_break(db: TestStore) {
        write(&db, 6, ShownIn::Journal);
        db.sql("DELETE FROM journal_detail WHERE seq IN (2, 5)");
        let found = verify(&db, None);
        assert_eq!((found.entries, found.erased, found.broken), (6, 2, None));
        db.sql("DELETE FROM journal_detail WHERE seq = 3");
        db.sql("DELETE FROM journal WHERE seq = 3");
        let found = verify(&db, None);
        assert_eq!(found.entries, 2);
        assert!(found.broken.is_some_and(|broken| broken.why.contains("entry 3 is missing")));
    }

    fn an_anchor_finds_a_journal_that_was_cut_or_written_anew(db: TestStore) {
        write(&db, 4, ShownIn::Journal);
        let anchor = db.read(Scope::System, journal::head).unwrap();
        assert_eq!(verify(&db, Some(anchor.clone())).broken, None);
        write(&db, 2, ShownIn::Journal);
        assert_eq!(verify(&db, Some(anchor.clone())).broken, None, "later entries change nothing");
        let other = Anchor { hash: "0".repeat(64), ..anchor.clone() };
        assert_eq!(broken_at(&verify(&db, Some(other))), 4);
        db.sql("DELETE FROM journal_detail WHERE seq > 3");
        db.sql("DELETE FROM journal WHERE seq > 3");
        assert_eq!(verify(&db, None).broken, None, "without an anchor nobody can tell");
        assert_eq!(broken_at(&verify(&db, Some(anchor))), 4);
    }

    fn an_activity_shows_in_the_cases_that_it_is_about(db: TestStore) {
        let people = people(&db);
        let (open, quiet) = (open_case(&db, "open", &[]), open_case(&db, "quiet", &["ada"]));
        let record = upsert(&db, people.ada, &["198.51.100.9"], true)[0];
        add(&db, open.id, &[record]);
        add(&db, quiet.id, &[record]);
        write(&db, 1, ShownIn::Journal);
        write(&db, 2, ShownIn::Case(open.id));
        write(&db, 3, ShownIn::CasesOfRecord(record.id));
        let shown = |scope, case, before| {
            let entries = db.read(scope, move |tx| journal::activity(tx, case, before, 50));
            entries.iter().map(|entry| entry.seq).collect::<Vec<i64>>()
        };
        assert_eq!(shown(people.bob, open.id, i64::MAX), [6, 5, 4, 3, 2]);
        assert_eq!(shown(people.bob, open.id, 4), [3, 2]);
        assert_eq!(shown(people.ada, quiet.id, i64::MAX), [6, 5, 4]);
        assert!(shown(people.bob, quiet.id, i64::MAX).is_empty());
    }
}
