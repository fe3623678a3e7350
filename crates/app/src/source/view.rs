//! An outside source as both doors show it.

use model::Timestamp;
use model::sighting::SourceKind;
use serde::{Deserialize, Serialize};
use store::source::Source;

use super::{Settings, settings};

/// An outside source of sightings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SourceView {
    /// Its name, by which a search asks for it.
    pub name: String,
    /// The product.
    pub kind: SourceKind,
    /// Whether searches ask it.
    pub enabled: bool,
    /// Whether it tells what others saw.
    pub external: bool,
    /// How it is asked; administrators alone see it. The secret is shown to nobody.
    pub settings: Option<Settings>,
    /// Whether a secret is kept for it.
    pub has_secret: bool,
    /// When it was last asked.
    pub asked_at: Option<Timestamp>,
    /// What it said when it was last tested; may be empty.
    pub answer: String,
    /// Why it failed the last time; empty when it answered.
    pub error: String,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When its settings last changed.
    pub updated_at: Timestamp,
}

impl SourceView {
    /// The view for those who may see the settings, or may not.
    pub(super) fn of(source: Source, with_settings: bool) -> Self {
        let read = settings(&source);
        let error = match &read {
            Ok(_) => source.error.clone(),
            Err(error) if with_settings => error.to_string(),
            // The reason may name something of the settings.
            Err(_) => "its settings can't be read".to_owned(),
        };
        Self {
            settings: read.ok().filter(|_| with_settings),
            name: source.name,
            kind: source.kind,
            enabled: source.enabled,
            external: source.external,
            has_secret: source.has_secret,
            asked_at: source.asked_at.set(),
            answer: source.answer,
            error,
            created_by: source.created_by,
            created_at: source.created_at,
            updated_at: source.updated_at,
        }
    }
}
