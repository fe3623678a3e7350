//! Figures of the log index: `cargo run --release -p vizsla-logs --example bench_index -- LOG [COPIES]`.
//!
//! `LOG` is a Windows log in JSON lines (plain, gzip or zip). It is copied `COPIES` times (12) with other machines,
//! people, days, GUIDs and hashes in each copy, indexed, and searched. Of more than a hundred copies, reading alone and
//! compacting are left out: each goes over all of it once more. `BENCH_DIR` says where all this is kept meanwhile, and
//! `BENCH_KEEP` that the copies stay there, for others to be asked the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::disallowed_methods)]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::time::Instant;

use logs::{LogIndex, Needle, NeedleKind, NewEvent, Options, SearchRequest, Standing};
use model::Timestamp;
use model::time::Window;

/// Another hexadecimal digit for each one, the same wherever the same run stands in the same copy.
fn vary_hex(run: &[u8], copy: u64, out: &mut Vec<u8>) {
    let mut state = run
        .iter()
        .fold(copy.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, |h, b| (h ^ u64::from(b.to_ascii_lowercase())).wrapping_mul(0x100_0000_01b3));
    for b in run {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let digit = b"0123456789abcdef"[(state >> 32) as usize & 15];
        out.push(if b.is_ascii_uppercase() { digit.to_ascii_uppercase() } else { digit });
    }
}

/// Appends a copy of a line in which runs of eight and more hexadecimal digits are others.
fn vary(line: &str, copy: u64, out: &mut Vec<u8>) {
    let day = 1 + copy % 28;
    let line = line
        .replace("MKT01", &format!("WKS{copy:03}"))
        .replace("stevie.marie", &format!("user{copy}.marie"))
        .replace("pedro.gustavo", &format!("admin{copy}.gustavo"))
        .replace("2023-08-15", &format!("2023-08-{day:02}"))
        .replace("192.168.1.", &format!("10.{copy}.7."));
    let bytes = line.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
        // A run of figures alone may be a number, or a time.
        if run >= 8 && bytes[at..at + run].iter().any(u8::is_ascii_alphabetic) {
            vary_hex(&bytes[at..at + run], copy, out);
            at += run;
        } else {
            out.extend_from_slice(&bytes[at..at + run.max(1)]);
            at += run.max(1);
        }
    }
    out.push(b'\n');
}

