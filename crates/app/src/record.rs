//! Records of every kind, outside and inside of cases.

mod view;

pub(crate) mod known;

pub use view::{AnnotationView, OriginView, RecordView};
