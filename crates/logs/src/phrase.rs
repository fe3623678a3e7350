//! Events in which tokens stand one after the other.

use tantivy::index::InvertedIndexReader;
use tantivy::postings::{Postings, SegmentPostings, TermInfo};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, TERMINATED};

use crate::error::{LogError, index_io};

/// The events, ascending, that hold `tokens` in a row; the last one may also be any token that begins with one of
/// `longer_last`.
pub(crate) fn phrase_docs(index: &InvertedIndexReader, tokens: &[String], longer_last: &[String]) -> Result<Vec<DocId>, LogError> {
    let Some((last, before)) = tokens.split_last() else { return Ok(Vec::new()) };
    let terms = index.terms();
    let mut infos = Vec::with_capacity(tokens.len());
    for token in before {
        match terms.get(token.as_bytes()).map_err(index_io)? {
            Some(info) => infos.push(info),
            None => return Ok(Vec::new()),
        }
    }
    let mut lasts: Vec<TermInfo> = terms.get(last.as_bytes()).map_err(index_io)?.into_iter().collect();
    for prefix in longer_last {
        let mut stream = terms.range().ge(prefix).into_stream().map_err(index_io)?;
        while let Some((term, info)) = stream.next() {
            if !term.starts_with(prefix.as_bytes()) {
                break;
            }
            lasts.push(info.clone());
        }
    }
    let mut docs = Vec::new();
    for last in lasts {
        infos.push(last);
        in_a_row(index, &infos, &mut docs)?;
        infos.pop();
    }
    docs.sort_unstable();
    docs.dedup();
    Ok(docs)
}

/// A token of the phrase and its place in it.
struct Part {
    place: u32,
    postings: SegmentPostings,
}

fn in_a_row(index: &InvertedIndexReader, infos: &[TermInfo], found: &mut Vec<DocId>) -> Result<(), LogError> {
    let single = infos.len() == 1;
    let wanted = if single { IndexRecordOption::Basic } else { IndexRecordOption::WithFreqsAndPositions };
    let mut parts = Vec::with_capacity(infos.len());
    for (place, info) in infos.iter().enumerate() {
        parts.push(Part { place: place as u32, postings: index.read_postings_from_terminfo(info, wanted).map_err(index_io)? });
    }
    // The rarest token leads: the others are only asked for its events.
    parts.sort_by_key(|part| part.postings.doc_freq());
    let Some((lead, others)) = parts.split_first_mut() else { return Ok(()) };
    let (mut starts, mut positions) = (Vec::new(), Vec::new());
    let mut doc = lead.postings.doc();
    'docs: while doc != TERMINATED {
        for other in others.iter_mut() {
            let at = if other.postings.doc() < doc { other.postings.seek(doc) } else { other.postings.doc() };
            if at != doc {
                if at == TERMINATED {
                    return Ok(());
                }
                doc = lead.postings.seek(at);
                continue 'docs;
            }
        }
        if single || row_starts(lead, others, &mut starts, &mut positions) {
            found.push(doc);
        }
        doc = lead.postings.advance();
    }
    Ok(())
}

/// Whether the tokens, all in the same event, stand in a row somewhere.
fn row_starts(lead: &mut Part, others: &mut [Part], starts: &mut Vec<u32>, positions: &mut Vec<u32>) -> bool {
    // Positions are moved by the whole length less the place in the phrase, so that those of one row are equal.
    let length = others.len() as u32 + 1;
    lead.postings.positions_with_offset(length - lead.place, starts);
    for other in others {
        other.postings.positions_with_offset(length - other.place, positions);
        let mut kept = 0;
        let mut candidates = positions.iter().copied().peekable();
        for at in 0..starts.len() {
            let Some(&start) = starts.get(at) else { break };
            while candidates.next_if(|p| *p < start).is_some() {}
            if candidates.peek() == Some(&start) {
                starts.swap(kept, at);
                kept += 1;
            }
        }
        starts.truncate(kept);
        if kept == 0 {
            return false;
        }
    }
    true
}
