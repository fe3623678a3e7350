//! Associates some techniques with a case and takes others off, whatever else somebody does at the same time.

use model::{Actor, Fields, Role};
use serde::{Deserialize, Serialize};

use super::TechniqueView;
use super::set::{read, there, write};
use crate::App;
use crate::authorise::{open_case, require};
use crate::error::Result;

/// Techniques to associate, and techniques to take off.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeTechniques {
    /// ATT&CK ids: `T1059`, `T1059.001`.
    pub add: Vec<String>,
    /// Those that are no longer associated by hand; what artifacts tell of stays.
    pub remove: Vec<String>,
}

/// Associates techniques with a case and takes others off.
///
/// # Errors
/// When an id is none, the case is not open, or the actor is a reader.
pub async fn change(app: &App, actor: &Actor, number: &str, input: ChangeTechniques) -> Result<Vec<TechniqueView>> {
    require(actor, Role::Analyst)?;
    let mut fields = Fields::new();
    let (add, remove) = (read(&mut fields, "/add", &input.add), read(&mut fields, "/remove", &input.remove));
    fields.finish()?;
    let number = number.to_owned();
    app.change(actor, move |tx, stamp| {
        let case = open_case(tx, &number)?;
        let there = there(tx, &case)?;
        let added: Vec<String> = add.difference(&there).cloned().collect();
        let removed: Vec<String> = remove.intersection(&there).cloned().collect();
        write(tx, stamp, &case, &added, &removed)
    })
    .await
}
