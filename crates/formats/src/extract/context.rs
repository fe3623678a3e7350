//! What the words before a value say of it.

use super::page::Page;

/// Words after which four numbers are a version.
const VERSION_WORDS: &[&str] = &[
    "version", "versions", "ver", "v", "build", "builds", "release", "releases", "firmware", "revision", "rev", "before", "through",
    "prior", "update", "upgrade", "kernel", "sdk", "api", "runtime", "section", "chapter", "§",
];

/// Words that say that a name is one of a file.
const FILE_WORDS: &[&str] = &[
    "file",
    "files",
    "filename",
    "attachment",
    "attachments",
    "attached",
    "executable",
    "dropper",
    "dropped",
    "drops",
    "archive",
    "binary",
    "document",
    "script",
    "payload",
    "named",
    "called",
    "saved",
    "opens",
    "opened",
];

/// The words before a place on its line, last first, without punctuation.
fn words_before(page: &Page, at: usize, max: usize) -> Vec<String> {
    let before = page.before(at, 64);
    before.split(|c: char| !(c.is_alphanumeric() || c == '§')).filter(|w| !w.is_empty()).rev().take(max).map(str::to_owned).collect()
}

/// Whether four numbers at this place are a version and no address.
pub(super) fn is_version(page: &Page, at: usize) -> bool {
    let mut before = page.before(at, 80);
    // `Product/1.2.3.4`, as user agents write it.
    if let Some(product) = before.strip_suffix('/')
        && product.ends_with(|c: char| c.is_ascii_alphabetic())
        && !product.contains("://")
    {
        return true;
    }
    // In "versions 1.2.3.4, 1.2.3.5 and 1.2.4.0" the word stands before the first.
    loop {
        let trimmed = before.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '§');
        let Some(word) = trimmed.rsplit(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '§'))).next().filter(|w| !w.is_empty())
        else {
            return false;
        };
        let bare = word.trim_matches('.');
        if VERSION_WORDS.contains(&bare) {
            return true;
        }
        let number = bare.contains('.') && bare.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if !(number || matches!(bare, "and" | "or" | "to" | "from" | "is" | "was" | "number" | "no")) {
            return false;
        }
        let left = trimmed.len() - word.len();
        before.truncate(left);
    }
}

/// Whether the words before a name say that it is one of a file.
pub(super) fn is_about_a_file(page: &Page, at: usize) -> bool {
    words_before(page, at, 2).iter().any(|w| FILE_WORDS.contains(&w.as_str()))
}

/// Which of these words stands nearest before a place on its line.
pub(super) fn nearest<'w>(page: &Page, at: usize, words: &[&'w str]) -> Option<&'w str> {
    let before = words_before(page, at, 3);
    before.iter().find_map(|b| words.iter().find(|w| *w == b)).copied()
}

/// Whether one of these words stands shortly before a place on its line.
pub(super) fn mentions(page: &Page, at: usize, words: &[&str]) -> bool {
    words_before(page, at, 3).iter().any(|w| words.contains(&w.as_str()))
}
