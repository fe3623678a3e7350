#![allow(clippy::unwrap_used)]

use model::observable::parse_typed;

use super::*;

const LIST: &str = "\u{feff}# Our own\n\
    *.corp.example   # our domain\n\
    www.vendor.example\n\
    192.0.2.0/24\n\
    192.0.2.128/25 # the lab\n\
    2001:db8::/32\n\
    203.0.113.7 # the gateway\n\
    d41d8cd98f00b204e9800998ecf8427e # the empty file\n\
    svc_backup\n\
    \n\
    192.0.2.0/40\n\
    *.bad..name\n\
    a*b\n";

fn why<'a>(list: &'a KnownGood, alias: &str, value: &str) -> Option<&'a str> {
    list.matches(&parse_typed(alias, value).unwrap())
}

#[test]
fn entries_answer_with_their_reason_or_the_lists_name() {
    let list = KnownGood::parse("ours", LIST.as_bytes()).unwrap();
    for (alias, value, expected) in [
        ("domain", "ad.corp.example", Some("our domain")),
        ("domain", "corp.example", Some("our domain")),
        ("domain", "notcorp.example", None),
        ("url", "https://x.corp.example:8443/a", Some("our domain")),
        ("email", "joe@corp.example", Some("our domain")),
        ("domain", "www.vendor.example", Some("ours")),
        ("domain", "a.www.vendor.example", None),
        ("url", "http://www.vendor.example/", None),
        ("ip", "192.0.2.1", Some("ours")),
        ("ip", "192.0.2.200", Some("the lab")),
        ("ip", "192.0.2.0/26", Some("ours")),
        ("ip", "192.0.0.0/16", None),
        ("ip", "192.0.3.1", None),
        ("ip", "2001:db8:1::1", Some("ours")),
        ("ip", "2001:db9::1", None),
        ("ip", "203.0.113.7", Some("the gateway")),
        ("url", "http://192.0.2.1/x", Some("ours")),
        ("url", "http://[2001:db8::1]/x", Some("ours")),
        ("hash", "D41D8CD98F00B204E9800998ECF8427E", Some("the empty file")),
        ("user", "SVC_Backup", Some("ours")),
        ("user", "svc", None),
    ] {
        assert_eq!(why(&list, alias, value), expected, "{value}");
    }
    assert_eq!(list.refused().iter().map(|r| r.line).collect::<Vec<_>>(), [11, 12, 13]);
    assert_eq!((list.len(), list.refusals()), (8, 3));
}

#[test]
fn lists_are_joined_and_the_earlier_one_answers() {
    let mut list = KnownGood::parse("one", "192.0.2.0/24\nevil.example".as_bytes()).unwrap();
    list.extend(KnownGood::parse("two", "192.0.2.0/24\n198.51.100.0/24 # range".as_bytes()).unwrap());
    assert_eq!(why(&list, "ip", "192.0.2.1"), Some("one"));
    assert_eq!(why(&list, "ip", "198.51.100.1"), Some("range"));
}

#[test]
fn what_is_no_list_is_told_and_does_no_harm() {
    let long = "a".repeat(100_000);
    let input = [long.as_bytes(), b"\n\xff\xfe\nevil.example\n"].concat();
    let list = KnownGood::parse("odd", input.as_slice()).unwrap();
    assert_eq!(list.refused().iter().map(|r| r.line).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(why(&list, "domain", "evil.example"), Some("odd"));
    let many = KnownGood::parse("many", "a*b\n".repeat(5_000).as_bytes()).unwrap();
    assert_eq!((many.refused().len(), many.refusals()), (1_000, 5_000));
    assert!(KnownGood::parse("none", io::empty()).unwrap().is_empty());
}
