//! Partitions: one index a UTC month, so that a window opens few and retention drops whole directories.

use std::fmt;
use std::path::Path;

use model::Timestamp;
use tantivy::directory::MmapDirectory;
use tantivy::index::SegmentId;
use tantivy::indexer::{IndexWriterOptions, NoMergePolicy};
use tantivy::store::{Compressor, ZstdCompressor};
use tantivy::{Index, IndexBuilder, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, Term};

use crate::document::{EventDoc, EventFields, schema, tokenizers};
use crate::error::LogError;
use crate::manifest::sync_parent;

/// Bytes of raw events that are compressed together.
const STORE_BLOCK: usize = 65_536;
/// zstd level of stored events.
const STORE_LEVEL: i32 = 1;
/// Decompressed blocks that are kept, per segment.
const STORE_CACHE: usize = 4;

/// Which partition an event belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    /// A UTC month, counted from January of year 0.
    Month(i32),
    /// Times so far off that they are errors of a clock or a format, kept in one place so that they make no
    /// thousand directories.
    Far,
    /// No time.
    None,
}

/// The years that have partitions of their own.
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2100;

impl Key {
    pub(crate) fn of(time: Option<Timestamp>) -> Self {
        let Some(time) = time else { return Self::None };
        let (year, month) = year_and_month(time.day());
        if YEARS.contains(&year) { Self::Month(year * 12 + month - 1) } else { Self::Far }
    }

    /// Whether events of the partition may lie within the two days, both included.
    pub(crate) fn meets(self, days: Option<(i64, i64)>) -> bool {
        match (self, days) {
            (_, None) | (Self::Far, _) => true,
            (Self::None, Some(_)) => false,
            (Self::Month(month), Some((first, last))) => {
                let index = |day: i64| {
                    let (year, month) = year_and_month(day);
                    i64::from(year) * 12 + i64::from(month) - 1
                };
                (index(first)..=index(last)).contains(&i64::from(month))
            }
        }
    }

    /// When its last event happened at the latest, and one microsecond more; none where that is not known.
    pub(crate) fn ends(self) -> Option<Timestamp> {
        let Self::Month(month) = self else { return None };
        let next = month + 1;
        format!("{:04}-{:02}-01T00:00:00Z", next.div_euclid(12), next.rem_euclid(12) + 1).parse().ok()
    }

    /// The key of a directory name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name.strip_prefix("p-")? {
            "none" => Some(Self::None),
            "far" => Some(Self::Far),
            month => {
                let (year, month) = month.split_once('-')?;
                let (year, month): (i32, i32) = (year.parse().ok()?, month.parse().ok()?);
                (YEARS.contains(&year) && (1..=12).contains(&month)).then_some(Self::Month(year * 12 + month - 1))
            }
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(index) => write!(f, "p-{:04}-{:02}", index.div_euclid(12), index.rem_euclid(12) + 1),
            Self::Far => f.write_str("p-far"),
            Self::None => f.write_str("p-none"),
        }
    }
}

/// Year and month (1 to 12) of a day counted since 1970-01-01, in the proleptic Gregorian calendar.
///
/// By integer arithmetic over 400-year eras that begin in March, since this runs once an event.
fn year_and_month(day: i64) -> (i32, i32) {
    let day = day.clamp(-100_000_000, 100_000_000) + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as i32)
}

/// One partition, open.
pub(crate) struct Partition {
    pub(crate) key: Key,
    index: Index,
    reader: IndexReader,
}

