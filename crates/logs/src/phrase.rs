//! Events in which tokens stand one after the other.

use tantivy::index::InvertedIndexReader;
use tantivy::postings::{Postings, SegmentPostings, TermInfo};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, TERMINATED};

use crate::error::{LogError, index_io};

/// Tokens as far apart as in a value.
pub(crate) struct Phrase<'n> {
    pub(crate) tokens: &'n [String],
    /// Parallel to the tokens.
    pub(crate) places: &'n [u32],
    /// What the last one may begin with otherwise.
    pub(crate) longer_last: &'n [String],
}

/// The events, ascending, that hold the phrase as it is, and those that hold it with another last token.
pub(crate) fn phrase_docs(index: &InvertedIndexReader, phrase: &Phrase<'_>) -> Result<(Vec<DocId>, Vec<DocId>), LogError> {
    let Some((last, before)) = phrase.tokens.split_last() else { return Ok((Vec::new(), Vec::new())) };
    let terms = index.terms();
    let mut infos = Vec::with_capacity(phrase.tokens.len());
    for token in before {
        match terms.get(token.as_bytes()).map_err(index_io)? {
            Some(info) => infos.push(info),
            None => return Ok((Vec::new(), Vec::new())),
        }
    }
    let (mut found, mut others) = (Vec::new(), Vec::new());
    if let Some(last) = terms.get(last.as_bytes()).map_err(index_io)? {
        infos.push(last);
        as_far_apart(index, &infos, phrase.places, &mut found)?;
        infos.pop();
    }
    let mut lasts: Vec<TermInfo> = Vec::new();
    for prefix in phrase.longer_last {
        let mut stream = terms.range().ge(prefix).into_stream().map_err(index_io)?;
        while let Some((term, info)) = stream.next() {
            if !term.starts_with(prefix.as_bytes()) {
                break;
            }
            lasts.push(info.clone());
        }
    }
    for last in lasts {
        infos.push(last);
        as_far_apart(index, &infos, phrase.places, &mut others)?;
        infos.pop();
    }
    others.sort_unstable();
    others.dedup();
    Ok((found, others))
}

/// A token of the phrase.
struct Part {
    /// How far the phrase goes on behind it.
    rest: u32,
    postings: SegmentPostings,
}

fn as_far_apart(index: &InvertedIndexReader, infos: &[TermInfo], places: &[u32], found: &mut Vec<DocId>) -> Result<(), LogError> {
    let single = infos.len() == 1;
    let wanted = if single { IndexRecordOption::Basic } else { IndexRecordOption::WithFreqsAndPositions };
    let mut parts = Vec::with_capacity(infos.len());
    let end = places.iter().copied().max().unwrap_or_default();
    for (place, info) in places.iter().zip(infos) {
        parts.push(Part { rest: end - place, postings: index.read_postings_from_terminfo(info, wanted).map_err(index_io)? });
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
        if single || stand_so(lead, others, &mut starts, &mut positions) {
            found.push(doc);
        }
        doc = lead.postings.advance();
    }
    Ok(())
}

/// Whether the tokens, all in the same event, stand so somewhere.
fn stand_so(lead: &mut Part, others: &mut [Part], starts: &mut Vec<u32>, positions: &mut Vec<u32>) -> bool {
    // Each is moved to where the phrase ends, so that those of one place are equal.
    lead.postings.positions_with_offset(lead.rest, starts);
    for other in others {
        other.postings.positions_with_offset(other.rest, positions);
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
