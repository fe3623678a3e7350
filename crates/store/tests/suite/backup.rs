//! Backups: whole, the same on either engine, and refused when they are not what was written.

use std::io::Read;
use std::path::{Path, PathBuf};

use model::operation::OperationVerb;
use model::{Scope, Timestamp};
use serde_json::{Value as Json, json};
use store::backup::{Extra, Manifest, backup, restore};
use store::journal::{self, Deed, ShownIn};
use store::{Options, Store, StoreError, annotation, blob, case, record};
use testkit::{Engine, Postgres, TestStore};

use crate::common::{add, open_case, operate, people, upsert};
use crate::visibility::all_records;

/// A store with something in most tables, and a directory beside it.
fn fill(db: &TestStore) -> PathBuf {
    let people = people(db);
    let case = open_case(db, "Quiet Ñight\u{2028} \"quoted\"", &["ada"]).id;
    let values: Vec<String> = (0..1_234).map(|n| format!("h{n}.example.com")).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let records = upsert(db, people.ada, &values, true);
    add(db, case, &records);
    let (first, second) = (records[0].id, records[1].id);
    operate(db, case, OperationVerb::Annotate, move |tx, operation, stamp| {
        annotation::insert(tx, case, &[first, second], "**seen**", operation, stamp)
    });
    for n in 0..7 {
        let blobs = db.store().blobs().clone();
        let (stamp, blob) = (db.stamp("ada"), blobs.put(format!("report {n}").as_bytes(), 100).unwrap());
        db.write(people.ada, move |tx| {
            blob::keep(tx, &blobs, &blob, stamp.at)?;
            let deed = Deed { verb: "case.update", object: "SECC0001001", details: json!({ "n": n }) };
            journal::append(tx, &stamp, &deed, ShownIn::Case(case))
        });
    }
    let logs = db.dir().join("logs");
    std::fs::create_dir_all(logs.join("2026-01/empty")).unwrap();
    std::fs::write(logs.join("2026-01/segment ü"), vec![7; 200_000]).unwrap();
    std::fs::write(logs.join("meta.json"), "{}").unwrap();
    logs
}

fn back_up(store: &Store, logs: &Path) -> (Manifest, Vec<u8>) {
    let mut file = Vec::new();
    let manifest = backup(store, &[Extra { name: "logs", path: logs }], Timestamp(1), &mut file).unwrap();
    (manifest, file)
}

/// An empty place of either kind.
struct Place {
    dir: tempfile::TempDir,
    postgres: Option<Postgres>,
    options: Options,
    logs: PathBuf,
}

impl Place {
    fn new(engine: Engine) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let postgres = (engine == Engine::Postgres).then(Postgres::empty);
        let database = postgres.as_ref().map(|postgres| postgres.url().to_owned());
        let (data, logs) = (dir.path().join("data"), dir.path().join("logs"));
        Self { options: Options { data, database, readers: 1 }, logs, postgres, dir }
    }

    fn restore(&self, file: impl Read) -> Result<Manifest, StoreError> {
        restore(file, &self.options, &[Extra { name: "logs", path: &self.logs }])
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut waiting = vec![self.dir.path().to_owned()];
        let mut files = Vec::new();
        while let Some(directory) = waiting.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { waiting.push(path) } else { files.push(path) }
            }
        }
        files
    }

    /// Nothing is left of a restore that failed: another one finds an empty place.
    fn is_empty(&self) -> bool {
        if let Some(postgres) = &self.postgres {
            postgres.run("CREATE TABLE account (nothing text)");
            postgres.run("DROP TABLE account");
        }
        self.files().is_empty()
    }
}

/// A backup's entries, to be altered and written again.
type Entries = Vec<(String, Vec<u8>)>;

fn open(file: &[u8]) -> Entries {
    let mut archive = tar::Archive::new(zstd::Decoder::new(file).unwrap());
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.path().unwrap().to_str().unwrap().to_owned(), content)
    });
    entries.collect()
}

