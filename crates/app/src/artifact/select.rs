//! Which artifacts a bulk action takes: some, or all that match.

use std::collections::HashSet;

use model::Actor;
use model::operation::SkipReason;
use serde::{Deserialize, Serialize};
use store::artifact::{self, ArtifactFilter};
use store::case::Case;
use store::{Tx, record};

use super::list::{ArtifactQuery, filter};
use crate::App;
use crate::authorise::find_case;
use crate::error::{AppError, Result};
use crate::operation::Skipped;

/// The most artifacts of one bulk action.
const MAX_SELECTED: usize = 2_000_000;

/// Declares an input that begins with a selection: its fields stand beside the action's own in JSON. (Flattened in by serde,
/// refusals would lose the places that they are about.)
macro_rules! with_selection {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$of_field:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        pub struct $name {
            /// Records by their ids.
            #[serde(default)]
            pub record_ids: Vec<String>,
            /// All that match this query of a tab, instead.
            #[serde(default, deserialize_with = "crate::artifact::only_an_object")]
            pub all_matching: Option<$crate::artifact::ArtifactQuery>,
            /// But these.
            #[serde(default)]
            pub except: Vec<String>,
            /// From the list answer: artifacts that came later are left out.
            #[serde(default)]
            pub as_of: Option<String>,
            $($(#[$of_field])* pub $field: $type,)*
        }

        impl $name {
            /// The input for a selection, and the fields of its own in their order.
            #[must_use]
            #[allow(clippy::too_many_arguments, reason = "one for each field")]
            pub fn over(selection: $crate::artifact::Selection $(, $field: $type)*) -> Self {
                let $crate::artifact::Selection { record_ids, all_matching, except, as_of } = selection;
                Self { record_ids, all_matching, except, as_of $(, $field)* }
            }

            /// Takes out which artifacts are meant.
            pub(crate) fn take_selection(&mut self) -> $crate::artifact::Selection {
                $crate::artifact::Selection {
                    record_ids: std::mem::take(&mut self.record_ids),
                    all_matching: self.all_matching.take(),
                    except: std::mem::take(&mut self.except),
                    as_of: self.as_of.take(),
                }
            }
        }
    };
}
pub(crate) use with_selection;

/// A bulk selection: `record_ids`, or `all_matching` with `except` and `as_of`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Selection {
    /// Records by their ids.
    pub record_ids: Vec<String>,
    /// All that match this query of a tab, instead.
    #[serde(deserialize_with = "super::list::only_an_object")]
    pub all_matching: Option<ArtifactQuery>,
    /// But these.
    pub except: Vec<String>,
    /// From the list answer: artifacts that came later are left out.
    pub as_of: Option<String>,
}

/// The record rows of a selection, and what of it could not be taken.
#[derive(Debug, Clone)]
pub(crate) struct Selected {
    pub(crate) records: Vec<i64>,
    pub(crate) skipped: Vec<Skipped>,
}

impl Selection {
    /// Whether nothing was selected at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.record_ids.is_empty() && self.all_matching.is_none()
    }

    /// Refuses an empty selection, and one that says both.
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_empty() {
            return Err(AppError::invalid("/record_ids", "select at least one artifact, or say all_matching"));
        }
        if !self.record_ids.is_empty() && self.all_matching.is_some() {
            return Err(AppError::invalid("/all_matching", "can't be given together with record_ids"));
        }
        if self.as_of.as_ref().is_some_and(|text| text.parse::<i64>().is_err()) {
            return Err(AppError::invalid("/as_of", "is not the as_of of a list answer"));
        }
        Ok(())
    }

    /// Finds the rows before anything is changed, because the writer must not wait for a long search.
    pub(crate) async fn resolve(self, app: &App, actor: &Actor, number: &str) -> Result<Selected> {
        let number = number.to_owned();
        app.read(actor, move |tx| {
            let case = find_case(tx, &number)?;
            self.find(tx, &case)
        })
        .await
    }

    /// Finds the rows. What is not in the case is told, not taken.
    pub(crate) fn find(&self, tx: &mut Tx<'_>, case: &Case) -> Result<Selected> {
        if let Some(query) = &self.all_matching {
            return Ok(Selected { records: self.find_matching(tx, case, query)?, skipped: Vec::new() });
        }
        let found = record::find_all(tx, &self.record_ids)?;
        let rows: Vec<i64> = found.iter().map(|record| record.id).collect();
        let among: HashSet<i64> = artifact::among(tx, case.id, &rows)?.into_iter().collect();
        let known: HashSet<&str> =
            found.iter().filter(|record| among.contains(&record.id)).map(|record| record.public_id.as_str()).collect();
        let skipped = self
            .record_ids
            .iter()
            .filter(|id| !known.contains(id.as_str()))
            .map(|id| Skipped { record_id: id.clone(), reason: SkipReason::NotInCase })
            .collect();
        Ok(Selected { records: rows.into_iter().filter(|row| among.contains(row)).collect(), skipped })
    }

    fn find_matching(&self, tx: &mut Tx<'_>, case: &Case, query: &ArtifactQuery) -> Result<Vec<i64>> {
        let as_of = self.as_of.as_ref().and_then(|text| text.parse().ok());
        let filter = ArtifactFilter { case: case.id, cursor: None, as_of, ..filter(query)? };
        // One more tells that there are too many: what is done to a selection is done to all of it.
        let mut rows = artifact::matching_ids(tx, &filter, MAX_SELECTED as i64 + 1)?;
        if rows.len() > MAX_SELECTED {
            return Err(AppError::TooLarge { what: "the selection".to_owned(), limit: format!("{MAX_SELECTED} artifacts") });
        }
        if !self.except.is_empty() {
            let except: HashSet<i64> = record::find_all(tx, &self.except)?.into_iter().map(|record| record.id).collect();
            rows.retain(|row| !except.contains(row));
        }
        Ok(rows)
    }
}
