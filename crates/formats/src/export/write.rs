//! JSON that is written piece by piece.

use std::io::{self, Write};

use serde::Serialize;

/// A writer that knows whether a comma is due.
pub(super) struct Pieces<W> {
    out: W,
    first: bool,
}

impl<W: Write> Pieces<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, first: true }
    }

    /// Text as it is; the next piece is the first of something.
    pub(super) fn raw(&mut self, text: &str) -> io::Result<()> {
        self.first = true;
        self.out.write_all(text.as_bytes())
    }

    /// One more piece of a list, on a line of its own.
    pub(super) fn piece(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.comma()?;
        serde_json::to_writer(&mut self.out, value).map_err(io::Error::from)
    }

    /// One more piece that is JSON already.
    pub(super) fn piece_of_text(&mut self, json: &str) -> io::Result<()> {
        self.comma()?;
        self.out.write_all(json.as_bytes())
    }

    /// Goes on with the piece that was begun.
    pub(super) fn more(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }

    fn comma(&mut self) -> io::Result<()> {
        let before: &[u8] = if self.first { b"\n" } else { b",\n" };
        self.first = false;
        self.out.write_all(before)
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
