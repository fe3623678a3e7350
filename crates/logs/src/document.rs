//! The fields of the index, and an event as a document of it.

use std::sync::Arc;

use tantivy::schema::document::{
    DeserializeError, Document, DocumentDeserialize, DocumentDeserializer, ReferenceValue, ReferenceValueLeaf, Value,
};
use tantivy::schema::document::{ValueDeserialize, ValueDeserializer};
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{TextAnalyzer, TokenizerManager};

use crate::flow::Share;
use crate::tokens::{MatchTokenizer, Which};

/// Tokens with positions: what a search looks up.
pub(crate) const TOKENS: &str = "tokens";
/// Domain names back to front: what a search for subdomains walks.
pub(crate) const BELOW: &str = "below";
/// The batch, also as a term, by which its events are deleted.
pub(crate) const BATCH: &str = "batch";
/// The source.
pub(crate) const SOURCE: &str = "source";
/// Microseconds UTC; absent where unknown.
pub(crate) const TIME: &str = "time";
/// Place in the batch.
pub(crate) const SEQUENCE: &str = "sequence";
/// The machine.
pub(crate) const HOST: &str = "host";
/// The accounts.
pub(crate) const ACCOUNT: &str = "account";
/// Shape, member, line and raw form; see [`Stored`].
pub(crate) const EVENT: &str = "event";

/// The fields, by number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventFields {
    pub(crate) tokens: Field,
    pub(crate) below: Field,
    pub(crate) batch: Field,
    pub(crate) source: Field,
    pub(crate) time: Field,
    pub(crate) sequence: Field,
    pub(crate) host: Field,
    pub(crate) account: Field,
    pub(crate) event: Field,
}

/// The schema of every partition.
pub(crate) fn schema() -> (Schema, EventFields) {
    let indexed = |tokenizer: &str, option| {
        TextOptions::default()
            .set_indexing_options(TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(option).set_fieldnorms(false))
    };
    let mut builder = Schema::builder();
    let fields = EventFields {
        tokens: builder.add_text_field(TOKENS, indexed(TOKENS, IndexRecordOption::WithFreqsAndPositions)),
        below: builder.add_text_field(BELOW, indexed(BELOW, IndexRecordOption::Basic)),
        batch: builder.add_i64_field(BATCH, INDEXED | FAST),
        source: builder.add_i64_field(SOURCE, FAST),
        time: builder.add_i64_field(TIME, FAST),
        sequence: builder.add_u64_field(SEQUENCE, FAST),
        host: builder.add_text_field(HOST, TextOptions::default().set_fast("raw")),
        account: builder.add_text_field(ACCOUNT, TextOptions::default().set_fast("raw")),
        event: builder.add_bytes_field(EVENT, STORED),
    };
    (builder.build(), fields)
}

/// The tokenizers that the schema names.
pub(crate) fn tokenizers() -> TokenizerManager {
    // The default ones stay: the library asks for one for each field, numbers included.
    let manager = TokenizerManager::default();
    manager.register(TOKENS, TextAnalyzer::from(MatchTokenizer::new(Which::All)));
    manager.register(BELOW, TextAnalyzer::from(MatchTokenizer::new(Which::Below)));
    manager
}

/// An event on its way into the index. A type of its own, because the general document of the index library copies
/// each value once more.
#[derive(Debug)]
pub(crate) struct EventDoc {
    pub(crate) fields: EventFields,
    pub(crate) batch: i64,
    pub(crate) source: i64,
    pub(crate) sequence: u64,
    pub(crate) time: Option<i64>,
    pub(crate) host: Option<Arc<str>>,
    pub(crate) accounts: Vec<Box<str>>,
    pub(crate) text: Box<str>,
    pub(crate) event: Vec<u8>,
    /// Counted as long as it waits for an indexing thread.
    pub(crate) share: Share,
}

impl EventDoc {
    /// About how many bytes an event takes.
    pub(crate) fn weight(text: &str, event: &[u8]) -> usize {
        text.len() + event.len() + 256
    }
}

/// One value of an [`EventDoc`].
#[derive(Debug, Clone, Copy)]
pub(crate) enum Leaf<'a> {
    Str(&'a str),
    I64(i64),
    U64(u64),
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> for Leaf<'a> {
    type ArrayIter = std::iter::Empty<Self>;
    type ObjectIter = std::iter::Empty<(&'a str, Self)>;

    fn as_value(&self) -> ReferenceValue<'a, Self> {
        ReferenceValue::Leaf(match *self {
            Leaf::Str(text) => ReferenceValueLeaf::Str(text),
            Leaf::I64(number) => ReferenceValueLeaf::I64(number),
            Leaf::U64(number) => ReferenceValueLeaf::U64(number),
            Leaf::Bytes(bytes) => ReferenceValueLeaf::Bytes(bytes),
        })
    }
}

