//! Patterns of STIX 2.1, section 9, over events as logs have them.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::super::{Version, parse};
use super::{Bound, Facts, Prepared};
use crate::log_events::Shape;

fn facts(event: &Json) -> Facts {
    Facts::of(Shape::Json as u8, &event.to_string(), &["CORP\\Peter".to_owned()])
}

fn prepared(pattern: &str) -> Prepared {
    Prepared::new(&parse(pattern, Version::V21).unwrap_or_else(|error| panic!("{pattern}: {error}"))).unwrap()
}

/// What meets a pattern, of events at these seconds.
fn bound(pattern: &str, events: &[(i64, Json)]) -> Bound {
    let prepared = prepared(pattern);
    let moments: Vec<_> = events.iter().map(|(second, _)| (*second >= 0).then(|| model::Timestamp(*second * 1_000_000 + 1))).collect();
    let holds = |leaf: usize| (0..events.len()).filter(|at| prepared.holds(leaf, &facts(&events[*at].1)) == Some(true)).collect::<Vec<_>>();
    let matching: Vec<Vec<usize>> = (0..prepared.observations().len()).map(holds).collect();
    prepared.bind(&moments, &matching)
}

fn one(pattern: &str, event: &Json) -> Option<bool> {
    prepared(pattern).holds(0, &facts(event))
}

#[test]
fn properties_are_found_in_the_fields_of_events() {
    let sysmon = json!({"Event": {"EventData": {
        "Image": "C:\\Windows\\System32\\cmd.exe", "CommandLine": "cmd.exe /c whoami", "ParentImage": "C:\\Program Files\\Word\\winword.exe",
        "ProcessId": "0x1a4", "Hashes": "MD5=9e107d9d372bb6826bd81d3542a419d6,SHA256=EF537F25C895BFA782526529A9B63D97AA631564D5D789C2B765448C8635FB6C",
        "TargetObject": "HKLM\\Software\\Foo\\Bar", "DestinationIp": "203.0.113.33", "DestinationPort": "443"}}});
    for (pattern, wanted) in [
        ("[file:hashes.'SHA-256' = 'ef537f25c895bfa782526529a9b63d97aa631564d5d789c2b765448c8635fb6c']", true),
        ("[file:hashes.MD5 = '9e107d9d372bb6826bd81d3542a419d7']", false),
        ("[file:name = 'cmd.exe' AND file:parent_directory_ref.path = 'C:\\\\Windows\\\\System32']", true),
        ("[process:image_ref.name IN ('fooproc', 'cmd.exe')]", true),
        ("[process:parent_ref.image_ref.name = 'winword.exe']", true),
        ("[process:command_line LIKE '%who_mi']", true),
        ("[process:command_line LIKE 'who%']", false),
        ("[process:command_line MATCHES '^cmd\\\\.exe .+$']", true),
        ("[process:command_line MATCHES '^CMD']", false),
        ("[process:command_line NOT LIKE '%powershell%']", true),
        ("[process:pid = 420]", true),
        ("[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\Software\\\\Foo\\\\Bar']", true),
        ("[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.33/32']", true),
        ("[network-traffic:dst_ref.value ISSUBSET '203.0.113.0/24']", true),
        ("[network-traffic:dst_ref.value NOT ISSUBSET '203.0.113.0/24']", false),
        ("[network-traffic:dst_ref.value ISSUPERSET '203.0.113.33/32']", true),
        ("[network-traffic:dst_port > 80 AND network-traffic:dst_port <= 443]", true),
        ("[network-traffic:dst_port != 443]", false),
        ("[user-account:user_id = 'Peter' OR user-account:user_id = '1007']", true),
        ("[EXISTS network-traffic:dst_port]", true),
        ("[EXISTS network-traffic:src_port]", false),
        ("[network-traffic:src_port != 80]", false),
    ] {
        assert_eq!(one(pattern, &sysmon), Some(wanted), "{pattern}");
    }
    let proxy = json!({"url": "http://example.com/foo", "dns": {"question": {"name": "www.5z8.info"}, "answers": {"data": ["198.51.100.1"]}},
        "email": {"from": {"address": "jdoe@example.com"}, "subject": "Conference Info"}, "src": "2001:db8:dead:beef::7"});
    for (pattern, wanted) in [
        ("[url:value = 'http://example.com/foo' OR url:value = 'http://example.com/bar']", true),
        ("[url:value = 'http://example.com/']", false),
        ("[domain-name:value = 'www.5z8.info' AND domain-name:resolves_to_refs[*].value = '198.51.100.1/32']", true),
        ("[domain-name:value LIKE '%.5z8.info']", true),
        ("[email-message:sender_ref.value = 'jdoe@example.com' AND email-message:subject = 'Conference Info']", true),
        ("[email-message:from_ref.value MATCHES '.+\\\\@example\\\\.com$']", true),
        ("[ipv6-addr:value ISSUBSET '2001:0db8:dead:beef:0000:0000:0000:0000/64']", true),
    ] {
        assert_eq!(one(pattern, &proxy), Some(wanted), "{pattern}");
    }
}

