//! Fields and columns: how a kind describes its form and its lists.

use super::KeyScheme;

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldShape {
    /// One line.
    Line,
    /// Several lines.
    Text,
    /// One of these words; the empty one for "not said".
    OneOf(&'static [&'static str]),
    /// Several lines, each a value.
    Lines,
    /// A time, RFC 3339.
    Moment,
    /// A whole number from 0 to 100.
    Percent,
}

/// Where a field lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `record.title`.
    Title,
    /// `record.category`.
    Category,
    /// `record.status`.
    Status,
    /// `record.severity`.
    Severity,
    /// `record.finding`.
    Finding,
    /// `record.owner`.
    Owner,
    /// `record.attributes`, under the field's name.
    Attribute,
}

/// A field of a kind: its form control, its validation, its place.
#[derive(Debug, Clone, Copy)]
pub struct FieldSpec {
    /// The name in forms, CSV mappings and attributes.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// One sentence below the control; may be empty.
    pub help: &'static str,
    /// Where its value is kept.
    pub place: Place,
    /// How it is written.
    pub shape: FieldShape,
    /// Whether it must be given.
    pub required: bool,
    /// The identity that its values are.
    pub key: Option<KeyScheme>,
}

impl FieldSpec {
    const fn new(name: &'static str, label: &'static str, shape: FieldShape) -> Self {
        Self { name, label, help: "", place: Place::Attribute, shape, required: false, key: None }
    }

    /// One line, kept as an attribute unless told otherwise.
    pub(super) const fn line(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, FieldShape::Line)
    }

    /// Text of several lines.
    pub(super) const fn text(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, FieldShape::Text)
    }

    /// A list of values.
    pub(super) const fn lines(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, FieldShape::Lines)
    }

    /// One of these words.
    pub(super) const fn choice(name: &'static str, label: &'static str, words: &'static [&'static str]) -> Self {
        Self::new(name, label, FieldShape::OneOf(words))
    }

    /// A time.
    pub(super) const fn moment(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, FieldShape::Moment)
    }

    /// How sure, how far, in percent.
    pub(super) const fn percent(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, FieldShape::Percent)
    }

    /// Kept in a common column.
    pub(super) const fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// With a sentence of help.
    pub(super) const fn help(self, help: &'static str) -> Self {
        Self { help, ..self }
    }

    /// Must be given.
    pub(super) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// Its values are identities.
    pub(super) const fn key(self, scheme: KeyScheme) -> Self {
        Self { key: Some(scheme), ..self }
    }
}

/// A column of a kind's lists, beside the title.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Which common column, or an attribute.
    pub place: Place,
    /// The attribute's name, for `Place::Attribute`.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
}

impl Column {
    /// A common column.
    pub(super) const fn at(place: Place, label: &'static str) -> Self {
        Self { place, name: "", label }
    }

    /// An attribute.
    pub(super) const fn attribute(name: &'static str, label: &'static str) -> Self {
        Self { place: Place::Attribute, name, label }
    }
}
