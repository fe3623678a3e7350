//! From what is looked up to the events of a segment that may hold it.

use tantivy::DocId;
use tantivy::index::InvertedIndexReader;
use tantivy::postings::TermInfo;
use tantivy::schema::IndexRecordOption;
use tantivy::store::StoreReader;

use crate::document::{Stored, StoredBytes};
use crate::error::{LogError, index_io};
use crate::event::ValuesOf;
use crate::needle::Lookup;
use crate::network::Network;
use crate::phrase::{Phrase, phrase_docs};
use crate::wildcard::{Hold, Part};

/// Appends the events of which the index says that they hold the value, ascending and each once, to `docs`; likewise those that
/// may hold it, which have to be checked, to `unsure`. An event may stand in both.
pub(crate) fn lookup_docs(
    index: &InvertedIndexReader,
    lookup: &Lookup,
    docs: &mut Vec<DocId>,
    unsure: &mut Vec<DocId>,
) -> Result<(), LogError> {
    match lookup {
        Lookup::Token(token) => {
            if let Some(info) = index.terms().get(token.as_bytes()).map_err(index_io)? {
                term_docs(index, &info, docs)?;
            }
        }
        Lookup::Phrase { tokens, places, told, longer_last } => {
            let (mut found, others) = phrase_docs(index, &Phrase { tokens, places, longer_last })?;
            if *told {
                docs.append(&mut found);
                unsure.extend(others);
            } else {
                found.extend(others);
                sort_out(&mut found);
                unsure.append(&mut found);
            }
        }
        Lookup::Wildcard(hold) => wildcard_docs(index, hold, unsure)?,
        Lookup::Network(network) => network_docs(index, network, if network.is_v4() { docs } else { unsure })?,
        Lookup::Nowhere => {}
    }
    Ok(())
}

/// Appends the events of a term.
pub(crate) fn term_docs(index: &InvertedIndexReader, info: &TermInfo, docs: &mut Vec<DocId>) -> Result<(), LogError> {
    let mut postings = index.read_block_postings_from_terminfo(info, IndexRecordOption::Basic).map_err(index_io)?;
    while postings.block_len() > 0 {
        docs.extend_from_slice(postings.docs());
        postings.advance();
    }
    Ok(())
}

/// Appends the events of all terms that begin so and are wanted.
fn range_docs(index: &InvertedIndexReader, prefix: &str, wanted: impl Fn(&str) -> bool, docs: &mut Vec<DocId>) -> Result<(), LogError> {
    let mut infos = Vec::new();
    let mut stream = index.terms().range().ge(prefix).into_stream().map_err(index_io)?;
    while let Some((term, info)) = stream.next() {
        if !term.starts_with(prefix.as_bytes()) {
            break;
        }
        if std::str::from_utf8(term).is_ok_and(&wanted) {
            infos.push(info.clone());
        }
    }
    let before = docs.len();
    for info in infos {
        term_docs(index, &info, docs)?;
    }
    let mut found = docs.split_off(before);
    sort_out(&mut found);
    docs.append(&mut found);
    Ok(())
}

fn network_docs(index: &InvertedIndexReader, network: &Network, docs: &mut Vec<DocId>) -> Result<(), LogError> {
    if network.is_v4() {
        return range_docs(index, &network.token_prefix(), |token| network.holds(token), docs);
    }
    let Some(wanted) = network.first_group() else { return Ok(()) };
    // The group is a token of its own, with or without zeros before it.
    range_docs(index, "", |token| token.len() <= 4 && u16::from_str_radix(token, 16).is_ok_and(|group| wanted.contains(&group)), docs)
}

fn wildcard_docs(index: &InvertedIndexReader, hold: &Hold, docs: &mut Vec<DocId>) -> Result<(), LogError> {
    if hold.tokens.is_empty() {
        return match &hold.part {
            Some(Part::Begins(text)) => range_docs(index, text, |_| true, docs),
            Some(Part::Holds(text)) => range_docs(index, "", |token| token.contains(text.as_str()), docs),
            None => Ok(()),
        };
    }
    let mut infos = Vec::with_capacity(hold.tokens.len());
    for token in &hold.tokens {
        match index.terms().get(token.as_bytes()).map_err(index_io)? {
            Some(info) => infos.push(info),
            None => return Ok(()),
        }
    }
    // The rarest first: the others only take away from it.
    infos.sort_by_key(|info| info.doc_freq);
    let mut found: Option<Vec<DocId>> = None;
    for info in &infos {
        let mut of_token = Vec::with_capacity(info.doc_freq as usize);
        term_docs(index, info, &mut of_token)?;
        found = Some(match found {
            None => of_token,
            Some(before) => both(&before, &of_token),
        });
    }
    docs.extend(found.unwrap_or_default());
    Ok(())
}

/// What stands in both ascending lists.
fn both(a: &[DocId], b: &[DocId]) -> Vec<DocId> {
    let mut of_b = b.iter().copied().peekable();
    let standing = a.iter().copied().filter(|doc| {
        while of_b.next_if(|other| other < doc).is_some() {}
        of_b.peek() == Some(doc)
    });
    standing.collect()
}

pub(crate) fn sort_out(docs: &mut Vec<DocId>) {
    docs.sort_unstable();
    docs.dedup();
}

/// Reads the searched text of an event, in lower case, into `text`.
pub(crate) fn lower_text(store: &StoreReader, doc: DocId, values_of: ValuesOf, text: &mut String) -> Result<(), LogError> {
    let bytes = store.get::<StoredBytes>(doc)?.0;
    let stored = Stored::decode(&bytes).ok_or_else(|| LogError::Index("a stored event cannot be read".to_owned()))?;
    text.clear();
    values_of(stored.shape, stored.raw, text);
    if text.is_ascii() {
        text.make_ascii_lowercase();
    } else {
        *text = text.to_lowercase();
    }
    Ok(())
}
