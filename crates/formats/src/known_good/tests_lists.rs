#![allow(clippy::unwrap_used)]

use model::observable::parse_typed;

use super::*;

fn list(name: &str, sort: &str, entries: &[&str], attributes: &[&str]) -> Warninglist {
    let file = serde_json::json!({"name": name, "description": "d", "version": 3, "type": sort, "list": entries, "matching_attributes": attributes});
    Warninglist::parse(file.to_string().as_bytes(), &ListLimits::default()).unwrap()
}

fn names(lists: &[Warninglist], value: &str) -> Vec<String> {
    let matcher = Matcher::compile(lists.iter().map(|list| (list, false)));
    matcher.places_of_value(value).into_iter().map(|place| lists.get(place).unwrap().name.clone()).collect()
}

#[test]
fn each_sort_of_list_matches_as_the_reference_does() {
    let lists = [
        list("string", "string", &["evil.example", "D41D8CD98F00B204E9800998ECF8427E", "10.0.0.0/8"], &[]),
        list("substring", "substring", &["pastebin.com", "@mail"], &[]),
        list("hostname", "hostname", &["vendor.example", ".cdn.example"], &[]),
        list("cidr", "cidr", &["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "198.51.100.1/24", "named"], &[]),
        list("regex", "regex", &["/^https?:\\/\\/[a-z]+\\.intranet/i", "c[0-9]{2}\\.lab$", "(?=x)never", "/x/e"], &[]),
    ];
    for (value, expected) in [
        ("evil.example", vec!["string"]),
        ("Evil.example", vec![]),
        ("www.evil.example", vec![]),
        ("d41d8cd98f00b204e9800998ecf8427e", vec!["string"]),
        ("http://pastebin.com/x", vec!["substring"]),
        ("joe@mail.example", vec!["substring"]),
        ("vendor.example", vec!["hostname"]),
        ("a.b.vendor.example", vec!["hostname"]),
        ("notvendor.example", vec![]),
        ("https://joe:pw@WWW.vendor.example:8443/vendor", vec!["hostname"]),
        ("https://other.example/vendor.example", vec![]),
        ("x.cdn.example", vec!["hostname"]),
        ("cdn.example", vec![]),
        ("10.255.0.1", vec!["cidr"]),
        ("11.0.0.1", vec![]),
        ("10.0.0.0/8", vec!["string", "cidr"]),
        ("10.0.0.0/9", vec![]),
        ("192.0.2.7", vec!["cidr"]),
        ("198.51.100.7", vec![]),
        ("2001:db8:1::1", vec!["cidr"]),
        ("named", vec!["cidr"]),
        ("010.0.0.1", vec![]),
        ("HTTP://wiki.intranet/x", vec!["regex"]),
        ("c07.lab", vec!["regex"]),
    ] {
        assert_eq!(names(&lists, value), expected, "{value}");
    }
    let matcher = Matcher::compile(lists.iter().map(|list| (list, false)));
    assert_eq!(matcher.unusable(), [0, 0, 0, 2, 2], "two are no networks, two no regular expressions");
}

#[test]
fn several_lists_answer_and_one_may_be_limited_to_its_types() {
    let first = list("first", "string", &["a.example"], &["domain", "hostname"]);
    let second = list("second", "string", &["a.example"], &["url"]);
    let value = parse_typed("domain", "a.example").unwrap();
    let told = |limited| Matcher::compile([(&first, limited), (&second, limited)]).places(&value);
    assert_eq!(told(false), [0, 1]);
    assert_eq!(told(true), [0]);
    assert_eq!(Matcher::compile([(&first, true), (&second, true)]).names(&value).collect::<Vec<_>>(), ["first"]);
    assert!(list("all", "string", &["x"], &[]).is_for(ObservableType::Mutex));
    assert!(list("addresses", "cidr", &[], &["ip-src", "domain|ip"]).is_for(ObservableType::Ipv6Addr));
    assert!(!list("addresses", "cidr", &[], &["ip-src", "ip-dst|port"]).is_for(ObservableType::Url));
}

#[test]
fn what_is_no_list_says_why() {
    let limits = ListLimits { bytes: 100, entries: 2, entry_bytes: 5 };
    let parse = |text: &str| Warninglist::parse(text.as_bytes(), &limits);
    assert_eq!(parse(&"x".repeat(101)), Err(NotAList::TooLarge { limit: 100 }));
    assert!(matches!(parse("{\"name\": 1"), Err(NotAList::NotAWarninglist(_))));
    let unknown = parse("{\"name\":\"a\",\"type\":\"magic\",\"list\":[]}").unwrap_err().to_string();
    assert!(unknown.contains("magic") && unknown.contains("hostname"), "{unknown}");
    assert_eq!(parse("{\"name\":\"a\",\"type\":\"string\",\"list\":[\"a\",\"b\",\"c\"]}"), Err(NotAList::TooMany { limit: 2 }));
    assert!(matches!(parse("{\"name\":\" \",\"type\":\"string\",\"list\":[]}"), Err(NotAList::NotAWarninglist(_))));
    let odd = parse("{\"name\":\"a\",\"type\":\"string\",\"version\":\"7\",\"list\":[7,\"toolong\"]}").unwrap();
    assert_eq!((odd.version, odd.entries.len(), odd.skipped), (7, 0, 2));
}

#[test]
fn hostile_lists_are_bounded() {
    let evil = ["(a+)+$", "(x{1000}){1000}", "((((a?){100}){100}){100})", "/(/", "\\p{L}{500}"];
    let many: Vec<String> = (0..2_500).map(|n| format!("^host{n}[a-z]{{1,9}}$")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).chain(evil).collect();
    let nested: Vec<String> = (1..1_000).map(|n| "a".repeat(n)).collect();
    let nested: Vec<&str> = nested.iter().map(String::as_str).collect();
    let lists = [list("regex", "regex", &many, &[]), list("evil", "regex", &evil, &[]), list("nested", "substring", &nested, &[])];
    let matcher = Matcher::compile(lists.iter().map(|list| (list, false)));
    assert!(matcher.unusable()[0] >= 500, "{:?}", matcher.unusable());
    assert_eq!(matcher.places_of_value(&"a".repeat(8_000)), [1, 2]);
    assert_eq!(matcher.places_of_value(&"a.".repeat(4_000)), [2]);
    assert!(matcher.places_of_value(&"b".repeat(100_000)).is_empty());
    assert_eq!(matcher.places_of_value("host17ab"), [0, 2]);
}

#[test]
fn lists_come_alone_packed_or_many_in_a_zip() {
    use std::io::Write;
    let text = |name: &str| format!("{{\"name\":\"{name}\",\"type\":\"string\",\"list\":[\"a.example\"]}}");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text("packed").as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, content) in [
        ("lists/a/list.json", text("a").into_bytes()),
        ("lists/b/list.json.gz", packed.clone()),
        ("lists/c/list.json", b"{}".to_vec()),
        ("schema.json", b"{}".to_vec()),
        ("README.md", b"#".to_vec()),
    ] {
        zip.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&content).unwrap();
    }
    let zip = zip.finish().unwrap().into_inner();
    let names = |bytes: &[u8]| {
        let read = read_lists("f", bytes, &ListLimits::default());
        let names: Vec<String> = read.lists.iter().map(|(list, _)| list.name.clone()).collect();
        let refused: Vec<String> = read.refused.into_iter().map(|(name, _)| name).collect();
        (names.join(" "), refused.join(" "))
    };
    assert_eq!(names(text("alone").as_bytes()), ("alone".to_owned(), String::new()));
    assert_eq!(names(&packed), ("packed".to_owned(), String::new()));
    assert_eq!(names(&zip), ("a packed".to_owned(), "lists/c/list.json".to_owned()));
    assert_eq!(names(b"PK\x03\x04 broken"), (String::new(), "f".to_owned()));
    assert_eq!(names(b"\x1f\x8b broken"), (String::new(), "f".to_owned()));
}
