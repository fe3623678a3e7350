//! Notes: who may read them, and what they said before.

use model::Scope;
use model::note::{Audience, NoteKind};
use store::case::Around;
use store::{case, note};
use testkit::TestStore;

use crate::common::{open_case, people};

testkit::each_engine! {
    fn a_note_for_the_list_is_read_by_those_on_it_and_by_its_author(db: TestStore) {
        let people = people(&db);
        let case = open_case(&db, "hunt", &[]);
        let stamp = db.stamp("ada");
        let (team, list) = db.write(people.ada, move |tx| {
            case::set_around(tx, case.id, &Around { work_notes_list: vec!["carla".to_owned()], ..Around::default() })?;
            let (_, team) = note::insert(tx, case.id, NoteKind::Comment, Audience::Team, "for all", &stamp)?;
            let stamp = model::Stamp { seed: [9; 32], ..stamp.clone() };
            let (_, list) = note::insert(tx, case.id, NoteKind::WorkNote, Audience::WorkNotesList, "for few", &stamp)?;
            Ok((team, list))
        });
        for (reader, readable) in [("ada", 2), ("carla", 2), ("bob", 1), ("", 1)] {
            let (team, list) = (team.clone(), list.clone());
            let (notes, count, finds) = db.read(people.bob, move |tx| {
                let notes = note::list(tx, case.id, reader, i64::MAX, 10)?.len();
                let finds = [note::find(tx, &team, reader)?.is_some(), note::find(tx, &list, reader)?.is_some()];
                Ok((notes, note::count(tx, case.id, reader)?, finds))
            });
            assert_eq!((notes, count, finds), (readable, readable as i64, [true, readable == 2]), "{reader}");
        }
    }

    fn a_corrected_note_keeps_what_it_said(db: TestStore) {
        let people = people(&db);
        let case = open_case(&db, "hunt", &[]);
        let stamps = [db.stamp("ada"), db.stamp("ada"), db.stamp("ada")];
        let (now, before) = db.write(people.ada, move |tx| {
            let (id, public_id) = note::insert(tx, case.id, NoteKind::Comment, Audience::Team, "frist", &stamps[0])?;
            note::correct(tx, id, "first", &stamps[1])?;
            note::correct(tx, id, "First!", &stamps[2])?;
            Ok((note::find(tx, &public_id, "ada")?, note::revisions(tx, id)?))
        });
        let now = now.unwrap();
        assert_eq!((now.text.as_str(), now.version), ("First!", 3));
        assert!(now.updated_at > now.created_at);
        let before: Vec<(i64, &str)> = before.iter().map(|revision| (revision.version, revision.text.as_str())).collect();
        assert_eq!(before, [(2, "first"), (1, "frist")]);
    }

    fn notes_are_paged_newest_first(db: TestStore) {
        let people = people(&db);
        let case = open_case(&db, "hunt", &[]);
        for n in 0..5 {
            let stamp = db.stamp("ada");
            db.write(people.ada, move |tx| note::insert(tx, case.id, NoteKind::Comment, Audience::Team, &n.to_string(), &stamp));
        }
        let texts = |before: i64| {
            let notes = db.read(Scope::System, move |tx| note::list(tx, case.id, "ada", before, 2));
            (notes.iter().map(|note| note.text.clone()).collect::<Vec<_>>(), notes.last().map_or(0, |note| note.id))
        };
        let (first, last) = texts(i64::MAX);
        assert_eq!((first, texts(last).0), (vec!["4".to_owned(), "3".to_owned()], vec!["2".to_owned(), "1".to_owned()]));
    }
}
