//! Every statement on both engines, and what the drivers do with parameters.

use model::Scope;
use store::{StoreError, Tx, account, case};
use testkit::{Engine, TestStore};

use crate::common::{new_case, people};

testkit::each_engine! {
    fn every_statement_is_understood(db: TestStore) {
        let mut refused = Vec::new();
        for (module, name, sql) in store::statements() {
            if let Err(error) = db.store().read_blocking::<_, StoreError, _>(Scope::System, move |tx| tx.prepare_only(sql)) {
                refused.push(format!("{module}::{name}: {error}"));
            }
        }
        assert_eq!(refused, Vec::<String>::new());
    }

    // SQLite numbers `$` names by their first appearance: `b = $2 … a = $1` would swap the two arguments.
    fn the_second_parameter_may_come_first(db: TestStore) {
        let people = people(&db);
        let known = db.read(people.ada, |tx| {
            // `case_visible` holds `$1` and comes first; `MARK_UNDONE` and others begin with `$2`.
            let names = account::known_names(tx, &["ada", "nobody"])?;
            Ok((names.contains("ada"), names.contains("nobody")))
        });
        assert_eq!(known, (true, false));
        let swapped = store::statements().into_iter().filter(|(_, _, sql)| {
            let first = |n: &str| sql.find(n).unwrap_or(usize::MAX);
            first("$2") < first("$1")
        });
        assert!(swapped.count() > 0, "some statement mentions $2 before $1, or this test tests nothing");
        let stamp = db.stamp("ada");
        let kept = db.write(Scope::System, move |tx| {
            let made = crate::common::insert_case(tx, &new_case("touched", &stamp), &[])?;
            case::touch(tx, made.id, &stamp)?;
            case::find_by_id(tx, made.id)
        });
        assert_eq!(kept.map(|case| (case.name, case.updated_by)), Some(("touched".to_owned(), "ada".to_owned())));
    }

    fn text_with_a_nul_is_an_error_and_nothing_more(db: TestStore) {
        let stamp = db.stamp("ada");
        let broken = new_case("a\0b", &stamp);
        let outcome = db.store().write_blocking(Scope::System, move |tx: &mut Tx<'_>| crate::common::insert_case(tx, &broken, &[]));
        assert!(matches!(outcome, Err(StoreError::Database(_))), "{outcome:?}");
        let whole = new_case("ab", &stamp);
        let made = db.write(Scope::System, move |tx| crate::common::insert_case(tx, &whole, &[]));
        assert_eq!(made.number, 1_001, "the number that the refused case took was given back");
    }

    fn a_row_that_no_version_writes_is_told_and_not_shown(db: TestStore) {
        let people = people(&db);
        let case = crate::common::open_case(&db, "odd", &[]);
        db.sql("UPDATE security_case SET state = 77");
        let outcome = db.store().read_blocking(people.ada, move |tx: &mut Tx<'_>| case::find(tx, case.number));
        assert!(matches!(outcome, Err(StoreError::Corrupt { column: 5, .. })), "{outcome:?}");
    }

    fn a_newer_database_is_refused(mut db: TestStore) {
        db.close();
        db.sql("INSERT INTO schema_version (version) VALUES (900)");
        assert!(matches!(store::Store::open(&db.options), Err(StoreError::TooNew { found: 900, .. })));
    }

    fn the_schema_is_made_once(mut db: TestStore) {
        let _ = people(&db);
        db.reopen();
        assert_eq!(db.read(Scope::System, |tx| account::known_names(tx, &["ada"])).len(), 1);
        assert!(matches!((db.store().engine(), db.postgres().is_some()), (Engine::Sqlite, false) | (Engine::Postgres, true)));
    }
}
