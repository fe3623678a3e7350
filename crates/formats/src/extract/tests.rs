#![allow(clippy::unwrap_used, clippy::panic)]

use model::observable::Mark;

use super::*;

/// Finds as `type value`, after checking that their places are right.
fn found(text: &str) -> Vec<String> {
    let finds = extract(text, &Extract::default());
    let mut last = 0;
    for find in &finds {
        assert!(find.start >= last && find.end > find.start && find.end <= text.len(), "{find:?}");
        assert_eq!(text.get(find.start..find.end), Some(find.original.as_str()));
        last = find.end;
    }
    finds.iter().map(|f| format!("{} {}", f.observable.kind, f.observable.value)).collect()
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(found(text), expected, "{text}");
}

#[test]
fn urls_end_where_the_sentence_goes_on() {
    check("see http://evil.com/a.php?b=c#d.", &["url http://evil.com/a.php?b=c#d"]);
    check("(http://evil.com/a_(b))", &["url http://evil.com/a_(b)"]);
    check("[link](hxxps://evil[.]com/a) and", &["url https://evil.com/a"]);
    check("https://evil.com[A report], https://evil.com/?a[]=1", &["url https://evil.com", "url https://evil.com/?a[]=1"]);
    check("<a href=\"http://evil.com/x\">y</a>", &["url http://evil.com/x"]);
    check("http://a.com/x,http://b.com/y;http://c.com", &["url http://a.com/x", "url http://b.com/y", "url http://c.com"]);
    check("http://a.com/x/http://b.com/y", &["url http://a.com/x/", "url http://b.com/y"]);
    check("http://a.com/r?u=http://b.com/y", &["url http://a.com/r?u=http://b.com/y"]);
    check("http://evil.com下载", &["url http://evil.com"]);
    check("http://192.0.2.1:8080/x tcp://[2001:db8::1]:80/", &["url http://192.0.2.1:8080/x", "url tcp://[2001:db8::1]:80/"]);
    check("http:\\\\evil.com\\x http://evil,com/", &["url http://evil.com", "url http://evil.com/"]);
    check("http:// and http://. and a://b", &[]);
    check("GET http://intranet/x, http://server:8080", &["url http://intranet/x", "url http://server:8080"]);
    check("http://a.com/x/,12,34", &["url http://a.com/x/"]);
}

#[test]
fn defanged_values_are_found_where_they_stand() {
    let text = "C2: hxxps[:]//ev\u{200b}il[.]com/a, evil [dot] org and joe[at]evil[.]org, 192[.]0[.]2[.]1!";
    check(text, &["url https://evil.com/a", "domain-name evil.org", "email-addr joe@evil.org", "ipv4-addr 192.0.2.1"]);
    let finds = extract(text, &Extract::default());
    assert_eq!(finds.first().unwrap().original, "hxxps[:]//ev\u{200b}il[.]com/a");
    assert_eq!(finds.get(1).unwrap().original, "evil [dot] org");
    check("evil[.]nosuchroot", &["domain-name evil.nosuchroot"]);
    check("load[.]msi and auth[.]php", &["file-name load.msi", "file-name auth.php"]);
}

#[test]
fn values_broken_across_lines_are_joined() {
    check("http://evil.com/long-\n  path/x.php next", &["url http://evil.com/long-path/x.php"]);
    check("http://evil.com/a?b=\n12345 next", &["url http://evil.com/a?b=12345"]);
    check("hxxp://evil[.]\ncom/x next", &["url http://evil.com/x"]);
    check("http://evil.com/dir/\ngate.php\n", &["url http://evil.com/dir/gate.php"]);
    check("http://evil.com/\nThe next sentence", &["url http://evil.com/"]);
    check("http://evil.com/\nevil.org\n", &["url http://evil.com/", "domain-name evil.org"]);
    check("http://evil.com/a-\nhttp://b.com/", &["url http://evil.com/a-", "url http://b.com/"]);
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    check(&format!("{}\n   {} x", &hash[..40], &hash[40..]), &[&format!("sha256 {hash}")]);
    check(&format!("{}\n{}\n{}", &hash[..24], &hash[24..48], &hash[48..]), &[&format!("sha256 {hash}")]);
    let md5 = "d41d8cd98f00b204e9800998ecf8427e";
    check(&format!("{md5}\n{md5}"), &[&format!("md5 {md5}"), &format!("md5 {md5}")]);
    check("CVE-2021-\n44228", &["cve CVE-2021-44228"]);
}

