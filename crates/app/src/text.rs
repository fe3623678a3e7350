//! Words for people.

use model::list::thousands;

/// `1 annotation`, `1,204 annotations`.
#[must_use]
pub fn counted(count: i64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(count), if count == 1 { "" } else { "s" })
}
