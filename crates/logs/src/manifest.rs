//! Which batches are there: an append-only file, one checksummed line a step, synced before the step counts.
//!
//! A batch counts from its `commit` line on. What was begun without commit, or deleted without `purged`, may have left
//! events in partitions, which have to be removed before any search sees them; so may what retention took, from its
//! `expire` line on, until `expired`.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::LogError;
use crate::event::BatchSummary;
use crate::partition::Key;
use crate::retention::{Gone, split};

/// The version of the directory's layout.
const VERSION: &str = "vizsla-logs 2";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Begin {
        batch: i64,
        source: i64,
    },
    Commit {
        batch: i64,
        source: i64,
        summary: BatchSummary,
        #[serde(default, skip_serializing_if = "is_none")]
        expired: u64,
    },
    Delete {
        batch: i64,
    },
    Purged {
        batch: i64,
    },
    /// Retention takes the events that these batches have in a partition, whose directory is named.
    Expire {
        partition: String,
        batches: Vec<i64>,
        at: i64,
    },
    /// They are gone from the disk.
    Expired {
        partition: String,
    },
    /// What retention took of a source before the file was written anew.
    Gone {
        source: i64,
        gone: Gone,
    },
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// A finished batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finished {
    pub(crate) source: i64,
    pub(crate) summary: BatchSummary,
    /// How many of its events retention took; the summary speaks of those that are left.
    pub(crate) expired: u64,
}

/// The file and what it says.
#[derive(Debug)]
pub(crate) struct Manifest {
    path: PathBuf,
    file: File,
    finished: BTreeMap<i64, Finished>,
    /// Batches that may have left events which must not be seen.
    unclean: Vec<i64>,
    /// What retention took and may still lie on the disk: partitions, and the batches whose events go from them.
    expiring: Vec<(Key, Vec<i64>)>,
    /// What retention took, by source.
    gone: BTreeMap<i64, Gone>,
    /// Why nothing may be written any more, if so.
    broken: Option<String>,
}

