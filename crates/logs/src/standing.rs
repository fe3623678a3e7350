//! The look-up turned round: for many values that stand, those of which something came in.
//!
//! A search asks the index for each value. Where a million values wait for each file, that takes as long for a thousand
//! events as for a million. Here the words of the batch are gone through once instead, and each is looked up among the
//! values: what a batch costs grows with the batch. What is found is few, may be too much, and is then searched for.

use std::collections::HashSet;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::quality::RandomState;
use tantivy::{DocId, SegmentReader, Term};

use crate::document::EventFields;
use crate::error::{LogError, index_io};
use crate::index::{Options, Snapshot};
use crate::lookup::{lower_text, term_docs};
use crate::needle::{Lookup, Spelling};
use crate::request::{Needle, NeedleKind};
use crate::tokens::{indexed_form, whole_tokens};

/// Bits of the filter for each key: one key in sixteen passes that is none.
const FILTER_BITS: usize = 16;
/// Where fewer than one in so many events of a segment are the batch's, these are read instead of the segment's words.
const SPARSE: u64 = 16;

/// Values that stand, ready to be met: 16 bytes and a filter's two for each spelling of each.
#[derive(Debug, Default)]
pub struct Standing {
    hasher: RandomState,
    /// A word of a value, hashed, and the value's id; ascending up to `settled`.
    keys: Vec<(u64, i64)>,
    settled: usize,
    /// A bit for each key, by the key's high bits.
    filter: Vec<u64>,
    /// Values that no single word tells: networks, and wildcards without a whole word.
    wide: Vec<i64>,
    /// Whether names below domains count.
    below: bool,
}

impl Standing {
    /// Adds a value. One that can stand nowhere is met by nothing.
    pub fn add(&mut self, needle: &Needle) {
        let others = needle.alternatives.iter().map(|other| (&other.value, other.kind));
        for (value, kind) in std::iter::once((&needle.value, needle.kind)).chain(others) {
            let Ok(spelling) = Spelling::new(value, kind) else { continue };
            match key_token(&spelling.lookup) {
                Key::Word(word) => self.keys.push((self.hasher.hash_one(word.as_bytes()), needle.id)),
                Key::Wide => self.wide.push(needle.id),
                Key::Nothing => {}
            }
        }
        if needle.kind == (NeedleKind::Domain { with_subdomains: true }) {
            self.below = true;
            self.keys.push((self.hasher.hash_one(needle.value.to_lowercase().as_bytes()), needle.id));
        }
    }

    /// Makes what was added since the last time findable.
    pub fn settle(&mut self) {
        if self.settled == self.keys.len() {
            return;
        }
        // Stable: the part that is in order already is a run that is merged.
        self.keys.sort();
        self.keys.dedup();
        self.settled = self.keys.len();
        self.wide.sort_unstable();
        self.wide.dedup();
        let words = (self.keys.len() * FILTER_BITS).next_power_of_two().max(64) / 64;
        self.filter.clear();
        self.filter.resize(words, 0);
        for (key, _) in &self.keys {
            let (word, bit) = place(*key, words);
            if let Some(word) = self.filter.get_mut(word) {
                *word |= bit;
            }
        }
    }

    /// How many words of values are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len() + self.wide.len()
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values that a word may belong to.
    fn of_key(&self, key: u64) -> &[(u64, i64)] {
        let from = self.keys.partition_point(|(other, _)| *other < key);
        let rest = self.keys.get(from..).unwrap_or_default();
        rest.get(..rest.partition_point(|(other, _)| *other == key)).unwrap_or_default()
    }

    /// Keeps a word in its indexed form in mind when values may have it.
    fn meet(&self, word: &[u8], met: &mut HashSet<u64>) {
        self.meet_key(word, met);
        let mut at = 0;
        while let Some(dot) = memchr::memchr(b'.', word.get(at..).unwrap_or_default()).map(|dot| at + dot) {
            at = dot + 1;
            // A value may end before a dot that no word follows.
            if matches!(word.get(at), Some(b'.' | b'-')) {
                self.meet_key(without_last_dots(word.get(..dot).unwrap_or_default()), met);
            }
            if self.below {
                self.meet_key(word.get(at..).unwrap_or_default(), met);
            }
        }
    }

    fn meet_key(&self, word: &[u8], met: &mut HashSet<u64>) {
        let key = self.hasher.hash_one(word);
        let (at, bit) = place(key, self.filter.len());
        if self.filter.get(at).is_some_and(|bits| bits & bit != 0) && !met.contains(&key) && !self.of_key(key).is_empty() {
            met.insert(key);
        }
    }
}

/// Where a key's bit is among so many words, a power of two.
fn place(key: u64, words: usize) -> (usize, u64) {
    ((key >> 6) as usize & words.wrapping_sub(1), 1 << (key & 63))
}

fn without_last_dots(word: &[u8]) -> &[u8] {
    let end = word.iter().rposition(|b| *b != b'.').map_or(0, |last| last + 1);
    word.get(..end).unwrap_or_default()
}

/// What tells that a spelling may have been met.
enum Key<'l> {
    Word(&'l str),
    Wide,
    Nothing,
}

/// The longest word, which is likely the rarest; of several the last, which in paths and URLs is the most particular.
fn key_token(lookup: &Lookup) -> Key<'_> {
    let tokens = match lookup {
        Lookup::Token(token) => std::slice::from_ref(token),
        Lookup::Phrase { tokens, .. } => tokens,
        Lookup::Wildcard(hold) => &hold.tokens,
        Lookup::Network(_) => return Key::Wide,
        Lookup::Nowhere => return Key::Nothing,
    };
    tokens.iter().max_by_key(|token| token.len()).map_or(Key::Wide, |token| Key::Word(token))
}

