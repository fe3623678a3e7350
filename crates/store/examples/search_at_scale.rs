//! How long searches and lists take in a large library: seeds it once, then prints a figure for each question.
//!
//! `cargo run --release -p vizsla-store --example search_at_scale -- DIR [RECORDS] [POSTGRES_URL] [--insert-only]`; a directory (or
//! database) that is seeded already is measured as it is. Without RECORDS, 2,000,000.

#![allow(clippy::print_stdout, clippy::disallowed_methods, missing_docs)]

use std::collections::BTreeMap;
use std::time::Instant;

use model::artifact::{Finding, Severity, StatusFilter};
use model::case::{CaseState, CaseType, Pap, Rating, Tlp, Verdict};
use model::kind::NewRecord;
use model::list::{Sort, SortColumn};
use model::note::{Audience, NoteKind};
use model::observable::{Observable, refang};
use model::operation::OperationVerb;
use model::text::{fold, sha256_hex};
use model::{Kind, Scope, Stamp, Timestamp};
use store::artifact::ArtifactFilter;
use store::case::Case;
use store::note::NoteSearch;
use store::record::RecordFilter;
use store::{Options, Store, StoreError, Tx, annotation, artifact, case, note, operation, record};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const NOTES: usize = 20_000;
const CASES_OF_ONE: usize = 1_000;
const CHUNK: usize = 2_000;
const NAMES: &[&str] = &[
    "alpha",
    "bravo",
    "charlie",
    "delta",
    "echo",
    "foxtrot",
    "golf",
    "hotel",
    "india",
    "juliet",
    "kilo",
    "lima",
    "mike",
    "november",
    "oscar",
    "papa",
    "quebec",
    "romeo",
    "sierra",
    "tango",
    "uniform",
    "victor",
    "whiskey",
    "yankee",
    "zulu",
    "cloud",
    "mail",
    "update",
    "login",
    "secure",
    "account",
    "cdn",
    "static",
    "portal",
    "bücher",
    "склад",
    "日本語",
];

fn name(n: usize, salt: usize) -> &'static str {
    let mixed = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left((salt * 13 % 64) as u32);
    NAMES[usize::try_from(mixed >> 33).unwrap_or(0) % NAMES.len()]
}

fn octet(n: usize, place: u32) -> u64 {
    (n as u64).wrapping_mul(0x2545_f491_4f6c_dd1d).rotate_left(place * 8) % 256
}

/// The `n`th record: mostly observables of the common types.
fn seeded(n: usize) -> Outcome<NewRecord> {
    let hash = || sha256_hex(n.to_string().as_bytes());
    let value = match n % 5 {
        0 => format!("{}{n:x}.{}-{}.example.com", name(n, 1), name(n, 2), name(n, 3)),
        1 => format!("{}.{}.{}.{}", 11 + octet(n, 0) % 200, octet(n, 1), octet(n, 2), octet(n, 3)),
        2 => hash(),
        3 => format!("http://{}{n:x}.{}.example.net/{}/{}.php?id={n}", name(n, 4), name(n, 5), name(n, 6), name(n, 7)),
        _ => hash().chars().take(32).collect(),
    };
    let mut made = NewRecord::from_observable(&Observable::guess(&value)?, Finding::ALL[usize::from(n.is_multiple_of(1_000))]);
    made.first_seen = Timestamp(octet(n, 4) as i64 * 3_600_000_000);
    made.last_seen = Timestamp(made.first_seen.micros() + octet(n, 5) as i64);
    if n.is_multiple_of(20) {
        made.kind = [Kind::ConfigurationItem, Kind::User, Kind::Incident][n / 20 % 3];
        made.public_id = None;
        made.title = format!("{}-{n:06}.corp.example", name(n, 8));
        made.category = ["server", "workstation", "printer"][n % 3].to_owned();
        made.severity = Severity::ALL[n / 20 % Severity::ALL.len()];
        made.search_text = fold(&format!("{} {} of {}", made.title, made.category, name(n, 9)));
    }
    Ok(made)
}

/// The `n`th record as an import brings it: in no log yet.
fn unseen(n: usize) -> Outcome<NewRecord> {
    Ok(NewRecord { first_seen: Timestamp::NEVER, last_seen: Timestamp::NEVER, ..seeded(n)? })
}

