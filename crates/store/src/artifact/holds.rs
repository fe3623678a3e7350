//! Keywords on PostgreSQL. Its planner takes every word for equally rare; so a word is tried on a few artifacts first, and an
//! index is asked only for those that are rare, without anything else that could lead the planner elsewhere. Single characters
//! of ASCII, and two that are not both letters or figures, are looked for in each text.

use super::list::ArtifactFilter;
use crate::engine::{Engine, Tx};
use crate::error::Result;
use crate::select::Select;
use crate::text::{self, Pairs, TRIED};

/// Whether this is PostgreSQL, and one of its indexes knows one of the words.
pub(super) fn can_be_asked(tx: &Tx<'_>, words: &[String]) -> bool {
    tx.engine() == Engine::Postgres && (words.iter().any(|word| text::is_long(word)) || Pairs::of(words).is_some())
}

/// Whether the words are in many of the case's newest artifacts.
pub(super) fn is_common(tx: &mut Tx<'_>, filter: &ArtifactFilter, words: &[String]) -> Result<bool> {
    let mut select = Select::new(tx, "", "CAST($1 AS bigint) IS NOT NULL");
    let case = select.bind(filter.case);
    let newest = match filter.kind {
        Some(kind) => format!("a.kind = ${} ORDER BY a.id DESC", select.bind(kind.code())),
        None => "TRUE".to_owned(),
    };
    select.from(&format!(
        "(SELECT r.search_text FROM artifact a JOIN record r ON r.id = a.record_id WHERE a.case_id = ${case} AND {newest} LIMIT {TRIED}) AS tried"
    ));
    text::is_common(tx, select, words)
}

/// Records of any kind that hold the words, one more than `limit` when there are more.
pub(super) fn first(tx: &mut Tx<'_>, words: &[String], limit: i64) -> Result<Vec<i64>> {
    let mut select = Select::new(tx, "record r", "CAST($1 AS bigint) IS NOT NULL");
    select.all_words(Engine::Postgres, "r.search_text", words.to_vec());
    if let Some(pairs) = Pairs::of(words) {
        pairs.lead(&mut select);
    }
    select.materialised(tx, "r.id", limit + 1)
}
