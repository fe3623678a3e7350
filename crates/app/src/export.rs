//! Export: what an actor may read, in formats that others understand.
//!
//! A verb says what is exported and journals it, then hands out chunks while a thread of its own reads and writes them: at
//! no time is more held than the rows' numbers, the records that one chunk is made of, and a few chunks that wait to be sent.

mod case;
mod gather;
mod plan;
mod records;
mod run;

pub use case::{ExportArtifacts, ExportQuery, artifacts, case};
pub use records::{ExportRecords, RecordExportQuery, records, records_by_query};

pub(crate) use run::{read_patiently, spawn};

pub use formats::export::Format as ExportFormat;
use formats::export::Options;
pub use formats::export::answer::AnswerFormat;
use model::{Fields, Kind};
use tokio::sync::mpsc;

use crate::error::{AppError, Result};

/// The most records of one export.
const MAX_RECORDS: usize = 2_000_000;
/// How many are asked for: one more tells that there are too many.
const ASKED: i64 = MAX_RECORDS as i64 + 1;

/// Refuses more than one export takes: nobody is to hold a part for the whole.
fn within_limit(rows: Vec<i64>) -> Result<Vec<i64>> {
    if rows.len() > MAX_RECORDS {
        let limit = format!("{MAX_RECORDS} records; choose fewer by their kind or by words");
        return Err(AppError::TooLarge { what: "the export".to_owned(), limit });
    }
    Ok(rows)
}

/// An export on its way: read `chunks` to its end. An error there means that what was sent so far is not whole.
#[derive(Debug)]
pub struct Export {
    /// What to call the file.
    pub file_name: String,
    /// What is in it.
    pub media_type: &'static str,
    /// How many records it holds.
    pub count: usize,
    /// Its bytes.
    pub chunks: mpsc::Receiver<std::result::Result<Vec<u8>, AppError>>,
}

/// How it is to be written, as words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) format: &'a str,
    pub(crate) defang: bool,
    pub(crate) bom: bool,
    pub(crate) kind: &'a str,
}

/// Reads how it is to be written.
pub(crate) fn options(wanted: Wanted<'_>) -> Result<Options> {
    let mut fields = Fields::new();
    let format = fields.keep("/format", wanted.format.parse::<ExportFormat>());
    if let Some(format) = format {
        if wanted.defang && !format.may_defang() {
            fields.refuse("/defang", format!("{} holds values as they are, for programs; csv and plain can be defanged", format.label()));
        }
        if wanted.bom && format != ExportFormat::Csv {
            fields.refuse("/bom", "is for csv alone");
        }
    }
    fields.finish()?;
    let format = format.ok_or_else(|| AppError::invalid("/format", "is missing"))?;
    Ok(Options { format, defang: wanted.defang, bom: wanted.bom, kind: wanted.kind.parse::<Kind>().ok() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_an_export_takes_is_refused_and_not_cut() {
        assert_eq!(within_limit(vec![0; MAX_RECORDS]).map(|rows| rows.len()).ok(), Some(MAX_RECORDS));
        let most = usize::try_from(ASKED).unwrap_or_default();
        assert!(matches!(within_limit(vec![0; most]), Err(AppError::TooLarge { .. })));
    }
}
