//! The list of cases: every filter, every order, every page.

use std::collections::BTreeSet;

use model::Scope;
use model::case::{CaseState, CaseType, Rating, Tlp};
use model::list::{CaseSort, Cursor, CursorKey, Sort};
use store::case::{Around, Case, CaseFilter};
use store::{StoreError, Tx, case};
use testkit::TestStore;

use crate::common::{insert_case, new_case, open_case, people};
use crate::visibility::all_cases;

/// Forty cases whose sort values repeat, one in five of them restricted to Ada.
fn forty(db: &TestStore) {
    let stamps: Vec<_> = (0..40).map(|_| db.stamp("ada")).collect();
    db.write(Scope::System, move |tx| {
        for (n, stamp) in stamps.iter().enumerate() {
            let base = new_case(["Ümlaut", "alpha", "Beta", "alpha"][n % 4], stamp);
            let rating = Rating::ALL[n % Rating::ALL.len()];
            let state = CaseState::ALL[n % CaseState::ALL.len()];
            let updated_at = model::Timestamp(stamps[0].at.micros() + (n as i64 % 3));
            let case = Case { rating, state, updated_at, ..base };
            insert_case(tx, &case, if n % 5 == 0 { &["ada"] } else { &[] })?;
        }
        Ok(())
    });
}

fn walk(db: &TestStore, scope: Scope, sort: Sort<CaseSort>) -> Vec<Case> {
    let mut filter = CaseFilter { sort, limit: 7, ..all_cases() };
    let mut walked = Vec::new();
    loop {
        let asked = filter.clone();
        let page = db.read(scope, move |tx| case::list(tx, &asked));
        assert!(page.items.len() <= 7);
        walked.extend(page.items.into_iter().map(|item| item.case));
        match page.next_cursor {
            Some(cursor) => filter.cursor = Some(cursor.parse::<Cursor>().unwrap()),
            None => return walked,
        }
    }
}

testkit::each_engine! {
    fn pages_walk_every_case_once_in_every_order(db: TestStore) {
        let people = people(&db);
        forty(&db);
        for column in CaseSort::ALL {
            for descending in [false, true] {
                let walked = walk(&db, people.bob, Sort { column: *column, descending });
                let numbers: BTreeSet<i64> = walked.iter().map(|case| case.number).collect();
                assert_eq!((walked.len(), numbers.len()), (32, 32), "{column} {descending}");
                assert!(walked.iter().all(|case| !case.restricted));
                let key = |case: &Case| match column {
                    CaseSort::Updated => case.updated_at.micros().to_string(),
                    CaseSort::Created => case.created_at.micros().to_string(),
                    CaseSort::Number => case.number.to_string(),
                    CaseSort::Name => case.name.clone(),
                    CaseSort::Rating => case.rating.code().to_string(),
                    CaseSort::State => case.state.code().to_string(),
                };
                let keys: Vec<(String, i64)> = walked.iter().map(|case| (key(case), case.id)).collect();
                let mut sorted = keys.clone();
                sorted.sort();
                if descending {
                    sorted.reverse();
                }
                assert_eq!(keys, sorted, "{column} {descending}");
            }
        }
    }

    fn every_filter_keeps_what_fits(db: TestStore) {
        let _ = people(&db);
        let mut fits = new_case("50% of hosts_down", &db.stamp("ada"));
        fits.rating = Rating::Critical;
        fits.case_type = CaseType::Campaign;
        fits.tlp = Tlp::Red;
        fits.state = CaseState::Review;
        fits.assigned_to = "bob".to_owned();
        let around = Around { tags: vec!["ransomware".to_owned()], ..Around::default() };
        let wanted = db.write(Scope::System, move |tx| {
            let made = insert_case(tx, &fits, &[])?;
            case::set_around(tx, made.id, &around)?;
            Ok(made.number)
        });
        open_case(&db, "500 hosts", &[]);
        let filters: Vec<(&str, CaseFilter)> = vec![
            ("percent", CaseFilter { q: "50%".to_owned(), ..all_cases() }),
            ("underscore", CaseFilter { q: "hosts_d".to_owned(), ..all_cases() }),
            ("two words", CaseFilter { q: "down OF".to_owned(), ..all_cases() }),
            ("number", CaseFilter { q: "secc0001001".to_owned(), ..all_cases() }),
            ("state", CaseFilter { states: vec![CaseState::Review, CaseState::Closed], ..all_cases() }),
            ("rating", CaseFilter { ratings: vec![Rating::Critical], ..all_cases() }),
            ("type", CaseFilter { case_types: vec!["campaign".to_owned()], ..all_cases() }),
            ("tlp", CaseFilter { tlps: vec![Tlp::Red], ..all_cases() }),
            ("assigned", CaseFilter { assigned_to: Some("bob".to_owned()), ..all_cases() }),
            ("tag", CaseFilter { tag: Some("ransomware".to_owned()), ..all_cases() }),
        ];
        for (name, filter) in filters {
            let page = db.read(Scope::System, move |tx| case::list(tx, &filter));
            let numbers: Vec<i64> = page.items.iter().map(|item| item.case.number).collect();
            assert_eq!((numbers.as_slice(), page.total, page.total_is_exact), ([wanted].as_slice(), 1, true), "{name}");
        }
    }

    fn a_cursor_of_another_order_is_refused(db: TestStore) {
        let _ = people(&db);
        open_case(&db, "one", &[]);
        let text = Cursor { key: CursorKey::Text("x".to_owned()), id: 1 };
        let number = Cursor { key: CursorKey::Int(7), id: 1 };
        for (column, cursor) in [(CaseSort::Updated, text), (CaseSort::Name, number)] {
            let filter = CaseFilter { sort: Sort { column, descending: false }, cursor: Some(cursor), ..all_cases() };
            let outcome = db.store().read_blocking(Scope::System, move |tx: &mut Tx<'_>| case::list(tx, &filter));
            assert!(matches!(outcome, Err(StoreError::BadCursor)), "{column}");
        }
    }
}
