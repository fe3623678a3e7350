//! A process that is killed in the middle of its writes: nothing that it acknowledged is lost, nothing is there by half.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use model::artifact::{Finding, StatusFilter};
use model::case::{CaseState, CaseType, Pap, Rating, Tlp, Verdict};
use model::kind::NewRecord;
use model::list::{Sort, SortColumn};
use model::observable::Observable;
use model::operation::OperationVerb;
use model::{Scope, Stamp, Timestamp};
use serde_json::json;
use store::artifact::ArtifactFilter;
use store::blob::{BlobRef, Blobs};
use store::case::Case;
use store::change::Topic;
use store::data_dir::DataDir;
use store::journal::{Deed, ShownIn};
use store::{Options, Store, StoreError, Tx, artifact, blob, case, change, journal, operation, record};
use testkit::{Engine, TestStore};

const DATA: &str = "VIZSLA_KILL_DATA";
const DATABASE: &str = "VIZSLA_KILL_DATABASE";
const ROUND: &str = "VIZSLA_KILL_ROUND";
const WRITERS: u64 = 4;

#[allow(clippy::disallowed_methods, reason = "how this binary is told that it is the one to be killed")]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Not a test of its own: what the process does that the tests below start, and kill.
#[test]
fn the_process_that_is_killed() {
    let (Some(data), Some(round)) = (told(DATA), told(ROUND)) else { return };
    let round: u64 = round.parse().unwrap();
    let _held = DataDir::hold(Path::new(&data), "the one to be killed").unwrap();
    let options = Options { data: data.into(), database: told(DATABASE), readers: 1 };
    let store = Store::open(&options).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let store = &store;
            scope.spawn(move || {
                for n in 0..100_000 {
                    let id = (round * WRITERS + writer) * 100_000 + n;
                    let number = write(store, id);
                    // Whoever is killed while it speaks has acknowledged nothing: a line is one write.
                    std::io::stdout().write_all(format!("\nacknowledged {number} {id}\n").as_bytes()).unwrap();
                }
            });
        }
    });
}

fn value(id: u64) -> String {
    format!("h{id}.example.com")
}

/// A case with all that belongs to it: a file, a record, an artifact, a journal entry, a change. Tells its number.
fn write(store: &Store, id: u64) -> i64 {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&id.to_be_bytes());
    let stamp = Stamp { at: Timestamp(1_767_603_600_000_000 + id as i64), actor: "ada".to_owned(), seed };
    let file = store.blobs().put(value(id).as_bytes(), 1_000).unwrap();
    let blobs = store.blobs().clone();
    store.write_blocking::<_, StoreError, _>(Scope::System, move |tx| write_all(tx, id, &blobs, &file, &stamp)).unwrap()
}

fn write_all(tx: &mut Tx<'_>, id: u64, blobs: &Blobs, file: &BlobRef, stamp: &Stamp) -> Result<i64, StoreError> {
    let number = case::next_number(tx, "security_case", 1_001)?;
    let case = case::insert(tx, &new_case(number, id, stamp))?;
    blob::keep(tx, blobs, file, stamp.at)?;
    let observable = Observable::guess(&value(id)).unwrap();
    let made = record::upsert(tx, &[NewRecord::from_observable(&observable, Finding::Unknown)], true, "", stamp)?.records;
    let (operation, _) = operation::begin(tx, case, OperationVerb::Add, 0, "", stamp)?;
    artifact::add(tx, case, &[(made[0].id, made[0].kind)], operation, stamp)?;
    let deed = Deed { verb: "case.create", object: &model::case::case_number(number), details: json!({ "id": id }) };
    journal::append(tx, stamp, &deed, ShownIn::Case(case))?;
    change::announce(tx, stamp, Topic::Case, case)?;
    Ok(number)
}

fn new_case(number: i64, id: u64, stamp: &Stamp) -> Case {
    Case {
        id: 0,
        number,
        name: value(id),
        case_type: CaseType::ThreatHunting,
        rating: Rating::Moderate,
        state: CaseState::Analysis,
        short_description: String::new(),
        description: "x".repeat(2_000),
        assigned_to: String::new(),
        due_at: Timestamp::NEVER,
        tlp: Tlp::Amber,
        pap: Pap::Amber,
        restricted: false,
        findings: String::new(),
        recommendations: String::new(),
        closure_summary: String::new(),
        verdict: Verdict::Undetermined,
        created_by: stamp.actor.clone(),
        created_at: stamp.at,
        updated_by: stamp.actor.clone(),
        updated_at: stamp.at,
        closed_at: Timestamp::NEVER,
        version: 1,
        field_versions: BTreeMap::new(),
    }
}