fn close(entries: &Entries) -> Vec<u8> {
    let mut archive = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
    for (name, content) in entries {
        let mut header = tar::Header::new_gnu();
        // Written by hand: the builder itself would refuse a name that leads elsewhere.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_cksum();
        archive.append(&header, content.as_slice()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

/// Alters entries and makes the sums at the end right again: as someone would who knows the format.
fn forged(file: &[u8], alter: impl FnOnce(&mut Entries)) -> Vec<u8> {
    let mut entries = open(file);
    entries.pop();
    alter(&mut entries);
    let sums: serde_json::Map<String, Json> =
        entries.iter().map(|(name, content)| (name.clone(), model::text::sha256_hex(content).into())).collect();
    entries.push(("end.json".to_owned(), json!({ "sha256": sums }).to_string().into_bytes()));
    close(&entries)
}

fn with_manifest(entries: &mut Entries, alter: impl FnOnce(&mut Json)) {
    let mut manifest: Json = serde_json::from_slice(&entries[0].1).unwrap();
    alter(&mut manifest);
    entries[0].1 = manifest.to_string().into_bytes();
}

fn of_table(entries: &mut Entries, table: &str) -> usize {
    entries.iter().position(|(name, _)| name.starts_with(&format!("tables/{table}/"))).unwrap()
}

testkit::each_engine! {
    fn a_backup_is_restored_on_either_engine_and_is_the_same_again(db: TestStore) {
        let logs = fill(&db);
        let (manifest, file) = back_up(db.store(), &logs);
        assert_eq!((manifest.blobs, manifest.missing_blobs.len()), (7, 0));
        assert!(manifest.journal_head.as_ref().is_some_and(|head| head.starts_with("7:")));
        assert!(manifest.tables.iter().any(|table| table.name == "record" && table.rows == 1_234));
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let place = Place::new(engine);
            assert_eq!(place.restore(file.as_slice()).unwrap(), manifest);
            assert_eq!(std::fs::read(place.logs.join("2026-01/segment ü")).unwrap(), vec![7; 200_000]);
            let store = Store::open(&place.options).unwrap();
            let (again, second) = back_up(&store, &place.logs);
            assert_eq!((again.tables, again.journal_head), (manifest.tables.clone(), manifest.journal_head.clone()));
            let rows = |file: &[u8]| open(file).into_iter().filter(|(name, _)| name.contains('/')).collect::<Entries>();
            assert!(rows(&file) == rows(&second), "every row, blob and file is the same after {engine:?}");
        }
    }

    fn what_was_restored_can_be_worked_with(db: TestStore) {
        let logs = fill(&db);
        let (_, file) = back_up(db.store(), &logs);
        let mut again = TestStore::new(db.store().engine());
        again.close();
        let place = Place::new(db.store().engine());
        place.restore(file.as_slice()).unwrap();
        again.options = place.options.clone();
        again.reopen();
        let words = store::record::RecordFilter { q: "h1233".to_owned(), ..all_records() };
        assert_eq!(again.read(Scope::System, move |tx| record::list(tx, &words)).total, 1, "the text index is filled");
        let stamp = db.stamp("ada");
        let made = upsert(&again, Scope::System, &["new.example.com"], true)[0];
        assert!(made.id > 1_234, "numbering goes on");
        let base = crate::common::new_case("next", &stamp);
        let next = again.write(Scope::System, move |tx| crate::common::insert_case(tx, &base, &[]));
        assert_eq!(next.number, 1_002);
        let hidden = again.read(Scope::Viewer(0), |tx| case::find(tx, 1_001));
        assert!(hidden.is_none(), "who may enter is restored too");
        let mut content = String::new();
        let sha256 = model::text::sha256_hex(b"report 3");
        again.store().blobs().get(&sha256).unwrap().read_to_string(&mut content).unwrap();
        assert_eq!(content, "report 3");
        again.close();
        assert!(matches!(place.restore(file.as_slice()), Err(StoreError::NotEmpty(_))), "it is in use now");
    }

    fn a_backup_that_is_not_whole_is_refused_and_leaves_nothing(db: TestStore) {
        let logs = fill(&db);
        let (_, file) = back_up(db.store(), &logs);
        let length = file.len();
        let mut damaged: Vec<(String, Vec<u8>)> = Vec::new();
        for part in [0, 1, 7] {
            damaged.push((format!("cut at {part} eighths"), file[..length * part / 8].to_vec()));
        }
        damaged.push(("its last byte missing".to_owned(), file[..length - 1].to_vec()));
        damaged.push(("more behind it".to_owned(), [file.as_slice(), b"more"].concat()));
        for part in [1, 4, 7] {
            let mut flipped = file.clone();
            flipped[length * part / 8] ^= 0x10;
            damaged.push((format!("a bit flipped at {part} eighths"), flipped));
        }
        damaged.push(("not a backup".to_owned(), b"PK\x03\x04 something else".to_vec()));
        let mut entries = open(&file);
        entries.pop();
        damaged.push(("without its end".to_owned(), close(&entries)));
        let mut entries = open(&file);
        let record = of_table(&mut entries, "record");
        entries[record].1 = String::from_utf8(entries[record].1.clone()).unwrap().replacen("h7.", "h8.", 1).into_bytes();
        damaged.push(("a row altered".to_owned(), close(&entries)));
        entries.remove(record);
        damaged.push(("a part missing".to_owned(), close(&entries)));
        let place = Place::new(db.store().engine());
        for (what, bytes) in damaged {
            let outcome = place.restore(bytes.as_slice());
            assert!(matches!(outcome, Err(StoreError::BadBackup(_))), "{what}: {outcome:?}");
            assert!(place.is_empty(), "{what}: {:?}", place.files());
        }
        place.restore(file.as_slice()).unwrap();
    }

    fn a_forged_backup_is_refused_with_what_is_wrong(db: TestStore) {
        let logs = fill(&db);
        let (_, file) = back_up(db.store(), &logs);
        let forge = |alter: &dyn Fn(&mut Entries)| forged(&file, alter);
        let json_in = |entries: &mut Entries, table: &str, from: &str, to: &str| {
            let n = of_table(entries, table);
            let text = String::from_utf8(entries[n].1.clone()).unwrap();
            assert!(text.contains(from), "{text}");
            entries[n].1 = text.replacen(from, to, 1).into_bytes();
        };
        let cases: Vec<(&str, Vec<u8>)> = vec![
            ("entry 2 does not fit", forge(&|e| json_in(e, "journal", "[2,", "[2,1"))),
            ("its fields do not give its hash", forge(&|e| json_in(e, "journal", "case.update", "case.delete"))),
            ("its details were changed", forge(&|e| json_in(e, "journal_detail", r#"{\"n\":3}"#, r#"{\"n\":4}"#))),
            ("ends with another entry", forge(&|e| with_manifest(e, |m| m["journal_head"] = format!("7:{}", "0".repeat(64)).into()))),
            ("rows instead of", forge(&|e| with_manifest(e, |m| m["tables"][0]["rows"] = 99.into()))),
            ("format is 2", forge(&|e| with_manifest(e, |m| m["format"] = 2.into()))),
            ("schema version 900", forge(&|e| with_manifest(e, |m| m["schema_version"] = 900.into()))),
            ("is missing", forge(&|e| with_manifest(e, |m| { m["tables"].as_array_mut().unwrap().pop(); }))),
            ("other columns", forge(&|e| with_manifest(e, |m| m["tables"][0]["columns"][0]["name"] = "id; DROP TABLE record".into()))),
            ("no table evil", forge(&|e| e.push(("tables/evil/000001.jsonl".to_owned(), b"[1]\n".to_vec())))),
            ("does not know", forge(&|e| e.push(("surprise".to_owned(), Vec::new())))),
            ("leads out", forge(&|e| e.push(("extra/logs/../../../evil".to_owned(), b"x".to_vec())))),
            ("leads out", forge(&|e| e.push(("/tmp/evil".to_owned(), b"x".to_vec())))),
            ("leads out", forge(&|e| e.push(("blobs/..".to_owned(), b"x".to_vec())))),
            ("no place for it", forge(&|e| e.push(("extra/other/file".to_owned(), b"x".to_vec())))),
            ("another content", forge(&|e| e.push((format!("blobs/{}", "a".repeat(64)), b"x".to_vec())))),
            ("files instead of", forge(&|e| { let n = e.iter().position(|(name, _)| name.starts_with("blobs/")).unwrap(); e.remove(n); })),
            ("twice", forge(&|e| { let n = e.len() - 1; let last = e[n].clone(); e.push(last); })),
            ("not begin with a manifest", forge(&|e| e.swap(0, 1))),
            ("another shape", forge(&|e| json_in(e, "blob", ",8,", ",\"8\","))),
            ("values instead of", forge(&|e| json_in(e, "counter", "]", ",1]"))),
            ("table artifact", forge(&|e| { let (a, r) = (of_table(e, "artifact"), of_table(e, "record")); e.swap(a, r); })),
        ];
        let place = Place::new(db.store().engine());
        for (why, bytes) in cases {
            let outcome = place.restore(bytes.as_slice());
            let told = outcome.map(|_| ()).unwrap_err().to_string();
            assert!(told.contains(why), "expected `{why}`, got: {told}");
            assert!(place.is_empty(), "{why}: {:?}", place.files());
        }
        assert!(!std::path::Path::new("/tmp/evil").exists());
    }

    fn a_place_that_is_in_use_is_left_alone(db: TestStore) {
        let logs = fill(&db);
        let (_, file) = back_up(db.store(), &logs);
        let place = Place::new(db.store().engine());
        std::fs::create_dir_all(&place.logs).unwrap();
        std::fs::write(place.logs.join("mine"), "mine").unwrap();
        assert!(matches!(place.restore(file.as_slice()), Err(StoreError::NotEmpty(_))));
        assert_eq!(place.files(), [place.logs.join("mine")]);
        std::fs::remove_file(place.logs.join("mine")).unwrap();
        // A store that was opened once and never used is as good as none.
        drop(Store::open(&place.options).unwrap());
        place.restore(file.as_slice()).unwrap();
    }

    fn a_lost_blob_is_told_and_does_not_keep_from_backing_up(db: TestStore) {
        let logs = fill(&db);
        let sha256 = model::text::sha256_hex(b"report 5");
        std::fs::remove_file(db.options.data.join("blobs").join(&sha256[..2]).join(&sha256[2..])).unwrap();
        let (manifest, file) = back_up(db.store(), &logs);
        assert_eq!((manifest.blobs, manifest.missing_blobs.as_slice()), (6, [sha256].as_slice()));
        Place::new(db.store().engine()).restore(file.as_slice()).unwrap();
    }

    fn a_backup_is_of_one_moment_while_work_goes_on(db: TestStore) {
        let _ = people(&db);
        let (store, world) = (db.store().clone(), db.world.clone());
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let until = std::sync::Arc::clone(&stop);
        let writer = std::thread::spawn(move || {
            while !until.load(std::sync::atomic::Ordering::SeqCst) {
                let stamp = world.stamp("ada");
                let deed = move |tx: &mut store::Tx<'_>| {
                    let deed = Deed { verb: "case.update", object: "x", details: json!({}) };
                    store::change::announce(tx, &stamp, store::change::Topic::Case, 0)?;
                    journal::append(tx, &stamp, &deed, ShownIn::Journal)
                };
                store.write_blocking::<_, StoreError, _>(Scope::System, deed).unwrap();
            }
        });
        for _ in 0..5 {
            let (manifest, file) = back_up(db.store(), Path::new("/nonexistent/logs"));
            let rows = |name: &str| manifest.tables.iter().find(|table| table.name == name).map_or(0, |table| table.rows);
            assert_eq!(rows("journal"), rows("change"));
            Place::new(Engine::Sqlite).restore(file.as_slice()).unwrap();
        }
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
        writer.join().unwrap();
    }
}

/// A disk that is full.
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or_else(|| std::io::Error::other("no space left"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_backup_that_can_not_be_written_to_its_end_says_so() {
    let db = TestStore::new(Engine::Sqlite);
    fill(&db);
    for room in [0, 500, 20_000] {
        let outcome = backup(db.store(), &[], Timestamp(1), Full(room));
        assert!(matches!(outcome, Err(StoreError::File { .. })), "{room}: {outcome:?}");
    }
}