fn stamp(n: usize) -> Stamp {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&(n as u64).to_le_bytes());
    Stamp { at: Timestamp(1_700_000_000_000_000 + n as i64), actor: "ada".to_owned(), seed }
}

fn new_case(tx: &mut Tx<'_>, name: &str, stamp: &Stamp) -> Result<i64, StoreError> {
    let case = Case {
        id: 0,
        number: case::next_number(tx, "security_case", 1_001)?,
        name: name.to_owned(),
        case_type: CaseType::ThreatHunting,
        rating: Rating::Moderate,
        state: CaseState::Analysis,
        short_description: "What it is about, in a line of the usual length".to_owned(),
        description: String::new(),
        assigned_to: "ada".to_owned(),
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
    };
    case::insert(tx, &case)
}

/// Stores a chunk of records and puts those that `into` picks into a case.
fn put(store: &Store, chunk: Vec<NewRecord>, n: usize, case: i64, into: fn(usize, Kind) -> bool) -> Outcome<()> {
    store.write_blocking::<_, StoreError, _>(Scope::System, move |tx| {
        let stamp = stamp(n);
        let stored = record::upsert(tx, &chunk, true, "", &stamp)?.records;
        let picked: Vec<(i64, Kind)> =
            stored.iter().enumerate().filter(|(at, one)| into(n + at, one.kind)).map(|(_, one)| (one.id, one.kind)).collect();
        if !picked.is_empty() {
            let (operation, _) = operation::begin(tx, case, OperationVerb::Add, 0, "", &stamp)?;
            artifact::add(tx, case, &picked, operation, &stamp)?;
        }
        Ok(())
    })?;
    Ok(())
}

fn seed(store: &Store, records: usize) -> Outcome<()> {
    let began = Instant::now();
    let large = store.write_blocking::<_, StoreError, _>(Scope::System, |tx| {
        let stamp = stamp(0);
        let large = new_case(tx, "The large one", &stamp)?;
        for n in 1..=CASES_OF_ONE {
            new_case(tx, &format!("Case {n} of {}", name(n, 1)), &stamp)?;
        }
        Ok(large)
    })?;
    for n in (0..records).step_by(CHUNK) {
        let chunk = (n..records.min(n + CHUNK)).map(seeded).collect::<Outcome<Vec<_>>>()?;
        put(store, chunk, n, large, |n, kind| kind == Kind::Observable && n % 2 == 1)?;
        if n % 200_000 == 0 {
            println!("  {n} records after {:.0} s", began.elapsed().as_secs_f64());
        }
    }
    for n in (0..NOTES).step_by(500) {
        store.write_blocking::<_, StoreError, _>(Scope::System, move |tx| {
            for n in n..n + 500 {
                let text = format!("{} spoke of {} and {}{n}, seen again at {}", name(n, 1), name(n, 2), name(n, 3), name(n, 4));
                let case = large + 1 + (n % CASES_OF_ONE) as i64;
                note::insert(tx, case, NoteKind::ALL[n % 2], Audience::Team, &text.repeat(3), &stamp(10_000_000 + n))?;
                annotation::insert(tx, case, &[1 + n as i64], &text, 0, &stamp(20_000_000 + n))?;
            }
            Ok(())
        })?;
    }
    println!("seeded in {:.0} s", began.elapsed().as_secs_f64());
    Ok(())
}

/// Fifty records into each of a thousand cases.
fn spread(store: &Store) -> Outcome<()> {
    let ids: Vec<(i64, Kind)> = (2..52).map(|id| (id, Kind::Observable)).collect();
    for n in 1..=CASES_OF_ONE {
        let ids = ids.clone();
        store.write_blocking::<_, StoreError, _>(Scope::System, move |tx| {
            let (case, stamp) = (1 + n as i64, stamp(30_000_000 + n));
            let (operation, _) = operation::begin(tx, case, OperationVerb::Add, 0, "", &stamp)?;
            artifact::add(tx, case, &ids, operation, &stamp).map(|_| ())
        })?;
    }
    Ok(())
}