/// What the reader takes without an index behind it.
fn read_alone(corpus: &std::path::Path, raw: u64) {
    let began = Instant::now();
    let mut count = 0_u64;
    formats::log_events::read_events(File::open(corpus).unwrap(), "corpus", &Default::default(), &mut |event| {
        count += event.text.len() as u64;
        ControlFlow::Continue(())
    })
    .unwrap();
    println!(
        "reading alone: {:.0} MB/s, {:.0} % of the bytes are values",
        raw as f64 / 1e6 / began.elapsed().as_secs_f64(),
        100.0 * count as f64 / raw as f64
    );
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let log = arguments.next().expect("a log file");
    let copies: u64 = arguments.next().map_or(12, |n| n.parse().unwrap());
    let mut dir = std::env::var("BENCH_DIR").map_or_else(|_| tempfile::tempdir(), tempfile::tempdir_in).unwrap();
    dir.disable_cleanup(std::env::var("BENCH_KEEP").is_ok());
    let large = copies > 100;

    let corpus = dir.path().join("corpus.json");
    let mut lines = Vec::new();
    formats::log_events::read_events(File::open(&log).unwrap(), &log, &Default::default(), &mut |event| {
        lines.push(event.raw.to_owned());
        ControlFlow::Continue(())
    })
    .unwrap();
    let mut out = BufWriter::new(File::create(&corpus).unwrap());
    let mut buffer = Vec::new();
    for copy in 0..copies {
        for line in &lines {
            buffer.clear();
            vary(line, copy, &mut buffer);
            out.write_all(&buffer).unwrap();
        }
    }
    out.flush().unwrap();
    let raw = std::fs::metadata(&corpus).unwrap().len();

    if !large {
        read_alone(&corpus, raw);
    }

    let index = LogIndex::open(&dir.path().join("index"), Options::new(formats::log_events::values_of)).unwrap();
    let (began, cpu) = (Instant::now(), processor());
    let mut batch = index.begin_batch(1, 1).unwrap();
    // A few values from every file, for the searches.
    let mut values: Vec<String> = Vec::new();
    let mut step = 0_u64;
    formats::log_events::read_events(File::open(&corpus).unwrap(), "corpus", &Default::default(), &mut |event| {
        step += 1;
        if step.is_multiple_of(257) {
            let words =
                event.text.split(|c: char| !c.is_alphanumeric() && !"_-.".contains(c)).filter(|w| w.len() > 12 && !w.ends_with('.'));
            values.extend(words.take(8).map(str::to_owned));
        }
        batch
            .add(&NewEvent {
                time: event.time,
                host: event.host,
                accounts: event.accounts,
                raw: event.raw,
                text: event.text,
                shape: event.shape as u8,
                member: event.member,
                line: event.line,
            })
            .unwrap();
        ControlFlow::Continue(())
    })
    .unwrap();
    let summary = batch.finish().unwrap();
    let took = began.elapsed().as_secs_f64();
    let cpu = processor() - cpu;
    let stats = index.stats().unwrap();
    println!(
        "indexed {} events, {:.0} MB in {took:.1} s ({cpu:.1} s of processor time): {:.0} events/s, {:.0} MB/s; {} segments, {:.1} % of raw",
        summary.events,
        raw as f64 / 1e6,
        summary.events as f64 / took,
        raw as f64 / 1e6 / took,
        stats.segments,
        100.0 * stats.disk_bytes as f64 / raw as f64,
    );
    sizes(&dir.path().join("index"), raw);

    values.sort();
    values.dedup();
    let spread = |count: usize| -> Vec<String> { values.iter().step_by((values.len() / count).max(1)).take(count).cloned().collect() };
    let absent = |count: u32| (0..count).map(|n| format!("203.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255)).collect::<Vec<_>>();
    let one = |value: &str| vec![value.to_owned()];
    ask(&index, "one rare value", &one(&values[values.len() / 2]), 3);
    ask(&index, "one value in every event of a copy", &one("wks003.pandalab.com"), 3);
    ask(&index, "one value in every event", &one("pandalab.com"), 3);
    ask(&index, "one path, rare", &one(r"C:\Users\user5.marie\Downloads\winx64_payload.exe"), 3);
    ask(&index, "one path, common", &one(r"C:\Windows\System32\svchost.exe"), 3);
    ask(&index, "1,000 values that are there", &spread(1_000), 3);
    ask(&index, "1,000 values that are there, no samples", &spread(1_000), 0);
    let hunt: Vec<String> =
        values.iter().filter(|v| v.len() > 30).step_by((values.len() / 400).max(1)).take(100).cloned().chain(absent(900)).collect();
    if let Ok(list) = std::env::var("BENCH_LIST") {
        std::fs::write(list, hunt.join("\n")).unwrap();
    }
    ask(&index, "1,000 observables of a hunt: 100 that are there, 900 absent", &hunt, 3);
    ask(&index, "1,000 values, absent", &absent(1_000), 3);
    ask(&index, "16,854 addresses, absent", &absent(16_854), 3);

    let mut small = index.begin_batch(1, 2).unwrap();
    let shape = formats::log_events::Shape::Json as u8;
    for (line, at) in lines.iter().take(1_000).zip(1..) {
        let mut text = String::new();
        formats::log_events::values_of(shape, line, &mut text);
        let time = Some(Timestamp(1_692_057_600_000_000 + at));
        let event = NewEvent { time, host: None, accounts: &[], raw: line, text: &text, shape, member: "", line: at.unsigned_abs() };
        small.add(&event).unwrap();
    }
    small.finish().unwrap();
    standing(&index, took);

    println!("largest resident memory so far: {:.0} MiB", peak());
    if !large {
        let began = Instant::now();
        index.compact().unwrap();
        let stats = index.stats().unwrap();
        println!(
            "compacted in {:.1} s: {} segments, {:.1} % of raw",
            began.elapsed().as_secs_f64(),
            stats.segments,
            100.0 * stats.disk_bytes as f64 / raw as f64
        );
        ask(&index, "1,000 values that are there", &spread(1_000), 3);
        ask(&index, "16,854 addresses, absent", &absent(16_854), 3);
    }
}

/// Looks a million values up in the batch, as a case that watches does with each file that comes in.
fn standing(index: &LogIndex, indexing: f64) {
    let needles: Vec<Needle> = (0..1_000_000_u32)
        .map(|n| {
            let h = n.wrapping_mul(2_654_435_761);
            let value = match n % 5 {
                0 => format!("{}.{}.{}.{}", 11 + h % 89, n >> 16 & 255, n >> 8 & 255, n & 255),
                1 => format!("portal{n}.{:x}.example", h % 5_000),
                2 => format!("{h:08x}{n:08x}{:08x}{:08x}", h ^ n, h.wrapping_add(n)),
                3 => format!("https://cdn{}.example/a/{n}/x.php?id={h}", h % 900),
                _ => format!("C:\\Users\\u{}\\AppData\\run{n}.exe", h % 4_000),
            };
            let kind = if n % 5 == 3 { NeedleKind::Url } else { NeedleKind::Plain };
            Needle { id: i64::from(n), kind, value, alternatives: Vec::new() }
        })
        .collect();
    let began = Instant::now();
    let mut standing = Standing::default();
    for needle in &needles {
        standing.add(needle);
    }
    standing.settle();
    println!("1,000,000 standing observables made ready, once: {:.2} s", began.elapsed().as_secs_f64());
    for (what, batch) in [("the batch", 1), ("a batch of 1,000 events", 2)] {
        let (began, cpu) = (Instant::now(), processor());
        let met = index.met(&standing, batch).unwrap();
        let few: Vec<Needle> = needles.iter().filter(|needle| met.binary_search(&needle.id).is_ok()).cloned().collect();
        let request = SearchRequest { needles: &few, window: Window::All, sources: None, batch: Some(batch), samples: 0 };
        let found = index.search(&request, &|_, _| ControlFlow::Continue(())).unwrap().results.len();
        let (took, cpu) = (began.elapsed().as_secs_f64(), processor() - cpu);
        println!(
            "1,000,000 standing observables against {what}: {:.0} ms ({cpu:.2} s of processor time), {:.1} % of indexing the large one ({} looked up, {found} found)",
            1e3 * took,
            100.0 * took / indexing,
            met.len()
        );
    }
}

/// Seconds of processor time so far, over all threads; on a busy machine they say more than the clock.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    ticks.filter_map(|n| n.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The most memory that was resident, in MiB; files that are mapped count too.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap_or_default() / 1024.0
}

/// Bytes by kind of file.
fn sizes(dir: &std::path::Path, raw: u64) {
    let mut by_kind = std::collections::BTreeMap::<String, u64>::new();
    for partition in std::fs::read_dir(dir).unwrap().flatten().filter(|e| e.path().is_dir()) {
        for file in std::fs::read_dir(partition.path()).unwrap().flatten() {
            let kind = file.path().extension().map(|e| e.to_string_lossy().into_owned()).unwrap_or_default();
            *by_kind.entry(kind).or_default() += file.metadata().unwrap().len();
        }
    }
    for (kind, bytes) in by_kind {
        println!("  .{kind}: {:.2} % of raw", 100.0 * bytes as f64 / raw as f64);
    }
}

fn ask(index: &LogIndex, what: &str, values: &[String], samples: usize) {
    let needles: Vec<Needle> = values
        .iter()
        .zip(0..)
        .map(|(value, id)| Needle { id, kind: NeedleKind::Plain, value: value.clone(), alternatives: Vec::new() })
        .collect();
    let mut best = f64::MAX;
    let (mut found, mut events) = (0, 0);
    let cpu = processor();
    for _ in 0..5 {
        let request = SearchRequest {
            needles: &needles,
            window: Window::Between(Timestamp(1), Timestamp(i64::MAX)),
            sources: None,
            batch: None,
            samples,
        };
        let began = Instant::now();
        let outcome = index.search(&request, &|_, _| ControlFlow::Continue(())).unwrap();
        best = best.min(began.elapsed().as_secs_f64());
        found = outcome.results.iter().filter(|r| r.count > 0).count();
        events = outcome.results.iter().map(|r| r.count).sum::<u64>();
    }
    let cpu = (processor() - cpu) / 5.0;
    println!("{what}: best of 5 {:.1} ms, {:.0} ms of processor time each ({found} found, in {events} events)", best * 1e3, cpu * 1e3);
}