/// The ids of values of which something may stand in a batch, ascending. `standing` is [settled](Standing::settle).
pub(crate) fn met(
    snapshot: &Snapshot,
    options: &Options,
    fields: &EventFields,
    standing: &Standing,
    batch: i64,
) -> Result<Vec<i64>, LogError> {
    let segments: Vec<&SegmentReader> = snapshot.partitions.iter().flat_map(|(_, searcher)| searcher.segment_readers()).collect();
    let next = AtomicUsize::new(0);
    let work = || -> Result<(HashSet<u64>, bool), LogError> {
        let (mut met, mut any) = (HashSet::new(), false);
        while let Some(segment) = segments.get(next.fetch_add(1, Ordering::Relaxed)) {
            any |= in_segment(segment, options, fields, standing, batch, &mut met)?;
        }
        Ok((met, any))
    };
    let threads = options.threads.clamp(1, segments.len().max(1));
    let found = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut found = vec![work()];
        let failed = || Err(LogError::Index("a search thread failed".to_owned()));
        found.extend(others.into_iter().map(|thread| thread.join().unwrap_or_else(|_| failed())));
        found
    });
    let (mut ids, mut any) = (Vec::new(), false);
    let mut keys = HashSet::new();
    for of_thread in found {
        let (met, held) = of_thread?;
        keys.extend(met);
        any |= held;
    }
    ids.extend(keys.into_iter().flat_map(|key| standing.of_key(key)).map(|(_, id)| *id));
    if any {
        ids.extend(&standing.wide);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Whether the segment holds anything of the batch.
fn in_segment(
    segment: &SegmentReader,
    options: &Options,
    fields: &EventFields,
    standing: &Standing,
    batch: i64,
    met: &mut HashSet<u64>,
) -> Result<bool, LogError> {
    let batches = segment.inverted_index(fields.batch)?;
    let Some(info) = batches.get_term_info(&Term::from_field_i64(fields.batch, batch)).map_err(index_io)? else { return Ok(false) };
    if u64::from(info.doc_freq) * SPARSE < u64::from(segment.max_doc()) {
        let mut docs: Vec<DocId> = Vec::with_capacity(info.doc_freq as usize);
        term_docs(&batches, &info, &mut docs)?;
        let store = segment.get_store_reader(1).map_err(index_io)?;
        let mut text = String::new();
        for doc in docs {
            lower_text(&store, doc, options.values_of, &mut text)?;
            for token in whole_tokens(&text) {
                standing.meet(indexed_form(token).as_bytes(), met);
            }
        }
        return Ok(true);
    }
    let tokens = segment.inverted_index(fields.tokens)?;
    let mut words = tokens.terms().stream().map_err(index_io)?;
    while words.advance() {
        standing.meet(words.key(), met);
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Alternative;

    fn standing(values: &[(i64, NeedleKind, &str)]) -> Standing {
        let mut standing = Standing::default();
        for (id, kind, value) in values {
            standing.add(&Needle { id: *id, kind: *kind, value: (*value).to_owned(), alternatives: Vec::new() });
        }
        standing.settle();
        standing
    }

    fn met_by(standing: &Standing, text: &str) -> Vec<i64> {
        let mut met = HashSet::new();
        for token in whole_tokens(&text.to_lowercase()) {
            standing.meet(indexed_form(token).as_bytes(), &mut met);
        }
        let mut ids: Vec<i64> = met.into_iter().flat_map(|key| standing.of_key(key)).map(|(_, id)| *id).collect();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn a_word_meets_every_value_that_may_hold_it() {
        let plain = NeedleKind::Plain;
        let all = standing(&[
            (1, plain, "10.0.5.1"),
            (2, NeedleKind::Domain { with_subdomains: true }, "evil.example"),
            (3, plain, r"C:\Temp\dropper.exe"),
            (4, NeedleKind::Url, "https://evil.example/a.php?x"),
            (5, plain, "/a"),
            (6, plain, ".nowhere"),
        ]);
        assert_eq!(met_by(&all, "from 10.0.5.1:80 to 10.0.5.13"), [1]);
        assert_eq!(met_by(&all, "WWW.cdn.Evil.example"), [2, 4]);
        assert_eq!(met_by(&all, r"c:\temp\DROPPER.exe..x"), [3]);
        assert_eq!(met_by(&all, "/a.-b"), [5]);
        assert_eq!(met_by(&all, "nothing of it"), [0; 0]);
    }

    #[test]
    fn what_is_added_later_is_met_too_and_other_spellings_count() {
        let mut all = standing(&[(1, NeedleKind::Plain, "aa")]);
        let alternatives = vec![
            Alternative { kind: NeedleKind::Plain, value: "zweite".to_owned() },
            Alternative { kind: NeedleKind::Network, value: "192.0.2.0/24".to_owned() },
        ];
        all.add(&Needle { id: 2, kind: NeedleKind::Plain, value: "erste".to_owned(), alternatives });
        all.settle();
        assert_eq!(met_by(&all, "AA Zweite"), [1, 2]);
        assert_eq!((all.wide.as_slice(), all.len(), all.is_empty()), ([2].as_slice(), 4, false));
    }
}
