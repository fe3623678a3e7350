//! Lists a case's techniques.

use model::Actor;

use super::TechniqueView;
use super::view::of_case;
use crate::App;
use crate::authorise::find_case;
use crate::error::Result;

/// The techniques of a case: those associated by hand, and those that its included artifacts are or tell of.
///
/// # Errors
/// When there is no case that the actor may know of.
pub async fn list(app: &App, actor: &Actor, number: &str) -> Result<Vec<TechniqueView>> {
    let number = number.to_owned();
    app.read(actor, move |tx| {
        let case = find_case(tx, &number)?;
        of_case(tx, case.id)
    })
    .await
}
