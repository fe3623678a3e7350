//! The rule *Match*, asked of an index.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{count, needle, only, open, put, search};
use logs::{Alternative, Basis, Needle, NeedleKind};
use model::time::Window;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

fn spelled(value: &str) -> Alternative {
    Alternative { kind: NeedleKind::Plain, value: value.to_owned() }
}

/// For each value, the events that hold it.
#[test]
fn the_rule_holds_for_its_own_examples_and_more() {
    let events = [
        "from 10.0.5.13:8080 to win.exe",
        "http://evil.com/x a@evil.com",
        "evil.com.",
        "*.evil.com",
        ".evil.com",
        "www.evil.com",
        "evil.com.mx",
        "C:\\Windows\\System32\\CMD.exe /c",
        "c:\\windows\\system32\\cmd.exe.mui",
        "path c:/windows/system32/cmd.exe",
        "http://evil.com/x/y",
        "http://evil.com/x..z",
        "http://evil.com/x.-z",
        "[fe80::1]:443",
        "fe80::1a",
        "S-1-5-21-1-2-3-1105",
        "ΟΔΟΣ.gr straße.de",
        "-x-",
        "first c:\\windows\nsystem32\\cmd.exe",
        "xevil.com evilxcom",
    ];
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 1, 1, &events.map(|text| ("2023-08-15T10:00:00Z", text)));
    for (value, kind, expected) in [
        ("10.0.5.13", NeedleKind::Plain, &[0][..]),
        ("10.0.5.1", NeedleKind::Plain, &[]),
        ("0.0.5.13", NeedleKind::Plain, &[]),
        ("in.exe", NeedleKind::Plain, &[]),
        ("WIN.EXE", NeedleKind::Plain, &[0]),
        ("evil.com", NeedleKind::Plain, &[1, 2, 3, 4, 10, 11, 12]),
        ("vil.com", NeedleKind::Plain, &[]),
        (".evil.com", NeedleKind::Plain, &[]),
        ("evil.com.", NeedleKind::Plain, &[]),
        ("a@evil.com", NeedleKind::Plain, &[1]),
        ("c:\\windows\\system32\\cmd.EXE", NeedleKind::Plain, &[7]),
        ("windows\\system32", NeedleKind::Plain, &[7, 8]),
        ("windows\\system3", NeedleKind::Plain, &[]),
        ("http://evil.com/x", NeedleKind::Plain, &[1, 10, 11, 12]),
        ("http://evil.com/x", NeedleKind::Url, &[1, 11, 12]),
        ("ttp://evil.com/x", NeedleKind::Url, &[]),
        ("fe80::1", NeedleKind::Plain, &[13]),
        ("s-1-5-21-1-2-3-1105", NeedleKind::Plain, &[15]),
        ("s-1-5-21-1-2-3-110", NeedleKind::Plain, &[]),
        ("οδος.GR", NeedleKind::Plain, &[]),
        ("ΟΔΟΣ.gr", NeedleKind::Plain, &[16]),
        ("STRAßE.de", NeedleKind::Plain, &[16]),
        ("-x-", NeedleKind::Plain, &[17]),
        ("x-", NeedleKind::Plain, &[]),
        ("windows\nsystem32", NeedleKind::Plain, &[18]),
        ("absent/value", NeedleKind::Plain, &[]),
    ] {
        let outcome = search(&index, &[needle(value, kind)], Window::All, None);
        assert_eq!(outcome.refused, []);
        let found = outcome.results.first().map_or(0, |r| r.count);
        assert_eq!(found, expected.len() as u64, "{value} {kind:?}");
        let lines: Vec<u64> = outcome.results.iter().flat_map(|r| &r.samples).map(|s| s.event.line - 1).collect();
        assert_eq!(lines, expected.iter().copied().take(3).collect::<Vec<u64>>(), "{value}");
    }
}

#[test]
fn what_cannot_be_looked_up_is_told_and_not_called_unseen() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 1, 1, &[("", ":: x")]);
    for value in ["::", "", "***"] {
        let outcome = search(&index, &[needle(value, NeedleKind::Plain)], Window::All, None);
        assert_eq!((outcome.results.len(), outcome.refused.len()), (0, 1), "{value:?}");
    }
}

