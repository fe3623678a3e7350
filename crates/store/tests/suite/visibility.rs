//! What hangs on a restricted case is known to those let in, and to nobody else: not by list, count, search or change.

use model::artifact::Finding;
use model::kind::NewRecord;
use model::list::{CaseSort, Sort, SortColumn};
use model::note::{Audience, NoteKind};
use model::operation::OperationVerb;
use model::relationship::RelationshipType;
use model::sighting::{Outcome, UrlMatch};
use model::{Kind, Scope, Timestamp};
use serde_json::json;
use store::artifact::ArtifactFilter;
use store::case::CaseFilter;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::record::{RecordFilter, Upserted};
use store::sighting::{NewResult, NewSearch};
use store::{Tx, annotation, artifact, case, change, job, journal, note, operation, record, sighting};
use testkit::TestStore;

use crate::common::{add, observable, open_case, operate, people, upsert, upsert_all};

pub(crate) fn all_cases() -> CaseFilter {
    CaseFilter {
        q: String::new(),
        states: Vec::new(),
        ratings: Vec::new(),
        case_types: Vec::new(),
        tlps: Vec::new(),
        assigned_to: None,
        tag: None,
        sort: Sort { column: CaseSort::Updated, descending: true },
        cursor: None,
        limit: 50,
    }
}

pub(crate) fn all_records() -> RecordFilter {
    RecordFilter {
        kind: None,
        q: String::new(),
        categories: Vec::new(),
        findings: Vec::new(),
        sort: Sort { column: SortColumn::Added, descending: false },
        cursor: None,
        limit: 100,
        as_of: None,
    }
}

/// One case that only Ada may see, with everything in it that can hang on a case, and one that all may see.
struct Secret {
    number: i64,
    case: i64,
    open: i64,
    /// Known from the secret case only.
    hidden: Upserted,
    /// Open, and also in the secret case.
    shared: Upserted,
    note: String,
    annotation_of_shared: String,
    job: String,
    operation: String,
}

fn secret(db: &TestStore) -> Secret {
    let case = open_case(db, "Operation Quiet Night", &["ada"]);
    let open = open_case(db, "Phishing in accounting", &[]);
    let hidden = upsert(db, Scope::System, &["quiet-night.example.com"], false)[0];
    let shared = upsert(db, Scope::System, &["198.51.100.7"], true)[0];
    add(db, case.id, &[hidden, shared]);
    add(db, open.id, &[shared]);
    let (secret, open) = (case.id, open.id);
    let (operation, ()) = operate(db, secret, OperationVerb::Annotate, move |tx, operation, stamp| {
        annotation::insert(tx, secret, &[shared.id, hidden.id], "their server", operation, stamp)
    });
    let stamp = db.stamp("ada");
    let (note, job, annotation, operation) = db.write(Scope::System, move |tx| {
        let (_, note) = note::insert(tx, secret, NoteKind::WorkNote, Audience::Team, "it was them", &stamp)?;
        record::insert_relationships(tx, &[(shared.id, RelationshipType::RELATED_TO, hidden.id)], secret, "manual", &stamp)?;
        let (_, job) = job::queue(tx, "sightings", &json!({}), secret, 1, &stamp)?;
        change::announce(tx, &stamp, Topic::Notes, secret)?;
        journal::append(tx, &stamp, &Deed { verb: "note.add", object: "x", details: json!({}) }, ShownIn::Case(secret))?;
        let annotation = annotation::of_record(tx, shared.id, 10)?.remove(0).public_id;
        let operation = operation::find_by_row(tx, operation)?.map(|found| found.public_id).unwrap_or_default();
        Ok((note, job, annotation, operation))
    });
    Secret { number: case.number, case: secret, open, hidden, shared, note, annotation_of_shared: annotation, job, operation }
}

