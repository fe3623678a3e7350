//! Records: stored once, found by any word, sorted and paged.

use std::collections::BTreeSet;

use model::kind::{IdentityKey, KeyScheme, NewRecord, RecordInput};
use model::list::{Cursor, Sort, SortColumn};
use model::relationship::RelationshipType;
use model::{Fields, Kind, Scope, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use store::record::{self, Record, RecordFilter};
use testkit::TestStore;

use crate::common::{observable, people, upsert, upsert_all};
use crate::visibility::all_records;

fn item(json: serde_json::Value) -> NewRecord {
    let input: RecordInput = serde_json::from_value(json).unwrap();
    let mut fields = Fields::new();
    let record = NewRecord::read(&input, "", &mut fields).unwrap();
    fields.finish().unwrap();
    record
}

fn named(title: &str) -> NewRecord {
    NewRecord { title: title.to_owned(), search_text: model::text::fold(title), ..item(serde_json::json!({ "kind": "user", "name": "x" })) }
}

fn search(db: &TestStore, q: &str) -> Vec<String> {
    let filter = RecordFilter { q: q.to_owned(), ..all_records() };
    let page = db.read(Scope::System, move |tx| record::list(tx, &filter));
    assert_eq!(page.total, page.items.len() as i64, "{q}");
    page.items.into_iter().map(|record| record.title).collect()
}

testkit::each_engine! {
    fn the_same_observable_is_one_record(db: TestStore) {
        let people = people(&db);
        let first = upsert(&db, people.ada, &["evil.example.com", "198.51.100.7", "EVIL[.]example.com"], true);
        assert_eq!(first.iter().map(|r| r.created).collect::<Vec<_>>(), [true, true, true]);
        assert_eq!(first[0].id, first[2].id);
        let again = upsert(&db, people.bob, &["198.51.100.7", "evil.example.com"], true);
        assert_eq!(again.iter().map(|r| (r.id, r.created)).collect::<Vec<_>>(), [(first[1].id, false), (first[0].id, false)]);
        assert_eq!(db.read(people.bob, |tx| record::list(tx, &all_records())).total, 2);
        assert_eq!(upsert(&db, people.bob, &[], true), []);
    }

    fn many_records_come_in_at_once(db: TestStore) {
        let values: Vec<String> = (0..2_345).map(|n| format!("h{n}.example.com")).collect();
        let records: Vec<NewRecord> = values.iter().map(|value| observable(value)).collect();
        let made = upsert_all(&db, Scope::System, records.clone(), true);
        let ids: BTreeSet<i64> = made.iter().map(|r| r.id).collect();
        assert_eq!(ids.len(), 2_345);
        let page = db.read(Scope::System, |tx| record::list(tx, &all_records()));
        assert_eq!((page.total, page.total_is_exact), (1_000, false));
        let public_ids: Vec<String> = records.into_iter().filter_map(|r| r.public_id).collect();
        assert_eq!(db.read(Scope::System, move |tx| record::find_all(tx, &public_ids)).len(), 2_345);
    }

    fn keywords_are_words_and_never_patterns(db: TestStore) {
        let titles = [
            "100% certain", "1000 certain", "under_score", "underXscore", "a\"quoted\" name", "back\\slash", "ab", "Straße 7",
            "ŁÓDŹ gateway", "日本語のホスト", "NEAR AND OR NOT", "col:umn*", "(paren)", "x'; DROP TABLE record; --", "été", "{brace}^+-",
        ];
        upsert_all(&db, Scope::System, titles.iter().map(|title| named(title)).collect(), true);
        let cases: &[(&str, &[&str])] = &[
            ("100%", &["100% certain"]),
            ("under_score", &["under_score"]),
            ("\"quoted\"", &["a\"quoted\" name"]),
            ("quoted\" name", &["a\"quoted\" name"]),
            ("k\\s", &["back\\slash"]),
            ("\\", &["back\\slash"]),
            ("ab", &["ab", "x'; DROP TABLE record; --"]),
            ("STRASSE", &[]),
            ("straße", &["Straße 7"]),
            ("łódź GATE", &["ŁÓDŹ gateway"]),
            ("本語", &["日本語のホスト"]),
            ("ホスト", &["日本語のホスト"]),
            ("near and not", &["NEAR AND OR NOT"]),
            ("AND", &["NEAR AND OR NOT"]),
            ("col:umn*", &["col:umn*"]),
            ("umn*", &["col:umn*"]),
            ("(paren)", &["(paren)"]),
            ("'; DROP TABLE", &["x'; DROP TABLE record; --"]),
            ("e\u{301}t\u{e9}", &["été"]),
            ("}^+-", &["{brace}^+-"]),
            ("certain 0", &["100% certain", "1000 certain"]),
            ("search_text:paren", &[]),
            ("\"\"", &titles),
            ("   ", &titles),
        ];
        for (q, wanted) in cases {
            assert_eq!(search(&db, q), *wanted, "{q}");
        }
    }

    // Whatever is typed, both engines answer as a plain look at every text would.
    fn any_search_answers_as_looking_at_every_row_would(db: TestStore) {
        let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
        let title = "[ab%_\"'*\\\\(:é日 ]{1,9}[.]";
        let titles: BTreeSet<String> = (0..60).map(|_| title.new_tree(&mut runner).unwrap().current()).collect();
        let titles: Vec<String> = titles.into_iter().collect();
        upsert_all(&db, Scope::System, titles.iter().map(|title| named(title)).collect(), true);
        runner.run(&"[ab%_\"'*\\\\(:é日 ]{0,6}", |q| {
            let words = model::text::search_words(&q);
            let wanted: Vec<&String> = titles.iter().filter(|title| words.iter().all(|w| model::text::fold(title).contains(w.as_str()))).collect();
            let mut found = search(&db, &q);
            found.sort();
            prop_assert_eq!(found.iter().collect::<Vec<_>>(), wanted);
            Ok(())
        }).unwrap();
    }

    fn a_word_that_half_the_library_holds_is_found_where_it_is_looked_for(db: TestStore) {
        // More than the text index is asked for at once; the one that fits came last.
        let mut records: Vec<NewRecord> = (0..10_050).map(|n| observable(&format!("h{n}.common.example.com"))).collect();
        records.push(item(serde_json::json!({ "kind": "user", "name": "common people" })));
        upsert_all(&db, Scope::System, records, true);
        let filter = RecordFilter { q: "common".to_owned(), kind: Some(Kind::User), ..all_records() };
        let page = db.read(Scope::System, move |tx| record::list(tx, &filter));
        assert_eq!((page.items.len(), page.total), (1, 1));
    }

    fn pages_walk_every_record_once_in_every_order(db: TestStore) {
        let mut records: Vec<NewRecord> = ["b", "B", "ä", "a", "Z", "z"].iter().cycle().take(33).enumerate().map(|(n, t)| {
            let mut record = named(&format!("{t}{}", n % 3));
            record.category = ["", "it", "Sales"][n % 3].to_owned();
            record
        }).collect();
        records.push(observable("198.51.100.7"));
        let made = upsert_all(&db, Scope::System, records, true);
        db.write(Scope::System, move |tx| record::seen(tx, made[3].id, Timestamp(5), Timestamp(9)));
        for column in SortColumn::ALL {
            for descending in [false, true] {
                let mut filter = RecordFilter { sort: Sort { column: *column, descending }, limit: 5, kind: Some(Kind::User), ..all_records() };
                let mut walked: Vec<Record> = Vec::new();
                loop {
                    let asked = filter.clone();
                    let page = db.read(Scope::System, move |tx| record::list(tx, &asked));
                    walked.extend(page.items);
                    match page.next_cursor {
                        Some(cursor) => filter.cursor = Some(cursor.parse::<Cursor>().unwrap()),
                        None => break,
                    }
                }
                let ids: BTreeSet<i64> = walked.iter().map(|record| record.id).collect();
                assert_eq!((walked.len(), ids.len()), (33, 33), "{column} {descending}");
            }
        }
    }

    fn rows_that_came_later_are_not_part_of_what_was_seen(db: TestStore) {
        upsert(&db, Scope::System, &["a.example.com", "b.example.com"], true);
        let page = db.read(Scope::System, |tx| record::list(tx, &all_records()));
        upsert(&db, Scope::System, &["c.example.com"], true);
        let filter = RecordFilter { as_of: page.as_of.parse().ok(), ..all_records() };
        assert_eq!(db.read(Scope::System, move |tx| record::matching_ids(tx, &filter, 100)).len(), 2);
        let filter = all_records();
        assert_eq!(db.read(Scope::System, move |tx| record::matching_ids(tx, &filter, 2)).len(), 2);
    }

    fn very_long_values_are_kept_and_found(db: TestStore) {
        // Not compressible, so that no index entry gets away with it.
        let long: String = (0..8_000).map(|n: u32| char::from_u32(0x4e00 + (n * 7_919) % 20_000).unwrap_or('x')).collect();
        let mut record = named(&long);
        record.attributes.insert("note".to_owned(), long.clone().into());
        record.keys = vec![IdentityKey { scheme: KeyScheme::Natural, value: long.clone() }];
        let made = upsert_all(&db, Scope::System, vec![record.clone(), named("short")], true)[0];
        let key = record.keys[0].clone();
        let found = db.read(Scope::System, move |tx| record::identified(tx, Kind::User, &[key]));
        assert_eq!(found.iter().map(|f| (f.record.id, f.record.title.chars().count())).collect::<Vec<_>>(), [(made.id, 8_000)]);
        let middle: String = long.chars().skip(4_000).take(12).collect();
        assert_eq!(search(&db, &middle).len(), 1);
        let titled = RecordFilter { sort: Sort { column: SortColumn::Title, descending: true }, limit: 1, ..all_records() };
        let page = db.read(Scope::System, move |tx| record::list(tx, &titled));
        assert!(page.next_cursor.is_some_and(|cursor| cursor.parse::<Cursor>().is_ok()));
    }

    fn an_identity_finds_its_record_until_it_is_taken_away(db: TestStore) {
        let people = people(&db);
        let host = item(serde_json::json!({ "kind": "configuration_item", "name": "MKT01.corp.example", "ip_addresses": ["10.0.0.5"] }));
        let made = upsert_all(&db, people.ada, vec![host], true)[0];
        let by = |scheme, value: &str| {
            let key = IdentityKey { scheme, value: value.to_owned() };
            db.read(people.bob, move |tx| Ok(record::identified(tx, Kind::ConfigurationItem, &[key])?.len()))
        };
        assert_eq!((by(KeyScheme::Host, "mkt01"), by(KeyScheme::Address, "10.0.0.5"), by(KeyScheme::Account, "mkt01")), (1, 1, 0));
        let renamed = item(serde_json::json!({ "kind": "configuration_item", "name": "MKT02.corp.example" }));
        db.write(people.ada, move |tx| {
            let mut record = record::find_by_rows(tx, &[made.id])?.remove(0);
            record.version += 1;
            record::replace(tx, &record, &renamed)
        });
        assert_eq!((by(KeyScheme::Host, "mkt01"), by(KeyScheme::Address, "10.0.0.5"), by(KeyScheme::Host, "mkt02")), (0, 0, 1));
        assert_eq!((search(&db, "mkt01").len(), search(&db, "mkt02").len()), (0, 1), "the text index follows");
    }

    fn what_was_seen_only_ever_widens(db: TestStore) {
        let made = upsert(&db, Scope::System, &["a.example.com"], true)[0];
        let mut spans = Vec::new();
        for (first, last) in [(50, 60), (55, 58), (40, 45), (70, 80)] {
            db.write(Scope::System, move |tx| record::seen(tx, made.id, Timestamp(first), Timestamp(last)));
            let record = db.read(Scope::System, move |tx| record::find_by_rows(tx, &[made.id])).remove(0);
            spans.push((record.first_seen.micros(), record.last_seen.micros()));
        }
        assert_eq!(spans, [(50, 60), (50, 60), (40, 60), (40, 80)]);
    }

    fn records_are_joined_once_both_ways(db: TestStore) {
        let people = people(&db);
        let made = upsert(&db, Scope::System, &["evil.example.com", "198.51.100.7", "198.51.100.8"], true);
        let made: [i64; 3] = [made[0].id, made[1].id, made[2].id];
        let stamp = db.stamp("ada");
        let joined = db.write(people.ada, move |tx| {
            let pair = |to: usize| (made[0], RelationshipType::RELATED_TO, made[to]);
            let first = record::insert_relationships(tx, &[pair(1), pair(2), pair(1)], 0, "manual", &stamp)?;
            Ok((first, record::insert_relationships(tx, &[pair(1)], 0, "manual", &stamp)?))
        });
        assert_eq!(joined, (2, 0));
        let (from, to) = db.read(people.bob, move |tx| {
            Ok((record::related(tx, made[0], Some(Kind::Observable), 10)?, record::related(tx, made[1], None, 10)?))
        });
        assert_eq!(from.iter().map(|r| (r.record.id, r.outgoing)).collect::<Vec<_>>(), [(made[2], true), (made[1], true)]);
        assert_eq!(to.iter().map(|r| (r.record.id, r.outgoing)).collect::<Vec<_>>(), [(made[0], false)]);
    }
}