#[test]
fn lines_without_fields_are_read_by_their_words() {
    let line = "date=2026-11-24 srcip=192.0.2.7 dstport=8080 msg=\"GET http://evil.example/a/\" \u{1}";
    let facts = Facts::of(Shape::Text as u8, line, &[]);
    for (pattern, wanted) in [
        ("[ipv4-addr:value = '192.0.2.7']", true),
        ("[ipv4-addr:value ISSUBSET '192.0.2.0/24' AND network-traffic:dst_port = 8080]", true),
        ("[url:value = 'http://evil.example/a/']", true),
        ("[domain-name:value = 'evil.example']", true),
        ("[domain-name:value = 'vil.example']", false),
    ] {
        assert_eq!(prepared(pattern).holds(0, &facts), Some(wanted), "{pattern}");
    }
}

#[test]
fn what_no_field_tells_is_neither_true_nor_false() {
    let event = json!({"Image": "C:\\pdf.exe"});
    let pattern = "[(file:name = 'pdf.exe' OR file:size = '371712') AND file:created = t'2014-01-13T07:03:17Z']";
    assert_eq!(one(pattern, &event), None);
    assert_eq!(prepared(pattern).without_counterpart(), ["file:created"]);
    assert_eq!(one("[file:name = 'other.exe' AND file:created = t'2014-01-13T07:03:17Z']", &event), Some(false));
    assert_eq!(one("[file:name = 'pdf.exe' OR mutex:name = 'x']", &event), Some(true));
    assert_eq!(
        prepared("[email-message:body_multipart[*].body_raw_ref.name = 'x' OR file:hashes.'SSDEEP' = 'y']").without_counterpart(),
        ["email-message:body_multipart[*].body_raw_ref.name", "file:hashes.SSDEEP"]
    );
    assert!(Prepared::new(&parse("[file:name MATCHES '(?<=a)b']", Version::V21).unwrap()).is_err());
}

fn word(name: &str) -> Json {
    json!({ "CommandLine": name })
}

fn events(all: &[(i64, &str)]) -> Vec<(i64, Json)> {
    all.iter().map(|(second, name)| (*second, word(name))).collect()
}

fn spelled(pattern: &str) -> String {
    // `a` for an observation of the command line `a`.
    let mut text = String::new();
    for c in pattern.chars() {
        if c.is_ascii_lowercase() && c != 't' { text.push_str(&format!("[process:command_line = '{c}']")) } else { text.push(c) }
    }
    text
}

#[test]
fn observations_are_bound_to_different_events() {
    let all = events(&[(10, "a"), (20, "b"), (30, "a"), (400, "b")]);
    let met = |pattern: &str| {
        let bound = bound(&spelled(pattern), &all);
        assert!(!bound.cut);
        (bound.times, bound.events)
    };
    assert_eq!(met("a"), (2, vec![0, 2]));
    assert_eq!(met("a AND b"), (2, vec![0, 1, 2, 3]));
    assert_eq!(met("a AND a AND a"), (0, vec![]));
    assert_eq!(met("a AND c"), (0, vec![]));
    assert_eq!(met("a OR c"), (2, vec![0, 2]));
    assert_eq!(met("(a AND b) OR c"), (2, vec![0, 1, 2, 3]));
    assert_eq!(met("(b FOLLOWEDBY a) WITHIN 10 SECONDS"), (1, vec![1, 2]));
    assert_eq!(met("(b FOLLOWEDBY a) WITHIN 9 SECONDS"), (0, vec![]));
    assert_eq!(met("(a FOLLOWEDBY b) WITHIN 300 SECONDS"), (1, vec![0, 1]));
    assert_eq!(met("(a AND b) WITHIN 10 SECONDS").0, 1);
    assert_eq!(met("a REPEATS 2 TIMES"), (1, vec![0, 2]));
    assert_eq!(met("a REPEATS 3 TIMES"), (0, vec![]));
    assert_eq!(met("(a REPEATS 2 TIMES) WITHIN 19 SECONDS"), (0, vec![]));
    assert_eq!(met("(a OR b) REPEATS 4 TIMES"), (1, vec![0, 1, 2, 3]));
    assert_eq!(met("(a FOLLOWEDBY b) REPEATS 2 TIMES"), (1, vec![0, 1, 2, 3]));
    assert_eq!(met("a START t'1970-01-01T00:00:20Z' STOP t'1970-01-01T00:00:40Z'").0, 1);
    assert_eq!(met("b FOLLOWEDBY a FOLLOWEDBY b"), (1, vec![1, 2, 3]));
}

