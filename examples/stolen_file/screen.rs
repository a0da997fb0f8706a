use std::{
    fmt::Display,
    io::{self, Write},
};

/// Where the story is printed.
pub(crate) struct Screen<'a> {
    pub(crate) out: &'a mut dyn Write,
    /// One line per step.
    pub(crate) quiet: bool,
}

impl Screen<'_> {
    /// A chapter begins.
    pub(crate) fn title(&mut self, text: &str) -> io::Result<()> {
        if self.quiet { Ok(()) } else { writeln!(self.out, "\n== {text}") }
    }

    /// Somebody says something.
    pub(crate) fn say(&mut self, who: &str, what: impl Display) -> io::Result<()> {
        if self.quiet { Ok(()) } else { writeln!(self.out, "  {who:<7} {what}") }
    }

    /// A step held; printed in any case.
    pub(crate) fn held(&mut self, step: &str, what: impl Display) -> io::Result<()> {
        writeln!(self.out, "  ok      {step}: {what}")
    }
}
