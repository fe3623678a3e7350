//! Observables in a text, without keeping any of it.

use app::AppError;
use app::extract::{self, FindView};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use super::Answer;
use crate::Web;
use crate::body::read;
use crate::upload::Upload;

/// A text to look through.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextInput {
    /// The text, at most 10 MB.
    text: String,
}

/// Every place of every observable, in the order of the text. `start` and `end` count bytes of its UTF-8.
pub(crate) async fn extract(State(web): State<Web>, upload: Upload) -> Answer<Vec<FindView>> {
    let text = text(&upload)?;
    Ok(Json(extract::extract(&web.app, &upload.actor, text).await?.finds))
}

/// The text of a request: `{"text": …}`, the body itself when it says that it is text, or the file of a form.
fn text(upload: &Upload) -> Result<String, AppError> {
    let kind = upload.content_type.split(';').next().unwrap_or_default().trim();
    if upload.fields.is_empty() && upload.file_name.is_empty() && (kind.is_empty() || kind.eq_ignore_ascii_case("application/json")) {
        return Ok(read::<TextInput>(&upload.bytes)?.text);
    }
    if upload.bytes.is_empty() { Ok(upload.field("text").to_owned()) } else { upload.text() }
}
