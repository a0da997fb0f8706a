use std::{
    fmt::Display,
    io::{self, Write},
};

use qrcode::{QrCode, render::unicode::Dense1x2};

/// The terminal of the story.
pub(crate) struct Screen<'a> {
    out: &'a mut dyn Write,
    quiet: bool,
}

impl<'a> Screen<'a> {
    pub(crate) fn new(out: &'a mut dyn Write, quiet: bool) -> Self {
        Self { out, quiet }
    }

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

    /// A QR code, two rows of modules in a line of text.
    pub(crate) fn qr(&mut self, text: &str) -> Result<(), Box<dyn std::error::Error>> {
        if !self.quiet {
            let code = QrCode::new(text)?.render::<Dense1x2>().build();
            writeln!(self.out, "{code}")?;
        }
        Ok(())
    }

    /// A question to the person at the terminal.
    pub(crate) fn ask(&mut self, question: &str) -> io::Result<String> {
        write!(self.out, "  {question} ")?;
        self.out.flush()?;
        let mut line = String::new();
        if io::stdin().read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim().to_owned())
    }
}
