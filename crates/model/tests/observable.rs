//! Observables from outside the crate: ids against golden files, and what holds for every value.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use model::observable::{MAX_VALUE, Observable, ObservableType, defang, marks, parse_typed, refang, refang_text, search_text, stix_id};
use proptest::prelude::*;

#[derive(serde::Deserialize)]
struct Golden {
    r#type: ObservableType,
    value: String,
    id: String,
}

/// `stix_ids.json` was made once with the OASIS `stix2` library (3.0.2) from objects with these values.
#[test]
fn ids_are_those_of_stix() {
    let golden: Vec<Golden> = serde_json::from_str(include_str!("golden/stix_ids.json")).unwrap();
    for case in golden {
        let observable = Observable::new(case.r#type, &case.value).unwrap();
        assert_eq!(observable.value, case.value, "the golden file holds normal forms");
        assert_eq!(stix_id(&observable), case.id, "{observable}");
    }
}

/// Ids in our own namespace lie in databases and in shared files: they never change.
#[test]
fn our_own_ids_never_change() {
    let golden: Vec<Golden> = serde_json::from_str(include_str!("golden/own_ids.json")).unwrap();
    for case in golden {
        assert_eq!(stix_id(&Observable::new(case.r#type, &case.value).unwrap()), case.id, "{}", case.value);
    }
}

#[test]
fn types_are_told_from_values() {
    for (value, kind) in [
        ("hxxps://evil[.]example/a", "url"),
        ("evil[.]com", "domain-name"),
        ("192[.]0.2.1", "ipv4-addr"),
        ("192.0.2.1:8080", "ipv4-addr"),
        ("192.0.2.0/24", "ipv4-addr"),
        ("2001:db8::1", "ipv6-addr"),
        ("::ffff:192.0.2.1", "ipv4-addr"),
        ("00-00-5e-00-53-01", "mac-addr"),
        ("joe@evil.com", "email-addr"),
        ("D41D8CD98F00B204E9800998ECF8427E", "md5"),
        ("da39a3ee5e6b4b0d3255bfef95601890afd80709", "sha1"),
        ("cve-2021-44228", "cve"),
        ("AS64500", "autonomous-system"),
        ("S-1-5-18-1", "sid"),
        ("{123E4567-E89B-12D3-A456-426614174000}", "guid"),
        (r"HKLM\Software\Run", "windows-registry-key"),
        (r"C:\Windows\evil.exe", "file-path"),
        ("/usr/bin/id", "file-path"),
        ("evil.exe", "file-name"),
        (r"\\.\pipe\evil", "named-pipe"),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "cryptocurrency-wallet"),
        ("t13d1516h2_8daaf6152771_02713d6af862", "ja4"),
        ("\"evil.com\",", "domain-name"),
        ("evil.example", "domain-name"),
        ("duckdns.org", "domain-name"),
    ] {
        assert_eq!(Observable::guess(value).map(|o| o.kind.as_str()), Ok(kind), "{value}");
    }
    for value in ["", "evil", "hello world", "12345", "evil.nosuchtld", "1.2.3"] {
        assert!(Observable::guess(value).is_err(), "{value}");
    }
}

#[test]
fn hashes_are_told_by_their_length_and_errors_say_what_is_right() {
    assert_eq!(parse_typed("hash", &"a".repeat(64)).map(|o| o.kind), Ok(ObservableType::Sha256));
    assert_eq!(parse_typed("ip", "2001:db8::1").map(|o| o.kind), Ok(ObservableType::Ipv6Addr));
    assert_eq!(parse_typed("hash", "abc").unwrap_err().to_string().split(" is not ").last().map(|s| &s[..6]), Some("a hash"));
    let error = Observable::new(ObservableType::Ipv4Addr, "300.1.1.1").unwrap_err();
    assert_eq!(error.to_string(), "`300.1.1.1` is not an IP address or network, such as 192.0.2.1, 2001:db8::1 or 192.0.2.0/24");
    assert!(parse_typed("nonsense", "x").unwrap_err().to_string().contains("known type"));
    assert!(Observable::new(ObservableType::Other, &"x".repeat(MAX_VALUE + 1)).is_err());
    assert!(Observable::new(ObservableType::Mutex, "a\0b").is_err());
    assert!(Observable::new(ObservableType::Mutex, "a\nb").is_err());
    assert_eq!(Observable::new(ObservableType::UserAgent, "a\n b").map(|o| o.value), Ok("a b".to_owned()));
}

#[test]
fn search_finds_both_forms_of_a_domain() {
    let domain = Observable::new(ObservableType::DomainName, "bücher.example").unwrap();
    assert_eq!(search_text(&domain), "xn--bcher-kva.example bücher.example");
    let url = Observable::new(ObservableType::Url, "http://bücher.example/Path").unwrap();
    assert_eq!(search_text(&url), "http://xn--bcher-kva.example/path http://bücher.example/path");
}

#[test]
fn json_in_is_validated() {
    let good: Observable = serde_json::from_str(r#"{"type":"domain-name","value":"EVIL[.]example"}"#).unwrap();
    assert_eq!(serde_json::to_string(&good).unwrap(), r#"{"type":"domain-name","value":"evil.example"}"#);
    assert!(serde_json::from_str::<Observable>(r#"{"type":"md5","value":"x"}"#).is_err());
}

/// Text that often comes near to a value of some type.
fn near_values() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        r"[a-z0-9.\[\](){}:/@\\_-]{0,40}",
        r"(h[xt]{2}ps?|ftp|tcp)(://|\[:\]//|:\\\\)[a-zA-Z0-9.\[\]-]{1,20}(:[0-9]{1,5})?(/[ -~]{0,20})?",
        r"[a-zA-Z0-9äöü-]{1,12}(\.|\[\.\]|\[dot\])[a-z]{2,6}",
        r"[0-9]{1,3}(\.[0-9]{1,3}){3}(/[0-9]{1,2})?",
        r"[0-9a-f:]{2,30}(/[0-9]{1,3})?",
        r"[a-z.+]{1,10}(@|\[at\])[a-z]{1,10}(\.|\[\.\])[a-z]{2,4}",
        r"(HKLM|hkcu|HKEY_USERS)\\[ -~]{0,30}",
        r"([C-D]:|%[A-Z]{1,8}%|\\\\[a-z.]{1,8}|\\pipe)(\\[ -~]{0,12}){1,4}",
        r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|T1[0-9a-fA-F]{70}",
        r"(AS ?)?[0-9]{1,10}|S-1-[0-9-]{1,30}|CVE-[0-9]{4}-[0-9]{3,8}|\+?[0-9 ().-]{5,20}",
        r#"["'<{]?[a-zA-Z0-9 ._-]{1,20}["'>}]?"#,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_normal_form_of_a_normal_form_is_itself(value in near_values()) {
        for kind in ObservableType::ALL {
            if let Ok(observable) = Observable::new(*kind, &value) {
                prop_assert_eq!(Observable::new(observable.kind, &observable.value), Ok(observable.clone()), "{} from {}", kind, &value);
                prop_assert!(!observable.value.is_empty() && !observable.value.contains('\0'));
            }
        }
    }

    #[test]
    fn what_is_shown_defanged_is_read_back(value in near_values()) {
        for kind in ObservableType::ALL {
            if let Ok(observable) = Observable::new(*kind, &value) {
                prop_assert_eq!(Observable::new(observable.kind, &defang(&observable)), Ok(observable.clone()), "{} from {}", kind, &value);
                let _ = (marks(&observable), search_text(&observable), stix_id(&observable));
            }
        }
        let _ = Observable::guess(&value);
        prop_assert_eq!(refang(&refang(&value)), refang(&value));
    }

    #[test]
    fn offsets_of_refanged_text_stay_in_the_text(text in r"([a-z .\[\](){}@:/\\-]|\[\.\]| dot |hxxp|‑|\u{200b}|ä|\n){0,40}") {
        let refanged = refang_text(&text);
        let mut last = 0;
        for (at, c) in refanged.text.char_indices() {
            let (start, end) = (refanged.original_start(at), refanged.original_end(at + c.len_utf8()));
            prop_assert!(start <= end && start >= last.min(start) && text.get(start..end).is_some(), "{:?} {} {}", &text, start, end);
            last = start;
        }
    }
}