#[test]
fn domains_below_are_counted_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let texts = [
        "evil.com",
        "www.evil.com a.b.evil.com",
        "xevil.com",
        "evil.com.mx",
        "a..evil.com",
        "host.corp.exe",
        "corp.exe",
        "10.0.0.5",
        "日本.例え",
    ];
    put(&index, 1, 1, &texts.map(|text| ("2023-08-15T10:00:00Z", text)));
    for (domain, exact, below) in
        [("evil.com", 1, 3), ("com", 0, 4), ("mx", 0, 1), ("corp.exe", 1, 2), ("0.5", 0, 1), ("例え", 0, 1), ("b.evil.com", 0, 1)]
    {
        let needle = needle(domain, NeedleKind::Domain { with_subdomains: true });
        let result = only(search(&index, &[needle], Window::All, None));
        assert_eq!((result.count, result.with_subdomains), (exact, Some(below)), "{domain}");
        assert_eq!(result.basis, if exact > 0 { Basis::Exact } else { Basis::Subdomains }, "{domain}");
        assert!(!result.samples.is_empty());
    }
    let plain = only(search(&index, &[needle("evil.com", NeedleKind::Domain { with_subdomains: false })], Window::All, None));
    assert_eq!(plain.with_subdomains, None);
}

#[test]
fn other_spellings_are_counted_besides() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let texts = ["00:11:22:33:44:55", "00-11-22-33-44-55", "00:11:22:33:44:55 and 00-11-22-33-44-55", "HKLM\\Run\\x"];
    put(&index, 1, 1, &texts.map(|text| ("2023-08-15T10:00:00Z", text)));
    let mac = Needle {
        id: 1,
        kind: NeedleKind::Plain,
        value: "00:11:22:33:44:55".to_owned(),
        alternatives: vec![spelled("00-11-22-33-44-55"), spelled("::")],
    };
    let key = Needle {
        id: 2,
        kind: NeedleKind::Plain,
        value: "HKEY_LOCAL_MACHINE\\Run\\x".to_owned(),
        alternatives: vec![spelled("HKLM\\Run\\x")],
    };
    let outcome = search(&index, &[mac, key], Window::All, None);
    let counts: Vec<_> = outcome.results.iter().map(|r| (r.id, r.count, r.count_normalised, r.basis)).collect();
    assert_eq!(counts, [(1, 2, Some(3), Basis::Exact), (2, 0, Some(1), Basis::Normalised)]);
    assert_eq!(outcome.results[1].samples[0].marks.first(), Some(&(0..10)));
}

#[test]
fn strange_input_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let long = "A".repeat(1 << 20);
    let path = format!("c:\\{}\\{long}.exe", "b".repeat(70_000));
    let nul = "a\u{0}b \u{1}c \u{7f}";
    put(&index, 1, 1, &[("", &long), ("", &path), ("", nul), ("", ""), ("", "...")]);
    assert_eq!(count(&index, &long.to_lowercase()), 1);
    assert_eq!(count(&index, &long[1..]), 0);
    assert_eq!(count(&index, &format!("{}\\", "b".repeat(70_000))), 0);
    assert_eq!(count(&index, &format!("c:\\{}", "b".repeat(60_000))), 0);
    assert_eq!(count(&index, "b"), 1);
    assert_eq!(count(&index, "a\u{0}b"), 1);
    assert_eq!(search(&index, &[needle(&"x:".repeat(40_000), NeedleKind::Plain)], Window::All, None).refused.len(), 1);
}

