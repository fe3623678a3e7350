//! Sets how long events are kept.

use std::collections::BTreeMap;

use model::time::Window;
use model::{Actor, Fields, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{Tx, change, journal, log_source};

use super::get::load;
use super::{EVERY, MOST_BYTES, MOST_DAYS, RetentionView, Stored, rules};
use crate::App;
use crate::authorise::require;
use crate::error::Result;

/// How long events are kept; what is not given stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionInput {
    /// Days that events are kept, 0 for good. They go by whole months (UTC), when the month's last day is older.
    pub kept_days: Option<u32>,
    /// Bytes on disk that the log index may take, 0 for any. The oldest months go first.
    pub kept_bytes: Option<u64>,
    /// Days by the name of a source: 0 for good, null as is set for all.
    pub sources: Option<BTreeMap<String, Option<u32>>>,
}

impl RetentionInput {
    pub(super) fn check(&self) -> Result<()> {
        let mut fields = Fields::new();
        let too_many = format!("must be at most {}, or 0 for good", model::list::thousands(i64::from(MOST_DAYS)));
        if self.kept_days.is_some_and(|days| days > MOST_DAYS) {
            fields.refuse("/kept_days", &too_many);
        }
        if self.kept_bytes.is_some_and(|bytes| bytes > MOST_BYTES) {
            fields.refuse("/kept_bytes", "must be at most an exabyte, or 0 for any");
        }
        for (name, days) in self.sources.iter().flatten() {
            if days.is_some_and(|days| days > MOST_DAYS) {
                fields.refuse(format!("/sources/{}", pointer(name)), &too_many);
            }
        }
        Ok(fields.finish()?)
    }

    /// Refuses names that no source has.
    pub(super) fn check_names(&self, tx: &mut Tx<'_>) -> Result<()> {
        let Some(sources) = &self.sources else { return Ok(()) };
        let known = log_source::list(tx)?;
        let mut fields = Fields::new();
        for name in sources.keys().filter(|name| !known.iter().any(|source| source.name == **name)) {
            fields.refuse(format!("/sources/{}", pointer(name)), "is no source of logs");
        }
        Ok(fields.finish()?)
    }
}

/// A name within a JSON pointer (RFC 6901).
fn pointer(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Sets how long events are kept. Nothing goes at once: retention runs once a day, first in a day from now.
///
/// # Errors
/// When a source is unknown, a number is too large, or the actor is no administrator.
pub async fn set(app: &App, actor: &Actor, input: RetentionInput) -> Result<RetentionView> {
    require(actor, Role::Admin)?;
    input.check()?;
    let index = std::sync::Arc::clone(&app.logs);
    let held = tokio::task::spawn_blocking(move || (index.coverage(Window::All, None), index.stats())).await;
    let (held, stats) = held.map_err(|error| crate::AppError::Internal(error.to_string()))?;
    let stats = stats.map_err(|error| crate::AppError::Internal(error.to_string()))?;
    let view = app
        .change(actor, move |tx, stamp| {
            input.check_names(tx)?;
            let whole = input.kept_days.is_some() && input.kept_bytes.is_some();
            let before = match Stored::read(tx)? {
                // Nothing of what can't be read is needed.
                Err(_) if whole => Stored::default(),
                _ => Stored::load(tx)?,
            };
            let rules = rules(tx, &before, &input)?;
            for source in log_source::list(tx)? {
                let now = rules.sources.get(&source.id).and_then(|(_, days)| *days).map(i64::from);
                if now != source.kept_days {
                    log_source::keep(tx, source.id, now)?;
                }
            }
            let next_at = match (rules.any(), before.next_at) {
                (false, _) => 0,
                (true, 0) => stamp.at.plus_seconds(EVERY).micros(),
                (true, planned) => planned,
            };
            Stored { kept_days: rules.kept_days, kept_bytes: rules.kept_bytes, next_at, ..before }.save(tx)?;
            let own: BTreeMap<&str, u32> =
                rules.sources.values().filter_map(|(name, days)| days.map(|days| (name.as_str(), days))).collect();
            let details = json!({ "kept_days": rules.kept_days, "kept_bytes": rules.kept_bytes, "sources": own });
            journal::append(tx, stamp, &Deed { verb: "logs.keep", object: "logs", details }, ShownIn::Journal)?;
            change::announce(tx, stamp, Topic::Logs, 0)?;
            load(tx, &held, stamp.at)
        })
        .await?;
    Ok(RetentionView { disk_bytes: stats.disk_bytes, raw_bytes: stats.raw_bytes, ..view })
}