#[test]
fn events_without_a_time_meet_nothing_that_speaks_of_time() {
    let all = events(&[(-1, "a"), (20, "b")]);
    let times = |pattern: &str| bound(&spelled(pattern), &all).times;
    assert_eq!([times("a"), times("a AND b"), times("a FOLLOWEDBY b"), times("(a AND b) WITHIN 99 SECONDS")], [1, 1, 0, 0]);
    assert!(prepared(&spelled("a FOLLOWEDBY b")).speaks_of_time() && !prepared(&spelled("a AND b")).speaks_of_time());
}

#[test]
fn what_takes_too_long_is_cut_and_what_is_too_large_refused() {
    let many: Vec<(i64, Json)> = (0..3_000).map(|second| (second, word(if second % 2 == 0 { "a" } else { "b" }))).collect();
    let long = bound(&spelled("(a AND b AND a AND b) WITHIN 0.1 SECONDS"), &many);
    assert_eq!(long.times, 0);
    let again = bound(&spelled("(a FOLLOWEDBY b) WITHIN 1 SECONDS"), &many);
    assert_eq!((again.times, again.cut), (1_500, false));
    let refused = |pattern: &str| Prepared::new(&parse(&spelled(pattern), Version::V21).unwrap()).is_err();
    assert!(refused("a REPEATS 1000000 TIMES"));
    assert!(refused("((a AND b) OR (c AND d)) REPEATS 40 TIMES"));
}

/// Every way of choosing different events, tried one after the other.
fn naive(order: &str, times: &[i64], names: &[char], within: i64, in_order: bool) -> bool {
    fn go(left: &[char], times: &[i64], names: &[char], chosen: &mut Vec<usize>, within: i64, in_order: bool) -> bool {
        let Some((first, rest)) = left.split_first() else {
            let (low, high) = (chosen.iter().map(|at| times[*at]).min(), chosen.iter().map(|at| times[*at]).max());
            return high.unwrap_or(0) - low.unwrap_or(0) <= within;
        };
        for at in 0..times.len() {
            let later = !in_order || chosen.last().is_none_or(|before| times[*before] <= times[at]);
            if names[at] == *first && later && !chosen.contains(&at) {
                chosen.push(at);
                if go(rest, times, names, chosen, within, in_order) {
                    return true;
                }
                chosen.pop();
            }
        }
        false
    }
    go(&order.chars().collect::<Vec<_>>(), times, names, &mut Vec::new(), within, in_order)
}

proptest! {
    #[test]
    fn a_pattern_is_met_when_trying_everything_says_so(
        times in proptest::collection::vec(0_i64..40, 0..9),
        which in proptest::collection::vec(0_usize..3, 9),
        order in "[abc]{1,4}",
        within in 0_i64..30,
        in_order: bool,
    ) {
        let names: Vec<char> = which.iter().take(times.len()).map(|at| ['a', 'b', 'c'][*at]).collect();
        let all: Vec<(i64, Json)> = times.iter().zip(&names).map(|(time, name)| (*time, word(&name.to_string()))).collect();
        let between = if in_order { " FOLLOWEDBY " } else { " AND " };
        let parts: Vec<String> = order.chars().map(|c| spelled(&c.to_string())).collect();
        let pattern = format!("({}) WITHIN {}.5 SECONDS", parts.join(between), within);
        let found = bound(&pattern, &all);
        prop_assert!(!found.cut);
        prop_assert_eq!(found.times > 0, naive(&order, &times, &names, within, in_order), "{}", pattern);
        prop_assert!(found.events.len() >= found.times * order.len());
    }
}
