#![allow(clippy::unwrap_used)]
use super::{Comparison, DEEPEST, LONGEST, Literal, Observation, Observed, Operator, Qualifier, Step, Test, Version, observables, parse};

fn read(pattern: &str) -> Observation {
    parse(pattern, Version::V21).unwrap_or_else(|error| panic!("{pattern}\n{error}"))
}

fn refused(pattern: &str) -> String {
    parse(pattern, Version::V21).expect_err(pattern).to_string()
}

fn only_test(pattern: &str) -> Test {
    match read(pattern).what {
        Observed::One(Comparison::Test(test)) => test,
        other => panic!("{other:?}"),
    }
}

fn named(pattern: &str) -> Vec<String> {
    observables(&read(pattern)).iter().map(|o| format!("{} {}", o.kind, o.value)).collect()
}

#[test]
fn and_binds_more_than_or_and_or_more_than_followedby() {
    let Observed::FollowedBy(parts) = read("[a:b=1] FOLLOWEDBY [a:b=2] OR [a:b=3] AND [a:b=4] WITHIN 5 SECONDS").what else {
        panic!("not in sequence")
    };
    let Some(Observed::Or(parts)) = parts.get(1).map(|part| &part.what) else { panic!("{parts:?}") };
    let Some(Observed::And(parts)) = parts.get(1).map(|part| &part.what) else { panic!("{parts:?}") };
    assert_eq!(parts.last().unwrap().qualifiers, [Qualifier::Within(5.0)]);

    let Observed::One(Comparison::Or(parts)) = read("[a:b=1 OR a:b=2 AND (a:b=3 OR a:b=4)]").what else { panic!("not any") };
    let Some(Comparison::And(parts)) = parts.get(1) else { panic!("{parts:?}") };
    assert!(matches!(parts.get(1), Some(Comparison::Or(_))));
}

#[test]
fn paths_have_quoted_keys_and_list_steps() {
    let test =
        only_test("[file:extensions.'windows-pebinary-ext'.sections[*].hashes[0].'it''s' = 'x']".replace("it''s", "it\\'s").as_str());
    assert_eq!(test.path.object, "file");
    let key = |key: &str| Step::Key(key.to_owned());
    let steps = [key("extensions"), key("windows-pebinary-ext"), key("sections"), Step::Any, key("hashes"), Step::Index(0), key("it's")];
    assert_eq!(test.path.steps, steps);
}

#[test]
fn every_operator_and_literal_is_read() {
    let values = |pattern: &str| {
        let test = only_test(pattern);
        (test.operator, test.negated, test.values)
    };
    let text = |text: &str| vec![Literal::Text(text.to_owned())];
    assert_eq!(values(r"[a:b = 'it\'s C:\\x']"), (Operator::Equal, false, text(r"it's C:\x")));
    assert_eq!(values("[a:b <> 'x']"), (Operator::NotEqual, false, text("x")));
    assert_eq!(values("[a:b NOT LIKE 'x%']"), (Operator::Like, true, text("x%")));
    assert_eq!(values("[a:b MATCHES'^x$']"), (Operator::Matches, false, text("^x$")));
    assert_eq!(values("[a:b ISSUPERSET '10.0.0.0/8']"), (Operator::IsSuperset, false, text("10.0.0.0/8")));
    assert_eq!(values("[a:b <= -7]"), (Operator::LessOrEqual, false, vec![Literal::Int(-7)]));
    assert_eq!(values("[a:b >= +.5]"), (Operator::GreaterOrEqual, false, vec![Literal::Float(0.5)]));
    assert_eq!(values("[a:b < h'00ff']"), (Operator::Less, false, vec![Literal::Hex("00ff".to_owned())]));
    assert_eq!(values("[a:b > b'dGVzdA==']"), (Operator::Greater, false, vec![Literal::Binary("dGVzdA==".to_owned())]));
    assert_eq!(values("[a:b == false]"), (Operator::Equal, false, vec![Literal::Bool(false)]));
    let at = "2016-06-01T01:30:00.123Z".to_owned();
    assert_eq!(values("[a:b = t'2016-06-01T01:30:00.123Z']"), (Operator::Equal, false, vec![Literal::Timestamp(at.clone())]));
    assert_eq!(values("[a:b IN ()]"), (Operator::In, false, Vec::new()));
    assert_eq!(values("[a:b IN(1 , 'x',true)]").2.len(), 3);
    assert_eq!(values("[EXISTS a:b]"), (Operator::Exists, false, Vec::new()));
    let qualified = read("[a:b=1] REPEATS 3 TIMES WITHIN 0.5 SECONDS START t'2016-06-01T01:30:00.123Z' STOP t'2016-06-01T01:30:00.123Z'");
    assert_eq!(qualified.qualifiers, [Qualifier::Repeats(3), Qualifier::Within(0.5), Qualifier::StartStop(at.clone(), at)]);
}

