//! All annotations of a record, from every case that the actor may read.

use model::Actor;
use store::{annotation, record};

use crate::App;
use crate::error::{AppError, Result};
use crate::record::AnnotationView;

/// How many are shown.
const LIMIT: u32 = 200;

/// The annotations of a record, newest first.
///
/// # Errors
/// When there is no record that the actor may know of.
pub async fn of_record(app: &App, actor: &Actor, record_id: &str) -> Result<Vec<AnnotationView>> {
    let record_id = record_id.to_owned();
    app.read(actor, move |tx| {
        let record = record::find(tx, &record_id)?.ok_or(AppError::NotFound("record"))?;
        Ok(annotation::of_record(tx, record.id, LIMIT)?.into_iter().map(Into::into).collect())
    })
    .await
}
