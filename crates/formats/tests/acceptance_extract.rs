//! Measures extraction against published answer keys, which lie outside the repository: `VIZSLA_TEST_DATA` says where.
//! Without them the tests pass and say so, unless `VIZSLA_ACCEPTANCE=1` demands them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
// A test has no configuration; where the data lies is told by the environment.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use formats::extract::{Extract, Find, extract};
use model::observable::{Mark, Observable, ObservableType as T, refang};
use serde_json::Value;

fn data(part: &str) -> Option<PathBuf> {
    let required = std::env::var("VIZSLA_ACCEPTANCE").is_ok_and(|v| v == "1");
    let path = std::env::var_os("VIZSLA_TEST_DATA").map(|root| PathBuf::from(root).join(part)).filter(|p| p.exists());
    if path.is_none() {
        assert!(!required, "VIZSLA_ACCEPTANCE=1, but VIZSLA_TEST_DATA has no {part}");
        println!("{part}: no data (VIZSLA_TEST_DATA); nothing was measured");
    }
    path
}

fn read(path: &Path) -> String {
    let plain = fs::read(path);
    let bytes = plain.or_else(|_| {
        let mut zipped = path.as_os_str().to_owned();
        zipped.push(".gz");
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(fs::File::open(PathBuf::from(zipped))?).read_to_end(&mut out)?;
        Ok::<_, std::io::Error>(out)
    });
    String::from_utf8_lossy(&bytes.unwrap()).into_owned()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&read(path)).unwrap()
}