/// Everything that a viewer can find of the secret case, by name of the way; nothing for those who may not know of it.
fn found(tx: &mut Tx<'_>, secret: &Secret) -> store::Result<Vec<&'static str>> {
    let mut ways = Vec::new();
    let mut note_way = |way: &'static str, found: bool| {
        if found {
            ways.push(way);
        }
    };
    note_way("find", case::find(tx, secret.number)?.is_some());
    note_way("find by row", case::find_by_id(tx, secret.case)?.is_some());
    let cases = case::list(tx, &all_cases())?;
    note_way("list", cases.items.iter().any(|item| item.case.id == secret.case));
    note_way("total", cases.total > 1);
    note_way("open count", case::count_open(tx)? > 1);
    let words = CaseFilter { q: "quiet".to_owned(), ..all_cases() };
    note_way("keyword", case::list(tx, &words)?.total > 0);
    let hidden_id = record::find_by_rows(tx, &[secret.hidden.id])?;
    note_way("record by row", !hidden_id.is_empty());
    let public_id = crate::common::observable("quiet-night.example.com").public_id.unwrap_or_default();
    note_way("record", record::find(tx, &public_id)?.is_some());
    note_way("records", !record::find_all(tx, std::slice::from_ref(&public_id))?.is_empty());
    let records = record::list(tx, &all_records())?;
    note_way("record list", records.items.iter().any(|record| record.id == secret.hidden.id));
    note_way("record total", records.total > 1);
    let words = RecordFilter { q: "quiet".to_owned(), ..all_records() };
    note_way("record keyword", record::list(tx, &words)?.total > 0);
    note_way("record bulk", record::matching_ids(tx, &all_records(), 10)?.contains(&secret.hidden.id));
    note_way("related", !record::related(tx, secret.shared.id, None, 10)?.is_empty());
    note_way("related counts", !record::related_counts(tx, secret.shared.id)?.is_empty());
    note_way("annotations", !annotation::of_record(tx, secret.shared.id, 10)?.is_empty());
    note_way("annotation", annotation::find(tx, &secret.annotation_of_shared)?.is_some());
    let filter = ArtifactFilter {
        case: secret.open,
        kind: Some(Kind::Observable),
        status: model::artifact::StatusFilter::All,
        q: String::new(),
        categories: Vec::new(),
        findings: Vec::new(),
        marked: None,
        sort: Sort { column: SortColumn::Added, descending: false },
        cursor: None,
        limit: 10,
        as_of: None,
    };
    let artifacts = artifact::list(tx, &filter)?;
    note_way("annotation count", artifacts.items.iter().any(|item| item.annotations > 0));
    note_way("case count", artifacts.items.iter().any(|item| item.cases > 1));
    note_way("note", note::find(tx, &secret.note, "ada")?.is_some());
    note_way("notes", !note::list(tx, secret.case, "ada", i64::MAX, 10)?.is_empty());
    note_way("job", job::find(tx, &secret.job)?.is_some());
    note_way("jobs", !job::recent(tx, i64::MAX, 10)?.is_empty());
    note_way("changes", !change::since(tx, 0, 10)?.is_empty());
    note_way("activity", !journal::activity(tx, secret.case, i64::MAX, 10)?.is_empty());
    note_way("operation", operation::find(tx, &secret.operation)?.is_some());
    Ok(ways)
}

/// One event at microsecond 7.
fn seen_once(record: i64) -> NewResult {
    NewResult {
        record,
        source: "dns".to_owned(),
        external: false,
        outcome: Outcome::Seen,
        count: 1,
        count_is_exact: true,
        count_normalised: None,
        with_subdomains: None,
        first_at: Timestamp(7),
        last_at: Timestamp(7),
        detail: "{}".to_owned(),
        error: String::new(),
    }
}

