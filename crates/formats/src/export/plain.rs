//! One value a line.

use std::io::{self, Write};

use super::{Item, Sink};

pub(super) struct Plain<W> {
    defang: bool,
    out: W,
}

impl<W: Write> Plain<W> {
    pub(super) fn new(defang: bool, out: W) -> Self {
        Self { defang, out }
    }
}

impl<W: Write> Sink for Plain<W> {
    fn item(&mut self, item: &Item) -> io::Result<()> {
        writeln!(self.out, "{}", item.shown(self.defang))
    }

    fn end(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