#[test]
fn white_space_and_comments_are_passed() {
    assert_eq!(
        read("// a line\n[ /* in\nside */ file : name\t=\u{a0}'x' ] // end"),
        read("[file:name='x']"),
        "what is passed changes nothing"
    );
    assert_eq!(refused("[a:b = 1 /* for ever"), "column 10: expected `*/` at the end of this comment");
}

#[test]
fn versions_differ() {
    let v20 = |pattern: &str| parse(pattern, Version::V20);
    assert!(v20("[EXISTS a:b]").is_err());
    assert!(v20("[a:b=1] START '2016-06-01T01:30:00Z' STOP '2016-06-02T01:30:00Z'").is_ok());
    assert!(parse("[a:b=1] START '2016-06-01T01:30:00Z' STOP '2016-06-02T01:30:00Z'", Version::V21).is_err());
    assert!(v20("[a:b=1] WITHIN 5 SECONDS WITHIN 6 SECONDS").is_ok());
    assert_eq!(refused("[a:b=1] WITHIN 5 SECONDS WITHIN 6 SECONDS"), "column 42: expected `WITHIN` only once on an observation");
}

#[test]
fn errors_say_where_and_what_was_expected() {
    for (pattern, told) in [
        ("", "column 1: expected `[` or `(`: a pattern compares inside of square brackets, found the end of the pattern"),
        ("[file:size = ]", "column 14: expected a value: text stands in quotes, found `]`"),
        ("[file:name = 'x'", "column 17: expected `]`, found the end of the pattern"),
        ("[file:foo-bar = 1]", "column 7: expected a property's name: one with hyphens stands in quotes, found `foo-bar`"),
        ("[file:name = 'ÄÖÜ' ?]", "column 20: `?` has no place in a pattern"),
        ("[file:name =\n 'x' AND]", "line 2, column 9: expected a property like `file:name`, found `]`"),
        ("[file:name = 'x]", "column 14: expected a `'` at the end of this text"),
        (r"[file:name = 'C:\x']", r"column 17: expected `\\` or `\'`: a backslash in text is written twice"),
        ("[a:b > true]", "column 8: expected a value that has an order, found `true`"),
        ("[a:b = 007]", "column 8: expected a number without leading zeros"),
        ("[a:b = 99999999999999999999]", "column 8: expected a number of 64 bits, found 99999999999999999999"),
        ("[a:b = t'2457-73-22T32:81:84Z']", "column 8: expected a time like t'2026-11-24T09:30:00Z'"),
        ("[a:b = 1] REPEATS 0 TIMES", "column 19: expected a whole number above 0, found `0`"),
        (
            "[a:b = 1] within 2 SECONDS",
            "column 11: expected `AND`, `OR`, `FOLLOWEDBY`, a qualifier or the end of the pattern, found `within`",
        ),
        ("[file:hashes.MD5 IN ('f00')]", "column 22: expected a MD5 hash of 32 hexadecimal digits, found `f00`"),
    ] {
        assert_eq!(refused(pattern), told, "{pattern}");
    }
}

#[test]
fn hostile_patterns_are_refused_before_they_cost() {
    let deep = |n: usize| format!("{}[a:b=1]{}", "(".repeat(n), ")".repeat(n));
    read(&deep(DEEPEST));
    assert!(refused(&deep(DEEPEST + 1)).contains("nest deeper than 64"));
    assert!(refused(&"(".repeat(500_000)).contains("nest deeper"));
    assert!(refused(&format!("[{}", "(".repeat(500_000))).contains("nest deeper"));
    assert!(refused(&" ".repeat(LONGEST + 1)).contains("bytes long"));
    assert!(refused(&format!("[a:b=1{}]", " OR a:b=1".repeat(20_000))).contains("more than 20000 comparisons"));
    assert!(refused(&format!("[a:b=1]{}", " WITHIN 1 SECONDS".repeat(200))).contains("qualifiers"));
    // A long chain is no deep tree.
    let chain = format!("[a:b=1]{}", " AND [a:b=1]".repeat(10_000));
    assert!(matches!(read(&chain).what, Observed::And(parts) if parts.len() == 10_001));
}