#[test]
fn hashes_are_whole_runs_of_digits() {
    let md5 = "d41d8cd98f00b204e9800998ecf8427e";
    check(&format!("x={md5}hash, sample_{md5}_{md5}"), &[&format!("md5 {md5}"), &format!("md5 {md5}"), &format!("md5 {md5}")]);
    check(&format!("{md5}.exe"), &[&format!("md5 {md5}")]);
    check(&format!("0{md5} {md5}{md5}{md5} {}", "0".repeat(32)), &[]);
    check(&format!("JA3: {md5} imphash {md5}"), &[&format!("ja3 {md5}"), &format!("imphash {md5}")]);
    check("thumbprint da39a3ee5e6b4b0d3255bfef95601890afd80709", &["x509-sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709"]);
    check("3072:AbCdEfGhIjKl+/12:XyZaBcDe", &["ssdeep 3072:AbCdEfGhIjKl+/12:XyZaBcDe"]);
}

#[test]
fn versions_are_no_addresses() {
    for text in [
        "v1.2.3.4",
        "version 10.0.19041.1",
        "version 4.3.2.1",
        "versions 1.2.3.4, 1.2.3.5 and 1.2.4.0",
        "Chrome/58.0.3.1",
        "firmware 7.1.2.3",
        "OID 1.3.6.1.4.1",
        "1.2.3.4.5",
        "1.2.3.4 Introduction",
        "fixed before 9.8.7.6",
        "256.1.1.1",
    ] {
        check(text, &[]);
    }
    check("8.8.8.8 and 198.51.100.0/24", &["ipv4-addr 8.8.8.8", "ipv4-addr 198.51.100.0/24"]);
    check("192.0.2.1-192.0.2.9", &["ipv4-addr 192.0.2.1", "ipv4-addr 192.0.2.9"]);
    check("192.0.2.1:443/gate.php", &["ipv4-addr 192.0.2.1"]);
    check("2001:db8::8a2e:370:7334 ::ffff:192.0.2.128 10:20:30 a::b", &["ipv6-addr 2001:db8::8a2e:370:7334", "ipv4-addr 192.0.2.128"]);
}

#[test]
fn names_of_files_are_no_domains() {
    check("open report.zip and invoice.docx", &["file-name report.zip", "file-name invoice.docx"]);
    check("the file invoice.com", &["file-name invoice.com"]);
    check("went to invoice.com", &["domain-name invoice.com"]);
    check("evil[.]zip", &["domain-name evil.zip"]);
    check("script.py, readme.md, libx.so.4.5", &["file-name script.py", "file-name readme.md", "file-name libx.so.4.5"]);
    check("ASP.NET, node.js, e.g. this, finished.In the end, System.IO", &["file-name node.js"]);
    check("com.android.vending x.y.z foo.bar( $this.name", &[]);
    check("`my evil file.exe` and \"two words.docx\"", &["file-name my evil file.exe", "file-name two words.docx"]);
    check("|da39|Two Words pdf.scr|x", &["file-name Two Words pdf.scr"]);
    check("visit evil.com/a.php, www.evil.co.uk.", &["domain-name evil.com", "domain-name www.evil.co.uk"]);
    check("访问evil.com下载", &["domain-name evil.com"]);
    check("duckdns.org co.uk", &["domain-name duckdns.org"]);
    check("bücher.de and evil.onion", &["domain-name xn--bcher-kva.de", "domain-name evil.onion"]);
}

