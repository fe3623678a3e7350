//! Shows a case.

use model::Actor;

use super::CaseView;
use crate::App;
use crate::authorise::find_case;
use crate::error::Result;

/// A case by its number.
///
/// # Errors
/// When there is none that the actor may know of.
pub async fn get(app: &App, actor: &Actor, number: &str) -> Result<CaseView> {
    let number = number.to_owned();
    app.read(actor, move |tx| {
        let case = find_case(tx, &number)?;
        CaseView::load(tx, case)
    })
    .await
}
