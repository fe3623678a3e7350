//! Records of every kind, extraction, imports, known-good lists.

use super::{ApiRoute, UiRoute};

pub(super) fn api() -> Vec<ApiRoute> {
    Vec::new()
}

pub(super) fn ui() -> Vec<UiRoute> {
    Vec::new()
}
