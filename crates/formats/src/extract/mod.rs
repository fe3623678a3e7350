//! Finds observables in running text: reports, mails, notes, pasted lists.
//!
//! The text is refanged once; then one pass from left to right looks at each word, in the order: URL, registry
//! key, path, address, e-mail address, and the words that speak for themselves. Every look-ahead and look-back is
//! bounded, so the time is linear in the length of the text, whatever the text is.

mod address;
mod broken;
mod context;
mod network;
mod page;
mod path;
mod publisher;
#[cfg(test)]
mod tests;
mod url;
mod word;

use model::observable::{Mark, Observable, marks, refang_text};

use page::Page;

/// What an extraction is told besides the text.
#[derive(Debug, Clone, Default)]
pub struct Extract {
    /// Hosts that the text's publisher owns, besides the well-known: finds on them and below are marked `publisher`.
    pub publisher_hosts: Vec<String>,
}

/// One place where an observable stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    /// What was found, in normal form.
    pub observable: Observable,
    /// Where it starts in the given text, in bytes.
    pub start: usize,
    /// Where it ends in the given text, in bytes.
    pub end: usize,
    /// As it is written there.
    pub original: String,
    /// Why it is probably not of interest; empty when nothing speaks against it.
    pub marks: Vec<Mark>,
}

/// An observable at a place of the refanged text.
#[derive(Debug)]
struct Hit {
    observable: Observable,
    start: usize,
    end: usize,
    /// Where to go on: after the end, or after what belongs to the observable without being part of it.
    resume: usize,
}

impl Hit {
    fn new(observable: Observable, start: usize, end: usize) -> Self {
        Self { observable, start, end, resume: end }
    }
}

/// Every observable of the text at every place, in order and without overlaps.
#[must_use]
pub fn extract(text: &str, options: &Extract) -> Vec<Find> {
    let refanged = refang_text(text);
    let page = Page::new(&refanged, text);
    let publishers = publisher::Publishers::new(&options.publisher_hosts);
    let mut finds = Vec::new();
    let mut at = 0;
    while let Some(c) = page.char_at(at) {
        let Some(hit) = recognise(&page, at, c) else {
            at = skip(&page, at, c);
            continue;
        };
        at = hit.resume.max(at + c.len_utf8());
        let (start, end) = page.original_range(hit.start, hit.end);
        let mut marks = marks(&hit.observable);
        if publishers.own(&hit.observable) {
            marks.push(Mark::Publisher);
        }
        finds.push(Find { original: text.get(start..end).unwrap_or_default().to_owned(), observable: hit.observable, start, end, marks });
    }
    finds
}

fn recognise(page: &Page, at: usize, c: char) -> Option<Hit> {
    match c {
        '\\' | '%' | '/' | '~' | '.' => path::find(page, at).or_else(|| path::below_dots(page, at)),
        ':' => address::find(page, at),
        '[' => url::bracketed_address(page, at),
        '"' | '`' | '“' | '\'' | '|' => path::quoted(page, at, c),
        _ if page::is_word(c) => url::find(page, at)
            .or_else(|| path::find(page, at))
            .or_else(|| address::find(page, at))
            .or_else(|| network::email(page, at))
            .or_else(|| word::find(page, at)),
        _ => None,
    }
}

/// Where to look next when nothing stands here: after the word, so that no value is found inside a longer one.
fn skip(page: &Page, at: usize, c: char) -> usize {
    if page::is_word(c) { page.word_end(at).max(at + c.len_utf8()) } else { at + c.len_utf8() }
}
