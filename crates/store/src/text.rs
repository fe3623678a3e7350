//! Keywords: how what was typed is looked for in folded text.
//!
//! On SQLite the index of every three characters (FTS5) answers exactly: a word of three characters or more is a phrase of
//! them, a shorter one any of the threes that begin with it. On PostgreSQL `LIKE` is asked, and its planner takes the index
//! of `pg_trgm` where that helps; of records, others know shorter words ([`Pairs`]).

use model::Kind;
use model::text::search_words;

use crate::engine::{Engine, Tx, params};
use crate::error::Result;
use crate::select::Select;

/// A table's text index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextIndex {
    /// The index itself, on SQLite.
    pub(crate) table: &'static str,
    /// Its vocabulary, on SQLite.
    grams: &'static str,
}

/// Of records; its rows are those of [`first_of`].
pub(crate) const RECORD_TEXT: TextIndex = TextIndex { table: "record_text", grams: "record_gram" };
/// Of notes, by their rows.
pub(crate) const NOTE_TEXT: TextIndex = TextIndex { table: "note_text", grams: "note_gram" };
/// Of annotations, by their rows.
pub(crate) const ANNOTATION_TEXT: TextIndex = TextIndex { table: "annotation_text", grams: "annotation_gram" };

/// A short word that begins more threes than this is looked at closer before all of them are asked for.
const MANY_GRAMS: i64 = 32;
/// No alphabet begins more with one or two of its characters; what does is in so many texts that looking at each is fast.
const MOST_GRAMS: i64 = 2_000;
/// So many texts that hold a word make it common: a page is full soon wherever one looks.
const COMMON: i64 = 1_000;

/// The row of a kind's first record in the text index of records; a record's own row is added to it.
pub(crate) fn first_of(kind: Kind) -> i64 {
    kind.code() << 40
}

/// How many records a kind may have.
const RECORDS: i64 = 1 << 40;

/// The first and last row that a kind's records may have in the text index of records; of any index, all rows.
pub(crate) fn rows_of(kind: Option<Kind>) -> (i64, i64) {
    kind.map_or((0, i64::MAX), |kind| (first_of(kind), first_of(kind) | (RECORDS - 1)))
}

/// The record's row, of a row of the text index of records.
pub(crate) const RECORD_OF_TEXT: &str = "(record_text.rowid & 1099511627775)";

/// Keywords, and how they are best looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Words {
    /// The text of each row is looked at. PostgreSQL chooses by itself; on SQLite there are no words, or only such as
    /// nearly every text holds.
    Scanned(Vec<String>),
    /// SQLite's text index leads.
    Indexed(Indexed),
    /// No text holds them.
    Nowhere,
}

/// Keywords for SQLite's text index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Indexed {
    /// The query for `MATCH`.
    pub(crate) query: String,
    /// Words of one or two characters that are in nearly every text: each match is looked at for them.
    pub(crate) frequent: Vec<String>,
    /// All words.
    pub(crate) words: Vec<String>,
}

impl Words {
    /// The keywords of what was typed, refanged and not yet folded.
    pub(crate) fn of(tx: &mut Tx<'_>, index: TextIndex, q: &str) -> Result<Self> {
        let words = search_words(q);
        if tx.engine() == Engine::Postgres {
            return Ok(Self::Scanned(words));
        }
        let mut parts = Vec::with_capacity(words.len());
        let mut frequent = Vec::new();
        for word in &words {
            if word.chars().count() >= 3 {
                parts.push(quoted(word));
                continue;
            }
            match short(tx, index, word)? {
                Short::Nowhere => return Ok(Self::Nowhere),
                Short::Any(query) => parts.push(query),
                Short::Frequent => frequent.push(word.clone()),
            }
        }
        if parts.is_empty() {
            return Ok(Self::Scanned(words));
        }
        Ok(Self::Indexed(Indexed { query: parts.join(" AND "), frequent, words }))
    }
}

impl Indexed {
    /// Adds the keywords to a list that begins with the index's table; `text` is the column of the folded text.
    pub(crate) fn lead(&self, select: &mut Select<'_>, index: TextIndex, text: &str) {
        select.and(&format!("{} MATCH $?", index.table), self.query.clone());
        select.all_words(Engine::Sqlite, text, self.frequent.clone());
    }

    /// How many texts hold the words, counted to one more than `limit`; of records, those of a kind.
    pub(crate) fn count(&self, tx: &mut Tx<'_>, index: TextIndex, kind: Option<Kind>, limit: i64) -> Result<i64> {
        let (from, to) = rows_of(kind);
        let table = index.table;
        let sql = format!(
            "SELECT CAST(count(*) AS bigint) FROM (SELECT 1 FROM {table} WHERE {table} MATCH $1 AND rowid BETWEEN $2 AND $3 LIMIT $4) AS matches"
        );
        tx.query_one(&sql, params![&self.query, from, to, limit + 1], |row| row.int(0))
    }
}

