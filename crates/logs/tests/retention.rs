//! Retention takes a source's part of a partition whole or not at all, and coverage remembers it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;

use common::{count, open, put, time};
use logs::{GoneDay, LogIndex};
use model::time::Window;

fn fill(index: &LogIndex) {
    put(index, 1, 1, &[("2023-08-30T10:00:00Z", "evil.com"), ("2023-08-31T10:00:00Z", "evil.com"), ("2023-09-01T08:00:00Z", "evil.com")]);
    put(index, 2, 2, &[("2023-08-15T10:00:00Z", "evil.com"), ("", "evil.com")]);
}

fn holdings(index: &LogIndex) -> Vec<(String, i64, u64)> {
    index.holdings().unwrap().into_iter().map(|held| (held.partition, held.source, held.events)).collect()
}

#[test]
fn a_sources_part_of_a_month_goes_and_is_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    fill(&index);
    let held = |partition: &str, source, events| (partition.to_owned(), source, events);
    let august = [held("p-2023-08", 1, 2), held("p-2023-08", 2, 1)];
    assert_eq!(holdings(&index), [&august[..], &[held("p-2023-09", 1, 1), held("p-none", 2, 1)]].concat());
    let first = &index.holdings().unwrap()[0];
    assert_eq!((first.ends, first.days.map(|(a, b)| b - a)), (time("2023-09-01T00:00:00Z"), Some(1)));
    assert!(first.disk_bytes > 0 && first.raw_bytes > 0);

    let at = time("2026-11-24T00:00:00Z").unwrap();
    assert_eq!(index.expire("p-2023-08", &[1], at).unwrap(), 2);
    assert_eq!(index.expire("p-2023-08", &[1], at).unwrap(), 0, "what went is gone");
    assert_eq!(count(&index, "evil.com"), 3);
    assert!(dir.path().join("p-2023-08").exists(), "the other source keeps it");
    assert_eq!(index.expired().into_iter().collect::<Vec<_>>(), [(1, 2)]);

    let day = |text: &str| time(text).unwrap().day();
    let check = |index: &LogIndex| {
        let coverage = index.coverage(Window::Between(time("2023-08-31").unwrap(), time("2023-10-01").unwrap()), Some(&[1]));
        assert_eq!(coverage[0].gone, [GoneDay { day: day("2023-08-31"), events: 1, at }]);
        assert_eq!((coverage[0].events, coverage[0].per_day.as_slice()), (1, &[(day("2023-09-01"), 1)][..]));
        assert_eq!((coverage[0].first, coverage[0].last), (time("2023-09-01T00:00:00Z"), time("2023-09-01T08:00:00Z")));
    };
    check(&index);
    assert_eq!(index.expire("p-2023-08", &[2], at).unwrap(), 1);
    assert_eq!(index.expire("p-none", &[2], at).unwrap(), 1);
    assert!(!dir.path().join("p-2023-08").exists() && !dir.path().join("p-none").exists());
    assert_eq!(count(&index, "evil.com"), 1);
    let all = index.coverage(Window::All, Some(&[2]));
    assert_eq!((all[0].events, all[0].gone_without_day), (0, Some((1, at))));
    drop(index);
    let index = open(dir.path());
    check(&index);
    // The month can come again.
    put(&index, 1, 3, &[("2023-08-31T10:00:00Z", "evil.com")]);
    assert_eq!(count(&index, "evil.com"), 2);
}

#[test]
fn a_crash_leaves_all_or_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    fill(&index);
    let before = std::fs::read(dir.path().join("manifest")).unwrap();
    drop(index);
    let whole = tempfile::tempdir().unwrap();
    copy_dir(dir.path(), whole.path());
    let index = open(dir.path());
    index.expire("p-2023-08", &[1, 2], time("2026-11-24").unwrap()).unwrap();
    drop(index);
    let after = std::fs::read(dir.path().join("manifest")).unwrap();
    assert_eq!(&after[..before.len()], before);
    // The partition lies there as it was, or renamed and half removed, and the manifest ends anywhere in its lines.
    let first_line = before.len() + after[before.len()..].iter().position(|b| *b == b'\n').unwrap() + 1;
    for (cut, half) in (before.len()..after.len()).step_by(7).map(|cut| (cut, false)).chain([(first_line, true)]) {
        let target = tempfile::tempdir().unwrap();
        copy_dir(whole.path(), target.path());
        std::fs::write(target.path().join("manifest"), &after[..cut]).unwrap();
        if half {
            let gone = target.path().join("gone-p-2023-08");
            std::fs::rename(target.path().join("p-2023-08"), &gone).unwrap();
            std::fs::remove_file(gone.join("meta.json")).unwrap();
        }
        let index = open(target.path());
        let decided = cut >= first_line;
        assert_eq!(count(&index, "evil.com"), if decided { 2 } else { 5 }, "cut at {cut}");
        assert_eq!(target.path().join("p-2023-08").exists(), !decided, "cut at {cut}");
        assert!(!target.path().join("gone-p-2023-08").exists());
        assert_eq!(index.coverage(Window::All, Some(&[1]))[0].gone.len(), if decided { 2 } else { 0 });
    }
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        if entry.path().is_dir() {
            copy_dir(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