impl Manifest {
    /// Reads the manifest of a directory, made if it is not there. A torn last line, which a crash leaves, is cut off.
    pub(crate) fn open(dir: &Path) -> Result<Self, LogError> {
        let path = dir.join("manifest");
        let mut text = Vec::new();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(LogError::io("cannot open", &path))?;
        file.read_to_end(&mut text).map_err(LogError::io("cannot read", &path))?;
        let (steps, good) = parse(&path, &text)?;
        let mut manifest =
            Self { path, file, finished: BTreeMap::new(), unclean: Vec::new(), expiring: Vec::new(), gone: BTreeMap::new(), broken: None };
        let lines = steps.len();
        for step in steps {
            manifest.apply(step);
        }
        // The live part is a line a batch: past a few times that, write it anew.
        if good < VERSION.len() || lines > 4 * (manifest.finished.len() + manifest.gone.len()) + 256 {
            manifest.rewrite()?;
        } else if good < text.len() {
            manifest.file.set_len(good as u64).map_err(LogError::io("cannot shorten", &manifest.path))?;
            manifest.file.sync_all().map_err(LogError::io("cannot sync", &manifest.path))?;
        }
        manifest.file.seek(SeekFrom::End(0)).map_err(LogError::io("cannot read", &manifest.path))?;
        Ok(manifest)
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Begin { batch, .. } => self.unclean.push(batch),
            Step::Commit { batch, source, summary, expired } => {
                self.unclean.retain(|b| *b != batch);
                self.finished.insert(batch, Finished { source, summary, expired });
            }
            Step::Delete { batch } => {
                self.finished.remove(&batch);
                self.unclean.push(batch);
            }
            Step::Purged { batch } => self.unclean.retain(|b| *b != batch),
            Step::Expire { partition, batches, at } => {
                let Some(key) = Key::parse(&partition) else { return };
                for batch in &batches {
                    let Some(finished) = self.finished.get_mut(batch) else { continue };
                    let (left, taken) = split(&finished.summary, key);
                    finished.summary = left;
                    finished.expired += taken.events;
                    if taken.events > 0 {
                        self.gone.entry(finished.source).or_default().add(&taken, at);
                    }
                }
                self.expiring.push((key, batches));
            }
            Step::Expired { partition } => {
                let key = Key::parse(&partition);
                self.expiring.retain(|(expiring, _)| Some(*expiring) != key);
            }
            Step::Gone { source, gone } => {
                self.gone.insert(source, gone);
            }
        }
    }

    /// Writes a new file with what still counts, and puts it in the place of the old.
    fn rewrite(&mut self) -> Result<(), LogError> {
        let mut text = format!("{VERSION}\n");
        for batch in &self.unclean {
            text.push_str(&line(&Step::Begin { batch: *batch, source: 0 })?);
        }
        for (batch, Finished { source, summary, expired }) in &self.finished {
            text.push_str(&line(&Step::Commit { batch: *batch, source: *source, summary: summary.clone(), expired: *expired })?);
        }
        for (source, gone) in &self.gone {
            text.push_str(&line(&Step::Gone { source: *source, gone: gone.clone() })?);
        }
        for (key, batches) in &self.expiring {
            // The batches no longer hold what it takes.
            text.push_str(&line(&Step::Expire { partition: key.to_string(), batches: batches.clone(), at: 0 })?);
        }
        let temporary = self.path.with_extension("new");
        let mut file = File::create(&temporary).map_err(LogError::io("cannot create", &temporary))?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(LogError::io("cannot write", &temporary))?;
        std::fs::rename(&temporary, &self.path).map_err(LogError::io("cannot replace", &self.path))?;
        sync_parent(&self.path)?;
        self.file = file;
        Ok(())
    }

    /// # Errors
    /// After a write that failed and could not be taken back: memory and file may differ then, until the next opening.
    pub(crate) fn check(&self) -> Result<(), LogError> {
        self.broken.clone().map_or(Ok(()), |why| Err(LogError::Unclean(why)))
    }

    fn append(&mut self, step: Step) -> Result<(), LogError> {
        self.check()?;
        let before = self.file.stream_position().map_err(LogError::io("cannot write", &self.path))?;
        let written = self.file.write_all(line(&step)?.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // A half-written line in the middle would read as damage later.
            let undone =
                self.file.set_len(before).and_then(|()| self.file.seek(SeekFrom::Start(before))).and_then(|_| self.file.sync_data());
            self.broken = undone.err().map(|e| e.to_string());
            return Err(LogError::io("cannot write", &self.path)(error));
        }
        self.apply(step);
        Ok(())
    }

    pub(crate) fn begin(&mut self, source: i64, batch: i64) -> Result<(), LogError> {
        self.append(Step::Begin { batch, source })
    }

    pub(crate) fn commit(&mut self, source: i64, batch: i64, summary: BatchSummary) -> Result<(), LogError> {
        self.append(Step::Commit { batch, source, summary, expired: 0 })
    }

    pub(crate) fn delete(&mut self, batch: i64) -> Result<(), LogError> {
        self.append(Step::Delete { batch })
    }

    pub(crate) fn purged(&mut self, batch: i64) -> Result<(), LogError> {
        self.append(Step::Purged { batch })
    }

    /// From here on, these batches have no events in the partition.
    pub(crate) fn expire(&mut self, key: Key, batches: Vec<i64>, at: i64) -> Result<(), LogError> {
        self.append(Step::Expire { partition: key.to_string(), batches, at })
    }

    pub(crate) fn expired(&mut self, key: Key) -> Result<(), LogError> {
        self.append(Step::Expired { partition: key.to_string() })
    }

    /// What retention took and may still lie on the disk.
    pub(crate) fn expiring(&self) -> &[(Key, Vec<i64>)] {
        &self.expiring
    }

    /// What retention took, by source.
    pub(crate) fn gone(&self) -> &BTreeMap<i64, Gone> {
        &self.gone
    }

    /// The finished batches by number.
    pub(crate) fn finished(&self) -> &BTreeMap<i64, Finished> {
        &self.finished
    }

    /// Batches whose events still have to be removed.
    pub(crate) fn unclean(&self) -> &[i64] {
        &self.unclean
    }
}

/// Makes the entries of a directory durable.
pub(crate) fn sync_parent(path: &Path) -> Result<(), LogError> {
    let Some(parent) = path.parent() else { return Ok(()) };
    File::open(parent).and_then(|dir| dir.sync_all()).map_err(LogError::io("cannot sync", parent))
}

fn checksum(json: &str) -> String {
    model::text::sha256_hex(json.as_bytes()).chars().take(16).collect()
}