#[test]
fn networks_wildcards_and_paths_of_urls_are_found() {
    let events = [
        "from 192.0.2.7:443 to 192.0.20.1",
        "dst=192.0.2.255.",
        "192.0.2.7.example",
        "[2001:db8:0:1::5]:80 and 2001:0DB8::9",
        "2001:db9::1",
        "C:\\Users\\anna\\AppData\\evil7.exe -x",
        "c:\\users\\bert\nevil7.exe",
        "GET http://evil.example/a?id=1",
        "GET http://evil.example/a/b",
        "powershell.exe -nop -enc AAAA",
    ];
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    put(&index, 1, 1, &events.map(|text| ("2023-08-15T10:00:00Z", text)));
    for (value, kind, expected) in [
        ("192.0.2.0/24", NeedleKind::Network, &[0, 1][..]),
        ("192.0.0.0/11", NeedleKind::Network, &[0, 1]),
        ("192.0.2.8/29", NeedleKind::Network, &[]),
        ("0.0.0.0/0", NeedleKind::Network, &[0, 1]),
        ("2001:db8::/32", NeedleKind::Network, &[3]),
        ("2001:db8:0:1::/64", NeedleKind::Network, &[3]),
        ("2001:db8:0:2::/64", NeedleKind::Network, &[]),
        ("2000::/3", NeedleKind::Network, &[3, 4]),
        ("fe80::/10", NeedleKind::Network, &[]),
        ("c:\\users\\*\\evil?.exe", NeedleKind::Wildcard, &[5]),
        ("*il7.exe", NeedleKind::Wildcard, &[5, 6]),
        ("powershell*-enc*", NeedleKind::Wildcard, &[9]),
        ("evil.example", NeedleKind::Wildcard, &[7, 8]),
        ("evil.example/a", NeedleKind::UrlPath, &[7]),
    ] {
        let outcome = search(&index, &[needle(value, kind)], Window::All, None);
        assert_eq!(outcome.refused, [], "{value}");
        let found: u64 = outcome.results.iter().map(|r| r.count).sum();
        assert_eq!(found, expected.len() as u64, "{value}");
        let lines: Vec<u64> = outcome.results.iter().flat_map(|r| &r.samples).map(|s| s.event.line - 1).collect();
        assert_eq!(lines, expected.iter().map(|e| *e as u64).take(3).collect::<Vec<_>>(), "{value}");
        assert!(outcome.results.iter().flat_map(|r| &r.samples).all(|s| !s.marks.is_empty()), "{value} is marked");
    }
    let wide = Needle {
        alternatives: vec![Alternative { kind: NeedleKind::Network, value: "::/0".to_owned() }],
        ..needle("::/0", NeedleKind::Plain)
    };
    let refused =
        search(&index, &[needle("*?*", NeedleKind::Wildcard), needle("10.0.0.0/99", NeedleKind::Network), wide], Window::All, None);
    assert_eq!(refused.refused.len(), 3);
}

/// The rule as it is told, by looking at every place of a text.
fn holds(text: &str, value: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let token_char = |c: char| word(c) || c == '-' || c == '.';
    if value.chars().all(token_char) {
        return text.split(|c| !token_char(c)).any(|run| run.trim_matches('.') == value);
    }
    text.match_indices(value).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + value.len()..].chars().collect::<Vec<_>>());
        let glued = match after.first() {
            Some('.') => after.get(1).is_some_and(|c| word(*c)),
            Some(c) => word(*c) || *c == '-',
            None => false,
        };
        !before.is_some_and(token_char) && !glued
    })
}

/// Texts of few words and many separators, so that values nearly meet.
fn text(parts: usize) -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "a", "b.c", "c", "win", "-", ".", "..", "\\", "\\\\", "/", ":", ":\\", "://", "@", " ", ", ", ": ", "=", "\n", "::", ";", "\"",
        "é", "。",
    ]);
    prop::collection::vec(part, 1..parts).prop_map(|parts| parts.concat())
}

#[test]
fn any_value_is_found_where_looking_at_every_text_finds_it() {
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let texts = prop::collection::vec(text(14), 40);
    let values =
        prop::collection::vec((text(6), any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<prop::sample::Index>()), 40);
    runner
        .run(&(texts, values), |(texts, values)| {
            let dir = tempfile::tempdir().unwrap();
            let index = open(dir.path());
            let events: Vec<(&str, &str)> = texts.iter().map(|text| ("2023-08-15T10:00:00Z", text.as_str())).collect();
            put(&index, 1, 1, &events);
            // Values of their own, and pieces of the texts.
            let pieces = values.iter().map(|(_, which, from, to)| {
                let text: Vec<char> = which.get(&texts).chars().collect();
                let (from, to) = (from.index(text.len()), to.index(text.len()));
                text[from.min(to)..=from.max(to)].iter().collect::<String>()
            });
            for value in values.iter().map(|(value, ..)| value.clone()).chain(pieces) {
                let outcome = search(&index, &[needle(&value, NeedleKind::Plain)], Window::All, None);
                if outcome.refused.is_empty() {
                    let expected = texts.iter().filter(|text| holds(text, &value)).count() as u64;
                    prop_assert_eq!(outcome.results.first().map_or(0, |r| r.count), expected, "{:?} in {:?}", value, texts);
                }
            }
            Ok(())
        })
        .unwrap();
}