/// Seconds of processor time that this program has taken so far, where the system tells.
fn processor() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<i64> = stat.rsplit_once(')')?.1.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    // The user's and the system's, of which the first nine numbers of the line are neither, in hundredths.
    Some((fields.get(10)? + fields.get(11)?) as f64 / 100.0)
}

/// The first time, the best, the median and the 95th of a hundred, in milliseconds.
fn measure<T: Send + 'static>(
    store: &Store,
    what: &str,
    work: impl Fn(&mut Tx<'_>) -> Result<(T, String), StoreError> + Clone + Send + 'static,
) -> Outcome<()> {
    let mut times = Vec::new();
    let mut said = String::new();
    for _ in 0..41 {
        let (work, began) = (work.clone(), Instant::now());
        said = store.read_blocking::<_, StoreError, _>(Scope::Viewer(1), move |tx| work(tx))?.1;
        times.push(began.elapsed().as_secs_f64() * 1e3);
        if times.iter().sum::<f64>() > 4_000.0 {
            break;
        }
    }
    let first = times[0];
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    println!("{first:>9.2} {:>9.2} {:>9.2} {:>9.2}  {what}  → {said}", at(0), at(50), at(95));
    Ok(())
}

fn records_of(q: &str, kind: Option<Kind>, column: SortColumn, descending: bool) -> RecordFilter {
    RecordFilter {
        kind,
        q: refang(q),
        categories: Vec::new(),
        findings: Vec::new(),
        sort: Sort { column, descending },
        cursor: None,
        limit: 50,
        as_of: None,
    }
}

fn everywhere(store: &Store, what: &str, q: &'static str) -> Outcome<()> {
    measure(store, &format!("search everywhere: {what} ({q})"), move |tx| {
        let found = record::by_kind(tx, &records_of(q, None, SortColumn::Added, true), 5)?;
        let notes: Vec<i64> = NoteKind::ALL
            .iter()
            .map(|kind| {
                let asked = NoteSearch { q: refang(q), reader: "ada".to_owned(), kind: *kind, before: None, limit: 5 };
                note::search(tx, &asked).map(|page| page.total)
            })
            .collect::<Result<_, _>>()?;
        let annotations = annotation::search(tx, &refang(q), None, 5)?.total;
        let said = found.iter().map(|of| format!("{} {}", of.total, of.kind)).collect::<Vec<_>>().join(", ");
        Ok(((), format!("{said}; notes {notes:?}, annotations {annotations}")))
    })
}

fn tab(store: &Store, what: &str, q: &'static str, column: SortColumn, descending: bool) -> Outcome<()> {
    measure(store, &format!("a tab of a large case: {what}"), move |tx| {
        let page = artifact::list(
            tx,
            &ArtifactFilter {
                case: 1,
                kind: Some(Kind::Observable),
                status: StatusFilter::Included,
                q: refang(q),
                categories: Vec::new(),
                findings: Vec::new(),
                marked: None,
                sort: Sort { column, descending },
                cursor: None,
                limit: 50,
                as_of: None,
            },
        )?;
        Ok(((), format!("{} of {}", page.items.len(), page.total_text())))
    })
}

fn main() -> Outcome<()> {
    let (flags, arguments): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let mut arguments = arguments.into_iter();
    let data = arguments.next().ok_or("say in which directory")?.into();
    let records = arguments.next().map_or(Ok(2_000_000), |n| n.parse())?;
    let store = Store::open(&Options { data, database: arguments.next(), readers: 1 })?;
    let any = |tx: &mut Tx<'_>| record::list(tx, &records_of("", None, SortColumn::Added, true)).map(|page| page.total);
    if store.read_blocking::<_, StoreError, _>(Scope::System, any)? == 0 {
        seed(&store, records)?;
    }
    if store.read_blocking::<_, StoreError, _>(Scope::System, |tx| record::around(tx, 30))?.cases < CASES_OF_ONE as i64 {
        spread(&store)?;
    }
    if !flags.iter().any(|flag| flag == "--insert-only") {
        ask(&store)?;
    }
    insert_more(&store)
}