impl Partition {
    /// Opens a partition of a log index in `dir`, made if it is not there.
    pub(crate) fn open(dir: &Path, key: Key) -> Result<Self, LogError> {
        let path = dir.join(key.to_string());
        let new = !path.exists();
        std::fs::create_dir_all(&path).map_err(LogError::io("cannot create", &path))?;
        if new {
            sync_parent(&path)?;
        }
        let directory = MmapDirectory::open(&path).map_err(|e| LogError::Index(e.to_string()))?;
        let settings = IndexSettings {
            docstore_compression: Compressor::Zstd(ZstdCompressor { compression_level: Some(STORE_LEVEL) }),
            docstore_blocksize: STORE_BLOCK,
            docstore_compress_dedicated_thread: false,
            ..IndexSettings::default()
        };
        let (schema, _) = schema();
        let index = IndexBuilder::new().schema(schema).settings(settings).tokenizers(tokenizers()).open_or_create(directory)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).doc_store_cache_num_blocks(STORE_CACHE).try_into()?;
        Ok(Self { key, index, reader })
    }

    /// A writer; there can be one at a time.
    pub(crate) fn writer(&self, threads: usize, memory: usize) -> Result<IndexWriter<EventDoc>, LogError> {
        let per_thread = (memory / threads.max(1)).max(15_000_000);
        let options = IndexWriterOptions::builder()
            .num_worker_threads(threads.max(1))
            .memory_budget_per_thread(per_thread)
            .num_merge_threads(1)
            .build();
        let writer = self.index.writer_with_options(options)?;
        // Merges are asked for by `compact`, never on the side: see there.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        Ok(writer)
    }

    /// Makes what was committed last visible in [`Partition::searcher`].
    pub(crate) fn reload(&self) -> Result<(), LogError> {
        Ok(self.reader.reload()?)
    }

    /// Removes the events of some batches.
    pub(crate) fn remove(&self, fields: &EventFields, batches: &[i64]) -> Result<(), LogError> {
        self.reload()?;
        let searcher = self.searcher();
        let mut writer: Option<IndexWriter<EventDoc>> = None;
        for batch in batches {
            let term = Term::from_field_i64(fields.batch, *batch);
            if searcher.doc_freq(&term)? > 0 {
                let writer = match &writer {
                    Some(writer) => writer,
                    None => writer.insert(self.writer(1, 0)?),
                };
                writer.delete_term(term);
            }
        }
        if let Some(mut writer) = writer {
            writer.commit()?;
            self.reload()?;
        }
        Ok(())
    }

    /// Removes the files of segments that no commit names, which a writer that gave up left. It needs no room on the disk, and
    /// makes some.
    pub(crate) fn sweep(&self) -> Result<(), LogError> {
        self.writer(1, 0)?.garbage_collect_files().wait()?;
        Ok(())
    }

    /// What a search asks.
    pub(crate) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    /// The segments that hold fewer than `below` events, smallest first.
    pub(crate) fn small_segments(&self, below: u32) -> Result<Vec<SegmentId>, LogError> {
        let mut small: Vec<(u32, SegmentId)> = self
            .index
            .searchable_segment_metas()?
            .iter()
            .filter(|meta| meta.num_docs() < below)
            .map(|meta| (meta.num_docs(), meta.id()))
            .collect();
        small.sort_unstable_by_key(|(docs, _)| *docs);
        Ok(small.into_iter().map(|(_, id)| id).collect())
    }
}

/// Bytes of the files of a partition. Asks no partition, so that a batch being written does not hold it up.
pub(crate) fn disk_bytes(path: &Path) -> Result<u64, LogError> {
    let failed = || LogError::io("cannot read", path);
    let mut bytes = 0;
    let entries = match std::fs::read_dir(path) {
        // Retention drops whole partitions.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        entries => entries.map_err(failed())?,
    };
    for entry in entries {
        // A file may go while the directory is read.
        bytes += entry.map_err(failed())?.metadata().map(|m| m.len()).unwrap_or_default();
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_calendar() {
        for (date, name) in [
            ("1970-01-01", "p-far"),
            ("1989-12-31", "p-far"),
            ("1990-01-01", "p-1990-01"),
            ("2000-02-29", "p-2000-02"),
            ("2023-08-31", "p-2023-08"),
            ("2023-09-01", "p-2023-09"),
            ("2024-12-31", "p-2024-12"),
            ("2100-12-31", "p-2100-12"),
            ("2101-01-01", "p-far"),
        ] {
            let key = Key::of(date.parse().ok());
            assert_eq!(key.to_string(), name, "{date}");
            assert_eq!(Key::parse(name), Some(key));
        }
        assert_eq!(Key::of(Some(Timestamp(i64::MIN))), Key::Far);
        assert_eq!(Key::of(Some(Timestamp(i64::MAX))), Key::Far);
        assert_eq!(Key::of(None).to_string(), "p-none");
        for bad in ["x", "p-", "p-2023", "p-2023-13", "p-0001-01"] {
            assert_eq!(Key::parse(bad), None, "{bad}");
        }
        // Every day from 1990 on has the year and month that the calendar gives it.
        for day in (7_305..47_800).step_by(1) {
            let date = Timestamp::from_day(day).date();
            assert_eq!(Key::of(Some(Timestamp::from_day(day))).to_string(), format!("p-{}", &date[..7]));
        }
    }

    #[test]
    fn a_window_opens_the_months_that_it_touches() {
        let august = Key::parse("p-2023-08").unwrap();
        let day = |text: &str| text.parse::<Timestamp>().unwrap().day();
        assert!(august.meets(Some((day("2023-07-31"), day("2023-08-01")))));
        assert!(august.meets(Some((day("2020-01-01"), day("2025-01-01")))));
        assert!(!august.meets(Some((day("2023-07-01"), day("2023-07-31")))));
        assert!(!august.meets(Some((day("2023-09-01"), day("2024-08-31")))));
        assert!(august.meets(None) && Key::None.meets(None));
        assert!(!Key::None.meets(Some((0, 1))) && Key::Far.meets(Some((0, 1))));
    }
}
