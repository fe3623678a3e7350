//! ATT&CK techniques of cases.

use app::technique::{self, ChangeTechniques, SetTechniques, TechniqueView};
use axum::Json;
use axum::extract::State;

use super::Answer;
use crate::Web;
use crate::body::Call;
use crate::params::Path;
use crate::visitor::Signed;

pub(crate) async fn list(State(web): State<Web>, Signed(actor): Signed, Path(number): Path<String>) -> Answer<Vec<TechniqueView>> {
    Ok(Json(technique::list(&web.app, &actor, &number).await?))
}

pub(crate) async fn set(State(web): State<Web>, Path(number): Path<String>, call: Call<SetTechniques>) -> Answer<Vec<TechniqueView>> {
    Ok(Json(technique::set(&web.app, &call.actor, &number, call.input).await?))
}

pub(crate) async fn change(State(web): State<Web>, Path(number): Path<String>, call: Call<ChangeTechniques>) -> Answer<Vec<TechniqueView>> {
    Ok(Json(technique::change(&web.app, &call.actor, &number, call.input).await?))
}