fn finds(text: &str) -> Vec<Find> {
    let finds = extract(text, &Extract::default());
    let mut last = 0;
    for find in &finds {
        assert!(find.start >= last && find.end > find.start, "{find:?}");
        assert_eq!(text.get(find.start..find.end), Some(find.original.as_str()));
        last = find.end;
    }
    finds
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// Values as they are compared with a key: in normal form where they have one, in lower case.
fn comparable(value: &str) -> String {
    let plain = refang(value.trim());
    let normal = if plain.contains("://") { Observable::new(T::Url, &plain).map_or(plain, |o| o.value) } else { plain };
    normal.to_lowercase().trim_end_matches(['/', '.', '\\']).to_owned()
}

fn found_values(finds: &[Find]) -> BTreeSet<String> {
    let mut values: BTreeSet<String> = finds.iter().map(|f| comparable(&f.observable.value)).collect();
    // A key names a file by its name where the text names it by its path, and a host where the text has a URL.
    for find in finds {
        if let Some(name) = find.observable.value.rsplit(['\\', '/']).next().filter(|_| find.observable.kind == T::FilePath) {
            values.insert(name.to_lowercase());
        }
        if let Some(host) = model::observable::url_host(&find.observable.value).filter(|_| find.observable.kind == T::Url) {
            values.insert(host.trim_start_matches('[').trim_end_matches(']').to_owned());
        }
    }
    values
}

#[derive(Default)]
struct Score {
    expected: usize,
    found: usize,
    reported: usize,
    right: usize,
}

impl Score {
    fn recall(&self) -> f64 {
        ratio(self.found, self.expected)
    }

    fn precision(&self) -> f64 {
        ratio(self.right, self.reported)
    }

    fn check(&self, name: &str, recall: f64, precision: f64) {
        println!(
            "{name}: recall {:.4} ({} of {}), precision {:.4} ({} of {})",
            self.recall(),
            self.found,
            self.expected,
            self.precision(),
            self.right,
            self.reported
        );
        assert!(self.recall() >= recall, "{name}: recall fell below {recall}");
        assert!(self.precision() >= precision, "{name}: precision fell below {precision}");
    }
}

#[allow(clippy::cast_precision_loss)]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Texts beside the vendor's own machine-readable list. Precision covers hashes and IPv4 addresses only, since the
/// key does not judge other finds.
fn vendor_lists(set: &str) -> Option<Score> {
    let folder = data(set)?;
    let key = json(&folder.join("extraction_key.json"));
    let mut score = Score::default();
    for (name, entry) in key["texts"].as_object().unwrap() {
        // A key may name a text that the set holds no longer.
        let present = |suffix: &str| folder.join(format!("{name}{suffix}")).exists();
        if !present("") && !present(".gz") {
            println!("{set}: {name} is not there");
            continue;
        }
        let finds = finds(&read(&folder.join(name)));
        let values = found_values(&finds);
        let mut known = BTreeSet::new();
        for group in ["must_find", "vendor_marked_in_backticks", "also_indicators_in_text_not_in_peer_list"] {
            for (kind, list) in entry[group].as_object().unwrap() {
                for value in strings(list) {
                    known.insert(comparable(value));
                    if group == "must_find" {
                        score.expected += 1;
                        if values.contains(&comparable(value)) {
                            score.found += 1;
                        } else {
                            println!("missed {name} {kind} {value}");
                        }
                    }
                }
            }
        }
        let judged = finds.iter().filter(|f| matches!(f.observable.kind, T::Md5 | T::Sha1 | T::Sha256 | T::Ipv4Addr) && f.marks.is_empty());
        for value in judged.map(|f| comparable(&f.observable.value)).collect::<BTreeSet<_>>() {
            score.reported += 1;
            if known.contains(&value) {
                score.right += 1;
            } else {
                println!("unjudged or wrong {name} {value}");
            }
        }
        let links: Vec<&str> = strings(&entry["references_not_indicators"]).collect();
        for link in links {
            if finds
                .iter()
                .any(|f| f.observable.kind == T::Url && comparable(&f.observable.value) == comparable(link) && f.marks.is_empty())
            {
                println!("reference without a mark {name} {link}");
            }
        }
    }
    Some(score)
}

#[test]
fn eset_events() {
    if let Some(score) = vendor_lists("intel/misp/eset-events") {
        score.check("intel/misp/eset-events", 0.99, 0.995);
    }
}

#[test]
fn eset_lists() {
    if let Some(score) = vendor_lists("intel/iocs/eset") {
        score.check("intel/iocs/eset", 0.995, 0.995);
    }
}

#[test]
fn avast_lists() {
    if let Some(score) = vendor_lists("intel/iocs/avast") {
        score.check("intel/iocs/avast", 0.995, 0.99);
    }
}

#[test]
fn defanged_corpus() {
    let Some(folder) = data("extraction/iocextract-corpus") else {
        return;
    };
    let finds = finds(&read(&folder.join("input.txt")));
    let values = found_values(&finds);
    let mut score = Score::default();
    for line in read(&folder.join("valid.txt")).lines().map(str::trim).filter(|l| !l.is_empty()) {
        score.expected += 1;
        let plain = refang(line);
        // Without a scheme the host is the observable; what follows it is not.
        let wanted = if plain.contains("://") { comparable(line) } else { comparable(plain.split([':', '/']).next().unwrap()) };
        let trimmed = wanted.trim_end_matches(['.', '/', '[']).to_owned();
        if values.contains(&wanted) || values.contains(&trimmed) {
            score.found += 1;
        } else {
            println!("missed {line} ({wanted})");
        }
    }
    for line in read(&folder.join("invalid.txt")).lines().map(str::trim).filter(|l| !l.is_empty()) {
        score.reported += 1;
        if values.contains(&comparable(line)) {
            println!("wrong {line}");
        } else {
            score.right += 1;
        }
    }
    score.check("extraction/iocextract-corpus (precision: share of the invalid lines left alone)", 0.0, 0.0);
}

#[test]
fn counted_vectors() {
    let Some(folder) = data("extraction/msticpy-vectors") else { return };
    let mut score = Score::default();
    for vector in json(&folder.join("vectors.json")).as_array().unwrap() {
        let finds = finds(vector["text"].as_str().unwrap());
        for (kind, expected) in vector["expected_counts"].as_object().unwrap() {
            let expected = usize::try_from(expected.as_u64().unwrap()).unwrap();
            let of = |kinds: &[T]| finds.iter().filter(|f| kinds.contains(&f.observable.kind)).count();
            let count = match kind.as_str() {
                "ipv4" => of(&[T::Ipv4Addr]),
                "ipv6" => of(&[T::Ipv6Addr]),
                "url" => of(&[T::Url]),
                "dns" => of(&[T::DomainName, T::Url]),
                "windows_path" | "linux_path" => of(&[T::FilePath, T::Directory]),
                "md5_hash" => of(&[T::Md5]),
                "sha1_hash" => of(&[T::Sha1]),
                "sha256_hash" => of(&[T::Sha256]),
                "email" => of(&[T::EmailAddr]),
                other => panic!("unknown kind {other}"),
            };
            score.expected += expected;
            score.found += count.min(expected);
            score.reported += count;
            score.right += count.min(expected);
            if count != expected {
                println!(
                    "{} {kind}: {count} instead of {expected}: {:?}",
                    vector["id"],
                    finds.iter().map(|f| &f.original).collect::<Vec<_>>()
                );
            }
        }
    }
    // The one that is missed is an address inside the path of a URL: finds do not overlap.
    score.check("extraction/msticpy-vectors", 0.96, 0.96);
}

/// The paragraphs of a Word document, each a line.
fn docx_text(path: &Path) -> String {
    let mut archive = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let mut xml = String::new();
    archive.by_name("word/document.xml").unwrap().read_to_string(&mut xml).unwrap();
    let mut text = String::new();
    for (i, part) in xml.split('<').enumerate() {
        let Some((tag, words)) = part.split_once('>').filter(|_| i > 0) else {
            continue;
        };
        if tag == "/w:p" || tag.starts_with("w:br") || tag.starts_with("w:tab") {
            text.push('\n');
        }
        text.push_str(
            &words.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&"),
        );
    }
    text
}

#[test]
fn advisory() {
    let Some(folder) = data("extraction/cisa-aa20-302a") else { return };
    let key = json(&folder.join("answer_key.json"));
    let finds = finds(&docx_text(&folder.join("AA20-302A.docx")));
    let values = found_values(&finds);
    let mut score = Score::default();
    let mut known = BTreeSet::new();
    for group in ["malicious", "stated_legitimate_by_the_document"] {
        for (kind, list) in key[group].as_object().unwrap() {
            for value in strings(list) {
                let wanted = comparable(&value.replace("HKLM\\", "HKEY_LOCAL_MACHINE\\"));
                if group == "malicious" {
                    score.expected += 1;
                    if values.contains(&wanted) {
                        score.found += 1;
                    } else {
                        println!("missed {kind} {value}");
                    }
                }
                known.insert(wanted);
            }
        }
    }
    let judged = finds.iter().filter(|f| {
        matches!(f.observable.kind, T::Md5 | T::Sha1 | T::Sha256 | T::Ipv4Addr | T::DomainName | T::Url | T::EmailAddr)
            && !f.marks.contains(&Mark::Publisher)
    });
    for value in judged.map(|f| comparable(&f.observable.value)).collect::<BTreeSet<_>>() {
        score.reported += 1;
        if known.contains(&value) {
            score.right += 1;
        } else {
            println!("wrong {value}");
        }
    }
    score.check("extraction/cisa-aa20-302a", 0.99, 0.98);
}
