//! Our own JSON, with everything: the case, its notes, its sightings searches, its artifacts with all that is said of them, its relationships.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::answer::AnswerHead;
use super::write::Pieces;
use super::{Head, Item, Link, Note, Sink};

/// The version of the document's shape.
const VERSION: u32 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Notes,
    Searches,
    Artifacts,
    Relationships,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Notes => "notes",
            Self::Searches => "searches",
            Self::Artifacts => "artifacts",
            Self::Relationships => "relationships",
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Notes => Self::Searches,
            Self::Searches => Self::Artifacts,
            Self::Artifacts | Self::Relationships => Self::Relationships,
        }
    }
}

pub(super) struct Json<W> {
    out: Pieces<W>,
    part: Part,
}

impl<W: Write> Json<W> {
    pub(super) fn begin(head: &Head, out: W) -> io::Result<Self> {
        let mut out = Pieces::new(out);
        let case = serde_json::to_string(&head.case)?;
        let (at, by) = (json!(head.at), json!(head.by));
        let (format, part) = (json!("vizsla"), Part::Notes);
        out.raw(&format!("{{\"format\":{format},\"version\":{VERSION},\"exported_at\":{at},\"exported_by\":{by},\n\"case\":{case},\n"))?;
        out.raw(&format!("\"{}\":[", part.name()))?;
        Ok(Self { out, part })
    }

    /// Goes on to a list, closing those before it.
    fn turn_to(&mut self, part: Part) -> io::Result<()> {
        while self.part < part {
            self.part = self.part.next();
            self.out.raw(&format!("\n],\n\"{}\":[", self.part.name()))?;
        }
        Ok(())
    }
}

impl<W: Write> Sink for Json<W> {
    fn note(&mut self, note: &Note) -> io::Result<()> {
        self.out.piece(note)
    }

    fn search(&mut self, search: &AnswerHead) -> io::Result<()> {
        self.turn_to(Part::Searches)?;
        self.out.piece(search)
    }

    fn item(&mut self, item: &Item) -> io::Result<()> {
        self.turn_to(Part::Artifacts)?;
        self.out.piece(&artifact(item))
    }

    fn link(&mut self, link: &Link) -> io::Result<()> {
        self.turn_to(Part::Relationships)?;
        self.out.piece(&json!({
            "id": link.id,
            "from": link.from.id,
            "type": link.relationship,
            "to": link.to.id,
            "confidence": link.confidence,
            "first_seen": link.first_seen.set(),
            "last_seen": link.last_seen.set(),
            "created_at": link.created_at,
            "original": original(&link.original),
        }))
    }

    fn end(&mut self) -> io::Result<()> {
        self.turn_to(Part::Relationships)?;
        self.out.raw("\n]}\n")?;
        self.out.flush()
    }
}

/// An artifact a line.
pub(super) struct JsonLines<W> {
    out: W,
}

impl<W: Write> JsonLines<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write> Sink for JsonLines<W> {
    fn item(&mut self, item: &Item) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, &artifact(item))?;
        self.out.write_all(b"\n")
    }

    fn end(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn artifact(item: &Item) -> Value {
    let mut artifact = json!({
        "record": {
            "id": item.end.id,
            "kind": item.end.kind,
            "title": item.end.title,
            "category": item.end.category,
            "severity": item.severity,
            "finding": item.finding,
            "first_seen": item.first_seen.set(),
            "last_seen": item.last_seen.set(),
            "fields": item.fields,
            "created_by": item.created_by,
            "created_at": item.created_at,
            "updated_by": item.updated_by,
            "updated_at": item.updated_at,
            "original": original(item.original.as_deref().unwrap_or_default()),
        },
        "annotations": item.annotations,
        "sightings": item.sightings,
    });
    if let (Some(standing), Some(artifact)) = (&item.standing, artifact.as_object_mut())
        && let Ok(Value::Object(standing)) = serde_json::to_value(standing)
    {
        artifact.extend(standing);
    }
    artifact
}

/// The text of a document as the JSON that it is; null when there is none.
fn original(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}
