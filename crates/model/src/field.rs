//! Refusals of input, each with the place it is about.

use serde::Serialize;

/// One refused field: a JSON pointer (RFC 6901) and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Where, as a JSON pointer: `/name`, `/observables/3/value`.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

/// Collects every refusal of one input, so that a person sees them all at once.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    /// A collector without refusals.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a refusal.
    pub fn refuse(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(FieldError { pointer: pointer.into(), detail: detail.into() });
    }

    /// Keeps a value, or notes why it is refused.
    pub fn keep<T, E: std::fmt::Display>(&mut self, pointer: &str, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(pointer, error.to_string());
                None
            }
        }
    }

    /// A required line of text: trimmed, not empty, at most `max` characters.
    pub fn line(&mut self, pointer: &str, value: &str, max: usize) -> String {
        let value = value.trim();
        if value.is_empty() {
            self.refuse(pointer, "must not be empty");
        }
        if value.chars().any(|c| c == '\n' || c == '\r') {
            self.refuse(pointer, "must be one line");
        }
        self.text(pointer, value, max)
    }

    /// Text of any shape, at most `max` characters, without U+0000 (which PostgreSQL can't hold).
    pub fn text(&mut self, pointer: &str, value: &str, max: usize) -> String {
        if value.contains('\0') {
            self.refuse(pointer, "must not contain the character U+0000");
        }
        let length = value.chars().count();
        if length > max {
            self.refuse(pointer, format!("is {length} characters long; at most {max} are allowed"));
        }
        value.to_owned()
    }

    /// Whether nothing was refused so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Ends validation.
    ///
    /// # Errors
    /// All refusals, when there are any.
    pub fn finish(self) -> Result<(), Vec<FieldError>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}