#[test]
fn paths_keep_their_blanks() {
    check(r"C:\Program Files\Evil Corp\x.exe ran", &[r"file-path C:\Program Files\Evil Corp\x.exe"]);
    check(r"C:\a.exe and D:\b c\d.dll.", &[r"file-path C:\a.exe", r"file-path D:\b c\d.dll"]);
    check(r#""C:\My Dir\my file.exe" -x"#, &[r"file-path C:\My Dir\my file.exe"]);
    check(
        r"C:\Windows\SYSTEM32\ntdll.dll+9d4c4|C:\Windows\System32\KERNELBASE.dll+0x2c13e|C:\a\c++11 C:\b\notes+ab",
        &[
            r"file-path C:\Windows\SYSTEM32\ntdll.dll",
            r"file-path C:\Windows\System32\KERNELBASE.dll",
            r"directory C:\a\c++11",
            r"directory C:\b\notes+ab",
        ],
    );
    check(r"C:\\Users\\joe\\x.exe", &[r"file-path C:\Users\joe\x.exe"]);
    check(r"%APPDATA%\Start Menu\x.lnk, \\srv\share\x.exe", &[r"file-path %APPDATA%\Start Menu\x.lnk", r"file-path \\srv\share\x.exe"]);
    check(r"C:\ProgramData\ and C:\", &[r"directory C:\ProgramData"]);
    check(r"\\.\pipe\evil-1", &["named-pipe evil-1"]);
    check("/etc/passwd, and/or /gate/index.php `/tmp/.x/y`", &["file-path /etc/passwd", "file-name index.php", "file-path /tmp/.x/y"]);
    check(
        r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon is",
        &[r"windows-registry-key HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon"],
    );
}

#[test]
fn numbers_with_a_prefix() {
    check("cve-2021-44228, CVE-2020-0601.", &["cve CVE-2021-44228", "cve CVE-2020-0601"]);
    check(
        "AS64500 ASN64501 AS400 S-1-5-21-1-2-3-500",
        &["autonomous-system AS64500", "autonomous-system AS64501", "sid S-1-5-21-1-2-3-500"],
    );
    check("00:00:5e:00:53:01 00-00-5E-00-53-02", &["mac-addr 00:00:5e:00:53:01", "mac-addr 00:00:5e:00:53:02"]);
    check(
        "pay 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2 not 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
        &["cryptocurrency-wallet 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"],
    );
    check("123e4567-e89b-12d3-a456-426614174000", &[]);
    check("CLSID {123e4567-e89b-12d3-a456-426614174000}", &["guid 123e4567-e89b-12d3-a456-426614174000"]);
    check("User <joe@evil.com>; Reply-To=ann+x@evil.co.uk", &["email-addr joe@evil.com", "email-addr ann+x@evil.co.uk"]);
}

#[test]
fn what_speaks_against_a_find_is_marked() {
    let options = Extract { publisher_hosts: vec!["www.blog.example.org".to_owned(), "lab.com".to_owned()] };
    let finds =
        extract("https://www.virustotal.com/x http://sub.lab.com/ evil.com 10.1.2.3 a@example.com b@github.com notlab.com", &options);
    let marks: Vec<Vec<Mark>> = finds.into_iter().map(|f| f.marks).collect();
    let none = Vec::new();
    assert_eq!(
        marks,
        [
            vec![Mark::Publisher],
            vec![Mark::Publisher],
            none.clone(),
            vec![Mark::Private],
            vec![Mark::Documentation],
            vec![Mark::Publisher],
            none
        ]
    );
}

#[test]
fn hostile_text_takes_linear_time() {
    // Measured: each of these passes at 5 to 50 MB/s when optimised; anything quadratic would not end.
    for unit in [
        ".",
        "a.",
        "[.]",
        "http://",
        "\\",
        "\\\\a\\",
        "C:\\a ",
        "%A%\\",
        "/etc/",
        "a@",
        "0",
        "d41d8cd98f00b204e9800998ecf8427e_",
        "1.2.3.4 ",
        "::",
        "a dot ",
        "(",
        "\"a ",
        "|",
        "HKLM\\",
        "1:aaaaaaaaaa",
        "a\\.",
        "hxxp[:",
        "deadbeef1\n",
        "http://a.com/-\n",
        "CVE-2021-\n",
        "é",
        "1.2.3.4, ",
        "a.com/",
        "1.2.3.4/",
    ] {
        let text = unit.repeat(60_000 / unit.len());
        let finds = extract(&text, &Extract::default());
        assert!(finds.iter().all(|f| f.end <= text.len()), "{unit}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn places_are_right_in_any_text(text in r#"([ -~]|[äé下\n\u{200b}]|\[\.\]|hxxp://|http://a\.com|1\.2\.3\.4|C:\\|HKLM\\|a@b\.de){0,60}"#) {
        found(&text);
    }
}