fn start(db: &TestStore, round: u64) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "the_process_that_is_killed", "--nocapture"]);
    command.env(DATA, &db.options.data).env(ROUND, round.to_string());
    if let Some(url) = &db.options.database {
        command.env(DATABASE, url);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Starts the process, kills it once it has acknowledged so many writes, and tells all that it acknowledged.
fn run_and_kill(db: &TestStore, round: u64, after: usize) -> Vec<(i64, u64)> {
    let mut child = start(db, round);
    let said = BufReader::new(child.stdout.take().unwrap());
    let mut acknowledged = Vec::new();
    for line in said.lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        if let ["acknowledged", number, id] = words.as_slice() {
            acknowledged.push((number.parse().unwrap(), id.parse().unwrap()));
        }
        if acknowledged.len() == after {
            let refused = DataDir::hold(&db.options.data, "the test");
            assert!(matches!(refused, Err(StoreError::Held(told)) if told.contains("the one to be killed")));
            // What it says between this and its end is read on.
            child.kill().unwrap();
        }
    }
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "it was killed and did not end by itself");
    assert!(acknowledged.len() >= after);
    acknowledged
}

fn look(db: &TestStore, acknowledged: &[(i64, u64)]) {
    let wanted = acknowledged.to_vec();
    let store = db.store().clone();
    db.read(Scope::System, move |tx| {
        for (number, id) in &wanted {
            let found = case::find(tx, *number)?.unwrap_or_else(|| panic!("case {number} was acknowledged and is lost"));
            assert_eq!(found.name, value(*id));
        }
        // Whole or not at all, acknowledged or not: numbers without a gap, and everything that belongs to each.
        let chain = journal::verify(tx, None)?;
        assert_eq!(chain.broken, None);
        assert_eq!(change::last(tx)?, chain.entries);
        assert!(chain.entries >= wanted.len() as i64);
        for number in 1_001..1_001 + chain.entries {
            let found = case::find(tx, number)?.unwrap_or_else(|| panic!("case {number} is in the journal only"));
            let tab = artifact::list(tx, &all(found.id))?;
            let titles: Vec<&str> = tab.items.iter().map(|item| item.record.title.as_str()).collect();
            assert_eq!((titles.as_slice(), tab.total), ([found.name.as_str()].as_slice(), 1));
            assert_eq!(journal::activity(tx, found.id, i64::MAX, 10)?.len(), 1);
            let sha256 = model::text::sha256_hex(found.name.as_bytes());
            assert!(blob::find(tx, &sha256)?.is_some());
            let mut content = String::new();
            store.blobs().get(&sha256)?.read_to_string(&mut content).unwrap();
            assert_eq!(content, found.name);
        }
        assert!(case::find(tx, 1_001 + chain.entries)?.is_none());
        Ok(())
    });
}

fn all(case: i64) -> ArtifactFilter {
    ArtifactFilter {
        case,
        kind: None,
        status: StatusFilter::All,
        q: String::new(),
        categories: Vec::new(),
        findings: Vec::new(),
        marked: None,
        sort: Sort { column: SortColumn::Added, descending: false },
        cursor: None,
        limit: 10,
        as_of: None,
    }
}

fn killed_again_and_again(engine: Engine) {
    let mut db = TestStore::new(engine);
    db.close();
    let mut acknowledged = Vec::new();
    // Killed with its first words, in the middle, and late; each time it goes on with what it left.
    for (round, after) in [1, 2, 5, 13, 40, 77].into_iter().enumerate() {
        acknowledged.extend(run_and_kill(&db, round as u64, after));
        let held = DataDir::hold(&db.options.data, "the test").expect("the lock goes with its process");
        db.reopen();
        look(&db, &acknowledged);
        db.close();
        drop(held);
    }
    assert!(acknowledged.len() >= 138);
}

#[test]
fn nothing_acknowledged_is_lost_on_sqlite() {
    killed_again_and_again(Engine::Sqlite);
}

#[test]
fn nothing_acknowledged_is_lost_on_postgres() {
    killed_again_and_again(Engine::Postgres);
}