fn line(step: &Step) -> Result<String, LogError> {
    let json = serde_json::to_string(step).map_err(|e| LogError::Index(e.to_string()))?;
    Ok(format!("{} {json}\n", checksum(&json)))
}

/// The steps, and how many bytes of the file are whole.
fn parse(path: &Path, bytes: &[u8]) -> Result<(Vec<Step>, usize), LogError> {
    let mut steps = Vec::new();
    let mut good = 0;
    for (number, raw) in bytes.split_inclusive(|b| *b == b'\n').enumerate() {
        let text = std::str::from_utf8(raw).ok().and_then(|line| line.strip_suffix('\n'));
        let step = match text {
            Some(text) if number == 0 => {
                if text != VERSION {
                    return Err(LogError::Version { path: path.to_owned(), found: text.to_owned(), known: VERSION });
                }
                None
            }
            Some(text) => {
                text.split_once(' ').filter(|(sum, json)| checksum(json) == *sum).and_then(|(_, json)| serde_json::from_str(json).ok())
            }
            None => None,
        };
        let whole = step.is_some() || (number == 0 && text.is_some());
        if !whole {
            if good + raw.len() == bytes.len() {
                break;
            }
            return Err(LogError::Damaged { path: path.to_owned(), line: number + 1, why: "its checksum does not fit".to_owned() });
        }
        good += raw.len();
        steps.extend(step);
    }
    Ok((steps, good))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(events: u64) -> BatchSummary {
        BatchSummary { events, ..BatchSummary::default() }
    }

    #[test]
    fn a_batch_counts_from_its_commit_on() {
        let dir = tempfile::tempdir().unwrap();
        let mut manifest = Manifest::open(dir.path()).unwrap();
        manifest.begin(1, 10).unwrap();
        manifest.commit(1, 10, summary(5)).unwrap();
        manifest.begin(1, 11).unwrap();
        manifest.begin(2, 12).unwrap();
        manifest.commit(2, 12, summary(7)).unwrap();
        manifest.delete(10).unwrap();
        let read = Manifest::open(dir.path()).unwrap();
        assert_eq!(read.finished().keys().collect::<Vec<_>>(), [&12]);
        assert_eq!(read.unclean(), [11, 10]);
        manifest.purged(10).unwrap();
        manifest.purged(11).unwrap();
        assert_eq!(Manifest::open(dir.path()).unwrap().unclean(), [0_i64; 0]);
    }

    #[test]
    fn a_torn_end_is_cut_off_and_damage_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("manifest");
        let mut manifest = Manifest::open(dir.path()).unwrap();
        for batch in 0..3 {
            manifest.begin(1, batch).unwrap();
            manifest.commit(1, batch, summary(1)).unwrap();
        }
        drop(manifest);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let mut manifest = Manifest::open(dir.path()).unwrap();
            let known = manifest.finished().len();
            manifest.begin(1, 99).unwrap();
            drop(manifest);
            let again = Manifest::open(dir.path()).unwrap();
            assert_eq!(again.finished().len(), known, "cut at {cut}");
            assert!(again.unclean().contains(&99), "cut at {cut}");
        }
        let mut damaged = whole.clone();
        damaged[40] ^= 1;
        std::fs::write(&path, &damaged).unwrap();
        assert!(matches!(Manifest::open(dir.path()), Err(LogError::Damaged { line: 2, .. })));
        std::fs::write(&path, "vizsla-logs 9\n").unwrap();
        assert!(matches!(Manifest::open(dir.path()), Err(LogError::Version { .. })));
    }

    #[test]
    fn a_long_manifest_is_written_anew() {
        let dir = tempfile::tempdir().unwrap();
        let mut manifest = Manifest::open(dir.path()).unwrap();
        for batch in 0..200 {
            manifest.begin(1, batch).unwrap();
            manifest.purged(batch).unwrap();
        }
        manifest.begin(1, 500).unwrap();
        manifest.commit(1, 500, summary(3)).unwrap();
        drop(manifest);
        let before = std::fs::metadata(dir.path().join("manifest")).unwrap().len();
        let manifest = Manifest::open(dir.path()).unwrap();
        assert_eq!(manifest.finished().len(), 1);
        assert!(std::fs::metadata(dir.path().join("manifest")).unwrap().len() < before / 10);
    }
}
