//! Annotations, one by one. Writing them is [`artifact::annotate`](crate::artifact::annotate).

mod edit;
mod of_record;
mod withdraw;

pub use edit::{AnnotationPatch, edit};
pub use of_record::of_record;
pub use withdraw::{Withdrawn, withdraw};

use model::{Actor, Role};
use store::annotation::{self, Annotation};
use store::{Tx, case};

use crate::authorise::require_open;
use crate::error::{AppError, Result};

/// Finds an annotation that the actor may change: one's own, not withdrawn, in an open case.
fn find_own(tx: &mut Tx<'_>, actor: &Actor, id: &str) -> Result<Annotation> {
    let found = annotation::find(tx, id)?.filter(|annotation| !annotation.withdrawn_at.is_set());
    let annotation = found.ok_or(AppError::NotFound("annotation"))?;
    if annotation.author != actor.name && actor.role < Role::Admin {
        return Err(AppError::Forbidden("only its author may correct or withdraw an annotation".to_owned()));
    }
    require_open(&case::find_by_id(tx, annotation.case)?.ok_or(AppError::NotFound("annotation"))?)?;
    Ok(annotation)
}