fn ask(store: &Store) -> Outcome<()> {
    println!("{:>9} {:>9} {:>9} {:>9}  milliseconds", "first", "best", "median", "p95");
    const QUESTIONS: &[(&str, &str)] = &[
        ("common", "example"),
        ("common, long", "example.com"),
        ("half common", "secure"),
        ("two words", "zulu portal"),
        ("rare", "zulu1e843"),
        ("rare, of common threes", "secure/account.php"),
        ("absent", "qqqqzzzz"),
        ("absent, of common threes", "deadbeefdeadbeef"),
        ("address", "87[.]12[.]44"),
        ("address, absent", "198.51.100.77"),
        ("URL, defanged", "hxxp://mail3e8[.]"),
        ("one letter", "e"),
        ("two letters", "ab"),
        ("two letters, absent", "qz"),
        ("two letters and a word", "portal zu"),
        ("not ASCII", "склад"),
        ("not ASCII, two letters", "日本"),
        ("not ASCII, absent", "東京"),
    ];
    for (what, q) in QUESTIONS {
        everywhere(store, what, q)?;
    }
    for (what, q) in QUESTIONS {
        tab(store, q, q, SortColumn::Added, true)?;
        let _ = what;
    }
    for column in SortColumn::ALL {
        for descending in [true, false] {
            tab(store, &format!("sorted by {column}, {}", if descending { "down" } else { "up" }), "", *column, descending)?;
        }
    }
    for column in SortColumn::ALL {
        for kind in [None, Some(Kind::Observable), Some(Kind::User)] {
            let filter = records_of("", kind, *column, true);
            measure(store, &format!("records of {kind:?} by {column}"), move |tx| {
                record::list(tx, &filter).map(|page| ((), page.total_text()))
            })?;
            let filter = records_of("secure", kind, *column, true);
            measure(store, &format!("records of {kind:?} by {column} with a word"), move |tx| {
                record::list(tx, &filter).map(|page| ((), page.total_text()))
            })?;
        }
    }
    for (category, findings) in [("md5", vec![]), ("md5", vec![Finding::ALL[1].code()]), ("email-addr", vec![])] {
        for column in [SortColumn::Added, SortColumn::Title] {
            let mut filter = records_of("", Some(Kind::Observable), column, true);
            filter.categories = vec![category.to_owned()];
            filter.findings.clone_from(&findings);
            measure(store, &format!("observables of {category} {findings:?} by {column}"), move |tx| {
                record::list(tx, &filter).map(|page| ((), page.total_text()))
            })?;
        }
    }
    measure(store, "the cases that hold a value of a thousand", |tx| {
        let around = record::around(tx, 30)?;
        Ok((record::cases(tx, 30, 500)?, around.cases.to_string()))
    })?;
    measure(store, "a page of a tab whose values are in a thousand cases", |tx| {
        let filter = ArtifactFilter {
            case: 2,
            kind: Some(Kind::Observable),
            status: StatusFilter::All,
            q: String::new(),
            categories: Vec::new(),
            findings: Vec::new(),
            marked: None,
            sort: Sort { column: SortColumn::Added, descending: true },
            cursor: None,
            limit: 50,
            as_of: None,
        };
        let page = artifact::list(tx, &filter)?;
        Ok(((), format!("{} artifacts, each in {:?} cases", page.items.len(), page.items.first().map(|one| one.cases))))
    })?;
    Ok(())
}

/// What the indexes cost: a hundred thousand more, each into the large case.
fn insert_more(store: &Store) -> Outcome<()> {
    let next = store.read_blocking::<_, StoreError, _>(Scope::System, |tx| {
        record::list(tx, &records_of("", None, SortColumn::Added, true)).map(|page| page.as_of)
    })?;
    let (from, count) = (100_000_000 + next.parse::<usize>()?, 100_000);
    let fresh: Vec<NewRecord> = (from..).filter(|n| n % 20 != 0).take(count).map(unseen).collect::<Outcome<_>>()?;
    let (began, before) = (Instant::now(), processor());
    for (n, chunk) in fresh.chunks(CHUNK).enumerate() {
        put(store, chunk.to_vec(), from + n * CHUNK, 1, |_, _| true)?;
    }
    println!("{:.0} observables a second, with their artifacts", count as f64 / began.elapsed().as_secs_f64());
    if let (Some(before), Some(now)) = (before, processor()) {
        println!("{:.0} observables a second of processor time", count as f64 / (now - before));
    }
    Ok(())
}