#[test]
fn observables_are_what_must_be_equal() {
    assert_eq!(
        named(
            "[file:hashes.'SHA-256' = 'AEC070645FE53EE3B3763059376134F058CC337247C978ADD178B6CCDFB0019F' OR file:hashes.MD5 = 'cead3f77f6cda6ec00f57d76c9a6879f']"
        ),
        ["sha256 aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f", "md5 cead3f77f6cda6ec00f57d76c9a6879f"]
    );
    assert_eq!(
        named("[domain-name:value IN ('evil.example', 'EVIL.example', 'bad.example')]"),
        ["domain-name evil.example", "domain-name bad.example"]
    );
    assert_eq!(
        named("[ipv4-addr:value ISSUBSET '198.51.100.0/24' OR ipv6-addr:value = '2001:DB8::1']"),
        ["ipv4-addr 198.51.100.0/24", "ipv6-addr 2001:db8::1"]
    );
    let none: [&str; 8] = [
        "[domain-name:value != 'a.example']",
        "[domain-name:value NOT = 'a.example']",
        "[domain-name:value NOT IN ('a.example')]",
        "[domain-name:value LIKE '%.example']",
        "[domain-name:value MATCHES 'a.example']",
        "[ipv4-addr:value ISSUPERSET '198.51.100.1/32']",
        "[EXISTS domain-name:value]",
        "[file:size = 12 AND x-own:thing = 'a.example' AND domain-name:value = 'not a name']",
    ];
    for pattern in none {
        assert!(named(pattern).is_empty(), "{pattern}: {:?}", named(pattern));
    }
}

#[test]
fn observables_of_every_type_come_out() {
    for (pattern, told) in [
        ("[url:value = 'HTTPS://Evil.example:443/a?b']", "url https://evil.example/a?b"),
        ("[email-addr:value = 'A@Evil.example']", "email-addr A@evil.example"),
        ("[email-message:from_ref.value = 'a@evil.example']", "email-addr a@evil.example"),
        ("[email-message:subject = 'Pay now']", "email-subject Pay now"),
        ("[windows-registry-key:key = 'HKLM\\\\Software\\\\Evil']", r"windows-registry-key HKEY_LOCAL_MACHINE\Software\Evil"),
        ("[mutex:name = 'Global\\\\evil']", r"mutex Global\evil"),
        ("[process:command_line = 'evil.exe -x']", "process-command-line evil.exe -x"),
        ("[process:binary_ref.hashes.MD5 = 'cead3f77f6cda6ec00f57d76c9a6879f']", "md5 cead3f77f6cda6ec00f57d76c9a6879f"),
        ("[process:image_ref.name = 'evil.exe']", "file-name evil.exe"),
        ("[user-account:account_login = 'Mallory']", "user-account Mallory"),
        ("[user-account:user_id = 'S-1-5-21-1-2-3-500']", "sid S-1-5-21-1-2-3-500"),
        (
            "[x509-certificate:hashes.'SHA-1' = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa']",
            "x509-sha1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ),
        ("[autonomous-system:number = 64500]", "autonomous-system AS64500"),
        ("[mac-addr:value = 'AA-BB-CC-00-11-22']", "mac-addr aa:bb:cc:00:11:22"),
        ("[network-traffic:dst_ref.value = '203.0.113.7']", "ipv4-addr 203.0.113.7"),
        ("[network-traffic:dst_ref.value = 'evil.example']", "domain-name evil.example"),
        ("[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'evil/1.0']", "user-agent evil/1.0"),
        ("[domain-name:resolves_to_refs[*].value = '198.51.100.1/32']", "ipv4-addr 198.51.100.1"),
        ("[domain-name:value = '203.0.113.7']", "ipv4-addr 203.0.113.7"),
        (
            "[file:extensions.'windows-pebinary-ext'.imphash = 'cead3f77f6cda6ec00f57d76c9a6879f']",
            "imphash cead3f77f6cda6ec00f57d76c9a6879f",
        ),
        ("[file:hashes[*] = 'cead3f77f6cda6ec00f57d76c9a6879f']", "md5 cead3f77f6cda6ec00f57d76c9a6879f"),
        ("[directory:path = 'C:\\\\Evil']", r"directory C:\Evil"),
        ("[hostname:value = 'ws-014']", "hostname ws-014"),
    ] {
        assert_eq!(named(pattern), [told], "{pattern}");
    }
}

#[test]
fn a_name_in_a_folder_is_a_path() {
    assert_eq!(
        named(r"[file:name = 'evil.dll' AND file:parent_directory_ref.path = 'C:\\Windows\\System32']"),
        [r"file-path C:\Windows\System32\evil.dll", "file-name evil.dll"]
    );
    assert_eq!(named("[file:parent_directory_ref.path = '/opt/evil']"), ["directory /opt/evil"]);
}