testkit::each_engine! {
    fn a_restricted_case_is_known_to_those_let_in_only(db: TestStore) {
        let people = people(&db);
        let secret = std::sync::Arc::new(secret(&db));
        let look = |scope: Scope| {
            let secret = std::sync::Arc::clone(&secret);
            db.read(scope, move |tx| found(tx, &secret))
        };
        assert_eq!(look(people.bob), Vec::<&str>::new());
        assert_eq!(look(Scope::Viewer(0)), Vec::<&str>::new(), "an operator is in no restricted case");
        assert_eq!(look(people.ada).len(), 26, "those let in see all of it: {:?}", look(people.ada));
        assert_eq!(look(Scope::System), look(people.ada));
    }

    fn whoever_is_let_in_by_a_group_sees_the_case_until_the_group_is_left(db: TestStore) {
        let people = people(&db);
        let case = open_case(&db, "Quiet", &["ada"]);
        let members = |names: &'static [&'static str]| {
            db.write(Scope::System, move |tx| {
                let group = match store::account::group::find(tx, "hunters")? {
                    Some(group) => group.id,
                    None => store::account::group::insert(tx, "hunters")?,
                };
                let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
                store::account::group::set_members(tx, group, &names)
            });
        };
        let seen = || db.read(people.bob, move |tx| Ok(case::find(tx, case.number)?.is_some()));
        members(&["bob"]);
        assert!(!seen());
        db.write(Scope::System, move |tx| case::set_access(tx, case.id, &["ada".to_owned()], &["hunters".to_owned()]));
        assert!(seen());
        members(&[]);
        assert!(!seen());
    }

    fn a_record_seen_in_secret_becomes_open_when_it_comes_openly(db: TestStore) {
        let people = people(&db);
        let case = open_case(&db, "Quiet", &["ada"]);
        let first = upsert(&db, people.ada, &["evil.example.com"], false)[0];
        add(&db, case.id, &[first]);
        assert!(first.created);
        let again = upsert(&db, people.ada, &["evil.example.com"], false)[0];
        assert_eq!((again.id, again.created), (first.id, false));
        // To Bob it is new, which tells him nothing; it is the same row.
        let bobs = upsert(&db, people.bob, &["evil.example.com", "evil.example.com"], true);
        assert_eq!(bobs.iter().map(|r| (r.id, r.created)).collect::<Vec<_>>(), [(first.id, true), (first.id, true)]);
        assert!(db.read(people.bob, move |tx| Ok(!record::find_by_rows(tx, &[first.id])?.is_empty())));
        let later = upsert(&db, people.bob, &["evil.example.com"], false)[0];
        assert!(!later.created);
    }

    fn what_was_written_of_it_in_secret_does_not_come_along(db: TestStore) {
        let people = people(&db);
        let case = open_case(&db, "Quiet", &["ada"]);
        let mut told = observable("evil.example.com");
        told.finding = Finding::Malicious;
        let hidden = upsert_all(&db, people.ada, vec![told], false)[0];
        add(&db, case.id, &[hidden]);
        let stamp = db.stamp("ada");
        db.write(people.ada, move |tx| {
            record::seen(tx, hidden.id, Timestamp(5), Timestamp(9))?;
            let content = observable("evil.example.com");
            record::add_sources(tx, &[(hidden.id, Kind::Observable, &content.keys)], "quiet feed", &stamp)?;
            record::put_originals(tx, &[(hidden.id, Timestamp(5), "{\"description\": \"the insider's\"}")])
        });
        let stamp = db.stamp("bob");
        let revealed = db.write(people.bob, move |tx| Ok(record::upsert(tx, &[observable("evil.example.com")], true, "", &stamp)?.revealed));
        let (record, sources) = db.read(people.bob, move |tx| Ok((record::find_by_rows(tx, &[hidden.id])?.remove(0), record::sources(tx, &[hidden.id])?)));
        assert_eq!((record.finding, record.first_seen, record.last_seen, record.version), (Finding::Unknown, Timestamp::NEVER, Timestamp::NEVER, 1));
        assert_eq!((record.created_by.as_str(), record.updated_by.as_str(), sources.len()), ("bob", "bob", 0));
        assert_eq!(db.read(people.bob, move |tx| record::original(tx, hidden.id)), None);
        assert_eq!(revealed.iter().map(|one| (one.before.finding, one.cases.clone())).collect::<Vec<_>>(), [(Finding::Malicious, vec![case.id])]);
    }

    fn what_everybody_knew_from_an_open_case_stays_as_it_is(db: TestStore) {
        let people = people(&db);
        let case = open_case(&db, "Was restricted once", &[]);
        let mut told = observable("evil.example.com");
        told.finding = Finding::Malicious;
        let known = upsert_all(&db, people.ada, vec![told], false)[0];
        add(&db, case.id, &[known]);
        let stamp = db.stamp("bob");
        let revealed = db.write(people.bob, move |tx| Ok(record::upsert(tx, &[observable("evil.example.com")], true, "", &stamp)?.revealed.len()));
        let record = db.read(people.bob, move |tx| Ok(record::find_by_rows(tx, &[known.id])?.remove(0)));
        assert_eq!((revealed, record.finding, record.created_by.as_str(), record.library), (0, Finding::Malicious, "ada", true));
    }

    fn a_restricted_search_tells_no_other_case_when_something_was_seen(db: TestStore) {
        people(&db);
        let quiet = open_case(&db, "Quiet", &["ada"]);
        let other = open_case(&db, "Other", &["bob"]);
        let made = upsert(&db, Scope::System, &["mine.example.com", "both.example.com"], false);
        let (mine, both) = (made[0], made[1]);
        add(&db, quiet.id, &[mine, both]);
        add(&db, other.id, &[both]);
        let stamp = db.stamp("ada");
        db.write(Scope::System, move |tx| {
            let new = NewSearch { number: 1_001, case: quiet.id, window_text: "all data", window_from: Timestamp::NEVER, window_to: Timestamp::NEVER, all_data: true, urls: UrlMatch::Whole, sources: "[]", patterns: 0 };
            let search = sighting::insert(tx, &new, 2, &stamp)?;
            sighting::add_needles(tx, search, &[mine.id, both.id])?;
            let results: Vec<NewResult> = [mine, both].iter().map(|record| seen_once(record.id)).collect();
            sighting::store(tx, search, (mine.id, both.id), &results, Outcome::NoCoverage)
        });
        let seen = db.read(Scope::System, move |tx| record::find_by_rows(tx, &[mine.id, both.id]));
        let first = |row: i64| seen.iter().find(|record| record.id == row).map(|record| record.first_seen.micros());
        assert_eq!((first(mine.id), first(both.id)), (Some(7), Some(0)));
    }

    fn what_comes_along_is_known_to_all_who_may_read_the_case(db: TestStore) {
        let people = people(&db);
        let quiet = open_case(&db, "Quiet", &["ada"]);
        let (open, second) = (open_case(&db, "Open", &[]), open_case(&db, "Second", &["ada"]));
        let incident = NewRecord { kind: Kind::Incident, public_id: None, ..observable("203.0.113.9") };
        let incident = upsert_all(&db, people.ada, vec![incident], true)[0];
        let hidden = upsert(&db, people.ada, &["quiet-night.example.com"], false)[0];
        let shared = upsert(&db, people.ada, &["198.51.100.7", "198.51.100.8"], true);
        let (joined, said) = (shared[0], shared[1]);
        add(&db, quiet.id, &[incident, hidden]);
        let stamp = db.stamp("ada");
        db.write(people.ada, move |tx| {
            let has = |record: Upserted| (incident.id, RelationshipType::HAS, record.id);
            record::insert_relationships(tx, &[has(hidden), has(joined)], quiet.id, "", &stamp)?;
            record::insert_relationships(tx, &[has(said)], 0, "", &stamp)
        });
        let brought = |case: i64| {
            db.read(people.ada, move |tx| {
                Ok(record::brought_along(tx, case, Kind::Incident, &[incident.id])?.into_iter().map(|(_, record)| record.title).collect::<Vec<_>>())
            })
        };
        assert_eq!(brought(open.id), ["198.51.100.8"]);
        assert_eq!(brought(second.id), ["198.51.100.8"]);
        assert_eq!(brought(quiet.id), ["quiet-night.example.com", "198.51.100.7", "198.51.100.8"]);
    }
}
