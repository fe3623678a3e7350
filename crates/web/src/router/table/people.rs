//! Accounts, groups, tokens, settings, the journal.

use super::{ApiRoute, UiRoute};

pub(super) fn api() -> Vec<ApiRoute> {
    Vec::new()
}

pub(super) fn ui() -> Vec<UiRoute> {
    Vec::new()
}
