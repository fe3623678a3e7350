//! Lists as they are handed over: one file, packed or not, or a zip of many.

use std::io::{Cursor, Read};

use flate2::read::MultiGzDecoder;

use super::warninglist::{ListLimits, Warninglist};

/// Lists of one zip, and what all of them may be when unpacked.
const MOST_MEMBERS: usize = 5_000;
const UNPACKED_BYTES: u64 = 512 * 1024 * 1024;

/// What a file held.
#[derive(Debug, Default)]
pub struct Lists {
    /// The lists, each with its text as it came.
    pub lists: Vec<(Warninglist, Vec<u8>)>,
    /// What is no list: its name, and why.
    pub refused: Vec<(String, String)>,
}

/// Reads a list, or all lists of a zip; of a zip, only files that end in `.json` or `.json.gz` are looked at.
#[must_use]
pub fn read_lists(name: &str, bytes: &[u8], limits: &ListLimits) -> Lists {
    let mut lists = Lists::default();
    if bytes.starts_with(b"PK\x03\x04") {
        read_zip(name, bytes, limits, &mut lists);
    } else {
        take(name, bytes.to_vec(), limits, &mut lists);
    }
    lists
}

fn read_zip(name: &str, bytes: &[u8], limits: &ListLimits, lists: &mut Lists) {
    let mut archive = match zip::ZipArchive::new(Cursor::new(bytes)) {
        Ok(archive) => archive,
        Err(error) => return lists.refused.push((name.to_owned(), format!("is a broken zip: {error}"))),
    };
    let mut left = UNPACKED_BYTES;
    for n in 0..archive.len() {
        let mut member = match archive.by_index(n) {
            Ok(member) => member,
            Err(error) => {
                lists.refused.push((format!("{name}: file {}", n + 1), format!("can't be unpacked: {error}")));
                continue;
            }
        };
        let path = member.name().map_or_else(|_| format!("file {}", n + 1), std::borrow::Cow::into_owned);
        let is_list = path.ends_with(".json") || path.ends_with(".json.gz");
        // What describes the lists lies beside them in the published archive.
        if member.is_dir() || !is_list || path.rsplit('/').next().is_some_and(|file| file.starts_with("schema") || file == "SOURCE.json") {
            continue;
        }
        if lists.lists.len() + lists.refused.len() >= MOST_MEMBERS {
            return lists.refused.push((path, format!("is beyond the {MOST_MEMBERS} lists of one zip that are taken")));
        }
        let mut content = Vec::new();
        let most = left.min(limits.bytes as u64 + 1);
        if let Err(error) = member.by_ref().take(most).read_to_end(&mut content) {
            lists.refused.push((path, format!("can't be unpacked: {error}")));
            continue;
        }
        left = left.saturating_sub(content.len() as u64);
        if left == 0 {
            return lists.refused.push((path, format!("brings the zip above {UNPACKED_BYTES} bytes unpacked")));
        }
        take(&path, content, limits, lists);
    }
}

fn take(name: &str, bytes: Vec<u8>, limits: &ListLimits, lists: &mut Lists) {
    let mut plain = bytes;
    if plain.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        if let Err(error) = MultiGzDecoder::new(plain.as_slice()).take(limits.bytes as u64 + 1).read_to_end(&mut unpacked) {
            return lists.refused.push((name.to_owned(), format!("can't be unpacked: {error}")));
        }
        plain = unpacked;
    }
    match Warninglist::parse(&plain, limits) {
        Ok(list) => lists.lists.push((list, plain)),
        Err(error) => lists.refused.push((name.to_owned(), error.to_string())),
    }
}