/// The values of an [`EventDoc`], in the order of the fields.
pub(crate) struct Leaves<'a> {
    doc: &'a EventDoc,
    next: usize,
}

/// Values before the accounts, of which there may be any number.
const BEFORE_ACCOUNTS: usize = 8;

impl<'a> Iterator for Leaves<'a> {
    type Item = (Field, Leaf<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (doc, fields) = (self.doc, &self.doc.fields);
        loop {
            let at = self.next;
            self.next += 1;
            return Some(match at {
                0 => (fields.tokens, Leaf::Str(&doc.text)),
                1 => (fields.below, Leaf::Str(&doc.text)),
                2 => (fields.batch, Leaf::I64(doc.batch)),
                3 => (fields.source, Leaf::I64(doc.source)),
                4 => match doc.time {
                    Some(time) => (fields.time, Leaf::I64(time)),
                    None => continue,
                },
                5 => (fields.sequence, Leaf::U64(doc.sequence)),
                6 => match &doc.host {
                    Some(host) => (fields.host, Leaf::Str(host)),
                    None => continue,
                },
                7 => (fields.event, Leaf::Bytes(&doc.event)),
                _ => (fields.account, Leaf::Str(doc.accounts.get(at - BEFORE_ACCOUNTS)?)),
            });
        }
    }
}

impl Document for EventDoc {
    type Value<'a> = Leaf<'a>;
    type FieldsValuesIter<'a> = Leaves<'a>;

    fn iter_fields_and_values(&self) -> Leaves<'_> {
        Leaves { doc: self, next: 0 }
    }
}

/// The stored part of an event: shape (one byte), line and length of the member (LEB128), the member, the raw form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored<'a> {
    pub(crate) shape: u8,
    pub(crate) line: u64,
    pub(crate) member: &'a str,
    pub(crate) raw: &'a str,
}

impl<'a> Stored<'a> {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.member.len() + self.raw.len() + 12);
        out.push(self.shape);
        put_number(&mut out, self.line);
        put_number(&mut out, self.member.len() as u64);
        out.extend_from_slice(self.member.as_bytes());
        out.extend_from_slice(self.raw.as_bytes());
        out
    }

    /// `None` when the bytes are not what [`Stored::encode`] writes.
    pub(crate) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (&shape, mut rest) = bytes.split_first()?;
        let line = take_number(&mut rest)?;
        let member_length = usize::try_from(take_number(&mut rest)?).ok()?;
        let (member, raw) = rest.split_at_checked(member_length)?;
        Some(Self { shape, line, member: std::str::from_utf8(member).ok()?, raw: std::str::from_utf8(raw).ok()? })
    }
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number as u8 & 0x7f) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&b, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(b & 0x7f) << shift;
        if b < 0x80 {
            return Some(number);
        }
    }
    None
}

/// The bytes of the one stored field.
pub(crate) struct StoredBytes(pub(crate) Vec<u8>);

struct OneBytes(Vec<u8>);

impl ValueDeserialize for OneBytes {
    fn deserialize<'de, D: ValueDeserializer<'de>>(deserializer: D) -> Result<Self, DeserializeError> {
        deserializer.deserialize_bytes().map(Self)
    }
}

impl DocumentDeserialize for StoredBytes {
    fn deserialize<'de, D: DocumentDeserializer<'de>>(mut deserializer: D) -> Result<Self, DeserializeError> {
        let field = deserializer.next_field::<OneBytes>()?;
        Ok(Self(field.map(|(_, bytes)| bytes.0).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_part_goes_round() {
        for (line, member, raw) in [(0, "", ""), (127, "a", "x"), (128, "a/b.json", "{\"é\":1}"), (u64::MAX, &"m".repeat(300), "\u{0}")] {
            let stored = Stored { shape: 7, line, member, raw };
            assert_eq!(Stored::decode(&stored.encode()), Some(stored));
        }
        for broken in [&[][..], &[1], &[1, 0x80], &[1, 1, 9, b'a'], &[1, 1, 0, 0xff], &[0xff; 20]] {
            assert_eq!(Stored::decode(broken), None);
        }
    }
}