impl Indexed {
    /// The first records of a kind that hold the words, one more than `limit` when there are more; and about how many there
    /// are in all, as if they were spread evenly over those added later.
    pub(crate) fn first(&self, tx: &mut Tx<'_>, kind: Option<Kind>, limit: i64) -> Result<(Vec<i64>, i64)> {
        const SQL: &str = "SELECT rowid FROM record_text WHERE record_text MATCH $1 AND rowid BETWEEN $2 AND $3 ORDER BY rowid LIMIT $4";
        let (from, to) = rows_of(kind);
        let records = tx.query(SQL, params![&self.query, from, to, limit + 1], |row| Ok(row.int(0)? & (RECORDS - 1)))?;
        let counted = records.len() as i64;
        if counted <= limit {
            return Ok((records, counted));
        }
        let newest = tx.query_one("SELECT CAST(coalesce(max(id), 1) AS bigint) FROM record", &[], |row| row.int(0))?;
        // Of several kinds, the last match tells nothing of how far the others go.
        let reached = records.last().filter(|_| kind.is_some()).map_or(1, |last| (*last).max(1));
        Ok((records, counted.saturating_mul(newest) / reached))
    }
}

/// On PostgreSQL, so many texts are tried before an index is asked.
pub(crate) const TRIED: i64 = 500;
/// More of them than this make the words common: a page is sooner met in the order of the list, and so is the end of the count.
const COMMON_AMONG_TRIED: i64 = TRIED / 10;

/// Whether the words are in many of some texts, which are selected as `tried.search_text`.
pub(crate) fn is_common(tx: &mut Tx<'_>, mut tried: Select<'_>, words: &[String]) -> Result<bool> {
    tried.all_words(Engine::Postgres, "tried.search_text", words.to_vec());
    Ok(tried.count(tx, COMMON_AMONG_TRIED)? > COMMON_AMONG_TRIED)
}

/// What PostgreSQL's index of threes holds of a record, as the migration writes it.
const THREES: &str = "array_to_tsvector(show_trgm(regexp_replace(r.search_text, '[^ -~]', ' ', 'g')))";

/// Whether PostgreSQL's text index knows a word: it begins at three characters.
pub(crate) fn is_long(word: &str) -> bool {
    word.chars().nth(2).is_some()
}

/// Which records hold other than printable ASCII, as the migration writes it.
const NOT_ASCII: &str = "r.search_text ~ '[^ -~]'";

/// How records are found on PostgreSQL by words of one or two characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pairs {
    /// The index of threes is asked this, of pairs of letters or figures of ASCII, with which a three begins.
    Threes(String),
    /// Records with other than ASCII are looked at.
    NotAscii,
}

impl Pairs {
    /// `None` when the text index knows one of the words, or nothing knows any.
    pub(crate) fn of(words: &[String]) -> Option<Self> {
        if words.iter().any(|word| is_long(word)) {
            return None;
        }
        let is_pair = |word: &&String| word.len() == 2 && word.bytes().all(|b| b.is_ascii_alphanumeric());
        let pairs: Vec<String> = words.iter().filter(is_pair).map(|pair| format!("'{pair}':*")).collect();
        match pairs.is_empty() {
            false => Some(Self::Threes(pairs.join(" & "))),
            true => words.iter().any(|word| !word.is_ascii()).then_some(Self::NotAscii),
        }
    }

    /// Lets them lead a list of records `r`.
    pub(crate) fn lead(self, select: &mut Select<'_>) {
        match self {
            Self::Threes(query) => select.and(&format!("{THREES} @@ CAST(CAST($? AS text) AS tsquery)"), query),
            Self::NotAscii => select.and_plain(NOT_ASCII),
        }
    }
}

/// What a word of one or two characters is for the index.
enum Short {
    Nowhere,
    Any(String),
    Frequent,
}

fn short(tx: &mut Tx<'_>, index: TextIndex, word: &str) -> Result<Short> {
    let some = grams(tx, index, word, MANY_GRAMS + 1)?;
    if some.is_empty() {
        return Ok(Short::Nowhere);
    }
    if some.len() as i64 <= MANY_GRAMS {
        return Ok(Short::Any(any(&some)));
    }
    let one = Indexed { query: any(&some), frequent: Vec::new(), words: Vec::new() };
    if one.count(tx, index, None, COMMON)? > COMMON {
        return Ok(Short::Frequent);
    }
    // Many threes, few texts: a long text or two that hold them all.
    let all = grams(tx, index, word, MOST_GRAMS + 1)?;
    Ok(if all.len() as i64 <= MOST_GRAMS { Short::Any(any(&all)) } else { Short::Frequent })
}

/// The threes that begin with a word, of all that are in the index: one seek each, without reading where they stand.
fn grams(tx: &mut Tx<'_>, index: TextIndex, word: &str, limit: i64) -> Result<Vec<String>> {
    let grams = index.grams;
    let sql = format!(
        "WITH RECURSIVE found (gram) AS (
            SELECT (SELECT term FROM {grams} WHERE term >= $1 LIMIT 1)
            UNION ALL
            SELECT (SELECT term FROM {grams} WHERE term >= found.gram || char(1) LIMIT 1) FROM found
            WHERE substr(found.gram, 1, length($1)) = $1
         ) SELECT gram FROM found WHERE substr(gram, 1, length($1)) = $1 LIMIT $2"
    );
    tx.query(&sql, params![word, limit], |row| row.text(0))
}

fn any(grams: &[String]) -> String {
    format!("({})", grams.iter().map(|gram| quoted(gram)).collect::<Vec<_>>().join(" OR "))
}

/// A phrase, whatever stands in it.
fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_never_read_as_a_query() {
        assert_eq!(quoted("a\"b c"), "\"a\"\"b c\"");
        assert_eq!(any(&["abc".to_owned(), "ab ".to_owned()]), "(\"abc\" OR \"ab \")");
    }
}
